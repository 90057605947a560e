"""Reads calendars with libical, the C library of Evolution, KOrganizer and GNOME Calendar, by ctypes: nothing is compiled."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.calendar_readers.event import Event

SONAME = "libical.so.3"  # the functions below and icaltimetype are those of its major version


class _Time(ctypes.Structure):
    """struct icaltimetype, which libical hands over by value."""

    _fields_ = (
        *((name, ctypes.c_int) for name in "year month day hour minute second is_date is_daylight".split()),
        ("zone", ctypes.c_void_p),
    )


_P, _S, _I = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_FUNCTIONS: dict[str, tuple[Any, ...]] = {  # name: result, arguments
    "icalerror_set_errors_are_fatal": (None, _I),
    "icalcomponent_string_to_kind": (_I, _S),
    "icalproperty_string_to_kind": (_I, _S),
    "icalparser_parse_string": (_P, _S),
    "icalcomponent_free": (None, _P),
    "icalcomponent_isa": (_I, _P),
    "icalcomponent_count_errors": (_I, _P),
    "icalcomponent_as_ical_string": (_S, _P),
    "icalcomponent_get_first_component": (_P, _P, _I),
    "icalcomponent_get_next_component": (_P, _P, _I),
    "icalcomponent_get_first_property": (_P, _P, _I),
    "icalcomponent_get_uid": (_S, _P),
    "icalcomponent_get_summary": (_S, _P),
    "icalcomponent_get_description": (_S, _P),
    "icalcomponent_get_location": (_S, _P),
    "icalproperty_get_value_as_string": (_S, _P),
    "icalcomponent_get_dtstart": (_Time, _P),
    "icalcomponent_get_dtend": (_Time, _P),
    "icaltime_convert_to_zone": (_Time, _Time, _P),
    "icaltime_as_ical_string": (_S, _Time),
    "icaltimezone_get_utc_timezone": (_P,),
    "icalrestriction_check": (_I, _P),
}


@cache
def library() -> Any:
    """Load libical.

    Raises:
        OSError: it is not on this machine.
    """
    loaded = ctypes.CDLL(SONAME)
    for name, (result, *arguments) in _FUNCTIONS.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    loaded.icalerror_set_errors_are_fatal(0)
    return loaded


def present() -> bool:
    """Whether libical is on this machine."""
    try:
        library()
    except OSError:
        return False
    return True


def read(data: bytes) -> list[Event]:
    """Give the events of a calendar; ValueError says what libical could not read or found missing."""
    lib = library()
    calendar = lib.icalparser_parse_string(data)
    if not calendar:
        raise ValueError("no calendar")
    try:
        kind = lib.icalcomponent_string_to_kind(b"VCALENDAR")
        if lib.icalcomponent_isa(calendar) != kind:
            raise ValueError("more or less than one VCALENDAR")
        if lib.icalcomponent_count_errors(calendar) or not lib.icalrestriction_check(calendar):
            lines = lib.icalcomponent_as_ical_string(calendar).decode().replace("\r\n ", "").splitlines()
            raise ValueError([line for line in lines if line.startswith("X-LIC-ERROR")])
        return [_event(one) for one in _components(calendar, b"VEVENT")]
    finally:
        lib.icalcomponent_free(calendar)


def _components(calendar: int, name: bytes) -> Iterator[int]:
    lib = library()
    kind = lib.icalcomponent_string_to_kind(name)
    one = lib.icalcomponent_get_first_component(calendar, kind)
    while one:
        yield one
        one = lib.icalcomponent_get_next_component(calendar, kind)


def _event(component: int) -> Event:
    lib = library()

    def value(name: bytes) -> int | None:
        found: int | None = lib.icalcomponent_get_first_property(component, lib.icalproperty_string_to_kind(name))
        return found

    def text(name: str) -> str | None:
        said = getattr(lib, f"icalcomponent_get_{name}")(component)
        return said.decode() if said is not None else None

    status = value(b"STATUS")
    return Event(
        uid=text("uid") or "",
        start=_moment(lib.icalcomponent_get_dtstart(component)),
        end=_moment(lib.icalcomponent_get_dtend(component)) if value(b"DTEND") else None,
        status=lib.icalproperty_get_value_as_string(status).decode() if status else None,
        summary=text("summary"),
        description=text("description"),
        location=text("location"),
    )


def _moment(time: Any) -> str:
    lib = library()
    if not time.is_date:
        time = lib.icaltime_convert_to_zone(time, lib.icaltimezone_get_utc_timezone())
    return str(lib.icaltime_as_ical_string(time).decode())
