"""What a new sighting costs the writer beside a million stored ones: `python -m benchmarks.joining [--items 1000000] [--new 1000]`.

Sightings are made: a title has a town or a country, general words and rarer ones (Zipf), half are of the last two years;
groups' meetings, webinars, feasts and calls come back. Each site lists its newest 20, and each visit brings one new one;
one in ten is another site's telling of a stored one. `--profile` says where the time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import itertools
import os
import pstats
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import partial
from pathlib import Path

from aggregator import taxonomy
from aggregator.config import Config, load
from aggregator.learn import learn
from aggregator.model import Fetched, Occurrence, Sighting, Source, Visit
from aggregator.store import open_for_writing, transaction
from aggregator.store.absorb import Absorber, Words
from aggregator.store.items import Touched
from aggregator.store.joining import Joining
from aggregator.visit import fingerprint, marked

LISTED = 20
NEWEST = date(2026, 6, 30)
NOW = datetime.combine(NEWEST, clock(18), UTC)
_SYLLABLES = "ba bre cal dor fen gui jou kar lan mer nou pel quin ros sar tour val vin zel chan flo gra".split()
_COMMON = (
    "projet ville réseau élus jeunesse solidarité culture programme eau climat habitants association partenariat santé "
    "éducation territoire développement métropole citoyens quartier patrimoine mobilité emploi énergie sport musique "
    "bibliothèque mairie école formation forum échange accueil soutien santé tourisme économie agriculture femmes"
).split()
_TEMPLATES = (
    "Réunion du groupe-pays {country}, le {day}", "Groupe-pays {country} : {w} et {w}, le {day}",
    "Conseil municipal du {day}", "Fête de la musique à {town}", "{town} : {w} {w} et {w} au programme",
    "Exposition « {w} {w} » à {town}", "Retour sur {w} et {w} à {town}", "Atelier {w} : {w} {w}",
    "Appel à projets {w} {w} {year}", "Fonds de solidarité {country} : les avancées de {w}",
    "{town} signe une convention avec {country} sur {w} et {w}", "Webinaire « {w}, {w} et coopération », le {day}",
    "Concert : {w} {w} à la salle {w}", "{n}e Rencontres {w} de la coopération décentralisée à {town}",
    "Travaux rue {w} : {w} jusqu’en juin", "Don du sang à {town}", "Les élus de {town} en visite : {w} {w} {w}",
    "Festival {w} {w} : la {n}e édition du {day} à {town}", "Une délégation de {country} reçue à {town}",
    "{w} : {w} {w} {w} pour {w}", "Jumelage {town} – {country} : {w} et {w}", "Le marché de {town} : {w}, {w}, {w}",
)  # fmt: skip
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_LEVELS = ("ville", "ville", "ville", "ville", "métropole", "département", "région", "réseau")


class Corpus:
    """Makes sightings: the same ones from the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        made = random.Random(1)
        rare = dict.fromkeys("".join(made.choices(_SYLLABLES, k=made.randint(2, 4))) for _ in range(40_000))
        self._vocabulary = [*_COMMON, *rare]
        self._often = list(itertools.accumulate(1 / (rank + 20) for rank in range(len(self._vocabulary))))
        self._drawn: list[str] = []
        self._towns = [
            f"{first.capitalize()}{made.choice(('-sur-', '-en-', '-lès-'))}{last.capitalize()}" if made.random() < 0.4 else first.capitalize()
            for first, last in itertools.pairwise(made.sample(list(rare), 2_000))
        ]  # fmt: skip
        self._countries = [entry.name for entry in taxonomy.load().entries if entry.scheme == "country"]

    def sighting(self, source: Source, number: int, published: date) -> Sighting:
        """Make what a source says on a day."""
        rng = self._rng
        day = published + timedelta(days=rng.randrange(40))
        title = rng.choice(_TEMPLATES)
        said = "{day}" in title
        event = said or rng.random() < 0.2
        for place, words in {
            "{country}": rng.choice(self._countries),
            "{town}": rng.choice(self._towns),
            "{n}": str(rng.randint(2, 30)),
            "{day}": f"{day.day} {_MONTHS[day.month - 1]} {day.year}",
            "{year}": str(published.year),
        }.items():
            title = title.replace(place, words)
        title = re.sub("{w}", lambda _: self._word(), title)
        start = datetime.combine(day, clock(rng.choice((9, 10, 14, 18, 20))))
        url = f"{source.url.rsplit('/', 1)[0]}/actualites/{number}"
        return Sighting(
            source.slug, f"id:{number}", "event" if event else "news", title[:1].upper() + title[1:], source.url,
            guid=url, url=url, canonical=url, summary=f"Une présentation de {' '.join(self._word() for _ in range(24))}.",
            language="fr", published=published, when=Occurrence(start, start + timedelta(hours=2), False, "Europe/Paris") if event else None,
            location=f"{rng.choice(self._towns)}, salle {self._word()}" if event and rng.random() < 0.5 else None,
            raw={"published": published.isoformat()}, digest=f"{number:x}", news=not said,
        )  # fmt: skip

    def retold(self, told: Sighting, source: Source, number: int) -> Sighting:
        """Make another source's telling: a prefix, a word less, its own words, a day later."""
        words = told.title.split()
        if len(words) > 5:
            words.pop(self._rng.randrange(1, len(words)))
        assert told.published is not None
        url = f"{source.url.rsplit('/', 1)[0]}/actualites/{number}"
        return replace(
            told, source=source.slug, key=f"id:{number}", title=f"Réseau : {' '.join(words)}", seen_on=source.url, guid=url, url=url,
            canonical=url, published=told.published + timedelta(days=1), digest=f"{number:x}",
            summary=f"{told.summary} {' '.join(self._word() for _ in range(8))}",
        )  # fmt: skip

    def _word(self) -> str:
        if not self._drawn:
            self._drawn = self._rng.choices(self._vocabulary, cum_weights=self._often, k=50_000)
        return self._drawn.pop()


