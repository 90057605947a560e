"""News and events of French international partnerships: many sites in, feeds and calendars out."""

__version__ = "0.1.0"
