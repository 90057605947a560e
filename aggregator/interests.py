"""The feeds that readers choose: one for each country, theme, kind, region, level and medium, and those of sources.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from aggregator.model import Kind
from aggregator.normalise.text import fold, mentions

Medium = Literal["documents", "photos", "sons", "videos"]

# The départements of each région (INSEE), as addresses name it: a town's feed group comes from its INSEE code.
_REGIONS = {
    "auvergne-rhone-alpes": ("Auvergne-Rhône-Alpes", "84", "01 03 07 15 26 38 42 43 63 69 73 74"),
    "bourgogne-franche-comte": ("Bourgogne-Franche-Comté", "27", "21 25 39 58 70 71 89 90"),
    "bretagne": ("Bretagne", "53", "22 29 35 56"),
    "centre-val-de-loire": ("Centre-Val de Loire", "24", "18 28 36 37 41 45"),
    "corse": ("Corse", "94", "2A 2B 20"),
    "grand-est": ("Grand Est", "44", "08 10 51 52 54 55 57 67 68 88"),
    "guadeloupe": ("Guadeloupe", "01", "971"),
    "guyane": ("Guyane", "03", "973"),
    "hauts-de-france": ("Hauts-de-France", "32", "02 59 60 62 80"),
    "ile-de-france": ("Île-de-France", "11", "75 77 78 91 92 93 94 95"),
    "la-reunion": ("La Réunion", "04", "974"),
    "martinique": ("Martinique", "02", "972"),
    "mayotte": ("Mayotte", "06", "976"),
    "normandie": ("Normandie", "28", "14 27 50 61 76"),
    "nouvelle-aquitaine": ("Nouvelle-Aquitaine", "75", "16 17 19 23 24 33 40 47 64 79 86 87"),
    "occitanie": ("Occitanie", "76", "09 11 12 30 31 32 34 46 48 65 66 81 82"),
    "pays-de-la-loire": ("Pays de la Loire", "52", "44 49 53 72 85"),
    "provence-alpes-cote-d-azur": ("Provence-Alpes-Côte d’Azur", "93", "04 05 06 13 83 84"),
}
_REGION_OF = {code: slug for slug, (_, _, codes) in _REGIONS.items() for code in codes.split()}
_REGION_BY_CODE = {code: slug for slug, (_, code, _) in _REGIONS.items()}
_MEDIA: dict[Medium, str] = {"documents": "documents", "photos": "photos", "sons": "sons", "videos": "vidéos"}

# Levels by their slug, as a group of publishers; others are said as their sources write them.
_LEVELS = {
    "association": "associations",
    "commune": "communes",
    "departement": "départements",
    "epci": "intercommunalités",
    "etablissement-public": "établissements publics",
    "etat": "services de l’État",
    "intercommunalite": "intercommunalités",
    "metropole": "métropoles",
    "ministere": "ministères",
    "region": "régions",
    "reseau": "réseaux",
    "syndicat": "syndicats",
    "ville": "villes",
}

# path of a scheme's feeds, and how their titles begin
_FOLDERS = {"country": "pays", "region": "zones", "theme": "themes", "kind": "types"}


def region_of(level: str | None, insee: str | None) -> str | None:
    """Give the slug of the French région in which a territory lies; None: its code does not say."""
    if not insee:
        return None
    if level == "région":
        return _REGION_BY_CODE.get(insee)
    return _REGION_OF.get(insee[:3] if insee.startswith("97") else insee[:2])


def territory_name(region: str | None) -> str:
    """Give the name of a région by its slug; "" of none."""
    return _REGIONS[region][0] if region else ""


def level_slug(level: str) -> str:
    """Give a territory's level as an address: « établissement public » → etablissement-public."""
    return fold(level).replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Facts:
    """What of an item decides in which feeds it stands. `words`: its title and summary, folded, with a blank at both ends."""

    kind: Kind
    news: bool
    tags: frozenset[tuple[str, str]]
    sources: frozenset[str]
    territories: frozenset[str]  # levels, INSEE and SIREN codes, régions of its sources
    media: frozenset[Medium]
    words: str = "  "


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items a feed holds: for each field that is given, one of its values must be true of the item."""

    kind: Literal["news", "event"] | None = None
    countries: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    words: tuple[str, ...] = ()  # folded

    def holds(self, item: Facts) -> bool:
        """Say whether an item stands in the feed."""
        if (self.kind == "news" and not item.news) or (self.kind == "event" and item.kind != "event"):
            return False
        tagged = (("country", self.countries), ("region", self.zones), ("theme", self.themes), ("kind", self.types))
        return (
            all(not values or any((scheme, value) in item.tags for value in values) for scheme, values in tagged)
            and (not self.territories or not item.territories.isdisjoint(self.territories))
            and (not self.sources or not item.sources.isdisjoint(self.sources))
            and (not self.words or any(mentions(item.words, words) for words in self.words))
        )


@dataclass(frozen=True, slots=True)
class Interest:
    """A feed of sources.yaml: its address below the public folder, what readers call it, and what it holds."""

    path: str
    title: str
    description: str
    filter: Filter


def paths(item: Facts, slugs: Mapping[tuple[str, str], str], own: Iterable[Interest]) -> set[str]:
    """Give the feeds of interest that hold an item. `slugs`: (scheme, value) of a tag → its place in an address."""
    found = {
        folder_of(scheme, slugs[scheme, value])
        for scheme, value in item.tags
        if scheme in _FOLDERS and (scheme, value) in slugs
    }
    found |= {f"territoires/{one.removeprefix('=')}" for one in item.territories if one.startswith("=")}
    found |= {f"medias/{medium}" for medium in item.media}
    found |= {interest.path for interest in own if interest.filter.holds(item)}
    return found


def territories(level: str | None, insee: str | None, siren: str | None) -> frozenset[str]:
    """Give what filters may call a territory by: its level, its codes, its région; those with a feed begin with « = »."""
    region = region_of(level, insee)
    said = {level, insee, siren, region} - {None}
    feeds = {f"={one}" for one in (level_slug(level) if level else None, region) if one}
    return frozenset(one for one in (*said, *feeds) if one)


def folder_of(scheme: str, slug: str) -> str:
    """Give the path of the feed of a tag: pays/senegal."""
    return f"{_FOLDERS[scheme]}/{slug}"


def title_of(path: str, names: Mapping[str, str]) -> tuple[str, str]:
    """Give the title and the description of a feed of interest. `names`: path of a tag's feed → the tag's name."""
    folder, _, slug = path.partition("/")
    name = names.get(path) or slug.replace("-", " ")
    if folder == "medias":
        medium = next((words for key, words in _MEDIA.items() if key == slug), name)
        return f"avec {medium}", f"Les actualités et les événements accompagnés de {medium}."
    if folder == "territoires" and slug in _REGIONS:
        name = _REGIONS[slug][0]
        return f"région {name}", f"Ce que publient les collectivités et réseaux de cette région\u00a0: {name}."
    if folder == "territoires":
        name = _LEVELS.get(slug, name)
        return name, f"Ce que publient les sources de cette catégorie\u00a0: {name}."
    about = {
        "pays": f"Les actualités et les événements qui parlent de ce pays\u00a0: {name}.",
        "zones": f"Les actualités et les événements qui parlent de cette zone\u00a0: {name}.",
        "themes": f"Les actualités et les événements sur ce thème\u00a0: {name}.",
        "types": f"Les publications de ce type\u00a0: {name}.",
    }
    # A zone is said to be one: « Outre-mer » is a theme as well.
    return f"zone {name}" if folder == "zones" else name, about.get(folder, name)
