"""Gatherings through the whole way: announced by news, moved, called off, told afterwards; calendars, pages, changes."""

from __future__ import annotations

from datetime import timedelta

import feedparser
import icalendar

from tests.conftest import House, calendar, ics, rss, xml
from tests.fakeweb import reply

DAY = timedelta(days=1)
PAGE = "/reunion-du-groupe-pays-mali"


def say(house: House, title: str, text: str = "En visioconférence.") -> None:
    house.web["/ville"] = xml(rss([{"title": title, "path": PAGE, "day": "02 Nov 2025", "text": text}]))


def vevents(house: House, name: str = "agenda.ics") -> list[icalendar.Event]:
    return icalendar.Calendar.from_ical(house.published(name)).walk("VEVENT")  # type: ignore[return-value]


def entries(house: House, name: str) -> list[str]:
    return [entry.title for entry in feedparser.parse(house.published(name)).entries]


async def test_one_event_lives_from_save_the_date_to_the_report(house: House) -> None:
    house.source("ville")
    say(house, "Save the Date ! Réunion du groupe-pays Mali, le 5 novembre 2025")
    await house.run()
    (first,) = vevents(house)
    assert first["DTSTART"].dt.isoformat() == "2025-11-05"
    assert entries(house, "actualites.rss") == ["Save the Date ! Réunion du groupe-pays Mali, le 5 novembre 2025"]
    say(house, "Réunion du groupe-pays Mali, le 5 novembre 2025 à 15h30")
    await house.run(after=DAY)
    (timed,) = vevents(house)
    assert (timed["UID"], timed["SEQUENCE"]) == (first["UID"], 1)
    assert timed["DTSTART"].dt.isoformat() == "2025-11-05T15:30:00+01:00"
    say(house, "Retour sur la réunion du groupe-pays Mali")
    await house.run(after=4 * DAY)
    (told,) = vevents(house)
    assert (told["UID"], told["DTSTART"].dt) == (first["UID"], timed["DTSTART"].dt)
    assert house.sql("SELECT old, new FROM v_changes WHERE field = 'phase' ORDER BY at") == [
        ("announce", None),
        (None, "report"),
    ]
    assert len(entries(house, "tout.rss")) == 1


async def test_a_report_without_a_new_day_calls_off_and_a_new_day_moves(house: House) -> None:
    house.source("ville")
    say(house, "Réunion du groupe-pays Mali, le 20 novembre 2025")
    await house.run()
    uid = vevents(house)[0]["UID"]
    say(house, "REPORT ! Réunion du groupe-pays Mali, le 20 novembre 2025")
    await house.run(after=DAY)
    (off,) = vevents(house)
    assert (off["UID"], off["STATUS"], str(off["SUMMARY"])[:8]) == (uid, "CANCELLED", "[ANNULÉ]")
    say(house, "REPORT : la réunion du groupe-pays Mali est reportée au 4 décembre 2025")
    await house.run(after=DAY)
    (moved,) = vevents(house)
    assert (moved["UID"], moved["DTSTART"].dt.isoformat(), moved.get("STATUS")) == (uid, "2025-12-04", None)
    say(house, "REPORT : la réunion du groupe-pays Mali est reportée au 4 décembre 2025", "À Nantes, désormais.")
    await house.run(after=DAY)
    assert vevents(house)[0].get("STATUS") is None
    titles = entries(house, "modifications.rss")
    assert titles[0].startswith("Nouvelle date\xa0: le 4 décembre 2025")
    assert titles[1].startswith("Reporté, sans nouvelle date connue")
    assert "20 novembre" in feedparser.parse(house.published("modifications.rss")).entries[0].summary


async def test_a_cancelled_event_leaves_after_thirty_days_and_stays_in_the_store(house: House) -> None:
    house.source("ville")
    say(house, "Assises franco-maliennes, du 2 au 4 mars 2026")
    await house.run()
    say(house, "ANNULATION ! Assises franco-maliennes, du 2 au 4 mars 2026")
    await house.run(after=DAY)
    assert [event["STATUS"] for event in vevents(house)] == ["CANCELLED"]
    assert entries(house, "modifications.rss")[0].startswith("Annulé (prévu du 2 au 4 mars 2026)")
    await house.run(after=29 * DAY)
    assert len(vevents(house)) == 1
    await house.run(after=2 * DAY)
    assert vevents(house) == []
    assert house.one("SELECT status FROM v_events") == "cancelled"


