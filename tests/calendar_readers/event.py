"""What readers say of an event, in one form, to be compared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """An event as a reader understood it; start and end are a day, "20261120", or an instant, "20261120T133000Z"."""

    uid: str
    start: str
    end: str | None
    status: str | None
    summary: str | None
    description: str | None
    location: str | None
