"""From text to tokens: one pass of one expression without nested repetition, so the time is linear in the text.

Each token has a class of one letter, so the grammar is written as expressions over the string of classes:

    D day number · Y year · M month · W weekday · P weekdays (« les mardis ») · F full numeric date · S day/month
    s day.month · G two days « 28/29 » · H hour · Z zone · n other number · O ordinal · a à, au · d de, du · l le, les
    e et, puis · o ou · b entre · u jusqu’au · i à partir de, vers · c comma · r new line · - dash or arrow · x other word
    J what looks like a date or an hour and is none (phones, amounts, file names, J-10, 24h/24)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from aggregator.normalise.dates.words import JUI, MONTHS, PLURAL_WEEKDAYS, SHORT_MONTHS, SHORT_WEEKDAYS, WEEKDAYS
from aggregator.normalise.dates.zones import NAMED, place

Value = tuple[int, ...]

_MONTH_NEXT = re.compile(r"\ ?(?:janv|fevr|mars|avri|mai\b|juin|juil|aout|sept|octo|nove|dece)")
_MONTH_AHEAD = r"(?!\ ?(?:janv|fevr|mars|avr|mai\b|juin|juil|aout|sept|octo|nov|dec))"
# Words come first and end at once; everything that begins with a digit stands behind one look at that digit.
_TOKEN = re.compile(
    rf"""
    (?P<w> [^\W\d_]+ )
  | (?=\d)(?:
      (?P<Q> \b(?:\d\d?(?=\ (?:jan|fev|mars|avr|mai|jui|aou|sep|oct|nov|dec|au\ |et\ ))|20\d\d(?=[,)\n]|\Z|\ [^\d.€%eak]))  # most numbers
      )
    | (?P<J> (?:(?<=\+)\d\d|\b00\d\d)\ ?(?:\(0\)\ ?)?\d(?:[ .-]?\d\d){{3,5}}(?!\d)   # phones
        | \b0\d(?:[ .-]\d\d){{4}}(?!\d)
        | \b\d{{1,3}}(?:[ .]\d{{3}})+(?!\d|\ ?h)                        # amounts
        | \b\d+(?:\.\d+){{3,8}}                                        # addresses, versions
        | \b(?:24\ ?h?\ ?/\ ?24|7\ ?j?\ ?/\ ?7)(?:\ ?[hj])?(?!\d)
        | \b\d+(?:[.,]\d+)?\ ?(?:%|€|euros?\b|km\b|m2\b|ans\b|kg\b|eur\b)
        | \d{{5,}} )
    | (?P<I> \b(?:19|20)\d\d(?:-\d\d-\d\d(?![\d-])|/\d\d/\d\d(?![\d/]))(?:t(?=\d\d:))?)
    | (?P<F> \b(?: \d{{1,2}}/\d{{1,2}}/(?:\d{{4}}|\d\d)(?!\d|[./]\d) | \d{{1,2}}\ ?/\ \d{{1,2}}\ ?/\ \d{{4}}(?!\d|/)
           | \d{{1,2}}\.\d{{1,2}}\.\d{{4}}(?!\d|[./]\d) | \d\d\.\d\d\.\d\d(?!\d|[./-]\d)
           | \d{{1,2}}-\d{{1,2}}-\d{{4}}(?!\d|[./-]\d) | (?<!-)\d\d-\d\d-2\d(?!\d|[./-]\d) ))
    | (?P<H> (?<!\d)(?:[01]?\d|2[0-4]) (?:
             \ ?h(?:eures?|rs?|oras?)?(?![a-z])(?:\ et\ (?:demie|quart)\b)?
               (?:\.(?=\ ?[0-5]\d\s*(?:\Z|[,;.()-])))?
               (?:(?:[0-5]\d(?!\d)|\ [0-5]\d(?!\d|\ ?h|[/.]\d){_MONTH_AHEAD})(?:\ ?(?:mn|min)\b)?)?
           | :[0-5]\d(?::[0-5]\d(?:\.\d{{1,9}})?(?:z\b|[+-]\d\d:?\d\d(?!\d))?)?(?![\d:])(?:\ ?(?:[ap]\.?m\b\.?|h\b|uhr\b))?
           | (?:\.[0-5]\d)?\ ?(?:[ap]\.?m\b\.?|uhr\b)
           | (?:(?<=\ba\ \d)|(?<=\ba\ \d\d)|(?<=\bde\ \d)|(?<=\bde\ \d\d))\.[0-5]\d(?!\d|\.\d) ))     # « à 14.30 »
    | (?P<S> \b\d{{1,2}}/\d{{1,2}}(?![\d/]) )
    | (?P<s> \b\d{{1,2}}\.\d{{1,2}}(?!\d|\.\d)(?:\.(?=\s?-))? )
    | (?P<O> \b\d{{1,3}}(?:\ ?er\b|°|(?:e|es|eme|emes|re|ere|eres|res|ers|nd|nde|nds|ndes|de|st|rd|th|o|a)\b) )
    | (?P<N> \d+ ) )
  | (?P<r> \n )
  | (?P<p> [^\s\w] )
    """,
    re.VERBOSE,
)
# File names, addresses: blanked before anything is read in them, and only where their signs stand in the text.
_NAMES = re.compile(
    r"(?:https?://|\bwww\.)\S{1,300}|[\w.-]{1,60}@[\w.-]{1,60}|[\w.-]{0,60}_[\w.-]{1,60}|\b[\w-]{1,60}\.(?:pdf|docx?|xlsx?|pptx?|odt|zip|jpe?g|png|mp[34])\b"
)
NAME_MARK = "€"
_NAME_SIGNS = re.compile(r"[_@]|://|www\.|\.(?:pdf|doc|xls|ppt|odt|zip|jp|png|mp)")
_UNTIL = re.compile(r"'? ?(?:aux?|a|en)?\b")
_FROM = re.compile(r" (?:partir|compter) d(?:es|e|u)?\b'?")
# What stands before a number that counts something else: COP 30, ODD 11, n° 12, J-10, #3.
_COUNTED = frozenset("cop odd g covid j h n no ne".split())


_FRENCH = {
    **dict.fromkeys("a au aux".split(), "a"),
    **dict.fromkeys("de du des d".split(), "d"),
    **dict.fromkeys("le la les l ce ces".split(), "l"),
    **dict.fromkeys("et puis".split(), "e"),
    **dict.fromkeys("ou soit".split(), "o"),
    "entre": "b",
    **dict.fromkeys("jusqu jusque".split(), "u"),
    **dict.fromkeys("vers environ alentours environs".split(), "i"),
}
_OTHERS: dict[str, dict[str, str]] = {
    language: {word: row[0] for row in rows.split("; ") for word in row[2:].split()}
    for language, rows in {
        "en": "l the on; d of from; a to at through; u until till; b between; e and; o or; i around",
        "es": "l el los las; d del de desde; a a al las; u hasta; e y e; o o; b entre",
        "de": "l der den dem am; d vom von; a bis zum um; e und; o oder; b zwischen; i ab",
        "it": "l il i; d dal dall di del dalle; a al all alle ore; u fino; e e ed; b tra",
        "pt": "l o os dia dias; d do da de; a a ao as; u ate; e e; b entre",
    }.items()
}
_SIGNS = {
    "@": "a", ",": "c", ";": "c", "|": "c", "•": "c", "·": "c", "&": "e", "+": "e", "-": "-", ">": "-", "/": "/", "(": "(", ")": ")",
    "[": "(", "]": ")", ":": ":", ".": ".", "!": "!", "?": "!", "…": "!", "»": "q", "«": "q", '"': "q", "“": "q", "”": "q",
}  # fmt: skip
MODIFIER_FROM, MODIFIER_ABOUT = 1, 2
NOON, MIDNIGHT = (12, 0), (24, 0)


@dataclass(slots=True)
class Tokens:
    """The tokens of a folded text: `classes` has a letter for each, the lists its value and its place."""

    text: str
    classes: str
    values: list[Value]
    starts: list[int]
    ends: list[int]
    zones: dict[int, str]  # index of a Z token -> what NAMED or `place` gives
    stems: set[str]  # the first four letters of each word
    taken: list[tuple[int, int]]  # first and last token of each run of dates, once they are found
    telling: bool = True  # False once it is known that no word says a fate, a tense or a repetition

    def word(self, index: int) -> str:
        """Give the text of a token."""
        return self.text[self.starts[index] : self.ends[index]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language (French always included): class and value of full and of short words."""

    words: dict[str, tuple[str, Value]]
    months: dict[str, int]  # short forms
    weekdays: dict[str, int]  # short forms
    month_first: bool  # « March 12 »


