"""From tokens to what they say: runs of dates with their hours, before any year is inferred.

A run is a maximal chain of days joined by « et », « au », commas, dashes, each with its hours: it is found by one expression
over the string of token classes (lexer.py), then walked token by token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from aggregator.normalise.dates.lexer import MODIFIER_FROM, Tokens
from aggregator.normalise.dates.words import JUI

# An hour with its zone, and hours joined to it: « de 9h à 12h et de 14h à 17h », « 9h (heure Martinique) / 15h (heure de Paris) ».
_Z = r"(?:[c(/-]?Z){0,2}"
_H = rf"(?:H|D(?=[-a]H)){_Z}\)?"
_HOURS = rf"[c(:r/-]{{0,2}}[adbiu]{{0,3}}{_H}(?:[-aeouc/(]{{1,3}}[adui]{{0,2}}H{_Z}\)?)*"
_DAY = r"(?:[WP][c(]?)?l?(?:D(?:-M-Y|d?M(?:[cd]?Y)?)?|F|SY?|s|GM?Y?)"
_ENGLISH_DAY = rf"(?:{_DAY}|(?:Wc?)?l?MD(?:[-ae]D)?(?:c?Y)?)"
_JOIN = r"(?:r?c[eo]?|r?[eo]{1,2}|r?[-au/]|(?<=D)(?=D))[adl]{0,2}"


@lru_cache(2)
def _run(english: bool) -> re.Pattern[str]:
    day = _ENGLISH_DAY if english else _DAY
    return re.compile(rf"{day}(?:{_HOURS})?(?:{_JOIN}{day}(?:{_HOURS})?)*")


_MONTH_SAID = re.compile("[MFSs]")
ALONE_HOURS = re.compile(rf"[adbiu]{{0,3}}{_H}(?:[-aeouc/(]{{1,3}}[adui]{{0,2}}H{_Z}\)?)*")


OLDEST = 1990  # what is older is history, and no event


@dataclass(slots=True)
class Clock:
    """One hour as said: `link` joins it to the hour before ("", "range", "list", "alt", "zone")."""

    hour: int
    minute: int
    link: str = ""
    zone: str = ""
    opens: bool = False  # dès, à partir de
    about: bool = False
    until: bool = False  # jusqu’à


@dataclass(slots=True)
class Day:
    """One day as said; 0 is what is left out. `link` joins it to the day before ("", "range", "list", "alt", "blank")."""

    day: int
    month: int = 0
    year: int = 0
    weekday: int = 0
    link: str = ""
    comma: bool = False  # joined by a comma alone
    tight: bool = True  # its dash has no spaces
    marked: bool = False  # an article or a weekday stands before it
    numeric: str = ""  # "S" 12/03, "s" 12.03
    bare: bool = False  # its month is that of the next day
    clocks: list[Clock] = field(default_factory=list)
    first: int = 0  # its tokens
    last: int = 0


@dataclass(slots=True)
class Run:
    """A chain of days that the text joins, at a span of the text. `lead`: the classes before it that introduce it."""

    days: list[Day]
    start: int
    end: int
    first: int
    last: int
    lead: str = ""
    plural: bool = False
    between: bool = False
    letters: str = ""  # the classes of its tokens


def runs(tokens: Tokens, *, english: bool = False) -> Iterator[Run]:
    """Give the runs of a text in order, those without any month left out."""
    for found in _run(english).finditer(tokens.classes):
        if (found.end() - found.start() < 2 and found.group() == "D") or not _MONTH_SAID.search(found.group()):
            continue
        run = _walk(tokens, found.start(), found.end())
        if run is not None:
            yield run


def _walk(tokens: Tokens, first: int, last: int) -> Run | None:
    classes, values = tokens.classes, tokens.values
    days: list[Day] = []
    lead = _lead(classes, first)
    weekday, marked, link, comma, tight, plural = 0, "l" in lead or "d" in lead, "", False, True, False
    slashed: list[int] = []
    index = first
    while index < last:
        letter, value = classes[index], values[index]
        if letter in "WP":
            weekday, marked, plural = value[0], True, plural or letter == "P"
        elif letter == "l":
            marked = True
        elif letter == "D" and not (index + 2 < len(classes) and _hour_follows(classes, index, days)):
            days.append(
                Day(value[0], 0, 0, weekday, link or ("blank" if days else ""), comma, tight, marked, first=index)
            )
            weekday, marked, link, comma, tight = 0, False, "", False, True
        elif letter in "FSsG":
            if letter == "S" and "G" in classes[index:last] and value[1] == value[0] + 1:
                letter = "G"  # « les 4/5 et 11/12 mai »
            if letter == "G":
                days.append(Day(value[0], 0, 0, weekday, link, comma, tight, marked, first=index))
                days.append(Day(value[1], link="list", marked=True, first=index))
            else:
                year, month, day = value if letter == "F" else (0, value[1], value[0])
                numeric = "" if letter == "F" else letter
                days.append(Day(day, month, year, weekday, link, comma, tight, marked, numeric, first=index))
            weekday, marked, link, comma, tight = 0, False, "", False, True
        elif letter == "M":
            if days and not days[-1].month and days[-1].first == index - 1 - (classes[index - 1] in "d-r"):
                days[-1].month = value[0]
            else:  # English « March 12 »
                index = _month_first(tokens, index, days, weekday, link, marked)
                weekday, marked, link = 0, False, ""
        elif letter == "Y":
            if days:
                days[-1].year = value[0]
        elif letter == "H" or letter == "D":
            index = _clocks(tokens, index, last, days[-1]) if days else index
            link, comma = "", False
        elif letter in "au":
            link = "range"
        elif letter == "-":
            link = link or "range"
            tight = tokens.starts[index] == tokens.ends[index - 1] or tokens.text[tokens.starts[index]] == ">"
        elif letter in "eo/":
            link, comma = ("list" if letter == "e" and link != "alt" else "alt"), False
            if letter == "/":
                slashed.append(len(days))
        elif letter == "c":
            link, comma = "list", True
        if days and classes[index] in "DFSsGMYHZ":
            days[-1].last = index
        index += 1
    for number in slashed:  # « samedi 14 mars 10h-18h / dimanche 15 mars 10h-17h »: two days, no choice
        if number < len(days) and days[number].clocks and days[number - 1].clocks:
            days[number].link = "list"
    run = Run(days, 0, 0, first, last, lead, plural, "b" in lead)
    return run if _settle(run, tokens) else None


def _lead(classes: str, first: int) -> str:
    start = first
    while start and classes[start - 1] in "dlbiua" and first - start < 3:
        start -= 1
    return classes[start:first]


def _hour_follows(classes: str, index: int, days: list[Day]) -> bool:
    """Say whether a bare number is an hour: « 12 mars de 9 à 12h »."""
    return bool(days) and bool(days[-1].month) and classes[index + 1] in "-a" and classes[index + 2] == "H"


def _month_first(tokens: Tokens, index: int, days: list[Day], weekday: int, link: str, marked: bool) -> int:
    """Read « March 12 », « March 12-14 » at a month; gives the index of the last token it used."""
    classes, values = tokens.classes, tokens.values
    month = values[index][0]
    if index + 1 >= len(classes) or classes[index + 1] != "D":
        return index
    days.append(Day(values[index + 1][0], month, 0, weekday, link, marked=marked, first=index))
    if classes[index + 2 : index + 4] in ("-D", "aD", "eD") and classes[index + 4 : index + 5] != "M":
        joined = "list" if classes[index + 2] == "e" else "range"
        days.append(Day(values[index + 3][0], month, link=joined, marked=True, first=index + 3))
        return index + 3
    return index + 1


def _clocks(tokens: Tokens, index: int, last: int, day: Day) -> int:
    """Read the hours that belong to `day` from token `index`; gives the index of the last token used."""
    day.clocks, used = hours(tokens, index, last)
    return used


def hours(tokens: Tokens, index: int, last: int) -> tuple[list[Clock], int]:
    """Read a chain of hours from token `index` up to `last` or to the next day; gives it and the last token used."""
    classes, values = tokens.classes, tokens.values
    while index < last and classes[index] in "adbiu":
        index += 1
    opens, about, until, between = _introduced(tokens, index)
    clocks: list[Clock] = []
    link, used = "", index
    while index < last:
        letter, value = classes[index], values[index]
        if letter == "H" or (letter == "D" and classes[index + 1 : index + 3] in ("-H", "aH")):
            if value[0] > 24:
                break  # « du 31 à 14h »: a day number
            zone = f"{'-' if value[2] < 0 else '+'}{abs(value[2]) // 60}:{abs(value[2]) % 60:02}" if value[2:] else ""
            clocks.append(Clock(value[0], value[1] if letter == "H" else 0, link, zone, opens, about, until))
            opens = about = until = False
            link, used = "", index
        elif letter == "Z" and clocks:
            said, used = tokens.zones.get(index, "?"), index
            clocks[-1].zone = said if said not in ("local", "?") else clocks[-1].zone or said
        elif letter in "-au":
            link = link if link == "list" and letter != "u" else "range"
        elif letter in _LINKS:
            link = "range" if letter == "e" and between and len(clocks) == 1 else _LINKS[letter]
        elif letter == "i":
            opens, about = value == (MODIFIER_FROM,), value != (MODIFIER_FROM,)
        elif letter not in "d()":
            break
        index += 1
    if len(clocks) == 1 and clocks[0].until:
        return [], used  # only when it ends is said
    return clocks, used


_LINKS = {"/": "zone", "e": "list", "o": "alt", "c": "list"}


def _introduced(tokens: Tokens, index: int) -> tuple[bool, bool, bool, bool]:
    """Say what stands before an hour: « dès » or « à partir de », « vers », « jusqu’à », « entre »."""
    opens = about = until = between = False
    for before in range(index - 1, max(index - 4, -1), -1):
        letter = tokens.classes[before]
        if letter not in "adbiu":
            break
        opens = opens or tokens.values[before] == (MODIFIER_FROM,) or tokens.word(before) == "des"
        about = about or (letter == "i" and tokens.values[before] != (MODIFIER_FROM,))
        until, between = until or letter == "u", between or letter == "b"
    return opens, about, until, between


_NUMBERED = frozenset(
    "session sessions saison atelier ateliers episode acte etape phase volet article chapitre tome cycle niveau zone secteur salle lot axe groupe"
    " module seance conference webinaire partie numero edition place quai hall stand batiment porte paris lyon marseille ligne bus tram metro route"
    " n no pavillon espace objectif odd cop rencontre rencontres jour jours annee promotion promo version tour manche serie concert projet top"
    " figure tableau annexe page pages category categorie groupes lots volume vol opus part stage room track".split()
)


def _settle(run: Run, tokens: Tokens) -> bool:
    """Drop numbers that are no days at both ends, hand months and years to the days that share them."""
    days = run.days
    while days and not days[-1].month:
        days.pop()
    if not days:
        return False
    if len(days) > 1 and not _shared(run, tokens):
        return False
    start = days[0].first
    while start > run.first and tokens.classes[start - 1] in "WPc(":
        start -= 1
    run.lead = _lead(tokens.classes, start)
    run.first, run.last = start, days[-1].last
    run.start, run.end = tokens.starts[start], tokens.ends[run.last]
    run.letters = tokens.classes[start : run.last + 1]
    return True


def _shared(run: Run, tokens: Tokens) -> bool:
    """Hand months and years to the days that share them and drop what is no day; False when a range runs backwards."""
    days = run.days
    if run.between and len(days) == 2 and days[1].link == "list":
        days[1].link = "range"
    for number in range(len(days) - 2, -1, -1):
        left, right = days[number], days[number + 1]
        if not left.month:
            left.month, left.year, left.bare = right.month, right.year, True
            if left.day >= right.day and "a" in tokens.classes[left.first : right.first]:
                return False
    while len(days) > 1 and 0 < days[0].year < OLDEST and days[1].link == "list":
        del days[0]  # « l’armistice du 11 novembre 1918, le 11 novembre 2026 »
    keep = len(days) - 1
    while keep > 0 and _belongs(run, keep, tokens):
        keep -= 1
    del days[:keep]
    days[0].link = ""
    for left, right in pairwise(days):
        if (
            right.link == "range"
            and left.month == right.month != JUI
            and left.day > right.day
            and not (left.year and right.year)
        ):
            return False  # « du 30 mars au 2 mars 2026 »
    _fill_years(days)
    return True


def _belongs(run: Run, index: int, tokens: Tokens) -> bool:
    """Say whether the day before `days[index]` is a day of the same chain, or some other number (« Session 2, 12 mars »)."""
    left, right = run.days[index - 1], run.days[index]
    if not left.bare or right.link == "alt":
        return True
    if (left.day, left.month) >= (right.day, right.month):
        return False
    if left.weekday:
        return True
    begin = index - 1
    while begin and run.days[begin - 1].bare:
        begin -= 1
    chain = run.days[begin : index + 1]
    named = tokens.classes[chain[0].first - 1 : chain[0].first] == "x"
    marked = run.plural or any(day.marked for day in chain[:-1])
    if right.link == "blank":
        return marked and right.day == left.day + 1
    if right.comma:
        if right.day == left.day + 1 and (len(chain) > 2 or not named):
            return True  # « 4, 5, 6 mai »
        return marked or any(
            day.link == "list" and not day.comma for day in run.days[begin + 1 :] if day.month == left.month
        )
    return marked or (right.link == "range" and right.tight) or not _numbered(tokens, chain[0].first)


def _numbered(tokens: Tokens, index: int) -> bool:
    if not index or tokens.classes[index - 1] != "x":
        return False
    return tokens.text[tokens.starts[index - 1] : tokens.ends[index - 1]] in _NUMBERED


def _fill_years(days: list[Day]) -> None:
    for left, right in reversed(list(pairwise(days))):
        if not left.year and right.year:
            left.year = right.year - _next_year(left, right)
    for left, right in pairwise(days):
        if left.year and not right.year:
            right.year = left.year + _next_year(left, right)


def _next_year(left: Day, right: Day) -> bool:
    """Say whether a year turns between two days; « jui » stands between June and July."""
    if left.month == right.month == JUI:
        return False
    return _place(left) > _place(right)


def _place(day: Day) -> tuple[float, int]:
    return (6.5 if day.month == JUI else day.month, day.day)
