"""What the words of an item say of a gathering: when and where it is, its last day to register, what became of it.

A title is read for a gathering it announces, a text for the lines that state one (« Date : … », « Lieu : … »), for the
hours of a known day and for last days. Structured values are never replaced by words: where both disagree, a doubt says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from aggregator.model import Occurrence, Status
from aggregator.normalise import dates, titles
from aggregator.normalise.text import fold

MAX_TEXT = 5_000  # characters of a text that are looked at
_MAX_LINES = 200
_MAX_LINE = 300

HOUR_FROM_TEXT = "hour from text"
ANOTHER_HOUR = "text says another hour"
ANOTHER_DAY = "text says another day"


@dataclass(frozen=True, slots=True)
class Setting:
    """How words are read: years left out lie near `anchor` (their publication, else when they were seen); `today` is the day
    on which they were seen; `tz` and `language` are the source's."""

    anchor: datetime
    today: date
    tz: str
    language: str


@dataclass(frozen=True, slots=True)
class Announced:
    """A gathering that words announce: its occurrences, the words that say so, what they say became of it, and whether its
    date is said to be the new one."""

    occurrences: tuple[Occurrence, ...]
    words: str
    status: Status | None = None
    moved: bool = False


# ── a title that announces ──────────────────────────────────────────────────────────────────────

_INVITES = re.compile(
    r"\b(?:save the date|a vos agendas|invitations?|aur(?:a|ont) lieu|se (?:tiendra|tiendront|deroulera|derouleront)|prochaine?s?|participez|venez|rejoignez)\b"
)


def announced(lines: Sequence[str], setting: Setting) -> Announced | None:
    """Give the gathering to come that a title (the first line), or the subtitle under it, announces; None: it announces none.

    A title that only mentions a day (a paper's, a past one's, a period's, a last day) announces nothing. A gathering
    announces itself by what it is called, by an hour, by an invitation, or by a subtitle that is its date.
    """
    title, *more = lines
    reading = _to_come(title, setting)
    if reading is not None and len(reading.occurrences) > 1 and (first := titles.parted(reading.words)):
        # « Fête du 28 mai 2027 : inscriptions ouvertes le 1er mars »: two things, each on its day
        title = title[: _span(title, reading)[0] + first]
        reading = _to_come(title, setting)
    if reading is not None and _gathers(title, reading):
        return _told(reading)
    for line in more:
        under = _to_come(line, setting)
        if under is None or (said := titles.subject(line, span := _span(line, under))) == "other":
            continue
        timed = not under.occurrences[0].all_day
        if not timed and titles.begins(line, span[0]):
            continue
        about = titles.subject(title, _span(title, reading) if reading is not None else None)
        alone = _only(under.words, line) and (timed or about == "unknown")
        if about != "other" and ("gathering" in (about, said) or alone):
            return _told(under)
    return None


def _gathers(title: str, reading: dates.DateReading) -> bool:
    """Whether people come together on the day that a title says."""
    span = _span(title, reading)
    about = titles.subject(title, span)
    timed = not reading.occurrences[0].all_day
    if about == "other" or (titles.begins(title, span[0]) and not (timed and about == "gathering")):
        return False
    return timed or about == "gathering" or (about == "unknown" and _INVITES.search(fold(title)) is not None)


def _span(line: str, reading: dates.DateReading) -> tuple[int, int]:
    """Where the words of a reading stand in a line, which `dates.read` may have mended before."""
    start, end = reading.span
    if line[start:end] != reading.words:
        start = max(0, line.find(reading.words))
        end = start + len(reading.words)
    return start, end


def _to_come(words: str, setting: Setting) -> dates.DateReading | None:
    reading = _dated(words, setting)
    return reading if reading is not None and _last_day(reading.occurrences[-1]) >= setting.today else None


def dated(words: str, setting: Setting) -> Announced | None:
    """Give the gathering that a line dates, past or to come, whatever it is called; None: it dates none."""
    reading = _dated(words, setting)
    return _told(reading) if reading is not None else None


def _dated(words: str, setting: Setting) -> dates.DateReading | None:
    reading = dates.read(words, seen=setting.anchor, tz=setting.tz, language=setting.language)
    if reading is None or reading.role != "event" or reading.phase == "report" or not reading.occurrences:
        return None
    return reading


def _told(reading: dates.DateReading) -> Announced:
    return Announced(reading.occurrences, reading.words, reading.status, reading.moved)


