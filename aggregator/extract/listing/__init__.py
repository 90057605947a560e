"""The lists of a page that nobody described: repeated blocks with a title, a link and a date, as options of kind `html`.

`elements` makes the page one table; `sets` finds alike elements that read as items (`blocks`); `fields` writes selectors
for what they say (`selectors`), `paging` for the next page. What is proposed was read by kind `html` itself, and said the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape

from aggregator.errors import ExtractError
from aggregator.extract import dom
from aggregator.extract.html import Html
from aggregator.extract.listing.blocks import published
from aggregator.extract.listing.elements import How, Table
from aggregator.extract.listing.fields import Fields
from aggregator.extract.listing.paging import next_page
from aggregator.extract.listing.selectors import Finder, item_selector
from aggregator.extract.listing.sets import Set, as_events, featured, joined, sets, side
from aggregator.model import Limits, Page

_MOST_CHARS = 4_000_000
_PAGES = 3
_MOST_LISTS = 4
_AGREE = 0.9  # of the items of a list that kind `html` must read as they were understood


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of a page: `options` are those of kind `html`; `items` and how many of them are `dated`; `why` in words."""

    options: Mapping[str, object]
    items: int
    dated: int
    why: str


def detect(
    html: str, url: str, *, seen: datetime, tz: str = "Europe/Paris", language: str = "fr"
) -> tuple[Listing, ...]:
    """Find the lists of a page, the best first; () when nothing repeats, or when the page cannot be read.

    Lists of news and of events are told apart. A list without dates is given only where no other is. `seen`: when the
    page was fetched. Bounded on any page.
    """
    try:
        tree = dom.parse(html[:_MOST_CHARS])
    except ExtractError:
        return ()
    table = Table(tree, url, How(seen.date(), tz, language))
    page = Page(url, url, 200, b"", seen.astimezone(UTC), "", text=html[:_MOST_CHARS])
    found: list[tuple[Set, Listing]] = []
    likely = sets(table)
    finder = Finder(table)
    dated = any(one.dated * 2 > len(one.blocks) for one in likely)
    for one in likely:
        if len(found) == _MOST_LISTS:
            break
        if (dated and not one.dated) or any(_overlap(one, other) for other, _ in found):
            continue  # where a list has dates but no selectors, menus are no better
        if found and not _further(table, one, [other for other, _ in found]):
            continue
        for place, (other, _) in enumerate(found):
            if (both := joined(table, other, one)) and (listing := _listing(finder, both, page)):
                found[place] = (both, listing)
                break
        else:
            lead = featured(table, one)
            taken = lead is not None and any(
                _overlap(replace(lead, blocks=lead.blocks[:1]), other) for other, _ in found
            )
            for tried in (None if taken else lead, one):
                if tried is not None and (listing := _listing(finder, tried, page)):
                    found.append((tried, listing))
                    break
    return tuple(_paged(table, found))


def _further(table: Table, one: Set, found: list[Set]) -> bool:
    """Whether a set is a list beside those found: dated, and of the other side, or as good and not at the page's side."""
    alike = [other for other in found if side(table, other) == side(table, one)]
    if not alike:
        return sum(block.spot is not None for block in one.blocks) * 5 >= len(one.blocks) * 4
    documents = sum(block.document for block in one.blocks) * 2 > len(one.blocks)
    return one.dated > 0 and not one.aside and not documents and one.value * 4 >= alike[0].value


def _overlap(one: Set, other: Set) -> bool:
    """Whether two sets share a place of the page, or most of what they lead to."""
    theirs = {block.link.url for block in other.blocks}
    shared = sum(block.link.url in theirs for block in one.blocks)
    return shared * 3 > len(one.blocks) or any(
        a.at < b.stop and b.at < a.stop for a in one.blocks for b in other.blocks
    )


def _listing(finder: Finder, one: Set, page: Page) -> Listing | None:
    """The options that read these blocks, tried; None when no selectors do."""
    table = finder.table
    kind = side(table, one)
    posted = sum(published(table, block) for block in one.blocks) * 2 > len(one.blocks)
    posted = posted and all(block.spot.first <= table.how.seen for block in one.blocks if block.spot)
    event = kind == "event" and not posted  # whether the days are those of events
    one = as_events(table, one) if event else one
    item = item_selector(finder, [block.at for block in one.blocks])
    if item is None:
        return None
    fields = Fields(finder, one, event=event)
    title = fields.title()
    if not title:
        return None
    link = fields.link(title)
    day = fields.day() if any(block.over >= 0 for block in one.blocks) else []
    when = fields.beside_day() if day else fields.when()
    options: dict[str, object] = {"kind": kind} if kind == "event" else {}
    options["item"] = item
    if one.flat:
        options["flat"] = True
    said = {
        "title": title, "link": link, "day": day, "when" if event else "date": when, "summary": fields.summary(),
        **({"when": fields.announced()} if kind == "event" and not event else {}),
        "location": fields.location() if kind == "event" else [], "image": fields.image(),
    }  # fmt: skip
    options |= {name: found[0] if len(found) == 1 else found for name, found in said.items() if found}
    if _agreement(table, one, options, page) < _AGREE:
        return None
    what = "events" if kind == "event" else "news"
    shown = f"{one.dated} of them with a date" if one.dated else "none with a date"
    return Listing(options, len(one.blocks), one.dated, f"a list of {len(one.blocks)} {what} ({item}), {shown}")


def _agreement(table: Table, one: Set, options: Mapping[str, object], page: Page) -> float:
    """The part of the items that kind `html` reads as they were understood: the same title, link and day."""
    try:
        read = Html(**options)(page, Limits()).items  # type: ignore[arg-type]
    except (ExtractError, ValueError):
        return 0
    wanted = {(b.words, b.link.url, b.spot.first if b.spot and b.dated else None) for b in one.blocks}
    got = set()
    for item in read:
        link = dom.resolve(page.url, item.base, item.url or "")
        ours = item.published if "date" in options else item.when  # `when` beside `date`: what the blocks announce
        spot = table.how.find(ours, ahead="date" not in options) if ours else None
        got.add((" ".join(unescape(item.title or "").split()), link, spot.first if spot else None))
    return len(wanted & got) / max(len(wanted), len(got), 1)


def _paged(table: Table, found: list[tuple[Set, Listing]]) -> Iterator[Listing]:
    """The lists, with the page after this one given to the last list before its link."""
    further = next_page(table)
    ends = [one.blocks[-1].stop for one, _ in found]
    chosen = -1
    if further and found:
        before = [place for place, end in enumerate(ends) if end <= further.at]
        chosen = max(before, key=lambda place: ends[place]) if before else 0
    for place, (_, listing) in enumerate(found):
        if further and place == chosen:
            options = {**listing.options, "next": further.selector, "pages": _PAGES}
            yield replace(listing, options=options, why=f"{listing.why}; further pages")
        else:
            yield listing
