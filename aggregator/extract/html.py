"""Pages of any site, read by CSS selectors written in sources.yaml."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from aggregator.errors import NothingFound
from aggregator.extract import dom
from aggregator.model import Extracted, Kind, Limits, Page, RawAttachment, RawItem

Selectors = str | list[str] | tuple[str, ...] | None

_TITLE = ("h1 a[href]", "h2 a[href]", "h3 a[href]", "h4 a[href]", "h1", "h2", "h3", "h4", "a[href]")
_SUFFIX = re.compile(r"^(.*?)\s*::(?:attr\(\s*([A-Za-z_:][\w:.-]*)\s*\)|(text)|(unlinked))$", re.DOTALL)
_GAP = re.compile(r"\s*[>+~,]\s*|\s+")  # between the parts of a selector
_EMPTY = LexborHTMLParser("<p></p>")
# What a field takes of the element it selects, unless a ::attr() or ::text says so.
_LINKS = frozenset(("link", "next"))
_ATTRIBUTE = {"link": "href", "next": "href", "image": "src"}
_UNLINKED = "::unlinked"
_DATES = frozenset(("date", "when", "day"))
_NOT_SELECTORS = frozenset(("pages", "flat", "kind"))
# « 23 » and « nov » in two elements are two words, and so are « nov » and « 2025 »; « 1<sup>er</sup> » is one.
_JOINT = re.compile(r"(?<=\d)(?=[^\W\d_]{3}|(?:19|20)\d\d(?!\d))|(?<=[^\W\d_]{2})(?=\d)|(?<=[^\W\d_]\.)(?=\d)")
_MONTH = r"(?:janv|f[ée]v|mars|avr|mai\b|juin|jui?l|ao[uû]t|sept|oct|nov|d[ée]c)[^\W\d_]*\.?"
_DAY_NUMBER = re.compile(r"(?<![\d/:.])(?:[12]?\d|3[01])(?:er)?(?![\d/:]|\s?h\b|\s?h\d|\.\d)")
_OWN_MONTH = re.compile(
    rf"{_DAY_NUMBER.pattern}\s*{_MONTH}(?P<year>[\s,]*(?:19|20)\d\d)?|\d[/.-]\d\d?[/.-](?P<digits>\d)", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Html:
    """A list page whose repeated block is `item`; every other selector is looked for inside that block.

    A field is one selector or a list of them, tried in order until one gives something. A selector may end in
    `::attr(name)` (the value of an attribute), `::text` (the words) or `::unlinked` (those in no link); without, `link` and `next` take the href,
    `image` the src, `summary` the inner HTML, the others the words. A suffix alone (`::attr(data-id)`) speaks of the
    block itself. `next` and `day` are looked for in the whole page, `pages` is how many pages are read at most.

    `day` are headings over several blocks, « Jeudi 12 mars », « Mars 2026 »: the last one before a block completes its
    `when` (of news: `date`). `flat`: items have no element of their own: a block is what `item` selects (a heading) and
    what stands beside it up to the next one or a `day`.

    Raises:
        ValueError: a selector cannot be used, or an option is not what it must be; the words name it.
    """

    item: str
    title: Selectors = None
    link: Selectors = None
    date: Selectors = None
    when: Selectors = None
    summary: Selectors = None
    subtitle: Selectors = None
    location: Selectors = None
    organiser: Selectors = None
    category: Selectors = None
    image: Selectors = None
    id: Selectors = None
    day: Selectors = None
    next: Selectors = None
    pages: int = 1
    flat: bool = False
    kind: Kind = "news"

    def __post_init__(self) -> None:
        if self.kind not in ("news", "event"):
            raise ValueError(f"kind: {self.kind!r} is neither 'news' nor 'event'")
        if isinstance(self.pages, bool) or not isinstance(self.pages, int) or self.pages < 1:
            raise ValueError(f"pages: {self.pages!r} is not a number of pages (1 or more)")
        if not isinstance(self.flat, bool):
            raise ValueError(f"flat: {self.flat!r} is neither true nor false")
        if not isinstance(self.item, str) or not self.item.strip():
            raise ValueError("item: a CSS selector of the repeated block is needed, such as 'article.news'")
        for option in fields(self):
            if option.name in _NOT_SELECTORS:
                continue
            written = getattr(self, option.name)
            if not isinstance(written, str | list | tuple | None):
                raise ValueError(f"{option.name}: {written!r} is not a CSS selector, nor a list of them")
            for selector in _listed(written):
                _check(option.name, selector)

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Read the blocks of a page, in its order; at most `limits.items` (`limits.events`) of them.

        `title` and `summary` of the items are HTML fragments, links are as written (`base` when the page has one).

        Raises:
            NothingFound: no block is on the page.
            ExtractError: the page is nested too deep to be read.
        """
        tree = dom.parse(page.text)
        blocks = tree.css(self.item)
        if not blocks:
            raise NothingFound(f"item {self.item!r} matches nothing on {page.url} ({_what_there_is(tree, self.item)})")
        most = limits.events if self.kind == "event" else limits.items
        base = dom.base_of(tree, page.url)
        items: list[RawItem] = []
        left_out: list[str] = []
        headings = self._days(tree, blocks[:most])
        if self.flat:
            blocks = _wrapped(
                tree,
                blocks,
                most,
                tree.css(", ".join(_parts(name)[0] for name in _listed(self.day))) if self.day else [],
            )
        for block, heading in zip(blocks[:most], headings, strict=True):
            found = self._item(block, base, heading)
            if isinstance(found, str):
                left_out.append(found)
            else:
                items.append(found)
        if len(blocks) > most:
            left_out.append(f"{len(blocks) - most} blocks beyond the {most} that are read of one page")
        return Extracted(tuple(items), self._more(tree, base, page), left_out=tuple(left_out))

    def _days(self, tree: LexborHTMLParser, blocks: list[LexborNode]) -> list[str | None]:
        """For each block the words of the last `day` before it."""
        days = {node.mem_id: value for node, value in _every(tree.root, _listed(self.day), "day")} if tree.root else {}
        if not days or tree.root is None:
            return [None] * len(blocks)
        last, over = None, {}
        wanted = {block.mem_id for block in blocks}
        for node in tree.root.traverse():
            last = days.get(node.mem_id, last)
            if node.mem_id in wanted:
                over[node.mem_id] = last
        return [over.get(block.mem_id) for block in blocks]

    def _item(self, block: LexborNode, base: str | None, heading: str | None) -> RawItem | str:
        """The block's item, or why there is none."""
        titled = _first(block, _listed(self.title) or _TITLE, "title")
        if titled is None:
            return f"a block has no title: {_short(dom.text_of(block)) or 'it holds no words'}"
        node, title = titled
        link = self._link(block, node)
        if link is None:
            return f"« {_short(title)} » has no link"

        def take(name: str) -> str | None:
            found = _first(block, _listed(getattr(self, name)), name)
            return found[1] if found else None

        image, date, when = take("image"), take("date"), take("when")
        if heading and (when or (self.kind == "event" and not date)):
            when = under(heading, when)
        elif heading:
            date = under(heading, date)
        return RawItem(
            kind=self.kind,
            native_id=take("id"),
            url=link,
            base=base,
            title=html.escape(title.replace("\n", " "), quote=False),
            subtitle=take("subtitle"),
            summary=self._summary(block),
            published=date,
            when=when,
            location=take("location"),
            organiser=take("organiser"),
            categories=tuple(dict.fromkeys(value for _, value in _every(block, _listed(self.category), "category"))),
            attachments=(RawAttachment(image),) if image else (),
        )

    def _summary(self, block: LexborNode) -> str | None:
        for selector in _listed(self.summary):
            found = _first(block, (selector,), "summary")
            if found:
                return found[1] if _parts(selector)[1] is None else html.escape(found[1], quote=False)
        return None

    def _link(self, block: LexborNode, title: LexborNode) -> str | None:
        """What `link` selects; by default the link the title is, holds or stands in, else the block's own."""
        if self.link is not None:
            found = _first(block, _listed(self.link), "link")
            return found[1] if found else None
        node: LexborNode | None = title
        while node is not None and node.mem_id != block.mem_id:
            if node.tag == "a" and (href := _value(node, "link")):
                return href
            node = node.parent
        for candidate in (title.css_first("a[href]"), block):
            if candidate is not None and candidate.tag == "a" and (href := _value(candidate, "link")):
                return href
        return None

    def _more(self, tree: LexborHTMLParser, base: str | None, page: Page) -> tuple[str, ...]:
        root = tree.root
        if self.pages < 2 or root is None:
            return ()
        found = (dom.resolve(page.url, base, href) for _, href in _every(root, _listed(self.next), "next"))
        here = page.url.partition("#")[0]
        return tuple(dict.fromkeys(url for url in found if url and url != here))[: self.pages - 1]


