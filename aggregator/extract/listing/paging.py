"""The link to the next page of a list."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from aggregator.extract.listing.days import fold
from aggregator.extract.listing.elements import Element, Link, Table
from aggregator.extract.listing.selectors import names

_NEXT = re.compile(
    r"[\W_]*(?:(?:aller a la |la )?page suivante|suivante?s?|next(?: page)?|older (?:posts|entries)|(?:entrees|billets|publications|messages|nouvelles|articles?|actualites|actus|infos|elements|resultats|evenements) (?:precedente?s|suivante?s?|plus ancien(?:ne)?s?)|suite(?: de l'agenda| des .{3,20})?"
    r"|(?:voir|charger|afficher) (?:plus|la suite)(?: d.{2,30})?|plus d(?:'|e )(?:articles|actualites|actus|resultats|evenements)|load more|plus ancien(?:ne)?s?)[\W_]*"
)
_ARROW = re.compile(r"(?:›|»|>|>>|→|▶|❯|⟩|〉)")
_PAGED = re.compile(
    r"(?:^|[?&/_\[.-])(?:page|p|paged|start|debut\w*|offset|pg|pagenum\w*|currentpage|cur|seite|from)\]?(?:=|/|%5d=|-)\d+",
    re.IGNORECASE,
)
_PAGER = re.compile(r".*(?:pag(?:inat|er|es|ing|e-numbers)|nav-links).*", re.IGNORECASE)
_OF_PAGES = re.compile(r"\bpage \d+ ?(?:/|sur|de|of) ?\d+", re.IGNORECASE)
_HERE = ("[aria-current]", ".active", ".current", ".is-active", ".on", "strong", "span", "b", "em")


class Next(NamedTuple):
    """Where the link stands, and its selector."""

    at: int
    selector: str


def next_page(table: Table) -> Next | None:
    """Find the link to the next page; None when the page shows none, or no selector tells it from others."""
    for links in (_said(table), _arrows(table)):
        for link in links:
            if selector := _selector(table, link):
                return Next(link.at, selector)
    return _after_here(table)


def _said(table: Table) -> list[Link]:
    """Links that say they lead to the next page, by their relation first, then in words."""
    by_rel = [link for link in table.links if "next" in (table.rows[link.at].attrs.get("rel") or "").lower().split()]
    return by_rel + [
        link
        for link in table.links
        if link.own and any(_NEXT.fullmatch(said) for said in _words(table, link)) and _further(table, link)
    ]


def _words(table: Table, link: Link) -> list[str]:
    attrs = table.rows[link.at].attrs
    picture = next(
        (
            table.rows[at].attrs.get("alt")
            for at in range(link.at, table.rows[link.at].stop)
            if table.rows[at].tag == "img"
        ),
        None,
    )
    return [
        fold(words)[:60]
        for words in (table.text(link.at), attrs.get("aria-label"), attrs.get("title"), picture)
        if words
    ]


def _further(table: Table, link: Link) -> bool:
    """Whether a link leads to another page of this one: the same path with a number, not another piece of news."""
    url, here = urlsplit(link.url), urlsplit(table.url)
    stem = re.sub(r"(?:/page)?/\d+/?$|/$", "", here.path)
    return url.path.startswith(stem.rsplit(".", 1)[0]) and bool(
        _PAGED.search(link.url) or re.search(r"\d", link.url[len(stem) :])
    )


def _arrows(table: Table) -> list[Link]:
    return [
        link
        for link in table.links
        if link.own and _ARROW.fullmatch(table.text(link.at)) and _further(table, link) and _in_pager(table, link.at)
    ]


def _in_pager(table: Table, at: int) -> bool:
    """Whether an element stands in what is named as page links are, or beside page numbers; never in a calendar."""
    around = table.above(at)[:6]
    names_of = [f"{table.rows[up].attrs.get('class') or ''} {table.rows[up].attrs.get('id') or ''}" for up in around]
    if any(
        table.rows[up].tag == "table" or "calend" in said.lower() for up, said in zip(around, names_of, strict=True)
    ):
        return False
    return any(
        any(_PAGER.fullmatch(name) for name in said.split())
        or _OF_PAGES.search(table.text(up)[-60:])
        or sum(table.text(link.at).isdigit() for link in table.links_in(up)[:40]) > 1
        for up, said in zip(around[:4], names_of, strict=False)
    )


def _selector(table: Table, link: Link) -> str | None:
    """The first selector that gives this address and no other."""
    row = table.rows[link.at]
    for selector in _candidates(table, row, link):
        found = {node.attrs.get("href") for node in table.tree.css(selector)}
        if found == {row.attrs.get("href")}:
            return selector
    return None


def _candidates(table: Table, row: Element, link: Link) -> list[str]:
    attrs = row.attrs
    found = ["a[rel~=next]"] if "next" in (attrs.get("rel") or "").lower().split() else []
    own = names(row)
    found += own[:-1]
    for name in ("title", "aria-label"):
        value = attrs.get(name)
        if value and re.fullmatch(r"[^\"\\\d]{3,60}", value):
            found.append(f'a[{name}="{value}"]')
    for up in table.above(link.at)[:4]:
        over = names(table.rows[up])
        for name in over[:-1]:
            found += [f"{name} > a", f"{name} a"]
            found += [f"{name} {mine}" for mine in own[:-1]]
            found += [f"{name} a:last-child", f"{name} li:last-child a"]
    words = table.text(link.at)
    if match := re.search(r"[^\W\d_]{4,}(?: [^\W\d_]+)*", words):
        found.append(f'a:lexbor-contains("{match[0]}" i)')
    elif re.fullmatch(r"[^\"\\\s]{1,2}", words):
        found += [
            f'{name} a:lexbor-contains("{words}")'
            for up in table.above(link.at)[:3]
            for name in names(table.rows[up])[:-1] or [table.rows[up].tag]
        ]
    return found


def _after_here(table: Table) -> Next | None:
    """The number after the one of this page: `.pager .active + li a`; where this one is not marked, all the numbers."""
    numbers = [
        link
        for link in table.links
        if link.own and len(table.text(link.at)) < 4 and table.text(link.at).isdigit() and _further(table, link)
    ]
    hrefs = {link.href for link in numbers}
    for link in (link for link in numbers[:3] if _in_pager(table, link.at)):
        for up in table.above(link.at)[:4]:
            if sum(other.href in hrefs for other in table.links_in(up)) < min(2, len(numbers)):
                continue
            row = table.rows[up]
            for name in names(row)[:-1] or [row.tag] * (row.tag == "nav"):
                after = (f"{name} {here}{step}" for here in _HERE for step in (" + a", " + li a"))
                around = (f"{name} li:has({here}) + li a" for here in _HERE)
                for selector in (*after, *around):
                    if [node.attrs.get("href") for node in table.tree.css(selector)] == [link.href]:
                        return Next(link.at, selector)
                if hrefs.issuperset((node.attrs.get("href") or "").strip() for node in table.tree.css(f"{name} a")):
                    return Next(link.at, f"{name} a")
    return None
