"""Feeds of interest: each holds exactly what its filter says, before and after everything that changes."""

from __future__ import annotations

from datetime import timedelta

import feedparser
import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import ConfigError
from aggregator.interests import Facts, Filter, region_of, territories
from tests.conftest import House, calendar, ics, rss, xml

HOUR = timedelta(hours=1)


def say(house: House, slug: str, *titles: str) -> None:
    items = [{"title": title, "path": f"/{slug}-{n}", "day": f"{n + 1:02d} Nov 2025"} for n, title in enumerate(titles)]
    house.web[f"/{slug}"] = xml(rss(items, f"https://{slug}.example"))


def titles(house: House, path: str) -> list[str]:
    return [entry.title for entry in feedparser.parse(house.published(f"{path}.rss")).entries]


async def test_a_country_has_a_feed_and_a_calendar_across_sources_when_it_has_something_to_say(house: House) -> None:
    house.source("tours")
    house.source("suresnes")
    say(house, "tours", "Jumelage : les lycéens de Takamatsu", "Réunion du groupe-pays Haïti, le 20 novembre 2025")
    say(house, "suresnes", "Une école rouvre à Cap-Haïtien", "Travaux en centre-ville")
    await house.run()
    assert set(titles(house, "pays/haiti")) == {
        "Réunion du groupe-pays Haïti, le 20 novembre 2025",
        "Une école rouvre à Cap-Haïtien",
    }
    (event,) = icalendar.Calendar.from_ical(house.published("pays/haiti.ics")).walk("VEVENT")
    assert "Haïti" in str(event["SUMMARY"])
    assert feedparser.parse(house.published("pays/haiti.rss")).feed.title == "Essai\xa0: Haïti"
    assert titles(house, "pays/japon") == ["Jumelage : les lycéens de Takamatsu"]
    assert not (house.out / "pays/mali.rss").exists()
    say(house, "suresnes", "Une école rouvre à Kayes", "Travaux en centre-ville")
    await house.run(after=HOUR)
    assert titles(house, "pays/haiti") == ["Réunion du groupe-pays Haïti, le 20 novembre 2025"]
    assert titles(house, "pays/mali") == ["Une école rouvre à Kayes"]


async def test_the_operator_defines_feeds_and_changes_them(house: House) -> None:
    house.source("tours", territory={"level": "ville", "insee": "37261"})
    house.source("agenda", kind="ics")
    say(house, "tours", "Le marché de Noël japonais", "Climat : un plan pour l’eau au Bénin", "Conseil municipal")
    house.web["/agenda"] = calendar(ics("UID:1@v\nDTSTART;VALUE=DATE:20251120\nSUMMARY:Forum sur l’eau au Bénin"))
    house.feeds = [
        {"path": "eau", "title": "L’eau", "words": ["l'eau"]},
        {"path": "rencontres-benin", "title": "Rencontres Bénin", "kind": "event", "countries": ["BJ"]},
        {"path": "centre", "title": "En Centre-Val de Loire", "territories": ["centre-val-de-loire"], "words": ["eau"]},
    ]
    await house.run()
    assert set(titles(house, "eau")) == {
        "Climat\xa0: un plan pour l’eau au Bénin".replace("\xa0", " "),
        "20 novembre 2025 · Forum sur l’eau au Bénin",
    }
    assert titles(house, "rencontres-benin") == ["20 novembre 2025 · Forum sur l’eau au Bénin"]
    assert titles(house, "centre") == ["Climat : un plan pour l’eau au Bénin"]
    house.feeds = [{"path": "eau", "title": "L’eau", "words": ["marché de Noël"]}]
    await house.run(after=HOUR)
    assert titles(house, "eau") == ["Le marché de Noël japonais"]


async def test_a_feed_with_a_mistake_is_told_with_its_line(house: House) -> None:
    house.source("tours")
    say(house, "tours", "A")
    house.feeds = [
        {"path": "tout", "title": "X", "words": ["a"]},
        {"path": "b", "title": "Y"},
        {"path": "c", "title": "Z", "sources": ["tour"]},
    ]
    with pytest.raises(ConfigError) as told:
        await house.run()
    words = "\n".join(told.value.problems)
    assert "tout is taken" in words
    assert "it says nothing of what it holds" in words
    assert "did you mean tours?" in words


def test_a_region_comes_from_the_code_of_a_town_a_departement_or_a_region() -> None:
    assert region_of("ville", "37261") == "centre-val-de-loire"
    assert region_of("ville", "97409") == "la-reunion"
    assert region_of("département", "93") == "ile-de-france"
    assert region_of("région", "44") == "grand-est"
    assert region_of("ville", "2A004") == "corse"
    assert region_of("réseau", None) is None
    assert "=bretagne" in territories("ville", "35238", None)


@given(
    kind=st.sampled_from(["news", "event"]),
    news=st.booleans(),
    tags=st.frozensets(st.tuples(st.sampled_from(["country", "theme", "kind", "region"]), st.sampled_from("abc"))),
    sources=st.frozensets(st.sampled_from("xy")),
    wanted=st.fixed_dictionaries(
        {
            "countries": st.lists(st.sampled_from("abc"), max_size=2),
            "themes": st.lists(st.sampled_from("abc"), max_size=2),
            "sources": st.lists(st.sampled_from("xy"), max_size=1),
            "kind": st.sampled_from([None, "news", "event"]),
        }
    ),
)
def test_a_filter_holds_what_each_of_its_lines_names(kind, news, tags, sources, wanted) -> None:  # type: ignore[no-untyped-def]
    facts = Facts(kind, news, tags, sources, frozenset(), frozenset())
    chosen = Filter(kind=wanted["kind"], countries=tuple(wanted["countries"]), themes=tuple(wanted["themes"]), sources=tuple(wanted["sources"]))  # fmt: skip
    countries, themes = ({v for s, v in tags if s == scheme} for scheme in ("country", "theme"))
    right = (
        (not wanted["countries"] or bool(countries & set(wanted["countries"])))
        and (not wanted["themes"] or bool(themes & set(wanted["themes"])))
        and (not wanted["sources"] or bool(sources & set(wanted["sources"])))
        and (wanted["kind"] is None or (news if wanted["kind"] == "news" else kind == "event"))
    )
    assert chosen.holds(facts) == right