def under(heading: str, own: str | None) -> str:
    """The words of a block's date with what the heading over it adds: « 18h30 », « Jeudi 12 », « 12 mars » are no date alone."""
    if not own:
        return heading
    year = _YEAR.search(heading)
    if month := _OWN_MONTH.search(own):
        if month["year"] or month["digits"] or year is None or _YEAR.search(own):
            return own
        return f"{own[: month.end()]} {year[0]}{own[month.end() :]}"
    if _DAY_NUMBER.search(_YEAR.sub("", heading)) or not (number := _DAY_NUMBER.search(own)):
        return f"{heading}\n{own}"
    return f"{own[: number.end()]} {heading}{own[number.end() :]}"


def _wrapped(tree: LexborHTMLParser, blocks: list[LexborNode], most: int, bounds: list[LexborNode]) -> list[LexborNode]:
    """Each of the first blocks in a new element, with what stands beside it up to the next one."""
    stops = {node.mem_id for node in (*blocks, *bounds)}
    wrapped = []
    for block in blocks[:most]:
        inside, following = tree.create_node("div"), block.next
        block.insert_before(inside)
        inside.insert_child(block)
        while following is not None and following.mem_id not in stops:
            node, following = following, following.next
            inside.insert_child(node)
        wrapped.append(inside)
    return [*wrapped, *blocks[most:]]


