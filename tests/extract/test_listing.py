"""Lists found on pages that nobody described, read from page to days as a source with these options would be."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin

import pytest
import yaml

from aggregator import extract
from aggregator.extract import listing
from aggregator.extract.listing import Listing, days
from aggregator.model import Page, Reading, Source
from aggregator.visit import read

PAGES = Path(__file__).parents[1] / "listing"
NAMES = sorted(path.parent.name for path in PAGES.glob("*/expected.yaml"))
SEEN = datetime(2026, 3, 10, 9, tzinfo=UTC)


class Item(NamedTuple):
    link: str
    title: str
    kind: str


class Known(NamedTuple):
    url: str
    html: str
    items: dict[Item, date | None]
    next: str | None


@cache
def known(name: str) -> Known:
    said: dict[str, Any] = yaml.safe_load((PAGES / name / "expected.yaml").read_text(encoding="utf-8"))
    html = (PAGES / name / "page.html").read_text(encoding="utf-8")
    url = said["url"]
    base = url.split("/", 3)[0] + "//" + url.split("/", 3)[2] + "/" if "<base" in html else url
    items = {
        Item(urljoin(base, link), title, kind): day
        for kind, key in (("news", "news"), ("event", "events"))
        for link, title, day in said.get(key, ())
    }
    return Known(url, html, items, urljoin(base, said["next"]) if said.get("next") else None)


def reading(found: Listing, page: Known) -> Reading:
    options = dict(found.options)
    source = Source("essai", "Essai", page.url, "html", extract.kind("html")(**options))
    return read(source, Page(page.url, page.url, 200, page.html.encode(), SEEN, "text/html", "utf-8"))


def given(name: str) -> dict[Item, date | None]:
    page = known(name)
    found = {}
    for one in listing.detect(page.html, page.url, seen=SEEN):
        for sighting in reading(one, page).sightings:
            moment = sighting.when.start if sighting.when else sighting.published
            day = moment.date() if isinstance(moment, datetime) else moment
            found[Item(urldefrag(sighting.url or "")[0], sighting.title, sighting.kind)] = day
    return found


def plain(title: str) -> str:
    return " ".join(title.replace("\u202f", " ").split())


class Score(NamedTuple):
    right: int
    given: int
    wanted: int
    days: int

    @classmethod
    def of(cls, name: str) -> Score:
        wanted = {item._replace(title=plain(item.title)): day for item, day in known(name).items.items()}
        found = {item._replace(title=plain(item.title)): day for item, day in given(name).items()}
        both = wanted.keys() & found.keys()
        return cls(len(both), len(found), len(wanted), sum(wanted[item] == found[item] for item in both))


def test_lists_are_read_whole_and_without_what_is_no_item() -> None:
    scores = {name: Score.of(name) for name in NAMES}
    right, found, wanted, days = (sum(column) for column in zip(*scores.values(), strict=True))
    assert len(NAMES) >= 30
    assert right / found >= 0.98, scores
    assert right / wanted >= 0.95, scores
    assert days / right >= 0.98, scores


@pytest.mark.parametrize("name", NAMES)
def test_no_link_of_navigation_is_taken_for_an_item(name: str) -> None:
    assert {item.link for item in given(name)} <= {item.link for item in known(name).items}


@pytest.mark.parametrize("name", [name for name in NAMES if known(name).next])
def test_the_next_page_is_found(name: str) -> None:
    page = known(name)
    further = [reading(one, page).more[:1] for one in listing.detect(page.html, page.url, seen=SEEN)]
    assert [urls[0] for urls in further if urls] == [page.next]


def test_options_do_not_hang_on_names_that_programs_make() -> None:
    page = known("hashed-classes")
    rebuilt = re.sub(r"\bcss-(\w+)", lambda name: f"css-{name[1][::-1]}", page.html).replace("kQxYzA", "bVmRtQ")
    assert rebuilt != page.html
    assert listing.detect(rebuilt, page.url, seen=SEEN) == listing.detect(page.html, page.url, seen=SEEN)


def test_news_and_events_of_one_page_are_two_lists() -> None:
    page = known("home-two-lists")
    found = listing.detect(page.html, page.url, seen=SEEN)
    assert [(one.options.get("kind", "news"), one.items) for one in found] == [("news", 6), ("event", 5)]
    assert found[1].why == "a list of 5 events (ul.liste > li), 5 of them with a date"


def agenda(dates: str, name: str) -> dict[str, object]:
    items = "".join(
        f'<article><h3><a href="/agenda/{i}">Un concert au parc {i}</a></h3><p class="{name}">{day}</p></article>'
        for i, day in enumerate(dates.split(", "))
    )
    (found,) = listing.detect(items, "https://a.example.org/agenda/", seen=SEEN)
    return dict(found.options)


def test_the_day_an_event_was_published_is_not_taken_for_its_own() -> None:
    past, coming = "9 mars 2026, 2 mars 2026, 1er mars 2026", "12 mars 2026, 14 mars 2026, 2 avril 2026"
    assert agenda(past, "post-date").get("when") is None
    assert agenda(past, "post-date")["date"] == "p.post-date"
    assert agenda(past, "quand")["when"] == "p.quand"
    assert agenda(coming, "post-date")["when"] == "p.post-date"


def test_an_agenda_without_years_is_read_as_to_come() -> None:
    assert agenda("12 mars, 20 juin, 15 janvier", "quand")["when"] == "p.quand"


ITEM = '<div class="c{name}"><a href="/{i}">Une nouvelle de la ville {i}</a><span>12 mars 2026</span></div>'


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000,
        "<div>x</div>" * 90_000,
        "<p>" + "<span>12</span>" * 70_000,
        "<p>" + "12 mars 2026 " * 80_000,
        "".join(ITEM.format(i=i, name="abcdefgh"[i % 8] * 3) for i in range(12_000)),
        "<table>"
        + "".join(f"<tr><td>1/3/2026<td><a href=/{i}>Une nouvelle {i}</a>" for i in range(16_000))
        + "</table>",
        "".join(f"<h2>{1 + i % 28} mars 2026</h2><ul><li><a href=/{i}>Un concert {i}</a></ul>" for i in range(16_000)),
        "<li>" * 1_900 + "<a href=/a>Une nouvelle</a> 12 mars 2026",
        '<p class="' + "a-b " * 250_000 + '"><a href=/a>Une nouvelle</a> 12 mars 2026',
    ],
    ids=["deep", "divs", "spans", "dates", "lists", "rows", "days", "nested", "names"],
)
def test_a_hostile_page_takes_two_seconds_at_most(html: str) -> None:
    started = time.process_time()
    listing.detect(html, "https://a.example.org/", seen=SEEN)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Publié le 12 mars 2026", "2026-03-12", "2026-03-12"),
        ("20\nnov", "2025-11-20", "2025-11-20"),
        ("MAR\n20\n2025", "2025-03-20", "2025-03-20"),
        ("du 30 mars au 2 avril 2026", "2026-03-30", "2026-04-02"),
        ("12 mars 2026 – 14 mars 2026", "2026-03-12", "2026-03-14"),
        ("3, 4 et 5 mars", "2026-03-04", "2026-03-05"),
        ("21 oct\nDu 21/10/2026 au 24/10/2026", "2026-10-21", "2026-10-24"),
        ("12.03.26", "2026-03-12", "2026-03-12"),
        ("2026-03-11T23:30:00Z", "2026-03-12", "2026-03-12"),
        ("March 12, 2026", "2026-03-12", "2026-03-12"),
        ("1er déc. 2025", "2025-12-01", "2025-12-01"),
        ("31 février 2026", None, None),
        ("il y a 3 jours", None, None),
        ("01 12 10 20 03", None, None),
        ("5 min de lecture", None, None),
    ],
)
def test_a_day_is_found_in_a_text(text: str, first: str | None, last: str | None) -> None:
    spot = days.find(text, seen=SEEN.date())
    assert (spot and str(spot.first), spot and str(spot.last)) == (first, last)
