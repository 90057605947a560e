"""URLs: absolute, without trackers, and one canonical form that tells whether two addresses are the same page.

Query strings are edited piece by piece: `urlencode(parse_qsl())` would turn SPIP's `?article13` into `?article13=`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urljoin

import can_ada

MAX_LENGTH = 2_000

_TRACKERS = re.compile(
    r"(?:utm_\w+|pk_\w+|mtm_\w+|piwik_\w+|matomo_\w+|at_\w+|xtor|mc_[ce]id|fbclid|gclid|dclid|msclkid|yclid|twclid|igshid|"
    r"_ga|_gl|_hs\w+|hsctatracking|wt_\w+|cmpid|phpsessid|jsessionid|var_mode|var_recherche|nowprocket)$",
    re.IGNORECASE,
)
_SPIP_ARTICLE = re.compile(r"(?:^|&)(?:article(\d+)|id_article=(\d+))(?:\D|$)")
_SPIP_EVENT = re.compile(r"(?:^|&)(?:evenement(\d+)|id_evenement=(\d+))(?:\D|$)")
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+!'()*,;:@")


def absolute(url: str | None, base: str) -> str | None:
    """Give the absolute http(s) address of `url` as found on the page `base`, without trackers; None if it is no such address.

    Refused: other schemes (javascript:, data:, mailto: …), credentials, more than MAX_LENGTH characters.
    """
    if not url:
        return None
    url = url.strip(" \t\r\n\x0c\x00")
    if not url or len(url) > MAX_LENGTH:
        return None
    try:
        parsed = can_ada.parse(_joined(url, base))
    except (ValueError, TypeError):  # TypeError: a lone surrogate, as JSON may write one
        return None
    if parsed.protocol not in ("http:", "https:") or parsed.username or parsed.password or not parsed.hostname:
        return None
    href = parsed.protocol + "//" + parsed.host + parsed.pathname + _query(parsed.search) + parsed.hash
    return href if len(href) <= MAX_LENGTH else None


def _joined(url: str, base: str) -> str:
    if url.startswith(("http://", "https://")):
        return url
    if url.startswith("/") and not url.startswith("//"):  # the usual way of a list; urljoin costs ten times as much
        return _origin(base) + url
    return urljoin(base, url)


@lru_cache(maxsize=64)
def _origin(base: str) -> str:
    return urljoin(base, "/").rstrip("/")


def _query(search: str) -> str:
    if not search:
        return ""
    kept = [piece for piece in search[1:].split("&") if piece and not _TRACKERS.match(piece.partition("=")[0])]
    return "?" + "&".join(kept) if kept else ""


def host(url: str) -> str:
    """Give the authority of an absolute URL without `www.`: "ville.fr", "127.0.0.1:8801"; "" if there is none."""
    try:
        return can_ada.parse(url).host.removeprefix("www.")
    except ValueError:
        return ""


def canonical(url: str, aliases: Mapping[str, str] | None = None) -> str | None:
    """Fold the spellings of one page's address into one: idempotent; None where an address identifies no single thing (a home page).

    Folded: http/https, `www.`, mirror hosts (`aliases`: alias -> canonical host, both without www), trailing slash,
    percent-encoding, fragments (but SPIP's `#evenement12`), trackers, SPIP's three ways to name an article.

    >>> canonical("http://www.raict.org/spip.php?page=pays_page&id_article=4698&id_rubrique=216", {"raict.org": "cites-unies-france.org"})
    'https://cites-unies-france.org/spip.php?article4698'
    """
    try:
        parsed = can_ada.parse(url)
    except ValueError:
        return None
    if parsed.protocol not in ("http:", "https:"):
        return None
    name = parsed.host.removeprefix("www.")
    if aliases:
        name = aliases.get(name, name)
    path = _ESCAPED.sub(_unescape, parsed.pathname).rstrip("/")
    query = _query(parsed.search)[1:]
    event = _SPIP_EVENT.search(query) or _SPIP_EVENT.search(parsed.hash[1:])
    article = _SPIP_ARTICLE.search(query)
    if event and (path.endswith("spip.php") or parsed.hash):
        query = "evenement" + (event.group(1) or event.group(2))
        path = path if path.endswith("spip.php") else path + "/spip.php"
    elif article and path.endswith("spip.php"):
        query = "article" + (article.group(1) or article.group(2))
    elif not query and path in ("", "/index.php", "/index.html", "/spip.php"):
        return None
    return f"https://{name}{path or '/'}" + (f"?{query}" if query else "")


def _unescape(match: re.Match[str]) -> str:
    char = chr(int(match.group(1), 16))
    return char if char in _UNRESERVED else match.group(0).upper()
