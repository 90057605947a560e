"""What is served in place of a page is told from a page; a page is never taken for it."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from aggregator.errors import BadStatus, Blocked
from aggregator.fetch import Fetcher
from aggregator.fetch.blocked import blocked
from aggregator.model import Page
from tests.fakeweb import FakeWeb, reply
from tests.fetch.conftest import NOW, asking

LINES = (Path(__file__).parent / "data" / "blocked.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
async def test_page_is_told_from_what_stands_in_its_place(fetcher: Fetcher, web: FakeWeb, case: dict[str, Any]) -> None:
    body = (case["body"] + "<a href='/x'>x</a>" * case["links"]).encode()
    web["/"] = reply(case["status"], body, case["headers"], content_type=case["type"])
    if case["blocked"]:
        with pytest.raises(Blocked, match=case["blocked"]) as served:
            await fetcher.get(asking(web.url("/")))
        assert served.value.status == case["status"]
    elif case["status"] == 200:
        assert isinstance(await fetcher.get(asking(web.url("/"))), Page)
    else:
        with pytest.raises(BadStatus):
            await fetcher.get(asking(web.url("/")))


async def test_maintenance_that_says_until_when_postpones_its_host(fetcher: Fetcher, web: FakeWeb) -> None:
    web["/"] = reply(503, b"<title>Site en travaux</title>", {"Retry-After": "3600"})
    with pytest.raises(Blocked):
        await fetcher.get(asking(web.url("/")))
    until = fetcher.remembered()[web.authority].not_before
    assert until is not None
    assert (until - NOW).total_seconds() == 3_600


def test_title_in_latin_1_is_read() -> None:
    page = "<html><title>Site momentanément indisponible</title>".encode("latin-1")
    assert blocked(503, {}, "text/html", page) == "a maintenance notice"


@pytest.mark.parametrize(
    "page",
    [b"<title>" * 1_400_000, b"<title>" + b"en maintenance " * 600_000, b"<a " * 3_000_000, b"&#" * 4_000_000],
    ids=["titles", "words", "links", "entities"],
)
def test_hostile_page_is_judged_in_linear_time(page: bytes) -> None:
    started = process_time()
    blocked(503, {}, "text/html", b"<!doctype html>" + page)
    blocked(200, {}, "text/html", b"<title>maintenance</title>" + page)
    assert process_time() - started < 1.0
