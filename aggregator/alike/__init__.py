"""Whether sightings of different sources tell the same news or the same occurrence of an event: pure, and explained.

`trace` takes from a sighting what decides, `keys` say where to look for others, `judge` compares two, `group` makes items.
"""

from __future__ import annotations

from aggregator.alike.items import Pair, Ruling, group, regroup
from aggregator.alike.traces import Trace, hashed_keys, keys, trace, trace_of
from aggregator.alike.verdict import Verdict, judge

__all__ = [
    "Pair",
    "Ruling",
    "Trace",
    "Verdict",
    "group",
    "hashed_keys",
    "judge",
    "keys",
    "regroup",
    "trace",
    "trace_of",
]
