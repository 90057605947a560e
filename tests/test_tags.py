"""What texts speak of: countries measured on labelled titles, every trap, the reasons, and a taxonomy.yaml with mistakes."""

from __future__ import annotations

import json
import pickle
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import ConfigError
from aggregator.model import Tag
from aggregator.tags import tags
from aggregator.taxonomy import Taxonomy, load

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "data" / "countries.jsonl").read_text("utf-8").splitlines()
]
TRAPS = [row for row in ROWS if "trap" in row]
# The countries of domain §3.5, which partners of French towns are known to be in.
KNOWN = (
    "ZA AL DZ DE AR AM AU BE BJ BO BA BR BG BF BI KH CM CA CV CF CL CN CO KM CG CD KR CI HR CU DJ EG EC ES EE US ET GA GE GH GR GT GN HT "
    "HN HU IN ID IQ IL IT JP JO XK LA LB LY LU MG ML MA MU MR MX MD MN ME MZ NP NI NE NG UG UZ PS PE PL PT DO CZ RO GB RU RW SN RS SY TD "
    "TG TN TR UA UY VN YE EH"
)


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load()


def _countries(taxonomy: Taxonomy, title: str, **more: Any) -> set[str]:
    return {tag.value for tag in tags(taxonomy, title=title, **more) if tag.scheme == "country"}


def _values(taxonomy: Taxonomy, scheme: str, title: str, **more: Any) -> set[str]:
    return {tag.value for tag in tags(taxonomy, title=title, **more) if tag.scheme == scheme}


def test_countries_of_labelled_titles_are_found_and_few_others(taxonomy: Taxonomy) -> None:
    right = wrong = missed = 0
    told = []
    for row in ROWS:
        got, expected = _countries(taxonomy, row["title"], partners=row.get("partners", ())), set(row["countries"])
        right, wrong, missed = right + len(got & expected), wrong + len(got - expected), missed + len(expected - got)
        if got != expected:
            told.append(f"{row['title']}: {sorted(got)}, not {sorted(expected)}")
    assert len(ROWS) >= 150 and right >= 150
    assert right / (right + wrong) >= 0.98, told
    assert right / (right + missed) >= 0.95, told


@pytest.mark.parametrize("row", TRAPS, ids=lambda row: row["title"])
def test_no_trap_catches(taxonomy: Taxonomy, row: dict[str, Any]) -> None:
    assert _countries(taxonomy, row["title"], partners=row.get("partners", ())) == set(row["countries"])


def test_every_known_partner_country_is_in_the_file(taxonomy: Taxonomy) -> None:
    codes = {entry.value for entry in taxonomy.entries if entry.scheme == "country"}
    assert not set(KNOWN.split()) - codes
    assert "FR" not in codes


def test_each_country_is_found_by_its_own_name(taxonomy: Taxonomy) -> None:
    silent = {"MU", "DM", "SV", "LC", "GD"}  # a first name, a fruit, a feast: they need more words (île Maurice)
    for entry in taxonomy.entries:
        if entry.scheme == "country" and entry.value not in silent:
            assert _countries(taxonomy, f"Une délégation reçue : {entry.name}") == {entry.value}


# ── the reasons ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"title": "Un chœur sénégalais à Tours"}, "'sénégalais' in the title (adjective)"),
        ({"title": "Retour de Saint-Louis du Sénégal"}, "'Saint-Louis du Sénégal' in the title (city)"),
        ({"title": "Retour de mission", "subtitle": "Au Sénégal"}, "'Sénégal' in the subtitle (name)"),
        ({"title": "Mission à Dakar", "categories": ("Actualité", "Sénégal")}, "'Sénégal' in the keywords (name)"),
        ({"title": "Mission à Dakar", "section": "Groupe-pays Sénégal"}, "'Sénégal' in the section (name)"),
        ({"title": "Retour de mission", "summary": "Nous étions à Thiès."}, "'Thiès' in the summary (city)"),
        ({"title": "Amitié franco-ségénalaise"}, "'ségénalaise' in the title (misspelt adjective)"),
        ({"title": "Saint-Louis en fête", "partners": ("SN",)}, "'Saint-Louis' in the title (a partner of the source)"),
    ],
)
def test_a_tag_keeps_its_words_their_place_and_the_rule(taxonomy: Taxonomy, more: dict[str, Any], why: str) -> None:
    assert [tag for tag in tags(taxonomy, **more) if tag.scheme == "country"] == [Tag("country", "SN", why)]


