"""What a text speaks of: countries, regions, themes and kinds, each with the reason why.

The words are data (`taxonomy.yaml`, the operator's to edit); here is only how they are looked for: whole words, folded, the
longest phrase first, in the places of domain §3.4. One look-up a word, whatever the number of countries. What names several
countries (Tripoli, congolais) is decided by what else is named, then by the source's partners, and otherwise stays unsaid.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from aggregator.model import Scheme, Tag
from aggregator.normalise.text import fold
from aggregator.taxonomy import WORD, Phrase, Rules, Taxonomy, singular

_HEAD = 300  # characters of a summary that are read for everything (domain §3.4)
_MOST = 3_000  # beyond them, and so far, cities alone; nothing is read beyond


# ── words of a text ─────────────────────────────────────────────────────────────────────────────

_ARTICLES = frozenset({"de", "du", "des", "d", "la", "le", "les", "l"})
_INSIDE_NAMES = _ARTICLES | {"sur", "sous", "en", "au", "aux"}
_SAINTS = frozenset({"saint", "sainte", "st", "ste", "notre", "dame"})
_BEFORE_PLACES = frozenset(
    {"a", "de", "d", "du", "au", "vers", "depuis", "entre", "pour", "par", "en", "et", "avec", "chez"}
)
_JOINS = frozenset({"et", "ou"})
_HYPHENS = frozenset("-‐‑")
_CLOSE = frozenset(" '’-‐‑\xa0\u202f")  # what may stand inside « rue de l’Algérie »


@lru_cache(maxsize=65_536)
def _keys(word: str) -> tuple[str, str]:
    """Give a word folded, and without its plural."""
    key = fold(word)
    return key, singular(key)


class _Text:
    """The words of a text, with what stands between them."""

    __slots__ = ("gaps", "keys", "singulars", "words")

    def __init__(self, text: str) -> None:
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        found = WORD.findall(text)
        self.words = [word for word, _ in found]
        self.gaps = [gap for _, gap in found]  # after each word
        pairs = [_keys(word) for word in self.words]
        self.keys = [key for key, _ in pairs]
        self.singulars = [singular for _, singular in pairs]

    def said(self, start: int, end: int) -> str:
        """Give the words as the text writes them."""
        parts = [word + gap for word, gap in zip(self.words[start:end], self.gaps[start:end], strict=True)]
        return "".join(parts)[: -len(self.gaps[end - 1]) or None]

    def close(self, n: int) -> bool:
        """Say whether only a space, an apostrophe or a hyphen stands after word `n`."""
        return len(self.gaps[n]) == 1 and self.gaps[n] in _CLOSE

    def ends(self, end: int, phrases: tuple[tuple[str, ...], ...]) -> bool:
        """Say whether one of the phrases stands right before word `end`."""
        return any(len(p) <= end and tuple(self.keys[end - len(p) : end]) == p for p in phrases)


# ── places ──────────────────────────────────────────────────────────────────────────────────────


class _Mention(NamedTuple):
    phrase: Phrase
    said: str
    place: str


def _mentions(taxonomy: Taxonomy, text: _Text, place: str) -> Iterator[_Mention]:
    """Give what counts, from left to right; a word belongs to one phrase only."""
    read = silenced = 0  # ends of the last phrase, and of the last street or language
    for at in [n for n, key in enumerate(text.keys) if key in taxonomy.firsts]:
        if at < read:
            continue
        phrase = _phrase_at(taxonomy, text, at)
        if phrase is None:
            if text.keys[at] == "franco":
                yield from _misspelt(taxonomy, text, at + 1, place)
            continue
        read = at + len(phrase.keys)
        if phrase.how == "not":
            continue
        if _silent(taxonomy.rules, phrase, text, at) or _joined(phrase, text, silenced, at):
            silenced = read
        elif _counts(taxonomy.rules, phrase, text, at, read):
            yield _Mention(phrase, text.said(at, read), place)


def _phrase_at(taxonomy: Taxonomy, text: _Text, at: int) -> Phrase | None:
    """Give the longest phrase that begins with word `at`."""
    keys = text.keys
    for phrase in taxonomy.places.get(" ".join(keys[at : at + 2]), ()) if at + 1 < len(keys) else ():
        end = at + len(phrase.keys)
        if (len(phrase.keys) == 2 or tuple(keys[at:end]) == phrase.keys) and _as_written(phrase, text, at, end):
            return phrase
    for phrase in taxonomy.places.get(keys[at], ()):
        if _as_written(phrase, text, at, at + 1):
            return phrase
    return None


def _as_written(phrase: Phrase, text: _Text, at: int, end: int) -> bool:
    """Say whether case and accents allow the phrase here; if not, a shorter one may be meant."""
    if phrase.how == "prefix":
        return end < len(text.keys) and text.gaps[end - 1] in _HYPHENS
    if phrase.written is not None:
        said = tuple(text.words[at:end])
        return said == phrase.written or (len(said) == 1 and said[0] == phrase.written[0].upper())
    return phrase.capital is None or text.words[at + phrase.capital][0].isupper()


def _silent(rules: Rules, phrase: Phrase, text: _Text, at: int) -> bool:
    """Say whether it is a street's name, or a language that is taught or spoken."""
    if phrase.language and text.ends(at, rules.languages):
        return True
    before = at - 1
    while before >= 0 and at - before <= 3 and text.keys[before] in _ARTICLES and text.close(before):
        before -= 1
    street = before >= 0 and text.keys[before] in rules.odonyms and text.close(before)
    return street and not text.ends(before + 1, rules.not_odonyms)


