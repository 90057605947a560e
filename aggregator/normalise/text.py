"""Text: from bytes to characters, repaired where the damage is known, folded where words are compared.

French spaces (NBSP, narrow NBSP) and apostrophes are kept for readers; `fold` forgets them for comparing.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import lru_cache

# ── bytes to characters ─────────────────────────────────────────────────────────────────────────

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(
    rb"""(?:<\?xml[^>]{0,200}?encoding|<meta[^>]{0,200}?charset)\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})"""
)
# What browsers read these labels as (WHATWG Encoding): sites that say ISO-8859-1 mean Windows-1252, or ’ and œ are lost.
# Charsets of pages; Python knows other codecs by name (base64, idna …) that are none.
_OF_TEXT = re.compile(
    r"(?:iso8859-\d+|cp\d{3,4}|mac-\w+|koi8-[rtu]|utf-8|utf-16(?:-[lb]e)?|shift_jis|euc_\w+|gb\w+|big5)$"
)
_WINDOWS = frozenset({"iso8859-1", "ascii", "cp1252"})


def _stray_byte(error: UnicodeError) -> tuple[str, int]:
    """A byte that is no UTF-8 inside a UTF-8 page: pasted from Windows, so read as Windows reads it."""
    assert isinstance(error, UnicodeDecodeError)
    stray = error.object[error.start : error.end]
    return stray.decode("cp1252", "replace"), error.end


codecs.register_error("stray-cp1252", _stray_byte)


def decode(body: bytes, charset: str | None = None) -> str:
    """Give the characters of a page: BOM, HTTP charset, XML declaration or meta, strict UTF-8, Windows-1252.

    A single-byte charset is not believed when the bytes are valid UTF-8 with accents in it: such pages say
    ISO-8859-1 in a forgotten header, and French in Windows-1252 is practically never valid UTF-8. Never raises.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(name, "replace")
    said = _DECLARED.search(body[:2048])
    for label in (charset, said.group(1).decode("ascii") if said else None):
        found = _codec(label)
        if found is not None:
            return _as(body, found)
    return _as(body, "cp1252")


def _codec(label: str | None) -> str | None:
    try:
        name = codecs.lookup(label.strip()).name if label else ""
    except (LookupError, ValueError):
        return None
    return "cp1252" if name in _WINDOWS else name if _OF_TEXT.match(name) else None


def _as(body: bytes, name: str) -> str:
    if name == "utf-8":
        return body.decode("utf-8", "stray-cp1252")
    try:
        return body.decode("utf-8") if not name.startswith("utf") else body.decode(name, "replace")
    except UnicodeDecodeError:
        return body.decode(name, "replace")


# ── clean characters ────────────────────────────────────────────────────────────────────────────

# What no reader should see and XML 1.0 forbids: C0 (but tab and line ends), C1, surrogates, non-characters; and marks that
# only turn the direction of text or have no width (but ZWNJ and ZWJ, which Persian and emoji need).
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
_LINE_ENDS = re.compile("[\t\r\n\u2028\u2029]")
_SPACES = re.compile(" {2,}")
_AROUND_LINES = re.compile(r"[ \t\r]*\n[ \t\r\n]*")


def clean(text: str) -> str:
    """One line of NFC text without control characters; runs of plain blanks become one space, French spaces stay."""
    if not (text.isascii() and text.isprintable()):
        text = _LINE_ENDS.sub(" ", allowed(text))
    if "  " in text:
        text = _SPACES.sub(" ", text)
    return text.strip(" \xa0\u202f")


def allowed(text: str) -> str:
    """The text in NFC without forbidden characters; its blanks and lines as they are."""
    if text.isascii() and text.isprintable():
        return text
    return _FORBIDDEN.sub("", unicodedata.normalize("NFC", text))


def clean_lines(text: str) -> str:
    """The same for text of several lines: line ends are kept, empty lines are not."""
    lines = (clean(line) for line in _AROUND_LINES.split(text.replace("\u2028", "\n").replace("\u2029", "\n")))
    return "\n".join(line for line in lines if line)


# ── known damage ────────────────────────────────────────────────────────────────────────────────

# UTF-8 once read as Windows-1252 and then « repaired » with a wrong table (domain §1.8): C3 became « à » and the second
# byte stayed as Windows-1252 shows it. « à « » with a space before « is honest French and never touched.
_SECOND_BYTES = {
    "‡": 0x87,
    "«": 0xAB,
    "²": 0xB2,
    "³": 0xB3,
    "´": 0xB4,
    "¹": 0xB9,
    "»": 0xBB,
    "®": 0xAE,
    "¯": 0xAF,
    "€": 0x80,
    "‰": 0x89,
    "¼": 0xBC,
    "¶": 0xB6,
}
_SPLIT_LETTER = re.compile("à([‡²³´¹®¯€‰¼¶]|«[\u00a0 ]?(?=[^\\W\\d_])|»(?=[^\\W\\d_]))")
_LEFT_OVER = re.compile("(?<=[^\\W\\d_])é©|é©(?=[^\\W\\d_])")
_VIS_A_VIS = re.compile(r"\b([Vv]is-à) -(?=vis\b)")
_DAGGER = re.compile("(?<=[…?!.\\w])†(?=[\\s.,;)]|$)")
# Words in which « ç » stands for « â »: whole words, so that no honest « ç » changes.
_CEDILLA = re.compile(r"\b\w+", re.IGNORECASE)
_A_CIRCUMFLEX = frozenset(
    "grâce grâces château châteaux châtelain châtelaine bâtiment bâtiments bâtir bâtie bâtis bâties tâche tâches "
    "tâcher pâte pâtes âge âges âgé âgée âgés âgées théâtre théâtres câble câbles câblé câblée relâche relâcher "
    "fâcheux fâcheuse plâtre plâtres".split()
)


