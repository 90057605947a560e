"""Microdata (itemscope, itemprop, itemref) as the nodes that JSON-LD would give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.extract.dom import text_of

MAX_VISITS = 200_000  # elements looked at in one page: many scopes may share one big element by itemref
MAX_LEVELS = 30
MAX_VALUES = 20  # of one property
_READ = frozenset(
    "abstract addressCountry addressLocality alternateName alternativeHeadline articleBody articleSection author caption "
    "contentUrl dateModified datePosted datePublished description encodingFormat endDate eventStatus headline image "
    "inLanguage keywords latitude location longitude mainEntityOfPage name organizer postalCode startDate streetAddress "
    "url address".split()
)
_LINKS = {
    "a": "href", "area": "href", "link": "href", "img": "src", "audio": "src", "embed": "src", "iframe": "src",
    "source": "src", "track": "src", "video": "src", "object": "data", "data": "value", "meter": "value",
}  # fmt: skip
_HTML = frozenset(("articleBody",))  # properties whose markup is kept


class _Page:
    def __init__(self, tree: LexborHTMLParser) -> None:
        self.visits = 0
        self.nested: set[int] = set()  # scopes that are values of others, as far as read
        self.by_id: dict[str, LexborNode] = {}
        if tree.css_first("[itemref]") is not None:
            for node in tree.css("[id]"):
                self.by_id.setdefault(node.attributes.get("id") or "", node)


def nodes_of(tree: LexborHTMLParser) -> list[dict[str, Any]]:
    """The outermost scopes of a page, in its order; nested scopes are values of their properties."""
    page = _Page(tree)
    return [_scope(node, page, 0) for node in tree.css("[itemscope]") if node.mem_id not in page.nested]


def _scope(root: LexborNode, page: _Page, level: int) -> dict[str, Any]:
    attributes = root.attributes
    found: dict[str, Any] = {"@type": (attributes.get("itemtype") or "").split()}
    if attributes.get("itemid"):
        found["@id"] = attributes["itemid"]
    if level > MAX_LEVELS:
        return found
    shown = None
    for node in _members(root, page):
        names = (node.attributes.get("itemprop") or "").split()
        if names:
            nested = "itemscope" in node.attributes
            if nested:
                page.nested.add(node.mem_id)
            elif all(name not in _READ or len(found.get(name, ())) >= MAX_VALUES for name in names):
                continue
            else:
                page.visits += len(node.html or "") // 50  # its words are read whole, nested values included
            value = _scope(node, page, level + 1) if nested else _value(node, names)
            for name in names:
                found.setdefault(name, []).append(value)
        if shown is None and node.tag != "meta" and (node.tag == "time" or "startDate" in names):
            shown = text_of(node).strip()
    if shown and "startDate" in found:
        found["@when"] = shown  # the words that visitors read beside the machine's dates
    return found


def _members(root: LexborNode, page: _Page) -> Iterator[LexborNode]:
    """The elements of a scope in order: not those of nested scopes, plus those that itemref names."""
    stack = [page.by_id[name] for name in (root.attributes.get("itemref") or "").split()[:20] if name in page.by_id]
    stack = [*reversed(stack), *reversed(list(root.iter()))]
    while stack and page.visits < MAX_VISITS:
        node = stack.pop()
        if node.mem_id == root.mem_id:
            continue
        page.visits += 1
        yield node
        if "itemscope" not in node.attributes:
            stack.extend(reversed(list(node.iter())))


def _value(node: LexborNode, names: list[str]) -> str:
    attributes, tag = node.attributes, node.tag or ""
    if attributes.get("content") is not None:
        return attributes["content"] or ""
    if tag in _LINKS:
        said = attributes.get(_LINKS[tag])
        # <a itemprop="name" href="…">: the words are meant, whatever the standard says
        if said is not None and not (tag == "a" and not {"url", "sameAs", "image", "mainEntityOfPage"} & set(names)):
            return said
    if attributes.get("datetime"):
        return attributes["datetime"] or ""
    return (node.inner_html or "") if _HTML & set(names) else text_of(node).strip()
