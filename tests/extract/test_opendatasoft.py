"""Open data portals: fields by name, every date of a record, pages by offset."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aggregator.errors import NothingFound
from aggregator.model import Extracted
from tests.extract.test_rest import URLS, read

URL = URLS["opendatasoft"]


def dataset(*records: Any, total: object = None, url: str | None = None, **options: Any) -> Extracted:
    answer = {"total_count": len(records) if total is None else total, "results": records}
    return read("opendatasoft", json.dumps(answer), url=url, **options)


def test_options_name_the_fields_one_or_several() -> None:
    record = {
        "intitule": "Fête",
        "debut": "2026-11-20",
        "salle": "Nougaro",
        "ville_": "Toulouse",
        "lien_": "/fete",
        "no": 7,
    }
    (item,) = dataset(
        record, title="intitule", start=["jour", "debut"], location=["salle", "ville_"], link="lien_", id="no"
    ).items
    assert (item.title, item.start, item.location, item.url) == ("Fête", "2026-11-20", "Nougaro, Toulouse", "/fete")
    assert item.native_id == "7"


def test_a_dataset_without_the_fields_that_title_names_is_told_with_those_it_has() -> None:
    with pytest.raises(NothingFound, match=r"title: names: .* \(there are intitule, jour\)"):
        dataset({"intitule": "Fête", "jour": "2026-11-20"})


@pytest.mark.parametrize(
    ("fields", "period"),
    [
        (
            {"date": "2026-11-20", "heure_debut": "09:30", "heure_fin": "18h00"},
            ("2026-11-20T09:30", "2026-11-20T18:00"),
        ),
        ({"date": "2026-11-20", "heure_debut": "9h05", "heure_fin": None}, ("2026-11-20T09:05", None)),
        ({"date": "2026-11-20", "heure_debut": "9h", "heure_fin": "18 h 30"}, ("2026-11-20T09:00", "2026-11-20T18:30")),
        ({"date": "2026-11-20", "heure_debut": "9"}, ("2026-11-20", None)),
        ({"date": "2026-11-20", "heure_debut": "09:75"}, ("2026-11-20", None)),
        ({"date": "2026-11-20", "heure_debut": "toute la journée"}, ("2026-11-20", None)),
        # A day is written as its midnight, in UTC as if it were there.
        (
            {"date_debut": "2026-11-20T00:00:00+00:00", "date_fin": "2026-11-22T00:00:00+00:00"},
            ("2026-11-20", "2026-11-22"),
        ),
        ({"date_debut": "2026-11-20T00:00:00+01:00", "date_fin": "2026-11-22"}, ("2026-11-20", "2026-11-22")),
        ({"date_debut": "2026-11-20T00:00:00Z"}, ("2026-11-20", None)),
        ({"date_debut": "2026-11-20T00:00:00+00:00", "heure_debut": "20h30"}, ("2026-11-20T20:30", None)),
        (
            {"date_debut": "2026-11-20T20:00:00+01:00", "date_fin": "2026-11-21T00:00:00+01:00"},
            ("2026-11-20T20:00:00+01:00", "2026-11-21T00:00:00+01:00"),
        ),
        (
            {"date_debut": "2026-11-20T00:00:00+01:00", "date_fin": "2026-11-20T05:00:00+01:00"},
            ("2026-11-20T00:00:00+01:00", "2026-11-20T05:00:00+01:00"),
        ),
        ({"date": "2026-11-20", "heure_debut": "25:00"}, ("2026-11-20", None)),
        ({"date_debut": "2026-11-20T10:00:00+01:00", "heure_debut": "09:30"}, ("2026-11-20T10:00:00+01:00", None)),
        ({"date_debut": "2026-11-20", "date_fin": "2026-11-22"}, ("2026-11-20", "2026-11-22")),
    ],
)
def test_hours_in_fields_of_their_own_go_with_the_day(fields: dict[str, Any], period: tuple[str, str | None]) -> None:
    (item,) = dataset({"nom": "Fête", **fields}).items
    assert (item.start, item.end) == period


def test_every_date_of_a_record_is_given_but_those_long_past() -> None:
    dates = ["2026-08-01T10:00:00+02:00", "2026-10-20T10:00:00+02:00", "2026-12-01T10:00:00+01:00"]
    timings = json.dumps([{"begin": date, "end": date.replace("T10", "T12")} for date in dates])
    items = dataset(
        {"uid": "9", "title_fr": "Atelier", "timings": timings, "daterange_fr": "1 août - 1 décembre"}
    ).items
    assert [item.start for item in items] == dates[1:]
    assert {item.native_id for item in items} == {"9"} and {item.when for item in items} == {None}
    (past,) = dataset(
        {"uid": "9", "title_fr": "Atelier", "occurrences": "2020-01-01T10:00:00+01:00_2020-01-01T12:00:00+01:00"}
    ).items
    assert (past.start, past.end) == ("2020-01-01T10:00:00+01:00", "2020-01-01T12:00:00+01:00")


@pytest.mark.parametrize("dates", ["3", 3, "tous les mardis", "; ;", [], [{"begin": None}], "[broken"])
def test_what_holds_no_dates_does_not_stand_in_for_the_start(dates: object) -> None:
    (item,) = dataset({"nom": "Fête", "date": "2026-11-20", "occurrences": dates, "timings": None}).items
    assert item.start == "2026-11-20"


def test_the_dates_of_one_event_are_bounded() -> None:
    timings = [{"begin": f"2027-01-{n % 28 + 1:02}T{n % 24:02}:00:00+01:00", "end": None} for n in range(3000)]
    assert len(dataset({"uid": "9", "title_fr": "Exposition", "timings": timings}).items) == 100


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"annule": "oui"}, "CANCELLED"),
        ({"annule": "non", "reporte": "Oui"}, "POSTPONED"),
        ({"annule": "non", "reporte": "non"}, None),
        ({"status": '{"id": 6, "label": {"fr": "Annulé"}}'}, "EventCancelled"),
        ({"status": 4}, "EventPostponed"),
        ({"status": "5"}, None),
        ({"status": "Annulé"}, "Annulé"),
        ({"status": "{broken"}, "{broken"),
    ],
)
def test_what_is_called_off_or_postponed_is_said(fields: dict[str, Any], status: str | None) -> None:
    (item,) = dataset({"nom": "Fête", **fields}).items
    assert item.status == status


@pytest.mark.parametrize(
    ("point", "geo"),
    [
        ({"lon": 1.44, "lat": 43.6}, "43.6;1.44"),
        ([43.6, 1.44], "43.6;1.44"),
        ("43.6, 1.44", "43.6;1.44"),
        ({"lon": "x", "lat": None}, None),
        ("Toulouse", None),
        ([[43.6], {}], None),
    ],
)
def test_a_point_is_read_in_each_of_its_forms(point: object, geo: str | None) -> None:
    (item,) = dataset({"nom": "Fête", "geo_point": point}).items
    assert item.geo == geo


def test_further_records_are_asked_for_by_offset_as_far_as_the_portal_goes() -> None:
    record = {"nom": "Fête"}
    assert dataset(record, record, total=5).more == (URL + "?offset=2",)
    assert dataset(record, total=5, url=URL + "?offset=4").more == ()
    assert dataset(record, total=20_000, url=URL + "?limit=100&offset=9900").more == ()
    assert dataset(record).complete and not dataset(record, total=5).complete


def test_nothing_chosen_is_no_failure_and_an_empty_dataset_is_one() -> None:
    assert dataset(url=URL + "?where=search(%22jumelage%22)") == Extracted(())
    with pytest.raises(NothingFound, match="holds no record"):
        dataset()


def test_an_export_is_read_whole() -> None:
    found = read(
        "opendatasoft", json.dumps([{"nom": "Fête"}, {"nom": "Bal"}]), url=URL.replace("records", "exports/json")
    )
    assert [item.title for item in found.items] == ["Fête", "Bal"]
    assert found.complete and found.more == ()
    assert not dataset({"nom": "Fête"}, {"nom": None}).complete


def test_plain_words_stay_words() -> None:
    (item,) = dataset({"nom": "L&#039;été &amp; R&D &copy", "lieu": "Salle de l&rsquo;Europe"}).items
    assert (item.title, item.location) == ("L'été &amp; R&amp;D &amp;copy", "Salle de l’Europe")
    (item,) = dataset(
        {"nom": "A < B", "lieu_nom": "Salle <C>", "organisateur": "D & E", "description": "<p>F</p>"}
    ).items
    assert (item.title, item.location, item.organiser) == ("A &lt; B", "Salle &lt;C&gt;", "D &amp; E")
    assert item.content == "<p>F</p>"


def test_an_option_that_names_no_field_is_refused() -> None:
    with pytest.raises(ValueError, match="title: 7 is not the name of a field"):
        dataset(title=7)
