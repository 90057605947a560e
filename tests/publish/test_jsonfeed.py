"""JSON Feed 1.1."""

from __future__ import annotations

import json
from typing import Any

from aggregator.model import Item
from aggregator.publish import render
from tests.publish.samples import CUF, MP3, NEWS, PDF, SITE, SURESNES, days, event, feed, news, numbered


def published(*items: Item) -> dict[str, Any]:
    rendered = render(feed(*items), SITE)
    assert not rendered.refused
    read: dict[str, Any] = json.loads(rendered.files["tout.json"])
    return read


def test_the_feed_says_what_the_format_demands() -> None:
    read = published(NEWS)
    assert read["version"] == "https://jsonfeed.org/version/1.1"
    assert read["title"] == "Tout"
    assert read["feed_url"] == "https://flux.example.org/tout.json"
    assert read["home_page_url"] == "https://flux.example.org/"
    assert read["language"] == "fr"
    assert read["authors"] == [{"name": "Coopération décentralisée"}]


def test_an_empty_feed_has_an_empty_list() -> None:
    assert published()["items"] == []


def test_an_item_says_what_the_other_formats_say() -> None:
    (item,) = published(NEWS)["items"]
    assert item["id"] == f"urn:uuid:{NEWS.uid}"
    assert item["url"] == NEWS.url
    assert item["title"] == NEWS.title
    assert item["summary"] == NEWS.summary
    assert item["content_html"].startswith(NEWS.content)
    assert item["date_published"] == "2021-03-09T11:00:00Z"
    assert item["date_modified"] == "2021-03-12T08:30:15Z"
    assert item["tags"] == list(NEWS.categories)
    assert item["authors"] == [{"name": o.name, "url": o.home} for o in (CUF, SURESNES)]
    assert "author" not in item


def test_an_item_without_words_has_its_title_as_content() -> None:
    (item,) = published(news(content=None, summary=None, origins=(), url=None))["items"]
    assert item["content_text"] == NEWS.title
    assert "content_html" not in item
    assert "url" not in item


def test_attachments_have_an_address_and_a_type() -> None:
    (item,) = published(news(attachments=(PDF, MP3)))["items"]
    assert item["attachments"] == [
        {"url": PDF.url, "mime_type": "application/pdf", "title": "Le programme", "size_in_bytes": 52000},
        {"url": MP3.url, "mime_type": "audio/mpeg"},
    ]


def test_an_event_carries_its_dates_in_an_extension_with_an_exclusive_end() -> None:
    timed, whole = published(
        event(status="cancelled"), numbered(event(when=days("2026-10-21", "2026-10-25"), location=None), 1)
    )["items"]
    assert timed["_event"] == {
        "start": "2026-11-20T14:30:00+01:00",
        "end": "2026-11-20T16:00:00+01:00",
        "all_day": False,
        "timezone": "Europe/Paris",
        "location": "Paris, Hôtel de Ville ; salle 2",
        "status": "cancelled",
    }
    assert whole["_event"] == {"start": "2026-10-21", "end": "2026-10-25", "all_day": True, "timezone": "Europe/Paris"}
    assert "_event" not in published(NEWS)["items"][0]
