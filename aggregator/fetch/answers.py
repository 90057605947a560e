"""What an HTTP answer says: pure reading of its status and headers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from aggregator.model import Request

PAGES: Final = frozenset({200, 203})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT: Final = frozenset({301, 308})
_ASKS_FOR_TIME = frozenset({429, 503})

_SHORTEST_WAIT = timedelta(seconds=60)
_LONGEST_WAIT = timedelta(hours=24)
_MAX_VALIDATOR = 1_000

_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')  # RFC 9110 8.8.3, without its non-ASCII
_HTTP_DATE = re.compile(  # IMF-fixdate, RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT"
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?:0[1-9]|[12]\d|3[01]) "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [12]\d{3} (?:[01]\d|2[0-3]):[0-5]\d:[0-6]\d GMT"
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9][A-Za-z0-9._:+-]{0,39})", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"\s*([A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80})")


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read. `headers`: names in lower case. `body`: decoded. `wire_bytes`: the body's, as it came."""

    url: httpx.URL
    status: int
    headers: dict[str, str]
    body: bytes
    wire_bytes: int

    @property
    def location(self) -> str | None:
        """Where it redirects to, as written; None: it does not."""
        return self.headers.get("location") if self.status in _REDIRECTS else None


def headers_of(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Read headers into a dictionary. A name said twice keeps its first value, but encodings add up.

    Bytes that are not UTF-8 are taken as Latin-1: redirects to « /évènements » come in both.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("latin-1").lower()
        try:
            value = raw_value.decode("utf-8").strip()
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1").strip()
        if name == "content-encoding" and name in headers:
            headers[name] += f", {value}"
        else:
            headers.setdefault(name, value)
    return headers


def validators_to_send(request: Request) -> list[tuple[str, str]]:
    """Give the headers that ask for the page only if it changed; what no server can have meant is not sent."""
    headers = []
    if etag := _etag(request.etag):
        headers.append(("If-None-Match", etag))
    if last_modified := _http_date(request.last_modified):
        headers.append(("If-Modified-Since", last_modified))
    return headers


def validators_of(headers: dict[str, str]) -> tuple[str | None, str | None]:
    """Give an answer's (etag, last_modified), each None unless it can be sent back."""
    return _etag(headers.get("etag")), _http_date(headers.get("last-modified"))


def _etag(value: str | None) -> str | None:
    return value if value and len(value) <= _MAX_VALIDATOR and _ETAG.fullmatch(value) else None


def _http_date(value: str | None) -> str | None:
    return value if value and _HTTP_DATE.fullmatch(value) else None


def media_type_of(headers: dict[str, str]) -> tuple[str, str | None]:
    """Give (media type in lower case or "", charset as written or None).

    Read by searching: SPIP's calendars say `text/calendar; charset:utf-8;charset=UTF-8`.
    """
    said = headers.get("content-type", "")[:500]
    media_type, charset = _MEDIA_TYPE.match(said), _CHARSET.search(said)
    return media_type[1].lower() if media_type else "", charset[1] if charset else None


def retry_after_of(answer: Answer, now: datetime) -> datetime | None:
    """Give when a 429 or 503 wants us back (UTC), between 60 s and 24 h from now; None: it does not say."""
    said = answer.headers.get("retry-after", "")
    if answer.status not in _ASKS_FOR_TIME or not said:
        return None
    if said.isascii() and said.isdigit():
        wait = timedelta(seconds=min(int(said[:9]), 999_999))
    else:
        try:
            until = parsedate_to_datetime(said[:100])
            wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return now + max(_SHORTEST_WAIT, min(wait, _LONGEST_WAIT))


def status_words(where: str, status: int, retry_after: datetime | None) -> str:
    """Say what a status that is no page means, and what to do about it."""
    if retry_after is not None:
        return f"{where} answered {status} and asks us to come back later: it is tried again after {clock_time(retry_after)}"
    if status == 404:
        advice = "not found (404): if it stays so, correct or disable its source"
    elif status == 410:
        advice = "gone for good (410): correct or disable its source"
    elif status in (401, 403, 407, 451):
        advice = f"closed to us ({status}): ask its owner, or disable its source"
    elif status == 304:
        advice = "answered 304 though we hold no copy: it is tried again at its next turn"
    elif status >= 500 or status in (408, 425, 429):
        advice = f"out of order for now ({status}): it is tried again at its next turn"
    else:
        advice = f"answered {status}, which is not a page: check its address"
    return f"{where} is {advice}" if not advice.startswith("answered") else f"{where} {advice}"


def clock_time(when: datetime) -> str:
    """Write an instant for an operator: "2026-11-25 14:05 UTC"."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
