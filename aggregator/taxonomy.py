"""taxonomy.yaml: the words of countries, regions, themes and kinds, read once, with every problem reported together."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from aggregator import yamlfile
from aggregator.errors import ConfigError
from aggregator.model import Scheme
from aggregator.normalise.text import fold

FILE = Path(__file__).with_name("taxonomy.yaml")
WORD = re.compile(r"([^\W_]+)([\W_]*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A country, region, theme or kind as feeds name it: `value` is its code or slug, `slug` its place in an address."""

    scheme: Scheme
    value: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to look for. `how`: name, city, adjective, prefix, not, words, starts. `values`: several when it is ambiguous."""

    keys: tuple[str, ...]
    scheme: Scheme
    values: tuple[str, ...]
    how: str
    default: str | None = None
    capital: int | None = None  # which of its words must begin with a capital
    written: tuple[str, ...] | None = None  # it counts only as written here, accents included
    homonym: bool = False  # also a first name or a plain word: counts only where a place stands
    language: bool = False  # an adjective in the masculine singular: it may be a language


@dataclass(frozen=True, slots=True)
class Rules:
    """Words around a name that decide whether it counts: streets, first names, languages."""

    odonyms: frozenset[str]
    not_odonyms: tuple[tuple[str, ...], ...]
    first_names: frozenset[str]
    languages: tuple[tuple[str, ...], ...]
    stems: tuple[tuple[str, str], ...]  # long adjectives, for misspelt franco-…


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The words of `taxonomy.yaml`, ready to be looked up."""

    entries: tuple[Entry, ...]
    places: Mapping[str, tuple[Phrase, ...]]  # by their word, or their first two; longest first
    firsts: frozenset[str]  # the first words of places
    topics: Mapping[str, tuple[Phrase, ...]]  # by first folded word without its plural
    rules: Rules


def singular(key: str) -> str:
    """Give a folded word without its plural."""
    return key[:-1] if len(key) > 3 and key[-1] in "sx" else key


# ── reading the file ────────────────────────────────────────────────────────────────────────────

# What each part holds: key -> (its shape, whether it must be there).
_TEXT, _LIST = "text", "list"
_PARTS: dict[str, dict[str, tuple[str, bool]]] = {
    "countries": {
        "iso": (_TEXT, True), "name": (_TEXT, True), "slug": (_TEXT, True),
        "names": (_LIST, False), "adjectives": (_LIST, False), "cities": (_LIST, False),
    },
    "regions": {"slug": (_TEXT, True), "name": (_TEXT, True), "words": (_LIST, True), "adjectives": (_LIST, False)},
    "themes": {"slug": (_TEXT, True), "name": (_TEXT, True), "words": (_LIST, True)},
    "kinds": {"slug": (_TEXT, True), "name": (_TEXT, True), "words": (_LIST, False), "starts": (_LIST, False)},
    "ambiguous": {"words": (_LIST, True), "between": (_LIST, True), "default": (_TEXT, False), "adjectives": (_LIST, False)},
}  # fmt: skip
_RULES = ("not", "capital", "as_written", "homonyms", "odonyms", "not_odonyms", "first_names", "languages")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*$")
_ISO = re.compile(r"[A-Z]{2}$")
_ENDINGS = ("", "s", "e", "es", "ne", "nes")


