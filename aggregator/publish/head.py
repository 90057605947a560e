"""What stands around the entries of a feed, the same in every format."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.model import Feed, Item, Site, Tombstone
from aggregator.publish.entry import instant, is_uid, language, line, link

GENERATOR = "cooperation-aggregator"  # no version: an upgrade alone changes no byte


@dataclass(frozen=True, slots=True)
class Head:
    """A feed without its entries.

    `id` is a UUID v5 of its public address: as stable as the address, the same in every format, and never mistaken for
    a link. `updated`: its newest change, whole seconds in UTC; None: nothing in it has a date.
    """

    id: str
    address: str  # without extension
    title: str
    description: str
    home: str
    site: str
    language: str
    updated: datetime | None
    tombstones: tuple[Tombstone, ...]


def head_of(feed: Feed, items: Sequence[Item], site: Site, updated: datetime | None = None) -> Head:
    """Say a feed in which `items` stand. `updated` dates one that holds nothing; the others are dated by what they hold.

    Raises:
        ValueError: an instant without a zone.
    """
    address = f"{site.base_url}/{feed.path}"
    title = line(feed.title) or feed.path
    live = {item.uid for item in items}
    stones = tuple(t for t in feed.tombstones if t.uid not in live and is_uid(t.uid) and t.when.tzinfo is not None)
    return Head(
        id=f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, address)}",
        address=address,
        title=title,
        description=line(feed.description) or title,
        home=link(feed.home) or f"{site.base_url}/",
        site=line(site.title) or site.base_url,
        language=language(site.language) or "fr",
        updated=_newest(items, stones) or (instant(updated) if updated else None),
        tombstones=tuple(
            t for t in feed.tombstones if t.uid not in live and is_uid(t.uid) and t.when.tzinfo is not None
        ),
    )


def _newest(items: Sequence[Item], stones: Sequence[Tombstone]) -> datetime | None:
    newest = max((*(item.updated for item in items), *(stone.when for stone in stones)), default=None)
    return instant(newest) if newest else None
