"""What a page says of where its site's news and events are to be read: links, embeds, and the software that made it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import zip_longest
from typing import Any, TypeGuard
from urllib.parse import parse_qs, quote, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from aggregator.extract import listing
from aggregator.model import Page
from aggregator.normalise.text import clean, decode, fold
from aggregator.normalise.urls import absolute


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to read a site that may work: a kind with its options at an address, and what made us think so."""

    kind: str
    url: str
    why: str
    options: dict[str, Any] = field(default_factory=dict)
    rank: int = 0  # the order in which ways are tried: what the site itself announces first


# ── software ────────────────────────────────────────────────────────────────────────────────────

_MARKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "spip",
        re.compile(
            r'generator"[^>]{0,200}?SPIP|/spip\.php|spip_in\b|spip_logo|local/cache-(?:css|js|vignettes)', re.IGNORECASE
        ),
    ),
    ("wordpress", re.compile(r'generator"[^>]{0,200}?WordPress|/wp-(?:content|includes|json)/', re.IGNORECASE)),
    (
        "drupal",
        re.compile(r'generator"[^>]{0,200}?Drupal|/sites/(?:default|all)/|data-drupal-|drupalSettings', re.IGNORECASE),
    ),
    ("typo3", re.compile(r'generator"[^>]{0,200}?TYPO3|/typo3(?:temp|conf)/|/fileadmin/', re.IGNORECASE)),
    ("joomla", re.compile(r'generator"[^>]{0,200}?Joomla|/media/(?:jui|system)/js|option=com_', re.IGNORECASE)),
    (
        "plone",
        re.compile(
            r'generator"[^>]{0,200}?Plone|/\+\+(?:plone|resource|theme)\+\+|portal_css|data-portal-url', re.IGNORECASE
        ),
    ),
    ("liferay", re.compile(r"Liferay\.|/o/frontend-|p_p_id=", re.IGNORECASE)),
    ("jalios", re.compile(r"/jcms/|jalios", re.IGNORECASE)),
    ("inovagora", re.compile(r"inovagora|/Ressources/Flux|-actualites\.htm\b", re.IGNORECASE)),
    ("opendatasoft", re.compile(r"opendatasoft|/explore/dataset/", re.IGNORECASE)),
    ("rrma", re.compile(r'href="[^"]{0,200}/evenement/[^"/]{1,200}/"', re.IGNORECASE)),
)

_PLONE = "++api++/@search?portal_type=News+Item&portal_type=Event&sort_on=effective&sort_order=descending&fullobjects=1"

# Addresses that a software gives its feeds and calendars, tried when the page announces none.
_PATHS: dict[str, tuple[tuple[str, str], ...]] = {
    "spip": (("feed", "spip.php?page=backend"), ("feed", "?page=backend")),
    "wordpress": (
        ("feed", "feed/"),
        ("wordpress", "wp-json/wp/v2/posts?_embed=1&per_page=50"),
        ("events_calendar", "wp-json/tribe/events/v1/events?per_page=50"),
        ("ics", "events/?ical=1"),
    ),
    "drupal": (("feed", "rss.xml"),),
    "typo3": (("feed", "rss.xml"), ("feed", "?type=9818"), ("feed", "?type=100")),
    "joomla": (("feed", "?format=feed&type=rss"),),
    "plone": (
        ("plone", _PLONE),
        ("feed", "RSS"),
        ("feed", "actualites/RSS"),
    ),
    "liferay": (("feed", "rss"),),
    "jalios": (("feed", "rss"),),
    "inovagora": (("feed", "rss.xml"),),
}
_ANYWHERE: tuple[tuple[str, str], ...] = (
    ("feed", "feed/"), ("feed", "rss.xml"), ("feed", "rss"), ("feed", "atom.xml"), ("feed", "feed.xml"), ("feed", "flux.rss"),
    ("feed", "index.xml"), ("feed", "feeds/all.atom.xml"), ("sitemap", "sitemap-news.xml"), ("sitemap", "sitemap.xml"),
)  # fmt: skip


