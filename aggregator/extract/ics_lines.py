"""A calendar file as lines, split by VEVENT: what is broken costs itself alone (RFC 5545 §3.1, §3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aggregator.errors import ExtractError
from aggregator.model import Page

# X-ALT-DESC, inlined photos, attendees and alarms are most of the bytes of a big calendar, and none of our business.
_READ = frozenset(
    "UID DTSTART DTEND DURATION RRULE RDATE EXDATE EXRULE RECURRENCE-ID SUMMARY DESCRIPTION LOCATION GEO URL ORGANIZER "
    "STATUS SEQUENCE CATEGORIES LAST-MODIFIED CREATED ATTACH IMAGE PRODID METHOD X-WR-TIMEZONE CLASS "
    "CONFERENCE X-GOOGLE-CONFERENCE X-MICROSOFT-SKYPETEAMSMEETINGURL".split()
)
_NAME = re.compile(r"\s*([A-Za-z-]{3,40})[ \t]*[;:]")
_MARK = re.compile(r"\s*(BEGIN|END)\s*:\s*([A-Z-]+)\s*", re.IGNORECASE)
# NAME;PARAMETER=value:VALUE without quotes, escapes, blanks or lists in its parameters: nearly all lines there are.
_PLAIN = re.compile(r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=[A-Za-z0-9/_+.-]+)*):(.*)", re.DOTALL)
_HTML = re.compile(r"<!doctype html|<html", re.IGNORECASE)


@dataclass(slots=True)
class CalendarLines:
    """One VCALENDAR: its own lines, those of each VEVENT, whether its end was there, and how many VEVENTs had none."""

    head: list[str] = field(default_factory=list)
    blocks: list[list[str]] = field(default_factory=list)
    closed: bool = False
    unclosed: int = 0


def calendar_text(page: Page) -> str:
    """The text of a calendar file from its first BEGIN:VCALENDAR on (a PHP notice may stand before it).

    Raises:
        ExtractError: there is none; the message says what was found instead.
    """
    text = page.text
    if not text:
        try:
            text = page.body.decode("utf-8")
        except UnicodeDecodeError:
            text = page.body.decode("cp1252", "replace")
    begin = re.search(r"^[\ufeff \t]*BEGIN[ \t]*:[ \t]*VCALENDAR", text, re.IGNORECASE | re.MULTILINE)
    if begin and not _HTML.search(text, 0, begin.start()):
        return text[begin.start() :]
    head = text.lstrip("\ufeff \t\r\n")[:200]
    if not head:
        found = "the answer is empty"
    elif _HTML.search(head):
        found = "the answer is an HTML page"
    elif head[0] in "{[":
        found = "the answer is JSON"
    elif head[0] == "<":
        found = "the answer is XML or a piece of HTML"
    else:
        found = f"the answer begins with {head[:60]!r}"
    raise ExtractError(f"not a calendar: {found}; BEGIN:VCALENDAR was looked for")


def calendars_of(text: str) -> list[CalendarLines]:
    """Split unfolded lines by calendar and VEVENT; all other components (alarms, zones, to-dos) are skipped.

    Block by block, because one missing END or one bad line must cost one event (and a VTIMEZONE that the parser sees
    is kept for the whole process, its FREQ=SECONDLY rules included).
    """
    calendars: list[CalendarLines] = []
    block: list[str] | None = None
    skipping: str | None = None
    unfolded = re.sub(r"\n[ \t]", "", re.sub(r"\r*\n|\r", "\n", text.replace("\ufeff", "")))
    for line in unfolded.split("\n"):
        mark = _MARK.fullmatch(line) if len(line) < 80 else None
        if mark is None:
            target = block if block is not None else calendars[-1].head if calendars else None
            name = _NAME.match(line)
            if skipping is None and target is not None and name and name[1].upper() in _READ:
                target.append(line)
            continue
        verb, component = mark[1].upper(), mark[2].upper()
        if component == "VCALENDAR" or component == "VEVENT":
            if block is not None and (verb, component) != ("END", "VEVENT"):
                calendars[-1].unclosed += 1
                block = None
            skipping = None
            if component == "VCALENDAR" and verb == "BEGIN":
                calendars.append(CalendarLines())
            elif component == "VCALENDAR" and calendars:
                calendars[-1].closed = True
            elif verb == "BEGIN" and calendars:
                block = []
            elif block is not None:
                calendars[-1].blocks.append(block)
                block = None
        elif skipping is None and verb == "BEGIN":
            skipping = component
        elif skipping == component and verb == "END":
            skipping = None
    if block is not None:
        calendars[-1].unclosed += 1
    return calendars


@dataclass(frozen=True, slots=True)
class Line:
    """One property: its parameters (upper-case names) and its value."""

    params: Mapping[str, Any]
    value: str  # as written, escapes included


def lines_of(block: Sequence[str]) -> dict[str, list[Line]]:
    """The properties of a block by upper-case name; lines that cannot be read are left out."""
    lines: dict[str, list[Line]] = {}
    for line in block:
        try:
            name, params, value = _parts(line)
        except ValueError:  # a bad line costs itself; a bad DTSTART is missed below
            continue
        lines.setdefault(name.upper(), []).append(Line(params, value.strip()))
    return lines


def _parts(line: str) -> tuple[str, Mapping[str, Any], str]:
    """Name, parameters and value of a line. The library's way costs 30 us a line, a plain one here 2.

    Raises:
        ValueError: it is none.
    """
    plain = _PLAIN.fullmatch(line)
    if plain is not None:
        said = (parameter.partition("=") for parameter in plain[2].split(";")[1:])
        return plain[1], {name.upper(): value for name, _, value in said}, plain[3]
    from icalendar.parser import Contentline  # 50 ms: few calendars pay for it

    parts: tuple[str, Mapping[str, Any], str] = Contentline(line).raw_parts()  # type: ignore[no-untyped-call]
    return parts


def text_of(value: str) -> str | None:
    """A TEXT value (§3.3.11) without its escapes and outer white space; None: nothing is left."""
    if "\\" in value:
        value = re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)
    return value.strip() or None


def list_of(value: str) -> Iterator[str]:
    """The texts of a value that lists several, split at unescaped commas."""
    yield from filter(None, (text_of(part) for part in re.findall(r"(?:\\.|[^,\\])+", value)))
