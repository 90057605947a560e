"""VTIMEZONE, read by dateutil, which follows the rules written in it, against the time zone database."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical  # type: ignore[import-untyped]

from aggregator.publish.zones import vtimezone

ZONES = """Europe/Paris Europe/London Europe/Dublin Europe/Lisbon Europe/Istanbul Europe/Kyiv Europe/Moscow Indian/Reunion
Indian/Mayotte America/Martinique America/Cayenne America/Miquelon America/New_York America/Port-au-Prince America/Sao_Paulo
America/Asuncion Africa/Casablanca Africa/Cairo Africa/Dakar Africa/Tunis Asia/Jerusalem Asia/Gaza Asia/Beirut Asia/Tokyo
Asia/Kathmandu Pacific/Noumea Pacific/Tahiti Pacific/Fiji Australia/Lord_Howe""".split()


@pytest.mark.parametrize("tz", ZONES)
@pytest.mark.parametrize("first", [1991, 2009, 2014, 2026])
def test_the_rules_give_the_hours_of_the_database(tz: str, first: int) -> None:
    told, true = tzical(io.StringIO(vtimezone(tz, first, first + 3).decode())).get(tz), ZoneInfo(tz)
    noon = datetime.fromisoformat(f"{first}-01-01T12:00")
    while noon.year <= first + 3:
        assert noon.replace(tzinfo=told).utcoffset() == noon.replace(tzinfo=true).utcoffset(), noon
        noon += timedelta(days=2)


def test_paris_is_two_yearly_rules_as_outlook_wants() -> None:
    lines = vtimezone("Europe/Paris", 2026, 2027).decode().split("\r\n")
    assert [line for line in lines if line.startswith(("BEGIN", "RRULE", "DTSTART"))] == [
        "BEGIN:VTIMEZONE",
        "BEGIN:DAYLIGHT",
        "DTSTART:20250330T020000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "BEGIN:STANDARD",
        "DTSTART:20251026T030000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
    ]


def test_a_zone_without_daylight_saving_is_one_standard_time() -> None:
    lines = vtimezone("Indian/Reunion", 2026, 2026).decode().split("\r\n")
    assert lines.count("BEGIN:STANDARD") == 1
    assert "TZOFFSETTO:+0400" in lines
    assert not any(line.startswith("RRULE") for line in lines)


@pytest.mark.parametrize("tz", ["Europe/Atlantis", "", "../../etc/passwd", "Europe", "/etc/passwd", "a\x00b"])
def test_a_zone_that_is_none_is_refused(tz: str) -> None:
    with pytest.raises(ValueError, match="unknown time zone"):
        vtimezone(tz, 2026, 2026)