def _only(said: str, line: str) -> bool:
    """Whether a line is its date and hardly more (« le 18 février 2027, à Nantes »)."""
    return len(fold(line)) - len(fold(said)) <= 30


def _last_day(when: Occurrence) -> date:
    last = when.end if when.end is not None else when.start
    if isinstance(last, datetime):
        return last.date()
    return last - timedelta(days=1) if when.end is not None else last


# ── lines that state ────────────────────────────────────────────────────────────────────────────

_LABEL = re.compile(
    r"^[\W_]{0,3}(?:(?P<when>dates?|quand|dates? et (?:heures?|horaires?|lieux?)|dates? de (?:l['’])?[ée]v[éèe]nement|jour et heure|when|fecha|datum|data)"
    r"|(?P<hours>horaires?|heures?)"
    r"|(?P<location>lieux?|o[uù]|where|ort|lugar|luogo|local"
    r"|lieu d(?:e |u |es |['’])(?:la |l['’])?(?:r[ée]union|rencontre|rendez-vous|rdv|formation|manifestation|[ée]v[éèe]nement|conf[ée]rence|atelier|stage"
    r"|spectacle|concert|s[ée]ance|exposition|s[ée]minaire|visite|accueil|festival|f[êe]te|c[ée]r[ée]monie|session|colloque|forum|salon)s?)"
    r"|(?P<address>adresse)"
    r"|(?P<organiser>organisateurs?|organisatrice|organis[ée]e? par|organisation|organizers?|organiser))\s{0,2}:\s{0,2}(?P<said>\S.{0,250})?$",
    re.IGNORECASE,
)
_LABELS = ("when", "hours", "location", "address", "organiser")
# What stands after « Lieu : » and is no place one can go to.
_NO_PLACE = re.compile(
    r"@|\[at\]|://|\bwww\.|^\W*(?:(?:sera|seront|est|lieu|adresse|encore|reste)\s)*(?:[àa] (?:pr[ée]ciser|venir|d[ée]finir|d[ée]terminer|confirmer|fixer|communiquer|distance)"
    r"|pr[ée]cis[ée]|communiqu[ée]|envoy[ée]|confirm[ée]|en (?:ligne|visio\w*|distanciel|attente|cours)|online|on line|distanciel|visio\w*|webinaire|zoom|teams|virtuel|par (?:visio\w*|zoom|teams)"
    r"|non (?:communiqu|pr[ée]cis|d[ée]fini|renseign)|inconnu|ind[ée]termin|tb[acd]\b|n/?[ac]\b|aucun|[-–—.?_x]*$)",
    re.IGNORECASE,
)


_STATES = re.compile(
    r"(?:dates?|quand|heures?|horaires?|lieux?|o[uù]|adresse|organis\w{1,8}(?: par)?)\s{0,2}(?:</\w{1,10}>\s{0,2})?:",
    re.IGNORECASE,
)


def may_state(markup: str | None) -> bool:
    """Whether a body may hold labelled lines: cheaper than reading its text."""
    return markup is not None and _STATES.search(markup[:MAX_TEXT]) is not None


def stated(text: str | None) -> dict[str, str]:
    """Give what labelled lines of a text state: `when`, `hours`, `location`, `organiser`, each in its own words.

    « Date : Mardi 27 mai 2025 de 14h00 à 17h00 », « Lieu : », on the line or under it. The first of a kind counts.
    """
    found: dict[str, str] = {}
    if not text or ":" not in text:
        return found
    lines = [line.strip() for line in text[:MAX_TEXT].split("\n")[:_MAX_LINES]]
    for n, line in enumerate(lines):
        match = _LABEL.match(line) if ":" in line[:40] and len(line) <= _MAX_LINE else None
        if match is None or match.lastgroup is None:
            continue
        name = next(key for key in _LABELS if match[key])
        said = match["said"] or (lines[n + 1] if n + 1 < len(lines) and ":" not in lines[n + 1][:30] else None)
        if said and len(said) <= _MAX_LINE and not (name in ("location", "address") and _NO_PLACE.search(said)):
            found.setdefault(name, said)
    address = found.pop("address", None)  # an address is a place where no « Lieu : » says better
    if address is not None:
        found.setdefault("location", address)
    return found


def without_label(words: str | None) -> str | None:
    """A place or an organiser without the label that a page puts before it (« Lieu : Nantes »)."""
    match = _LABEL.match(words) if words and ":" in words else None
    said = match["said"] or None if match else words
    return None if match and said and (match["location"] or match["address"]) and _NO_PLACE.search(said) else said


