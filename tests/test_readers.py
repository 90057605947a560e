"""What is published, read by the programs that people use: calendars by five readers, one by subscription, feeds by newsboat."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from aggregator import config, pipeline, serve
from aggregator.demo import START, Federation, configuration
from aggregator.model import Item
from aggregator.publish import render
from aggregator.store import open_for_writing
from tests.calendar_readers import HERE, READERS, absent, khal, khal_calendars, run
from tests.calendar_readers.event import Event
from tests.publish.samples import SITE, days, event, feed, hours

PORT = 8921
DAYS = (1, 2, 3)  # the second: moved and cancelled; the third: something gone
HARD = yaml.safe_load((HERE / "hard.yaml").read_text(encoding="utf-8"))
VDIRSYNCER = """[general]
status_path = "{folder}/status"
[pair subscription]
a = "web"
b = "khal"
collections = null
conflict_resolution = "a wins"
[storage web]
type = "http"
url = "{url}"
[storage khal]
type = "filesystem"
path = "{folder}/agenda"
fileext = ".ics"
"""


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test where one of the programs is absent: `.ci/run` installs them all."""
    reasons = [f"{one} is not here ({how})" for one in programs if (how := absent(one))]
    return pytest.mark.skipif(bool(reasons), reason="; ".join(reasons))


# ── what there is to read ───────────────────────────────────────────────────────────────────────


async def visited(folder: Path, day: int) -> Path:
    """Run the whole way on a day of the sample federation; give the public folder."""
    (folder / "sources.yaml").write_text(configuration(PORT), encoding="utf-8")
    now = START + timedelta(days=day - 1)
    async with Federation(day, PORT):
        with open_for_writing(folder / "store.db") as connection:
            await pipeline.run(
                connection, config.load(folder / "sources.yaml"), folder / "feeds", clock=lambda: now, everything=True
            )
    return folder / "feeds"


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Give the public folder as it was after each day's run."""
    house = tmp_path_factory.mktemp("federation")
    return {day: shutil.copytree(asyncio.run(visited(house, day)), house / f"day-{day}") for day in DAYS}


def hard_item(number: int) -> Item:
    item, when = HARD[number]["item"], HARD[number]["when"]
    said = {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}
    occurrence = hours(**when) if "T" in when["start"] else days(when["start"], when.get("end"))
    zone = when.get("tz", occurrence.tz)
    return event(**said, uid=str(UUID(int=number)), when=replace(occurrence, tz=zone))


MISREAD = {hard_item(number).uid: said.get("misread_by", ()) for number, said in enumerate(HARD)}


def published(*events: Item) -> bytes:
    rendered = render(feed(events=events), SITE)
    assert not rendered.refused
    return rendered.files["tout.ics"]