class _Reading:
    """A file being read: its data, and what is wrong with it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.document = yamlfile.read(text)
        self.problems = list(self.document.problems)
        self.owners: dict[tuple[str, ...], tuple[tuple[str, ...], int]] = {}

    def wrong(self, where: yamlfile.Path, words: str) -> None:
        self.problems.append((self.document.line(where), where, words))

    def texts(self, value: Any, where: yamlfile.Path) -> tuple[str, ...]:
        """Give the texts of a list, and say which are none."""
        if not isinstance(value, list):
            self.wrong(where, "a list, [one, another], would be right")
            return ()
        found = []
        for n, one in enumerate(value):
            if self.text(one, (*where, n)):
                found.append(one)
        return tuple(found)

    def text(self, value: Any, where: yamlfile.Path) -> bool:
        if isinstance(value, str) and fold(value):
            return True
        written = self.document.written.get(where)
        self.wrong(
            where,
            f'{written} is no word here: "{written}" in quotes would be right' if written else "a word is missing",
        )
        return False

    def known(self, keys: Iterable[str], allowed: Iterable[str], where: yamlfile.Path) -> None:
        for key in keys:
            if key not in allowed:
                near = difflib.get_close_matches(str(key), allowed := list(allowed), 1)
                words = f"did you mean {near[0]}?" if near else "known here: " + ", ".join(allowed)
                self.wrong((*where, key), f"unknown key; {words}")

    def part(self, name: str) -> Iterator[tuple[yamlfile.Path, dict[str, Any]]]:
        """Give the entries of one part whose shape is right; the others are told."""
        shape, data = _PARTS[name], self.document.data.get(name)
        if not isinstance(data, list):
            self.wrong((name,), "a list of « - key: value » entries would be right")
            return
        for n, entry in enumerate(data):
            where: yamlfile.Path = (name, n)
            if not isinstance(entry, dict):
                self.wrong(where, "a mapping, with « key: value » lines, would be right")
                continue
            self.known(entry, shape, where)
            good = True
            for key, (kind, needed) in shape.items():
                if key not in entry:
                    good = good and not needed
                    if needed:
                        self.wrong(where, f"{key} is missing: add it")
                elif kind == _TEXT:
                    good = self.text(entry[key], (*where, key)) and good
                else:
                    entry[key] = self.texts(entry[key], (*where, key))
            if good:
                yield where, entry

    def claim(self, phrase: tuple[str, ...], owners: tuple[str, ...], where: yamlfile.Path) -> bool:
        """Say whether the phrase is theirs to add; one that stands for others already is a problem."""
        held, line = self.owners.setdefault(phrase, (owners, self.document.line(where)))
        if held == owners:
            return True
        if not set(owners) <= set(held):  # else ambiguous says already that they share it
            told = f"« {' '.join(phrase)} » already stands for {' or '.join(held)} (line {line})"
            self.wrong(where, f"{told}: keep one, or put it under ambiguous")
        return False


def current(path: Path = FILE) -> Taxonomy:
    """Give the taxonomy of a file, read again only when the file changes.

    Raises:
        ConfigError: as `load`.
    """
    facts = path.stat() if path.exists() else None
    return _loaded(path, facts and (facts.st_mtime_ns, facts.st_size))


@lru_cache(maxsize=2)
def _loaded(path: Path, _facts: tuple[int, int] | None) -> Taxonomy:
    return load(path)


def load(path: Path = FILE) -> Taxonomy:
    """Read a taxonomy file.

    Raises:
        ConfigError: with every problem as `FILE:LINE: path: problem, what would be right`.
    """
    try:
        reading = _Reading(path, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            [f"{path}: there is no such file: the package brings a taxonomy.yaml to start from"]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: it cannot be read: {error}"]) from error
    data, taxonomy = reading.document.data, None
    if isinstance(data, dict):
        reading.known(data, [*_PARTS, "rules"], ())
        taxonomy = _built(reading)
    elif not reading.problems:
        reading.wrong((), "it holds countries:, regions:, themes:, kinds:, ambiguous: and rules:")
    if reading.problems or taxonomy is None:
        told = sorted(reading.problems, key=lambda p: p[0])
        raise ConfigError(
            [
                f"{path}:{line}: {'.'.join(map(str, where)) + ': ' if where else ''}{words}"
                for line, where, words in told
            ]
        )
    return taxonomy


def _built(reading: _Reading) -> Taxonomy:
    rules = _rules(reading)
    entries: dict[tuple[Scheme, str], Entry] = {}
    phrases: list[Phrase] = [Phrase(p, "country", (), "not") for p in map(_folded, rules["not"])]
    silent = {phrase.keys for phrase in phrases}
    maker = _Maker(reading, rules, silent)
    shared = list(reading.part("ambiguous"))
    for where, entry in shared:  # first: a country's own name may be one of them
        phrases += maker.ambiguous(where, entry)
    for part, scheme in (("countries", "country"), ("regions", "region"), ("themes", "theme"), ("kinds", "kind")):
        for where, entry in reading.part(part):
            one = _entry(reading, scheme, where, entry, entries)  # type: ignore[arg-type]
            phrases += maker.phrases(one, where, entry) if one else ()
    codes = {value for scheme, value in entries if scheme == "country"}
    for where, entry in shared:
        for code in (*entry["between"], *([entry["default"]] if "default" in entry else [])):
            if code not in codes:
                reading.wrong(
                    (*where, "between"), f"{code} is no country of this file: its ISO 3166 code would be right"
                )
    places = [p for p in phrases if p.scheme in ("country", "region")]
    said = {phrase.keys for phrase in places}
    for name in ("capital", "as_written", "homonyms"):
        for n, words in enumerate(rules[name]):
            if _folded(words) not in said:
                reading.wrong(
                    ("rules", name, n),
                    f"{words} is no name, city or adjective of this file: remove it, or add it there",
                )
    topics = [p for p in phrases if p.scheme in ("theme", "kind")]
    stems = {
        (p.keys[0], p.values[0]): None
        for p in places
        if p.how == "adjective"
        and len(p.keys) == 1
        and len(p.values) == 1
        and p.scheme == "country"
        and len(p.keys[0]) >= 8
    }
    return Taxonomy(
        tuple(entries.values()),
        _by_first(places, 2),
        frozenset({"franco", *(phrase.keys[0] for phrase in places)}),
        _by_first(topics, 1),
        Rules(
            frozenset(map(fold, rules["odonyms"])),
            tuple(map(_folded, rules["not_odonyms"])),
            frozenset(map(fold, rules["first_names"])),
            tuple(map(_folded, rules["languages"])),
            tuple(stems),
        ),
    )


def _rules(reading: _Reading) -> dict[str, tuple[str, ...]]:
    data = reading.document.data.get("rules", {})
    if not isinstance(data, dict):
        reading.wrong(("rules",), "a mapping, with « key: value » lines, would be right")
        data = {}
    reading.known(data, _RULES, ("rules",))
    return {name: reading.texts(data[name], ("rules", name)) if name in data else () for name in _RULES}


def _entry(
    reading: _Reading,
    scheme: Scheme,
    where: yamlfile.Path,
    entry: dict[str, Any],
    entries: dict[tuple[Scheme, str], Entry],
) -> Entry | None:
    value, slug = entry.get("iso", entry["slug"]), entry["slug"]
    if not _SLUG.match(slug):
        reading.wrong(
            (*where, "slug"), f"{slug}: lower-case letters, digits and hyphens would be right: appel-a-projets"
        )
    if scheme == "country" and (not _ISO.match(value) or value == "FR"):
        words = "France is no partner country" if value == "FR" else "two capitals of ISO 3166 would be right: SN"
        reading.wrong((*where, "iso"), f"{value}: {words}")
        return None
    if (scheme, value) in entries or any(e.scheme == scheme and e.slug == slug for e in entries.values()):
        reading.wrong(where, f"{value} ({slug}) stands twice: each has its own")
        return None
    return entries.setdefault((scheme, value), Entry(scheme, value, slug, entry["name"]))


def _folded(words: str) -> tuple[str, ...]:
    return tuple(fold(words).split())


def _by_first(phrases: list[Phrase], words: int) -> dict[str, tuple[Phrase, ...]]:
    """Group phrases by as many of their first words, the longest first."""
    found: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        found.setdefault(" ".join(phrase.keys[:words]), []).append(phrase)
    # Of two as long, « not » wins: it is there to silence a name. A prefix (« turco- ») is tried before the plain word.
    order = {"not": 0, "prefix": 1}
    return {k: tuple(sorted(v, key=lambda p: (-len(p.keys), order.get(p.how, 2)))) for k, v in found.items()}


class _Maker:
    """Makes the phrases of an entry, and tells which are claimed twice."""

    def __init__(self, reading: _Reading, rules: dict[str, tuple[str, ...]], silent: set[tuple[str, ...]]) -> None:
        self.reading, self.silent = reading, silent
        self.capital = frozenset(map(_folded, rules["capital"]))
        self.homonyms = frozenset(map(_folded, rules["homonyms"]))
        self.written = {_folded(w): tuple(m[0] for m in WORD.findall(w)) for w in rules["as_written"]}

    def phrases(self, one: Entry, where: yamlfile.Path, entry: dict[str, Any]) -> Iterator[Phrase]:
        """Give everything that names an entry."""
        values = (one.value,)
        if one.scheme in ("country", "region"):
            named = (
                *((one.name,) if one.scheme == "country" else ()),
                *entry.get("names", ()),
                *entry.get("words", ()),
            )
            yield from self.places(named, "name", one.scheme, values, where)
            yield from self.places(entry.get("cities", ()), "city", one.scheme, values, (*where, "cities"))
            yield from self.adjectives(entry.get("adjectives", ()), one.scheme, values, (*where, "adjectives"))
            return
        seen: set[tuple[str, ...]] = set()
        for how in ("words", "starts"):
            for words in entry.get(how, ()):
                keys = tuple(map(singular, _folded(words)))
                if keys not in seen:
                    seen.add(keys)
                    yield Phrase(keys, one.scheme, values, how)

    def places(
        self,
        named: Iterable[str],
        how: str,
        scheme: Scheme,
        values: tuple[str, ...],
        where: yamlfile.Path,
        default: str | None = None,
    ) -> Iterator[Phrase]:
        seen: set[tuple[str, ...]] = set()
        for words in named:
            keys = _folded(words)
            if keys in seen or keys in self.silent or not self.reading.claim(keys, values, where):
                continue
            seen.add(keys)
            capitals = [n for n, m in enumerate(WORD.findall(words)) if m[0][0].isupper()]
            strict = (how != "name" or keys in self.capital) and bool(capitals)
            yield Phrase(
                keys,
                scheme,
                values,
                how,
                default,
                capitals[-1] if strict else None,
                self.written.get(keys),
                keys in self.homonyms,
            )

    def adjectives(
        self,
        stems: Iterable[str],
        scheme: Scheme,
        values: tuple[str, ...],
        where: yamlfile.Path,
        default: str | None = None,
    ) -> Iterator[Phrase]:
        for stem in stems:
            keys = _folded(stem)
            if stem.endswith("-"):
                yield Phrase(keys, scheme, values, "prefix")
                continue
            for ending in _ENDINGS:
                form = (*keys[:-1], keys[-1] + ending)
                if form in self.silent or (form in self.reading.owners and self.reading.owners[form][0] == values):
                    continue
                if self.reading.claim(form, values, where):
                    yield Phrase(
                        form, scheme, values, "adjective", default, written=self.written.get(form), language=not ending
                    )

    def ambiguous(self, where: yamlfile.Path, entry: dict[str, Any]) -> Iterator[Phrase]:
        """Give words that several countries share, or that one country shares with plain French."""
        values, default = tuple(entry["between"]), entry.get("default")
        made = [
            *self.places(
                entry["words"], "city" if len(values) > 1 else "hint", "country", values, (*where, "words"), default
            ),
            *self.adjectives(entry.get("adjectives", ()), "country", values, (*where, "adjectives"), default),
        ]
        yield from made
