"""What a title says beside its subject: numbers by role, the period it reports on, places, what it derives from.

`folded` is the title as `normalise.text.fold` gives it.
"""

from __future__ import annotations

import re

from aggregator.alike.words import names
from aggregator.normalise.text import fold

Number = tuple[str, int]  # role ("edition", "part", "season", "period", "cop") and number

_ORDINALS = {
    "premier": 1, "deuxieme": 2, "second": 2, "troisieme": 3, "quatrieme": 4, "cinquieme": 5, "sixieme": 6,
    "septieme": 7, "huitieme": 8, "neuvieme": 9, "dixieme": 10, "onzieme": 11, "douzieme": 12, "treizieme": 13,
    "quatorzieme": 14, "quinzieme": 15, "seizieme": 16, "dix septieme": 17, "dix huitieme": 18, "dix neuvieme": 19,
    "vingtieme": 20,
}  # fmt: skip
_ORDINAL = re.compile(
    r"\b(?:(\d{1,3}) ?(?:e|es|eme|emes|er|ers|ere|eres|re|res|nd|nds|nde|ndes)|("
    + "|".join(sorted((word + "e?s?" if word[-1] != "e" else word + "s?" for word in _ORDINALS), key=len, reverse=True))
    + r"))\b(?: (edition) d\w+)?(?: ([a-z]+))?"
)
_ROMAN = re.compile(r"\b(?!L[eè])([IVXL]{1,6})(?:ᵉ|e|es|ème|èmes|è)\b(?:\s+([^\W\d_]+))?")
_LABELLED = re.compile(
    r"\b(saison|session|seance|episode|volet|edition|atelier|webinaire|partie|numero|no|n|cop|forum|cycle|tome|vague|semestre|trimestre)"
    r" ?(\d{1,3}|[ivx]{1,4})\b(?! (?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|h|ans|euros|places|et \d))"
)
_HASH = re.compile(r"#\s?(\d{1,3})\b")
_ROLES = {
    "session": "part", "sessions": "part", "seance": "part", "episode": "part", "volet": "part", "partie": "part",
    "reunion": "part", "atelier": "part", "webinaire": "part", "rencontre": "part", "rendez": "part", "numero": "part",
    "no": "part", "n": "part", "tome": "part", "vague": "part", "cycle": "part", "conseil": "part", "cafe": "part",
    "conference": "part", "journee": "part", "saison": "season", "semestre": "semester", "trimestre": "quarter", "cop": "cop",
}  # fmt: skip
# « XXIe siècle », « 11e arrondissement », « 50e anniversaire », « Premier ministre » number nothing that tells items apart.
_NOT = frozenset(
    "siecle siecles arrondissement arrondissements anniversaire fois ministre adjoint adjointe age etage vice guerre "
    "jour jours lieu prix place degre plan classe tour republique vers part main ligne etape temps "
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()
)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50}


def _roman(text: str) -> int:
    values = [_ROMAN_VALUES[c] for c in text.lower()]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


def numbers(title: str, folded: str) -> frozenset[Number]:
    """Give the numbers that tell editions, sessions, seasons, issues and half-years apart.

    >>> sorted(numbers("Saison 6 : 2e session", "saison 6 2e session")), sorted(numbers("IXes Jeux", "ixes jeux"))
    ([('part', 2), ('season', 6)], [('edition', 9)])
    """
    found: set[Number] = set()
    for digits, word, edition, noun in _ORDINAL.findall(folded):
        if noun in _NOT and not edition:
            continue
        value = int(digits) if digits else next(n for w, n in _ORDINALS.items() if word.startswith(w.rstrip("e")))
        found.add(("edition" if edition else _ROLES.get(noun, "edition"), value))
    for roman, noun in _ROMAN.findall(title):
        if fold(noun) not in _NOT:
            found.add((_ROLES.get(fold(noun), "edition"), _roman(roman)))
    for label, digits in _LABELLED.findall(folded):
        found.add((_ROLES.get(label, "edition"), int(digits) if digits.isdigit() else _roman(digits)))
    found |= {("part", int(digits)) for digits in _HASH.findall(title)}
    return frozenset(found)


