"""What one element says if it is an item of a list: its title, its link, its date. None where it is no such thing."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from aggregator.extract.html import under
from aggregator.extract.listing import days
from aggregator.extract.listing.days import Spot, fold
from aggregator.extract.listing.elements import HEADINGS, Element, How, Link, Table

_MOST_ROWS = 400
_MOST_CHARS = 12_000
_MOST_URLS = 12
_SHORT = 15  # letters beside a date that is hardly more than one
_FAR = 6  # ancestors beside which a heading that dates a block is looked for
_MORE = re.compile(
    r"[\W_]*(?:(?:en savoir|lire|voir|decouvrir|consulter|acceder|afficher)(?: (?:plus|la suite|suite|davantage|tout"
    r"|(?:a )?(?:l'|la |le |les |cet |cette )(?:article|actu\w*|page|evenement|details?|fiche|communique|document|annonce|dossier|contenu|programme"
    r"|site|news|infos?|information|agenda|sujet|reportage|offre)s?)\b.*)?|(?:la )?suite|plus d'infos?.{0,20}|details?|infos?(?: pratiques?)?"
    r"|(?:read|learn|see) more.*|continue reading.*|plus|more|(?:je )?m'inscri(?:re|s)|s'inscrire|inscription|reserver|billetterie|telecharger.{0,30}"
    r"|partager.{0,20}|ajouter (?:a|au) .{0,30}|imprimer|ici|cliquez ici|[+>»→]*)[\W_]*"
)
_NEVER = re.compile(
    r"(?:accueil|home|contacts?|nous contacter|mentions legales|plan du site|fil rss|rss|accessibilite.{0,40}|se connecter|connexion|retour(?: (?:a|au|aux|en|vers) .{0,30}| haut)?"
    r"|(?:page )?(?:suivant|precedent)e?s?|next|previous|(?:premiere|derniere) page|facebook|twitter|instagram|linkedin|youtube|x|haut de page"
    r"|(?:l'|les |nos |notre |en )?(?:agenda|actualites?|actus?|news|evenements?|a la une|bref|breves|publications?|dossiers?|rubriques?|documents?)"
    r"|(?:voir |lire |consulter |afficher )?(?:tout|tous|toutes?) (?:l'|les? |la |nos )?(?:agenda|actu\w*|news|evenements?|articles?|rendez-vous|publications?).{0,20}"
    r"|no comments?|\d+ commentaires?|(?:laisser un |aucun )commentaires?.*|leave a comment.*|commentaires?(?: fermes)?|voir tout|tout voir|fermer|menu|rechercher)[\W_]*"
)
_DATE = re.compile(r".*(?:date|publi|jour|day|when|quand|time|calend|period|horaire|posted|moment).*", re.IGNORECASE)
_POSTED = re.compile(
    r".*(?:publi|post(?:ed)?[-_]+(?:date|on)|entry-date|date_?posted|created).*|mise? en ligne.*|poste .*",
    re.IGNORECASE,
)
_CHANGED = re.compile(r".*(?:modif|maj|updat|changed).*", re.IGNORECASE)
_INLINE = frozenset("em i b strong span sup sub abbr small u font mark br".split())
_SAID = re.compile(
    r"(?:publie|mis en ligne|poste|paru|date|modifie|ajoute|actualise)\w*\b.{0,12}\d|(?:le|du|de|des) \d|a partir d|inscriptions?\b|jusqu'|par "
)
_LETTERS = re.compile(r"[^\W\d_]")
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|odt|ods|zip|jpe?g|png|pptx?|csv|ics|mp3)(?:$|\?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """An item as an element shows it. Places are rows of the table, -1 for none.

    `date`: the element whose words date it (-1 with a `spot`: only its title names the day); `over`: the heading before it that dates it, wholly or in part (month,
    year). `stop`: the row after its last. `heading`: its title is one; `several`: it looks like more than one item.
    """

    at: int
    stop: int
    title: int
    words: str
    link: Link
    date: int
    spot: Spot | None
    over: int
    heading: bool
    several: bool

    @property
    def dated(self) -> bool:
        """Whether it says its day elsewhere than in its title alone."""
        return self.spot is not None and (self.date >= 0 or self.over >= 0)

    @property
    def document(self) -> bool:
        """Whether it leads to a file."""
        return _FILE.search(self.link.url) is not None


def read_block(table: Table, index: int, stop: int | None = None) -> Block | None:
    """Read an element as an item; with `stop`, it and what follows it up to that row."""
    row = table.rows[index]
    stop = row.stop if stop is None else stop
    if row.chrome or stop - index > _MOST_ROWS or table.span(index, stop) > _MOST_CHARS:
        return None
    links = table.links_between(index, stop)
    urls = {link.url for link in links}
    if not links or len(urls) > _MOST_URLS:
        return None
    titled = _title(table, index, stop, links)
    if titled is None:
        return None
    title, link, heading = titled
    words = table.line(title)
    if not _may_be_title(table.how, words):
        return None
    date = _date(table, _spots(table, index, stop), title)
    spot = table.spots.get(date) if date >= 0 else None
    named = title <= date < table.rows[title].stop  # the day is in the title
    if spot and named and not _apart(table.text(title), spot):
        date = -1
    beside = table.how.find(table.unlinked(index)) if (named or date < 0) and stop == row.stop else None
    if beside and (date < 0 or beside.rest <= _SHORT):
        date, spot = index, beside
    over, under_it = _over(table, index, date, spot if date >= 0 else None)
    spot = under_it or spot
    several = _several(table, index, stop, links, title, link)
    return Block(index, stop, title, words, link, date, spot, over, heading, several)


def _apart(title: str, spot: Spot) -> bool:
    """Whether a date in a title stands apart from it: « 12/03/2026 : Titre », « Titre (12 mars 2026) »."""
    return spot.start <= 3 or (
        re.search(r"(?:[(\[]|\s[-–|:]\s)[^()]{4,30}[)\]]?\s*$", title) is not None and spot.start > len(title) - 36
    )


# ── titles ──────────────────────────────────────────────────────────────────────────────────────


@lru_cache(4096)
def _may_be_title(how: How, words: str) -> bool:
    if not 3 <= len(words) <= 400 or len(_LETTERS.findall(words)) < 3:
        return False
    folded = fold(words)
    if _NEVER.fullmatch(folded) or _MORE.fullmatch(folded):
        return False
    spot = how.find(words)
    return not (spot and spot.rest <= 2) and not days.in_part(words, how.language)


def _title(table: Table, index: int, stop: int, links: list[Link]) -> tuple[int, Link, bool] | None:
    """The element that names the item, its link, and whether it is a heading."""
    if all(_NEVER.fullmatch(fold(table.line(link.at))) for link in links):
        return None
    for heading in table.headings_between(index, stop):
        words = table.text(heading)
        if table.rows[heading].stop > stop or any(
            table.rows[i].tag in ("p", "div", "ul") for i in table.children(heading)
        ):
            # Never closed: what follows stands in it too.
            inside = [link for link in links if link.at > heading and _worth(table, link)]
            return (inside[0].at, inside[0], True) if inside else None
        if not _may_be_title(table.how, " ".join(words.split())):
            continue
        if apart := _beside_date(table, heading, links):
            return apart.at, apart, True
        return heading, _link_of(table, heading, links), True
    named = next((at for at in table.named_between(index, stop) if _may_be_title(table.how, table.text(at))), None)
    if named is not None and table.size(named) < 500:
        inner = [link for link in links if named <= link.at < table.rows[named].stop]
        if len({link.url for link in inner}) <= 1:
            return named, _link_of(table, named, links), False
    best = max(links, key=lambda link: _worth(table, link))
    if _worth(table, best) > 0:
        return _within_link(table, best.at), best, False
    if len({link.url for link in links}) <= 2:
        for at in range(index, stop):  # the only link is « Lire la suite », or a picture
            row = table.rows[at]
            if (
                row.tag in ("strong", "b", "dt", "p")
                and _may_be_title(table.how, table.text(at))
                and table.size(at) < 300
            ):
                return at, best, False
    return None


def _beside_date(table: Table, heading: int, links: list[Link]) -> Link | None:
    """The link of a heading beside which its date stands, « <h3><em>12 mars</em> <a>Titre</a></h3> »."""
    stop = table.rows[heading].stop
    link = next((link for link in links if heading < link.at < stop and _worth(table, link)), None)
    if link is None:
        return None
    own = range(link.at, table.rows[link.at].stop)
    dates = [at for at in table.spots_between(heading + 1, stop) if table.rows[at].stop <= link.at or at >= own.stop]
    return link if dates else None


def _named(row: Element, pattern: re.Pattern[str]) -> bool:
    given = row.attrs.get("class")
    prop = row.attrs.get("itemprop")
    return bool(given and any(pattern.fullmatch(name) for name in given.split())) or bool(
        prop and pattern.fullmatch(prop)
    )


def _worth(table: Table, link: Link) -> int:
    """How much a link's words look like a title: their number of letters, 0 for « Lire la suite »."""
    return _letters(table.how, table.line(link.at))


