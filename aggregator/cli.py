"""The commands: arguments in, tables or JSON out, and exit codes that scripts can trust. No logic."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.errors import AggregatorError, Busy, ConfigError

if TYPE_CHECKING:
    from aggregator import config

EXIT_CODES = "exit codes: 0 fine, 1 something failed, 2 wrong usage or configuration, 3 another instance is writing"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit code."""
    gc.set_threshold(10_000, 20, 50)  # a run makes many objects and few cycles: 5 % of its time at Python's default
    asked = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if asked.command == "serve" else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    logging.getLogger("icalendar").setLevel(logging.ERROR)
    try:
        code: int = asked.do(asked)
        sys.stdout.flush()
        return code
    except ConfigError as error:
        if getattr(asked, "json", False):
            print(json.dumps({"problems": error.problems}, ensure_ascii=False))
        print(error, file=sys.stderr)
        return 2
    except Busy as error:
        print(error, file=sys.stderr)
        return 3
    except AggregatorError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # « aggregator status | head »
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def _common() -> argparse.ArgumentParser:
    """Give the common options, anew for each command: parsers that share them share their defaults too."""
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("common options")
    group.add_argument(
        "--config", type=Path, default=Path("sources.yaml"), metavar="FILE", help="the sources (sources.yaml)"
    )
    group.add_argument(
        "--db", type=Path, default=Path("aggregator.db"), metavar="FILE", help="the SQLite store (aggregator.db)"
    )
    group.add_argument(
        "--out", type=Path, default=Path("feeds"), metavar="FOLDER", help="where feeds are published (feeds)"
    )
    group.add_argument(
        "--now",
        type=_instant,
        metavar="TIME",
        help="act as if it were this instant (2025-11-03T09:00:00Z): replays and tests",
    )
    group.add_argument("--json", action="store_true", help="print JSON for machines")
    return common


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "aggregator",
        description="News and events of French international partnerships: many sites in, feeds and calendars out.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"aggregator {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, do: Callable[[argparse.Namespace], int], words: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, parents=[_common()], help=words, description=words[0].upper() + words[1:] + ".", epilog=EXIT_CODES
        )
        sub.set_defaults(do=do)
        return sub

    run = command("run", _run, "visit the sources that are due, store what they say, publish what changed")
    run.add_argument("slugs", nargs="*", metavar="SLUG", help="visit these, due or not")
    run.add_argument("--all", action="store_true", dest="everything", help="visit all enabled sources, due or not")
    command("publish", _publish, "render every feed from the store and replace the files that differ")
    serve = command("serve", _serve, "keep running: visits on schedule, feeds/ over HTTP")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, default=8800, help="port to listen on (8800)")
    check = command(
        "check", _check, "check sources.yaml; with slugs: visit them and show what would be stored, write nothing"
    )
    check.add_argument("slugs", nargs="*", metavar="SLUG", help="sources to try")
    command("status", _status, "tell how each source is going: last success, next visit, state, last error")
    show = command("show", _show, "tell all that is known of an item: sightings, revisions, tags, and why")
    show.add_argument("what", metavar="URL-or-id", help="a link, a guid, a UID or the store's id")
    duplicates = command(
        "duplicates", _duplicates, "list pairs that are alike and were not joined, the most alike first"
    )
    duplicates.add_argument("--limit", type=int, default=20, metavar="N", help="how many (20)")
    date = command(
        "date", _date, "tell how a text's dates are read, and why; without TEXT, JSON lines on standard input"
    )
    date.add_argument("text", nargs="?", metavar="TEXT", help="words of a page: « du 21 au 24 octobre »")
    date.add_argument(
        "--seen",
        type=_instant,
        metavar="DAY",
        help="when the page was seen (now): the year left out is inferred from it",
    )
    date.add_argument("--block", action="store_true", help="the words are a date block (« 20 nov »), not a sentence")
    discover = command(
        "discover", _discover, "look at a site and show how it can be read: feeds, calendars, interfaces, lists"
    )
    discover.add_argument(
        "url", nargs="?", metavar="URL", help="the site's address, or that of its page of news or agenda"
    )
    discover.add_argument(
        "--add", action="store_true", help="write what was found into sources.yaml; the rest of it stays as it is"
    )
    discover.add_argument(
        "--record", type=Path, metavar="FOLDER", help="keep the page and what it gave, a folder a source, as tests do"
    )
    discover.add_argument("--allow-private", action="store_true", help="may the site be on a private network? (no)")
    discover.add_argument("--all-disabled", action="store_true", help="look at the sites of all disabled sources")
    discover.add_argument(
        "--report",
        type=Path,
        default=Path("discover.md"),
        metavar="FILE",
        help="with --all-disabled: where it is told (discover.md)",
    )
    coverage = command("coverage", _coverage, "tell which members are read, which are not, and silent since when")
    coverage.add_argument("--csv", action="store_true", help="print CSV")
    imported = command("import", _import, "add the sites of an OPML or CSV file to sources.yaml")
    imported.add_argument(
        "file", type=Path, metavar="FILE", help="an OPML of feeds, or a CSV with the columns name and url"
    )
    export = command(
        "export",
        _export,
        "write a view of the store for spreadsheets and programs: csv, ndjson, parquet; sqlite copies the whole store",
    )
    export.formatter_class = argparse.RawDescriptionHelpFormatter
    export.epilog = _EXPORT_HELP
    export.add_argument("view", nargs="?", metavar="VIEW", help="which one (v_items); they are listed below")
    export.add_argument(
        "--format", choices=("csv", "ndjson", "parquet", "sqlite"), default="csv", help="csv, unless another is named"
    )
    export.add_argument(
        "--output", default="-", metavar="FILE", help="where to, replaced when all is there; - is standard output (-)"
    )
    export.add_argument("--bom", action="store_true", help="csv: begin with the mark by which Excel knows UTF-8")
    schema = command("schema", _schema, "write the JSON Schema of sources.yaml, for editors")
    schema.add_argument("file", nargs="?", type=Path, metavar="FILE", help="where to (standard output)")
    demo = command(
        "demo",
        _demo,
        "run the whole way once over a sample federation on this machine, in feeds/demo/; each call is a day later",
    )
    demo.set_defaults(config=None, db=None, out=Path("feeds/demo"))
    demo.add_argument("--port", type=int, default=8801, help="first of eight ports for the sample sites (8801)")
    return parser


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: an instant is written 2025-11-03T09:00:00Z") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _clock(asked: argparse.Namespace) -> Callable[[], datetime]:
    fixed: datetime | None = asked.now
    return (lambda: fixed) if fixed is not None else (lambda: datetime.now(UTC))


