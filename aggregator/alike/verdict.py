"""Whether two sightings tell the same: gates that veto first, then rules that must find enough in common.

Symmetric and deterministic: no clock, no order. A wrong merge is worse than ten missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aggregator.alike.traces import HEAD, WINDOW, Trace
from aggregator.alike.words import content, distinctive, matched, total

NEAR = 0.6  # similarity of titles from which what was not joined is kept for review
LONG = 5  # words of a title that are telling together even where each is general
SPAN = 3  # days from which two equal spans are no chance


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two traces are one item, and why.

    `rule` is what joined them (« none » where nothing did), `score` their similarity (0 to 1), `words` what both say,
    `gates` what both sides state and agree on, `veto` the gate that keeps them apart whatever else they share.
    `near`: not the same, but like enough for a person to look at.
    """

    same: bool
    near: bool
    rule: str
    score: float
    words: tuple[str, ...]
    gates: tuple[str, ...]
    veto: str | None = None


# ── gates ───────────────────────────────────────────────────────────────────────────────────────
# Each answers True (both sides say it and agree), False (they contradict each other: a veto) or None (one says nothing).


def _one_address(a: Trace, b: Trace) -> bool:
    """Whether two addresses are the same page: equal, or the same SPIP number (domain §1.3).

    A page of neither (a form, a ministry's page) is shared by strangers: there the titles must say the same too.
    """
    if not (a.own or b.own or a.title == b.title):
        return False
    if a.canonical is not None and a.canonical == b.canonical:
        return True
    return a.number is not None and a.number == b.number and (a.by_number or b.by_number)


def _alias(a: Trace, b: Trace) -> bool:
    """Whether one article of a source is seen under its number and under its words: title, day and source are the same."""
    return (
        a.source == b.source
        and a.by_number != b.by_number
        and (a.number is None or b.number is None)
        and None not in (a.canonical, b.canonical)
        and (a.title, a.days, a.published, a.kind) == (b.title, b.days, b.published, b.kind)
        and a.published is not None
    )


def _source(a: Trace, b: Trace) -> bool | None:
    """What a source tells under two addresses it tells as two things."""
    if a.source != b.source:
        return None
    return _one_address(a, b) or _alias(a, b)


def _day(a: Trace, b: Trace) -> bool | None:
    """Days must overlap; a day within a season is not the season; what is said to have moved may stand elsewhere."""
    if a.days is None or b.days is None:
        return None
    if _overlap(a, b):
        return True
    return None if _stated_move(a, b) else False


def _overlap(a: Trace, b: Trace) -> bool:
    if a.days is None or b.days is None or a.days[0] > b.days[1] or b.days[0] > a.days[1]:
        return False
    short, long = sorted(last - first + 1 for first, last in (a.days, b.days))
    return long <= 7 or short * 4 >= long


def _editions(trace: Trace) -> frozenset[int]:
    return frozenset(number for role, number in trace.numbers if role == "edition")


def _stated_move(a: Trace, b: Trace) -> bool:
    """Whether one is said to have moved, and an edition or an address tells that it is the other: a month's meeting is not."""
    if not (a.moved or b.moved):
        return False
    return _one_address(a, b) or bool(_editions(a) & _editions(b))


def _one_edition(a: Trace, b: Trace) -> bool:
    """The same numbered edition on other days: no veto, but not the same by themselves (its days may be parts of it)."""
    common = matched(a.words, b.words)
    return bool(_editions(a) & _editions(b)) and len(common) >= 3 and bool(distinctive(one for one, _ in common))


def _hour(a: Trace, b: Trace) -> bool | None:
    if a.minute is None or b.minute is None or not _overlap(a, b):
        return None
    return abs(a.minute - b.minute) <= 180


def _window(a: Trace, b: Trace) -> bool | None:
    """News told more than two weeks apart is not the same news; an event is told for months."""
    if a.published is None or b.published is None or _overlap(a, b) or "event" in (a.kind, b.kind):
        return None
    return abs(a.published - b.published) <= WINDOW


def _period(a: Trace, b: Trace) -> bool | None:
    """The months and years two titles report on; where days agree, other years are said in passing; an edition may have moved."""
    if _overlap(a, b) or _one_edition(a, b):
        return None
    said = [(x, y) for x, y in ((a.months, b.months), (a.years, b.years)) if x and y]
    return all(x & y for x, y in said) if said else None


