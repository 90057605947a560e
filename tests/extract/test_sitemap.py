"""Sitemaps: articles of news sitemaps, addresses that `path` chooses, indexes; hostile files."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import extract
from aggregator.errors import ExtractError, NothingFound
from aggregator.model import Extracted, Limits, Page, RawItem

SITE = "https://www.ville.example.org"
URL = SITE + "/sitemap.xml"
NEWS = (
    "<news:news><news:publication><news:name>Ville</news:name><news:language>fr</news:language></news:publication>"
    "<news:publication_date>2026-10-29</news:publication_date><news:title>Une délégation</news:title></news:news>"
)
SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
)


def read(text: str, body: bytes = b"", limits: Limits | None = None, **options: Any) -> Extracted:
    page = Page(URL, URL, 200, body or text.encode(), datetime(2026, 11, 1, tzinfo=UTC), "", text=text)
    return extract.kind("sitemap")(**options)(page, limits or Limits())


def urlset(*urls: str) -> str:
    return f"<?xml version='1.0'?>\n<urlset {SPACES}>{''.join(f'<url>{url}</url>' for url in urls)}</urlset>"


def index(*names: str) -> str:
    maps = "".join(f"<sitemap><loc>{SITE}/{name}</loc></sitemap>" for name in names)
    return f"<sitemapindex {SPACES}>{maps}</sitemapindex>"


def loc(path: str) -> str:
    return f"<loc>{SITE}{path}</loc>"


def test_when_a_page_was_changed_is_not_when_it_was_published() -> None:
    (item,) = read(urlset(loc("/actualites/kayes") + "<lastmod>2026-10-30</lastmod>"), path="/actualites/").items
    assert (item.published, item.updated, item.title) == (None, "2026-10-30", "kayes")


def test_the_date_of_a_news_sitemap_is_when_the_article_was_published() -> None:
    (item,) = read(urlset(loc("/a") + "<lastmod>2026-10-30</lastmod>" + NEWS, loc("/mentions"))).items
    assert (item.url, item.title, item.published) == (SITE + "/a", "Une délégation", "2026-10-29")


@pytest.mark.parametrize(
    ("path", "address", "chosen"),
    [
        ("/actualites/", "/actualites/kayes", True),
        ("/actualites/", "/actualites/", False),
        ("/actualites/", "/actualites", False),
        ("/actualites/", "/fr/actualites/kayes", False),
        ("/actu", "/actualites/kayes", True),
        ("/actualités/", "/actualit%C3%A9s/kayes", True),
        ("/actualit%C3%A9s/", "/actualités/kayes", True),
    ],
)
def test_a_path_chooses_what_stands_below_it(path: str, address: str, chosen: bool) -> None:
    assert bool(read(urlset(loc(address), loc("/x")), path=path).items) == chosen


@pytest.mark.parametrize("path", ["actualites", "/", "", 7])
def test_a_path_that_is_none_is_refused(path: object) -> None:
    with pytest.raises(ValueError, match=r"path: .* is not the beginning of a path"):
        read(urlset(loc("/a")), path=path)


def test_what_is_no_news_tells_what_to_do() -> None:
    with pytest.raises(
        NothingFound, match=r"lists 1 addresses, such as .*/a.*: it is no news sitemap\. Name in options"
    ):
        read(f"<urlset><url>{loc('/a')}</url></urlset>")
    with pytest.raises(NothingFound, match="lists no address"):
        read("<urlset></urlset>")
    with pytest.raises(NothingFound, match="names no sitemap"):
        read(index())


def test_a_news_sitemap_without_news_of_these_days_is_no_failure() -> None:
    assert read(urlset()) == Extracted(())
    assert "none is news" in read(urlset(loc("/a"))).left_out[0]


def test_a_sitemap_of_an_index_without_what_is_looked_for_stops_nothing() -> None:
    found = read(urlset(loc("/mentions")), path="/actualites/")
    assert found.items == () and "none begins with /actualites/" in found.left_out[0]


def test_an_index_leads_to_its_sitemaps_of_news_or_to_all_of_them() -> None:
    names = ("pages.xml", "news-2.xml", "posts.xml")
    assert read(index(*names)).more == (f"{SITE}/news-2.xml",)
    assert read(index(*names), path="/a/").more == tuple(
        f"{SITE}/{name}" for name in ("news-2.xml", "pages.xml", "posts.xml")
    )
    assert read(index("pages.xml", "posts.xml")).more == (f"{SITE}/pages.xml", f"{SITE}/posts.xml")
    assert read(index(*names), path="/a/", pages=1).more == ()
    assert len(read(index(*(f"s{n}.xml" for n in range(900))), path="/a/").more) == 50


def test_of_too_many_addresses_those_changed_last_are_kept() -> None:
    days = ("2026-10-01", "2026-10-30", "2026-10-15")
    found = read(
        urlset(*(loc(f"/a/{day}") + f"<lastmod>{day}</lastmod>" for day in days)), limits=Limits(items=2), path="/a/"
    )
    assert [item.updated for item in found.items] == ["2026-10-30", "2026-10-15"]
    assert found.left_out == ("1 addresses beyond 2: those changed last are kept",)


# ── files as they are found ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff  <urlset>{'<url>' + loc('/a/b') + '</url>'}</urlset>",  # no namespace
        f"<urlset xmlns='https://www.sitemaps.org/schemas/sitemap/0.9'><url>{loc('/a/b')}</url></urlset>",  # another one
        f"<s:urlset xmlns:s='http://www.sitemaps.org/schemas/sitemap/0.9'><s:url><s:loc>{SITE}/a/b</s:loc></s:url></s:urlset>",
        f"<?xml version='1.0'?><?xml-stylesheet href='a.xsl'?><!-- a - b --><!DOCTYPE urlset><urlset><url>{loc('/a/b')}</url></urlset>",
        f"<urlset><url>{loc('/a/b')}</url><url><loc>{SITE}/c",  # cut
        f"<urlset><url>{loc('/x?a=1&b=2')}</url><url>{loc('/a/b')}</url></urlset>",  # an & that is none
    ],
)  # fmt: skip
def test_sitemaps_are_read_as_sites_write_them(text: str) -> None:
    assert SITE + "/a/b" in [item.url for item in read(text, path="/a/").items]


def test_a_packed_sitemap_is_unpacked_as_far_as_the_limits_allow() -> None:
    packed = gzip.compress(urlset(loc("/a/b")).encode())
    assert [item.url for item in read("", packed, path="/a/").items] == [SITE + "/a/b"]
    with pytest.raises(ExtractError, match="packed by gzip, and damaged"):
        read("", packed[:4] + b"\xff" * 40, path="/a/")
    bomb = gzip.compress((urlset(loc("/a/b"))[: -len("</urlset>")] + " " * 50_000_000).encode())
    began = time.perf_counter()
    assert len(read("", bomb, Limits(body=1_000_000), path="/a/").items) == 1
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!DOCTYPE html><html><body>404</body></html>",
        "<rss version='2.0'><channel></channel></rss>",
        '{"a": 1}',
        '<!DOCTYPE urlset [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
        '<!DOCTYPE urlset SYSTEM "file:///etc/passwd" [<!ENTITY x SYSTEM "file:///etc/passwd">]><urlset>&x;</urlset>',
        "<!--" + "-x" * 100_000,
        "<?" * 100_000,
    ],
)
def test_what_is_no_sitemap_is_refused(text: str) -> None:
    with pytest.raises(ExtractError):
        read(text, path="/a/")


def test_an_entity_is_never_fetched_or_filled_in() -> None:
    found = read(f"<urlset><url>{loc('/a/&x;b')}</url></urlset>", path="/a/")
    assert [item.url for item in found.items] in ([SITE + "/a/b"], [SITE + "/a/&x;b"])


_PIECES = st.sampled_from(
    ["<url>", "</url>", "<loc>", "</loc>", "<news:news>", "</news:news>", "<news:title>", "</news:title>", "<lastmod>",
     "http://[", SITE + "/a/b", "&", "&lt;", "]]>", "<![CDATA[", "\x00", "<sitemap>", "<image:image>", "é", "%ff"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=12), st.sampled_from(["urlset", "sitemapindex"]), st.sampled_from([None, "/a/"]))
def test_any_sitemap_is_read_or_refused(pieces: list[str], root: str, path: str | None) -> None:
    try:
        found = read(f"<{root}>{''.join(pieces)}</{root}>", path=path)
    except ExtractError:
        return
    assert all(isinstance(item, RawItem) and isinstance(item.url, str) for item in found.items)
    assert all(link.startswith(SITE) for link in found.more)
