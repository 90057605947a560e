"""The index page, read as a browser reads it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from selectolax.lexbor import LexborHTMLParser

from aggregator import interests, taxonomy
from aggregator.model import Feed, Item
from aggregator.publish import Ahead, index, pages, stylesheet
from tests.conftest import House, calendar, ics
from tests.publish.samples import EVENT, NEWS, SITE, event, feed, hours, news, numbered
from tests.publish.test_pages import faults

FEEDS = [
    feed(),
    feed(path="actualites", title="Actualités", calendar=False),
    feed(path="agenda", title="Agenda"),
    feed(path="sources/cuf", title="Cités Unies France"),
    feed(path="pays/haiti", title="Haïti", calendar=False),
]


def page(
    *, feeds: list[Feed] = FEEDS, latest: tuple[Item, ...] = (NEWS,), following: tuple[Item, ...] = (EVENT,)
) -> LexborHTMLParser:
    return LexborHTMLParser(index(SITE, feeds, latest, following).decode())


def test_the_page_is_french_and_has_its_landmarks() -> None:
    tree = page()
    html = tree.css_first("html")
    assert html is not None
    assert html.attributes["lang"] == "fr"
    for landmark in ("header h1", "nav ul", "main#contenu section h2", "footer", "a.skip[href='#contenu']", "title"):
        assert tree.css_first(landmark) is not None, landmark
    assert len(tree.css("h1")) == 1


def test_every_anchor_of_the_page_leads_somewhere() -> None:
    tree = page()
    for link in tree.css("a[href^='#']"):
        assert tree.css_first(link.attributes["href"] or "") is not None
    for labelled in tree.css("[aria-labelledby]"):
        assert tree.css_first(f"#{labelled.attributes['aria-labelledby']}") is not None


def test_nothing_may_run_or_be_fetched_but_the_stylesheet() -> None:
    tree = page()
    policy = tree.css_first("meta[http-equiv='Content-Security-Policy']")
    assert policy is not None
    assert policy.attributes["content"] == "default-src 'none'; style-src 'self'; img-src https:"
    assert not tree.css("script, style, iframe, img, form")
    assert not re.search(r"\son\w+=|\sstyle=", tree.html or "")
    assert [link.attributes["href"] for link in tree.css("link[rel=stylesheet]")] == ["style.css"]
    assert b"@import" not in stylesheet()
    assert b"url(" not in stylesheet()


def test_a_feed_at_the_top_is_offered_in_each_of_its_forms() -> None:
    links = [a.attributes["href"] for a in page().css(".forms a")]
    for path in ("tout", "agenda", "actualites"):
        assert {f"https://flux.example.org/{path}.{form}" for form in ("rss", "atom", "json")} <= set(links)
    for path in ("tout", "agenda"):
        assert f"webcal://flux.example.org/{path}.ics" in links
        assert f"https://flux.example.org/{path}.ics" in links
    assert not any((link or "").endswith("actualites.ics") for link in links)


def test_a_country_in_a_calendar_is_two_clicks_away_without_unfolding() -> None:
    haiti = feed(path="pays/haiti", title=f"{SITE.title}\u00a0: Haïti")
    others = [feed(path=f"pays/p{n}", title=f"{SITE.title}\u00a0: Pays {n}") for n in range(89)]
    tree = page(feeds=[*others, haiti])
    assert not tree.css("details")
    (first,) = [one for one in tree.css("#pays a") if one.text() == "Haïti"]
    assert first.attributes["href"] == "https://flux.example.org/pays/haiti.html"
    twin = LexborHTMLParser(pages.feed(SITE, haiti, date(2026, 11, 5)).decode())
    calendars = {one.text(): one.attributes["href"] for one in twin.css(".forms a")}
    assert calendars[f"Calendrier\u00a0: {SITE.title}\u00a0: Haïti"] == "webcal://flux.example.org/pays/haiti.ics"


def test_each_group_of_feeds_has_its_heading_and_is_reached_from_the_top() -> None:
    folders = ("sources", "medias", "territoires", "types", "themes", "zones", "pays")
    tree = page(feeds=[feed(path=f"{one}/x", title="X") for one in folders])
    assert [one.attributes["id"] for one in tree.css("section.group")] == list(folders)[::-1]
    for one in folders:
        assert tree.css_first(f"nav a[href='#{one}']") is not None
        assert tree.css_first(f"#{one} h3") is not None


def test_names_stand_in_alphabetical_order_whatever_their_accents() -> None:
    names = ("Équateur", "Égypte", "Mali", "Espagne", "États-Unis", "Estonie", "Bénin")
    tree = page(feeds=[feed(path=f"pays/{n}", title=f"{SITE.title}\u00a0: {name}") for n, name in enumerate(names)])
    assert [one.text() for one in tree.css("#pays .choices a")] == [
        "Bénin", "Égypte", "Équateur", "Espagne", "Estonie", "États-Unis", "Mali",
    ]  # fmt: skip
    assert not tree.css("#pays h4")


def test_many_names_are_told_apart_by_their_first_letter() -> None:
    names = [f"{letter}ville {n}" for letter in "ÉZEA" for n in range(20)]
    tree = page(feeds=[feed(path=f"sources/{n}", title=name) for n, name in enumerate(names)])
    assert [one.text() for one in tree.css("#sources h4")] == ["A", "E", "Z"]
    assert [len(one.css("li")) for one in tree.css("#sources .choices")] == [20, 40, 20]
    assert tree.css_first("#sources h3").text() == "Sources (80)"  # type: ignore[union-attr]


NAMES = {interests.folder_of(one.scheme, one.slug): one.name for one in taxonomy.load().entries}
REGIONS = ("bretagne", "guadeloupe", "la-reunion", "ile-de-france", "provence-alpes-cote-d-azur")


def test_no_two_feeds_are_called_alike() -> None:
    """« Outre-mer » is a zone and a theme; calendars stand side by side without the heading of their group."""
    paths = [
        *NAMES,
        *(f"territoires/{one}" for one in (*REGIONS, "ville", "region", "departement", "reseau")),
        *(f"medias/{one}" for one in ("documents", "photos", "sons", "videos")),
    ]
    titles = [interests.title_of(path, NAMES)[0] for path in paths]
    assert sorted(titles) == sorted(set(titles))


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("pays/haiti", "Haïti"),
        ("zones/sahel", "zone Sahel"),
        ("themes/eau", "Eau et assainissement"),
        ("territoires/bretagne", "région Bretagne"),
        ("territoires/departement", "départements"),
        ("territoires/agence-d-urbanisme", "agence d urbanisme"),
        ("medias/videos", "avec vidéos"),
    ],
)
def test_the_name_of_a_feed_says_its_filter(path: str, title: str) -> None:
    said, description = interests.title_of(path, NAMES)
    assert said == title
    assert title.split()[-1] in description


def test_a_feed_of_the_operator_stands_at_the_top_in_the_order_given() -> None:
    tree = page(feeds=[feed(path="haiti-eau", title="Eau en Haïti"), feed(), feed(path="pays/haiti", title="Haïti")])
    assert [one.text() for one in tree.css(".feeds .what a")] == ["Eau en Haïti", "Tout"]


def test_a_name_says_how_much_its_calendar_has_to_come() -> None:
    ahead = {"pays/haiti": Ahead(1, date(2026, 12, 1)), "agenda": Ahead(3, date(2026, 11, 20))}
    tree = LexborHTMLParser(index(SITE, FEEDS, (), (), ahead).decode())
    (first,) = tree.css("#flux time")
    assert first.attributes["datetime"] == "2026-11-20"
    assert first.parent is not None
    assert first.parent.text() == "3\u00a0rendez-vous, le premier le 20 novembre 2026"
    assert [one.text() for one in tree.css(".choices li")] == ["Haïti 1\u00a0rendez-vous", "Cités Unies France"]


def test_the_page_stays_light_with_all_there_may_be_to_choose() -> None:
    titles = [f"{SITE.title}\u00a0: {interests.title_of(path, NAMES)[0]}" for path in NAMES]
    feeds = [feed(path=path, title=title) for path, title in zip(NAMES, titles, strict=True)]
    feeds += [feed(path=f"sources/ville-{n}", title=f"Communauté de communes n° {n}") for n in range(120)]
    ahead = {one.path: Ahead(12, date(2026, 12, 1)) for one in feeds}
    assert len(feeds) > 250
    assert len(index(SITE, feeds, [numbered(NEWS, n) for n in range(20)], [EVENT] * 15, ahead)) < 150_000
    assert faults(index(SITE, feeds, (NEWS,), (EVENT,), ahead).decode()) == []


def test_each_way_to_subscribe_says_when_it_is_brought_up_to_date() -> None:
    ways = page().css("#abonnement dl > div")
    told = {one.css_first("dt").text(): one.css(".delay") for one in ways}  # type: ignore[union-attr]
    for program in ("iPhone", "Mac", "Google", "Outlook", "Thunderbird", "Feedly", "Inoreader", "NetNewsWire"):
        assert [len(delay) for name, delay in told.items() if program in name], program
    assert [name for name, delay in told.items() if len(delay) != 1] == ["Beaucoup de flux d’un coup"]


async def test_what_is_to_come_is_what_calendars_hold_from_today_on(house: House) -> None:
    """START is the 3rd of November 2025; calendars reach 18 months ahead."""
    days = {1: "20251102", 2: "20251103", 3: "20251120", 4: "20251121", 5: "20280101"}
    lines = [f"UID:{n}@x\nDTSTART;VALUE=DATE:{day}\nSUMMARY:Réunion n° {n} du groupe Haïti" for n, day in days.items()]
    lines[3] += "\nSTATUS:CANCELLED"
    house.source("ville", kind="ics")
    house.web["/ville"] = calendar(ics(*(one.replace("\n", "\r\n") for one in lines)))
    await house.run()
    tree = LexborHTMLParser(house.published("index.html"))
    said = {
        choice.css("a")[0].text(): choice.css(".ahead")[0].text()
        for choice in tree.css(".choices > li")
        if choice.css(".ahead")
    }
    assert said.keys() >= {"Haïti", "Ville"}
    assert set(said.values()) == {"2\u00a0rendez-vous"}
    at_the_top = [one.text() for one in tree.css(".feeds .who") if one.css("time")]
    assert at_the_top == ["2\u00a0rendez-vous, le premier le 3 novembre 2025"] * 2
    links = {one.attributes["href"] or "" for one in tree.css("#flux a")}
    own = [one.removeprefix(house.address) for one in links if one.startswith(house.address)]
    assert len(own) > 10
    assert [one for one in own if not (house.out / one[1:]).is_file()] == []


def test_readers_find_the_main_feeds_by_themselves() -> None:
    found = {(link.attributes["type"], link.attributes["href"]) for link in page().css("link[rel=alternate]")}
    assert ("application/atom+xml", "https://flux.example.org/tout.atom") in found
    assert ("text/calendar", "https://flux.example.org/agenda.ics") in found
    assert not any("sources/" in (href or "") for _, href in found)


def test_events_say_when_in_words_and_for_machines() -> None:
    tree = page(
        following=(EVENT, numbered(event(when=hours("2026-07-01T14:00", tz="Indian/Reunion"), status="cancelled"), 1))
    )
    times = tree.css("#rendez-vous time")
    assert [t.text() for t in times] == [
        "20 novembre 2026, de 14\u00a0h\u00a030 à 16\u00a0h",
        "1er juillet 2026, 14\u00a0h (heure de La Réunion)",
    ]
    assert times[0].attributes["datetime"] == "2026-11-20T14:30:00+01:00"
    assert "[ANNULÉ] Réunion du groupe-pays Chine n° 1" in tree.css("#rendez-vous li")[1].text()
    assert "Paris, Hôtel de Ville ; salle 2 · Cités Unies France" in tree.css("#rendez-vous li")[0].text()


def test_news_say_their_day_their_sources_and_link_without_trust() -> None:
    tree = page()
    link = tree.css_first("#actualites .what a")
    assert link is not None
    assert (link.text(), link.attributes["href"], link.attributes["rel"]) == (
        NEWS.title,
        NEWS.url,
        "noopener nofollow ugc",
    )
    moment = tree.css_first("#actualites time")
    assert moment is not None
    assert (moment.text(), moment.attributes["datetime"]) == ("9 mars 2021", "2021-03-09")
    assert "Cités Unies France, Ville de Suresnes" in tree.css("#actualites li")[0].text()


def test_the_day_of_an_instant_is_the_day_in_paris() -> None:
    late = news(published=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    assert page(latest=(late,)).css("#actualites time")[0].text() == "2 juillet 2026"


def test_a_news_of_unknown_day_says_when_it_was_found() -> None:
    assert page(latest=(news(published=None),)).css("#actualites time")[0].text() == "repéré le 9 mars 2021"


def test_what_sources_write_is_never_markup() -> None:
    hostile = '"><script>alert(1)</script>'
    tree = page(
        feeds=[feed(title=hostile, description=hostile)],
        latest=(news(title=hostile, url="javascript:alert(1)", language='fr" onclick="x'),),
        following=(event(title=hostile, location=hostile),),
    )
    assert not tree.css("script, [onclick], a[href^=javascript]")
    assert tree.css("#actualites .what")[0].text() == hostile


def test_an_empty_page_says_that_there_is_nothing() -> None:
    tree = page(feeds=[], latest=(), following=())
    assert [p.text() for p in tree.css(".none")] == [
        "Aucun rendez-vous annoncé pour le moment.",
        "Aucune actualité pour le moment.",
    ]


def test_an_item_that_cannot_be_said_is_left_out() -> None:
    bad = event(when=hours("2026-07-01T14:00", tz="Europe/Atlantis"))
    assert (
        len(
            page(following=(bad, EVENT), latest=(news(first_seen=datetime.fromisoformat("2026-01-01")), NEWS)).css(
                ".rows li"
            )
        )
        == 2
    )


def test_the_page_is_the_same_for_the_same_items() -> None:
    assert page().html == page().html


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_of_text_has_the_contrast_of_wcag_aa_in_both_schemes() -> None:
    schemes = re.findall(r":root \{\s*(--page: #[0-9a-f]{6};[^}]*)\}", stylesheet().decode())
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme))
        for ground in ("page", "band"):
            for text in ("text", "quiet", "link", "mark"):
                bright, dark = sorted((luminance(colours[ground]), luminance(colours[text])), reverse=True)
                assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ground, text)
