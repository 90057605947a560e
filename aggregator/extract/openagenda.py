"""OpenAgenda's API v2 and its agendas' JSON export (https://developers.openagenda.com/evenements/lecture)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_plus, urljoin

from aggregator.errors import NothingFound
from aggregator.extract.feed_item import distinct
from aggregator.extract.rest import (
    Facts,
    answer,
    collect,
    each,
    facts,
    geo,
    html,
    line,
    occurrences,
    prose,
    refused,
    short,
    status,
    text,
    timings,
    whole,
)
from aggregator.model import Extracted, Limits, Page, RawAttachment, RawItem

_PROMISE = "an agenda of OpenAgenda"
_STEP = (
    "take https://openagenda.com/agendas/UID/events.v2.json?relative[]=current&relative[]=upcoming&size=100&detailed=1"
    "&longDescriptionFormat=HTML, "
    "UID being the number that the agenda's page shows"
)
_PUBLISHED = "2"  # of an event's state: -1 refused, 0 to be checked, 1 checked, 2 published


@dataclass(frozen=True, slots=True)
class OpenAgenda:
    """The kind `openagenda`: an agenda's events.v2.json, or api.openagenda.com/v2/agendas/UID/events; at most `pages` pages.

    Long texts are Markdown unless the address asks for `longDescriptionFormat=HTML`.
    `language`: of the titles and texts that are wanted; where they are not given in it, another one that is.

    Raises:
        ValueError: `pages` is not a number of pages.
    """

    pages: int = field(default=3, metadata={"help": "how many pages of the list are read at most"})
    language: str = field(
        default="fr", metadata={"help": "of the titles and texts that are wanted, where they are given in it"}
    )

    def __post_init__(self) -> None:
        whole(self.pages)

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Give each published event once for each of its dates, texts as HTML. An agenda that says it is empty gives none.

        `more`: the next page, which `after` names. `complete` when one page holds the whole list.

        Raises:
            ExtractError: the answer is not an agenda (NothingFound: it lists nothing and counts something).
        """
        found = answer(page, _PROMISE, _STEP)
        events = found.get("events") if isinstance(found, dict) else None
        if not isinstance(events, list):
            raise refused(page, found, _PROMISE, _STEP)
        first = not _after(page.url)
        if not events and first and found.get("total") != 0:
            raise NothingFound(f"{page.url} lists no event and does not say that there is none: {_STEP}")
        items, told = collect(events, lambda event: self._event(event, page), limits.events)
        whole_list = bool(items) and first and not told and found.get("total") == len(events)
        more = () if whole_list or self.pages == 1 or not events else tuple(_next(page.url, found.get("after")))
        return Extracted(items, more, complete=whole_list, left_out=told)

    def _event(self, event: Facts, page: Page) -> tuple[RawItem, ...] | str:
        if event.get("removed") is True:  # an address with removed=null lists these too
            return f"event {text(event.get('uid')) or '?'} was removed"
        title = html(self._said(event.get("title")))
        state = text(event.get("state"))
        if state is not None and state != _PUBLISHED:
            return f"{short(title)} is not published (state: {state})"
        if event.get("draft") is True or event.get("private") in (True, 1):
            return f"{short(title)} is not for the public"
        place = facts(event.get("location"))
        item = RawItem(
            kind="event",
            native_id=text(event.get("uid")),
            url=text(event.get("canonicalUrl")) or text(event.get("link")),
            title=title,
            summary=prose(self._said(event.get("description"))),
            content=prose(self._said(event.get("html"))) or prose(self._said(event.get("longDescription"))),
            updated=text(event.get("updatedAt")),
            when=text(self._said(event.get("dateRange"))),
            tz=text(event.get("timezone")) or text(place.get("timezone")),
            status=status(event.get("status")),
            location=html(line(place.get("name"), place.get("address"), place.get("postalCode"), place.get("city"))),
            geo=geo(place.get("latitude"), place.get("longitude")),
            organiser=html(facts(event.get("organizer")).get("name")) or html(event.get("organizer")),
            conference=text(event.get("onlineAccessLink")),
            categories=distinct(html(word) for word in each(self._said(event.get("keywords")))),
            attachments=tuple(_image(event.get("image"))),
        )
        when = timings(event.get("timings"))
        return occurrences(item, when, page) if when else (item,)

    def _said(self, value: object) -> object:
        """A text in the language that is wanted, else in any; with `monolingual`, texts are given as they are."""
        if not isinstance(value, dict):
            return value
        return value.get(self.language) or next((one for one in value.values() if one), None)


def _image(image: object) -> Iterator[RawAttachment]:
    if isinstance(image, str):
        found = text(image)
    else:
        base, name = text(facts(image).get("base")), text(facts(image).get("filename"))
        try:
            found = urljoin(base, name) if base and name else None
        except ValueError:  # "http://["
            found = None
    if found:
        yield RawAttachment(found)


# ── the next page ───────────────────────────────────────────────────────────────────────────────


def _after(url: str) -> list[str]:
    """The pieces of the address that say after which event its page begins."""
    pieces = url.partition("#")[0].partition("?")[2].split("&")
    return [piece for piece in pieces if unquote_plus(piece.partition("=")[0]).partition("[")[0] == "after"]


def _next(url: str, after: object) -> Iterator[str]:
    """The address of the page that begins after the sort values of this one's last event, one parameter each."""
    values = [text(one) for one in each(after)]
    if not values or None in values:
        return
    before = _after(url)
    path, _, query = url.partition("#")[0].partition("?")
    kept = [piece for piece in query.split("&") if piece and piece not in before]
    yield path + "?" + "&".join([*kept, *(f"after[]={quote(value or '', safe='')}" for value in values)])
