"""keep: and drop: of a source: what is left out is counted, listed with its reason, and never told as cancelled."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator import config
from aggregator.errors import ConfigError
from aggregator.normalise.text import fold, mentions
from tests.conftest import House, calendar, ics, rss, xml

DAY = timedelta(days=1)
NEWS = [
    {"title": "Délégation du Sénégal à l’hôtel de ville", "path": "/senegal", "day": "20 Oct 2025"},
    {"title": "Grande brocante d’automne", "path": "/brocante", "day": "21 Oct 2025"},
    {"title": "Appel à projets : jumelages", "path": "/jumelage", "day": "22 Oct 2025"},
    {"title": "Brocante solidaire pour le Mali", "path": "/mali", "day": "23 Oct 2025"},
]


async def titles(house: House, **said: object) -> list[str]:
    house.source("ville", **said)
    house.web["/ville"] = xml(rss(NEWS))
    await house.run()
    return [title for (title,) in house.sql("SELECT title FROM items ORDER BY published")]


async def test_only_what_is_kept_is_stored_and_the_rest_is_listed_with_its_reason(house: House) -> None:
    kept = await titles(house, keep={"countries": ["*"], "words": ["jumelages"]}, drop={"words": ["brocante"]})
    assert kept == ["Délégation du Sénégal à l’hôtel de ville", "Appel à projets : jumelages"]
    assert house.sql("SELECT title, why FROM sifted ORDER BY title") == [
        ("Brocante solidaire pour le Mali", "drop: words: brocante"),
        ("Grande brocante d’automne", "nothing of keep: matches"),
    ]
    assert house.one("SELECT sifted FROM v_coverage") == 2


@pytest.mark.parametrize(
    ("words", "text", "held"),
    [
        ("international", "aux relations internationales", True),
        ("international", "des projets internationaux", True),
        ("internationaux", "un projet international", True),
        ("délégations", "une délégation du Mali", True),
        ("élue", "les élues locales", True),
        ("comité de jumelage", "les comités de jumelages", True),
        ("mali", "un esprit malin", False),
        ("eau", "un beau cadeau", False),
        ("port", "l’apport des partenaires", False),
    ],
)
def test_words_are_meant_in_singular_and_plural(words: str, text: str, held: bool) -> None:
    assert mentions(fold(text), fold(words)) == held


async def test_a_country_is_kept_by_its_code(house: House) -> None:
    assert await titles(house, keep={"countries": ["ML"]}) == ["Brocante solidaire pour le Mali"]


async def test_a_category_is_meant_as_the_source_writes_it(house: House) -> None:
    house.source("agenda", kind="ics", keep={"categories": ["relations internationales"]})
    house.web["/agenda"] = calendar(
        ics(
            "UID:1@x\nDTSTART;VALUE=DATE:20251120\nSUMMARY:Accueil\nCATEGORIES:Relations Internationales",
            "UID:2@x\nDTSTART;VALUE=DATE:20251121\nSUMMARY:Loto\nCATEGORIES:Loisirs",
        )
    )
    await house.run()
    assert house.sql("SELECT title FROM items") == [("Accueil",)]


LOTO = "UID:{0}@x\nDTSTART;VALUE=DATE:202512{0:02d}\nSUMMARY:{1} n° {0}"


async def test_what_stands_already_stays_and_is_followed_when_a_filter_comes(house: House) -> None:
    house.source("agenda", kind="ics")
    house.web["/agenda"] = calendar(ics(*(LOTO.format(n, "Loto") for n in range(1, 9))))
    await house.run()
    house.source("agenda", kind="ics", drop={"words": ["loto"]})
    house.web["/agenda"] = calendar(ics(*(LOTO.format(n, "Loto") for n in range(1, 10))))
    for _ in range(5):
        done = await house.run(after=DAY)
    assert [(o.absorbed.state, o.absorbed.alarm) for o in done.outcomes] == [("ok", None)]
    assert "CANCELLED" not in house.published("agenda.ics")
    assert house.sql("SELECT title FROM sifted") == [("Loto n° 9",)]
    cancelled = [LOTO.format(n, "Loto") + ("\nSTATUS:CANCELLED" if n == 3 else "") for n in range(1, 10)]
    house.web["/agenda"] = calendar(ics(*cancelled))
    await house.run(after=DAY)
    assert house.sql("SELECT title FROM items WHERE status = 'cancelled'") == [("Loto n° 3",)]


async def test_an_event_that_is_renamed_out_of_the_filter_is_still_called_off_when_it_is(house: House) -> None:
    house.source("agenda", kind="ics", keep={"words": ["mali"]})
    said = "UID:1@x\nDTSTART;VALUE=DATE:20251210\nSUMMARY:{}"
    house.web["/agenda"] = calendar(ics(said.format("Fête du Mali")))
    await house.run()
    house.web["/agenda"] = calendar(ics(said.format("Fête du quartier") + "\nSTATUS:CANCELLED"))
    await house.run(after=DAY)
    assert house.sql("SELECT title, status FROM items") == [("Fête du quartier", "cancelled")]


async def test_a_list_of_which_nothing_is_kept_is_no_list_that_shrank_and_an_empty_one_is_told(house: House) -> None:
    house.source("ville", keep={"words": ["mali"]})
    house.web["/ville"] = xml(rss(NEWS))
    await house.run()
    others = [{"title": f"Vie locale {n}", "path": f"/locale-{n}", "day": "01 Nov 2025"} for n in range(5)]
    house.web["/ville"] = xml(rss(others))
    done = await house.run(after=DAY)
    assert [(o.absorbed.state, o.absorbed.alarm) for o in done.outcomes] == [
        ("ok", "keep: and drop: leave out all 5 items: is that meant?")
    ]
    house.web["/ville"] = xml(rss([]))
    done = await house.run(after=DAY)
    assert [o.absorbed.state for o in done.outcomes] == ["empty"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "it names nothing"),
        ({"countries": ["Mali"]}, "ISO 3166"),
        ({"word": ["x"]}, "did you mean words?"),
    ],
)
async def test_a_filter_that_cannot_be_meant_is_refused(house: House, said: dict[str, object], words: str) -> None:
    house.source("ville", keep=said)
    with pytest.raises(ConfigError) as told:
        config.load(house.write_config())
    assert words in str(told.value)
