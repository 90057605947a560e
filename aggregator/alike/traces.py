"""What of a sighting decides whether it is told elsewhere too, and the keys under which it is found again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from itertools import combinations
from zlib import crc32

from aggregator.alike.marks import Number, moved, numbers, of_a_body, period, places, series
from aggregator.alike.words import STOP, acronyms, content, distinctive, names
from aggregator.model import Kind, Occurrence, Sighting, Status
from aggregator.normalise import dates
from aggregator.normalise.text import fold

WINDOW = 14  # days within which two sources tell the same news
HEAD = 80  # folded characters of a summary that name its text
READ = 600  # characters of a summary, or of a title, that are read
_CUT = re.compile(r"(?:\(\s*(?:…|\.\.\.)\s*\)|\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)\s*$")
_ARTICLE = re.compile(r"^https://([^/]+)(?:/[^?]*)?/spip\.php\?article(\d+)$")
_NUMBERED = re.compile(r"^https://([^/]+)/[^?]*[^\W\d_][^?/]*-(\d{3,6})$")
_YEAR = re.compile(r"\b((?:19|20)\d\d)\b")


@dataclass(frozen=True, slots=True)
class Trace:
    """What decides. Words are stems; days are proleptic ordinals, both inclusive; what is not said is None or empty."""

    source: str
    kind: Kind
    canonical: str | None
    number: str | None  # « host number » of a SPIP article whose address has it
    by_number: bool  # its address is nothing but that number
    title: str  # folded
    words: frozenset[str]
    text: frozenset[str]  # words of title, subtitle and summary
    names: frozenset[str]
    acronyms: frozenset[str]
    body: bool  # it is the meeting of a body
    series: frozenset[str]
    numbers: frozenset[Number]
    months: frozenset[int]
    years: frozenset[int]
    days: tuple[int, int] | None
    minute: int | None  # of its start, wall clock of the event
    published: int | None
    moved: bool
    countries: frozenset[str]
    at: frozenset[str]  # places its title names
    location: frozenset[str]
    organiser: frozenset[str]
    publisher: tuple[str, ...]  # folded words of its source's name
    home: str | None
    own: bool
    said: frozenset[str]  # every folded word of its text
    initials: str  # of its words, in order
    summary: str  # folded
    cut: bool  # its summary ends at « (…) »


def trace(
    *,
    source: str,
    kind: Kind,
    title: str,
    subtitle: str | None = None,
    summary: str | None = None,
    canonical: str | None = None,
    published: date | datetime | None = None,
    when: Occurrence | None = None,
    status: Status | None = None,
    location: str | None = None,
    organiser: str | None = None,
    publisher: str | None = None,
    home: str | None = None,
    own: bool = True,
    countries: frozenset[str] = frozenset(),
) -> Trace:
    """Give what of a sighting decides.

    `publisher`: the name of its source (its slug where None); `home`: a code of the one territory its source speaks for (INSEE of a
    town), None for networks and the press; `own`: its address is on its source's own site (`dedupe.own`), no form or page of
    a third party; `countries`: ISO codes of the countries it names, France left out.
    """
    title = title[:READ]
    said_day = published.date() if isinstance(published, datetime) else published
    folded = fold(title)
    short = _CUT.sub("", (summary or "")[:READ])
    told = fold(f"{title} {subtitle or ''} {short}").split()
    days, minute = _days(when) if when is not None else (_named(title, said_day), None)
    number, by_number = _number(canonical)
    months, years = period(folded)
    return Trace(
        source=source,
        kind=kind,
        canonical=canonical,
        number=number,
        by_number=by_number,
        title=folded,
        words=content(folded.split()),
        text=content(told),
        names=names(title),
        acronyms=acronyms(title),
        body=of_a_body(folded),
        series=series(folded),
        numbers=numbers(title, folded),
        months=months,
        years=years,
        days=days,
        minute=minute,
        published=said_day.toordinal() if said_day is not None else None,
        moved=status == "postponed" or moved(folded),
        countries=countries,
        at=places(title),
        location=_venue(location),
        organiser=content(fold(organiser).split()) if organiser else frozenset(),
        publisher=tuple(word for word in fold(publisher or source).split() if word not in STOP),
        home=home,
        own=own,
        said=frozenset(told),
        initials="".join(word[0] for word in told[:80] if word not in STOP),
        summary=fold(short),
        cut=bool(summary) and (len(summary or "") > READ or _CUT.search(summary or "") is not None),
    )


def trace_of(sighting: Sighting, publisher: str, home: str | None, *, own: bool) -> Trace:
    """Give the trace of a sighting whose source is called `publisher` and speaks for the one town `home` (or None).

    `own`: its address is its source's own page.
    """
    countries = frozenset(tag.value for tag in sighting.tags if tag.scheme == "country")
    return trace(
        source=sighting.source, kind=sighting.kind, title=sighting.title, subtitle=sighting.subtitle, summary=sighting.summary,
        canonical=sighting.canonical, published=sighting.published, when=sighting.when, status=sighting.status, location=sighting.location,
        organiser=sighting.organiser, publisher=publisher, home=home, own=own, countries=countries,
    )  # fmt: skip


def hashed_keys(trace: Trace) -> tuple[int, ...]:
    """Give `keys` as a store keeps them: 64-bit signed integers, in order."""
    return tuple(
        sorted(int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True) for key in keys(trace))
    )


_ONLINE = re.compile(r"\b(?:en ligne|visio\w*|webinaire|zoom|teams|distanciel|online|youtube)\b")


def _venue(location: str | None) -> frozenset[str]:
    """The names of a venue; none of what is held online."""
    folded = fold(location) if location else ""
    return frozenset() if _ONLINE.search(folded) else distinctive(content(folded.split()))


def _days(when: Occurrence) -> tuple[tuple[int, int], int | None]:
    """The days of an occurrence, and the minute it starts. What ends before six in the morning ends the day before."""
    start, end = when.start, when.end
    first = start.toordinal()
    if not isinstance(start, datetime):
        return (first, max(first, end.toordinal() - 1) if end is not None else first), None
    last = (end - timedelta(hours=6)).toordinal() if isinstance(end, datetime) else first
    return (first, max(first, last)), start.hour * 60 + start.minute


def _named(title: str, published: date | None) -> tuple[int, int] | None:
    """The days a title names; a year it leaves out is inferred against its publication alone."""
    if published is None:
        year = _YEAR.search(title)
        if year is None:
            return None
        published = date(int(year.group()), 1, 1)
    reading = dates.read(title, seen=datetime.combine(published, time(12), UTC))
    if reading is None or not reading.occurrences or reading.role != "event":
        return None
    spans = [_days(occurrence)[0] for occurrence in reading.occurrences]
    return min(first for first, _ in spans), max(last for _, last in spans)


def _number(canonical: str | None) -> tuple[str | None, bool]:
    """« host number » where an address carries a SPIP article's number, and whether it says nothing else (domain §1.3)."""
    if canonical is None:
        return None, False
    found = _ARTICLE.match(canonical)
    if found:
        return f"{found[1]} {found[2]}", True
    found = _NUMBERED.match(canonical)
    return (f"{found[1]} {found[2]}", False) if found and not _YEAR.fullmatch(found[2]) else (None, False)


