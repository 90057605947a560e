"""What each site of the sample federation answers: a pure function of its day, from the templates in `pages/`.

`pages/<slug>/contents.yaml` says what a site has to tell (rendered with `day`, `port` and `base`, the sites' addresses);
the templates beside it say it in the site's own format. Days: 1 the start; 2 something new, retitled, moved and
cancelled; 3 something gone, one title turned into a report, one site closed; from 4 on as 3, and the closed site is back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote

import yaml
from jinja2 import ChainableUndefined, Environment, FileSystemLoader, pass_context
from jinja2.runtime import Context

from aggregator.demo.server import HOST, Answer

SITES = (
    "cuf",
    "seine-saint-denis",
    "suresnes",
    "tours",
    "gescod",
    "horizons",
    "uclg",
    "nantes",
)  # in the order of their ports
LAST_DAY = 4
CLOSED = ("nantes", 3)  # the site that is closed for a day
_SPIP = frozenset({"cuf", "seine-saint-denis"})
_HERE = Path(__file__).parent
_MEDIA = {".pdf": "application/pdf", ".jpg": "image/jpeg", ".mp3": "audio/mpeg", ".mp4": "video/mp4"}
_NUMBER = re.compile(r"(?:^|&)(?:article|id_article=)(\d+)(?:&|$)")


@dataclass(frozen=True, slots=True)
class Paging:
    """How a list is cut: `size` a page; `parameter` counts items from 0 (SPIP's offset) or, `by_page`, pages from 1."""

    parameter: str
    size: int
    by_page: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A site's page other than an article: its template, and how it goes over the wire."""

    template: str
    media: str
    encoding: str = "utf-8"
    validated: bool = False
    compressed: bool = False
    paging: Paging | None = None


_CUF = Document("cuf/list.html", "text/html; charset=utf-8", paging=Paging("debut_autres_articles", 10))
_DOCUMENTS: Mapping[str, Mapping[str, Document]] = {
    "cuf": {"/": _CUF, "/-Actualites-": _CUF},
    # ASCII: SPIP's feeds write accents as numeric entities
    "seine-saint-denis": {
        "/spip.php?page=backend": Document("seine-saint-denis/backend.xml", "text/xml; charset=utf-8", "ascii")
    },
    "suresnes": {
        "/feed/": Document("suresnes/rss.xml", "application/rss+xml; charset=UTF-8", validated=True),
        "/feed/atom/": Document("suresnes/atom.xml", "application/atom+xml; charset=UTF-8", validated=True),
    },
    # the charset stands in the page alone, as on old sites
    "tours": {
        "/international/": Document("tours/list.html", "text/html", "cp1252", paging=Paging("page", 4, by_page=True))
    },
    "gescod": {"/evenements/": Document("gescod/events.html", "text/html; charset=utf-8")},
    "horizons": {"/agenda.ics": Document("horizons/agenda.ics", "text/calendar; charset=utf-8", validated=True)},
    "uclg": {"/fr/rss.rdf": Document("uclg/rss.rdf", "application/rdf+xml", compressed=True)},
    "nantes": {"/feed.json": Document("nantes/feed.json", "application/feed+json")},
}


def addresses(port: int) -> dict[str, str]:
    """Give each site's base URL without a trailing slash, by slug: ports `port` and following on loopback."""
    return {slug: f"http://{HOST}:{port + number}" for number, slug in enumerate(SITES)}


def configuration(port: int) -> str:
    """Give the text of the sources.yaml that reads the federation at `port` and following."""
    return _environment().get_template("sources.yaml").render(port=port, base=addresses(port))


def answer(slug: str, target: str, *, day: int, port: int, now: str) -> Answer:
    """Give what site `slug` says to `target` (path and query) on `day`; the same bytes for the same arguments but `now`.

    `now`: the time as an HTTP date, which a SPIP gives as Last-Modified of all it says (measured on SPIP 4.4.3).
    """
    day = min(day, LAST_DAY)
    path, _, query = target.partition("?")
    path = unquote(path)
    suffix = PurePosixPath(path).suffix
    contents = _contents(slug, day, port)
    document = _DOCUMENTS[slug].get(target) or _DOCUMENTS[slug].get(path)
    if path == "/robots.txt":
        text = _render("common/robots-spip.txt" if slug in _SPIP else "common/robots.txt", {})
        return Answer(200, text.encode(), {"Content-Type": "text/plain"})
    if (slug, day) == CLOSED:
        return _page("common/closed.html", contents, status=503, headers={"Retry-After": "30"})
    if suffix in _MEDIA:
        reply = Answer(200, _specimen(suffix), {"Content-Type": _MEDIA[suffix]})
    elif document:
        reply = _document(document, contents, query)
    elif path == "/":
        feeds = [
            (at, known.media.partition(";")[0]) for at, known in _DOCUMENTS[slug].items() if "html" not in known.media
        ]
        reply = _page("common/home.html", contents | {"feeds": feeds})
    elif article := _article(contents, path, query):
        template = "cuf/article.html" if slug == "cuf" else "common/article.html"
        reply = _page(template, contents | {"article": article})
    else:
        reply = _page("common/absent.html", contents, status=404)
    return _as_spip(reply, contents["here"], now) if slug in _SPIP else reply


def _page(
    template: str, context: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    return Answer(
        status, _render(template, context).encode(), {"Content-Type": "text/html; charset=utf-8", **(headers or {})}
    )


def _document(document: Document, contents: dict[str, Any], query: str) -> Answer:
    context = contents | (_cut(document.paging, contents["articles"], query) if document.paging else {})
    text = _render(document.template, context)
    body = (
        _folded(text)
        if document.media.startswith("text/calendar")
        else text.encode(document.encoding, "xmlcharrefreplace")
    )
    headers = {"Content-Type": document.media}
    if "modified" in contents:
        headers["Last-Modified"] = _http_date(contents["modified"])
    return Answer(200, body, headers, validated=document.validated, compressed=document.compressed)


def _cut(paging: Paging, articles: list[dict[str, Any]], query: str) -> dict[str, Any]:
    """Give the articles of one page and its neighbours; past the end is the last page (SPIP's clamp), nonsense the first."""
    value = parse_qs(query).get(paging.parameter, [""])[0]
    asked = int(value) if re.fullmatch(r"[0-9]{1,6}", value) else 0
    starts = range(0, len(articles), paging.size)
    first = max(0, min((asked - 1) * paging.size if paging.by_page else asked, starts[-1]))
    number = first // paging.size + 1
    return {
        "shown": articles[first : first + paging.size],
        "first": first,
        "starts": list(starts),
        "previous": number - 1 or None,
        "next": number + 1 if number < len(starts) else None,
    }


def _article(contents: dict[str, Any], path: str, query: str) -> dict[str, Any] | None:
    """Find the article that lives at an address: SPIP's number in its three forms, a frozen slug, or a path; slash or not."""
    number = _NUMBER.search(query) if path == "/spip.php" else None
    for group in ("articles", "collectivities", "agenda", "sidebar"):
        for article in contents.get(group, ()):
            home = article.get("path") or ("/" + article["slug"] if "slug" in article else None)
            if (str(article.get("id")) == number[1]) if number else (home and home.rstrip("/") == path.rstrip("/")):
                return dict(article)
    return None


def _as_spip(reply: Answer, here: str, now: str) -> Answer:
    """Add the headers that SPIP 4.4.3 was measured to send: everything is as new as its answer, and nothing has an ETag."""
    headers = {
        **reply.headers,
        "Vary": "Cookie, Accept-Encoding",
        "X-Spip-Cache": "86400",
        "Composed-By": f"SPIP 4.4.3 @ www.spip.net + {here}/local/config.txt",
        "Last-Modified": now,
    }
    return replace(reply, headers=headers)


def _folded(text: str) -> bytes:
    """Give iCalendar lines: CRLF, and no line above 75 octets (RFC 5545 §3.1), cut between characters."""
    lines: list[bytes] = []
    for line in text.splitlines():
        piece = b""
        for char in line:
            octets = char.encode()
            if len(piece) + len(octets) > 75:
                lines.append(piece)
                piece = b" "
            piece += octets
        lines.append(piece)
    return b"\r\n".join((*lines, b""))


# ── templates ───────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=len(SITES) * LAST_DAY)
def _contents(slug: str, day: int, port: int) -> dict[str, Any]:
    base = addresses(port)
    # Whole lines of contents end in a block: the newline after it must stay.
    environment = _environment().overlay(trim_blocks=False, lstrip_blocks=False)
    text = environment.get_template(f"{slug}/contents.yaml").render(day=day, port=port, base=base)
    contents: dict[str, Any] = yaml.safe_load(text)
    return contents | {"here": base[slug]}


def _render(template: str, context: dict[str, Any]) -> str:
    return _environment().get_template(template).render(context)


@cache
def _specimen(suffix: str) -> bytes:
    """Give the one document, photo, sound or video that stands for all of its type."""
    return (_HERE / "pages" / "specimens" / f"specimen{suffix}").read_bytes()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([_HERE / "pages", _HERE]),
        autoescape=lambda name: name is not None and name.endswith((".html", ".xml", ".rdf")),
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "address": _address,
        "ics": lambda text: re.sub(r"([\\;,])", r"\\\1", text),
        "media": lambda name: _MEDIA[PurePosixPath(name).suffix],
        "plain": lambda text: text.replace("’", "'").replace("\xa0", " "),  # as SPIP's texte_backend
        "rfc822": lambda text: format_datetime(datetime.fromisoformat(text)),
        "size": lambda name: len(_specimen(PurePosixPath(name).suffix)),
        "utc": lambda text: datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return environment


@pass_context
def _address(context: Context, article: Mapping[str, Any]) -> str:
    """Where an article is to be read: elsewhere (`link`), or at its path on this site."""
    return str(article.get("link") or context["here"] + article["path"])


def _http_date(text: str) -> str:
    return format_datetime(datetime.fromisoformat(text).astimezone(UTC), usegmt=True)
