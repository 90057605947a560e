"""HTML as a tree, bounded: the one place where selectolax is called on a whole page."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from aggregator.errors import ExtractError

# Lexbor is worse than quadratic in nesting depth (100 000 nested <div>, 1.1 MB: 10 s): refuse before parsing.
MAX_DEPTH = 2_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
# Void elements hold nothing; the others are closed by their next sibling when authors leave the end tag out.
_NEVER_DEEP = frozenset(
    "area base br col embed hr img input link meta source track wbr "
    "p li dt dd option optgroup tr td th thead tbody tfoot colgroup html head body".split()
)


def parse(text: str) -> LexborHTMLParser:
    """Parse an HTML page or fragment.

    Raises:
        ExtractError: elements are nested deeper than any honest page nests them.
    """
    depth = deepest = 0
    for closing, name in _TAG.findall(text):
        if name.lower() in _NEVER_DEEP:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise ExtractError(f"the page nests elements {deepest} deep: it is not read (at most {MAX_DEPTH})")
    return LexborHTMLParser(text)
