"""SPIP lists are read by their landmarks, whatever the markup around them."""

from __future__ import annotations

import json
import pickle
import random
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aggregator import visit
from aggregator.errors import ExtractError, NothingFound
from aggregator.extract.spip import Spip
from aggregator.model import Extracted, Limits, Page, RawItem, Source
from tests.extract.skeletons import Skeleton

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
CUF: dict[str, Any] = json.loads((HERE / "pages" / "cuf.json").read_text("utf-8"))
PARIS = ZoneInfo("Europe/Paris")
LIST = "https://www.cites-unies-france.org/-Actualites-"


def page(text: str, url: str = LIST) -> Page:
    return Page(url, url, 200, text.encode(), datetime(2025, 11, 1, tzinfo=UTC), "", text=text)


def read(text: str, url: str = LIST, **options: Any) -> Extracted:
    return Spip(**options)(page(text, url), Limits())


def file(name: str, **options: Any) -> Extracted:
    return read((HERE / "pages" / f"{name}.html").read_text("utf-8"), **options)


def dated(found: Extracted) -> list[RawItem]:
    return [item for item in found.items if item.kind == "news" and item.published]


def undated(found: Extracted) -> list[RawItem]:
    return [item for item in found.items if item.kind == "news" and not item.published]


def events(found: Extracted) -> list[RawItem]:
    return [item for item in found.items if item.kind == "event"]


def card(name: str, date: str = "Le 18 février 2026,", inside: str = "") -> str:
    return f"<div><p>{date}</p><h3><a href={name}>Titre {name}</a></h3>{inside}<p>Intro {name}</p><a href={name}>EN SAVOIR PLUS</a></div>"


CARDS = card("a") + card("b") + card("c")


# ── the same words in any markup ────────────────────────────────────────────────────────────────


def says(item: RawItem) -> tuple[str | None, ...]:
    return item.section, item.published, item.title, item.subtitle, item.summary


def expected(records: dict[str, Any]) -> list[tuple[str | None, ...]]:
    return [
        (section["heading"], item["date"], item["title"], item.get("subtitle"), item["intro"])
        for section in records["sections"]
        for item in section["items"]
    ]


def check(found: Extracted, records: dict[str, Any]) -> None:
    assert [says(item) for item in dated(found)] == expected(records)
    assert [item.title for item in undated(found)] == [item["title"] for item in records["sidebar"]]
    assert {item.section for item in undated(found)} <= {"Actualités"}
    for event, record in zip(events(found), records["agenda"], strict=True):
        assert event.title == record["title"]
        assert (event.when or "").split() == " ".join(
            filter(None, (record["day"], record["month"], record.get("range")))
        ).split()
    assert found.left_out == ()


@pytest.mark.parametrize("slug", ["divs", "tables", "lists", "definitions", "cards", "broken"])
def test_the_cuf_page_says_the_same_in_six_markups(slug: str) -> None:
    found = read((GOLDEN / f"cuf-{slug}" / "page.html").read_text("utf-8"))
    check(found, CUF)
    assert len(dated(found)) == 16
    assert len(undated(found)) == len(events(found)) == 3


MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


def day_of(said: str) -> date:
    """« Le 11 mars 2021, » of the records."""
    number, month, year = said.removeprefix("Le ").rstrip(",").split()
    return date(int(year), MONTHS.index(month) + 1, int(number.removesuffix("er")))


def day(when: date | datetime | None) -> date | None:
    return when.astimezone(PARIS).date() if isinstance(when, datetime) else when


@pytest.mark.parametrize("slug", ["dates-in-titles", "ids", "linked-cards", "dates-last", "short-days", "portal"])
def test_the_cuf_page_tells_the_same_days_in_markups_that_say_them_otherwise(slug: str) -> None:
    source = Source("cuf", "CUF", LIST, "spip", Spip())
    reading = visit.read(source, page((GOLDEN / f"cuf-{slug}" / "page.html").read_text("utf-8")))
    told = {(one.title, one.subtitle, one.section, day(one.published)) for one in reading.sightings if one.news}
    assert told == {
        (item["title"], item.get("subtitle"), section["heading"], day_of(item["date"]))
        for section in CUF["sections"]
        for item in section["items"]
    } | {(item["title"], None, "Actualités", None) for item in CUF["sidebar"]}
    events = {one.title: one.when for one in reading.sightings if not one.news}
    assert [str(events[event["title"]].start) for event in CUF["agenda"]] == ["2025-11-20", "2025-11-21", "2026-10-21"]
    assert len(reading.sightings) == 22 and len(events) == 3


