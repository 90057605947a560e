"""A way of reading as a block of sources.yaml, and that block written into the file: comments and order stay."""

from __future__ import annotations

import codecs
import re
from collections.abc import Container, Iterable, Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any

import yaml

from aggregator import config, yamlfile
from aggregator.catalogue import Listed, same_site
from aggregator.config import Config
from aggregator.discover import Found, Trial, slug_of
from aggregator.errors import ConfigError
from aggregator.normalise.urls import host


def blocks(found: Found, config: Config, *, allow_private: bool = False) -> dict[str, str]:
    """Write the ways worth a source as blocks of sources.yaml, to stand under `sources:`: slug -> block.

    `allow_private`: the site is on a private network. A way at an address that a source of `config` has already is
    written under that source's slug (`known`): its lines may be replaced, nothing is to be added.
    """
    taken = {source.slug for source in config.sources}
    there = {one.url: one.slug for one in config.sources}
    told: dict[str, str] = {}
    for n, trial in enumerate(found.chosen):
        slug = there.get(trial.way.url) or _slug(found, taken | set(told), agenda=n > 0)
        name = found.name if n == 0 else f"{found.name}\u00a0: agenda"
        told[slug] = _block(slug, name, trial, allow_private=allow_private)
    return told


def known(found: Found, config: Config) -> list[str]:
    """Give the slugs of sources that read this site already, or are meant to: the same address; disabled, the same host."""
    urls = {found.url.rstrip("/"), *(trial.way.url.rstrip("/") for trial in found.chosen)}
    return [
        source.slug
        for source in config.sources
        if source.url.rstrip("/") in urls or (not source.enabled and host(source.url) == host(found.url))
    ]


def _slug(found: Found, taken: Container[str], *, agenda: bool) -> str:
    base = slug_of(found.name) or slug_of(host(found.url)) or "source"
    return _free(f"{base}-agenda" if agenda else base, taken)


def _block(slug: str, name: str, trial: Trial, *, allow_private: bool) -> str:
    said: dict[str, Any] = {"slug": slug, "name": name, "url": trial.way.url, "kind": trial.way.kind}
    if trial.way.options:
        said["options"] = dict(trial.way.options)
    if allow_private:
        said["allow_private"] = True
    said["note"] = (
        f"Trouvé par « aggregator discover »\u00a0: {trial.items} éléments, {trial.dated} avec une date,"
        f" {trial.events} événements."
        + ("" if trial.dated else " Sans date, chaque élément prend celle du jour où il est vu.")
    )
    return written(said)


def listed(sites: Iterable[Listed], config: Config) -> dict[str, str]:
    """Write the sites of a list as blocks, those that sources.yaml does not hold yet: slug -> block."""
    told: dict[str, str] = {}
    known = {same_site(source.url) for source in config.sources}
    taken = {source.slug for source in config.sources}
    for site in sites:
        if same_site(site.url) in known:
            continue
        slug = _free(slug_of(site.name) or slug_of(host(site.url)) or "source", taken | set(told))
        told[slug] = written(
            {
                "slug": slug,
                "name": site.name,
                "url": site.url,
                "kind": site.kind,
                **({"territory": dict(site.territory)} if site.territory else {}),
            }
        )
    return told


def written(said: Mapping[str, Any]) -> str:
    """Write a source as a block of sources.yaml."""
    text = yaml.dump(
        [dict(said)], Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110, default_flow_style=False
    )
    return "".join(f"  {line}\n" for line in text.splitlines())


class _Dumper(yaml.SafeDumper):
    """Writes in quotes what YAML 1.2 would not read as words (« 1e3 »), and what YAML 1.1 would not."""


def _quoted(dumper: yaml.SafeDumper, words: str) -> yaml.ScalarNode:
    plain = isinstance(yamlfile.scalar(words), str)
    return dumper.represent_scalar("tag:yaml.org,2002:str", words, style=None if plain else "'")


_Dumper.add_representer(str, _quoted)


def _free(wanted: str, taken: Container[str]) -> str:
    """Give a slug that no other source has."""
    return next(one for one in chain((wanted,), (f"{wanted}-{n}" for n in count(2))) if one not in taken)


def add(path: Path, block: str) -> None:
    """Write blocks at the end of the sources of sources.yaml, in one step; nothing else in the file changes.

    Raises:
        ConfigError: the file is not right, before or with them; it stays as it was.
    """
    written = path.read_bytes()
    mark = codecs.BOM_UTF8 if written.startswith(codecs.BOM_UTF8) else b""
    end = "\r\n" if b"\r\n" in written else "\n"
    lines = written.removeprefix(mark).decode().replace("\r\n", "\n").rstrip("\n").split("\n")
    where = _end_of_sources(lines, path)
    gap = [""] if lines[where - 1].strip() else []
    after = end.join((*lines[:where], *gap, *_indented(block, lines), *lines[where:], ""))
    expected = [*(one.slug for one in config.load(path).sources), *(one["slug"] for one in yaml.safe_load(block))]
    trial = path.with_name(f".{path.name}.new~")
    try:
        trial.write_bytes(mark + after.encode())
        try:
            slugs = [source.slug for source in config.load(trial).sources]
        except ConfigError as error:
            raise ConfigError([problem.replace(trial.name, path.name) for problem in error.problems]) from error
        if slugs != expected:
            raise ConfigError([f"{path}: the new block would not stand under sources: write it there by hand"])
        trial.replace(path)
    finally:
        trial.unlink(missing_ok=True)


def _indented(block: str, lines: list[str]) -> list[str]:
    """Give a block's lines, as far from the margin as the first source of the file."""
    first = next((line for line in lines[lines.index(_sources(lines)) + 1 :] if line.lstrip().startswith("- ")), "  - ")
    margin = first[: len(first) - len(first.lstrip())]
    return [margin + line.removeprefix("  ") if line else line for line in block.rstrip("\n").split("\n")]


def _sources(lines: list[str]) -> str:
    return next(line for line in lines if re.match(r"sources:\s*(?:#.*)?$", line))


def _end_of_sources(lines: list[str], path: Path) -> int:
    """Find the line after the last source: the next key at the left margin, or the end of the file."""
    starts = [n for n, line in enumerate(lines) if re.match(r"sources:\s*(?:#.*)?$", line)]
    if not starts:
        raise ConfigError(
            [f"{path}: no line is just « sources: », with a source on each « - » below: write the block by hand"]
        )
    end = next((n for n in range(starts[0] + 1, len(lines)) if re.match(r"[^\s#-]", lines[n])), len(lines))
    while end > starts[0] + 1 and (
        not lines[end - 1].strip() or lines[end - 1].startswith("#")
    ):  # they go with that key
        end -= 1
    return end
