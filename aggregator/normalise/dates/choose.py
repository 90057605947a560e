"""Which of the dates of a text is the event's: refused ones, moved ones, ones that say the same, ones the words join."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from aggregator.normalise.dates import context
from aggregator.normalise.dates.grammar import OLDEST, Run
from aggregator.normalise.dates.lexer import NAME_MARK, Tokens
from aggregator.normalise.dates.resolve import Dated, Lean, dated

_YEARS_AS_TWO_DIGITS = range(20, 32)
_JOINS = re.compile(
    r"^\s*(?:\([^()\n]{0,60}\)|(?:a|:) [^,.;()\n]{2,40})?\s*[,;&]?\s*(?:et|puis)?\s*(?:le|les|du)?\s*$"
    r"|^\s*[;/-]\s*[a-z][a-z' -]{1,25}[,:]?\s*(?:le)?\s*$"
    r"|^\s*[,;.|]?\s*(?:\d\w*|deuxieme|seconde|troisieme)?\s*(?:session|seance|groupe|atelier|date|rencontre|volet|partie|tour|jour|journee)\W{0,3}\d{0,2}\s*:?\s*(?:le)?\s*$"
    r"|(?:\bet\b|\bpuis\b|\bsuivie?\b|\bainsi que\b|\band\b|\by\b|\bund\b|&).{0,40}$",
    re.DOTALL,
)
_OR = re.compile(r"\b(?:ou|soit|or|oder)\b")
_PADDED = re.compile(r"\d\d/\d\d")
_LABEL = re.compile(r"\b(?:dates?\s*:|(?:deadline|limite|cloture|echeance)\s*:?)\s*$")


@dataclass(slots=True)
class Found:
    """A run with what the words around it make of it; `head`: it is the day and month that open an agenda block."""

    run: Run
    kind: context.Kind
    around: context.Around
    head: bool = False


@dataclass(slots=True)
class Setting:
    """What all dates of one reading share: the text as it stands, from `begin` on, when it was seen, where its head ends."""

    text: str
    begin: int
    seen: date
    language: str
    block: bool
    head: int
    zone_known: bool

    def words(self, span: tuple[int, int]) -> tuple[str, tuple[int, int]]:
        """Give the words at a span of the part that is read, and their place in the whole text."""
        start, end = span[0] + self.begin, span[1] + self.begin
        return self.text[start:end], (start, end)


def found(tokens: Tokens, run: Run, setting: Setting) -> Found:
    """Say what a run is by the words around it."""
    text, first = tokens.text, run.first - len(run.lead)
    start = tokens.starts[first]
    before, after = text[max(0, start - context.WINDOW) : start], text[run.end : run.end + context.WINDOW]
    if run.start < setting.head:
        return Found(run, "event", context.Around("", after, "", "", tokens.stems), True)
    if setting.head and "\n" in before:
        before = before[before.rindex("\n") + 1 :]
    around = context.Around(before, after, run.lead, text[start : run.start], tokens.stems)
    if ("Y" in run.letters or "F" in run.letters) and any(day.year and day.year < OLDEST for day in run.days):
        return Found(run, "none", around)
    if around.lead_words == "le " and not setting.block and context.dateline(before, after, timed="H" in run.letters):
        return Found(run, "none", around)
    kind = context.kind_of(
        around,
        single=len(run.days) == 1,
        timed="H" in run.letters,
        year=bool(run.days[0].year),
        hyphens="-" in run.letters,
    )
    if kind == "deadline" and setting.block and "u" in run.lead and not before.strip():
        kind = "until"  # the date block of an event: « Jusqu’au 17 mars »
    return Found(run, kind, around)


def sound(tokens: Tokens, run: Run, setting: Setting) -> bool:
    """Refuse what is too weak or may be read two ways: bare fractions, cut years, English 03/04/2026, « May 12 people »."""
    days = run.days
    if _cut_year(tokens, run) or tokens.text.startswith(NAME_MARK * 2, run.end + 1):
        return False  # « CR réunion du 12 mars 2026.pdf »
    if setting.language.startswith("en") and any(_either_way(tokens, run, number) for number in range(len(days))):
        return False
    if "S" not in run.letters and "s" not in run.letters:
        return True
    bare = [day for day in days if day.numeric and not day.year]
    if not bare:
        return True
    weekday = "W" in run.letters or "P" in run.letters
    introduced = bool(run.lead.strip("a")) or any(day.marked for day in days)
    if any(day.numeric == "s" for day in bare):
        return setting.block or weekday or (introduced and (len(days) > 1 or "H" in run.letters))
    if setting.block or introduced or weekday or "H" in run.letters:
        return True
    if _LABEL.search(tokens.text[max(0, run.start - 16) : run.start]):
        return True
    if run.start or tokens.text[run.end :].strip(" .,!\n"):
        return False
    if not _PADDED.fullmatch(tokens.text, run.start, run.end) or days[0].day == days[0].month:
        return False  # « 2/3 », « 10/10 »
    # « 03/02 » alone: a day soon to come, or else as likely a fraction.
    when = dated(run, setting.seen, "near")
    return when is not None and -30 <= (when.spans[0].first - setting.seen).days <= 120


def _cut_year(tokens: Tokens, run: Run) -> bool:
    """Say whether a number that may be a year cut short, or garbage, touches « 12 mars »."""
    index = run.last + 1
    if index >= len(tokens.classes) or tokens.classes[index] not in "nD" or tokens.classes[run.last] != "M":
        return False
    if tokens.text[run.end : tokens.starts[index]].strip(" .'"):
        return False
    follows = tokens.classes[index + 1 : index + 2]
    counts = follows in ("x", "H") and not (tokens.values[index] and tokens.values[index][0] in _YEARS_AS_TWO_DIGITS)
    return not counts


def _either_way(tokens: Tokens, run: Run, number: int) -> bool:
    day = run.days[number]
    letter = tokens.classes[day.first]
    if letter == "M":
        return not (day.year or day.weekday)
    if day.numeric == "S":
        return True
    return letter == "F" and "/" in tokens.word(day.first) and day.day <= 12 and day.day != day.month


Move = Literal["", "from", "to"]


def leaders(all_found: Sequence[Found]) -> tuple[list[Found], str, Move]:
    """Give the dates that are the event's, their role, and whether the event has moved: from them, or to them."""
    kinds = {one.kind for one in all_found}
    if "new" in kinds:
        new = next(one for one in all_found if one.kind == "new")
        return [new], "deadline" if context.deadline_moved(new.around) else "event", "to"
    events = [one for one in all_found if one.kind == "event"]
    if len(events) == 2 and _carried(events[0], events[1]):
        return events[1:], "event", "to"
    if "old" in kinds:
        return (events, "event", "to") if events else ([one for one in all_found if one.kind == "old"], "event", "from")
    if events:
        return events, "event", ""
    for kind, role in (("period", "period"), ("deadline", "deadline"), ("until", "event")):
        if kind in kinds:
            return [one for one in all_found if one.kind == kind][:1], role, ""
    return [], "event", ""


