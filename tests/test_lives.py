"""Sources live: items appear, change, move, are called off, vanish and come back, pages break. What must hold, always holds."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import icalendar
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from aggregator.config import Config
from aggregator.extract.feed import Feed
from aggregator.model import Fetched, Occurrence, Page, PageMemory, RawItem, Sighting, Site, Source, Visit
from aggregator.normalise.item import sightings
from aggregator.publication import publish
from aggregator.store import open_for_writing, transaction
from aggregator.store.absorb import Absorber
from aggregator.store.sync import sync_sources
from aggregator.visit import marked
from tests.conftest import START

SLUGS = ("cuf", "ville")
TITLES = st.sampled_from(
    ["Réunion", "Save the Date : réunion", "Retour sur la réunion", "Assises", "« Ti coup d’œil »", "Forum 2026"]
)


def source(slug: str) -> Source:
    url = f"https://{slug}.example/liste"
    return Source(slug, slug.title(), url, "feed", Feed(), hosts=(f"{slug}.example",))


class Lives(RuleBasedStateMachine):
    """Two sources, some of whose items name the same pages."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.opened = open_for_writing(self.folder / "store.db")
        self.connection = self.opened.__enter__()
        self.now = START
        self.sources = {slug: source(slug) for slug in SLUGS}
        self.config = Config(
            Site("Essai", "http://127.0.0.1:8800", "x"), tuple(self.sources.values()), Path("sources.yaml")
        )
        self.shown: dict[str, dict[int, dict[str, Any]]] = {slug: {} for slug in SLUGS}
        self.uids: dict[tuple[str, str], str] = {}
        self.first_seen: dict[str, str] = {}
        self.faces: dict[str, tuple[object, ...]] = {}
        self.sequences: dict[str, int] = {}
        self.events: set[str] = set()
        with transaction(self.connection):
            sync_sources(self.connection, self.config.sources, self.now)

    def teardown(self) -> None:
        self.opened.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    # ── what sources do ──

    @rule(
        slug=st.sampled_from(SLUGS),
        n=st.integers(0, 7),
        title=TITLES,
        day=st.integers(1, 27),
        event=st.booleans(),
        shared=st.booleans(),
        dated=st.sampled_from(
            ["", ", le {} décembre 2025", ", les {} et 30 décembre 2025", " : inscriptions avant le {} décembre 2025"]
        ),
        fate=st.sampled_from(["", "", "ANNULATION ! ", "REPORT ! "]),
        place=st.sampled_from([None, "Nantes", "Paris"]),
    )
    def says(
        self,
        slug: str,
        n: int,
        title: str,
        day: int,
        event: bool,
        shared: bool,
        dated: str,
        fate: str,
        place: str | None,
    ) -> None:
        host = "cuf" if shared else slug
        was = self.shown[slug].get(n, {"event": event, "host": host})
        words = title if was["event"] else fate + title + dated.format(day)
        self.shown[slug][n] = {**was, "title": words, "day": day, "place": place}

    @rule(slug=st.sampled_from(SLUGS), n=st.integers(0, 7), status=st.sampled_from(["CANCELLED", "CONFIRMED", None]))
    def calls_off(self, slug: str, n: int, status: str | None) -> None:
        if n in self.shown[slug]:
            self.shown[slug][n]["status"] = status

    @rule(slug=st.sampled_from(SLUGS), n=st.integers(0, 7))
    def takes_down(self, slug: str, n: int) -> None:
        self.shown[slug].pop(n, None)

    # ── what we do ──

    @rule(slug=st.sampled_from(SLUGS), hours=st.integers(1, 60), complete=st.booleans())
    def visit(self, slug: str, hours: int, complete: bool) -> None:
        self._absorb(self._visit(slug, hours, complete))

    @rule(slug=st.sampled_from(SLUGS), hours=st.integers(1, 60))
    def visit_unchanged(self, slug: str, hours: int) -> None:
        visit = self._visit(slug, hours, complete=False)
        self._absorb(
            replace(
                visit,
                outcome="unchanged",
                sightings=None,
                pages=(Fetched(self.sources[slug].url, self.now, "unchanged", 304),),
            )
        )

    @rule(slug=st.sampled_from(SLUGS), hours=st.integers(1, 60))
    def visit_empty(self, slug: str, hours: int) -> None:
        before = self.connection.execute("SELECT count(*) FROM items WHERE withdrawn_at IS NOT NULL").fetchone()
        self._absorb(replace(self._visit(slug, hours, complete=True), sightings=()))
        assert self.connection.execute("SELECT count(*) FROM items WHERE withdrawn_at IS NOT NULL").fetchone() == before

    @rule(slug=st.sampled_from(SLUGS), hours=st.integers(1, 60))
    def visit_failed(self, slug: str, hours: int) -> None:
        before = self.connection.execute("SELECT * FROM items").fetchall()
        page = Fetched(self.sources[slug].url, self.now, "failed", 500, error_class="BadStatus", error="x")
        visit = self._visit(slug, hours, complete=False)
        self._absorb(
            replace(visit, outcome="failed", sightings=None, pages=(page,), error_class="BadStatus", error="x")
        )
        assert self.connection.execute("SELECT * FROM items").fetchall() == before

    def _visit(self, slug: str, hours: int, complete: bool) -> Visit:
        self.now += timedelta(hours=hours)
        src = self.sources[slug]
        page = Page(src.url, src.url, 200, b"", self.now, "d", etag='"1"')
        raw = tuple(self._raw(one, n) for n, one in self.shown[slug].items())
        told, refused = sightings(raw, src, page)
        told = tuple(marked(one, src) for one in told)
        assert refused == ()
        fetched = Fetched(src.url, self.now, "changed", 200, 1, 1, len(raw), (), PageMemory(None, None, "d"))
        return Visit(slug, self.now, "changed", "f", (fetched,), told, complete)

    def _raw(self, one: dict[str, Any], n: int) -> RawItem:
        url = f"https://{one['host']}.example/page-{n}"
        if one["event"]:
            return RawItem(
                "event",
                url=url,
                title=one["title"],
                start=f"2025-12-{one['day']:02d}",
                status=one.get("status"),
                location=one["place"],
            )
        return RawItem("news", url=url, title=one["title"], published=f"2025-10-{one['day']:02d}")

    def _absorb(self, visit: Visit) -> None:
        with transaction(self.connection):
            Absorber(self.connection).absorb(self.sources[visit.source], visit)
        asyncio.run(publish(self.connection, self.config, self.folder / "feeds", self.now, call=_never))

    # ── what always holds ──

    @invariant()
    def identities_never_move(self) -> None:
        if not hasattr(self, "connection"):
            return
        for slug, key, uid in self.connection.execute("SELECT source, key, uid FROM v_sightings"):
            assert self.uids.setdefault((slug, key), uid) == uid
        rows = self.connection.execute("SELECT uid, first_seen FROM items").fetchall()
        assert len({uid for uid, _ in rows}) == len(rows)
        for uid, first_seen in rows:
            assert self.first_seen.setdefault(uid, first_seen) == first_seen
        assert set(self.first_seen) == {uid for uid, _ in rows}  # nothing that was seen is lost

    @invariant()
    def sequence_counts_visible_changes(self) -> None:
        if not hasattr(self, "connection"):
            return
        for uid, sequence, *face in self.connection.execute(
            "SELECT uid, sequence, kind, title, url, summary, published, starts, ends, status, location, deadline, withdrawn_at IS NULL FROM items"
        ):
            seen = tuple(face)
            changed = uid in self.faces and self.faces[uid] != seen
            assert sequence == self.sequences.get(uid, 0) + changed
            self.faces[uid], self.sequences[uid] = seen, sequence

    @invariant()
    def what_was_a_gathering_stays_one(self) -> None:
        if hasattr(self, "connection"):
            events = {uid for (uid,) in self.connection.execute("SELECT uid FROM items WHERE kind = 'event'")}
            assert self.events <= events
            self.events |= events

    @invariant()
    def same_store_same_bytes_and_whole_files(self) -> None:
        if not hasattr(self, "connection") or not (self.folder / "feeds").exists():
            return
        again = asyncio.run(
            publish(self.connection, self.config, self.folder / "feeds", self.now, call=_never, everything=True)
        )
        assert again.written == ()
        assert again.refused == ()
        ids = [entry.id for entry in feedparser.parse(str(self.folder / "feeds/tout.atom")).entries]
        assert len(ids) == len(set(ids))
        events = icalendar.Calendar.from_ical((self.folder / "feeds/agenda.ics").read_bytes()).walk("VEVENT")
        uids = [str(event["UID"]) for event in events]
        assert len(uids) == len(set(uids))
        assert self.connection.execute("SELECT count(*) FROM feeds WHERE dirty = 1").fetchone() == (0,)


