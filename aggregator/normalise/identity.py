"""Identity within a source: the key of a sighting, and what is told twice or shares an identity that is none."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import Literal, get_args

from aggregator.model import Occurrence, Sighting, Source
from aggregator.normalise import gathering
from aggregator.normalise.text import clean, fold
from aggregator.normalise.urls import canonical

MAX_ID = 300  # longer ids are hashed
MAX_CATEGORIES = 20


def key_of(native_id: str | None, guid: str | None, folded: str | None, title: str, source: Source) -> str:
    """Identity within the source: native id, else guid, else canonical path; words only where there is nothing else."""
    if native_id:
        return _short("id:" + clean(native_id))
    if guid:
        # A guid that is an address is folded like one: http/https and mirrors of one guid are one item.
        address = canonical(guid, source.aliases) if guid.startswith(("http://", "https://")) else None
        if address and "#" in guid and "#" not in address:
            address += "#" + guid.partition("#")[2]  # « /agenda#forum » names one thing of the page
        return _short("guid:" + (address or guid))
    return _short("url:" + folded) if folded else _by_words(title)


def on_its_day(key: str, when: Occurrence) -> str:
    """The key of one of several occurrences. When it moves, or the others have passed, `dedupe.continued` goes on with it."""
    return f"{key}·{when.start.isoformat()}"


def _by_words(title: str) -> str:
    return _short("words:" + fold(title))


def _short(key: str) -> str:
    if len(key) <= MAX_ID:
        return key
    return f"{key[:60]}#{blake2b(key.encode(), digest_size=16).hexdigest()}"


def unique(read: list[Sighting]) -> list[Sighting]:
    """Give each thing once: same key and same words are merged, same key and other words get the next best identity.

    Order is kept; the first telling leads and the others fill what it leaves open. Also used over the pages of one visit.
    """
    groups: dict[str, list[Sighting]] = {}
    for sighting in read:
        groups.setdefault(sighting.key, []).append(sighting)
    if len(groups) == len(read):
        return read
    told: dict[str, Sighting] = {}
    for key, group in groups.items():
        for sighting in group if len(group) == 1 else _apart(key, group):
            told[sighting.key] = _merged(told[sighting.key], sighting) if sighting.key in told else sighting
    return list(told.values())


def _apart(key: str, group: list[Sighting]) -> list[Sighting]:
    if not key.startswith("id:") and len({fold(s.title) for s in group}) > 1 and len({s.kind for s in group}) == 1:
        # One guid for many (a broken generator), or one address for all (a list without pages of its own).
        by_url = (
            key.startswith("guid:")
            and len({s.canonical for s in group}) == len(group)
            and None not in {s.canonical for s in group}
        )
        return [
            replace(
                s,
                key=_short(f"url:{s.canonical}") if by_url else _by_words(s.title),
                canonical=s.canonical if by_url else None,
            )
            for s in group
        ]
    # One event on several dates: an occurrence each. The news that announces it goes with the one whose day it says.
    dated = {on_its_day(key, s.when): s for s in group if s.when is not None and not s.news}
    if len(dated) < 2:
        return group
    others = [s for s in group if s.when is None or s.news]
    days = {one.when.start.isoformat()[:10]: its_key for its_key, one in dated.items() if one.when}
    return [replace(s, key=days.get(s.when.start.isoformat()[:10], key) if s.when else key) for s in others] + [
        replace(s, key=its_key, canonical=None) for its_key, s in dated.items()
    ]


_Filled = Literal[
    "subtitle",
    "summary",
    "content",
    "published",
    "updated",
    "when",
    "status",
    "location",
    "geo",
    "organiser",
    "author",
    "url",
    "canonical",
    "phase",
    "deadline",
    "conference",
]
_FILLED: tuple[_Filled, ...] = get_args(_Filled)


_STATED: tuple[_Filled, ...] = ("location", "geo", "organiser", "conference", "status")


def _merged(one: Sighting, other: Sighting) -> Sighting:
    """Two tellings of one thing on one source: an event if either says so; the first leads, the other fills the gaps.

    What an agenda states of its date leads what a piece of news announces.
    """
    gaps = {
        name: getattr(other, name)
        for name in _FILLED
        if getattr(one, name) is None and getattr(other, name) is not None
    }
    raw = {**other.raw, **one.raw}
    if one.news and not other.news and one.when is not None and other.when is not None:
        gaps["when"] = gathering.agreed(other.when, one.when)
        gaps |= {name: stated for name in _STATED if (stated := getattr(other, name)) is not None}
        raw |= {name: words for name, words in other.raw.items() if name in ("when", "start", "end")}
    elif one.when is not None and other.when is not None and other.news and not one.news:
        gaps["when"] = gathering.agreed(one.when, other.when)
    return replace(
        one,
        kind="event" if "event" in (one.kind, other.kind) else "news",
        news=one.news or other.news,
        categories=tuple(dict.fromkeys((*one.categories, *other.categories)))[:MAX_CATEGORIES],
        attachments=one.attachments or other.attachments,
        raw=raw,
        **gaps,
    )
