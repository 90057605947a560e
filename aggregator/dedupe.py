"""What is the same thing, what it looks like, and what is no longer there: decisions over plain data, explained.

Within a source a sighting's key decides (normalise.item). Across sources, for now: the same canonical URL.
A wrong merge is worse than ten missed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aggregator.model import Kind, Occurrence, Phase, Sighting, Source, Status
from aggregator.normalise import gathering
from aggregator.normalise.text import fold

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")

# ── the face of an item ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Told:
    """A stored sighting as the face of its item needs it.

    `own`: its link is on the source's own site. `position`: of its source in sources.yaml. `organises`: its source is who
    organises. `preferred`: the operator says that it leads (overrides.yaml).
    """

    id: int
    sighting: Sighting
    own: bool
    first_seen: datetime
    withdrawn_at: datetime | None = None
    position: int = 0
    organises: bool = False
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Face:
    """What readers see of an item: each field is a visible one, and a change in any is a revision."""

    kind: Kind
    title: str
    url: str | None
    summary: str | None
    language: str | None
    published: date | datetime | None
    when: Occurrence | None
    status: Status | None
    location: str | None
    geo: str | None
    organiser: str | None
    author: str | None
    phase: Phase | None
    deadline: date | None
    conference: str | None


def own(sighting: Sighting, source: Source, host: str) -> bool:
    """Whether `host` (of the sighting's link, without www) is the source's own: it speaks of its own page. No link is its own word too."""
    return sighting.url is None or host in source.hosts


def organises(organiser: str | None, name: str) -> bool:
    """Whether a source, by its folded name, is who organises: « Gescod » for « GESCOD, Strasbourg »."""
    said = fold(organiser) if organiser else ""
    return bool(said and name) and (f" {name} " in f" {said} " or f" {said} " in f" {name} ")


def precedence(told: Iterable[Told]) -> list[Told]:
    """Order an item's sightings, the leading one first, whatever the order in which they came.

    | first | because |
    |---|---|
    | what the operator prefers | overrides.yaml |
    | what is still there | a withdrawn statement says nothing any more |
    | an organiser's own page | it knows |
    | a page's owner before those who announce it | nobody takes over another's page by naming its address |
    | the source that stands first in sources.yaml | the operator's order of authority: CUF leads it |
    """
    return sorted(
        told,
        key=lambda t: (
            not t.preferred, t.withdrawn_at is not None, not (t.organises and t.own), not t.own, t.position, t.sighting.source, t.sighting.key,
        ),
    )  # fmt: skip


def face(ordered: Sequence[Told]) -> Face:
    """Compose an item from its sightings (in `precedence`).

    | field | rule |
    |---|---|
    | title, address, language, author, phase | the leading sighting's; a title in capitals gives way to the same words written otherwise |
    | published | the earliest |
    | summary | the fullest of those that are there |
    | when, status | of the first that has a date; another's hours refine its day, what disagrees is a doubt (`gathering.agreed`) |
    | the rest | of the first that says it |
    """
    lead = ordered[0].sighting
    if len(ordered) == 1:
        return Face(
            lead.kind, lead.title, lead.url, lead.summary, lead.language, lead.published, lead.when, lead.status, lead.location, lead.geo,
            lead.organiser, lead.author, lead.phase, lead.deadline, lead.conference,
        )  # fmt: skip
    all_ = [told.sighting for told in ordered]
    there = [told.sighting for told in ordered if told.withdrawn_at is None] or all_
    dated = next((s for s in there if s.when is not None), None) or next((s for s in all_ if s.when is not None), None)

    def first(name: str) -> str | None:
        return next((value for s in all_ if (value := getattr(s, name)) is not None), None)

    return Face(
        kind="event" if any(s.kind == "event" for s in all_) else "news",
        title=_unshouted(lead.title, there),
        url=first("url"),
        summary=max((s.summary for s in there if s.summary), key=len, default=first("summary")),
        language=lead.language,
        published=min((s.published for s in all_ if s.published is not None), key=_noon, default=None),
        when=_agreed(dated.when, there) if dated is not None and dated.when is not None else None,
        status=dated.status if dated is not None else lead.status,
        location=first("location"),
        geo=first("geo"),
        organiser=first("organiser"),
        author=lead.author,
        phase=lead.phase,
        deadline=next((s.deadline for s in all_ if s.deadline is not None), None),
        conference=first("conference"),
    )


def _unshouted(title: str, told: Sequence[Sighting]) -> str:
    """« FONDS DE SOLIDARITÉ AU LIBAN » as another sighting writes the same words; no case is made up."""
    if not title.isupper():
        return title
    words = fold(title)
    return next((s.title for s in told if not s.title.isupper() and fold(s.title) == words), title)


def _agreed(when: Occurrence, told: Sequence[Sighting]) -> Occurrence:
    """A day with the hours that another sighting gives it; a day or hour that another one contradicts is a doubt."""
    for other in told:
        if other.when is not None and other.when.start != when.start and other.when.tz == when.tz:
            when = gathering.agreed(when, other.when)
    return when


def _noon(published: date | datetime) -> datetime:
    if isinstance(published, datetime):
        return published
    return datetime.combine(published, time(12), UTC)


def ranked_at(published: date | datetime | None, first_seen: datetime, tz: str = "Europe/Paris") -> datetime:
    """Give the instant (UTC) that orders an item: its publication (a day counts as its noon), never later than we saw it first.

    Sites date announcements on the day of the event (domain §1.6): such an item would be pinned on top until then.
    """
    if published is None:
        return first_seen
    if not isinstance(published, datetime):
        published = datetime.combine(published, time(12), ZoneInfo(tz)).astimezone(UTC)
    return min(published, first_seen)


def instants(when: Occurrence) -> tuple[datetime, datetime]:
    """Give start and end of an occurrence in UTC (a day: its local midnights; an unknown end: the start)."""
    zone = ZoneInfo(when.tz)

    def utc(moment: date | datetime) -> datetime:
        local = moment if isinstance(moment, datetime) else datetime.combine(moment, time())
        return local.replace(tzinfo=zone).astimezone(UTC)

    return utc(when.start), utc(when.end if when.end is not None else when.start)


# ── the same thing, told again ──────────────────────────────────────────────────────────────────


def steady(old: Sighting, new: Sighting) -> Sighting:
    """The new telling, with what the old one said better.

    The old reading of words that did not change and leave their year out stays: « 20 nov » read again in December would
    move a year ahead. What was a gathering stays one when its day is over, when it leaves the agenda for the news alone,
    when its words turn to « Retour sur … » or drop its date: what only the earlier telling said of it goes on.
    """
    when, published, deadline = new.when, new.published, new.deadline
    raw = dict(new.raw)
    same = _same_text(old, new)
    if old.when is not None and "year inferred" in old.when.doubts and _same_words(old, new, "when", "start"):
        when = old.when
    if (
        old.published is not None
        and _same_words(old, new, "published")
        and not _YEAR.search(new.raw.get("published", ""))
    ):
        published = old.published
    off = new.status in ("cancelled", "postponed")
    if old.deadline is not None and (
        _same_words(old, new, "deadline") or (deadline is None and (same or off or new.phase == "report"))
    ):
        deadline = old.deadline
        raw |= {name: words for name, words in old.raw.items() if name == "deadline"}
    if old.kind == "event" and new.kind == "news":
        when = old.when
        raw |= {name: words for name, words in old.raw.items() if name in ("when", "start", "end")}
        if when is not None and not same and new.phase != "report" and NO_LONGER_SAID not in when.doubts:
            when = replace(when, doubts=(*when.doubts, NO_LONGER_SAID))
        new = replace(
            new,
            kind="event",
            location=new.location or old.location,
            geo=new.geo or old.geo,
            organiser=new.organiser or old.organiser,
            conference=new.conference or old.conference,
        )
    if off and old.when is not None and when is not None and _day(old.when) == _day(when):
        when = old.when  # it is called off as it was known, hour and all
    status = _fate(old, new, when)
    return replace(new, when=when, published=published, deadline=deadline, status=status, raw=raw)


def _same_text(old: Sighting, new: Sighting) -> bool:
    return (old.title, old.subtitle, old.summary, old.content) == (new.title, new.subtitle, new.summary, new.content)


NO_LONGER_SAID = "date no longer said"


def _fate(old: Sighting, new: Sighting, when: Occurrence | None) -> Status | None:
    """« REPORT ! » calls off the day that was known; on another day the event stands, and goes on standing."""
    if new.status != "postponed" or old.when is None or when is None:
        return new.status
    if when.start != old.when.start:
        return None
    return old.status if _same_words(old, new, "status") else new.status


def _day(when: Occurrence) -> date:
    return when.start.date() if isinstance(when.start, datetime) else when.start


def _same_words(old: Sighting, new: Sighting, *names: str) -> bool:
    said = [new.raw.get(name) for name in names]
    return any(said) and said == [old.raw.get(name) for name in names]


def base(key: str) -> str:
    """A key without what tells the occurrences of one event apart."""
    return key.split("·", 1)[0]


def continued(gone: Sequence[Place], new: Sequence[Place]) -> dict[str, str]:
    """Tell which sightings with a new key go on with one that is gone: new key -> old key. Only where nothing else could.

    Occurrences of one event: the same start, the same day, or the only one left on each side (it moved). Else the same
    address (its guid changed, or is no longer shared), the same title at the same time (its address is no longer shared),
    the same time of things known by their words (retitled).
    """
    found: dict[str, str] = {}
    for same in (
        lambda place: (base(place.key), place.starts) if place.starts else None,
        lambda place: (base(place.key), place.starts[:10]) if place.starts else None,
        lambda place: place.canonical,
        lambda place: (place.title, place.starts or place.published) if place.title else None,
        lambda place: (
            (place.kind, place.section, place.starts) if place.starts and place.key.startswith("words:") else None
        ),
        lambda place: base(place.key) if place.kind == "event" else None,
    ):
        left = _once((place for place in gone if place.key not in found.values()), same)
        right = _once((place for place in new if place.key not in found), same)
        found.update({place.key: left[mark].key for mark, place in right.items() if mark in left})
    return found


def _once(places: Iterable[Place], mark: Callable[[Place], object]) -> dict[object, Place]:
    """The places whose mark no other one has."""
    seen: dict[object, list[Place]] = {}
    for place in places:
        if mark(place) is not None:
            seen.setdefault(mark(place), []).append(place)
    return {key: alike[0] for key, alike in seen.items() if len(alike) == 1}


# ── what is no longer there ─────────────────────────────────────────────────────────────────────

GOOD_VISITS = 3  # that must miss a sighting before it is withdrawn
SHRUNK_FOR = timedelta(days=7)  # a list that stays small that long is a smaller list


def shrank(found: int, listed: int | None, shrunk_since: datetime | None, now: datetime) -> bool:
    """Whether a page lists so much less than last time that nothing may be concluded from what is missing."""
    if not listed or found * 2 >= listed:
        return False
    return shrunk_since is None or now - shrunk_since < SHRUNK_FOR


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sighting stood in its list: its section, the list's kind, and the time that orders it there (ISO text compares).

    A gathering that a list of news tells stands there by its publication: it ages as news do.
    """

    key: str
    kind: Kind
    section: str | None
    published: str | None
    starts: str | None
    canonical: str | None = None
    title: str = ""  # folded


def regrouped(stored: Sequence[Place], fresh: Sequence[Place]) -> dict[str, str]:
    """Tell which of the occurrences of one event (keys of one base) go on as which, where their days say so: new key -> old key.

    « les 11 et 18 mars » that becomes « le 18 mars »: the 18th goes on under the key of all, the 11th stays what it was.
    """
    by_start = _once(stored, lambda place: place.starts)
    by_day = _once(stored, lambda place: place.starts[:10] if place.starts else None)
    found: dict[str, str] = {}
    for place in fresh:
        old = by_start.get(place.starts) or (by_day.get(place.starts[:10]) if place.starts else None)
        if old is not None and old.key not in found.values():
            found[place.key] = old.key
    return found


def missing(gone: Iterable[Place], shown: Iterable[Place], *, complete: bool, today: str) -> tuple[set[str], set[str]]:
    """Tell keys that are truly missing from those that only left the window of a list: (missing, aged).

    A list shows its newest news or its next events. What is not shown although something beyond it still is (older
    news, a later event, in the same section) is missing; else it has aged out, as everything does. A `complete`
    listing misses whatever is still to come; so does an announcement of several days that no longer names one of them.
    Past events and undated news age. `today`: ISO day.
    """
    shown = list(shown)
    bases = {base(place.key) for place in shown}
    oldest: dict[tuple[Kind, str | None], str] = {}
    latest: dict[tuple[Kind, str | None], str] = {}
    for place in shown:
        where = (place.kind, place.section)
        if place.published is not None:
            oldest[where] = min(oldest.get(where, place.published), place.published)
        if place.starts is not None:
            latest[where] = max(latest.get(where, place.starts), place.starts)
    lost: set[str] = set()
    aged: set[str] = set()
    for place in gone:
        where = (place.kind, place.section)
        if place.kind == "event" and place.starts is not None:
            ahead = place.starts[:10] >= today
            dropped = base(place.key) != place.key and base(place.key) in bases
            truly = ahead and (complete or dropped or (where in latest and latest[where] > place.starts))
        elif place.published is not None:
            truly = where in oldest and oldest[where][:10] < place.published[:10]
        else:
            truly = complete
        (lost if truly else aged).add(place.key)
    return lost, aged
