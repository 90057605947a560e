"""The commands as people and scripts type them: real processes, real exit codes."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from aggregator.store import open_for_writing
from tests.conftest import House, news, rss, xml
from tests.fakeweb import FakeWeb, reply, running

NOW = "2025-11-03T09:00:00Z"


def aggregator(house: House, *arguments: str, code: int = 0) -> str:
    """Run the command as a process, from the house's folder; give what it printed."""
    command = [sys.executable, "-m", "aggregator", *arguments, "--db", str(house.db), "--out", str(house.out)]
    done = subprocess.run(command, cwd=house.folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code in (0, 1) and done.stdout else done.stderr


@pytest.fixture
def town(tmp_path: Path) -> Iterator[House]:
    with running(FakeWeb()) as web:
        house = House(tmp_path, web)
        house.source("ville")
        web["/ville"] = xml(rss(news(3)))
        house.write_config()
        yield house


def test_run_tells_what_it_did_in_words_and_in_json(town: House) -> None:
    assert "1 sources visited, 0 failed; 3 new" in aggregator(town, "run", "--now", NOW)
    told = json.loads(aggregator(town, "run", "--all", "--json", "--now", NOW))
    assert [(s["source"], s["outcome"], s["new"]) for s in told["sources"]] == [("ville", "unchanged", 0)]
    assert told["files_written"] == []
    assert "no source is due" in aggregator(town, "run", "--now", NOW)


def test_a_failure_is_told_with_words_and_exit_code_1_and_the_feeds_stand(town: House) -> None:
    aggregator(town, "run", "--now", NOW)
    before = town.files()
    town.web["/ville"] = reply(500)
    assert "ville" in aggregator(town, "run", "--all", "--now", "2025-11-03T10:00:00Z", code=1)
    assert town.files() == before
    assert "failing" in aggregator(town, "status", "--now", "2025-11-03T11:00:00Z", code=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--config", "nothing.yaml"),
        ("run", "no-such-source"),
        ("frobnicate",),
        ("run", "--now", "yesterday"),
        ("check", "vile"),
    ],
)
def test_wrong_usage_is_exit_code_2(town: House, arguments: tuple[str, ...]) -> None:
    assert aggregator(town, *arguments, code=2)


def test_a_mistyped_slug_is_met_with_the_right_one(town: House) -> None:
    assert "did you mean ville?" in aggregator(town, "run", "vile", code=2)


def test_a_second_writer_is_exit_code_3(town: House) -> None:
    with open_for_writing(town.db):
        assert "another instance is writing" in aggregator(town, "run", code=3)


def test_a_foreign_store_is_exit_code_1_and_untouched(town: House) -> None:
    town.db.write_text("this is a letter")
    assert "left as it is" in aggregator(town, "run", code=1)
    assert town.db.read_text() == "this is a letter"


def test_check_shows_what_would_be_stored_and_writes_nothing(town: House) -> None:
    town.web["/ville"] = xml(
        rss([*news(1), {"title": "Sans date", "path": "/x", "link": "javascript:alert(1)", "guid": "7"}])
    )
    told = json.loads(aggregator(town, "check", "ville", "--json", "--now", NOW))
    assert [(item["store"], item["title"]) for item in told[0]["items"]] == [
        ("new", "Nouvelle du 28 octobre"),
        ("new", "Sans date"),
    ]
    assert [(r["field"], r["value"]) for r in told[0]["refused"]] == [("url", "javascript:alert(1)")]
    assert "nothing was written" in aggregator(town, "check", "ville", "--now", NOW)
    assert not town.db.exists()
    assert not town.out.exists()
    assert "is right: 1 sources, 1 enabled" in aggregator(town, "check")


def test_show_tells_the_story_of_an_item_by_link_uid_or_id(town: House) -> None:
    aggregator(town, "run", "--now", NOW)
    uid = town.one("SELECT uid FROM items WHERE title LIKE '%27%'")
    for name in ("http://www.ville.example/actualite-27/?utm_source=x", uid, f"urn:uuid:{uid}", "2"):
        assert "Nouvelle du 27 octobre" in aggregator(town, "show", name)
    (story,) = json.loads(aggregator(town, "show", uid, "--json"))
    assert story["sightings"][0]["rule"] == "first of its item"
    assert "no item has this id" in aggregator(town, "show", "https://ville.example/rien", code=1)


def test_publish_renders_all_anew_and_changes_nothing(town: House) -> None:
    aggregator(town, "run", "--now", NOW)
    before = town.files()
    assert "nothing to publish" in aggregator(town, "publish", "--now", NOW)
    assert town.files() == before
    (town.out / "tout.rss").unlink()
    assert "1 files written" in aggregator(town, "publish", "--now", NOW)
    assert town.published("tout.rss").encode() == before["tout.rss"][2]


