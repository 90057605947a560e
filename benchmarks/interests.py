"""What it costs to publish again after one new item, with a thousand feeds over 100,000 items: `python -m benchmarks.interests`.

The items of `benchmarks.joining`; feeds of countries, themes, kinds, territories and media, one for each of 500 sources and
so many of sources.yaml that there are a thousand. Everything is published once; then, again and again, one item comes in
and what it touches is published. `--profile` says where the time goes.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import pstats
import random
import statistics
import tempfile
import time
from pathlib import Path

from aggregator import taxonomy
from aggregator.publication import publish
from aggregator.store import open_for_writing, transaction
from aggregator.store.absorb import Absorber
from aggregator.visit import marked
from aggregator.workers import Workers
from benchmarks.joining import LISTED, NOW, configuration, filled, fresh, visited

_WORDS = (
    "conseil municipal",
    "fête de la musique",
    "don du sang",
    "eau potable",
    "groupe pays",
    "appel à projets",
    "jumelage",
)


def feeds(count: int) -> str:
    """Give the `feeds:` of a sources.yaml: a country and a theme, a level and words, a few sources, in turn."""
    rng, entries = random.Random(6), taxonomy.load().entries
    countries = [e.value for e in entries if e.scheme == "country"]
    themes = [e.value for e in entries if e.scheme == "theme"]
    said = (
        lambda: f"countries: [{', '.join(rng.sample(countries, 4))}], kind: {rng.choice(('news', 'event'))}",
        lambda: f"themes: [{rng.choice(themes)}], territories: [{rng.choice(('ville', 'région', 'métropole'))}]",
        lambda: f"words: [{', '.join(rng.sample(_WORDS, 2))}]",
        lambda: f"sources: [{', '.join(f'source-{n}' for n in rng.sample(range(500), 5))}]",
    )
    lines = [f"  - {{path: choix-{n}, title: 'Choix {n}', {said[n % len(said)]()}}}" for n in range(count)]
    return "\n".join(("feeds:", *lines))


async def measure(folder: Path, items: int, own: int, rounds: int, *, profiled: bool) -> None:
    """Fill a store, publish all of it, then one new item after another; print what that cost."""
    config, out = configuration(folder, 500, feeds(own)), folder / "feeds"
    words, listed = filled(folder / "store.db", config, items)
    profile, slow, flushed = cProfile.Profile(), [0.0], os.fsync
    with open_for_writing(folder / "store.db") as connection:
        began = time.perf_counter()
        async with Workers() as workers:
            done = await publish(connection, config, out, NOW, call=workers.call)
            print(
                f"{items:,} items, all published: {done.rendered:,} feeds, {len(done.written):,} files, {time.perf_counter() - began:.1f} s"
            )

            def fsync(file: int) -> None:
                start = time.perf_counter()
                flushed(file)
                slow[0] += time.perf_counter() - start

            os.fsync = fsync
            absorber, costs, rendered, written, disk, busy = Absorber(connection, words), [], [], [], [], []
            for n, (source, new, _) in enumerate(fresh(config, listed, rounds + 1, items, seed=7)):
                listed[source.slug] = [marked(new, source), *listed[source.slug]][:LISTED]
                with transaction(connection):
                    absorber.absorb(source, visited(source, listed[source.slug]))
                slow[0], began, worked = 0.0, time.perf_counter(), time.process_time()
                if profiled and n:
                    profile.enable()
                done = await publish(connection, config, out, NOW, call=workers.call)
                profile.disable()
                if n:  # the first one loads what renders
                    costs.append((time.perf_counter() - began) * 1e3)
                    busy.append((time.process_time() - worked) * 1e3)
                    disk.append(slow[0] * 1e3)
                    rendered.append(done.rendered)
                    written.append(len(done.written))
            os.fsync = flushed
    print(
        f"after one new item: median {statistics.median(costs):.0f} ms, {min(costs):.0f} to {max(costs):.0f}"
        f" (of which processor {statistics.median(busy):.0f} ms, waiting for the disk to hold files {statistics.median(disk):.0f} ms);"
        f" {statistics.median(rendered):.0f} feeds rendered, {statistics.median(written):.0f} files written; load {os.getloadavg()[0]:.1f}"
    )
    if profiled:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        pstats.Stats(profile).sort_stats("cumtime").print_stats("aggregator", 35)


def main() -> None:
    """Print the costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--own", type=int, default=330, help="feeds of sources.yaml")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--profile", action="store_true", help="say where the time goes (and take longer)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), asked.items, asked.own, asked.rounds, profiled=asked.profile))


if __name__ == "__main__":
    main()
