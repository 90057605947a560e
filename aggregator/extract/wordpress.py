"""WordPress's REST API (https://developer.wordpress.org/rest-api/reference/posts/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import unescape

from aggregator.errors import NothingFound
from aggregator.extract.feed_item import distinct
from aggregator.extract.rest import (
    Facts,
    answer,
    collect,
    each,
    facts,
    number,
    refused,
    short,
    text,
    whole,
    with_query,
)
from aggregator.model import Extracted, Kind, Limits, Page, RawAttachment, RawItem

_PROMISE = "WordPress's list of posts"
_STEP = (
    "end the address in /wp-json/wp/v2/posts?_embed=1&per_page=20 (or another type's list); where that is closed, "
    "try kind: feed with /feed/"
)
_PER_PAGE = 10  # unless the address says otherwise
_BEYOND = "rest_post_invalid_page_number"
_NO_DATE = "0000"  # a date that was never set: 0000-00-00 00:00:00


@dataclass(frozen=True, slots=True)
class Wordpress:
    """The kind `wordpress`: the posts of /wp-json/wp/v2/posts (or of another type there); at most `pages` pages are read.

    Ask with `_embed=1`: names of categories and authors, and pictures, come along. `kind`: event, of a type of its own whose
    posts are announcements: their day is read in fields of the site's own (acf, meta), else in their opening words.

    Raises:
        ValueError: an option is not what it must be; the words name it.
    """

    pages: int = field(default=2, metadata={"help": "how many pages of the list are read at most"})
    kind: Kind = field(default="news", metadata={"help": "event: the posts of this type are events"})

    def __post_init__(self) -> None:
        whole(self.pages)
        if self.kind not in ("news", "event"):
            raise ValueError(f"kind: {self.kind!r} is neither 'news' nor 'event'")

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Give each published post, its texts as HTML and its times in GMT; drafts and posts behind a password are left out.

        `more`: the next page, asked for by `offset`: beyond the end that gives an empty list, where `page` is refused.

        Raises:
            ExtractError: the answer is not a list of posts (NothingFound: it lists none).
        """
        found = answer(page, _PROMISE, _STEP)
        posts = list(found.values()) if isinstance(found, dict) and _numbered(found) else found
        per_page = number(page.url, "per_page", _PER_PAGE)
        offset = number(page.url, "offset", (number(page.url, "page", 1) - 1) * per_page)
        if offset and facts(found).get("code") == _BEYOND:
            return Extracted(())
        if not isinstance(posts, list) or (posts and not any(map(_is_post, posts))):
            raise refused(page, found, _PROMISE, _STEP)
        if not posts and not offset:
            raise NothingFound(f"{page.url} lists no post: {_STEP}")
        items, told = collect(posts, _post, limits.items)
        if self.kind == "event":
            by_id = {text(post.get("id")): post for post in _objects(posts)}
            items = tuple(_event(item, by_id.get(item.native_id, {})) for item in items)
        full = len(posts) >= per_page > 0
        more = (with_query(page.url, offset=offset + len(posts)),) if full and self.pages > 1 else ()
        return Extracted(items, more, left_out=told)


def _numbered(found: Facts) -> bool:
    """Whether PHP wrote a list with a gap (a plugin took posts out of it) as an object: {"0": …, "2": …}."""
    return bool(found) and all(key.isdigit() for key in found)


def _is_post(one: object) -> bool:
    """Whether this is a post, and not a category, an author or a type of posts."""
    return isinstance(one, dict) and "id" in one and ("title" in one or "content" in one)


def _post(post: Facts) -> list[RawItem] | str:
    title = _rendered(post.get("title"))
    status = text(post.get("status")) or "publish"
    if status != "publish":
        return f"{short(title)} is not published (status: {status})"
    content = facts(post.get("content"))
    if content.get("protected") is True:
        return f"{short(title)} stands behind a password"
    embedded = facts(post.get("_embedded"))
    guid = _rendered(post.get("guid"))
    link = text(post.get("link"))
    return [
        RawItem(
            native_id=text(post.get("id")),
            guid=unescape(guid) if guid else None,  # an address as HTML writes it: ?post_type=agenda&#038;p=811
            url=link,
            base=link,
            title=title,
            summary=_rendered(post.get("excerpt")),
            content=_rendered(content),
            published=_time(post, "date"),
            updated=_time(post, "modified"),
            author=", ".join(distinct(text(one.get("name")) for one in _objects(embedded.get("author")))) or None,
            categories=distinct(
                text(term.get("name")) for terms in each(embedded.get("wp:term")) for term in _objects(terms)
            ),
            attachments=tuple(_media(embedded)),
        )
    ]


# Fields that sites add for when and where an event is, as their editors call them: « date_debut », « start_date », « lieu ».
_START = re.compile(
    r"(?:event_?)?(?:start|debut|begin|date)|.*(?:_|^)(?:date_?(?:de_?)?(?:debut|start|event)|(?:start|debut|begin)_?date)",
    re.IGNORECASE,
)
_END = re.compile(r"(?:event_?)?(?:end|fin)|.*(?:_|^)(?:date_?(?:de_?)?(?:fin|end)|(?:end|fin)_?date)", re.IGNORECASE)
_PLACE = re.compile(r"(?:event_?)?(?:lieu|place|venue|location|adresse)", re.IGNORECASE)
_MOMENT = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?")
_OPENING = 400  # characters


def _event(item: RawItem, post: Facts) -> RawItem:
    """Give the event that a post announces: when and where it is."""
    own = {**facts(post.get("meta")), **facts(post.get("acf"))}
    start, end = _moment(own, _START), _moment(own, _END)
    place = next((text(value) for name, value in own.items() if _PLACE.fullmatch(name) and text(value)), None)
    if start is not None:
        return replace(item, kind="event", start=start, end=end, location=place)
    opening = next((words for name in ("excerpt", "content") if (words := _words(_rendered(post.get(name))))), None)
    return replace(item, kind="event", when=opening[:_OPENING] if opening else None, location=place)


def _moment(own: Facts, name: re.Pattern[str]) -> str | None:
    for key, value in own.items():
        found = _MOMENT.fullmatch(text(value) or "") if name.fullmatch(key) else None
        if found:
            year, month, day, hour = found.groups()
            return f"{year}-{month}-{day}" + (f"T{hour if hour.count(':') == 2 else hour + ':00'}" if hour else "")
    return None


def _words(html: str | None) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html or "")).split())


def _rendered(value: object) -> str | None:
    return text(value.get("rendered")) if isinstance(value, dict) else text(value)


def _time(post: Facts, name: str) -> str | None:
    """The time in GMT, which its field's name says and its words do not; else the one of the site's own clock."""
    gmt, local = text(post.get(f"{name}_gmt")), text(post.get(name))
    if gmt and not gmt.startswith(_NO_DATE):
        return f"{gmt}Z"
    return local if local and not local.startswith(_NO_DATE) else None


def _objects(value: object) -> Iterator[Facts]:
    return (one for one in each(value) if isinstance(one, dict))


def _media(embedded: Facts) -> Iterator[RawAttachment]:
    for one in _objects(embedded.get("wp:featuredmedia")):
        if url := text(one.get("source_url")):
            size = text(facts(one.get("media_details")).get("filesize"))
            yield RawAttachment(url, text(one.get("mime_type")), size, text(one.get("alt_text")))
