"""Sightings of different sources that tell the same become one item, whatever comes first, and each join says why."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.alike import Pair, Trace, Verdict, group, judge, keys, regroup, trace
from aggregator.model import Occurrence
from aggregator.normalise.text import fold, repair
from aggregator.normalise.urls import canonical

DATA = Path(__file__).parent / "data"
MIRRORS = dict.fromkeys(
    (
        "cooperation-decentralisee.com",
        "rencontres-action-internationale-collectivites.com",
        "rencontres-action-internationale-collectivites.fr",
        "rencontres-action-internationale-collectivites.org",
        "raict.com",
        "raict.org",
    ),
    "cites-unies-france.org",
)
Partition = set[frozenset[str]]


# ── what the cases say ──────────────────────────────────────────────────────────────────────────


@cache
def records(name: str) -> dict[str, dict[str, Any]]:
    """The labelled records of a file, or of « both » together."""
    if name == "both":
        return records("dedup") | records("alike_more")
    rows = map(json.loads, (DATA / f"{name}.jsonl").read_text("utf-8").splitlines())
    return {row["id"]: row for row in rows if not row.get("borderline")}


@cache
def traces(name: str) -> Mapping[str, Trace]:
    return {key: traced(row) for key, row in records(name).items()}


def traced(row: Mapping[str, Any]) -> Trace:
    """As its source's feed or calendar would bring it: text repaired, address folded, countries tagged."""
    title = repair(row["title"])
    slug = row["source"].split(":")[0]
    return trace(
        source=row["source"],
        kind=row["kind"],
        title=title,
        summary=repair(row["summary"]),
        canonical=canonical(row["url"], MIRRORS),
        published=date.fromisoformat(row["published"]),
        when=occurrence(row["start"], row["end"]),
        location=row.get("location"),
        organiser=row.get("organiser"),
        publisher=row.get("publisher") or ("Cités Unies France" if slug == "cuf" else row["source"]),
        home=row.get("home"),
        countries=countries(title),
    )


def occurrence(start: str | None, end: str | None) -> Occurrence | None:
    if start is None or end is None:
        return None
    if "T" in start:
        return Occurrence(datetime.fromisoformat(start), datetime.fromisoformat(end), False, "Europe/Paris")
    return Occurrence(date.fromisoformat(start), date.fromisoformat(end) + timedelta(days=1), True, "Europe/Paris")


def countries(title: str) -> frozenset[str]:
    words = f" {fold(title)} "
    return frozenset(code for code, marks in _countries() if any(mark in words for mark in marks))


@cache
def _countries() -> list[tuple[str, list[str]]]:
    rows = json.loads((DATA / "alike_countries.json").read_text("utf-8"))
    return [
        (code, [f" {fold(word)} " for word in (name, *cities)] + [f" {fold(word)}" for word in stems])
        for code, name, stems, cities in rows
    ]


def scores(name: str, partition: Iterable[frozenset[str]]) -> tuple[float, float]:
    """Pairwise precision and recall."""
    cluster = {key: row["cluster"] for key, row in records(name).items()}
    joined = {pair for item in partition for pair in combinations(sorted(item), 2)}
    true = {pair for pair in combinations(sorted(cluster), 2) if cluster[pair[0]] == cluster[pair[1]]}
    return len(joined & true) / len(joined), len(joined & true) / len(true)


def arriving(all_: Mapping[str, Trace], order: Iterable[str]) -> Partition:
    """What a store ends with when sightings arrive one by one: it keeps keys, links and items, and sees neighbours alone."""
    shelves: dict[str, set[str]] = defaultdict(set)
    links: dict[Pair, Verdict] = {}
    linked: dict[str, set[str]] = defaultdict(set)
    items: dict[str, frozenset[str]] = {}
    for name in order:
        for other in {other for key in keys(all_[name]) for other in shelves[key]}:
            verdict = judge(all_[name], all_[other])
            if verdict.same:
                links[name, other] = verdict
                linked[name].add(other)
                linked[other].add(name)
        for key in keys(all_[name]):
            shelves[key].add(name)
        reached, ahead = {name}, [name]
        while ahead:
            new = linked[ahead.pop()] - reached
            reached |= new
            ahead += new
        known = {pair: verdict for pair, verdict in links.items() if pair[0] in reached}
        for item in regroup({key: all_[key] for key in reached}, known):
            items.update(dict.fromkeys(item, item))
    return set(items.values())