def _slugs(asked: argparse.Namespace, known: Sequence[str]) -> list[str]:
    unknown = [slug for slug in asked.slugs if slug not in known]
    if unknown:
        import difflib

        near = [
            f"{slug}: there is no such source; {_or(difflib.get_close_matches(slug, known, 3))}" for slug in unknown
        ]
        raise ConfigError(near)
    return list(asked.slugs)


def _or(near: Sequence[str]) -> str:
    return f"did you mean {' or '.join(near)}?" if near else "« aggregator status » lists them"


# ── run, publish, serve ─────────────────────────────────────────────────────────────────────────


def _run(asked: argparse.Namespace) -> int:
    from aggregator import config, pipeline, report, terminal
    from aggregator.store import open_for_writing

    configuration = config.load(asked.config)
    only = _slugs(asked, [s.slug for s in configuration.sources])
    with open_for_writing(asked.db) as connection, terminal.progress(quiet=asked.json) as bar:

        async def whole() -> pipeline.Run:
            with _stopping() as stop:
                return await pipeline.run(
                    connection, configuration, asked.out, clock=_clock(asked), only=only, everything=asked.everything,
                    started=bar.started, seen=bar.seen, stop=stop,
                )  # fmt: skip

        done = asyncio.run(whole())
    report.run(done, asked.out, as_json=asked.json)
    return 1 if done.failed else 0


