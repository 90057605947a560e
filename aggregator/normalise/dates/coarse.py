"""Below a day: months, quarters, seasons, « début juin », « la dernière semaine de novembre », « en 2026 ».

Conventions: début is the 1st to the 10th, mi- the 11th to the 20th, fin from the 21st; seasons are whole months (March to May is
spring); a week runs from Monday to Sunday. What ended more than two months before the text was seen is history, and no event.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

from aggregator.normalise.dates.context import WINDOW, Around, lean_of, recalled, shown_until
from aggregator.normalise.dates.lexer import vocabulary
from aggregator.normalise.dates.reading import DateReading, Precision
from aggregator.normalise.dates.resolve import Lean

_RANKS = {
    "premier": 1,
    "1er": 1,
    "premiere": 1,
    "1ere": 1,
    "1re": 1,
    "deuxieme": 2,
    "second": 2,
    "seconde": 2,
    "troisieme": 3,
    "quatrieme": 4,
}
_RANKS |= {f"{n}{suffix}": n for n in (2, 3, 4) for suffix in ("e", "eme")}
_RANK = r"\b(premiere?|1ere?|1re|deuxieme|seconde?|troisieme|quatrieme|derniere?|[234]e(?:me)?) "
_YEAR = r"(?:de l'annee |de l'an |d'annee |de )?(20\d\d)(?![\d-])"
_QUARTER = re.compile(_RANK + r"trimestre (?:scolaire )?" + _YEAR)
_SHORT_QUARTER = re.compile(r"\bt ?([1-4])[ /-](20\d\d)(?![\d-])")
_SEMESTER = re.compile(_RANK + r"semestre " + _YEAR)
_SHORT_SEMESTER = re.compile(r"\bs ?([12])[ /-](20\d\d)(?![\d-])")
_SEASON = re.compile(r"(?<![-/])\b(printemps|ete|automne|hiver) (?:(20\d\d) ?[-/] ?)?" + _YEAR)
_SEASONS = {"printemps": 3, "ete": 6, "automne": 9, "hiver": 12}
_YEARS = re.compile(
    r"\b(en|courant|debut|mi|milieu|fin|(?:pour|dans|durant|pendant|toute?|sur) l'annee|annee)[ -](?:de l'annee |l'annee |d'annee )?(20\d\d)(?! ?[-/]? ?\d|(?: et | a )\d)"
)
_PART = r"(?:(debut|mi|milieu|fin|courant|en|au mois|du mois|mois|de)[ -](?:du mois |mois )?(?:d[e'] ?)?)?"
_NOT_BEFORE = re.compile(
    r"(?:\d ?(?:er)?|\b(?:depuis|lettre|newsletter|bulletin|magazine|gazette|revue|infos?|journal|rapport|numero|edition|n°|publiee?|paru|parution|mise? a jour|tous les ans"
    r"|chaque annee|toutes les annees|fondee?s?|creee?s?|nee?s?|elue?s?|nommee?s?|lancee?s?|signee?s?|adoptee?s?|inauguree?s?|jumelee?s?|construit\w*"
    r"|obtenue?s?|labellisee?s?|catalogue|programme de|apres))\b[^.!?\n]{0,24}$"
)
_BY = re.compile(
    r"\b(?:avant|d'ici(?: a| la)?|au plus tard|jusqu'(?:a|en|au)?|deadline|date limite|echeance|cloture)[\s:]*(?:la |le |l'|en )?$"
)
_OPEN = re.compile(r"\b(?:a partir|a compter|des)(?: d[eu'])?(?: la| le| l')? ?$")
_SPOKEN = re.compile(
    r"\b(?:premier|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingt|trente) $"
)
_LATER = re.compile(r"[\s,]*(?:derniere?s?|passee?|ecoulee?)\b")


@lru_cache(16)
def _months(language: str) -> tuple[re.Pattern[str], dict[str, int]]:
    names = {word: value[0] for word, (letter, value) in vocabulary(language).words.items() if letter == "M"}
    month = "(" + "|".join(sorted(names, key=len, reverse=True)) + r")\b\.?"
    point = rf"{_PART}{month}(?: (?:de |del )?(\d{{4}})(?!\d))?"
    return re.compile(rf"\b{point}(?:(?: ?[-/>] ?| a | au | et )(?:la |le )?{point})?"), names


_WEEK = re.compile(_RANK + r"(semaine|quinzaine|week-?end) (?:de |d'|du mois de |du mois d'|du mois )?")


def coarse(text: str, stems: set[str], seen: date, tz: str, language: str) -> DateReading | None:
    """Read what is less precise than a day; None when nothing is, or when it is past. `stems`: see context.Words."""
    for read in (_quarter, _week, _month, _season, _year):
        found = read(text, stems, seen, language)
        if found is None:
            continue
        first, last, precision, flags, span = found
        before = text[max(0, span[0] - 60) : span[0]]
        if (
            _NOT_BEFORE.search(before)
            or _LATER.match(text, span[1])
            or (last - seen).days < -60
            or recalled(before, stems)
        ):
            return None
        if by := _BY.search(before):
            if precision in ("month", "season") and by.group().startswith("avant"):
                return None  # « avant septembre »: by the last day of August, or of September?
            if by.group().startswith("jusqu") and shown_until(before, text[span[1] : span[1] + WINDOW], stems):
                return DateReading((), "event", None, None, precision, (*flags, "open start"), "", span, None, last, tz)
            return DateReading((), "deadline", None, None, precision, flags, "", span, last, last, tz)
        if _OPEN.search(before):  # « à partir de mars 2026 »
            return DateReading((), "event", None, None, precision, (*flags, "open end"), "", span, first, None, tz)
        return DateReading((), "event", None, None, precision, flags, "", span, first, last, tz)
    return None


_Coarse = tuple[date, date, Precision, tuple[str, ...], tuple[int, int]]


def _end(year: int, month: int) -> date:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, monthrange(year, month)[1])


def _quarter(text: str, stems: set[str], seen: date, language: str) -> _Coarse | None:
    for pattern, length, count in (
        (_QUARTER, 3, 4),
        (_SHORT_QUARTER, 3, 4),
        (_SEMESTER, 6, 2),
        (_SHORT_SEMESTER, 6, 2),
    ):
        found = pattern.search(text)
        if found is None:
            continue
        rank = count if found[1].startswith("dernier") else int(found[1]) if found[1].isdecimal() else _RANKS[found[1]]
        if rank > count:
            return None
        year, month = int(found[2]), (rank - 1) * length + 1
        precision: Precision = "quarter" if length == 3 else "semester"
        return date(year, month, 1), _end(year, month + length - 1), precision, (), found.span()
    return None


def _season(text: str, stems: set[str], seen: date, language: str) -> _Coarse | None:
    found = _SEASON.search(text)
    if found is None:
        return None
    year, month = int(found[2] or found[3]), _SEASONS[found[1]]
    if found[2] and (found[1] != "hiver" or int(found[3]) != year + 1):
        return None
    flags = ("ambiguous",) if found[1] == "hiver" and not found[2] else ()
    return date(year, month, 1), _end(year, month + 2), "season", flags, found.span()


def _year(text: str, stems: set[str], seen: date, language: str) -> _Coarse | None:
    found = _YEARS.search(text)
    if found is None or int(found[2]) < seen.year:
        return None
    year, part = int(found[2]), found[1]
    if part == "debut":
        return date(year, 1, 1), date(year, 3, 31), "approx", (), found.span()
    if part in ("mi", "milieu"):
        return date(year, 5, 1), date(year, 8, 31), "approx", (), found.span()
    if part == "fin":
        return date(year, 10, 1), date(year, 12, 31), "approx", (), found.span()
    return date(year, 1, 1), date(year, 12, 31), "year", (), found.span()


def _month(text: str, stems: set[str], seen: date, language: str) -> _Coarse | None:
    pattern, names = _months(language)
    for found in pattern.finditer(text):
        part, name, year, part2, name2, year2 = found.groups()
        last_year = year2 or year
        if not last_year and (part is None or part == "de"):
            continue
        if text[max(0, found.start() - 8) : found.start()].rstrip(" e-r.")[-1:].isdigit():
            return None  # « 32 mars 2026 »
        if _SPOKEN.search(text, max(0, found.start() - 14), found.start()):
            return None  # « le douze mars »: a day, which is not read
        lean = _lean(text, found.span(), stems)
        return _of_months(found, part, names[name], year, part2, names[name2] if name2 else 0, year2, seen, lean)
    return None


def _lean(text: str, span: tuple[int, int], stems: set[str]) -> Lean:
    before, after = text[max(0, span[0] - WINDOW) : span[0]], text[span[1] : span[1] + WINDOW]
    return lean_of(Around(before, after, "", "", stems))


def _of_months(
    found: re.Match[str],
    part: str | None,
    month: int,
    year: str | None,
    part2: str | None,
    month2: int,
    year2: str | None,
    seen: date,
    lean: Lean,
) -> _Coarse | None:
    flags: tuple[str, ...] = ()
    if not year and not year2:
        chosen = _near(month, month2 or month, seen, lean)
        if chosen is None:
            return None
        first_year, flags = chosen, ("year inferred",)
        last_year = chosen + (month2 != 0 and month2 < month)
    else:
        last_year = int(year2 or year or 0)
        first_year = int(year) if year else last_year - (month2 != 0 and month2 < month)
        if month2 and not year2 and month2 < month:
            last_year += 1
    if not 1990 <= first_year <= last_year <= 2100:
        return None
    first, end, rough = _third(part, first_year, month)
    last, rough2 = end, False
    if month2:
        _, last, rough2 = _third(part2, last_year, month2)
    precision: Precision = "approx" if rough or rough2 else "month"
    return (first, last, precision, flags, found.span()) if first <= last else None


def _third(part: str | None, year: int, month: int) -> tuple[date, date, bool]:
    if part == "debut":
        return date(year, month, 1), date(year, month, 10), True
    if part in ("mi", "milieu"):
        return date(year, month, 11), date(year, month, 20), True
    if part == "fin":
        return date(year, month, 21), _end(year, month), True
    return date(year, month, 1), _end(year, month), False


def _near(month: int, last: int, seen: date, lean: Lean) -> int | None:
    if lean == "next":  # « en novembre prochain »
        return seen.year + (_end(seen.year + (last < month), last) < seen)
    fit = []
    for year in (seen.year - 1, seen.year, seen.year + 1):
        first, end = date(year, month, 1), _end(year + (last < month), last)
        if (end - seen).days >= -60 and (first - seen).days <= 300:
            fit.append((0 if first <= seen <= end else min(abs((first - seen).days), abs((end - seen).days)), year))
    return min(fit)[1] if fit else None


def _week(text: str, stems: set[str], seen: date, language: str) -> _Coarse | None:
    pattern, names = _months(language)
    for found in _WEEK.finditer(text):
        month = pattern.match(text, found.end())
        if month is None or month[1] or month[5]:
            continue
        year = (
            int(month[3])
            if month[3]
            else _near(names[month[2]], names[month[2]], seen, _lean(text, month.span(), stems))
        )
        if year is None or not 1990 <= year <= 2100:
            return None
        span = (found.start(), month.end())
        flags = () if month[3] else ("year inferred",)
        return _nth(found[1], found[2], year, names[month[2]], flags, span)
    return None


def _nth(rank: str, unit: str, year: int, month: int, flags: tuple[str, ...], span: tuple[int, int]) -> _Coarse | None:
    end = _end(year, month)
    number = -1 if rank.startswith("dernier") else _RANKS[rank]
    if unit == "quinzaine":
        if number in (-1, 2):
            return date(year, month, 16), end, "approx", flags, span
        return (date(year, month, 1), date(year, month, 15), "approx", flags, span) if number == 1 else None
    target = 5 if unit.startswith("week") else 0
    length = timedelta(days=1 if target else 6)
    if number == -1:
        first = end - timedelta(days=(end.weekday() - target) % 7)
        if not target and first + length > end and (end - first).days < 3:
            first -= timedelta(days=7)  # a week that is mostly of the next month is not the last of this one
    else:
        start = date(year, month, 1)
        first = start + timedelta(days=(target - start.weekday()) % 7 + 7 * (number - 1))
    return first, first + length, "week", flags, span
