"""What is stored can be found by its words, and the index says what the items say."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from aggregator.store import open_for_writing
from tests.conftest import House, rss, xml

FOUND = "SELECT items.title FROM items JOIN items_fts ON items_fts.rowid = items.id WHERE items_fts MATCH ? ORDER BY 1"


def item(n: int, title: str) -> dict[str, str]:
    return {"guid": f"g{n}", "path": f"/{n}", "title": title}


async def test_new_and_changed_titles_are_found_without_their_accents_and_old_ones_no_more(house: House) -> None:
    house.source("ville")
    house.web["/ville"] = xml(rss([item(1, "Délégation du Sénégal"), item(2, "Forum de l’eau")]))
    await house.run()
    assert house.sql(FOUND, "senegal") == [("Délégation du Sénégal",)]
    house.web["/ville"] = xml(
        rss([item(3, "Marché de Haïti"), item(1, "Délégation du Bénin"), item(2, "Forum de l’eau")])
    )
    await house.run(after=timedelta(hours=1))
    assert house.sql(FOUND, "senegal") == []
    assert house.sql(FOUND, "benin OR haiti") == [("Délégation du Bénin",), ("Marché de Haïti",)]


async def test_the_index_holds_each_item_once(house: House) -> None:
    house.source("ville")
    house.source("pays")
    for round_ in range(3):
        for slug in ("ville", "pays"):
            house.web[f"/{slug}"] = xml(rss([item(n, f"Titre {n} {slug}") for n in range(round_, round_ + 4)]))
        await house.run(after=timedelta(hours=1))
    with open_for_writing(house.db) as connection:
        assert _broken(connection) is None
        connection.execute("INSERT INTO items_fts (rowid, title, summary) SELECT id, title, summary FROM items LIMIT 1")
        assert _broken(connection) is not None


def _broken(connection: sqlite3.Connection) -> str | None:
    """What SQLite finds when it compares the index with the items."""
    try:
        connection.execute("INSERT INTO items_fts (items_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        return str(error)
    return None