def keys(trace: Trace) -> frozenset[str]:
    """Give the index keys (at most 16, of one day at most 12) under which a trace is stored and its candidates are found.

    Two traces that should be one item share a key: an address, an edition, the head of a long text; for events a word
    and a day; for news a pair of words within spans of `WINDOW` days, each stored in its own span and the next so that
    neighbours meet. A day has few events, a fortnight thousands of news: hence the pairs. General words count by threes.
    """
    found = []
    if trace.number is not None or trace.canonical is not None:
        found.append(f"a {trace.number or trace.canonical}")
    days = _few(trace.days)
    own, general, text = _telling(trace)
    threes = ["+".join(sorted(three)) for three in combinations(general[:4], 3)] if not own else []
    dated = bool(days) and trace.kind == "event"
    if trace.kind == "event":
        edition = min((number for role, number in trace.numbers if role == "edition"), default=None)
        if edition is not None:
            found += [f"n {edition} {word}" for word in (own[:3] or threes[:1])]
    spans = days[:1] if dated else _spans(trace.published)
    if trace.cut or len(trace.summary) >= 2 * HEAD:
        found += [f"s {span} {crc32(trace.summary[:HEAD].encode()):x}" for span in spans]
    if not dated:
        pairs = _first_pairs(own, (general if len(own) < 3 else []) + text)
        found += [f"{span} {words}" for words in (threes or pairs)[: 3 if days else 5] for span in spans]
    elif not own and trace.minute is not None:
        found += [f"{days[0]} {trace.minute} {word}" for word in general[:4]]
    found += [f"{day} {words}" for words in (own + threes + text)[:6] for day in days]
    return frozenset(found[: 16 if len(days) > 1 else 12])


def _few(days: tuple[int, int] | None) -> list[str]:
    """The days of an event under which it is looked for: all of a few, the first and the last of many."""
    if days is None:
        return []
    return [f"d{day}" for day in (range(days[0], days[1] + 1) if days[1] - days[0] < 4 else days)]


def _spans(published: int | None) -> list[str]:
    return ["u"] if published is None else [f"p{published // WINDOW}", f"p{published // WINDOW + 1}"]


def _first_pairs(own: list[str], others: list[str]) -> list[str]:
    """Pairs of words that hold a distinctive one of the title, those of the first words before others."""
    words = (own[:5] + others)[:5]
    pairs = [pair for pair in combinations(words, 2) if pair[0] in own]
    pairs.sort(key=lambda pair: words.index(pair[0]) + words.index(pair[1]))
    return ["+".join(sorted(pair)) for pair in pairs]


def _telling(trace: Trace) -> tuple[list[str], list[str], list[str]]:
    """The distinctive words of the title (acronyms last: they say who tells it), its general ones, distinctive ones of the text.

    Long words, which are rare, come first: one order for all titles, whatever else they say, so that what two titles
    share comes early in both.
    """

    def long_first(words: frozenset[str]) -> list[str]:
        return sorted(words, key=lambda word: (-len(word), word))

    ours = distinctive(trace.words)
    own = long_first(ours - trace.acronyms)
    general = long_first(trace.words - ours)
    return own, general, long_first(trace.acronyms) + long_first(distinctive(trace.text - trace.words))[:4]