def _listed(selectors: Selectors) -> tuple[str, ...]:
    return (selectors,) if isinstance(selectors, str) else tuple(selectors or ())


def _parts(selector: str) -> tuple[str, str | None]:
    """`a.more::attr(href)` as ("a.more", "href"); `::text` is given as ""; (…, None) when nothing is said."""
    found = _SUFFIX.match(selector.strip())
    return (found[1], found[2] or (_UNLINKED if found[4] else "")) if found else (selector.strip(), None)


def _check(option: str, selector: object) -> None:
    if not isinstance(selector, str):
        raise ValueError(f"{option}: {selector!r} is not a CSS selector")
    css, suffix = _parts(selector)
    if option == "item" and suffix is not None:
        raise ValueError(f"{option}: {selector!r} selects blocks: it takes no ::attr(), ::text or ::unlinked")
    if "::" in css:
        raise ValueError(f"{option}: {selector!r} ends in something other than ::attr(name), ::text or ::unlinked")
    if not css and suffix is not None:
        return
    try:
        _EMPTY.css(css)
    except SelectolaxError as error:
        raise ValueError(f"{option}: {selector!r} is not a CSS selector that can be read") from error


def _every(block: LexborNode, selectors: tuple[str, ...], field: str) -> Iterator[tuple[LexborNode, str]]:
    """Elements and values of the first selector that gives any."""
    for selector in selectors:
        css, suffix = _parts(selector)
        given = False
        for node in block.css(css) if css else [block]:
            if value := _value(node, field, suffix):
                given = True
                yield node, value
        if given:
            return


def _first(block: LexborNode, selectors: tuple[str, ...], field: str) -> tuple[LexborNode, str] | None:
    return next(_every(block, selectors, field), None)


def _value(node: LexborNode, field: str, suffix: str | None = None) -> str | None:
    """What a field takes of an element, None when there is nothing in it."""
    suffix = _ATTRIBUTE.get(field) if suffix is None else suffix
    value: str | None
    if suffix == _UNLINKED:
        value = "\n".join(words for line in dom.read_lines(node) if (words := _apart(line, field, linked=False)))
    elif suffix:
        value = node.attrs.get(suffix)
    elif suffix is None and field == "summary":
        value = node.inner_html
    elif field in _DATES:
        value = "\n".join(_apart(line, field) for line in dom.read_lines(node) if not line.is_image)
    else:
        value = dom.text_of(node)
    value = (value or "").strip()
    if field in _LINKS and (value == "#" or value.lower().startswith(("javascript:", "mailto:", "tel:"))):
        return None
    return value or None


def _apart(line: dom.Line, field: str, *, linked: bool = True) -> str:
    # An agenda's date block is read line by line: « mars / 25 » is a day there, « mars 25 » none.
    gap = "\n" if field == "when" else " "
    return joined((run.text for run in line.runs if not run.image and (linked or run.href is None)), gap).strip()


def joined(parts: Iterable[str], gap: str = " ") -> str:
    """The words of a date whose parts stand in elements of their own, with a `gap` between those that are words."""
    said = ""
    for part in parts:
        said += gap * bool(_JOINT.match(said + part, len(said))) + part
    return said


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 80 else words[:79] + "…"


def _what_there_is(tree: LexborHTMLParser, item: str) -> str:
    """How much of a selector that matches nothing does match: its outer parts, then the bare tag of its last part."""
    steps = [item[: gap.start()].rstrip() for gap in _GAP.finditer(item) if item[gap.end() :].strip()]
    last = re.match(r"[A-Za-z][\w-]*", item[_ends(item)[-1] :])
    asked = [step for step in steps if step] + ([last[0]] if last and last[0] != item else [])
    counts = []
    for css in dict.fromkeys(asked):
        try:
            counts.append(f"{css!r}: {len(tree.css(css))}")
        except SelectolaxError:  # half of an :is(a, b c): says nothing
            continue
    return "elements there: " + ", ".join(counts) if counts else f"elements there: {len(tree.css('body *'))}"


def _ends(item: str) -> list[int]:
    return [0, *(gap.end() for gap in _GAP.finditer(item))]
