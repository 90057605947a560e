"""The index page: which feed to choose, how to subscribe, the next events, the latest news. One page, no script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aggregator.model import Feed, Item, Site
from aggregator.normalise.text import fold
from aggregator.publish import french
from aggregator.publish.entry import bounds, instant, language, line, link, title, zone

# The feeds of a folder: what the index, the path above a page and feeds.opml call them, in this order.
FOLDERS = {
    "pays": "Pays",
    "zones": "Zones",
    "themes": "Thèmes",
    "types": "Types",
    "territoires": "Territoires",
    "medias": "Médias",
    "sources": "Sources",
}
# Which feeds these are, where the name alone does not say it.
_ABOUT = {
    "pays": "Ce qui parle d’un pays partenaire.",
    "zones": "Ce qui parle d’une partie du monde.",
    "types": "Par genre de publication\u00a0: appels à projets, webinaires…",
    "territoires": "Ce que publient les collectivités d’une région, ou toutes celles d’une catégorie.",
    "medias": "Ce qui est accompagné de documents, de photos, de sons ou de vidéos.",
    "sources": "Ce que publie une collectivité ou un réseau.",
}
_LETTERS_FROM = 40  # longer groups of feeds are told apart by their first letter

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a calendar has to come: how many events, the first on this day."""

    events: int
    first: date


@dataclass(frozen=True, slots=True)
class _Subscription:
    title: str
    description: str
    address: str  # without extension
    webcal: str | None


@dataclass(frozen=True, slots=True)
class _Choice:
    """A feed to choose. `short`: its name below the heading of its group. What is to come: `events`, the `first` of them in
    words, `moment` for machines."""

    feed: _Subscription
    short: str
    events: str
    first: str
    moment: str


@dataclass(frozen=True, slots=True)
class _Group:
    """Feeds of one folder by name; by their first letter when they are many, else below none."""

    anchor: str
    title: str
    about: str
    letters: tuple[tuple[str, tuple[_Choice, ...]], ...]
    count: int


@dataclass(frozen=True, slots=True)
class _Row:
    """A piece of news or an event: `moment` for machines, `when` in words."""

    title: str
    language: str | None
    url: str | None
    moment: str
    when: str
    place: str
    sources: str


def index(
    site: Site,
    feeds: Iterable[Feed],
    latest_news: Iterable[Item],
    next_events: Iterable[Item],
    ahead: Mapping[str, Ahead] | None = None,
) -> bytes:
    """index.html, in French. Feeds at the top stand in the order given, those of a folder by name, news and events as given.

    `ahead`: what calendars have to come, by path. An item that cannot be said is left out. Own links are absolute below
    `site.base_url`; style.css stands beside the page.
    """
    main, groups = _groups(site, tuple(feeds), tuple(sorted((ahead or {}).items(), key=itemgetter(0))))
    page = (
        environment()
        .get_template("index.html")
        .render(
            site=line(site.title),
            description=line(site.description),
            language=language(site.language) or "fr",
            base=site.base_url,
            main=main,
            groups=groups,
            news=[row for row in map(_news, latest_news) if row],
            events=[row for row in map(_event, next_events) if row],
        )
    )
    return page.encode()


@cache
def stylesheet() -> bytes:
    """style.css."""
    return (_TEMPLATES / "style.css").read_bytes()


@cache
def environment() -> Environment:
    """Give the templates, loaded once a process."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def macro(name: str) -> Callable[..., Markup]:
    """Give a macro of macros.html, for what is spelled alone."""
    found: Callable[..., Markup] = getattr(environment().get_template("macros.html").module, name)
    return found


@lru_cache(maxsize=1)  # from one publication to the next they are mostly the same
def _groups(
    site: Site, feeds: tuple[Feed, ...], coming: tuple[tuple[str, Ahead], ...]
) -> tuple[tuple[_Choice, ...], tuple[_Group, ...]]:
    """The feeds at the top, and those of each folder. `coming`: what their calendars have to come, by path."""
    ahead = dict(coming)
    main: list[_Choice] = []
    folders: dict[str, list[_Choice]] = {name: [] for name in FOLDERS}
    for feed in feeds:
        folders.get(folder_of(feed), main).append(_choice(site, feed, ahead.get(feed.path)))
    groups = (_group(name, sorted(each, key=lambda one: fold(one.short))) for name, each in folders.items() if each)
    return tuple(main), tuple(groups)


def _group(folder: str, choices: list[_Choice]) -> _Group:
    letters: dict[str, list[_Choice]] = {}
    for one in choices:
        first = fold(one.short)[:1].upper() if len(choices) >= _LETTERS_FROM else ""
        letters.setdefault(first if first.isalpha() else "", []).append(one)
    by_letter = tuple((letter, tuple(each)) for letter, each in letters.items())
    return _Group(folder, FOLDERS[folder], _ABOUT.get(folder, ""), by_letter, len(choices))


def _choice(site: Site, feed: Feed, ahead: Ahead | None) -> _Choice:
    events = first = moment = ""
    if ahead is not None:
        events = f"{ahead.events}{french.NBSP}rendez-vous"
        first = f"{'le premier ' if ahead.events > 1 else ''}le {french.day(ahead.first)}"
        moment = ahead.first.isoformat()
    return _Choice(subscription(site, feed), short(site, feed), events, first, moment)


def folder_of(feed: Feed) -> str:
    """Give the folder of a feed, a key of FOLDERS; "" of those at the top."""
    folder, slash, _ = feed.path.partition("/")
    return folder if slash and folder in FOLDERS else ""


def short(site: Site, feed: Feed) -> str:
    """Give a feed's name on our own pages: without the site's, which stands before it for readers of many feeds."""
    words = line(feed.title) or feed.path
    return french.capital(words.removeprefix(f"{line(site.title)}{french.NBSP}: "))


def subscription(site: Site, feed: Feed) -> _Subscription:
    """Say how to subscribe to a feed."""
    address = f"{site.base_url}/{feed.path}"
    webcal = f"webcal://{address.partition('://')[2]}.ics" if feed.calendar else None
    return _Subscription(line(feed.title) or feed.path, line(feed.description), address, webcal)


def _news(item: Item) -> _Row | None:
    try:
        moment, when = said_on(item)
    except ValueError:
        return None
    return _row(item, moment, when)


def said_on(item: Item) -> tuple[str, str]:
    """Give the day the source says, for machines and in words; where it says none, the day we first saw it, and the words say so.

    Raises:
        ValueError: an instant without a zone.
    """
    said = item.published
    seen = instant(item.first_seen).astimezone(zone("Europe/Paris")).date()
    if isinstance(said, datetime):
        said = instant(said).astimezone(zone("Europe/Paris")).date()
    day = said or seen
    return day.isoformat(), french.day(day) if said else f"repéré le {french.day(day)}"


def _event(item: Item) -> _Row | None:
    if item.when is None:
        return None
    try:
        start, _ = bounds(item.when)
    except ValueError:
        return None
    return _row(item, start.isoformat(), french.capital(french.occurrence(item.when)))


def _row(item: Item, moment: str, when: str) -> _Row:
    names = dict.fromkeys(line(origin.name) for origin in item.origins)
    return _Row(
        title=title(item),
        language=language(item.language),
        url=link(item.url),
        moment=moment,
        when=when,
        place=line(item.location),
        sources=", ".join(name for name in names if name),
    )
