"""What stands around the entries of a feed, the same in every format."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from aggregator.model import Feed, Site, Tombstone
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


def head(feed: Feed, site: Site, updated: datetime | None = None) -> Head:
    """Say a feed. `updated` dates a feed that holds nothing; a feed that holds something is dated by what it holds.

    Raises:
        ValueError: an instant without a zone.
    """
    address = f"{site.base_url}/{feed.path}"
    title = line(feed.title) or feed.path
    live = {item.uid for item in feed.items}
    return Head(
        id=f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, address)}",
        address=address,
        title=title,
        description=line(feed.description) or title,
        home=link(feed.home) or f"{site.base_url}/",
        site=line(site.title) or site.base_url,
        language=language(site.language) or "fr",
        updated=_newest(feed) or (instant(updated) if updated else None),
        tombstones=tuple(
            t for t in feed.tombstones if t.uid not in live and is_uid(t.uid) and t.when.tzinfo is not None
        ),
    )


def _newest(feed: Feed) -> datetime | None:
    said = [*(item.updated for item in feed.items), *(stone.when for stone in feed.tombstones)]
    newest = max((moment for moment in said if moment.tzinfo is not None), default=None)
    return instant(newest) if newest else None
