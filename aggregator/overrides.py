"""overrides.yaml: the operator's last word on what is the same, what is not, and which telling leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator import yamlfile
from aggregator.errors import ConfigError
from aggregator.normalise.urls import canonical

_KEYS = {"same": ("items", "why"), "different": ("items", "why"), "prefer": ("item", "why")}


@dataclass(frozen=True, slots=True)
class Overrides:
    """What overrides.yaml says. A thing is called by its UID, its guid, or its address folded to one spelling.

    `same`, `different`: sets of names; `prefer`: names of sightings that lead their item. `path`: None without a file.
    """

    same: tuple[frozenset[str], ...] = ()
    different: tuple[frozenset[str], ...] = ()
    prefer: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Every name in the file."""
        return self.prefer.union(*self.same, *self.different)

    def ruling(self, ours: frozenset[str], theirs: frozenset[str]) -> bool | None:
        """Say whether the operator calls two things the same or apart; None: nothing is said. « different » wins."""
        for said, rules in ((False, self.different), (True, self.same)):
            for names in rules:
                if (one := ours & names) and (other := theirs & names) and len(one | other) > 1:
                    return said
        return None

    def partners(self, calls: frozenset[str]) -> frozenset[str]:
        """Give the names that stand in one rule with any of these."""
        rules = [names for names in (*self.same, *self.different) if names & calls]
        return frozenset().union(*rules) - calls if rules else frozenset()

    def prefers(self, calls: Iterable[str]) -> bool:
        """Say whether the operator wants what is called so to lead."""
        return not self.prefer.isdisjoint(calls)


def load(path: Path, aliases: Mapping[str, str]) -> Overrides:
    """Read overrides.yaml; a file that is not there says nothing. `aliases`: hosts that serve another's site (sources.yaml).

    Raises:
        ConfigError: with every problem as `FILE:LINE: path: problem, what would be right`.
    """
    try:
        document = yamlfile.read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Overrides()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: it cannot be read: {error}"]) from error
    problems = list(document.problems)
    data = document.data if document.data is not None else {}
    rules: dict[str, list[frozenset[str]]] = {"same": [], "different": [], "prefer": []}

    def wrong(where: yamlfile.Path, words: str) -> None:
        problems.append((document.line(where), where, words))

    if not isinstance(data, dict):
        wrong((), "the file is no mapping: it holds same:, different: and prefer:")
        data = {}
    for part, entries in data.items():
        if part not in rules:
            wrong((part,), "unknown key; known here: same, different, prefer")
        elif not isinstance(entries, list):
            wrong((part,), "a list, with a line « - … » each, would be right")
        else:
            for n, entry in enumerate(entries):
                names = _names(part, entry, (part, n), aliases, wrong)
                if names:
                    rules[part].append(names)
    if problems:
        raise ConfigError(
            [
                f"{path}:{line}: {'.'.join(map(str, where))}: {words}"
                for line, where, words in sorted(problems, key=lambda p: p[0])
            ]
        )
    return Overrides(tuple(rules["same"]), tuple(rules["different"]), frozenset().union(*rules["prefer"]))


def _names(
    part: str, entry: Any, where: yamlfile.Path, aliases: Mapping[str, str], wrong: Any
) -> frozenset[str] | None:
    key = _KEYS[part][0]
    if not isinstance(entry, dict):
        wrong(where, f"a mapping with {key}: and why: would be right")
        return None
    for unknown in entry.keys() - set(_KEYS[part]):
        wrong((*where, unknown), f"unknown key; known here: {', '.join(_KEYS[part])}")
    if not str(entry.get("why") or "").strip():
        wrong(where, "why: is missing: say it, for whoever reads this in a year")
    said = entry.get(key)
    items = said if part != "prefer" and isinstance(said, list) else [said] if part == "prefer" and said else None
    if items is None or (part != "prefer" and len(items) < 2):
        wanted = "an address or a UID" if part == "prefer" else "two addresses or UIDs or more"
        wrong((*where, key) if key in entry else where, f"{key}: {wanted} would be right (aggregator show tells them)")
        return None
    return frozenset(name_of(str(item), aliases) for item in items)


def name_of(said: str, aliases: Mapping[str, str]) -> str:
    """Give the name that a UID, a guid or an address in any of its spellings stands for."""
    said = said.strip()
    if said.startswith(("http://", "https://")):
        return canonical(said, aliases) or said
    return said.removeprefix("urn:uuid:")