def _number(role: str) -> Callable[[Trace, Trace], bool | None]:
    def gate(a: Trace, b: Trace) -> bool | None:
        ours = {number for r, number in a.numbers if r == role}
        theirs = {number for r, number in b.numbers if r == role}
        return bool(ours & theirs) if ours and theirs else None

    return gate


def _country(a: Trace, b: Trace) -> bool | None:
    return bool(a.countries & b.countries) if a.countries and b.countries else None


def _series(a: Trace, b: Trace) -> bool | None:
    """What prepares, documents or serves an item is not that item."""
    if not a.series and not b.series:
        return None
    return a.series == b.series


def _place(a: Trace, b: Trace) -> bool | None:
    said = [(x, y) for x, y in ((a.at, b.at), (a.location, b.location)) if x and y]
    if not said:
        return None
    return all(matched(x, y) or x <= b.text or y <= a.text for x, y in said)


def _level(home: str) -> str:
    """« ville » of « ville 37261 »."""
    return home.rpartition(" ")[0]


def _town(a: Trace, b: Trace) -> bool | None:
    """Two towns (or départements, régions) tell each of its own, unless they name the same place: the same fairs, calls and drives
    are held everywhere. A town and its région tell of one thing."""
    if a.home is None or b.home is None or a.home == b.home or _level(a.home) != _level(b.home):
        return None
    return bool(matched(a.at | a.location, b.at | b.location)) or (
        a.kind == b.kind == "news" and len(matched(a.words, b.words)) >= 2 * LONG
    )


def _organiser(a: Trace, b: Trace) -> bool | None:
    if not a.organiser or not b.organiser:
        return None
    common = matched(a.organiser, b.organiser)
    return bool(distinctive(one for one, _ in common)) or a.organiser <= b.text or b.organiser <= a.text


def _kind(a: Trace, b: Trace) -> bool | None:
    """News is an event told only where it names its day."""
    if a.kind == b.kind:
        return None
    return _overlap(a, b)


GATES: tuple[tuple[str, Callable[[Trace, Trace], bool | None]], ...] = (
    ("source", _source),
    ("kind", _kind),
    ("day", _day),
    ("hour", _hour),
    ("window", _window),
    ("edition", _number("edition")),
    ("session", _number("part")),
    ("season", _number("season")),
    ("semester", _number("semester")),
    ("quarter", _number("quarter")),
    ("conference", _number("cop")),
    ("period", _period),
    ("country", _country),
    ("place", _place),
    ("series", _series),
    ("organiser", _organiser),
    ("town", _town),
)
# What stands between two sightings that a person may yet find to be one.
_SOFT = frozenset({"source", "kind", "hour", "place", "series", "organiser", "town"})


# ── similarity ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Common:
    """What two traces share. Shares are of weights: `within` of the lighter title, `of_both` of both; `told` of the lighter text."""

    words: tuple[str, ...]
    telling: int
    within: float
    of_both: float
    text_words: int
    text_telling: int
    told: float
    crossed: bool  # each title has a distinctive word that the other's text has
    answered: float  # what share of either title, by weight, the other's text has
    contrast: bool  # each names what the other does not: the same template about something else
    crosswise: bool  # each says what the other's text does not
    named: bool  # they share a name, an acronym or a country


def _common(a: Trace, b: Trace) -> _Common:
    pairs = matched(a.words, b.words)
    ours, theirs = frozenset(x for x, _ in pairs), frozenset(y for _, y in pairs)
    mass = (total(ours) + total(theirs)) / 2
    # Where a title says where it is and the other does not, the place is no difference.
    light, heavy = sorted(
        (total(a.words - (a.at - ours if not b.at else _NONE)), total(b.words - (b.at - theirs if not a.at else _NONE)))
    )
    text = matched(a.text, b.text)
    mine, yours = frozenset(x for x, _ in text), frozenset(y for _, y in text)
    told = (total(mine) + total(yours)) / 2
    lighter = min(total(a.text), total(b.text))
    # That both speak of a town, or of the publisher of one, does not tell what is told of it.
    known = a.at | b.at | content((*a.publisher, *b.publisher))
    left, right = distinctive(a.words) - mine, distinctive(b.words) - yours
    return _Common(
        words=tuple(sorted(min(pair) for pair in pairs)),
        telling=len(distinctive(min(pair) for pair in pairs) - known),
        within=min(1.0, mass / light) if light else 0.0,
        of_both=min(1.0, 2 * mass / (light + heavy)) if heavy else 0.0,
        text_words=len(text),
        text_telling=len(distinctive(min(pair) for pair in text) - known),
        told=min(1.0, told / lighter) if lighter else 0.0,
        crossed=bool(distinctive(a.words) & mine) and bool(distinctive(b.words) & yours),
        answered=min(_share(a.words, mine), _share(b.words, yours)),
        contrast=bool(_foreign(a, left) and _foreign(b, right)),
        crosswise=bool(left and right),
        named=bool(a.names & b.names or a.acronyms & b.acronyms or a.countries & b.countries or a.at & b.at),
    )


