"""iCalendar (RFC 5545, 7986): the calendar and its zones by icalendar, its events line by line.

A VEVENT through the library costs 200 us, written here 30: a calendar of thousands is rendered whole when one event
changes. Texts are escaped here too: the library reads a written « C:\\New » as a line end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar, Component
from icalendar.prop import vText

from aggregator.model import Item
from aggregator.publish import french
from aggregator.publish.entry import bounds, clean, instant, line, link, tags, title, uid
from aggregator.publish.head import GENERATOR, Head
from aggregator.publish.zones import UTC_NAMES, vtimezone

REFRESH = "PT1H"
COLOUR = "steelblue"
HOME_ZONE = "Europe/Paris"
MAX_DESCRIPTION = 2_000  # characters of the summary: Google reads about 1 MB of a calendar

_FOLD = 75  # octets of a line, without its end
_EMPTY_YEAR = 2007  # whose rules the VTIMEZONE of a calendar without events tells: they hold since 1996
_GEO = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*[;,]\s*(-?\d{1,3}(?:\.\d+)?)\s*\Z", re.ASCII)
_STATUS = {"confirmed": "CONFIRMED", "tentative": "TENTATIVE", "cancelled": "CANCELLED"}


def event(item: Item) -> bytes:
    """Spell an event as a VEVENT, folded, with CRLF.

    DTSTAMP and LAST-MODIFIED are the instant it last changed for us, SEQUENCE its revisions. All day: days, the end
    exclusive; timed: wall times of its zone. A postponed event whose new date nobody knows does not take place on the known
    one: it is CANCELLED, as is one that its source no longer shows, and SUMMARY says so.

    Raises:
        ValueError: it has no date, or one that cannot be spelled.
    """
    if item.when is None:
        raise ValueError("an event without a date has no place in a calendar")
    start, end = bounds(item.when)
    if end is None and not isinstance(start, datetime):
        end = start + timedelta(days=1)  # what RFC 5545 §3.6.1 reads into a day without an end
    called_off = item.status in ("cancelled", "postponed") or item.withdrawn_at is not None
    status = "CANCELLED" if called_off else _STATUS.get(item.status or "")
    changed = _utc(item.changed_at)
    lines = [
        "BEGIN:VEVENT",
        f"SUMMARY:{_escaped(title(replace(item, status='cancelled') if item.status == 'postponed' else item))}",
        _dated("DTSTART", start),
        _dated("DTEND", end) if end is not None else "",
        f"DTSTAMP:{changed}",
        f"UID:{uid(item)}",
        f"SEQUENCE:{item.sequence:d}",
        _given("CATEGORIES", ",".join(map(_escaped, tags(item)))),
        _given("CONFERENCE;VALUE=URI;FEATURE=VIDEO", link(item.conference)),
        f"CREATED:{_utc(item.first_seen)}",
        _given("DESCRIPTION", _escaped(_description(item))),
        _given("GEO", _geo(item.geo)),
        f"LAST-MODIFIED:{changed}",
        _given("LOCATION", _escaped(line(item.location))),
        _given("STATUS", status),
        "TRANSP:TRANSPARENT" if called_off or item.when.all_day else "",
        _given("URL", link(item.url)),
        "END:VEVENT",
    ]
    return b"".join(_folded(said.encode()) for said in lines if said)


def _given(name: str, value: str | None) -> str:
    return f"{name}:{value}" if value else ""


def _dated(name: str, moment: date | datetime) -> str:
    """DTSTART or DTEND: a day, an instant in UTC, or wall time of a named zone."""
    if not isinstance(moment, datetime):
        return f"{name};VALUE=DATE:{moment:%Y%m%d}"
    zone = getattr(moment.tzinfo, "key", "UTC")
    return f"{name}:{_utc(moment)}" if zone in UTC_NAMES else f"{name};TZID={zone}:{moment:%Y%m%dT%H%M%S}"


def _utc(moment: datetime) -> str:
    return instant(moment).strftime("%Y%m%dT%H%M%SZ")


def feed(head: Head, items: Sequence[Item], events: Iterable[bytes]) -> bytes:
    """The calendar around the VEVENTs, with a VTIMEZONE for every zone that `items` use.

    No METHOD: RFC 5546 §3.2.1 wants an ORGANIZER, the address of a calendar user, in each event of a METHOD:PUBLISH.
    A calendar without events holds the VTIMEZONE of Europe/Paris alone: RFC 5545 demands one component.
    """
    calendar = Calendar()
    newest = max((instant(item.changed_at) for item in items), default=head.updated)
    uri, duration = {"VALUE": "URI"}, {"VALUE": "DURATION"}
    said: list[tuple[str, Any, dict[str, str]]] = [
        ("prodid", f"-//{GENERATOR}//feeds//FR", {}),
        ("version", "2.0", {}),
        ("calscale", "GREGORIAN", {}),
        ("name", _Text(head.title), {}),
        ("x-wr-calname", _Text(head.title), {}),
        ("description", _Text(head.description), {}),
        ("x-wr-caldesc", _Text(head.description), {}),
        ("x-wr-timezone", HOME_ZONE, {}),
        ("url", head.home, {}),
        ("source", f"{head.address}.ics", uri),
        ("refresh-interval", timedelta(hours=1), duration),
        ("x-published-ttl", REFRESH, {}),
        ("color", COLOUR, {}),
        ("last-modified", newest, {}),
    ]
    for name, value, parameters in said:
        if value:
            calendar.add(name, value, parameters)
    before, close, after = _spell(calendar).rpartition(b"END:VCALENDAR")
    return b"".join((before, *_zones(items), *events, close, after))


def _zones(items: Sequence[Item]) -> list[bytes]:
    years: dict[str, list[int]] = {}
    for item in items:
        when = item.when
        if when is not None and not when.all_day and when.tz not in UTC_NAMES:
            years.setdefault(when.tz, []).extend(moment.year for moment in (when.start, when.end) if moment is not None)
    if not items:
        years[HOME_ZONE] = [_EMPTY_YEAR]
    return [vtimezone(tz, min(seen), max(seen)) for tz, seen in sorted(years.items())]


def _description(item: Item) -> str:
    """Summary, what became of it, who says so and where."""
    summary = clean(item.summary or "").strip()
    if len(summary) > MAX_DESCRIPTION:
        summary = summary[:MAX_DESCRIPTION].rsplit(" ", 1)[0] + " …"
    sources = [f"{line(o.name)} ({url})" if (url := link(o.url)) else line(o.name) for o in item.origins]
    organiser = line(item.organiser)
    address = link(item.url)
    parts = (
        french.state(item),
        summary,
        french.ORGANISER + organiser if organiser else "",
        french.DEADLINE + french.day(item.deadline) if item.deadline else "",
        french.CONFERENCE + room if (room := link(item.conference)) else "",
        (french.SOURCES if len(sources) > 1 else french.SOURCE) + ", ".join(sources) if sources else "",
        french.LINK + address if address else "",
    )
    return "\n".join(part for part in parts if part)


def _geo(said: str | None) -> str | None:
    found = _GEO.match(said or "")
    if found is None:
        return None
    # Six places are a hand's breadth; no 1e-05, which RFC 5545 does not know.
    latitude, longitude = (round(float(one), 6) if abs(float(one)) >= 1e-4 else 0.0 for one in found.groups())
    return f"{latitude};{longitude}" if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _escaped(text: str) -> str:
    """TEXT as RFC 5545 §3.3.11 escapes it."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


