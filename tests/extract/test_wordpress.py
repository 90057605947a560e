"""WordPress's REST API: published posts alone, times in GMT, pages by offset."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aggregator.errors import ExtractError, NothingFound
from aggregator.model import Limits
from tests.extract.test_rest import URLS, read

URL = URLS["wordpress"]


def post(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "title": {"rendered": f"Nouvelle {number}"},
        "link": f"https://www.ville.example.org/{number}/",
        **more,
    }


@pytest.mark.parametrize("status", ["draft", "future", "pending", "private", "trash", "auto-draft"])
def test_what_is_not_published_is_left_out_and_told(status: str) -> None:
    found = read("wordpress", json.dumps([post(1), post(2, status=status), post(3, status="publish")]))
    assert [item.native_id for item in found.items] == ["1", "3"]
    assert found.left_out == (f"« Nouvelle 2 » is not published (status: {status})",)


def test_a_full_page_names_the_next_one_by_offset() -> None:
    ten = json.dumps([post(n) for n in range(10)])
    assert read("wordpress", ten).more == (URL + "&offset=10",)
    assert read("wordpress", ten, url=URL + "&offset=10").more == (URL + "&offset=20",)
    assert read("wordpress", ten, url=URL + "&per_page=20").more == ()
    assert read("wordpress", ten, pages=1).more == ()
    assert read("wordpress", ten, url=URL + "&page=3").more == (URL + "&page=3&offset=30",)


def test_an_empty_page_ends_the_list_and_an_empty_list_is_no_success() -> None:
    assert read("wordpress", "[]", url=URL + "&offset=20").items == ()
    with pytest.raises(NothingFound, match="lists no post"):
        read("wordpress", "[]")


@pytest.mark.parametrize(
    ("said", "published"),
    [
        ({"date": "2026-03-29T02:30:00", "date_gmt": "2026-03-29T00:30:00"}, "2026-03-29T00:30:00Z"),
        ({"date": "2026-03-29T02:30:00"}, "2026-03-29T02:30:00"),
        ({"date": "2026-03-29T02:30:00", "date_gmt": "0000-00-00T00:00:00"}, "2026-03-29T02:30:00"),
        ({"date": None, "date_gmt": None}, None),
    ],
)
def test_the_time_in_gmt_is_said_to_be_so(said: dict[str, Any], published: str | None) -> None:
    (item,) = read("wordpress", json.dumps([post(1, **said)])).items
    assert item.published == published


def test_a_refusal_beyond_the_last_page_ends_the_list() -> None:
    refusal = '{"code": "rest_post_invalid_page_number", "message": "…", "data": {"status": 400}}'
    assert read("wordpress", refusal, url=URL + "&page=9").items == ()
    with pytest.raises(ExtractError, match="rest_post_invalid_page_number"):
        read("wordpress", refusal)


def test_a_list_of_categories_is_no_list_of_posts() -> None:
    with pytest.raises(ExtractError, match="not WordPress's list of posts"):
        read("wordpress", '[{"id": 3, "name": "International", "link": "https://www.ville.example.org/c/"}]')


def test_a_list_with_a_gap_is_read_as_php_writes_it() -> None:
    assert [item.native_id for item in read("wordpress", json.dumps({"0": post(1), "2": post(2)})).items] == ["1", "2"]


def test_links_in_a_text_are_relative_to_the_post_and_not_to_the_interface() -> None:
    (item,) = read("wordpress", json.dumps([post(1, content={"rendered": "<a href='#suite'>…</a>"})])).items
    assert item.base == item.url == "https://www.ville.example.org/1/"


def test_names_of_categories_come_along_and_a_closed_list_of_authors_does_not() -> None:
    embedded = {
        "author": [{"code": "rest_user_cannot_view", "message": "Désolé", "data": {"status": 401}}],
        "wp:term": [[{"name": "Mali &amp; Niger"}, {"name": None}], [], None, [{"name": "Mali &amp; Niger"}]],
        "wp:featuredmedia": [
            {"code": "rest_forbidden"},
            {"source_url": "https://x.example.org/a.jpg", "media_details": []},
        ],
    }
    (item,) = read("wordpress", json.dumps([post(1, _embedded=embedded)])).items
    assert (item.author, item.categories) == (None, ("Mali &amp; Niger",))
    assert [one.url for one in item.attachments] == ["https://x.example.org/a.jpg"]


def test_no_more_items_than_the_limits_allow() -> None:
    found = read("wordpress", json.dumps([post(n) for n in range(9)]), Limits(items=4))
    assert len(found.items) == 4 and found.left_out == ("5 entries beyond the first 4 items",)
