"""Workers: a page that stalls, swells or crashes costs itself only."""

from __future__ import annotations

import os
import time

import pytest

from aggregator import workers
from aggregator.errors import ExtractError, NothingFound
from aggregator.workers import WorkerBug, Workers


def swell() -> int:
    return len(bytearray(4 * 1024**3))


def nothing() -> None:
    raise NothingFound("rien")


def chatter() -> int:
    print("a parser that prints")  # must not break the answers
    return 7


async def test_results_and_expected_errors_come_back() -> None:
    async with Workers(1) as pool:
        assert await pool.call(divmod, 7, 2) == (3, 1)
        assert await pool.call(chatter) == 7
        with pytest.raises(NothingFound, match="rien"):
            await pool.call(nothing)


async def test_a_bug_comes_back_with_its_traceback() -> None:
    async with Workers(1) as pool:
        with pytest.raises(WorkerBug, match="ZeroDivisionError"):
            await pool.call(divmod, 7, 0)


async def test_a_crash_costs_one_call_and_the_next_one_works() -> None:
    async with Workers(1) as pool:
        with pytest.raises(ExtractError, match="given up"):
            await pool.call(os._exit, 1)
        assert await pool.call(divmod, 7, 2) == (3, 1)


async def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WALL_SECONDS", 1.0)
    async with Workers(1) as pool:
        with pytest.raises(ExtractError, match="took more than 1 s"):
            await pool.call(time.sleep, 60)
        assert await pool.call(divmod, 7, 2) == (3, 1)


async def test_a_page_that_swells_is_given_up() -> None:
    async with Workers(1) as pool:
        with pytest.raises(ExtractError, match="memory"):
            await pool.call(swell)
        assert await pool.call(divmod, 7, 2) == (3, 1)