def _carried(old: Found, new: Found) -> bool:
    """Say whether « la soirée du 12 mars aura lieu le 19 mars » moves it from one day to another."""
    if len(old.run.days) > 1 or not context.will_be(new.around) or not context.known_by_day(old.around):
        return False
    return (old.run.days[0].day, old.run.days[0].month) != (new.run.days[0].day, new.run.days[0].month)


def years(tokens: Tokens, chosen: list[Found], setting: Setting) -> list[tuple[Found, Dated]]:
    """Give runs their years; one without a year shares that of its sister, « le 4 juillet 2018 …, le 5 juillet »."""
    out: list[tuple[Found, Dated]] = []
    full = next((one for one in chosen if one.run.days[0].year), None)
    hint = 0 if full else _named_year(tokens, setting.seen)
    for one in chosen:
        near, lean = None, _LEAN_NEAR
        if not one.run.days[0].year:
            lean = context.lean_of(one.around)
            if setting.block and lean != "last" and (one.head or not setting.head):
                lean = "block"
            sister = dated(full.run, setting.seen, "near") if full else None
            near = sister.spans[0].first if sister else None
        when = dated(one.run, setting.seen, lean, near, hint)
        if when is not None:
            out.append((one, when))
    return out


_LEAN_NEAR: Lean = "near"