def _joined(phrase: Phrase, text: _Text, silenced: int, at: int) -> bool:
    """Say whether it goes on with a street or a language: « rue de Tunis et d’Alger », « parlez anglais, espagnol »."""
    if not 0 < silenced <= at <= silenced + 3:
        return False
    between = text.keys[silenced:at]
    listed = phrase.how == "adjective" and "," in text.gaps[silenced - 1]
    return (listed or (bool(between) and between[0] in _JOINS)) and all(k in _ARTICLES or k in _JOINS for k in between)


def _counts(rules: Rules, phrase: Phrase, text: _Text, at: int, end: int) -> bool:
    """Say whether it is the place itself: no person (« Jacques Roumain »), no longer name (« Saint-X », « X-sur-Lot »)."""
    gap = text.gaps[at - 1] if at else ""
    if gap in _HYPHENS and (text.keys[at - 1] in _INSIDE_NAMES or text.keys[at - 1] in _SAINTS):
        return False
    if end < len(text.keys) and text.gaps[end - 1] in _HYPHENS and text.keys[end] in _INSIDE_NAMES:
        return False
    if gap == " " and text.words[at][0].isupper() and _first_name(rules, text, at - 1):
        return False
    return not phrase.homonym or _place_stands(rules, text, at, end, gap)


def _first_name(rules: Rules, text: _Text, at: int) -> bool:
    """Say whether a first name stands here, and not the end of a town's: « Saint-Denis »."""
    saint = at > 0 and text.gaps[at - 1] in _HYPHENS and text.keys[at - 1] in _SAINTS
    return text.keys[at] in rules.first_names and text.words[at][0].isupper() and not saint


def _place_stands(rules: Rules, text: _Text, at: int, end: int, gap: str) -> bool:
    """Say whether a word that is more than a place's name is one here: « à Florence », « Nantes–Milan », « Milan (Italie) »."""
    after = text.gaps[end - 1]
    if end < len(text.keys) and after in (" ", "\xa0") and text.words[end][0].isupper():
        return False
    if at == 0:
        return "(" in after or (":" in after and text.keys[0] not in rules.first_names)
    return (
        (text.keys[at - 1] in _BEFORE_PLACES and text.close(at - 1)) or any(c in gap for c in "-‐‑–—/(") or "(" in after
    )


def _misspelt(taxonomy: Taxonomy, text: _Text, at: int, place: str) -> Iterator[_Mention]:
    """Read « franco-ségénalaises »: two letters off a long adjective, and nearer to no other."""
    if at < len(text.keys) and len(text.keys[at]) >= 8 and text.keys[at] not in taxonomy.firsts:
        code = _nearest(taxonomy.rules.stems, text.singulars[at])
        if code is not None:
            yield _Mention(Phrase((text.keys[at],), "country", (code,), "misspelt"), text.said(at, at + 1), place)


