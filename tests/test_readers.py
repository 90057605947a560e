"""What is published, read by the programs that people use: khal for calendars, newsboat for feeds."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from datetime import timedelta
from pathlib import Path

import icalendar
import pytest

from aggregator import config, pipeline
from aggregator.demo import START, Federation, configuration
from aggregator.store import open_for_writing

PORT = 8921
KHAL = """[calendars]
[[demo]]
path = {path}
[locale]
local_timezone = Europe/Paris
default_timezone = Europe/Paris
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
"""


async def federation(folder: Path, day: int) -> Path:
    """Run the whole way on a day of the sample federation; give the public folder."""
    (folder / "sources.yaml").write_text(configuration(PORT), encoding="utf-8")
    now = START + timedelta(days=day - 1)
    async with Federation(day, PORT):
        with open_for_writing(folder / "store.db") as connection:
            await pipeline.run(
                connection, config.load(folder / "sources.yaml"), folder / "feeds", clock=lambda: now, everything=True
            )
    return folder / "feeds"


def khal(folder: Path, *arguments: str) -> str:
    environment = {
        **os.environ,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["khal", "-c", str(folder / "khal.conf"), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("khal"), reason="khal is not on this machine (Debian: apt install khal)")
async def test_khal_shows_a_moved_and_a_cancelled_event_right_after_the_second_run(tmp_path: Path) -> None:
    (tmp_path / "khal.conf").write_text(KHAL.format(path=tmp_path / "calendar"))
    (tmp_path / "calendar").mkdir()
    lists = []
    for day in (1, 2):
        out = await federation(tmp_path, day)
        khal(tmp_path, "import", "--batch", str(out / "agenda.ics"))
        lists.append(khal(tmp_path, "list", "--once", "--format", "{start} | {title}", "2025-11-01", "400d"))
        events = icalendar.Calendar.from_ical((out / "agenda.ics").read_bytes()).walk("VEVENT")
        assert sum(" | " in line for line in lists[-1].splitlines()) == sum(
            1 for event in events if event.start.strftime("%Y%m%d") >= "20251101"
        )
    assert "2025-11-25 14:00 | Atelier : accueillir des volontaires internationaux" in lists[0].replace("\xa0", " ")
    assert "2025-11-25 15:30 | Atelier : accueillir des volontaires internationaux" in lists[1].replace("\xa0", " ")
    assert "2025-11-25 14:00" not in lists[1]
    assert "[ANNULÉ] Rencontre régionale" in lists[1]
    assert len(lists[0].splitlines()) == len(lists[1].splitlines())


@pytest.mark.skipif(
    not shutil.which("newsboat"), reason="newsboat is not on this machine (Debian: apt install newsboat)"
)
@pytest.mark.parametrize("form", ["rss", "atom"])
async def test_newsboat_reads_every_entry_once(tmp_path: Path, form: str) -> None:
    out = await federation(tmp_path, 1)
    (tmp_path / "urls").write_text(f"file://{out}/tout.{form}\n")
    command = ["newsboat", f"--url-file={tmp_path}/urls", f"--cache-file={tmp_path}/cache.db", "-x", "reload"]
    subprocess.run(command, env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, timeout=60, check=True)
    read = sqlite3.connect(tmp_path / "cache.db").execute("SELECT guid, title, pubDate FROM rss_item").fetchall()
    items = sqlite3.connect(tmp_path / "store.db").execute("SELECT count(*) FROM items").fetchone()[0]
    assert len(read) == len({guid for guid, *_ in read}) == items
    assert any("« Ti coup d’œil sou Haïti »" in title.replace("\xa0", " ") for _, title, _ in read)
