"""JSON Feed 1.1 (jsonfeed.org/version/1.1), by the standard library."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from aggregator.publish.entry import Entry, stamp
from aggregator.publish.head import Head

_spell = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def item(entry: Entry) -> bytes:
    """Spell an entry as a JSON Feed item.

    An event carries the extension `_event`: start, end (exclusive), all_day, timezone (IANA), location, status.
    Members without a value are left out.
    """
    authors = [{"name": entry.author}] if entry.author else []
    if entry.origin:
        authors += [
            {"name": name, **({"url": home} if home else {})}
            for name, home in ((entry.origin, entry.home), *entry.others)
        ]
    body = entry.full or entry.brief
    said: dict[str, Any] = {
        "id": entry.id,
        "url": entry.link,
        "title": entry.title,
        **({"content_html": body} if body else {"content_text": entry.title}),
        "summary": entry.summary,
        "date_published": stamp(entry.published) if entry.published else None,
        "date_modified": stamp(entry.updated),
        "authors": authors,
        "tags": entry.tags,
        "language": entry.language,
        "attachments": [
            _given({"url": a.url, "mime_type": a.media_type, "title": a.title, "size_in_bytes": a.length})
            for a in entry.attachments
        ],
    }
    if entry.event:
        e = entry.event
        when = {"start": e.start, "end": e.end, "all_day": e.all_day, "timezone": e.timezone}
        said["_event"] = _given({**when, "location": e.location, "status": e.status})
    return _spell(_given(said)).encode()


def feed(head: Head, items: Iterable[bytes]) -> bytes:
    """The JSON Feed around the items."""
    said = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": head.title,
        "home_page_url": head.home,
        "feed_url": f"{head.address}.json",
        "description": head.description,
        "language": head.language,
        "authors": [{"name": head.site}],
    }
    before = _spell(said).encode().removesuffix(b"}")
    return before + b', "items": [\n' + b",\n".join(items) + b"\n]}\n"


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value or value is False}
