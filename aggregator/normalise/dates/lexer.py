"""From text to tokens: one pass of one expression without nested repetition, so the time is linear in the text.

Each token has a class of one letter, so the grammar is written as expressions over the string of classes:

    D day number · Y year · M month · W weekday · P weekdays (« les mardis ») · F full numeric date · S day/month
    s day.month · G two days « 28/29 » · H hour · Z zone · n other number · O ordinal · a à, au · d de, du · l le, les
    e et, puis · o ou · b entre · u jusqu’au · i à partir de, vers · c comma · r new line · - dash or arrow · x other word
    J what looks like a date or an hour and is none (phones, amounts, file names, J-10, 24h/24)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from aggregator.normalise.dates.words import MONTHS, PLURAL_WEEKDAYS, SHORT_MONTHS, SHORT_WEEKDAYS, WEEKDAYS, JUI
from aggregator.normalise.dates.zones import NAMED, place

Value = tuple[int, ...]

_MONTH_AHEAD = r"(?!\ ?(?:janv|fevr|mars|avr|mai\b|juin|juil|aout|sept|octo|nov|dec))"
_TOKEN = re.compile(
    rf"""
    (?P<J> (?:\+\d\d|\b00\d\d)\ ?(?:\(0\))?\d(?:[ .-]?\d\d){{3,5}}(?!\d)   # phones
      | \b0\d(?:[ .-]\d\d){{4}}(?!\d)
      | \b\d{{1,3}}(?:[ .]\d{{3}})+(?![\d])(?!\ ?h)                        # amounts
      | \b\d+(?:\.\d+){{3,8}}                                              # addresses, versions
      | \b(?:24\ ?h?\ ?/\ ?24|7\ ?j?\ ?/\ ?7)(?:\ ?[hj])?(?!\d)
      | \b[jdh]\ ?[-+]\ ?\d{{1,3}}\b(?!\d)
      | (?:\#|\bno?[°e]\ ?|\bno\.\ ?|\b(?:cop|odd|g|covid)[ -]?)\d{{1,4}}(?![\d/.h])
      | \b[\w.-]{{0,60}}_[\w.-]{{1,60}}
      | \b[\w-]{{1,60}}\.(?:pdf|docx?|xlsx?|pptx?|odt|zip|jpe?g|png|mp[34])\b
      | \b(?:https?://|www\.)\S{{1,200}} | [\w.-]{{1,60}}@[\w.-]{{1,60}}
      | \b\d+(?:[.,]\d+)?\ ?(?:%|€|euros?\b|km\b|m2\b|ans\b|kg\b|eur\b)
      | \b\d{{5,}}
    )
  | (?P<I> \b(?:19|20)\d\d-\d\d-\d\d(?![\d-])(?:t(?=\d\d:))?)
  | (?P<F> \b(?: \d{{1,2}}/\d{{1,2}}/(?:\d{{4}}|\d\d) | \d{{1,2}}\ ?/\ \d{{1,2}}\ ?/\ \d{{4}} | \d{{1,2}}\.\d{{1,2}}\.\d{{4}} | \d\d\.\d\d\.\d\d
         | \d{{1,2}}-\d{{1,2}}-\d{{4}} )(?!\d|[./-]\d))
  | (?P<H> \b(?:[01]?\d|2[0-4]) (?: \ ?(?:h(?:eures?|rs?|oras?)?)(?![a-z]) (?:\ ?[0-5]\d(?!\d|\ ?h|[/.]\d){_MONTH_AHEAD}(?:\ ?(?:mn|min)\b)?)?
         | :[0-5]\d(?::[0-5]\d)?(?![\d:])(?:\ ?(?:[ap]\.?m\b\.?|h\b|uhr\b))? | (?:\.[0-5]\d)?\ ?(?:[ap]\.?m\b\.?|uhr\b) ))
  | (?P<S> \b\d{{1,2}}/\d{{1,2}}(?![\d/]) )
  | (?P<s> \b\d{{1,2}}\.\d{{1,2}}(?![\d]|\.\d) )
  | (?P<O> \b\d{{1,3}}(?:\ ?er\b|(?:e|es|eme|emes|re|ere|eres|res|ers|nd|nde|nds|ndes|de|st|rd|th|o|a)\b) )
  | (?P<N> \d+ )
  | (?P<u> \bjusqu'?\ ?(?:aux?|a|en)?\b )
  | (?P<i> \ba\ (?:partir|compter)\ d(?:es|e|u)?\b'? | \baux?\ (?:alentours|environs)\ d(?:e|u)\b )
  | (?P<w> [^\W\d_]+ )
  | (?P<r> \n )
  | (?P<p> [^\s\w] )
    """,
    re.VERBOSE,
)

_FRENCH = {
    **dict.fromkeys("a au".split(), "a"),
    **dict.fromkeys("de du des d".split(), "d"),
    **dict.fromkeys("le la les l ce ces".split(), "l"),
    **dict.fromkeys("et puis".split(), "e"),
    **dict.fromkeys("ou soit".split(), "o"),
    "entre": "b",
    **dict.fromkeys("vers environ".split(), "i"),
}
_OTHERS: dict[str, dict[str, str]] = {
    "en": dict(the="l", on="l", of="d", **{"from": "d"}, to="a", at="a", until="u", till="u", through="a", between="b", around="i"),
    "es": dict(el="l", los="l", del_="d", a="a", al="a", y="e", e="e", o="o", entre="b", desde="d", hasta="a", las="l"),
    "de": dict(der="l", den="l", dem="l", am="l", vom="d", von="d", bis="a", zum="a", und="e", oder="o", zwischen="b", um="a", ab="i"),
    "it": dict(il="l", i="l", dal="d", al="a", dall="d", all="a", e="e", ed="e", di="d", tra="b", alle="a", dalle="d", ore="a", fino="u"),
    "pt": dict(o="l", os="l", a="a", ao="a", as="a", ate="a", e="e", entre="b", do="d", da="d", dia="l", dias="l"),
}
_SIGNS = {
    ",": "c", ";": "c", "|": "c", "•": "c", "·": "c", "&": "e", "+": "e", "-": "-", ">": "-", "/": "/", "(": "(", ")": ")",
    "[": "(", "]": ")", ":": ":", ".": ".", "!": "!", "?": "!", "…": "!", "»": "q", "«": "q", '"': "q", "“": "q", "”": "q",
}  # fmt: skip
MODIFIER_FROM, MODIFIER_ABOUT = 1, 2
PM, NOON, MIDNIGHT = (12, 0), (12, 0), (24, 0)


@dataclass(slots=True)
class Tokens:
    """The tokens of a folded text: `classes` has a letter for each, the lists its value and its place."""

    text: str
    classes: str
    values: list[Value]
    starts: list[int]
    ends: list[int]
    zones: dict[int, str]  # index of a Z token -> what NAMED or `place` gives


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language (French always included): class and value of full and of short words."""

    words: dict[str, tuple[str, Value]]
    months: dict[str, int]  # short forms
    weekdays: dict[str, int]  # short forms


@lru_cache(16)
def vocabulary(language: str) -> Vocabulary:
    """Give the words of `language` beside those of French; an unknown language is French."""
    chosen = language[:2].lower()
    words: dict[str, tuple[str, Value]] = {word: (letter, ()) for word, letter in _FRENCH.items()}
    months, weekdays = dict(SHORT_MONTHS["fr"]), dict(SHORT_WEEKDAYS["fr"])
    months.update(jui=JUI, fev=2, sep=9)
    if chosen in _OTHERS:
        words = {} if chosen != "fr" else words
        words.update({word.rstrip("_"): (letter, ()) for word, letter in _OTHERS[chosen].items()})
        for word, letter in _FRENCH.items():
            words.setdefault(word, (letter, ()))
        months, weekdays = dict(SHORT_MONTHS[chosen]), dict(SHORT_WEEKDAYS[chosen])
    for code in dict.fromkeys(("fr", chosen)):
        words.update({name: ("M", (number,)) for name, number in MONTHS.get(code, {}).items()})
        words.update({name: ("W", (number,)) for name, number in WEEKDAYS.get(code, {}).items()})
    words.update({name: ("P", (number,)) for name, number in PLURAL_WEEKDAYS.items()})
    words.update(midi=("H", NOON), minuit=("H", MIDNIGHT), noon=("H", NOON), midnight=("H", MIDNIGHT))
    words.update({name: ("Z", ()) for name in NAMED}, heure=("Z", ()), heures=("Z", ()))
    return Vocabulary(words, months, weekdays)