@pytest.mark.parametrize("block", range(10))
def test_the_cuf_page_says_the_same_in_skeletons_made_at_random(block: int) -> None:
    for seed in range(block * 40, block * 40 + 40):
        skeleton = Skeleton(seed)
        found = read(skeleton.page(CUF))
        check(found, CUF)
        links = [item["link"] for section in CUF["sections"] for item in section["items"]]
        assert [item.url for item in dated(found)] == [skeleton.link(link) for link in links], seed
        assert [item.url for item in undated(found)] == [skeleton.link(item["link"]) for item in CUF["sidebar"]], seed
        assert [item.url for item in events(found)] == [item["link"] for item in CUF["agenda"]], seed
        assert len(found.more) == 2


def other_records(seed: int) -> dict[str, Any]:
    """Records of other rubriques: other words, numbers of items, dates, subtitles, events."""
    dice = random.Random(seed)
    vocabulary = json.loads((HERE / "pages" / "words.json").read_text("utf-8"))
    months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
    number = iter(range(1, 999))

    def news() -> dict[str, str]:
        place = next(number)
        item = {
            "date": f"Le {dice.choice(['1er', *range(2, 32)])} {dice.choice(months)} {dice.randrange(2011, 2027)},",
            "title": f"{dice.choice(vocabulary['titles'])} ({place})",
            "intro": f"{dice.choice(vocabulary['intros'])} {place}\xa0(…)",
            "link": f"Article-{place}",
        }
        if dice.random() < 0.4:
            item["subtitle"] = dice.choice(vocabulary["subtitles"])
        return item

    events = [
        {
            "day": str(dice.randrange(1, 32)),
            "month": dice.choice("jan fév mar avr mai jui aoû sep oct nov déc".split()),
            "title": f"{dice.choice(vocabulary['titles'])} ({next(number)})",
            "link": f"spip.php?article{next(number)}",
        }
        for _ in range(dice.randrange(1, 4))
    ]
    headings = dice.sample(vocabulary["headings"], dice.randrange(1, 4))
    return {
        "sections": [{"heading": one, "items": [news() for _ in range(dice.randrange(1, 8))]} for one in headings],
        "agenda": events,
        "sidebar": [
            {"title": f"{dice.choice(vocabulary['titles'])} ({place})", "link": f"Breve-{place}"} for place in range(3)
        ],
    }


@pytest.mark.parametrize("block", range(10))
def test_other_rubriques_are_read_in_skeletons_made_at_random(block: int) -> None:
    for seed in range(1000 + block * 40, 1000 + block * 40 + 40):
        records = other_records(seed)
        skeleton = Skeleton(seed)
        if skeleton.heading == "image" and any(len(section["items"]) < 2 for section in records["sections"]):
            skeleton.heading = "div"  # a picture over every item cannot be told from the items' own pictures
        check(read(skeleton.page(records)), records)


# ── what is an item, and what is not ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("Le&nbsp;1<sup>er</sup>&nbsp;mars 2021,", "Le\xa01er\xa0mars 2021,"),
        ("<b>Le</b> <span>3</span> AOÛT <i>2021</i>,", "Le 3 AOÛT 2021,"),
        ("Le 5 fe\u0301vrier 2021,", "Le 5 fe\u0301vrier 2021,"),
        ("<!-- x -->Le 5\n\tmai\n 2021,", "Le 5 mai 2021,"),
    ],
)
def test_a_publication_date_is_kept_word_for_word(date: str, words: str) -> None:
    assert [item.published for item in dated(read(card("a", date) + card("b")))] == [words, "Le 18 février 2026,"]


def test_words_are_kept_as_damaged_as_they_are() -> None:
    (first, *_) = dated(read(CARDS.replace("Intro a", "déployé grçce à&nbsp;« l’aide »&nbsp;(…)")))
    assert first.summary == "déployé grçce à\xa0« l’aide »\xa0(…)"


