"""French dates (and English, Spanish, German, Italian, Portuguese ones): one strict grammar, which refuses.

Doors: `read` for the words of an event, `published` for publication words, `machine` for machine values; `status` and
`phase` for what a title says of its event, dated or not.
Pure: the year a text leaves out is inferred against `seen`, the instant the page was seen, never against a clock.
"""

from __future__ import annotations

from aggregator.normalise.dates.event import read
from aggregator.normalise.dates.fate import phase, status
from aggregator.normalise.dates.machine import machine
from aggregator.normalise.dates.published import published
from aggregator.normalise.dates.reading import DateReading, expect

__all__ = ["DateReading", "expect", "machine", "phase", "published", "read", "status"]
