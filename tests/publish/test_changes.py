"""What became of events: sentences, entries of the feed of changes, and changes out of stored revisions."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Change, Item, Occurrence, Plan
from aggregator.publish import changes, french
from aggregator.publish.entry import entry_of
from tests.publish.samples import CUF, days, event, hours

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
CASES = [
    line.split("\t")
    for line in (Path(__file__).parent / "changes.tsv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


def moment(said: str) -> date | datetime:
    return datetime.fromisoformat(said) if "T" in said else date.fromisoformat(said)


def plan(words: str) -> Plan:
    """A plan as changes.tsv says it."""
    said: dict[str, Any] = {"when": None}
    for part in words.split(" ; "):
        if part[0] == "=":
            said["status"] = part[1:]
        elif part[0] == "@":
            said["location"] = part[1:]
        elif part == "withdrawn":
            said["withdrawn"] = True
        elif part != "-":
            bounds, _, tz = part.partition(" ")
            start, _, end = bounds.partition("/")
            said["when"] = Occurrence(
                moment(start), moment(end) if end else None, "T" not in start, tz or "Europe/Paris"
            )
    return Plan(**said)


def became(before: str, after: str, at: datetime = AT) -> Change:
    return Change(at, plan(before), plan(after))


def entry(before: str, after: str, at: datetime = AT, **item: Any) -> Item | None:
    return changes.entry(event(**item), became(before, after, at))


# ── sentences ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("before", "after", "sentences"), CASES)
def test_a_change_is_said_as_french_says_it(before: str, after: str, sentences: str) -> None:
    said = sentences.replace("~", french.NBSP)
    assert french.change(became(before, after)) == tuple(said.split(" ¦ ") if said else ())


def test_other_doubts_are_no_change_to_a_person() -> None:
    sure = days("2026-03-12", "2026-03-13")
    doubted = replace(sure, doubts=("year inferred",))
    assert french.change(Change(AT, Plan(doubted), Plan(sure))) == ()
    assert changes.entry(event(), Change(AT, Plan(doubted), Plan(sure))) is None


@pytest.mark.parametrize(("before", "after"), sorted({(case[0], case[1]) for case in CASES}))
def test_an_entry_stands_where_there_is_something_to_say(before: str, after: str) -> None:
    change = became(before, after)
    found = changes.entry(event(), change)
    assert (found is None) == (french.change(change) == ())
    if found is not None:
        assert found.title.endswith(" · Réunion du groupe-pays Chine")
        assert found.summary is not None
        for sentence in french.change(change):
            assert f"{sentence}." in found.summary.split("\n")
        assert french.change(change)[0].startswith(found.title.removesuffix(" · Réunion du groupe-pays Chine"))


# ── entries ─────────────────────────────────────────────────────────────────────────────────────

TITLES = [
    ("2026-03-12", "2026-04-04", "Reporté au 4 avril 2026"),
    ("2026-03-12T14:00", "2026-03-12T15:30", "Nouvelle heure~: 15~h~30"),
    ("2026-03-12", "2026-03-12 ; =cancelled", "Annulé (prévu le 12 mars 2026)"),
    ("2026-03-12", "2026-03-12 ; withdrawn", "N’est plus annoncé par sa source (prévu le 12 mars 2026)"),
    ("2026-03-12 ; @Paris", "2026-03-12 ; @Hôtel\nde Ville", "Nouveau lieu~: Hôtel de Ville"),
    ("2026-03-12 ; @Paris", "2026-04-04 ; @Suresnes", "Reporté au 4 avril 2026"),
]


@pytest.mark.parametrize(("before", "after", "news"), TITLES)
def test_the_title_tells_what_is_new_and_then_of_what(before: str, after: str, news: str) -> None:
    found = entry(before, after, title="Réunion du groupe-pays Mali")
    assert found is not None
    assert found.title == f"{news.replace('~', french.NBSP)} · Réunion du groupe-pays Mali"


SUMMARIES = [
    (
        "2026-03-12T14:00 ; @Paris",
        "2026-04-04T14:00 ; @Suresnes",
        "Reporté au 4 avril 2026 (au lieu du 12 mars).\nNouveau lieu~: Suresnes (auparavant~: Paris).\n"
        "Rendez-vous~: 4 avril 2026, 14~h · Suresnes.",
    ),
    (
        "2026-03-12T14:00 ; @Paris",
        "2026-03-12T14:00 ; =cancelled ; @Paris",
        "Annulé (prévu le 12 mars 2026).\nÉtait prévu~: 12 mars 2026, 14~h · Paris.",
    ),
    (
        "2026-03-12",
        "=postponed",
        "Reporté, sans nouvelle date connue (prévu le 12 mars 2026).\nÉtait prévu~: 12 mars 2026.",
    ),
    ("2026-03-12 ; @Paris", "@Paris", "La date n’est plus indiquée (prévu le 12 mars 2026).\nLieu~: Paris."),
    ("-", "=cancelled", "Annulé."),
    ("-", "=cancelled ; @Paris", "Annulé.\nLieu prévu~: Paris."),
    ("=cancelled ; @Paris", "@Paris", "Maintenu.\nLieu~: Paris."),
    (
        "2026-03-12",
        "2026-03-12 ; @12 bd. Zola, 2e ét.",
        "Lieu précisé~: 12 bd. Zola, 2e ét.\nRendez-vous~: 12 mars 2026 · 12 bd. Zola, 2e ét.",
    ),
]


@pytest.mark.parametrize(("before", "after", "summary"), SUMMARIES)
def test_the_summary_tells_all_that_changed_and_how_it_stands(before: str, after: str, summary: str) -> None:
    found = entry(before, after)
    assert found is not None
    assert found.summary == summary.replace("~", french.NBSP)


def test_an_entry_is_news_of_the_instant_and_says_who_said_it() -> None:
    found = entry("2026-03-12", "2026-04-04", author="Mairie", content="<p>Ordre du jour</p>")
    assert found is not None
    assert (found.kind, found.when, found.status, found.location, found.withdrawn_at) == (
        "news",
        None,
        None,
        None,
        None,
    )
    assert {found.published, found.updated, found.ranked_at, found.first_seen, found.changed_at} == {AT}
    assert (found.sequence, found.content, found.attachments) == (0, None, ())
    of = event()
    assert (found.url, found.origins, found.categories, found.language) == (of.url, (CUF,), of.categories, of.language)
    assert found.author == "Mairie"


def test_an_entry_can_be_spelled_with_its_lines_apart() -> None:
    found = entry("2026-03-12 ; @Paris", "2026-04-04 ; @<b>Suresnes</b>")
    assert found is not None
    said = entry_of(found)
    assert said.title == "Reporté au 4 avril 2026 · Réunion du groupe-pays Chine"
    assert said.brief.count("<br>") == 2
    assert "&lt;b&gt;Suresnes" in said.brief
    assert said.event is None


def test_an_event_without_a_title_has_its_changes_told() -> None:
    found = entry("2026-03-12", "2026-04-04", title=" ")
    assert found is not None
    assert found.title == "Reporté au 4 avril 2026 · (sans titre)"


def test_the_uid_of_a_change_is_stable_for_ever() -> None:
    found = entry("2026-03-12", "2026-04-04")
    renamed = entry("2026-03-12 ; @Paris", "2026-04-05", AT.astimezone(timezone(timedelta(hours=4))), title="Autre")
    later = entry("2026-03-12", "2026-04-04", AT + timedelta(seconds=1))
    other = entry("2026-03-12", "2026-04-04", uid="11111111-6f5e-4d3c-ab2a-190817263544")
    assert found is not None and renamed is not None and later is not None and other is not None
    assert found.uid == "a423377c-cd87-5196-adaa-61ca7183e56d"
    assert renamed.uid == found.uid
    assert len({found.uid, later.uid, other.uid, event().uid}) == 4


OVER = [  # in March 2026, Paris is one hour before UTC
    ("2026-03-12", "2026-03-13", "2026-03-13T22:59", False),
    ("2026-03-12", "2026-03-13", "2026-03-13T23:00", True),
    ("2026-03-10/2026-03-13", "2026-03-10/2026-03-12", "2026-03-12T22:59", False),
    ("2026-03-10/2026-03-13", "2026-03-10/2026-03-12", "2026-03-12T23:00", True),
    ("2026-03-12T14:00/2026-03-12T16:00", "2026-03-12T14:00/2026-03-12T15:00", "2026-03-12T14:59", False),
    ("2026-03-12T14:00/2026-03-12T16:00", "2026-03-12T14:00/2026-03-12T15:00", "2026-03-12T15:00", True),
    ("2026-03-12T14:00", "2026-03-12T15:00", "2026-03-12T22:59", False),  # how long it lasts is not said
    ("2026-03-12T14:00", "2026-03-12T15:00", "2026-03-12T23:00", True),
    ("2026-03-12", "2026-04-04", "2026-03-20T00:00", False),
    ("2026-04-04", "2026-03-12", "2026-03-20T00:00", False),
    ("2026-03-12", "2026-03-12 ; withdrawn", "2026-03-20T00:00", True),
    ("2026-03-12 ; @Paris", "2026-03-12 ; @Suresnes", "2026-03-20T00:00", True),
    ("-", "2026-03-12", "2026-03-20T00:00", True),
    ("2026-03-12", "-", "2026-03-20T00:00", True),
    ("@Paris", "@Suresnes", "2026-03-20T00:00", False),
    ("2026-03-12T14:00 Mars/Olympus", "2026-03-12T15:00 Mars/Olympus", "2026-03-20T00:00", False),
]


@pytest.mark.parametrize(("before", "after", "at", "over"), OVER)
def test_what_becomes_of_an_event_that_is_over_is_no_news(before: str, after: str, at: str, over: bool) -> None:
    assert (entry(before, after, datetime.fromisoformat(at).replace(tzinfo=UTC)) is None) == over


# ── history ─────────────────────────────────────────────────────────────────────────────────────

Revision = tuple[datetime, str, str | None, str | None]


def columns(of: Plan, at: datetime) -> dict[str, str | None]:
    """A plan as the store's columns hold it."""
    when = of.when
    return {
        "starts": when.start.isoformat() if when else None,
        "ends": when.end.isoformat() if when and when.end else None,
        "all_day": str(int(when.all_day)) if when else None,
        "tz": when.tz if when else None,
        "status": of.status,
        "location": of.location,
        "withdrawn_at": at.isoformat() if of.withdrawn else None,
    }