# ── the whole ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "least"), [("dedup", 0.93), ("alike_more", 0.9), ("both", 0.93)])
def test_what_is_joined_is_the_same_and_most_of_the_same_is_joined(name: str, least: float) -> None:
    precision, recall = scores(name, group(traces(name))[0])
    assert precision == 1.0
    assert recall >= least


@pytest.mark.parametrize("name", ["dedup", "alike_more"])
@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_arrival_changes_nothing(name: str, seed: int) -> None:
    order = sorted(traces(name))
    random.Random(seed).shuffle(order)
    assert arriving(traces(name), order) == group(traces(name))[0]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_order_of_arrival_of_tangled_sightings_changes_anything(data: st.DataObject) -> None:
    """Few words, sources, days and addresses: links cross, vetoes cut them, links tie."""
    some = st.sampled_from
    told = st.builds(
        lambda source, words, day, page, edition: trace(
            source=source,
            kind="event",
            title=f"{edition} " + " ".join(words),
            canonical=f"https://site.example/{page}" if page else None,
            published=date(2025, 1, 1),
            when=None if day is None else Occurrence(date(2025, 3, day), date(2025, 3, day + 2), True, "Europe/Paris"),
        ),
        some(("un", "deux", "trois")),
        st.permutations(("fougère", "lichen", "bruyère", "mousse")).map(lambda words: words[:3]),
        some((10, 11, 12, None)),
        some((None, None, "a", "b")),
        some(("", "", "REPORT ! 3e", "3e", "4e")),
    )
    all_ = {f"s{index}": one for index, one in enumerate(data.draw(st.lists(told, min_size=3, max_size=9)))}
    order = data.draw(st.permutations(sorted(all_)))
    assert arriving(all_, order) == group(all_)[0]


@pytest.mark.parametrize("name", ["dedup", "alike_more"])
def test_the_index_finds_all_that_comparing_all_with_all_would_join(name: str) -> None:
    all_ = traces(name)
    lost = [
        (one, other)
        for one, other in combinations(all_, 2)
        if judge(all_[one], all_[other]).same and not keys(all_[one]) & keys(all_[other])
    ]
    assert lost == []


def test_a_trace_has_few_keys() -> None:
    assert max(len(keys(one)) for name in ("dedup", "alike_more") for one in traces(name).values()) <= 16


@pytest.mark.parametrize("name", ["dedup", "alike_more"])
def test_the_verdict_is_the_same_from_either_side(name: str) -> None:
    all_ = list(traces(name).values())
    assert [judge(a, b) for a, b in combinations(all_, 2)] == [judge(b, a) for a, b in combinations(all_, 2)]


@pytest.mark.parametrize("name", ["dedup", "alike_more"])
def test_a_source_never_tells_one_thing_under_two_addresses_but_for_its_numbers(name: str) -> None:
    all_ = traces(name)
    for item in group(all_)[0]:
        for one, other in combinations(item, 2):
            a, b = all_[one], all_[other]
            if a.source == b.source:
                assert a.canonical == b.canonical or a.by_number or b.by_number


def test_what_is_of_one_source_and_apart_would_be_apart_for_two_sources() -> None:
    """The labelled hard negatives are mostly of one source: they must not hang on that."""
    all_, rows = traces("both"), records("both")
    wrong = [
        (one, other)
        for one, other in combinations(all_, 2)
        if rows[one]["cluster"] != rows[other]["cluster"]
        and judge(all_[one], replace(all_[other], source="another")).same
    ]
    assert wrong == []


# ── why ─────────────────────────────────────────────────────────────────────────────────────────


def between(one: str, other: str) -> Verdict:
    name = "dedup" if one.startswith("d") else "alike_more"
    return judge(traces(name)[one], traces(name)[other])


def test_a_join_says_its_rule_its_score_its_words_and_the_gates_it_passed() -> None:
    verdict = between("d026", "d027")
    assert verdict.same
    assert verdict.rule == "same day, same title"
    assert 0.6 < verdict.score < 1
    assert {"japon", "rencontr", "shizuoka"} <= set(verdict.words)
    assert verdict.gates == ("day", "edition", "country", "place")
    assert verdict.veto is None


@pytest.mark.parametrize(
    ("one", "other", "veto"),
    [
        ("d010", "d011", "source"),
        ("d107", "d106", "country"),
        ("m014", "m015", "day"),
        ("d254", "d255", "window"),
        ("d025", "d022", "series"),
        ("m021", "m022", "session"),
        ("m008", "m009", "country"),
        ("m012", "m013", "period"),
        ("m014", "m017", "series"),
    ],
)
def test_a_gate_that_vetoes_is_named(one: str, other: str, veto: str) -> None:
    name = "dedup" if one.startswith("d") else "alike_more"
    a, b = traces(name)[one], traces(name)[other]
    verdict = judge(a, b if veto == "source" else replace(b, source="another"))
    assert not verdict.same
    assert verdict.veto == veto