def stated_when(said: Mapping[str, str], setting: Setting, title: str) -> Announced | None:
    """Give the gathering to come that a « Date : » line states, with the hours of a « Horaires : » line.

    None where the title is about something else (a paper, works, a job), or where nothing but a day is said of it.
    """
    words = said.get("when")
    reading = _to_come(f"Rendez-vous : {words}", setting) if words else None
    if reading is None or words is None:
        return None
    found, about = _told(reading), titles.subject(title)
    if len(found.occurrences) == 1 and "hours" in said:
        timed = _at(found.occurrences[0], said["hours"], setting)
        found = replace(found, occurrences=(timed or found.occurrences[0],))
    known = about == "gathering" or "location" in said or not found.occurrences[0].all_day
    return replace(found, words=words) if known and about != "other" else None


# ── hours of a known day ────────────────────────────────────────────────────────────────────────

_HOUR = re.compile(r"(?<![\d,.])(\d{1,2})\s?(?:[hH]\s?(\d\d)?\b|heures?\b(?:\s?(\d\d)\b)?|:(\d\d)\b)|\bmidi\b")
_WELCOME = re.compile(r"\b(?:accueil|émargement|café|ouverture des portes|portes)\b[^.;:\n]{0,25}$", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n")
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_WEEKLY = re.compile(
    r"\b(?:(?:lun|mar|mercre|jeu|vendre|same)dis|dimanches)\b|\bdu \w{5,8} au (?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b|\btous les\b|\bchaque\b|7j?/7",
    re.IGNORECASE,
)
_ITS_OWN = re.compile(
    r"\b(?:aura lieu|a lieu|se tiendra|se tient|se deroulera?|debute(?:ra)?|commence(?:ra)?|rendez vous|rdv|invite\w*|convie\w*|attend\w*)\b"
)
_NOT_ITS = re.compile(
    r"\b(?:initialement|inscri\w+|billet\w*|guichet|bus|navette|depart|repetition|vente|reserv\w+|permanence|secretariat|standard|jusqu|livraison|retrait|montage|balances?"
    r"|circulation|stationnement|parking|avant le|au plus tard|conference de presse|parole|diffus\w+|retransmi\w+)\b"
)
_EITHER = re.compile(r"\b\d{1,2} ?h\w* (?:ou|et|puis) (?:a )?\d")
_MAX_SENTENCES = 60


def refined(when: Occurrence, texts: Iterable[str | None], setting: Setting) -> Occurrence:
    """Give a known occurrence with what words say of it: hours for a day without any, a doubt where they disagree.

    Only a line of hours (« Horaires : de 14h à 17h ») and sentences about the gathering on that very day count, and only
    where no other hour stands in the texts: hours of an office, a bus, a rehearsal or a box office are none of it.
    """
    labelled: list[Occurrence] = []
    sentences: dict[str, None] = {}
    for text in texts:
        if not text or not _HOUR.search(text[:MAX_TEXT]):
            continue
        hours = stated(text).get("hours")
        timed = _at(when, hours, setting) if hours else None
        labelled += [timed] if timed else []
        sentences.update(
            dict.fromkeys(s for s in _SENTENCES.split(text[:MAX_TEXT])[:_MAX_SENTENCES] if _HOUR.search(s))
        )
    seen = labelled or _timed_that_day(when, list(sentences), setting)
    if not seen:
        return when
    starts = {one.start for one in seen}
    best = max(seen, key=lambda one: one.end is not None)
    if when.all_day and len(starts) == 1 and _days(when) == 1:
        doubts = (*when.doubts, *(doubt for doubt in best.doubts if doubt != "year inferred"))  # the day is known
        return replace(best, doubts=_added(doubts, HOUR_FROM_TEXT))
    if not when.all_day and when.start not in starts:
        return replace(when, doubts=_added(when.doubts, ANOTHER_HOUR))
    return when


def _timed_that_day(when: Occurrence, sentences: list[str], setting: Setting) -> list[Occurrence]:
    """What the sentences say of that day; nothing where any of them has an hour that is not the same."""
    day, found = _day(when.start), []
    hours: set[tuple[int, int]] = set()
    for sentence in sentences:
        reading = None
        if len(sentence) <= _MAX_LINE:
            reading = dates.read(sentence, seen=setting.anchor, tz=when.tz, language=setting.language)
        said = reading.occurrences if reading is not None else ()
        if said and all(_day(one.start) != day for one in said):
            continue  # another day's: « inscription avant le 10 février à 12h »
        hours |= _hours(sentence)
        if reading is None or len(said) != 1 or reading.role != "event" or said[0].all_day:
            continue
        if _day(said[0].start) == day and _is_its_own(sentence, reading):
            found.append(said[0])
    own = {(m.hour, m.minute) for one in found for m in (one.start, one.end) if isinstance(m, datetime)}
    return found if hours <= own else []


def _is_its_own(sentence: str, reading: dates.DateReading) -> bool:
    words = fold(sentence)
    if _NOT_ITS.search(words) or _EITHER.search(words):
        return False
    about = titles.subject(sentence, _span(sentence, reading))
    if about == "gathering":
        return True
    # « Jeudi 18 février à 20h, salle des fêtes. »
    alone = titles.is_date(sentence[: _span(sentence, reading)[0]]) and len(sentence) - len(reading.words) <= 60
    return about in ("gathering", "unknown") and (alone or _ITS_OWN.search(words) is not None)


def _hours(sentence: str) -> set[tuple[int, int]]:
    """The hours in a sentence, but those of a welcome before it begins (« accueil à 13h30, début à 14h »)."""
    found = list(_HOUR.finditer(sentence))
    later = [one for one in found if not _WELCOME.search(sentence, max(0, one.start() - 40), one.start())]
    return {(int(one[1]), int(one[2] or one[3] or one[4] or 0)) if one[1] else (12, 0) for one in later or found}


def _at(when: Occurrence, hours: str, setting: Setting) -> Occurrence | None:
    """The one day of an occurrence at the hours that words say; None: they say none."""
    day = _day(when.start)
    if not when.all_day or _days(when) != 1 or not _HOUR.search(hours) or _WEEKLY.search(hours):
        return None
    words = f"le {day.day} {_MONTHS[day.month - 1]} {day.year}, {hours}"
    reading = dates.read(words, seen=setting.anchor, tz=when.tz, language="fr")
    if reading is None or len(reading.occurrences) != 1 or reading.occurrences[0].all_day:
        return None
    one = reading.occurrences[0]
    return replace(one, doubts=_added(when.doubts, *one.doubts)) if _day(one.start) == day else None


def agreed(structured: Occurrence, told: Occurrence) -> Occurrence:
    """Give what a structured value and words say together: the structured one, with the hours or the doubt that words add."""
    first, last = _day(structured.start), _last_day(structured)
    if _day(told.start) > last or _last_day(told) < first:
        return replace(structured, doubts=_added(structured.doubts, ANOTHER_DAY))
    if told.all_day or _day(told.start) != first:
        return structured
    if structured.all_day:
        return replace(told, doubts=_added(structured.doubts, HOUR_FROM_TEXT)) if first == last else structured
    if told.start != structured.start and told.tz == structured.tz:
        return replace(structured, doubts=_added(structured.doubts, ANOTHER_HOUR))
    return structured


def _added(doubts: tuple[str, ...], *more: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*doubts, *more)))


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _days(when: Occurrence) -> int:
    return (_last_day(when) - _day(when.start)).days + 1


