"""sources.yaml: read into types, with every problem at once, each with its line and what would be right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aggregator import config, extract
from aggregator.errors import ConfigError
from aggregator.model import Limits

SITE = "site: {title: Essai, url: 'https://flux.example/', contact: 'https://flux.example/contact'}\n"


def write(folder: Path, text: str) -> Path:
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    return folder / "sources.yaml"


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config.load(write(folder, text))
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_what_is_said_is_read_and_defaults_fill_the_rest(tmp_path: Path) -> None:
    read = config.load(
        write(
            tmp_path,
            SITE
            + """
defaults: {delay: 5s, limits: {total: 30s}}
sources:
  - slug: ville
    name: Ville
    url: https://www.ville.example/rss
    kind: feed
    interval: 12h
    limits: {body: 2MB}
    territory: {level: ville, insee: "01004", partners: [HT, SN]}
    aliases: [ancien-site.example]
    tags: [jumelage]
  - {slug: autre, name: Autre, url: 'https://autre.example/', kind: html, options: {item: li}, delay: 1s, enabled: false, note: à voir}
""",
        )
    )
    ville, autre = read.sources
    assert read.site.base_url == "https://flux.example"
    assert (ville.interval, ville.delay, autre.delay) == (43_200, 5, 1)
    assert ville.limits == Limits(total=30, body=2_000_000)
    assert ville.territory.insee == "01004"
    assert ville.hosts == ("ville.example", "ancien-site.example")
    assert autre.aliases == {"ancien-site.example": "ville.example"}
    assert (autre.enabled, autre.note, autre.allow_private) == (False, "à voir", False)


def test_all_problems_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        SITE
        + """defaults: {intervall: 6h, allow_private: yes}
sources:
  - slug: Ville de Tours
    name: 37
    url: ftp://ville.example
    kind: rss
    interval: 6
  - slug: ok
    name: Bien
    url: https://bien.example/
    kind: html
    options: {item: "li >> b", titel: a}
    territory: {insee: 01004}
""",
    )
    assert told == [
        "sources.yaml:2: defaults.allow_private: yes: true or false would be right",
        "sources.yaml:2: defaults.intervall: unknown key; did you mean interval?",
        "sources.yaml:4: sources.0.slug: Ville de Tours: a slug is lower-case letters, digits and hyphens: ville-de-tours",
        'sources.yaml:5: sources.0.name: 37 is read as a number or a constant here: write it in quotes, "37"',
        "sources.yaml:6: sources.0.url: ftp://ville.example: this is no web address: https://www.exemple.fr/page would be right (no password in it)",
        "sources.yaml:7: sources.0.kind: rss is not known; one of 'auto', 'drupal', 'events_calendar', 'feed', 'html', 'ics', 'jsonld', 'openagenda', 'opendatasoft', 'plone', 'rrma', 'sitemap', 'spip' or 'wordpress' would be right",
        "sources.yaml:8: sources.0.interval: 6: a duration is a number with its unit: 30s, 15m, 6h, 2d",
        "sources.yaml:13: sources.1.options.titel: unknown key; did you mean title?",
        'sources.yaml:14: sources.1.territory.insee: 01004 is read as a number or a constant here: write it in quotes, "01004"',
    ]


def test_a_selector_that_cannot_be_read_is_told_when_the_file_is_read(tmp_path: Path) -> None:
    (told,) = problems(
        tmp_path,
        SITE
        + "sources:\n  - slug: a\n    name: A\n    url: https://a.example/\n    kind: html\n    options:\n      item: 'li[['\n",
    )
    assert told.startswith("sources.yaml:8: sources.0.options.item: ")
    assert "li[[" in told


def test_a_key_that_stands_twice_is_a_problem(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        SITE + "sources:\n  - slug: a\n    name: A\n    name: B\n    url: https://a.example/\n    kind: feed\n",
    )
    assert told == ["sources.yaml:5: sources.0.name: this key stands twice (first on line 4): keep one"]


def test_yaml_1_2_is_read_so_no_and_times_stay_words(tmp_path: Path) -> None:
    read = config.load(
        write(
            tmp_path,
            SITE + "sources: [{slug: a, name: no, url: 'https://a.example/', kind: feed, tags: [22:30, on, 1_000]}]\n",
        )
    )
    assert (read.sources[0].name, read.sources[0].tags) == ("no", ("22:30", "on", "1_000"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("- a\n- b\n", "the file is no mapping"),
        ("site: [\n", "this is not YAML"),
        ("a: &x [*x]\n", "this alias contains itself"),
        (SITE, "sources: is missing"),
        (SITE + "sources: []\n", "at least one source would be right"),
    ],
)
def test_a_file_that_is_no_configuration_is_told_in_words(tmp_path: Path, text: str, words: str) -> None:
    assert any(words in problem for problem in problems(tmp_path, text))


def test_slugs_and_aliases_belong_to_one(tmp_path: Path) -> None:
    source = "{{slug: {}, name: A, url: 'https://{}.example/', kind: feed, aliases: [miroir.example]}}"
    told = problems(tmp_path, SITE + f"sources:\n  - {source.format('a', 'a')}\n  - {source.format('a', 'b')}\n")
    assert told == [
        "sources.yaml:4: sources.1.slug: a is already the slug of line 3: each source has its own",
        "sources.yaml:4: sources.1.aliases.0: miroir.example already stands for a.example: one host serves one site",
    ]


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file: name it with --config"):
        config.load(tmp_path / "nothing.yaml")


def test_the_schema_knows_every_kind_and_its_options() -> None:
    schema = json.loads(config.schema())
    assert schema["$defs"]["options_html"]["required"] == ["item"]
    assert schema["$defs"]["SourceModel"]["properties"]["kind"]["enum"] == ["auto", *extract.KINDS]
