"""The REST API of The Events Calendar, a plugin of WordPress (/wp-json/tribe/events/v1/doc on every site that has it)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.errors import NothingFound
from aggregator.extract.feed_item import distinct
from aggregator.extract.rest import (
    Facts,
    answer,
    collect,
    each,
    facts,
    geo,
    line,
    linked,
    number,
    refused,
    short,
    text,
    whole,
)
from aggregator.model import Extracted, Limits, Page, RawAttachment, RawItem

_PROMISE = "the events of The Events Calendar"
_STEP = "end the address in /wp-json/tribe/events/v1/events?per_page=50; where that is closed, try kind: ics with /events/?ical=1"
_FRANCE = frozenset(("france", "fr"))


@dataclass(frozen=True, slots=True)
class Events_Calendar:  # noqa: N801 (the kind's own name)
    """The kind `events_calendar`: /wp-json/tribe/events/v1/events, which lists what is to come; at most `pages` pages are read.

    That an event is called off stands there only where the site adds it (`event_status`, `json_ld`); the JSON-LD of the
    agenda's own page (kind: jsonld) says it.

    Raises:
        ValueError: `pages` is not a number of pages.
    """

    pages: int = field(default=5, metadata={"help": "how many pages of the list are read at most"})

    def __post_init__(self) -> None:
        whole(self.pages)

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Give each event, in the wall time of its zone. An agenda that says it is empty (`total` 0) gives none.

        `complete` when one page holds all that is to come.

        Raises:
            ExtractError: the answer is not the plugin's (NothingFound: it lists nothing and counts something).
        """
        found = answer(page, _PROMISE, _STEP)
        events = found.get("events") if isinstance(found, dict) else None
        if not isinstance(events, list):
            raise refused(page, found, _PROMISE, _STEP)
        first = number(page.url, "page", 1) <= 1
        if not events and first and found.get("total") != 0:
            raise NothingFound(f"{page.url} lists no event and does not say that there is none: {_STEP}")
        items, told = collect(events, _event, limits.events)
        following = tuple(linked(page, found.get("next_rest_url")))
        last = not found.get("next_rest_url") and found.get("total") == len(events)
        whole_list = bool(items) and first and last and not told
        return Extracted(items, following if self.pages > 1 else (), complete=whole_list, left_out=told)


def _event(event: Facts) -> list[RawItem] | str:
    title = text(event.get("title"))
    state = text(event.get("status")) or "publish"
    if state != "publish":
        return f"{short(title)} is not published (status: {state})"
    start, end = _period(event)
    link = text(event.get("url"))
    venues = [one for one in each(event.get("venue")) if isinstance(one, dict)]
    places = [place for venue in venues if (place := _place(venue))]
    organisers = (one for one in each(event.get("organizer")) if isinstance(one, dict))
    terms = [*each(event.get("categories")), *each(event.get("tags"))]
    return [
        RawItem(
            kind="event",
            native_id=text(event.get("id")),
            guid=text(event.get("global_id")),
            url=link,
            base=link,
            title=title,
            summary=text(event.get("excerpt")),
            content=text(event.get("description")),
            published=_utc(event, "date"),
            updated=_utc(event, "modified"),
            start=start,
            end=end,
            tz=text(event.get("timezone")),
            status=_status(event),
            location=", ".join(distinct(places)) or None,
            geo=next((said for venue in venues if (said := geo(venue.get("geo_lat"), venue.get("geo_lng")))), None),
            organiser=", ".join(distinct(text(one.get("organizer")) for one in organisers)) or None,
            conference=text(event.get("virtual_url")) or text(event.get("online_url")),
            categories=distinct(text(term.get("name")) for term in terms if isinstance(term, dict)),
            attachments=tuple(_image(event.get("image"))),
        )
    ]


def _period(event: Facts) -> tuple[str | None, str | None]:
    """Start and end as written; of an event of whole days, its first and last day.

    A site whose days end late at night (« cutoff ») writes a whole day from 02:00:00 to the next day's 01:59:59.
    """
    start, end = text(event.get("start_date")), text(event.get("end_date"))
    if event.get("all_day") is not True or start is None:
        return start, end
    try:
        first, last = datetime.fromisoformat(start), datetime.fromisoformat(end or start)
        midnight = first.replace(hour=0, minute=0, second=0)
        return start[:10], (last - (first - midnight)).date().isoformat()
    except (ValueError, TypeError, OverflowError):
        return start[:10], end[:10] if end else None


def _utc(event: Facts, name: str) -> str | None:
    """A time in UTC, which its field's name says and its words do not."""
    said = text(event.get(f"{name}_utc"))
    if said and not said.startswith("0000"):
        return f"{said}Z"
    said = text(event.get(name))
    return said if said and not said.startswith("0000") else None


def _status(event: Facts) -> str | None:
    """« canceled », « postponed », as the plugin keeps it; else what its JSON-LD says."""
    said = text(event.get("event_status")) or text(facts(event.get("json_ld")).get("eventStatus"))
    return said.rsplit("/", 1)[-1] if said else None


def _place(venue: Facts) -> str | None:
    country = text(venue.get("country"))
    return line(
        venue.get("venue"),
        venue.get("address"),
        venue.get("zip"),
        venue.get("city"),
        None if country and country.casefold() in _FRANCE else country,
    )


def _image(image: object) -> Iterator[RawAttachment]:
    if isinstance(image, dict) and (url := text(image.get("url"))):
        yield RawAttachment(url)
