"""The short way through a plain calendar line says what the library says of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar.parser import Contentline

from aggregator.extract.ics_lines import Line, lines_of
from aggregator.extract.ics_times import zone_of

PIECES = st.sampled_from(
    [
        "SUMMARY", "dtstart", "X-WR-TIMEZONE", ";", ":", "=", ",", '"', "\\", "\\n", "\\,", " ", "\t", "^n", "%2C", "TZID", "VALUE=DATE",
        "Europe/Paris", "LANGUAGE=fr", "fr-FR", "20261120T140000Z", "é", "’", "http://ville.example/a?b=1", "mailto:x@y.example", "", "\u2028",
    ]
)  # fmt: skip


def by_the_library(line: str) -> dict[str, list[Line]]:
    try:
        name, params, value = Contentline(line).raw_parts()
    except ValueError:
        return {}
    return {name.upper(): [Line(dict(params), value.strip())]}


@pytest.mark.parametrize(
    "line",
    [
        "SUMMARY:Réunion : ordre du jour",
        "DTSTART;TZID=Europe/Paris:20261120T140000",
        "DTSTART;VALUE=DATE:20261120",
        "dtstart;tzid=Europe/Paris;x=1:20261120T140000",
        "DESCRIPTION;LANGUAGE=fr:a\\, b\\; c\\n«\u00a0d\u00a0»",
        'ORGANIZER;CN="Mairie: accueil":mailto:mairie@ville.example',
        "DTSTART;TZID=Europe/Paris;TZID=UTC:20261120T140000",
        "DTSTART ; VALUE = DATE : 20261120",
        "SUMMARY",
        "SUMMARY:",
        "SUMMARY;:x",
        "SUMMARY;LANGUAGE=:x",
        "SUMMARY;LANGUAGE:x",
        ":x",
    ],
)
def test_a_line_is_read_as_the_library_reads_it(line: str) -> None:
    assert lines_of([line]) == by_the_library(line)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_line_is_read_as_the_library_reads_it(line: str) -> None:
    assert lines_of([line]) == by_the_library(line)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("europe/paris", "Europe/Paris"),
        ("/freeassociation.sourceforge.net/Europe/Paris", "Europe/Paris"),
        ("America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("Romance Standard Time", "Europe/Paris"),
        ("America/Argentina", None),
        ("Europe/Nulle_part", None),
        ("Europe/../../etc/passwd", None),
    ],
)
def test_zones_are_known_by_their_names(name: str, zone: str | None) -> None:
    assert getattr(zone_of(name), "key", None) == zone
