"""Items as the store gives them, to be changed where a test needs it."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, date, datetime
from typing import Any

from aggregator.model import Attachment, Feed, Item, Occurrence, Origin, Site


def days(first: str, end: str | None) -> Occurrence:
    """An all-day event; `end` is exclusive."""
    return Occurrence(date.fromisoformat(first), date.fromisoformat(end) if end else None, True, "Europe/Paris")


def hours(start: str, end: str | None = None, tz: str = "Europe/Paris") -> Occurrence:
    return Occurrence(datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None, False, tz)


SITE = Site(
    title="Coopération décentralisée",
    base_url="https://flux.example.org",
    contact="contact@example.org",
    description="Actualités et rendez-vous des collectivités",
)
CUF = Origin(
    "cuf", "Cités Unies France", "https://www.cites-unies-france.org/", "https://www.cites-unies-france.org/article1784"
)
SURESNES = Origin("suresnes", "Ville de Suresnes", "https://www.suresnes.fr/", "https://www.suresnes.fr/actus/haiti/")

NEWS = Item(
    uid="6a1b2d4e-3f50-4c61-8a72-9b83a094b1c5",
    kind="news",
    title="Fonds de solidarité Équateur : début des travaux à Sucre",
    url="https://www.cites-unies-france.org/article1784",
    summary="En avril 2016, l’Équateur a été touché par un tremblement de terre & la suite < attendue >.",
    content='<p>Les travaux <a href="https://example.org/?a=1&amp;b=2">commencent</a>.</p>',
    language="fr",
    published=date(2021, 3, 9),
    updated=datetime(2021, 3, 12, 8, 30, 15, tzinfo=UTC),
    ranked_at=datetime(2021, 3, 9, 11, tzinfo=UTC),
    first_seen=datetime(2021, 3, 9, 17, 2, tzinfo=UTC),
    changed_at=datetime(2021, 3, 12, 9, tzinfo=UTC),
    sequence=0,
    when=None,
    status=None,
    location=None,
    geo=None,
    author=None,
    organiser=None,
    categories=("equateur", "fonds de solidarité"),
    attachments=(),
    origins=(CUF, SURESNES),
    withdrawn_at=None,
)
PDF = Attachment("https://example.org/programme.pdf", "application/pdf", 52_000, "Le programme")
MP3 = Attachment("https://example.org/entretien.mp3", "audio/mpeg")

EVENT = dataclasses.replace(
    NEWS,
    uid="0d9c8b7a-6f5e-4d3c-ab2a-190817263544",
    kind="event",
    title="Réunion du groupe-pays Chine",
    url="https://www.cites-unies-france.org/article1790",
    content=None,
    when=hours("2026-11-20T14:30", "2026-11-20T16:00"),
    location="Paris, Hôtel de Ville ; salle 2",
    geo="48.8566;2.3522",
    organiser="Cités Unies France",
    sequence=2,
    origins=(CUF,),
)


def news(**changes: Any) -> Item:
    return dataclasses.replace(NEWS, **changes)


def event(**changes: Any) -> Item:
    return dataclasses.replace(EVENT, **changes)


def numbered(item: Item, number: int) -> Item:
    return dataclasses.replace(item, uid=str(uuid.UUID(int=number + 1)), title=f"{item.title} n° {number}")


def feed(*items: Item, events: tuple[Item, ...] = (), **changes: Any) -> Feed:
    whole = Feed("tout", "Tout", "Toutes les actualités", "https://flux.example.org/", items, events, (), True)
    return dataclasses.replace(whole, **changes)
