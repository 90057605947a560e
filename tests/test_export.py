"""Files for other programs: views as CSV, NDJSON and Parquet, and a snapshot of the store in the public folder."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tracemalloc
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from aggregator import export, serve
from aggregator.errors import ConfigError, PublishError
from aggregator.store import open_for_reading, open_for_writing
from tests.conftest import House, calendar, ics, news, rss, xml
from tests.fakeweb import FakeWeb

HARD = yaml.safe_load((Path(__file__).parent / "data" / "cells.yaml").read_text(encoding="utf-8"))
LONG = "Un long texte que personne d’autre n’a le droit de republier. " * 20
SUMMARY = 300  # characters of a text that feeds republish without a licence (docs/feeds.md)


def titled(*titles: str) -> list[dict[str, str]]:
    return [{"title": t, "path": f"/actualite-{n}", "day": "03 Nov 2025"} for n, t in enumerate(titles)]


def xhtml(feed: bytes, body: str) -> bytes:
    """Give an RSS feed its whole text beside the summary."""
    said = f'<c:encoded xmlns:c="http://purl.org/rss/1.0/modules/content/">{escape(body)}</c:encoded></item>'
    return feed.replace(b"</item>", said.encode())


MEETING = "UID:1\nDTSTART;VALUE=DATE:{day}\nGEO:-20.88;55.45\nSUMMARY:Réunion Sénégal"


async def _lived(house: House) -> House:
    """A town whose news speak of countries, an agenda, a meeting that was moved: something in every view of one source."""
    house.source("ville", tags=["réseau"], territory={"level": "ville", "insee": "37261", "partners": ["SN"]})
    house.source("agenda", kind="ics")
    house.web["/ville"] = xml(
        rss(titled("Un projet au Sénégal et au Mali", "Appel à projets avant le 15 décembre 2025"))
    )
    house.web["/agenda"] = calendar(ics(MEETING.format(day="20251120")))
    await house.run()
    house.web["/agenda"] = calendar(ics(MEETING.format(day="20251121")))
    await house.run(after=timedelta(days=1))
    return house


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    async def once() -> Path:
        async with FakeWeb() as web:
            return (await _lived(House(tmp_path_factory.mktemp("town"), web))).db

    return asyncio.run(once())


@pytest.fixture
def town(store: Path, tmp_path: Path) -> House:
    """The town's store, to read and to damage."""
    house = House(tmp_path, FakeWeb())
    shutil.copyfile(store, house.db)
    return house


@pytest.fixture
async def living(house: House) -> House:
    """The town itself, that can be visited again."""
    return await _lived(house)


def written(house: House, view: str, form: str, **said: Any) -> bytes:
    file = io.BytesIO()
    rows = export.to_stream(house.db, view, form, file, **said)
    assert rows == house.one(f"SELECT count(*) FROM {view}")
    return file.getvalue()


def command(house: House, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "export", *arguments, "--db", str(house.db)],
        cwd=house.folder, env=os.environ | environment, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    return done


# ── views ───────────────────────────────────────────────────────────────────────────────────────


def test_every_view_of_the_store_can_be_exported(town: House) -> None:
    assert {name for (name,) in town.sql("SELECT name FROM sqlite_schema WHERE type = 'view'")} == set(export.VIEWS)


@pytest.mark.parametrize("view", export.VIEWS)
def test_each_format_says_what_the_view_says(view: str, town: House) -> None:
    rows = town.sql(f"SELECT * FROM {view}")
    assert rows or view in ("v_joins", "v_near_misses")
    with closing(open_for_reading(town.db)) as connection:
        columns = export.columns_of(connection, view)
    head, *cells = csv.reader(io.StringIO(written(town, view, "csv").decode(), newline=""))
    assert head == [column.name for column in columns]
    assert [[cell.removeprefix("'") for cell in row] for row in cells] == [
        ["" if value is None else str(value) for value in row] for row in rows
    ]
    records = [json.loads(line) for line in written(town, view, "ndjson").splitlines()]
    for record, row in zip(records, rows, strict=True):
        for column, value in zip(columns, row, strict=True):
            nested = column.type in ("list", "object") and value is not None
            assert record[column.name] == (json.loads(value) if nested else value)


