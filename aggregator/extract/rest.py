"""What the readers of JSON answers share: the list an answer promises, and its values as text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from html import escape, unescape
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote_plus, urljoin

from aggregator.errors import ExtractError
from aggregator.extract.feed_item import ILLEGAL, distinct
from aggregator.model import Page, RawItem

MAX_WORDS = 50  # things left out that are told one by one
MAX_DATES = 100  # of one event
MAX_PARTS = 20  # of one place
BEFORE = timedelta(days=30)  # past dates of an event of several that are kept

Facts = Mapping[str, Any]
One = Callable[[Facts], Iterable[RawItem] | str]  # the items of an entry, or why there are none

_HTML = re.compile(r"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype|html|head|body|\?xml|br|b>)", re.IGNORECASE | re.DOTALL)
_NOTICES = re.compile(r"<br ?/?>\s*(?=[\[{])")
_DECODER = json.JSONDecoder()
_TITLE = re.compile(r"<title[^>]*>([^<]{1,300})", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d{1,3}(?:\.\d+)?")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8}\d{0,2});")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def whole(pages: int) -> int:
    """Give `pages` back where it is a number of pages.

    Raises:
        ValueError: it is none.
    """
    if isinstance(pages, bool) or not isinstance(pages, int) or pages < 1:
        raise ValueError(f"pages: {pages!r} is not a number of pages (1 or more)")
    return pages


# ── an answer ───────────────────────────────────────────────────────────────────────────────────


def answer(page: Page, promise: str, step: str) -> Any:
    """Give the JSON of a page. `promise`: what is looked for there; `step`: what to try when something else is.

    PHP's notices before it, and the comments that caches write after it, are read over.

    Raises:
        ExtractError: it is no JSON.
    """
    text = (page.text or page.body.decode("utf-8", "replace")).lstrip("\ufeff \t\r\n")
    if text.startswith("<br") and (notices := _NOTICES.search(text[:20_000])):
        text = text[notices.end() :]
    if text[:1] not in ("{", "["):
        title = _TITLE.search(text[:20_000])
        found = "an HTML page" if _HTML.match(text[:1_000]) else f"{text[:60]!r}" if text else "nothing"
        named = f" titled « {' '.join(unescape(title[1]).split())} »" if title else ""
        raise ExtractError(f"{page.url} answers {found}{named}, not {promise}: {step}")
    try:
        found, end = _DECODER.raw_decode(text)
        if text[end:].strip() and not text[end:].lstrip().startswith("<!--"):
            raise ValueError(f"after it stands {text[end : end + 40].strip()!r}")
    except (ValueError, RecursionError) as error:  # ValueError also for numbers of more than 4 300 digits
        raise ExtractError(f"{page.url} answers what begins like JSON and is not ({error}): {step}") from error
    return found


def refused(page: Page, found: object, promise: str, step: str) -> ExtractError:
    """Give the error of an answer that is not what is promised, in the answer's own words where it has some."""
    said = found
    if isinstance(said, dict) and isinstance(errors := said.get("errors"), list) and errors:
        said = errors[0]  # JSON:API
    words: Iterable[str] = ()
    if isinstance(said, dict):
        words = distinct(
            text(said.get(name))
            for name in ("code", "error_code", "status", "type", "error", "title", "message", "detail")
        )
    holds = "; ".join(word[:200] for word in words)
    if not holds:
        names = ", ".join(f"{key:.40}" for key in list(said)[:8]) if isinstance(said, dict) else ""
        holds = f"found {names}" if names else f"found a JSON {type(said).__name__}"
    return ExtractError(f"{page.url} answers JSON, but not {promise} ({holds}): {step}")