def test_the_strongest_place_gives_the_reason_and_each_thing_is_said_once(taxonomy: Taxonomy) -> None:
    found = tags(taxonomy, title="Mali : à Bamako", summary="Le Mali et les Maliens", categories=["Mali"])
    assert [tag for tag in found if tag.scheme == "country"] == [Tag("country", "ML", "'Mali' in the keywords (name)")]


def test_beyond_300_characters_only_cities_count(taxonomy: Taxonomy) -> None:
    long = "Les élus se sont réunis. " * 13
    assert len(long) > 300
    assert _countries(taxonomy, "Réunion", summary=long + "Le Japon, un Malien et la ville de Cotonou") == {"BJ"}
    assert _countries(taxonomy, "Réunion", summary="Le Japon, un Malien et la ville de Cotonou. " + long) == {
        "BJ",
        "JP",
        "ML",
    }


# ── partners ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("title", "partners", "expected"),
    [
        ("Conseil municipal de rentrée", ("SN", "JP"), set()),
        ("Une délégation de Tripoli", (), set()),
        ("Une délégation de Tripoli", ("LB",), {"LB"}),
        ("Une délégation de Tripoli", ("LB", "LY"), set()),
        ("Liban : une délégation de Tripoli", ("LY",), {"LB"}),
        ("Des artistes congolais", ("CD", "SN"), {"CD"}),
        ("Les Congolais de Brazzaville", ("CD",), {"CG"}),
        ("Élections en Géorgie", (), {"GE"}),
        ("Élections en Géorgie", ("US",), {"US"}),
        ("Dakar et nos amis", ("ML",), {"SN"}),
        ("Rue de Tripoli", ("LB",), set()),
    ],
)
def test_partners_only_decide_words_of_several_countries(
    taxonomy: Taxonomy, title: str, partners: tuple[str, ...], expected: set[str]
) -> None:
    assert _countries(taxonomy, title, partners=partners) == expected


# ── other schemes ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("scheme", "title", "expected"),
    [
        ("region", "Mission Sahel : point d’étape", {"sahel"}),
        ("region", "Semaine de l’Amérique latine et des Caraïbes", {"amerique-latine-caraibes"}),
        ("region", "Volontaires à La Réunion", {"outre-mer"}),
        ("region", "Réunion du groupe-pays Mali", set()),
        ("region", "À LA RÉUNION DU GROUPE-PAYS", set()),
        ("region", "Un élu mahorais, une élue guadeloupéenne", {"outre-mer"}),
        ("theme", "Accès à l’eau potable et assainissement", {"eau"}),
        ("theme", "Webinaire Développement économique international #1", {"developpement-economique"}),
        ("theme", "Les crises et le climat", {"crises", "climat"}),
        ("theme", "Conseil municipal", set()),
        ("kind", "Réunion du groupe-pays Mali, le 8 mars", {"reunion-groupe-pays"}),
        ("kind", "APPEL A PROJETS : 8e Semaine", {"appel-a-projets"}),
        ("kind", "MEAE/DAECT : COMMUNIQUÉ : la coopération", {"communique"}),
        ("kind", "REPORT ! Réunion du groupe-pays Mali", {"report", "reunion-groupe-pays"}),
        ("kind", "Retour sur l’atelier du groupe-pays Sénégal", {"retour", "atelier"}),
        ("kind", "Mission au Tchad", {"mission"}),
        ("kind", "La mission locale recrute", {"offre"}),
        ("kind", "Conseil municipal", set()),
    ],
)
def test_regions_themes_and_kinds(taxonomy: Taxonomy, scheme: str, title: str, expected: set[str]) -> None:
    assert _values(taxonomy, scheme, title) == expected


def test_a_kind_is_not_taken_from_a_summary_but_a_theme_is(taxonomy: Taxonomy) -> None:
    found = tags(taxonomy, title="Au programme", summary="Un atelier sur le climat et un appel à projets")
    assert {(tag.scheme, tag.value) for tag in found} == {("theme", "climat")}


# ── writing ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "title",
    [
        "Fonds pour le Bénin",
        "FONDS POUR LE BENIN",
        unicodedata.normalize("NFD", "Fonds pour le Bénin"),
        "Fonds\u00a0: Bénin\u202f!",
    ],
)
def test_case_accents_and_unicode_forms_do_not_matter(taxonomy: Taxonomy, title: str) -> None:
    assert _countries(taxonomy, title) == {"BJ"}


def test_nothing_comes_of_empty_words(taxonomy: Taxonomy) -> None:
    assert tags(taxonomy, title="", subtitle="", summary="", categories=("", " "), section="") == ()


