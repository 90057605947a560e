"""The platform that several regional networks (RRMA) share: /actualite/… and /evenement/… pages, and lists of them.

An event's page says « Date : », « Lieu : », « Organisateur : », « Partenaire(s) : », « Thématique(s) : », a line each.
The markup is not known and not relied on: pages are read by these words and by their links.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.errors import NothingFound
from aggregator.extract import dom
from aggregator.extract.feed_item import distinct
from aggregator.extract.rest import MAX_WORDS, short, whole
from aggregator.model import Extracted, Kind, Limits, Page, RawItem

_ITEM = re.compile(r"/(actualite|evenement)/([^/]+)/?$")
_LABEL = re.compile(
    r"(dates?|lieux?|organisateur|organisatrice|partenaire|thematique|categorie|public)(?:\(s\)|s)?\s*:\s*",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(r"(?:publie|mis en ligne)e?\s+le\b.{0,80}\d", re.IGNORECASE)
_MONTHS = (
    "janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|"
    "janv|fevr?|avr|juil|jui|sept?|oct|nov|dec|jan|jun|jul|aou"
)
_DAY = rf"(?:\d{{1,2}}(?:er)?\s+(?:{_MONTHS})\b|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}})"
_DATED = re.compile(rf"\b{_DAY}", re.IGNORECASE)
# A word of a line that is a date, or a part of one (« 20 », « nov »), and nothing else.
_DATE_WORD = re.compile(
    rf"du|au|le|les|et|de|des|a|jusqu'au|{_MONTHS}|(?:lun|mar|mer|jeu|ven|sam|dim)(?:di|credi|dredi|edi|anche)?|"
    r"\d{1,2}(?:er)?|\d{4}|\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?|\d{1,2}(?:h|:)(?:\d\d)?|h|[-–—>→]",
    re.IGNORECASE,
)
_GO_ON = re.compile(
    r"(?:(?:lire|voir)(?: la suite| plus| le detail| l'article| l'actualite| l'evenement| tou[st]\w*.{0,25})|lire|voir|"
    r"(?:en )?savoir (?:plus|\+)|decouvrir|consulter|(?:la )?suite|plus d'info\w*|plus de details|details?|\+|"
    r"retour (?:a|aux?) .{0,30})[\s.…>»›→]*",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?:partage[rz]?|informations pratiques|contacts?|(?:a lire|voir) aussi|(?:autres|dernieres|prochain(?:e?s)|nos)\s.{0,40}|"
    r"(?:actualites?|articles?|evenements?)(?: liee?s| similaires| a venir| recente?s)?|retour.{0,30}|documents? lies?)\s*:?",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_NEXT = re.compile(r"(?:page )?suivante?s?(?: page)?\s*[›»>→]*|[›»→]|>>?", re.IGNORECASE)
_MOST_UP = 60  # elements looked at around a link
_MOST_LINKS = 10_000  # looked at in one list
_WHOLE_PAGE = frozenset(("html", "body", "main"))


@dataclass(frozen=True, slots=True)
class Rrma:
    """The kind `rrma`: a list of news or events of a regional network, or the page of one; at most `pages` pages are read.

    Raises:
        ValueError: `pages` is not a number of pages.
    """

    pages: int = field(
        default=10,
        metadata={"help": "how many pages are read at most: of the list, and of events whose date it does not tell"},
    )

    def __post_init__(self) -> None:
        whole(self.pages)

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Give the news and events of a list, or the one that a page is; texts as HTML, dates as written.

        `more`: the list's next page, then the pages of the events whose date the list does not tell.

        Raises:
            ExtractError: the page is nested too deep to be read (NothingFound: it is neither such a page nor such a list).
        """
        tree = dom.parse(page.text)
        base = dom.base_of(tree, page.url)
        if _ITEM.search(_path(page.url)):
            return Extracted((_single(page, tree, base),))
        links = tree.css("a[href]")
        cards = _cards(page, tree, base, links[:_MOST_LINKS])
        if not cards:
            raise NothingFound(
                f"no link to a page /actualite/… or /evenement/… on {page.url}: take the site's list of news or its agenda; "
                "on another platform, kind: html or kind: wordpress"
            )
        items: list[RawItem] = []
        undated: list[str] = []
        told: list[str] = []
        most = max(limits.items, limits.events)
        for card in cards[:most]:
            item = _card(card, base)
            if isinstance(item, str):
                told.append(item)
            elif item.kind == "event" and item.when is None:
                undated.append(card.link)
            else:
                items.append(item)
        if len(cards) > most:
            told.append(f"{len(cards) - most} pages beyond the first {most}")
        if len(links) > _MOST_LINKS:
            told.append(f"{len(links) - _MOST_LINKS} links beyond the first {_MOST_LINKS}")
        more = [*_next(page, tree, base), *undated] if self.pages > 1 else []
        return Extracted(tuple(items), tuple(dict.fromkeys(more)), left_out=tuple(told[:MAX_WORDS]))


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:  # "http://["
        return ""


