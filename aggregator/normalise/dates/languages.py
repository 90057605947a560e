"""In which language a date is written, when it is not that of its text: « Local Leaders Academy, 25 to 26 March 2026 »."""

from __future__ import annotations

import re

from aggregator.normalise.dates.words import MONTHS

_FRENCH = frozenset(MONTHS["fr"])
_BESIDE = {
    "en": "the of from to and between on at until th st",
    "de": "der den dem vom bis zum und am um uhr",
    "es": "del el los al y las hasta entre",
    "it": "dal dall al il e ed ore fino",
    "pt": "do a e as ate dia dias",
}
_LINKS = {language: frozenset(words.split()) for language, words in _BESIDE.items()}
_KNOWN = {
    name: tuple(language for language in _LINKS if name in MONTHS[language])
    for language in _LINKS
    for name in MONTHS[language]
    if name not in _FRENCH
}
# « septembre » begins like « september », « novembro », « septiembre »: their ends tell them apart.
_STEMS = frozenset(name[:4] for name in _KNOWN) - {name[:4] for name in _FRENCH}
_MONTH = "|".join(sorted(_KNOWN.keys() - {"marco", "mayo"}, key=len, reverse=True))
_DATED = re.compile(
    rf"\d(?:\.|e|st|nd|rd|th)? ?(?:(?:de |of )?({_MONTH})|de (marco|mayo))\b|\b({_MONTH}) \d\d?(?:st|nd|rd|th)?\b(?! ?(?:h|e|eme|ans|euros?)\b)"
)
_WORD = re.compile(r"[^\W\d_]+")


def foreign(folded: str, stems: set[str]) -> bool:
    """Say whether a text may hold a month of another language than French; most texts do not."""
    return "ber" in folded or "mbro" in folded or "iemb" in folded or not _STEMS.isdisjoint(stems)


def language_of(folded: str, language: str) -> str | None:
    """Give the language whose month stands beside a number in a folded text; None when it is `language` or no other is sure.

    Months that languages share (« april », « agosto ») are of the one whose small words stand in the text.
    """
    found = _DATED.search(folded)
    if found is None:
        return None
    among = _KNOWN[found[found.lastindex or 0]]
    if language[:2] in among:
        return None
    words = set(_WORD.findall(folded[max(0, found.start() - 60) : found.end() + 30]))
    if words & _FRENCH:
        return None
    if len(among) > 1 and "." in found.group():
        return "de" if "de" in among else among[0]
    return max(among, key=lambda one: len(words & _LINKS[one]))
