"""Publication side by side: workers render out of the store what is rendered here when there is little to render."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator import config, publication
from aggregator.errors import PublishError
from aggregator.publication import Published, publish
from aggregator.store import open_for_writing
from aggregator.workers import Workers
from tests.conftest import START, House, calendar, ics, news, rss, xml

MEETING = "UID:1@ville.example\nDTSTART;VALUE=DATE:20251120\nSUMMARY:Réunion"


async def _town(house: House) -> None:
    for n in range(5):
        house.source(f"ville-{n}")
        house.web[f"/ville-{n}"] = xml(rss(news(3)))
    house.source("agenda", kind="ics")
    house.web["/agenda"] = calendar(ics(MEETING))
    await house.run()


async def _published(house: House, out: Path) -> Published:
    with open_for_writing(house.db) as connection:
        async with Workers() as workers:
            return await publish(connection, config.load(house.file), out, START, call=workers.call, everything=True)


def _files(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


async def test_workers_write_the_same_bytes(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await _town(house)
    monkeypatch.setattr(publication, "_FEW", 1)
    monkeypatch.setattr(publication, "_PART", 2)
    done = await _published(house, tmp_path / "elsewhere")
    assert _files(tmp_path / "elsewhere") == _files(house.out)
    assert set(done.written) == set(_files(house.out))
    assert (await _published(house, tmp_path / "elsewhere")).written == ()


async def test_what_a_worker_cannot_write_is_named_and_the_rest_is_published(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _town(house)
    monkeypatch.setattr(publication, "_FEW", 1)
    monkeypatch.setattr(publication, "_PART", 2)
    out = tmp_path / "elsewhere"
    (out / "sources" / "ville-0.rss").mkdir(parents=True)
    with pytest.raises(PublishError, match=r"ville-0\.rss cannot be written .*: move away the folder"):
        await _published(house, out)
    assert (out / "tout.atom").read_bytes() == (house.out / "tout.atom").read_bytes()
    assert not list(out.rglob(".*"))
    (out / "sources" / "ville-0.rss").rmdir()
    await _published(house, out)
    assert _files(out) == _files(house.out)