def _identity(url: str) -> tuple[Kind, str]:
    """What an address of the platform names: the kind, and the slug, which stays when titles change (« groupe-pays-mali-3 »)."""
    found = _ITEM.search(_path(url))
    assert found is not None
    return "event" if found[1] == "evenement" else "news", f"{found[1]}/{found[2]}"


# ── lines ───────────────────────────────────────────────────────────────────────────────────────


def _fold(words: str) -> str:
    """Words without accents, as long as they were: positions stay."""
    if words.isascii():
        return words
    return "".join(unicodedata.normalize("NFD", letter)[0] for letter in words.replace("’", "'").replace("\xa0", " "))


@dataclass(slots=True)
class _Said:
    """What labelled lines say: the first of each label. `lines`: the others."""

    values: dict[str, str] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    published: str | None = None
    lines: list[dom.Line] = field(default_factory=list)


def _is_date(words: str) -> bool:
    if not 0 < len(words.split()) < 15:
        return False
    return all(_DATE_WORD.fullmatch(piece.strip(".,")) or piece in ".," for piece in _fold(words).split())


def _read(lines: Sequence[dom.Line]) -> _Said:
    said = _Said()
    number = 0
    while number < len(lines):
        line = lines[number]
        folded = _fold(line.text)
        label = _LABEL.match(folded)
        number += 1
        if label is None:
            if said.published is None and _PUBLISHED.match(folded):
                said.published = line.text
            else:
                said.lines.append(line)
            continue
        name, skip = label[1].lower().rstrip("sx"), label.end()
        if skip == len(line.text) and number < len(lines) and not _LABEL.match(_fold(lines[number].text)):
            line, skip = lines[number], 0  # « Lieu : » and its value, a block each
            number += 1
        if line.text[skip:].strip():
            said.values.setdefault(name, line.text[skip:].strip())
            if name in ("thematique", "categorie"):
                said.topics = distinct((*said.topics, *_topics(line, skip)))
    return said


def _topics(line: dom.Line, skip: int) -> list[str]:
    """The words after a label, an element or a comma each: « AECT » and « Développement » often touch."""
    topics: list[str] = []
    words = [run.text for run in line.runs if not run.image]
    at = len("".join(words).lstrip()) - len("".join(words))
    for piece in words:
        topics += [topic.strip() for topic in re.split(r"[,;|•·]", piece[max(0, skip - at) :]) if topic.strip()]
        at += len(piece)
    return topics


def _item(url: str, base: str | None, title: str, said: _Said, lines: Iterable[dom.Line]) -> RawItem:
    kind, slug = _identity(url)
    partners = said.values.get("partenaire")
    body = "".join(_paragraph(line) for line in lines if not (line.href and _GO_ON.fullmatch(_fold(line.text))))
    return RawItem(
        kind=kind,
        native_id=slug,
        url=url,
        base=base,
        title=escape(title, quote=False),
        content=body + (f"<p>Partenaire(s)\u00a0: {escape(partners, quote=False)}</p>" if partners else "") or None,
        published=said.published or (said.values.get("date") if kind == "news" else None),
        when=said.values.get("date") if kind == "event" else None,
        location=_plain(said, "lieu"),
        organiser=_plain(said, "organisateur") or _plain(said, "organisatrice"),
        categories=tuple(escape(topic, quote=False) for topic in said.topics),
    )


def _plain(said: _Said, name: str) -> str | None:
    return escape(said.values[name], quote=False) if name in said.values else None


def _paragraph(line: dom.Line) -> str:
    """A line as HTML with its links: one of them may be where people take part."""
    runs = ((escape(run.text, quote=False), run.href) for run in line.runs if not run.image)
    return (
        "<p>"
        + "".join(f'<a href="{escape(href)}">{words}</a>' if href else words for words, href in runs).strip()
        + "</p>"
    )


# ── one page ────────────────────────────────────────────────────────────────────────────────────


def _single(page: Page, tree: LexborHTMLParser, base: str | None) -> RawItem:
    lines = [line for line in dom.read_lines(tree.body, page=True) if not line.is_image] if tree.body else []
    site = _site(tree)
    start = next((n for n, line in enumerate(lines) if line.heading == 1 and not line.chrome), None)
    if start is None:  # some themes put the title into the page's own header
        start = next((n for n, line in enumerate(lines) if line.heading == 1), None)
    if start is None:
        raise NothingFound(f"{page.url} has no title (h1): it is not a page of news or of an event")
    inner: list[dom.Line] = []
    for line in (line for line in lines[start + 1 :] if line.chrome in (0, lines[start].chrome)):
        folded = _fold(line.text)
        if line.heading and (_AFTER.fullmatch(folded) or folded.casefold() == site):
            break
        inner.append(line)
    before = [line for line in lines[:start] if _PUBLISHED.match(_fold(line.text))][-1:]
    opening = next(
        (n for n, line in enumerate(inner) if line.heading and _fold(line.text).lower() == "description"), None
    )
    if opening is None:
        said = _read([*before, *inner])
        return _item(page.url, base, lines[start].text, said, said.lines)
    said = _read([*before, *inner[:opening]])
    return _item(page.url, base, lines[start].text, said, inner[opening + 1 :])


