"""The operator's file as it ships: it loads, it names every member and network, and what it says can be trusted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aggregator import config
from aggregator.config import Config
from aggregator.model import Source
from aggregator.normalise.urls import canonical

ROOT = Path(__file__).parents[1]
FILE = ROOT / "sources.yaml"
NAMES = json.loads((Path(__file__).parent / "data" / "members.json").read_text(encoding="utf-8"))

CUF_HOSTS = [
    "cites-unies-france.org",
    "cooperation-decentralisee.com",
    "raict.com",
    "raict.org",
    "rencontres-action-internationale-collectivites.com",
    "rencontres-action-internationale-collectivites.fr",
    "rencontres-action-internationale-collectivites.org",
]


@pytest.fixture(scope="module")
def shipped() -> Config:
    return config.load(FILE)


@pytest.fixture(scope="module")
def cuf(shipped: Config) -> Source:
    return next(source for source in shipped.sources if source.slug == "cuf")


def luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + n % 2) for n, digit in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def test_editors_find_the_schema_by_the_first_line() -> None:
    first = FILE.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=sources.schema.json"


def test_the_schema_beside_it_is_the_programs_own() -> None:
    assert (ROOT / "sources.schema.json").read_text(encoding="utf-8") == config.schema()


@pytest.mark.parametrize(("group", "count"), [("members", 83), ("networks", 37)])
def test_every_member_and_network_stands_in_it_once(shipped: Config, group: str, count: int) -> None:
    written = [source.name for source in shipped.sources]
    assert len(NAMES[group]) == count
    assert [name for name in NAMES[group] if written.count(name) != 1] == []


def test_slugs_are_unique(shipped: Config) -> None:
    written = re.findall(r"^  - slug: (\S+)$", FILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert written == [source.slug for source in shipped.sources]
    assert len(written) == len(set(written))


def test_a_source_that_is_not_read_says_why_and_what_to_try(shipped: Config) -> None:
    assert [source.slug for source in shipped.sources if not source.enabled and not (source.note or "").strip()] == []


def test_a_note_names_the_command_for_its_own_source(shipped: Config) -> None:
    for source in shipped.sources:
        named = re.findall(r"« aggregator check ([^ ]+) »", source.note or "")
        assert set(named) <= {source.slug}


def test_siren_numbers_pass_their_check_digit(shipped: Config) -> None:
    sirens = {source.slug: source.territory.siren for source in shipped.sources if source.territory.siren}
    assert sirens
    assert [slug for slug, siren in sirens.items() if not luhn(siren)] == []
    assert not luhn("243100519")


def test_insee_codes_are_as_long_as_their_level_asks(shipped: Config) -> None:
    digits = {"ville": 5, "ville et métropole": 5, "département": 2, "région": 2}
    for source in shipped.sources:
        if source.territory.insee is not None:
            assert len(source.territory.insee) == digits[str(source.territory.level)], source.slug


def test_no_code_stands_for_two_territories(shipped: Config) -> None:
    codes = [
        (source.territory.level, source.territory.insee, source.territory.siren)
        for source in shipped.sources
        if source.territory.insee or source.territory.siren
    ]
    assert len(codes) == len(set(codes))


def test_cuf_comes_first_and_is_visited_twice_a_day(shipped: Config, cuf: Source) -> None:
    assert shipped.sources[0] is cuf
    assert cuf.enabled
    assert (cuf.kind, cuf.url, cuf.interval) == ("spip", "https://cites-unies-france.org/-Actualites-", 12 * 3600)


def test_cuf_is_one_site_under_all_its_names(cuf: Source) -> None:
    assert sorted(cuf.hosts) == CUF_HOSTS
    told = {
        canonical(f"{scheme}://{www}{host}/Reunion-du-groupe-pays-Mali-3952", cuf.aliases)
        for host in CUF_HOSTS
        for scheme in ("http", "https")
        for www in ("", "www.")
    }
    assert told == {"https://cites-unies-france.org/Reunion-du-groupe-pays-Mali-3952"}


@pytest.mark.parametrize(("slug", "former"), [("f3e", "f3e.asso.fr"), ("resacoop", "resacoop.fr")])
def test_a_network_is_known_by_its_other_name(shipped: Config, slug: str, former: str) -> None:
    source = next(source for source in shipped.sources if source.slug == slug)
    assert former in source.hosts[1:]
    assert source.hosts[0] in str(canonical(f"https://{former}/une-page", source.aliases))


def test_events_of_reunion_are_told_in_its_time(shipped: Config) -> None:
    source = next(source for source in shipped.sources if source.slug == "saint-andre-la-reunion")
    assert source.timezone == "Indian/Reunion"
