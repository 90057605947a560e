"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from aggregator.errors import ExtractError
from aggregator.extract.feed_item import ILLEGAL, distinct, native_id
from aggregator.model import RawAttachment, RawItem

Facts = dict[str, Any]


def read(text: str, page_url: str, most: int) -> tuple[list[RawItem | None], int]:
    """Read a JSON Feed: its first `most` items, and how many it has. An item that is no object is None.

    Raises:
        ExtractError: this is no JSON, or not a JSON Feed.
    """
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError also for numbers of more than 4 300 digits
        raise ExtractError(f"the address answers what begins like JSON and is not: {error}") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org/version/" not in str(feed.get("version")):
        found = (
            ", ".join(f"{key:.40}" for key in list(feed)[:8]) if isinstance(feed, dict) else f"a {type(feed).__name__}"
        )
        raise ExtractError(f"the address answers JSON, but not a JSON Feed (no version and items; found {found})")
    return [_item(item, feed, page_url) if isinstance(item, dict) else None for item in items[:most]], len(items)


def _item(item: Facts, feed: Facts, page_url: str) -> RawItem:
    guid = _text(item.get("id"))
    url = _text(item.get("url")) or _text(item.get("external_url"))
    content = _text(item.get("content_html"))
    title, summary = _text(item.get("title")), _text(item.get("summary"))
    if content is not None:  # one markup an item: the plain texts beside HTML are escaped
        title, summary = title and escape(title, quote=False), summary and escape(summary, quote=False)
    tags = item.get("tags")
    return RawItem(
        native_id=native_id(page_url, url, guid),
        guid=guid,
        url=url,
        title=title,
        summary=summary,
        content=content or _text(item.get("content_text")),
        markup="text" if content is None else "html",
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        author=_author(item) or _author(feed),
        language=_text(item.get("language")) or _text(feed.get("language")),
        categories=distinct(map(_text, tags)) if isinstance(tags, list) else (),
        attachments=_attachments(item.get("attachments")),
    )


def _text(value: object) -> str | None:
    """Give a string, or a number as one (publishers write `"id": 17`), without the characters XML forbids."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return ILLEGAL.sub("", value).strip() or None if isinstance(value, str) else None


def _author(facts: Facts) -> str | None:
    """Give the names of `authors` (1.1) or `author` (1)."""
    said = facts.get("authors") or [facts.get("author")]
    people = said if isinstance(said, list) else [said]
    return ", ".join(distinct(_text(person.get("name")) for person in people if isinstance(person, dict))) or None


def _attachments(said: object) -> tuple[RawAttachment, ...]:
    kept: dict[str, RawAttachment] = {}
    for one in said if isinstance(said, list) else ():
        if isinstance(one, dict) and (url := _text(one.get("url"))):
            media = _text(one.get("mime_type"))
            kept.setdefault(url, RawAttachment(url, media, _text(one.get("size_in_bytes")), _text(one.get("title"))))
    return tuple(kept.values())