_NONE: frozenset[str] = frozenset()


def _share(words: frozenset[str], found: frozenset[str]) -> float:
    return total(words & found) / total(words) if words else 0.0


def _foreign(trace: Trace, left: frozenset[str]) -> frozenset[str]:
    """Names a title alone has, but its own publisher's."""
    return (left & trace.names) - {word for word in left if any(word in own or own in word for own in trace.publisher)}


def _mentions(a: Trace, b: Trace) -> bool:
    """Whether one names who publishes or organises the other."""
    return a.source != b.source and (_named_in(a, b) or _named_in(b, a))


def _named_in(a: Trace, b: Trace) -> bool:
    own = b.publisher
    if not own or own == a.publisher:
        return False
    if set(own) <= a.said and (len(own) > 1 or len(own[0]) >= 4):
        return True
    initials = "".join(word[0] for word in own)
    if len(initials) >= 3 and initials in a.said:
        return True
    if len(own) > 1:
        return False
    return (3 <= len(own[0]) <= 5 and (own[0] in a.said or own[0] in a.initials)) or (
        len(own[0]) >= 6 and own[0] in a.title.replace(" ", "")
    )


# ── rules ───────────────────────────────────────────────────────────────────────────────────────


# Others recruit, buy and write newsletters in the same words.
_OWN = frozenset({"offer", "tender", "newsletter"})
_CALLS = frozenset({"call", "results"})  # too, but for those that say something of their own


def _rule(a: Trace, b: Trace, c: _Common) -> str | None:
    """The first rule by which two traces that no gate keeps apart are the same; None: nothing says so."""
    dated = _overlap(a, b)
    news = a.kind == b.kind == "news"
    if a.kind != b.kind:
        return "same day, same title" if dated and c.telling >= 2 and c.within >= 0.9 and c.of_both >= 0.6 else None
    if not news and not dated:
        return _undated(a, b, c)
    if news and (a.published is None or b.published is None) and not dated:
        return "same words" if _copy(a, b) and c.telling >= 2 else None
    if _copy(a, b):
        return "same words"
    if _prefix(a, b) and c.within >= 0.5 and not c.contrast:
        return "text cut"
    if _OWN & (a.series | b.series) or (_CALLS & (a.series | b.series) and not (c.named or c.telling)):
        return None
    if news:
        return _news(a, b, c)
    return _event(a, b, c)


def _undated(a: Trace, b: Trace, c: _Common) -> str | None:
    """Events without days in common: an edition said to have moved; else they must be told alike within the window."""
    if (
        _editions(a) & _editions(b)
        and (a.moved or b.moved)
        and c.telling >= 1
        and len(c.words) >= 3
        and c.within >= 0.6
    ):
        return "same edition, moved"
    told_together = a.days is None and b.days is None and _apart(a, b) <= WINDOW
    if told_together and (_copy(a, b) or (c.telling >= 3 and c.within >= 0.9 and c.of_both >= 0.7)):
        return "same title"
    return None


