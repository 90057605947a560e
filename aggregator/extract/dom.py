"""HTML as a tree, bounded: the one place where selectolax is called on a whole page.

A page is also read here as a person reads it, from top to bottom: `read_lines` gives its lines of text, each with
the links, headings and block bounds it stands in. All of it is linear in the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.errors import ExtractError

# Lexbor is worse than quadratic in nesting depth (100 000 nested <div>, 1.1 MB: 10 s): refuse before parsing.
MAX_DEPTH = 2_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
# Void elements hold nothing; the others are closed by their next sibling when authors leave the end tag out.
_NEVER_DEEP = frozenset(
    "area base br col embed hr img input link meta source track wbr "
    "p li dt dd option optgroup tr td th thead tbody tfoot colgroup html head body".split()
)

_UNREAD = frozenset("head script style noscript template svg math iframe object select textarea".split())
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre search section summary table "
    "tbody td tfoot th thead tr ul".split()
)
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BOLD = frozenset(("b", "strong"))
_SECTIONING = frozenset(("article", "section", "main", "li", "td", "dd"))
_CHROME_ROLES = "[role=navigation], [role=banner], [role=contentinfo], [role=search]"
_HINTS = '[class*="crayon"], [data-id_article], [data-id-article], [data-id_evenement]'
_CRAYON = re.compile(r"(?:^|\s)(article|evenement)-[a-z_]+-(\d+)(?:\s|$)")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^ \t\n\r\f\v]")
_WHITE = re.compile(r"[ \t\n\r\f\v]+")  # HTML's white space: a no-break space is a word's own
_MAX_INLINE = 32  # inline elements remembered above a word: deeper ones cannot be told apart
SAME_LINE = 1 << 30  # `low` of a part of a line that does not begin it

Path = tuple[tuple[int, str], ...]


def parse(text: str) -> LexborHTMLParser:
    """Parse an HTML page or fragment.

    Raises:
        ExtractError: elements are nested deeper than any honest page nests them.
    """
    refuse_depth(text)
    return LexborHTMLParser(text)


def refuse_depth(text: str) -> None:
    """Raise ExtractError if elements are nested deeper than any honest page nests them."""
    if text.count("<") <= MAX_DEPTH:
        return
    depth = deepest = 0
    for closing, name in _TAG.findall(text):
        if name.lower() in _NEVER_DEEP:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise ExtractError(f"the page nests elements {deepest} deep: it is not read (at most {MAX_DEPTH})")


def base_of(tree: LexborHTMLParser, page_url: str) -> str | None:
    """What the page's relative links are relative to when it says so (`<base href>`, made absolute), else None."""
    node = tree.css_first("base[href]")
    return resolve(page_url, None, node.attrs.get("href") or "") if node is not None else None


def resolve(page_url: str, base: str | None, href: str) -> str | None:
    """The absolute http(s) address of a link, without fragment; None when it leads nowhere we can go. `base`: see base_of."""
    try:
        url = urljoin(base or page_url, href.strip())
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # "http://[": not an address
        return None
    return url.partition("#")[0] if usable else None


def text_of(node: LexborNode) -> str:
    """The words of an element as read: blocks and <br> begin a line, inline elements do not split words."""
    return "\n".join(line.text for line in read_lines(node) if not line.is_image)