@contextmanager
def _stopping() -> Iterator[asyncio.Event]:
    """Give an event that SIGTERM and Ctrl-C set; a second Ctrl-C ends at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked_to() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        print("stopping: visits under way are finished and stored (again: at once)", file=sys.stderr)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to)
    yield stop


def _publish(asked: argparse.Namespace) -> int:
    from aggregator import config, report
    from aggregator.learn import learn
    from aggregator.publication import Published, publish
    from aggregator.store import open_for_writing
    from aggregator.workers import Workers

    configuration = config.load(asked.config)
    now = _clock(asked)()
    with open_for_writing(asked.db) as connection:
        learn(connection, configuration, now)

        async def whole() -> Published:
            async with Workers() as workers:
                return await publish(connection, configuration, asked.out, now, call=workers.call, everything=True)

        done = asyncio.run(whole())
    report.published(done, asked.out, as_json=asked.json)
    return 0


def _serve(asked: argparse.Namespace) -> int:
    from aggregator import config, schedule, serve
    from aggregator.store import open_for_writing

    configuration = config.load(asked.config)
    listener = serve.bind(asked.host, asked.port)
    with listener, open_for_writing(asked.db) as connection:

        async def whole() -> None:
            with _stopping() as stop:
                logging.getLogger(__name__).info(
                    "feeds on http://%s:%d/, %d sources", asked.host, asked.port, len(configuration.sources)
                )
                await schedule.keep_running(
                    connection,
                    configuration,
                    asked.out,
                    clock=_clock(asked),
                    stop=stop,
                    beside=lambda: serve.serve(asked.out, listener, stop),
                )

        asyncio.run(whole())
    return 0


# ── check, status, show, schema ─────────────────────────────────────────────────────────────────


def _check(asked: argparse.Namespace) -> int:
    from aggregator import report
    from aggregator.pipeline import trial
    from aggregator.store import open_for_reading

    configuration = _all_files(asked.config)
    slugs = _slugs(asked, [s.slug for s in configuration.sources])
    if not slugs:
        report.checked(configuration, as_json=asked.json)
        return 0
    connection = open_for_reading(asked.db) if asked.db.exists() else None
    visits = asyncio.run(trial(configuration, slugs, connection, clock=_clock(asked)))
    report.trials(visits, connection, as_json=asked.json)
    return 1 if any(visit.outcome != "changed" for visit in visits) else 0


def _all_files(path: Path) -> config.Config:
    """Read every file that the operator edits, and tell the problems of all of them together."""
    from aggregator import config, overrides, taxonomy

    problems: list[str] = []
    configuration = None
    try:
        configuration = config.load(path)
    except ConfigError as error:
        problems += error.problems
    for load in (
        lambda: taxonomy.load(),
        lambda: overrides.load(path.with_name("overrides.yaml"), configuration.aliases if configuration else {}),
    ):
        try:
            load()
        except ConfigError as error:
            problems += error.problems
    if configuration is None or problems:
        raise ConfigError(problems)
    return configuration


def _duplicates(asked: argparse.Namespace) -> int:
    from aggregator import report
    from aggregator.store import open_for_reading, queries

    report.duplicates(queries.near_misses(open_for_reading(asked.db), asked.limit), as_json=asked.json)
    return 0


def _discover(asked: argparse.Namespace) -> int:
    from aggregator import config, pipeline, report_sites, terminal
    from aggregator.discover import Found, block
    from aggregator.discover.record import record

    if (asked.url is None) != asked.all_disabled:
        raise ConfigError(["name one address, or --all-disabled: « aggregator discover https://www.exemple.fr »"])
    configuration = config.load(asked.config)
    if asked.all_disabled:
        return _discover_all(asked, configuration)
    url = asked.url if "://" in asked.url else f"https://{asked.url}"
    with terminal.asking(quiet=asked.json) as told:
        looks = asyncio.run(
            pipeline.look(configuration, [url], clock=_clock(asked), allow_private=asked.allow_private, asked=told)
        )
    look = looks[url]
    if not isinstance(look, Found):
        raise look
    blocks = block.blocks(look, configuration, allow_private=asked.allow_private)
    report_sites.found(look, blocks, as_json=asked.json)
    known = block.known(look, configuration)
    if known and blocks:
        print(
            f"{asked.config}: {', '.join(known)} is for this site already: give it the url, kind and options above (and enabled: true); keep its slug",
            file=sys.stderr,
        )
    elif asked.add and blocks:
        block.add(asked.config, "\n".join(blocks.values()))
        print(f"{asked.config}: added {', '.join(blocks)}; next: aggregator check {' '.join(blocks)}", file=sys.stderr)
    if asked.record and blocks:
        for slug, trial in zip(blocks, look.chosen, strict=True):
            record(asked.record / slug, trial)
    return 0 if blocks and not (known and asked.add) else 1


def _discover_all(asked: argparse.Namespace, configuration: config.Config) -> int:
    from aggregator import pipeline, report_sites, terminal

    sources = [source for source in configuration.sources if not source.enabled]
    with terminal.progress(quiet=asked.json) as bar:
        bar.started(len(sources))
        looks = asyncio.run(
            pipeline.look(
                configuration, list(dict.fromkeys(s.url for s in sources)), clock=_clock(asked), allow_private=asked.allow_private,
                done=bar.passed,
            )
        )  # fmt: skip
    try:
        asked.report.write_text(report_sites.many([(s, looks[s.url]) for s in sources]), encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{asked.report}: it cannot be written: {error.strerror}"]) from error
    print(f"{len(sources)} sites: {asked.report}", file=sys.stderr)
    return 0


def _coverage(asked: argparse.Namespace) -> int:
    from aggregator import catalogue, config, report_sites
    from aggregator.store import open_for_reading

    connection = open_for_reading(asked.db) if asked.db.exists() else None
    rows = catalogue.coverage(config.load(asked.config), connection, _clock(asked)().date())
    report_sites.coverage(rows, as_json=asked.json, as_csv=asked.csv)
    return 0


def _import(asked: argparse.Namespace) -> int:
    from aggregator import catalogue, config
    from aggregator.discover import block

    configuration = config.load(asked.config)
    try:
        content = asked.file.read_bytes()
    except OSError as error:
        raise ConfigError([f"{asked.file}: it cannot be read: {error.strerror}"]) from error
    sites, refused = catalogue.read_list(str(asked.file), content)
    blocks = block.listed(sites, configuration)
    if blocks:
        block.add(asked.config, "\n".join(blocks.values()))
    for words in refused:
        print(words, file=sys.stderr)
    print(
        f"{asked.config}: {len(blocks)} sources added, {len(sites) - len(blocks)} were there already, {len(refused)} could not be used"
    )
    return 1 if refused else 0


def _status(asked: argparse.Namespace) -> int:
    from aggregator import report
    from aggregator.store import open_for_reading, queries

    rows = queries.status(open_for_reading(asked.db))
    report.status(rows, _clock(asked)(), as_json=asked.json)
    return 1 if any(row["enabled"] and not row["removed_at"] and row["error"] for row in rows) else 0


def _show(asked: argparse.Namespace) -> int:
    from aggregator import config, report
    from aggregator.normalise.urls import canonical
    from aggregator.store import open_for_reading, queries

    try:
        aliases = config.load(asked.config).aliases
    except ConfigError:
        aliases = {}
    connection = open_for_reading(asked.db)
    found = queries.find(connection, asked.what, canonical(asked.what, aliases))
    if not found:
        print(
            f"{asked.what}: no item has this id, UID, guid or link; « aggregator status » lists the sources",
            file=sys.stderr,
        )
        return 1
    report.stories([queries.story(connection, item) for item in found], as_json=asked.json)
    return 0


def _date(asked: argparse.Namespace) -> int:
    from aggregator import report
    from aggregator.normalise import dates

    seen = asked.seen or _clock(asked)()
    if asked.text is not None:
        reading = dates.read(asked.text, seen=seen, block=asked.block)
        report.reading(asked.text, reading, as_json=asked.json)
        return 0 if reading is not None else 1
    for number, line in enumerate(sys.stdin, 1):
        try:
            said = json.loads(line)
            seen = _instant(said.get("published") or seen.isoformat())
            reading = dates.read(said["text"], seen=seen, block=bool(said.get("block", asked.block)))
        except (ValueError, KeyError, TypeError, AttributeError, argparse.ArgumentTypeError) as error:
            raise ConfigError(
                [f'standard input:{number}: {error!r}: each line is {{"text": "…", "published": "2025-11-03"}}']
            ) from error
        print(json.dumps(dates.expect(reading), ensure_ascii=False))
    return 0


_EXPORT_HELP = f"""views (docs/store.md says what every column holds):
  v_items        news and events, one row each, with their tags      v_coverage     sources: what each gives, silent since when
  v_news         news, as feeds have them                            v_joins        items that several sources tell, and why
  v_events       events, as calendars have them                      v_near_misses  pairs that were not joined
  v_sightings    what each source says                               v_runs         the ledger: one row a fetch
  v_tags         one row a tag, with its reason                      v_changes      what changed, field by field