_MONTHS = (
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre "
    "january february march april may june july august september october november december"
).split()
_MONTH = {name: index % 12 + 1 for index, name in enumerate(_MONTHS) if name not in ("march", "may")}
_YEARS = re.compile(r"\b(?:19|20)\d\d\b")


def period(folded: str) -> tuple[frozenset[int], frozenset[int]]:
    """Give the months and the years a title names.

    >>> period("les avancees de mai a octobre 2023") == (frozenset({5, 10}), frozenset({2023}))
    True
    """
    months = frozenset(_MONTH[word] for word in folded.split() if word in _MONTH)
    return months, frozenset(map(int, _YEARS.findall(folded)))


_AT = re.compile(
    r"(?:\b[àÀ]|\bVille d(?:e |['’])|\bCommune d(?:e |['’]))\s*((?:[A-ZÀ-Þ][\w'’]+[- ]?(?:(?:en|sur|sous|de|la|le|les|du|aux?)[- ](?=[A-ZÀ-Þ]))?)+)"
)


def places(title: str) -> frozenset[str]:
    """Give the names after « à »: where a title says something is.

    >>> sorted(places("Table ronde à Aix-en-Provence")), sorted(places("Appel à Projets"))
    (['aix', 'provenc'], [])
    """
    return frozenset().union(*(names(f"à {name}") for name in _AT.findall(title)))


# An item about something that prepares, documents or serves another one is not that one.
_SERIES = {
    "preparation": r"comites? de pilotage|copil|preparatoires?|preparation (?:de|du|des)|comites? techniques?|comites? d organisation",
    "documents": r"actes (?:de|du|des)|recueil|rapport|rapports",
    "newsletter": r"newsletter|infolettre|lettre d information|bulletin|revue de presse|flash info",
    "call": r"appels? a (?:projets?|candidatures?|manifestations?|propositions?)",
    "results": r"laureats?|resultats?|palmares",
    "offer": r"recrute|recrutement|offres? d emploi|offres? de stage",
    "tender": r"marches? publics?|appels? d offres",
    "appointment": r"elue? presidente?|reelue?|nommee?|nomination|designee?",
    "aside": r"en marge (?:de|du|des)|side event|evenement parallele",
}
_SERIES_RE = re.compile(r"\b(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _SERIES.items()) + r")\b")


def series(folded: str) -> frozenset[str]:
    """Give what a title says its item is to another one: "preparation", "documents", "call" and so on.

    >>> sorted(series("reunion du comite de pilotage des 9e rencontres"))
    ['preparation']
    """
    return frozenset(m.lastgroup for m in _SERIES_RE.finditer(folded) if m.lastgroup)


def moved(folded: str) -> bool:
    """Whether a title states that a day no longer holds.

    >>> moved("report reunion du groupe pays mali"), moved("un reportage a bamako")
    (True, False)
    """
    return folded.startswith(("report ", "reporte", "changement de date")) or bool(_STATED.search(folded))


_STATED = re.compile(
    r"\b(?:est|sont|sera|seront|a ete|ont ete) (?:reporte|decale|repousse)|\b(?:reporte|decale|repousse)e?s? (?:a|au)\b|\breport (?:de|du|des)\b"
)


# What a body or an employer says is its own: others say the same words of theirs.
_BODY = re.compile(r"\b(?:groupes?|comites?|commissions?|conseils?|bureau|assemblees?|ag|ca|college)\b")


def of_a_body(folded: str) -> bool:
    """Whether a title tells the meeting of a body (« groupe-pays », « conseil municipal »): any organiser may have such a one."""
    return bool(_BODY.search(folded))