def test_a_date_under_a_title_is_its_subtitle() -> None:
    found = read(card("a", inside="<p>Le 18 février 2026</p>") + card("b", inside="<p>le 17 février 2026</p>"))
    assert [item.subtitle for item in dated(found)] == ["Le 18 février 2026", "le 17 février 2026"]


def test_a_date_that_begins_an_introduction_begins_no_item() -> None:
    found = read(CARDS.replace("Intro b", "Le 9 mars 2021, la ville a reçu une délégation"))
    assert [item.title for item in found.items] == ["Titre a", "Titre b", "Titre c"]
    assert found.items[1].summary == "Le 9 mars 2021, la ville a reçu une délégation"


def test_the_date_of_the_day_in_a_page_s_head_is_no_item() -> None:
    head = (
        '<div><p>Lundi 24 novembre 2025</p><ul><li><a href="/">Accueil</a><li><a href="/-A-">Le réseau</a></ul></div>'
    )
    assert [item.title for item in read(head + CARDS).items] == ["Titre a", "Titre b", "Titre c"]


def test_a_list_that_says_its_titles_first_is_read_in_that_order() -> None:
    rows = "".join(
        f"<h3><a href={n}>Titre {n}</a></h3><p>{d} mai 2024</p><p>Intro {n}</p>"
        for n, d in zip("abc", "123", strict=True)
    )
    found = [(item.title, item.published, item.summary) for item in read(f"<h2>Archives du comité</h2>{rows}").items]
    assert found == [
        ("Titre a", "1 mai 2024", "Intro a"),
        ("Titre b", "2 mai 2024", "Intro b"),
        ("Titre c", "3 mai 2024", "Intro c"),
    ]


def test_a_date_below_the_introduction_belongs_to_the_item_above_it() -> None:
    rows = "".join(
        f"<li><h3><a href={n}>T{n}</a></h3><p>Intro</p><i>{d}/05/2024</i></li>"
        for n, d in zip("abc", "123", strict=True)
    )
    assert [(item.title, item.published) for item in read(f"<ul>{rows}</ul>").items] == [
        ("Ta", "1/05/2024"),
        ("Tb", "2/05/2024"),
        ("Tc", "3/05/2024"),
    ]


def test_the_link_of_en_savoir_plus_serves_a_title_that_has_none() -> None:
    found = read(CARDS.replace("<a href=a>Titre a</a>", "Titre a").replace("href=b>Titre", "href=javascript:x>Titre"))
    assert [item.url for item in found.items] == ["a", "b", "c"]


def test_an_item_whose_only_link_is_its_picture_has_that_link() -> None:
    one = "<div><a href={0}><img src=x></a><p>Le 2 mai 2024,</p><p>Titre</p><p>Intro</p><p>EN SAVOIR PLUS</p></div>"
    assert [item.url for item in read(one.format("a") + one.format("b")).items] == ["a", "b"]


def test_news_without_any_link_are_kept_without_one() -> None:
    one = "<div><p>Le 2 mai 2024,</p><p>Titre</p><p>Intro</p><p>EN SAVOIR PLUS</p></div>"
    assert [item.url for item in read(one * 2).items] == [None, None]


def test_navigation_is_never_an_item() -> None:
    titles = [item.title for item in file("menus").items]
    assert titles == ["Réunion du groupe-pays Mali", "Fonds de solidarité Haïti"]


def test_a_box_that_invites_to_join_is_left_out_and_said() -> None:
    box = "<div><h2>Adhérez</h2><p>Rejoignez le réseau</p><a href=adherer>EN SAVOIR PLUS</a></div>"
    found = read(f"<div><h2>Actualités CUF</h2>{CARDS}</div>{box}")
    assert len(found.items) == 3
    assert len(found.left_out) == 1 and "Adhérez" in found.left_out[0]


def test_a_story_of_the_list_is_not_told_again_by_the_sidebar() -> None:
    side = "<div><h2>Actualités</h2><p><a href=b>Titre b</a></p><p><a href=z>Une autre nouvelle encore</a></p></div>"
    found = read(side + f"<div><h2>Actualités CUF</h2>{CARDS}</div>")
    assert [item.url for item in found.items] == ["z", "a", "b", "c"]