def revisions_of(lived: list[Change]) -> list[Revision]:
    found: list[Revision] = []
    for change in lived:
        before, after = columns(change.before, AT), columns(change.after, AT)
        found += [(change.at, name, before[name], after[name]) for name in before if before[name] != after[name]]
    return found


def lives(plans: list[Plan]) -> list[Change]:
    """An event's changes, oldest first."""
    return [Change(AT + timedelta(hours=n), one, two) for n, (one, two) in enumerate(pairwise(plans)) if one != two]


def _to_the_minute(clock: time) -> time:
    return clock.replace(second=0, microsecond=0)


_zones = st.sampled_from(["Europe/Paris", "Indian/Reunion", "UTC", "America/Cayenne"])
_walls = st.builds(datetime.combine, st.dates(date(2025, 1, 1), date(2028, 1, 1)), st.times().map(_to_the_minute))
_days = st.dates(date(2025, 1, 1), date(2028, 1, 1))
_lengths = st.one_of(st.none(), st.integers(0, 6))
_all_day = st.builds(
    lambda day, days, tz: Occurrence(day, day + timedelta(days) if days is not None else None, True, tz),
    _days,
    _lengths,
    _zones,
)
_timed = st.builds(
    lambda wall, hours, tz: Occurrence(
        wall, wall + timedelta(hours=hours * 7) if hours is not None else None, False, tz
    ),
    _walls,
    _lengths,
    _zones,
)
_plans = st.builds(
    Plan,
    st.one_of(st.none(), _all_day, _timed),
    st.sampled_from([None, "confirmed", "tentative", "cancelled", "postponed"]),
    st.sampled_from([None, "Paris", "Paris, salle 2", "Suresnes", "12"]),
    st.booleans(),
)


