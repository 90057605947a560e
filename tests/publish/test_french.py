"""Dates in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from aggregator.model import Occurrence
from aggregator.publish import french
from tests.publish.samples import event, news

CASES = [
    line.split("\t")
    for line in (Path(__file__).parent / "occurrences.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def moment(said: str) -> date | datetime:
    return datetime.fromisoformat(said) if "T" in said else date.fromisoformat(said)


@pytest.mark.parametrize(("start", "end", "tz", "words"), CASES)
def test_an_occurrence_is_said_as_french_says_it(start: str, end: str, tz: str, words: str) -> None:
    when = Occurrence(moment(start), moment(end) if end else None, "T" not in start, tz)
    assert french.occurrence(when) == words.replace("~", french.NBSP)


def test_an_occurrence_at_the_head_of_a_line_has_a_capital() -> None:
    assert french.capital("du 21 au 24 octobre 2026") == "Du 21 au 24 octobre 2026"
    assert french.capital("") == ""


def test_what_became_of_an_event_is_marked() -> None:
    gone = datetime(2026, 1, 1, tzinfo=UTC)
    assert french.mark(event()) == ""
    assert french.mark(event(status="confirmed")) == ""
    assert french.mark(event(status="cancelled")) == "ANNULÉ"
    assert french.mark(event(status="postponed")) == "REPORTÉ"
    assert french.mark(event(withdrawn_at=gone)) == "RETIRÉ"
    assert french.mark(event(status="cancelled", withdrawn_at=gone)) == "ANNULÉ"
    assert french.mark(news(withdrawn_at=gone)) == ""