def _site(tree: LexborHTMLParser) -> str:
    """The network's own name, folded: its pages end in what it says of itself."""
    node = tree.css_first('meta[property="og:site_name"]')
    title = tree.css_first("title")
    name = (node.attrs.get("content") or "") if node is not None else ""
    if not name and title is not None:
        name = re.split(r"\s[-–—|]\s", title.text())[-1]
    return " ".join(_fold(name).casefold().split())


# ── a list ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Card:
    """What stands around the links to one page. `link`: absolute; `href`: as written."""

    link: str
    href: str
    anchors: list[LexborNode]
    block: LexborNode


def _cards(page: Page, tree: LexborHTMLParser, base: str | None, found: list[LexborNode]) -> list[_Card]:
    """The pages that a list links to, each with the largest element that speaks of it alone."""
    links: dict[str, list[LexborNode]] = {}
    chrome = {node.mem_id for node in tree.css("nav, [role=navigation], body > header, body > footer")}
    host = _host(page.url)
    for node in found:
        link = dom.resolve(page.url, base, node.attrs.get("href") or "")
        if link and _host(link) == host and _ITEM.search(_path(link)):
            links.setdefault(link, []).append(node)
    owner: dict[int, str | None] = {}
    for link, nodes in links.items():
        for node in nodes:
            for above in _up(node):
                owner[above.mem_id] = link if owner.get(above.mem_id, link) == link else None
    titles = {above.mem_id for node in tree.css("h1") for above in _up(node)}
    cards = []
    for link, nodes in links.items():
        chains = [[node, *_up(node)] for node in nodes]
        chains = [chain for chain in chains if not any(above.mem_id in chrome for above in chain)]
        if not chains:
            continue
        block = chains[0][0]
        for above in chains[0][1:]:
            if owner[above.mem_id] is None or above.tag in _WHOLE_PAGE or above.mem_id in titles:
                break
            block = above
        cards.append(_Card(link, chains[0][0].attrs.get("href") or link, [chain[0] for chain in chains], block))
    return cards


def _up(node: LexborNode) -> Iterable[LexborNode]:
    above = node.parent
    for _ in range(_MOST_UP):
        if above is None or above.tag in ("html", "-document"):
            return
        yield above
        above = above.parent


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower().removeprefix("www.")
    except ValueError:  # "http://["
        return ""


def _card(card: _Card, base: str | None) -> RawItem | str:
    lines = [line for line in dom.read_lines(card.block) if not line.is_image]
    if card.block.tag == "a" and not lines:
        return f"{card.href} is linked without a word"
    heading = next((line for line in lines if line.heading), None)
    names = [" ".join(dom.text_of(anchor).split()) for anchor in card.anchors]
    names = [
        name
        for name in names
        if name and not _GO_ON.fullmatch(_fold(name)) and not (_is_date(name) and _DIGIT.search(name))
    ]
    title = heading.text if heading else next(iter(names), None)
    if title is None:
        return f"{card.href} has no title: {short(' '.join(line.text for line in lines))}"
    said = _read([line for line in lines if line is not heading and line.text != title])
    dates = [line for line in said.lines if _is_date(line.text)]
    if not dates:
        dates = [line for line in said.lines if len(line.text) < 80 and _DATED.search(_fold(line.text))][:1]
    if dates and "date" not in said.values:
        said.values["date"] = "\n".join(line.text.replace(title, "").strip(" -–—:|·,") or line.text for line in dates)
    return _item(card.link, base, title, said, [line for line in said.lines if line not in dates])


def _next(page: Page, tree: LexborHTMLParser, base: str | None) -> list[str]:
    """The next page of the list: as rel=next says, else the link that is called « suivant »."""
    for node in [*tree.css('[rel~="next"][href]'), *tree.css("a[href]")]:
        rel = "next" in (node.attrs.get("rel") or "").lower().split()
        words = " ".join((dom.text_of(node) or node.attrs.get("aria-label") or node.attrs.get("title") or "").split())
        link = dom.resolve(page.url, base, node.attrs.get("href") or "")
        named = rel or (words and _NEXT.fullmatch(_fold(words)))
        if named and link and link != page.url.partition("#")[0] and _host(link) == _host(page.url):
            return [link]
    return []