@given(st.lists(_plans, min_size=1, max_size=8), st.randoms())
def test_history_gives_back_what_an_event_lived(plans: list[Plan], chance: random.Random) -> None:
    lived = lives(plans)
    revisions = [
        *revisions_of(lived),
        (AT, "title", "Avant", "Après"),
        (AT + timedelta(days=9), "published", None, "x"),
    ]
    chance.shuffle(revisions)
    assert changes.history(plans[-1], revisions) == tuple(reversed(lived))


@given(st.lists(_plans, min_size=2, max_size=6), st.randoms())
def test_history_tells_what_it_knows_and_no_more_when_a_revision_is_lost(
    plans: list[Plan], chance: random.Random
) -> None:
    """What it tells always joins up and ends in the plan of today; what came after the loss is all there."""
    lived = lives(plans)
    revisions = revisions_of(lived)
    if not revisions:
        return
    lost = revisions.pop(chance.randrange(len(revisions)))
    told = changes.history(plans[-1], revisions)
    since = [change for change in reversed(lived) if change.at > lost[0]]
    assert list(told[: len(since)]) == since
    assert all(newer.before == older.after for newer, older in pairwise(told))
    assert not told or told[0].after == plans[-1]


@given(st.lists(_plans, min_size=1, max_size=8))
def test_several_revisions_of_one_instant_are_one_change(plans: list[Plan]) -> None:
    at_once = [replace(change, at=AT) for change in lives(plans)]
    told = changes.history(plans[-1], list(reversed(revisions_of(at_once))))
    assert told == ((Change(AT, plans[0], plans[-1]),) if plans[0] != plans[-1] else ())


