"""Bytes to raw items, one file a kind; the kinds do not know each other.

A kind is a frozen dataclass: its fields are its `options:` in sources.yaml, calling it on a Page gives what it found.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from aggregator.model import Extractor

# kind -> where its class is. Loaded when first used: a run in which nothing changed parses nothing and loads no parser.
_WHERE: Mapping[str, tuple[str, str]] = {
    "drupal": ("aggregator.extract.drupal", "Drupal"),
    "events_calendar": ("aggregator.extract.events_calendar", "Events_Calendar"),
    "feed": ("aggregator.extract.feed", "Feed"),
    "html": ("aggregator.extract.html", "Html"),
    "ics": ("aggregator.extract.ics", "Ics"),
    "jsonld": ("aggregator.extract.jsonld", "JsonLd"),
    "openagenda": ("aggregator.extract.openagenda", "OpenAgenda"),
    "opendatasoft": ("aggregator.extract.opendatasoft", "OpenDataSoft"),
    "plone": ("aggregator.extract.plone", "Plone"),
    "rrma": ("aggregator.extract.rrma", "Rrma"),
    "sitemap": ("aggregator.extract.sitemap", "Sitemap"),
    "spip": ("aggregator.extract.spip", "Spip"),
    "wordpress": ("aggregator.extract.wordpress", "Wordpress"),
}

KINDS = tuple(_WHERE)
AUTO = "auto"  # no kind of its own: the site is looked at, and read by the kind that serves it best


def kind(name: str) -> type[Extractor]:
    """Give the class of a kind. Raises KeyError for a name that is none of KINDS."""
    module, attribute = _WHERE[name]
    return cast("type[Extractor]", getattr(import_module(module), attribute))
