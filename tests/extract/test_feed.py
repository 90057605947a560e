"""Feeds: a corpus of files, one a case; well-formed ones are read by both readers, which must agree."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from aggregator.errors import ExtractError
from aggregator.extract import feed_loose, feed_read, feed_xml
from aggregator.extract.feed import Feed
from aggregator.model import Extracted, Limits, Page, RawItem
from aggregator.normalise.text import decode

FEEDS = Path(__file__).parent / "feeds"
URL = "https://www.ponteuil.example/rss.xml"

# Where feedparser loses or invents something, the fast path says it better, on purpose. (file, field): why.
INTENDED = {
    ("atom03.xml", "content"): "feedparser keeps the <div> around Atom 0.3's inline XHTML, which Atom 1.0 takes off",
    ("rss20-image-and-source.xml", "title"): "feedparser takes the title of an <image> inside an item for the item's",
    ("rss20-itunes-summary.xml", "content"): "feedparser takes a second description, whatever its name, for the body",
}


def page(name: str) -> Page:
    body = (FEEDS / name).read_bytes()
    return of(decode(body), body)


def of(text: str, body: bytes = b"") -> Page:
    return Page(URL, URL, 200, body, datetime(2021, 3, 12, tzinfo=UTC), "", text=text)


def read(name: str) -> Extracted:
    return Feed()(page(name), Limits())


def reads(text: str) -> Extracted:
    return Feed()(of(text), Limits())


def said(item: RawItem) -> dict[str, Any]:
    """What an item says beyond the defaults, as JSON has it."""
    facts = asdict(item)
    read_back: dict[str, Any] = json.loads(
        json.dumps({f.name: v for f in fields(item) if (v := facts[f.name]) != f.default and v})
    )
    return read_back


def rss(items: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{items}</channel></rss>'


# ── the corpus ──────────────────────────────────────────────────────────────────────────────────

XML = sorted(path.name for path in FEEDS.glob("*.xml") if not path.name.startswith("not-"))


def well_formed(name: str) -> tuple[str, list[RawItem]] | None:
    document = feed_read._document(page(name).text, page(name))
    try:
        return document, feed_xml.read(document, URL, 100)[0]
    except (etree.XMLSyntaxError, feed_xml.Unusual):
        return None


BOTH = [name for name in XML if well_formed(name)]


def test_the_corpus_is_as_wide_as_the_formats() -> None:
    assert len(BOTH) >= 60
    assert {name.split("-")[0].removesuffix(".xml") for name in BOTH} >= {
        "rss090", "rss091", "rss092", "rss10", "rss20", "atom03", "atom10",
    }  # fmt: skip


@pytest.mark.parametrize("name", BOTH)
def test_both_readers_give_the_same_items(name: str) -> None:
    case = well_formed(name)
    assert case is not None
    document, fast = case
    slow, total = feed_loose.read(document, URL, 100, atom=feed_read._root(document) == "feed")
    assert len(fast) == len(slow) == total
    differing = {
        (name, field.name)
        for ours, theirs in zip(fast, slow, strict=True)
        for field in fields(RawItem)
        if getattr(ours, field.name) != getattr(theirs, field.name)
    }
    assert differing == {key for key in INTENDED if key[0] == name}


@pytest.mark.parametrize("name", ["broken-entities.xml", "rss091-entities-in-doctype.xml"])
def test_mended_entities_say_what_feedparser_reads_in_the_damaged_feed(name: str) -> None:
    document = feed_read._document(page(name).text, page(name))
    with pytest.raises(etree.XMLSyntaxError):
        feed_xml.read(document, URL, 100)
    assert feed_xml.read(feed_read._mend(document), URL, 100) == feed_loose.read(document, URL, 100, atom=False)


EXPECTED = sorted(path.name.removesuffix(".items.json") for path in FEEDS.glob("*.items.json"))


@pytest.mark.parametrize("stem", EXPECTED)
def test_a_feed_gives_the_items_written_beside_it(stem: str) -> None:
    source = next(path.name for path in FEEDS.glob(f"{stem}.*") if not path.name.endswith(".items.json"))
    found = read(source)
    expected = json.loads((FEEDS / f"{stem}.items.json").read_text("utf-8"))
    assert {"items": [said(item) for item in found.items], "left_out": list(found.left_out)} == expected


ENCODED = [
    "cp1252",
    "cp1252-called-latin1",
    "cp1252-called-utf8",
    "latin9",
    "utf8-called-latin1",
    "utf16",
    "unknown-encoding",
]


@pytest.mark.parametrize("name", [*ENCODED, "no-declaration", "bom", "leading-blanks", "version-11"])
def test_the_declared_encoding_of_a_decoded_text_is_not_believed(name: str) -> None:
    (item,) = read(f"rss20-{name}.xml").items
    assert item.title in {
        "L’été à Lodz coûte 5 € : « œuvre »", "L’été coûte 5 € : « œuvre »", "Cœur de ville à 5 €", "Déjà en UTF-8 : été",
        "Été en UTF-16", "Codage inventé : été", "Sans déclaration : été", "Après la marque", "Après les blancs : été", "XML 1.1",
    }  # fmt: skip


def test_a_page_without_text_is_read_from_its_bytes() -> None:
    bare = replace(page("rss20-wordpress.xml"), text="")
    assert Feed()(bare, Limits()) == read("rss20-wordpress.xml")


# ── meaning ─────────────────────────────────────────────────────────────────────────────────────


def test_a_guid_is_an_address_only_where_it_may_be_one() -> None:
    items = {item.title: (item.guid, item.url) for item in read("rss20-guids.xml").items}
    assert items["permalien dit"] == ("https://www.ponteuil.example/1",) * 2
    assert items["permalien tu"] == ("https://www.ponteuil.example/2",) * 2
    assert items["pas un permalien"] == ("https://www.ponteuil.example/3", None)
    assert items["numéro sans attribut"] == ("4711", None)
    assert items["les deux"] == ("https://www.ponteuil.example/7", "https://www.ponteuil.example/sept")
    assert items["vide"] == (None, "https://www.ponteuil.example/8")


def test_items_that_share_a_guid_are_all_kept() -> None:
    guids = [item.guid for item in read("rss20-guids.xml").items]
    assert guids.count("https://www.ponteuil.example/7") == 2


def test_a_guid_stays_the_same_when_the_feed_breaks() -> None:
    whole = rss("<item><title>a</title><guid>4711</guid><link>/a</link></item>")
    broken = whole.replace("</title><guid>", "</title><br><guid>")
    (before,), (after,) = reads(whole).items, reads(broken).items
    assert (before.guid, before.url) == (after.guid, after.url) == ("4711", "/a")


def test_spips_own_id_is_taken_from_this_sites_links_only() -> None:
    ids = {item.title: item.native_id for item in read("rss20-spip-neighbours.xml").items}
    assert ids == {
        "Chez nous": "article12",
        "Chez le voisin": None,
        "Autre forme": "article13",
        "Rubrique": None,
        "Propre": None,
        "Sans script": "article14",
    }


def test_dates_are_the_words_of_the_feed() -> None:
    dates = [(item.published, item.updated) for item in read("rss20-dates.xml").items]
    assert dates == [
        ("2021-03-11", None),
        ("Thu, 11 Mar 2021 08:00:00 +0100", "2021-03-11T08:00:00+01:00"),
        ("2021-03-01", "2021-03-02"),
        ("Le 11 mars 2021,", None),
        ("jeu. 11/03/2021", None),
    ]


def test_plain_text_of_atom_is_escaped_because_an_item_has_one_markup() -> None:
    first, second, third, _ = read("atom10-text-types.xml").items
    assert {first.markup, second.markup, third.markup} == {"html"}
    assert first.title == "Texte : 3 &lt; 5 &amp; &lt;b&gt;"
    assert second.title == "HTML : <b>gras</b> &amp; &eacute;"
    assert third.title == "XHTML : <em>appuyé</em> &amp; vrai"
    assert third.content == "Plain &lt;text&gt;"


def test_a_base64_picture_is_no_text() -> None:
    picture = read("atom10-text-types.xml").items[3]
    assert (picture.content, picture.summary) == (None, "image")


def test_links_are_resolved_where_the_feed_says_against_what() -> None:
    first, second, third = read("atom10-xml-base.xml").items
    assert (first.url, first.base) == ("https://base.example/blog/2021/mars", "https://base.example/blog/2021/")
    assert first.attachments[0].url == "https://base.example/blog/2021/doc.pdf"
    assert (second.url, second.base) == ("https://base.example/blog/2", "https://base.example/blog/")
    assert (third.url, third.base) == ("https://base.example/blog/3", "https://medias.example/")
    assert [item.url for item in read("rss20-relative-links.xml").items][:2] == ["/actu/1", "actu/2"]


def test_the_first_of_several_alternate_links_is_the_entrys_address() -> None:
    (item,) = read("atom10-several-alternates.xml").items
    assert item.url == "https://www.val.example/fr/1"


def test_an_atom_id_is_never_taken_for_an_address() -> None:
    item = read("atom10-links.xml").items[2]
    assert (item.guid, item.url) == ("https://www.val.example/3", None)


def test_only_ev_startdate_makes_an_item_an_event() -> None:
    festival, day, in_words, news = read("rss20-event-module.xml").items
    assert (festival.kind, festival.start, festival.end) == (
        "event", "2021-05-27T10:00:00+02:00", "2021-06-12T18:00:00+02:00",
    )  # fmt: skip
    assert (festival.location, festival.organiser) == ("Hôtel de ville, Ponteuil", "Service international")
    assert (day.start, day.end, day.when) == ("2021-05-27", None, None)
    assert (in_words.start, in_words.when) == (None, "jeudi 27 mai 2021 à 18h – 20h")
    assert (news.kind, news.location) == ("news", None)
    assert read("rss20-spip-agenda.xml").items[0].kind == "news"


def test_attachments_are_files_and_each_stands_once() -> None:
    (item,) = read("rss20-enclosures.xml").items
    assert [(a.url, a.media_type, a.length) for a in item.attachments] == [
        ("https://www.ponteuil.example/cr.pdf", "application/pdf", "1000"),
        ("/docs/annexe 1.odt", "application/vnd.oasis.opendocument.text", None),
        ("https://www.ponteuil.example/son.mp3", "audio/mpeg", None),
    ]
    (item,) = read("rss20-wordpress-media.xml").items
    assert [a.url.rsplit("/", 1)[1] for a in item.attachments] == ["grande.jpg", "sans-type.jpg", "rapport.PDF"]


def test_a_player_is_no_attachment_and_a_video_keeps_its_description() -> None:
    (item,) = read("atom10-media.xml").items
    assert (item.attachments, item.summary) == ((), "La description de la vidéo")


def test_items_without_any_word_are_left_out_in_words() -> None:
    found = read("rss20-missing-things.xml")
    assert len(found.items) == 4
    assert found.left_out == tuple(f"item {n} has neither title, link, guid, summary nor content" for n in (4, 5, 6))


@pytest.mark.parametrize("name", ["rss20-empty.xml", "atom10-empty.xml", "json-empty.json"])
def test_a_feed_that_lists_nothing_is_no_error(name: str) -> None:
    assert read(name) == Extracted(())


@pytest.mark.parametrize("name", ["rss20-guids.xml", "broken-tags.xml", "json-11.json"])
def test_items_beyond_the_limit_are_counted_not_read(name: str) -> None:
    found = Feed()(page(name), Limits(items=1))
    assert len(found.items) == 1
    assert len(found.left_out) == 1
    assert "were not read: at most 1" in found.left_out[0]


# ── damage ──────────────────────────────────────────────────────────────────────────────────────


def test_an_item_cut_by_a_broken_transfer_is_not_read_by_half() -> None:
    found = read("broken-cut-in-item.xml")
    assert [item.title for item in found.items] == ["Entière"]
    assert found.left_out == ("the feed breaks off in the middle of its last item",)
    assert [item.title for item in read("broken-cut-between-items.xml").items] == ["Entière"]


@pytest.mark.parametrize("name", ["broken-trailing-script.xml", "broken-tags.xml", "broken-prefix-undeclared.xml"])
def test_tag_soup_is_left_to_feedparser(name: str) -> None:
    document = feed_read._mend(feed_read._document(page(name).text, page(name)))
    with pytest.raises(etree.XMLSyntaxError):
        feed_xml.read(document, URL, 100)
    assert read(name).items


def test_every_place_a_feed_can_be_cut_gives_whole_items_or_an_error() -> None:
    text = page("rss20-wordpress.xml").text
    whole = read("rss20-wordpress.xml").items
    for length in range(0, len(text.rstrip()) - len("</rss>"), 23):
        try:
            found = reads(text[:length]).items
        except ExtractError:
            continue
        assert [item.guid for item in found] == [item.guid for item in whole[: len(found)]]
        assert [item.content for item in found] == [item.content for item in whole[: len(found)]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("not-a-page.html", "its feeds are: https://www.ponteuil.example/spip.php?page=backend"),
        ("not-a-page.html", "an HTML page (« Ville de Ponteuil – accueil »)"),
        ("not-a-login.html", "an HTML page (« Connexion »), not a feed; it names no feed"),
        ("not-a-sitemap.xml", "<urlset>"),
        ("not-an-opml.xml", "<opml>"),
        ("not-other-rdf.xml", "there is no feed"),
        ("not-a-calendar.ics", "its kind is ics"),
        ("not-a-json-feed.json", "not a JSON Feed"),
        ("not-json.json", "begins like JSON and is not"),
        ("not-cut-early.xml", "none of it could be read"),
        ("not-plain.txt", "« Service momentanément indisponible »"),
    ],
)
def test_what_is_no_feed_is_told_by_what_it_is(name: str, words: str) -> None:
    with pytest.raises(ExtractError) as error:
        read(name)
    assert words in str(error.value)


@pytest.mark.parametrize("text", ["", "   \n", "\ufeff"])
def test_an_empty_body_is_no_empty_feed(text: str) -> None:
    with pytest.raises(ExtractError, match="empty page"):
        reads(text)


# ── hostility ───────────────────────────────────────────────────────────────────────────────────


def test_entities_of_a_doctype_are_neither_expanded_nor_fetched() -> None:
    (bomb,) = read("broken-billion-laughs.xml").items
    assert bomb.summary == "&g;"
    (foreign,) = read("broken-xxe.xml").items
    assert (foreign.title, foreign.summary) == ("A&fichier;B", "&web;")


def test_no_doctype_reaches_a_parser() -> None:
    for name in ("broken-billion-laughs.xml", "broken-xxe.xml", "rss091-entities-in-doctype.xml", "rss091-doctype.xml"):
        assert "<!" not in feed_read._document(page(name).text, page(name)).split("<item>")[0]


def test_text_that_names_a_file_is_text(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(rss("<item><title>secret</title></item>"))
    for text in (str(tmp_path / "feed.xml"), (tmp_path / "feed.xml").as_uri(), "http://127.0.0.1:9/feed.xml"):
        with pytest.raises(ExtractError, match="not a feed"):
            reads(text)


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<x " + " ".join(f'a{n}=">"' for n in range(16_000)) + "/>", "attributes"),
        (f"<author>{'a' * 100_000}</author>", "letters"),
        ("".join(f"<category>c{n}</category>" for n in range(20_000)), "categories"),
        ("".join(f'<x xml:base="{n}/">' for n in range(20_000)), "xml:base"),
        (f"<description>{'mot ' * 600_000}</description>", "too large"),
    ],
)
def test_what_keeps_feedparser_busy_for_minutes_is_refused(inside: str, words: str) -> None:
    with pytest.raises(ExtractError, match=words):
        reads(rss(f"<item><title>a</title>{inside}<br></item>"))


@pytest.mark.parametrize(
    "inside",
    [
        f'<enclosure url="{"a" * 1_000_000}"/>',
        "<x " + " ".join(f'a{n}="1"' for n in range(16_000)) + "/>",
        "<a>" * 5_000 + "</a>" * 5_000,
        "<description>" + "<div>" * 5_000 + "</div>" * 5_000 + "</description>",
        "<link>http://[</link><guid>http://[</guid>",
        '<description xml:base="http://[">x</description>',
        "<pubDate>" + "9" * 900 + "</pubDate><br>",
        "<!--" * 20_000,
        "<![CDATA[" * 20_000,
        "<" * 20_000,
    ],
)
def test_contrived_items_cost_no_more_than_themselves(inside: str) -> None:
    (first, *_) = reads(rss(f"<item><title>sain</title></item><item><title>a</title>{inside}</item>")).items
    assert first.title == "sain"


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, '{"items": [' + "9" * 5_000 + "]}", "<" * 100_000, "<html>" + "<div>" * 20_000],
)
def test_bottomless_nesting_is_an_error_in_words(text: str) -> None:
    with pytest.raises(ExtractError):
        reads(text)


def test_characters_that_xml_forbids_are_gone() -> None:
    (item,) = read("broken-control-characters.xml").items
    assert (item.title, item.summary) == ("Un caractère interdit", "Référence é")
    (item,) = reads(rss("<item><title>a\ud800b\ufffe</title></item>")).items
    assert item.title is not None
    assert item.title.encode("utf-8")
    text = '{"version": "https://jsonfeed.org/version/1", "items": [{"id": 1, "title": "a\\u0000\\ud800b"}]}'
    (item,) = reads(text).items
    assert item.title == "ab"


def test_an_error_message_can_be_written_anywhere() -> None:
    with pytest.raises(ExtractError) as error:
        reads("\x1b[31m\ud800 rien \x00")
    assert str(error.value).encode("utf-8")
    assert "\x1b" not in str(error.value)
