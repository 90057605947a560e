"""The list of members: read out of OPML and CSV files, and who of them is read, who not, and silent since when."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from lxml import etree

from aggregator import extract
from aggregator.config import Config
from aggregator.errors import ConfigError
from aggregator.interests import region_of, territory_name
from aggregator.model import Source
from aggregator.normalise.text import clean
from aggregator.normalise.urls import absolute

# ── lists of other programs ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Listed:
    """A site of somebody's list. `kind`: feed where the list says so, else auto."""

    name: str
    url: str
    kind: str
    territory: Mapping[str, object] = field(default_factory=dict)


def read_list(name: str, content: bytes) -> tuple[list[Listed], list[str]]:
    """Read an OPML file, or a CSV with the columns name and url (and kind, level, insee, siren, partners if it has them).

    Gives what it lists, and in words what of it could not be used.

    Raises:
        ConfigError: the file is neither.
    """
    if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return _opml(name, content)
    return _csv(name, content)


def _opml(name: str, content: bytes) -> tuple[list[Listed], list[str]]:
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except etree.XMLSyntaxError as error:
        raise ConfigError([f"{name}:{error.lineno}: this is no OPML: {error.msg}"]) from error
    if etree.QName(root).localname != "opml":
        raise ConfigError(
            [f"{name}:1: <{etree.QName(root).localname}> is no OPML: a file that begins with <opml> would be right"]
        )
    listed = _List(name)
    for outline in root.iter("{*}outline"):
        said = {str(key).lower(): str(value) for key, value in outline.attrib.items()}
        url = said.get("xmlurl") or said.get("url") or said.get("htmlurl")
        if url:  # else it is a folder
            words = said.get("title") or said.get("text") or ""
            listed.put(outline.sourceline, words, url, "feed" if said.get("xmlurl") else "auto", {})
    return listed.found, listed.refused


_COLUMNS = {"nom": "name", "adresse": "url", "site": "url", "niveau": "level", "pays": "partners"}


def _csv(name: str, content: bytes) -> tuple[list[Listed], list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")  # what a French spreadsheet writes
    lines = text.splitlines()
    head = lines[0] if lines else ""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=head.count)))
    except csv.Error as error:
        raise ConfigError([f"{name}: this is no CSV: {error}"]) from error
    columns = [_COLUMNS.get(one.strip().lower(), one.strip().lower()) for one in (rows[0] if rows else [])]
    if "url" not in columns or "name" not in columns:
        raise ConfigError(
            [f"{name}:1: the first line of a CSV names its columns, name and url among them; it is: {head[:100]}"]
        )
    listed = _List(name)
    for line, row in enumerate(rows[1:], 2):
        said = {column: value.strip() for column, value in zip(columns, row, strict=False) if value.strip()}
        if said:
            listed.put(line, said.get("name", ""), said.get("url", ""), said.get("kind", "auto"), said)
    return listed.found, listed.refused


_KINDS = {
    "rss": "feed",
    "atom": "feed",
    "flux": "feed",
    "ical": "ics",
    "icalendar": "ics",
    "agenda": "ics",
    "site": "auto",
}
_CODES = {  # column: what it holds, and what would be right
    "insee": (re.compile(r"\d[0-9AB](?:\d|\d{3})?"), "an INSEE code: 37261"),
    "siren": (re.compile(r"\d{9}"), "a SIREN of nine digits"),
    "partners": (re.compile(r"[A-Z]{2}(?: [A-Z]{2})*"), "ISO 3166 codes of countries: SN ML"),
}


