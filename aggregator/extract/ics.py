"""The kind `ics`: a calendar file (RFC 5545)."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model import Extracted, Limits, Page


@dataclass(frozen=True, slots=True)
class Ics:
    """The kind `ics`: a calendar file."""

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Give every event of the file; recurring ones from 30 days before to 400 days after the page was fetched.

        Times are ISO: a day, wall time of `tz` (IANA name; None: unknown or floating), or with Z or an offset.
        VTIMEZONE is not read: a zone is known by its name. `complete` unless the file is cut or holds too much.

        Raises:
            ExtractError: the page is no calendar; the message says what it is.
        """
        from aggregator.extract.ics_events import read_calendar  # loads where calendars are read

        return read_calendar(page, limits)
