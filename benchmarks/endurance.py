"""`serve` for an hour beside a federation whose sites fail in turn: does it go on, recover, and stay small?

`python -m benchmarks.endurance [--minutes 60]`. Every site is visited each minute; each minute another one fails, in another
way (500, 503 with Retry-After, a reset, silence, garbage, a maintenance page, an empty list), and the days go on. Prints a line
a minute, then what was seen; exits 1 if the server ever stopped answering, a file was not whole, a source did not recover, or
the store is not sound.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from aggregator.demo import SITES, Federation, configuration
from aggregator.demo.server import Answer
from benchmarks.__main__ import resident, tree

PORT, FEEDS = 8901, 8900
WAYS = ("500", "503", "garbage", "maintenance", "empty", "silence")


class Failing(Federation):
    """The federation, one of whose sites fails at a time."""

    failing: tuple[str, str] | None = None

    def _answer(self, slug: str, target: str, now: str) -> Answer:
        if self.failing is None or self.failing[0] != slug or target == "/robots.txt":
            return super()._answer(slug, target, now)
        way = self.failing[1]
        if way == "silence":
            time.sleep(2)  # the loop of all sites stands still: everybody waits
        bodies = {
            "garbage": b"\x00\xff<<<",
            "maintenance": b"<html><title>Site en travaux</title></html>",
            "empty": b"",
        }
        status = {"500": 500, "503": 503}.get(way, 200)
        headers = {"Content-Type": "text/html; charset=utf-8", **({"Retry-After": "60"} if way == "503" else {})}
        return Answer(status, bodies.get(way, b"x"), headers)


def answers(path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{FEEDS}/{path}", timeout=10) as got:
            body = got.read()
    except OSError:
        return False
    return bool(body) and (not path.endswith(".json") or bool(json.loads(body)))


async def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=int, default=60)
    minutes = parser.parse_args().minutes
    folder = Path(tempfile.mkdtemp())
    said = re.sub(r"^defaults: \{", "defaults: {interval: 60s, ", configuration(PORT), flags=re.MULTILINE)
    (folder / "sources.yaml").write_text(said, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "aggregator",
        "serve",
        "--port",
        str(FEEDS),
        "--config",
        str(folder / "sources.yaml"),
    ]
    log = (folder / "log").open("w")
    problems: Counter[str] = Counter()
    sizes: list[float] = []
    async with Failing(1, PORT) as federation:
        server = subprocess.Popen(
            [*command, "--db", str(folder / "store.db"), "--out", str(folder / "feeds")], stderr=log
        )
        await asyncio.sleep(15)
        for minute in range(minutes):
            last_minutes = minute >= minutes - 5  # all is well at the end: every source has recovered
            federation.failing = (
                None if last_minutes else (SITES[minute % len(SITES)], WAYS[minute // len(SITES) % len(WAYS)])
            )
            federation.day = 1 + minute * 4 // minutes
            await asyncio.sleep(60)
            if server.poll() is not None:
                problems["serve ended"] += 1
                break
            for path in ("index.html", "tout.json", "tout.atom", "agenda.ics"):
                problems[f"{path} not served"] += not await asyncio.to_thread(answers, path)
            sizes.append(sum(map(resident, tree(server.pid))))
            print(
                f"{datetime.now(UTC):%H:%M} minute {minute + 1}: {federation.failing}, {sizes[-1]:.0f} MB", flush=True
            )
        server.send_signal(signal.SIGTERM)
        code = server.wait(timeout=60)
    problems["serve did not end well"] += code != 0
    store = sqlite3.connect(folder / "store.db")
    states = dict(store.execute("SELECT source, state FROM source_state"))
    problems["sources not recovered"] += sum(state not in ("ok", "shrunk") for state in states.values())
    problems["store not sound"] += store.execute("PRAGMA integrity_check").fetchone() != ("ok",)
    problems["bugs in the log"] += (folder / "log").read_text().count("Traceback")
    problems["temporary files"] += sum(1 for p in (folder / "feeds").rglob(".*"))
    outcomes = Counter(o for (o,) in store.execute("SELECT coalesce(error_class, outcome) FROM runs"))
    print(
        f"fetches: {dict(outcomes)}; items {store.execute('SELECT count(*) FROM items').fetchone()[0]}; states {states}"
    )
    print(
        f"memory: {sizes[0]:.0f} MB after a minute, {max(sizes):.0f} MB at most, {sizes[-1]:.0f} MB at the end; {folder}"
    )
    print("problems:", {words: count for words, count in problems.items() if count} or "none")
    return 1 if any(problems.values()) else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(asyncio.run(main()))
