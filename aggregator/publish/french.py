"""What readers see in French: the table of words, and dates said in words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from aggregator.dedupe import instants
from aggregator.model import Change, Item, Occurrence
from aggregator.normalise.text import fold

NBSP = "\u00a0"

ALSO_ON = f"Aussi sur{NBSP}: "
DOCUMENTS = f"Documents{NBSP}: "
ORGANISER = f"Organisateur{NBSP}: "
SOURCE = f"Source{NBSP}: "
SOURCES = f"Sources{NBSP}: "
LINK = f"Lien{NBSP}: "
DEADLINE = f"Date limite{NBSP}: "
CONFERENCE = f"En visioconférence{NBSP}: "
NO_TITLE = "(sans titre)"
CANCELLED = "Annulé."
POSTPONED = "Reporté, sans nouvelle date connue."
WITHDRAWN = "Sa source ne montre plus ce rendez-vous."

_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()

# « heure de … » where the city of the IANA name is not what people say.
_PLACES = {
    "America/Cayenne": "de la Guyane",
    "America/Guadeloupe": "de la Guadeloupe",
    "America/Marigot": "de Saint-Martin",
    "America/Martinique": "de la Martinique",
    "America/Miquelon": "de Saint-Pierre-et-Miquelon",
    "America/Montreal": "de Montréal",
    "America/New_York": "de New York",
    "America/Port-au-Prince": "de Port-au-Prince",
    "America/Sao_Paulo": "de São Paulo",
    "America/St_Barthelemy": "de Saint-Barthélemy",
    "Africa/Algiers": "d’Alger",
    "Africa/Cairo": "du Caire",
    "Asia/Beirut": "de Beyrouth",
    "Asia/Jerusalem": "de Jérusalem",
    "Asia/Shanghai": "de Pékin",
    "Europe/Athens": "d’Athènes",
    "Europe/Brussels": "de Bruxelles",
    "Europe/Kiev": "de Kyïv",
    "Europe/Kyiv": "de Kyïv",
    "Europe/Lisbon": "de Lisbonne",
    "Europe/London": "de Londres",
    "Indian/Mayotte": "de Mayotte",
    "Indian/Reunion": "de La Réunion",
    "Pacific/Noumea": "de Nouvelle-Calédonie",
    "Pacific/Tahiti": "de Tahiti",
    "Pacific/Wallis": "de Wallis-et-Futuna",
}
_UTC = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "Etc/GMT", "GMT", "Z", "Zulu", "Etc/Zulu", "Universal"})


def day(value: date) -> str:
    """« 1er octobre 2026 »."""
    return f"{_day_month(value)} {value.year}"


def clock(value: time) -> str:
    """« 14 h », « 9 h 05 », with spaces that do not break."""
    return f"{value.hour}{NBSP}h" + (f"{NBSP}{value.minute:02d}" if value.minute else "")


def occurrence(when: Occurrence) -> str:
    """When an event is, in words that can stand inside a sentence.

    « 20 novembre 2025 », « du 21 au 24 octobre 2026 », « 20 novembre 2025, 14 h 30 », « 20 novembre 2025, de 14 h à
    16 h 30 (heure de La Réunion) ». The zone is named where it is not Europe/Paris. `end` is exclusive in the model:
    the last day is said here.
    """
    start, end = when.start, when.end
    if not isinstance(start, datetime):
        last = end - timedelta(days=1) if end is not None and end > start else start
        return _days(start, last)
    words = f"{day(start)}, {clock(start.time())}"
    if isinstance(end, datetime) and end > start:
        to_midnight = end == datetime.combine(start.date() + timedelta(days=1), time())
        if to_midnight or end.date() == start.date():
            until = "minuit" if to_midnight else clock(end.time())
            words = f"{day(start)}, de {clock(start.time())} à {until}"
        else:
            first = _day_month(start) if start.year == end.year else day(start)
            words = f"du {first}, {clock(start.time())}, au {day(end)}, {clock(end.time())}"
    return words + _zone(when.tz)


def names_day(words: str, when: Occurrence) -> bool:
    """Whether words name the (last) day of an occurrence with its year: « le 18 février 2027 », « 18/02/2027 »."""
    start, end = when.start, when.end
    last = start.date() if isinstance(start, datetime) else end - timedelta(days=1) if end is not None else start
    assert not isinstance(last, datetime)
    said = words.casefold().replace(NBSP, " ")
    return (
        day(last) in said or f"{last:%d/%m/%Y}" in said or f"{last.day} {_MONTHS[last.month - 1]} {last.year}" in said
    )


def capital(words: str) -> str:
    """The same words at the head of a line."""
    return words[:1].upper() + words[1:]


def mark(item: Item) -> str:
    """« ANNULÉ », « REPORTÉ », « RETIRÉ », or nothing: some readers ignore a status, so the title says it."""
    if item.kind == "event" and item.status == "cancelled":
        return "ANNULÉ"
    if item.kind == "event" and item.withdrawn_at is not None:
        return "RETIRÉ"
    return "REPORTÉ" if item.kind == "event" and item.status == "postponed" else ""


def state(item: Item) -> str:
    """What became of an event, in sentences; empty when it stands."""
    said = {"cancelled": CANCELLED, "postponed": POSTPONED}.get(item.status or "", "") if item.kind == "event" else ""
    gone = WITHDRAWN if item.kind == "event" and item.withdrawn_at is not None else ""
    return " ".join(words for words in (said, gone) if words)


def _day_month(value: date) -> str:
    return f"{'1er' if value.day == 1 else value.day} {_MONTHS[value.month - 1]}"


def _days(first: date, last: date) -> str:
    if first == last:
        return day(first)
    if first.year != last.year:
        return f"du {day(first)} au {day(last)}"
    if first.month != last.month:
        return f"du {_day_month(first)} au {day(last)}"
    return f"du {'1er' if first.day == 1 else first.day} au {day(last)}"


def _zone(tz: str) -> str:
    if tz == "Europe/Paris":
        return ""
    return " (UTC)" if tz in _UTC else f" ({_hour_of(tz)})"


def _hour_of(tz: str) -> str:
    """« heure de La Réunion », « heure UTC »."""
    if tz in _UTC:
        return "heure UTC"
    place = _PLACES.get(tz)
    if place is None:
        if tz.startswith("Etc/") or "/" not in tz:
            return f"heure {tz}"
        city = tz.rsplit("/", 1)[1].replace("_", " ")
        place = f"d’{city}" if city[:1] in "AEIOUY" else f"de {city}"
    return f"heure {place}"


# ── what became of a plan ───────────────────────────────────────────────────────────────────────
#
# A sentence is two strings: what is now, and what was, for the brackets after it. What was leaves out a year that what is
# now says. The event is « il », as in « [ANNULÉ] »: a word of its own gender would need its title to be understood.

_Sentence = tuple[str, str]
# What begins after noon and ends by the next morning is a night: « de 22 h à 2 h du matin ».
_NOON, _MORNING = time(12), time(8)
_PARTS = re.compile(r"[,;:()\[\]|/·•–—\n]|\s-\s")  # of a place: « Hôtel de Ville, salle 2 – Paris »


def change(became: Change) -> tuple[str, ...]:
    """What became of an event's plan, in sentences without a full stop, the most important first.

    « Reporté au 4 avril 2026 (au lieu du 12 mars) », « Nouveau lieu : Suresnes (auparavant : Paris) ». None where a person
    sees no change: other doubts, the same instant told in another zone, the same place spelled otherwise, or other
    plans for what was called off before and still is.
    """
    return tuple(f"{now} ({was})" if was else now for now, was in _sentences(became))


def change_in_short(became: Change) -> str:
    """The most important sentence without what was: « Reporté au 4 avril 2026 »; empty where `change` says nothing."""
    return next((now for now, _ in _sentences(became)), "")


def plan(became: Change) -> str:
    """When and where it is to be since a change, or was to be where it no longer stands; empty where neither is known."""
    before, after = became.before, became.after
    stands = after.status not in ("cancelled", "postponed") and not after.withdrawn
    when = after.when if stands else before.when or after.when
    where = after.location if stands else before.location or after.location
    label = ("Rendez-vous" if stands else "Était prévu") if when else "Lieu" if stands else "Lieu prévu"
    said = " · ".join(filter(None, (occurrence(when) if when else "", (where or "").strip())))
    return f"{label}{NBSP}: {said}" if said else ""


def _sentences(became: Change) -> list[_Sentence]:
    before, after = became.before, became.after
    planned = before.when or after.when
    once = f"prévu {_moment(_daily(planned), 'le')}" if planned else ""
    in_brackets = f" ({once})" if once else ""  # said in short too: which day is off is the news
    gone = "N’est plus annoncé par sa source"
    if after.status == "cancelled":
        if before.status == "cancelled":
            return []
        left = after.withdrawn and not before.withdrawn
        return [(f"Annulé{in_brackets}", ""), *([(gone, "")] if left else [])]
    if after.withdrawn:
        return [] if before.withdrawn else [(f"{gone}{in_brackets}", "")]
    place = _place(before.location, after.location)
    if after.status == "postponed":
        new = before.status != "postponed" or before.withdrawn
        return [*([(f"Reporté, sans nouvelle date connue{in_brackets}", "")] if new else []), *place]
    return [*_date(became), *place]


def _date(became: Change) -> list[_Sentence]:
    """What became of the date of an event that stands now."""
    before, after = became.before, became.after
    old, new = before.when, after.when
    same_day = old is not None and new is not None and _first(old) == _first(new)
    back = ""
    off = before.status in ("cancelled", "postponed")
    if off and (same_day or new is None or old is None) and (before.status == "cancelled" or same_day):
        back = "Maintenu"
    elif before.withdrawn:
        back = "De nouveau annoncé"
    elif off and new is not None:
        back = "Nouvelle date" if _first(new) == _last(new) else "Nouvelles dates"
    if back and new is None:
        return [(back, "")]
    if back and new is not None:
        return [(f"{back}{NBSP}: {_moment(new, 'le', zone=_named(old, new))}", _instead(old, new))]
    if before.status == "postponed":
        return []  # it had no date, it has none
    said: list[_Sentence] = []
    if old is not None and new is not None:
        said = _moved(old, new)
    elif new is not None:
        known = "Date précisée" if _first(new) == _last(new) else "Dates précisées"
        said = [(f"{known}{NBSP}: {_moment(new, 'le')}", "")]
    elif old is not None:
        said = [("La date n’est plus indiquée", f"prévu {_moment(_daily(old), 'le')}")]
    if after.status == "tentative" != before.status:
        said.append(("À confirmer", ""))
    elif before.status == "tentative" and after.status == "confirmed":
        said.append(("Confirmé" if said or new is None else f"Confirmé{NBSP}: {_moment(new, 'le')}", ""))
    return said


def _moved(old: Occurrence, new: Occurrence) -> list[_Sentence]:
    if _same(old, new):
        return []
    if _first(old) != _first(new):
        return _other_days(old, new)
    if old.all_day != new.all_day:
        days = _other_end(_daily(old), _daily(new)) if _last(old) != _last(new) else []
        if old.all_day:
            return [*days, (f"Horaire précisé{NBSP}: {_hours(new)}", "")]
        return [*days, _no_hours(old)]
    if old.all_day or (old.start == new.start and old.tz == new.tz):
        return _other_end(old, new)
    if (old.start, _end(old)) == (new.start, _end(new)):
        now = f"Nouveau fuseau horaire{NBSP}: {_hours(new, zone=True)}"
        return [(now, f"au lieu de l’{_hour_of(old.tz)}")]
    label = "Nouvelle heure" if _end(old) is None and _end(new) is None else "Nouvel horaire"
    return [(f"{label}{NBSP}: {_hours(new, zone=_named(old, new))}", _instead(old, new))]


def _other_days(old: Occurrence, new: Occurrence) -> list[_Sentence]:
    """It begins another day. Hours that stay are not said, those that are lost are said apart."""
    lost = [_no_hours(old)] if new.all_day and not old.all_day else []
    if new.all_day or _same_hours(old, new):
        old, new = _daily(old), _daily(new)
    first, last = _first(new), _last(new)
    if first > _first(old) and last > _last(old):
        label = "Reporté"
    elif first < _first(old) and last < _last(old):
        label = "Avancé"
    else:
        label = "Nouvelles dates"
    to = label != "Nouvelles dates" and _one_day(new)
    zone = _named(old, new)
    words = f"{label} {_moment(new, 'au', zone=zone)}" if to else f"{label}{NBSP}: {_moment(new, 'le', zone=zone)}"
    return [(words, _instead(old, new)), *lost]


def _other_end(old: Occurrence, new: Occurrence) -> list[_Sentence]:
    """It begins as it did and ends otherwise; both are days or both have hours."""
    was, now = _end(old), _end(new)
    by_day = new.all_day or not (_one_day(old) and _one_day(new))
    if was is None or now is None:
        known = old if now is None else new
        end = f"le {_end_day(known)}" if by_day else _end_clock(known)
        lost = "La fin n’est plus indiquée", f"auparavant{NBSP}: {end}"
        return [lost if now is None else (f"Fin précisée{NBSP}: {end}", "")]
    if new.all_day and _one_day(new):
        return [(f"Écourté{NBSP}: {_moment(new, 'le')} seulement", _instead(old, new))]
    label = "Prolongé jusqu’" if now > was else f"Écourté{NBSP}: jusqu’"
    zone = f", {_hour_of(new.tz)}" if not new.all_day and new.tz != "Europe/Paris" else ""
    if by_day:
        instead = f"au lieu du {_end_day(old, year=not _one_year(old, new))}"
        return [(f"{label}au {_end_day(new)}{zone}", instead)]
    return [(f"{label}à {_end_clock(new)}{zone}", f"au lieu de {_end_clock(old)}")]


def _no_hours(old: Occurrence) -> _Sentence:
    return "L’horaire n’est plus indiqué", f"auparavant{NBSP}: {_hours(old)}"


def _instead(old: Occurrence | None, new: Occurrence) -> str:
    """« au lieu du 12 mars à 14 h », « au lieu de 14 h »: what differs of what was; empty when nothing does."""
    if old is None or _same(old, new) or (old.all_day != new.all_day and _same(_daily(old), _daily(new))):
        return ""  # the same day « au lieu du 12 mars » is none
    zone = _named(old, new) if old.tz != new.tz or new.all_day else False
    if not old.all_day and not new.all_day and _one_day(old) and _one_day(new) and _first(old) == _first(new):
        return f"au lieu de {_hours(old, zone=zone).removeprefix('de ')}"
    return f"au lieu {_moment(old, 'du', year=not _one_year(old, new), zone=zone)}"


def _place(old: str | None, new: str | None) -> list[_Sentence]:
    was, now = (old or "").strip(), (new or "").strip()
    before, after = _parts(was), _parts(now)
    if was == now or (before == after and before):
        return []
    if not now:
        return [("Le lieu n’est plus indiqué", f"auparavant{NBSP}: {was}")]
    if not was or (before and before < after):
        return [(f"Lieu précisé{NBSP}: {now}", "")]
    label = "Lieu moins précis" if after and after < before else "Nouveau lieu"
    return [(f"{label}{NBSP}: {now}", f"auparavant{NBSP}: {was}")]


def _parts(place: str) -> frozenset[str]:
    return frozenset(filter(None, map(fold, _PARTS.split(place))))


# ── an occurrence inside these sentences ────────────────────────────────────────────────────────


def _end(when: Occurrence) -> date | datetime | None:
    """Its end if it has one after its start."""
    return when.end if when.end is not None and when.end > when.start else None


def _first(when: Occurrence) -> date:
    return when.start.date() if isinstance(when.start, datetime) else when.start


def _last(when: Occurrence) -> date:
    """The last day, as people count: a night is one with its evening."""
    end = _end(when)
    if end is None:
        return _first(when)
    if not isinstance(end, datetime):
        return end - timedelta(days=1)
    if end.time() == time():
        return end.date() - timedelta(days=1)
    assert isinstance(when.start, datetime)
    night = when.start.time() >= _NOON and end.time() <= _MORNING
    return _first(when) if night and end.date() == _first(when) + timedelta(days=1) else end.date()


def _one_day(when: Occurrence) -> bool:
    return _first(when) == _last(when)


def _one_year(old: Occurrence, new: Occurrence) -> bool:
    """Whether all that is said of both lies in one year, so that saying it once will do."""
    return len({year for when in (old, new) for year in (_first(when).year, _end_said(when).year)}) == 1


def _end_said(when: Occurrence) -> date:
    """The day that is said of its end: a midnight after several days is that of the day it begins."""
    end = _end(when)
    return end if isinstance(end, datetime) and not _one_day(when) else _last(when)


def _daily(when: Occurrence) -> Occurrence:
    """Its days without its hours."""
    if when.all_day:
        return when
    end = _last(when) + timedelta(days=1) if _end(when) is not None else None
    return replace(when, start=_first(when), end=end, all_day=True)


def _same(old: Occurrence, new: Occurrence) -> bool:
    """Whether a person sees no difference: the same days, or the same instants whatever their zone."""
    if old.all_day or new.all_day:
        return old.all_day == new.all_day and (_first(old), _last(old)) == (_first(new), _last(new))
    if old.tz == new.tz:
        return (old.start, _end(old)) == (new.start, _end(new))
    try:
        return (_end(old) is None) == (_end(new) is None) and instants(old) == instants(new)
    except (KeyError, ValueError, OSError):  # an unknown zone
        return False


def _same_hours(old: Occurrence, new: Occurrence) -> bool:
    if old.all_day or new.all_day:
        return old.all_day and new.all_day
    return old.tz == new.tz and _one_day(old) == _one_day(new) and _clocks(old) == _clocks(new)


def _clocks(when: Occurrence) -> tuple[time | None, ...]:
    return tuple(one.time() if isinstance(one, datetime) else None for one in (when.start, _end(when)))


def _named(old: Occurrence | None, new: Occurrence) -> bool | None:
    """Whether both zones are to be named (None: as always, where it is not Europe/Paris)."""
    return True if old is not None and not old.all_day and not new.all_day and old.tz != new.tz else None


def _moment(when: Occurrence, article: str, *, year: bool = True, zone: bool | None = None) -> str:
    """« le 12 mars 2026 à 14 h », « au 4 avril, de 14 h à 16 h », « du 21 au 24 octobre 2026 », ready for a sentence.

    `article` stands before a single day. `zone`: whether the zone is named (None: where it is not Europe/Paris).
    """
    first, last = _first(when), _last(when)
    if when.all_day:
        words = f"{article} {day(first)}" if first == last else _days(first, last)
        return words if year else words.removesuffix(f" {last.year}")
    hours = _hours(when, year=year, zone=zone)
    if first != last:
        return hours
    words = f"{article} {day(first) if year else _day_month(first)}"
    return f"{words}, {hours}" if _end(when) is not None else f"{words} à {hours}"


def _hours(when: Occurrence, *, year: bool = True, zone: bool | None = None) -> str:
    """« 14 h », « de 14 h à 16 h », « du 20 novembre à 14 h au 22 novembre 2026 à 16 h » of an occurrence that has hours."""
    start, end = when.start, _end(when)
    assert isinstance(start, datetime)
    words = clock(start.time())
    if end is not None and _one_day(when):
        words = f"de {words} à {_end_clock(when)}"
    elif end is not None:
        first = _day_month(start) if start.year == end.year else day(start)
        words = f"du {first} à {words} au {_end_day(when, year=year)}"
    named = when.tz != "Europe/Paris" if zone is None else zone
    return f"{words}, {_hour_of(when.tz)}" if named else words


def _end_day(when: Occurrence, *, year: bool = True) -> str:
    """« 24 octobre 2026 », « 24 octobre 2026 à 18 h »: the end of what lasts."""
    end = _end(when)
    said = end if isinstance(end, datetime) else _last(when)
    words = day(said) if year else _day_month(said)
    return f"{words} à {clock(said.time())}" if isinstance(said, datetime) else words


def _end_clock(when: Occurrence) -> str:
    """« 16 h », « minuit », « 2 h du matin »: the end of what has hours and ends with its day."""
    end = _end(when)
    assert isinstance(end, datetime)
    if end.date() == _first(when):
        return clock(end.time())
    return "minuit" if end.time() == time() else f"{clock(end.time())} du matin"
