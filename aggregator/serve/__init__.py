"""feeds/ over HTTP: GET and HEAD of published files, with ETag, Last-Modified, 304 and gzip; nothing else."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AbstractContextManager, nullcontext
from os import PathLike
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from aggregator.errors import ConfigError

CONTENT_TYPES = {
    ".rss": "application/rss+xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".json": "application/feed+json; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".db": "application/vnd.sqlite3",
}
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; style-src 'self'; img-src https: 'self'"),
    (b"referrer-policy", b"no-referrer"),
    (b"access-control-allow-origin", b"*"),  # feed readers in browsers; all of it is public
    (b"cache-control", b"public, max-age=300"),
]
_LONGEST_PATH = 2_000


class _Files(StaticFiles):
    """The public folder: only files of the types we publish, never a hidden or temporary one."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path in (".", ""):
            path = "index.html"
        suffix = Path(path).suffix
        if suffix not in CONTENT_TYPES or any(part.startswith(".") for part in Path(path).parts):
            return PlainTextResponse("Il n’y a rien à cette adresse.\n", 404)
        if suffix == ".db" and not _is_snapshot(self.directory, path):
            return PlainTextResponse("Il n’y a rien à cette adresse.\n", 404)
        response = await super().get_response(path, scope)
        if response.status_code in (200, 304):
            response.headers["content-type"] = CONTENT_TYPES[suffix]
        return response


def _is_snapshot(folder: str | PathLike[str] | None, path: str) -> bool:
    """Tell a published copy, to which nobody writes, from a store that somebody keeps in the public folder."""
    place = Path(folder or "") / path
    return place.is_file() and not place.stat().st_mode & 0o222


class _Guard:
    """Add our headers to every answer and refuse over-long addresses."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        if scope["type"] == "http" and len(scope["raw_path"]) > _LONGEST_PATH:
            await PlainTextResponse("Adresse trop longue.\n", 414)(scope, receive, with_headers)
        else:
            await self.app(scope, receive, with_headers)


def app(out: Path) -> _Guard:
    """Give the ASGI application that serves the folder `out`."""
    inner = Starlette(middleware=[Middleware(GZipMiddleware, minimum_size=500)])
    inner.mount("/", _Files(directory=out, check_dir=False))
    return _Guard(inner)


def bind(host: str, port: int) -> socket.socket:
    """Take the address before anything else starts.

    Raises:
        ConfigError: it is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            [
                f"--host {host} --port {port}: this address cannot be used ({why}): choose another port, or stop what holds it"
            ]
        ) from error
    return listener


class _Server(uvicorn.Server):
    """uvicorn, without its signal handlers: `stop` says when to end."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


async def serve(out: Path, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve `out` on `listener` until `stop` is set."""
    settings = uvicorn.Config(
        app(out), log_config=None, access_log=False, limit_concurrency=64, timeout_keep_alive=10, h11_max_incomplete_event_size=16_384,
        http="h11", lifespan="off", server_header=False, timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = _Server(settings)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    waiting.cancel()
    await running
