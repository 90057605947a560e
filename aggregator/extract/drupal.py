"""Drupal's JSON:API (https://www.drupal.org/docs/core-modules-and-themes/core-modules/jsonapi-module)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urljoin

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
    linked,
    occurrences,
    prose,
    query,
    refused,
    short,
    text,
    whole,
)
from aggregator.model import Extracted, Limits, Page, RawAttachment, RawItem

_PROMISE = "a collection of Drupal's JSON:API"
_STEP = (
    "end the address in /jsonapi/node/TYPE?sort=-created (TYPE as /jsonapi lists them: article, actualite, evenement); "
    "where that is closed, try kind: feed with /rss.xml"
)
_MOST_RELATED = 100  # fields, and entities in them, looked at for one page
Included = Mapping[tuple[str, str], Facts]


@dataclass(frozen=True, slots=True)
class Drupal:
    """The kind `drupal`: the pages of one type, as /jsonapi/node/TYPE lists them; at most `pages` pages of the list are read.

    Fields differ by site, and options name them: `date`, when an event is (all are events then); `location`, where;
    `summary`, its opening; `published`, when it was published (`created`, when it was written, unless named otherwise).
    Ask with `include=` to get what other entities say: themes, pictures, places.

    Raises:
        ValueError: an option is not what it must be; the words name it.
    """

    pages: int = field(default=2, metadata={"help": "how many pages of the list are read at most"})
    date: str | None = field(
        default=None, metadata={"help": "the field that says when an event is; all pages are events then"}
    )
    location: str | None = field(default=None, metadata={"help": "the field that says where an event is"})
    summary: str | None = field(default=None, metadata={"help": "the field that holds the opening of a text"})
    published: str = field(default="created", metadata={"help": "the field that says when a page was published"})

    def __post_init__(self) -> None:
        whole(self.pages)
        for option in ("date", "location", "summary", "published"):
            if not isinstance(getattr(self, option), str | None):
                raise ValueError(f"{option}: {getattr(self, option)!r} is not the name of a field")

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Give each published page (of an event, once for each of its dates), texts as HTML, times as written.

        Raises:
            ExtractError: the answer is no collection, or no page has the field that `date` names (NothingFound: it is empty).
        """
        found = answer(page, _PROMISE, _STEP)
        rows = found.get("data") if isinstance(found, dict) else None
        if not isinstance(rows, list) or (rows and not any(isinstance(facts(r).get("attributes"), dict) for r in rows)):
            raise refused(page, found, _PROMISE, _STEP)
        if not rows and not query(page.url, "page[offset]"):
            raise NothingFound(f"{page.url} lists nothing: {_STEP}")
        fields = [_fields(row) for row in rows if isinstance(row, dict)]
        if self.date and fields and not any(self.date in names for names in fields):
            raise NothingFound(
                f"no page has a field {self.date!r}, which date: names (there are {', '.join(list(fields[0])[:40])})"
            )
        included = {
            (text(one.get("type")) or "", text(one.get("id")) or ""): one
            for one in each(found.get("included"))
            if isinstance(one, dict)
        }
        most = limits.events if self.date else limits.items
        items, told = collect(rows, lambda row: self._item(row, included, page), most)
        following = facts(found.get("links")).get("next")
        link = following.get("href") if isinstance(following, dict) else following
        return Extracted(items, tuple(linked(page, link)) if self.pages > 1 else (), left_out=told)

    def _item(self, row: Facts, included: Included, page: Page) -> tuple[RawItem, ...] | str:
        said = facts(row.get("attributes"))
        title = html(said.get("title")) or html(said.get("name"))
        if said.get("status") is False:
            return f"{short(title)} is not published (status: false)"
        if text(said.get("moderation_state")) not in (None, "published"):
            return f"{short(title)} is not published (moderation_state: {text(said.get('moderation_state'))})"
        body = facts(said.get("body"))
        opening = said.get(self.summary) if self.summary else None
        place, point = self._place(row, included)
        link = _address(said, page)
        item = RawItem(
            kind="event" if self.date else "news",
            native_id=text(row.get("id")),
            url=link,
            base=link,
            title=title,
            summary=_formatted(opening) or prose(body.get("summary")),
            content=_formatted(said.get("body")),
            published=_value(said.get(self.published)),
            updated=text(said.get("changed")),
            location=html(place),
            geo=point,
            language=text(said.get("langcode")),
            categories=distinct(_terms(row, included)),
            attachments=tuple(_files(row, included, page)),
        )
        when = [pair for one in each(said.get(self.date)) if (pair := _period(one))] if self.date else []
        return occurrences(item, when, page) if when else (item,)

    def _place(self, row: Facts, included: Included) -> tuple[str | None, str | None]:
        """Where an event is, and its coordinates: a text, an address, a point, or the entity that the field refers to."""
        if not self.location:
            return None, None
        value = facts(row.get("attributes")).get(self.location)
        if value is None:
            named = [facts(one.get("attributes")) for one in _related(row, self.location, included)]
            return line(*(one.get("title") or one.get("name") for one in named)), None
        one = next(iter(each(value)), None)
        if not isinstance(one, dict):
            return line(*each(value)), None
        place = line(
            one.get("organization"),
            one.get("address_line1"),
            one.get("address_line2"),
            one.get("postal_code"),
            one.get("locality"),
            one.get("value"),
        )
        return place if "lat" not in one else line(one.get("organization")), geo(
            one.get("lat"), one.get("lon", one.get("lng"))
        )


