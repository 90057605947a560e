"""When an item's gathering is: what its page states for it, what its words announce, and what both make together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aggregator.errors import ItemError
from aggregator.model import Occurrence, Page, Phase, RawItem, Source, Status
from aggregator.normalise import dates, gathering
from aggregator.normalise.text import clean_lines

OLDEST = date(1990, 1, 1)
AHEAD = timedelta(days=3653)

_STATUSES: dict[str, Status] = {
    "cancelled": "cancelled", "canceled": "cancelled", "eventcancelled": "cancelled", "annulé": "cancelled", "annule": "cancelled",
    "postponed": "postponed", "eventpostponed": "postponed", "reporté": "postponed", "reporte": "postponed",
    "tentative": "tentative", "confirmed": "confirmed", "eventscheduled": "confirmed", "eventrescheduled": "confirmed",
    "eventmovedonline": "confirmed",
}  # fmt: skip


def setting(published: date | datetime | None, source: Source, page: Page) -> gathering.Setting:
    """How an item's words are read: near their publication, which sites may date ahead (domain §1.6), else near the visit."""
    seen, anchor = page.fetched_at, page.fetched_at
    if isinstance(published, datetime):
        anchor = min(seen, published)
    elif published is not None and published < seen.date():
        anchor = datetime.combine(published, time(12), seen.tzinfo)
    return gathering.Setting(
        anchor, seen.astimezone(ZoneInfo(source.timezone)).date(), source.timezone, source.language
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a gathering: no occurrence, none said. `raw`: the words read; `problem`: what could not be."""

    occurrences: tuple[Occurrence, ...] = ()
    status: Status | None = None
    phase: Phase | None = None
    raw: Mapping[str, str] = field(default_factory=dict)
    problem: ItemError | None = None


def told(
    item: RawItem, lines: Sequence[str], stated: Mapping[str, str], texts: Iterable[str], how: gathering.Setting, source: Source, page: Page
) -> Told:  # fmt: skip
    """Read when an item's gathering is: what its page states for it, else what its words announce; never a past mention.

    `lines`: its title and subtitle; `stated`: its labelled lines (`gathering.stated`); `texts`: where its hours may stand.
    """
    phase = next((phase for line in lines if (phase := dates.phase(line))), None)
    fate = next((status for line in lines if (status := dates.status(line, source.language))), None)
    raw: dict[str, str] = {}
    problem = None
    if item.kind == "event":
        occurrences, status, problem = _stated(item, source, page)
        status = _status(item.status) or status
        title = gathering.dated(lines[0], how) if len(occurrences) == 1 else None
        if title is not None and len(title.occurrences) == 1:
            occurrences = (_both(occurrences[0], title.occurrences[0]),)
            if title.moved and gathering.ANOTHER_DAY not in occurrences[0].doubts:
                fate = None  # « reportée au 12 mars », and the 12th it is
    else:
        if item.when:  # a selector of news that names where the date stands
            stated = {**stated, "when": item.when}
        said = (
            None
            if phase == "report"
            else gathering.announced(lines, how) or gathering.stated_when(stated, how, lines[0])
        )
        occurrences, status = (said.occurrences, said.status) if said else ((), None)
        if said is not None:
            raw["when"] = said.words
            if said.moved:
                status = fate = None
    status = status or fate
    if status is not None and not item.status:
        raw["status"] = status  # as its words were read
    if len(occurrences) == 1:
        occurrences = (gathering.refined(occurrences[0], texts, how),)
    return Told(occurrences, status, phase, raw, problem)


def _both(block: Occurrence, title: Occurrence) -> Occurrence:
    """What a date block and the title make together. « 26 / jui » is June or July: the title says which."""
    if "ambiguous" in block.doubts and block.all_day and title.start.day == block.start.day:
        return title
    return gathering.agreed(block, title)


def _stated(
    item: RawItem, source: Source, page: Page
) -> tuple[tuple[Occurrence, ...], Status | None, ItemError | None]:
    """When a page states an event is: machine values first, else the words of its date block. None read is None, and said."""
    if item.start:
        when = machine_occurrence(item, source.timezone)
        if when is not None and OLDEST <= _day(when.start) <= (page.fetched_at + AHEAD).date():
            return (when,), None, None
    if item.when:
        reading = dates.read(
            clean_lines(item.when[:500]),
            seen=page.fetched_at,
            tz=item.tz or source.timezone,
            language=source.language,
            block=True,
        )
        if reading is not None and reading.occurrences:
            return reading.occurrences, reading.status, None
    words = item.start or item.when
    return (
        (),
        None,
        ItemError("when", words or "", "no date could be read in it: the event is kept without one") if words else None,
    )


def machine_occurrence(item: RawItem, tz: str) -> Occurrence | None:
    """Give the occurrence that `item.start` and `item.end` state as machine values, in `item.tz`, else in the source's zone `tz`.

    A value with an offset or Z is an instant: it is kept as wall time of that zone. SPIP's hCalendar writes an all-day
    event as local midnights in UTC, its last day included (spip.md): read as days when its visible words name no hour.
    """
    zone = item.tz if item.tz and _known(item.tz) else tz
    start, end = dates.machine(item.start or "", tz=zone), dates.machine(item.end or "", tz=zone) if item.end else None
    if start is None:
        return None
    doubts = ("zone assumed",) if item.tz and zone != item.tz else ()
    if not isinstance(start, datetime):
        last = _day(end) if end is not None else start
        exclusive = last if item.end_exclusive and end is not None else last + timedelta(days=1)
        return Occurrence(start, exclusive if exclusive > start else start + timedelta(days=1), True, zone, doubts)
    start = _wall(start, zone)
    if (
        item.when
        and _midnight(start)
        and (end is None or (isinstance(end, datetime) and _midnight(_wall(end, zone))))
        and not re.search(r"\d\s*(?:h|:)", item.when)
    ):
        last = _wall(end, zone).date() if isinstance(end, datetime) else start.date()
        return Occurrence(start.date(), max(last, start.date()) + timedelta(days=1), True, zone, doubts)
    if end is not None:
        end = (
            _wall(end, zone)
            if isinstance(end, datetime)
            else datetime.combine(end, time()) + timedelta(days=0 if item.end_exclusive else 1)
        )
    if end is not None and end > start and _midnight(start) and (_midnight(end) or (end.hour, end.minute) == (23, 59)):
        # How programs write whole days that know times only: to 23:59, or to the next midnight.
        return Occurrence(start.date(), end.date() + timedelta(days=0 if _midnight(end) else 1), True, zone, doubts)
    return Occurrence(start, end if end is not None and end > start else None, False, zone, doubts)


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _wall(moment: datetime, zone: str) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _midnight(moment: datetime) -> bool:
    return moment.hour == moment.minute == moment.second == 0


def _status(said: str | None) -> Status | None:
    return _STATUSES.get(said.strip().rsplit("/", 1)[-1].lower()) if said else None


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