# ── from afar ───────────────────────────────────────────────────────────────────────────────────

_LINK = re.compile(r"https?://[^\s\"'<>«»]{4,500}", re.IGNORECASE)
_ROOMS = (
    "zoom.us", "zoomgov.com", "teams.microsoft.com", "teams.live.com", "meet.google.com", "webex.com", "gotomeeting.com", "gotowebinar.com",
    "livestorm.co", "whereby.com", "meet.jit.si", "visio.numerique.gouv.fr", "webinaire.numerique.gouv.fr", "webconf.numerique.gouv.fr",
    "framatalk.org", "bbb.", "bigbluebutton.", "jitsi.", "visio.", "webinar.", "meet.",
)  # fmt: skip


def conference(texts: Iterable[str | None]) -> str | None:
    """Give the address at which a gathering is joined from afar, when a text gives just one (a known conference host)."""
    found = {
        link.rstrip(".,;:!?)]")
        for text in texts
        if text and "://" in text
        for link in _LINK.findall(text[:MAX_TEXT].replace("&amp;", "&"))
        if _room(link)
    }
    return found.pop() if len(found) == 1 else None


def _room(link: str) -> bool:
    try:
        host = (urlsplit(link).hostname or "").lower()
    except ValueError:
        return False
    return any(
        host.startswith(room) if room.endswith(".") else host == room or host.endswith("." + room) for room in _ROOMS
    )