def told(title: str, source: str = "ville", **said: Any) -> Trace:
    return trace(**{"source": source, "kind": "event", "title": title, "published": date(2025, 1, 5)} | said)


def days(first: date, count: int = 1) -> Occurrence:
    return Occurrence(first, first + timedelta(days=count), True, "Europe/Paris")


def at(hour: int) -> Occurrence:
    start = datetime.fromisoformat(f"2025-03-08T{hour:02}:00")
    return Occurrence(start, start + timedelta(hours=1), False, "Europe/Paris")


MARCH = days(date(2025, 3, 8))


def test_a_near_miss_is_kept_for_review_and_a_stranger_is_not() -> None:
    title = "Réunion du groupe-pays Mali"
    near = judge(told(title, when=MARCH), told(title, "réseau", when=MARCH))
    assert (near.same, near.near, near.veto) == (False, True, None)
    far = judge(told(title, when=MARCH), told("Fête de la fougère", "réseau", when=MARCH))
    assert (far.same, far.near) == (False, False)


def test_a_body_meets_for_who_names_it() -> None:
    one = told("Réunion du groupe-pays Mali", "cuf", publisher="Cités Unies France", when=MARCH)
    assert not judge(one, told("Réunion du groupe-pays Mali", "lianes", when=MARCH)).same
    verdict = judge(one, told("Réunion du groupe-pays Mali de CUF", "lianes", when=MARCH))
    assert verdict.same
    assert verdict.rule == "same day, names the other"


TITLE = "Colloque sur la fougère et le lichen"


@pytest.mark.parametrize(
    ("ours", "theirs", "veto"),
    [
        ({"when": MARCH}, {"when": days(date(2025, 3, 9))}, "day"),
        ({"when": MARCH}, {"when": days(date(2025, 3, 1), 60)}, "day"),
        ({"when": at(9)}, {"when": at(18)}, "hour"),
        ({"when": MARCH, "location": "Salle Jean Vilar"}, {"when": MARCH, "location": "Kursaal de Dunkerque"}, "place"),
        ({"when": MARCH, "organiser": "Forim"}, {"when": MARCH, "organiser": "Grdr"}, "organiser"),
        ({"when": MARCH, "countries": frozenset(("ML",))}, {"when": MARCH, "countries": frozenset(("NE",))}, "country"),
        ({"when": MARCH, "home": "37261"}, {"when": MARCH, "home": "44109"}, "town"),
        ({"when": MARCH}, {"kind": "news"}, "kind"),
        ({"kind": "news"}, {"kind": "news", "published": date(2025, 2, 5)}, "window"),
    ],
)
def test_equal_titles_are_kept_apart_by_what_contradicts(
    ours: dict[str, Any], theirs: dict[str, Any], veto: str
) -> None:
    assert judge(told(TITLE, **ours), told(TITLE, "autre", **theirs)).veto == veto
    assert judge(told(TITLE, **ours), told(TITLE, "autre", **ours | {"home": None})).same


def test_an_event_of_several_days_is_told_with_fewer() -> None:
    assert judge(
        told(TITLE, when=days(date(2025, 3, 8), 4)), told(TITLE, "autre", when=days(date(2025, 3, 10), 2))
    ).same


def test_news_that_names_the_day_of_an_event_tells_it() -> None:
    event = told(TITLE, when=MARCH)
    assert judge(event, told(TITLE + ", le 8 mars 2025", "presse", kind="news")).same
    assert judge(event, told(TITLE + ", le 9 mars 2025", "presse", kind="news")).veto == "kind"


def test_an_edition_said_to_have_moved_is_the_one_on_its_new_days() -> None:
    before = told("12es Assises franco-laotiennes de la coopération", "a", when=days(date(2022, 12, 5), 3))
    notice = told("REPORT des 12es Assises franco-laotiennes de la coopération", "b")
    after = told("Les 12es Assises franco-laotiennes à Vientiane", "c", when=days(date(2023, 4, 13), 4))
    assert not judge(before, after).same
    assert group({"a": before, "c": after})[0] == {frozenset("a"), frozenset("c")}
    assert group({"a": before, "b": notice, "c": after})[0] == {frozenset("abc")}


