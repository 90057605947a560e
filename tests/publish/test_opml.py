"""OPML, for other readers to import."""

from __future__ import annotations

from typing import Any

from lxml import etree

from aggregator.model import Extracted, Limits, Page, Source
from aggregator.publish import opml_feeds, opml_sources
from tests.publish.samples import SITE, feed


def nothing(page: Page, limits: Limits) -> Extracted:
    return Extracted(())


def source(**changes: Any) -> Source:
    said: dict[str, Any] = {
        "slug": "cuf", "name": "Cités Unies France", "url": "https://www.cites-unies-france.org/", "kind": "spip", "extractor": nothing,
    }  # fmt: skip
    return Source(**{**said, **changes})


def outlines(data: bytes) -> list[dict[str, str]]:
    root = etree.fromstring(data)
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title")
    return [{str(k): str(v) for k, v in outline.attrib.items()} for outline in root.findall("body/outline")]


def test_each_feed_is_an_outline_that_readers_can_import() -> None:
    assert outlines(opml_feeds(SITE, (feed(), feed(path="eau-haiti", title="C & <U>\x00")))) == [
        {
            "type": "rss", "text": "Tout", "title": "Tout", "xmlUrl": "https://flux.example.org/tout.rss",
            "htmlUrl": "https://flux.example.org/", "description": "Toutes les actualités",
        },
        {
            "type": "rss", "text": "C & <U>", "title": "C & <U>", "xmlUrl": "https://flux.example.org/eau-haiti.rss",
            "htmlUrl": "https://flux.example.org/", "description": "Toutes les actualités",
        },
    ]  # fmt: skip


def test_the_feeds_of_a_folder_stand_below_its_name() -> None:
    paths = ("sources/cuf", "tout", "pays/haiti", "themes/eau", "pays/mali", "medias/photos", "territoires/ville")
    body = etree.fromstring(opml_feeds(SITE, tuple(feed(path=path) for path in paths))).find("body")
    assert body is not None
    assert [(one.get("text"), [inner.get("xmlUrl") for inner in one]) for one in body] == [
        ("Tout", []),
        *(
            (name, [f"https://flux.example.org/{path}.rss" for path in paths if path.startswith(folder)])
            for name, folder in (
                ("Pays", "pays/"), ("Thèmes", "themes/"), ("Territoires", "territoires/"), ("Médias", "medias/"),
                ("Sources", "sources/"),
            )
        ),
    ]  # fmt: skip
    assert [one.get("type") for one in body.iter("outline") if one.get("xmlUrl")] == ["rss"] * len(paths)


def test_a_source_is_a_feed_or_a_page() -> None:
    page, rss = outlines(
        opml_sources(SITE, [source(tags=("cuf", "national")), source(kind="feed", url="https://www.suresnes.fr/feed/")])
    )
    assert (page["type"], page["url"], page["category"]) == (
        "link",
        "https://www.cites-unies-france.org/",
        "cuf,national",
    )
    assert (rss["type"], rss["xmlUrl"]) == ("rss", "https://www.suresnes.fr/feed/")


def test_only_sources_that_are_read_and_on_the_web_are_listed() -> None:
    assert (
        outlines(
            opml_sources(
                SITE, [source(enabled=False), source(url="|cat /etc/passwd"), source(url="file:///etc/passwd")]
            )
        )
        == []
    )


def test_the_same_sources_give_the_same_bytes() -> None:
    assert opml_sources(SITE, [source()]) == opml_sources(SITE, [source()])
