"""Programs and libraries that people read calendars with. Whatever one of them complains of is an error here.

Those that are no Python package are installed by `.ci/run`; `READERS` tells which are absent, and how to have them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import icalendar

from tests.calendar_readers import libical
from tests.calendar_readers.event import Event

HERE = Path(__file__).parent
_KHAL = """[locale]
local_timezone = {zone}
default_timezone = {zone}
timeformat = %H:%M:%S
dateformat = %Y-%m-%d
longdateformat = %Y%m%d
datetimeformat = %Y-%m-%d %H:%M:%S
longdatetimeformat = %Y%m%dT%H%M%SZ
[calendars]
"""
_KHAL_SAYS = ("uid", "start-long-full", "end-long-full", "status", "title", "description", "location", "all-day")

Files = Mapping[str, Path]  # calendar -> its file
Reading = dict[str, list[Event]]  # calendar -> its events, in any order


@dataclass(frozen=True, slots=True)
class Reader:
    """`read(files, scratch folder)` gives what is in each; `absent` says how to have it, where it is not here."""

    read: Callable[[Files, Path], Reading]
    absent: str | None = None


def run(command: Sequence[str | Path], home: Path, **environment: str) -> str:
    """Run a program that knows `home` only; give what it prints. It fails, or complains: AssertionError."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False,
        env={
            **os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CACHE_HOME": str(home),
            "XDG_CONFIG_HOME": str(home), "LC_ALL": "C.UTF-8", **environment,
        },
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def by_icalendar(files: Files, _: Path) -> Reading:
    return {name: [_by_icalendar(one) for one in _calendar(file).walk("VEVENT")] for name, file in files.items()}


def _calendar(file: Path) -> icalendar.Component:
    calendar = icalendar.Calendar.from_ical(file.read_bytes())
    assert [one.errors for one in calendar.walk() if one.errors] == []
    return calendar


def _by_icalendar(event: icalendar.Component) -> Event:
    def moment(name: str) -> str | None:
        value: date | datetime | None = event[name].dt if name in event else None
        return f"{value.astimezone(UTC):%Y%m%dT%H%M%SZ}" if isinstance(value, datetime) else value and f"{value:%Y%m%d}"

    def text(name: str) -> str | None:
        return str(event[name]) if name in event else None

    return Event(
        uid=str(event["uid"]),
        start=moment("dtstart") or "",
        end=moment("dtend"),
        status=text("status"),
        summary=text("summary"),
        description=text("description"),
        location=text("location"),
    )


def by_libical(files: Files, _: Path) -> Reading:
    return {name: libical.read(file.read_bytes()) for name, file in files.items()}


def by_javascript(reader: str, files: Files, folder: Path) -> Reading:
    """Read on a machine that is far away: its own zone is nobody's business."""
    said = run(["node", HERE / "read.mjs", reader, *files.values()], folder, TZ="Pacific/Noumea")
    return {name: [Event(**one) for one in json.loads(said)[str(file)]] for name, file in files.items()}


def khal(folder: Path, *arguments: str | Path) -> str:
    """Run khal on the calendars that `khal_calendars` made in a folder; give what it prints."""
    return run(["khal", "-c", folder / "khal.conf", *arguments], folder)


def khal_calendars(folder: Path, *names: str, zone: str = "UTC") -> None:
    """Make empty calendars, vdirs in a folder, for a reader who lives in a zone."""
    for name in names:
        (folder / name).mkdir()
    calendars = "".join(f"[[{name}]]\npath = {folder / name}\n" for name in names)
    (folder / "khal.conf").write_text(_KHAL.format(zone=zone) + calendars, encoding="utf-8")


def by_khal(files: Files, folder: Path) -> Reading:
    khal_calendars(folder, *files)
    for name, file in files.items():
        khal(folder, "import", "--batch", "-a", name, file)
    line = "\x1f".join(f"{{{field}}}" for field in ("calendar", *_KHAL_SAYS)) + "\x1e"
    said = khal(folder, "list", "--day-format", "", "--format", line, "2000-01-01", "2040-01-01")
    reading: dict[str, set[Event]] = {name: set() for name in files}  # an event is listed on each of its days
    for one in said.split("\x1e")[:-1]:
        name, *fields = one.lstrip("\n").split("\x1f")
        reading[name].add(_by_khal(*fields))
    return {name: list(events) for name, events in reading.items()}


def _by_khal(
    uid: str, start: str, end: str, status: str, title: str, description: str, location: str, all_day: str
) -> Event:
    if all_day == "True":  # khal shows a last day
        start, end = start[:8], f"{date.fromisoformat(end[:8]) + timedelta(days=1):%Y%m%d}"
    return Event(uid, start, end, status.strip() or None, title, description or None, location or None)


def _javascript(reader: str) -> Reader:
    here = shutil.which("node") and (HERE / "node_modules" / reader).is_dir()
    return Reader(partial(by_javascript, reader), None if here else "npm ci --prefix tests/calendar_readers")


def absent(program: str) -> str | None:
    """How to have a program that is not on this machine; None: it is."""
    return None if shutil.which(program) else f"Debian: apt install {program}"


READERS = {
    "icalendar": Reader(by_icalendar),
    "libical": Reader(by_libical, None if libical.present() else "Debian: apt install libical3"),
    "ical.js": _javascript("ical.js"),
    "node-ical": _javascript("node-ical"),
    "khal": Reader(by_khal, absent("khal")),
}
