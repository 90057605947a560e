"""The room as a whole: whatever items hold, files are whole, clean, and the same for the same items."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from lxml import etree

from aggregator.model import Attachment, Item, Occurrence, Origin, Tombstone
from aggregator.publish import Renderer, render
from tests.publish.samples import EVENT, NEWS, SITE, event, feed, hours, news, numbered

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
SURROGATE = "\ud83d"

# Any string at all, with those that break formats more often than chance would bring them.
NASTY = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "\x0b",
        "\x1b[31m",
        "\x85",
        "\u2028",
        SURROGATE,
        "\ufffe",
        "]]>",
        "<!--",
        "</item>",
        "&amp;",
        "\r\nX:1",
        "\\N",
        "é" * 90,
    ]
)
TEXT = st.one_of(
    st.text(st.characters(), max_size=200), st.lists(st.one_of(NASTY, st.text(max_size=20)), max_size=5).map("".join)
)
MAYBE = st.one_of(st.none(), TEXT)
LINK = st.one_of(
    st.none(),
    TEXT,
    TEXT.map(lambda t: f"https://example.org/{t}"),
    st.sampled_from(["javascript:alert(1)", "//x/y", "http://é.fr/é"]),
)
INSTANT = st.datetimes(
    datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2036-12-31"), timezones=st.just(UTC)
)
WALL = st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2036-12-31"))
DAY = st.dates(date(1990, 1, 1), date(2036, 12, 31))
ZONE = st.sampled_from(
    ["Europe/Paris", "Indian/Reunion", "Africa/Casablanca", "UTC", "America/New_York", "Nowhere/At_All"]
)
WHEN = st.one_of(
    st.none(),
    st.builds(Occurrence, DAY, st.one_of(st.none(), DAY), st.just(True), ZONE),
    st.builds(Occurrence, WALL, st.one_of(st.none(), WALL), st.just(False), ZONE),
    st.builds(Occurrence, DAY, st.one_of(st.none(), WALL), st.booleans(), ZONE),
)
ITEM = st.builds(
    Item,
    uid=st.uuids(version=4).map(str),
    kind=st.sampled_from(["news", "event"]),
    title=TEXT,
    url=LINK,
    summary=MAYBE,
    content=MAYBE,
    language=st.one_of(st.just("fr"), TEXT),
    published=st.one_of(st.none(), DAY, INSTANT),
    updated=INSTANT,
    ranked_at=INSTANT,
    first_seen=INSTANT,
    changed_at=INSTANT,
    sequence=st.integers(0, 50),
    when=WHEN,
    status=st.sampled_from([None, "confirmed", "tentative", "cancelled", "postponed"]),
    location=MAYBE,
    geo=st.one_of(st.none(), st.just("48.85;2.35"), TEXT),
    author=MAYBE,
    organiser=MAYBE,
    categories=st.lists(TEXT, max_size=3).map(tuple),
    attachments=st.lists(st.builds(Attachment, TEXT, TEXT, st.none() | st.integers(-1, 9**9), MAYBE), max_size=2).map(
        tuple
    ),
    origins=st.lists(st.builds(Origin, st.just("x"), TEXT, TEXT, LINK), max_size=3).map(tuple),
    withdrawn_at=st.none() | INSTANT,
)


def texts(files: dict[str, bytes]) -> list[str]:
    return [data.decode("utf-8") for data in files.values()]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ITEM, min_size=1, max_size=4))
def test_whatever_items_hold_every_file_can_be_read(items: list[Item]) -> None:
    rendered = render(feed(*items, events=tuple(items)), SITE)
    refused = {r.value for r in rendered.refused}
    left = [item for item in items if item.uid not in refused]
    assert not any(FORBIDDEN.search(text.replace("\r\n", "\n")) for text in texts(rendered.files))

    channel = etree.fromstring(rendered.files["tout.rss"]).find("channel")
    atom = etree.fromstring(rendered.files["tout.atom"])
    assert channel is not None
    guids = [e.findtext("guid") for e in channel.findall("item")]
    ids = [e.findtext("{http://www.w3.org/2005/Atom}id") for e in atom.findall("{http://www.w3.org/2005/Atom}entry")]
    read = json.loads(rendered.files["tout.json"])
    assert guids == ids == [item["id"] for item in read["items"]]
    assert len(set(guids)) == len(guids)
    assert {f"urn:uuid:{item.uid}" for item in left} <= set(guids)
    assert not feedparser.parse(io.BytesIO(rendered.files["tout.atom"])).bozo

    ics = rendered.files["tout.ics"]
    assert all(len(line) <= 75 for line in ics.split(b"\r\n"))
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", ics)
    events: Any = Calendar.from_ical(ics).events
    assert {item.uid for item in left} <= {str(e["UID"]) for e in events}
    for one in events:
        assert not one.errors
        assert "DTEND" not in one or one["DTEND"].dt > one["DTSTART"].dt


@settings(max_examples=50, deadline=None)
@given(st.lists(ITEM, max_size=3))
def test_the_same_items_give_the_same_bytes(items: list[Item]) -> None:
    whole = feed(*items, events=tuple(items))
    renderer = Renderer(SITE)
    first = renderer.render(whole)
    assert renderer.render(whole) == first == render(whole, SITE)


@settings(max_examples=100, deadline=None)
@given(ITEM)
def test_every_link_is_http(item: Item) -> None:
    item = dataclasses.replace(item, content=None)
    files = render(feed(item, events=(item,)), SITE).files
    links = re.findall(r'href="([^"]*)"', files["tout.atom"].decode()) + re.findall(
        r"\r\nURL:(.*)", files["tout.ics"].decode()
    )
    assert all(re.match("https?://", link, re.IGNORECASE) for link in links)
    for read in json.loads(files["tout.json"])["items"]:
        assert re.match("https?://", read.get("url", "https://"), re.IGNORECASE)


def poison() -> list[Any]:
    naive = datetime.fromisoformat("2026-01-01T00:00")
    return [
        pytest.param(news(ranked_at=naive), id="an instant without a zone"),
        pytest.param(news(updated=naive), id="a change without a zone"),
        pytest.param(news(uid="a\r\nb"), id="a uid of two lines"),
        pytest.param(news(uid=""), id="no uid"),
        pytest.param(news(updated=None), id="no instant at all"),
        pytest.param(news(summary=12), id="a summary that is no text"),
        pytest.param(news(categories=None), id="no categories"),
        pytest.param(event(when=hours("2026-01-01T10:00", tz="Europe/Atlantis")), id="an unknown zone"),
        pytest.param(event(when=Occurrence(naive, None, True, "Europe/Paris")), id="a day with an hour"),
        pytest.param(event(when=Occurrence(date(2026, 1, 1), None, False, "Europe/Paris")), id="an hour without one"),
        pytest.param(
            event(when=Occurrence(NEWS.updated, None, False, "Europe/Paris")), id="a wall time with an offset"
        ),
        pytest.param(
            event(when=Occurrence(date.max, date.max, True, "Europe/Paris"), ranked_at=naive), id="the end of time"
        ),
    ]


@pytest.mark.parametrize("bad", poison())
def test_a_poisoned_item_costs_itself_alone(bad: Item) -> None:
    good = [numbered(NEWS, 1), numbered(NEWS, 2)]
    rendered = render(feed(good[0], bad, good[1], events=(EVENT,)), SITE)
    assert [r.field for r in rendered.refused] == ["publish"]
    for name in ("tout.rss", "tout.atom"):
        entries = feedparser.parse(io.BytesIO(rendered.files[name])).entries
        assert [e.id for e in entries] == [f"urn:uuid:{item.uid}" for item in good]


@pytest.mark.parametrize(
    "bad", [event(changed_at=datetime.fromisoformat("2026-01-01")), event(when=None), event(sequence="x")]
)
def test_a_poisoned_event_costs_itself_alone(bad: Item) -> None:
    rendered = render(feed(events=(bad, numbered(EVENT, 1))), SITE)
    assert [r.where for r in rendered.refused] == [EVENT.title]
    assert len(Calendar.from_ical(rendered.files["tout.ics"]).events) == 1


def test_a_refusal_says_what_and_why() -> None:
    (refusal,) = render(feed(event(when=hours("2026-01-01T10:00", tz="Europe/Atlantis"))), SITE).refused
    assert refusal.where == EVENT.title
    assert refusal.value == EVENT.uid
    assert "unknown time zone 'Europe/Atlantis'" in refusal.why


def test_one_id_is_one_item() -> None:
    rendered = render(feed(NEWS, news(title="La même, encore")), SITE)
    assert [r.where for r in rendered.refused] == ["La même, encore"]
    assert len(json.loads(rendered.files["tout.json"])["items"]) == 1


def test_characters_that_xml_forbids_are_taken_out() -> None:
    rendered = render(feed(news(title="Ré\x0bunion\x1b à\ufffe Paris\x85", summary=f"Bon{SURROGATE}jour\x00")), SITE)
    assert not rendered.refused
    (item,) = json.loads(rendered.files["tout.json"])["items"]
    assert (item["title"], item["summary"]) == ("Ré union à Paris", "Bonjour")


@pytest.mark.parametrize("hidden", ["\x01", "\x0b", "\x0c", "\r", "\x85", "\u2028", "\x7f", "\ufffe"])
def test_taking_a_character_out_of_html_never_makes_an_address_that_runs(hidden: str) -> None:
    rendered = render(feed(news(content=f'<a href="java{hidden}script:alert(1)">x</a>')), SITE)
    assert not rendered.refused
    assert not any(re.search(r"java\s*(\\n)?script:", text) for text in texts(rendered.files))


def test_french_spaces_and_emoji_stay() -> None:
    title = "Égalité\u00a0: «\u202foui\u202f» 👩\u200d👩\u200d👧 !"
    (item,) = json.loads(render(feed(news(title=title)), SITE).files["tout.json"])["items"]
    assert item["title"] == title


def test_an_item_without_a_title_is_called_so() -> None:
    (item,) = json.loads(render(feed(news(title="\x00 ")), SITE).files["tout.json"])["items"]
    assert item["title"] == "(sans titre)"


def test_a_change_of_an_item_is_seen_by_a_renderer_that_knew_it() -> None:
    renderer = Renderer(SITE)
    renderer.render(feed(NEWS))
    assert b"Un autre titre" in renderer.render(feed(news(title="Un autre titre"))).files["tout.rss"]


def test_a_damaged_tombstone_costs_itself() -> None:
    stones = (Tombstone("a\x00b", NEWS.updated), Tombstone(EVENT.uid, NEWS.updated))
    rendered = render(feed(NEWS, tombstones=stones), SITE)
    assert rendered.files["tout.atom"].count(b"deleted-entry") == 1


def test_a_feed_without_words_still_has_a_title_and_a_home() -> None:
    rendered = render(feed(NEWS, title="\x00", description="", home="javascript:x"), SITE)
    for name in ("tout.rss", "tout.atom"):
        read = feedparser.parse(io.BytesIO(rendered.files[name])).feed
        assert (read.title, read.link) == ("tout", "https://flux.example.org/")


def test_files_stand_below_the_feeds_path() -> None:
    assert set(render(feed(NEWS, path="sources/cuf"), SITE).files) == {
        f"sources/cuf.{form}" for form in ("rss", "atom", "json", "ics")
    }


def test_the_hour_of_the_run_stands_nowhere() -> None:
    later = (NEWS.changed_at + timedelta(days=1)).year
    years = set(re.findall(r"\b(20[0-9]{2})-?[01][0-9]", "".join(texts(render(feed(NEWS), SITE).files))))
    assert years <= {str(later), "2006", "2007"}
