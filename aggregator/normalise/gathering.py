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
from aggregator.normalise import dates
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

# What people gather for, folded (no accents), French first.
_GATHERING = re.compile(
    r"\b(?:reunions?|rencontres?|ateliers?|w[ea]e?binaires?|webinars?|visio ?conferences?|conferences?|seminaires?|colloques?|symposiums?|congres|assises"
    r"|forums?|sommets?|journees?|matinees?|soirees?|cafes?|(?:petits? )?dejeuners?|diners?|tables? rondes?|debats?|cine\w*|projections?|concerts?"
    r"|spectacles?|festival\w*|fetes?|salons?|foires?|marches? de noel|expositions?|expo|vernissages?|inaugurations?|ceremonies?|commemorations?"
    r"|hommages?|formations?|visites?|voyages?|missions?|delegations?|assemblees?|conseils?|comites?|copil|bureau|sessions?|seances?|chroniques"
    r"|decryptages?|hackathons?|universites? d ete|campus|semaines?|quinzaines?|mois d\w|rendez vous|rdv|portes ouvertes|collectes?|tournois?"
    r"|courses?|randonnees?|balades?|repas|bals?|gala|lancements?|signatures?|anniversaires?|celebrations?|jeux|cop ?\d+|lectures?|permanences?|stands?"
    r"|accueil|receptions?|etats generaux|convention nationale|nuits?|printemps d\w+|estivales?|biennales?|triennales?|olympiades"
    r"|workshops?|meetings?|summits?|fairs?|trainings?|talks?|jornadas?|talleres|taller|encuentros?|encontros?|reunion|conferencias?|seminarios?|feria"
    r"|treffen|sitzung|tagung|konferenz|veranstaltung|incontr[oi]|convegn[oi]|riunion[ei]|festa|mostra)\b"
)
# What a title is about when its date is that of a paper, of works or of a rule.
_PAPER = re.compile(
    r"^(?:\w+ ){0,3}?(?:communiques?|comptes? rendus?|newsletters?|infolettres?|lettres?|bulletins?|revue de presse|tribunes?|rapports?|actes|bilans?"
    r"|retours?|resultats?|laureats?|deliberations?|arretes?|decrets?|lois?|offres? d|offres? de|recrutements?|appel d offres|travaux|fermetures?|coupures?"
    r"|interruptions?|nominations?|deces|disparition|horaires?|tarifs?|collecte des|ramassage|marche public|proces verbal|releve de|article|photos?|video"
    r"|podcast|replay|mise a jour|entree en vigueur)\b"
)
_CALL = re.compile(
    r"\b(?:appels? (?:a|aux) (?:projets?|candidatures?|manifestations?|contributions?|propositions?|communications?|participation|initiatives|partenaires"
    r"|dons?|volontaires|temoignages)|ami|concours|prix|bourses?)\b"
)
_INVITES = re.compile(
    r"\b(?:save the date|a vos agendas|inscri\w+|invitations?|aur(?:a|ont) lieu|se (?:tiendra|tiendront|deroulera|derouleront)|prochaine?s?|participez|venez"
    r"|rejoignez)\b"
)


def announced(lines: Sequence[str], setting: Setting) -> Announced | None:
    """Give the gathering to come that a title (the first line), or the subtitle under it, announces; None: it announces none.

    A title that only mentions a day (a paper's, a past one's, a period's, a last day) announces nothing. A gathering
    announces itself by what it is called, by an hour, by an invitation, or by a subtitle that is its date.
    """
    words = fold(lines[0])
    if _about(words):
        return None
    said = _coming(lines[0], setting)
    if said is not None and (_calls_itself(words) or not said.occurrences[0].all_day or _INVITES.search(words)):
        return said
    for line in lines[1:]:
        under = _coming(line, setting)
        if under is not None and (_calls_itself(words) or _calls_itself(fold(line)) or _only(under, line)):
            return under
    return None


def _coming(words: str, setting: Setting) -> Announced | None:
    said = dated(words, setting)
    return said if said is not None and _last_day(said.occurrences[-1]) >= setting.today else None


