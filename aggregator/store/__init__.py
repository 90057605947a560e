"""The SQLite file: opened with care, written by one, read by many. docs/store.md describes what is in it."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.errors import Busy, StoreError
from aggregator.store import schema

APPLICATION_ID = 0x43554641  # "CUFA"
# SQLite 3.7.0–3.51.2 can lose a committed transaction in WAL mode (sqlite.org/wal.html#walresetbug).
_WAL_IS_SAFE = sqlite3.sqlite_version_info >= (3, 51, 3) or (
    sqlite3.sqlite_version_info[:2] in ((3, 50), (3, 44))
    and (sqlite3.sqlite_version_info >= (3, 50, 7) or (3, 44, 6) <= sqlite3.sqlite_version_info < (3, 45))
)
JOURNAL = "WAL" if _WAL_IS_SAFE else "TRUNCATE"


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open an existing store, read-only.

    Raises:
        StoreError: there is none, or it is foreign, newer, empty or damaged.
    """
    if not path.exists():
        raise StoreError(f"{path}: there is no store yet: « aggregator run » makes one")
    connection = _connect(path, "ro")
    _vet(connection, path)
    return connection


@contextmanager
def open_for_writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the store as its one writer; made when there is none, brought to the newest tables when older.

    Raises:
        Busy: another process holds it.
        StoreError: it is foreign, newer, empty, damaged or out of reach; it was left as it is.
    """
    with _lock(path):
        if not path.exists():
            _make(path)
        connection = _connect(path, "rw")
        try:
            version = _vet(connection, path)
            connection.execute(f"PRAGMA journal_mode = {JOURNAL}")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA cache_size = -16000")
            if version < schema.VERSION:
                schema.migrate(connection)
                connection.execute(f"PRAGMA user_version = {schema.VERSION}")
            yield connection
        except sqlite3.DatabaseError as error:
            words = (
                f"{path}: {error}: what was under way was not stored, the rest is whole; is the disk full or read-only?"
            )
            raise StoreError(words) from error
        finally:
            connection.close()


def _make(path: Path) -> None:
    """Make a new store beside its place and move it there when it is whole: a crash leaves no half-made file to puzzle over."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    connection = _connect(beside, "rwc")
    try:
        schema.migrate(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: the store cannot be made: {error}") from error
    finally:
        connection.close()
    beside.rename(path)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=10, isolation_level=None, cached_statements=512
        )
        connection.execute("PRAGMA foreign_keys = ON")
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{path}: the store cannot be opened: {error}") from error
    return connection


def _vet(connection: sqlite3.Connection, path: Path) -> int:
    """Refuse what is not our store, by name, before a byte of it is changed."""
    try:
        empty = path.stat().st_size == 0
        identity = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreError(
            f"{path}: this is no SQLite file, or a damaged one ({error}): it was left as it is; restore a copy or name another with --db"
        ) from error
    wrong = None
    if empty:
        wrong = "the file is empty: remove it if that is meant, and a new store is made"
    elif identity != APPLICATION_ID:
        wrong = "this is another program's SQLite file: name ours with --db"
    elif version > schema.VERSION:
        wrong = f"it was written by a newer version of this program (tables {version}, known here {schema.VERSION}): install that version"
    if wrong:
        connection.close()
        raise StoreError(f"{path}: {wrong}")
    return int(version)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the writer's lock for the process's life: a killed process leaves no stale one (flock, no pid file)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(path.name + ".lock").open("w")
    except OSError as error:
        raise StoreError(f"{path}: the store's folder cannot be written: {error}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                f"{path}: another instance is writing to this store (« serve » or another « run »): wait for it, or stop it"
            ) from None
        yield


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One BEGIN IMMEDIATE … COMMIT; rolled back on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
