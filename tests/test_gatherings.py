"""Gatherings through the whole way: announced by news, moved, called off, told afterwards; calendars, pages, changes."""

from __future__ import annotations

from datetime import timedelta

import feedparser
import icalendar

from tests.conftest import House, calendar, ics, rss, xml

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
