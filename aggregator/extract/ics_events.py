"""Calendar files (RFC 5545): each VEVENT, and each occurrence of a recurring one, as a raw item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from aggregator.errors import ItemError
from aggregator.extract import ics_rrule
from aggregator.extract.ics_lines import CalendarLines, Line, calendar_text, calendars_of, lines_of, list_of, text_of
from aggregator.extract.ics_times import DATE_TIME, MAX_DATES, Moment, moment_of, moments_of, said, within, zone_of
from aggregator.model import Extracted, Limits, Page, RawAttachment, RawItem

BEFORE, AFTER = timedelta(days=30), timedelta(days=400)  # the window recurring events are expanded in
MAX_INSTANCES = 1_000  # occurrences of one event
MAX_DAYS = 2_000_000  # days that the rules of one file may look at in all (about 4 s)
MAX_WORDS = 100  # things left out that are told one by one

Window = tuple[datetime, datetime]

# SPIP's stock `page=ical` publishes articles as one-hour events: UID "article22 @ https://…".
_CONFERENCES = (
    "CONFERENCE",
    "X-GOOGLE-CONFERENCE",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
)  # RFC 7986 §5.11; Google; Teams
_SPIP_ARTICLE = re.compile(r"((?:article|br[eè]ve)\d+)\s*@", re.IGNORECASE)


def read_calendar(page: Page, limits: Limits) -> Extracted:
    """See `Ics`."""
    window = (page.fetched_at - BEFORE, page.fetched_at + AFTER)
    told: list[str] = []
    calendars = calendars_of(calendar_text(page))
    whole = all(calendar.closed for calendar in calendars)
    told += ["the file is cut: its end is missing"] * (not whole)
    told += ["a VEVENT is not closed: not read" for calendar in calendars for _ in range(calendar.unclosed)]
    events, cut = _events(calendars, limits, told)
    items = _items(events, window, limits, told)
    if len(items) > limits.events:
        told.append(f"{len(items)} occurrences: {limits.events} are kept, past and far ones go first")
        items = _foremost(items, window)[: limits.events]
        cut = True
    if len(told) > MAX_WORDS:
        told[MAX_WORDS:] = [f"and {len(told) - MAX_WORDS} more"]
    return Extracted(tuple(items), complete=whole and not cut, left_out=tuple(told))


# ── events ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Event:
    lines: dict[str, list[Line]]
    raw: RawItem  # all but what differs between occurrences
    start: Moment
    end: Moment | None
    slot: Moment | None  # RECURRENCE-ID: it replaces the occurrence that was to start then
    sequence: int
    default: tzinfo | None  # of times that name no zone

    @property
    def recurs(self) -> bool:
        return self.slot is None and bool({"RRULE", "RDATE", "EXRULE"} & self.lines.keys())

    @property
    def lasts(self) -> bool:
        """Whether its end can be carried over to other occurrences."""
        return type(self.end) is type(self.start) and self.end is not None and _naive(self.end) > _naive(self.start)

    @property
    def name(self) -> str:
        return repr((self.raw.title or self.raw.guid or "VEVENT")[:80])


def _events(calendars: Sequence[CalendarLines], limits: Limits, told: list[str]) -> tuple[list[_Event], bool]:
    blocks = [(calendar, block) for calendar in calendars for block in calendar.blocks]
    most = 4 * limits.events
    cut = len(blocks) > most
    if cut:
        told.append(f"{len(blocks)} VEVENTs: {most} are read, the recurring and the latest")
        blocks = sorted(blocks, key=lambda pair: _rough_rank(pair[1]), reverse=True)[:most]
    heads = {id(calendar): lines_of(calendar.head) for calendar in calendars}
    events = []
    for calendar, block in blocks:
        try:
            events.append(_event(lines_of(block), heads[id(calendar)]))
        except ItemError as error:
            told.append(str(error))
    return events, cut


def _rough_rank(block: Sequence[str]) -> tuple[bool, str]:
    found = [re.search(r"\d{8}(T\d{4})?", line) for line in block if line.upper().startswith("DTSTART")]
    return any(line.upper().startswith("RRULE") for line in block), found[0][0] if found and found[0] else ""


def _event(lines: dict[str, list[Line]], head: dict[str, list[Line]]) -> _Event:
    floating = zone_of(head["X-WR-TIMEZONE"][0].value) if "X-WR-TIMEZONE" in head else None
    raw = _described(lines, head, floating)
    name = repr((raw.title or raw.guid or "VEVENT")[:80])
    if "CLASS" in lines and lines["CLASS"][0].value.strip().upper() in ("PRIVATE", "CONFIDENTIAL"):
        raise ItemError("CLASS", lines["CLASS"][0].value, f"{name} is not for the public (RFC 5545 §3.8.1.3)")
    if "DTSTART" not in lines:
        raise ItemError("DTSTART", None, f"{name} has none")
    try:
        start = moment_of(lines["DTSTART"][0], lines["DTSTART"][0].value, floating)
        slots = lines.get("RECURRENCE-ID")
        slot = moment_of(slots[0], slots[0].value, floating) if slots else None
    except ValueError as error:
        words = lines["DTSTART"][0].value[:40]
        raise ItemError("DTSTART", words, f"{name} starts {words!r}: {error}") from error
    article = _SPIP_ARTICLE.match(raw.guid or "")
    if article and _from_spip(raw, head):
        raw = replace(
            raw, kind="news", native_id=article[1].lower(), published=said(start, None), status=None, sequence=None
        )
    sequence = raw.sequence if raw.sequence and re.fullmatch(r"\d{1,9}", raw.sequence) else "0"
    return _Event(lines, raw, start, _end(lines, start, floating), slot, int(sequence), floating)


def _from_spip(raw: RawItem, head: dict[str, list[Line]]) -> bool:
    sections = {word.casefold() for word in raw.categories}
    return "spip" in (head["PRODID"][0].value.casefold() if "PRODID" in head else "") or bool(
        sections & {"articles", "brèves", "breves"}
    )


def _end(lines: dict[str, list[Line]], start: Moment, floating: tzinfo | None) -> Moment | None:
    try:
        if "DTEND" in lines:
            end = moment_of(lines["DTEND"][0], lines["DTEND"][0].value, floating)
        elif "DURATION" in lines:
            from icalendar import vDuration

            length = vDuration.from_ical(lines["DURATION"][0].value)  # type: ignore[no-untyped-call]
            if length.seconds and not isinstance(start, datetime):
                return None
            end = start + timedelta(days=length.days)
            exact = length - timedelta(
                days=length.days
            )  # RFC 5545 §3.3.6: days are nominal, hours are hours, also at night in March
            if isinstance(end, datetime) and end.tzinfo is not None:
                end = (end.astimezone(UTC) + exact).astimezone(end.tzinfo)
            elif isinstance(end, datetime):
                end += exact
        else:
            return None
    except (ValueError, OverflowError):  # an end that cannot be read is an end that was not said
        return None
    # An exclusive end on the first day itself (written by those who think it inclusive) says no more than the start.
    return None if end == start and not isinstance(end, datetime) else end


def _described(lines: dict[str, list[Line]], head: dict[str, list[Line]], floating: tzinfo | None) -> RawItem:
    def text(name: str) -> str | None:
        return text_of(lines[name][0].value) if name in lines else None

    def stamp(name: str) -> str | None:
        try:
            return said(moment_of(lines[name][0], lines[name][0].value, floating), None) if name in lines else None
        except ValueError:
            return text(name)

    cancelled = "METHOD" in head and head["METHOD"][0].value.upper() == "CANCEL"
    geo = re.fullmatch(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*[;,]\s*(-?\d{1,3}(?:\.\d+)?)\s*", text("GEO") or "")
    organiser = str(lines["ORGANIZER"][0].params.get("CN", "")).strip(" \"'") if "ORGANIZER" in lines else ""
    language = str(lines["SUMMARY"][0].params.get("LANGUAGE", "")) if "SUMMARY" in lines else ""
    return RawItem(
        kind="event",
        guid=text("UID"),
        url=text("URL"),
        title=text("SUMMARY"),
        summary=text("DESCRIPTION"),
        markup="text",
        published=stamp("CREATED"),
        updated=stamp("LAST-MODIFIED"),
        status="CANCELLED" if cancelled else text("STATUS"),
        sequence=text("SEQUENCE"),
        location=text("LOCATION"),
        geo=f"{geo[1]};{geo[2]}" if geo else None,
        organiser=organiser if organiser and "@" not in organiser else None,
        conference=next((lines[name][0].value for name in _CONFERENCES if name in lines), None),
        language=language or None,
        categories=tuple(dict.fromkeys(word for line in lines.get("CATEGORIES", ()) for word in list_of(line.value))),
        attachments=tuple(
            RawAttachment(
                line.value,
                media_type=str(line.params.get("FMTTYPE", "")) or None,
                length=str(line.params.get("SIZE", "")) or None,
                title=str(line.params.get("FILENAME", "")) or None,
            )
            for line in (*lines.get("ATTACH", ()), *lines.get("IMAGE", ()))
            if re.match(r"https?://", line.value, re.IGNORECASE)
        ),
    )


def _foremost(items: Sequence[RawItem], window: Window) -> list[RawItem]:
    """What to keep first: what is to come, soonest first, then what is past, latest first."""
    today = (window[0] + BEFORE).date().isoformat()
    by_start = sorted(items, key=lambda item: item.start or item.published or "")
    coming = [item for item in by_start if (item.start or item.published or "") >= today]
    return [*coming, *reversed(by_start[: len(by_start) - len(coming)])]


@dataclass(slots=True)
class _Budget:
    """What the recurring events of one file may still cost together."""

    days: int
    occurrences: int


def _items(events: Sequence[_Event], window: Window, limits: Limits, told: list[str]) -> list[RawItem]:
    groups: dict[str, list[_Event]] = {}
    for number, event in enumerate(events):
        groups.setdefault(event.raw.guid or f"\0{number}", []).append(event)
    budget = _Budget(MAX_DAYS, 2 * limits.events)
    items: dict[tuple[str, str | None], RawItem] = {}
    for key, group in groups.items():
        for item in _group_items(group, window, budget, told):
            items.setdefault((key, item.recurrence_id), item)
    return list(items.values())


def _group_items(group: Sequence[_Event], window: Window, budget: _Budget, told: list[str]) -> Iterator[RawItem]:
    """What the VEVENTs of one UID say."""
    if group[0].raw.kind == "news":
        yield group[0].raw
        return
    masters, changed = _current(group, told)
    for master in masters:
        if not master.recurs:
            yield _item(master, master.start, master.end, said(master.start, None) if len(masters) > 1 else None)
    recurring = [master for master in masters if master.recurs]
    for master in recurring:
        for event, start, end, slot in _occurrences(master, changed, window, budget, told):
            yield _item(event, start, end, slot)
    if not recurring:  # changed occurrences of a series that the file does not hold
        for event in changed:
            yield _item(event, event.start, event.end, _slot_of(event, event))


def _current(group: Sequence[_Event], told: list[str]) -> tuple[list[_Event], list[_Event]]:
    """The events of one UID as last published, and its changed occurrences.

    Several of one revision are several dates: some sites give all dates of an event one UID and no RECURRENCE-ID.
    """
    masters = [event for event in group if event.slot is None]
    latest = max((event.sequence for event in masters), default=0)
    dated = {said(event.start, None): event for event in masters if event.sequence == latest}
    changed = sorted((event for event in group if event.slot is not None), key=lambda event: -event.sequence)
    if len(changed) > MAX_DATES:
        told.append(f"{changed[0].name}: {len(changed)} changed occurrences, {MAX_DATES} are read")
    return list(dated.values()), changed[:MAX_DATES]


def _item(event: _Event, start: Moment, end: Moment | None, slot: str | None) -> RawItem:
    zone = start.tzinfo if isinstance(start, datetime) else None
    days = not isinstance(start, datetime) and end is not None and not isinstance(end, datetime)
    return replace(
        event.raw,
        recurrence_id=slot,
        start=said(start, None),
        end=said(end, zone) if end is not None else None,
        end_exclusive=days,
        tz=zone.key if isinstance(zone, ZoneInfo) else None,
    )


# ── recurrence ──────────────────────────────────────────────────────────────────────────────────


_Found = tuple[_Event, Moment, Moment | None, str]  # what is said of an occurrence, its start, end and original slot


def _occurrences(
    master: _Event, changed: Sequence[_Event], window: Window, budget: _Budget, told: list[str]
) -> list[_Found]:
    """The occurrences of a recurring event in the window, earliest first; its first date alone if its rule is refused."""
    try:
        if budget.occurrences <= 0:
            raise ValueError("the file has too many occurrences already")
        found = _series(master, changed, _slots(master, window, budget), window)
        budget.occurrences -= len(found)
    except (ValueError, OverflowError) as error:
        told.append(f"{master.name}: its recurrence is not read, its first date is kept: {error}")
        found = [(master, master.start, master.end, said(master.start, None))]
        found += [(event, event.start, event.end, _slot_of(event, master)) for event in changed]
    if len(found) > MAX_INSTANCES:
        told.append(f"{master.name}: {len(found)} occurrences, the first {MAX_INSTANCES} are kept")
    return found[:MAX_INSTANCES]


def _slot_of(event: _Event, master: _Event) -> str:
    return said(within(event.slot or event.start, master.start), None)


def _naive(moment: Moment) -> datetime:
    return moment.replace(tzinfo=None) if isinstance(moment, datetime) else datetime.combine(moment, time.min)


def _slots(master: _Event, window: Window, budget: _Budget) -> list[Moment]:
    """The starts that the rules and RDATEs of an event give in the window.

    Raises:
        ValueError: a rule cannot be read, or asks for more work than honest rules do.
    """
    if "EXRULE" in master.lines:
        raise ValueError("EXRULE is not understood")
    start, naive = master.start, _naive(master.start)
    length = _naive(master.end) - naive if master.end is not None else timedelta()
    first = _naive(within(window[0], start)) - max(length, timedelta()) - timedelta(days=1)
    slots = [within(moment, start) for moment in moments_of(master.lines.get("RDATE", ()), master.default)]
    for line in master.lines.get("RRULE", ())[:10]:
        rule = ics_rrule.parse(line.value)
        last = _naive(within(window[1], start)) + timedelta(days=1)
        if rule.until:
            last = min(last, _until(rule.until, start))
        if last < first:
            continue
        cost = ics_rrule.cost(rule, naive, first, last)
        if cost > budget.days:
            raise ValueError("its rule, or the rules of this file together, would take too long")
        budget.days -= cost
        zone = start.tzinfo if isinstance(start, datetime) else None
        slots += [
            moment.replace(tzinfo=zone) if isinstance(start, datetime) else moment.date()
            for moment in ics_rrule.expand(rule, naive, first, last, 2 * MAX_INSTANCES)
        ]
    return slots


def _until(words: str, start: Moment) -> datetime:
    """The last wall time that UNTIL allows; a bare day is allowed whole, as those who write it mean it."""
    found = DATE_TIME.fullmatch(words)
    if not found:
        raise ValueError(f"UNTIL={words[:20]}")
    if int(found[1]) > 2200:  # 9999: for ever
        words = "22000101"
    until = moment_of(Line({}, words), words, None)
    if not isinstance(until, datetime) or not isinstance(start, datetime):
        return datetime.combine(within(until, _naive(start).date()), time.max)
    return _naive(within(until, start))


def _series(master: _Event, changed: Sequence[_Event], slots: Sequence[Moment], window: Window) -> list[_Found]:
    """The occurrences that touch the window, earliest first: EXDATE, RECURRENCE-ID and RANGE applied to `slots`."""
    from icalendar import Calendar, Event  # both take 60 ms: only what recurs pays for them
    from recurring_ical_events import of as series_of

    events = (master, *changed)
    calendar = Calendar()
    for number, event in enumerate(events):
        part = Event()
        part.add("UID", "series")
        part.add("X-NUMBER", str(number))
        part.add("SEQUENCE", event.sequence)
        part.add("DTSTART", event.start)
        if event.lasts:
            part.add("DTEND", event.end)
        if event is master:
            excluded = [within(day, event.start) for day in moments_of(event.lines.get("EXDATE", ()), event.default)]
            if slots:
                part.add("RDATE", list(slots))
            if excluded:
                part.add("EXDATE", excluded)
        elif event.slot is not None:
            ranged = event.lines["RECURRENCE-ID"][0].params.get("RANGE")
            part.add("RECURRENCE-ID", within(event.slot, master.start), parameters={"RANGE": ranged} if ranged else {})
        calendar.add_component(part)
    found = []
    for part in series_of(calendar).between(*window):
        event, start = events[int(part["X-NUMBER"])], part["DTSTART"].dt
        slot = start
        if event.slot is not None:
            slot = within(event.slot, master.start)
            if start != event.start:  # RANGE=THISANDFUTURE: a later slot, moved as far as this one
                slot += _naive(start) - _naive(event.start)
        found.append((event, start, part["DTEND"].dt if event.lasts else None, said(slot, None)))
    return sorted(found, key=lambda one: _naive(one[1]))