def _fields(row: Facts) -> list[str]:
    return [f"{name:.40}" for part in ("attributes", "relationships") for name in facts(row.get(part))]


def _value(value: object) -> str | None:
    one = next(iter(each(value)), None)
    return text(one.get("value")) if isinstance(one, dict) else text(one)


def _period(value: object) -> tuple[str, str | None] | None:
    """Start and end of a date, a range or a « smart date »."""
    if not isinstance(value, dict):
        start = text(value)
        return (start, None) if start else None
    start, end = text(value.get("value")), text(value.get("end_value"))
    return (start, end) if start else None


def _formatted(value: object) -> str | None:
    """A text as HTML: as the site's own filters render it, else as it was typed."""
    one = next(iter(each(value)), None)
    if isinstance(one, dict):
        return text(one.get("processed")) or prose(one.get("value"))
    return prose(one)


def _address(said: Facts, page: Page) -> str | None:
    """The page that people read: its alias below the site's root, which is what stands before /jsonapi in our address."""
    path = facts(said.get("path"))
    alias, number = text(path.get("alias")), text(said.get("drupal_internal__nid"))
    root, api, _ = page.url.partition("/jsonapi")
    where = alias if alias and alias.startswith("/") else f"/node/{number}" if number else None
    return root + where if where and api else where


# ── other entities ──────────────────────────────────────────────────────────────────────────────


def _related(row: Facts, field: str, included: Included) -> Iterator[Facts]:
    for one in each(facts(facts(row.get("relationships")).get(field)).get("data"))[:_MOST_RELATED]:
        if isinstance(one, dict):
            found = included.get((text(one.get("type")) or "", text(one.get("id")) or ""))
            if found is not None:
                yield found


def _all_related(row: Facts, included: Included) -> Iterator[Facts]:
    fields = list(islice(facts(row.get("relationships")), _MOST_RELATED))
    yield from islice((one for field in fields for one in _related(row, field, included)), _MOST_RELATED)


def _terms(row: Facts, included: Included) -> Iterator[str | None]:
    for one in _all_related(row, included):
        if (text(one.get("type")) or "").startswith("taxonomy_term--"):
            yield html(facts(one.get("attributes")).get("name"))


def _files(row: Facts, included: Included, page: Page) -> Iterator[RawAttachment]:
    """The files of a page, its own and those of its media."""
    for one in _all_related(row, included):
        if (text(one.get("type")) or "").startswith("media--"):
            files: list[Any] = list(_related(one, "field_media_image", included)) or list(_all_related(one, included))
        else:
            files = [one]
        for file in files:
            said = facts(file.get("attributes"))
            url = text(facts(said.get("uri")).get("url"))
            if text(file.get("type")) == "file--file" and url:
                try:
                    absolute = urljoin(page.url, url)
                except ValueError:  # "http://["
                    continue
                yield RawAttachment(absolute, text(said.get("filemime")), text(said.get("filesize")))