@lru_cache(16)
def vocabulary(language: str) -> Vocabulary:
    """Give the words of `language` beside those of French; an unknown language is French."""
    chosen = language[:2].lower()
    words: dict[str, tuple[str, Value]] = {word: (letter, ()) for word, letter in _FRENCH.items()}
    months, weekdays = dict(SHORT_MONTHS["fr"]), dict(SHORT_WEEKDAYS["fr"])
    months.update(jui=JUI, fev=2, sep=9)
    if chosen in _OTHERS:
        words = {} if chosen != "fr" else words
        words.update({word: (letter, ()) for word, letter in _OTHERS[chosen].items()})
        for word, letter in _FRENCH.items():
            words.setdefault(word, (letter, ()))
        months, weekdays = dict(SHORT_MONTHS[chosen]), dict(SHORT_WEEKDAYS[chosen])
    for code in dict.fromkeys(("fr", chosen)):
        words.update({name: ("M", (number,)) for name, number in MONTHS.get(code, {}).items()})
        words.update({name: ("W", (number,)) for name, number in WEEKDAYS.get(code, {}).items()})
    words.update({name: ("P", (number,)) for name, number in PLURAL_WEEKDAYS.items()})
    words.update(midi=("H", NOON), minuit=("H", MIDNIGHT), noon=("H", NOON), midnight=("H", MIDNIGHT))
    words.update(dict.fromkeys(NAMED, ("Z", ())), heure=("Z", ()), heures=("Z", ()))
    for short in (*months, *weekdays, "premier"):
        words.setdefault(short, ("?", ()))
    return Vocabulary(words, months, weekdays, chosen == "en")


