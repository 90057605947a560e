"""CSS selectors that say which elements are meant, short and by names that stay: never a position among the items."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from aggregator.extract.listing.elements import HEADINGS, MOST_CLASSES, Element, Table, stable

_MODULE = re.compile(r"([A-Za-z]\w*?(?:__|--|_)[A-Za-z]+?(?:__|_))[A-Za-z0-9+-]{5,8}")  # news_card__x7Yz2
_FIELD = re.compile(
    r".*(?:title|titre|date|publi|lieu|place|time|intro|chapo|summary|resume|excerpt|desc|headline).*", re.IGNORECASE
)
_ITEM = re.compile(r".*(?:actu|news|event|evenement|agenda|article|post|entry|card|item|teaser).*", re.IGNORECASE)
_ATTRIBUTES = ("itemprop", "data-label", "data-th", "headers")
_MOST_FOUND = 200_000  # elements that selectors may give, all together
_ALONE = frozenset(("article", "time", "main"))  # tags that say what they hold
_VALUE = re.compile(r"[\w -]{2,40}")


def names(row: Element) -> list[str]:
    """Simple selectors of an element, the most telling first, its bare tag last."""
    if not row.names:
        telling = sorted(
            row.classes, key=lambda name: (not _FIELD.fullmatch(name), not _ITEM.fullmatch(name), len(name))
        )
        row.names += [f"{row.tag}.{name}" for name in telling]
        said = ((name, row.attrs.get(name)) for name in _ATTRIBUTES)
        row.names += [f'{row.tag}[{name}="{value}"]' for name, value in said if value and _VALUE.fullmatch(value)]
        row.names += [f"#{row.id}"] if row.id else []
        given = (row.attrs.get("class") or "").split()[:MOST_CLASSES]
        modules = (_MODULE.fullmatch(name) for name in given if not stable(name))
        row.names += [f'{row.tag}[class*="{module[1]}"]' for module in modules if module]
        row.names.append(row.tag)
    return row.names


class Finder:
    """Which rows of a table a selector gives, each selector tried once."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._rows: dict[str, list[int]] = {}
        self._left = _MOST_FOUND

    def rows(self, selector: str) -> list[int]:
        """The rows of the page that a selector gives, in the page's order; those that were not read as -1."""
        if (found := self._rows.get(selector)) is None:
            if self._left < 0:
                return [-1]  # a page made to be slow: nothing more is tried on it
            at = self.table.at
            found = self._rows[selector] = sorted(at.get(node.mem_id, -1) for node in self.table.tree.css(selector))
            self._left -= len(found)
        return found

    def inside(self, index: int, stop: int, selector: str) -> list[int]:
        """Those from row `index` on and before `stop`."""
        found = self.rows(selector)
        return found[bisect_left(found, index) : bisect_left(found, stop)]


def item_selector(finder: Finder, wanted: Sequence[int]) -> str | None:
    """A selector that gives these rows, and besides them only elements without links of their own.

    The first of them may be marked up in another way than the others. None when there is no such selector.
    """
    rows = [finder.table.rows[at] for at in wanted]
    apart = len(wanted) > 2 and len(_common(rows)) <= 1 < len(_common(rows[1:]))
    if not apart and (selector := _selector(finder, wanted)):
        return selector
    groups: dict[int, list[int]] = {}
    for at in wanted:
        groups.setdefault(finder.table.rows[at].parent, []).append(at)
    if 1 < len(groups) < 4:
        each = [_selector(finder, group) for group in groups.values()]
        if all(each):
            return ", ".join(dict.fromkeys(str(selector) for selector in each))
    return _selector(finder, wanted) if apart else None


def _selector(finder: Finder, wanted: Sequence[int]) -> str | None:
    table = finder.table
    rows = [table.rows[at] for at in wanted]
    if len({row.tag for row in rows}) > 1:
        return None
    target = frozenset(wanted)
    urls = {link.url for at in wanted for link in table.links_in(at)}
    second = None
    for selector in _candidates(table, rows, _common(rows), _held(table, wanted)):
        more = set(given := finder.rows(selector)) - target
        if len(given) - len(more) == len(target) and all(
            at >= 0 and _nothing_new(table, at, wanted, urls) for at in more
        ):
            if len(more) * 5 <= len(target):
                return selector
            second = second or selector
    return second


