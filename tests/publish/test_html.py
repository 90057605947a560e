"""The index page, read as a browser reads it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from selectolax.lexbor import LexborHTMLParser

from aggregator.model import Feed, Item
from aggregator.publish import index, stylesheet
from tests.publish.samples import EVENT, NEWS, SITE, event, feed, hours, news, numbered

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


def test_each_feed_is_offered_in_each_of_its_forms() -> None:
    links = [a.attributes["href"] for a in page().css(".forms a")]
    for path in ("tout", "agenda", "sources/cuf", "actualites", "pays/haiti"):
        assert {f"https://flux.example.org/{path}.{form}" for form in ("rss", "atom", "json")} <= set(links)
    for path in ("tout", "agenda", "sources/cuf"):
        assert f"webcal://flux.example.org/{path}.ics" in links
        assert f"https://flux.example.org/{path}.ics" in links
    assert not any((link or "").endswith(("actualites.ics", "haiti.ics")) for link in links)


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


def test_a_long_group_of_feeds_is_folded_away() -> None:
    many = [feed(path=f"sources/s{n}", title=f"Ville n° {n}") for n in range(40)]
    tree = page(feeds=many)
    assert tree.css("details summary")[0].text().strip() == "Par source (40)"
    assert len(tree.css("details .feeds > li")) == 40


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
