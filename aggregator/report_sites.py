"""What `discover` and `coverage` print."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from aggregator.catalogue import Covered
from aggregator.discover import Found, Trial
from aggregator.errors import SourceError
from aggregator.model import Source
from aggregator.terminal import console_of, escape, print_json, table_of


def found(look: Found, blocks: Mapping[str, str], *, as_json: bool) -> None:
    """Show what a look at a site found, and the blocks that would read it; or what was tried, and what to do."""
    if as_json:
        print_json(
            {
                "url": look.url, "name": look.name, "software": list(look.software), "ways": [_way(trial) for trial in look.trials],
                "tried": [asdict(one) for one in look.tried], "blocks": dict(blocks),
            }
        )  # fmt: skip
        return
    console = console_of()
    console.print(f"[bold]{escape(look.name)}[/] {escape(look.url)} {escape(', '.join(look.software))}")
    for trial in look.trials[:_SHOWN]:
        chosen = "[green]→[/]" if trial in look.chosen else " "
        newest = f", the newest of {trial.newest}" if trial.newest else ""
        console.print(
            f"{chosen} {trial.score:3.0f}  [bold]{trial.way.kind}[/]  {trial.items} items, {trial.dated} with a date, {trial.events} events{newest}"
        )
        console.print(f"       {escape(trial.way.url)}", soft_wrap=True)
        console.print(f"       {escape(trial.way.why)}")
    if len(look.trials) > _SHOWN:
        console.print(f"      and {len(look.trials) - _SHOWN} more (--json tells them)")
    if not blocks:
        console.print(_NOTHING)
        absent = [one.url for one in look.tried if "not found (404)" in one.outcome]
        for one in look.tried:
            if one.url not in absent and not one.outcome.endswith(" items"):
                console.print(f"  tried {one.kind} {escape(one.url)}: {escape(one.outcome)[:200]}")
        if absent:
            console.print(f"  not there (404): {escape(', '.join(absent))}")
        return
    for trial in look.chosen:
        console.print(f"\n{trial.way.kind} shows: {escape(' | '.join(trial.titles))[:300]}")
    best = look.chosen[0]
    fewer = next(
        (t for t in look.trials if t.way.kind == "feed" and t.items < best.items and t.links & best.links), None
    )
    if best.way.kind != "feed" and fewer is not None:
        console.print(f"The feed {escape(fewer.way.url)} holds only {fewer.items} of these {best.items}.")
    console.print("\nFor sources.yaml, under « sources: » (--add writes it there):\n")
    for block in blocks.values():
        sys.stdout.write(block)
        sys.stdout.write("\n")


_SHOWN = 4  # ways that are told
_NOTHING = """\
No way of reading this site with items and dates was found. What to try:
  - give the address of the page that lists the news or the agenda instead of the home page;
  - if that page shows its list only with JavaScript, ask the webmaster for the address of an RSS feed or an .ics calendar;
  - kind html with selectors of your own: docs/sources.md says how."""


def _way(trial: Trial) -> dict[str, object]:
    return {
        "kind": trial.way.kind, "url": trial.way.url, "options": dict(trial.way.options), "why": trial.way.why, "score": trial.score,
        "items": trial.items, "dated": trial.dated, "events": trial.events, "newest": trial.newest, "titles": list(trial.titles),
    }  # fmt: skip


def many(looks: Sequence[tuple[Source, Found | SourceError]]) -> str:
    """Write the report of a look at many sites, in Markdown: what would read each, or what went wrong."""
    good = [(source, look) for source, look in looks if isinstance(look, Found) and look.chosen]
    lines = [
        "# Sources désactivées\u00a0: ce qui a été trouvé", "",
        f"{len(looks)} sites visités, {len(good)} lisibles. Pour chacun, remplacer les lignes url, kind et options de son bloc, puis"
        " « aggregator check SLUG », puis enabled: true.", "",
    ]  # fmt: skip
    for source, look in looks:
        lines += [f"## {source.slug}\u00a0: {source.name}", "", f"<{source.url}>", ""]
        if isinstance(look, SourceError):
            lines += [f"Illisible\u00a0: {look}", ""]
        elif not look.chosen:
            lines += [
                "Rien trouvé. Essayé\u00a0:",
                "",
                *(f"- {one.kind} <{one.url}>\u00a0: {one.outcome}" for one in look.tried),
                "",
            ]
        else:
            for trial in look.chosen:
                way = trial.way
                lines += [
                    f"{trial.items} éléments, {trial.dated} datés, {trial.events} événements, le plus récent\u00a0: {trial.newest or '?'}", "",
                    "```yaml", f"url: {way.url}", f"kind: {way.kind}", *([f"options: {_flow(way.options)}"] if way.options else []), "```", "",
                ]  # fmt: skip
    return "\n".join(lines)


def _flow(options: Mapping[str, object]) -> str:
    import yaml

    return yaml.safe_dump(
        dict(options), default_flow_style=True, allow_unicode=True, sort_keys=False, width=1000
    ).strip()


def coverage(rows: Sequence[Covered], *, as_json: bool, as_csv: bool) -> None:
    """Show who of the members is read, by région; who is not, with what to try first."""
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if as_csv:
        out = csv.writer(sys.stdout)
        out.writerow(Covered.__dataclass_fields__)
        out.writerows(
            [" ".join(cell) if isinstance(cell, tuple) else cell for cell in asdict(row).values()] for row in rows
        )
        return
    console = console_of()
    numbers = ("items", "new", "left out", "silent")
    table = table_of("région", "member", "state", *numbers, right=numbers)
    region = None
    for row in rows:
        silent = "" if row.silent is None else f"{row.silent} d"
        table.add_row(
            row.region if row.region != region else "", escape(row.name), row.state, str(row.items) if row.read else "",
            str(row.last_30_days) if row.read else "", str(row.left_out or ""), silent,
        )  # fmt: skip
        region = row.region
    console.print(table)
    read = sum(row.read > 0 for row in rows)
    giving = sum(row.items > 0 for row in rows)
    console.print(f"{read} of {len(rows)} members are read, {giving} have told something")
    console.print(
        "new: first seen in the last 30 days; silent: days since the newest; --csv and --json add the next step"
    )
