"""Open-data portals of Opendatasoft, Explore API v2.1 (https://help.opendatasoft.com/apis/ods-explore-v2/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from aggregator.errors import NothingFound
from aggregator.extract.feed_item import distinct
from aggregator.extract.rest import (
    Facts,
    answer,
    collect,
    decoded,
    each,
    geo,
    html,
    line,
    number,
    occurrences,
    prose,
    query,
    refused,
    status,
    text,
    timings,
    whole,
    with_query,
)
from aggregator.model import Extracted, Limits, Page, RawAttachment, RawItem

Names = str | list[str] | tuple[str, ...]

_PROMISE = "the records of an Opendatasoft dataset"
_STEP = (
    "end the address in /api/explore/v2.1/catalog/datasets/DATASET/records?limit=100&order_by=… (not /api/records/1.0)"
)
_LIMIT = 10  # unless the address says otherwise
_FARTHEST = 10_000  # offset + limit, beyond which the API refuses
_YES = frozenset(("oui", "yes", "true", "1", "o"))
_CLOCK = re.compile(r"(\d{1,2})\s*(?:h|:(?=\d))\s*([0-5]\d)?(?::\d\d)?", re.IGNORECASE)
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)T00:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True, slots=True)
class OpenDataSoft:
    """The kind `opendatasoft`: an agenda published as open data; at most `pages` pages of records are read.

    Each option but `pages` names the dataset's field, or several of which the first that says something is taken
    (`location`, `category`: all of them). The defaults know the agendas of Paris, Toulouse, Nantes, Bordeaux and
    evenements-publics-openagenda. `dates`: the field that holds every date of an event; `cancelled`, `postponed`:
    fields that say « oui ».

    Raises:
        ValueError: an option is not what it must be; the words name it.
    """

    pages: int = field(default=3, metadata={"help": "how many pages of records are read at most"})
    id: Names = ("uid", "event_id", "id_manif", "identifiant", "id")
    title: Names = ("title_fr", "title", "nom_de_la_manifestation", "nom", "titre")
    subtitle: Names = ("dates_affichage_horaires",)
    link: Names = ("canonicalurl", "url", "lien_agenda", "url_site", "link", "lien")
    summary: Names = ("lead_text", "description_fr", "descriptif_court", "chapo")
    content: Names = ("longdescription_fr", "descriptif_long", "description", "description_evt")
    dates: Names = field(
        default=("timings", "occurrences"), metadata={"help": "the field that holds every date of an event"}
    )
    start: Names = ("date_start", "firstdate_begin", "date_debut", "date")
    end: Names = ("date_end", "lastdate_end", "date_fin")
    start_time: Names = ("heure_debut",)
    end_time: Names = ("heure_fin",)
    when: Names = ("daterange_fr", "dates_affichage_horaires")
    location: Names = (
        "location_name", "address_name", "lieu_nom", "lieu",
        "location_address", "address_street", "lieu_adresse_1", "lieu_adresse_2", "lieu_adresse_3", "adresse", "rue",
        "location_postalcode", "address_zipcode", "code_postal",
        "location_city", "address_city", "commune", "ville",
    )  # fmt: skip
    geo: Names = ("location_coordinates", "lat_lon", "geo_point", "geo_point_2d", "location", "geolocalisation")
    organiser: Names = ("organisateur", "organizer")
    category: Names = (
        "keywords_fr", "tags", "themes_libelles", "types_libelles", "theme_de_la_manifestation",
        "categorie_de_la_manifestation", "thematique",
    )  # fmt: skip
    image: Names = ("image", "cover_url", "media_url", "media_1")
    conference: Names = ("onlineaccesslink",)
    published: Names = ()
    updated: Names = ("updatedat", "updated_at")
    status: Names = ("status",)
    cancelled: Names = field(
        default=("annule",), metadata={"help": "the field that says « oui » when an event is called off"}
    )
    postponed: Names = field(
        default=("reporte",), metadata={"help": "the field that says « oui » when an event is put off"}
    )

    def __post_init__(self) -> None:
        whole(self.pages)
        for option in fields(self):
            names = getattr(self, option.name)
            if option.name != "pages" and not (
                isinstance(names, str) or (isinstance(names, list | tuple) and all(isinstance(n, str) for n in names))
            ):
                raise ValueError(f"{option.name}: {names!r} is not the name of a field, nor a list of them")

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Give each record once for each of its dates, texts as HTML, times as written; an export (/exports/json) is read too.

        Where the address chooses (`where`, `refine`), nothing chosen is no failure. `complete` when one page holds them all.

        Raises:
            ExtractError: the answer is not a dataset's records, or none has a field that `title` names (NothingFound: none at all).
        """
        found = answer(page, _PROMISE, _STEP)
        if isinstance(found, list) and (not found or any(isinstance(row, dict) for row in found)):
            found = {"results": found, "total_count": len(found)}  # an export: all of them
        records = found.get("results") if isinstance(found, dict) else None
        if not isinstance(records, list):
            raise refused(page, found, _PROMISE, _STEP)
        offset = number(page.url, "offset", 0)
        if not records and not offset and not any(query(page.url, name) for name in ("where", "refine", "exclude")):
            raise NothingFound(f"{page.url} holds no record: {_STEP}")
        objects = [record for record in records if isinstance(record, dict)]
        if objects and not any(self._first(record, "title") for record in objects):
            names = ", ".join(f"{key:.40}" for key in list(objects[0])[:40])
            raise NothingFound(f"no record has a field that title: names: name it in options (there are {names})")
        items, told = collect(records, lambda record: self._record(record, page), limits.events)
        total, following = found.get("total_count"), offset + len(records)
        left = isinstance(total, int) and following < total and bool(records)
        fits = following + number(page.url, "limit", _LIMIT) <= _FARTHEST
        whole_list = bool(items) and not offset and not told and total == len(records)
        more = (with_query(page.url, offset=following),) if left and fits and self.pages > 1 else ()
        return Extracted(items, more, complete=whole_list, left_out=told)

    def _record(self, record: Facts, page: Page) -> tuple[RawItem, ...] | str:
        title = html(self._first(record, "title"))
        if title is None:
            return f"record {text(self._first(record, 'id')) or '?'} has no title"
        image = self._first(record, "image")
        start, end = self._period(record)
        item = RawItem(
            kind="event",
            native_id=text(self._first(record, "id")),
            url=text(self._first(record, "link")),
            title=title,
            subtitle=html(self._first(record, "subtitle")),
            summary=prose(self._first(record, "summary")),
            content=prose(self._first(record, "content")),
            published=text(self._first(record, "published")),
            updated=text(self._first(record, "updated")),
            when=text(self._first(record, "when")),
            start=start,
            end=end,
            status=self._status(record),
            location=html(line(*self._every(record, "location"))),
            geo=self._geo(record),
            organiser=html(self._first(record, "organiser")),
            conference=text(self._first(record, "conference")),
            categories=distinct(_words(self._every(record, "category"))),
            attachments=tuple(RawAttachment(url) for url in [_file(image)] if url),
        )
        when = next((found for value in self._every(record, "dates") if (found := timings(value))), None)
        return occurrences(item, when, page) if when else (item,)

    # ── fields ──────────────────────────────────────────────────────────────────────────────────

    def _every(self, record: Facts, option: str) -> Iterator[Any]:
        """The values of the fields that an option names, those that say something."""
        names = getattr(self, option)
        for name in (names,) if isinstance(names, str) else names:
            if (value := record.get(name)) not in (None, "", [], {}):
                yield value

    def _first(self, record: Facts, option: str) -> Any:
        return next(self._every(record, option), None)

    def _period(self, record: Facts) -> tuple[str | None, str | None]:
        """Start and end as written; where hours stand in fields of their own, with them.

        A portal writes a day as its midnight, in UTC or not (2026-11-20T00:00:00+00:00), the last one too: they are days.
        """
        start, end = text(self._first(record, "start")), text(self._first(record, "end"))
        first, last_day = _MIDNIGHT.fullmatch(start or ""), _MIDNIGHT.fullmatch(end or "")
        if first and (last_day or end is None or len(end) == len("2026-11-20")):
            start, end = first[1], last_day[1] if last_day else end
        opens, closes = (_clock(self._first(record, option)) for option in ("start_time", "end_time"))
        if start is None or opens is None or len(start) != len("2026-11-20"):
            return start, end
        last = end or start
        return f"{start}T{opens}", f"{last}T{closes}" if closes and len(last) == len(start) else None

    def _status(self, record: Facts) -> str | None:
        for option, said in (("cancelled", "CANCELLED"), ("postponed", "POSTPONED")):
            if any(value is True or (text(value) or "").casefold() in _YES for value in self._every(record, option)):
                return said
        return status(self._first(record, "status"))

    def _geo(self, record: Facts) -> str | None:
        for value in self._every(record, "geo"):
            point = decoded(value)
            if isinstance(point, dict):
                found = geo(point.get("lat"), point.get("lon"))
            else:
                pair = re.split(r"[,;]\s*", point) if isinstance(point, str) else each(point)
                found = geo(pair[0], pair[1]) if len(pair) == 2 else None
            if found:
                return found
        return None


def _clock(value: object) -> str | None:
    found = _CLOCK.fullmatch(text(value) or "")
    return f"{int(found[1]):02}:{found[2] or '00'}" if found and int(found[1]) < 24 else None


def _words(values: Iterator[Any]) -> Iterator[str | None]:
    for value in values:
        for one in each(decoded(value)):
            yield from (html(word) for word in re.split(r"[;,]", text(one) or "") if word.strip())


def _file(value: object) -> str | None:
    """The address of a picture: a text, or a file of the portal."""
    return text(value.get("url")) if isinstance(value, dict) else text(value)