_HOUR_WORDS = frozenset({"a", "de", "entre", "des", "vers", "et", "jusqu'a", "at"})
_DIGITS = re.compile(r"\d+")
_RANGES = re.compile(r" ?- ?\d")
_OF_MONTH = re.compile(r" (?:de )?([a-z]{3,10})\b")
_NUMBER_SIGNS = frozenset("n no ne ° #".split())
_NAME = re.compile(r"[^\W\d_]+")


def tokenise(folded: str, language: str) -> Tokens:
    """Cut a folded text into tokens."""
    if ("." in folded or "_" in folded or "@" in folded) and _NAME_SIGNS.search(folded):
        folded = _NAMES.sub(lambda found: NAME_MARK * len(found.group()), folded)
    words, german = vocabulary(language), language.startswith("de")
    tokens = Tokens(folded, "", [], [], [], {}, set(), [])
    letters: list[str] = []
    values, starts, ends, known = tokens.values, tokens.starts, tokens.ends, words.words
    skip_to, before = 0, ""
    # Names of this loop's own: it is a quarter of all reading.
    stem, meaning = tokens.stems.add, known.get
    add_letter, add_value, add_start, add_end = letters.append, values.append, starts.append, ends.append
    letter: str
    value: Value
    for found in _TOKEN.finditer(folded):
        start, end = found.span()
        if start < skip_to:
            continue
        group, text = found.lastgroup, found.group()
        if group == "w":
            stem(text[:4])
            letter, value = meaning(text, _UNKNOWN)
            if letter in _BY_PLACE or before in "H(":
                letter, value, end = _special(letter, value, text, start, end, letters, tokens, words)
                skip_to = end
        elif group == "p":
            letter, value = _SIGNS.get(text, "q"), ()
            if text == "'" or (
                text == "." and before == "D" and ends[-1] == start and (german or _RANGES.match(folded, end))
            ):
                continue  # « 12. März », « 12.-14.03.2026 »
        elif group == "N" or group == "Q":
            letter, value = _number(text)
            if starts and _counts(tokens, start, letters):
                letter = "n"
        else:
            letter, value = _NUMERIC[group or ""](text)
            if letter == "S" and _MONTH_NEXT.match(folded, end):
                letter, value = ("G", value) if value[1] == value[0] + 1 else ("n", ())
            elif (
                letter == "O" and text == "1e" and (name := _OF_MONTH.match(folded, end)) and _is_month(name[1], words)
            ):
                letter, value = "D", (1,)  # « 1º de marzo », and « 1e mars » for 1er
            elif letter == "F" and starts and tokens.word(-1) in _NUMBER_SIGNS:
                letter, value = "J", ()  # « délibération n° 2026-03-12 »
        add_letter(letter)
        add_value(value)
        add_start(start)
        add_end(end)
        before = letter
    tokens.classes = "".join(letters)
    return tokens


