"""Views of the store as files for other programs: CSV, NDJSON, Parquet. Rows stream: memory does not grow with them."""

from __future__ import annotations

import csv
import difflib
import io
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from aggregator.errors import ConfigError, PublishError
from aggregator.store import open_for_reading, snapshot

FORMATS = ("csv", "ndjson", "parquet", "sqlite")
VIEWS = (
    "v_items", "v_news", "v_events", "v_sightings", "v_tags", "v_joins", "v_near_misses", "v_coverage", "v_runs", "v_changes",
)  # fmt: skip
BATCH = 10_000  # rows in memory at a time
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet computes a cell that begins so (OWASP, « CSV Injection »)

# What columns hold where SQL's type does not say; docs/store.md has them all.
_LISTS = frozenset({"doubts", "categories", "words", "gates", "countries", "regions", "themes", "kinds", "sources"})
_OBJECTS = frozenset({"raw"})
_INSTANTS = frozenset(
    {
        "starts_utc", "ends_utc", "first_seen", "changed_at", "last_seen", "withdrawn_at", "updated", "at",
        "last_success", "last_change",
    }
)  # fmt: skip
_DAYS = frozenset({"deadline"})
_FLAGS = frozenset({"all_day", "news", "own", "enabled"})
_COUNTS = frozenset({"sightings", "last_30_days", "joined", "silent_days", "sifted"})

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view: `type` is text, integer, real, flag (0, 1), day, instant (UTC), list (of words) or object."""

    name: str
    type: str


def to_file(
    store: Path, view: str, form: str, output: Path, *, bom: bool = False, told: Told = lambda done, of: None
) -> int:
    """Write a view (or, as "sqlite", a copy of the whole store) to `output`; give the rows written.

    `output` is replaced in one step when all is there; until then it stands as it was.

    Raises:
        ConfigError: there is no such view, or Parquet's library is missing; it says what would be right.
        StoreError, PublishError: the store cannot be read; the file cannot be written.
    """
    output = output.resolve()
    if output.exists() and store.exists() and output.samefile(store):
        raise ConfigError([f"--output {output}: this is the store itself: name another file"])
    beside = output.with_name(f".{output.name}.new~")
    with _told(output):
        if form != "sqlite" and output.exists() and not output.is_file():  # /dev/null and pipes stay what they are
            with output.open("wb") as file:
                return to_stream(store, view, form, file, bom=bom, told=told)
        try:
            beside.unlink(missing_ok=True)
            if form == "sqlite":
                rows = snapshot.copy(store, beside)
            else:
                with beside.open("xb") as file:
                    rows = to_stream(store, view, form, file, bom=bom, told=told)
            with beside.open("rb") as made:
                os.fsync(made.fileno())
            beside.replace(output)
        finally:
            beside.unlink(missing_ok=True)
    return rows


def to_stream(
    store: Path, view: str, form: str, file: IO[bytes], *, bom: bool = False, told: Told = lambda done, of: None
) -> int:
    """Write a view to an open file as csv, ndjson or parquet; give the rows written. `told` hears how many, of how many.

    Raises:
        ConfigError, StoreError: as `to_file`.
    """
    write = _WRITERS[form]()
    with closing(open_for_reading(store)) as connection:
        columns, total = _taken(connection, view)
        if bom:
            file.write("\ufeff".encode())
        return write(columns, _batches(connection, total, told), file)


def columns_of(connection: sqlite3.Connection, view: str) -> tuple[Column, ...]:
    """Give a view's columns with their types.

    Raises:
        ConfigError: there is no such view; it names those that are near.
    """
    if view not in VIEWS:
        near = difflib.get_close_matches(view.lower(), VIEWS, 3) or VIEWS
        raise ConfigError([f"{view}: there is no such view; did you mean {' or '.join(near)}?"])
    return tuple(
        Column(name, _type(name, sql)) for _, name, sql, *_ in connection.execute(f"PRAGMA table_info({view})")
    )


def _type(name: str, sql: str) -> str:
    named = {"list": _LISTS, "object": _OBJECTS, "instant": _INSTANTS, "day": _DAYS, "flag": _FLAGS, "integer": _COUNTS}
    said = next((type_ for type_, names in named.items() if name in names), None)
    return said or {"INTEGER": "integer", "REAL": "real"}.get(sql, "text")


def _taken(connection: sqlite3.Connection, view: str) -> tuple[tuple[Column, ...], int]:
    """Take the view's rows as they stand into a temporary table on disk; give its columns and how many rows there are.

    A reader that held the store open while a slow pipe empties would keep its writer out.
    """
    columns = columns_of(connection, view)
    connection.execute("PRAGMA temp_store = FILE")
    connection.execute(f"CREATE TEMP TABLE taken AS SELECT * FROM {view}")
    return columns, int(connection.execute("SELECT coalesce(max(rowid), 0) FROM taken").fetchone()[0])


Row = tuple[Any, ...]


def _batches(connection: sqlite3.Connection, total: int, told: Told) -> Iterator[list[Row]]:
    cursor, done = connection.execute("SELECT * FROM taken ORDER BY rowid"), 0
    while batch := cursor.fetchmany(BATCH):
        yield batch
        done += len(batch)
        told(done, total)


# ── how each is written ─────────────────────────────────────────────────────────────────────────

Write = Callable[[Sequence[Column], Iterator[list[Row]], IO[bytes]], int]


def _csv(columns: Sequence[Column], batches: Iterator[list[Row]], file: IO[bytes]) -> int:
    """RFC 4180: CRLF, quotes doubled, a header line. NULL is empty."""
    text = io.StringIO(newline="")
    writer, rows = csv.writer(text), 0
    writer.writerow([column.name for column in columns])
    for batch in batches:
        writer.writerows(map(_cells, batch))
        file.write(_emptied(text))
        rows += len(batch)
    file.write(_emptied(text))
    return rows


def _cells(row: Row) -> list[Any]:
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row]


def _emptied(text: io.StringIO) -> bytes:
    written = text.getvalue()
    text.seek(0)
    text.truncate()
    return written.encode()


def _ndjson(columns: Sequence[Column], batches: Iterator[list[Row]], file: IO[bytes]) -> int:
    """An object a line; JSON in the store is JSON here."""
    names = [column.name for column in columns]
    nested = [n for n, column in enumerate(columns) if column.type in ("list", "object")]
    rows = 0
    for batch in batches:
        for row in batch:
            record = dict(zip(names, row, strict=True))
            for n in nested:
                record[names[n]] = json.loads(row[n]) if row[n] is not None else None
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        rows += len(batch)
    return rows


def _parquet() -> Write:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        how = f"{sys.executable} -m pip install 'cooperation-aggregator[parquet]'"
        raise ConfigError([f"--format parquet needs the extra « parquet »: {how}"]) from None
    types = {
        "text": pyarrow.string(), "object": pyarrow.string(), "integer": pyarrow.int64(), "real": pyarrow.float64(),
        "flag": pyarrow.bool_(), "day": pyarrow.date32(), "instant": pyarrow.timestamp("s", tz="UTC"),
        "list": pyarrow.list_(pyarrow.string()),
    }  # fmt: skip

    def write(columns: Sequence[Column], batches: Iterator[list[Row]], file: IO[bytes]) -> int:
        schema = pyarrow.schema([(column.name, types[column.type]) for column in columns])
        rows = 0
        with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in batches:
                arrays = [
                    pyarrow.array(_values(column, cells), type=types[column.type])
                    for column, cells in zip(columns, zip(*batch, strict=True), strict=True)
                ]
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
                rows += len(batch)
        return rows

    return write


_READ: Mapping[str, Callable[[Any], Any]] = {
    "flag": bool,
    "day": date.fromisoformat,
    "instant": datetime.fromisoformat,
    "list": json.loads,
}


def _values(column: Column, cells: Sequence[Any]) -> Sequence[Any]:
    read = _READ.get(column.type)
    return [None if cell is None else read(cell) for cell in cells] if read else cells


_WRITERS: Mapping[str, Callable[[], Write]] = {"csv": lambda: _csv, "ndjson": lambda: _ndjson, "parquet": _parquet}


@contextmanager
def _told(output: Path) -> Iterator[None]:
    """What the system refuses, as the operator reads it."""
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise PublishError(
            f"{output} cannot be written ({why}): is there such a folder, may we write there, is there room?"
        ) from error