async def test_a_last_day_is_an_all_day_object_apart_from_meetings(house: House) -> None:
    house.source("ville")
    say(house, "Appel à projets Jeunesse : date limite le 30 avril 2026")
    await house.run()
    assert vevents(house) == []
    (last,) = vevents(house, "echeances.ics")
    assert last["DTSTART"].dt.isoformat() == "2026-04-30"
    assert str(last["UID"]) == house.one("SELECT uid FROM items") + "-echeance"
    assert "Date limite" in last["SUMMARY"]
    assert len(entries(house, "echeances.rss")) == 1
    say(house, "Appel à projets Jeunesse : date limite prolongée, le 15 mai 2026")
    await house.run(after=DAY)
    (later,) = vevents(house, "echeances.ics")
    assert (later["UID"], later["SEQUENCE"], later["DTSTART"].dt.isoformat()) == (last["UID"], 1, "2026-05-15")


async def test_every_event_and_month_has_a_page_and_a_month_that_empties_says_so(house: House) -> None:
    house.source("agenda", kind="ics")
    house.web["/agenda"] = calendar(ics("UID:1@v\nDTSTART;VALUE=DATE:20251120\nSUMMARY:Réunion du comité"))
    await house.run()
    uid = house.one("SELECT uid FROM items")
    assert "Réunion du comité" in house.published(f"evenements/{uid}.html")
    assert "Réunion du comité" in house.published("agenda.html")
    assert "Réunion du comité" in house.published("agenda.2025-11.html")
    house.web["/agenda"] = calendar(ics("UID:1@v\nDTSTART;VALUE=DATE:20251220\nSUMMARY:Réunion du comité"))
    await house.run(after=DAY)
    assert "Réunion du comité" not in house.published("agenda.2025-11.html")
    assert "Réunion du comité" in house.published("agenda.2025-12.html")
    assert "Reporté" in house.published(f"evenements/{uid}.html")


async def test_only_the_pages_of_events_that_changed_are_written(house: House) -> None:
    house.source("agenda", kind="ics")
    house.source("ville")
    house.web["/agenda"] = calendar(ics("UID:1@v\nDTSTART;VALUE=DATE:20251120\nSUMMARY:Réunion du comité"))
    say(house, "Réunion du groupe-pays Mali, le 20 novembre 2025")
    await house.run()
    before = house.files()
    say(house, "Réunion du groupe-pays Mali, le 21 novembre 2025")
    await house.run(after=timedelta(hours=1), everything=True)
    changed = {name for name, facts in house.files().items() if before.get(name) != facts}
    mali = house.one("SELECT uid FROM items WHERE title LIKE '%Mali%'")
    assert {name for name in changed if name.startswith("evenements/")} == {f"evenements/{mali}.html"}


async def test_the_window_of_calendars_is_the_operators(house: House) -> None:
    house.source("agenda", kind="ics")
    far = "UID:1@v\nDTSTART;VALUE=DATE:20290120\nSUMMARY:Lointain"
    house.web["/agenda"] = calendar(ics(far))
    await house.run()
    assert vevents(house) == []
    house.site["days_ahead"] = 1500
    await house.run(after=DAY)
    assert [str(event["SUMMARY"]) for event in vevents(house)] == ["Lointain"]
    assert "Lointain" in house.published(f"evenements/{house.one('SELECT uid FROM items')}.html")


async def test_news_lists_age_without_withdrawing_what_they_announced(house: House) -> None:
    """An announcement that newer news push out of its list is no cancelled event."""
    house.source("ville")
    old = [{"title": "Assises, le 20 mars 2026", "path": "/assises", "day": "01 Oct 2025"}]
    later = [{"title": "Forum, le 28 mars 2026", "path": "/forum", "day": "20 Oct 2025"}]
    newer = [{"title": f"Nouvelle {n}", "path": f"/n{n}", "day": f"{n} Nov 2025"} for n in (1, 2)]
    house.web["/ville"] = xml(rss([*later, *old]))
    await house.run()
    house.web["/ville"] = xml(rss([*newer, *later]))
    for _ in range(5):
        await house.run(after=DAY, everything=True)
    assert [event.get("STATUS") for event in vevents(house)] == [None, None]


