"""The selectors of an item's fields: what most blocks agree on, tried on each of them as kind `html` reads it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from aggregator.extract import dom
from aggregator.extract.listing import days
from aggregator.extract.listing.blocks import Block, part_at
from aggregator.extract.listing.elements import Table
from aggregator.extract.listing.selectors import Finder, inner_candidates, names
from aggregator.extract.listing.sets import Set

_SAMPLE = 24  # blocks on which selectors are tried before all of them are
_TRIED = 24  # selectors that are tried for a field
_PLACE = re.compile(
    r"(?:.*[-_])?(?:lieux?|locations?|places?|venues?|salles?|adresses?|address|ou|where|endroit|ville|localisation)(?:[-_].*)?"
)
_SUMMARY = re.compile(
    r"(?:.*[-_])?(?:summary|intro(?:duction)?|chapo|chapeau|desc(?:ription)?|excerpt|extrait|resume|texte?|body|content|accroche|details?|teaser-text|lead)(?:[-_].*)?"
)
_UNLINKED = "::unlinked"
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-srcset")

_OPENING = 400  # characters of a text in which an announcement says its day
_INLINE = frozenset({"a", "b", "em", "i", "small", "span", "strong", "time"})

Value = str | int | date | None
Read = Callable[[Block, str], Value]


def agreed(
    blocks: Sequence[Block], wanted: Sequence[Value], candidates: Iterable[str], read: Read, *, strict: bool = True
) -> list[str]:
    """Selectors, tried in their order, that give each block what is wanted of it; [] when there are none.

    `read` gives a block's value by a selector. `strict`: a selector that gives some block something else is not
    taken. A value that is not wanted (None) may be anything.
    """
    found: list[str] = []
    left = [place for place, value in enumerate(wanted) if value is not None]
    ranked = list(dict.fromkeys(candidates))
    while left and len(found) < 3:
        best: tuple[int, str, list[int]] | None = None
        for selector in ranked:
            values = {place: read(blocks[place], selector) for place in left}
            right = [place for place in left if values[place] == wanted[place]]
            wrong = sum(values[place] is not None for place in left) - len(right)
            if wrong and (strict or wrong * 20 > len(left)):
                continue
            if right and (best is None or len(right) > best[0]):
                best = (len(right), selector, right)
                if len(right) == len(left):
                    break
        if best is None:
            break
        found.append(best[1])
        left = [place for place in left if place not in set(best[2])]
    return found


def _tried(table: Table, blocks: Sequence[Block], target: Callable[[Block], int], *, flat: bool) -> list[str]:
    """Candidates of some blocks; the first places weigh more where several blocks name the same ones."""
    counts: Counter[str] = Counter()
    order: dict[str, int] = {}
    for block in blocks[:_SAMPLE]:
        at = target(block)
        if at < 0:
            continue
        for place, selector in enumerate(dict.fromkeys(inner_candidates(table, block.at, at, flat=flat))):
            counts[selector] += 1
            order[selector] = min(place, order.get(selector, place))
    ranked = sorted(counts, key=lambda name: (-(counts[name] * 10 // max(1, len(blocks[:_SAMPLE]))), order[name]))
    return ranked[:_TRIED]


class Fields:
    """The fields of the blocks of one list."""

    def __init__(self, finder: Finder, one: Set, *, event: bool) -> None:
        self.finder = finder
        self.table = finder.table
        self.blocks = one.blocks
        self.event = event
        self.flat = one.flat

    # ── reading as kind `html` does ─────────────────────────────────────────────────────────────

    def _all_of(self, block: Block, css: str) -> list[int]:
        return self.finder.inside(block.at, block.stop, css) if css else [block.at]

    def _first(self, block: Block, selector: str) -> int | None:
        """The first element with words that a selector gives in a block."""
        return next((row for row in self._all_of(block, selector.removesuffix("::text")) if self.table.text(row)), None)

    def _title(self, block: Block, selector: str) -> Value:
        row = self._first(block, selector)
        return self.table.line(row) if row is not None else None

    def _href(self, block: Block, selector: str) -> Value:
        for row in self._all_of(block, selector.partition("::")[0]):
            href = (self.table.rows[row].attrs.get("href") or "").strip()
            if href and href != "#" and not href.lower().startswith(("javascript:", "mailto:", "tel:")):
                return dom.resolve(self.table.url, self.table.base, href)
        return None

    def _day(self, block: Block, selector: str) -> Value:
        """The day that the words or the attribute of a selector say."""
        css, _, attribute = selector.partition("::attr(")
        if attribute:
            for row in self._all_of(block, css):
                if value := (self.table.rows[row].attrs.get(attribute[:-1]) or "").strip():
                    spot = self.table.how.find(value)
                    return spot.first if spot else value
            return None
        found: int | None = block.at
        if css == _UNLINKED:
            text = self.table.unlinked(block.at)
        else:
            found = self._first(block, css)
            text = self.table.date_words(found) if found is not None else ""
        if found is None or not text:
            return None
        if (
            block.date >= 0
            and not css.startswith("::")
            and self.table.size(found) > 2 * self.table.size(block.date) + 30
        ):
            return text  # a whole card: another day may come before the one that is meant
        spot = self.table.how.find(text[:200] if self.event else " ".join(text[:200].split()), ahead=self.event)
        if spot is None or (spot.turned and not spot.year and not self.event):
            return text
        return spot.first

    # ── choosing ────────────────────────────────────────────────────────────────────────────────

    def title(self) -> list[str]:
        """Selectors of the title; [] when none gives every title."""
        wanted = [block.words for block in self.blocks]
        tried = _tried(self.table, self.blocks, lambda block: block.title, flat=self.flat)
        if not self.flat and any(block.title == block.at for block in self.blocks):
            tried.append("::text")
        return self._all(wanted, tried, self._title)

    def link(self, title: list[str]) -> list[str]:
        """Selectors of the link: the title's own where they give it."""
        wanted = [block.link.url for block in self.blocks]
        tried = [name for name in title if not name.endswith("::text")]
        tried += [f"{name} a" for name in tried if not name.endswith("a")]
        tried += _tried(self.table, self.blocks, lambda block: block.link.at, flat=self.flat)
        tried += ["::attr(href)"] if any(block.link.at == block.at for block in self.blocks) else []
        return self._all(wanted, tried, self._href)

    def _all(self, wanted: Sequence[Value], tried: Sequence[str], read: Read) -> list[str]:
        found = agreed(self.blocks, wanted, dict.fromkeys(tried), read)
        return found if self._give(found, read, wanted) else []

    def _give(self, selectors: list[str], read: Read, wanted: Sequence[Value]) -> bool:
        def value(block: Block) -> Value:
            return next((said for name in selectors if (said := read(block, name)) is not None), None)

        return bool(selectors) and all(value(b) == want for b, want in zip(self.blocks, wanted, strict=True))

    def when(self) -> list[str]:
        """Selectors of the date: its words where they say the year, else the machine value beside them."""
        own = [block for block in self.blocks if block.date >= 0]
        if not own:
            return []
        tried = _tried(self.table, own, lambda block: block.date, flat=self.flat)
        if any(block.date == block.at for block in own):
            tried += [_UNLINKED, "::text"]
        stamps = [self._stamp(block) for block in own]
        spoken = [
            self.table.how.find(
                (self.table.unlinked(at) if at == block.at else self.table.date_words(at))[:200], ahead=self.event
            )
            for block in own
            for at in [block.date]
        ]
        certain = all(
            spot and not (spot.turned and not spot.year and not self.event) and (spot.year or stamp is None or spot.first == stamp)
            for spot, stamp in zip(spoken, stamps, strict=True)
        )  # fmt: skip
        wanted: list[Value] = [spot.first if spot else None for spot in spoken]
        words = agreed(own, wanted, tried, self._day, strict=False) if tried else []
        if certain and words:
            return words
        marked = [name for name in (*tried, "time") if "::" not in name]
        machine = agreed(
            own, list(stamps), [f"{name}::attr(datetime)" for name in dict.fromkeys(marked)], self._day, strict=False
        )  # fmt: skip
        return [*machine, *words][:4] if machine else words

    def _stamp(self, block: Block) -> date | None:
        """The day of the machine value of a block's date: of the element, or of a <time> in it or around it."""
        rows = self.table.rows
        places = [*range(block.date, rows[block.date].stop), *self.table.above(block.date)[:2]]
        if block.date == block.at:
            places = list(range(block.at, rows[block.at].stop))
        for at in places:
            if (
                rows[at].tag == "time"
                and (value := rows[at].attrs.get("datetime"))
                and (spot := self.table.how.find(value))
            ):
                return spot.first
        return None

    def day(self) -> list[str]:
        """The selector of the headings that date the blocks under them; [] when none tells each its own."""
        table = self.table
        wanted = [(block.at, table.text(block.over)) for block in self.blocks if block.over >= 0]
        overs = dict.fromkeys(block.over for block in self.blocks if block.over >= 0)
        tried: list[str] = []
        for over in list(overs)[:3]:
            row = table.rows[over]
            same = [at for at in range(over + 1, row.stop) if table.text(at) == table.text(over)]
            inner = [names(table.rows[at])[0] for at in same]
            around = [name for up in table.above(over)[:4] for name in names(table.rows[up])[:2]]
            tried += [*names(row), *inner, *(f"{row.tag}:has(> {name})" for name in inner)]
            tried += [
                f"{outer}{gap}{name}" for gap in (" ", " > ") for outer in around for name in (*names(row)[:2], *inner)
            ]
            tried += [f"{row.tag}:first-child", f"{row.tag}:not(:has(a))"]
        for selector in dict.fromkeys(tried):
            given = self.finder.rows(selector)
            said = [(at, table.text(given[place - 1]) if (place := bisect_left(given, at)) else "") for at, _ in wanted]
            if said == wanted:
                return [selector]
        return []

    def beside_day(self) -> list[str]:
        """Selectors of what blocks say of their time where a heading says the day: « 18h30 », « Jeudi 12 »."""
        table = self.table

        def hours(block: Block) -> int:
            if block.date >= 0:
                return block.date
            if (half := part_at(table, block.at)) >= 0:
                return half
            return next((at for at in range(block.at, block.stop) if days.is_clock(table.text(at))), -1)

        def words(block: Block, selector: str) -> Value:
            if selector == _UNLINKED:
                return table.unlinked(block.at) or None
            row = self._first(block, selector)
            return table.date_words(row) if row is not None else None

        places = [hours(block) for block in self.blocks]
        wanted: list[Value] = [
            None if at < 0 else table.unlinked(at) if at == block.at else table.date_words(at)
            for block, at in zip(self.blocks, places, strict=True)
        ]
        if all(value is None for value in wanted):
            return []
        tried = _tried(table, self.blocks, hours, flat=self.flat)
        return agreed(self.blocks, wanted, [*tried, _UNLINKED], words)[:1]

    def summary(self) -> list[str]:
        """The selector of a text under the title that at least half of the blocks have."""
        return self._common(lambda block: self._named(block, _SUMMARY, long=True) or self._paragraph(block))

    def announced(self) -> list[str]:
        """The selector of the words that say when an event is, beside the day on which it was published: four blocks of five
        have them, or it is chance."""
        rows = [self._announced(block) for block in self.blocks]
        if sum(at > 0 for at in rows) * 5 < len(rows) * 4:
            return []
        return self._common(lambda block: rows[self.blocks.index(block)])

    def _announced(self, block: Block) -> int:
        """The innermost element that names another day than the block's own; 0 of none."""
        found = 0
        for at in range(block.at + 1, block.stop):
            row = self.table.rows[at]
            if (found and at >= self.table.rows[found].stop) or not self._clear(block, at):
                continue
            spot = self.table.how.find(self.table.text(at)[:_OPENING], ahead=True)
            if spot is not None and (block.spot is None or spot.first != block.spot.first) and row.tag not in _INLINE:
                found = at
        return found

    def location(self) -> list[str]:
        """The selector of the place, where blocks name one."""
        return self._common(lambda block: self._named(block, _PLACE, long=False))

    def _named(self, block: Block, pattern: re.Pattern[str], *, long: bool) -> int:
        for at in range(block.at + 1, block.stop):
            row = self.table.rows[at]
            said = f"{row.attrs.get('class') or ''} {row.attrs.get('itemprop') or ''}".lower().split()
            if said and any(pattern.fullmatch(name) for name in said) and self._apart(block, at, long=long):
                return at
        return 0

    def _paragraph(self, block: Block) -> int:
        return next(
            (
                at
                for at in range(block.at + 1, block.stop)
                if self.table.rows[at].tag == "p" and self._apart(block, at, long=True)
            ),
            0,
        )

    def _apart(self, block: Block, at: int, *, long: bool) -> bool:
        """Whether an element with words holds neither title nor date, and stands in neither."""
        text = self.table.text(at)
        return self._clear(block, at) and (len(text) > 40 if long else 1 < len(text) < 150)

    def _clear(self, block: Block, at: int) -> bool:
        stop = self.table.rows[at].stop
        return not any(
            other >= 0 and other != block.at and (at <= other < stop or other <= at < self.table.rows[other].stop)
            for other in (block.title, block.date)
        )

    def _common(self, target: Callable[[Block], int]) -> list[str]:
        rows = [target(block) for block in self.blocks]
        having = [(block, at) for block, at in zip(self.blocks, rows, strict=True) if at]
        if len(having) * 2 < len(self.blocks):
            return []
        wanted: list[Value] = [at or None for at in rows]
        places = {block.at: at for block, at in having}
        tried = _tried(self.table, [block for block, _ in having], lambda block: places[block.at], flat=self.flat)
        for selector in tried[:8]:
            found = [self._first(block, selector) for block in self.blocks]
            wrong = sum(got is not None and got != want for got, want in zip(found, wanted, strict=True))
            if not wrong and sum(got is not None for got in found) * 2 >= len(self.blocks):
                return [selector]
        return []

    def image(self) -> list[str]:
        """The selector of the picture, where at least half of the blocks have one; of its late source if it loads late."""
        pictures = [
            next((at for at in range(block.at, block.stop) if self.table.rows[at].tag == "img"), -1)
            for block in self.blocks
        ]
        there = [self.table.rows[at] for at in pictures if at >= 0]
        if len(there) * 2 < len(self.blocks):
            return []
        for name in _LAZY[:3]:
            if all(row.attrs.get(name) for row in there):
                return [f"img::attr({name})"]
        return ["img"] if not any((row.attrs.get("src") or "data:").startswith("data:") for row in there) else []
