"""How long the tags of a text take, and how many titles a second are read: `python -m benchmarks.tags`."""

from __future__ import annotations

import json
import time
from pathlib import Path

from aggregator.tags import tags
from aggregator.taxonomy import load

TITLES = Path(__file__).parent.parent / "tests" / "data" / "countries.jsonl"
SUMMARY = (
    "Le réseau de coopération décentralisée a lancé en 2019 un programme afin d’exprimer sa solidarité envers la jeunesse "
    "palestinienne durement affectée. Il coordonne avec la ville de Gennevilliers le programme, avec le soutien de quinze "
    "collectivités, d’associations et de l’Agence française de développement, jusqu’à (…)"
)
HOSTILE = ("rue de ", "franco-segenalais ", "franco-", "la ", "Saint-", "Mali ", "d’")


def main() -> None:
    """Print the times."""
    start = time.perf_counter()
    taxonomy = load()
    print(f"load: {(time.perf_counter() - start) * 1e3:.0f} ms")
    titles = [json.loads(line)["title"] for line in TITLES.read_text("utf-8").splitlines()]
    for name, summary in (("title", None), ("title and summary", SUMMARY)):
        best = float("inf")
        for _ in range(10):
            start = time.perf_counter()
            for title in titles:
                tags(taxonomy, title=title, summary=summary)
            best = min(best, time.perf_counter() - start)
        print(f"{name}: {best / len(titles) * 1e6:.0f} µs, {len(titles) / best:,.0f} a second")
    for piece in HOSTILE:
        text = piece * (1_000_000 // len(piece))
        start = time.perf_counter()
        tags(taxonomy, title=text, summary=text)
        print(f"1 MB of {piece!r}: {(time.perf_counter() - start) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
