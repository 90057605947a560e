"""What the readers of RSS, Atom and JSON Feed share: how the facts of one entry become a raw item."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

# What XML 1.0 forbids (section 2.2), which JSON can carry by \\u escapes: it means nothing and breaks whoever reads it next.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPIP = re.compile(
    r"(?:spip\.php|/)\?(?:page=(?:article|breve|evenement)&id_(?=\w+=)|(?!\w+=))(article|breve|evenement)=?(\d{1,9})(?=$|[&#])"
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d|$)")


def join(base: str, link: str) -> str:
    """Resolve `link` against `base` (RFC 3986); an address that cannot be read stays as it is."""
    try:
        return urljoin(base, link)
    except ValueError:  # "http://[…"
        return link


def permalink(guid: str | None) -> str | None:
    """Give the guid as an address where it is one.

    RSS takes a guid for a permalink unless told otherwise, and many feeds forget to tell: « 4711 » is no address.
    """
    return guid if guid is not None and guid.lower().startswith(("http://", "https://")) else None


def native_id(page_url: str, *links: str | None) -> str | None:
    """Give SPIP's own id ("article1784") where a link of this site shows it.

    A link to another host gives none: SPIP also syndicates its neighbours' articles, whose numbers would collide.
    """
    for link in links:
        found = _SPIP.search(link) if link is not None and "?" in link else None
        if link is not None and found is not None and _host(join(page_url, link)) == _host(page_url):
            return found[1] + found[2]
    return None


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower().removeprefix("www.")
    except ValueError:
        return ""


def period(start: str, end: str | None) -> dict[str, str | None]:
    """Sort an event's words: machine values where they are ISO 8601, else the words for a person."""
    if _ISO.match(start) and (end is None or _ISO.match(end)):
        return {"start": start, "end": end}
    return {"when": f"{start} – {end}" if end else start}


def distinct(words: Iterable[str | None]) -> tuple[str, ...]:
    """Give the words that say something, each once, in their order."""
    return tuple(dict.fromkeys(word for word in words if word))