_EACH = 3  # candidates of one kind that a page announces alike


@dataclass(frozen=True, slots=True)
class Hints:
    """What one page says of its site: the software it shows signs of, the name it gives itself, ways of reading it that may
    work (`itself`: the address is no page but one of them), indexes of interfaces, and pages of news or agenda."""

    software: tuple[str, ...]
    name: str | None
    itself: tuple[Candidate, ...]
    candidates: tuple[Candidate, ...]
    indexes: tuple[Index, ...]
    lists: tuple[str, ...]


def look_at(page: Page, now: datetime) -> Hints:
    """Read a page for hints. Pure, and bounded but for what a hostile page may cost: run it in a worker."""
    html = decode(page.body, page.charset)
    itself = _of_itself(html, page.url)
    if itself:
        return Hints((), None, tuple(itself), (), (), ())
    tree = LexborHTMLParser(html)
    known = _software(html, page.url)
    candidates = _few(_announced(tree, html, page.url))
    if "spip" in known:
        candidates.append(Candidate("spip", page.url, "the site runs SPIP", {"pages": 3}, rank=5))
    else:
        candidates.append(Candidate("spip", page.url, "its lists are told by their landmarks", {"pages": 3}, rank=7))
    if "rrma" in known:
        candidates.append(Candidate("rrma", page.url, "the platform of the regional networks", rank=5))
    candidates += [
        Candidate("html", page.url, found.why, dict(found.options), rank=6)
        for found in listing.detect(html, page.url, seen=now)
    ]
    return Hints(
        known, _name(tree), (), tuple(candidates), tuple(_indexes(tree, page.url, known)), tuple(_lists(tree, page.url))
    )