class _Text(vText):
    """The same for the library, which first turns a written \\N into a line end."""

    def to_ical(self) -> bytes:
        return _escaped(str(self)).encode()


def _spell(component: Component) -> bytes:
    return b"".join(_folded(_line(component, name, value)) for name, value in component.property_items())


def _line(component: Component, name: str, value: Any) -> bytes:
    """One property: where it has no parameters, without the library's way through them, which is most of its cost."""
    if isinstance(value, bytes) or value.params:
        return str(component.content_line(name, value)).encode()
    spelled: str | bytes = value.to_ical()
    return b"%s:%s" % (name.encode(), spelled.encode() if isinstance(spelled, str) else spelled)


def _folded(text: bytes) -> bytes:
    """One content line in lines of at most 75 octets, cut between characters and never behind a backslash."""
    if len(text) <= _FOLD:
        return text + b"\r\n"
    pieces, start, room = [], 0, _FOLD
    while len(text) - start > room:
        cut = start + room
        while text[cut] & 0xC0 == 0x80:
            cut -= 1
        if text[cut - 1] == 0x5C and cut - start > 1:
            cut -= 1
        pieces.append(text[start:cut])
        start, room = cut, _FOLD - 1
    pieces.append(text[start:])
    return b"\r\n ".join(pieces) + b"\r\n"