@pytest.mark.parametrize("view", export.VIEWS)
def test_parquet_has_types(view: str, town: House) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(written(town, view, "parquet")))
    rows = town.sql(f"SELECT * FROM {view}")
    instant = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    for name, values in zip(table.column_names, zip(*rows, strict=True) if rows else [()] * 99, strict=False):
        read = table[name].to_pylist()
        said = [value for value in values if value is not None]
        if any(isinstance(value, list | datetime | date | bool) for value in read):
            assert [_plain(value) for value in read] == list(values), name
        else:
            assert read == list(values), name
        mixed = name in ("published", "newest", "starts", "ends", "old", "new")  # a day or an instant
        if said and not mixed and all(isinstance(value, str) and instant.fullmatch(value) for value in said):
            assert str(table.schema.field(name).type) == "timestamp[ms, tz=UTC]", name
        if said and all(isinstance(value, str) and value.startswith("[") for value in said):
            assert str(table.schema.field(name).type).startswith("list<"), name
        if said and all(isinstance(value, int) for value in said):
            assert str(table.schema.field(name).type) in ("int64", "bool"), name


def _plain(value: Any) -> Any:
    """Give a value of Parquet as the store has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return int(value) if isinstance(value, bool) else value


@pytest.mark.parametrize("said", HARD, ids=lambda said: repr(said["cell"]))
def test_no_cell_is_computed_by_a_spreadsheet_or_breaks_its_row(said: dict[str, str], town: House) -> None:
    with closing(sqlite3.connect(town.db)) as connection, connection:
        connection.execute("UPDATE items SET title = ? WHERE kind = 'event'", (said["cell"],))
    data = written(town, "v_events", "csv")
    ((title,),) = [[row["title"]] for row in csv.DictReader(io.StringIO(data.decode(), newline=""))]
    assert title == said["csv"]
    assert data.endswith(b"\r\n")
    assert json.loads(written(town, "v_events", "ndjson"))["title"] == said["cell"]


def test_numbers_stay_numbers_in_a_spreadsheet(town: House) -> None:
    with closing(sqlite3.connect(town.db)) as connection, connection:
        connection.execute("UPDATE sightings SET published = '2026-01-01' WHERE source = 'ville'")
    rows = csv.DictReader(io.StringIO(written(town, "v_coverage", "csv").decode(), newline=""))
    assert {row["source"]: row["silent_days"] for row in rows}["ville"] == "-57"


def test_the_mark_for_excel_is_there_when_asked_for_only(town: House) -> None:
    assert written(town, "v_items", "csv", bom=True) == b"\xef\xbb\xbf" + written(town, "v_items", "csv")


def test_an_item_has_its_tags_in_one_row(town: House) -> None:
    records = [json.loads(line) for line in written(town, "v_items", "ndjson").splitlines()]
    (project,) = [record for record in records if record["title"] == "Un projet au Sénégal et au Mali"]
    assert (project["countries"], project["sources"]) == (["ML", "SN"], ["ville"])


def test_a_slow_reader_does_not_keep_the_writer_out(town: House) -> None:
    class Pipe(io.BytesIO):
        wrote = False

        def write(self, data: Any) -> int:
            with open_for_writing(town.db) as connection:
                connection.execute("PRAGMA busy_timeout = 0")
                connection.execute("UPDATE items SET title = 'Autre titre'")
                self.wrote = True
            return super().write(data)

    pipe = Pipe()
    export.to_stream(town.db, "v_items", "csv", pipe)
    assert pipe.wrote
    assert b"Autre titre" not in pipe.getvalue()  # the rows of one moment


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_memory_does_not_grow_with_the_rows(form: str, town: House, tmp_path: Path) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow.parquet")
    peaks: list[int] = []
    told: list[tuple[int, int]] = []
    for visits in (30_000, 30_000):
        told.clear()
        with closing(sqlite3.connect(town.db)) as connection, connection:
            connection.execute(
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?) INSERT INTO runs (source, url, at, outcome)"
                " SELECT 'ville', 'https://ville.example/' || n, '2025-11-03T08:00:00Z', 'unchanged' FROM n",
                (visits,),
            )
        with (tmp_path / "runs").open("wb") as file:
            export.to_stream(town.db, "v_tags", form, io.BytesIO())  # what it loads once
            tracemalloc.start()
            rows = export.to_stream(town.db, "v_runs", form, file, told=lambda *so_far: told.append(so_far))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert told[-1] == (rows, rows)
        assert len(told) > visits / export.BATCH
    assert peaks[1] < 1.1 * peaks[0]


# ── the command ─────────────────────────────────────────────────────────────────────────────────


def test_the_command_writes_where_it_is_told(town: House) -> None:
    output = town.folder / "items.csv"
    assert command(town).stdout == written(town, "v_items", "csv")
    assert command(town, "v_tags", "--format", "ndjson").stdout == written(town, "v_tags", "ndjson")
    told = command(town, "v_events", "--output", str(output), "--json")
    assert json.loads(told.stdout) == {"view": "v_events", "rows": 1, "file": str(output)}
    assert output.read_bytes() == written(town, "v_events", "csv")


def test_help_names_every_view_and_the_exit_codes(town: House) -> None:
    words = command(town, "--help").stdout.decode()
    assert [view for view in export.VIEWS if view not in words] == []
    assert "exit codes" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["events"], "did you mean v_events"),
        (["v_item"], "v_items"),
        (["sqlite_schema"], "there is no such view"),
        (["v_items", "--format", "sqlite", "--output", "x.db"], "leave the view out"),
        (["--format", "sqlite"], "--output"),
        (["--format", "ndjson", "--bom"], "--bom"),
        (["--output", "store.db"], "the store itself"),
        (["--format", "sqlite", "--output", "store.db"], "the store itself"),
    ],
)
def test_wrong_usage_is_told_with_what_would_be_right(arguments: list[str], words: str, town: House) -> None:
    before = town.db.read_bytes()
    assert words in command(town, *arguments, code=2).stderr.decode()
    assert town.db.read_bytes() == before


def test_a_missing_extra_is_told_with_the_command_that_installs_it(town: House) -> None:
    absent = town.folder / "absent" / "pyarrow"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ImportError('not here')", encoding="utf-8")
    path = os.pathsep.join([str(absent.parent), str(Path(__file__).parents[1])])
    done = command(town, "--format", "parquet", "--output", "x.parquet", code=2, PYTHONPATH=path)
    assert b"pip install 'cooperation-aggregator[parquet]'" in done.stderr
    assert not (town.folder / "x.parquet").exists()


def test_a_failed_export_leaves_the_old_file_and_nothing_beside_it(town: House) -> None:
    output = town.folder / "items.csv"
    output.write_text("old", encoding="utf-8")
    command(town, "v_nothing", "--output", str(output), code=2)
    assert output.read_text(encoding="utf-8") == "old"
    assert list(town.folder.glob(".*")) == []
    with pytest.raises(PublishError, match="folder"):
        export.to_file(town.db, "v_items", "csv", town.folder / "nowhere" / "items.csv")
    with pytest.raises(ConfigError):
        export.to_file(town.db, "v_nothing", "csv", output)


def test_what_is_no_file_is_written_to_and_stays_what_it_is(town: House) -> None:
    pipe = town.folder / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    export.to_file(town.db, "v_items", "csv", pipe)
    assert reader.communicate(timeout=10)[0] == written(town, "v_items", "csv")
    assert pipe.is_fifo()


def test_a_copy_of_the_store_is_the_store(town: House) -> None:
    output = town.folder / "copy.db"
    command(town, "--format", "sqlite", "--output", str(output))
    with closing(open_for_reading(output)) as connection, closing(open_for_reading(town.db)) as store:
        assert (
            connection.execute("SELECT * FROM v_sightings").fetchall()
            == store.execute("SELECT * FROM v_sightings").fetchall()
        )
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# ── the snapshot ────────────────────────────────────────────────────────────────────────────────


def snapshot(house: House, question: str) -> list[tuple[Any, ...]]:
    """Ask the snapshot, as somebody does who can only read it."""
    with closing(sqlite3.connect(f"file:{house.out / 'aggregator.db'}?mode=ro&immutable=1", uri=True)) as connection:
        return connection.execute(question).fetchall()


async def test_there_is_no_snapshot_unless_it_is_wished_for(living: House) -> None:
    assert not (living.out / "aggregator.db").exists()


async def test_a_snapshot_is_whole_marked_and_alone(living: House) -> None:
    living.site = {"snapshot": True}
    assert (await living.run()).published.written == ("aggregator.db",)  # feeds do not change with it
    assert snapshot(living, "PRAGMA integrity_check") == [("ok",)]
    for mark in ("application_id", "user_version"):
        assert snapshot(living, f"PRAGMA {mark}") == living.sql(f"PRAGMA {mark}")
    for view in export.VIEWS:
        assert snapshot(living, f"SELECT count(*) FROM {view}") == living.sql(f"SELECT count(*) FROM {view}")
    assert snapshot(living, "SELECT count(*) FROM items_fts WHERE items_fts MATCH 'senegal'") == [(2,)]
    place = living.out / "aggregator.db"
    assert place.stat().st_mode & 0o777 == 0o444
    assert place.read_bytes()[18:20] == b"\x01\x01"  # no WAL: it needs nothing beside it
    assert [p.name for p in living.out.iterdir() if p.name.startswith((".", "aggregator.db-"))] == []


async def test_a_snapshot_follows_the_store_and_is_left_alone_otherwise(living: House) -> None:
    living.site = {"snapshot": True}
    await living.run()
    before = living.files()["aggregator.db"]
    assert (await living.run(after=timedelta(hours=1))).published.written == ()
    assert living.files()["aggregator.db"] == before
    living.web["/ville"] = xml(rss([*news(1), *titled("Un projet au Sénégal et au Mali")]))
    assert "aggregator.db" in (await living.run(after=timedelta(hours=1))).published.written
    assert snapshot(living, "SELECT count(*) FROM v_news WHERE title = 'Nouvelle du 28 octobre'") == [(1,)]
    await living.run(after=timedelta(days=1))  # nothing new, but another day of silence
    assert snapshot(living, "SELECT max(at) FROM v_runs") == living.sql("SELECT max(at) FROM v_runs")


@pytest.mark.parametrize("licence", [None, "Licence Ouverte 2.0"])
async def test_a_snapshot_republishes_no_more_than_feeds_do(licence: str | None, house: House) -> None:
    address = "jeanne.dupont@ville.example"
    item = {"title": f"Écrire à {address}", "path": "/a", "day": "03 Nov 2025"}
    refused = {"title": "Autre titre", "path": "/b", "day": "32 Brumaire 2025"}
    house.source("ville", **({"licence": licence} if licence else {}))
    house.site = {"snapshot": True}
    for hour, end in enumerate(("Fin.", "Autre fin.")):  # it changes: the history has its texts too
        body = xhtml(rss([item | {"text": f"Résumé. {LONG} {end}"}, refused]), f"<p>Texte entier. {LONG} {end}</p>")
        house.web["/ville"] = xml(body)
        await house.run(after=timedelta(hours=hour))
    kept = house.db.read_bytes()
    assert all(words in kept for words in (b"jeanne.dupont", b"Texte entier", LONG.encode()))
    data = (house.out / "aggregator.db").read_bytes()
    assert b"jeanne.dupont" not in data
    assert (b"Texte entier" in data) == (licence is not None)
    assert (LONG.encode() in data) == (licence is not None)
    ((longest,),) = snapshot(
        house, "SELECT max(length(words)) FROM (SELECT summary AS words FROM items UNION ALL SELECT summary FROM sightings"
        " UNION ALL SELECT new FROM revisions UNION ALL SELECT old FROM revisions)"
    )  # fmt: skip
    assert (longest <= SUMMARY) == (licence is None)
    for table in ("hosts", "refusals"):
        assert house.one(f"SELECT count(*) FROM {table}")
        assert snapshot(house, f"SELECT count(*) FROM {table}") == [(0,)]


async def test_the_store_itself_is_never_replaced(living: House) -> None:
    living.site = {"snapshot": True}
    shutil.rmtree(living.out)
    living.out.mkdir()
    os.link(living.db, living.out / "aggregator.db")
    with pytest.raises(PublishError, match="--db"):
        await living.run()
    assert living.one("SELECT count(*) FROM v_events") == 1


async def test_a_snapshot_is_served_and_a_store_in_the_public_folder_is_not(living: House) -> None:
    living.site = {"snapshot": True}
    await living.run()
    shutil.copyfile(living.db, living.out / "store.db")
    transport = httpx.ASGITransport(app=serve.app(living.out))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/aggregator.db", headers={"Accept-Encoding": "identity"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.sqlite3")
        assert answer.content == (living.out / "aggregator.db").read_bytes()
        assert (await client.get("/store.db")).status_code == 404
        assert (await client.get("/nothing.db")).status_code == 404
