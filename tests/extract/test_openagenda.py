"""OpenAgenda: published events alone, every date, texts in the language wanted, pages by `after`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aggregator.errors import NothingFound
from aggregator.model import Extracted
from tests.extract.test_rest import URLS, read

URL = URLS["openagenda"]


def agenda(
    *events: Any, total: object = None, url: str | None = None, after: object = None, **options: Any
) -> Extracted:
    answer = {"total": len(events) if total is None else total, "events": events, "after": after}
    return read("openagenda", json.dumps(answer), url=url, **options)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (1, "EventScheduled"),
        (2, "EventRescheduled"),
        (3, "EventMovedOnline"),
        (4, "EventPostponed"),
        (5, None),  # « complet » takes place all the same
        (6, "EventCancelled"),
        ("6", "EventCancelled"),
        ({"id": 6, "label": {"fr": "Annulé"}}, "EventCancelled"),
        (7, None),
        (None, None),
        ([6], None),
        (True, None),
    ],
)
def test_the_state_of_an_event_is_said_in_schema_orgs_words(code: object, status: str | None) -> None:
    (item,) = agenda({"uid": 1, "title": {"fr": "Fête"}, "status": code}).items
    assert item.status == status


@pytest.mark.parametrize(
    "more",
    [{"state": 1}, {"state": 0}, {"state": -1}, {"state": "0"}, {"draft": True}, {"private": 1}, {"removed": True}],
)
def test_what_is_not_published_is_left_out_and_told(more: dict[str, Any]) -> None:
    found = agenda({"uid": 1, "title": {"fr": "Fête"}, **more}, {"uid": 2, "title": {"fr": "Bal"}, "state": 2})
    assert [item.native_id for item in found.items] == ["2"] and len(found.left_out) == 1
    assert not found.complete


@pytest.mark.parametrize(
    ("title", "language", "said"),
    [
        ({"fr": "Fête", "en": "Party"}, "fr", "Fête"),
        ({"fr": "Fête", "en": "Party"}, "en", "Party"),
        ({"en": "Party", "fr": ""}, "fr", "Party"),
        ({"de": None, "es": "Fiesta"}, "fr", "Fiesta"),
        ("Fête", "fr", "Fête"),
        ("A < B & C", "fr", "A &lt; B &amp; C"),
        ({}, "fr", None),
        (["Fête"], "fr", None),
        ({"fr": {"x": 1}}, "fr", None),
    ],
)
def test_texts_are_taken_in_the_language_wanted_else_in_one_that_is_there(
    title: object, language: str, said: str | None
) -> None:
    (item,) = agenda({"uid": 1, "title": title}, language=language).items
    assert item.title == said


def test_the_html_of_a_long_text_is_preferred_to_its_markdown() -> None:
    texts = {"longDescription": {"fr": "**Trois** vins"}, "html": {"fr": "<p><b>Trois</b> vins</p>"}}
    (item,) = agenda({"uid": 1, "title": "Fête", **texts}).items
    assert item.content == "<p><b>Trois</b> vins</p>"


def test_each_date_is_an_event_of_its_own_and_those_long_past_are_not_told_again() -> None:
    days = ["2026-09-01", "2026-10-20", "2026-11-05", "2026-12-05"]
    timings = [{"begin": f"{day}T18:00:00+0100", "end": f"{day}T20:00:00+0100"} for day in days]
    items = agenda(
        {"uid": 1, "title": "Cours", "timings": timings, "dateRange": {"fr": "1 septembre - 5 décembre"}}
    ).items
    assert [item.start for item in items] == [f"{day}T18:00:00+0100" for day in days[1:]]
    assert {item.native_id for item in items} == {"1"} and {item.when for item in items} == {None}


def test_the_words_of_several_dates_are_not_given_to_the_one_that_is_left() -> None:
    timings = [{"begin": f"{day}T18:00:00Z", "end": f"{day}T20:00:00Z"} for day in ("2026-01-01", "2026-11-05")]
    (item,) = agenda({"uid": 1, "title": "Cours", "timings": timings, "dateRange": "1 janvier et 5 novembre"}).items
    assert (item.start, item.when) == ("2026-11-05T18:00:00Z", None)


def test_the_next_page_begins_after_the_values_that_this_one_ends_with() -> None:
    event = {"uid": 1, "title": "Fête"}
    url = URL + "?relative[]=current&size=1"
    after = ["0", "000001758268800", 1758472200000, "a b"]
    assert agenda(event, total=3, url=url, after=after).more == (
        url + "&after[]=0&after[]=000001758268800&after[]=1758472200000&after[]=a%20b",
    )
    second = agenda(event, total=3, url=url + "&after[]=0&after[]=7", after=["1", "8"])
    assert second.more == (url + "&after[]=1&after[]=8",)
    assert not second.complete
    encoded = agenda(event, total=3, url=url + "&after%5B%5D=0", after=["1"])
    assert encoded.more == (url + "&after[]=1",)


@pytest.mark.parametrize("after", [None, [], [None], {"a": 1}, [["0"]], False])
def test_an_answer_that_names_no_further_page_ends_the_list(after: object) -> None:
    assert agenda({"uid": 1, "title": "Fête"}, total=3, after=after).more == ()


def test_pages_beyond_the_option_are_not_named() -> None:
    assert agenda({"uid": 1, "title": "Fête"}, total=3, after=["1"], pages=1).more == ()


def test_an_agenda_that_counts_events_and_shows_none_is_no_success() -> None:
    with pytest.raises(NothingFound):
        agenda(total=4)
    assert agenda(total=4, url=URL + "?after[]=1") == Extracted(())


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ({"base": "https://cdn.example.org/main/", "filename": "a.jpg"}, "https://cdn.example.org/main/a.jpg"),
        ("https://cdn.example.org/a.jpg", "https://cdn.example.org/a.jpg"),
        ({"base": "http://[", "filename": "a.jpg"}, None),
        ({"filename": "a.jpg"}, None),
        (None, None),
    ],
)
def test_a_picture_is_named_in_each_of_its_forms(image: object, url: str | None) -> None:
    (item,) = agenda({"uid": 1, "title": "Fête", "image": image}).items
    assert [one.url for one in item.attachments] == ([url] if url else [])
