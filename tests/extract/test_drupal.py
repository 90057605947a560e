"""Drupal's JSON:API: published pages, fields by name, what other entities say, addresses that people read."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from aggregator import extract
from aggregator.errors import NothingFound
from aggregator.model import Extracted
from tests.extract.test_rest import URLS, read

URL = URLS["drupal"]


def collection(
    *rows: Any, url: str | None = None, links: object = None, included: object = None, **options: Any
) -> Extracted:
    return read("drupal", json.dumps({"data": rows, "links": links, "included": included}), url=url, **options)


def node(relationships: object = None, **attributes: Any) -> dict[str, Any]:
    said = {"title": "Fête", "status": True, "drupal_internal__nid": 7, **attributes}
    return {"type": "node--evenement", "id": "u-1", "attributes": said, "relationships": relationships}


@pytest.mark.parametrize(
    "attributes", [{"status": False}, {"moderation_state": "draft"}, {"status": True, "moderation_state": "archived"}]
)
def test_what_is_not_published_is_left_out_and_told(attributes: dict[str, Any]) -> None:
    found = collection(node(**attributes), node(moderation_state="published"))
    assert len(found.items) == 1 and "« Fête » is not published" in found.left_out[0]


def test_a_site_that_tells_no_status_lists_what_is_published() -> None:
    row = node()
    del row["attributes"]["status"]
    assert len(collection(row).items) == 1


@pytest.mark.parametrize(
    ("path", "url", "address"),
    [
        ({"alias": "/agenda/fete"}, None, "https://www.ville.example.org/agenda/fete"),
        ({"alias": "/agenda/fete"}, "https://x.example.org/fr/jsonapi/node/a?sort=-created", "https://x.example.org/fr/agenda/fete"),
        ({"alias": "/agenda/fete"}, "https://x.example.org/api/node/a", "/agenda/fete"),
        ({"alias": None}, None, "https://www.ville.example.org/node/7"),
        ({"alias": "javascript:alert(1)"}, None, "https://www.ville.example.org/node/7"),
        (None, None, "https://www.ville.example.org/node/7"),
        ([{"alias": "/a"}], None, "https://www.ville.example.org/node/7"),
    ],
)  # fmt: skip
def test_a_page_is_where_people_read_it(path: object, url: str | None, address: str) -> None:
    (item,) = collection(node(path=path), url=url).items
    assert (item.url, item.base) == (address, address)


@pytest.mark.parametrize(
    ("value", "periods"),
    [
        ("2026-12-10T18:00:00+01:00", [("2026-12-10T18:00:00+01:00", None)]),
        ({"value": "2026-12-02", "end_value": "2026-12-04"}, [("2026-12-02", "2026-12-04")]),
        ([{"value": "2026-12-02", "end_value": None}, {"value": "2026-12-09"}], [("2026-12-02", None), ("2026-12-09", None)]),
        ([{"end_value": "2026-12-02"}, None, 7, [], {"value": {}}], [("7", None)]),
        (None, [(None, None)]),
        ({}, [(None, None)]),
    ],
)  # fmt: skip
def test_a_date_is_a_moment_a_range_or_several(value: object, periods: list[tuple[str | None, str | None]]) -> None:
    items = collection(node(field_date=value), date="field_date").items
    assert [(item.start, item.end) for item in items] == periods
    assert {item.kind for item in items} == {"event"}


@pytest.mark.parametrize(
    ("value", "place", "geo"),
    [
        ("Salle des fêtes", "Salle des fêtes", None),
        (["Salle des fêtes", "Aurillac"], "Salle des fêtes, Aurillac", None),
        ({"organization": "Mairie & co", "postal_code": "15000", "locality": "Aurillac"}, "Mairie &amp; co, 15000 Aurillac", None),
        ({"value": "POINT (2.4 44.9)", "lat": 44.9, "lon": 2.4}, None, "44.9;2.4"),
        ({"lat": "44.9", "lng": "2.4"}, None, "44.9;2.4"),
        ({"lat": None, "lon": []}, None, None),
        ([], None, None),
        (True, None, None),
    ],
)  # fmt: skip
def test_a_place_is_a_text_an_address_or_a_point(value: object, place: str | None, geo: str | None) -> None:
    (item,) = collection(node(field_lieu=value), location="field_lieu").items
    assert (item.location, item.geo) == (place, geo)


def test_what_other_entities_say_is_looked_up_where_it_was_included() -> None:
    relationships = {
        "field_theme": {
            "data": [{"type": "taxonomy_term--theme", "id": "t1"}, {"type": "taxonomy_term--theme", "id": "t9"}]
        },
        "field_lieu": {"data": {"type": "node--lieu", "id": "l1"}},
        "field_pdf": {"data": {"type": "file--file", "id": "f1"}},
        "uid": {"data": None},
        "broken": [{"type": {}, "id": []}],
    }
    included: list[Any] = [
        {"type": "taxonomy_term--theme", "id": "t1", "attributes": {"name": "Eau & climat"}},
        {"type": "node--lieu", "id": "l1", "attributes": {"title": "Médiathèque"}},
        {
            "type": "file--file",
            "id": "f1",
            "attributes": {"uri": {"url": "/files/a.pdf"}, "filemime": "application/pdf"},
        },
        None,
        {"type": [], "id": {}},
    ]
    (item,) = collection(node(relationships), included=included, location="field_lieu").items
    assert (item.categories, item.location) == (("Eau &amp; climat",), "Médiathèque")
    assert [one.url for one in item.attachments] == ["https://www.ville.example.org/files/a.pdf"]


def test_a_page_that_refers_to_everything_costs_little() -> None:
    many = [{"type": "media--image", "id": "m"}] * 20_000
    media = {"type": "media--image", "id": "m", "relationships": {f"f{n}": {"data": many} for n in range(5)}}
    began = time.perf_counter()
    collection(*[node({"field_media": {"data": many}})] * 50, included=[media])
    assert time.perf_counter() - began < 5


def test_a_field_that_the_site_does_not_have_is_told_with_those_it_has() -> None:
    with pytest.raises(
        NothingFound, match=r"no page has a field 'field_quand', .* title, status, drupal_internal__nid"
    ):
        collection(node(), date="field_quand")


def test_the_next_page_is_named_as_a_text_or_as_an_object() -> None:
    following = URL + "?page%5Boffset%5D=50"
    assert collection(node(), links={"next": {"href": following}}).more == (following,)
    assert collection(node(), links={"next": following}).more == (following,)
    assert collection(node(), links={"next": {"href": following}}, pages=1).more == ()
    assert collection(node(), links={"next": ["x"]}).more == ()
    assert collection(url=following) == Extracted(())
    with pytest.raises(NothingFound, match="lists nothing"):
        collection()


@pytest.mark.parametrize("option", ["date", "location", "summary", "published"])
def test_an_option_that_names_no_field_is_refused(option: str) -> None:
    with pytest.raises(ValueError, match=f"{option}: 7 is not the name of a field"):
        extract.kind("drupal")(**{option: 7})
