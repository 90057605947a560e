"""From days as said to days of the calendar: the years left out, weekdays that decide, hours on the clock of a zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from aggregator.model import Occurrence
from aggregator.normalise.dates.grammar import Clock, Day, Run
from aggregator.normalise.dates.words import JUI

Lean = Literal["near", "next", "last", "block"]
# A year left out is that of the nearest such day in this window around the day the text was seen.
_BACK, _AHEAD = 60, 300
_DAY = timedelta(days=1)
_DAILY = 31  # a longer period with hours keeps its days alone
_PERIOD = 92  # days from the first to the last: three months, from the 15th to the 15th


@dataclass(slots=True)
class Span:
    """Calendar days from `first` to `last`, both inclusive, with the hours said of them."""

    first: date
    last: date
    clocks: list[Clock] = field(default_factory=list)
    last_clocks: list[Clock] = field(default_factory=list)  # of the last day, when both ends of a range have hours
    ranged: bool = False


@dataclass(slots=True)
class Dated:
    """A run with its years: its spans, and what had to be inferred."""

    run: Run
    spans: list[Span]
    flags: list[str]


def dated(run: Run, seen: date, lean: Lean, near: date | None = None, hint: int = 0) -> Dated | None:
    """Give the calendar days of a run; None when one of them does not exist or no year fits.

    `near`: a day said before it in the same text, whose year it shares; `hint`: a year named in the text.
    """
    days = run.days
    flags = ["ambiguous"] if _juis(days) != _NO_JUI else []
    if days[0].year:
        readings = (_dates(days, days[0].year, juis) for juis in _juis(days))
        chosen = next((one for one in readings if one and ("ambiguous" not in flags or one == sorted(one))), None)
        if chosen is None:
            return None
    else:
        chosen, inferred = _inferred(days, seen, lean, near, hint)
        if chosen is None:
            return None
        flags += inferred
    if ("W" in run.letters or "P" in run.letters) and not _agrees(days, chosen):
        flags.append("weekday disagrees")
    spans = _spans(days, chosen)
    if len(days) > 1 and _lent(days):
        flags.append("ambiguous")
    return Dated(run, spans, flags) if spans else None


def _lent(days: list[Day]) -> bool:
    """Say whether the hour of the last day is lent to days of their own month: « le 11 février et le 12 mars à 18h »."""
    if not days[-1].clocks or any(day.link == "range" for day in days):
        return False
    return any(not (day.bare or day.clocks) for day in days[:-1])


_Juis = tuple[int, int]


def _juis(days: list[Day]) -> tuple[_Juis, ...]:
    """Give what « jui » may be, first and later ones: June, July, or one then the other."""
    said = 0
    for day in days:
        said += day.month == JUI
    return ((6, 6), (7, 7), (6, 7))[: said + 1] if said else _NO_JUI


_NO_JUI: tuple[_Juis, ...] = ((0, 0),)


def _dates(days: list[Day], year: int, juis: _Juis) -> list[date] | None:
    """Give the days when the first of them is in `year`; None when one does not exist."""
    out: list[date] = []
    said, before = 0, (0, 0)
    for day in days:
        month = day.month
        if month == JUI:
            month, said = juis[said], 1
        if day.year:
            year = day.year
        elif (month, day.day) < before:
            year += 1
        before = (month, day.day)
        try:
            out.append(date(year, month, day.day))
        except ValueError:
            return None
    return out


def _inferred(
    days: list[Day], seen: date, lean: Lean, near: date | None, hint: int
) -> tuple[list[date] | None, list[str]]:
    centre = near or seen
    known = next((index for index, day in enumerate(days) if day.year), None)
    if known is not None:
        return None, []
    found: list[list[date]] = []
    juis = _juis(days)
    for year in (centre.year - 1, centre.year, centre.year + 1):
        ones = [one for one in (_dates(days, year, jui) for jui in juis) if one]
        found += [min(ones, key=lambda one: one[-1] - one[0])] if ones and len(juis) > 2 else ones
    agreeing = [one for one in found if _agrees(days, one)]
    wide = [one for one in agreeing if _gap(one, centre) <= 400] if any(day.weekday for day in days) else []
    for among in (wide, found) if any(day.weekday for day in days) else (found,):
        chosen = _choose(among, centre, "near" if near else lean, strict=among is found)
        if chosen is not None:
            flags = ["year inferred"]
            if hint and not near and chosen[0].year != hint and chosen[-1].year != hint:
                hinted = [one for one in found if hint in (one[0].year, one[-1].year)]
                flags.append("ambiguous")
                chosen = hinted[0] if hinted and not wide else chosen
            return chosen, flags
    hinted = [one for one in found if hint and one[0].year == hint]
    return (hinted[0], ["year inferred"]) if hinted else (None, [])


def _agrees(days: list[Day], dates: list[date]) -> bool:
    return all(not day.weekday or day.weekday == when.isoweekday() for day, when in zip(days, dates, strict=True))


def _gap(dates: list[date], seen: date) -> int:
    if dates[0] <= seen <= dates[-1]:
        return 0
    return min(abs((dates[0] - seen).days), abs((dates[-1] - seen).days))


def _choose(found: list[list[date]], seen: date, lean: Lean, *, strict: bool) -> list[date] | None:
    """Choose the year: the nearest within the window, or the next or the last one where the words say so."""
    if lean == "block":
        fit = [one for one in found if one[-1] >= seen]
        return min(fit, key=lambda one: one[-1]) if fit else None
    if lean == "next":
        fit = [one for one in found if one[0] >= seen and (one[0] - seen).days <= 366]
        if fit:
            return fit[0]
    if lean == "last":
        fit = [one for one in found if one[0] <= seen and (seen - one[0]).days <= 366]
        if fit:
            return fit[-1]
    fit = [one for one in found if (one[-1] - seen).days >= -_BACK and (one[0] - seen).days <= _AHEAD]
    if not fit and not strict:
        fit = found
    return min(fit, key=lambda one: _gap(one, seen)) if fit else None


def _spans(days: list[Day], dates: list[date]) -> list[Span]:
    """Join the days of ranges; [] when a range runs backwards or chains three ends."""
    for left, right in reversed(list(pairwise(days)) if days[-1].clocks else []):
        if left.bare and right.link == "list" and not left.clocks:
            left.clocks = right.clocks  # « les 14 et 15 mars à 20h, le 16 mars à 16h »
    spans: list[Span] = []
    for day, when in zip(days, dates, strict=True):
        if day.link == "range" and spans:
            span = spans[-1]
            chained = span.ranged and span.last - span.first == _DAY * (len(days) - 2)  # « 4-5-6 mai »
            if when < span.first or (span.ranged and not (chained and when == span.last + _DAY)):
                return []
            span.last, span.ranged = when, True
            if span.clocks and day.clocks:
                span.last_clocks = day.clocks
            elif day.clocks:
                span.clocks = day.clocks
            elif span.clocks:
                span.clocks = []  # « du 21 à 9h au 24 »: when it ends is not said, so its days are
        else:
            spans.append(Span(when, when, day.clocks))
    if len(spans) > 1 and spans[-1].clocks and not any(span.clocks for span in spans[:-1]):
        shared = spans[-1].clocks
        for span in spans[:-1]:
            if not span.ranged or len(shared) > 1:  # « du 9 au 11 mars et le 18 mars à 18h »: at 18h on the 18th
                span.clocks = shared
    if len(spans) > 1:
        spans.sort(key=lambda span: (span.first, span.last))
    return spans


# ── hours ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Slot:
    """Hours of one day: (hour, minute) of start and end, and the zone they are said in ("" when it is not said)."""

    start: tuple[int, int]
    end: tuple[int, int] | None = None
    zone: str = ""


def slots(clocks: list[Clock], flags: list[str]) -> list[Slot] | None:
    """Give the hours said as intervals; None when they are alternatives, which decide nothing."""
    out: list[Slot] = []
    for clock in clocks:
        if clock.link == "alt" and not (out and clock.zone and clock.zone != out[-1].zone):
            return None  # « 9h heure de Cayenne, soit 14h heure de Paris » is one hour on two clocks
        at = (clock.hour, clock.minute)
        if clock.link == "range" and out and out[-1].end is None and not _two_clocks(out[-1].zone, clock.zone):
            out[-1].end, out[-1].zone = at, clock.zone or out[-1].zone
        elif clock.link == "zone" and out and not (clock.zone or out[-1].zone) and out[-1].end is None:
            out[-1].end = at  # « 18h30/20h »: from … to, or two sittings
            flags.append("ambiguous")
        elif clock.until and out and out[-1].end is None:
            out[-1].end = at
        else:
            out.append(Slot(at, None, clock.zone))
        if clock.opens and "open end" not in flags:
            flags.append("open end")
        if clock.about and "about" not in flags:
            flags.append("about")
    return out


def _two_clocks(zone: str, other: str) -> bool:
    """Say whether « 14h (Dakar) – 16h (Paris) » is one hour on two clocks."""
    return bool(zone and other) and zone.lstrip("@") != other.lstrip("@")


def one_clock(said: list[Slot], tz: str, day: date, flags: list[str]) -> list[Slot]:
    """Of hours said on two clocks keep those of `tz`, else of Paris, else the first; flagged when they disagree."""
    if (
        len(said) > 1
        and not said[0].zone
        and said[-1].zone
        and len({slot.zone for slot in said}) == 2
        and not _paired(said)
    ):
        for slot in said:  # « de 9h à 12h et de 14h à 17h (heure de Nouméa) »
            slot.zone = slot.zone or said[-1].zone
    zones = list(dict.fromkeys(slot.zone.lstrip("@") for slot in said))
    if len(zones) < 2:
        return said
    kept = next((zone for zone in (tz, "Europe/Paris", "") if zone in zones), zones[0])
    instants = {zone_instant(slot.start, slot.zone.lstrip("@") or tz, day) for slot in said}
    if len(instants) > 1:
        flags.append("ambiguous")
    return [slot for slot in said if slot.zone.lstrip("@") == kept]


def _paired(said: list[Slot]) -> bool:
    return len(said) == 2 and bool(said[1].zone)


def zone_instant(at: tuple[int, int], zone: str, day: date) -> datetime | None:
    """Give the UTC instant of an hour on the clock of a zone; None when the zone is not known."""
    name, _ = zone_name(zone, "Europe/Paris", datetime(day.year, day.month, day.day, at[0] % 24, at[1], tzinfo=UTC))
    moment = datetime(day.year, day.month, day.day, at[0] % 24, at[1], tzinfo=ZoneInfo(name))
    return moment.astimezone(UTC)


def zone_name(said: str, tz: str, wall: datetime) -> tuple[str, bool]:
    """Give the IANA zone of what a text says ("CET", "+02:00", "local", a name) and whether it was assumed."""
    if not said:
        return tz, False
    if said in ("local", "?"):
        return tz, True
    if said in ("CET", "CEST"):
        offset = wall.replace(tzinfo=ZoneInfo("Europe/Paris")).utcoffset()
        return "Europe/Paris", offset != timedelta(hours=1 if said == "CET" else 2)
    if said[0] in "+-":
        hours, minutes = said[1:].split(":")
        shift = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if said[0] == "-" else 1)
        for name in (tz, "Europe/Paris"):
            if wall.replace(tzinfo=ZoneInfo(name)).utcoffset() == shift:
                return name, False
        if int(minutes) or not -12 <= shift.total_seconds() / 3600 <= 14:
            return tz, True
        return (f"Etc/GMT{'-' if said[0] == '+' else '+'}{int(hours)}" if int(hours) else "UTC"), False
    return said, False


def occurrences(spans: list[Span], tz: str, place_zone: str | None, flags: list[str]) -> list[Occurrence]:
    """Give the occurrences of spans: consecutive whole days joined, each day of a short period with hours on its own."""
    out: list[Occurrence] = []
    for span in spans:
        if not span.clocks and not out:
            out.append(Occurrence(span.first, span.last + _DAY, True, tz))
            continue
        if span.last_clocks:
            out += _stretch(span, tz, place_zone, flags)
            continue
        said = slots(span.clocks, flags) if span.clocks else []
        if said is None:
            flags.append("ambiguous")
            said = []
        said = one_clock(said, tz, span.first, flags)
        if not said or (span.last - span.first).days >= _DAILY or any(slot.start == (24, 0) for slot in said):
            if said and said[0].start == (24, 0):
                flags.append("ambiguous")  # « à minuit »: of the day before or after?
            if out and out[-1].all_day and out[-1].end == span.first:
                out[-1] = Occurrence(out[-1].start, span.last + _DAY, True, tz)
            else:
                out.append(Occurrence(span.first, span.last + _DAY, True, tz))
            continue
        for number in range((span.last - span.first).days + 1):
            day = span.first + number * _DAY
            out += [_timed(day, slot, tz, place_zone, flags) for slot in said]
    return out


def _timed(day: date, slot: Slot, tz: str, place_zone: str | None, flags: list[str]) -> Occurrence:
    start = datetime(day.year, day.month, day.day, *slot.start)  # noqa: DTZ001
    end = None
    if slot.end is not None:
        hour, minute = slot.end
        end = datetime(day.year, day.month, day.day, hour % 24, minute) + _DAY * (hour == 24)  # noqa: DTZ001
        if end <= start:
            end += _DAY
            if end - start > timedelta(hours=14):
                flags.append("ambiguous")
    zone = _zone(slot.zone, tz, place_zone, start, flags)
    _doubt(start, zone, flags)
    return Occurrence(start, end, False, zone)


def _zone(said: str, tz: str, place_zone: str | None, wall: datetime, flags: list[str]) -> str:
    if said.startswith("@"):  # the town where it happens
        if said[1:] != tz and "zone from place" not in flags:
            flags.append("zone from place")
        return said[1:]
    zone, assumed = zone_name(said, tz, wall)
    if assumed and "zone assumed" not in flags:
        flags.append("zone assumed")
    if place_zone and said in ("", "local") and place_zone != tz:
        if "zone assumed" in flags:
            flags.remove("zone assumed")
        if "zone from place" not in flags:
            flags.append("zone from place")
        return place_zone
    return zone


def _stretch(span: Span, tz: str, place_zone: str | None, flags: list[str]) -> list[Occurrence]:
    """Give the one occurrence of « du 21 octobre à 9h au 24 octobre à 18h »."""
    first, last = span.clocks[0], span.last_clocks[-1]
    start = datetime(span.first.year, span.first.month, span.first.day, first.hour % 24, first.minute)  # noqa: DTZ001
    end = datetime(span.last.year, span.last.month, span.last.day, last.hour % 24, last.minute)  # noqa: DTZ001
    end += _DAY * (last.hour == 24)
    if len(span.clocks) > 1 or len(span.last_clocks) > 1 or first.hour == 24 or end <= start:
        flags.append("ambiguous")
        return [Occurrence(span.first, span.last + _DAY, True, tz)]
    zone = _zone(first.zone or last.zone, tz, place_zone, start, flags)
    _doubt(start, zone, flags)
    _doubt(end, zone, flags)
    return [Occurrence(start, end, False, zone)]


def _doubt(wall: datetime, zone: str, flags: list[str]) -> None:
    """Flag an hour that the clock shows twice, or never, when summer time ends or begins."""
    if 5 <= wall.hour < 23:
        return  # no zone of today changes its clock by day
    info = ZoneInfo(zone)
    early, late = wall.replace(tzinfo=info).utcoffset(), wall.replace(tzinfo=info, fold=1).utcoffset()
    if early is None or late is None or early == late:
        return
    flag = "ambiguous local time" if early > late else "nonexistent local time"
    if flag not in flags:
        flags.append(flag)


def long(found: list[Occurrence]) -> bool:
    """Say whether one occurrence is longer than a season: a programme, not an event."""
    if len(found) != 1 or not found[0].all_day or found[0].end is None:
        return False
    return (found[0].end - found[0].start).days - 1 > _PERIOD
