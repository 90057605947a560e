"""French dates read back exactly, or not at all: labelled cases in data files, and properties."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Occurrence
from aggregator.normalise.dates import context, expect, machine, published, read
from aggregator.normalise.dates.words import fold

HERE = Path(__file__).parent
SEEN = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
Case = dict[str, Any]


def _cases(name: str) -> list[Case]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def _read(case: Case) -> Case | None:
    seen = datetime.fromisoformat(case["published"]).replace(tzinfo=UTC)
    return expect(read(case["text"], seen=seen, language=case.get("language", "fr")))


def _facts(told: Case | None) -> Case | None:
    names = ("start", "end", "all_day", "tz", "occurrences", "status", "role", "precision")
    return None if told is None else {name: told.get(name) for name in names}


# ── the labelled cases ──────────────────────────────────────────────────────────────────────────

FILES = ("dates.jsonl", "more_dates.jsonl")


@pytest.mark.parametrize("name", FILES)
def test_what_says_no_event_gives_none(name: str) -> None:
    read_anyway = [(case["text"], told) for case in _cases(name) if case["expect"] is None and (told := _read(case))]
    assert read_anyway == []


@pytest.mark.parametrize("name", FILES)
def test_labelled_events_are_read_exactly(name: str) -> None:
    events = [case for case in _cases(name) if case["expect"] is not None]
    missed = [
        (case["text"], case["expect"], told) for case in events if _facts(told := _read(case)) != _facts(case["expect"])
    ]
    print(*missed, sep="\n")
    assert len(missed) <= 0.03 * len(events), missed


@pytest.mark.parametrize("name", FILES)
def test_what_is_not_right_is_nothing_or_flagged(name: str) -> None:
    wrong = []
    for case in _cases(name):
        told = _read(case)
        if told is None or _facts(told) == _facts(case["expect"]):
            continue
        if not told.get("ambiguous") and not told.get("warn"):
            wrong.append((case["text"], case["expect"], told))
    assert wrong == []


def test_labelled_flags_are_told() -> None:
    flags = ("open_end", "open_start", "daypart", "tbc", "warn", "ambiguous", "approx_tz", "approx", "tz_source")
    for case in (case for name in FILES for case in _cases(name)):
        told = _read(case) or {}
        wanted = case["expect"] or {}
        assert {f: told.get(f) for f in flags} == {f: wanted.get(f) for f in flags}, case["text"]


def test_no_word_is_hidden_by_the_set_that_spares_its_expression() -> None:
    """The sets of stems only save time: each expression that finds something is let through."""
    expressions = [value for value in vars(context).values() if isinstance(value, context.Words)]
    assert len(expressions) > 20
    for case in (case for name in FILES for case in _cases(name)):
        folded = fold(case["text"])
        stems = {word[:4] for word in re.findall(r"[^\W\d_]+", folded)}
        for end in range(0, len(folded) + 1, 3):
            for words in expressions:
                if words.pattern.search(folded[:end]):
                    assert not words.stems.isdisjoint(stems), (words.pattern.pattern, folded[:end])