async def test_a_day_that_is_over_takes_nothing_from_what_was_said(house: House) -> None:
    """Found by a stranger: place and hour were wiped, and a year later the event jumped a year ahead."""
    house.source("ville")
    text = "Lieu : Salle Rameau<br>Organisateur : Comité Togo<br>https://zoom.us/j/1"
    undated = [{"title": "Réunion Bénin le 18 novembre à 18h", "path": "/benin", "text": "En mairie."}]
    dated = {"title": "Conférence Togo le 18 novembre 2025 à 18h", "path": "/togo", "day": "02 Nov 2025", "text": text}
    house.web["/ville"] = xml(rss([*undated, dated]))
    await house.run()
    facts = "SELECT title, starts, location, organiser, conference, sequence, doubts FROM v_events ORDER BY title"
    before = house.sql(facts)
    assert before[0][2:5] == ("Salle Rameau", "Comité Togo", "https://zoom.us/j/1")
    for n, days in enumerate((16, 60, 150)):
        house.web["/ville"] = xml(rss([{"title": f"Autre {n}", "path": f"/autre-{n}"}, *undated, dated]))
        await house.run(after=timedelta(days=days))
        assert house.sql(facts) == before
    assert entries(house, "modifications.rss") == []


async def test_a_last_day_that_is_over_stays_what_it_was(house: House) -> None:
    house.source("ville")
    call = [{"title": "Appel à projets Niger : dossiers avant le 31 décembre", "path": "/niger"}]
    house.web["/ville"] = xml(rss(call))
    await house.run()
    for n, days in enumerate((70, 90)):
        house.web["/ville"] = xml(rss([{"title": f"Autre {n}", "path": f"/autre-{n}"}, *call]))
        await house.run(after=timedelta(days=days))
        assert house.one("SELECT deadline FROM v_news WHERE title LIKE '%Niger%'") == "2025-12-31"
    house.web["/ville"] = xml(rss([{"title": "Appel à projets Niger annulé", "path": "/niger"}]))
    await house.run(after=timedelta(hours=1))
    assert house.one("SELECT deadline FROM v_news WHERE title LIKE '%Niger%'") == "2025-12-31"


async def test_the_days_of_one_announcement_go_on_by_their_days(house: House) -> None:
    house.source("ville")
    say(house, "Permanences les 11, 18 et 25 novembre 2025")
    await house.run()
    first = {event["DTSTART"].dt.isoformat(): str(event["UID"]) for event in vevents(house)}
    assert sorted(first) == ["2025-11-11", "2025-11-18", "2025-11-25"]
    for n, title in enumerate(("Permanences les 18 et 25 novembre 2025", "Permanence le 25 novembre 2025")):
        say(house, title)
        await house.run(after=timedelta(days=9 if n == 0 else 7))
        now = {event["DTSTART"].dt.isoformat(): str(event["UID"]) for event in vevents(house)}
        assert now == first
        assert len(vevents(house)) == 3
    assert entries(house, "modifications.rss") == []
    assert len(entries(house, "actualites.rss")) == 1


async def test_a_day_that_its_announcement_drops_before_it_comes_is_withdrawn(house: House) -> None:
    house.source("ville")
    say(house, "Permanences les 18 et 25 novembre 2025")
    await house.run()
    say(house, "Permanence le 25 novembre 2025")
    for _ in range(4):
        await house.run(after=timedelta(hours=1))
    said = {event["DTSTART"].dt.isoformat(): event.get("STATUS") for event in vevents(house)}
    assert said == {"2025-11-18": "CANCELLED", "2025-11-25": None}


async def test_an_edit_does_not_call_off_an_event_that_stands_on_its_new_day(house: House) -> None:
    house.source("ville")
    say(house, "Réunion Mali le 18 novembre 2025")
    await house.run()
    say(house, "REPORT ! Réunion Mali le 25 novembre 2025")
    await house.run(after=DAY)
    say(house, "REPORT ! Réunion Mali le 25 novembre 2025", "Une précision.")
    await house.run(after=DAY)
    (event,) = vevents(house)
    assert (event.get("STATUS"), event["DTSTART"].dt.isoformat()) == (None, "2025-11-25")


