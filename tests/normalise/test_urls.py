"""Addresses: one canonical form for one page, SPIP's query strings intact, nothing that is not the web."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.normalise import urls
from aggregator.normalise.urls import absolute, canonical, host

MIRRORS = {"raict.org": "cites-unies-france.org", "cooperation-decentralisee.com": "cites-unies-france.org"}


def test_docstrings_tell_the_truth() -> None:
    assert doctest.testmod(urls).failed == 0


@pytest.mark.parametrize(
    ("link", "read"),
    [
        ("spip.php?article13", "https://ex.fr/a/spip.php?article13"),
        ("spip.php?article13&lang=fr", "https://ex.fr/a/spip.php?article13&lang=fr"),
        ("/x?utm_source=rss&id=4&pk_campaign=b", "https://ex.fr/x?id=4"),
        ("?lang=fr", "https://ex.fr/a/b?lang=fr"),
        ("//autre.fr/é", "https://autre.fr/%C3%A9"),
        (" /x y\n", "https://ex.fr/x%20y"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("mailto:a@b.fr", None),
        ("JaVaScRiPt:alert(1)", None),
        ("http://a:b@ex.fr/", None),
        ("http://", None),
        ("", None),
        ("https://ex.fr/" + "a" * 3000, None),
    ],
)
def test_links_become_absolute_web_addresses_or_nothing(link: str, read: str | None) -> None:
    assert absolute(link, "https://ex.fr/a/b") == read


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://www.cites-unies-france.org/Reunion-Mali-3952", "https://cites-unies-france.org/Reunion-Mali-3952/"),
        ("https://raict.org/Reunion-Mali-3952", "https://cites-unies-france.org/Reunion-Mali-3952?utm_medium=x#bas"),
        (
            "https://raict.org/spip.php?article1784",
            "https://cites-unies-france.org/spip.php?page=pays_page&id_article=1784&id_rubrique=216",
        ),
        (
            "https://raict.org/spip.php?page=pays_page&id_rubrique=216&id_article=1784%27",
            "https://cites-unies-france.org/spip.php?article1784",
        ),
        ("https://ex.fr/%2B-Actualite-%2B", "https://ex.fr/+-Actualite-+"),
        ("https://ex.fr/caf%c3%a9", "https://ex.fr/café"),
        ("https://EX.fr:443/a/../b", "https://ex.fr/b"),
    ],
)
def test_spellings_of_one_page_are_one(one: str, other: str) -> None:
    assert canonical(one, MIRRORS) == canonical(other, MIRRORS) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://ex.fr/?p=16901", "https://ex.fr/?p=16902"),
        ("https://ex.fr/spip.php?article13", "https://ex.fr/spip.php?article14"),
        ("https://ex.fr/spip.php?page=agenda#evenement12", "https://ex.fr/spip.php?page=agenda#evenement13"),
        ("https://ex.fr/a?lang=fr", "https://ex.fr/a?lang=en"),
        ("https://ex.fr/a", "https://autre.fr/a"),
        ("https://ex.fr/a%2Fb", "https://ex.fr/a/b"),
    ],
)
def test_different_pages_stay_apart(one: str, other: str) -> None:
    assert canonical(one, MIRRORS) != canonical(other, MIRRORS)


@pytest.mark.parametrize(
    "home",
    ["https://ex.fr", "http://www.ex.fr/", "https://ex.fr/index.php", "https://ex.fr/spip.php", "https://ex.fr/#x"],
)
def test_a_home_page_identifies_nothing(home: str) -> None:
    assert canonical(home) is None


_PATHS = st.text("abcé%2F+-_. /?&=#;:@!$'()*,~0123", max_size=40)


@given(_PATHS, st.sampled_from(["http://www.ex.fr/", "https://ex.fr/", "http://raict.org:8080/"]))
def test_canonical_is_idempotent_and_so_is_absolute(path: str, base: str) -> None:
    address = absolute(path, base)
    if address is not None:
        assert absolute(address, base) == address
        folded = canonical(address, MIRRORS)
        if folded is not None:
            assert canonical(folded, MIRRORS) == folded


@given(st.text(max_size=60))
def test_no_text_stops_the_reading_of_links(words: str) -> None:
    absolute(words, "https://ex.fr/")
    canonical(words)
    host(words)