@lru_cache(maxsize=1_024)
def _nearest(stems: tuple[tuple[str, str], ...], word: str) -> str | None:
    """Give the country whose adjective is at most two letters off, None when there is none or several."""
    letters, best, found = set(word), 3, set[str]()
    for stem, code in stems:
        # Two changes replace at most two letters: a cheap no for nearly all.
        if stem[0] != word[0] or abs(len(stem) - len(word)) > 2 or len(letters.symmetric_difference(stem)) > 4:
            continue
        distance = _distance(stem, word)
        if distance < best:
            best, found = distance, {code}
        elif distance == best:
            found.add(code)
    return found.pop() if best < 3 and len(found) == 1 else None


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for n, a in enumerate(one, 1):
        above, row[0] = row[0], n
        for m, b in enumerate(other, 1):
            above, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, above + (a != b))
    return row[-1]


# ── topics ──────────────────────────────────────────────────────────────────────────────────────


def _topics(taxonomy: Taxonomy, text: _Text, place: str, schemes: tuple[Scheme, ...]) -> Iterator[_Mention]:
    words = text.singulars
    for at, word in enumerate(words):
        for phrase in taxonomy.topics.get(word, ()):
            end = at + len(phrase.keys)
            if phrase.scheme not in schemes or (len(phrase.keys) > 1 and tuple(words[at:end]) != phrase.keys):
                continue
            if phrase.how == "starts" and at and not any(c in text.gaps[at - 1] for c in ":!–—«"):
                continue
            yield _Mention(phrase, text.said(at, end), place)


# ── the answer ──────────────────────────────────────────────────────────────────────────────────


def tags(
    taxonomy: Taxonomy,
    *,
    title: str,
    subtitle: str | None = None,
    summary: str | None = None,
    categories: Iterable[str] = (),
    section: str | None = None,
    partners: Iterable[str] = (),
) -> tuple[Tag, ...]:
    """Give what a text speaks of, each thing once, with its reason from the first place that names it.

    Places, the strongest first: the site's keywords, the section, the title, the subtitle, the summary (plain text). Several
    countries are normal; France is none. `partners` (ISO 3166 codes) only decide words that name several countries.
    """
    mentions: list[_Mention] = []
    for words, place in (
        *((category, "the keywords") for category in categories),
        (section, "the section"),
        (title, "the title"),
        (subtitle, "the subtitle"),
    ):
        if words:
            text = _Text(words[:_MOST])
            mentions += _mentions(taxonomy, text, place)
            mentions += _topics(taxonomy, text, place, ("theme",) if place == "the section" else ("theme", "kind"))
    if summary:
        cut = len(summary) if len(summary) <= _HEAD else summary.rfind(" ", 0, _HEAD) + 1 or _HEAD
        text = _Text(summary[:cut])
        mentions += _mentions(taxonomy, text, "the summary")
        mentions += _topics(taxonomy, text, "the summary", ("theme",))
        if cut < len(summary):
            body = _mentions(taxonomy, _Text(summary[cut:_MOST]), "the text")
            mentions += (m for m in body if m.phrase.how == "city")
    return _decided(mentions, tuple(partners))


def _decided(mentions: list[_Mention], partners: tuple[str, ...]) -> tuple[Tag, ...]:
    clear = {
        m.phrase.values[0]
        for m in mentions
        if m.phrase.scheme == "country" and len(m.phrase.values) == 1 and m.phrase.how != "hint"
    }
    found: dict[tuple[Scheme, str], Tag] = {}
    for mention in mentions:
        phrase = mention.phrase
        value, because = phrase.values[0], _HOW[phrase.how]
        if len(phrase.values) > 1 or phrase.how == "hint":
            if clear.intersection(phrase.values):
                continue  # it is that country's, which is tagged by its own words
            hinted = [code for code in phrase.values if code in partners]
            chosen = hinted[0] if len(hinted) == 1 else phrase.default
            if chosen is None:
                continue
            value = chosen
            because = "a partner of the source" if len(hinted) == 1 else f"usual among {', '.join(phrase.values)}"
        key = (phrase.scheme, value)
        if key not in found:
            found[key] = Tag(phrase.scheme, value, f"'{mention.said}' in {mention.place} ({because})")
    return tuple(found.values())


_HOW = {
    "name": "name", "city": "city", "adjective": "adjective", "prefix": "adjective", "misspelt": "misspelt adjective",
    "words": "word", "starts": "first words", "hint": "hint",
}  # fmt: skip