def test_an_unwritable_folder_is_named_and_the_store_keeps_what_was_seen(town: House) -> None:
    town.out.write_text("a file in the way")
    assert str(town.out) in aggregator(town, "run", "--now", NOW, code=1)
    assert town.one("SELECT count(*) FROM items") == 3
    town.out.unlink()
    aggregator(town, "run", "--now", "2025-11-03T09:01:00Z")
    assert "Nouvelle du 28 octobre" in town.published("tout.rss")


@pytest.mark.parametrize("command", ["run", "publish", "serve", "check", "status", "show", "schema", "date", "demo"])
def test_every_command_explains_itself(town: House, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", command, "--help"], capture_output=True, text=True, check=True
    )
    assert "exit codes: 0 fine" in done.stdout
    assert "--now" in done.stdout


def test_date_tells_how_a_text_is_read(town: House) -> None:
    assert "2025-11-20" in aggregator(town, "date", "Réunion le 20 novembre à 14h30", "--seen", "2025-11-03")
    assert json.loads(aggregator(town, "date", "du 21 au 24 octobre 2026", "--json"))["end"] == "2026-10-24"
    assert "no date" in aggregator(town, "date", "lundi 32 mars", code=1)
    lines = '{"text": "le 11 mars 2026", "published": "2026-01-20"}\n{"text": "COP 30", "published": "2026-01-20"}\n'
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "date"], input=lines, capture_output=True, text=True, check=True
    )
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["start"], second) == ("2026-03-11", None)
    wrong = subprocess.run(
        [sys.executable, "-m", "aggregator", "date"], input="x\n", capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2


# ── serve ───────────────────────────────────────────────────────────────────────────────────────


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served(town: House) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "aggregator",
        "serve",
        "--port",
        str(port),
        "--db",
        str(town.db),
        "--out",
        str(town.out),
    ]
    process = subprocess.Popen(command, cwd=town.folder, stderr=subprocess.PIPE, text=True)
    base = f"http://127.0.0.1:{port}"
    for _ in range(200):
        if (town.out / "tout.rss").exists():
            break
        time.sleep(0.05)  # a process that starts has no event to wait for
    yield base, process
    if process.poll() is None:
        process.kill()
    process.communicate()


def fetch(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except HTTPError as error:
        return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def test_serve_visits_publishes_serves_and_ends_when_told(
    town: House, served: tuple[str, subprocess.Popen[str]]
) -> None:
    base, process = served
    status, headers, body = fetch(f"{base}/tout.rss")
    assert (status, headers["content-type"]) == (200, "application/rss+xml; charset=utf-8")
    assert body == (town.out / "tout.rss").read_bytes()
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert fetch(f"{base}/tout.rss", If_None_Match=headers["etag"])[0] == 304
    assert fetch(f"{base}/tout.rss", If_Modified_Since=headers["last-modified"])[0] == 304
    assert fetch(f"{base}/index.html", Accept_Encoding="gzip")[1]["content-encoding"] == "gzip"
    types = {
        path: fetch(f"{base}/{path}")[1]["content-type"]
        for path in ("tout.atom", "tout.json", "agenda.ics", "feeds.opml", "")
    }
    assert types == {
        "tout.atom": "application/atom+xml; charset=utf-8",
        "tout.json": "application/feed+json; charset=utf-8",
        "agenda.ics": "text/calendar; charset=utf-8",
        "feeds.opml": "text/x-opml; charset=utf-8",
        "": "text/html; charset=utf-8",
    }
    for path in ("/../sources.yaml", "/%2e%2e/sources.yaml", "/.hidden.rss", "/sources", "/nothing.rss", "/sources/"):
        assert fetch(base + path)[0] == 404, path
    assert fetch(f"{base}/{'a' * 3000}.rss")[0] in (400, 414)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    with open_for_writing(town.db) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_taken_port_is_told_before_anything_starts(town: House) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "choose another port" in aggregator(town, "serve", "--port", str(taken.getsockname()[1]), code=2)
    assert not town.db.exists()


def test_killed_at_any_moment_the_store_is_whole_and_a_rerun_mends_all(town: House) -> None:
    for n in range(12):
        slug = f"source-{n}"
        town.source(slug)
        town.web[f"/{slug}"] = xml(rss(news(20), f"https://{slug}.example"))
    town.write_config()
    command = [
        sys.executable,
        "-m",
        "aggregator",
        "run",
        "--all",
        "--now",
        NOW,
        "--db",
        str(town.db),
        "--out",
        str(town.out),
    ]
    for wait in (0.5, 0.8, 1.1, 1.4):
        process = subprocess.Popen(
            command, cwd=town.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(wait)  # the moment is what is tried, not waited for
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if town.db.exists():
            connection = sqlite3.connect(town.db)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.close()
        for path in town.out.rglob("*.json"):
            json.loads(path.read_text(encoding="utf-8"))
    aggregator(town, "run", "--all", "--now", NOW)
    assert town.one("SELECT count(*) FROM items") == 243
    assert [
        p.name
        for p in town.out.rglob("*")
        if p.is_file() and p.suffix not in (".rss", ".atom", ".json", ".ics", ".opml", ".html", ".css")
    ] == []
