"""From verdicts on pairs to items: the same partition in whatever order sightings arrive.

The rule. Pairs judged the same are links. Links are taken from the surest to the least sure (address, then score, then
names); a link joins the two items it touches unless some pair across them is vetoed. So a sighting that links two items
merges them only where no pair of their sightings contradicts, and where it could go to either it goes to the surer one.

How a store follows it: keep the links. When sightings arrive or change, look up their `keys`, judge the candidates, store
the links, and call `regroup` on the traces that links reach from them (their connected component, a handful). What it
gives is what `group` would give of everything at once, for a partition is decided within components alone: apply the
difference. An item may thus split again when a surer link claims one of its sightings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from aggregator.alike.traces import Trace, keys
from aggregator.alike.verdict import Verdict, contradict, judge

Pair = tuple[str, str]


Ruling = Callable[[str, str], bool | None]  # a person's word on two names: the same, apart, or nothing said


def regroup(
    traces: Mapping[str, Trace], links: Mapping[Pair, Verdict], ruling: Ruling = lambda _one, _other: None
) -> set[frozenset[str]]:
    """Give the items that linked traces make: sets of names. A name must not depend on arrival (source and key do not).

    `ruling` is stronger than any gate: what it calls the same is joined, what it calls apart never is.
    """
    item = {name: frozenset((name,)) for name in traces}
    apart: dict[Pair, bool] = {}  # pairs meet again at every link between their items

    def contradiction(one: str, other: str) -> bool:
        pair = (one, other) if one < other else (other, one)
        if pair not in apart:
            said = ruling(one, other)
            apart[pair] = contradict(traces[one], traces[other]) if said is None else not said
        return apart[pair]

    refused: set[tuple[frozenset[str], frozenset[str]]] = set()
    for (one, other), verdict in sorted(links.items(), key=lambda link: (-link[1].score, sorted(link[0]))):
        ours, theirs = item[one], item[other]
        if ours is theirs or not verdict.same:
            continue
        if (ours, theirs) in refused and not ruling(one, other):
            continue
        if ruling(one, other) or not any(contradiction(x, y) for x in ours for y in theirs):
            both = ours | theirs
            item.update(dict.fromkeys(both, both))
        else:
            refused |= {(ours, theirs), (theirs, ours)}
    return set(item.values())


def group(traces: Mapping[str, Trace]) -> tuple[set[frozenset[str]], dict[Pair, Verdict]]:
    """Give the items that traces make, and the verdicts of all pairs that share a key (near misses among them)."""
    shelves: dict[str, list[str]] = defaultdict(list)
    verdicts: dict[Pair, Verdict] = {}
    for name in sorted(traces):
        found = keys(traces[name])
        for other in sorted({other for key in found for other in shelves[key]}):
            verdicts[other, name] = judge(traces[other], traces[name])
        for key in found:
            shelves[key].append(name)
    return regroup(traces, {pair: verdict for pair, verdict in verdicts.items() if verdict.same}), verdicts