def configuration(folder: Path, sources: int, feeds: str = "feeds: []") -> Config:
    """Write and read a sources.yaml of so many sources, towns most of them, and these feeds."""
    rng = random.Random(4)
    lines = []
    for n in range(sources):
        level = rng.choice(_LEVELS)
        code = f", insee: '{rng.randrange(1, 96):02}{rng.randrange(1, 400):03}'" if level == "ville" else ""
        lines.append(
            f"  - {{slug: source-{n}, name: 'Source {n}', url: 'https://site-{n}.example/liste', kind: html, options: {{item: li, title: a}},"
            f" territory: {{level: {level}{code}}}}}"
        )
    path = folder / "sources.yaml"
    site = "{title: Banc, url: 'https://flux.example', contact: 'https://flux.example/contact'}"
    path.write_text("\n".join((f"site: {site}", feeds, "sources:", *lines)), "utf-8")
    return load(path)


class _Apart(Joining):
    """Joins nothing: how a store of many sightings is made in minutes."""

    def follow(self, fresh: Mapping[int, tuple[int, ...]], now: datetime, touched: Touched) -> set[str]:
        return set()


def visited(source: Source, sightings: Sequence[Sighting]) -> Visit:
    """A visit of a page that shows these."""
    page = Fetched(source.url, NOW, "changed", 200, found=len(sightings))
    return Visit(source.slug, NOW, "changed", fingerprint(source), (page,), tuple(sightings))