def collect(rows: Sequence[object], one: One, most: int) -> tuple[tuple[RawItem, ...], tuple[str, ...]]:
    """Give the items of the rows, at most `most`, and in words what was left out."""
    items: list[RawItem] = []
    told: list[str] = []
    for number, row in enumerate(rows):
        if len(items) >= most:
            told.append(f"{len(rows) - number} entries beyond the first {most} items")
            break
        found = one(row) if isinstance(row, dict) else f"an entry is no object: {text(row) or type(row).__name__!s:.80}"
        if isinstance(found, str):
            told.append(found)
        else:
            items.extend(found)
    if len(items) > most:
        told.append(f"{len(items) - most} dates beyond the first {most} items")
    if len(told) > MAX_WORDS:
        told[MAX_WORDS:] = [f"and {len(told) - MAX_WORDS} more"]
    return tuple(items[:most]), tuple(told)


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def facts(value: object) -> Facts:
    """Give an object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def each(value: object) -> list[Any]:
    """Give a list as it is, nothing as an empty one, anything else as a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def text(value: object) -> str | None:
    """Give a string, or a number as one, trimmed and without the characters XML forbids; None when it says nothing."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    return ILLEGAL.sub("", value).strip() or None if isinstance(value, str) else None


def html(value: object) -> str | None:
    """Give plain text as an HTML fragment that reads the same. What stands there as HTML writes it (l&#039;été) is not shown so."""
    words = _ENTITY.sub(lambda found: unescape(found[0]), text(value) or "")
    return escape(words, quote=False).replace("\r\n", "\n").replace("\n", "<br>") if words else None


def short(value: object) -> str:
    """Give what names an entry in a sentence."""
    words = " ".join(unescape(re.sub(r"<[^<>]{0,200}>", "", text(value) or "")).split())
    return f"« {words[:79] + '…' if len(words) > 80 else words} »" if words else "an entry without title"


def geo(latitude: object, longitude: object) -> str | None:
    """Give coordinates as "48.85;2.35"; None unless both are numbers."""
    both = [text(latitude), text(longitude)]
    return ";".join(one or "" for one in both) if all(one and _NUMBER.fullmatch(one) for one in both) else None


def prose(value: object) -> str | None:
    """Give a long text as an HTML fragment: as it is where it has tags, else as plain text."""
    words = text(value)
    return words if words and re.search(r"</?[a-zA-Z][^<>]{0,500}>", words) else html(words)


def line(*parts: object) -> str | None:
    """Give a place in one line, its parts as written, a post code before its town: « Salle Nougaro, 31000 Toulouse ».

    What a part says already is not said twice: an address often holds the name before it, or the town after it.
    """
    said: list[str] = []
    for words in islice(filter(None, map(text, parts)), MAX_PARTS):
        said.append(f"{said.pop()} {words}" if said and re.fullmatch(r"\d{4,6}", said[-1]) else words)
    kept: list[str] = []
    for words in said:
        folded = words.casefold()
        pieces = [piece.strip().casefold() for other in kept for piece in other.split(",")]
        if any(piece == folded or re.search(rf"(?:^|\s)\d{{4,6}}\s+{re.escape(folded)}$", piece) for piece in pieces):
            continue
        if folded[:1].isdigit() and any(piece.endswith(f" {folded}") for piece in pieces):
            continue
        kept = [other for other in kept if not folded.startswith(other.casefold() + ",")] + [words]
    return ", ".join(kept) or None


# ── OpenAgenda's values, which open-data portals pass on ────────────────────────────────────────

_STATUSES = {
    "1": "EventScheduled",
    "2": "EventRescheduled",
    "3": "EventMovedOnline",
    "4": "EventPostponed",
    "6": "EventCancelled",
}


def status(value: object) -> str | None:
    """Give OpenAgenda's status (1, "6", {"id": 4, …}, or that as a JSON text) in schema.org's words; 5 is « complet »."""
    value = decoded(value)
    said = text(value.get("id")) if isinstance(value, dict) else text(value)
    return _STATUSES.get(said, None if said.isdigit() else said) if said else None


def timings(value: object) -> list[tuple[str, str | None]]:
    """Give starts and ends as written: of [{"begin": …, "end": …}], of that as a JSON text, or of Paris's « start_end;start_end »."""
    value = decoded(value)
    if isinstance(value, str):
        pairs = [piece.strip().partition("_") for piece in value.split(";")]
        return [
            (start, end or None) for start, _, end in pairs if _ISO_DAY.match(start)
        ]  # « 3 », « tous les jours »: none
    said = [(text(one.get("begin")), text(one.get("end"))) for one in each(value) if isinstance(one, dict)]
    return [(begin, end) for begin, end in said if begin]


def decoded(value: object) -> Any:
    """Give what a JSON text says, anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def occurrences(item: RawItem, when: list[tuple[str, str | None]], page: Page) -> tuple[RawItem, ...]:
    """Give an event once for each of its dates: at most MAX_DATES, without those of more than a month ago if others are left."""
    oldest = (page.fetched_at - BEFORE).date().isoformat()
    kept = ([pair for pair in when if not _before(pair[1] or pair[0], oldest)] or when[-1:])[:MAX_DATES]
    words = item.when if len(when) == 1 else None  # the words speak of all dates together
    return tuple(replace(item, start=start, end=end, when=words) for start, end in kept) or (item,)


def _before(moment: str, day: str) -> bool:
    return _ISO_DAY.match(moment) is not None and moment[:10] < day


# ── addresses ───────────────────────────────────────────────────────────────────────────────────


def query(url: str, name: str) -> str | None:
    """Give the first value of a parameter of an address; None when it has no such one."""
    for piece in url.partition("#")[0].partition("?")[2].split("&"):
        key, _, value = piece.partition("=")
        if unquote_plus(key) == name:
            return unquote_plus(value)
    return None


def number(url: str, name: str, default: int) -> int:
    """Give a parameter of an address that is a whole number, else `default`."""
    said = query(url, name) or ""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else default


def with_query(url: str, **values: int) -> str:
    """Give an address with other values of some parameters; the others stay as they are spelled."""
    path, _, pieces = url.partition("#")[0].partition("?")
    kept = [piece for piece in pieces.split("&") if piece and unquote_plus(piece.partition("=")[0]) not in values]
    return path + "?" + "&".join([*kept, *(f"{quote(name)}={value}" for name, value in values.items())])


def linked(page: Page, link: object) -> Iterator[str]:
    """Give the address of a further page that an answer names: none unless it is another one, on the same host (www. or not)."""
    said = text(link)
    try:
        url = urljoin(page.url, said) if said else ""
    except ValueError:  # "http://["
        return
    if url and url != page.url and _host(url) == _host(page.url):
        yield url


def _host(url: str) -> str:
    return "/".join(url.split("/", 3)[2:3]).lower().removeprefix("www.")
