"""The Events Calendar's REST API: wall times of a zone, whole days, what is to come."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aggregator.errors import NothingFound
from aggregator.model import Extracted
from tests.extract.test_rest import URLS, read

URL = URLS["events_calendar"]


def agenda(*events: dict[str, Any] | None, url: str | None = None, **more: Any) -> Extracted:
    return read("events_calendar", json.dumps({"events": events, "total": len(events), **more}), url=url)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-11-20 00:00:00", "2026-11-20 23:59:59", ("2026-11-20", "2026-11-20")),
        ("2026-11-20 00:00:00", "2026-11-22 23:59:59", ("2026-11-20", "2026-11-22")),
        ("2026-11-20 05:00:00", "2026-11-21 04:59:59", ("2026-11-20", "2026-11-20")),
        ("2026-11-20", None, ("2026-11-20", "2026-11-20")),
        ("le 20 novembre", "", ("le 20 nove", None)),
        ("0001-01-01 00:00:00", "0001-01-01 00:00:00", ("0001-01-01", "0001-01-01")),
    ],
)
def test_whole_days_are_days_whenever_the_sites_day_ends(
    start: str, end: str | None, days: tuple[str, str | None]
) -> None:
    (item,) = agenda({"id": 1, "title": "Fête", "all_day": True, "start_date": start, "end_date": end}).items
    assert (item.start, item.end) == days


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"event_status": "canceled"}, "canceled"),
        ({"event_status": "postponed"}, "postponed"),
        ({"json_ld": {"eventStatus": "https://schema.org/EventPostponed"}}, "EventPostponed"),
        ({"json_ld": []}, None),
    ],
)
def test_what_is_called_off_or_postponed_is_said(said: dict[str, Any], status: str | None) -> None:
    (item,) = agenda({"id": 1, "title": "Fête", **said}).items
    assert item.status == status


def test_drafts_are_left_out() -> None:
    found = agenda({"id": 1, "title": "Fête", "status": "draft"}, {"id": 2, "title": "Bal", "status": "publish"})
    assert [item.native_id for item in found.items] == ["2"] and len(found.left_out) == 1


def test_one_page_that_holds_all_is_complete_and_one_of_several_is_not() -> None:
    event = {"id": 1, "title": "Fête"}
    assert agenda(event).complete
    following = agenda(event, next_rest_url=URL + "?page=2")
    assert (following.more, following.complete) == ((URL + "?page=2",), False)
    assert not agenda(event, url=URL + "?page=2").complete
    elsewhere = agenda(event, next_rest_url="https://ailleurs.example.com/?page=2")
    assert (elsewhere.more, elsewhere.complete) == ((), False)
    assert not agenda(event, None).complete
    assert not agenda(event, total=9).complete


def test_an_agenda_that_counts_events_and_shows_none_is_no_success() -> None:
    with pytest.raises(NothingFound):
        agenda(total=4)
    assert agenda(total=4, url=URL + "?page=2") == Extracted(())