@pytest.mark.parametrize(
    "link", ["/-Groupes-pays-", "/+-Mali-+", "spip.php?rubrique3", "IMG/pdf/plaquette.pdf", "?debut_x=3"]
)
def test_a_sidebar_link_that_leads_to_no_article_is_no_item(link: str) -> None:
    side = f"<div><h2>Actualités</h2><ul><li><a href=n>Une vraie nouvelle ici</a><li><a href='{link}'>Tous nos groupes de pays</a></ul></div>"
    assert [item.url for item in read(side).items] == ["n"]


@pytest.mark.parametrize(
    ("date", "published"),
    [
        ("<p>[11/03/2021]</p>", "[11/03/2021]"),
        ("<p>11-03-2021</p>", "11-03-2021"),
        ("<p>11.03.21</p>", "11.03.21"),
        ("<p>11 mars 2021 à 10h25</p>", "11 mars 2021 à 10h25"),
        ("<p>Jeudi 11 mars 2021 - 09:00</p>", "Jeudi 11 mars 2021 - 09:00"),
        ("<p>11 mars 2021 | Vie du réseau</p>", "11 mars 2021"),
        ("<p>11 mars 2021 · 3 min de lecture</p>", "11 mars 2021"),
        ("<p>Actualité - 11 mars 2021</p>", "11 mars 2021"),
        ("<p>Date : 11 mars 2021</p>", "Date : 11 mars 2021"),
        ("<p>Article publié le 11 mars 2021</p>", "Article publié le 11 mars 2021"),
        ("<p>Par Rédaction, le 11 mars 2021</p>", "Par Rédaction, le 11 mars 2021"),
        ("<div><i>11</i><i>mars</i><i>2021</i></div>", "11 mars 2021"),
        ("<div>11</div><div>mars</div><div>2021</div>", "11 mars 2021"),
        ("<time datetime=2021-03-11>11 mars</time>", "2021-03-11"),
        ("<p><abbr title=2021-03-11T09:00:00Z>Il y a 3 jours</abbr></p>", "2021-03-11T09:00:00Z"),
        ("<time datetime=2021-03-11>11/03/2021</time>", "11/03/2021"),
    ],
)
def test_a_day_is_read_in_the_forms_that_sites_give_it(date: str, published: str) -> None:
    for item in (
        "<li>{}<h3><a href={}>Titre</a></h3><p>Intro</p>",
        "<li><h3><a href={1}>Titre</a></h3>{0}<p>Intro</p>",
    ):
        found = read("<ul>" + "".join(item.format(date, link) for link in "abc") + "</ul>")
        assert [(one.published, one.url) for one in found.items] == [(published, link) for link in "abc"]
        assert {(one.title, one.summary) for one in found.items} == {("Titre", "Intro")}


@pytest.mark.parametrize(
    "title", ["Le 9 mars 2021, Titre {0}", "9 mars 2021 – Titre {0}", "Titre {0} <span>9/03/2021</span>"]
)
@pytest.mark.parametrize("block", ["<h3><a href={0}>{1}</a></h3>", "<p><a href={0}>{1}</a></p>"])
def test_a_day_in_a_title_is_no_part_of_it(title: str, block: str) -> None:
    found = read("".join(block.format(name, title.format(name)) + "<p>Intro</p>" for name in "abc"))
    assert [(one.title, one.url, one.summary) for one in found.items] == [(f"Titre {n}", n, "Intro") for n in "abc"]
    assert all(one.published for one in found.items)