def repair(text: str) -> str:
    """Mend the damage that CUF's site carries in its own text; everything else is left as it is.

    >>> repair("grçce à la coopé©ration, FRANà‡AIS, aiguà« s, Rzeszà²w, vis-à -vis")
    'grâce à la coopération, FRANÇAIS, aiguës, Rzeszòw, vis-à-vis'
    >>> repair("de « Ti coup » à « Haïti », façade, ça")
    'de « Ti coup » à « Haïti », façade, ça'
    """
    if text.isascii():
        return text
    if "à" in text:
        text = _SPLIT_LETTER.sub(_rejoin, text)
        text = _VIS_A_VIS.sub(r"\1-", text) if "à -" in text else text
    if "©" in text:
        text = _LEFT_OVER.sub("é", text)
    if "ç" in text or "Ç" in text:
        text = _CEDILLA.sub(_circumflex, text)
    if "๠" in text:
        text = text.replace("๠ ", "ù ").replace("๠", "ù")
    return _DAGGER.sub("”", text) if "†" in text else text


def _rejoin(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 2) : match.start()]
    if not before[-1:].isalpha():
        return match.group(0)
    letter = chr(0xC0 + (_SECOND_BYTES[match.group(1)[0]] & 0x3F))
    return letter.upper() if before.isupper() and len(before) > 1 else letter


def _circumflex(match: re.Match[str]) -> str:
    word = match.group(0)
    if "ç" not in word and "Ç" not in word:
        return word
    mended = word.replace("ç", "â").replace("Ç", "Â")
    return mended if mended.lower() in _A_CIRCUMFLEX else word


# ── comparing ───────────────────────────────────────────────────────────────────────────────────

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Words alone, lower case, without accents, apostrophes or typography: what stays equal between HTML and RSS.

    >>> fold("L’œil d'oeil : « Été » à Haïti")
    'l oeil d oeil ete a haiti'
    """
    if not text.isascii():
        # Words are found before marks are dropped, ligatures are split by hand: NFKD keeps « œ » whole.
        text = "".join(
            c for c in unicodedata.normalize("NFKD", text.translate(_LIGATURES)) if not unicodedata.combining(c)
        )
    return " ".join(_WORD.findall(text.lower()))


@lru_cache(maxsize=1_000)
def _inflected(words: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Give what every form of the words holds, and the pattern of these forms: most texts hold none, and are searched no further."""
    stems, forms = [], []
    for word in words.split():
        base = word[:-1] if len(word) > 4 and word[-1] in "sx" else word
        if base.endswith("au") and word.endswith("x"):  # internationaux
            base = f"{base[:-2]}al"
        if len(base) > 4 and base.endswith("al"):
            base, ends = base[:-2], "(?:ale?s?|aux)"
        else:
            ends = "(?:e?s|e|x)?" if len(base) > 3 else ""
        stems.append(base)
        forms.append(base + ends)
    return tuple(stems), re.compile(rf"(?<!\S){' '.join(forms)}(?!\S)")


def mentions(text: str, words: str) -> bool:
    """Say whether a folded text holds these words (folded too), in the singular or plural, feminine or masculine.

    >>> mentions("aux relations internationales", "international"), mentions("une delegation", "delegations"), mentions("le malin", "mali")
    (True, True, False)
    """
    stems, forms = _inflected(words)
    return all(stem in text for stem in stems) and forms.search(text) is not None


# ── people's addresses ──────────────────────────────────────────────────────────────────────────

_EMAIL = re.compile(
    r"(?<![\w.+-])([A-Za-z0-9][A-Za-z0-9._%+-]{0,63})(?:@|\s?(?:\[at\]|\(at\)|\[a\]|\(a\)|\[arobase\]|\(arobase\))\s?)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}",
    re.IGNORECASE,
)
_OFFICE = frozenset(
    "accueil actualites administration agenda asso association bonjour coop cooperation com communication comm "
    "contact contacts courrier cuf direction europe info infos information informations inscription inscriptions "
    "international jumelage jumelages mairie newsletter presse ri rsvp reservation secretariat service solidarite "
    "support ville webmaster".split()
)
_HOLES = re.compile(r"[(\[<]\s*[)\]>]|(?:\bcourriel|\be-?mail|\bmail|\bmél)\s*:\s*(?=[.,;)\n]|$)", re.IGNORECASE)


def without_people(text: str) -> str:
    """Leave e-mail addresses of people out (GDPR: staff stand in bodies); those of an office (contact@, mairie@) stay."""
    if "@" not in text and "(a" not in text and "[a" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        return match.group(0) if re.split(r"[._+-]", match.group(1).lower())[0] in _OFFICE else ""

    mended = _EMAIL.sub(one, text)
    return text if mended == text else re.sub(r" {2,}", " ", _HOLES.sub("", mended)).strip()
