"""What readers see in French: the table of words, and dates said in words."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from aggregator.model import Item, Occurrence

NBSP = "\u00a0"

ALSO_ON = f"Aussi sur{NBSP}: "
DOCUMENTS = f"Documents{NBSP}: "
ORGANISER = f"Organisateur{NBSP}: "
SOURCE = f"Source{NBSP}: "
SOURCES = f"Sources{NBSP}: "
LINK = f"Lien{NBSP}: "
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


def capital(words: str) -> str:
    """The same words at the head of a line."""
    return words[:1].upper() + words[1:]


def mark(item: Item) -> str:
    """« ANNULÉ », « REPORTÉ », « RETIRÉ », or nothing: some readers ignore a status, so the title says it."""
    if item.status == "cancelled":
        return "ANNULÉ"
    if item.kind == "event" and item.withdrawn_at is not None:
        return "RETIRÉ"
    return "REPORTÉ" if item.status == "postponed" else ""


def state(item: Item) -> str:
    """What became of an event, in sentences; empty when it stands."""
    said = {"cancelled": CANCELLED, "postponed": POSTPONED}.get(item.status or "", "")
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
    if tz in _UTC:
        return " (UTC)"
    place = _PLACES.get(tz)
    if place is None:
        if tz.startswith("Etc/") or "/" not in tz:
            return f" (heure {tz})"
        city = tz.rsplit("/", 1)[1].replace("_", " ")
        place = f"d’{city}" if city[:1] in "AEIOUY" else f"de {city}"
    return f" (heure {place})"