_UNKNOWN: tuple[str, Value] = ("x", ())
_BY_PLACE = frozenset("HZaiu?")


def _counts(tokens: Tokens, start: int, letters: list[str]) -> bool:
    """Say whether a number counts something else: glued to a word that leads no date (« v12 »), or after COP, n°, #, J-."""
    last = len(letters) - 1
    if tokens.text[tokens.starts[-1]] in "#°":
        return True
    if tokens.ends[-1] == start:
        return letters[-1] in "xnOJHDY" or tokens.word(last) == "d"
    if letters[-1] == "-" and last and tokens.starts[-1] - tokens.ends[-2] <= 1:
        last -= 1
        return tokens.word(last) in ("j", "h", "g", "cop", "covid", "odd")
    return tokens.word(last) in _COUNTED


def _special(
    letter: str, value: Value, text: str, start: int, end: int, letters: list[str], tokens: Tokens, words: Vocabulary
) -> tuple[str, Value, int]:
    """Read words that mean what they say only where they stand: mar, midi, heure, à partir de, a town after an hour."""
    folded = tokens.text
    if letters and letters[-1] in "H(" and len(text) == 1 and (dotted := _DOTTED_ZONE.match(folded, start)):
        tokens.zones[len(letters)] = "UTC"
        return "Z", (), dotted.end()
    if letters and letters[-1] in "H(" and (town := _town(folded, start, letters)):
        tokens.zones[len(letters)] = town[0]
        return "Z", (), town[1]
    if letter == "?":
        letter, value = _short(text, folded, end, letters, words)
        return letter, value, end + (letter in "MW" and folded.startswith(".", end))
    if letter == "H":
        led = letters and (tokens.word(len(letters) - 1) in _HOUR_WORDS or letters[-2:] == ["H", "-"])  # « 21h-minuit »
        return (letter, value, end) if led else ("x", (), end)
    if letter == "Z":
        letter, zone, end = _zone(text, folded, end, letters)
        if zone:
            tokens.zones[len(letters)] = zone
        return letter, (), end
    if letter == "i":
        return "i", (MODIFIER_ABOUT,), end
    if letter == "u":
        found = _UNTIL.match(folded, end) if text[0] == "j" else None
        return "u", (), found.end() if found else end
    if letter == "a" and text == "a" and (found := _FROM.match(folded, end)):
        return "i", (MODIFIER_FROM,), found.end()
    return letter, value, end


@lru_cache(4096)
def _number(text: str) -> tuple[str, Value]:
    if len(text) <= 2 and 1 <= int(text) <= 31:
        return "D", (int(text),)
    if len(text) == 4 and text.isascii() and "1000" <= text <= "2199":
        return "Y", (int(text),)
    return "n", ()


@lru_cache(4096)
def _full(text: str) -> tuple[str, Value]:
    day, month, year = _DIGITS.findall(text)
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 70 else 1900)
    return "F", (full, int(month), int(day))


@lru_cache(4096)
def _iso(text: str) -> tuple[str, Value]:
    year, month, day = _DIGITS.findall(text)
    return "F", (int(year), int(month), int(day))


@lru_cache(4096)
def _day_month(text: str) -> tuple[str, Value]:
    first, second = map(int, _DIGITS.findall(text))
    if not 1 <= first <= 31:
        return "n", ()
    if 1 <= second <= 12:
        return ("S" if "/" in text else "s"), (first, second)
    return ("G", (first, second)) if second == first + 1 <= 31 else ("n", ())


@lru_cache(4096)
def _hour(text: str) -> tuple[str, Value]:
    """Read an hour: (hour, minute), and for a machine value its offset from UTC in minutes."""
    shift = _OFFSET.search(text)
    numbers = [int(n) for n in _DIGITS.findall(text[: shift.start()] if shift else text)]
    hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else 0
    if text[-1] in "m.":
        half = text.rstrip("m. ")[-1:]
        if half in ("a", "p"):
            hour = hour % 12 + 12 * (half == "p") if hour <= 12 else hour
    if hour > 24 or (hour == 24 and minute):
        return "n", ()
    if text.endswith(("demie", "quart")):
        minute = 30 if text[-1] == "e" else 15
    if shift is None:
        return "H", (hour, minute)
    sign, hours, minutes = shift[1], int(shift[2] or 0), int(shift[3] or 0)
    return "H", (hour, minute, (hours * 60 + minutes) * (-1 if sign == "-" else 1))


_OFFSET = re.compile(r"(?<=\d)(?:z|([+-])(\d\d):?(\d\d))$")