def dated(words: str, setting: Setting) -> Announced | None:
    """Give the gathering that a line dates, past or to come, whatever it is called; None: it dates none."""
    reading = dates.read(words, seen=setting.anchor, tz=setting.tz, language=setting.language)
    if reading is None or reading.role != "event" or reading.phase == "report" or not reading.occurrences:
        return None
    return Announced(reading.occurrences, reading.words, reading.status, reading.moved)


def _calls_itself(words: str) -> bool:
    return _GATHERING.search(words) is not None


def _about(words: str) -> bool:
    """Whether a title is about a paper or works, or calls for something else than coming."""
    if _PAPER.match(words):
        return True
    call = _CALL.search(words)
    return call is not None and not _GATHERING.search(words, call.end())


def _only(said: Announced, line: str) -> bool:
    """Whether a line is its date and hardly more (« le 18 février 2027, à Nantes »)."""
    return len(fold(line)) - len(fold(said.words)) <= 30


def _last_day(when: Occurrence) -> date:
    last = when.end if when.end is not None else when.start
    if isinstance(last, datetime):
        return last.date()
    return last - timedelta(days=1) if when.end is not None else last


# ── lines that state ────────────────────────────────────────────────────────────────────────────

_LABEL = re.compile(
    r"^[\W_]{0,3}(?:(?P<when>dates?|quand|dates? et (?:heures?|horaires?|lieux?)|dates? de (?:l['’])?[ée]v[éèe]nement|jour et heure|when|fecha|datum|data)"
    r"|(?P<hours>horaires?|heures?)|(?P<location>lieux?|o[uù]|adresse|lieu de (?:la |l['’])?\w+|where|ort|lugar|luogo|local)"
    r"|(?P<organiser>organisateurs?|organisatrice|organis[ée]e? par|organisation|organizers?|organiser))\s{0,2}:\s{0,2}(?P<said>\S.{0,250})?$",
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
        name = next(key for key in ("when", "hours", "location", "organiser") if match[key])
        said = match["said"] or (lines[n + 1] if n + 1 < len(lines) and ":" not in lines[n + 1][:30] else None)
        if said and len(said) <= _MAX_LINE:
            found.setdefault(name, said)
    return found


def without_label(words: str | None) -> str | None:
    """A place or an organiser without the label that a page puts before it (« Lieu : Nantes »)."""
    match = _LABEL.match(words) if words and ":" in words else None
    return match["said"] or None if match else words


def stated_when(said: Mapping[str, str], setting: Setting) -> Announced | None:
    """Give the gathering to come that a « Date : » line states, with the hours of a « Horaires : » line."""
    words = said.get("when")
    found = _coming(f"Rendez-vous : {words}", setting) if words else None
    if found is None or words is None:
        return None
    if len(found.occurrences) == 1 and "hours" in said:
        timed = _at(found.occurrences[0], said["hours"], setting)
        found = replace(found, occurrences=(timed or found.occurrences[0],))
    return replace(found, words=words)


# ── hours of a known day ────────────────────────────────────────────────────────────────────────

_HOUR = re.compile(r"\d\s?(?:[hH]\b|[hH]\d\d|heures?\b|:\d\d\b)|\bmidi\b")
_SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n")
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_MAX_SENTENCES = 60


def refined(when: Occurrence, texts: Iterable[str | None], setting: Setting) -> Occurrence:
    """Give a known occurrence with what words say of it: hours for a day without any, a doubt where they disagree.

    Only a line of hours (« Horaires : de 14h à 17h ») and sentences that name that very day count.
    """
    seen: list[Occurrence] = []
    for text in texts:
        if not text or not _HOUR.search(text[:MAX_TEXT]):
            continue
        hours = stated(text).get("hours")
        timed = _at(when, hours, setting) if hours else None
        seen += [timed] if timed else _timed_that_day(when, text[:MAX_TEXT], setting)
    starts = {one.start for one in seen}
    if not seen:
        return when
    best = max(seen, key=lambda one: one.end is not None)
    if when.all_day and len(starts) == 1 and _days(when) == 1:
        doubts = (*when.doubts, *(doubt for doubt in best.doubts if doubt != "year inferred"))  # the day is known
        return replace(best, doubts=_added(doubts, HOUR_FROM_TEXT))
    if not when.all_day and when.start not in starts:
        return replace(when, doubts=_added(when.doubts, ANOTHER_HOUR))
    return when


def _timed_that_day(when: Occurrence, text: str, setting: Setting) -> list[Occurrence]:
    day, found = _day(when.start), []
    for sentence in _SENTENCES.split(text)[:_MAX_SENTENCES]:
        if len(sentence) > _MAX_LINE or str(day.day) not in sentence or not _HOUR.search(sentence):
            continue
        reading = dates.read(sentence, seen=setting.anchor, tz=when.tz, language=setting.language)
        if reading is None or len(reading.occurrences) != 1 or reading.role != "event":
            continue
        one = reading.occurrences[0]
        if not one.all_day and _day(one.start) == day:
            found.append(one)
    return found


def _at(when: Occurrence, hours: str, setting: Setting) -> Occurrence | None:
    """The one day of an occurrence at the hours that words say; None: they say none."""
    day = _day(when.start)
    if not when.all_day or _days(when) != 1 or not _HOUR.search(hours):
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


# ── last days ───────────────────────────────────────────────────────────────────────────────────

_LAST = re.compile(
    r"jusqu|date(?:s)? (?:limite|butoir)|au plus tard|\bavant (?:le|midi)|cl[oô]ture|derniers? d[ée]lais?|d[ée]lai de rigueur|d[’']ici|deadline|closing date|\bbefore\b|[ée]ch[ée]ance|\bdu \d",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"dates? limite|clotur|inscri|candida|postul|depot|depos|appels? a|appel aux|manifestation|dossier|soumission|soumettre|repond|reponses?|contribu"
    r"|participer|concours|\bprix\b|bourse|subvention|voter|votez|questionnaire|enquete|consultation|deadline|recrut|offre|stage|apply|register|submit|projets?"
)


def deadline(title: str, texts: Iterable[str | None], setting: Setting) -> tuple[date, str] | None:
    """Give the last day to answer or to register that the words say, and those words; None: they say none, or several.

    « Date limite : 30 avril 2027 », « candidatures jusqu'au 31 mai », « inscriptions du 3 au 28 mars » (its last day).
    The title leads; a last day of works or of an exhibition is none, nor is one before the words were published.
    """
    told = [text[:MAX_TEXT] for text in texts if text and _LAST.search(text[:MAX_TEXT])]
    if not told and not _LAST.search(title):
        return None
    asked = bool(_ASKED.search(fold(title)))
    for group in ([title], told):
        found: dict[date, str] = {}
        for line in (line for text in group for line in _SENTENCES.split(text)[:_MAX_SENTENCES]):
            if len(line) > 2 * _MAX_LINE or not _LAST.search(line):
                continue
            if not (asked or _ASKED.search(fold(line))):
                continue
            last = _last_day_said(line, setting)
            if last is not None:
                found.setdefault(*last)
        if len(found) == 1:
            return next(iter(found.items()))
        if found:
            return None  # several: the words do not say which is whose
    return None


_CLAUSE = re.compile(
    r"[;,(|–—-]\s|\s[–—-]\s|:\s|\s(?=\bjusqu)|\s(?=\bavant\b)|\s(?=\bau plus tard)|\s(?=\bdate limite)"
)


def _last_day_said(line: str, setting: Setting) -> tuple[date, str] | None:
    """The last day in a line, read whole or, where a gathering's day stands beside it, from the clause that names it."""
    for part in (line, *(line[cut.start() :] for cut in _CLAUSE.finditer(line))):
        if not _LAST.search(part):
            continue
        reading = dates.read(part, seen=setting.anchor, tz=setting.tz, language=setting.language)
        if reading is None or reading.role not in ("deadline", "period") or not reading.occurrences:
            continue
        if reading.role == "period" and not _ASKED.search(fold(part)):
            continue
        day = _last_day(reading.occurrences[-1])
        if day >= _day(setting.anchor):
            return day, reading.words
    return None


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
