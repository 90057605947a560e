"""Last days: an item that asks for answers, as an all-day object of its own beside meetings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from aggregator.model import Item, Occurrence
from aggregator.publish import french
from aggregator.publish.entry import line


def deadline_of(item: Item) -> Item:
    """Give an item's last day as an event of that day, with an identity of its own that stays when the day moves.

    Raises:
        ValueError: it has none.
    """
    if item.deadline is None:
        raise ValueError("there is no last day")
    tz = item.when.tz if item.when is not None else "Europe/Paris"
    return replace(
        item,
        uid=f"{item.uid}-echeance",
        kind="event",
        title=f"{french.DEADLINE}{line(item.title)}",
        when=Occurrence(item.deadline, item.deadline + timedelta(days=1), True, tz),
        status="cancelled" if item.status == "cancelled" else None,
        location=None,
        geo=None,
        conference=None,
        deadline=None,
    )
