"""Vocabulary: month and weekday names of French and of the languages partners publish in, folded (no accents, lower case).

Length never changes when text is folded, so a place in the folded text is the same place in the text.
"""

from __future__ import annotations

import unicodedata


def _fold_table() -> dict[int, str]:
    """Map each accented Latin letter to its base letter, and typographic signs to their plain sisters, one to one."""
    table: dict[int, str] = {}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            table[code] = base
    spaces = (
        "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\f\v\u200b\ufeff"
    )
    table.update({ord(c): " " for c in spaces})
    table.update({ord(c): "\n" for c in "\r\u2028\u2029\x85"})
    table.update({ord(c): "'" for c in "’‘ʼ´`′"})
    table.update({ord(c): "-" for c in "‐‑‒–—―−\u00ad"})
    table.update({ord(c): ">" for c in "→➔➜➡⇒›▶►"})
    table.update({ord("ᵉ"): "e", ord("ʳ"): "r", ord("ˢ"): "s", ord("º"): "e", ord("ª"): "a"})
    table.update({ord(a): b for a, b in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)})
    table.update({ord("∶"): ":", ord("："): ":", ord("／"): "/"})
    return table


_FOLD = _fold_table()


def fold(text: str) -> str:
    """Give `text` without accents and in lower case, each character in its place."""
    return text.lower() if text.isascii() else text.translate(_FOLD).lower()


def _names(*rows: str) -> dict[str, int]:
    return {name: number for number, row in enumerate(rows, 1) for name in row.split()}


# Full names are months wherever they stand; short forms only next to a day number (« sept » is also seven).
MONTHS: dict[str, dict[str, int]] = {
    "fr": _names(*"janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()),
    "en": _names(*"january february march april may june july august september october november december".split()),
    "es": _names(
        *"enero febrero marzo abril mayo junio julio agosto".split(),
        "septiembre setiembre",
        *"octubre noviembre diciembre".split(),
    ),
    "de": _names(
        "januar janner",
        "februar feber",
        "marz maerz",
        *"april mai juni juli august september oktober november dezember".split(),
    ),
    "it": _names(
        *"gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split()
    ),
    "pt": _names(*"janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro".split()),
}
SHORT_MONTHS: dict[str, dict[str, int]] = {
    "fr": _names(
        "janv jan", "fevr fev", "mar", "avr", "", "juin jun", "juil jul", "aou", "sept sep", "octo oct", "nov", "dec"
    ),
    "en": _names("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep sept", "oct", "nov", "dec"),
    "es": _names("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep sept", "oct", "nov", "dic"),
    "de": _names("jan", "feb", "mrz", "apr", "mai", "jun", "jul", "aug", "sep sept", "okt", "nov", "dez"),
    "it": _names("gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set sett", "ott", "nov", "dic"),
    "pt": _names("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"),
}
# « jui » is the three-letter cut of juin and of juillet alike.
JUI = 67

# Monday is 1, as in date.isoweekday().
WEEKDAYS: dict[str, dict[str, int]] = {
    "fr": _names(*"lundi mardi mercredi jeudi vendredi samedi dimanche".split()),
    "en": _names(*"monday tuesday wednesday thursday friday saturday sunday".split()),
    "es": _names(*"lunes martes miercoles jueves viernes sabado domingo".split()),
    "de": _names(*"montag dienstag mittwoch donnerstag freitag".split(), "samstag sonnabend", "sonntag"),
    "it": _names(*"lunedi martedi mercoledi giovedi venerdi sabato domenica".split()),
    "pt": _names(*"segunda terca quarta quinta sexta sabado domingo".split()),
}
SHORT_WEEKDAYS: dict[str, dict[str, int]] = {
    "fr": _names(*"lun mar mer jeu ven sam dim".split()),
    "en": _names("mon", "tue tues", "wed", "thu thur thurs", "fri", "sat", "sun"),
    "es": _names(*"lun mar mie jue vie sab dom".split()),
    "de": _names(*"mo di mi do fr sa so".split()),
    "it": _names(*"lun mar mer gio ven sab dom".split()),
    "pt": _names(*"seg ter qua qui sex sab dom".split()),
}
PLURAL_WEEKDAYS = _names(*"lundis mardis mercredis jeudis vendredis samedis dimanches".split())

# Every French word a date is made of, the longest first.
DATE_WORDS = sorted(
    {*MONTHS["fr"], *SHORT_MONTHS["fr"], *WEEKDAYS["fr"], *SHORT_WEEKDAYS["fr"], "jui"}, key=len, reverse=True
)