@lru_cache(4096)
def _letters(how: How, words: str) -> int:
    return 0 if not _may_be_title(how, words[:400]) or _MORE.fullmatch(fold(words)) else min(len(words), 200)


def text_places(table: Table, block: Block) -> list[int]:
    """The innermost elements of a block with words that may name it."""
    if (found := table.places.get((block.at, block.stop))) is None:
        found = table.places[block.at, block.stop] = []
        at = block.at + 1
        while at < block.stop:
            text = _is_text(table, at)
            words = table.line(at) if text else ""
            folded = fold(words)
            if words and not _SAID.match(folded) and not _MORE.fullmatch(folded) and _may_be_title(table.how, words):
                found.append(_bold_line(table, at))
            at = table.rows[at].stop if text else at + 1
    return found


def _is_text(table: Table, at: int) -> bool:
    """Whether an element is a text: no block in it, and not made of several elements that each hold a part."""
    children = table.children(at)
    if any(table.rows[i].tag not in _INLINE and table.size(i) for i in range(at + 1, table.rows[at].stop)):
        return False
    worded = [words for child in children if (words := "".join(table.text(child).split()))]
    return len(worded) < 2 or "".join(worded) != "".join(table.text(at).split())


def _bold_line(table: Table, at: int) -> int:
    """The bold first line of a text, « <b>Titre</b><br>Le reste… », else the text."""
    first, _, rest = table.text(at).partition("\n")
    bold = next((i for i in range(at + 1, table.rows[at].stop) if table.rows[i].tag in ("b", "strong")), at)
    return bold if rest and table.text(bold) == first.strip() else at


