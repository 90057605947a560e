"""The lines of a SPIP page cut into what a list is made of: dates, words, « EN SAVOIR PLUS »."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

from aggregator.extract import spip_words as words
from aggregator.extract.dom import SAME_LINE, Line, Run


@dataclass(slots=True)
class Token:
    """A piece of a line. `low`: see dom.Line. `form`, `author`: of a date (see spip_words.published).

    `glued`: a date that begins a linked line or a heading, whose `whole` line goes on in the next token.
    """

    kind: Literal["text", "date", "more", "noise"]
    line: Line
    low: int
    form: str = ""
    author: str | None = None
    whole: Line | None = None

    @property
    def text(self) -> str:
        """Its words."""
        return self.line.text

    @property
    def link(self) -> str | None:
        """The link that covers all its words, when it leads to a page."""
        href = self.line.href
        return href if words.leads(href) else None

    @property
    def any_link(self) -> str | None:
        """Its first link that leads to a page."""
        return next((run.href for run in self.line.runs if words.leads(run.href)), None)

    @property
    def title_like(self) -> bool:
        """Whether it is a linked line, begins with a link, or is a heading."""
        return self.kind == "text" and (bool(self.line.heading) or words.leads(self.line.runs[0].href))


def read_tokens(lines: list[Line]) -> list[Token]:
    """The tokens of a page, its navigation, header and footer left out.

    A <nav> (or <header>, <footer>) that holds « EN SAVOIR PLUS » or several dates was not closed where it should have
    been, or is no navigation: it is kept.
    """
    tokens = [token for line in lines for token in _cut(line)]
    kept = _falsely_chrome(tokens)
    result: list[Token] = []
    low = SAME_LINE
    for token in tokens:
        low = min(low, token.low)
        if token.line.chrome and token.line.chrome not in kept:
            continue
        token.low, low = low, SAME_LINE
        result.append(token)
    return result


def _falsely_chrome(tokens: list[Token]) -> set[int]:
    dates: dict[int, int] = {}
    for token in tokens:
        if token.kind in ("date", "more"):
            dates[token.line.chrome] = dates.get(token.line.chrome, 0) + (2 if token.kind == "more" else 1)
    return {chrome for chrome, count in dates.items() if count > 1}


def spread(line: Line) -> list[Line]:
    """The pieces of a line that its inline elements set apart (a title and its subtitle in two <span>).

    Only where every word stands in an element of its own, or where a link or a bold begins the line: an <em> or <sup>
    inside a sentence does not cut it.
    """
    groups = _groups(line)
    if len(groups) < 2:
        return [line]
    tags = [_tag(line, start) for start, _ in groups]
    cut = [start for start, _ in groups[1:]]
    if None in tags or "sup" in tags or "sub" in tags:
        rest = line.part(cut[0])
        if tags[0] not in ("a", "b", "strong") or (tags[0] != "a" and rest.text[:1] in ":,;.!?-–—)/"):
            return [line]
        if tags[1] in ("sup", "sub") or not any(char.isalnum() for char in rest.text):
            return [line]
        return [line.part(0, cut[0]), *(_after_title(rest) if tags[0] == "a" else [rest])]
    bounds = [0, *cut, len(line.runs)]
    return [piece for start, stop in itertools.pairwise(bounds) for piece in spread(line.part(start, stop))]


def _after_title(line: Line) -> list[Line]:
    """A subtitle in an element of its own, and the sentence that follows it on the same line."""
    groups = _groups(line)
    if len(groups) < 2 or _tag(line, 0) not in ("i", "em", "small", "span", "b", "strong"):
        return [line]
    rest = line.part(groups[1][0])
    return [line.part(0, groups[1][0]), rest] if rest.text[:1].isupper() else [line]


def pieces(line: Line) -> list[Line]:
    """The line cut wherever an inline element begins or ends at the first level that has several."""
    groups = _groups(line)
    bounds = [0, *(start for start, _ in groups[1:]), len(line.runs)]
    return [line.part(start, stop) for start, stop in itertools.pairwise(bounds)] if groups else [line]


def split(line: Line, place: int) -> tuple[Line, Line | None]:
    """The line up to a place in its text, and the line from there on, None when nothing is left."""
    place += _indent(line)
    head: list[Run] = []
    tail: list[Run] = []
    for run in line.runs:
        if run.image:
            (head if place > 0 else tail).append(run)
            continue
        head.append(run._replace(text=run.text[: max(0, place)]))
        tail.append(run._replace(text=run.text[max(0, place) :]))
        place -= len(run.text)
    return _kept(line, head), _kept(line, tail, low=SAME_LINE) if any(run.text for run in tail) else None


def _kept(line: Line, runs: list[Run], low: int | None = None) -> Line:
    return line.of(tuple(run for run in runs if run.text), line.low if low is None else low)


def _indent(line: Line) -> int:
    """How much white space stands before its text."""
    joined = "".join(run.text for run in line.runs if not run.image)
    return len(joined) - len(joined.lstrip())


def is_raised(piece: Line, line: Line) -> bool:
    """Whether a piece of a line is set in <sup> or <sub>: the « er » of « 1er »."""
    depth = _depth(line)
    path = piece.runs[0].path
    return len(path) > depth and path[depth][1] in ("sup", "sub")


def _depth(line: Line) -> int:
    """How many inline elements hold all the words of the line."""
    paths = [run.path for run in line.runs if run.text.strip() and not run.image]
    depth = 0
    while paths and all(len(path) > depth and path[depth] == paths[0][depth] for path in paths):
        depth += 1
    return depth


def _groups(line: Line) -> list[tuple[int, int]]:
    """(first run, number of runs) of each group of runs in the same element; blank runs join the one before."""
    depth = _depth(line)
    groups: list[tuple[int, int]] = []
    last: object = ()
    for index, run in enumerate(line.runs):
        key = run.path[depth] if len(run.path) > depth else None
        if groups and (not run.text.strip() or run.image or key == last):
            groups[-1] = (groups[-1][0], groups[-1][1] + 1)
        elif run.text.strip() and not run.image:
            groups.append((index if groups else 0, 1))
            last = key
    return groups


def _tag(line: Line, index: int) -> str | None:
    depth = _depth(line)
    run = next(run for run in line.runs[index:] if run.text.strip() and not run.image)
    return run.path[depth][1] if len(run.path) > depth else None


# ── one line ────────────────────────────────────────────────────────────────────────────────────


def _cut(line: Line) -> list[Token]:
    """The tokens of a line; only the first one carries its `low`."""
    if line.is_image:
        if words.is_more(line.text, linked=line.href is not None):
            kind: Literal["text", "more", "noise"] = "more"
        else:
            is_words = words.heading(line.text) or (line.heading and not words.is_noise(line.text))
            kind = "text" if is_words else "noise"
        return [Token(kind, line, line.low)]
    line, noise = _without_noise(line)
    if not line.runs or words.is_noise(line.text) or _is_row_of_links(line):
        return [Token("noise", noise or line, (noise or line).low)]
    rest, more = _more_at_end(line)
    tokens = _dated(rest) if rest else []
    if more:
        tokens.append(Token("more", more, SAME_LINE))
    tokens[0].low = min(line.low, noise.low if noise else SAME_LINE)
    return tokens


def _is_row_of_links(line: Line) -> bool:
    """« Contact | Mentions légales », « Facebook twitter Imprimer »: links and nothing between them."""
    if words.keywords(line.text):
        return False
    hrefs: dict[str, str] = {}
    for run in line.runs:
        if run.href is not None:
            hrefs[run.href] = hrefs.get(run.href, "") + run.text
        elif any(char.isalnum() for char in run.text) and not run.image:
            return False
    return len(hrefs) > 2 or (len(hrefs) == 2 and all(words.is_never(text) for text in hrefs.values()))


def _without_noise(line: Line) -> tuple[Line, Line | None]:
    """« image par defaut » in an element of its own before the words of the line."""
    groups = _groups(line)
    if len(groups) > 1 and words.is_default_image(line.part(0, groups[1][0]).text):
        return line.part(groups[1][0]), line
    return line, None


def _more_at_end(line: Line) -> tuple[Line | None, Line | None]:
    """The line before « EN SAVOIR PLUS », and that."""
    stop = len(line.runs)
    while stop > 1 and not any(char.isalnum() for char in line.runs[stop - 1].text):
        stop -= 1
    start = stop - 1
    last = line.runs[start]
    while start > 0 and last.href is not None and line.runs[start - 1].href == last.href:
        start -= 1
    for begin in dict.fromkeys((start, stop - 1)):
        tail = line.part(begin, stop)
        if begin and words.is_more(tail.text, linked=last.href is not None):
            before = line.part(0, begin)
            return (before if before.runs and before.text and not before.is_image else None), tail
    if words.is_more(line.text, linked=line.href is not None):
        return None, line
    found = words.MORE_TAIL.search(last.text)
    if found and not last.image:
        return split(line, line.text.rfind(last.text[found.end() :].strip()))
    return line, None


def _dated(line: Line) -> list[Token]:
    """A date at the start of a line and what follows it; or a linked title and the date that ends its line."""
    leading = _leading_date(line)
    if leading:
        return leading
    if line.runs[0].href is not None and len(line.runs) <= 16:
        for index in range(1, len(line.runs)):
            tail = line.part(index)
            if not tail.runs[0].text.strip() or tail.runs[0].href == line.runs[0].href or tail.is_image:
                continue
            dated = _leading_date(tail)
            if dated and len(dated) == 1:
                return [Token("text", line.part(0, index), SAME_LINE), *dated]
    return [Token("text", line, SAME_LINE)]


def _leading_date(line: Line) -> list[Token]:
    found = words.published(line.text)
    if not found:
        return []
    end, form = found
    head, rest = split(line, end)
    if rest is None or rest.is_image:
        return [Token("date", head, SAME_LINE, form)]
    alone, author = words.author_after(rest.text)
    if alone:
        return [Token("date", head, SAME_LINE, form, author)]
    if len(head.runs) + len(rest.runs) == len(line.runs) or not any(char.isalnum() for char in rest.runs[0].text):
        return [Token("date", head, SAME_LINE, form), *(Token("text", piece, SAME_LINE) for piece in spread(rest))]
    if form.endswith(",") and (line.href is not None or line.heading):
        return [Token("date", head, SAME_LINE, form, whole=line), Token("text", rest, SAME_LINE)]
    return []
