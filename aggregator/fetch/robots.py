"""robots.txt (RFC 9309), read with our product token."""

from __future__ import annotations

import re
from datetime import timedelta

from protego import Protego

MAX_ROBOTS = 512_000  # bytes: RFC 9309 2.5 asks for at least 500 KiB
MAX_REDIRECTS = 5  # RFC 9309 2.3.1.2
MAX_CRAWL_DELAY = 60.0  # seconds: a typing error must not close a site for a day
_KEPT = timedelta(hours=24)  # RFC 9309 2.4
_KEPT_AFTER_FAILURE = timedelta(hours=1)

_USER_AGENT = re.compile(r"[ \t]*user[- ]?agent[ \t]*[: \t][ \t]*([^#\r\n]*)", re.IGNORECASE)
_OUTSIDE_GROUPS = ("#", "sitemap", "site-map", "host")
_TOKEN = re.compile(r"[A-Za-z_-]+")


class Rules:
    """What one robots.txt says to us. `delay`: its Crawl-delay in seconds, at most 60; None: not said."""

    def __init__(self, text: str, user_agent: str) -> None:
        self._token = product_token(user_agent)
        self._rules = Protego.parse(_addressed(text, self._token))
        delay = self._rules.crawl_delay(self._token)
        self.delay = None if delay is None else min(delay, MAX_CRAWL_DELAY)

    def allows(self, url: str) -> bool:
        """Whether we may ask for this absolute URL."""
        return bool(self._rules.can_fetch(url, self._token))


def product_token(user_agent: str) -> str:
    """Give the name robots.txt files know us by: "cooperation-aggregator" of "cooperation-aggregator/0.1 (+…)"."""
    token = _TOKEN.match(user_agent)
    return token[0].lower() if token else "*"


def _addressed(text: str, token: str) -> str:
    """Keep the groups of two names, ours and "*"; of the others one name, "another", and one line each.

    RFC 9309 2.2.1 compares whole product tokens, which the library does not; its time is the number of names times
    the number of rules in a group (250 kB of each would stop us for minutes), and 5 us a line on files that mostly
    list other robots.
    """
    lines = []
    ours = naming = False  # whether the group is for us, and whether its names are still being listed
    for line in text.splitlines():
        bare = line.strip().lower()
        if not bare or bare.startswith(_OUTSIDE_GROUPS):
            continue
        if name := _USER_AGENT.match(bare):
            found = _TOKEN.match(name[1])
            said = found[0] if found else name[1].strip()
            ours = said in (token, "*") or (naming and ours)
            naming = True
            lines.append(f"User-agent: {said if said in (token, '*') else 'another'}")
        elif ours or naming:
            naming = naming and ":" not in bare and not bare.startswith(("allow", "dis"))
            lines.append(line)
    return "\n".join(lines)


def text_of(body: bytes) -> str:
    """Give the rules of a robots.txt answered with success: "" when it is a page of HTML in its place.

    Over 500 KiB it is cut after its last whole line: half a "Disallow: /prive/" would close the site.
    """
    if len(body) > MAX_ROBOTS:
        body = body[:MAX_ROBOTS]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    text = body.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    return "" if text.startswith("<") else text.replace("\x00", "")


def closes(status: int) -> bool:
    """Whether a robots.txt answered so closes the whole host: 5xx, 429 and no answer (0) do, 4xx does not."""
    return status == 0 or status == 429 or status >= 500


def kept_for(status: int) -> timedelta:
    """How long what a robots.txt said is relied upon: 24 h when it said something, 1 h after a failure."""
    return _KEPT_AFTER_FAILURE if closes(status) or 300 <= status < 400 else _KEPT