async def _never(*_: object) -> object:
    raise AssertionError("so few feeds need no worker")


Lives.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLives = Lives.TestCase


def test_a_sighting_survives_the_store_as_it_was_said(tmp_path: Path) -> None:
    from aggregator.store.rows import SIGHTING, read_sighting, sighting_row

    told = Sighting(
        "ville", "id:1", "event", "« Été » à l’œuvre", "https://ville.example/", guid="g", url="https://ville.example/1", canonical="https://ville.example/1",
        subtitle="à Nantes", summary="Un\ndeux", content="<p>x</p>", language="fr", published=date(2025, 11, 3), updated=datetime.fromisoformat("2025-11-03T10:00:00+00:00"),
        when=Occurrence(datetime(2025, 11, 20, 14, 30), datetime(2025, 11, 20, 16), False, "Indian/Reunion", ("zone assumed",)), status="tentative",  # noqa: DTZ001
        location="Salle", geo="48.1;2.2", organiser="CUF", author="A", section="Agenda", categories=("a", "b"), raw={"when": "20\nnov"}, digest="d",
    )  # fmt: skip
    with open_for_writing(tmp_path / "s.db") as connection:
        columns = len(SIGHTING.split(","))
        connection.execute(f"CREATE TEMP TABLE t AS SELECT {SIGHTING} FROM sightings")
        connection.execute(f"INSERT INTO t VALUES ({', '.join('?' * columns)})", sighting_row(told))
        assert read_sighting(connection.execute("SELECT * FROM t").fetchone()) == told