def _named_year(tokens: Tokens, seen: date) -> int:
    """Give the one year the text names apart from its dates (« Semaine franco-allemande 2026 : 19 > 25 janvier »)."""
    if tokens.classes.count("Y") != 1:
        return 0
    year = tokens.values[tokens.classes.index("Y")][0]
    return year if abs(year - seen.year) <= 1 else 0


def merged(text: str, whens: list[tuple[Found, Dated]], setting: Setting, *, first: bool) -> list[tuple[Found, Dated]]:
    """Drop what another run says better; keep several dates only where the words join them, else the best one, flagged.

    `first`: the first one is the best (« La séance du 12 mars est annulée. Prochaine séance : 9 avril »).
    """
    if len(whens) == 2 and _ENDS.match(text, whens[0][0].run.end) and _stretched(whens[0][1], whens[1][1]):
        return whens[:1]
    kept: list[tuple[Found, Dated]] = []
    for pair in whens:
        twin = next((k for k in kept if _within(pair[1], k[1]) or _within(k[1], pair[1])), None)
        if twin is None:
            kept.append(pair)
        elif _size(pair[1]) > _size(twin[1]):
            kept[kept.index(twin)] = pair
    if len(kept) < 2:
        return kept
    if setting.head:
        periods = [k for k in kept if len(k[1].run.days) > 1 and k[1].run.days[0].year]
        return periods[:1] or [k for k in kept if k[0].head] or kept[:1]
    if first:
        kept[0][1].flags += ["several dates", "ambiguous"]
        return kept[:1]
    joined = kept[:1]
    for (one, when), (other, after) in pairwise(kept):
        between = text[one.run.end : other.run.start]
        if not _JOINS.search(between) or after.spans[0].first <= when.spans[-1].last:
            break
        joined.append((other, after))
    if len(joined) > 1:
        return joined
    best = max(kept, key=lambda k: _weight(k[0]))
    best[1].flags.append("several dates")
    return [best]


_ENDS = re.compile(
    r"\s*[-,;|/)]?\s*(?:et )?(?:date (?:et heure )?de )?(?:fin|end|ending)\s*:?\s*(?:le\s*)?(?=[a-z]{0,8}\.?\s?\d)"
)


def _stretched(start: Dated, end: Dated) -> bool:
    """Make one period of « Début : 24/11/2026 9h, Fin : 25/11/2026 17h »; False when they are no two ends."""
    one, other = start.spans[0], end.spans[0]
    if len(start.spans) > 1 or len(end.spans) > 1 or other.last < one.first or bool(one.clocks) != bool(other.clocks):
        return False
    one.last, one.last_clocks = other.last, other.clocks
    start.run.end = end.run.end
    return True


def undecided(text: str, whens: list[tuple[Found, Dated]]) -> bool:
    """Say whether the dates are alternatives (« le 12 ou le 13 mars »): no event yet."""
    for one, _ in whens:
        if len(one.run.days) > 1 and any(day.link == "alt" for day in one.run.days):
            return True
    return len(whens) > 1 and any(
        _OR.search(text[one.run.end : other.run.start]) for (one, _), (other, _) in pairwise(whens)
    )


def _within(inner: Dated, outer: Dated) -> bool:
    return all(any(o.first <= i.first and i.last <= o.last for o in outer.spans) for i in inner.spans)


def _size(when: Dated) -> tuple[int, bool, bool]:
    days = (when.spans[-1].last - when.spans[0].first).days
    return days, any(span.clocks for span in when.spans), bool(when.run.days[0].year)


def _weight(one: Found) -> tuple[bool, bool, bool, int]:
    full = len(one.run.days) > 1 or any(day.clocks for day in one.run.days)
    return context.announced(one.around), full, "d" not in one.run.lead, -one.run.start
