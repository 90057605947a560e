"""Pages read by selectors that an operator writes."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.errors import ExtractError, NothingFound
from aggregator.extract import dom
from aggregator.extract.html import Html
from aggregator.model import Extracted, Limits, Page, RawItem

URL = "https://www.ville.example.org/international/?p=1#haut"


def read(text: str, limits: Limits | None = None, **options: Any) -> Extracted:
    page = Page(URL, URL, 200, text.encode(), datetime(2025, 11, 1, tzinfo=UTC), "", text=text)
    return Html(**{"item": "li", **options})(page, limits or Limits())


def one(text: str, **options: Any) -> RawItem:
    (item,) = read(text, **options).items
    return item


# ── what each field takes ───────────────────────────────────────────────────────────────────────


def test_a_title_and_its_link_are_found_without_selectors() -> None:
    item = one("<li><a href=photo><img></a><h3><a href='a?x=1&amp;y'>Un <b>beau</b>\n titre</a></h3></li>")
    assert (item.title, item.url, item.kind) == ("Un beau titre", "a?x=1&y", "news")


def test_a_block_that_is_a_link_is_its_own_link() -> None:
    assert one("<a class=x href=a><h3>Titre</h3></a>", item="a.x").url == "a"


def test_a_title_inside_a_link_has_that_link() -> None:
    assert one("<li><a href=a><h3>Titre</h3></a><a href=b>plus</a></li>").url == "a"


def test_words_are_taken_with_their_line_ends_and_no_others() -> None:
    item = one(
        "<li><a href=a>T</a><p class=w>Du 21<sup>e</sup> au<br>24&nbsp;oct <script>x</script><i>o</i>bre</p>", when=".w"
    )
    assert item.when == "Du 21e au\n24\xa0oct obre"


def test_a_summary_is_the_inner_html_and_its_title_is_html_too() -> None:
    item = one("<li><a href=a>A &lt;b&gt; &amp; c</a><div><p>Un <em>mot</em> &amp; un autre</p></div>", summary="div")
    assert (item.title, item.summary, item.markup) == (
        "A &lt;b&gt; &amp; c",
        "<p>Un <em>mot</em> &amp; un autre</p>",
        "html",
    )


def test_a_summary_asked_as_text_is_escaped() -> None:
    assert one("<li><a href=a>T</a><div>1 &lt; <b>2</b></div>", summary="div::text").summary == "1 &lt; 2"


def test_the_first_selector_that_gives_something_wins() -> None:
    date = ["time::attr(datetime)", ".vide", ".date"]
    assert (
        one("<li><a href=a>T</a><time>x</time><i class=vide> </i><i class=date>6 mai</i>", date=date).published
        == "6 mai"
    )


def test_an_attribute_of_the_block_itself_can_be_taken() -> None:
    assert one("<li data-id=n17><a href=a>T</a>", id="::attr(data-id)").native_id == "n17"


def test_what_the_page_does_not_say_is_none() -> None:
    item = one("<li><a href=a>T</a>", date=".d", location=".l", summary=".s", category=".c", image="img")
    assert (item.published, item.location, item.summary, item.categories, item.attachments) == (
        None,
        None,
        None,
        (),
        (),
    )


def test_relative_links_are_relative_to_the_base_the_page_says() -> None:
    assert one("<base href='/autre/'><li><a href=a>T</a>").base == "https://www.ville.example.org/autre/"
    assert one("<li><a href=a>T</a>").base is None


# ── dates that stand over several blocks, or in pieces ──────────────────────────────────────────


@pytest.mark.parametrize(
    ("heading", "own", "words"),
    [
        ("Jeudi 12 mars 2026", "18h30", "Jeudi 12 mars 2026\n18h30"),
        ("Jeudi 12 mars", "10h-12h", "Jeudi 12 mars\n10h-12h"),
        ("Mars 2026", "Jeudi 12", "Jeudi 12 Mars 2026"),
        ("Mars 2026", "Jeudi 12 à 18h30", "Jeudi 12 Mars 2026 à 18h30"),
        ("2025", "12 mars à 18h", "12 mars 2025 à 18h"),
        ("2025", "Du 12 au 14 mars", "Du 12 au 14 mars 2025"),
        ("Mars 2026", "12/03/2026", "12/03/2026"),
        ("Jeudi 12 mars 2026", "", "Jeudi 12 mars 2026"),
    ],
)
def test_a_heading_says_what_the_date_of_a_block_leaves_out(heading: str, own: str, words: str) -> None:
    text = f"<h2>1er janvier 2020</h2><h2>{heading}</h2><ul><li><i>{own}</i><a href=a>Un</a></ul>"
    assert one(text, day="h2", when="i", kind="event").when == words
    assert one(text, day="h2", date="i").published == words


def test_each_block_has_the_last_heading_before_it() -> None:
    text = "<li><a href=z>Z</a></li><h2>12 mai</h2><li><a href=a>A</a><li><a href=b>B</a></li><h2>13 mai</h2><li><a href=c>C"
    assert [item.published for item in read(text, day="h2").items] == [None, "12 mai", "12 mai", "13 mai"]


def test_items_without_an_element_of_their_own_are_what_stands_between_two() -> None:
    text = """<div><h2>Mai</h2><h3>Un</h3><p>12<p><a href=a>Suite</a><h3>Deux</h3><ul><li><a href=b>b</a></ul><p>13
        <h2>Juin</h2><p><a href=x>Tout</a><h3>Trois</h3></div><p><a href=c>c</a>"""
    found = read(text, item="h3", flat=True, title="h3", link="a", date="p", day="h2")
    assert [(item.title, item.url, item.published) for item in found.items] == [
        ("Un", "a", "12 Mai"),
        ("Deux", "b", "13 Mai"),
    ]
    assert found.left_out == ("« Trois » has no link",)


def test_parts_of_a_date_in_elements_of_their_own_are_words() -> None:
    parts = "<p><b>23</b><b>nov</b><b>2025</b></p>"
    assert one(f"<li><a href=a>T</a>{parts}", date="p").published == "23 nov 2025"
    assert one(f"<li><a href=a>T</a>{parts}", when="p", kind="event").when == "23\nnov\n2025"
    assert one("<li><a href=a>T</a><p><b>5</b><b>avr.</b><b>2026</b></p>", date="p").published == "5 avr. 2026"
    assert one("<li><a href=a>T</a><p>1<sup>er</sup> mai</p>", date="p").published == "1er mai"


def test_words_in_no_link_can_be_taken() -> None:
    assert one("<li>12 mai : <a href=a>Le 8 mai</a> <i>(Lyon)</i>", date="::unlinked").published == "12 mai :  (Lyon)"


# ── what cannot be read ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("<li><h3>Sans lien</h3></li>", "« Sans lien » has no link"),
        ("<li><a href='javascript:void(0)'>Un script</a></li>", "« Un script » has no link"),
        ("<li><p>Publicité</p></li>", "a block has no title: Publicité"),
        ("<li></li>", "a block has no title: it holds no words"),
    ],
)
def test_a_block_without_title_or_link_is_left_out_and_said(block: str, words: str) -> None:
    found = read(f"<ul>{block}<li><a href=b>B</a></li></ul>")
    assert [item.title for item in found.items] == ["B"]
    assert found.left_out == (words,)


def test_no_block_is_an_error_that_says_what_there_is() -> None:
    with pytest.raises(NothingFound, match=r"'ul.news > li.card' matches nothing .*'ul.news': 1, 'li': 2"):
        read("<ul class=news><li><li></ul>", item="ul.news > li.card")


def test_an_empty_page_lists_nothing() -> None:
    with pytest.raises(NothingFound):
        read("")


def test_blocks_beyond_the_limit_are_counted() -> None:
    found = read("<li><a href=a>T</a>" * 5, Limits(items=2))
    assert len(found.items) == 2
    assert found.left_out == ("3 blocks beyond the 2 that are read of one page",)


# ── further pages ───────────────────────────────────────────────────────────────────────────────


def test_the_next_page_is_found_by_its_selector_and_made_absolute() -> None:
    text = (
        "<li><a href=a>T</a></li><a class=n href='?p=2#x'>2</a><a class=n href='?p=2'>2</a><a class=n href='?p=1'>1</a>"
    )
    assert read(text, next="a.n", pages=5).more == ("https://www.ville.example.org/international/?p=2",)
    assert read(text, next="a.n").more == ()


def test_a_next_page_that_leads_nowhere_is_not_followed() -> None:
    text = "<li><a href=a>T</a></li><a class=n href='http://['>x</a><a class=n href='ftp://x/'>x</a><a class=n href='#'>x</a>"
    assert read(text, next="a.n", pages=5).more == ()


# ── options ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("title", "a["),
        ("title", ["h3", "p:::x"]),
        ("date", "time::attr()"),
        ("date", "p::before"),
        ("summary", ""),
        ("summary", [3]),
        ("link", 3),
        ("item", "li::text"),
        ("item", ""),
        ("item", "li >"),
        ("next", "a:contains('x')"),
        ("pages", 0),
        ("pages", "3"),
        ("item", "li::unlinked"),
        ("day", "h2["),
        ("flat", "yes"),
        ("kind", "article"),
    ],
)
def test_an_option_that_cannot_work_is_refused_with_its_name(option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{option}: "):
        Html(**{"item": "li", option: value})


def test_the_extractor_travels_to_other_processes() -> None:
    extractor = Html(item="li", title=["h2", "h3"], kind="event")
    assert pickle.loads(pickle.dumps(extractor)) == extractor


# ── the tree beneath ────────────────────────────────────────────────────────────────────────────


def test_a_page_nested_too_deep_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(ExtractError, match="nests elements"):
        dom.parse("<div>" * 100_000)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>un<p>deux", "un\ndeux"),
        ("a<b>b</b>c <i>d</i>", "abc d"),
        ("a<br>b<br/><br>c", "a\nb\nc"),
        ("<p></p><style>x</style><noscript>y</noscript><template>z</template><p>mot&nbsp;!</p>", "mot\xa0!"),
        ("<ul><li>a<li>b<ul><li>c</ul>d</ul>", "a\nb\nc\nd"),
        ("<table><tr><td>1<td>2<tr><td>3</table>", "1\n2\n3"),
        ("<p>&nbsp;</p> <p></p>", ""),
        ("<img alt='une image'>x", "x"),
    ],
)
def test_the_words_of_an_element_are_read_block_by_block(html: str, text: str) -> None:
    body = dom.parse(html).body
    assert body is not None
    assert dom.text_of(body) == text
