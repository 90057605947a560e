"""Pages that describe themselves for machines: each event and article once, dates as written, broken JSON mended or told."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import NothingFound
from aggregator.extract.jsonld import JsonLd
from aggregator.extract.schema_org import EVENTS, NEWS
from aggregator.model import Extracted, Limits, Page, RawItem

FILES = Path(__file__).parent / "structured"
URL = "https://www.saint-aubin.example.fr/agenda/"


def read_html(text: str, limits: Limits | None = None, content_type: str = "text/html") -> Extracted:
    page = Page(URL, URL, 200, b"", datetime(2026, 11, 25, tzinfo=UTC), "", content_type=content_type, text=text)
    return JsonLd()(page, limits or Limits())


def read(name: str, limits: Limits | None = None) -> Extracted:
    return read_html((FILES / name).read_text(encoding="utf-8"), limits)


def ld(*blocks: str) -> str:
    scripts = "".join(f'<script type="application/ld+json">{block}</script>' for block in blocks)
    return f"<html><head>{scripts}</head><body></body></html>"


def one(node: dict[str, object]) -> RawItem:
    (item,) = read_html(ld(json.dumps(node))).items
    return item


# ── JSON-LD ─────────────────────────────────────────────────────────────────────────────────────


def test_an_event_of_the_events_calendar_is_read_word_for_word() -> None:
    item = read("tec_agenda.html").items[0]
    assert item.kind == "event" and item.markup == "html"
    assert item.title == "Soir&eacute;e de solidarit&eacute;&nbsp;: l&rsquo;eau &agrave; K&eacute;dougou"
    assert item.url == "https://www.saint-aubin.example.fr/evenement/leau-a-kedougou/"
    assert (item.start, item.end) == ("2026-12-04T18:30:00+01:00", "2026-12-04T20:30:00+01:00")
    assert item.location == "Salle Nougaro, 12 rue Rivals, 31000 Toulouse" and item.geo == "43.604652;1.444209"
    assert item.summary == "<p>Projection, débat et repas partagé.</p>"
    assert item.organiser == "Comit&eacute; de jumelage" and item.status == "EventScheduled"
    assert [(a.url[-12:], a.media_type) for a in item.attachments] == [("kedougou.jpg", "image/jpeg")]


def test_a_virtual_place_is_where_one_takes_part() -> None:
    item = read("tec_agenda.html").items[1]
    assert (item.location, item.conference) == (None, "https://visio.example.fr/tarija")
    assert item.status == "EventPostponed"


def test_the_next_page_of_a_list_is_named() -> None:
    assert read("tec_agenda.html").more == ("https://www.saint-aubin.example.fr/agenda/liste/page/2/",)


def test_references_within_a_graph_are_followed() -> None:
    (item,) = read("yoast_article.html").items
    assert item.kind == "news" and item.title == "Une délégation de Yélimané reçue à l’hôtel de ville"
    assert item.guid == "https://www.montreuil.example.fr/actualites/delegation/#article"
    assert item.url == "https://www.montreuil.example.fr/actualites/delegation/"
    assert item.author == "Service communication" and item.language == "fr-FR"
    assert (item.published, item.updated) == ("2026-11-20T08:15:00+00:00", "2026-11-21T10:00:00+00:00")
    assert item.categories == ("Mali", "Coopération décentralisée", "Actualités")
    assert [(a.media_type, a.title) for a in item.attachments] == [("image/webp", "La délégation")]


def test_events_are_found_inside_lists_and_other_events() -> None:
    items = read("liste_imbriquee.html").items
    assert [item.title for item in items] == [
        "Festival des Suds",
        "Concert d’ouverture",
        "Journée d’étude",
        "Rencontre à Dakar",
    ]
    assert items[0].guid == "#festival" and items[0].organiser == "Région Sud, CUF"
    assert items[0].location == "Théâtre antique, Rue du Cloître, 13200 Arles"
    assert items[2].url == "/agenda/journee" and items[2].categories == ("climat", "jeunesse", "eau")
    assert items[3].location == "Mairie de Dakar, Dakar, Sénégal"


def test_an_event_is_not_the_season_it_belongs_to() -> None:
    assert "Saison 2026-2027" not in {item.title for item in read("liste_imbriquee.html").items}


def test_a_date_written_for_people_is_kept_as_words_too() -> None:
    item = read("liste_imbriquee.html").items[2]
    assert item.when == "3 décembre 2026"


@pytest.mark.parametrize(
    "start",
    ["2026-10-21", "2026-10-21T09:00", "2026-10-21 09:00", "2026-10-21T09:00:00+0200", "2026-10-21T09:00:00.000Z", "20261021"],
)  # fmt: skip
def test_dates_pass_as_written(start: str) -> None:
    item = one({"@type": "Event", "name": "Fête", "startDate": f" {start}\n"})
    assert (item.start, item.when, item.end, item.end_exclusive) == (start, None, None, False)


@pytest.mark.parametrize("kind", sorted(EVENTS))
@pytest.mark.parametrize("prefix", ["", "http://schema.org/", "https://schema.org/", "schema:"])
def test_every_sort_of_event_is_an_event(kind: str, prefix: str) -> None:
    assert one({"@type": prefix + kind, "name": "Fête"}).kind == "event"


@pytest.mark.parametrize("kind", sorted(NEWS))
def test_every_sort_of_article_is_news(kind: str) -> None:
    assert one({"@type": ["Thing", kind], "headline": "Titre", "name": "Autre"}).title == "Titre"


@pytest.mark.parametrize(
    ("identity", "guid", "url"),
    [
        ("https://x.example.fr/e/1", "https://x.example.fr/e/1", "https://x.example.fr/e/1"),
        ("#evt-12", "#evt-12", None),
        ("/agenda/fete#event", "/agenda/fete#event", None),
        ("urn:uuid:0b0e", "urn:uuid:0b0e", None),
        ("_:b0", None, None),
        ("/agenda/fete", None, "/agenda/fete"),
        ("", None, None),
    ],
)
def test_an_id_is_an_identity_only_when_it_can_be_one(identity: str, guid: str | None, url: str | None) -> None:
    item = one({"@type": "Event", "@id": identity, "name": "Fête"})
    assert (item.guid, item.url) == (guid, url)


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ("Salle X", "Salle X"),
        ({"@type": "Place", "name": "Salle X", "address": "Salle X, 12 rue Y, 31000 Toulouse"}, "Salle X, 12 rue Y, 31000 Toulouse"),
        ({"@type": "PostalAddress", "streetAddress": "12 rue Y", "postalCode": 31000, "addressLocality": "Toulouse"}, "12 rue Y, 31000 Toulouse"),
        ({"@type": "VirtualLocation", "name": "Zoom", "url": "https://z.example"}, "Zoom"),
        ([{"@type": "Place", "name": "Salle X"}, {"@type": "VirtualLocation", "url": "https://z.example"}], "Salle X"),
        ({"@type": "Place", "name": "Mairie", "address": {"streetAddress": "Place de la Mairie"}}, "Mairie, Place de la Mairie"),
        ({"@type": "Place", "name": "", "address": {}}, None),
        ([], None),
        (None, None),
        (12, "12"),
    ],
)  # fmt: skip
def test_a_place_is_one_line(location: object, line: str | None) -> None:
    assert one({"@type": "Event", "name": "Fête", "location": location}).location == line


def test_a_mail_address_is_no_name() -> None:
    item = one({"@type": "Event", "name": "x", "organizer": "a@b.fr", "author": [{"name": "c@d.fr"}, {"name": "Awa"}]})
    assert (item.organiser, item.author) == (None, "Awa")


# ── broken JSON ─────────────────────────────────────────────────────────────────────────────────


def test_json_as_plugins_write_it_is_mended() -> None:
    item = read("mec_liste.html").items[0]
    assert item.title == "Marché de l'Avent & d'ailleurs" and item.status == "EventCancelled"
    assert (item.start, item.end) == ("2026-12-05", "2026-12-07")
    assert item.summary == "Le marché s'installe\nsur le port.\tVenez !"
    assert item.location == "L'Atelier, 3 place du Marché, 56000 Vannes"


def test_objects_one_after_the_other_are_all_read() -> None:
    assert [item.title for item in read("mec_liste.html").items][1:3] == ["Atelier A", "Atelier B"]


def test_what_stays_broken_is_told_and_its_neighbours_kept() -> None:
    found = read("mec_liste.html")
    assert [item.title for item in found.items][3:] == ["Lisible avant", "Lisible après"]
    assert len(found.left_out) == 1 and "broken" in found.left_out[0]


@pytest.mark.parametrize(
    "block",
    [
        '\ufeff{"@type":"Event","name":"Fête"}',
        '//<![CDATA[\n{"@type":"Event","name":"Fête"}\n//]]>',
        '<![CDATA[[{"@type":"Event","name":"Fête"}]]]>',
        '{"@type":"Event","name":"Fête",}',
        '{"@type":"Event",/* nom */"name":"Fête" // fin\n}',
        "{&quot;@type&quot;:&quot;Event&quot;,&quot;name&quot;:&quot;Fête&quot;}",
        '{"@type":"Event","name":"Fête"};',
        '[[{"@graph":[{"@type":"Event","name":"Fête"}]}]]',
    ],
)
def test_wrappings_of_json_are_taken_off(block: str) -> None:
    found = read_html(ld(block))
    assert [item.title for item in found.items] == ["Fête"] and not found.left_out


@pytest.mark.parametrize(
    "block",
    [
        '{"@type":"Event","x":' + "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"@type":"Event","name":"' + '\\"' * 500_000,
        '{"@type":' * 50_000,
        '{"@type":"Event","n":' + "9" * 10_000 + "}",
        "/*" * 500_000,
        "," * 500_000,
        '{"@type":"Event" ' * 50_000,
        "",
        "null",
        "Erreur",
    ],
    ids=range(11),
)
def test_hopeless_json_is_refused_quickly_beside_a_good_block(block: str) -> None:
    began = time.perf_counter()
    found = read_html(ld(block, '{"@type":"Event","name":"Fête"}'))
    assert [item.title for item in found.items] == ["Fête"]
    assert time.perf_counter() - began < 5


def test_a_page_of_json_alone_is_read() -> None:
    found = read_html('{"@type":"Event","name":"Fête"}', content_type="application/ld+json")
    assert found.items[0].title == "Fête"


# ── microdata ───────────────────────────────────────────────────────────────────────────────────


def test_microdata_says_what_json_ld_would() -> None:
    (item,) = read("drupal_microdata.html").items
    assert item.base == "https://www.loire.example.fr/agenda/" and item.url == "semaine-solidarite"
    assert (item.title, item.markup) == ("Semaine de la solidarité & du climat", "text")
    assert (item.start, item.end, item.when) == ("2026-12-01T09:00:00Z", "2026-12-05", "Mardi 1er décembre 2026")
    assert item.location == "Hôtel du Département, 2 rue Charles-de-Gaulle, 42000 Saint-Étienne"
    assert (item.geo, item.status) == ("45.43;4.39", "EventRescheduled")
    assert item.summary == "Ateliers dans les collèges.\nEntrée libre."
    assert [a.url for a in item.attachments] == ["/sites/default/files/solidarite.png"]


def test_itemref_brings_what_stands_elsewhere() -> None:
    assert read("drupal_microdata.html").items[0].organiser == "Département de la Loire"


def test_articles_of_typo3_are_news() -> None:
    first, second = read("typo3_news.html").items
    assert (first.title, first.published, first.author) == (
        "Vingt ans de jumelage avec Iași",
        "2026-11-18",
        "Ana Popescu",
    )
    assert (second.content, second.markup) == ("<p>Premier jour &amp; <b>arrivée</b>.</p>", "html")


def test_scopes_that_name_each_other_are_read_once() -> None:
    found = read_html(
        '<div itemscope itemtype="https://schema.org/Event" itemref="b" id="a"><span itemprop="name">Fête</span></div>'
        '<div itemscope itemprop="subEvent" itemtype="https://schema.org/Event" itemref="a" id="b"></div>'
    )
    assert "Fête" in {item.title for item in found.items}


# ── microformats ────────────────────────────────────────────────────────────────────────────────


def test_an_event_of_spip_s_agenda_is_given_once() -> None:
    first, second = read("spip_agenda.html").items
    assert (first.title, first.url) == ("Quinzaine de l’amitié", "spip.php?evenement12")
    assert (first.start, first.end) == ("2026-10-21T09:00:00+0200", "2026-10-24T18:00:00+0200")
    assert first.when == "Du 21 octobre à 09h00 au 24 octobre 2026 à 18h00"
    assert second.title == "Exposition « Terres rouges »"


def test_hcalendar_gives_machine_dates_and_the_words_beside_them() -> None:
    item = read("spip_agenda.html").items[1]
    assert (item.start, item.end) == ("2026-10-20T22:00:00Z", "2026-10-23T22:00:00Z")
    assert item.when == "Du 21 au 24 octobre 2026"
    assert (item.url, item.location) == ("spip.php?evenement13", "Médiathèque")


def test_entries_and_events_of_microformats_are_read() -> None:
    entry, event, hcalendar, implied = read("microformats.html").items
    assert (entry.kind, entry.title, entry.url) == ("news", "Le puits est creusé", "/journal/puits")
    assert (entry.published, entry.author) == ("2026-11-10T08:00:00+01:00", "Fatou Diop")
    assert entry.content == "<p>Après <em>deux</em> ans &amp; demi.</p>" and entry.categories == ("eau", "Mali")
    assert (event.title, event.start, event.url) == ("Repas malien", "2026-12-12T12:00", "/agenda/repas")
    assert event.when == "Le samedi 12 décembre 2026 à midi"
    assert event.location == "Salle des fêtes, 1 place Jaurès, 44600 Saint-Nazaire"
    assert (hcalendar.start, hcalendar.guid) == ("2026-12-14", "delegation-2026@comite.example.fr")
    assert hcalendar.geo == "47.27;-2.21"
    assert (implied.title, implied.url) == ("Brève sans balises", "/journal/bref")


def test_comments_are_not_entries() -> None:
    assert "Bravo !" not in {item.title for item in read("microformats.html").items}


# ── the whole page ──────────────────────────────────────────────────────────────────────────────


def test_two_sessions_of_one_title_are_two_events() -> None:
    sessions = [{"@type": "Event", "name": "Visite", "startDate": f"2026-12-05T{hour}:00"} for hour in (10, 14)]
    microdata = "".join(
        f'<p itemscope itemtype="https://schema.org/Event"><b itemprop="name">Visite</b>'
        f'<time itemprop="startDate" datetime="2026-12-05T{hour}:00:00+01:00">5 décembre</time></p>'
        for hour in (14, 16)
    )
    found = read_html(ld(json.dumps(sessions)) + microdata)
    assert [(item.start or "")[11:13] for item in found.items] == ["10", "14", "16"]


def test_a_link_that_only_a_later_syntax_knows_is_kept() -> None:
    (item,) = read_html(
        ld('{"@type":"Event","name":"L’été","startDate":"2026-12-01T20:00:00+01:00"}')
        + '<div class="vevent"><a class="summary url" href="/ete">L\'été</a><abbr class="dtstart" title="20261201">1/12</abbr></div>'
    ).items
    assert (item.title, item.start, item.url) == ("L’été", "2026-12-01T20:00:00+01:00", "/ete")


def test_a_page_that_describes_nothing_says_what_was_looked_for() -> None:
    with pytest.raises(NothingFound, match=r"JSON-LD.*h-entry"):
        read("sans_rien.html")


def test_a_page_whose_only_block_is_broken_says_so() -> None:
    with pytest.raises(NothingFound, match="broken"):
        read_html(ld('{"@type":"Event","name":"Fête" "startDate"'))


def test_too_many_items_are_cut_and_told() -> None:
    nodes = [{"@type": "Event", "name": f"Fête {n}"} for n in range(30)]
    found = read_html(ld(json.dumps(nodes)), Limits(items=10))
    assert len(found.items) == 10 and found.left_out


def test_an_event_that_says_nothing_is_left_out() -> None:
    found = read_html(ld('[{"@type":"Event","url":"/x"},{"@type":"Event","name":"Fête"}]'))
    assert len(found.items) == 1 and "/x" in found.left_out[0]


@pytest.mark.parametrize(
    "text",
    [
        '<div itemscope itemtype="http://schema.org/Event" itemref="z">' * 1_500 + '<div id="z">' + "<b itemprop=name>x</b>" * 5_000,
        '<div class="h-event p-location p-name">' * 1_500 + "x" * 100_000,
        '<div itemscope itemtype="http://schema.org/Event"><div itemprop="name description">' * 900 + "x " * 100_000,
        '<span class="vevent"><span class="summary">x</span><i class="dtstart">1</i></span>' * 20_000,
        "<p itemscope itemtype=http://schema.org/Event><b itemprop=name>x</b></p>" * 30_000,
    ],
    ids=["itemref", "nested", "names", "hcalendar", "scopes"],
)  # fmt: skip
def test_hostile_markup_costs_seconds_at_most(text: str) -> None:
    began = time.perf_counter()
    found = read_html(text)
    assert found.items and time.perf_counter() - began < 10


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "@type @id @value @graph name url location address geo latitude longitude organizer image keywords startDate "
                "inLanguage eventStatus description subEvent mainEntityOfPage".split()
            ),
            inner | st.sampled_from(["Event", "Article", "#a", "https://x.example.fr/"]),
            max_size=8,
        )
    ),
    max_leaves=30,
)


@settings(max_examples=200, deadline=None)
@given(values)
def test_any_json_is_read_without_a_crash_and_every_item_has_a_title_or_a_start(value: object) -> None:
    try:
        found = read_html(ld(json.dumps([value, {"@type": "Event", "name": "Fête"}]).replace("<", "\\u003c")))
    except NothingFound:  # pragma: no cover
        raise AssertionError from None
    assert all(item.title or item.start for item in found.items)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                '<div class="vevent">',
                '<div class="h-entry">',
                "</div>",
                '<span class="dtstart" title="2026-12-01">',
                "</span>",
                '<b class="summary p-name">x</b>',
                '<a href="http://[" class="url u-url">',
                "</a>",
                "<p itemscope>",
                "</p>",
                '<p itemscope itemtype="http://schema.org/Event">',
                '<i itemprop="name">x</i>',
                '<i itemprop="startDate">',
                '<abbr class="value-title">',
                '<meta itemprop="name">',
                '<time class="dt-start" datetime>',
                "été",
                '<div itemprop="location" itemscope>',
                '<span class="geo">1;2</span>',
                '<base href="http://[">',
            ]
        ),
        max_size=30,
    )
)
def test_any_markup_is_read_or_nothing_is_found(pieces: list[str]) -> None:
    try:
        found = read_html("".join(pieces))
    except NothingFound:
        return
    assert all(item.title or item.start for item in found.items)
