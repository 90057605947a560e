"""A page as one table of its elements in reading order: what lists are looked for in. Linear in the page, and bounded."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.extract import dom
from aggregator.extract.html import joined
from aggregator.extract.listing import days
from aggregator.extract.listing.days import Spot

MOST_ELEMENTS = 8_000
MOST_CLASSES = 20
_MOST_DATE = 160  # characters of an element that is looked at as a date
_MOST_PART = 40  # of one that is looked at as a month
_DIGIT = re.compile(r"\d")
_SKIPPED = frozenset("head script style noscript template svg math iframe object select textarea button dialog".split())
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dir div dl dt fieldset figcaption figure footer h1 h2 "
    "h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul br".split()
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_GAP = re.compile(r"[ \t\r\f\v\xa0\u202f]+")
_NEW_LINE = re.compile(r" ?\n[ \n]*")

# ── classes ─────────────────────────────────────────────────────────────────────────────────────

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_MADE = re.compile(  # by programs, for layout or for a state: tomorrow it is another
    r"(?:css|sc|jsx|jss|emotion|svelte|astro|js|is|has|ng|v|wow|aos|animate|fade|elementor-element|vc|et_pb|wp-image|cid)[-_].*|.*\d{2,}.*"
    r"|(?:.*[-_])?\d+(?:[-_].*)?|first|last|odd|even|active|current|open|closed|pair|impair|item-?(?:first|last)|.*row_(?:first|last|odd|even)"
    r"|clearfix|clear|cf|container(?:-fluid)?|row|cols?|columns?|grid|flex|wrap|wrapper|inner|show|hidden|visible|left|right|center"
    r"|(?:col|cell|d|m|p|mt|mb|ml|mr|mx|my|pt|pb|pl|pr|px|py|w|h|g|gap|gx|gy|fs|fw|bg|text|border|rounded|shadow|flex|grid|justify|align|items"
    r"|space|font|float|order|offset|small|medium|large|xs|sm|md|lg|xl|fr-col|fr-m[btlrxy]|fr-p[btlrxy]|uk-width|uk-margin|large-up|position"
    r"|overflow|object|leading|tracking|min|max|block-grid|span|unit|status|category|tag|format|author)-[\w-]*|hentry-.*|type-.*|post_format-.*"
)
_MIXED = re.compile(r"[A-Za-z0-9]*\d[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[a-z]+[A-Z]{2,}[A-Za-z]*|[A-Z][a-z]*[A-Z]{2,}\w*")


@lru_cache(8192)
def stable(name: str) -> bool:
    """Whether a class or id is an editor's or a designer's word that stays: no hash, number, grid column, state."""
    if not _NAME.fullmatch(name) or _MADE.fullmatch(name) or len(name) > 50:
        return False
    return not any(_MIXED.fullmatch(part) or _jumbled(part) for part in re.split(r"[-_]+", name))


def _jumbled(part: str) -> bool:
    """Whether capitals stand in a word as a hash has them, « kQxYzA », not as « dateEvent » has them."""
    humps = re.findall(r"[A-Z]+[a-z0-9]*|^[a-z0-9]+", part)
    return len(humps) > 1 and len(part) < 2.5 * len(humps)


# ── what is never a list of news ────────────────────────────────────────────────────────────────

_CHROME = re.compile(
    r"(?:main-?|site-?|top-?|sub-?|sous-?|primary-?|secondary-?|mobile-?|mega-?|header-?|footer-?|skip-?|lang(?:uage)?s?-?|nav-?)?(?:menus?|nav|navbar|navigation|links?-rapides)"
    r"|(?:menu|nav|navbar|navigation|breadcrumbs?|cookies?|footer|share|social|pagination|pager|tarteaucitron|lang|langues?)[-_].+"
    r"|breadcrumbs?|fil-?d?-?ariane|ariane|chemin|pagination|pager|paginate|paginator|page-numbers|nav-links"
    r"|shar(?:e|ing)|share-.*|partages?|partager|social(?:s|-.*|wall)?|reseaux(?:-?sociaux)?|addtoany|(?:facebook|twitter|instagram|tweets?)(?:-.*)?"
    r"|(?:site-?|page-?|main-?)?footer|pied(?:-?de-?page)?|bas-?de-?page|bottom-?bar|top-?bar|(?:site|page)-?header|bandeau|banner"
    r"|cookies?|.*consent.*|rgpd|gdpr|newsletter.*|partenaires?|partners?|logos?|sponsors?|tag-?cloud|tags?-?list|nuage.*|mots-?cles|tagcloud"
    r"|related(?:-.*)?|.*-related|connexes?|(?:voir|lire|a-lire|a-voir)-?aussi|meme-?rubrique|similaires?|suggestions?|comments?|commentaires?|comment-?list|respond"
    r"|recherche|search(?:-.*)?|filtres?|filters?|facets?|facettes?|lang(?:ue|uage)?s?(?:-?switch.*)?|langues|acces-?rapides?|quick-?links|raccourcis"
    r"|sitemap|plan-?du-?site|archives?-?list|widget_(?:archive|categories|tag_cloud|nav_menu|meta|recent_comments|search|pages|links)|sommaire|toc|screen-reader.*|sr-only"
    r"|meteo|weather|marquee"
)
_MENU = re.compile(
    r"(?:sub-?|sous-?)?menu|nav"
)  # SPIP calls its lists of articles « menu_articles »: dates say what they are
_TITLE = re.compile(
    r"(?:.*[-_])?(?:titles?|titre|intitule|headline|heading|nom|name|libelle|objet)(?:[-_].*)?|.*(?:Title|Titre|titre|title)"
)
_CHROME_ROLES = frozenset("navigation banner contentinfo search menu menubar tablist dialog alert".split())
_ASIDE = re.compile(r"(?:.*[-_])?(?:sidebar|aside|colonne|secondary|complementary|widgets?)(?:[-_].*)?")
CHROME_HEADING = re.compile(
    r"(?:a lire aussi|a voir aussi|voir aussi|lire aussi|sur le meme (?:theme|sujet)|dans la meme (?:rubrique|thematique|categorie)|articles? (?:lies|similaires|associes|connexes)"
    r"|(?:.{0,25} )?plus (?:lu|vu|consulte|populaire|partage|commente)e?s?|top \d+|suivez.*|nos partenaires|partenaires|liens? utiles?|en un clic|acces rapides?"
    r"|reseaux sociaux|derniers? commentaires?|commentaires? recents?|derniers tweets|rechercher|mots.cles|newsletters?|partager.*|nous suivre|a telecharger aussi"
    r"|ces articles pourraient.*|cela (?:peut|pourrait) vous interesser|vous aimerez aussi|pour aller plus loin).{0,12}"
)


class _Named(NamedTuple):
    """What the names of an element (classes, id, itemprop) say of it."""

    kept: tuple[str, ...]
    title: bool
    chrome: bool
    menu: bool
    aside: bool


@lru_cache(4096)
def _named(classes: str, other: str) -> _Named:
    given = classes.split()[:MOST_CLASSES]
    names = [*given, *other.split()[:2]]
    folded = [name.lower() for name in names]
    chrome = [name for name in folded if _CHROME.fullmatch(name)]
    return _Named(
        tuple(sorted({name for name in given if stable(name)})),
        any(_TITLE.fullmatch(name) for name in names),
        bool(chrome),
        all(_MENU.match(name) for name in chrome),
        any(_ASIDE.fullmatch(name) for name in folded),
    )


class Link(NamedTuple):
    """A link that leads to another page (`url`, without fragment); `own`: of the same site."""

    at: int
    href: str
    url: str
    own: bool


@dataclass(slots=True)
class Element:
    """One element: `stop` is the row after its last descendant, `words` the range of its texts."""

    node: LexborNode
    tag: str
    parent: int
    depth: int
    classes: tuple[str, ...]
    id: str | None
    attrs: dict[str, str | None]
    named: _Named
    chrome: bool
    aside: bool
    main: bool
    tags: int  # number of its path of tags, and
    path: int  # of its path of tags and classes: equal numbers, equal paths
    names: list[str] = field(default_factory=list)  # simple selectors of it, once they were asked for
    stop: int = 0
    words: tuple[int, int] = (0, 0)
    dated: int = -1  # the last element before it, under the same parent, that is a date and nothing more
    before: int = -1  # the same for part dates: months, years


@dataclass(frozen=True, slots=True)
class How:
    """How the dates of a page are read: see `days.find`."""

    seen: date
    tz: str
    language: str

    def find(self, text: str, *, ahead: bool = False) -> Spot | None:
        """Give the first day that a text names."""
        return days.find(text, seen=self.seen, tz=self.tz, language=self.language, ahead=ahead)


class Table:
    """The elements of a page in reading order, the links and headings among them, and the dates they are."""

    def __init__(self, tree: LexborHTMLParser, url: str, how: How) -> None:
        self.tree = tree
        self.url = url
        self.how = how
        self.base = dom.base_of(tree, url)
        self.rows: list[Element] = []
        self.links: list[Link] = []
        self.headings: list[int] = []
        self._texts: list[str] = []
        self._sizes: list[int] = [0]
        self._digits: list[int] = []  # texts with a digit in them
        self._paths: dict[tuple[object, ...], int] = {}
        self._said: dict[int, str] = {}
        self._date_words: dict[int, str] = {}
        self.places: dict[tuple[int, int], list[int]] = {}  # what `blocks.text_places` found
        self.spots: dict[int, Spot] = {}
        self._spot_rows: list[int] = []
        if tree.body is not None:
            self._walk(tree.body)
            self._dates()
            self._spot_rows = sorted(self.spots)
            self._chrome()
        self.at = {row.node.mem_id: index for index, row in enumerate(self.rows)}
        self.named = [at for at, row in enumerate(self.rows) if row.named.title]
        self._link_rows = [link.at for link in self.links]

    # ── building ────────────────────────────────────────────────────────────────────────────────

    def _walk(self, body: LexborNode) -> None:
        rows, texts, sizes = self.rows, self._texts, self._sizes
        stack: list[int] = []
        node: LexborNode | None = body
        while node is not None:
            tag = node.tag or ""
            child = None
            if tag == "-text":
                text = node.text_content or ""
                texts.append(text)
                sizes.append(sizes[-1] + len(text))
                if _DIGIT.search(text):
                    self._digits.append(len(texts) - 1)
            elif tag in ("br", "hr"):
                self._line()
            elif tag[:1] not in "-_!" and tag not in _SKIPPED and len(rows) < MOST_ELEMENTS:
                if tag in _BLOCKS:
                    self._line()
                index = self._add(node, tag, stack[-1] if stack else -1, len(stack))
                child = node.first_child
                if child is None:
                    rows[index].stop, rows[index].words = index + 1, (len(texts), len(texts))
                else:
                    rows[index].words = (len(texts), 0)
                    stack.append(index)
                    node = child
                    continue
            following = node.next if stack else None
            while following is None and stack:
                row = rows[stack.pop()]
                row.stop, row.words = len(rows), (row.words[0], len(texts))
                if row.tag in _BLOCKS:
                    self._line()
                following = row.node.next if stack else None
            node = following

    def _line(self) -> None:
        if self._texts and self._texts[-1] != "\n":
            self._texts.append("\n")
            self._sizes.append(self._sizes[-1] + 1)

    def _add(self, node: LexborNode, tag: str, parent: int, depth: int) -> int:
        attrs = node.attributes
        over = self.rows[parent] if parent >= 0 else None
        named = _named(attrs.get("class") or "", f"{attrs.get('id') or ''} {attrs.get('itemprop') or ''}")
        tags = self._number((over.tags if over else -1, tag))
        own = given if (given := attrs.get("id")) and stable(given) else None
        path = self._number((over.path if over else -1, tag, named.kept, own))
        row = Element(
            node, tag, parent, depth, named.kept, own, attrs, named, False,
            (over.aside if over else False) or named.aside or tag == "aside" or attrs.get("role") == "complementary",
            (over.main if over else False) or tag == "main" or attrs.get("role") == "main", tags, path,
        )  # fmt: skip
        self.rows.append(row)
        index = len(self.rows) - 1
        if tag == "a" and (href := (attrs.get("href") or "").strip()) and (link := self._link(index, href)):
            self.links.append(link)
        elif tag in HEADINGS:
            self.headings.append(index)
        return index

    def _number(self, key: tuple[object, ...]) -> int:
        return self._paths.setdefault(key, len(self._paths))

    def _link(self, index: int, href: str) -> Link | None:
        if href.startswith("#") or href.lower().startswith(("javascript:", "mailto:", "tel:")):
            return None
        url = dom.resolve(self.url, self.base, href)
        if url is None or url == self.url.partition("#")[0]:
            return None
        return Link(index, href, url, _site(urlsplit(url).hostname or "") == self._site)

    @cached_property
    def _site(self) -> str:
        return _site(urlsplit(self.url).hostname or "")

    def _chrome(self) -> None:
        """Mark navigation, footers, share buttons, logos…: what is named so and does not hold most of the page."""
        whole = max(1, self._sizes[-1])
        for index, row in enumerate(self.rows):
            over = self.rows[row.parent] if row.parent >= 0 else None
            if over is not None and over.chrome:
                row.chrome = True
                continue
            if index == 0 or row.tag in ("main", "a", "td", "tr", "tbody", "table"):
                continue
            named = row.tag in ("nav", "menu") or row.attrs.get("role") in _CHROME_ROLES
            if row.tag in ("header", "footer"):
                named = not self._sectioned(row)
            named = named or (
                row.named.chrome and not (row.named.menu and len(self.spots_between(index, row.stop)) > 2)
            )
            if not named and row.tag in ("section", "aside", "div", "ul"):
                named = self._headed(index, row)
            row.chrome = named and self.size(index) * 2 < whole

    def _sectioned(self, row: Element) -> bool:
        while row.parent >= 0:
            row = self.rows[row.parent]
            if row.tag in ("article", "section", "main", "li", "td"):
                return True
        return False

    def _headed(self, index: int, row: Element) -> bool:
        """Whether a part of the page begins with « À lire aussi », « Nos partenaires »."""
        place = bisect_left(self.headings, index)
        if place >= len(self.headings) or self.headings[place] >= row.stop or self.headings[place] - index > 4:
            return False
        return bool(CHROME_HEADING.fullmatch(days.fold(self.text(self.headings[place]))[:80]))

    def _dates(self) -> None:
        """Find the smallest elements whose words hold a date, and what is a date and nothing more."""
        last: dict[int, int] = {}
        parts: dict[int, int] = {}
        for index, row in enumerate(self.rows):
            row.dated = last.get(row.parent, -1)
            row.before = parts.get(row.parent, -1)
            size = self.size(index)
            if row.tag == "time" and (stamp := row.attrs.get("datetime")) and (spot := self.how.find(stamp)):
                said = self.how.find(self.date_words(index)) if size else None
                self.spots[index] = said if said and said.year else replace(spot, rest=said.rest if said else 0)
                if said is None or not said.rest:
                    last[row.parent] = index
                continue
            if not 3 < size <= _MOST_DATE * 2:
                if 0 < size <= 3 and row.tag not in ("a", "img") and days.in_part(self.text(index), self.how.language):
                    parts[row.parent] = index
                continue
            if size > _MOST_PART and not self._counts(row):
                continue
            text = self.date_words(index)
            if len(text) > _MOST_DATE:
                continue
            spot = self.how.find(text)
            if spot is not None:
                self.spots[index] = spot
                if spot.rest <= 2 and row.tag != "a":
                    last[row.parent] = index
            elif row.tag != "a" and days.in_part(text, self.how.language):
                parts[row.parent] = index

    def _counts(self, row: Element) -> bool:
        place = bisect_left(self._digits, row.words[0])
        return place < len(self._digits) and self._digits[place] < row.words[1]

    # ── asking ──────────────────────────────────────────────────────────────────────────────────

    def size(self, index: int) -> int:
        """How many characters an element holds, blanks of the source included."""
        start, stop = self.rows[index].words
        return self._sizes[stop] - self._sizes[start]

    def text(self, index: int) -> str:
        """The words of an element, its blocks on lines of their own; at most some 2,000 characters."""
        if (said := self._said.get(index)) is None:
            start, stop = self.rows[index].words
            said = self._said[index] = _said(self._texts[start : min(stop, start + 400)])
        return said

    def line(self, index: int) -> str:
        """The words of an element on one line."""
        return " ".join(self.text(index).split())

    def date_words(self, index: int) -> str:
        """The words of an element as those of a date: « 23 » and « nov » in two elements are two words."""
        if (said := self._date_words.get(index)) is None:
            start, stop = self.rows[index].words
            said = self._date_words[index] = _said(self._texts[start : min(stop, start + 400)], apart=True)
        return said

    def unlinked(self, index: int) -> str:
        """The words of an element, as those of a date, that stand in no link."""
        start, stop = self.rows[index].words
        kept: list[str] = []
        for link in self.links_in(index):
            first, last = self.rows[link.at].words
            kept += self._texts[start:first]
            start = max(start, last)
        return _said([*kept, *self._texts[start:stop]][:400], apart=True)

    def span(self, index: int, stop: int) -> int:
        """How many characters stand between two rows."""
        return self._sizes[self.rows[stop - 1].words[1]] - self._sizes[self.rows[index].words[0]]

    def links_in(self, index: int) -> list[Link]:
        """The links that an element holds or is."""
        return self.links_between(index, self.rows[index].stop)

    def links_between(self, index: int, stop: int) -> list[Link]:
        """The links of the rows from `index` to `stop`."""
        return self.links[bisect_left(self._link_rows, index) : bisect_left(self._link_rows, stop)]

    def headings_between(self, index: int, stop: int) -> list[int]:
        """The h1…h6 of the rows from `index` to `stop`."""
        return self.headings[bisect_left(self.headings, index) : bisect_left(self.headings, stop)]

    def spots_between(self, index: int, stop: int) -> list[int]:
        """The elements with a date of the rows from `index` to `stop`, nested ones too."""
        return self._spot_rows[bisect_left(self._spot_rows, index) : bisect_left(self._spot_rows, stop)]

    def named_between(self, index: int, stop: int) -> list[int]:
        """The elements that are named as titles are, of the rows from `index` to `stop`."""
        return self.named[bisect_left(self.named, index) : bisect_left(self.named, stop)]

    def children(self, index: int) -> list[int]:
        """The elements right inside one."""
        found, at = [], index + 1
        while at < self.rows[index].stop:
            found.append(at)
            at = self.rows[at].stop
        return found

    def above(self, index: int) -> list[int]:
        """The elements around one, the innermost first."""
        found = []
        index = self.rows[index].parent
        while index >= 0:
            found.append(index)
            index = self.rows[index].parent
        return found


def _said(texts: list[str], *, apart: bool = False) -> str:
    # A line end in the source is a blank; only ours, alone in its piece, are the page's lines.
    parts = (text if text == "\n" else text.replace("\n", " ") for text in texts)
    lined = joined(parts) if apart else "".join(parts)
    return _NEW_LINE.sub("\n", _GAP.sub(" ", lined)).strip()


def _site(host: str) -> str:
    labels = host.lower().removeprefix("www.").split(".")
    return ".".join(labels[-2:]) if not labels[-1].isdigit() else host