def titled(table: Table, block: Block, title: int, words: str) -> Block:
    """The block under another title."""
    return replace(
        block, title=title, words=words, link=_link_of(table, title, table.links_between(block.at, block.stop))
    )


def _within_link(table: Table, at: int) -> int:
    """The part of a link that is its title, where a whole card is one link."""
    row = table.rows[at]
    inside = range(at + 1, row.stop)
    named = [i for i in inside if table.rows[i].tag in ("strong", "b") and _may_be_title(table.how, table.text(i))]
    if named:
        return named[0]
    leaves = [
        i
        for i in inside
        if table.rows[i].stop == i + 1 and (i not in table.spots or table.spots[i].rest > 3) and len(table.text(i)) > 5
    ]
    lines = table.text(at).split("\n")
    dated = any(at < spot < row.stop for spot in _spots(table, at, row.stop))
    if leaves and (len(lines) > 1 or dated) and _may_be_title(table.how, table.text(leaves[0])):
        return leaves[0]
    return at


def _link_of(table: Table, title: int, links: list[Link]) -> Link:
    """The link a title holds or stands in, else « Lire la suite », else the first that has no other words."""
    stop = table.rows[title].stop
    inside = [link for link in links if title <= link.at < stop]
    if inside:
        return inside[0]
    around = [link for link in links if link.at < title and table.rows[link.at].stop >= stop]
    if around:
        return around[-1]
    more = [
        link
        for link in links
        if _MORE.fullmatch(fold(table.text(link.at) or table.rows[link.at].attrs.get("title") or ""))
    ]
    bare = [link for link in links if not table.text(link.at)]
    twice = [link for link in links if sum(link.url == other.url for other in links) > 1]
    return (more or twice or bare or links)[0]


