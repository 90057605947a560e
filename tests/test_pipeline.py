"""The whole way, as a webmaster, a reader and an analyst see it: real HTTP, a real store, real files."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import feedparser
import icalendar
import pytest

from aggregator.errors import PublishError
from tests.conftest import START, House, calendar, ics, news, rss, xml
from tests.fakeweb import conditional, redirect, reply, reset

HOUR = timedelta(hours=1)

MEETING = """UID:reunion-12@ville.example
DTSTART;TZID=Europe/Paris:20251120T143000
DTEND;TZID=Europe/Paris:20251120T163000
SUMMARY:Réunion du comité de jumelage
LOCATION:Salle des fêtes
"""
LATER = """UID:reunion-13@ville.example
DTSTART;VALUE=DATE:20251210
SUMMARY:Marché solidaire
"""


async def test_a_first_run_stores_and_publishes_what_the_source_says(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss(news(3)))
    done = await house.run()
    assert [(o.source.slug, o.absorbed.state, o.absorbed.new) for o in done.outcomes] == [("ville", "ok", 3)]
    for form in ("rss", "atom"):
        read = feedparser.parse(house.published(f"sources/ville.{form}"))
        assert [entry.title for entry in read.entries] == [
            "Nouvelle du 28 octobre",
            "Nouvelle du 27 octobre",
            "Nouvelle du 26 octobre",
        ]
    assert "Nouvelle du 28 octobre" in house.published("index.html")


async def test_seen_twice_is_seen_once_and_nothing_is_written_again(house: House) -> None:
    house.source("ville")
    house.source("agenda", kind="ics")
    house.web["/ville"] = conditional(rss(news(3)), etag='"1"')
    house.web["/agenda"] = calendar(ics(MEETING))
    await house.run()
    before, items = house.files(), house.sql("SELECT * FROM items")
    done = await house.run(after=HOUR)
    assert [o.visit.outcome for o in done.outcomes] == ["unchanged", "unchanged"]
    assert done.published.written == ()
    assert house.files() == before
    assert house.sql("SELECT * FROM items") == items
    assert house.sql("SELECT outcome, status FROM runs WHERE source = 'ville' ORDER BY id") == [
        ("changed", 200),
        ("unchanged", 304),
    ]
    assert house.sql("SELECT outcome, status FROM runs WHERE source = 'agenda' ORDER BY id") == [
        ("changed", 200),
        ("unchanged", 200),
    ]


async def test_a_retitled_item_keeps_its_identity_and_its_history(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss([{"title": "Save the Date : Assises", "path": "/assises", "day": "01 Nov 2025"}]))
    await house.run()
    uid = house.one("SELECT uid FROM items")
    house.web["/ville"] = xml(rss([{"title": "Retour sur les Assises", "path": "/assises", "day": "01 Nov 2025"}]))
    await house.run(after=HOUR)
    assert house.sql("SELECT uid, title, sequence, first_seen FROM items") == [
        (uid, "Retour sur les Assises", 1, "2025-11-03T08:00:00Z")
    ]
    assert house.sql("SELECT field, old, new, at FROM v_changes") == [
        ("title", "Save the Date : Assises", "Retour sur les Assises", "2025-11-03T09:00:00Z"),
        ("phase", "announce", "report", "2025-11-03T09:00:00Z"),
    ]
    (entry,) = feedparser.parse(house.published("tout.atom")).entries
    assert (entry.id, entry.updated) == (f"urn:uuid:{uid}", "2025-11-03T09:00:00Z")


async def test_a_moved_event_updates_in_place_in_the_calendar(house: House) -> None:
    house.source("agenda", kind="ics")
    house.web["/agenda"] = calendar(ics(MEETING))
    await house.run()
    (before,) = icalendar.Calendar.from_ical(house.published("agenda.ics")).walk("VEVENT")
    house.web["/agenda"] = calendar(ics(MEETING.replace("T143000", "T150000").replace("T163000", "T170000")))
    await house.run(after=HOUR)
    (after,) = icalendar.Calendar.from_ical(house.published("agenda.ics")).walk("VEVENT")
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after["DTSTART"].dt.isoformat() == "2025-11-20T15:00:00+01:00"
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt


async def test_two_sources_that_name_one_page_make_one_item(house: House) -> None:
    house.source("cuf", aliases=["raict.example"])
    house.source("ville")
    house.web["/cuf"] = xml(
        rss([{"title": "Assises", "path": "/Assises-3952", "day": "01 Nov 2025"}], "https://www.raict.example")
    )
    house.web["/ville"] = xml(
        rss(
            [{"title": "Les Assises à Paris", "path": "/Assises-3952/?utm_source=x", "day": "02 Nov 2025"}],
            "http://raict.example",
        )
    )
    await house.run()
    assert house.one("SELECT count(*) FROM v_news") == 1
    assert sorted(rule for (rule,) in house.sql("SELECT rule FROM v_sightings")) == [
        "first of its item",
        "same address",
    ]
    (entry,) = feedparser.parse(house.published("tout.rss")).entries
    assert "Aussi sur" in str(entry)


async def test_nobody_takes_over_anothers_item_by_naming_it_first(house: House) -> None:
    page = house.web.url("/ville/annonce")
    house.source("pirate", url="http://localhost:" + str(house.web.port) + "/pirate")
    house.web["/pirate"] = xml(rss([{"title": "Cliquez ici", "path": "", "link": page, "day": "01 Nov 2025"}]))
    await house.run()
    uid = house.one("SELECT uid FROM items")
    house.source("ville")
    house.web["/ville"] = xml(rss([{"title": "Annonce", "path": "", "link": page, "day": "01 Nov 2025"}]))
    await house.run(after=HOUR)
    house.web["/pirate"] = xml(rss([{"title": "Cliquez là", "path": "", "link": page, "day": "01 Nov 2025"}]))
    await house.run(after=HOUR)
    assert house.sql("SELECT uid, title FROM v_news") == [(uid, "Annonce")]


async def test_one_guid_for_two_sources_stays_two_items(house: House) -> None:
    for slug in ("un", "deux"):
        house.source(slug)
        house.web[f"/{slug}"] = xml(
            rss([{"title": f"De {slug}", "path": "/a", "guid": "1", "day": "01 Nov 2025"}], f"https://{slug}.example")
        )
    await house.run()
    assert house.one("SELECT count(*) FROM items") == 2


# ── what is no longer there ─────────────────────────────────────────────────────────────────────


async def test_an_item_missing_from_the_middle_is_withdrawn_after_three_good_visits(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss(news(6)))
    await house.run()
    less = [item for item in news(6) if "26" not in item["title"]]
    house.web["/ville"] = xml(rss(less))
    for visit in range(3):
        assert "Nouvelle du 26 octobre" in house.published("tout.atom"), visit
        await house.run(after=HOUR)  # the second and third find the page unchanged: good visits too
    atom = house.published("tout.atom")
    assert "Nouvelle du 26 octobre" not in atom
    uid = house.one("SELECT uid FROM items WHERE withdrawn_at IS NOT NULL")
    assert re.search(rf'deleted-entry[^>]*ref="urn:uuid:{uid}"', atom)
    assert house.one("SELECT count(*) FROM items") == 6
    assert house.one("SELECT presence FROM v_sightings WHERE title LIKE '%26%'") == "withdrawn"
    house.web["/ville"] = xml(rss(news(6)))
    await house.run(after=HOUR)
    assert "Nouvelle du 26 octobre" in house.published("tout.atom")
    assert house.one("SELECT uid FROM items WHERE title LIKE '%26%'") == uid


async def test_what_only_leaves_the_window_of_a_list_is_never_withdrawn(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss(news(5, newest=20)))
    await house.run()
    for newest in (21, 22, 23, 24, 25):
        house.web["/ville"] = xml(rss(news(5, newest=newest)))
        await house.run(after=HOUR)
    assert house.one("SELECT count(*) FROM items WHERE withdrawn_at IS NOT NULL") == 0
    assert house.one("SELECT count(*) FROM v_sightings WHERE presence = 'aged'") == 5
    assert "Nouvelle du 16 octobre" in house.published("tout.atom")


@pytest.mark.parametrize(
    "empty", [rss([]), b"<html><title>Site en travaux</title><body>Maintenance</body></html>", b""]
)
async def test_an_empty_or_broken_page_withdraws_nothing_and_raises_an_alarm(house: House, empty: bytes) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss(news(4)))
    await house.run()
    before = house.published("tout.atom")
    house.web["/ville"] = xml(empty)
    for _ in range(5):
        done = await house.run(after=HOUR)
    assert len(done.failed) == 1
    assert house.one("SELECT state FROM source_state") in ("empty", "failing", "blocked")
    assert house.one("SELECT coalesce(alarm, error) FROM source_state")
    assert house.published("tout.atom") == before


async def test_a_list_that_shrank_by_more_than_half_is_an_alarm_and_no_withdrawal(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss(news(10)))
    await house.run()
    house.web["/ville"] = xml(rss([news(10)[0], news(10)[9]]))
    for _ in range(5):
        await house.run(after=HOUR)
    assert house.one("SELECT state FROM source_state") == "shrunk"
    assert "2 items are listed where 10 were" in house.one("SELECT alarm FROM source_state")
    assert house.one("SELECT count(*) FROM items WHERE withdrawn_at IS NOT NULL") == 0
    for _ in range(5):  # after a week it is simply a smaller list
        await house.run(after=timedelta(days=2))
    assert house.one("SELECT state FROM source_state") == "ok"


async def test_an_event_gone_from_its_calendar_is_said_to_be_withdrawn(house: House) -> None:
    house.source("agenda", kind="ics")
    house.web["/agenda"] = calendar(ics(MEETING, LATER))
    await house.run()
    house.web["/agenda"] = calendar(ics(LATER))
    for _ in range(3):
        await house.run(after=HOUR)
    events = {str(e["SUMMARY"]): e for e in icalendar.Calendar.from_ical(house.published("agenda.ics")).walk("VEVENT")}
    assert events["[RETIRÉ] Réunion du comité de jumelage"]["STATUS"] == "CANCELLED"
    assert "Marché solidaire" in events


# ── sources in trouble ──────────────────────────────────────────────────────────────────────────


async def test_one_bad_source_never_touches_another(house: House) -> None:
    house.source("bonne")
    house.source("mauvaise")
    house.source("cassee")
    house.web["/bonne"] = xml(rss(news(2)))
    house.web["/mauvaise"] = reply(500)
    house.web["/cassee"] = reset()
    done = await house.run()
    assert {o.source.slug: o.visit.error_class for o in done.outcomes} == {
        "bonne": None,
        "mauvaise": "BadStatus",
        "cassee": "Unreachable",
    }
    assert len(feedparser.parse(house.published("tout.rss")).entries) == 2
    assert house.one("SELECT count(*) FROM v_runs WHERE error IS NOT NULL") == 2


async def test_a_failing_source_waits_longer_each_time_and_is_never_given_up(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = reply(500)
    waits = []
    for _ in range(12):
        await house.run(after=HOUR)
        due = house.one("SELECT (julianday(next_visit) - julianday(last_visit)) * 24 FROM source_state")
        waits.append(due)
    assert waits[0] < waits[2] <= max(waits) < 60
    house.web["/ville"] = xml(rss(news(1)))
    await house.run(after=HOUR)
    assert house.sql("SELECT state, failures, error FROM source_state") == [("ok", 0, None)]


async def test_only_what_is_due_is_visited(house: House) -> None:
    house.source("ville", interval="2h")
    house.web["/ville"] = xml(rss(news(1)))
    await house.run(everything=False)
    await house.run(everything=False, after=HOUR)
    assert house.web.asked("/ville") == 1
    await house.run(everything=False, after=timedelta(hours=1, minutes=20))
    assert house.web.asked("/ville") == 2


async def test_another_way_of_reading_makes_a_source_due_and_reads_it_anew(house: House) -> None:
    house.source("ville", kind="html", options={"item": "li", "title": "b"})
    house.web["/ville"] = conditional(b"<ul><li><a href=/a>Un</a> <b>Deux</b></li></ul>", etag='"1"')
    await house.run(everything=False)
    house.source("ville", kind="html", options={"item": "li", "title": "a"})
    await house.run(everything=False, after=timedelta(minutes=1))
    assert house.sql("SELECT title FROM items") == [("Un",)]


async def test_a_host_that_asks_us_to_come_back_later_is_left_alone_until_then(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = [reply(503, b"", {"Retry-After": "7200"}), xml(rss(news(1)))]
    await house.run()
    done = await house.run(after=HOUR)
    assert [o.visit.outcome for o in done.outcomes] == ["waiting"]
    assert done.failed == ()
    assert house.web.asked("/ville") == 1
    await house.run(after=2 * HOUR)
    assert house.one("SELECT state FROM source_state") == "ok"


async def test_a_source_that_is_gone_is_paused_with_an_alarm(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = reply(410)
    await house.run()
    assert house.one("SELECT state FROM source_state") == "gone"
    assert house.one("SELECT alarm FROM source_state")
    assert house.one("SELECT julianday(next_visit) - julianday(last_visit) > 5 FROM source_state")


async def test_a_permanent_move_is_followed_recorded_and_proposed(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = redirect(301, "/nouveau")
    house.web["/nouveau"] = xml(rss(news(2)))
    for _ in range(3):
        await house.run(after=HOUR)
    assert house.sql("SELECT state, moved_to, moved_visits FROM source_state") == [("ok", house.web.url("/nouveau"), 3)]
    assert house.one("SELECT count(*) FROM items") == 2


async def test_robots_txt_closes_a_source_with_words(house: House) -> None:
    house.source("ville")
    house.web["/robots.txt"] = reply(200, b"User-agent: *\nDisallow: /ville\n", content_type="text/plain")
    house.web["/ville"] = xml(rss(news(1)))
    done = await house.run()
    assert done.outcomes[0].absorbed.state == "closed"
    assert "robots.txt" in (done.outcomes[0].visit.error or "")
    assert house.web.asked("/ville") == 0


async def test_a_removed_source_keeps_all_that_it_said(house: House) -> None:
    house.source("ville")
    house.source("autre")
    house.web["/ville"] = xml(rss(news(2)))
    house.web["/autre"] = xml(rss(news(1), "https://autre.example"))
    await house.run()
    del house.sources["ville"]
    await house.run(after=HOUR)
    assert house.one("SELECT count(*) FROM items") == 3
    assert house.one("SELECT removed_at FROM sources WHERE slug = 'ville'") == "2025-11-03T09:00:00Z"
    assert len(feedparser.parse(house.published("tout.rss")).entries) == 3


# ── lists of several pages ──────────────────────────────────────────────────────────────────────


def _page(numbers: range, following: str | None) -> bytes:
    items = "".join(f"<li><a href='/a{n}'>Titre {n}</a> <i>{n} octobre 2025</i></li>" for n in numbers)
    return f"<ul>{items}</ul>".encode() + (f"<a rel=next href='{following}'>suite</a>".encode() if following else b"")


async def test_pages_are_followed_until_one_brings_nothing_new(house: House) -> None:
    house.source(
        "ville", kind="html", options={"item": "li", "title": "a", "date": "i", "next": "a[rel=next]", "pages": 9}
    )
    house.web["/ville"] = reply(body=_page(range(20, 15, -1), "/ville?p=2"))
    house.web["/ville?p=2"] = reply(body=_page(range(16, 11, -1), "/ville?p=3"))
    house.web["/ville?p=3"] = reply(body=_page(range(16, 11, -1), "/ville?p=4"))  # clamped to the last page
    await house.run()
    assert house.one("SELECT count(*) FROM items") == 9
    assert house.web.asked("/ville?p=4") == 0
    assert house.sql("SELECT found, new FROM runs ORDER BY id") == [(5, 5), (5, 4), (5, 0)]


async def test_a_page_that_did_not_change_still_says_what_it_said(house: House) -> None:
    house.source(
        "ville", kind="html", options={"item": "li", "title": "a", "date": "i", "next": "a[rel=next]", "pages": 2}
    )
    house.web["/ville"] = reply(body=_page(range(20, 15, -1), "/ville?p=2"))
    house.web["/ville?p=2"] = reply(body=_page(range(15, 10, -1), None))
    await house.run()
    for newest in (21, 22, 23, 24):
        house.web["/ville"] = reply(body=_page(range(newest, newest - 5, -1), "/ville?p=2"))
        await house.run(after=HOUR)
    assert house.one("SELECT count(*) FROM items WHERE withdrawn_at IS NOT NULL") == 0
    assert house.one("SELECT state FROM source_state") == "ok"


# ── what readers must never see ─────────────────────────────────────────────────────────────────


async def test_news_dated_in_the_future_is_ranked_by_when_it_was_seen(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss([{"title": "Demain", "path": "/d", "day": "30 Dec 2025"}, *news(1)]))
    await house.run()
    assert house.sql("SELECT published, ranked_at FROM items WHERE title = 'Demain'") == [
        ("2025-12-30T09:00:00Z", "2025-11-03T08:00:00Z")
    ]
    await house.run(after=timedelta(days=3))
    entry = next(e for e in feedparser.parse(house.published("tout.rss")).entries if e.title == "Demain")
    assert entry.published_parsed[:3] == (START.year, START.month, START.day)


async def test_hostile_content_is_published_harmless(house: House) -> None:
    house.source("ville", licence="CC BY 4.0")
    evil = (
        "<p onclick='x()'>Bonjour</p><script>alert(1)</script><img src=javascript:x><a href='data:text/html,x'>lien</a>"
    )
    house.web["/ville"] = xml(
        rss([{"title": "T\u0085\u202eitre <b>gras</b>", "path": "/a", "day": "01 Nov 2025", "text": evil}])
    )
    await house.run()
    for form in ("rss", "atom", "json"):
        text = house.published(f"tout.{form}")
        assert "Bonjour" in text
        assert not re.search(r"<script|alert\(|onclick|javascript:|data:text|\u202e|\u0085", text)


async def test_addresses_of_people_are_not_published(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(
        rss(
            [
                {
                    "title": "Stage",
                    "path": "/a",
                    "day": "01 Nov 2025",
                    "text": "Écrire à jeanne.martin@ville.example avant lundi.",
                }
            ]
        )
    )
    await house.run()
    assert "jeanne.martin" not in house.published("tout.rss") + house.published("tout.atom") + house.published(
        "tout.json"
    ) + house.published("index.html")


async def test_without_a_licence_only_a_short_summary_is_published(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss([{"title": "Long", "path": "/a", "day": "01 Nov 2025", "text": "mot " * 500}]))
    await house.run()
    (entry,) = feedparser.parse(house.published("tout.atom")).entries
    assert len(re.sub("<[^>]+>", "", entry.summary)) <= 300
    assert "(…)" in entry.summary
    assert house.one("SELECT length(summary) FROM items") > 1500


async def test_a_source_that_was_never_read_has_no_feed(house: House) -> None:
    house.source("ville")
    house.source("candidate", enabled=False)
    house.web["/ville"] = xml(rss(news(1)))
    await house.run()
    assert (house.out / "sources/ville.rss").exists()
    assert not (house.out / "sources/candidate.rss").exists()
    assert "candidate" not in house.published("index.html")


# ── identity through what sites do ──────────────────────────────────────────────────────────────


def _jsonld(*events: tuple[str, str, str]) -> object:
    """Answer a page of schema.org events: name, url, start."""
    said = [{"@type": "Event", "name": name, "url": url, "startDate": start} for name, url, start in events]
    return reply(body=f'<script type="application/ld+json">{json.dumps(said)}</script>'.encode())


def _cards(*events: tuple[str, str], more: str = "") -> object:
    """Answer a list of dated cards: name, day; and a link to the next page."""
    items = "".join(f"<li><a href='/{name}'>{name}</a> <i>{day}</i></li>" for name, day in events)
    return reply(body=f"<ul>{items}</ul>".encode() + (f"<a rel=next href='{more}'>suite</a>".encode() if more else b""))


EVENTS = {"item": "li", "title": "a", "when": "i", "next": "a[rel=next]", "pages": 3, "kind": "event"}


async def test_an_event_that_slid_to_the_next_page_is_not_missing(house: House) -> None:
    house.source("ville", kind="html", options=EVENTS)
    house.web["/ville"] = _cards(("A", "10 décembre 2025"), ("B", "20 décembre 2025"), more="/ville?p=2")
    house.web["/ville?p=2"] = _cards(("C", "15 décembre 2025"))
    await house.run()
    house.web["/ville"] = _cards(("N", "30 décembre 2025"), ("A", "10 décembre 2025"), more="/ville?p=2")
    house.web["/ville?p=2"] = _cards(("B", "20 décembre 2025"), ("C", "15 décembre 2025"))
    await house.run(after=HOUR)
    for n in range(4):
        house.web["/ville"] = _cards((f"N{n}", "30 décembre 2025"), ("A", "10 décembre 2025"), more="/ville?p=2")
        await house.run(after=HOUR)
    assert house.one("SELECT count(*) FROM items WHERE withdrawn_at IS NOT NULL AND title IN ('A', 'B', 'C')") == 0


async def test_a_further_page_that_fails_loses_nothing_and_is_told(house: House) -> None:
    house.source("ville", kind="html", options=EVENTS)
    house.web["/ville"] = _cards(("A", "10 décembre 2025"), more="/ville?p=2")
    house.web["/ville?p=2"] = [reply(500), _cards(("B", "20 décembre 2025"), ("C", "15 décembre 2025"))]
    await house.run()
    assert "a further page failed" in house.one("SELECT alarm FROM source_state")
    await house.run(after=HOUR)
    assert house.one("SELECT count(*) FROM items") == 3
    assert house.one("SELECT alarm FROM source_state") is None


async def test_an_unchanged_first_page_still_leads_on_to_the_others(house: House) -> None:
    house.source("ville", kind="html", options=EVENTS)
    house.web["/ville"] = _cards(("A", "10 décembre 2025"), more="/ville?p=2")
    house.web["/ville?p=2"] = [_cards(("B", "20 décembre 2025")), _cards(("B", "22 décembre 2025"))]
    await house.run()
    await house.run(after=HOUR)
    assert house.one("SELECT starts FROM items WHERE title = 'B'") == "2025-12-22"


async def test_the_dates_of_a_show_keep_their_identities_as_they_pass(house: House) -> None:
    house.source("ville", kind="jsonld")
    days = ["2025-11-05", "2025-11-12", "2025-11-19"]
    house.web["/ville"] = _jsonld(
        *(("Spectacle", "/spectacle", day) for day in days), ("Autre", "/autre", "2025-11-30")
    )
    await house.run()
    before = dict(house.sql("SELECT starts, uid FROM items WHERE title = 'Spectacle'"))
    for left in (days[1:], days[2:], ["2025-11-26"]):  # two pass, the last one is moved
        house.web["/ville"] = _jsonld(
            *(("Spectacle", "/spectacle", day) for day in left), ("Autre", "/autre", "2025-11-30")
        )
        await house.run(after=timedelta(days=5))
    after = dict(house.sql("SELECT starts, uid FROM items WHERE title = 'Spectacle'"))
    assert after == {
        "2025-11-05": before["2025-11-05"],
        "2025-11-12": before["2025-11-12"],
        "2025-11-26": before["2025-11-19"],
    }


async def test_guids_that_change_at_every_visit_double_nothing(house: House) -> None:
    house.source("ville")
    for n in range(3):
        house.web["/ville"] = xml(rss([{**item, "guid": f"{n}-{m}"} for m, item in enumerate(news(2))]))
        await house.run(after=HOUR)
    assert house.one("SELECT count(*) FROM items") == 2


async def test_a_guid_that_becomes_shared_doubles_nothing(house: House) -> None:
    house.source("ville")
    first, second = ({**item, "guid": "0"} for item in news(2))
    for items in ([first], [first, second], [second]):
        house.web["/ville"] = xml(rss(items))
        await house.run(after=HOUR)
    assert house.one("SELECT count(*) FROM items") == 2


async def test_a_date_without_its_year_does_not_move_a_year_ahead(house: House) -> None:
    house.source("ville", kind="html", options={**EVENTS, "pages": 1})
    house.web["/ville"] = _cards(("Réunion", "20 nov"))
    await house.run()
    house.web["/ville"] = _cards(("Réunion", "20 nov"), ("Autre", "12 déc"))
    await house.run(after=timedelta(days=30))
    assert house.sql("SELECT starts, sequence FROM items WHERE title = 'Réunion'") == [("2025-11-20", 0)]


async def test_news_that_link_one_form_of_somebody_else_stay_apart(house: House) -> None:
    for slug in ("un", "deux"):
        house.source(slug)
        house.web[f"/{slug}"] = xml(
            rss(
                [
                    {
                        "title": f"Inscriptions {slug}",
                        "path": "",
                        "link": "https://formulaires.example/inscription",
                        "day": "01 Nov 2025",
                    }
                ]
            )
        )
    await house.run()
    assert house.one("SELECT count(*) FROM items") == 2


async def test_a_joined_sighting_whose_address_changes_goes_its_own_way(house: House) -> None:
    for slug in ("a", "b"):
        house.source(slug)
        house.web[f"/{slug}"] = xml(rss([{"title": "Assises", "path": "/assises", "guid": slug, "day": "01 Nov 2025"}]))
    await house.run()
    assert house.one("SELECT count(*) FROM v_news") == 1
    house.web["/b"] = xml(rss([{"title": "Tout autre chose", "path": "/p9", "guid": "b", "day": "01 Nov 2025"}]))
    await house.run(after=HOUR)
    assert house.sql("SELECT title FROM v_news ORDER BY title") == [("Assises",), ("Tout autre chose",)]


async def test_a_server_that_dates_everything_now_changes_nothing(house: House) -> None:
    house.source("ville")
    for day in ("05", "06", "07"):
        house.web["/ville"] = xml(rss([{"title": "A", "path": "/a", "day": f"{day} Nov 2025"}]))
        await house.run(after=HOUR)
    assert house.sql("SELECT sequence, updated FROM items") == [(0, "2025-11-03T09:00:00Z")]


async def test_categories_and_tags_follow_their_source(house: House) -> None:
    house.source("ville", tags=["ville"])
    body = rss([{"title": "A", "path": "/a", "day": "01 Nov 2025"}])
    house.web["/ville"] = xml(body.replace(b"<description>Un", b"<category>eau</category><description>Un"))
    await house.run()
    assert house.sql("SELECT value FROM tags WHERE scheme IN ('category', 'source') ORDER BY value") == [
        ("eau",),
        ("ville",),
    ]
    house.source("ville", tags=["commune"])
    house.web["/ville"] = xml(body.replace(b"<description>Un", b"<category>climat</category><description>Un"))
    await house.run(after=HOUR)
    assert house.sql("SELECT value FROM tags WHERE scheme IN ('category', 'source') ORDER BY value") == [
        ("climat",),
        ("commune",),
    ]
    assert house.sql("SELECT field, old, new FROM v_changes") == [("categories", '["eau"]', '["climat"]')]


async def test_what_is_equally_new_stands_as_on_its_page_and_newcomers_first(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss([{"title": t, "path": f"/{t}", "day": "01 Nov 2025"} for t in "BA"]))
    await house.run()
    house.web["/ville"] = xml(rss([{"title": t, "path": f"/{t}", "day": "01 Nov 2025"} for t in "CBA"]))
    await house.run(after=HOUR)
    assert [entry.title for entry in feedparser.parse(house.published("tout.rss")).entries] == ["C", "B", "A"]


async def test_what_is_missing_from_the_public_folder_comes_back_at_the_next_run(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss(news(2)))
    await house.run()
    before = {path: data for path, (_, _, data) in house.files().items()}
    for path in ("sources/ville.rss", "index.html", "actualites.rss"):
        (house.out / path).unlink()
        await house.run(after=timedelta(minutes=1))
        assert {p: data for p, (_, _, data) in house.files().items()} == before


async def test_a_failure_to_write_the_index_is_made_good_when_it_can_be_written(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss(news(2)))
    (house.out / "index.html").mkdir(parents=True)
    with pytest.raises(PublishError, match=r"index\.html"):
        await house.run()
    (house.out / "index.html").rmdir()
    await house.run(after=timedelta(minutes=1))
    assert "Nouvelle du 28 octobre" in house.published("index.html")


async def test_another_name_of_the_site_reaches_every_feed(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss(news(2)))
    await house.run()
    house.address = "https://flux.example"
    await house.run(after=timedelta(minutes=1))
    for path in ("tout.rss", "actualites.atom", "sources/ville.json", "feeds.opml"):
        assert "https://flux.example" in house.published(path), path
        assert "127.0.0.1:8800" not in house.published(path), path
