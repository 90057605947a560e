"""What can go wrong, drawn so that the class says who must act.

AggregatorError
├── ConfigError          the operator: every problem of sources.yaml at once; exit 2
├── StoreError           the operator: the store cannot be used as it is, and was left as it is
├── Busy                 nobody: another instance is writing; exit 3
├── SourceError          nobody yet: the source waits for its next turn
│   ├── FetchError       no page
│   │   ├── Unreachable  the only one that is tried again at once
│   │   ├── BadStatus
│   │   ├── Disallowed   robots.txt says no
│   │   ├── Refused      an address, scheme or port that we do not visit
│   │   ├── TooLarge
│   │   ├── Postponed    the host asked us to come back later, and later is not yet
│   │   └── Blocked      a challenge or maintenance page with status 200
│   └── ExtractError     a page, but not what its kind promises
│       └── NothingFound a page that always lists lists nothing
├── ItemError            this item is left out and counted, its siblings kept
└── PublishError         the operator: feeds/ cannot be written

Errors carry facts as attributes; `str(error)` is one sentence an operator can act upon.
"""

from __future__ import annotations

from datetime import datetime


class AggregatorError(Exception):
    """Base of all expected failures: anything else is a bug."""


class ConfigError(AggregatorError):
    """sources.yaml (or a command's arguments) cannot be used.

    `problems`: each a whole line, `FILE:LINE: path: problem, what would be right`.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreError(AggregatorError):
    """The store is foreign, newer, empty, damaged or out of reach; nothing was changed."""


class Busy(AggregatorError):
    """Another instance holds the writer's lock."""


class SourceError(AggregatorError):
    """One source failed; the others go on."""

    def __reduce__(self) -> tuple[object, ...]:  # exceptions with keyword facts must survive the way between processes
        return (_revive, (type(self), self.args, self.__dict__))


def _revive(cls: type[Exception], args: tuple[object, ...], facts: dict[str, object]) -> Exception:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(facts)
    return error


class FetchError(SourceError):
    """No page came of `url`. `status`: the last HTTP status seen, if any. `ms`: time spent."""

    def __init__(self, url: str, words: str, *, status: int | None = None) -> None:
        super().__init__(words)
        self.url = url
        self.status = status
        self.ms: int | None = None


class Unreachable(FetchError):
    """DNS, TCP, TLS, a broken or dripping transfer."""


class BadStatus(FetchError):
    """An HTTP status that is not a page. `retry_after`: when the host asked us to come back (UTC, already capped)."""

    def __init__(self, url: str, words: str, *, status: int, retry_after: datetime | None = None) -> None:
        super().__init__(url, words, status=status)
        self.retry_after = retry_after


class Disallowed(FetchError):
    """robots.txt closes this path to us, or could not be read (RFC 9309: 5xx is closed)."""


class Refused(FetchError):
    """We do not go there: private address, scheme, port, redirect loop, over-long URL."""


class TooLarge(FetchError):
    """More bytes, on the wire or decoded, than the source's limits allow."""


class Postponed(FetchError):
    """The host sent Retry-After and `until` (UTC) is still ahead."""

    def __init__(self, url: str, words: str, *, until: datetime) -> None:
        super().__init__(url, words)
        self.until = until


class Blocked(FetchError):
    """A challenge, consent or maintenance page served in place of the content."""


class ExtractError(SourceError):
    """The page is not what the source's kind promises."""


class NothingFound(ExtractError):
    """A page that always lists lists nothing."""


class ItemError(AggregatorError):
    """One item cannot be used: `field`, the `value` as read, and in words what is wrong."""

    def __init__(self, field: str, value: object, words: str) -> None:
        super().__init__(f"{field}: {words}")
        self.field = field
        self.value = value
        self.words = words


class PublishError(AggregatorError):
    """The output folder cannot be written."""