def _few(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The first of each kind and rank: an agenda has a calendar file beside each event, a site a feed for each category."""
    counted: Counter[tuple[str, int]] = Counter()
    few = []
    for one in candidates:
        counted[one.kind, one.rank] += 1
        if counted[one.kind, one.rank] <= _EACH:
            few.append(one)
    return few


def _software(html: str, url: str) -> tuple[str, ...]:
    marks = (one for one in _MARKS if one[0] != "rrma" or "Organisateur" in html)
    return tuple(name for name, mark in marks if mark.search(html[:400_000]) or mark.search(f'href="{url}"'))


def _of_itself(text: str, url: str) -> list[Candidate]:
    start = text[:2_000].lstrip("\ufeff \r\n\t")
    if start.startswith("BEGIN:VCALENDAR"):
        return [Candidate("ics", url, "the address is a calendar")]
    if re.match(r"(?:<\?xml[^>]*>\s*(?:<!--.*?-->\s*|<\?.*?\?>\s*)*)?<(?:rss|feed|rdf:RDF)\b", start, re.DOTALL):
        return [Candidate("feed", url, "the address is a feed")]
    if re.match(r"(?:<\?xml[^>]*>\s*)?<(?:urlset|sitemapindex)\b", start):
        return [Candidate("sitemap", url, "the address is a sitemap")]
    if start.startswith(("{", "[")):
        return [
            Candidate(kind, url, "the address is an interface for machines", rank=n)
            for n, kind in enumerate(
                ("feed", "wordpress", "events_calendar", "opendatasoft", "openagenda", "plone", "drupal")
            )
        ]
    return []


# ── what the page announces ─────────────────────────────────────────────────────────────────────

_FEED_TYPES = {
    "application/rss+xml": "feed", "application/atom+xml": "feed", "application/feed+json": "feed", "application/rdf+xml": "feed",
    "text/calendar": "ics",
}  # fmt: skip
_FEED_LINK = re.compile(
    r"(?:\.(?:rss|atom|rdf)|/(?:feed|rss|atom)(?:\.xml)?/?|page=backend[\w-]*|format=feed|feed\.json)(?:[?#&]|$)",
    re.IGNORECASE,
)
_ICS_LINK = re.compile(r"\.ics(?:[?#]|$)|[?&]ical=1|/ical/", re.IGNORECASE)
_COMMENTS = re.compile(r"comment", re.IGNORECASE)
_LISTS = re.compile(
    r"actu|news|agenda|evenement|rendez vous|calendrier|manifestation|communique|publication", re.IGNORECASE
)


def _announced(tree: LexborHTMLParser, html: str, url: str) -> Iterator[Candidate]:
    """The ways of reading that a page announces: alternates, linked feeds and calendars, embeds, interfaces."""
    for node in tree.css("link[rel~=alternate][href]"):
        media = (node.attributes.get("type") or "").split(";")[0].strip().lower()
        found = _FEED_TYPES.get(media)
        target = _at(node.attributes.get("href"), url)
        if found and target:
            late = 20 if _COMMENTS.search(target + (node.attributes.get("title") or "")) else 0
            yield Candidate(found, target, f"the page announces it ({media})", rank=1 + late)
    for root in _rest(tree, url):
        posts = _route(root, "wp/v2/posts", "_embed=1&per_page=50")
        yield Candidate("wordpress", posts, "the page announces its WordPress interface", rank=3)
        if "tribe" in html:
            events = _route(root, "tribe/events/v1/events", "per_page=50")
            yield Candidate("events_calendar", events, "the page uses The Events Calendar", rank=3)
    for node in tree.css("a[href]"):
        link = (node.attributes.get("href") or "").strip()
        calendar = link.lower().startswith(("webcal://", "webcals://"))
        target = _at("https://" + link.partition("://")[2] if calendar else link, url)
        if target is None:
            continue
        if calendar:
            yield Candidate("ics", target, "a link to subscribe to a calendar", rank=1)
        elif _ICS_LINK.search(target) and _same_site(target, url):
            yield Candidate("ics", target, "a link to a calendar", rank=2)
        elif _FEED_LINK.search(target) and _same_site(target, url) and not _COMMENTS.search(target):
            yield Candidate("feed", target, "a link to a feed", rank=2)
    yield from _embedded(tree, html, url)
    if "application/ld+json" in html or "schema.org" in html or "h-event" in html or "vevent" in html:
        yield Candidate("jsonld", url, "the page describes things for machines", rank=5)


def _rest(tree: LexborHTMLParser, url: str) -> list[str]:
    """The roots of WordPress interfaces that a page announces: https://…/wp-json/, or …/index.php?rest_route=/."""
    links = (_at(node.attributes.get("href"), url) for node in tree.css("link[rel='https://api.w.org/'][href]"))
    return list(dict.fromkeys(link for link in links if link))


def _route(root: str, path: str, query: str = "") -> str:
    if "rest_route=" in root:
        return f"{root.rstrip('/')}/{path}" + (f"&{query}" if query else "")
    return f"{root.rstrip('/')}/{path}" + (f"?{query}" if query else "")


# ── what an interface lists ─────────────────────────────────────────────────────────────────────

_EVENTS = re.compile(r"event|evenement|agenda|manifestation|rendez.?vous|rdv", re.IGNORECASE)
_WANTED = re.compile(
    r"actu|news|article|event|evenement|agenda|manifestation|communique|rendez.?vous|rdv", re.IGNORECASE
)
Index = tuple[str, str]  # an address at which software lists what it has, and the software


def _indexes(tree: LexborHTMLParser, url: str, known: Iterable[str]) -> list[Index]:
    root = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/"
    found = [(_route(one, "wp/v2/types"), "wordpress") for one in _rest(tree, url)]
    if "drupal" in known:
        found.append((urljoin(root, "jsonapi"), "drupal"))
    if "opendatasoft" in known:
        found.append((urljoin(root, "api/explore/v2.1/catalog/datasets?limit=100"), "opendatasoft"))
    return found


def of_index(software: str, text: str, url: str) -> list[Candidate]:
    """Give the ways of reading that an index names (`Hints.indexes`)."""
    readers = {"wordpress": _wordpress_types, "drupal": _drupal_types, "opendatasoft": _datasets}
    return list(readers[software](text, url))


def _wordpress_types(text: str, url: str) -> Iterator[Candidate]:
    """Types of a site's own: events, news that are no posts (those are announced already)."""
    for name, said in _table(_json(text)).items():
        base = _table(said).get("rest_base")
        if (
            name == "post"
            or not isinstance(base, str)
            or not re.fullmatch(r"[\w-]+", base)
            or not _WANTED.search(f"{name} {base}")
        ):
            continue
        options = {"kind": "event"} if _EVENTS.search(f"{name} {base}") else {}
        posts = _route(url.removesuffix("wp/v2/types"), f"wp/v2/{base}", "_embed=1&per_page=50")
        yield Candidate("wordpress", posts, f"WordPress has the type {name}", options, rank=3)


def _drupal_types(text: str, url: str) -> Iterator[Candidate]:
    for name, said in _table(_table(_json(text)).get("links")).items():
        target = _table(said).get("href") if isinstance(said, dict) else said
        link = _at(target, url) if isinstance(target, str) else None
        if name.startswith("node--") and link and _WANTED.search(name):
            yield Candidate(
                "drupal", f"{link}?sort=-created&page%5Blimit%5D=50", f"Drupal opens {name} as JSON:API", rank=3
            )


def _datasets(text: str, url: str) -> Iterator[Candidate]:
    results = _table(_json(text)).get("results")
    for one in results if isinstance(results, list) else ():
        name = _table(one).get("dataset_id")
        if (
            isinstance(name, str)
            and re.fullmatch(r"[\w@.-]+", name)
            and re.search("agenda|evenement|event|manifestation", name)
        ):
            records = urljoin(url, f"/api/explore/v2.1/catalog/datasets/{name}/records?limit=100")
            yield Candidate("opendatasoft", records, "a dataset of the open-data portal", rank=4)


def refined(one: Candidate, text: str) -> Candidate:
    """Give a candidate with the options that its page asks for: of Drupal, the field that dates events."""
    if one.kind != "drupal":
        return one
    data = _table(_json(text)).get("data")
    for item in data if isinstance(data, list) else ():
        for name, value in _table(_table(item).get("attributes")).items():
            day = (
                _table(value).get("value")
                if isinstance(value, dict)
                else value[0].get("value")
                if _many(value)
                else value
            )
            if (
                name.startswith("field_")
                and "date" in name
                and isinstance(day, str)
                and re.match(r"\d{4}-\d\d-\d\d", day)
            ):
                return replace(one, options={**one.options, "date": name})
    return one


def _many(value: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


# ── what a page embeds ──────────────────────────────────────────────────────────────────────────


_OPENAGENDA = "relative%5B%5D=current&relative%5B%5D=upcoming&size=100&detailed=1&longDescriptionFormat=HTML"


def _embedded(tree: LexborHTMLParser, html: str, url: str) -> Iterator[Candidate]:
    for node in tree.css("iframe[src]"):
        source = urlsplit(_at(node.attributes.get("src"), url) or "")
        if source.hostname == "calendar.google.com":
            for calendar in parse_qs(source.query).get("src", []):
                address = f"https://calendar.google.com/calendar/ical/{quote(calendar, safe='')}/public/basic.ics"
                yield Candidate("ics", address, "an embedded Google calendar", rank=2)
    for uid in dict.fromkeys(re.findall(r"openagenda\.com/(?:[a-z]{2}/)?(?:agendas|embeds)/(\d{4,12})", html)):
        yield Candidate(
            "openagenda",
            f"https://openagenda.com/agendas/{uid}/events.v2.json?{_OPENAGENDA}",
            "an embedded OpenAgenda",
            rank=2,
        )
    for host, name in dict.fromkeys(
        re.findall(r"https://([\w.-]+)/(?:api/)?explore/(?:embed/)?dataset/([\w-]+)", html)
    ):
        records = f"https://{host}/api/explore/v2.1/catalog/datasets/{name}/records?limit=100"
        yield Candidate("opendatasoft", records, "a dataset of an open-data portal", rank=4)


def usual(url: str, known: tuple[str, ...]) -> Iterator[Candidate]:
    """Give the addresses that the software of a site, or any site, usually gives its feeds."""
    root = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/"
    for name in known:
        for kind, path in _PATHS.get(name, ()):
            yield Candidate(kind, urljoin(root, path), f"{name} usually has it", rank=6)
    for kind, path in _ANYWHERE:
        yield Candidate(kind, urljoin(root, path), "many sites have it", rank=8)


# A page of a list, what is over, what is for machines or no page: not where a list begins.
_NOT_A_LIST = re.compile(
    r"[?&/](?:debut_\w+|paged?|start|offset|limitstart|tx_\w+%5B\w*page\w*%5D)[=/]\d|mode=past|archives?\b|/pass[ée]|\.(?:pdf|jpe?g|png|zip|ics|rss|xml)$|/feed/?$|page=backend",
    re.IGNORECASE,
)
_PAGING = re.compile(r"\?debut_\w+=\d+$")  # SPIP's: the list itself stands before it
_AGENDA = re.compile(r"agenda|evenement|event|calendrier|manifestation|rendez vous")
_SHORT = 5  # words of a link that names a list; articles have titles


def _lists(tree: LexborHTMLParser, url: str) -> list[str]:
    """The pages of the same site that its links call news or agenda, the most telling first, news and agenda in turn."""
    found: dict[str, int] = {}
    for node in tree.css("a[href]"):
        target = _PAGING.sub("", (_at(node.attributes.get("href"), url) or "").split("#")[0])
        words, path = fold(node.text()), urlsplit(target).path
        if not target or not _same_site(target, url) or target == url.split("#")[0] or _NOT_A_LIST.search(target):
            continue
        said = _LISTS.search(words) is not None and len(words.split()) <= _SHORT
        named = _LISTS.search(fold(path.replace("/", " "))) is not None
        if (said or (named and len(words.split()) <= _SHORT)) and path.count("/") <= 4:
            score = 3 * said + named + (path.count("/") <= 2) - ("?" in target) - len(words.split())
            found[target] = max(score, found.get(target, -99))
    each = sorted(found, key=lambda target: (-found[target], len(target)))
    agenda = [one for one in each if _AGENDA.search(fold(urlsplit(one).path.replace("/", " ")))]
    news = [one for one in each if one not in agenda]
    return [one for pair in zip_longest(news, agenda) for one in pair if one is not None]


def _at(link: str | None, base: str) -> str | None:
    return absolute(link.strip(), base) if link and link.strip() else None


def _same_site(one: str, other: str) -> bool:
    ours, theirs = ((urlsplit(u).hostname or "").removeprefix("www.") for u in (one, other))
    return ours == theirs or ours.endswith("." + theirs) or theirs.endswith("." + ours)


_GENERIC = re.compile(
    r"(?:page d )?accueil|bienvenue.*|home(?:page)?|(?:le )?site (?:officiel|internet|web).*|(?:toute?s? (?:les? |l )?)?(?:actu\w*|news|agenda|evenements?|blog)(?: \w+)?|index"
)


def _name(tree: LexborHTMLParser) -> str | None:
    """The name that a site gives itself: og:site_name, else the part of its title that names no page."""
    node = tree.css_first("meta[property='og:site_name'][content]")
    if node is not None and (node.attributes.get("content") or "").strip():
        return clean(node.attributes.get("content") or "")[:100]
    title = tree.css_first("title")
    parts = [clean(part) for part in re.split(r"\s[|–—·:-]\s", title.text() if title else "") if part.strip()]
    named = [part for part in parts if not _GENERIC.fullmatch(fold(part))]
    return (named or parts)[-1][:100] if parts else None
