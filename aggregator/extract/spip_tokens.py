"""The lines of a SPIP page cut into what a list is made of: dates, words, « EN SAVOIR PLUS »."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

from aggregator.extract import spip_words as words
from aggregator.extract.dom import SAME_LINE, Line, Run

_MOST_TITLE = 200  # characters; longer words after « 3 mars 2021 – » are an introduction
_DATE_TAGS = {"time", "abbr", "span", "small", "font"}
_NEAR = 8  # tokens between a title and the second link to where it leads
_TITLE_WORDS = 4  # fewer make a menu's entry as well as a title


@dataclass(slots=True)
class Token:
    """A piece of a line. `low`: see dom.Line. `form`, `author`: of a date (see spip_words.published).

    `whole`: of a date that stands in the same words as a title, « 3 mars 2021 – Titre », the line of both.
    """

    kind: Literal["text", "date", "more", "noise"]
    line: Line
    low: int
    form: str = ""
    author: str | None = None
    whole: Line | None = None
    in_card: bool = False  # in one link around several lines, which makes no title of any of them

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
        return self.kind == "text" and (
            bool(self.line.heading)
            or self.line.tag == "summary"
            or (words.leads(self.line.runs[0].href) and not self.in_card and not self.is_meta)
        )

    @property
    def is_meta(self) -> bool:
        """Whether it is a link that says of an item who wrote it, where it is filed or who answered."""
        link = self.link
        return link is not None and (
            words.is_never(self.text) or (words.leads_elsewhere(link) and len(self.text.split()) < _TITLE_WORDS)
        )


def read_tokens(lines: list[Line]) -> list[Token]:
    """The tokens of a page, its navigation, header and footer left out.

    A <nav> (or <header>, <footer>) that holds « EN SAVOIR PLUS » or several dates was not closed where it should have
    been, or is no navigation: it is kept. So is a <footer> that holds the agenda or a list of news.
    """
    tokens = [token for line in _joined_dates(lines) for part in _links_apart(line) for token in _cut(part)]
    _forget_updates(tokens)
    _see_cards(tokens)
    _see_mores(tokens)
    kept = _falsely_chrome(tokens) | _late_lists(tokens)
    result: list[Token] = []
    low = SAME_LINE
    for token in tokens:
        low = min(low, token.low)
        if token.line.chrome and token.line.chrome not in kept:
            continue
        token.low, low = low, SAME_LINE
        result.append(token)
    return result


def _forget_updates(tokens: list[Token]) -> None:
    """« Dernière mise à jour » over a date: that of a site, not of an item."""
    for before, token in itertools.pairwise(tokens):
        if token.kind == "date" and words.is_update(before.text):
            token.kind = "noise"


def _see_cards(tokens: list[Token]) -> None:
    """Mark what stands in one link around a whole item, and where each such link begins."""
    for serial, group in itertools.groupby(tokens, key=lambda token: _anchor(token.line)):
        lines = list(group) if serial else []
        said = [token for token in lines if token.kind in ("text", "date")]
        if len(said) > 2 or sum(token.low < SAME_LINE for token in said) > 1:
            lines[0].low = min(token.low - (token is not lines[0]) for token in lines)  # the link begins with it
            for token in lines:
                token.in_card = True


def _see_mores(tokens: list[Token]) -> None:
    """« Découvrir », « Lire l’annonce »: the same few words again and again, each time to where a title leads."""
    again: dict[str, list[Token]] = {}
    recent: list[str | None] = []
    for token in tokens:
        link = token.link if token.kind in ("text", "noise", "more") else None
        if token.kind == "text" and link and link in recent[-_NEAR:] and not (token.line.heading or token.in_card):
            again.setdefault(words.fold(token.text), []).append(token)
        recent.append(token.any_link)
    for text, same in again.items():
        if len({token.link for token in same}) > 2 and len(text.split()) <= _TITLE_WORDS and not words.is_never(text):
            for token in same:
                token.kind = "more"


def _late_lists(tokens: list[Token]) -> set[int]:
    """The <footer> that holds an agenda or a list of news: below a first date, a heading and what it announces."""
    found: set[int] = set()
    dated = False
    for index, token in enumerate(tokens):
        chrome = token.line.chrome
        dated = dated or (token.kind == "date" and not chrome)
        if not dated or not chrome or token.kind != "text" or token.link:
            continue
        after = [
            one for one in tokens[index + 1 : index + 5] if one.line.chrome == chrome and not words.is_never(one.text)
        ]
        announced = words.heading(token.text)
        if announced == "agenda" and any(words.is_when(one.text) or words.when_prefix(one.text) for one in after):
            found.add(chrome)
        titles = [one for one in after[:3] if len(one.text.split()) > _TITLE_WORDS and one.link and not one.is_meta]
        if announced == "sidebar" and len(titles) > 1 and len(titles) == len(after[:3]):
            found.add(chrome)
    return found


def _anchor(line: Line) -> int:
    """The serial of the <a> around all words of a line, 0 for none."""
    anchors = {next((serial for serial, tag in run.path if tag == "a"), 0) for run in line.runs if run.text.strip()}
    return anchors.pop() if len(anchors) == 1 else 0


def _joined_dates(lines: list[Line]) -> list[Line]:
    """« 11 », « mars », « 2021 » on lines of their own, or in elements with no space between, as one date."""
    found: list[Line] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        count = 1
        if words.may_begin_date(line.text):
            for number in (2, 3, 4):
                some = lines[index : index + number]
                if sum(len(one.text) for one in some) < 40 and words.is_day(" ".join(one.text for one in some)):
                    line, count = _joined(some, line), number
                    break
            else:
                parts = pieces(line)
                if len(parts) > 1 and not words.published(line.text):
                    spaced = _joined(parts, line)
                    line = spaced if words.published(spaced.text) else line
        found.append(line)
        index += count
    return found


def _joined(parts: list[Line], line: Line) -> Line:
    """The parts as one line, a space between them; a raised « er » follows its number."""
    runs: list[Run] = []
    for part in parts:
        if runs and not is_raised(part, line) and not runs[-1].text[-1:].isspace():
            runs[-1] = runs[-1]._replace(text=runs[-1].text + " ")
        runs += part.runs
    return line.of(tuple(runs), line.low)


def _links_apart(line: Line) -> list[Line]:
    """Titles that are links one after the other, without any block around them, as lines of their own."""
    groups = _groups(line)
    if len(groups) > 1 and words.heading(line.part(0, groups[1][0]).text) in ("agenda", "sidebar"):
        return [line.part(0, groups[1][0]), *_links_apart(line.part(groups[1][0]))]
    starts = [
        index
        for index, run in enumerate(line.runs)
        if run.href is not None and (index == 0 or line.runs[index - 1].href != run.href)
    ]
    between = " ".join(run.text for run in line.runs if run.href is None and any(map(str.isalnum, run.text)))
    if len(starts) > 1 and line.runs[0].href is None and between and words.is_when(between):
        begins = [
            index for index in range(1, len(line.runs)) if line.runs[index].href is None and line.runs[index - 1].href
        ]
        # « 20 nov Réunion 21 nov Atelier »
        return [line.part(begin, end) for begin, end in itertools.pairwise([0, *begins, len(line.runs)])]
    if len(starts) < 2 or between:
        return [line]
    parts = [line.part(start, stop) for start, stop in itertools.pairwise([0, *starts[1:], len(line.runs)])]
    long = sum(len(part.text.split()) >= _TITLE_WORDS for part in parts)
    return parts if long * 2 > len(parts) else [line]


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
    line = without_bullet(line)
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


def without_bullet(line: Line) -> Line:
    """The line without the « • » or « : » before its words."""
    rest = split(line, words.bullet(line.text))[1] if words.bullet(line.text) else None
    return rest.of(rest.runs, line.low) if rest else line


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
    parts = pieces(line)
    within = {tag for _, tag in parts[-1].runs[-1].path}
    if len(parts) > 1 and words.is_day(parts[-1].text) and (line.href or line.heading or within & _DATE_TAGS):
        head = line.part(0, sum(len(part.runs) for part in parts[:-1]))
        return [Token("text", head, SAME_LINE), Token("date", parts[-1], SAME_LINE, "in title")]
    return [Token("text", line, SAME_LINE)]


def _leading_date(line: Line) -> list[Token]:
    found = words.published(line.text)
    if not found and line.href is None and not line.heading and (end := words.filed_before(line.text)):
        filed, day = split(line, end)
        return (
            [Token("noise", filed, SAME_LINE), Token("date", day, SAME_LINE)] if day and words.is_day(day.text) else []
        )
    if not found:
        return []
    end, form = found
    head, rest = split(line, end)
    if rest is None or rest.is_image:
        return [Token("date", head, SAME_LINE, form)]
    alone, author = words.author_after(rest.text)
    if alone:
        return [Token("date", head, SAME_LINE, form, author)]
    elsewhere = all(run.href is None or words.leads_elsewhere(run.href) for run in rest.runs)
    if words.is_filed(rest.text) and elsewhere and not line.heading:
        return [Token("date", head, SAME_LINE, form), Token("noise", rest, SAME_LINE)]
    if len(head.runs) + len(rest.runs) == len(line.runs) or not any(char.isalnum() for char in rest.runs[0].text):
        return [
            Token("date", head, SAME_LINE, form),
            *(Token("text", piece, SAME_LINE) for piece in spread(without_bullet(rest))),
        ]
    titled = line.href is not None or line.heading > 0
    titled = titled or (len(rest.text) <= _MOST_TITLE and not rest.text.endswith((".", "…", "…)", "...)")))
    if titled and (form.endswith(",") or words.bullet(rest.text)):
        return [Token("date", head, SAME_LINE, form, whole=line), Token("text", without_bullet(rest), SAME_LINE)]
    return []