def _event(a: Trace, b: Trace, c: _Common) -> str | None:
    """Events that share their days."""
    assert a.days is not None
    sure = c.named or (a.minute is not None and a.minute == b.minute) or len(c.words) >= 2 * LONG
    if c.telling >= (3 if c.contrast else 2) and c.within >= 0.65:
        return "same day, same title"
    if c.telling >= 1 and len(c.words) >= 4 and c.within >= 0.95 and not c.contrast and not (a.body and b.body):
        return "same day, same title"
    if sure and c.telling >= 1 and len(c.words) >= 3 and a.title == b.title and not (a.body and b.body):
        return "same day, same title"
    if _editions(a) & _editions(b) and len(c.words) >= (2 if c.telling else 4) and c.within >= 0.4:
        return "same day, same edition"
    numbered = {role for role, _ in a.numbers & b.numbers} & {"part", "season"}
    if numbered and c.telling >= 1 and len(c.words) >= 2 and c.within >= 0.6 and not c.contrast:
        return "same day, same session"
    spans = a.days == b.days and a.days[1] - a.days[0] + 1 >= SPAN and c.telling >= 1
    if spans and (c.within >= 0.85 or (c.telling >= 2 and c.within >= 0.35)):
        return "same days"
    if c.contrast:
        return None
    if _mentions(a, b) and c.telling >= 1 and (c.within >= 0.65 or c.text_telling >= 2):
        return "same day, names the other"
    if c.crossed and c.text_telling >= 3 and c.text_words >= 5 and c.told >= 0.5:
        return "same day, same telling"
    if a.minute is not None and a.minute == b.minute and c.text_words >= 6 and c.told >= 0.7 and c.answered >= 0.5:
        return "same hour, same telling"
    return None


def _news(a: Trace, b: Trace, c: _Common) -> str | None:
    """News within the window."""
    if c.contrast and c.telling < 4:
        return None
    if c.telling >= 2 and len(c.words) >= 3 and c.within >= (0.8 if c.crosswise else 0.7):
        return "same title"
    if len(c.words) >= LONG and c.within >= 0.95:
        return "same title"
    if c.crossed and c.text_telling >= 3 and c.text_words >= 5 and c.told >= 0.6:
        return "same telling"
    if _mentions(a, b) and c.telling >= 1 and _apart(a, b) <= WINDOW // 2:
        if len(c.words) >= 3 and c.within >= 0.7:
            return "names the other"
        if _apart(a, b) <= 1 and c.text_words >= 6 and c.answered >= 0.5 and c.told >= 0.45:
            return "names the other"
    return None


def _apart(a: Trace, b: Trace) -> int:
    """Days between two publications (both known, or beyond any window)."""
    return abs(a.published - b.published) if a.published is not None and b.published is not None else 10**6


def _copy(a: Trace, b: Trace) -> bool:
    """The same title and text, word for word."""
    return a.title == b.title and a.summary[:HEAD] == b.summary[:HEAD] and len(a.summary) >= HEAD // 2


def _prefix(a: Trace, b: Trace) -> bool:
    """Whether one text is the other, cut (domain §1.8)."""
    short, long = sorted((a, b), key=lambda t: len(t.summary))
    return short.cut and len(short.summary) >= HEAD and long.summary.startswith(short.summary)


# ── the verdict ─────────────────────────────────────────────────────────────────────────────────


def judge(a: Trace, b: Trace) -> Verdict:
    """Tell whether two sightings are one item; the same verdict from either side."""
    address = _one_address(a, b)
    passed, veto = _gated(a, b, address=address)
    if veto is not None and veto not in _SOFT:
        return Verdict(False, False, "none", 0.0, (), tuple(passed), veto)
    common = _common(a, b)
    score = min(0.99, round((common.within + common.of_both) / 2, 3))  # 1: the address alone decides
    if veto is None:
        # A page that others link to in passing, with nothing in common, is not what they tell.
        same = address and (a.own == b.own or "day" in passed or bool(common.words) or common.text_telling > 0)
        rule = "same address" if same else "alias" if _alias(a, b) else _rule(a, b, common)
        if rule is not None:
            return Verdict(
                True, False, rule, 1.0 if rule in ("same address", "alias") else score, common.words, tuple(passed)
            )
    near = bool(distinctive(common.words)) and score >= (NEAR if veto is None else 0.8)
    return Verdict(False, near, "none", score, common.words, tuple(passed), veto)


def contradict(a: Trace, b: Trace) -> bool:
    """Tell whether a gate keeps two sightings apart: what `judge` gives as `veto`, without weighing what they share."""
    return _gated(a, b, address=_one_address(a, b))[1] is not None


def _gated(a: Trace, b: Trace, *, address: bool) -> tuple[list[str], str | None]:
    """Give the gates that two traces pass, and the one that keeps them apart."""
    passed: list[str] = []
    for name, gate in GATES:
        answer = gate(a, b)
        if answer is None:
            continue
        if answer:
            passed.append(name)
            continue
        if address and name != "day":
            continue
        if name == "day" and not address and _one_edition(a, b):
            continue
        return passed, name
    return passed, None
