"""iCalendar, read back by icalendar and by its lines."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from aggregator.model import Item
from aggregator.publish import render
from tests.publish.samples import EVENT, NEWS, SITE, days, event, feed, hours, numbered


def calendar(*events: Item, **changes: Any) -> bytes:
    rendered = render(feed(events=events, **changes), SITE)
    assert not rendered.refused
    return rendered.files["tout.ics"]


def read(*events: Item) -> Any:
    return Calendar.from_ical(calendar(*events))


def one(item: Item) -> Any:
    (event,) = read(item).events
    return event


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def test_the_calendar_names_itself_and_says_how_often_to_come_back() -> None:
    lines = unfolded(calendar(EVENT))
    for line in (
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "NAME:Tout",
        "X-WR-CALNAME:Tout",
        "X-WR-TIMEZONE:Europe/Paris",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "SOURCE;VALUE=URI:https://flux.example.org/tout.ics",
        "URL:https://flux.example.org/",
    ):
        assert lines.count(line) == 1
    assert sum(line.startswith("PRODID:") for line in lines) == 1
    assert (lines[0], lines[-2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR", ""])


def test_an_event_is_known_by_its_uid_and_stamped_by_its_item() -> None:
    read = one(EVENT)
    assert read["UID"] == EVENT.uid
    assert read["SEQUENCE"] == 2
    assert read["DTSTAMP"].dt == read["LAST-MODIFIED"].dt == EVENT.changed_at
    assert read["CREATED"].dt == EVENT.first_seen
    assert "DTSTAMP:20210312T090000Z" in unfolded(calendar(EVENT))


def test_a_moved_event_keeps_its_uid_and_counts_up() -> None:
    moved = event(when=hours("2026-11-27T14:30"), sequence=3, changed_at=datetime(2026, 11, 1, tzinfo=UTC))
    before, after = one(EVENT), one(moved)
    assert before["UID"] == after["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (2, 3)
    assert after["DTSTAMP"].dt > before["DTSTAMP"].dt


def test_a_timed_event_keeps_its_wall_time_and_zone() -> None:
    lines = unfolded(calendar(EVENT))
    assert "DTSTART;TZID=Europe/Paris:20261120T143000" in lines
    assert "DTEND;TZID=Europe/Paris:20261120T160000" in lines
    assert "TZID:Europe/Paris" in lines


def test_an_all_day_event_has_days_and_an_exclusive_end() -> None:
    lines = unfolded(calendar(event(when=days("2026-10-21", "2026-10-25"))))
    assert "DTSTART;VALUE=DATE:20261021" in lines
    assert "DTEND;VALUE=DATE:20261025" in lines
    assert "TRANSP:TRANSPARENT" in lines
    assert "BEGIN:VTIMEZONE" not in lines


def test_a_day_without_an_end_is_one_day() -> None:
    assert "DTEND;VALUE=DATE:20261101" in unfolded(calendar(event(when=days("2026-10-31", None))))


def test_an_event_whose_end_nobody_knows_has_none() -> None:
    assert "DTEND" not in one(event(when=hours("2026-11-20T14:30")))


@pytest.mark.parametrize("end", ["2026-11-20T14:30", "2026-11-20T09:00"])
def test_an_end_that_is_not_later_is_no_end(end: str) -> None:
    assert "DTEND" not in one(event(when=hours("2026-11-20T14:30", end)))


def test_a_zone_that_is_utc_needs_no_vtimezone() -> None:
    lines = unfolded(calendar(event(when=hours("2026-07-01T14:00", tz="UTC"))))
    assert "DTSTART:20260701T140000Z" in lines
    assert "BEGIN:VTIMEZONE" not in lines


def test_every_zone_used_is_defined_once() -> None:
    zones = ["Indian/Reunion", "Europe/Paris", "America/Martinique", "Europe/Paris"]
    events = [numbered(event(when=hours("2026-07-01T14:00", tz=tz)), n) for n, tz in enumerate(zones)]
    lines = unfolded(calendar(*events))
    assert [line for line in lines if line.startswith("TZID:")] == [
        "TZID:America/Martinique", "TZID:Europe/Paris", "TZID:Indian/Reunion",
    ]  # fmt: skip
    assert set(re.findall(r"TZID=([^:]+):", "\n".join(lines))) == set(zones)


@pytest.mark.parametrize(
    ("changes", "status", "summary"),
    [
        ({"status": "cancelled"}, "CANCELLED", "[ANNULÉ] Réunion du groupe-pays Chine"),
        ({"status": "tentative"}, "TENTATIVE", "Réunion du groupe-pays Chine"),
        ({"status": "confirmed"}, "CONFIRMED", "Réunion du groupe-pays Chine"),
        ({"status": "postponed"}, "CANCELLED", "[ANNULÉ] Réunion du groupe-pays Chine"),
        ({"withdrawn_at": datetime(2026, 1, 1, tzinfo=UTC)}, "CANCELLED", "[RETIRÉ] Réunion du groupe-pays Chine"),
        ({"status": None}, None, "Réunion du groupe-pays Chine"),
    ],
)
def test_a_status_is_said_to_machines_and_in_the_summary(
    changes: dict[str, Any], status: str | None, summary: str
) -> None:
    read = one(event(**changes))
    assert read.get("STATUS") == status
    assert read["SUMMARY"] == summary


def test_a_withdrawn_event_says_why_it_is_called_off() -> None:
    read = one(event(withdrawn_at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert read["DESCRIPTION"].startswith("Sa source ne montre plus ce rendez-vous.\n")


def test_an_event_says_where_who_and_what() -> None:
    read = one(EVENT)
    assert read["LOCATION"] == "Paris, Hôtel de Ville ; salle 2"
    assert read["URL"] == EVENT.url
    assert read["GEO"].to_ical() == "48.8566;2.3522"
    assert [str(c) for c in read["CATEGORIES"].cats] == list(EVENT.categories)
    for words in (EVENT.summary, "Source\u00a0: Cités Unies France (https://", f"Lien\u00a0: {EVENT.url}"):
        assert words in read["DESCRIPTION"]


@pytest.mark.parametrize("geo", ["ici", "91;2", "48.85", "48.85;181", "nan;inf", ""])
def test_a_place_that_is_no_coordinate_is_left_out(geo: str) -> None:
    assert "GEO" not in one(event(geo=geo))


def test_a_coordinate_is_never_written_with_an_exponent() -> None:
    assert one(event(geo="0.00001; -0.5"))["GEO"].to_ical() == "0.0;-0.5"


def test_no_property_can_be_injected() -> None:
    hostile = "Réunion\r\nATTENDEE:mailto:x@example.org\rDTSTART:19700101\nX\u2028BEGIN:VALARM\x0b\x00"
    lines = unfolded(
        calendar(event(title=hostile, location=hostile, summary=hostile, organiser=hostile, categories=(hostile,)))
    )
    names = {re.split("[:;]", line)[0] for line in lines}
    assert not names & {"ATTENDEE", "ORGANIZER", "ATTACH", "VALARM", "X"}
    assert "BEGIN:VALARM" not in lines


def test_a_backslash_n_that_an_editor_wrote_stays() -> None:
    assert "SUMMARY:Dossier C:\\\\New\\\\nord\\, suite" in unfolded(
        calendar(event(title="Dossier C:\\New\\nord, suite"))
    )


@pytest.mark.parametrize("letter", ["a", "é", "字", "😀", "\\", ",", "a\n"])
def test_lines_are_folded_at_75_octets_between_characters(letter: str) -> None:
    data = calendar(event(title="T" + letter * 200, summary=letter * 300))
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_a_long_summary_is_cut_in_the_calendar() -> None:
    read = one(event(summary="mot " * 5_000))
    assert len(read["DESCRIPTION"]) < 2_500
    assert " …\n" in read["DESCRIPTION"]


def test_an_empty_calendar_holds_a_zone_because_one_component_is_demanded() -> None:
    read = Calendar.from_ical(calendar())
    assert [c.name for c in read.subcomponents] == ["VTIMEZONE"]
    assert calendar() == calendar()


def test_an_event_without_a_date_is_refused_and_its_siblings_kept() -> None:
    rendered = render(feed(events=(event(when=None), numbered(EVENT, 1))), SITE)
    assert [r.where for r in rendered.refused] == [EVENT.title]
    assert len(Calendar.from_ical(rendered.files["tout.ics"]).events) == 1


def test_a_feed_that_is_no_calendar_has_no_ics() -> None:
    assert "tout.ics" not in render(feed(NEWS, calendar=False), SITE).files


def test_the_calendar_is_as_new_as_its_newest_event() -> None:
    newer = numbered(event(changed_at=EVENT.changed_at + timedelta(days=1)), 1)
    assert read(EVENT, newer)["LAST-MODIFIED"].dt == newer.changed_at
