"""The events that stand under the heading « Agenda » of a SPIP page."""

from __future__ import annotations

import re

from aggregator.extract import spip_words as words
from aggregator.extract.dom import Line
from aggregator.extract.spip_marks import Landmarks
from aggregator.extract.spip_tokens import is_raised, pieces, split, spread, without_bullet
from aggregator.model import RawItem

Placed = tuple[int, RawItem]  # an item and the token it begins with
Atom = tuple[int, str, Line]  # index of its token, "when" | "text" | "more", its words

_RANGE = re.compile(r"\s[–—(-]?\s*(?=du\s\d)", re.IGNORECASE)  # « 21 oct – Du 21/10/2026 au 24/10/2026 »
_WIDENINGS = 4  # elements around the heading that are tried, from the inside out


def read_agendas(page: Landmarks, base: str | None) -> list[Placed]:
    """Every event; the tokens they stand in are taken."""
    found: list[Placed] = []
    for start, mark in enumerate(page.marks):
        if mark == "agenda" and not page.used[start]:
            found += _read_agenda(page, start, base)
    return found


def _read_agenda(page: Landmarks, start: int, base: str | None) -> list[Placed]:
    """The events in the innermost element around the heading at `start` that holds any."""
    tokens = page.tokens
    stop = start + 1
    for _ in range(_WIDENINGS):
        if stop >= len(tokens) or _ends(page, start, stop):
            break
        level = tokens[stop].low
        while stop < len(tokens) and tokens[stop].low >= level and not _ends(page, start, stop):
            stop += 1
        events = _events(page, start, stop, base)
        if events:
            page.take(start, stop)
            return events
    return []


def _ends(page: Landmarks, start: int, index: int) -> bool:
    """A next heading, or the publication date of a piece of news: « Le 11 mars 2021, »."""
    token = page.tokens[index]
    return (token.kind == "date" and token.form.endswith(",")) or page.cuts(index, page.tokens[start].line.heading)


def _events(page: Landmarks, start: int, stop: int, base: str | None) -> list[Placed]:
    atoms = [atom for index in range(start + 1, stop) for atom in _atoms(page, index)]
    if all(kind != "when" for _, kind, _ in atoms):
        atoms = [apart for atom in atoms for apart in _dates_apart(atom)]
    kinds = [kind for _, kind, _ in atoms if kind != "more"]
    backwards = len(kinds) > 1 and kinds[0] == "text" and kinds[-1] == "when"  # each title stands before its date
    section = page.tokens[start].text
    found: list[Placed] = []
    when: list[tuple[int, Line]] = []
    title: tuple[int, Line] | None = None
    more: Line | None = None
    for index, kind, line in reversed(atoms) if backwards else atoms:
        if kind == "when" and title is not None:
            found.append(_event(when[::-1] if backwards else when, title, more, section, base))
            when, title, more = [], None, None
        if kind == "when":
            when.append((index, line))
        elif kind == "more":
            more = more or line
        elif title is None and words.is_dated(" ".join(said.text for _, said in when)):
            title = (index, line)
        elif title is None:
            when, more = [], None  # « 12 » before words that are no event: a counter, a page number
    if title is not None:
        found.append(_event(when[::-1] if backwards else when, title, more, section, base))
    return found


def _atoms(page: Landmarks, index: int) -> list[Atom]:
    token = page.tokens[index]
    if token.kind == "noise":
        return []
    if token.kind == "more":
        return [(index, "more", token.line)]
    if words.is_when(token.text):
        return [(index, "when", token.line)]
    if words.is_never(token.text):
        return []
    parts = pieces(token.line)
    whens = [words.is_when(part.text) or words.is_noise(part.text) for part in parts]
    whens = [
        this and not is_raised(after, token.line) for this, after in zip(whens, [*parts[1:], parts[0]], strict=True)
    ]
    first = whens.index(False) if False in whens else 0
    last = len(parts) - (whens[::-1].index(False) if False in whens else 0)
    rest = token.line.part(*(sum(len(part.runs) for part in parts[:end]) for end in (first, last)))
    texts: list[Atom] = [(index, "text", line) for line in spread(without_bullet(rest))]
    return [*_whens(index, parts[:first]), *texts, *_whens(index, parts[last:])]


def _whens(index: int, parts: list[Line]) -> list[Atom]:
    return [(index, "when", part) for part in parts if not words.is_noise(part.text)]


def _dates_apart(atom: Atom) -> list[Atom]:
    """« 20 nov Save the Date ! », all in one: its date and its title."""
    index, kind, line = atom
    found: list[Atom] = []
    rest: Line | None = line
    while kind == "text" and rest is not None and (end := words.when_prefix(rest.text)):
        head, rest = split(rest, end)
        found.append((index, "when", head))
    return [*found, (index, kind, without_bullet(rest))] if rest is not None else found


def _event(
    when: list[tuple[int, Line]], title: tuple[int, Line], more: Line | None, section: str, base: str | None
) -> Placed:
    lines = [title[1], *(line for _, line in when), *([more] if more else [])]
    url = next((run.href for line in lines for run in line.runs if words.leads(run.href)), None)
    item = RawItem(
        kind="event",
        native_id=words.native_id(url, title[1].hint),
        url=url,
        base=base,
        title=title[1].text,
        markup="text",
        when="\n".join(_RANGE.sub("\n", _words_apart(line)).rstrip(" :") for _, line in when),
        section=section,
    )
    return min(title[0], when[0][0]), item


def _words_apart(line: Line) -> str:
    """« 20 » and « nov » in two elements with no space between are two lines."""
    parts = pieces(line)
    glued = any(not left.runs[-1].text[-1:].isspace() for left in parts[:-1])
    if len(parts) > 1 and glued and not any(is_raised(part, line) for part in parts):
        return "\n".join(part.text for part in parts)
    return line.text
