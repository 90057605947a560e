"""Event words (provisional)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from aggregator.model import Occurrence
from aggregator.normalise.dates.published import published
from aggregator.normalise.dates.reading import DateReading
from aggregator.normalise.dates.words import MONTHS, SHORT_MONTHS, fold

_PERIOD = re.compile(r"du (\d\d/\d\d/\d{4}) au (\d\d/\d\d/\d{4})")
_SHORT = re.compile(r"(\d{1,2})\s+([a-z]{3,9})\b")


def read(
    text: str, *, seen: datetime, tz: str = "Europe/Paris", language: str = "fr", block: bool = False
) -> DateReading | None:
    """Read the words of an event (provisional)."""
    words = fold(text)
    found = _PERIOD.search(words)
    day = timedelta(days=1)
    if found:
        a, b = (published(g, seen=seen, tz=tz) for g in found.groups())
        if isinstance(a, date) and isinstance(b, date):
            return DateReading((Occurrence(a, b + day, True, tz),), words=text)
    said = published(text, seen=seen, tz=tz)
    short = _SHORT.match(words)
    if short and not re.search(r"\d{4}", text):
        month = SHORT_MONTHS["fr"].get(short[2]) or MONTHS["fr"].get(short[2])
        for year in (seen.year, seen.year + 1):
            try:
                when = date(year, month or 0, int(short[1]))
            except ValueError:
                continue
            if when >= seen.date():
                return DateReading((Occurrence(when, when + day, True, tz, ("year inferred",)),), words=text)
    if isinstance(said, date) and not isinstance(said, datetime):
        return DateReading((Occurrence(said, said + day, True, tz),), words=text)
    return None
