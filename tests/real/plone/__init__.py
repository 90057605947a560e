"""Plone Classic from PyPI, edited through its own REST interface."""

from __future__ import annotations

import base64
import json
import os
import urllib.request
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.real.software import HERE, Content, Software, background, clock, free_port, until_ready

PYTHON = HERE / ".venv" / "plone" / "bin" / "python"
_PARIS = ZoneInfo("Europe/Paris")
_JUMP = timedelta(hours=1)  # its clock goes on by itself; after so long it is started anew, to have the right one


@dataclass
class Plone(Software):
    """Its stock « Actualités » and « Événements »: lists that show visitors no day, feeds that it announces and refuses,
    REST and a calendar that say all."""

    name = "plone"
    agenda = "Event"

    port: int = 0
    started: datetime | None = None
    types: dict[str, str] = field(default_factory=dict)

    def start(self, stack: ExitStack) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._outer = stack
        self._serve()

    def _serve(self) -> None:
        if self.started:
            self._server.close()
        self._server = self._outer.enter_context(ExitStack())
        log = self.folder / "plone.log"
        command: list[str | Path] = [PYTHON, Path(__file__).with_name("serve.py"), self.folder / "zope", str(self.port)]
        process = self._server.enter_context(
            background(command, log, env=os.environ | {"TZ": "Europe/Paris"} | clock(self.now))
        )
        until_ready(process, log, lambda: self._ask("GET", "@site"))
        self.started = self.now

    def _ask(self, method: str, path: str, said: dict[str, Any] | None = None) -> dict[str, Any]:
        who = base64.b64encode(b"admin:loopback").decode()
        head = {"Accept": "application/json", "Content-Type": "application/json", "Authorization": f"Basic {who}"}
        body = json.dumps(said).encode() if said is not None else None
        request = urllib.request.Request(self.url + path, body, head, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            told: dict[str, Any] = json.loads(answer.read() or b"{}")
        return told

    def write(self, contents: Iterable[Content], kind: str = "") -> None:
        if self.started and self.now - self.started > _JUMP:
            self._serve()
        for one in contents:
            type_ = self.types.setdefault(one.key, kind or "News Item")
            folder = "events" if type_ == self.agenda else "news"
            path = f"{folder}/{one.key}"
            said: dict[str, Any] = {"title": one.title, "description": one.text[0]}
            said["text"] = {"data": "".join(f"<p>{words}</p>" for words in one.text[1:]), "content-type": "text/html"}
            said["subjects"] = list(one.categories)
            said["effective"] = _instant(one.at)
            if type_ == self.agenda:
                said |= _when(one)
            if one.key in self.contents:
                self._ask("PATCH", path, said)
            else:
                self._ask("POST", folder, {"@type": type_, "id": one.key, **said})
            was = self.contents.get(one.key)
            if one.state != "draft" and (was is None or was.state == "draft"):
                self._ask("POST", f"{path}/@workflow/publish", {"effective": _instant(one.at)})
            self.contents[one.key] = one
            self.links[one.key] = self.url + path

    def remove(self, *keys: str) -> None:
        for key in keys:
            self._ask("DELETE", self.links[key].removeprefix(self.url))
            del self.contents[key]


def _instant(local: datetime) -> str:
    return local.replace(tzinfo=_PARIS).isoformat()


def _when(one: Content) -> dict[str, Any]:
    """An event's own fields, of what must become of it; one that says no end is open-ended."""
    said = one.event or {"starts": "2027-04-01T19:00:00"}
    start, end = said["starts"], said.get("ends")
    if "T" in start:
        begins = datetime.fromisoformat(start)
        ends = datetime.fromisoformat(end) if end else datetime.combine(begins.date(), time(23, 59, 59))
        return {"start": _instant(begins), "end": _instant(ends), "open_end": end is None}
    last = date.fromisoformat(end) - timedelta(days=1) if end else date.fromisoformat(start)
    first = datetime.combine(date.fromisoformat(start), time())
    return {"start": _instant(first), "end": _instant(datetime.combine(last, time(23, 59, 59))), "whole_day": True}
