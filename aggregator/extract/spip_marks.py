"""The landmarks of a SPIP list page: its headings, and how its tokens stand to each other."""

from __future__ import annotations

from aggregator.extract import spip_words as words
from aggregator.extract.spip_tokens import Token

FAR = 1 << 30


class Landmarks:
    """A page's tokens, what the headings among them announce, and which tokens are spoken for."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.used = [token.kind == "noise" for token in tokens]
        self._before = _last_words(tokens)
        self._after = [None if place is None else len(tokens) - 1 - place for place in _last_words(tokens[::-1])][::-1]
        self._ends = _next_lower([token.low for token in tokens])
        self.marks = [self._mark(index) for index in range(len(tokens))]

    def beside(self, index: int, step: int) -> int | None:
        """The next token that is not noise, forwards (1) or backwards (-1)."""
        return self._after[index] if step > 0 else self._before[index]

    def low(self, start: int, stop: int) -> int:
        """Depth of the innermost element that holds tokens `start` and `stop` (start <= stop)."""
        return min((self.tokens[index].low for index in range(start + 1, stop + 1)), default=FAR)

    def end_of(self, heading: int) -> int:
        """Where what stands under a heading ends: with the innermost element that holds both, or at the next heading."""
        end = self._ends[heading + 1] if heading + 1 < len(self.tokens) else heading + 1
        return next((index for index in range(heading + 1, end) if self.marks[index]), end)

    def covers(self, heading: int, index: int) -> bool:
        """Whether a token stands in the innermost element that holds a heading and what follows it."""
        return heading + 1 >= index or index < self._ends[heading + 1]

    def cuts(self, index: int, level: int) -> bool:
        """Whether the token is a heading that ends what stands under a heading of `level` (0: no h1..h6)."""
        own = self.tokens[index].line.heading
        return self.marks[index] is not None or bool(own and level and own <= level and not self.tokens[index].link)

    def shape(self, index: int) -> tuple[str, int]:
        """The make of a token's line: its block and its heading level."""
        return self.tokens[index].line.tag, self.tokens[index].line.heading

    def is_keywords(self, index: int) -> bool:
        """Whether it is a line such as « Haïti / Actualité / Crises et réhabilitation »."""
        token = self.tokens[index]
        return token.kind == "text" and not token.line.heading and bool(words.keywords(token.text))

    def take(self, start: int, stop: int) -> None:
        """Tokens start..stop-1 are spoken for."""
        self.used[start:stop] = [True] * (stop - start)

    def _mark(self, index: int) -> str | None:
        """What the heading at `index` announces (see spip_words.heading), None when it is no heading we know."""
        token = self.tokens[index]
        known = words.heading(token.text) if token.kind == "text" else None
        if known is None:
            return None
        before = self.beside(index, -1)
        if before is not None and (
            (self.tokens[before].kind == "date" and token.low >= self.tokens[before].low)
            or (known == "list" and self.is_keywords(before))
        ):
            return None  # what follows a date (unless that ends its element) or keywords is a title, whatever its words
        line = token.line
        strong = line.heading or line.bold or line.is_image
        if not strong and self._in_menu(index):
            return None
        if known == "list" and line.href is not None and not (strong and words.leads_elsewhere(line.href)):
            return None  # « Actualités du fonds Liban » that leads to an article is its title
        return known

    def _in_menu(self, index: int) -> bool:
        """Whether it is one of several links of the same make, or ends a breadcrumb of them."""
        line = self.tokens[index].line
        for step in (-1, 1):
            other = self.beside(index, step)
            if other is None:
                continue
            neighbour = self.tokens[other].line
            alike = neighbour.tag == line.tag and neighbour.heading == line.heading and neighbour.href is not None
            if alike and (line.href is not None or (step < 0 and line.tag == "li")):
                return True
        return False


def _last_words(tokens: list[Token]) -> list[int | None]:
    """For each token the last one before it that is not noise."""
    last: int | None = None
    found: list[int | None] = []
    for index, token in enumerate(tokens):
        found.append(last)
        if token.kind != "noise":
            last = index
    return found


def _next_lower(lows: list[int]) -> list[int]:
    """For each place the next one with a smaller number, or how many there are."""
    found = [len(lows)] * len(lows)
    waiting: list[int] = []
    for index, low in enumerate(lows):
        while waiting and lows[waiting[-1]] > low:
            found[waiting.pop()] = index
        waiting.append(index)
    return found