def _several(table: Table, index: int, stop: int, links: list[Link], title: int, link: Link) -> bool:
    """Whether it holds another title beside the first: a heading of the same level, or a link of the same form."""
    first = table.rows[title]
    if first.tag in HEADINGS:
        others = [at for at in table.headings_between(index, stop) if at > title and table.rows[at].tag == first.tag]
        return len(others) > 1 or (any(table.links_in(at) for at in others) and bool(table.links_in(title)))
    own = table.rows[link.at]
    alike = [
        other for other in links
        if other.url != link.url and table.rows[other.at].tags == own.tags and table.rows[other.at].classes == own.classes
        and _worth(table, other) * 3 > _worth(table, link) and len(table.text(other.at).split()) > 2
    ]  # fmt: skip
    return bool(alike)


# ── dates ───────────────────────────────────────────────────────────────────────────────────────


def _spots(table: Table, index: int, stop: int) -> list[int]:
    """The smallest elements with a date between two rows."""
    found = table.spots_between(index, stop)
    return [at for place, at in enumerate(found) if place + 1 == len(found) or found[place + 1] >= table.rows[at].stop]


def _date(table: Table, spots: list[int], title: int) -> int:
    """The element that dates the item: one that is a date, or is named so, rather than a sentence with a date in it."""
    best, most = -1, -99
    for at in spots:
        weight = weigh(table, at) - 6 * (title <= at < table.rows[title].stop)
        if weight > most:
            best, most = at, weight
    return lifted(table, best, title) if best >= 0 else -1


def weigh(table: Table, at: int) -> int:
    """How much an element with a date in it looks like the date of an item."""
    row, spot = table.rows[at], table.spots[at]
    over = table.rows[row.parent] if row.parent >= 0 else row
    return (
        3 * (row.tag == "time")
        + 3 * (_named(row, _DATE) or _named(over, _DATE))
        + (4 if not spot.rest else 2 if spot.rest <= 15 else -3 if spot.rest > 50 else 0)
        + spot.year
        + spot.clock
        - 6 * (_named(row, _CHANGED) or "mis a jour" in fold(table.text(at)))
        - 2 * (spot.start > 40)
    )


def published(table: Table, block: Block) -> bool:
    """Whether the date of a block says when it was published, by its name or its words: no day of an event."""
    if block.date < 0 or block.date == block.at:
        return False
    near = [table.rows[at] for at in (block.date, *table.above(block.date)[:2]) if at > block.at]
    return any(_named(row, _POSTED) for row in near) or bool(_POSTED.match(fold(table.text(block.date))))


def lifted(table: Table, at: int, title: int) -> int:
    """The element around a date that says more of it and nothing else: its hours, its last day, its year."""
    spot = table.spots[at]
    for around in table.above(at):
        wider = table.spots.get(around)
        if wider is None or wider.rest or around <= title < table.rows[around].stop:
            break
        if wider.clock > spot.clock or wider.year > spot.year or (wider.first, wider.last) != (spot.first, spot.last):
            if wider.first != spot.first and wider.last != spot.last and wider.year == spot.year:
                break
            at, spot = around, wider
    return at


def _over(table: Table, index: int, date: int, spot: Spot | None) -> tuple[int, Spot | None]:
    """The heading before a block that dates it where its own words do not, and what both together say."""
    if spot is not None and spot.year:
        return -1, spot
    at = index
    for _ in range(_FAR):
        row = table.rows[at]
        if spot is None and row.dated >= 0:
            return row.dated, table.spots[row.dated]
        if row.before >= 0 and (half := date if spot else part_at(table, index)) >= 0:
            own = table.unlinked(half) if half == index else table.date_words(half)
            if (said := table.how.find(under(table.date_words(row.before), own))) and said.year:
                return row.before, said
        at = row.parent
        if at <= 0:
            break
    return -1, spot


def part_at(table: Table, index: int) -> int:
    """The element in a block whose words are half of a date (« Jeudi 12 »); -1 for none."""
    for at in range(index, min(table.rows[index].stop, index + 40)):
        if 0 < table.size(at) <= 40 and days.in_part(table.text(at), table.how.language):
            return at
    return -1