@pytest.mark.parametrize(
    "other",
    [
        "<p>Dernière mise à jour</p><p>lundi 17 novembre 2025</p><p><a href=x>Ministère des affaires étrangères</a></p>",
        "<p>24 novembre 2025</p><a href=?lang=fr>FR</a><p><a href='spip.php?page=agenda'>Agenda de nos rencontres</a></p>",
        "<div><h3>Derniers commentaires</h3><p>Le 3 novembre 2025, <a href=a#c1>Jean</a> : Merci</p></div>",
        "<div><h3><a href='-Le-reseau-'>Le réseau</a></h3><p>Découvrez-le</p><a href='-Le-reseau-'>En savoir plus</a></div>"
        * 3,
        "<footer><h2>Actualités</h2><ul><li><a href=x>Rejoindre le réseau</a></ul></footer>",
    ],
)
def test_what_else_a_page_dates_or_invites_to_is_no_item(other: str) -> None:
    for text in (f"<div>{other}</div><div>{CARDS}</div>", f"<div>{CARDS}</div><div>{other}</div>"):
        assert [item.title for item in read(text).items] == ["Titre a", "Titre b", "Titre c"]


@pytest.mark.parametrize("words", ["Découvrir", "Lire l’annonce", "Consulter la fiche"])
def test_words_that_lead_again_where_each_title_leads_are_no_part_of_an_item(words: str) -> None:
    one = "<div><p>2 mai 2024</p><h3><a href={0}>Titre {0}</a></h3><p>Intro</p><a href={0}>{1}</a></div>"
    found = read("".join(one.format(name, words) for name in "abc"))
    assert [(item.title, item.summary) for item in found.items] == [(f"Titre {name}", "Intro") for name in "abc"]


@pytest.mark.parametrize(
    "links",
    [
        "<p><a href={0}>{1}</a><br><a href={2}>{3}</a></p>",
        "<a href={0}><span>{1}</span></a><a href={2}><span>{3}</span></a>",
        "<p>• <a href={0}>{1}</a></p><p>• <a href={2}>{3}</a></p>",
        "<div><p><a href={0}>{1}</a></p><button>Suivant</button></div><div><p><a href={2}>{3}</a></p></div>",
    ],
)
def test_undated_news_are_the_links_under_their_heading_however_they_stand(links: str) -> None:
    said = links.format("y", "Les dix ans des accords de Paris", "z", "Le forum urbain mondial de Bakou")
    for side in (f"<div><h2>Actualités</h2>{said}</div>", f"<footer><h2>Actualités</h2>{said}</footer>"):
        found = read(f"<div>{CARDS}</div>{side}")
        assert [item.url for item in undated(found)] == ["y", "z"]


def test_what_stands_below_en_savoir_plus_is_no_introduction() -> None:
    filed = "<footer>Publié par <a href='spip.php?auteur2'>CUF</a> <a href=a#forum>Laisser un commentaire</a></footer>"
    one = "<article><h2><a href={0}>Titre</a></h2><p>2 mai 2024</p><p>Intro</p><p><a href={0}>Lire la suite</a></p>{1}</article>"
    assert [item.summary for item in read("".join(one.format(name, filed) for name in "abc")).items] == ["Intro"] * 3


def test_en_savoir_plus_at_the_end_of_an_introduction_is_no_part_of_it() -> None:
    one = "<a href={0}><p>Le 2 mai 2024,</p><h3>Titre</h3><p>Intro EN SAVOIR PLUS</p></a>"
    assert [item.summary for item in read("".join(one.format(name) for name in "abc")).items] == ["Intro"] * 3


def test_events_that_follow_each_other_on_one_line_are_told_apart() -> None:
    found = read(
        "<h2>Agenda</h2><p><b>20 nov</b> <a href=e>Réunion</a> <b>21 nov</b> <a href=f>Atelier <i>Mali</i></a></p>"
    )
    assert [(one.when, one.title, one.url) for one in events(found)] == [
        ("20 nov", "Réunion", "e"),
        ("21 nov", "Atelier Mali", "f"),
    ]


# ── keywords, agenda ────────────────────────────────────────────────────────────────────────────


def test_a_line_of_keywords_is_the_item_s_categories() -> None:
    one = "<p>{0} / Actualité</p><h3>Titre {0}</h3><p>Intro</p><p><a href={0}>EN SAVOIR PLUS</a></p>"
    found = read(one.format("Mali") + "<p>image par defaut</p>" + one.format("Haïti"))
    assert [(item.title, item.categories) for item in found.items] == [
        ("Titre Mali", ("Mali", "Actualité")),
        ("Titre Haïti", ("Haïti", "Actualité")),
    ]


