"""French dates (and English, Spanish, German, Italian, Portuguese ones): one strict grammar, which refuses.

Three doors: `read` for the words of an event, `published` for publication words, `machine` for machine values.
Pure: the year a text leaves out is inferred against `seen`, the instant the page was seen, never against a clock.
"""

from __future__ import annotations

from aggregator.normalise.dates.event import read
from aggregator.normalise.dates.machine import machine
from aggregator.normalise.dates.published import published
from aggregator.normalise.dates.reading import DateReading, expect

__all__ = ["DateReading", "expect", "machine", "published", "read"]
