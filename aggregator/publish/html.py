"""The index page: what there is to subscribe to, the latest news, the next events. One page, no script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from aggregator.model import Feed, Item, Site
from aggregator.publish import french
from aggregator.publish.entry import bounds, instant, language, line, link, title, zone

_TEMPLATES = Path(__file__).parent / "templates"
_FOLDED_FROM = 12  # longer groups of feeds are folded away
_GROUPS = {"sources": "Par source", "pays": "Par pays", "themes": "Par thème"}


@dataclass(frozen=True, slots=True)
class _Subscription:
    title: str
    description: str
    address: str  # without extension
    webcal: str | None


@dataclass(frozen=True, slots=True)
class _Group:
    title: str
    feeds: tuple[_Subscription, ...]
    folded: bool


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


def index(site: Site, feeds: Iterable[Feed], latest_news: Iterable[Item], next_events: Iterable[Item]) -> bytes:
    """index.html, in French, of the feeds, news and events given, in the order given. An item that cannot be said is left out.

    Own links are absolute below `site.base_url`; style.css stands beside the page.
    """
    main, groups = _groups(site, feeds)
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
    )


def _groups(site: Site, feeds: Iterable[Feed]) -> tuple[tuple[_Subscription, ...], list[_Group]]:
    """The feeds at the top, and those below each folder."""
    folders: dict[str, list[_Subscription]] = {"": []}
    for feed in feeds:
        folder = feed.path.rpartition("/")[0].partition("/")[0]
        folders.setdefault(folder, []).append(subscription(site, feed))
    main = tuple(folders.pop(""))
    groups = [
        _Group(_GROUPS.get(name, french.capital(name)), tuple(each), len(each) > _FOLDED_FROM)
        for name, each in folders.items()
    ]
    return main, groups


def subscription(site: Site, feed: Feed) -> _Subscription:
    """Say how to subscribe to a feed."""
    address = f"{site.base_url}/{feed.path}"
    webcal = f"webcal://{address.partition('://')[2]}.ics" if feed.calendar else None
    return _Subscription(line(feed.title) or feed.path, line(feed.description), address, webcal)


def _news(item: Item) -> _Row | None:
    """The day the source says; where it says none, the day we first saw it, and the words say so."""
    said = item.published
    try:
        seen = instant(item.first_seen).astimezone(zone("Europe/Paris")).date()
        if isinstance(said, datetime):
            said = instant(said).astimezone(zone("Europe/Paris")).date()
    except ValueError:
        return None
    day = said or seen
    return _row(item, day.isoformat(), french.day(day) if said else f"repéré le {french.day(day)}")


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
