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


async def test_what_a_new_filter_leaves_out_is_not_told_as_cancelled(house: House) -> None:
    house.source("agenda", kind="ics")
    house.web["/agenda"] = calendar(
        ics(*(f"UID:{n}@x\nDTSTART;VALUE=DATE:202512{n:02d}\nSUMMARY:Loto n° {n}" for n in range(1, 9)))
    )
    await house.run()
    house.source("agenda", kind="ics", drop={"words": ["loto"]})
    for _ in range(5):
        done = await house.run(after=DAY)
    assert [(o.absorbed.state, o.absorbed.alarm) for o in done.outcomes] == [("ok", None)]
    assert "CANCELLED" not in house.published("agenda.ics")
    assert house.one("SELECT count(*) FROM sifted") == 8


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
