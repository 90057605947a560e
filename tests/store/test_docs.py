"""docs/store.md describes every table, view and column that the store has, and none that it has not."""

import re
import sqlite3
from pathlib import Path

from aggregator.store import open_for_writing

DOCS = Path(__file__).parents[2] / "docs" / "store.md"


def _described() -> dict[str, list[str]]:
    parts = re.split(r"^### (\w+)$", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {
        name: re.findall(r"^\| `(\w+)` \| .+ \|$", body, flags=re.MULTILINE)
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


def _stored(connection: sqlite3.Connection) -> dict[str, list[str]]:
    internal = re.compile(r"sqlite_|items_fts_|_sqlite_|_.*migrations")
    names = [
        n
        for (n,) in connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
        if not internal.match(n)
    ]
    return {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in names}


def test_the_data_dictionary_is_the_store(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "store.db") as connection:
        assert _described() == _stored(connection)
