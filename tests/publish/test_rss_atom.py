"""RSS and Atom, read back by feedparser and by a plain XML parser."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import feedparser
import pytest
from lxml import etree

from aggregator.model import Attachment, Item, Origin, Tombstone
from aggregator.publish import render
from tests.publish.samples import CUF, MP3, NEWS, PDF, SITE, days, event, feed, news, numbered

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
EV = "{http://purl.org/rss/1.0/modules/event/}"
AT = "{http://purl.org/atompub/tombstones/1.0}"


def published(*items: Item, **changes: Any) -> tuple[etree._Element, etree._Element]:
    """The RSS channel and the Atom feed."""
    rendered = render(feed(*items, **changes), SITE)
    assert not rendered.refused
    rss, atom = rendered.files["tout.rss"], rendered.files["tout.atom"]
    for data in (rss, atom):
        assert not feedparser.parse(io.BytesIO(data)).bozo
    channel = etree.fromstring(rss).find("channel")
    assert channel is not None
    return channel, etree.fromstring(atom)


def one(*items: Item, **changes: Any) -> tuple[etree._Element, etree._Element]:
    channel, atom = published(*items, **changes)
    item, entry = channel.find("item"), atom.find(f"{ATOM}entry")
    assert item is not None
    assert entry is not None
    return item, entry


def test_the_channel_says_what_rss_demands_and_readers_want() -> None:
    channel, _ = published(NEWS)
    assert channel.findtext("title") == "Tout"
    assert channel.findtext("link") == "https://flux.example.org/"
    assert channel.findtext("description") == "Toutes les actualités"
    assert channel.findtext("language") == "fr"
    assert channel.findtext("ttl") == "60"
    own = channel.find(f"{ATOM}link")
    assert own is not None
    assert {str(k): str(v) for k, v in own.attrib.items()} == {
        "href": "https://flux.example.org/tout.rss",
        "rel": "self",
        "type": "application/rss+xml",
    }


def test_the_atom_feed_says_what_rfc_4287_demands() -> None:
    _, atom = published(NEWS)
    assert (atom.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")
    assert atom.findtext(f"{ATOM}title") == "Tout"
    assert atom.findtext(f"{ATOM}author/{ATOM}name") == "Coopération décentralisée"
    links = {link.get("rel"): link.get("href") for link in atom.findall(f"{ATOM}link")}
    assert links == {"self": "https://flux.example.org/tout.atom", "alternate": "https://flux.example.org/"}


def test_each_feed_has_an_id_of_its_own_that_stays() -> None:
    def feed_id(path: str, *items: Item) -> str | None:
        return etree.fromstring(render(feed(*items, path=path), SITE).files[f"{path}.atom"]).findtext(f"{ATOM}id")

    assert feed_id("tout") == feed_id("tout", NEWS)
    assert feed_id("tout") != feed_id("sources/cuf")


def test_an_entry_is_known_by_its_uid_never_by_its_address() -> None:
    item, entry = one(NEWS)
    guid = item.find("guid")
    assert guid is not None
    assert guid.text == entry.findtext(f"{ATOM}id") == f"urn:uuid:{NEWS.uid}"
    assert guid.get("isPermaLink") == "false"


def test_an_entry_links_to_its_page() -> None:
    item, entry = one(NEWS)
    assert item.findtext("link") == NEWS.url
    assert [dict(link.attrib) for link in entry.findall(f"{ATOM}link")] == [{"rel": "alternate", "href": NEWS.url}]


def test_a_news_of_a_day_is_published_when_it_ranks_and_never_at_midnight() -> None:
    item, entry = one(news(published=date(2021, 3, 9)))
    assert item.findtext("pubDate") == "Tue, 09 Mar 2021 11:00:00 +0000"
    assert parsedate_to_datetime(item.findtext("pubDate") or "") == NEWS.ranked_at
    assert entry.findtext(f"{ATOM}published") == "2021-03-09T11:00:00Z"
    assert entry.findtext(f"{ATOM}updated") == "2021-03-12T08:30:15Z"


def test_the_feed_is_as_new_as_its_newest_change() -> None:
    newer = numbered(news(updated=datetime(2021, 4, 1, tzinfo=UTC)), 1)
    channel, atom = published(NEWS, newer)
    assert channel.findtext("lastBuildDate") == "Thu, 01 Apr 2021 00:00:00 +0000"
    assert atom.findtext(f"{ATOM}updated") == "2021-04-01T00:00:00+00:00"


def test_an_empty_feed_is_dated_by_what_the_caller_knows() -> None:
    files = render(feed(), SITE, updated=datetime(2026, 1, 2, tzinfo=UTC)).files
    assert b"<lastBuildDate>Fri, 02 Jan 2026 00:00:00 +0000<" in files["tout.rss"]
    assert b"<updated>2026-01-02T00:00:00+00:00<" in files["tout.atom"]


def test_an_empty_feed_of_which_nothing_is_known_never_says_today() -> None:
    channel, atom = published()
    assert channel.find("lastBuildDate") is None
    assert (atom.findtext(f"{ATOM}updated") or "").startswith("2005-12-01")


def test_items_keep_their_order() -> None:
    items = [numbered(NEWS, number) for number in range(5)]
    channel, atom = published(*items)
    assert [e.findtext("title") for e in channel.findall("item")] == [i.title for i in items]
    assert [e.findtext(f"{ATOM}title") for e in atom.findall(f"{ATOM}entry")] == [i.title for i in items]


def test_a_body_stands_in_content_encoded_and_its_summary_in_description() -> None:
    item, entry = one(NEWS)
    assert (item.findtext(f"{CONTENT}encoded") or "").startswith(NEWS.content or "?")
    assert "tremblement de terre &amp; la suite &lt; attendue &gt;" in (item.findtext("description") or "")
    content = entry.find(f"{ATOM}content")
    assert content is not None
    assert content.get("type") == "html"
    assert content.text == item.findtext(f"{CONTENT}encoded")


def test_without_a_body_the_summary_is_the_description() -> None:
    item, entry = one(news(content=None))
    assert item.find(f"{CONTENT}encoded") is None
    assert "tremblement de terre" in (item.findtext("description") or "")
    assert entry.findtext(f"{ATOM}content") == item.findtext("description")


def test_lines_of_a_summary_stay_lines() -> None:
    item, _ = one(news(content=None, summary="Le matin\nL’après-midi", origins=(CUF,)))
    assert item.findtext("description") == "<p>Le matin<br>L’après-midi</p>"


def test_an_entry_without_page_and_words_still_has_the_content_that_atom_demands() -> None:
    _, entry = one(news(url=None, content=None, summary=None, origins=(), title="Bientôt <ici>"))
    assert entry.findtext(f"{ATOM}content") == "Bientôt &lt;ici&gt;"
    assert entry.find(f"{ATOM}link") is None


def test_the_origin_is_named_in_source_and_is_the_creator() -> None:
    item, entry = one(NEWS)
    source = item.find("source")
    assert source is not None
    assert (source.get("url"), source.text) == (CUF.home, CUF.name)
    assert item.findtext(f"{DC}creator") == CUF.name
    assert item.find("author") is None
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == CUF.name
    assert entry.findtext(f"{ATOM}source/{ATOM}title") == CUF.name
    assert entry.findtext(f"{ATOM}source/{ATOM}id") == CUF.home


def test_a_named_author_goes_before_the_origin() -> None:
    item, entry = one(news(author="Mme Élise Martin"))
    assert item.findtext(f"{DC}creator") == "Mme Élise Martin"
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Mme Élise Martin"


def test_the_other_origins_are_linked_at_the_end() -> None:
    item, entry = one(NEWS)
    for text in (item.findtext("description"), item.findtext(f"{CONTENT}encoded"), entry.findtext(f"{ATOM}content")):
        assert re.search(
            r"Aussi sur\u00a0: <a href=\"https://www.suresnes.fr/actus/haiti/\" rel=[^>]*>Ville de Suresnes</a></p>$",
            text or "",
        )


def test_another_origin_without_a_usable_address_is_not_linked() -> None:
    item, _ = one(
        news(
            origins=(
                CUF,
                Origin("x", "X", "https://x.example/", None),
                Origin("y", "Y", "https://y.example/", "javascript:alert(1)"),
            )
        )
    )
    assert "Aussi sur" not in (item.findtext("description") or "")


def test_enclosures_keep_type_and_length_and_rss_takes_the_first() -> None:
    item, entry = one(news(attachments=(PDF, MP3)))
    enclosures = item.findall("enclosure")
    assert [dict(e.attrib) for e in enclosures] == [{"url": PDF.url, "length": "52000", "type": "application/pdf"}]
    assert [dict(link.attrib) for link in entry.findall(f"{ATOM}link")[1:]] == [
        {"href": PDF.url, "rel": "enclosure", "type": "application/pdf", "length": "52000", "title": "Le programme"},
        {"href": MP3.url, "rel": "enclosure", "type": "audio/mpeg"},
    ]


def test_rss_gives_a_length_even_when_nobody_knows_it() -> None:
    item, _ = one(news(attachments=(MP3,)))
    enclosure = item.find("enclosure")
    assert enclosure is not None
    assert enclosure.get("length") == "0"


def test_an_attachment_without_a_media_type_or_web_address_is_no_enclosure() -> None:
    bad = (Attachment("file:///etc/passwd", "text/plain"), Attachment("https://example.org/x", "pdf"))
    item, entry = one(news(attachments=bad))
    assert item.find("enclosure") is None
    assert len(entry.findall(f"{ATOM}link")) == 1


def test_an_events_date_stands_before_its_title_in_words() -> None:
    item, entry = one(event())
    assert item.findtext("title") == "20 novembre 2026, de 14\u00a0h\u00a030 à 16\u00a0h · Réunion du groupe-pays Chine"
    assert entry.findtext(f"{ATOM}title") == item.findtext("title")


@pytest.mark.parametrize(
    ("status", "title", "said"),
    [
        ("cancelled", "Réunion", "[ANNULÉ] Du 21 au 24 octobre 2026 · Réunion"),
        ("cancelled", "[Annulé] Réunion", "[ANNULÉ] Du 21 au 24 octobre 2026 · Réunion"),
        ("postponed", "Réunion", "[REPORTÉ] Du 21 au 24 octobre 2026 · Réunion"),
        ("confirmed", "Réunion", "Du 21 au 24 octobre 2026 · Réunion"),
        ("confirmed", "[Webinaire] Réunion", "Du 21 au 24 octobre 2026 · [Webinaire] Réunion"),
        ("cancelled", "[Webinaire] Réunion", "[ANNULÉ] Du 21 au 24 octobre 2026 · [Webinaire] Réunion"),
    ],
)
def test_an_event_that_will_not_be_says_so_in_its_title(status: str, title: str, said: str) -> None:
    item, _ = one(event(status=status, title=title, when=days("2026-10-21", "2026-10-25")))
    assert item.findtext("title") == said


def test_an_events_dates_are_given_to_machines_with_an_exclusive_end() -> None:
    item, entry = one(event())
    for element in (item, entry):
        assert element.findtext(f"{EV}startdate") == "2026-11-20T14:30:00+01:00"
        assert element.findtext(f"{EV}enddate") == "2026-11-20T16:00:00+01:00"
        assert element.findtext(f"{EV}location") == "Paris, Hôtel de Ville ; salle 2"
    item, _ = one(event(when=days("2026-10-21", "2026-10-25")))
    assert item.findtext(f"{EV}startdate") == "2026-10-21"
    assert item.findtext(f"{EV}enddate") == "2026-10-25"


def test_an_event_is_published_when_it_was_announced_not_when_it_is() -> None:
    item, _ = one(event())
    assert parsedate_to_datetime(item.findtext("pubDate") or "") == NEWS.ranked_at


def test_an_event_without_a_date_is_published_without_one() -> None:
    item, _ = one(event(when=None))
    assert item.findtext("title") == "Réunion du groupe-pays Chine"
    assert item.find(f"{EV}startdate") is None


def test_a_withdrawn_item_leaves_a_tombstone_in_atom() -> None:
    stone = Tombstone("11111111-2222-4333-8444-555555555555", datetime(2026, 11, 2, 10, tzinfo=UTC))
    _, atom = published(NEWS, tombstones=(stone,))
    assert [dict(e.attrib) for e in atom.findall(f"{AT}deleted-entry")] == [
        {"ref": "urn:uuid:11111111-2222-4333-8444-555555555555", "when": "2026-11-02T10:00:00Z"}
    ]
    assert atom.findtext(f"{ATOM}updated") == "2026-11-02T10:00:00+00:00"


def test_an_item_that_came_back_has_no_tombstone() -> None:
    _, atom = published(NEWS, tombstones=(Tombstone(NEWS.uid, datetime(2026, 11, 2, tzinfo=UTC)),))
    assert atom.find(f"{AT}deleted-entry") is None


def test_the_language_of_an_entry_is_said() -> None:
    _, entry = one(news(language="en-GB"))
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "en-GB"
    _, entry = one(news(language="n'importe quoi"))
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") is None


def test_feedparser_reads_what_was_written() -> None:
    files = render(feed(NEWS), SITE).files
    for name in ("tout.rss", "tout.atom"):
        entry = feedparser.parse(io.BytesIO(files[name])).entries[0]
        assert (entry.title, entry.link, entry.id) == (NEWS.title, NEWS.url, f"urn:uuid:{NEWS.uid}")
        assert entry.published_parsed[:5] == (2021, 3, 9, 11, 0)
        assert [tag.term for tag in entry.tags] == list(NEWS.categories)


def test_no_version_of_a_library_stands_in_the_files() -> None:
    files = render(feed(NEWS), SITE).files
    assert b"feedgen" not in files["tout.rss"] + files["tout.atom"]
    assert files["tout.rss"].startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
