"""A source's `keep:` and `drop:`: which of what it tells is ours. What is left out is told, never lost silently."""

from __future__ import annotations

from collections.abc import Iterable

from aggregator.model import LeftOut, Sieve, Sighting
from aggregator.normalise.text import fold, mentions

ANY = "*"  # any country, any theme


def sifted(
    sightings: Iterable[Sighting], keep: Sieve | None, drop: Sieve | None
) -> tuple[tuple[Sighting, ...], tuple[LeftOut, ...]]:
    """Part what a source tells into what is stored and what is left out, each with its reason.

    `keep`: only what matches one of its values is stored. `drop`: what matches one of its values is not.
    """
    kept: list[Sighting] = []
    left_out: list[LeftOut] = []
    for sighting in sightings:
        why = _why_left_out(sighting, keep, drop)
        if why is None:
            kept.append(sighting)
        else:
            left_out.append(LeftOut(sighting, why))
    return tuple(kept), tuple(left_out)


def _why_left_out(sighting: Sighting, keep: Sieve | None, drop: Sieve | None) -> str | None:
    if keep is not None and _match(keep, sighting) is None:
        return "nothing of keep: matches"
    match = _match(drop, sighting) if drop is not None else None
    return f"drop: {match}" if match is not None else None


def _match(sieve: Sieve, sighting: Sighting) -> str | None:
    """Give the first line of a sieve that an item matches, with the value; None: it matches none."""
    text = fold(" ".join(filter(None, (sighting.title, sighting.subtitle, sighting.summary))))
    for word in sieve.words:
        if mentions(text, word):
            return f"words: {word}"
    for scheme, name, wanted in (("country", "countries", sieve.countries), ("theme", "themes", sieve.themes)):
        found = next(
            (tag.value for tag in sighting.tags if tag.scheme == scheme and (tag.value in wanted or ANY in wanted)),
            None,
        )
        if found is not None:
            return f"{name}: {found}"
    said = {fold(category): category for category in (*sighting.categories, *filter(None, (sighting.section,)))}
    found = next((said[one] for one in sieve.categories if one in said), None)
    return f"categories: {found}" if found is not None else None
