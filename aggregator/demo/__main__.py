"""`python -m aggregator.demo --day 1`: serve the sample federation until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from aggregator.demo import PORT, SITES, Federation
from aggregator.errors import ConfigError


async def _serve(day: int, port: int) -> None:
    stop = asyncio.Event()
    for told in (signal.SIGINT, signal.SIGTERM):  # set by hand: shells start background jobs with SIGINT ignored
        asyncio.get_running_loop().add_signal_handler(told, stop.set)
    async with Federation(day, port) as federation:
        for slug in SITES:
            sys.stdout.write(f"{federation.base(slug)}  {slug}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> int:
    """Serve; exit code 0 when interrupted or terminated, 2 when a port cannot be had."""
    parser = argparse.ArgumentParser(
        prog="python -m aggregator.demo", description="Serve the sample federation on loopback."
    )
    parser.add_argument("--day", type=int, default=1, help="which day it is there: 1 to 4 (default: 1)")
    parser.add_argument("--port", type=int, default=PORT, help=f"the first of eight ports (default: {PORT})")
    arguments = parser.parse_args()
    try:
        asyncio.run(_serve(arguments.day, arguments.port))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
