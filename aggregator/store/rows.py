"""Rows and the words of the model, both ways. Instants are stored as UTC text to the second, days as ISO days."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from aggregator.dedupe import Face
from aggregator.model import Attachment, Occurrence, Sighting, Tag

SIGHTING = (
    "source, key, kind, guid, url, canonical, title, subtitle, summary, content, language, published, updated, starts, ends, all_day, tz, "
    "doubts, status, location, geo, organiser, author, section, categories, raw, seen_on, digest, news, phase, deadline, conference, tags"
)  # the columns of a sighting that its source says, in the order of `sighting_row`
FACE = "kind, title, url, summary, language, published, starts, ends, all_day, tz, doubts, status, location, geo, organiser, author, phase, deadline, conference"

Row = tuple[object, ...]
T = TypeVar("T")
_CHUNK = 500

_spell = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def marks(columns: Sequence[object]) -> str:
    """Give a question mark for each of these."""
    return ", ".join("?" * len(columns))


def chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """Give the values in runs that one statement can hold."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def stamp(moment: datetime) -> str:
    """Give an aware instant as it is stored: 2025-11-03T09:00:00Z."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def instant(text: str) -> datetime:
    """Read a stored stamp."""
    return datetime.fromisoformat(text)


def _moment(value: date | datetime | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return stamp(value) if value.tzinfo is not None else value.isoformat()
    return value.isoformat()


def _read_moment(text: str | None) -> date | datetime | None:
    if text is None:
        return None
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def _read_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _json(value: object) -> str:
    return _spell(value) if value else ("{}" if isinstance(value, dict) else "[]")


def _when_row(when: Occurrence | None) -> Row:
    if when is None:
        return (None, None, None, None, "[]")
    return (_moment(when.start), _moment(when.end), int(when.all_day), when.tz, _json(when.doubts))


def read_when(
    starts: str | None, ends: str | None, all_day: int | None, tz: str | None, doubts: str
) -> Occurrence | None:
    """Give the occurrence that these columns hold; None when they hold none."""
    start = _read_moment(starts)
    if start is None or tz is None:
        return None
    return Occurrence(start, _read_moment(ends), bool(all_day), tz, tuple(json.loads(doubts)))


def sighting_row(s: Sighting) -> Row:
    """Give the values of SIGHTING's columns."""
    return (
        s.source, s.key, s.kind, s.guid, s.url, s.canonical, s.title, s.subtitle, s.summary, s.content, s.language, _moment(s.published),
        _moment(s.updated), *_when_row(s.when), s.status, s.location, s.geo, s.organiser, s.author, s.section, _json(s.categories),
        _json(dict(s.raw)), s.seen_on, s.digest, int(s.news), s.phase, _moment(s.deadline), s.conference,
        _json([[tag.scheme, tag.value, tag.why] for tag in s.tags]),
    )  # fmt: skip


def read_sighting(row: Sequence[Any], attachments: tuple[Attachment, ...] = ()) -> Sighting:
    """Give the sighting that SIGHTING's columns hold."""
    (source, key, kind, guid, url, canonical, title, subtitle, summary, content, language, published, updated, starts, ends, all_day, tz,
     doubts, status, location, geo, organiser, author, section, categories, raw, seen_on, digest, news, phase, deadline, conference, tags) = row  # fmt: skip
    at = _read_moment(updated)
    return Sighting(
        source, key, kind, title, seen_on, guid, url, canonical, subtitle, summary, content, language, _read_moment(published),
        at if isinstance(at, datetime) else None, read_when(starts, ends, all_day, tz, doubts), status, location, geo, organiser, author,
        section, tuple(json.loads(categories)), attachments, json.loads(raw), digest, bool(news), phase, _read_day(deadline), conference,
        tuple(Tag(*tag) for tag in json.loads(tags)) if len(tags) > 2 else (),
    )  # fmt: skip


def face_row(f: Face) -> Row:
    """Give the values of FACE's columns."""
    return (
        f.kind, f.title, f.url, f.summary, f.language, _moment(f.published), *_when_row(f.when), f.status, f.location, f.geo, f.organiser,
        f.author, f.phase, _moment(f.deadline), f.conference,
    )  # fmt: skip


def read_face(row: Sequence[Any]) -> Face:
    """Give the face that FACE's columns hold."""
    (kind, title, url, summary, language, published, starts, ends, all_day, tz, doubts, status, location, geo, organiser, author, phase,
     deadline, conference) = row  # fmt: skip
    return Face(
        kind, title, url, summary, language, _read_moment(published), read_when(starts, ends, all_day, tz, doubts), status, location,
        geo, organiser, author, phase, _read_day(deadline), conference,
    )  # fmt: skip
