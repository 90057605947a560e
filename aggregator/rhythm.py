"""When a source is visited next: its interval, learned from how often it changes; back-off that never gives up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

FIRST = 6 * 3600  # seconds; where learning starts
SHORTEST = 3600
LONGEST = 24 * 3600
FIRST_RETRY = 15 * 60  # most failures are over in minutes
LONGEST_BACK_OFF = 24 * 3600
GONE = 7 * 24 * 3600  # after 410 a source is paused, but looked at again: sites come back


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a source is going: the learned interval in seconds and the failures in a row."""

    interval: int | None = None
    failures: int = 0


def learn(rhythm: Rhythm, *, changed: bool, fixed: float | None) -> Rhythm:
    """After a good visit: a source that changed is visited sooner, one that did not a little later. `fixed` is the operator's word."""
    if fixed is not None:
        return Rhythm(int(fixed))
    interval = rhythm.interval or FIRST
    return Rhythm(max(SHORTEST, interval * 2 // 3) if changed else min(LONGEST, interval * 5 // 4))


def next_visit(
    slug: str, rhythm: Rhythm, *, now: datetime, until: datetime | None = None, gone: bool = False
) -> datetime:
    """Give the instant of the next visit: the interval, or after failures a quarter of an hour, doubled each time up to a day; ± 10 %.

    `until`: no earlier than that (Retry-After). The jitter comes from the slug and the hour: a replay gives the same.
    """
    interval = float(rhythm.interval or FIRST)
    if rhythm.failures:
        interval = min(min(interval, FIRST_RETRY) * 2 ** min(rhythm.failures - 1, 20), LONGEST_BACK_OFF)
    if gone:
        interval = GONE
    draw = int.from_bytes(blake2b(f"{slug} {now:%Y%m%d%H}".encode(), digest_size=4).digest()) / 2**32
    due = now + timedelta(seconds=int(interval * (0.9 + 0.2 * draw)))
    return max(due, until) if until is not None else due
