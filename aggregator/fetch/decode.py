"""Content-Encoding, decoded within bounds.

httpx's own decoders turned 64 KB of zstd into one 2 GB chunk before a byte counter could look (measured, 0.28.1):
so only what the standard library can decode with a maximum length is accepted.
"""

from __future__ import annotations

import zlib

from aggregator.errors import Refused, Unreachable
from aggregator.fetch.addresses import shown

# The last two are no encodings, yet PHP pages send them, and browsers ignore them.
_PLAIN = frozenset({"", "identity", "none", "utf-8"})
_GZIP = frozenset({"gzip", "x-gzip"})
_MAX_MEMBERS = 100  # gzip files may be joined (RFC 1952 2.2), but 500,000 empty ones in 10 MB are an attack


class Decoder:
    """Decodes one body, chunk by chunk, to at most `limit` bytes; `over`: there was more, which is not read.

    Raises:
        Refused: from the start, for any encoding but one of gzip and deflate.
        Unreachable: the data are damaged or, at `finish`, cut.
    """

    def __init__(self, url: str, encoding: str, limit: int) -> None:
        self.over = False
        self._url = url
        self._room = limit
        self._encoding = encoding.strip().lower()
        self._members = 0
        self._inflate: zlib._Decompress | None = None
        if self._encoding not in _PLAIN and self._encoding not in _GZIP and self._encoding != "deflate":
            named = "".join(c for c in self._encoding[:60] if c.isprintable())
            words = f"{shown(url)} is encoded as {named}, which we did not ask for and do not read (gzip, deflate)"
            raise Refused(url, words)

    def decode(self, chunk: bytes) -> bytes:
        """Give what the next chunk decodes to, cut at the limit."""
        if self.over:
            return b""
        if self._encoding in _PLAIN:
            return self._bounded(chunk)
        try:
            return self._decompress(chunk)
        except zlib.error as error:
            words = f"{shown(self._url)} sent damaged {self._encoding} data: it is tried again at its next turn"
            raise Unreachable(self._url, words) from error

    def finish(self) -> None:
        """Check that the body was whole."""
        if self._inflate is not None and not self._inflate.eof and not self.over:
            words = f"{shown(self._url)} sent {self._encoding} data that end too early: tried again at its next turn"
            raise Unreachable(self._url, words)

    def _decompress(self, chunk: bytes) -> bytes:
        parts: list[bytes] = []
        while chunk and not self.over:
            if self._inflate is None:
                self._inflate = self._new_member(chunk)
            elif self._inflate.eof:
                if self._encoding not in _GZIP or not chunk.startswith(b"\x1f"):
                    break  # bytes after the end of the data: ignored, as browsers do
                self._inflate = self._new_member(chunk)
            # One byte more than there is room for tells a body that fits from one that goes on.
            parts.append(self._bounded(self._inflate.decompress(chunk, self._room + 1)))
            chunk = self._inflate.unused_data
        return b"".join(parts)

    def _new_member(self, start: bytes) -> zlib._Decompress:
        self._members += 1
        self.over = self.over or self._members > _MAX_MEMBERS
        if self._encoding in _GZIP:
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        # "deflate" means zlib (RFC 9110 8.4.1.2), yet some servers send it raw: the zlib header says which.
        wrapped = start[0] & 0x0F == 8 and (len(start) < 2 or int.from_bytes(start[:2], "big") % 31 == 0)
        return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)

    def _bounded(self, part: bytes) -> bytes:
        if len(part) > self._room:
            self.over = True
            part = part[: self._room]
        self._room -= len(part)
        return part