examples:
  aggregator export > items.csv
  aggregator export v_events --format parquet --output events.parquet
  aggregator export v_tags --format ndjson | jq .name
  aggregator export --format sqlite --output copy.db

A csv cell that a spreadsheet would compute (it begins with = + - @, a tab or a carriage return) has a ' before it.
Parquet needs an extra: pip install 'cooperation-aggregator[parquet]'.

{EXIT_CODES}"""


def _export(asked: argparse.Namespace) -> int:
    from aggregator import export

    wrong = None
    if asked.format == "sqlite" and asked.view:
        wrong = f"{asked.view}: --format sqlite copies the whole store: leave the view out"
    elif asked.bom and asked.format != "csv":
        wrong = "--bom: only csv has one: leave it out"
    elif asked.output == "-" and (asked.format == "sqlite" or (asked.format == "parquet" and sys.stdout.isatty())):
        wrong = f"--format {asked.format} is no text: name a file with --output"
    if wrong:
        raise ConfigError([wrong])
    view = asked.view or "v_items"
    shown = sys.stderr.isatty() and not (asked.output == "-" and sys.stdout.isatty())

    def told(done: int, of: int) -> None:
        if shown and of > export.BATCH:
            print(f"\r{done:,} of {of:,} rows", end="" if done < of else "\n", file=sys.stderr, flush=True)

    if asked.output == "-":
        export.to_stream(asked.db, view, asked.format, sys.stdout.buffer, bom=asked.bom, told=told)
        return 0
    rows = export.to_file(asked.db, view, asked.format, Path(asked.output), bom=asked.bom, told=told)
    if asked.json:
        print(json.dumps({"view": None if asked.format == "sqlite" else view, "rows": rows, "file": asked.output}))
    else:
        print(f"{rows} {'items' if asked.format == 'sqlite' else 'rows'} in {asked.output}", file=sys.stderr)
    return 0


def _schema(asked: argparse.Namespace) -> int:
    from aggregator import config

    if asked.file is None:
        print(config.schema(), end="")
    else:
        asked.file.write_text(config.schema(), encoding="utf-8")
    return 0


def _demo(asked: argparse.Namespace) -> int:
    """Serve the sample federation as it stands on the demo's next day, and run the pipeline on it as `run --all` would."""
    from datetime import timedelta

    from aggregator import config, demo, pipeline, report, terminal
    from aggregator.store import open_for_writing

    if asked.config is not None:
        raise ConfigError(["--config: the demo brings its own configuration (in its --out folder): leave it out"])
    home: Path = asked.out
    home.mkdir(parents=True, exist_ok=True)
    written = home / "sources.yaml"
    written.write_text(demo.configuration(asked.port), encoding="utf-8")
    configuration = config.load(written)
    with open_for_writing(asked.db or home / "aggregator.db") as connection, terminal.progress(quiet=asked.json) as bar:
        (last,) = connection.execute("SELECT max(last_visit) FROM source_state").fetchone()
        day = (datetime.fromisoformat(last) - demo.START).days + 2 if last else 1
        now = asked.now or demo.START + timedelta(days=day - 1)

        async def whole() -> pipeline.Run:
            async with demo.Federation(day, asked.port):
                return await pipeline.run(
                    connection,
                    configuration,
                    home,
                    clock=lambda: now,
                    everything=True,
                    started=bar.started,
                    seen=bar.seen,
                )

        done = asyncio.run(whole())
    report.run(done, home, as_json=asked.json)
    report.demo(day, now, home, as_json=asked.json)
    unplanned = [outcome for outcome in done.failed if outcome.source.slug not in demo.troubles(day)]
    return 1 if unplanned else 0
