"""What a title says of its event without any date: what became of it, and whether it announces or reports."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

from aggregator.model import Status
from aggregator.normalise.dates import context
from aggregator.normalise.dates.reading import Phase
from aggregator.normalise.dates.words import fold

_LONGEST = 500  # characters: a title is shorter
_WORD = re.compile(r"[^\W\d_]+")


def status(text: str, language: str = "fr") -> Status | None:
    """Say what a title says became of its event: "cancelled", "postponed", or None when it says nothing.

    « ANNULATION ! Mission … », « Report des Assises », « reportée à une date ultérieure ». What is no event (« annulation de
    la dette », « report de crédits »), what is denied or only feared (« ne sera pas annulé », « frais d’annulation ») and
    what was sold out say nothing. Only the first 500 characters are read. `language`: an English « report » is a document.
    """
    folded, stems = _folded(text)
    return context.status_of(folded, stems, language)


def phase(text: str) -> Phase | None:
    """Say whether a title announces its event (« Save the Date », « Prochaine réunion … ») or reports on it (« Retour sur … »)."""
    folded, stems = _folded(text)
    return context.phase_of(folded, stems)


# Both doors, and sources that share a title, ask of the same words.
@lru_cache(1024)
def _folded(text: str) -> tuple[str, set[str]]:
    folded = fold(normalize("NFC", text[:_LONGEST]))
    return folded, {word[:4] for word in _WORD.findall(folded)}
