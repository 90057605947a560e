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
    if look.trials:
        table = table_of(
            "score",
            "kind",
            "items",
            "dated",
            "events",
            "newest",
            "address",
            "why",
            right=("score", "items", "dated", "events"),
        )
        for trial in look.trials:
            table.add_row(
                f"{trial.score:.0f}", trial.way.kind, str(trial.items), str(trial.dated), str(trial.events),
                trial.newest.isoformat() if trial.newest else "", escape(trial.way.url), escape(trial.way.why),
            )  # fmt: skip
        console.print(table)
        for trial in look.chosen:
            console.print(f"  {trial.way.kind} shows: {escape(' | '.join(trial.titles))[:300]}")
    failed = [one for one in look.tried if not one.outcome.endswith(" items")]
    if failed and not blocks:
        console.print("Tried in vain:")
        for one in failed:
            console.print(f"  {one.kind} {escape(one.url)}: {escape(one.outcome)[:200]}")
    if not blocks:
        console.print(_NOTHING)
        return
    console.print("\nFor sources.yaml, under « sources: » (--add writes it there):\n")
    for block in blocks.values():
        sys.stdout.write(block)
        sys.stdout.write("\n")


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
    table = table_of(
        "région", "member", "level", "state", "items", "30 days", "silent", right=("items", "30 days", "silent")
    )
    region = None
    for row in rows:
        silent = "" if row.silent is None else f"{row.silent} d"
        table.add_row(
            row.region if row.region != region else "", escape(row.name), escape(row.level), row.state, str(row.items) if row.read else "",
            str(row.last_30_days) if row.read else "", silent,
        )  # fmt: skip
        region = row.region
    console.print(table)
    read = sum(row.read > 0 for row in rows)
    console.print(
        f"{read} of {len(rows)} members are read; --csv and --json say more, with the next step of the others"
    )