@pytest.mark.parametrize(
    ("row", "when", "title"),
    [
        ("<li>20<br>nov<br><a href=e>Réunion</a>", "20\nnov", "Réunion"),
        ("<li><a href=e>26 jui Réunion</a>", "26 jui", "Réunion"),
        (
            "<li><a href=e><span>1<sup>er</sup></span><span>déc</span>9<sup>e</sup> Rencontres</a>",
            "1er\ndéc",
            "9e Rencontres",
        ),
        ("<li><p>nov</p><p>20</p><p>2025</p><a href=e>Réunion</a>", "nov\n20\n2025", "Réunion"),
        ("<li><a href=e>Du 21/10/2026 au 24/10/2026 Rencontres</a>", "Du 21/10/2026 au 24/10/2026", "Rencontres"),
        (
            "<li><a href=e>Réunion</a><br>Jeudi 20 novembre 2025 de 14h30 à 16h30",
            "Jeudi 20 novembre 2025 de 14h30 à 16h30",
            "Réunion",
        ),
        ("<li>20 nov : <a href=e>Réunion</a>", "20 nov", "Réunion"),
        (
            "<li><a href=e>Réunion</a> <i>20 nov</i> <i>Du 20/11/2025 au 22/11/2025</i>",
            "20 nov\nDu 20/11/2025 au 22/11/2025",
            "Réunion",
        ),
        (
            "<li>20 nov – Du 20/11/2025 au 22/11/2025 : <a href=e>Réunion</a>",
            "20 nov\nDu 20/11/2025 au 22/11/2025",
            "Réunion",
        ),
        ("<li><time datetime=2025-11-20>20<br>nov</time> <a href=e>Réunion</a>", "2025-11-20", "Réunion"),
        ("<li>20 nov. 2025<h4><a href=e>5 ans de coopération</a></h4>", "20 nov. 2025", "5 ans de coopération"),
    ],
)
def test_an_agenda_s_words_are_kept(row: str, when: str, title: str) -> None:
    tail = "<p><a href=tout>Tout l’agenda</a></p><h2>CENTRE DE RESSOURCES</h2><a href=t>Texte</a>"
    found = read(f"<h2>Agenda</h2><ul>{row}</li></ul>{tail}{CARDS}")
    assert [(event.when, event.title, event.url) for event in events(found)] == [(when, title, "e")]
    assert len(dated(found)) == 3


def test_an_event_without_link_is_kept() -> None:
    assert [event.url for event in events(read("<h2>Agenda</h2><p>20<p>nov<p>Réunion"))] == [None]


def test_numbers_under_agenda_that_name_no_day_are_no_events() -> None:
    assert events(read(f"<div><h2>Agenda</h2><p>12</p><p><a href=x>rendez-vous à venir</a></p></div>{CARDS}")) == []


# ── identity, further pages ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("href", "native"),
    [
        ("spip.php?article1784", "article1784"),
        ("spip.php?page=pays_page&amp;id_rubrique=2&amp;id_article=4698", "article4698"),
        ("spip.php?page=pays_page&amp;id_article=4963%27", "article4963"),
        ("/Reunion-du-groupe-pays-Mali-3952", None),
        ("spip.php?evenement12", "evenement12"),
        ("spip.php?rubrique12", None),
        ("spip.php?article" + "9" * 5000, "article999999999999"),
    ],
)
def test_the_platform_s_id_is_read_from_the_link(href: str, native: str | None) -> None:
    assert read(CARDS.replace("href=a>", f'href="{href}">')).items[0].native_id == native


@pytest.mark.parametrize("mark", ['class="crayon article-titre-4698 "', "data-id_article=4698"])
def test_the_platform_s_id_is_read_from_the_title_s_element(mark: str) -> None:
    ids = [item.native_id for item in read(card("a").replace("<h3", f"<h3 {mark}") + card("b")).items]
    assert ids == ["article4698", None]


def links(*hrefs: str) -> str:
    return CARDS + "".join(f'<a href="{href}">x</a>' for href in hrefs)