@given(_plans, _plans)
def test_whatever_changes_is_told_in_whole_sentences(before: Plan, after: Plan) -> None:
    said = french.change(Change(AT, before, after))
    assert french.change(Change(AT, before, before)) == ()
    for sentence in said:
        assert sentence[0].isupper() and not sentence.endswith(".")
        assert sentence.count("(") == sentence.count(")") <= 1
        for wrong in (" :", "  ", "None", "le du", "au du", "du du", "de de", "à à", "le 1 ", "du 1 ", "au 1 "):
            assert wrong not in sentence
    stands = after.status not in ("cancelled", "postponed") and not after.withdrawn
    moved = said and said[0].startswith(("Reporté au", "Reporté\u00a0:", "Avancé"))
    assert stands or not moved


def test_moves_that_add_up_are_told_newest_first() -> None:
    now = Plan(hours("2026-04-04T15:00"), None, "Suresnes")
    first, second = AT, AT + timedelta(days=1)
    told = changes.history(
        now,
        [
            (first, "starts", "2026-03-12", "2026-04-04T14:00:00"),
            (second, "location", "Paris", "Suresnes"),
            (first, "all_day", "1", "0"),
            (second, "starts", "2026-04-04T14:00:00", "2026-04-04T15:00:00"),
        ],
    )
    assert [change.at for change in told] == [second, first]
    assert [french.change(change)[0] for change in told] == [
        f"Nouvelle heure{french.NBSP}: 15{french.NBSP}h (au lieu de 14{french.NBSP}h)",
        f"Reporté au 4 avril 2026 à 14{french.NBSP}h (au lieu du 12 mars)",
    ]


def test_doubts_of_today_are_not_told_of_another_day() -> None:
    now = Plan(replace(days("2026-04-04", None), doubts=("year inferred",)), None, "Paris")
    told = changes.history(
        now, [(AT, "starts", "2026-03-12", "2026-04-04"), (AT + timedelta(days=1), "location", None, "Paris")]
    )
    newest, oldest = told
    assert newest.before.when == now.when
    assert oldest.before.when == days("2026-03-12", None)


NOW = Plan(days("2026-04-04", "2026-04-05"), "confirmed", "Paris")
BROKEN: dict[str, list[tuple[str, str | None, str | None]]] = {
    "another start than today's": [("starts", "2026-03-12", "2026-04-03")],
    "a start that is no date": [("starts", "12 mars", "2026-04-04")],
    "an end that is no date": [("ends", "2026-02-31", "2026-04-05")],
    "an instant for a wall time": [
        ("starts", "2026-03-12T14:00:00Z", "2026-04-04"), ("ends", None, "2026-04-05"), ("all_day", "0", "1"),
    ],
    "a start without a zone": [("tz", None, "Europe/Paris")],
    "an occurrence without a start": [("starts", None, "2026-04-04")],
    "hours on a whole day": [("starts", "2026-03-12T14:00:00", "2026-04-04")],
    "days with hours": [("all_day", "0", "1")],
    "an end with hours of a whole day": [("ends", "2026-03-12T14:00:00", "2026-04-05")],
    "an unknown kind of day": [("all_day", "yes", "1")],
    "an unknown status": [("status", "sold out", "confirmed")],
    "another status than today's": [("status", None, "cancelled")],
    "there, and yet withdrawn since": [("withdrawn_at", "2026-02-01T09:00:00Z", None)],
    "two steps that do not join": [("location", "Lyon", "Nice"), ("location", "Lille", "Paris")],
    "two steps that lead elsewhere": [("location", "Paris", "Nice"), ("location", "Nice", "Lille")],
    "a round that is not today's": [("location", "Lyon", "Nice"), ("location", "Nice", "Lyon")],
}  # fmt: skip


@pytest.mark.parametrize("steps", BROKEN.values(), ids=BROKEN.keys())
def test_history_stops_where_it_cannot_be_read(steps: list[tuple[str, str | None, str | None]]) -> None:
    newer, older = AT + timedelta(days=1), AT - timedelta(days=1)
    revisions: list[Revision] = [(AT, *step) for step in steps]
    revisions += [(older, "status", "cancelled", "confirmed"), (newer, "withdrawn_at", "2026-03-01T09:00:00Z", None)]
    told = changes.history(NOW, revisions)
    assert told == (Change(newer, replace(NOW, withdrawn=True), NOW),)


def test_an_event_that_never_changed_has_no_history() -> None:
    assert changes.history(NOW, []) == ()
    assert changes.history(NOW, [(AT, "title", "A", "B"), (AT, "doubts", "[]", "nothing to read")]) == ()
