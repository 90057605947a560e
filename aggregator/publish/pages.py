"""The HTML twin of a feed: its latest entries, of a calendar what is to come and a grid for each month; a page for each event.

No script, no clock.
"""

from __future__ import annotations

import calendar as weeks
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from aggregator.model import Attachment, Change, Feed, Item, Occurrence, Site
from aggregator.normalise.text import fold
from aggregator.publish import french
from aggregator.publish.entry import bounds, clean, headline, instant, language, line, link, tags, uid, zone
from aggregator.publish.html import FOLDERS, environment, folder_of, macro, said_on, short, subscription

AGENDA = "agenda"  # the calendar of all events: where the page of an event leads back to
LATEST = 30  # entries of a feed that its page shows
COMING = 50  # events of a calendar that its page shows: the grids of its months show all

_DAY = timedelta(days=1)
_WEEKDAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{2,4})(?:[?#].*)?\Z")
_GAPS = re.compile(r"\n\s*\n")

# What a reader should check, for each doubt that the reading of dates leaves (docs/store.md lists them).
_DOUBTS = {
    "about": "date approximative",
    "ambiguous": "la date peut se lire de plusieurs façons",
    "ambiguous local time": "heure qui passe deux fois cette nuit-là (changement d’heure)",
    "date no longer said": "la source ne dit plus cette date",
    "hour from text": "heure lue dans le texte",
    "nonexistent local time": "heure qui n’existe pas cette nuit-là (changement d’heure)",
    "several dates": "la source cite plusieurs dates",
    "text says another day": "le texte dit un autre jour",
    "text says another hour": "le texte dit une autre heure",
    "to be confirmed": "date à confirmer",
    "weekday disagrees": "le jour de la semaine ne correspond pas à la date",
    "year inferred": "année déduite",
    "zone assumed": "fuseau horaire supposé",
    "zone from place": "fuseau horaire déduit du lieu",
}
_DOUBTFUL = "date incertaine"  # of a doubt that has no words here
_TENTATIVE = "tenue à confirmer"
_AFAR = "En visioconférence"

_SCHEMA_STATUS = {
    "confirmed": "https://schema.org/EventScheduled",
    "cancelled": "https://schema.org/EventCancelled",
    "postponed": "https://schema.org/EventPostponed",
}


@dataclass(frozen=True, slots=True)
class _Name:
    """What an event is called in a list: its state, its title (struck where it is `off`) and its link (`ours`: to its page here)."""

    mark: str
    title: str
    language: str | None  # where it is not the page's
    url: str | None
    ours: bool
    off: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """An event in a list: `moment` for machines, `when` in words."""

    name: _Name
    moment: str
    when: str
    place: str
    sources: str


@dataclass(frozen=True, slots=True)
class _Latest:
    """An entry of a feed: `moment` for machines, `when` in words (its publication), `source` and `also` who says it."""

    title: str
    language: str | None  # where it is not the page's
    url: str | None
    ours: bool  # to its page here
    moment: str
    when: str
    source: str
    also: tuple[tuple[str, str], ...]  # address, name


@dataclass(frozen=True, slots=True)
class _Entry:
    """An event on one of its days: `lead` says its hour, or that it is going on."""

    name: _Name
    lead: str
    going: bool


@dataclass(frozen=True, slots=True)
class _Day:
    number: str
    moment: str
    entries: tuple[_Entry, ...]


# ── where the pages stand, below the base address ───────────────────────────────────────────────


def event_path(item: Item) -> str:
    """Give the path of an event's page.

    Raises:
        ValueError: no usable uid.
    """
    return f"evenements/{uid(item)}.html"


def month_path(feed: Feed, month: date) -> str:
    """Give the path of the page of a month of a calendar."""
    return f"{feed.path}.{month.year:04d}-{month.month:02d}.html"


# ── the pages ───────────────────────────────────────────────────────────────────────────────────


def event(site: Site, item: Item, history: Sequence[Change], feeds: Mapping[str, str] | None = None) -> bytes:
    """The page of one event: what there is to know to go there, who says so, and what changed, newest first.

    Own links are absolute below `site.base_url`, as on every page here. A change that cannot be said is left out.
    `feeds`: those of its countries, themes and the like, folded name -> path: its categories lead there.

    Raises:
        ValueError: no usable uid, an unknown time zone, a date of the wrong kind.
        OverflowError: a date beyond the calendar's end.
    """
    uid(item)  # its page is named by it
    source, when, place = link(item.url), _when(item.when) if item.when else "", line(item.location)
    doubts = [_DOUBTS.get(doubt, _DOUBTFUL) for doubt in item.when.doubts] if item.when else []
    if item.status == "tentative":
        doubts.append(_TENTATIVE)
    return _rendered(
        "event.html",
        site,
        description=", ".join(words for words in (when, place) if words),
        name=_name(site, item),
        moment=bounds(item.when)[0].isoformat() if item.when else "",
        when=when,
        state=french.state(item),
        doubts=f"{french.NBSP}; ".join(dict.fromkeys(doubts)),
        place=place,
        conference=link(item.conference),
        deadline=(item.deadline.isoformat(), french.day(item.deadline)) if item.deadline else None,
        organiser=line(item.organiser),
        documents=_documents(item.attachments),
        categories=[
            (f"{site.base_url}/{path}.html" if path else None, tag) for tag, path in _categories(item, feeds or {})
        ],
        origins=_origins(item),
        summary=_paragraphs(item.summary),
        source=source,
        history=_history(history),
        data=_data(item, source),
    )


def feed(
    site: Site,
    feed: Feed,
    today: date,
    months: Sequence[date] = (),
    spell: Callable[[Site, Item, bool], Markup] | None = None,
) -> bytes:
    """The page of a feed: how to subscribe, its latest entries; of a calendar what goes on and what comes first, by month.

    `months`: those that have a grid. `spell`: `entry`, or what keeps its answers. What cannot be said is left out.
    """
    said = list(_said(site, feed.coming, today, date.max))
    more, said = len(said) > COMING, said[:COMING]
    current = [row for row, (first, last) in said if first < today]
    coming: dict[str, list[_Row]] = {"En ce moment": current} if current else {}
    for row, (first, _) in said:
        if first >= today:
            coming.setdefault(french.capital(_month(first)), []).append(row)
    return _rendered(
        "feed.html",
        site,
        here=feed.path,
        above=_above(site, feed),
        short=short(site, feed),
        description=line(feed.description),
        feed=subscription(site, feed),
        grids=[_grid(site, feed, month) for month in months],
        coming=list(coming.items()),
        more=more,
        latest=_latest(site, feed, spell or entry),
    )


def entry(site: Site, item: Item, paged: bool) -> Markup:
    """An entry of a feed as it stands on its page. `paged`: it is an event that has a page here, and leads there.

    Raises:
        ValueError: an instant without a zone, an unknown time zone, a date of the wrong kind.
        OverflowError: a date beyond the calendar's end.
    """
    moment, when = said_on(item)
    tongue, ours = language(item.language), paged and _UUID.match(item.uid) is not None
    source = line(item.origins[0].name) if item.origins else ""
    named = {line(one.name): link(one.url) or link(one.home) for one in item.origins[1:]}
    return macro("latest")(
        _Latest(
            title=headline(item),
            language=tongue if tongue != _language(site) else None,
            url=f"{site.base_url}/{event_path(item)}" if ours else link(item.url),
            ours=ours,
            moment=moment,
            when=when,
            source=source,
            also=tuple((url, words) for words, url in named.items() if url and words and words != source),
        )
    )


def month(site: Site, feed: Feed, month: date, months: Sequence[date]) -> bytes:
    """The page of a month of a calendar: a grid whose days hold the events that stand on them, in the order given.

    `months`: those that have a grid, by date; the ones before and after are linked. An event that cannot be said is left out.
    """
    count = weeks.monthrange(month.year, month.month)[1]
    first, last = month.replace(day=1), month.replace(day=count)
    days: list[list[_Entry]] = [[] for _ in range(count)]
    for item, when, (begin, end) in _standing(feed.events, first, last):
        name = _name(site, item)
        for day in (first.replace(day=n) for n in range(max(begin, first).day, min(end, last).day + 1)):
            if day == begin:
                entry = _Entry(name, _hour(when) or ("début" if end > begin else ""), False)
            else:
                entry = _Entry(name, "dernier jour" if day == end else "suite", True)
            days[day.day - 1].append(entry)
    cells = [_Day(str(n), first.replace(day=n).isoformat(), tuple(day)) for n, day in enumerate(days, 1)]
    padded: list[_Day | None] = [*[None] * first.weekday(), *cells]
    padded += [None] * (-len(padded) % 7)
    before, after = [m for m in months if m < first], [m for m in months if m > last]
    return _rendered(
        "month.html",
        site,
        above=[*_above(site, feed), (f"{site.base_url}/{feed.path}.html", short(site, feed))],
        description=line(feed.description),
        feed=subscription(site, feed),
        words=_month(first),
        weekdays=_WEEKDAYS,
        weeks=[padded[start : start + 7] for start in range(0, len(padded), 7)],
        held=any(days),
        previous=_grid(site, feed, before[-1]) if before else None,
        next=_grid(site, feed, after[0]) if after else None,
    )


def months(events: Sequence[Item], first: date, last: date) -> tuple[date, ...]:
    """Give the first days of the months in which an event stands on a day from `first` to `last`, by date."""
    found: set[int] = set()
    for _, _, days in _standing(events, first, last):
        begin, end = max(first, days[0]), min(last, days[1])
        found.update(range(begin.year * 12 + begin.month - 1, end.year * 12 + end.month))
    return tuple(date(one // 12, one % 12 + 1, 1) for one in sorted(found))


def _rendered(template: str, site: Site, **said: object) -> bytes:
    page = environment().get_template(template).render(
        site=line(site.title), language=_language(site), base=site.base_url, agenda=AGENDA, **{"here": None} | said
    )  # fmt: skip
    return page.encode()


def _latest(site: Site, feed: Feed, spell: Callable[[Site, Item, bool], Markup]) -> list[Markup]:
    """The latest entries of a feed. One that cannot be said is left out."""
    said = []
    for item in feed.items[:LATEST]:
        with suppress(ValueError, OverflowError):
            said.append(spell(site, item, item.uid in feed.paged))
    return said


def _above(site: Site, feed: Feed) -> list[tuple[str, str]]:
    """The way from the index to a feed's page: addresses and names."""
    folder = folder_of(feed)
    group = [(f"{site.base_url}/#{folder}", FOLDERS[folder])] if folder else []
    return [(f"{site.base_url}/", "Accueil"), *group]


def _language(site: Site) -> str:
    return language(site.language) or "fr"


def _grid(site: Site, feed: Feed, month: date) -> tuple[str, str]:
    """The address of a month's page, and its name."""
    return f"{site.base_url}/{month_path(feed, month)}", french.capital(_month(month))


# ── events in lists ─────────────────────────────────────────────────────────────────────────────


def _standing(events: Iterable[Item], since: date, until: date) -> Iterator[tuple[Item, Occurrence, tuple[date, date]]]:
    """The events that stand on a day from `since` to `until`, each with its first and last day. One without a usable date is left out."""
    for item in events:
        try:
            if item.when is None:
                continue
            first, last = _days(item.when)
        except ValueError:
            continue
        if first <= until and last >= since:
            yield item, item.when, (first, last)


def _said(site: Site, events: Iterable[Item], since: date, until: date) -> Iterator[tuple[_Row, tuple[date, date]]]:
    """The same, each as its row."""
    for item, when, days in _standing(events, since, until):
        names = dict.fromkeys(line(origin.name) for origin in item.origins)
        try:
            words = _when(when)
        except OverflowError:  # until midnight of the last day there is
            continue
        yield (
            _Row(
                name=_name(site, item),
                moment=bounds(when)[0].isoformat(),
                when=words,
                place=line(item.location) or (_AFAR if link(item.conference) else ""),
                sources=", ".join(name for name in names if name),
            ),
            days,
        )


def _name(site: Site, item: Item) -> _Name:
    """Name an event. A last day (`deadline_of`) has no page of its own: it leads to its source."""
    mark, words = french.mark(item), line(item.title) or french.NO_TITLE
    if mark and words.upper().startswith(f"[{mark}"):
        words = words.partition("]")[2].strip() or words
    ours, tongue = _UUID.match(item.uid) is not None, language(item.language)
    return _Name(
        mark=mark,
        title=words,
        language=tongue if tongue != _language(site) else None,
        url=f"{site.base_url}/{event_path(item)}" if ours else link(item.url),
        ours=ours,
        off=item.status == "cancelled" or item.withdrawn_at is not None,
    )


def _days(when: Occurrence) -> tuple[date, date]:
    """The first and the last day on which an event stands, in its own zone.

    Raises:
        ValueError: as `bounds`.
    """
    start, end = bounds(when)
    first = _day(start)
    if end is None:
        return first, first
    return first, _day(end - (timedelta(microseconds=1) if isinstance(end, datetime) else _DAY))  # the end is exclusive


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _when(when: Occurrence) -> str:
    """« Vendredi 20 novembre 2026, 14 h 30 », « Du 21 au 24 octobre 2026 »."""
    words = french.occurrence(when)
    if words.startswith(french.day(when.start)):  # one day alone
        words = f"{_WEEKDAYS[when.start.weekday()]} {words}"
    return french.capital(words)


def _hour(when: Occurrence) -> str:
    """« 14 h 30 », with its zone where it is not that of Paris; nothing of whole days."""
    if not isinstance(when.start, datetime):
        return ""
    start = Occurrence(when.start, None, False, when.tz)
    return french.occurrence(start).removeprefix(f"{french.day(when.start)}, ")


def _month(month: date) -> str:
    """« novembre 2026 »."""
    return french.day(month).partition(" ")[2]


# ── the parts of an event's page ────────────────────────────────────────────────────────────────


def _paragraphs(text: str | None) -> list[list[str]]:
    """Paragraphs, each of lines."""
    return [part.split("\n") for part in _GAPS.split(clean(text or "").strip()) if part]


def _categories(item: Item, feeds: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """Its categories, each with the path of its feed."""
    return [(tag, feeds.get(fold(tag))) for tag in tags(item)]


def _documents(attachments: Iterable[Attachment]) -> list[tuple[str, str, str]]:
    """Address, name, and form and weight (« PDF, 52 ko ») of what is no picture."""
    found = []
    for one in attachments:
        url = link(one.url)
        if url is None or one.media_type.startswith("image/"):
            continue
        extension = _EXTENSION.search(url.rsplit("/", 1)[-1])
        form = (extension[1].upper() if extension else "", _weight(one.length))
        found.append((url, line(one.title) or url.rsplit("/", 1)[-1] or url, ", ".join(word for word in form if word)))
    return found


def _weight(length: int | None) -> str:
    """« 52 ko », « 1,4 Mo »; nothing when it is unknown."""
    if not length or length < 0:
        return ""
    if length < 1_000_000:
        return f"{max(1, round(length / 1000))}{french.NBSP}ko"
    return f"{length / 1_000_000:.1f}{french.NBSP}Mo".replace(".", ",")


def _origins(item: Item) -> list[tuple[str, list[tuple[str | None, str]]]]:
    """« Source » and « Aussi sur », each with addresses and names."""
    said = [(link(o.url) or link(o.home), line(o.name)) for o in item.origins]
    named = [(url, name or url) for url, name in said if name or url]
    groups = (("Source", named[:1]), ("Aussi sur", list(dict.fromkeys(named[1:]))))
    return [(label, [(url, name or "") for url, name in links]) for label, links in groups if links]


def _history(changes: Iterable[Change]) -> list[tuple[str, str, list[str]]]:
    """Day for machines, day in words, and sentences of each change, newest first."""
    found = []
    for change in changes:
        try:
            at = instant(change.at)
            sentences = [said for said in map(line, french.change(change)) if said]
        except ValueError:
            continue  # one that cannot be said costs itself
        day = at.astimezone(zone("Europe/Paris")).date()
        if sentences:
            found.append((at, (day.isoformat(), french.capital(french.day(day)), sentences)))
    return [said for _, said in sorted(found, key=lambda one: one[0], reverse=True)]


def _data(item: Item, source: str | None) -> Markup | None:
    """The event as schema.org has it (JSON-LD); None without a date.

    The last day of whole days is inclusive there. One that its source no longer shows is called off, as in its calendar.
    """
    if item.when is None:
        return None
    start, end = bounds(item.when)
    place, conference = line(item.location), link(item.conference)
    places = [
        {"@type": "Place", "name": place} if place else None,
        {"@type": "VirtualLocation", "url": conference} if conference else None,
    ]
    where = [one for one in places if one]
    organiser = line(item.organiser)
    status = "cancelled" if item.withdrawn_at is not None else item.status
    said = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": line(item.title) or None,
        "startDate": start.isoformat(),
        "endDate": end.isoformat() if isinstance(end, datetime) else (end - _DAY).isoformat() if end else None,
        "eventStatus": _SCHEMA_STATUS.get(status or ""),
        "location": where[0] if len(where) == 1 else where or None,
        "organizer": {"@type": "Organization", "name": organiser} if organiser else None,
        "description": clean(item.summary or "").strip() or None,
        "inLanguage": language(item.language),
        "url": source,
    }
    text = json.dumps({name: value for name, value in said.items() if value}, ensure_ascii=False)
    # Nothing in it may end the element or open a comment in it.
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
