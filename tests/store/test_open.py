"""The store: refused by name when it is not ours to write, and left as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from aggregator.errors import Busy, StoreError
from aggregator.store import APPLICATION_ID, JOURNAL, open_for_reading, open_for_writing, schema, transaction


def test_a_new_store_is_ours_and_a_second_opening_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "store.db"
    for _ in range(2):
        with open_for_writing(path) as connection:
            assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
            assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
            assert connection.execute("PRAGMA journal_mode").fetchone()[0].upper() == JOURNAL
    assert sorted(p.name for p in path.parent.iterdir()) == ["store.db", "store.db.lock"]


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()


def _newer(path: Path) -> None:
    with open_for_writing(path) as connection:
        connection.execute("PRAGMA user_version = 999")


def _damaged(path: Path) -> None:
    with open_for_writing(path):
        pass
    data = bytearray(path.read_bytes())
    data[:100] = b"\x00" * 100
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_foreign, "another program's SQLite file"),
        (_newer, "newer version of this program"),
        (_damaged, "no SQLite file, or a damaged one"),
        (lambda path: path.touch(), "the file is empty"),
        (lambda path: path.write_text("sources: []"), "no SQLite file, or a damaged one"),
    ],
    ids=["foreign", "newer", "damaged", "empty", "text"],
)
def test_what_is_not_a_store_is_refused_by_name_and_left_as_it_is(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "store.db"
    make(path)  # type: ignore[operator]
    before = path.read_bytes()
    for opening in (open_for_writing, lambda p: open_for_reading(p)):
        with pytest.raises(StoreError, match=words) as caught, opening(path):  # type: ignore[operator]
            pass
        assert str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_a_second_writer_is_told_that_it_is_not_alone(tmp_path: Path) -> None:
    with (
        open_for_writing(tmp_path / "store.db"),
        pytest.raises(Busy, match="another instance is writing"),
        open_for_writing(tmp_path / "store.db"),
    ):
        pass
    with open_for_writing(tmp_path / "store.db"):
        pass


def test_a_reader_changes_nothing_and_needs_a_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="aggregator run"):
        open_for_reading(tmp_path / "none.db")
    with open_for_writing(tmp_path / "store.db"):
        pass
    reader = open_for_reading(tmp_path / "store.db")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM items")
    reader.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be"), open_for_writing(tmp_path / "file" / "store.db"):
        pass


def test_an_error_inside_a_transaction_leaves_nothing_of_it(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "store.db") as connection:
        with pytest.raises(ValueError, match="x"), transaction(connection):
            connection.execute("INSERT INTO hosts (authority) VALUES ('a')")
            raise ValueError("x")
        assert connection.execute("SELECT count(*) FROM hosts").fetchone() == (0,)