def filled(path: Path, config: Config, items: int) -> tuple[Words, dict[str, list[Sighting]]]:
    """Fill a new store; give the operator's words, and the sightings that each source lists."""
    rng, corpus, listed = random.Random(2), Corpus(3), {}
    with open_for_writing(path) as connection:
        words = learn(connection, config, NOW)
        for pragma in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -2000000"):
            connection.execute(f"PRAGMA {pragma}")
        absorber = Absorber(connection, words)
        absorber.joining = _Apart(connection, absorber.items, words.overrides)
        with transaction(connection):
            for n, source in enumerate(config.sources):
                numbers = range(n * items // len(config.sources), (n + 1) * items // len(config.sources))
                days = sorted(rng.randrange(730 if rng.random() < 0.5 else 3650) for _ in numbers)
                told = [
                    marked(corpus.sighting(source, number, NEWEST - timedelta(days=ago)), source)
                    for number, ago in zip(numbers, days, strict=True)
                ]
                listed[source.slug] = told[:LISTED]
                absorber.absorb(source, visited(source, told))
            kept = {sighting.canonical for told in listed.values() for sighting in told}
            connection.create_function("kept", 1, kept.__contains__)
            connection.execute(
                "UPDATE sightings SET last_seen = first_seen, aged_at = first_seen WHERE NOT kept(canonical)"
            )
    return words, listed


def fresh(
    config: Config, listed: Mapping[str, list[Sighting]], count: int, first: int, seed: int
) -> Iterator[tuple[Source, Sighting, bool]]:
    """Make new sightings of these days; every tenth is told by another source already. Gives whether it is."""
    rng, corpus = random.Random(seed), Corpus(seed)
    recent = [
        s
        for told in listed.values()
        for s in told
        if s.published and NEWEST - timedelta(days=14) <= s.published < NEWEST
    ]  # type: ignore[operator]
    for n in range(count):
        source, again = rng.choice(config.sources), n % 10 == 0
        told = rng.choice(recent or [s for told in listed.values() for s in told]) if again else None
        again = told is not None and told.source != source.slug
        one = (
            corpus.retold(told, source, first + n)
            if told is not None and again
            else corpus.sighting(source, first + n, NEWEST - timedelta(days=rng.randrange(14)))
        )
        yield source, one, again


def spread(costs: Sequence[float]) -> str:
    """Say how milliseconds are spread."""
    ordered = sorted(costs)
    at = partial(lambda share: ordered[int(len(ordered) * share)])
    return f"mean {statistics.fmean(ordered):.2f} ms, median {at(0.5):.2f}, 95 % {at(0.95):.2f}, 99 % {at(0.99):.2f}, most {ordered[-1]:.1f}"


class _Timed(Joining):
    """Notes what finding and joining costs (following and keeping the keys), and the candidates that were judged."""

    joins: list[float]
    judged: list[int]

    def index(self, fresh: Mapping[int, tuple[int, ...]]) -> None:
        began = time.perf_counter()
        super().index(fresh)
        self.joins.append((time.perf_counter() - began) * 1e3)

    def follow(self, fresh: Mapping[int, tuple[int, ...]], now: datetime, touched: Touched) -> set[str]:
        began = time.perf_counter()
        try:
            return super().follow(fresh, now, touched)
        finally:
            self.joins[-1] += (time.perf_counter() - began) * 1e3

    def _meets(self, fresh: Mapping[int, tuple[int, ...]]) -> dict[int, set[int]]:
        found = super()._meets(fresh)
        self.judged.append(sum(map(len, found.values())))
        return found


def main() -> None:
    """Print the costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--new", type=int, default=1_000)
    parser.add_argument("--sources", type=int, default=500)
    parser.add_argument("--profile", action="store_true", help="say where the time goes (and take longer)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(asked, Path(folder))


def measure(asked: argparse.Namespace, folder: Path) -> None:
    """Fill a store, absorb new sightings, print what it cost."""
    config, path = configuration(folder, asked.sources), folder / "store.db"
    began = time.perf_counter()
    words, listed = filled(path, config, asked.items)
    with open_for_writing(path) as connection:
        keys = connection.execute("SELECT count(*) FROM match_keys").fetchone()[0]
        print(
            f"{asked.items:,} sightings stored, {keys / asked.items:.1f} keys each, {path.stat().st_size / 1e6:,.0f} MB,"
            f" {time.perf_counter() - began:.0f} s"
        )
        absorber = Absorber(connection, words)
        timed = absorber.joining = _Timed(connection, absorber.items, words.overrides)
        timed.joins, timed.judged = [], []
        costs: list[float] = []
        marking: list[float] = []
        commits: list[float] = []
        joined = again = 0
        profile = cProfile.Profile()
        for source, one, retold in fresh(config, listed, asked.new, asked.items, seed=5):
            began = time.perf_counter()
            one = marked(one, source)
            marking.append((time.perf_counter() - began) * 1e3)
            shown = listed[source.slug] = [one, *listed[source.slug]][:LISTED]
            if asked.profile:
                profile.enable()
            with transaction(connection):
                began = time.perf_counter()
                absorber.absorb(source, visited(source, shown))
                done = time.perf_counter()
            profile.disable()
            costs.append((done - began) * 1e3)
            commits.append((time.perf_counter() - done) * 1e3)
            if retold:
                again += 1
                joined += connection.execute("SELECT rule FROM sightings WHERE source = ? AND key = ?", (source.slug, one.key)).fetchone()[0] != "first of its item"  # fmt: skip
        print(f"a new sighting, all the writer does: {spread(costs)}")
        print(f"  of which joining: {spread(timed.joins)}")
        print(f"  without it: {spread([a - b for a, b in zip(costs, timed.joins, strict=True)])}")
        print(f"before, in a worker, tags and keys: {spread(marking)}; a commit: {spread(commits)}")
        print(f"candidates judged: mean {statistics.fmean(timed.judged):.1f}, most {max(timed.judged)}")
        print(f"told again: {joined} of {again} joined; load {os.getloadavg()[0]:.1f}")
        if asked.profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
