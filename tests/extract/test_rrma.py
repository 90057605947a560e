"""The regional networks' platform: pages and lists read by their words, whatever the markup."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import extract
from aggregator.errors import ExtractError, NothingFound
from aggregator.model import Extracted, Limits, Page, RawItem

SITE = "https://www.reseau.example.org"


def read(html: str, url: str = SITE + "/agenda/", limits: Limits | None = None, **options: Any) -> Extracted:
    page = Page(url, url, 200, b"", datetime(2026, 11, 1, 8, tzinfo=UTC), "", text=html)
    return extract.kind("rrma")(**options)(page, limits or Limits())


def one(html: str, path: str = "/evenement/groupe-pays-mali-3/") -> RawItem:
    (item,) = read(html, SITE + path).items
    return item


# Five markups of one page: what is said is the same.
MARKUPS = {
    "list": "<ul><li>Date : Jeudi 19 novembre 2026 de 18h00 à 21h00</li><li>Lieu : Mairie, Arras</li><li>Organisateur : Réseau</li></ul>",
    "table": "<table><tr><th>Date :<td>Jeudi 19 novembre 2026 de 18h00 à 21h00<tr><th>Lieu :<td>Mairie, Arras<tr><th>Organisateur :<td>Réseau</table>",
    "definitions": "<dl><dt>Date&nbsp;:</dt><dd>Jeudi 19 novembre 2026 de 18h00 à 21h00</dd><dt>LIEU&nbsp;:</dt><dd>Mairie, Arras</dd><dt>Organisateur(s)&nbsp;:</dt><dd>Réseau</dd></dl>",
    "breaks": "<p><b>Dates :</b> Jeudi 19 novembre 2026 de 18h00 à 21h00<br><b>Lieux :</b> Mairie, Arras<br><b>Organisateurs :</b> Réseau</p>",
    "spans": "<div><span>Date</span><span> : </span><span>Jeudi 19 novembre 2026 de 18h00 à 21h00</span></div><div>Lieu : <em>Mairie, Arras</em></div><div>Organisatrice : Réseau</div>",
}  # fmt: skip


@pytest.mark.parametrize("markup", MARKUPS.values(), ids=MARKUPS)
def test_an_event_says_when_where_and_who_in_any_markup(markup: str) -> None:
    item = one(f"<header><h1>Groupe pays Mali</h1></header>{markup}<h2>Description</h2><p>Bases d’un projet.</p>")
    assert (item.kind, item.native_id, item.title) == ("event", "evenement/groupe-pays-mali-3", "Groupe pays Mali")
    assert (item.when, item.location, item.organiser) == (
        "Jeudi 19 novembre 2026 de 18h00 à 21h00",
        "Mairie, Arras",
        "Réseau",
    )
    assert item.content == "<p>Bases d’un projet.</p>"


def test_news_say_when_they_were_published() -> None:
    item = one("<h1>Appel</h1><p>Publié le 28/10/2026</p><p>Catégorie(s) : ECSI</p><p>Texte.</p>", "/actualite/appel-2")
    assert (item.kind, item.published, item.categories, item.content) == (
        "news",
        "Publié le 28/10/2026",
        ("ECSI",),
        "<p>Texte.</p>",
    )
    assert item.when is None


def test_what_follows_the_text_is_no_part_of_it() -> None:
    item = one(
        "<title>Fête - Réseau du Nord</title><h1>Fête</h1><p>Date : 24/11/2026</p><p>Texte.</p>"
        "<h2>Réseau du Nord</h2><p>Le réseau fédère.</p><h2>Informations pratiques</h2><p>Bureaux à Lille</p>"
    )
    assert (item.content, item.when) == ("<p>Texte.</p>", "24/11/2026")


def test_a_page_that_says_no_date_has_none() -> None:
    assert one("<h1>Fête</h1><p>Bientôt.</p>").when is None
    with pytest.raises(NothingFound, match="has no title"):
        one("<p>Date : 24/11/2026</p>")


def test_words_that_look_like_markup_stay_words() -> None:
    item = one(
        "<h1>A &lt;b&gt; &amp; C</h1><p>Lieu : &lt;Salle&gt;</p><p>1 &lt; 2 <a href='/x?a=\"1\"'>&lt;ici&gt;</a></p>"
    )
    assert (item.title, item.location) == ("A &lt;b&gt; &amp; C", "&lt;Salle&gt;")
    assert item.content == '<p>1 &lt; 2 <a href="/x?a=&quot;1&quot;">&lt;ici&gt;</a></p>'


# ── lists ───────────────────────────────────────────────────────────────────────────────────────


def test_events_whose_date_the_list_does_not_tell_are_read_on_their_own_pages() -> None:
    found = read(
        "<h1>Agenda</h1><div><h3><a href='/evenement/a/'>A</a></h3><p>Date : 24/11/2026</p></div>"
        "<div><h3><a href='/evenement/b/'>B</a></h3><p>À Metz</p></div><a href='?page=2'>Suivant</a>"
    )
    assert [item.native_id for item in found.items] == ["evenement/a"]
    assert found.more == (SITE + "/agenda/?page=2", SITE + "/evenement/b/")
    assert read("<a href='/evenement/b/'>B</a>", pages=1).more == ()


def test_menus_footers_and_other_sites_are_no_part_of_a_list() -> None:
    found = read(
        "<nav><a href='/evenement/a/'>A</a></nav><footer><a href='/actualite/b/'>B</a></footer>"
        "<p><a href='https://ailleurs.example.com/evenement/c/'>C</a></p><p><a href='/evenement/'>D</a></p>"
        "<p><a href='http://['>E</a></p><p>24/11/2026 <a href='http://reseau.example.org/evenement/f/'>F</a></p>"
    )
    assert [item.native_id for item in found.items] == ["evenement/f"]


@pytest.mark.parametrize(
    "html",
    [
        "<h1>Agenda</h1><p><a href='/evenement/a/'>Fête</a> 24/11/2026</p><h2>Contact</h2>",
        "<main><h2>Tout l’agenda</h2><p><a href='/evenement/a/'>Fête</a> 24/11/2026</p></main>",
        "<div><div><h1>Agenda</h1></div><p><a href='/evenement/a/'>Fête</a> 24/11/2026</p></div>",
    ],
)
def test_the_only_event_of_a_list_is_not_called_like_the_list(html: str) -> None:
    assert [(item.title, item.when) for item in read(html).items] == [("Fête", "24/11/2026")]


def test_the_words_that_lead_on_name_nothing() -> None:
    found = read(
        "<div><a href='/actualite/a/'><img src='a.jpg'></a><a href='/actualite/a/'>Une nouvelle</a><a href='/actualite/a/'>Lire la suite</a></div>"
        "<div><a href='/actualite/b/'>En savoir plus</a></div>"
    )
    assert [item.title for item in found.items] == ["Une nouvelle"]
    assert len(found.left_out) == 1 and "/actualite/b/ has no title" in found.left_out[0]


def test_a_page_without_such_links_tells_what_to_take() -> None:
    with pytest.raises(NothingFound, match="take the site's list of news or its agenda"):
        read("<h1>Accueil</h1><a href='/contact'>Contact</a>")


def test_no_more_items_than_the_limits_allow() -> None:
    html = "".join(f"<div><a href='/actualite/n{n}/'>Nouvelle {n}</a></div>" for n in range(9))
    found = read(html, limits=Limits(items=4, events=4))
    assert len(found.items) == 4 and found.left_out == ("5 pages beyond the first 4",)


def test_of_too_many_links_the_first_are_read_and_the_others_told() -> None:
    html = (
        "<a href='/contact'>Contact</a>" * 9_999
        + "<p><a href='/actualite/a/'>A</a></p><p><a href='/actualite/b/'>B</a></p>"
    )
    found = read(html)
    assert [item.title for item in found.items] == ["A"]
    assert found.left_out == ("1 links beyond the first 10000",)


# ── hostile pages ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "html"),
    [
        ("/agenda/", "<div>" * 1_500 + "<a href='/evenement/e/'>E</a>" * 50_000),
        ("/agenda/", "".join(f"<div><a href='/evenement/e{n}/'>E {n}</a><p>Date : 12/03/2027</p></div>" for n in range(20_000))),
        ("/agenda/", "<a href='/evenement/e/'>" + "du 12 au 13 mars 2027 " * 80_000),
        ("/evenement/e/", "<h1>E</h1><p>Thématique(s) : " + "<a href=x>é</a>," * 60_000),
    ],
    ids=["one link, deep", "many links", "one line of dates", "many themes"],
)  # fmt: skip
def test_a_large_page_is_read_in_bounded_time(path: str, html: str) -> None:
    began = time.perf_counter()
    read(html, SITE + path)
    assert time.perf_counter() - began < 10


_PIECES = st.sampled_from(
    ["<div>", "</div>", "<a href='/evenement/a/'>", "<a href='/actualite/b'>", "</a>", "<h1>", "</h1>", "<h3>", "</h3>", "Date :", "Lieu :",
     "Thématique(s) :", "Publié le", " 12/03/2027 ", "26 nov", "<br>", "<table><tr><td>", "http://[", "<base href='http://['>", "\x00", "é", "&", "Suivant"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=25), st.sampled_from(["/agenda/", "/evenement/a/", "/actualite/b"]))
def test_any_page_is_read_or_refused(pieces: list[str], path: str) -> None:
    try:
        found = read("".join(pieces), SITE + path)
    except ExtractError:
        return
    for item in found.items:
        assert item.url and item.native_id and item.title is not None
        assert not (item.kind == "news" and item.when)