def test_a_monthly_meeting_said_to_have_moved_is_not_next_months() -> None:
    notice = told("REPORT ! Réunion fougère et lichen", "a", when=MARCH)
    assert judge(notice, told("Réunion fougère et lichen", "b", when=days(date(2025, 4, 8)))).veto == "day"


def test_a_link_joins_no_two_items_that_hold_what_contradicts() -> None:
    """Two pages of one source, and another source's that tells the same as either: it goes to the surer one alone."""
    one = told("Colloque fougère et lichen", "a", canonical="https://a.example/1", when=MARCH)
    two = told("Colloque fougère, lichen et bruyère", "a", canonical="https://a.example/2", when=MARCH)
    both = told("Colloque fougère, lichen et bruyère", "b", when=MARCH)
    assert judge(one, both).same
    assert judge(two, both).same
    assert group({"1": one, "2": two, "3": both})[0] == {frozenset("1"), frozenset("23")}


def test_an_article_seen_under_its_number_and_its_words_is_one() -> None:
    def page(address: str, **said: Any) -> Trace:
        return told("Fonds pour la fougère", canonical=f"https://a.example/{address}", kind="news", **said)

    worded, numbered = page("Fonds-pour-la-fougere"), page("spip.php?article4898")
    assert judge(worded, numbered).rule == "alias"
    assert judge(page("Fonds-4898"), numbered).rule == "same address"
    assert judge(page("Fonds-4899"), numbered).veto == "source"
    assert judge(worded, page("spip.php?article4898", published=date(2025, 1, 6))).veto == "source"
    assert judge(worded, page("Autre-fonds")).veto == "source"


def test_a_text_cut_short_is_the_text_it_was_cut_from() -> None:
    text = "À l’occasion du dixième anniversaire de leur partenariat, les deux villes ont signé une convention sur la "
    short = told("Dix ans avec Ouidah", "a", kind="news", summary=text + "(…)")
    whole = told("Ouidah : dix ans, et une convention", "b", kind="news", summary=text + "fougère et le lichen.")
    assert judge(short, whole).rule == "text cut"
    assert judge(told("Dix ans avec Ouidah", "a", kind="news", summary=text), whole).rule != "text cut"


def test_the_address_of_a_third_party_is_no_identity() -> None:
    """Many link to one form; a page of one's own is told by those who link to it."""
    form = {"canonical": "https://form.example/1", "when": MARCH}
    ours, theirs = told("Colloque fougère", "a", own=False, **form), told("Journée du lichen", "b", own=False, **form)
    assert not judge(ours, theirs).same
    assert judge(ours, told("Journée du lichen", "b", **form)).rule == "same address"
    assert judge(ours, replace(ours, source="b")).rule == "same address"


def test_two_regions_that_call_in_the_same_words_call_each_for_its_own() -> None:
    """A stranger found them joined."""
    call = {"kind": "news", "published": date(2026, 11, 20)}
    words = "Appel à projets « Solidarité internationale » 2027 : déposez votre dossier"
    one, other = told(words, "a", **call, home="région 44"), told(words, "b", **call, home="région 53")
    assert not judge(one, other).same
    assert judge(one, replace(other, home="ville 35238")).veto != "town"  # a town may tell of its région's call
    results = "Appel à projets solidarité internationale 2026 : les lauréats"
    assert not judge(told(results, "a", **call), told(results, "b", **call)).same


def test_a_page_linked_to_in_passing_is_not_what_links_to_it() -> None:
    page = {"kind": "news", "canonical": "https://ministere.example/appel"}
    theirs = told("Appel à projets « Jeunesse VII » : 2 millions d’euros", "ministere", **page)
    assert not judge(theirs, told("Montreuil se tourne vers Yélimané", "ville", own=False, **page)).same
    assert (
        judge(theirs, told("Jeunesse VII : l’appel à projets est ouvert", "ville", own=False, **page)).rule
        == "same address"
    )


def test_occurrences_listed_at_one_address_are_told_apart_by_their_days() -> None:
    one = told("Marché", "a", canonical="https://a.example/marche", when=MARCH)
    assert (
        judge(one, replace(one, source="b", days=(one.days[0] + 7, one.days[1] + 7) if one.days else None)).veto
        == "day"
    )


def test_a_long_hostile_title_costs_no_time() -> None:
    for text in ("A " * 50_000, "À Aa" * 20_000, "1e " * 30_000, "IX" * 50_000, "(" * 50_000, "à Aix-en-" * 9_000):
        one = told(text, summary=text, location=text[:500])
        assert len(keys(one)) <= 16
        judge(one, replace(one, source="b"))
