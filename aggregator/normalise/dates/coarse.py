"""Below a day: months, quarters, seasons, « début juin », « la dernière semaine de novembre » (provisional)."""

from __future__ import annotations

from datetime import date

from aggregator.normalise.dates.lexer import Tokens
from aggregator.normalise.dates.reading import DateReading


def coarse(text: str, seen: date, tz: str, tokens: Tokens) -> DateReading | None:
    """Read what is less precise than a day."""
    return None
