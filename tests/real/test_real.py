"""Sites of real software, from their address alone: what is read of them, and what follows when editors change them.

`make test-real`; install.sh brings the software. Each site holds what content.yaml says; the aggregator is the command.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.real.plone import PYTHON, Plone
from tests.real.software import EVERY, GENERATORS, Content, Software, WordPress, content

PARIS = ZoneInfo("Europe/Paris")
REPOSITORY = Path(__file__).parents[2]
MISSING = [
    name
    for name in ("faketime", "php", "mariadbd", str(GENERATORS / "pelican"), str(PYTHON))
    if shutil.which(name) is None
]
NOW, POSTS, EVENTS = content()
AGENDA = {one.key for one in EVENTS}

# The sites that there are: a software and how it is set up.
SITES: dict[str, tuple[type[Software], dict[str, Any]]] = {cls.name: (cls, {}) for cls in EVERY} | {
    "plone": (Plone, {}),
    "wordpress-plain": (WordPress, {"permalinks": ""}),  # /?p=12, REST under /?rest_route=
    "wordpress-without-feed": (WordPress, {"feeds": False}),
    "wordpress-without-rest": (WordPress, {"rest": False}),  # the feed has 10 items of 28
    "wordpress-pages-alone": (WordPress, {"feeds": False, "rest": False}),
}


@dataclass
class Reader:
    """An operator with an empty sources.yaml, who knows a site's address."""

    folder: Path
    site: Software
    said: str = ""  # what discover printed

    def aggregator(self, command: str, *arguments: str) -> str:
        """Run a command at the site's time; it must end well."""
        now = self.site.now.replace(tzinfo=PARIS).isoformat()
        files = ["--config", "sources.yaml", "--db", "store.db", "--out", "feeds", "--now", now]
        done = subprocess.run(
            [sys.executable, "-m", "aggregator", command, *arguments, *files],
            cwd=self.folder, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def adds(self) -> None:
        """Give the site's address to discover, which writes what it found into sources.yaml."""
        (self.folder / "sources.yaml").write_text(
            "site: {title: Essai, url: 'https://flux.exemple.invalid', contact: 'https://exemple.invalid/contact'}\n"
            "defaults: {delay: 0s, allow_private: true}\n"
            "sources:\n"
            "  # the ones that were there before\n"
            "  - {slug: nulle-part, name: Nulle part, url: 'https://exemple.invalid/', kind: feed, enabled: false}\n",
            encoding="utf-8",
        )
        self.said = self.aggregator("discover", self.site.url, "--add", "--allow-private")

    def sql(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.folder / 'store.db'}?mode=ro", uri=True)
        try:
            return connection.execute(question, values).fetchall()
        finally:
            connection.close()

    def news(self) -> set[tuple[str, str, str]]:
        """Give title, link and day of what is read but a type of its own for events, those there still are."""
        rows = self.sql("SELECT title, url, published FROM v_items WHERE withdrawn_at IS NULL")
        return {(plain(title), url, day(published)) for title, url, published in rows if url not in self._agenda()}

    def events(self) -> set[tuple[str, str, str | None]]:
        """Give link, start and end of the events there still are."""
        return set(self.sql("SELECT url, starts, ends FROM v_events WHERE withdrawn_at IS NULL"))

    def identity(self, key: str) -> str:
        """Give the UID of the one item that leads to a content."""
        ((uid,),) = self.sql("SELECT uid FROM v_items WHERE url = ?", self.site.links[key])
        return str(uid)

    def expected_news(self) -> set[tuple[str, str, str]]:
        return {
            (plain(one.title), self.site.links[one.key], one.at.date().isoformat())
            for one in self.site.public
            if one.key not in AGENDA
        }

    def expected_events(self) -> set[tuple[str, str, str | None]]:
        return {
            (self.site.links[one.key], one.event["starts"], one.event.get("ends"))
            for one in self.site.public
            if one.event
        }

    def _agenda(self) -> set[str]:
        return {self.site.links[key] for key in AGENDA if key in self.site.links}


def plain(title: str) -> str:
    """Leave out what is the software's typography and not the editor's word."""
    return " ".join(title.translate(str.maketrans("’‘“”\u00a0\u202f", "''\"\"  ")).split())


def day(published: str | None) -> str:
    """Give the day in Paris of what the store says."""
    if published is None or len(published) == 10:
        return str(published)
    return datetime.fromisoformat(published).astimezone(PARIS).date().isoformat()


@pytest.fixture(scope="session", autouse=True)
def _ends_as_by_hand() -> Iterator[None]:
    """A run that is told to end (SIGTERM) cleans up as after Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module", params=SITES)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A site that was discovered, added and read once. The tests below go on with it, in their order."""
    if MISSING:
        pytest.fail(f"{', '.join(MISSING)} missing: run tests/real/install.sh")
    cls, said = SITES[request.param]
    with cls.running(now=NOW, **said) as site:
        site.write([one for one in POSTS if one.state in site.states])
        if site.agenda:
            site.write(EVENTS, site.agenda)
        reader = Reader(tmp_path_factory.mktemp(request.param), site)
        reader.adds()
        reader.aggregator("run")
        yield reader


def test_everything_public_is_read_and_nothing_else(reader: Reader) -> None:
    hidden = {reader.site.links[one.key] for one in reader.site.contents.values() if one not in reader.site.public}
    assert not hidden & {url for (url,) in reader.sql("SELECT url FROM v_items")}, reader.said
    assert reader.news() == reader.expected_news(), reader.said


def test_events_are_those_that_editors_announce(reader: Reader) -> None:
    assert reader.events() == reader.expected_events(), reader.said


def test_what_was_in_sources_yaml_is_still_there(reader: Reader) -> None:
    text = (reader.folder / "sources.yaml").read_text(encoding="utf-8")
    assert "  # the ones that were there before\n  - {slug: nulle-part," in text


def test_nothing_changes_while_nothing_is_edited(reader: Reader) -> None:
    before = reader.sql("SELECT * FROM v_items ORDER BY item_id")
    reader.site.later(hours=12)
    reader.aggregator("run", "--all")
    assert reader.sql("SELECT * FROM v_items ORDER BY item_id") == before


def test_what_editors_change_follows_on_the_next_run(reader: Reader) -> None:
    """On the first page and on the last one: a correction, another day, a cancellation, a new post, a draft that is ready."""
    site = reader.site
    same = ["lyceens-osaka", "naissance-du-comite", "rencontre-forum-climat", "reunion-publique-jumelage"]
    same += ["atelier-cuisine-du-monde"] if site.agenda else []
    before = {key: reader.identity(key) for key in same}

    site.later(hours=12)
    changes: dict[str, dict[str, Any]] = {
        "lyceens-osaka": {"title": "Des lycéens d’Ōsaka accueillis au lycée Simone-Veil"},
        "naissance-du-comite": {"title": "Le comité des partenariats est né : ses statuts"},
        "rencontre-forum-climat": {
            "title": "Forum des villes pour le climat, du 12 au 15 mai 2027",
            "event": {"starts": "2027-05-12", "ends": "2027-05-16"},
        },
        "reunion-publique-jumelage": {"title": "ANNULÉ – " + site.contents["reunion-publique-jumelage"].title},
        "brouillon-secret": {"state": "published", "title": "Le guide des partenariats est prêt"},
    }
    if site.agenda:
        changes["atelier-cuisine-du-monde"] = {"title": "[ANNULÉ] Atelier cuisine du monde"}
    site.correct(changes)
    at = site.now - timedelta(hours=1)
    site.write(
        [replace(POSTS[0], key="nouvelle-alliance", at=at, title="Une nouvelle alliance pour l’Èbre & le Rhône")]
    )
    site.later(minutes=10)
    reader.aggregator("run", "--all")

    assert {key: reader.identity(key) for key in same} == before
    assert {url for _, url, _ in reader.news()} == {url for _, url, _ in reader.expected_news()}
    assert reader.events() == reader.expected_events()
    called_off = {url for (url,) in reader.sql("SELECT url FROM v_events WHERE status = 'cancelled'")}
    assert called_off == {site.links[key] for key in same if site.contents[key].title.startswith(("ANN", "[ANN"))}
    told = {url: title for title, url, _ in reader.news()}
    for key in (
        "lyceens-osaka",
        "naissance-du-comite",
        "rencontre-forum-climat",
        "brouillon-secret",
        "nouvelle-alliance",
    ):
        assert told[site.links[key]] == plain(site.contents[key].title)


def test_what_editors_delete_is_missing_at_once_and_withdrawn_after_three_visits(reader: Reader) -> None:
    site = reader.site
    gone = [site.links[key] for key in ("traducteurs-recherches", "fonds-urgence-seisme")]
    site.later(hours=12)
    site.remove("traducteurs-recherches", "fonds-urgence-seisme")

    def presence() -> set[tuple[str, str]]:
        return set(reader.sql(f"SELECT url, presence FROM v_sightings WHERE url IN {tuple(gone)}"))

    reader.aggregator("run", "--all")
    assert presence() == {(url, "missing") for url in gone}
    for _ in range(2):
        site.later(hours=12)
        reader.aggregator("run", "--all")
    assert presence() == {(url, "withdrawn") for url in gone}
    assert {url for _, url, _ in reader.news()} == {url for _, url, _ in reader.expected_news()}


def test_what_was_scheduled_appears_on_its_day(reader: Reader) -> None:
    site = reader.site
    scheduled: Content = site.contents["article-de-demain"]
    site.now = scheduled.at + timedelta(hours=2)
    site.correct({scheduled.key: {"state": "published"}})
    reader.aggregator("run", "--all")
    assert (plain(scheduled.title), site.links[scheduled.key], scheduled.at.date().isoformat()) in reader.news()


def test_what_is_published_holds_each_news_once(reader: Reader) -> None:
    """The last word is the readers': the JSON feed of all news."""
    entries = json.loads((reader.folder / "feeds" / "actualites.json").read_text(encoding="utf-8"))["items"]
    links = [entry["url"] for entry in entries]
    assert len(links) == len(set(links))
    assert set(links) <= {reader.site.links[one.key] for one in reader.site.public}