def _held(table: Table, wanted: Sequence[int]) -> list[str]:
    """Simple selectors of what each of some elements holds, the most telling first, for telling them from others."""
    counts: Counter[str] = Counter()
    for at in wanted[:24]:
        stop = min(table.rows[at].stop, at + 60)
        counts.update({name for inner in range(at + 1, stop) for name in names(table.rows[inner])})
    each = [name for name, count in counts.items() if count == min(24, len(wanted))]
    return sorted(each, key=lambda name: (name not in _ALONE, "." not in name, len(name), name))


def _nothing_new(table: Table, at: int, wanted: Sequence[int], urls: set[str]) -> bool:
    """Whether an element is no further item: without a link, or apart with those of an item, as the copies in a carousel."""
    links = table.links_in(at)
    if not links:
        return True
    place = bisect_left(wanted, at)
    around = place > 0 and at < table.rows[wanted[place - 1]].stop
    holds = place < len(wanted) and wanted[place] < table.rows[at].stop
    return not around and not holds and all(link.url in urls for link in links)


def _common(rows: Sequence[Element]) -> list[str]:
    """The simple selectors that all of some elements share, the most telling first."""
    counts = Counter(name for row in rows for name in dict.fromkeys(names(row)))
    return [name for name in names(rows[0]) if counts[name] == len(rows)]


def _candidates(table: Table, rows: Sequence[Element], own: list[str], inner: list[str]) -> Iterator[str]:
    tag = rows[0].tag
    named = [name for name in own if name != tag][:4]
    yield from named
    if len(named) > 1:
        yield named[0] + "." + named[1].partition(".")[2] if "." in named[1] else named[0]
    if tag in _ALONE:
        yield tag
    parents = _common([table.rows[row.parent] for row in rows])
    grand = _common([table.rows[max(0, table.rows[row.parent].parent)] for row in rows])
    outer = list(_contexts(table, rows))
    for name in [*named, tag]:
        for parent in parents[:-1][:3]:
            yield f"{parent} > {name}"
        for over in grand[:-1][:2]:
            yield f"{over} > {parents[-1]} > {name}" if parents else f"{over} {name}"
        for over in outer[:6]:
            yield f"{over} {name}"
            if parents and name == tag:
                yield f"{over} {parents[-1]} > {name}"
    if parents and parents[-1] not in ("body", "div"):
        yield f"{parents[-1]} > {tag}"
    if before := _before(table, rows[0].parent):
        for name in [*named[:1], tag]:
            yield f"{before} + {parents[-1]} > {name}" if parents else f"{before} + * > {name}"
    for over in ("", *(f"{parent} > " for parent in parents[:2]), *(f"{over} " for over in outer[:4])):
        for name in [*named[:2], tag]:
            for mark in inner[:8]:
                yield f"{over}{name}:has({mark})"
    if start := _shared_start(table, rows):
        yield from (
            (f'a[href^="{start}"]',)
            if tag == "a"
            else (f'{tag}:has(> a[href^="{start}"])', f'{tag}:has(a[href^="{start}"])')
        )
    for over in outer[:3]:
        for other in outer[1:8]:
            if other != over:
                yield f"{other} {over} {tag}"
    yield from _paths(table, rows)
    step = f"{parents[-1]} > {tag}" if parents else tag
    for over in _places(table, rows):
        inside = tag if over.endswith(">") else step
        yield f"{over} {inside}"
        for mark in inner[:8]:
            yield f"{over} {inside}:has({mark})"


def _before(table: Table, at: int) -> str | None:
    """The heading right before an element, by its tag."""
    over = table.rows[at].parent
    beside = table.children(over) if over >= 0 else []
    place = beside.index(at) if at in beside else 0
    return table.rows[beside[place - 1]].tag if place and table.rows[beside[place - 1]].tag in HEADINGS else None


def _shared_start(table: Table, rows: Sequence[Element]) -> str | None:
    """How the first links of some elements all begin, up to a separator; None where that says nothing."""
    hrefs = []
    for row in rows:
        inside = table.links_in(table.at[row.node.mem_id])
        if not inside:
            return None
        hrefs.append(inside[0].href)
    low, high = min(hrefs), max(hrefs)
    start = low[: next((place for place, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))]
    start = start[: max(start.rfind(mark) for mark in "/?=&") + 1]
    path = start.split("://")[-1].partition("/")[2] if "://" in start else start
    return start if len(path.strip("/")) > 2 and not re.search(r"[\"\\]", start) else None