@lru_cache(4096)
def _ordinal(text: str) -> tuple[str, Value]:
    number = int(_DIGITS.findall(text)[0])
    first = text.endswith(("er", "ers", "o", "°")) and number == 1
    english = text.endswith(("st", "nd", "rd", "th")) and 1 <= number <= 31
    return ("D", (number,)) if first or english else ("O", ())


_NUMERIC: dict[str, Callable[[str], tuple[str, Value]]] = {
    "J": lambda _: ("J", ()),
    "I": lambda text: _iso(text.rstrip("t")),
    "F": _full,
    "H": _hour,
    "S": _day_month,
    "s": _day_month,
    "O": _ordinal,
    "r": lambda _: ("r", ()),
}


def _short(text: str, folded: str, end: int, letters: list[str], words: Vocabulary) -> tuple[str, Value]:
    """Read a short form: a month after a day number, a weekday before one; « premier » before a month is a day."""
    month, weekday = words.months.get(text), words.weekdays.get(text)
    before = letters[-1] if letters else ""
    if before == "r" and len(letters) > 1:
        before = letters[-2]
    ahead = folded[end : end + 24].lstrip(". ")
    day_ahead = ahead[:1].isdigit() or ahead.startswith(("le ", "\n"))
    if month is not None and before in ("D", "G"):
        # « 20 / mar »: mars. « salle 3, mar 17 mars »: mardi.
        later = _NAME.search(ahead[:14])
        if not (weekday is not None and day_ahead and later and _is_month(later.group(), words)):
            return "M", (month,)
    if weekday is not None and day_ahead and before != "D":
        return "W", (weekday,)
    if text == "premier" and (name := _NAME.match(ahead)) and _is_month(name.group(), words):
        return "D", (1,)
    return ("M", (month,)) if month is not None and words.month_first and day_ahead else ("x", ())


def _is_month(text: str, words: Vocabulary) -> bool:
    return text in words.months or words.words.get(text, ("",))[0] == "M"


def _zone(text: str, folded: str, end: int, letters: list[str]) -> tuple[str, str, int]:
    """Read the zone that begins with « heure » or GMT: its class, what it says, where it ends. Only after an hour."""
    before = "".join(letters[-2:])
    if not before.endswith(("H", "H(", "Hc", "H-", "HZ", "H/")):
        return "x", "", end
    if text not in ("heure", "heures"):
        shift = _SHIFT.match(folded, end)
        if shift and text in ("utc", "gmt"):
            return "Z", f"{shift[1]}{int(shift[2])}:{shift[3] or '00'}", shift.end()
        return "Z", NAMED[text], end
    names = list(_WORD.finditer(folded, end, end + 60))
    while names and names[0].group() in _LITTLE:
        del names[0]
    if names and names[0].group() in ("locale", "locales", "local"):
        return "Z", "local", names[0].end()
    found = place([n.group() for n in names[:6]])
    return ("Z", found[0], names[found[1] - 1].end()) if found else ("Z", "?", end)


def _town(folded: str, start: int, letters: list[str]) -> tuple[str, int] | None:
    """Read the town whose clock an hour is on: « 9h (Nouméa) », « 9h à Fort-de-France »: its zone, marked @, and its end."""
    if not letters or not (letters[-1] == "H" or letters[-2:] == ["H", "("]):
        return None
    begin = _HERE.match(folded, start)
    if begin is None:
        return None
    names = list(_WORD.finditer(folded, begin.end(), begin.end() + 60))
    second = "H" in letters[-6:-1]  # « 15h à Paris (9h en Haïti) »: a state too has a clock
    found = place([n.group() for n in names[:6]], venue=not second)
    if found is None or folded[names[found[1] - 1].end() :][:1] == "-":
        return None
    return "@" + found[0], names[found[1] - 1].end()


_SHIFT = re.compile(r" ?([+-]) ?(\d{1,2})(?::?(\d\d))?(?!\d| ?h|:)")
_WORD = re.compile(r"[^\W\d_]+(?:'(?=ivoire|djamena)[^\W\d_]+)?")
_DOTTED_ZONE = re.compile(r"(?:t\.u|u\.t|g\.m\.t|u\.t\.c)\b\.?")
_HERE = re.compile(r"(?:\b(?:a|au|en) )?(?:la )?(?=[^\W\d_])")
_LITTLE = frozenset("de du des d la le l a en aux".split())