@pytest.fixture(scope="module")
def calendars(federation: dict[int, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the federation's calendars of every day (the same bytes once), a hard one and one without events."""
    folder = tmp_path_factory.mktemp("calendars")
    contents = {
        path.read_bytes(): f"{path.relative_to(out).with_suffix('')} day {day}".replace("/", " ")
        for day, out in federation.items()
        for path in sorted(out.rglob("*.ics"))
    }
    contents |= {published(*map(hard_item, range(len(HARD)))): "hard", published(): "empty"}
    for data, name in contents.items():
        (folder / f"{name}.ics").write_bytes(data)
    return {name: folder / f"{name}.ics" for name in contents.values()}


# ── calendars ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", READERS)
def test_every_reader_reads_every_calendar_alike(name: str, calendars: dict[str, Path], tmp_path: Path) -> None:
    reader = READERS[name]
    if reader.absent:
        pytest.skip(f"{name} is not here ({reader.absent})")
    reference, reading = (one.read(calendars, tmp_path) for one in (READERS["icalendar"], reader))
    for calendar, file in calendars.items():
        expected = by_uid(reference[calendar])
        assert len(expected) == file.read_bytes().count(b"\r\nBEGIN:VEVENT\r\n")
        read = by_uid(reading[calendar])
        assert read.keys() == expected.keys(), calendar
        for uid, one in expected.items():
            assert comparable(name, read[uid], one) == comparable(name, one, one), calendar


def by_uid(events: list[Event]) -> dict[str, Event]:
    assert len({one.uid for one in events}) == len(events)
    return {one.uid: one for one in events}


def comparable(reader: str, read: Event, expected: Event) -> Event:
    """Leave out an end that the calendar does not say, which readers make up, and texts known to be misread."""
    read = replace(read, end=read.end if expected.end else None)
    return replace(read, summary=None, description=None) if reader in MISREAD.get(read.uid, ()) else read


def test_the_hard_calendar_says_what_its_items_say(calendars: dict[str, Path], tmp_path: Path) -> None:
    read = by_uid(READERS["icalendar"].read({"hard": calendars["hard"]}, tmp_path)["hard"])
    assert len(read) == len(HARD)
    for number, said in enumerate(HARD):
        item = hard_item(number)
        one = read[item.uid]
        expected = {"end": None, "status": None, "summary": item.title, "location": item.location} | said["read"]
        assert {name: getattr(one, name) for name in expected} == expected
        assert (item.summary or "") in (one.description or "")


def agenda(folder: Path) -> list[str]:
    """Give the lines « start | title » that khal shows from November 2025 on."""
    shown = khal(folder, "list", "--once", "--day-format", "", "--format", "{start} | {title}", "2025-11-01", "400d")
    return shown.replace("\xa0", " ").splitlines()


def assert_moved_and_cancelled(before: list[str], after: list[str]) -> None:
    workshop, meeting = "Atelier : accueillir des volontaires internationaux", "Rencontre régionale"
    assert [line for line in before if workshop in line] == [f"2025-11-25 14:00:00 | {workshop}"]
    assert [line for line in after if workshop in line] == [f"2025-11-25 15:30:00 | {workshop}"]
    assert [line for line in before if meeting in line and "ANNULÉ" in line] == []
    assert len([line for line in after if f"[ANNULÉ] {meeting}" in line]) == 1
    assert len(before) == len(after) > 10


@needs("khal")
def test_khal_shows_a_moved_and_a_cancelled_event_right_after_the_second_run(
    federation: dict[int, Path], tmp_path: Path
) -> None:
    khal_calendars(tmp_path, "agenda", zone="Europe/Paris")
    lists = []
    for day in (1, 2):
        khal(tmp_path, "import", "--batch", federation[day] / "agenda.ics")
        lists.append(agenda(tmp_path))
    assert_moved_and_cancelled(*lists)


@asynccontextmanager
async def served(out: Path) -> AsyncIterator[str]:
    """Serve a public folder as `aggregator serve` does; give its address."""
    listener, stop = serve.bind("127.0.0.1", 0), asyncio.Event()
    serving = asyncio.create_task(serve.serve(out, listener, stop))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        await serving


@needs("khal", "vdirsyncer")
async def test_a_subscriber_sees_a_moved_and_a_cancelled_event_right_after_the_second_run(tmp_path: Path) -> None:
    khal_calendars(tmp_path, "agenda", zone="Europe/Paris")
    lists = []
    async with served(tmp_path / "feeds") as address:
        (tmp_path / "vdirsyncer.conf").write_text(VDIRSYNCER.format(folder=tmp_path, url=f"{address}/agenda.ics"))
        for day in (1, 2):
            out = await visited(tmp_path, day)
            for step in ("discover", "sync"):
                command: list[str | Path] = ["vdirsyncer", "-v", "WARNING", "-c", tmp_path / "vdirsyncer.conf", step]
                await asyncio.to_thread(run, command, tmp_path)
            events = (out / "agenda.ics").read_bytes().count(b"\r\nBEGIN:VEVENT\r\n")
            assert len(list((tmp_path / "agenda").glob("*.ics"))) == events
            lists.append(agenda(tmp_path))
    assert_moved_and_cancelled(*lists)


# ── feeds ───────────────────────────────────────────────────────────────────────────────────────


@needs("newsboat")
@pytest.mark.parametrize("form", ["rss", "atom"])
def test_newsboat_reads_every_entry_once(federation: dict[int, Path], tmp_path: Path, form: str) -> None:
    (tmp_path / "urls").write_text(f"file://{federation[1]}/tout.{form}\n")
    command = ["newsboat", f"--url-file={tmp_path}/urls", f"--cache-file={tmp_path}/cache.db", "-x", "reload"]
    run(command, tmp_path)
    read = sqlite3.connect(tmp_path / "cache.db").execute("SELECT guid, title, pubDate FROM rss_item").fetchall()
    items = json.loads((federation[1] / "tout.json").read_bytes())["items"]
    assert len(read) == len({guid for guid, *_ in read}) == len(items)
    assert any("« Ti coup d’œil sou Haïti »" in title.replace("\xa0", " ") for _, title, _ in read)
