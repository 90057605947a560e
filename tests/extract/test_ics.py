"""Calendar files of town halls, as raw items: each event once, none invented, no rule that runs away."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ExtractError
from aggregator.extract import ics_rrule
from aggregator.extract.ics import Ics
from aggregator.extract.ics_events import AFTER, BEFORE, MAX_INSTANCES
from aggregator.model import Extracted, Limits, Page, RawItem

FILES = Path(__file__).parent / "ics"
SEEN = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def page(text: str = "", body: bytes = b"") -> Page:
    url = "https://www.saint-aubin.example.fr/agenda.ics"
    return Page(url, url, 200, body, fetched_at=SEEN, digest="", content_type="text/calendar", text=text)


def read(name: str, limits: Limits | None = None) -> Extracted:
    return Ics()(page((FILES / name).read_text(encoding="utf-8")), limits or Limits())


def calendar(*events: str, head: str = "PRODID:-//x//FR") -> str:
    blocks = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}\n{blocks}END:VCALENDAR\n"


def one(event: str, head: str = "PRODID:-//x//FR") -> RawItem:
    (item,) = Ics()(page(calendar(event, head=head)), Limits()).items
    return item


# ── one event ───────────────────────────────────────────────────────────────────────────────────


def test_an_event_is_said_in_its_own_words() -> None:
    item = read("tec_mairie.ics").items[0]
    assert item.kind == "event" and item.markup == "text"
    assert item.title == "Soirée de solidarité : l’eau à Kédougou"
    assert item.summary == "Projection, débat et repas partagé.\n\nEntrée libre ; réservation conseillée."
    assert item.guid == "10482-1796405400-1796412600@www.saint-aubin.example.fr" and item.recurrence_id is None
    assert item.url == "https://www.saint-aubin.example.fr/evenement/leau-a-kedougou/"
    assert (item.start, item.end, item.tz) == ("2026-12-04T18:30:00", "2026-12-04T20:30:00", "Europe/Paris")
    assert item.location == "Salle Nougaro, 12 rue Rivals, Toulouse, 31000, France" and item.geo == "43.604652;1.444209"
    assert item.categories == ("International", "Jeunesse, sports", "Coopération")
    assert (item.published, item.updated) == ("2026-11-03T10:15:00Z", "2026-11-20T14:30:00Z")
    assert [(a.url.rsplit("/", 1)[1], a.media_type) for a in item.attachments] == [("kedougou.jpg", "image/jpeg")]


def test_an_organiser_is_named_but_never_by_a_mail_address() -> None:
    organisers = [item.organiser for item in read("tec_mairie.ics").items]
    assert organisers == ["Comité de jumelage", None, None]


def test_the_end_of_days_is_exclusive() -> None:
    item = read("tec_mairie.ics").items[1]
    assert (item.start, item.end, item.end_exclusive, item.tz) == ("2026-10-21", "2026-10-25", True, None)


def test_an_exclusive_end_on_the_first_day_says_no_end() -> None:
    assert read("mal_en_point.ics").items[1].end is None


def test_a_site_set_to_an_offset_keeps_its_instant() -> None:
    item = read("tec_mairie.ics").items[2]
    assert (item.start, item.end, item.tz) == ("2026-12-10T18:00:00+01:00", "2026-12-10T20:00:00+01:00", None)
    assert (item.status, item.sequence) == ("CANCELLED", "3")


def test_a_source_s_own_zone_rules_are_never_run() -> None:
    began = time.perf_counter()
    read("tec_mairie.ics")  # its VTIMEZONE has FREQ=SECONDLY
    assert time.perf_counter() - began < 2


def test_midnights_of_outlook_stay_midnights_of_a_known_zone() -> None:
    item = read("outlook_prefecture.ics").items[0]
    assert (item.start, item.end, item.tz) == ("2026-12-09T00:00:00", "2026-12-10T00:00:00", "Europe/Paris")
    assert item.language == "fr" and item.summary is None


def test_an_unknown_zone_is_no_zone() -> None:
    item = read("outlook_prefecture.ics").items[1]
    assert (item.start, item.tz) == ("2026-12-11T10:00:00", None)


def test_an_end_in_another_zone_is_told_in_the_zone_of_the_start() -> None:
    item = read("outlook_prefecture.ics").items[2]
    assert (item.start, item.end, item.tz) == ("2026-12-12T10:00:00", "2026-12-12T12:00:00", "America/Cayenne")


def test_tasks_and_alarms_are_not_events() -> None:
    assert len(read("outlook_prefecture.ics").items) == 3


@pytest.mark.parametrize(
    ("tzid", "start", "tz"),
    [
        ("Europe/Paris", "2026-07-14T09:00:00", "Europe/Paris"),
        ("europe/paris", "2026-07-14T09:00:00", "Europe/Paris"),
        ("/mozilla.org/20050126_1/Indian/Reunion", "2026-07-14T09:00:00", "Indian/Reunion"),
        ("W. Europe Standard Time", "2026-07-14T09:00:00", "Europe/Berlin"),
        ("UTC", "2026-07-14T09:00:00Z", None),
        ("UTC+0", "2026-07-14T09:00:00Z", None),
        ("UTC-9:30", "2026-07-14T09:00:00-09:30", None),
        ("UTC-9.5", "2026-07-14T09:00:00-09:30", None),
        ("GMT+0100", "2026-07-14T09:00:00+01:00", None),
        ("../../etc/passwd", "2026-07-14T09:00:00", None),
        ("America", "2026-07-14T09:00:00", None),
        ("localtime", "2026-07-14T09:00:00", None),
        ("", "2026-07-14T09:00:00", "Europe/Paris"),
    ],
)
def test_zones_are_known_by_name(tzid: str, start: str, tz: str | None) -> None:
    item = one(f"UID:1\nSUMMARY:Fête\nDTSTART;TZID={tzid}:20260714T090000", head="X-WR-TIMEZONE:Europe/Paris")
    assert (item.start, item.tz) == (start, tz)


def test_z_wins_over_a_zone_s_name() -> None:
    assert one("UID:1\nDTSTART;TZID=Europe/Paris:20261201T090000Z").start == "2026-12-01T09:00:00Z"


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        ("DTSTART:20261201T090000Z\nDURATION:PT1H30M", "2026-12-01T10:30:00Z"),
        ("DTSTART;VALUE=DATE:20261201\nDURATION:P2D", "2026-12-03"),
        ("DTSTART;VALUE=DATE:20261201\nDURATION:PT1H", None),
        ("DTSTART:20261201T090000Z\nDURATION:P99999999D", None),
        ("DTSTART:20261201T090000Z\nDURATION:toujours", None),
    ],
)
def test_a_duration_makes_an_end_or_none(lines: str, end: str | None) -> None:
    assert one(f"UID:1\nSUMMARY:x\n{lines}").end == end


def test_a_calendar_of_cancellations_cancels() -> None:
    assert one("UID:1\nSUMMARY:x\nDTSTART:20261201T090000Z", head="METHOD:CANCEL").status == "CANCELLED"


# ── recurring events ────────────────────────────────────────────────────────────────────────────


def test_a_series_is_told_occurrence_by_occurrence() -> None:
    found = [item for item in read("google_recurrent.ics").items if item.guid == "atelier@google.com"]
    # From 30 days before the page was seen to UNTIL, a day that is allowed whole; 3 and 10 November are excluded.
    assert [item.recurrence_id for item in found] == [
        f"2026-{day}T18:00:00" for day in ("10-27", "11-17", "11-24", "12-01", "12-08", "12-15", "12-22")
    ]
    assert {item.tz for item in found} == {"Europe/Paris"}
    assert found[0].end == "2026-10-27T19:30:00"


def test_a_moved_occurrence_keeps_the_slot_it_was_to_start_in() -> None:
    moved = next(item for item in read("google_recurrent.ics").items if item.title and "jeudi" in item.title)
    assert (moved.guid, moved.recurrence_id, moved.start) == (
        "atelier@google.com",
        "2026-11-24T18:00:00",
        "2026-11-26T19:00:00",
    )


def test_a_cancelled_occurrence_is_told_as_cancelled() -> None:
    items = {item.recurrence_id: item.status for item in read("google_recurrent.ics").items}
    assert items["2026-12-01T18:00:00"] == "CANCELLED" and items["2026-12-08T18:00:00"] == "CONFIRMED"


def test_days_that_recur_for_ever_are_told_for_a_year() -> None:
    found = [item for item in read("google_recurrent.ics").items if item.guid == "fete@google.com"]
    assert [(i.recurrence_id, i.start, i.end, i.end_exclusive) for i in found] == [
        ("2027-07-14", "2027-07-14", "2027-07-15", True)
    ]


def test_added_dates_are_occurrences_and_floating_times_take_the_calendar_s_zone() -> None:
    found = [item for item in read("google_recurrent.ics").items if item.guid == "flottant@google.com"]
    assert [(i.start, i.end, i.tz) for i in found] == [
        ("2026-11-30T09:00:00", "2026-11-30T10:30:00", "Europe/Paris"),
        ("2026-12-14T09:00:00", "2026-12-14T10:30:00", "Europe/Paris"),
    ]


def test_this_and_all_that_follow_may_move_together() -> None:
    found = Ics()(
        page(
            calendar(
                "UID:1\nSUMMARY:Cours\nDTSTART;TZID=Europe/Paris:20261201T090000\nRRULE:FREQ=WEEKLY;COUNT=4",
                "UID:1\nSUMMARY:Cours (10 h)\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Paris:20261215T090000\n"
                "DTSTART;TZID=Europe/Paris:20261215T100000",
            )
        ),
        Limits(),
    ).items
    assert [(i.recurrence_id or "")[8:13] + " " + (i.start or "")[8:13] for i in found] == [
        "01T09 01T09",
        "08T09 08T09",
        "15T09 15T10",
        "22T09 22T10",
    ]


def test_an_occurrence_named_by_its_day_replaces_the_one_of_that_day() -> None:
    found = Ics()(
        page(
            calendar(
                "UID:1\nSUMMARY:Cours\nDTSTART;TZID=Europe/Paris:20261201T090000\nRRULE:FREQ=WEEKLY;COUNT=2",
                "UID:1\nSUMMARY:Cours déplacé\nRECURRENCE-ID;VALUE=DATE:20261208\nDTSTART;TZID=Europe/Paris:20261209T090000",
            )
        ),
        Limits(),
    ).items
    assert [(i.recurrence_id, i.start) for i in found] == [
        ("2026-12-01T09:00:00", "2026-12-01T09:00:00"),
        ("2026-12-08T09:00:00", "2026-12-09T09:00:00"),
    ]


def test_a_changed_occurrence_without_its_series_is_kept() -> None:
    item = one("UID:1\nSUMMARY:x\nRECURRENCE-ID:20261201T080000Z\nDTSTART:20261202T080000Z")
    assert (item.recurrence_id, item.start) == ("2026-12-01T08:00:00Z", "2026-12-02T08:00:00Z")


def test_summer_time_does_not_move_a_weekly_event() -> None:
    found = Ics()(page(calendar("UID:1\nDTSTART;TZID=Europe/Paris:20260302T183000\nRRULE:FREQ=WEEKLY")), Limits()).items
    assert {(item.start or "")[11:] for item in found} == {"18:30:00"}


def test_rules_that_never_end_or_never_match_cost_nothing_and_keep_their_first_date() -> None:
    began = time.perf_counter()
    found = read("bombes.ics")
    assert time.perf_counter() - began < 5
    by_uid: dict[str | None, list[RawItem]] = {}
    for item in found.items:
        by_uid.setdefault(item.guid, []).append(item)
    for uid in ("seconde", "zero", "croix", "inconnue"):
        assert [item.start for item in by_uid[uid]] == ["2026-12-01T09:00:00Z"]
    assert [item.start for item in by_uid["jamais"]] == ["2026-12-01T09:00:00"]
    assert len(by_uid["heures"]) == MAX_INSTANCES
    assert 400 < len(by_uid["compte"]) <= 432
    assert [item.start for item in by_uid["sain"]] == [
        "2026-12-01T09:00:00",
        "2026-12-29T09:00:00",
        "2027-01-26T09:00:00",
        "2027-02-23T09:00:00",
    ]
    assert len(found.left_out) == 5 and found.complete


def test_a_file_of_nothing_but_rules_is_bounded() -> None:
    text = calendar(
        *(f"UID:{n}\nSUMMARY:x\nDTSTART:20000101T090000Z\nRRULE:FREQ=DAILY;COUNT=999999" for n in range(900))
    )
    began = time.perf_counter()
    found = Ics()(page(text), Limits(events=500))
    assert time.perf_counter() - began < 8
    assert len(found.items) == 500 and not found.complete and len(found.left_out) <= 101


def test_an_end_before_the_start_is_not_carried_to_other_occurrences() -> None:
    text = calendar("UID:1\nDTSTART:20261202T090000Z\nDTEND:20261201T090000Z\nRRULE:FREQ=DAILY;COUNT=2")
    assert [item.end for item in Ics()(page(text), Limits()).items] == [None, None]


# ── the same thing twice ────────────────────────────────────────────────────────────────────────


def test_of_two_revisions_the_latest_counts() -> None:
    found = [item for item in read("memes_uid.ics").items if item.guid == "stage"]
    assert [(item.title, item.recurrence_id) for item in found] == [("Stage de danse", None)]


def test_dates_that_share_a_uid_are_told_apart_by_their_start() -> None:
    found = [item for item in read("memes_uid.ics").items if item.guid == "seances"]
    assert [(item.recurrence_id, item.status) for item in found] == [
        ("2026-12-03T20:00:00", None),
        ("2026-12-17T20:00:00", "CANCELLED"),
    ]


def test_the_articles_of_spip_are_news() -> None:
    found = read("spip_articles.ics").items
    assert [(i.kind, i.native_id, i.published, i.start, i.end) for i in found] == [
        ("news", "article22", "2025-11-06T09:00:00Z", None, None),
        ("news", "breve7", "2025-11-07T09:00:00Z", None, None),
    ]
    assert found[0].url == "https://www.montreuil.example.fr/spip.php?article22"


def test_the_agenda_of_spip_holds_events() -> None:
    (item,) = read("spip_agenda.ics").items
    assert (item.kind, item.start, item.tz) == ("event", "2026-12-05T14:00:00", "Europe/Paris")


# ── broken and foreign files ────────────────────────────────────────────────────────────────────


def test_a_broken_event_costs_itself_and_is_told() -> None:
    found = read("mal_en_point.ics")
    assert [(item.title, item.start, item.end) for item in found.items] == [
        ("Café des langues", "2026-12-03T10:00:00", None),
        ("Sans UID", "2026-12-24", None),
    ]
    assert found.items[0].summary == "Première ligne"
    assert (found.items[1].guid, found.items[1].native_id) == (None, None)
    assert any("Sans date" in words for words in found.left_out)
    assert any("le 3 décembre" in words for words in found.left_out)


def test_a_cut_file_does_not_promise_to_be_whole() -> None:
    found = read("mal_en_point.ics")
    assert not found.complete and any("cut" in words for words in found.left_out)


def test_a_calendar_without_events_is_no_error() -> None:
    found = read("vide.ics")
    assert found == Extracted((), complete=True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "empty"),
        ("<!DOCTYPE html><html><body>Maintenance</body></html>", "HTML"),
        ("<!DOCTYPE html><pre>\nBEGIN:VCALENDAR\nEND:VCALENDAR</pre>", "HTML"),
        ('{"code":"rest_no_route"}', "JSON"),
        ("<?xml version='1.0'?><rss/>", "XML"),
        ("Erreur de connexion", "Erreur de connexion"),
    ],
)
def test_what_is_no_calendar_is_named(body: str, words: str) -> None:
    with pytest.raises(ExtractError, match=words):
        Ics()(page(body), Limits())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_bytes_are_read_whatever_their_lines_and_charset(encoding: str, end: str) -> None:
    text = calendar("UID:1\nSUMMARY:Fête de l’é\n té\nDTSTART:20261201T090000Z").replace("\n", end)
    (item,) = Ics()(page(body=text.encode(encoding)), Limits()).items
    assert item.title == "Fête de l’été"


def test_words_of_php_before_the_calendar_do_not_hide_it() -> None:
    text = "<br />\n<b>Warning</b>: foreach()\n" + calendar("UID:1\nSUMMARY:x\nDTSTART:20261201T090000Z")
    assert len(Ics()(page(text), Limits()).items) == 1


def test_when_too_many_the_latest_are_kept_and_the_file_no_longer_promises() -> None:
    text = calendar(*(f"UID:{n}\nSUMMARY:x\nDTSTART;VALUE=DATE:{2000 + n}0101" for n in range(20)))
    found = Ics()(page(text), Limits(events=5))
    assert [item.start for item in found.items] == [f"{year}-01-01" for year in range(2019, 2014, -1)]
    assert not found.complete and found.left_out


def test_when_too_many_the_next_ones_are_kept_first() -> None:
    text = calendar(*(f"UID:{d}\nSUMMARY:x\nDTSTART;VALUE=DATE:202612{d}" for d in (15, 10, 13, 11, 14, 12)))
    at = page(text)
    found = Ics()(replace(at, fetched_at=at.fetched_at.replace(year=2026, month=12, day=11)), Limits(events=3))
    assert [item.start for item in found.items] == ["2026-12-11", "2026-12-12", "2026-12-13"]


def test_hours_of_a_duration_are_hours_in_the_night_when_clocks_change() -> None:
    text = calendar("UID:1\nSUMMARY:x\nDTSTART;TZID=Europe/Paris:20270328T013000\nDURATION:PT3H")
    (item,) = Ics()(page(text), Limits()).items
    assert (item.start, item.end, item.tz) == ("2027-03-28T01:30:00", "2027-03-28T05:30:00", "Europe/Paris")


# ── rules ───────────────────────────────────────────────────────────────────────────────────────

weekdays = st.lists(st.sampled_from(ics_rrule.WEEKDAYS), min_size=1, max_size=4, unique=True).map(",".join)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules on which dateutil agrees with the RFC (it errs on BYDAY=MO,1TU and on BYWEEKNO with WKST)."""
    freq = draw(st.sampled_from(ics_rrule.FREQUENCIES))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.integers(1, 4))}"]
    nth = freq in ("MONTHLY", "YEARLY") and draw(st.booleans())
    if nth:
        parts.append("BYDAY=" + draw(st.sampled_from(["1MO", "-1FR", "2TU,4TU", "5WE", "3SA,-2SU"])))
    elif draw(st.booleans()):
        parts.append("BYDAY=" + draw(weekdays))
    if draw(st.booleans()):
        months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True))
        parts.append("BYMONTH=" + ",".join(map(str, months)))
    if freq != "WEEKLY" and draw(st.booleans()):
        days = draw(st.lists(st.sampled_from([*range(1, 32), -1, -2, -31]), min_size=1, max_size=5, unique=True))
        parts.append("BYMONTHDAY=" + ",".join(map(str, days)))
    if freq in ("MONTHLY", "YEARLY") and draw(st.booleans()):
        parts.append("BYSETPOS=" + draw(st.sampled_from(["1", "-1", "2", "1,-1"])))
    if draw(st.booleans()):
        parts.append("BYHOUR=9,18")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    return ";".join(parts)