class Run(NamedTuple):
    """Words that stand in the same inline elements. `path`: (serial, tag) of these, the outermost first."""

    text: str
    href: str | None
    path: Path
    image: bool = False  # the words are an image's alternative text


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: what stands between two block bounds or <br>.

    `low`: depth of the innermost element that holds both this line and the one before; two lines i < j stand
    together in an element of depth min(low[i+1..j]). `tag`: the innermost block. `heading`: 1..6 inside h1..h6,
    else 0. `chrome`: number of the <nav>, page <header> or page <footer> around it, 0 for none. `hint`: the SPIP id
    ("article1784") that an element around it carries.
    """

    runs: tuple[Run, ...]
    low: int
    tag: str
    heading: int = 0
    chrome: int = 0
    hint: str | None = None
    text: str = field(init=False)

    def __post_init__(self) -> None:
        words = "".join(run.text for run in self.runs if not run.image).strip()
        object.__setattr__(self, "text", words or " ".join(run.text for run in self.runs).strip())

    @property
    def is_image(self) -> bool:
        """Whether it is an image alone: its text is the alternative text."""
        return all(run.image for run in self.runs)

    @property
    def href(self) -> str | None:
        """The link that covers all its words."""
        hrefs = {run.href for run in self.runs if run.text.strip() and not run.image} or {self.runs[0].href}
        return hrefs.pop() if len(hrefs) == 1 else None

    @property
    def bold(self) -> bool:
        """Whether all its words are bold."""
        return all(any(tag in _BOLD for _, tag in run.path) for run in self.runs)

    def part(self, start: int, stop: int | None = None) -> Line:
        """The line of these of its runs."""
        return self.of(self.runs[start:stop], SAME_LINE if start else self.low)

    def of(self, runs: tuple[Run, ...], low: int) -> Line:
        """The line of other runs, in the same place."""
        return Line(runs, low, self.tag, self.heading, self.chrome, self.hint)


class _Place(NamedTuple):
    """What is known of the elements around a word."""

    block: bool = True  # whether the innermost element is a block
    tag: str = "body"  # the innermost block
    heading: int = 0
    href: str | None = None
    path: Path = ()
    chrome: int = 0
    sectioned: bool = False  # inside <article>, <main>, …: a <header> here is not the page's
    hint: str | None = None


def read_lines(root: LexborNode, *, page: bool = False, skip: frozenset[int] = frozenset()) -> list[Line]:
    """The lines of `root` in reading order, blank ones left out.

    Scripts, styles, templates, noscript, form lists and drawings are not read. `page`: `root` is a whole page: look
    for its navigation and for SPIP's ids too. `skip`: mem_id of elements to pass over.
    """
    roles = frozenset(node.mem_id for node in root.css(_CHROME_ROLES)) if page else frozenset()
    hints = {node.mem_id: _hint(node) for node in root.css(_HINTS)} if page else {}
    reader = _Reader()
    stack: list[_Place] = []
    place = _Place(tag=root.tag or "", href=root.attrs.get("href") if root.tag == "a" else None)
    node, serial = root.first_child, 0
    while node is not None:
        tag = node.tag or ""
        child = None
        if tag == "-text":
            reader.word(node.text_content or "", place, len(stack))
        elif tag == "img":
            # A picture without words may still carry the only link to its article.
            if alt := (node.attrs.get("alt") or "").strip() or ("image" if place.href else ""):
                reader.word(alt, place, len(stack), image=True)
        else:
            if tag in _BLOCKS or tag == "br":
                reader.end(place)
            if tag not in _UNREAD and not (skip and node.mem_id in skip):
                child = node.first_child
        if child is not None:
            serial += 1
            stack.append(place)
            place = _enter(node, tag, place, serial, roles)
            if hints and (hint := hints.get(node.mem_id)):
                place = place._replace(hint=hint)
            node = child
            continue
        following = node.next
        while following is None and stack and node is not None:
            if place.block:
                reader.end(place)
            place = stack.pop()
            reader.leave(len(stack))
            node = node.parent
            following = node.next if node is not None else None
        node = following
    reader.end(place)
    return reader.lines


def _enter(node: LexborNode, tag: str, place: _Place, serial: int, roles: frozenset[int]) -> _Place:
    if tag not in _BLOCKS:
        href = node.attrs.get("href") if tag == "a" else None
        path = (*place.path, (serial, tag)) if len(place.path) < _MAX_INLINE else place.path
        href = place.href if href is None else href
        return _Place(False, place.tag, place.heading, href, path, place.chrome, place.sectioned, place.hint)
    chrome = place.chrome
    if not chrome and (
        tag == "nav" or (tag in ("header", "footer") and not place.sectioned) or (roles and node.mem_id in roles)
    ):
        chrome = serial
    heading = _HEADINGS.get(tag, place.heading)
    sectioned = place.sectioned or tag in _SECTIONING
    return _Place(True, tag, heading, place.href, place.path, chrome, sectioned, place.hint)


def _hint(node: LexborNode) -> str | None:
    attrs = node.attrs
    if found := _CRAYON.search(attrs.get("class") or ""):
        return found[1] + found[2]
    for name in ("article", "evenement"):
        found = _DIGITS.match(attrs.get(f"data-id_{name}") or attrs.get(f"data-id-{name}") or "")
        if found:
            return name + found[0]
    return None


class _Reader:
    """Collects the words of the current line; every block bound ends it."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._runs: list[Run] = []
        self._low = 0  # depth of what holds the last kept word and this point
        self._line_low = 0  # the same where the current line began

    def leave(self, depth: int) -> None:
        self._low = min(self._low, depth)

    def word(self, text: str, place: _Place, depth: int, *, image: bool = False) -> None:
        if not self._runs:
            if not _WORD.search(text):
                return
            self._line_low = self._low
        self._runs.append(Run(text, place.href, place.path, image))
        self._low = depth

    def end(self, place: _Place) -> None:
        if not self._runs:
            return
        runs, self._runs = _shown(self._runs), []
        if runs:
            self.lines.append(Line(runs, self._line_low, place.tag, place.heading, place.chrome, place.hint))
        else:
            self._low = min(self._low, self._line_low)


def _shown(raw: list[Run]) -> tuple[Run, ...]:
    """White space as a browser shows it; neighbours in the same elements are one run; a blank line has none."""
    merged: list[tuple[Run, list[str]]] = []
    space = True
    for run in raw:
        text = _WHITE.sub(" ", run.text)
        if not run.image:
            text = text[1:] if space and text[:1] == " " else text
            if not text:
                continue
            space = text[-1] == " "
        if merged and merged[-1][0][1:] == run[1:] and not run.image:
            merged[-1][1].append(text)
        else:
            merged.append((run, [text]))
    runs = tuple(Run("".join(texts), run.href, run.path, run.image) for run, texts in merged)
    return runs if any(run.text.strip() for run in runs) else ()