@pytest.mark.parametrize(
    "piece",
    ["rue de ", "franco-segenalai", "franco-senegaxxis ", "Mali ", "de ", "Saint-", "R.D. ", "\u0301", "🎉", "la La "],
)
def test_hostile_text_is_read_at_once(taxonomy: Taxonomy, piece: str) -> None:
    text = piece * 100_000
    start = time.perf_counter()
    tags(taxonomy, title=text, subtitle=text, summary=text)
    assert time.perf_counter() - start < 1


def test_a_taxonomy_can_be_sent_to_another_process(taxonomy: Taxonomy) -> None:
    again = pickle.loads(pickle.dumps(taxonomy))
    assert tags(again, title="Au Mali, le climat") == tags(taxonomy, title="Au Mali, le climat")


# ── the file ────────────────────────────────────────────────────────────────────────────────────

GOOD = """\
countries:
  - {iso: SN, name: Sénégal, slug: senegal, adjectives: [sénégalais], cities: [Dakar]}
  - {iso: ML, name: Mali, slug: mali, cities: [Kayes]}
regions:
  - {slug: sahel, name: Sahel, words: [Sahel]}
themes:
  - {slug: climat, name: Climat, words: [climat]}
kinds:
  - {slug: atelier, name: Ateliers, starts: [atelier]}
ambiguous:
  - {words: [Saint-Louis], between: [SN]}
rules:
  odonyms: [rue]
  capital: [Mali]
"""


def _problems(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [line.removeprefix(f"{path}:") for line in caught.value.problems]


def test_an_operators_own_file_decides(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.yaml"
    path.write_text(GOOD.replace("[Dakar]", "[Dakar, Ndiob-la-Neuve]"), encoding="utf-8")
    mine = load(path)
    assert _countries(mine, "Ndiob-la-Neuve et la rue du Mali, au Japon") == {"SN"}
    assert [(entry.scheme, entry.slug) for entry in mine.entries][:2] == [("country", "senegal"), ("country", "mali")]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("iso: ML", "iso: Mali", "3: countries.1.iso: Mali: two capitals of ISO 3166 would be right: SN"),
        ("iso: ML", "iso: FR", "3: countries.1.iso: FR: France is no partner country"),
        ("iso: ML", "iso: SN", "3: countries.1: SN (mali) stands twice: each has its own"),
        ("slug: mali", "slug: senegal", "3: countries.1: ML (senegal) stands twice: each has its own"),
        (
            "slug: mali",
            "slug: Le Mali",
            "3: countries.1.slug: Le Mali: lower-case letters, digits and hyphens would be right: appel-a-projets",
        ),
        (
            "[Kayes]",
            "[Kayes, Dakar]",
            "3: countries.1.cities: « dakar » already stands for SN (line 2): keep one, or put it under ambiguous",
        ),
        ("[Kayes]", "Kayes", "3: countries.1.cities: a list, [one, another], would be right"),
        ("[Kayes]", "[Kayes, 12]", '3: countries.1.cities.1: 12 is no word here: "12" in quotes would be right'),
        ("cities: [Kayes]", "citys: [Kayes]", "3: countries.1.citys: unknown key; did you mean cities?"),
        ("name: Mali, ", "", "3: countries.1: name is missing: add it"),
        (
            "between: [SN]",
            "between: [SE]",
            "11: ambiguous.0.between: SE is no country of this file: its ISO 3166 code would be right",
        ),
        (
            "capital: [Mali]",
            "capital: [Malli]",
            "14: rules.capital.0: Malli is no name, city or adjective of this file: remove it, or add it there",
        ),
        ("  odonyms:", "  odonym:", "13: rules.odonym: unknown key; did you mean odonyms?"),
        ("themes:", "theme:", "6: theme: unknown key; did you mean themes?"),
        ("regions:\n  - ", "regions:\n  ", "4: regions: a list of « - key: value » entries would be right"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert GOOD.count(old) == 1
    assert told in _problems(tmp_path / "taxonomy.yaml", GOOD.replace(old, new))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace("iso: ML", "iso: Mali")
        .replace("[climat]", "climat")
        .replace("capital: [Mali]", "capitals: [Mali]")
    )
    assert [problem.split(":")[0] for problem in _problems(tmp_path / "taxonomy.yaml", text)] == ["3", "7", "14"]


@pytest.mark.parametrize("text", ["", "- one\n", "countries: [\n", "just words"])
def test_a_file_that_is_no_taxonomy_is_told(tmp_path: Path, text: str) -> None:
    assert len(_problems(tmp_path / "taxonomy.yaml", text)) == 1


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "absent.yaml")
