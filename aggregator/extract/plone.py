"""Plone's REST API (https://plonerestapi.readthedocs.io/en/latest/endpoints/searching.html)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aggregator.errors import NothingFound
from aggregator.extract.feed_item import distinct
from aggregator.extract.rest import (
    Facts,
    answer,
    collect,
    each,
    facts,
    html,
    linked,
    number,
    prose,
    query,
    refused,
    short,
    text,
    whole,
)
from aggregator.model import Extracted, Limits, Page, RawAttachment, RawItem

_PROMISE = "what Plone's @search finds"
_STEP = (
    "take https://SITE/@search?portal_type=News%20Item&portal_type=Event&sort_on=effective&sort_order=descending&fullobjects=1 "
    "(https://SITE/++api++/@search on a site of Volto); where that is closed, try kind: feed with RSS at the end of a folder's address"
)
# States of Plone's own workflows in which a page is not, or not yet, for everybody.
_HIDDEN = frozenset(
    "private pending pending_private draft internal internally_published rejected retracted archived".split()
)
_STRUCTURE = frozenset(
    ("Plone Site", "Folder", "Large Folder", "Collection", "Topic", "File", "Image", "Subsite", "LRF")
)
_DAY_BEGINS = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00(?:Z|[+-]00:?00)?")
_DAY_ENDS = re.compile(r"(\d{4}-\d\d-\d\d)T23:59:59(?:Z|[+-]00:?00)?")
_MOST_BLOCKS = 500  # of one page
_UNSET = (
    "1969-12-3",
    "1970-01-01",
    "2499-12-31",
    "None",
)  # Plone's first and last day stand for a date that was never set


@dataclass(frozen=True, slots=True)
class Plone:
    """The kind `plone`: the news and events that @search lists; at most `pages` pages are read.

    Ask with `fullobjects=1`, or name `metadata_fields`: without, an item is a title, a description and a link. An event that
    recurs is listed with its first date; kind ics with @@ics_view at the end of its folder's address gives them all.

    Raises:
        ValueError: `pages` is not a number of pages.
    """

    pages: int = field(default=2, metadata={"help": "how many pages of the list are read at most"})

    def __post_init__(self) -> None:
        whole(self.pages)

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Give each published item, texts as HTML, times as written. What has a start is an event.

        Only the effective date says when something was published: modification and creation never stand in for it. Folders,
        files and pictures are left out unless the address asks for their `portal_type`.

        Raises:
            ExtractError: the answer is not a search's (NothingFound: it found nothing).
        """
        found = answer(page, _PROMISE, _STEP)
        rows = found.get("items") if isinstance(found, dict) else None
        if not isinstance(rows, list):
            raise refused(page, found, _PROMISE, _STEP)
        if not rows and not number(page.url, "b_start", 0):
            raise NothingFound(f"{page.url} finds nothing: {_STEP}")
        asked = query(page.url, "portal_type") is not None
        items, told = collect(rows, lambda row: _item(row, asked), max(limits.items, limits.events))
        more = tuple(linked(page, facts(found.get("batching")).get("next"))) if self.pages > 1 else ()
        return Extracted(items, more, left_out=told)


def _item(row: Facts, asked: bool) -> list[RawItem] | str:
    title = html(row.get("title")) or html(row.get("Title"))
    kind = text(row.get("@type")) or text(row.get("portal_type"))
    if kind in _STRUCTURE and not asked:
        return f"{short(title)} is a {kind}"
    state = text(row.get("review_state"))
    if state in _HIDDEN:
        return f"{short(title)} is not published (review_state: {state})"
    start, end = _period(row)
    link = _address(row)
    return [
        RawItem(
            kind="event" if start or kind == "Event" else "news",
            native_id=_said(row, "UID"),
            url=link,
            base=link,
            title=title,
            summary=html(row.get("description")) or html(row.get("Description")),
            content=_body(row),
            published=_date(row, "effective") or _date(row, "EffectiveDate"),
            updated=_date(row, "modified") or _date(row, "ModificationDate"),
            start=start,
            end=end,
            tz=_said(row, "timezone"),
            location=html(_said(row, "location")),
            organiser=html(_said(row, "contact_name")),
            language=_said(row, "language") or _said(row, "Language"),
            categories=distinct(html(word) for word in each(row.get("subjects") or row.get("Subject"))),
            attachments=tuple(_image(row)),
        )
    ]


def _said(row: Facts, name: str) -> str | None:
    """A text, or the name of a term ({"token": …, "title": …}); catalogs say "None" for nothing."""
    value = row.get(name)
    words = text(value.get("token")) if isinstance(value, dict) else text(value)
    return None if words == "None" else words


def _date(row: Facts, name: str) -> str | None:
    said = _said(row, name)
    return None if said is None or said.startswith(_UNSET) else said


def _period(row: Facts) -> tuple[str | None, str | None]:
    """Start and end as written. Plone writes whole days from 00:00:00 to 23:59:59, as days where its own zone is UTC.

    An event that has no end (`open_end`) is written to 23:59:59 of its day, and lists do not say that it has none.
    """
    start, end = _date(row, "start"), _date(row, "end")
    if start is None or end is None:
        return start, end
    first, last = _DAY_BEGINS.fullmatch(start), _DAY_ENDS.fullmatch(end)
    if first and last:
        return first[1], last[1]
    if row.get("open_end") is True and row.get("whole_day") is not True:
        return start, None
    return start, None if _made_up(start, end) and row.get("whole_day") is not True else end


def _made_up(start: str, end: str) -> bool:
    """Whether an end is the last second of a day, and not of whole days (but for the hour by which clocks change)."""
    try:
        last = datetime.fromisoformat(end)
        over = (last - datetime.fromisoformat(start) + timedelta(seconds=1)) % timedelta(days=1)
    except (ValueError, TypeError, OverflowError):
        return False
    days = over <= timedelta(hours=1) or over >= timedelta(hours=23)
    return not days and (last.minute, last.second) == (59, 59)


def _address(row: Facts) -> str | None:
    """Where people read it: what a site of Volto answers to programs names its own doorway."""
    found = text(row.get("@id")) or text(row.get("getURL"))
    return found.replace("/++api++/", "/", 1) if found else None


def _body(row: Facts) -> str | None:
    """The text: HTML whatever its `content-type`, which is that of what was typed; on a site of Volto, its blocks of words."""
    value = row.get("text")
    said = text(value.get("data")) if isinstance(value, dict) else prose(value)
    blocks = facts(row.get("blocks"))
    order = [
        name for name in each(facts(row.get("blocks_layout")).get("items"))[:_MOST_BLOCKS] if isinstance(name, str)
    ]
    words = (html(_words(facts(blocks.get(name)))) for name in order)
    return said or "".join(f"<p>{one}</p>" for one in words if one) or None


def _words(block: Facts) -> str | None:
    """The words of a block: as it says them, else those of its tree of nodes (Slate's: {"text": …} or {"children": […]})."""
    said = text(block.get("plaintext"))
    nodes: list[object] = each(block.get("value"))[::-1]
    words: list[str] = []
    while nodes and not said and len(words) < _MOST_BLOCKS:
        node = facts(nodes.pop())
        nodes += each(node.get("children"))[::-1]
        words.append(node["text"] if isinstance(node.get("text"), str) else "\n" if node.get("type") == "li" else "")
    return said or text("".join(words))


def _image(row: Facts) -> Iterator[RawAttachment]:
    image = facts(row.get("image"))
    if url := text(image.get("download")):
        yield RawAttachment(url, text(image.get("content-type")), text(image.get("size")), _said(row, "image_caption"))
