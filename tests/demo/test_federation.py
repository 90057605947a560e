"""The sample federation over real HTTP, read with the libraries that readers of real sites use."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

import feedparser
import httpx
import pytest
import recurring_ical_events
import yaml
from icalendar import Calendar
from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.demo import SITES, START, Federation, configuration
from aggregator.errors import ConfigError
from aggregator.normalise.urls import canonical

# What the configuration reads, and the suresnes Atom form.
READ = {
    "cuf": "/-Actualites-",
    "seine-saint-denis": "/spip.php?page=backend",
    "suresnes": "/feed/",
    "tours": "/international/",
    "gescod": "/evenements/",
    "horizons": "/agenda.ics",
    "uclg": "/fr/rss.rdf",
    "nantes": "/feed.json",
}


def _free_port() -> int:
    """Find a port with seven free ones after it, below those that systems hand out by themselves."""
    start = 21_000 + os.getpid() % 1_000 * 8  # runs beside each other look in different places
    for first in range(start, 32_000, 8):
        taken: list[socket.socket] = []
        try:
            for port in range(first, first + len(SITES)):
                probe = socket.socket()
                taken.append(probe)
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for probe in taken:
                probe.close()
    raise AssertionError("no eight free ports in a row")


@pytest.fixture
def port() -> int:
    return _free_port()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


async def _read(client: httpx.AsyncClient, day: int, port: int, slug: str, target: str | None = None) -> httpx.Response:
    async with Federation(day=day, port=port) as federation:
        return await client.get(federation.base(slug) + (target or READ[slug]))


async def _all(client: httpx.AsyncClient, day: int, port: int) -> dict[str, bytes]:
    async with Federation(day=day, port=port) as federation:
        return {slug: (await client.get(federation.base(slug) + target)).content for slug, target in READ.items()}


def _lines(page: str) -> list[str]:
    """Read a page as a person copying it does: its words line by line, images by their alternative text."""
    tree = LexborHTMLParser(page)
    for image in tree.css("img"):
        alt = image.attributes.get("alt")
        image.replace_with(f"\n{alt}\n" if alt else "\n")
    body = _one(tree, "body")
    body.merge_text_nodes()
    return [line.strip(" \n\t") for line in body.text(separator="\n").split("\n") if line.strip(" \n\t")]


def _one(within: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    found = within.css_first(selector)
    assert found is not None, f"no {selector}"
    return found


def _events(calendar: bytes) -> dict[str, Any]:
    return {str(event["UID"]).partition("@")[0]: event for event in Calendar.from_ical(calendar).walk("VEVENT")}


def _schema_events(page: str) -> list[dict[str, Any]]:
    script = _one(LexborHTMLParser(page), 'script[type="application/ld+json"]').text()
    return [node for node in json.loads(script)["@graph"] if node["@type"] == "Event"]


# ── each site speaks its format ─────────────────────────────────────────────────────────────────


async def test_portal_reads_word_for_word_as_the_real_page(client: httpx.AsyncClient, port: int) -> None:
    page = await _read(client, 1, port, "cuf")
    real = Path(__file__).with_name("cuf-page.txt").read_text("utf-8")
    numbers_of_pages = {"1", "2", "3"}
    assert [line for line in _lines(page.text) if line not in numbers_of_pages] == [
        line.strip(" ") for line in real.split("\n") if line.strip(" ")
    ]


async def test_portal_pages_through_its_archive_and_repeats_the_last_page_past_its_end(
    client: httpx.AsyncClient, port: int
) -> None:
    async with Federation(port=port) as federation:

        async def titles(offset: str) -> list[str]:
            page = await client.get(federation.base("cuf") + "/-Actualites-", params={"debut_autres_articles": offset})
            tree = LexborHTMLParser(page.text)
            return [node.text() for node in tree.css("h3")][:-6]  # the six of the second list are on every page

        pages = [await titles(offset) for offset in ("0", "10", "20")]
        assert [len(page) for page in pages] == [10, 10, 6]
        assert len({title for page in pages for title in page}) == 26
        assert await titles("30") == await titles("999999") == pages[2]
        assert await titles("-1") == await titles("٣") == await titles("9" * 5_000) == pages[0]
        assert await titles("5") == pages[0][5:] + pages[1][:5]  # a drifted offset cuts the list elsewhere


async def test_list_summary_is_the_beginning_of_the_article(client: httpx.AsyncClient, port: int) -> None:
    async with Federation(port=port) as federation:
        listing = await client.get(federation.base("cuf") + READ["cuf"])
        checked = 0
        for block in LexborHTMLParser(listing.text).css("div.pave"):
            link = _one(block, "h3 a").attributes["href"]
            article = LexborHTMLParser((await client.get(urljoin(str(listing.url), link))).text)
            assert _one(article, "h1").text() == _one(block, "h3").text()
            summary = _one(block, "p").text()
            assert _one(article, ".corps").text().strip().startswith(summary.removesuffix("(…)"))
            assert article.html and f"Publié {_one(block, '.quand').text().lower().rstrip(',')}" in article.html
            checked += 1
        assert checked == 16


async def test_an_article_of_a_spip_answers_to_its_slug_its_number_and_its_country_page(
    client: httpx.AsyncClient, port: int
) -> None:
    async with Federation(port=port) as federation:
        base = federation.base("cuf")
        spellings = [
            "/Fonds-de-solidarite-Mozambique-mars-2021",
            "/Fonds-de-solidarite-Mozambique-mars-2021/?utm_source=essai",
            "/spip.php?article3975",
            "/spip.php?page=article&id_article=3975",
            "/spip.php?page=pays_page&id_rubrique=226&id_article=3975",
        ]
        pages = [await client.get(base + spelling) for spelling in spellings]
        assert {page.status_code for page in pages} == {200}
        assert len({page.text for page in pages}) == 1
        for unknown in ("/spip.php?article39750", "/spip.php", "/Fonds-de-solidarite", "/index.php"):
            absent = await client.get(base + unknown)
            assert absent.status_code == 404
            assert "<h1>Erreur 404</h1>" in absent.text


@pytest.mark.parametrize("slug", ["cuf", "seine-saint-denis"])
async def test_a_spip_has_no_etag_and_is_always_as_new_as_its_answer(
    client: httpx.AsyncClient, port: int, slug: str
) -> None:
    async with Federation(port=port) as federation:
        address = federation.base(slug) + READ[slug]
        first = await client.get(address)
        again = await client.get(address, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert "ETag" not in first.headers
    assert first.headers["Composed-By"].startswith("SPIP 4.4.3 @ www.spip.net")
    assert first.headers["Last-Modified"] == first.headers["Date"]
    assert again.status_code == 200
    assert again.content == first.content


async def test_spip_feed_has_the_measured_oddities(client: httpx.AsyncClient, port: int) -> None:
    feed = await _read(client, 1, port, "seine-saint-denis")
    assert feed.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert feed.content.startswith(b'<?xml \nversion="1.0" encoding="utf-8"?>\n<?xml-stylesheet')
    assert feed.content.isascii()
    assert "pubDate" not in feed.text
    assert "&#233;" in feed.text
    parsed = feedparser.parse(feed.content)
    assert not parsed.bozo
    assert parsed.version == "rss20"
    assert len(parsed.entries) == 5
    assert parsed.entries[2].title == "Une exposition itinérante sur l'eau : « D'une rive à l'autre »"  # no ’, no NBSP
    assert parsed.entries[3].updated == "2025-10-19T22:30:00Z"  # half past midnight in Paris: the day before in UTC


async def test_wordpress_site_says_the_same_in_rss_and_atom(client: httpx.AsyncClient, port: int) -> None:
    async with Federation(day=2, port=port) as federation:
        rss, atom = [
            feedparser.parse((await client.get(federation.base("suresnes") + at)).content)
            for at in (READ["suresnes"], "/feed/atom/")
        ]
        enclosure = rss.entries[1].enclosures[0]
        document = await client.get(enclosure.href)
    assert (rss.bozo, atom.bozo) == (False, False)
    assert (rss.version, atom.version) == ("rss20", "atom10")
    assert len(rss.entries) == 8
    for one, other in zip(rss.entries, atom.entries, strict=True):
        assert (one.title, one.link, one.id, one.published_parsed) == (
            other.title,
            other.link,
            other.id,
            other.published_parsed,
        )
        assert [tag.term for tag in one.tags] == [tag.term for tag in other.tags]
        assert one.content[0].value == other.content[0].value
    assert document.headers["Content-Type"] == enclosure.type == "application/pdf"
    assert len(document.content) == int(enclosure.length)


async def test_town_page_is_windows_1252_without_saying_so_in_its_headers(client: httpx.AsyncClient, port: int) -> None:
    page = await _read(client, 1, port, "tours")
    assert page.headers["Content-Type"] == "text/html"
    assert "l’actualité" in page.content.decode("cp1252")
    assert "cœur de la Ruhr" in page.content.decode("cp1252")
    with pytest.raises(UnicodeDecodeError):
        page.content.decode("utf-8")


async def test_configured_selectors_read_the_whole_town_list(client: httpx.AsyncClient, port: int) -> None:
    options = {s["slug"]: s for s in yaml.safe_load(configuration(port))["sources"]}["tours"]["options"]
    found: list[tuple[str, str, str]] = []
    async with Federation(port=port) as federation:
        address: str | None = federation.base("tours") + READ["tours"]
        pages = 0
        while address:
            tree = LexborHTMLParser((await client.get(address)).content.decode("cp1252"))
            pages += 1
            for item in tree.css(options["item"]):
                link = _one(item, options["link"].removesuffix("::attr(href)")).attributes["href"]
                assert _one(item, options["summary"]).text()
                found.append(
                    (
                        _one(item, options["title"]).text(),
                        urljoin(address, link),
                        _one(item, options["date"]).text(),
                    )
                )
            after = tree.css_first(options["next"].removesuffix("::attr(href)"))
            address = urljoin(address, after.attributes["href"]) if after else None
    assert pages == options["pages"] == 3
    assert len({link for _, link, _ in found}) == len(found) == 10
    assert {date for _, _, date in found} >= {"1er octobre 2025", "28 août 2025", "Lundi 3 novembre 2025"}


async def test_schema_org_events_carry_their_offsets_and_days(client: httpx.AsyncClient, port: int) -> None:
    events = _schema_events((await _read(client, 1, port, "gescod")).text)
    assert len(events) == len({event["@id"] for event in events}) == 5
    starts = [event["startDate"] for event in events]
    assert "2025-11-18T14:00:00+01:00" in starts  # winter
    assert "2026-06-11T09:00:00+02:00" in starts  # summer
    assert date.fromisoformat(next(start for start in starts if len(start) == 10)) == date(2026, 10, 21)
    assert {event["eventStatus"] for event in events} == {"https://schema.org/EventScheduled"}


async def test_calendar_repeats_monthly_but_for_its_exception(client: httpx.AsyncClient, port: int) -> None:
    body = (await _read(client, 1, port, "horizons")).content
    assert body.endswith(b"END:VCALENDAR\r\n")
    assert max(len(line) for line in body.split(b"\r\n")) <= 75
    calendar = Calendar.from_ical(body)
    events = _events(body)
    assert len(events) == 6
    festival = events["festisol-2025"]
    assert (festival["DTSTART"].dt, festival["DTEND"].dt) == (date(2025, 11, 14), date(2025, 12, 1))
    assert str(events["permanence"]["DTSTART"].dt.tzinfo) == "Europe/Paris"
    assert str(events["festisol-2025"]["DESCRIPTION"]).startswith("Projections, repas partagés, expositions")
    meetings = [
        event["DTSTART"].dt.strftime("%Y-%m-%d %H:%M %z")
        for event in recurring_ical_events.of(calendar).between(date(2025, 9, 1), date(2026, 9, 1))
        if event["UID"] == "permanence@horizons.example"
    ]
    assert "2025-10-07 17:30 +0200" in meetings
    assert "2025-11-04 17:30 +0100" in meetings  # the wall time stays over the end of summer time
    assert not [meeting for meeting in meetings if meeting.startswith("2026-01")]
    assert len(meetings) == 9


async def test_network_feed_is_rss_1_and_gzipped_for_those_who_ask(client: httpx.AsyncClient, port: int) -> None:
    async with Federation(port=port) as federation:
        address = federation.base("uclg") + READ["uclg"]
        packed = await client.get(address, headers={"Accept-Encoding": "gzip"})
        plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"])
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.content == plain.content
    parsed = feedparser.parse(plain.content)
    assert (parsed.bozo, parsed.version, len(parsed.entries)) == (False, "rss10", 5)
    assert all(entry.updated_parsed and entry.tags for entry in parsed.entries)


async def test_json_feed_attachments_are_there_as_announced(client: httpx.AsyncClient, port: int) -> None:
    async with Federation(port=port) as federation:
        feed = (await client.get(federation.base("nantes") + READ["nantes"])).json()
        attachments = [attachment for item in feed["items"] for attachment in item.get("attachments", ())]
        for attachment in attachments:
            document = await client.get(attachment["url"])
            assert document.headers["Content-Type"] == attachment["mime_type"]
            assert len(document.content) == attachment["size_in_bytes"]
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert {a["mime_type"] for a in attachments} == {"application/pdf", "audio/mpeg", "image/jpeg", "video/mp4"}
    assert all(datetime.fromisoformat(item["date_published"]).utcoffset() is not None for item in feed["items"])


# ── together ────────────────────────────────────────────────────────────────────────────────────


async def test_no_link_within_the_federation_is_broken(client: httpx.AsyncClient, port: int) -> None:
    async with Federation(port=port) as federation:
        bases = [federation.base(slug) for slug in SITES]
        todo = [*(base + "/" for base in bases), *(federation.base(slug) + target for slug, target in READ.items())]
        seen = set(todo)
        while todo:
            page = await client.get(todo.pop())
            assert page.status_code == 200, page.url
            links: list[str] = []
            kind = page.headers["Content-Type"]
            if kind.startswith("text/html"):
                tree = LexborHTMLParser(page.content.decode("utf-8", "replace"))
                links = [node.attributes["href"] or "" for node in tree.css("a[href], link[href]")]
                links += [node.attributes["src"] or "" for node in tree.css("img[src]")]
            elif "xml" in kind:
                links = [entry.link for entry in feedparser.parse(page.content).entries]
            elif "calendar" in kind:
                links = [str(event["URL"]) for event in _events(page.content).values()]
            elif "json" in kind:
                links = [item["url"] for item in page.json()["items"]]
            base = str(page.url.join("/")) if b'<base href="/">' in page.content else str(page.url)
            for link in links:
                address = urldefrag(urljoin(base, link)).url.replace("//localhost:", "//127.0.0.1:")
                if address not in seen and not address.startswith("mailto:"):
                    assert address.startswith(tuple(bases)), f"{page.url} links to the world: {address}"
                    seen.add(address)
                    todo.append(address)
        assert len(seen) > 100


async def test_several_sites_announce_one_thing_under_spellings_of_one_address(
    client: httpx.AsyncClient, port: int
) -> None:
    configured = yaml.safe_load(configuration(port))["sources"]
    hosts = {s["slug"]: re.sub(r"^http://|/.*$", "", s["url"]) for s in configured}
    aliases = {alias: hosts[s["slug"]] for s in configured for alias in s.get("aliases", ())}
    said: dict[str, dict[str, str]] = {}  # canonical address -> source -> as written
    async with Federation(port=port) as federation:
        for slug, target in READ.items():
            page = await client.get(federation.base(slug) + target)
            if slug == "cuf":
                links = [
                    node.attributes["href"] or "" for node in LexborHTMLParser(page.text).css("h3 a, .rendez-vous a")
                ]
                links += [node.attributes["href"] or "" for node in LexborHTMLParser(page.text).css(".breve-cote a")]
            elif slug == "gescod":
                links = [event["url"] for event in _schema_events(page.text)]
            elif slug == "horizons":
                links = [str(event["URL"]) for event in _events(page.content).values()]
            elif slug == "nantes":
                links = [item["url"] for item in page.json()["items"]]
            else:
                links = [entry.link for entry in feedparser.parse(page.content).entries]
            for link in links:
                whole = urljoin(str(page.url), link)
                said.setdefault(canonical(whole, aliases) or whole, {})[slug] = whole
    joined = {tuple(sorted(sources)) for sources in said.values() if len(sources) > 1}
    assert joined == {
        ("cuf", "seine-saint-denis"),
        ("cuf", "suresnes"),
        ("cuf", "nantes", "uclg"),
        ("cuf", "gescod"),
        ("cuf", "horizons"),
    }
    for sources in said.values():
        assert len(set(sources.values())) == len(sources), "each writes the address in its own way"


def test_configuration_names_every_site_and_nothing_else(port: int) -> None:
    read = yaml.safe_load(configuration(port))
    assert [source["slug"] for source in read["sources"]] == list(SITES)
    assert [source["kind"] for source in read["sources"]] == [
        "spip",
        "feed",
        "feed",
        "html",
        "jsonld",
        "ics",
        "feed",
        "feed",
    ]
    for number, source in enumerate(read["sources"]):
        assert source["url"] == f"http://127.0.0.1:{port + number}{READ[source['slug']]}"
    assert read["site"]["url"] == f"http://127.0.0.1:{port - 1}"
    assert read["defaults"] == {"delay": "0s", "allow_private": True}
    assert "8801" in configuration()


async def test_robots_let_an_aggregator_in_at_its_own_pace(client: httpx.AsyncClient, port: int) -> None:
    async with Federation(day=3, port=port) as federation:
        for slug in SITES:
            robots = await client.get(federation.base(slug) + "/robots.txt")
            assert robots.status_code == 200
            assert robots.headers["Content-Type"].startswith("text/plain")
            assert "User-agent: *" in robots.text
            assert "Crawl-delay" not in robots.text
            assert ("Disallow: /ecrire/" in robots.text) == (slug in ("cuf", "seine-saint-denis"))


# ── days ────────────────────────────────────────────────────────────────────────────────────────


async def test_day_one_is_the_day_the_real_page_was_read() -> None:
    # The agenda of the page says « 20 nov » without a year; its sidebar still announces the 5th of November 2025.
    assert datetime(2025, 10, 25, tzinfo=UTC) < START < datetime(2025, 11, 5, tzinfo=UTC)


@pytest.mark.parametrize("day", [1, 2, 3])
async def test_a_day_read_twice_is_the_same_to_the_byte(client: httpx.AsyncClient, port: int, day: int) -> None:
    assert await _all(client, day, port) == await _all(client, day, port)


@pytest.mark.parametrize(
    ("earlier", "later", "changed"),
    [
        (1, 2, {"suresnes", "tours", "gescod", "horizons"}),
        (2, 3, {"cuf", "suresnes", "horizons", "nantes"}),
        (3, 4, {"suresnes", "nantes"}),
        (2, 4, {"cuf", "suresnes", "horizons"}),
        (4, 5, set()),
        (4, 400, set()),
    ],
)
async def test_from_day_to_day_only_what_should_change_does(
    client: httpx.AsyncClient, port: int, earlier: int, later: int, changed: set[str]
) -> None:
    before, after = await _all(client, earlier, port), await _all(client, later, port)
    assert {slug for slug in SITES if before[slug] != after[slug]} == changed


async def test_day_two_has_one_new_article_and_three_new_titles_in_suresnes(
    client: httpx.AsyncClient, port: int
) -> None:
    before, after = [
        {e.id: e.title for e in feedparser.parse((await _read(client, day, port, "suresnes")).content).entries}
        for day in (1, 2)
    ]
    assert len(after.keys() - before.keys()) == 1
    assert not before.keys() - after.keys()
    assert len([entry for entry in before if before[entry] != after[entry]]) == 3


async def test_day_two_retitles_one_item_of_tours_in_place(client: httpx.AsyncClient, port: int) -> None:
    before, after = [
        {
            node.attributes["href"]: node.text()
            for node in LexborHTMLParser((await _read(client, day, port, "tours")).content.decode("cp1252")).css("h2 a")
        }
        for day in (1, 2)
    ]
    assert list(before) == list(after)
    assert len([link for link in before if before[link] != after[link]]) == 1


async def test_day_two_moves_one_meeting_to_another_hour_and_cancels_one(client: httpx.AsyncClient, port: int) -> None:
    before, after = [_events((await _read(client, day, port, "horizons")).content) for day in (1, 2)]
    assert before.keys() == after.keys()
    moved = [uid for uid in before if before[uid].to_ical() != after[uid].to_ical()]
    assert moved == ["atelier-volontaires"]
    old, new = before[moved[0]], after[moved[0]]
    assert old["DTSTART"].dt.date() == new["DTSTART"].dt.date()
    assert old["DTSTART"].dt < new["DTSTART"].dt
    assert int(new["SEQUENCE"]) == int(old["SEQUENCE"]) + 1
    for day, cancelled in ((1, 0), (2, 1), (3, 1)):
        events = _schema_events((await _read(client, day, port, "gescod")).text)
        assert sum(event["eventStatus"].endswith("/EventCancelled") for event in events) == cancelled


async def test_day_three_turns_an_announcement_into_a_report_under_the_same_address(
    client: httpx.AsyncClient, port: int
) -> None:
    before, after = [
        {
            n.attributes["href"]: n.text()
            for n in LexborHTMLParser((await _read(client, day, port, "cuf")).text).css("a[href]")
        }
        for day in (2, 3)
    ]
    assert before.keys() == after.keys()
    [changed] = [link for link in before if before[link] != after[link]]
    assert before[changed].startswith("Save the Date")
    assert after[changed].startswith("Retour sur")


async def test_day_three_takes_one_coming_event_out_of_the_calendar(client: httpx.AsyncClient, port: int) -> None:
    before, after = [_events((await _read(client, day, port, "horizons")).content) for day in (2, 3)]
    [gone] = before.keys() - after.keys()
    assert not after.keys() - before.keys()
    assert before[gone]["DTSTART"].dt > START


async def test_day_three_closes_one_site_which_says_when_to_come_back(client: httpx.AsyncClient, port: int) -> None:
    closed = await _read(client, 3, port, "nantes")
    assert closed.status_code == 503
    assert int(closed.headers["Retry-After"]) > 0
    assert (await _read(client, 4, port, "nantes")).status_code == 200


# ── HTTP ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("slug", "target"), [("suresnes", "/feed/"), ("suresnes", "/feed/atom/"), ("horizons", "/agenda.ics")]
)
async def test_known_etag_gets_304_until_the_page_changes(
    client: httpx.AsyncClient, port: int, slug: str, target: str
) -> None:
    etag = (await _read(client, 1, port, slug, target)).headers["ETag"]
    async with Federation(day=1, port=port) as federation:
        for known in (etag, f"W/{etag}", f'"autre", {etag}', "*"):
            same = await client.get(federation.base(slug) + target, headers={"If-None-Match": known})
            assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    async with Federation(day=2, port=port) as federation:
        other = await client.get(federation.base(slug) + target, headers={"If-None-Match": etag})
        assert other.status_code == 200
        assert other.headers["ETag"] != etag


async def test_if_modified_since_counts_only_without_an_etag(client: httpx.AsyncClient, port: int) -> None:
    async with Federation(port=port) as federation:
        address = federation.base("suresnes") + READ["suresnes"]
        since = (await client.get(address)).headers["Last-Modified"]

        async def status(headers: dict[str, str]) -> int:
            return (await client.get(address, headers=headers)).status_code

        assert await status({"If-Modified-Since": since}) == 304
        assert await status({"If-Modified-Since": "Sat, 01 Nov 2025 00:00:00 GMT"}) == 200
        assert await status({"If-Modified-Since": "hier"}) == 200
        assert await status({"If-Modified-Since": since, "If-None-Match": '"autre"'}) == 200


async def test_head_is_get_without_its_body_and_nothing_else_is_served(client: httpx.AsyncClient, port: int) -> None:
    async with Federation(port=port) as federation:
        address = federation.base("nantes") + READ["nantes"]
        whole, head = await client.get(address), await client.head(address)
        assert head.content == b""
        assert head.headers["Content-Length"] == str(len(whole.content))
        refused = await client.post(address, content=b"un corps")
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
        assert (await client.get(address)).status_code == 200


async def test_one_connection_carries_several_requests(port: int) -> None:
    async with Federation(port=port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for connection, version, kept in (("", "1.1", True), ("Connection: close\r\n", "1.1", False)):
            writer.write(f"GET /robots.txt HTTP/{version}\r\nHost: essai\r\n{connection}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(re.search(r"Content-Length: (\d+)", head)[1])  # type: ignore[index]
            assert b"User-agent" in await reader.readexactly(length)
            assert ("Connection: keep-alive" in head) == kept
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET http://ailleurs.example/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (b"GET /../../etc/passwd HTTP/1.1\r\nsans deux-points\r\nConnection: close\r\n\r\n", 404),
        (b"GET /%00%ff\xff?%zz&&debut_autres_articles HTTP/1.0\r\n\r\n", 404),
    ],
)
async def test_nonsense_gets_an_answer_and_costs_its_connection_only(
    client: httpx.AsyncClient, port: int, sent: bytes, status: int
) -> None:
    async with Federation(port=port) as federation:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert (await reader.readline()).split()[1] == str(status).encode()
        writer.close()
        try:
            await writer.wait_closed()
        except ConnectionError:
            pass  # the site closed on what it did not read
        assert (await client.get(federation.base("cuf") + "/robots.txt")).status_code == 200


async def test_leaving_ends_kept_connections_at_once(port: int) -> None:
    async with Federation(port=port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /robots.txt HTTP/1.1\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert (await asyncio.wait_for(reader.read(), timeout=5)).startswith(b"User-agent")
    assert await asyncio.wait_for(reader.read(), timeout=5) == b""
    writer.close()
    await writer.wait_closed()


@pytest.fixture
def taken(port: int) -> Iterator[int]:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # earlier tests' connections may linger there
        other.bind(("127.0.0.1", port + 3))
        other.listen()
        yield port + 3


async def test_taken_port_is_told_with_the_way_out_and_none_is_kept(taken: int) -> None:
    with pytest.raises(ConfigError) as told:
        async with Federation(port=taken - 3):
            raise AssertionError("entered on a taken port")
    [problem] = told.value.problems
    assert f"127.0.0.1:{taken}" in problem
    assert "--port" in problem
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", taken - 3))


@pytest.mark.parametrize("nonsense", [-5, 65_530, 70_000])
async def test_a_number_that_is_no_port_is_told_too(nonsense: int) -> None:
    with pytest.raises(ConfigError, match="--port"):
        async with Federation(port=nonsense):
            raise AssertionError("entered on no port")


@pytest.mark.parametrize("told_to_stop", [signal.SIGINT, signal.SIGTERM])
async def test_module_serves_until_interrupted(
    client: httpx.AsyncClient, port: int, told_to_stop: signal.Signals
) -> None:
    command = [sys.executable, "-m", "aggregator.demo", "--day", "2", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        lines = [(await process.stdout.readline()).decode().split() for _ in SITES]
        told = {slug: base for base, slug in lines}
        assert list(told) == list(SITES)
        page = await client.get(told["suresnes"] + READ["suresnes"])
        assert "une collecte de livres" in page.text
        process.send_signal(told_to_stop)
        assert await asyncio.wait_for(process.wait(), timeout=10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
