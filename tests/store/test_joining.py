"""What several sources tell becomes one item, in any order of arrival, explained, and undone exactly."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from aggregator.config import Config
from aggregator.extract.feed import Feed
from aggregator.learn import learn
from aggregator.model import Fetched, Page, PageMemory, RawItem, Site, Source, Territory, Visit
from aggregator.normalise.item import sightings
from aggregator.normalise.urls import canonical
from aggregator.store import open_for_writing, transaction
from aggregator.store.absorb import Absorber
from aggregator.visit import marked

DATA = Path(__file__).parent.parent / "data"
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


def records() -> list[dict[str, Any]]:
    """The labelled statements of many sources; `cluster` says which speak of one thing."""
    lines = (DATA / "dedup.jsonl").read_text(encoding="utf-8").splitlines()
    return [one for line in lines if not (one := json.loads(line))["borderline"]]


def source_of(slug: str, url: str) -> Source:
    host = (urlsplit(url).hostname or slug).removeprefix("www.")
    kept = "".join(c if c.isalnum() else "-" for c in slug)
    return Source(kept, slug, f"https://{host}/flux", "feed", Feed(), hosts=(host,), territory=Territory())


def raw(one: dict[str, Any]) -> RawItem:
    event = {"start": one["start"], "end": one["end"]} if one["kind"] == "event" and one["start"] else {}
    kind = "event" if event else "news"
    return RawItem(
        kind, url=one["url"], title=one["title"], summary=one["summary"], published=one["published"], markup="text", **event
    )  # fmt: skip


class Store:
    """A store into which statements arrive one after the other."""

    def __init__(self, connection: Any, folder: Path, sources: Sequence[Source]) -> None:
        self.connection, self.folder, self.now = connection, folder, NOW
        self.config = Config(Site("Essai", "http://127.0.0.1:8800", "x"), tuple(sources), folder / "sources.yaml")
        self.words = learn(connection, self.config, self.now)

    def learn(self) -> None:
        self.now += timedelta(hours=1)
        self.words = learn(self.connection, self.config, self.now)

    def arrive(self, source: Source, items: Sequence[RawItem]) -> None:
        self.now += timedelta(hours=1)
        page = Page(source.url, source.url, 200, b"", self.now, "d")
        told, _ = sightings(tuple(items), source, page)
        told = tuple(marked(one, source) for one in told)
        fetched = Fetched(source.url, self.now, "changed", 200, 1, 1, len(items), (), PageMemory(None, None, "d"))
        visit = Visit(source.slug, self.now, "changed", "f", (fetched,), told)
        with transaction(self.connection):
            Absorber(self.connection, self.words).absorb(source, visit)

    def groups(self) -> set[frozenset[tuple[str, str]]]:
        """The items, as the sightings that make them."""
        found: dict[int, set[tuple[str, str]]] = {}
        for item, source, url in self.connection.execute("SELECT item_id, source, canonical FROM sightings"):
            found.setdefault(item, set()).add((source, url))
        return set(map(frozenset, found.values()))

    def sql(self, question: str, *parameters: object) -> list[tuple[Any, ...]]:
        return list(self.connection.execute(question, parameters))


@contextmanager
def store(folder: Path, sources: Sequence[Source]) -> Iterator[Store]:
    folder.mkdir(exist_ok=True, parents=True)
    with open_for_writing(folder / "store.db") as connection:
        yield Store(connection, folder, sources)


def filled(folder: Path, told: Sequence[dict[str, Any]]) -> set[frozenset[tuple[str, str]]]:
    """The items that statements make which arrive one by one in this order."""
    sources = {one["source"]: source_of(one["source"], one["url"]) for one in sorted(told, key=lambda one: one["id"])}
    with store(folder, list(sources.values())) as kept:
        shown: dict[str, dict[str | None, RawItem]] = {}
        for one in told:  # a page has one title at a time
            shown.setdefault(one["source"], {})[canonical(one["url"], {})] = raw(one)
            kept.arrive(sources[one["source"]], list(shown[one["source"]].values()))
        return kept.groups()


def test_labelled_statements_are_joined_and_kept_apart(tmp_path: Path) -> None:
    told = records()
    groups = filled(tmp_path, told)
    item_of = {member: n for n, group in enumerate(groups) for member in group}
    mine = {one["id"]: item_of[source_of(one["source"], one["url"]).slug, canonical(one["url"], {})] for one in told}
    right = wrong = missed = 0
    for a, b in itertools.combinations(told, 2):
        same, said = a["cluster"] == b["cluster"], mine[a["id"]] == mine[b["id"]]
        right, wrong, missed = right + (same and said), wrong + (said and not same), missed + (same and not said)
    assert right / (right + wrong) >= 0.99
    assert right / (right + missed) >= 0.88


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_does_not_show(tmp_path: Path, seed: int) -> None:
    told = list({(one["source"], canonical(one["url"], {})): one for one in records()}.values())[:70]
    shuffled = random.Random(seed).sample(told, len(told))
    assert filled(tmp_path / "a", told) == filled(tmp_path / "b", shuffled)


CUF = Source("cuf", "Cités Unies France", "https://cuf.example/liste", "feed", Feed(), hosts=("cuf.example",))
VILLE = Source("ville", "Ville de Tours", "https://tours.example/liste", "feed", Feed(), hosts=("tours.example",))
REGION = Source("region", "Région Centre", "https://centre.example/liste", "feed", Feed(), hosts=("centre.example",))


def assises(
    host: str, title: str = "12es Assises de la coopération franco-vietnamienne, à Tours", **said: Any
) -> RawItem:
    return RawItem(
        "event", url=f"https://{host}.example/assises", title=title, start="2027-04-12", end="2027-04-14", markup="text",
        published="2026-11-01", **said,
    )  # fmt: skip


def test_one_meeting_of_three_sources_is_one_item_with_its_best_face_and_its_reasons(tmp_path: Path) -> None:
    with store(tmp_path, (CUF, VILLE, REGION)) as kept:
        kept.arrive(
            VILLE, [assises("tours", "12es ASSISES DE LA COOPÉRATION FRANCO-VIETNAMIENNE, À TOURS", summary="Court.")]
        )
        kept.arrive(REGION, [assises("centre", summary="Un texte plus long que les autres, avec des précisions.")])
        kept.arrive(CUF, [assises("cuf", location="Tours")])
        ((title, url, summary, location),) = kept.sql("SELECT title, url, summary, location FROM v_events")
        assert title == "12es Assises de la coopération franco-vietnamienne, à Tours"
        assert url == "https://cuf.example/assises"  # CUF stands first in sources.yaml
        assert summary == "Un texte plus long que les autres, avec des précisions."
        assert location == "Tours"
        rules = kept.sql("SELECT rule FROM v_joins ORDER BY sighting_id")
        assert rules[0] == ("first of its item",)
        assert all("(" in rule or rule == "same address" for (rule,) in rules[1:])
        assert kept.sql("SELECT count(*) FROM verdicts WHERE same = 1 AND json_array_length(gates) > 0") != [(0,)]


def test_overrides_join_part_and_undo_exactly(tmp_path: Path) -> None:
    with store(tmp_path, (CUF, VILLE)) as kept:
        kept.arrive(CUF, [assises("cuf")])
        kept.arrive(VILLE, [assises("tours")])
        before = kept.sql("SELECT id, uid, joined_to, title FROM items ORDER BY id")
        assert len(kept.groups()) == 1
        file = tmp_path / "overrides.yaml"
        file.write_text(
            "different:\n- items: [https://cuf.example/assises, https://www.tours.example/assises/]\n  why: deux réunions\n"
        )
        kept.learn()
        assert len(kept.groups()) == 2
        assert {uid for (uid,) in kept.sql("SELECT uid FROM v_events")} == {uid for _, uid, _, _ in before}
        kept.arrive(VILLE, [assises("tours", summary="Elle dit autre chose.")])
        assert len(kept.groups()) == 2  # it survives everything
        file.unlink()
        kept.learn()
        assert kept.sql("SELECT id, uid, joined_to, title FROM items ORDER BY id") == before
        file.write_text("prefer:\n- item: https://tours.example/assises\n  why: c’est la ville qui organise\n")
        kept.learn()
        assert kept.sql("SELECT url FROM v_events") == [("https://tours.example/assises",)]


def test_what_no_rule_joins_the_operator_joins(tmp_path: Path) -> None:
    with store(tmp_path, (CUF, VILLE)) as kept:
        kept.arrive(CUF, [RawItem(url="https://cuf.example/a", title="Un nouvel élan", published="2026-11-01")])
        kept.arrive(
            VILLE, [RawItem(url="https://tours.example/b", title="Takamatsu, trente ans", published="2026-11-02")]
        )
        assert len(kept.groups()) == 2
        (uid,) = kept.sql("SELECT uid FROM items ORDER BY id LIMIT 1")[0]
        (tmp_path / "overrides.yaml").write_text(
            f"same:\n- items: [{uid}, https://tours.example/b]\n  why: vu au téléphone\n"
        )
        kept.learn()
        assert len(kept.groups()) == 1
        assert kept.sql("SELECT uid FROM v_news") == [(uid,)]
        assert ("overrides.yaml",) in kept.sql("SELECT rule FROM v_joins")


def test_a_title_that_changes_does_not_part_what_was_joined(tmp_path: Path) -> None:
    with store(tmp_path, (CUF, VILLE)) as kept:
        kept.arrive(CUF, [assises("cuf")])
        kept.arrive(VILLE, [assises("tours")])
        uids = kept.sql("SELECT uid FROM v_events")
        kept.arrive(VILLE, [assises("tours", "Retour sur trois jours d’échanges")])
        assert kept.sql("SELECT uid FROM v_events") == uids
        kept.arrive(
            VILLE,
            [
                RawItem(
                    "event",
                    url="https://tours.example/assises",
                    title="Autre réunion",
                    start="2027-09-01",
                    markup="text",
                )
            ],
        )
        assert len(kept.groups()) == 2  # another day contradicts


def forum(host: str) -> RawItem:
    return assises(host, "Forum franco-vietnamien de la coopération, à Tours")


def test_an_event_that_one_of_its_sources_moves_stays_one(tmp_path: Path) -> None:
    with store(tmp_path, (CUF, VILLE)) as kept:
        kept.arrive(CUF, [forum("cuf")])
        kept.arrive(VILLE, [forum("tours")])
        uids = kept.sql("SELECT uid FROM v_events")
        assert len(uids) == 1
        moved = replace(forum("cuf"), start="2027-05-10", end="2027-05-12")
        kept.arrive(CUF, [moved])
        assert kept.sql("SELECT uid, starts FROM v_events") == [(*uids[0], "2027-05-10")]
        assert any("moved" in rule for (rule,) in kept.sql("SELECT rule FROM verdicts"))
        kept.arrive(VILLE, [replace(forum("tours"), start="2027-05-10", end="2027-05-12")])
        assert kept.sql("SELECT uid, starts FROM v_events") == [(*uids[0], "2027-05-10")]


def test_a_page_that_tells_of_the_next_time_leaves_the_last_one_to_others(tmp_path: Path) -> None:
    with store(tmp_path, (CUF, VILLE)) as kept:
        kept.arrive(CUF, [replace(forum("cuf"), start="2026-12-01", end="2026-12-01")])
        kept.arrive(VILLE, [replace(forum("tours"), start="2026-12-01", end="2026-12-01")])
        assert len(kept.groups()) == 1
        kept.now += timedelta(days=30)
        kept.arrive(CUF, [replace(forum("cuf"), start="2027-02-01", end="2027-02-01")])
        assert len(kept.groups()) == 2
