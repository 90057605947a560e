"""How many short strings a second are read, and how long a megabyte of hostile text takes: `python -m benchmarks.dates`."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.normalise.dates import published, read

CASES = Path(__file__).parent.parent / "tests" / "normalise"
MACHINE = (
    "2025-11-06T09:00:00Z",
    "2025-11-06 09:00:00",
    "2025-11-06",
    "Fri, 13 Mar 2020 12:22:00 +0100",
    "Le 11 mars 2021,",
)
HOSTILE = (
    "1 ",
    "1/",
    "mars ",
    "1 et ",
    "12 mars ",
    "a",
    "du 12 au ",
    "12h",
    "12h-",
    "é",
    "0",
    "1.",
    "\n",
    "_",
    "1,",
    "le 12 mars 2026 ",
    "x@",
)


def _rate(strings: list[tuple[str, datetime]], step: timedelta, seconds: float = 2.0) -> float:
    """Read the strings again and again, each round seen `step` later: what was read on another day is not remembered."""
    count, rounds, start = 0, 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for text, seen in strings:
            read(text, seen=seen + rounds * step)
        count, rounds = count + len(strings), rounds + 1
    return count / (time.perf_counter() - start)


def main() -> None:
    """Print the rates."""
    cases = [
        json.loads(line)
        for name in ("dates", "more_dates")
        for line in (CASES / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    strings = [(case["text"], datetime.fromisoformat(case["published"]).replace(tzinfo=UTC)) for case in cases]
    print(f"read: {_rate(strings, timedelta(days=1)):,.0f} strings a second ({len(strings)} labelled strings, all new)")
    print(f"read: {_rate(strings, timedelta()):,.0f} strings a second (seen again on the same day)")
    seen = datetime(2026, 3, 10, tzinfo=UTC)
    for words in MACHINE:
        start = time.perf_counter()
        for _ in range(20_000):
            published(words, seen=seen)
        print(f"published: {(time.perf_counter() - start) / 20_000 * 1e6:.2f} µs  {words}")
    worst = (0.0, "")
    for piece in HOSTILE:
        text = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
        for block in (False, True):
            start = time.perf_counter()
            read(text, seen=seen, block=block)
            worst = max(worst, (time.perf_counter() - start, piece))
    print(f"1 MB of hostile text, worst: {worst[0]:.3f} s ({worst[1]!r})")


if __name__ == "__main__":
    main()
