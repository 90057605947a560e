"""Every folder of tests/golden is a page and what its source finds there, word for word."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from aggregator import extract
from aggregator.discover.record import plain
from aggregator.model import Limits, Page, RawItem

GOLDEN = Path(__file__).parent.parent / "golden"
FOLDERS = sorted(folder.name for folder in GOLDEN.iterdir() if (folder / "source.yaml").exists())


def page_of(folder: Path, url: str) -> Page:
    file = next(path for path in sorted(folder.glob("page.*")))
    body = file.read_bytes()
    return Page(
        url=url,
        requested=url,
        status=200,
        body=body,
        fetched_at=datetime(2025, 11, 1, 8, tzinfo=UTC),
        digest=hashlib.sha256(body).hexdigest(),
        text=body.decode("utf-8-sig", "replace"),
    )


@pytest.mark.parametrize("slug", FOLDERS)
def test_a_page_gives_what_its_source_is_known_to_find_there(slug: str) -> None:
    folder = GOLDEN / slug
    source: dict[str, Any] = yaml.safe_load((folder / "source.yaml").read_text("utf-8"))
    extractor = extract.kind(source["kind"])(**(source.get("options") or {}))

    found = extractor(page_of(folder, source["url"]), Limits())

    assert [plain(item) for item in found.items] == json.loads((folder / "items.json").read_text("utf-8"))
    assert all(isinstance(item, RawItem) for item in found.items)
