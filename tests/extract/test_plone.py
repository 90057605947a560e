"""Plone's @search: what is published, its own dates, ends that Plone made up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aggregator.errors import NothingFound
from aggregator.model import Extracted
from tests.extract.test_rest import URLS, read

URL = URLS["plone"]


def search(*rows: Any, url: str | None = None, batching: object = None, **options: Any) -> Extracted:
    answer = {"items": rows, "items_total": len(rows), "batching": batching}
    return read("plone", json.dumps(answer), url=url, **options)


def page(**more: Any) -> dict[str, Any]:
    return {"@id": "https://www.ville.example.org/a/fete", "@type": "News Item", "title": "Fête", **more}


@pytest.mark.parametrize("state", ["private", "pending", "draft", "rejected", "internally_published"])
def test_what_is_not_published_is_left_out_and_told(state: str) -> None:
    found = search(page(review_state=state), page(review_state="published"), page(review_state=None))
    assert len(found.items) == 2
    assert found.left_out == (f"« Fête » is not published (review_state: {state})",)


@pytest.mark.parametrize(
    ("said", "published", "updated"),
    [
        ({"effective": "2026-10-01T08:00:00+00:00", "modified": "2026-10-30T16:00:00+00:00"}, "2026-10-01T08:00:00+00:00", "2026-10-30T16:00:00+00:00"),
        ({"effective": None, "created": "2026-09-01T08:00:00+00:00", "modified": "2026-10-30T16:00:00+00:00"}, None, "2026-10-30T16:00:00+00:00"),
        ({"effective": "1969-12-31T00:00:00+00:00"}, None, None),
        ({"effective": "1969-12-30T23:00:00+00:00", "Date": "2026-10-30T16:00:00+00:00"}, None, None),
        ({"EffectiveDate": "None", "ModificationDate": "None"}, None, None),
        ({"EffectiveDate": "2026-10-01T08:00:00+00:00"}, "2026-10-01T08:00:00+00:00", None),
    ],
)  # fmt: skip
def test_only_the_effective_date_says_when_something_was_published(
    said: dict[str, Any], published: str | None, updated: str | None
) -> None:
    (item,) = search(page(**said)).items
    assert (item.published, item.updated) == (published, updated)


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ({"start": "2026-11-18T17:30:00+00:00", "end": "2026-11-18T19:00:00+00:00"}, "2026-11-18T19:00:00+00:00"),
        # No end: Plone writes the last second of the day, in the zone of the site.
        ({"start": "2026-11-18T17:30:00+00:00", "end": "2026-11-18T22:59:59+00:00", "open_end": True}, None),
        ({"start": "2026-11-18T17:30:00+00:00", "end": "2026-11-18T22:59:59+00:00"}, None),
        # Whole days, told to be so or not; the second ones are those on which clocks change.
        ({"start": "2026-11-13T23:00:00+00:00", "end": "2026-11-14T22:59:59+00:00"}, "2026-11-14T22:59:59+00:00"),
        ({"start": "2026-10-24T22:00:00+00:00", "end": "2026-10-25T22:59:59+00:00"}, "2026-10-25T22:59:59+00:00"),
        ({"start": "2027-03-27T23:00:00+00:00", "end": "2027-03-28T21:59:59+00:00"}, "2027-03-28T21:59:59+00:00"),
        ({"start": "2026-11-13T23:00:00+00:00", "end": "2026-11-14T22:59:59+00:00", "whole_day": True, "open_end": True}, "2026-11-14T22:59:59+00:00"),
        ({"start": "2026-11-13", "end": "2026-11-14"}, "2026-11-14"),
        ({"start": "le 13", "end": "le 14"}, "le 14"),
        ({"start": "2026-11-13T23:00:00", "end": "2026-11-14T22:59:59+00:00"}, "2026-11-14T22:59:59+00:00"),
        ({"start": "2026-11-18T17:30:00+00:00", "end": None}, None),
    ],
)  # fmt: skip
def test_an_end_that_plone_made_up_is_not_told(said: dict[str, Any], end: str | None) -> None:
    (item,) = search(page(**{"@type": "Event"}, **said)).items
    assert (item.kind, item.start, item.end) == ("event", said["start"], end)


def test_whole_days_of_a_site_in_utc_are_days() -> None:
    whole = {"start": "2026-11-14T00:00:00+00:00", "end": "2026-11-15T23:59:59+00:00", "whole_day": True}
    assert [(item.start, item.end) for item in search(page(**whole)).items] == [("2026-11-14", "2026-11-15")]


@pytest.mark.parametrize("kind", ["Folder", "Document Folder", "Collection", "File", "Image", "Plone Site"])
def test_folders_and_files_are_left_out_unless_asked_for(kind: str) -> None:
    known = kind != "Document Folder"
    assert len(search(page(**{"@type": kind})).items) == (0 if known else 1)
    assert len(search(page(**{"@type": kind}), url=URL + "?portal_type=Folder").items) == 1


def test_the_doorway_of_programs_is_no_part_of_a_pages_address() -> None:
    (item,) = search(page(**{"@id": "https://www.ville.example.org/++api++/fr/a/fete"})).items
    assert item.url == "https://www.ville.example.org/fr/a/fete"


def test_plain_words_stay_words_and_texts_stay_html() -> None:
    (item,) = search(
        page(title="A < B", description="C & D", text={"data": "<p>E</p>", "content-type": "text/html"})
    ).items
    assert (item.title, item.summary, item.content) == ("A &lt; B", "C &amp; D", "<p>E</p>")
    (item,) = search(page(text={"data": "<p>E</p>", "content-type": "text/plain"}, location="Salle <A>")).items
    assert (item.content, item.location) == ("<p>E</p>", "Salle &lt;A&gt;")


def test_a_page_of_blocks_is_read_in_their_order() -> None:
    blocks = {
        "b": {"@type": "slate", "plaintext": "Deux & trois", "value": [{"children": [{"text": "not this"}]}]},
        "a": {
            "@type": "slate",
            "value": [{"type": "p", "children": [{"text": "Un "}, {"type": "link", "children": [{"text": "lien"}]}]}],
        },
        "c": {"value": [{"type": "ul", "children": [{"type": "li", "children": [{"text": w}]} for w in ("x", "y")]}]},
        "d": [{"plaintext": "x"}],
        "e": {"value": {"children": [None, 7, {"text": ["x"]}]}},
    }
    (item,) = search(page(blocks=blocks, blocks_layout={"items": ["a", "b", "c", "d", "e", None, "z"]})).items
    assert item.content == "<p>Un lien</p><p>Deux &amp; trois</p><p>x<br>y</p>"
    assert search(page(blocks=blocks, blocks_layout=["a"])).items[0].content is None


def test_the_next_batch_is_named_and_an_empty_one_ends_the_list() -> None:
    following = URL + "?b_start=25"
    assert search(page(), batching={"next": following}).more == (following,)
    assert search(page(), batching={"next": following}, pages=1).more == ()
    assert search(page(), batching=[following]).more == ()
    assert search(url=following) == Extracted(())
    with pytest.raises(NothingFound, match="finds nothing"):
        search()