def _paths(table: Table, rows: Sequence[Element]) -> Iterator[str]:
    """The way from <body> down to some elements at the same depth, for want of names; then with a place in it."""
    if len({row.tags for row in rows}) > 1 or rows[0].depth > 8:
        return
    first, last = table.at[rows[0].node.mem_id], table.at[rows[-1].node.mem_id]
    way = [first, *table.above(first)]
    tags = [table.rows[at].tag for at in reversed(way)]
    yield " > ".join(tags)
    for deep, at in enumerate(way[1:-1], 1):
        if table.rows[at].stop > last:
            step = f"{table.rows[at].tag}:nth-of-type({_nth(table, at)})"
            yield " > ".join([*tags[: len(tags) - 1 - deep], step, *tags[len(tags) - deep :]])


def _nth(table: Table, at: int) -> int:
    """Which of its tag an element is, under its parent."""
    return sum(table.rows[one].tag == table.rows[at].tag for one in table.children(table.rows[at].parent) if one <= at)


def _places(table: Table, rows: Sequence[Element]) -> Iterator[str]:
    """The elements around all of some elements by their place, for want of names: « td:nth-of-type(2) »."""
    first, last = table.at[rows[0].node.mem_id], table.at[rows[-1].node.mem_id]
    for at in table.above(first)[:8]:
        row = table.rows[at]
        if at > 0 and row.stop > last:
            placed = f"{row.tag}:nth-of-type({_nth(table, at)})" + " >" * (at == rows[0].parent)
            yield placed
            yield f"{table.rows[row.parent].tag} > {placed}"


def _contexts(table: Table, rows: Sequence[Element]) -> Iterator[str]:
    """Simple selectors of the elements around all of some elements, the innermost first."""
    first, last = table.at[rows[0].node.mem_id], table.at[rows[-1].node.mem_id]
    given = 0
    for at in table.above(first):
        row = table.rows[at]
        if at == 0 or row.stop <= last:
            continue
        telling = [name for name in names(row) if name != row.tag or row.tag == "main"]
        yield from telling[:2]
        given += len(telling[:2])
        if given > 8:
            return
    if table.rows[first].main:
        yield "main" if any(table.rows[at].tag == "main" for at in table.above(first)) else "[role=main]"


def inner_candidates(table: Table, block: int, target: int, *, flat: bool = False) -> list[str]:
    """Selectors that may give `target` inside `block`, the simplest first."""
    row = table.rows[target]
    own = names(row)
    if target == block:
        return own if flat else []
    found = own[:-1][:3]
    parent = row.parent
    inner = own[0] if len(own) > 1 else row.tag
    around: list[str] = []
    while parent > block and len(around) < 6:
        over = names(table.rows[parent])
        around += [f"{name} {inner}" for name in over[:-1][:2]]
        if table.rows[parent].tag not in ("div", "span"):
            around.append(f"{over[-1]} {inner}")
        parent = table.rows[parent].parent
    plain = [row.tag] if row.tag not in ("div", "span") else []
    beside = [name for name in _beside(table, target) if not flat or ":" not in name]
    placed = [] if flat else _steps(table, block, target)  # there a block is no element: none has a place in it
    if not table.links_in(target):
        placed.append(f"{row.tag}:not(:has(a))")
    if row.tag in ("td", "a", "p", "span", "div", "li", "dd"):
        return [*found, *around, *plain, *beside, row.tag, *placed]
    return [*found, *plain, *around, *beside, *placed]


def _steps(table: Table, block: int, target: int) -> list[str]:
    """The element by its place in the block, for want of names: « div:nth-child(2) > div:nth-child(1) »."""
    steps: list[str] = []
    at = target
    while at > block and len(steps) < 5:
        over = table.rows[at].parent
        steps.insert(0, f"{table.rows[at].tag}:nth-child({table.children(over).index(at) + 1})")
        at = over
    return [" > ".join(steps[start:]) for start in range(len(steps) - 1, -1, -1)]


def _beside(table: Table, target: int) -> list[str]:
    """The element as what follows another: « h3 + p », « td + td »."""
    row = table.rows[target]
    before = row.parent + 1
    chain = []
    while before < target:
        chain.append(table.rows[before])
        before = table.rows[before].stop
    if not chain:
        return [f"{row.tag}:first-child"]
    last = chain[-1]
    found = [f"{name} + {row.tag}" for name in names(last)[:2]]
    if row.tag in ("td", "span", "p", "div") and len(chain) <= 4:
        found.append(" + ".join([*(one.tag for one in chain), row.tag]))
    if row.stop == table.rows[row.parent].stop:
        found.append(f"{row.tag}:last-child")
    return found