def test_further_pages_come_in_order_and_once() -> None:
    hrefs = (
        "?debut_a=0",
        "?debut_a=10",
        "?debut_a=900#p",
        "?debut_a=30#p",
        "?debut_a=20",
        "?debut_a=20#p",
        "?debut_a=-1",
        "?debut_a=@7",
    )
    found = read(links(*hrefs), f"{LIST}?debut_a=10", pages=9)
    assert found.more == (f"{LIST}?debut_a=20", f"{LIST}?debut_a=30", f"{LIST}?debut_a=900")


def test_no_more_pages_are_asked_for_than_are_wanted() -> None:
    text = links("?debut_a=10", "?debut_a=20", "?debut_a=30")
    assert [len(read(text, pages=pages).more) for pages in (1, 2, 3)] == [0, 1, 2]


def test_further_pages_of_other_lists_are_not_followed() -> None:
    hrefs = ("spip.php?rubrique2&debut_a=10", "/-Autre-?debut_a=10", "http://[?debut_a=10", "mailto:x?debut_a=10")
    assert read(links(*hrefs), "https://x.example/spip.php?rubrique1").more == ()


def test_a_mirror_s_further_page_is_asked_for_on_our_host() -> None:
    assert read(links("http://www.raict.org/-Actualites-?debut_a=10")).more == (f"{LIST}?debut_a=10",)


def test_relative_links_are_relative_to_the_base_the_page_says() -> None:
    found = read('<base href="/autre/">' + CARDS)
    assert {item.base for item in found.items} == {"https://www.cites-unies-france.org/autre/"}


# ── pages that are no list ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lists nothing"),
        ("<title>Site en travaux</title><h1>Site en travaux</h1>", "under maintenance"),
        ("<title>Erreur 404 - Mon site</title><h1>Erreur 404</h1>", "Erreur 404"),
        ('<?xml version="1.0"?><!DOCTYPE html><html><body><p>x', "lists nothing"),
    ],
)
def test_a_page_that_lists_nothing_is_said_to(text: str, words: str) -> None:
    with pytest.raises(NothingFound, match=words):
        read(text)


def test_spip_s_own_feed_is_read_too() -> None:
    text = (Path(__file__).parent / "feeds" / "rss20-spip-backend.xml").read_text(encoding="utf-8")
    found = read(text)
    assert found.items
    assert all(item.title and item.published for item in found.items)


def test_spip_s_calendar_of_articles_gives_news_and_never_events() -> None:
    event = (
        "BEGIN:VEVENT\r\nUID:article22 @ http://x.example\r\nDTSTART:20251106T090000Z\r\nDTEND:20251106T100000Z\r\n"
        "SUMMARY:Un article\r\nCATEGORIES:Articles\r\nURL:http://x.example/spip.php?article22\r\nEND:VEVENT\r\n"
    )
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:SPIP https://www.spip.net\r\n"
    found = read(f"{head}{event}END:VCALENDAR\r\n")
    assert [(item.kind, item.title, item.start) for item in found.items] == [("news", "Un article", None)]


def test_an_article_s_page_is_no_list() -> None:
    with pytest.raises(NothingFound):
        file("article")


def test_what_is_beyond_the_limits_is_counted() -> None:
    found = Spip()(page(CARDS), Limits(items=2))
    assert len(found.items) == 2
    assert found.left_out == ("1 items beyond those that are read of one page",)


@pytest.mark.parametrize(
    "text",
    [
        "<p>Le 11 mars 2021,</p>" * 4000,
        "<h2>Agenda</h2>" * 4000,
        "<h2>Actualités</h2><p>x" * 4000,
        "<b>" * 1900 + "<i>x</i>" * 4000,
        "<div><p>Le 11 mars 2021,<p><a href=t>T</a><p>i" * 900,
        "<p>" + "<span>a</span> " * 20000,
        "<div class=vevent>" * 1900 + "<b class=summary>x</b>",
        "<!--" + "-" * 100_000,
    ],
)
def test_a_hostile_page_is_read_or_refused(text: str) -> None:
    try:
        read(text)
    except ExtractError:
        pass


@pytest.mark.parametrize("pages", [0, -1, True, "3"])
def test_a_number_of_pages_is_one(pages: Any) -> None:
    with pytest.raises(ValueError, match="pages"):
        Spip(pages=pages)


def test_the_extractor_travels_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(Spip(pages=2))) == Spip(pages=2)
