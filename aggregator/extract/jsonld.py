"""Pages that describe their events and articles for machines: JSON-LD, microdata, microformats."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape, unescape
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from aggregator.errors import NothingFound
from aggregator.extract import microdata, microformats, schema_org
from aggregator.extract.dom import base_of, parse, resolve
from aggregator.model import Extracted, Limits, Page, RawItem

MAX_SCRIPT = 3_000_000  # characters of one JSON-LD block
MAX_SALVAGE = 100  # objects tried one by one in a broken block
MAX_WORDS = 50  # things left out that are told one by one

# A string (its end may be missing), a comment, or a comma before a closing bracket.
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"?|/\*(?:[^*]|\*(?!/))*(?:\*/)?|//[^\n]*|,(?=\s*[}\]])', re.DOTALL)
_OBJECT = re.compile(r'\{\s*"@(?:type|context|id)"')
_DECODER = json.JSONDecoder(strict=False)  # raw line breaks in strings are the commonest fault of all


@dataclass(frozen=True, slots=True)
class JsonLd:
    """The kind `jsonld`: schema.org's Event and Article (JSON-LD or microdata), hCalendar, h-event, h-entry."""

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Give each event and article that the page describes for machines, once, with its dates as written.

        What is described in several syntaxes is taken from JSON-LD, then microdata, then microformats. `more`: the
        page that rel=next names.

        Raises:
            NothingFound: the page describes none.
            ExtractError: the page nests too deep to be read.
        """
        source = page.text or page.body.decode("utf-8", "replace")
        told: list[str] = []
        if page.content_type in ("application/ld+json", "application/json"):
            tree, scripts = parse(""), [source]
        else:
            tree = parse(source)
            scripts = [
                node.text(deep=True)
                for node in tree.css("script[type]")
                if (node.attributes.get("type") or "").strip().lower().startswith("application/ld+json")
            ]
        base = base_of(tree, page.url)
        syntaxes = (_from_json(scripts, told), _from_microdata(tree), microformats.items_of(tree))
        items = [replace(item, base=base) if base else item for item in _once(syntaxes, page.url, base, told)]
        if not items:
            raise NothingFound(
                "no schema.org Event or Article (JSON-LD, microdata), no hCalendar, h-event or h-entry in the page"
                + "".join(f"; {words}" for words in told[:3])
            )
        if len(items) > limits.items:
            told.append(f"{len(items)} items: the first {limits.items} are kept")
        if len(told) > MAX_WORDS:
            told[MAX_WORDS:] = [f"and {len(told) - MAX_WORDS} more"]
        return Extracted(tuple(items[: limits.items]), more=_next(tree, page.url, base), left_out=tuple(told))


def _next(tree: LexborHTMLParser, url: str, base: str | None) -> tuple[str, ...]:
    found = (resolve(url, base, node.attributes.get("href") or "") for node in tree.css('[rel~="next" i][href]'))
    return tuple(dict.fromkeys(link for link in found if link and link != url))[:1]


def _from_microdata(tree: LexborHTMLParser) -> list[RawItem]:
    items = []
    for node in schema_org.nodes_in(microdata.nodes_of(tree)):
        item = schema_org.item_of(node, {})
        if item and item.content:  # one markup for all: the words of elements become HTML like the body
            title, summary = (escape(words, quote=False) if words else None for words in (item.title, item.summary))
            item = replace(item, title=title, summary=summary)
        if item:
            items.append(item if item.content else replace(item, markup="text"))
    return items


# ── JSON as found in the wild ───────────────────────────────────────────────────────────────────


def _from_json(scripts: Iterable[str], told: list[str]) -> list[RawItem]:
    values: list[Any] = []
    for number, script in enumerate(scripts, 1):
        if len(script) > MAX_SCRIPT:
            told.append(f"JSON-LD block {number} holds {len(script)} characters: not read")
            continue
        found, problem = _values(script)
        values += found
        if problem:
            told.append(f"JSON-LD block {number} is broken ({problem}): {len(found)} of its objects could be read")
    nodes = list(schema_org.nodes_in(values))
    index = schema_org.index_of(nodes)
    return [item for node in nodes if (item := schema_org.item_of(node, index)) is not None]


def _values(script: str) -> tuple[list[Any], str | None]:
    """The JSON values of a block, and in words what is wrong with it when not all could be read."""
    text = re.sub(r"<!\[CDATA\[|\]\]>|<!--|-->", "", script.replace("\ufeff", "")).strip()
    if not text:
        return [], None
    problem = None
    for attempt in (text, _mended(text), _mended(unescape(text)) if "&quot;" in text or "&#" in text else None):
        if attempt is None:
            continue
        values, wrong = _sequence(attempt)
        if wrong is None:
            return values, None
        problem = problem or wrong
    return _salvaged(_mended(text)), problem


def _sequence(text: str) -> tuple[list[Any], str | None]:
    """One JSON value or several, one after the other (`{…}{…}`, `{…};`)."""
    values: list[Any] = []
    start = re.search(r"[{\[]", text)
    at = start.start() if start else len(text)
    try:
        while at < len(text):
            value, at = _DECODER.raw_decode(text, at)
            values.append(value)
            following = re.compile(r"[\s;,*/]*").match(text, at)
            at = following.end() if following else at
    except (ValueError, RecursionError) as error:
        return values, str(error)[:100]
    return values, None if values else "no JSON object in it"


def _mended(text: str) -> str:
    """JSON without trailing commas, comments and the backslashes that PHP's addslashes leaves (`l\\'été`)."""

    def token(found: re.Match[str]) -> str:
        words = found[0]
        if words[0] != '"':
            return ""
        return re.sub(r"\\(.)", lambda pair: pair[0] if pair[1] in '"\\/bfnrtu' else pair[1], words, flags=re.DOTALL)

    return _TOKEN.sub(token, text)


def _salvaged(text: str) -> list[Any]:
    """The objects of a broken block that can be read by themselves."""
    values: list[Any] = []
    done = 0
    for start in list(_OBJECT.finditer(text))[:MAX_SALVAGE]:
        if start.start() < done:
            continue
        try:
            value, done = _DECODER.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            continue
        values.append(value)
    return values


# ── each thing once ─────────────────────────────────────────────────────────────────────────────


def _once(syntaxes: Sequence[list[RawItem]], url: str, base: str | None, told: list[str]) -> list[RawItem]:
    """The items of all syntaxes; one that an earlier syntax describes too gives that one its link at most."""
    kept: list[RawItem] = []
    for items in syntaxes:
        same = _Earlier(kept, url, base)
        exact: set[tuple[str | None, ...]] = set()
        for item in items:
            facts = (item.kind, item.title, item.start, item.end, item.url)
            if not item.title and not item.start:
                if item.url or item.summary:
                    told.append(f"an item without title or date: {item.url or (item.summary or '')[:80]!r}")
            elif (number := same.find(item)) is not None:
                kept[number] = replace(kept[number], url=kept[number].url or item.url)
            elif facts not in exact:
                exact.add(facts)
                kept.append(item)
    return kept


class _Earlier:
    """The items of earlier syntaxes, by link and by title."""

    def __init__(self, kept: Sequence[RawItem], url: str, base: str | None) -> None:
        self._page = (url, base)
        links = [_link(item, url, base) for item in kept]
        times = Counter(links)
        # What several share (their list's own address) names none of them.
        self._links = {link: number for number, link in enumerate(links) if link and times[link] == 1}
        self._titles: dict[str, list[tuple[str, int]]] = {}
        for number, item in enumerate(kept):
            if item.title:
                self._titles.setdefault(_title(item), []).append((_digits(item), number))

    def find(self, item: RawItem) -> int | None:
        """The number of the item that is the same thing: same link, or same title and start."""
        number = self._links.get(_link(item, *self._page) or "")
        if number is not None or not item.title:
            return number
        start = _digits(item)
        return next((n for other, n in self._titles.get(_title(item), ()) if _agree(start, other)), None)


def _link(item: RawItem, url: str, base: str | None) -> str | None:
    """Where an item is, folded to compare."""
    link = resolve(url, base, item.url) if item.url else None
    return re.sub(r"^https?://(www\.)?|/$", "", link) + (item.url or "").partition("#")[2] if link else None


def _title(item: RawItem) -> str:
    return " ".join(unescape(re.sub(r"<[^<>]*>", "", item.title or "")).replace("’", "'").casefold().split())


def _digits(item: RawItem) -> str:
    return re.sub(r"\D", "", item.start or "")[:12] if item.kind == "event" else ""


def _agree(one: str, other: str) -> bool:
    """Whether two starts (digits down to the minute, or the day) may be the same one, written in two ways."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
