"""Keeping at it: APScheduler only ticks; who is due stands in the store. A changed sources.yaml is read anew."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator import config, pipeline
from aggregator.config import Config
from aggregator.errors import AggregatorError, ConfigError

log = logging.getLogger(__name__)

TICK = 30  # seconds


@dataclass(slots=True)
class _Current:
    """The configuration in force, and the modification time of the file it was read from."""

    config: Config
    mtime: float


async def keep_running(
    connection: sqlite3.Connection, configuration: Config, out: Path, *, clock: Callable[[], datetime], stop: asyncio.Event,
    beside: Callable[[], Awaitable[None]], tick: float = TICK,
) -> None:  # fmt: skip
    """Visit what is due at every tick until `stop` is set; the visit under way is finished then. `beside` runs meanwhile (the server)."""
    current = _Current(configuration, configuration.path.stat().st_mtime)
    turn = asyncio.Lock()

    async def visit_due() -> None:
        async with turn:
            _reread(current)
            try:
                done = await pipeline.run(connection, current.config, out, clock=clock, seen=_tell, stop=stop)
            except (AggregatorError, sqlite3.DatabaseError) as error:  # the disk, the folder: the operator's
                log.error("this turn failed, the next one tries again: %s", error)
                return
            if done.outcomes or done.published.written:
                log.info(
                    "%d sources visited, %d failed, %d files changed",
                    len(done.outcomes),
                    len(done.failed),
                    len(done.published.written),
                )

    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns at each tick that meets a long turn
    scheduler = AsyncIOScheduler(
        timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    scheduler.add_job(visit_due, "interval", seconds=tick)
    first = asyncio.create_task(visit_due())
    server = asyncio.ensure_future(beside())
    scheduler.start()
    try:
        await asyncio.wait([server, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    finally:
        scheduler.pause()
        async with turn:  # AsyncIOScheduler.shutdown cancels what is running: let the turn under way end first
            scheduler.shutdown(wait=False)
        await first
        stop.set()
        await server


def _reread(current: _Current) -> None:
    """Take a changed sources.yaml; a wrong one is told once and the last good one stays in force."""
    try:
        mtime = current.config.path.stat().st_mtime
        if mtime == current.mtime:
            return
        current.mtime = mtime
        current.config = config.load(current.config.path)
        log.info("%s has changed and is in force", current.config.path)
    except ConfigError as error:
        log.error("the changed configuration is wrong, the last good one stays in force:\n%s", error)
    except OSError as error:
        log.error("%s cannot be read (%s): the last good one stays in force", current.config.path, error)


def _tell(outcome: pipeline.Outcome) -> None:
    brought, absorbed = outcome.visit, outcome.absorbed
    if brought.outcome == "failed":
        log.warning("%s: %s", outcome.source.slug, brought.error)
    elif absorbed.alarm:
        log.warning("%s: %s", outcome.source.slug, absorbed.alarm)
    elif absorbed.new or absorbed.changed or absorbed.withdrawn:
        log.info(
            "%s: %d new, %d changed, %d withdrawn",
            outcome.source.slug,
            absorbed.new,
            absorbed.changed,
            absorbed.withdrawn,
        )
