"""Characters: read rightly from bytes, repaired where the damage is known, folded for comparing."""

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.normalise import text
from aggregator.normalise.text import clean, clean_lines, decode, fold, repair, without_people

FRENCH = "L’été à Haïti : œuvre, château, 12 € – « déjà »"


def test_docstrings_tell_the_truth() -> None:
    assert doctest.testmod(text).failed == 0


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (FRENCH.encode("utf-8"), None),
        (FRENCH.encode("utf-8"), "utf-8"),
        (b"\xef\xbb\xbf" + FRENCH.encode("utf-8"), "iso-8859-1"),
        (FRENCH.encode("utf-8"), "iso-8859-1"),  # a forgotten header on a UTF-8 page
        (FRENCH.encode("cp1252"), None),
        (FRENCH.encode("cp1252"), "iso-8859-1"),  # browsers read Latin-1 as Windows-1252
        (FRENCH.encode("cp1252"), "utf-8"),  # a page that lies the other way
        (FRENCH.encode("utf-16"), None),
        (b'<meta charset="windows-1252">' + FRENCH.encode("cp1252"), None),
        (b'<?xml version="1.0" encoding="ISO-8859-15"?>' + FRENCH.encode("iso-8859-15", "ignore"), "no-such-charset"),
    ],
)
def test_bytes_become_the_characters_that_were_written(body: bytes, charset: str | None) -> None:
    read = decode(body, charset)
    assert "été à Haïti" in read
    assert "château" in read
    assert "\ufffd" not in read


def test_a_pasted_windows_quote_in_a_utf8_page_is_read_as_a_quote() -> None:
    assert decode("déjà l".encode() + b"\x92" + "été".encode(), "utf-8") == "déjà l’été"


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "latin1", "base64", "utf-7", "idna", "\x00", "é"]))
def test_no_bytes_and_no_label_stop_the_reading(body: bytes, charset: str | None) -> None:
    decode(body, charset)


@given(st.text())
def test_clean_text_is_one_line_without_controls_and_cleaning_twice_changes_nothing(words: str) -> None:
    once = clean(words)
    assert clean(once) == once
    assert not any(c in once for c in "\n\r\t\x00\x0b\x85\ufffe")
    assert not any(unicodedata.category(c) == "Cs" for c in once)


def test_french_spaces_stay_and_plain_blanks_fold() -> None:
    assert clean("\xa0Réunion\xa0:  le\n20\xa0h\u202f30 ") == "Réunion\xa0: le 20\xa0h\u202f30"
    assert clean_lines(" un \n\n\n deux\ttrois\r\n") == "un\ndeux trois"


@pytest.mark.parametrize(
    "honest",
    [
        "de « Ti coup » à « Haïti »", "façade, ça, reçu, français, Besançon", "à ² près", "Tarif : 5 à 10 €", "© Ville de Tours",
        "voilà. Déjà !", "il va à Rabat", "grâce au château",
    ],
)  # fmt: skip
def test_honest_french_is_never_repaired(honest: str) -> None:
    assert repair(honest) == honest


@pytest.mark.parametrize(
    ("damaged", "mended"),
    [
        ("coopé©ration", "coopération"), ("grçce à l’aide", "grâce à l’aide"), ("FRANà‡AIS", "FRANÇAIS"), ("aiguà«\xa0s", "aiguës"),
        ("o๠ l’action", "où l’action"), ("le chçteau, la tçche, les bçtiments", "le château, la tâche, les bâtiments"), ("vraiment ?†", "vraiment ?”"),
    ],
)  # fmt: skip
def test_known_damage_is_mended(damaged: str, mended: str) -> None:
    assert repair(damaged) == mended


def test_titles_of_feed_and_page_fold_to_the_same_words() -> None:
    assert fold("Ti coup d’œil sou Haïti\xa0: 14ème édition") == fold("Ti coup d'oeil sou Haiti : 14ème edition")
    assert fold("Sénégal") != fold("Liban")


def test_addresses_of_people_leave_and_those_of_offices_stay() -> None:
    mended = without_people(
        "Contact : jeanne.martin@cites.example (ou j.martin(at)ville.example), mairie@ville.example."
    )
    assert "martin" not in mended
    assert "mairie@ville.example" in mended
    assert "()" not in mended