class _List:
    """What a list holds: its sites, each once, and in words what of it could not be used."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[Listed] = []
        self.refused: list[str] = []
        self._seen: set[str] = set()

    def put(self, line: object, name: str, url: str, kind: str, said: Mapping[str, str]) -> None:
        """Take a row, or say what is wrong with it."""
        kind = _KINDS.get(kind.lower(), kind.lower())
        if "://" not in url and "." in url.partition("/")[0]:
            url = f"https://{url}"
        cells = {key: said[key] for key in ("level", "insee", "siren", "partners") if key in said}
        cells |= {"partners": " ".join(re.split(r"[,;\s]+", cells["partners"].upper()))} if "partners" in cells else {}
        cells |= {"siren": "".join(cells["siren"].split())} if "siren" in cells else {}
        wrong = next(
            (
                f"{key}: {cells[key]}: {right} would be right"
                for key, (form, right) in _CODES.items()
                if key in cells and not form.fullmatch(cells[key])
            ),
            None,
        )
        if absolute(url, "") is None:
            wrong = "this is no web address: https://www.exemple.fr would be right"
        elif kind not in (extract.AUTO, *extract.KINDS):
            wrong = f"kind: {kind}: auto, feed or ics would be right"
        elif same_site(url) in self._seen:
            wrong = "it is listed already"
        if wrong:
            self.refused.append(f"{self.name}:{line}: {url or name}: {wrong}")
            return
        self._seen.add(same_site(url))
        territory: dict[str, object] = {
            **cells,
            **({"partners": cells["partners"].split()} if "partners" in cells else {}),
        }
        self.found.append(Listed(clean(name)[:200] or url, url, kind, territory))


def same_site(url: str) -> str:
    """Give an address as it is compared: without scheme, www. and last slash."""
    return url.partition("://")[2].removeprefix("www.").rstrip("/").lower()


# ── who is read ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Covered:
    """A member: how many of its sources are read, how the best of them goes, and the day of its last news.

    `silent`: days since then. `next_step`: of one that is not read, what the file notes. `left_out`: by keep: and drop:, ever.
    """

    region: str
    level: str
    name: str
    sources: tuple[str, ...]
    read: int
    state: str
    items: int
    last_30_days: int
    left_out: int
    newest: date | None
    silent: int | None
    next_step: str


_ASIDE = re.compile(r"\s*[\u00a0 ]:\s")
_BEST = ("ok", "new", "waiting", "shrunk", "empty", "failing", "blocked", "closed", "gone")


def coverage(config: Config, connection: sqlite3.Connection | None, today: date) -> list[Covered]:
    """Give every member of sources.yaml, by région and name: sources that speak for the same territory are one member's."""
    rows = {}
    if connection is not None:
        rows = {
            row[0]: row[1:]
            for row in connection.execute(
                "SELECT source, state, sightings, last_30_days, sifted, newest FROM v_coverage"
            )
        }
    members: dict[object, list[Source]] = {}
    for source in config.sources:
        members.setdefault(_member(source), []).append(source)
    covered = [_covered(sources, rows, today) for sources in members.values()]
    return sorted(covered, key=lambda one: (one.region == "", one.region, one.name))


def _member(source: Source) -> object:
    place = source.territory
    if place.insee or place.siren:
        return place.level, place.insee or place.siren
    return _ASIDE.split(source.name)[0]  # « Réseau : agenda » is the network's


def _covered(sources: Sequence[Source], rows: Mapping[str, Sequence[object]], today: date) -> Covered:
    first = min(sources, key=lambda source: (not source.enabled, len(source.name)))
    read = [source for source in sources if source.enabled]
    told = [rows[source.slug] for source in read if source.slug in rows]
    days = [date.fromisoformat(str(newest)[:10]) for *_, newest in told if newest]
    newest = max(days, default=None)
    states = [str(state) for state, *_ in told]
    return Covered(
        region=territory_name(region_of(first.territory.level, first.territory.insee)),
        level=first.territory.level or "",
        name=first.name,
        sources=tuple(source.slug for source in sources),
        read=len(read),
        state=min(states, key=_BEST.index) if states else "new" if read else "not read",
        items=_sum(row[1] for row in told),
        last_30_days=_sum(row[2] for row in told),
        left_out=_sum(row[3] for row in told),
        newest=newest,
        silent=(today - newest).days if newest else None,
        next_step=_next(first, read, states),
    )


def _next(first: Source, read: Sequence[Source], states: Sequence[str]) -> str:
    """Give what to do about a member that is not read, or none of whose sources answers."""
    if not read:
        return first.note or f"aggregator discover {first.url}"
    troubled = bool(states) and all(state in ("empty", "failing", "blocked", "closed", "gone") for state in states)
    return "aggregator status says why" if troubled else ""


def _sum(values: Iterable[object]) -> int:
    return sum(value for value in values if isinstance(value, int))
