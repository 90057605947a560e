"""Where a text names a day: enough to find lists by their dates and to choose between two ways of reading them.

It recognises; `normalise/dates` reads, once the selectors are in use. So it only knows the forms that are read there:
« 12 mars 2026 », « du 3 au 5 avril », « 20 / nov », 12/03/2026, 2026-03-12. « il y a 3 jours » is no day.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

_FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
_ENGLISH = "january february march april may june july august september october november december"
_OTHERS = {
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
_SHORT = {"jui": 6, "juil": 7, "jul": 7, "sept": 9, "fevr": 2, "janv": 1, "aout": 8}
_WEEKDAY = (
    r"(?:(?:lun|mar|mercre|mer|jeu|ven|vendre|same|sam|diman|dim)(?:di|che)?|mon|tue|wed|thu|fri|sat|sun|(?:mon|tues|wednes"
    r"|thurs|fri|satur|sun)day)\b\.?,?"
)
_GAP = r"[\s,/|·•–—-]{0,4}"
_DAY = r"(?<![\d/.,:])(?:0?[1-9]|[12]\d|3[01])(?!\d)"
_RANK = r"(?:\s?(?:er|st|nd|rd|th)\b|\.(?=\s))?"
_LINK = r"\s*(?:au|et|a|&|>|→|-|–|—)\s*"
_CLOCK = re.compile(r"\b\d{1,2}\s?(?:h|:)\s?(?:\d\d)?\b")
_NUMBERS = re.compile(r"(?<![\d/.,-])(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d)(?![\d/]|[.-]\d)")
_SHORT_RANGE = re.compile(r"\bdu (\d{1,2})/(\d{1,2}) au \d{1,2}/\d{1,2}(?:/(\d{4}|\d\d))?(?!\d)")
_ISO = re.compile(
    r"(?<![\d-])((?:19|20)\d\d)-(\d\d)-(\d\d)(?:[t ](\d\d):(\d\d)(?::\d\d(?:[.,]\d+)?)?\s?(z|[+-]\d\d:?\d\d)?)?"
)
_MARKS = re.compile("[\u0300-\u036f]")
_WORDS_OF_DATES = re.compile(
    rf"\b(?:du|au|le|les|de|des|a|et|jusqu'au|jusqu'a|partir|des|h|heures?|min|date|quand|horaires?|publie[es]*|publication"
    rf"|mise?s? en ligne|mis a jour|modifie|paru[es]*|poste[es]*|ajoute[es]*|actualise[es]*|posted|published|on|from|to|the|of|at|{_WEEKDAY})\b|[\W_]+"
)
_BACK, _AHEAD = 300, 66  # days: what a date without a year may be away from the visit, a year in all


@dataclass(frozen=True, slots=True)
class Spot:
    """A day that a text names: `first`, the `last` of a range; `year` and `clock`: whether it says them.

    `turned`: the month stands before the day. `rest`: the letters and digits beside it, so 0 where the text is a date and nothing else.
    """

    start: int
    first: date
    last: date
    year: bool
    clock: bool
    turned: bool
    rest: int


def fold(text: str) -> str:
    """Lower case without accents, straight apostrophes, every blank a space; not of the length of `text`."""
    plain = text.casefold().replace("’", "'")
    if not plain.isascii():
        plain = _MARKS.sub("", unicodedata.normalize("NFD", plain))
    return " ".join(plain.split())


@lru_cache(8)
def _grammar(language: str) -> tuple[re.Pattern[str], re.Pattern[str], dict[str, int], re.Pattern[str]]:
    names = dict(_SHORT)
    for words in (_OTHERS.get(language, ""), _ENGLISH, _FRENCH):
        for number, name in enumerate(map(fold, words.split()), 1):
            names[name] = number
            names.setdefault(name[:3], number)
            names.setdefault(name[:4], number)
    month = rf"(?P<month>{'|'.join(sorted(names, key=len, reverse=True))})\b\.?"
    year = rf"(?:{_GAP}(?:de )?(?P<year>(?:19|20)\d\d)(?!\d))?"
    other = month.replace("?P<month>", "?P<other>")
    early = rf"(?P<from>{_DAY}){_RANK}(?:{_GAP}{other})?(?:\s?(?:19|20)\d\d)?(?:{_LINK}|\s*,\s*)(?:{_WEEKDAY}\s?)?"
    usual = rf"(?:{early})?(?P<day>{_DAY}){_RANK}{_GAP}(?:de |of )?{month}{year}"
    turned = rf"\b{month}{_GAP}(?P<day>{_DAY}){_RANK}{year}"
    bare = rf"(?:(?:debut|fin|mi|courant)\W)?\b{month}{_GAP}(?:(?:19|20)\d\d)?|(?:19|20)\d\d"
    return re.compile(usual), re.compile(turned), names, re.compile(rf"\W*(?:{bare})\W*")


def find(text: str, *, seen: date, tz: str = "Europe/Paris", language: str = "fr", ahead: bool = False) -> Spot | None:
    """Give the first day that a text of at most 400 characters names; None when it names none that can be read.

    A year left out is the nearest to `seen`; `ahead`: the first such day that is not over, as an agenda means it.
    """
    return _find(text[:400], seen, tz, language, ahead)


@lru_cache(8192)
def _find(text: str, seen: date, tz: str, language: str, ahead: bool) -> Spot | None:
    words = fold(text)
    if not any(letter.isdigit() for letter in words):
        return None
    usual, turned, names, _ = _grammar(language)
    found: list[tuple[int, int, date, date, bool, bool]] = []
    for pattern in (usual, turned):
        for match in pattern.finditer(words) if not found else ():  # « mar 12 mai » is no 12 March
            spoken = _spoken(match, names, seen, ahead, "from" in pattern.groupindex)
            if spoken:
                found.append((match.start(), match.end(), *spoken, bool(match["year"]), pattern is turned))
                break
    for match in islice(_NUMBERS.finditer(words), 4):
        year = int(match[4]) if len(match[4]) == 4 else 2000 + int(match[4])
        if when := _date(year, int(match[3]), int(match[1])):
            found.append((match.start(), match.end(), when, when, True, False))
    if ranged := _SHORT_RANGE.search(words):
        said = int(ranged[3]) % 100 + 2000 if ranged[3] else None
        if when := _of(int(ranged[1]), int(ranged[2]), said, seen, ahead):
            found.append((ranged.start(), ranged.end(), when, when, said is not None, False))
    if (machine := _ISO.search(words)) and (when := _instant(machine, tz)):
        found.append((machine.start(), machine.end(), when, when, True, False))
    if not found:
        return None
    start, end, first, last, year_said, month_first = min(found)
    for begins, ends, one, until, said_too, _ in sorted(found):
        if not 0 <= begins - end <= 8:
            continue
        if not year_said and said_too and (first.month, first.day) == (one.month, one.day):
            first, last, year_said = one, until, True  # « 21 oct », then « Du 21/10/2026 »
        last, end = max(last, until), ends  # « 12 mars 2026 – 14 mars 2026 »
    rest = _WORDS_OF_DATES.sub(" ", _CLOCK.sub(" ", words[:start] + " " + words[end:]))
    return Spot(start, first, last, year_said, bool(_CLOCK.search(words)), month_first, len(rest.replace(" ", "")))


def _spoken(
    match: re.Match[str], names: dict[str, int], seen: date, ahead: bool, ranged: bool
) -> tuple[date, date] | None:
    year = int(match["year"]) if match["year"] else None
    last = _of(int(match["day"]), names[match["month"]], year, seen, ahead)
    if last is None or not ranged or not match["from"]:
        return (last, last) if last else None
    month = names[match["other"]] if match["other"] else last.month
    first = _date(last.year - (month > last.month), month, int(match["from"]))
    return (first, last) if first and first <= last else (last, last)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 1990 <= year <= 2100 else None
    except ValueError:
        return None


def _of(day: int, month: int, year: int | None, seen: date, ahead: bool) -> date | None:
    if year is not None:
        return _date(year, month, day)
    near = [when for y in (seen.year - 1, seen.year, seen.year + 1) if (when := _date(y, month, day))]
    if ahead:
        return next((when for when in near if when >= seen), None)
    near = [when for when in near if -_BACK <= (when - seen).days <= _AHEAD]
    return min(near, key=lambda when: abs(when - seen), default=None)


def _instant(match: re.Match[str], tz: str) -> date | None:
    when = _date(int(match[1]), int(match[2]), int(match[3]))
    if when is None or not match[6]:
        return when
    try:
        moment = datetime.fromisoformat(match[0].replace(" ", "T", 1).replace(" ", "").upper().replace(",", "."))
        return moment.astimezone(ZoneInfo(tz)).date()
    except (ValueError, KeyError, OverflowError):
        return when


def in_part(text: str, language: str = "fr") -> bool:
    """Whether a short text is a month (« Mars 2026 »), a year, or a day's name and number (« Jeudi 12 ») and nothing else."""
    words = fold(text)
    if not words or len(words) > 40:
        return False
    number = rf"(?:{_WEEKDAY}\s?)?{_DAY}{_RANK}\W*"
    return bool(_grammar(language)[3].fullmatch(words) or re.fullmatch(number, words))


def is_clock(text: str) -> bool:
    """Whether a text is an hour or two and nothing else: « 18h30 », « de 14h à 16h »."""
    words = fold(text)
    return (
        len(words) <= 40 and bool(_CLOCK.search(words)) and not _WORDS_OF_DATES.sub("", _CLOCK.sub(" ", words)).strip()
    )
