"""Kinds that read JSON answers: what is promised or an error with the next step, whatever the answer holds; and what they share."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import extract
from aggregator.errors import ExtractError, NothingFound
from aggregator.extract import rest
from aggregator.model import Extracted, Limits, Page, RawItem

GOLDEN = Path(__file__).parent.parent / "golden"
SEEN = datetime(2026, 11, 1, 8, tzinfo=UTC)
KINDS = ("wordpress", "events_calendar", "opendatasoft", "openagenda", "plone", "drupal")
URLS = {
    "wordpress": "https://www.ville.example.org/wp-json/wp/v2/posts?_embed=1",
    "events_calendar": "https://www.ville.example.org/wp-json/tribe/events/v1/events",
    "opendatasoft": "https://data.ville.example.org/api/explore/v2.1/catalog/datasets/agenda/records",
    "openagenda": "https://openagenda.com/agendas/1/events.v2.json",
    "plone": "https://www.ville.example.org/@search",
    "drupal": "https://www.ville.example.org/jsonapi/node/evenement",
}
# The whole answer, as each kind has its list in it.
LISTS = {
    "wordpress": "{list}",
    "events_calendar": '{{"events": {list}, "total": 3}}',
    "opendatasoft": '{{"results": {list}, "total_count": 3}}',
    "openagenda": '{{"events": {list}, "total": 3}}',
    "plone": '{{"items": {list}, "items_total": 3}}',
    "drupal": '{{"data": {list}, "links": {{}}}}',
}


def read(kind: str, text: str, limits: Limits | None = None, url: str | None = None, **options: Any) -> Extracted:
    where = url or URLS[kind]
    page = Page(where, where, 200, b"", SEEN, "", text=text)
    return extract.kind(kind)(**options)(page, limits or Limits())


# ── answers that are something else ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_of_html_is_named_by_its_title_and_the_next_step_told(kind: str) -> None:
    html = (
        "<!DOCTYPE html><html><head><title>Erreur 404 &ndash; Ville</title></head><body>Page introuvable</body></html>"
    )
    with pytest.raises(
        ExtractError, match=r"answers an HTML page titled « Erreur 404 – Ville », not .*: .*(?:address|take) "
    ):
        read(kind, html)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_answer_and_a_cut_one_are_errors(kind: str) -> None:
    with pytest.raises(ExtractError, match="answers nothing"):
        read(kind, "  ")
    with pytest.raises(ExtractError, match="begins like JSON and is not"):
        read(kind, LISTS[kind].format(list='[{"id": 1')[:-1])
    with pytest.raises(ExtractError, match="begins like JSON and is not"):
        read(kind, "[" * 200_000)


@pytest.mark.parametrize("kind", KINDS)
def test_what_php_and_caches_write_around_an_answer_is_read_over(kind: str) -> None:
    options, folder = next((options, text) for found, _, options, text in _FOLDERS if found == kind)
    notice = "<br />\n<b>Deprecated</b>:  strlen() [x] in <b>/var/www/a.php</b> on line <b>12</b><br />\n"
    around = f"{notice}{notice}{folder}\n<!-- Cached page generated in 0.1 s -->"
    assert read(kind, around, **options).items == read(kind, folder, **options).items
    with pytest.raises(ExtractError, match=r"begins like JSON and is not \(after it stands '\[1\]'\)"):
        read(kind, folder + "[1]", **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ('{"code": "rest_no_route", "message": "Aucune route", "data": {"status": 404}}', "rest_no_route; Aucune route"),
        ('{"error_code": "ODSQLError", "message": "Unknown field: jour"}', "ODSQLError; Unknown field: jour"),
        ('{"errors": [{"status": "403", "title": "Forbidden", "detail": "access content"}]}', "403; Forbidden; access content"),
        ('{"type": "Unauthorized", "message": "Not authorised to search"}', "Unauthorized; Not authorised to search"),
        ('{"namespaces": [], "routes": {}}', "found namespaces, routes"),
        ("[1, 2]", "found a JSON list"),
        ('{"events": "none", "results": 3, "items": {}, "data": null}', "found events, results, items, data"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_its_own_words(kind: str, answer: str, words: str) -> None:
    with pytest.raises(ExtractError) as told:
        read(kind, answer)
    assert f"({words}): " in str(told.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_that_must_hold_something_and_does_not_is_no_success(kind: str) -> None:
    with pytest.raises(NothingFound):
        read(kind, LISTS[kind].format(list="[]"))


@pytest.mark.parametrize("kind", ["events_calendar", "openagenda"])
def test_an_agenda_that_says_it_is_empty_is_believed_and_withdraws_nothing(kind: str) -> None:
    assert read(kind, '{"events": [], "total": 0}') == Extracted(())


# ── hostile answers ─────────────────────────────────────────────────────────────────────────────

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_FOLDERS = [
    (source["kind"], source["url"], source.get("options") or {}, (folder / "page.json").read_text("utf-8"))
    for folder in sorted(GOLDEN.iterdir())
    if (folder / "page.json").exists()
    for source in [yaml.safe_load((folder / "source.yaml").read_text("utf-8"))]
]


def _places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in _places(child, (*path, key)))]


def _changed(value: Any, path: tuple[Any, ...], other: object) -> Any:
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _changed(value[path[0]], path[1:], other)
    return copy


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_value_of_another_type_anywhere_costs_its_item_at_most(data: st.DataObject) -> None:
    kind, url, options, text = data.draw(st.sampled_from(_FOLDERS))
    answer = json.loads(text)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(_places(answer)))
        answer = _changed(answer, place, data.draw(_JSON))
    try:
        found = read(kind, json.dumps(answer), url=url, **options)
    except ExtractError:
        return
    assert all(isinstance(item, RawItem) for item in found.items)
    for item in found.items:
        for name in ("native_id", "url", "title", "summary", "content", "published", "start", "end", "location", "geo"):
            assert isinstance(getattr(item, name), str | None), name
        assert all(isinstance(word, str) for word in item.categories)
    assert all(isinstance(link, str) for link in found.more)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KINDS), st.lists(_JSON, max_size=3), st.booleans())
def test_any_json_is_read_or_refused(kind: str, rows: list[object], whole: bool) -> None:
    text = json.dumps(rows[0] if whole and rows else rows)
    for answer in (text, LISTS[kind].format(list=text)):
        try:
            read(kind, answer)
        except ExtractError:
            pass


@pytest.mark.parametrize("kind", KINDS)
def test_ten_megabytes_are_bounded_by_the_limits(kind: str) -> None:
    options, folder = next((options, text) for found, _, options, text in _FOLDERS if found == kind)
    answer = json.loads(folder)
    rows: list[Any] = answer if isinstance(answer, list) else next(v for v in answer.values() if isinstance(v, list))
    text = LISTS[kind].format(list=json.dumps(rows * (10_000_000 // len(json.dumps(rows)))))
    began = time.perf_counter()
    found = read(kind, text, Limits(items=20, events=20), **options)
    assert time.perf_counter() - began < 5
    assert len(found.items) == 20
    assert any("beyond the first 20" in words for words in found.left_out)
    assert len(found.left_out) <= rest.MAX_WORDS + 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_that_is_nested_deep_or_no_object_is_left_out_and_told(kind: str) -> None:
    options, folder = next((options, text) for found, _, options, text in _FOLDERS if found == kind)
    answer = json.loads(folder)
    rows: list[Any] = answer if isinstance(answer, list) else next(v for v in answer.values() if isinstance(v, list))
    for depth in (10, 900, 940, 970):
        odd = ["[" * depth + "]" * depth, "null", '"text"', "7", json.dumps(rows[0])]
        try:
            found = read(kind, LISTS[kind].format(list=f"[{', '.join(odd)}]"), **options)
        except ExtractError as error:  # too deep for the parser itself
            assert "begins like JSON and is not" in str(error)
            continue
        assert found.items and not found.complete
        assert list(found.left_out[:4]) == [
            f"an entry is no object: {name}" for name in ("list", "NoneType", "text", "7")
        ]


# ── what they share ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        (("Salle Nougaro", "20 chemin de Garric", 31200, "Toulouse"), "Salle Nougaro, 20 chemin de Garric, 31200 Toulouse"),
        (("Mairie", "Mairie, 2 place de la Loi", "31000", "Toulouse"), "Mairie, 2 place de la Loi, 31000 Toulouse"),
        (("Galerie", "24 rue de Penthièvre, 75008 Paris", "75008", "Paris"), "Galerie, 24 rue de Penthièvre, 75008 Paris"),
        (("Galerie", "24 rue de Penthièvre 75008 Paris", "75008", "Paris"), "Galerie, 24 rue de Penthièvre 75008 Paris"),
        (("Gare", "Rue de Toulouse", "31000", "Toulouse"), "Gare, Rue de Toulouse, 31000 Toulouse"),
        (("Mairie de Kayes", None, "", "Kayes"), "Mairie de Kayes, Kayes"),
        ((None, {}, []), None),
    ],
)  # fmt: skip
def test_a_place_is_told_once_in_one_line(parts: tuple[object, ...], place: str | None) -> None:
    assert rest.line(*parts) == place


def test_parameters_are_changed_and_the_others_kept_as_spelled() -> None:
    url = "https://x.example.org/records?where=search(%22caf%C3%A9%22)&offset=10&a[]=1#top"
    assert (
        rest.with_query(url, offset=20) == "https://x.example.org/records?where=search(%22caf%C3%A9%22)&a[]=1&offset=20"
    )
    assert rest.query(url, "a[]") == "1" and rest.query(url, "limit") is None
    assert rest.number(url, "offset", 0) == 10 and rest.number(url, "where", 7) == 7


@pytest.mark.parametrize("kind", [*KINDS, "rrma", "sitemap"])
@pytest.mark.parametrize("pages", [0, -1, True, "2"])
def test_pages_must_be_a_number_of_pages(kind: str, pages: Any) -> None:
    with pytest.raises(ValueError, match="pages: "):
        extract.kind(kind)(pages=pages)  # type: ignore[call-arg]


def test_a_link_to_another_host_is_no_further_page() -> None:
    page = Page("https://a.example.org/x", "", 200, b"", SEEN, "")
    links = ("https://b.example.org/x?page=2", "/x?page=2", "http://[", None, 7, "https://a.example.org/x")
    assert [link for said in links for link in rest.linked(page, said)] == [
        "https://a.example.org/x?page=2",
        "https://a.example.org/7",
    ]
    assert [*rest.linked(page, "http://www.A.example.org/y")] == ["http://www.A.example.org/y"]


def test_of_the_dates_of_an_event_those_that_cannot_be_compared_are_kept() -> None:
    page = Page("https://a.example.org/x", "", 200, b"", SEEN, "")
    when: list[tuple[str, str | None]] = [("2020-01-01", None), ("12/11/2020", None), ("2026-11-05", None)]
    assert [item.start for item in rest.occurrences(RawItem(), when, page)] == ["12/11/2020", "2026-11-05"]