@settings(max_examples=60, deadline=None)
@given(rules(), st.datetimes(datetime(2019, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - wall times
def test_a_rule_gives_what_dateutil_gives(words: str, start: datetime) -> None:
    start = start.replace(second=0, microsecond=0)
    first, last = datetime(2026, 10, 26), datetime(2027, 12, 31)  # noqa: DTZ001
    found = ics_rrule.expand(ics_rrule.parse(words), start, first, last, 10_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # COUNT and UNTIL together
        oracle = rrulestr(words, dtstart=start).replace(until=last)
    assert found == [moment for moment in oracle if moment >= first]


@pytest.mark.parametrize(
    "words",
    ["", "FREQ=HOURLY", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;COUNT=0", "FREQ=WEEKLY;BYDAY=LU", "FREQ=YEARLY;BYMONTH=13",
     "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,30", "FREQ=YEARLY;BYEASTER=1", "FREQ=DAILY;COUNT=٣",
     "FREQ=MONTHLY;BYMONTHDAY=" + "1," * 5_000 + "1"],
)  # fmt: skip
def test_a_dishonest_rule_is_refused_in_words(words: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        ics_rrule.parse(words)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(rules(), st.dates(datetime(1990, 1, 1).date(), datetime(2030, 1, 1).date())), max_size=5))  # noqa: DTZ001
def test_occurrences_stay_within_bounds_and_are_told_once(events: list[tuple[str, object]]) -> None:
    text = calendar(
        *(
            f"UID:{n}\nSUMMARY:x\nDTSTART;TZID=Europe/Paris:{str(day).replace('-', '')}T100000\nDURATION:PT1H\nRRULE:{rule}"
            for n, (rule, day) in enumerate(events)
        )
    )
    found = Ics()(page(text), Limits())
    assert not found.left_out
    assert len({(item.guid, item.recurrence_id) for item in found.items}) == len(found.items)
    for item in found.items:
        start = datetime.fromisoformat(item.start or "").replace(tzinfo=UTC)
        assert SEEN - BEFORE - timedelta(days=1) <= start <= SEEN + AFTER + timedelta(days=1)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "BEGIN:VEVENT",
                    "END:VEVENT",
                    "BEGIN:VTIMEZONE",
                    "END:VTIMEZONE",
                    "BEGIN:VALARM",
                    "END:VCALENDAR",
                    "BEGIN:VCALENDAR",
                    "DTSTART:20261201T090000Z",
                    "DTSTART;VALUE=DATE:20261201",
                    "DTEND:20261130",
                    "UID:1",
                    "RRULE:FREQ=DAILY",
                    "EXDATE:20261201",
                    "RECURRENCE-ID:20261202",
                    "RDATE;VALUE=PERIOD:20261203T090000Z/PT1H",
                    "DURATION:-P1D",
                    "SUMMARY:Été",
                    " suite",
                    'ATTACH;X="',
                    "SEQUENCE:9",
                    "DTSTART:99991231T235959Z",
                ]
            ),
            st.text(max_size=30),
        ),
        max_size=40,
    )
)
def test_any_file_is_read_or_refused_and_every_item_is_dated(lines: list[str]) -> None:
    found = Ics()(page("BEGIN:VCALENDAR\n" + "\n".join(lines)), Limits())
    assert all(item.start or item.kind == "news" for item in found.items)


@pytest.mark.parametrize(
    "line",
    [
        "CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://visio.example.fr/salle",
        "X-GOOGLE-CONFERENCE:https://visio.example.fr/salle",
        "X-MICROSOFT-SKYPETEAMSMEETINGURL:https://visio.example.fr/salle",
    ],
)
def test_where_one_takes_part_from_afar_is_read(line: str) -> None:
    assert one(f"UID:1\nSUMMARY:x\nDTSTART:20261201T090000Z\n{line}").conference == "https://visio.example.fr/salle"
