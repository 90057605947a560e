"""What the operator's files say, learnt at each run: sources, words of tags, feeds of interest, what is the same and what is not."""

from __future__ import annotations

import json
import logging
import sqlite3
from datetime import datetime
from hashlib import blake2b

from aggregator import overrides, taxonomy
from aggregator.config import Config
from aggregator.model import Sighting
from aggregator.store import relearn, transaction
from aggregator.store.absorb import Absorber, Words
from aggregator.store.membership import dirty
from aggregator.store.sync import sync_sources
from aggregator.visit import MARKS, marked

log = logging.getLogger(__name__)


def learn(connection: sqlite3.Connection, config: Config, now: datetime) -> Words:
    """Make the store say what the operator's files say now: sources, tags, feeds of interest, what is the same.

    Raises:
        ConfigError: taxonomy.yaml or overrides.yaml has problems; nothing was changed.
    """
    terms = taxonomy.current()
    path = config.path.with_name("overrides.yaml")
    said = overrides.load(path, config.aliases)
    words = Words(
        {(e.scheme, e.value): e.name for e in terms.entries},
        {(e.scheme, e.value): e.slug for e in terms.entries},
        said,
        config.interests,
    )
    by_slug = {source.slug: source for source in config.sources}

    def mark(sighting: Sighting) -> Sighting | None:
        source = by_slug.get(sighting.source)
        return marked(sighting, source) if source is not None else None

    digests = {
        "words": f"{MARKS} {_digest(taxonomy.FILE.read_bytes())}",
        "interests": _digest(repr(config.interests).encode()),
        "overrides": f"{_digest(path.read_bytes() if path.exists() else b'')} {json.dumps(sorted(said.names))}",
    }
    with transaction(connection):
        sync_sources(connection, config.sources, now)
        before = {name: relearn.fact(connection, name) for name in digests}
        if before != digests and connection.execute("SELECT 1 FROM sightings LIMIT 1").fetchone():
            absorber, feeds = Absorber(connection, words), set[str]()
            if before["words"] != digests["words"]:
                log.info("the words of taxonomy.yaml have changed: everything is tagged and compared again")
                feeds |= relearn.words(absorber, mark, now)
            elif before["interests"] != digests["interests"]:
                feeds |= relearn.interests(absorber)
            if before["overrides"] != digests["overrides"]:
                was = json.loads((before["overrides"] or "x []").partition(" ")[2])
                feeds |= relearn.overrides(absorber, said.names | set(was), now)
            dirty(connection, feeds | {"agenda"})  # what is learnt moves events too
        for name, value in digests.items():
            relearn.note(connection, name, value)
    return words


def _digest(said: bytes) -> str:
    return blake2b(said, digest_size=8).hexdigest()