async def test_events_that_share_an_address_keep_their_identities_when_one_leaves(house: House) -> None:
    house.source("ville", kind="html", options={"kind": "event", "item": "li", "title": "a", "when": "i"})
    loto, bal = (
        "<li><a href='/agenda'>Loto</a> <i>12 décembre 2025</i></li>",
        "<li><a href='/agenda'>{}</a> <i>13 décembre 2025</i></li>",
    )
    hours = "<li><a href='/q'>Visite</a> <i>14 décembre 2025, {}h</i></li>"

    def show(*rows: str) -> None:
        house.web["/ville"] = reply(body=f"<ul>{''.join(rows)}</ul>".encode(), content_type="text/html")

    show(loto, bal.format("Bal"), hours.format(10), hours.format(15))
    await house.run()
    uids = {str(e["SUMMARY"]) + str(e["DTSTART"].dt): str(e["UID"]) for e in vevents(house)}
    assert len(uids) == 4
    show(loto, bal.format("Grand bal"), hours.format(15))
    for _ in range(4):
        await house.run(after=timedelta(hours=1))
    now = {str(e["UID"]): str(e["SUMMARY"]) for e in vevents(house)}
    assert len(now) == 4
    assert now[next(uid for name, uid in uids.items() if name.startswith("Loto"))] == "Loto"
    assert now[next(uid for name, uid in uids.items() if name.startswith("Bal"))] == "Grand bal"
    assert set(now) == set(uids.values())


async def test_what_leaves_the_agenda_block_keeps_its_place(house: House) -> None:
    house.source("ville", kind="jsonld")
    event = (
        """{{"@type": "Event", "name": "Forum", "url": "/forum", "startDate": "2025-12-12", "location": "Mairie"}}"""
    )
    news = """{{"@type": "NewsArticle", "headline": "Forum", "url": "/forum", "datePublished": "2025-11-01"}}"""

    def show(*nodes: str) -> None:
        script = f'<script type="application/ld+json">[{",".join(nodes)}]</script>'.replace("{{", "{").replace(
            "}}", "}"
        )
        house.web["/ville"] = reply(body=script.encode(), content_type="text/html")

    show(news, event)
    await house.run()
    assert house.sql("SELECT location, news FROM v_events") == [("Mairie", 1)]
    show(news)
    await house.run(after=DAY)
    assert house.sql("SELECT location, sequence FROM v_events") == [("Mairie", 0)]


async def test_a_cancellation_is_said_for_thirty_days_whatever_is_edited_later(house: House) -> None:
    house.source("ville")
    say(house, "ANNULATION ! Assises, du 2 au 4 mars 2026")
    await house.run()
    await house.run(after=31 * DAY)
    assert vevents(house) == []
    say(house, "ANNULATION ! Assises, du 2 au 4 mars 2026", "Une autre phrase.")
    await house.run(after=DAY)
    assert vevents(house) == []


async def test_what_was_published_of_a_change_is_not_rewritten(house: House) -> None:
    house.source("ville")
    say(house, "Forum jeunesse, le 18 novembre 2025")
    await house.run()
    say(house, "ANNULATION ! Forum jeunesse, le 18 novembre 2025")
    await house.run(after=DAY)
    entry = entries(house, "modifications.rss")[0]
    say(house, "Forum jeunesse : nouvelle date le 20 mai 2026")
    await house.run(after=DAY)
    after = entries(house, "modifications.rss")
    assert after[1] == entry
    assert after[0].startswith("Nouvelle date\xa0: le 20 mai 2026")


async def test_two_sources_that_announce_the_same_days_make_each_event_once(house: House) -> None:
    for slug in ("cuf", "ville"):
        house.source(slug)
        one = {
            "title": "Ateliers plaidoyer à Rennes les 18 et 25 novembre 2025",
            "path": "/ateliers",
            "day": "02 Nov 2025",
        }
        house.web[f"/{slug}"] = xml(rss([one], "https://cuf.example"))
    await house.run()
    assert sorted(event["DTSTART"].dt.isoformat() for event in vevents(house)) == ["2025-11-18", "2025-11-25"]


async def test_what_is_private_is_not_published(house: House) -> None:
    house.source("agenda", kind="ics")
    house.web["/agenda"] = calendar(
        ics(
            "UID:1@v\nDTSTART;VALUE=DATE:20251120\nSUMMARY:Privé\nCLASS:PRIVATE",
            "UID:2@v\nDTSTART;VALUE=DATE:20251121\nSUMMARY:Public",
        )
    )
    await house.run()
    assert [str(event["SUMMARY"]) for event in vevents(house)] == ["Public"]
    assert house.one(
        "SELECT count(*) FROM refusals WHERE why LIKE '%not for the public%' OR value LIKE '%not for the public%'"
    )
