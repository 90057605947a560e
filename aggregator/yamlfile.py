"""YAML 1.2 with line numbers: the one place where PyYAML is called.

libyaml composes the nodes; their scalars are read by YAML 1.2's core schema here, since PyYAML knows 1.1 alone
(`no` would be False, `22:30` 1350) and takes the last of two equal keys in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

_INT = re.compile(r"[-+]?[0-9]+$")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")
_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """What a file says: `data` (dicts, lists, scalars), the line of every path, the scalar as written, and what is wrong with it."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    problems: list[tuple[int, Path, str]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Give the line (from 1) of `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(text: str) -> Document:
    """Read one YAML document; syntax errors and duplicate keys stand in `problems`."""
    document = Document()
    try:
        node = yaml.compose(text, Loader=yaml.CBaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        document.problems.append((mark.line + 1 if mark else 1, (), f"this is not YAML: {what}{_step(what)}"))
        return document
    except yaml.YAMLError as error:
        document.problems.append((1, (), f"this is not YAML: {error}"))
        return document
    document.data = _build(node, (), document, frozenset()) if node is not None else None
    return document


_STEPS = (
    ("mapping values are not allowed", "a value that holds « : » stands in quotes: name: 'Ville : actualités'"),
    ("tab character", "write spaces, no tab, at the beginning of a line"),
    (
        "cannot start any token",
        "write spaces, no tab, at the beginning of a line; a value that begins with @ or ` stands in quotes",
    ),
    (
        "did not find expected",
        "it begins further left or right than the lines it belongs to, or a quote or bracket is not closed",
    ),
)


def _step(what: str) -> str:
    """Give what to do about a syntax error."""
    return next((f": {step}" for mark, step in _STEPS if mark in what), "")


def _build(node: yaml.Node, path: Path, document: Document, above: frozenset[int]) -> Any:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in above:
        document.problems.append((node.start_mark.line + 1, path, "this alias contains itself"))
        return None
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, path, document, above | {id(node)}))
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, n), document, above | {id(node)}) for n, child in enumerate(node.value)]
    document.written[path] = node.value
    return node.value if getattr(node, "style", None) else scalar(node.value)  # libyaml: "" is plain


def _pairs(node: yaml.MappingNode, path: Path, document: Document, above: frozenset[int]) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            document.problems.append((line, path, "a key is a word, not a list or a mapping"))
            continue
        key = key_node.value
        if key in seen:
            document.problems.append(
                (line, (*path, key), f"this key stands twice (first on line {seen[key]}): keep one")
            )
            continue
        seen[key] = line
        document.lines[(*path, key)] = line
        yield key, _build(value_node, (*path, key), document, above)


def scalar(text: str) -> Any:
    """Give what a plain scalar is in YAML 1.2: a constant, a number, or its words."""
    if text in _CONSTANTS or text.lower() in ("null", "true", "false"):
        return _CONSTANTS[text.lower()]
    if _INT.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text
