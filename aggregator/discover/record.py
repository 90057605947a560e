"""A page and what its source finds there, as a folder: a golden test of tests/golden, or a case to report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path

import yaml

from aggregator.config import extractor_of
from aggregator.discover import Trial
from aggregator.errors import ConfigError
from aggregator.model import Limits
from aggregator.normalise.text import decode


def record(folder: Path, trial: Trial) -> None:
    """Write page.*, source.yaml and items.json into a new folder.

    Raises:
        ConfigError: there is one already, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigError([f"{folder}: it cannot be made ({error.strerror}): name another folder"]) from error
    page = replace(trial.page, text=decode(trial.page.body, trial.page.charset))
    found = extractor_of(trial.way.kind, trial.way.options)(page, Limits())
    start = page.body.lstrip()[:1]
    suffix = (
        "ics"
        if page.body.lstrip().startswith(b"BEGIN:")
        else "json"
        if start in b"{["
        else "html"
        if trial.way.kind in ("html", "spip", "jsonld", "rrma")
        else "xml"
    )
    (folder / f"page.{suffix}").write_bytes(page.body)
    source: dict[str, object] = {"url": trial.way.url, "kind": trial.way.kind}
    if trial.way.options:
        source["options"] = dict(trial.way.options)
    (folder / "source.yaml").write_text(yaml.safe_dump(source, allow_unicode=True, sort_keys=False), encoding="utf-8")
    items = json.dumps([plain(item) for item in found.items], ensure_ascii=False, indent=1)
    (folder / "items.json").write_text(items + "\n", encoding="utf-8")


def plain(value: object) -> object:
    """Give tuples and nested dataclasses as JSON has them, without what is left at its default."""
    if isinstance(value, tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return dict(value)
    if not hasattr(value, "__dataclass_fields__"):
        return value
    defaults = {
        field.name: field.default if field.default_factory is MISSING else field.default_factory()
        for field in fields(value)  # type: ignore[arg-type]
    }
    said = {name: getattr(value, name) for name in defaults}
    return {name: plain(one) for name, one in said.items() if one != defaults[name]}
