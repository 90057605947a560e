"""A terminal: tables that fit it, plain lines elsewhere, JSON for machines, a bar on long work."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aggregator.pipeline import Outcome

if TYPE_CHECKING:  # rich loads where something is shown to a person, not where a machine reads
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table


# What would move the cursor, colour the rest or turn the direction of a line: terminals obey it.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def escape(words: str) -> str:
    """Words as they are, where rich would read [brackets] as markup."""
    from rich.markup import escape as escaped

    return escaped(_CONTROLS.sub("", words))


def console_of() -> Console:
    """Give standard output to write to."""
    from rich.console import Console

    # Not a terminal: no colours, and a line stays a line, so that it can be searched.
    shown = sys.stdout.isatty()
    return Console(highlight=False, width=None if shown else 160, soft_wrap=not shown)


def table_of(*columns: str, right: Iterable[str] = ()) -> Table:
    """Give an empty table of these columns; those named in `right` hold numbers."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def print_json(value: object) -> None:
    """Print for machines; what JSON has not, as its words."""
    print(json.dumps(value, ensure_ascii=False, default=str))


# ── progress ────────────────────────────────────────────────────────────────────────────────────


class Bar:
    """Told how a run goes: a bar on a terminal, a line for each failure elsewhere, nothing when quiet."""

    def __init__(self, progress: Progress | None, *, quiet: bool) -> None:
        self._progress, self._quiet = progress, quiet
        self._task = progress.add_task("visiting", total=None) if progress else None

    def started(self, count: int) -> None:
        """Hear how many sources are to be visited."""
        if self._progress and self._task is not None:
            self._progress.update(self._task, total=count)
        elif not self._quiet:
            print(f"visiting {count} sources", file=sys.stderr)

    def seen(self, outcome: Outcome) -> None:
        """Hear that a source's visit is stored."""
        if self._progress and self._task is not None:
            self._progress.update(self._task, advance=1, description=outcome.source.slug[:24])
        elif not self._quiet and outcome.visit.outcome == "failed":
            print(f"{outcome.source.slug}: {outcome.visit.error}", file=sys.stderr)

    def passed(self, what: str) -> None:
        """Hear that one more is done, whatever came of it."""
        if self._progress and self._task is not None:
            self._progress.update(self._task, advance=1, description=what[:24])


@contextmanager
def asking(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show on standard error, while inside, which address is asked for; give what is to be told of each."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("looking …") as status:
        yield lambda url: status.update(f"asking for {escape(url)}")


@contextmanager
def progress(*, quiet: bool) -> Iterator[Bar]:
    """Show a progress bar on standard error while inside, if it is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield Bar(None, quiet=quiet)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield Bar(shown, quiet=quiet)
