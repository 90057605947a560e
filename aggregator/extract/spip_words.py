"""The words by which a SPIP list is recognised: dates, headings, « EN SAVOIR PLUS », and what is never an item.

All of them compare folded text (lower case, no accents), so damaged capitals and typography do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit

_MONTH = (
    r"(?:janv(?:ier)?|jan|fevr(?:ier)?|fev|mars?|avr(?:il)?|mai|juin|juil(?:let)?|jui|jul|aout|aou|sept(?:embre)?|sep"
    r"|oct(?:obre)?|nov(?:embre)?|dec(?:embre)?)\.?"
)
_WEEKDAY = r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lun|mar|mer|jeu|ven|sam|dim)\.?"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])(?:\s?er)?"
_DATE = rf"(?:{_DAY}\s{_MONTH}\s(?:19|20)\d\d|{_DAY}[/.-](?:1[0-2]|0?[1-9])[/.-](?:19|20)?\d\d(?!\d))"
_MACHINE = r"(?:19|20)\d\d-\d\d-\d\d(?:[ t]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d(?::?\d\d)?)?)?"
_HOUR = r"(?:,?\s(?:(?:a|-|–|—)\s)?\d{1,2}\s?(?:h|:)\s?(?:\d\d)?(?:\s?min)?(?!\w))?"

# « Le 11 mars 2021, » · « 11 mars 2021 » · « Publié le 11/03/2021 » · « (jeudi 1er mars 2018) », at the start of a text.
_PUBLISHED = re.compile(
    rf"[(\[]?(?P<le>(?:par [^,\d]{{2,30}},\s|(?:date(?: de publication)?|publication|parution)\s?:\s)?"
    rf"(?:(?:(?:article |actualite )?publie(?:e)?|mis(?:e)? en ligne|paru(?:e)?|poste(?:e)?)\s)?(?:le\s|:\s?)?)(?:(?:{_WEEKDAY},?\s)?{_DATE}{_HOUR}|{_MACHINE})[)\]]?\s?"
    r"(?P<comma>,?)"
)
_AUTHOR = re.compile(r"[\s,–—-]*\bpar\s+(?P<name>\S.*)", re.DOTALL)
_MAYBE_DATE = re.compile(
    r"(?:19|20)\d\d-|\D{0,50}\d{1,2}(?:\D{1,16}\d{4}|[/.-]\d{1,2}[/.-]\d\d)"
)  # quick, and right when it says no
_BULLET = re.compile(r"[\s:|·•●▪■►▶→›»>*–—-]+(?=\S)")
_FILED = re.compile(r"\s*(?:[|·•/]|,?\sdans\s)[^.!?…|]{2,60}|\s*[^\W\d]+(?:\s[^\W\d]+){0,2}")
_FILED_BEFORE = re.compile(r"[^\W\d][^\d.!?…|]{1,28}\s[-–—|·•/:]\s(?=\S)")
_SHORT_DAY = re.compile(
    rf"(?:le )?(?:{_WEEKDAY} )?(?:{_DAY}\s?{_MONTH}|{_MONTH}\s?{_DAY}|{_DAY})|il y a .{{2,20}}|hier|aujourd'hui"
)
_UPDATE = re.compile(
    r"(?:(?:date de )?(?:la )?derniere )?(?:mise a jour|modification)|mis a jour(?: le)?|(?:nous sommes|aujourd'hui)(?: le)?"
)
_EDGES = re.compile(r"[\s,;:|·•.–—-]*")

_WHEN_WORD = re.compile(
    rf"(?:du|au|le|les|de|des|a|et|ou|des|jusqu'au|jusqu'a|partir|h|heures?|{_WEEKDAY},?|{_MONTH},?|{_DAY},?|{_DAY}{_MONTH}"
    rf"|{_MACHINE}"
    r"|(?:19|20)\d\d,?|\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?,?|\d{1,2}\s?(?:h|:)\s?(?:\d\d)?,?|[-–—,.|/>→])"
)
_ANY_DAY = re.compile(r"\d")
_DATED = re.compile(rf"(?<![a-z]){_MONTH}(?![a-z])|\d[/.]\d|\d{{4}}-\d\d")
_DAY_AND_MONTH = (
    rf"(?:{_WEEKDAY}\s)?(?:{_DAY}\s?{_MONTH}(?:\s(?:19|20)\d\d(?!\d))?|\d{{1,2}}[/.]\d{{1,2}}(?:[/.]\d{{4}})?)"
)
# « 20 nov Save the Date ! », « Du 21/10/2026 au 24/10/2026 Rencontres »: where an agenda's date ends and its title begins.
_WHEN_PREFIX = re.compile(
    rf"(?:(?:du|les?)\s)?(?:(?:{_WEEKDAY}\s)?(?:{_DAY_AND_MONTH}|{_DAY})\s(?:au|et|a|-|–|—)\s)?{_DAY_AND_MONTH}(?=\s)"
)

_MORE = re.compile(
    r"[\W_]*(?:en savoir (?:plus|\+)|lire (?:la suite|l'article|l'actualite)|(?:voir|consulter) (?:l'article|l'actualite))"
    r"(?:\W.{0,200})?|[\W_]*(?:lire plus|plus d'infos?(?:rmations?)?|(?:la )?suite)[\W_]*"
)
_MORE_ALONE = re.compile(r"[\W_]*(?:en savoir (?:plus|\+)|lire la suite)[\W_]*")
MORE_TAIL = re.compile(r"\s(?=EN SAVOIR PLUS\W{0,3}$)")

_DEFAULT_IMAGE = re.compile(r"images? par defaut|images? ?/ ?illustrations?")
_NOISE = re.compile(
    r"images? par defaut|images? ?/ ?illustrations?|(?:images?|illustrations?|photos?|vignettes?|logos?)(?: [\w-]+\.\w{3,4})?"
    r"|logo\b.{0,80}|(?:mots?[- ]cles?|themes?|tags?|etiquettes?) ?: .*|(?:classe|publie)e? dans .*|[\W_]*"
)

_AGENDA = re.compile(
    r"(?:l'|notre |nos |mon |a l')?agenda(?: (?!\d).{1,40})?|(?:prochains? )?(?:evenements?|rendez-vous)(?: a venir)?|a venir"
)
_SIDEBAR = re.compile(r"(?:les |nos |dernieres |les dernieres )?(?:actualites|actus)(?: recentes)?|a la une")
_TALK = re.compile(
    r"(?:(?:les )?derniers |nouveaux )?(?:commentaires?|tweets?|messages?)(?: recents)?|(?:le )?forum|reactions?"
)
_RESOURCES = re.compile(
    r"(?:le |notre )?centre de ressources?|mediatheque|documents? a telecharger|sur ces themes|dans la meme rubrique"
    r"|mots[- ]cles?|suivez[- ]nous|reseaux sociaux|newsletter|lettre d'information|rechercher|partenaires|rubriques?"
)
_LIST = re.compile(r"(?:l'|les |dernieres |toutes les )?(?:actualites?|actus) [^/]{2,60}")

_NEVER = re.compile(
    r"accueil|contacts?|contactez[- ]nous|nous contacter|mentions legales|credits?|plan du site|(?:fil )?rss(?: [\d.]+)?|newsletter"
    r"|(?:\d+|aucun|pas de|(?:laisser|ajouter|poster|ecrire) un) commentaires?|commenter|commentaires?(?: \(?\d+\)?)?"
    r"|accessibilite(?: ?: ?(?:non|partiellement|totalement) conforme)?|s'abonner|abonnez[- ]vous(?: .*)?|s'inscrire"
    r"|inscription|adherer|adhesion|facebook|twitter|x|linkedin|instagram|youtube|flickr|dailymotion|viadeo|bluesky"
    r"|mastodon|whatsapp|imprimer|partager(?: sur .*)?|envoyer(?: (?:par|a) .*)?|recherche[r]?|ok|se connecter|connexion"
    r"|deconnexion|(?:acces |espace )?(?:adherents?|membres?|prives?|presse)|texte|photos?|son|videos?"
    r"|francais|english|espanol|deutsch|italiano|portugues|العربية|fr|en|es|de|it|pt|ar"
    r"|(?:page )?(?:suivante?|precedente?)s?|(?:premiere|derniere)(?: page)?|haut(?: de page)?|\d+"
    r"|retour(?: (?:a l'accueil|a la liste|au sommaire|en haut.*|haut de page))?"
    r"|(?:(?:voir|consulter|lire|afficher|acceder a) )?(?:tout|tous|toutes?)(?: voir)?"
    r"|(?:(?:voir|consulter|lire|afficher|acceder a) )?(?:tout|tous|toutes?) (?:l'|le |la |les |nos )"
    r"(?:agenda|actualites?|actus|news|publications?|evenements?|dates|articles?|rendez-vous|archives?)(?: .*)?"
    r"|plus d'(?:actualites?|actus|evenements?)|voir (?:plus|l'agenda|les archives)|l'agenda complet|agenda|archives?"
    r"|[\W_]*"
)
_SEPARATORS = re.compile(r"\s/\s")
_ACCENTS = re.compile("[\u0300-\u036f]")
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "´": "'", "`": "'", "œ": "oe", "æ": "ae", "\u200b": None})


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Lower case, no accents, straight apostrophes, single plain spaces; not of the length of `text`."""
    plain = unicodedata.normalize("NFD", text.translate(_APOSTROPHES).casefold())
    return " ".join(_ACCENTS.sub("", plain).split())


def is_more(text: str, *, linked: bool) -> bool:
    """« EN SAVOIR PLUS », « Lire la suite de… »; without a link, these words alone."""
    if len(text) > 250 or text.endswith(("(…)", "(...)")):
        return False  # an introduction that is linked
    folded = fold(text)
    return bool((_MORE if linked else _MORE_ALONE).fullmatch(folded))


def filed_before(text: str) -> int:
    """How long « Actualité - » before a date is."""
    found = _FILED_BEFORE.match(text)
    return found.end() if found else 0


def bullet(text: str) -> int:
    """How long the « • », « – » or « : » before the words of a line is."""
    found = _BULLET.match(text)
    return found.end() if found else 0


def is_filed(text: str) -> bool:
    """« | Actualités CUF », « dans Vie du réseau » after a date: where the item is filed."""
    return len(text) <= 80 and _FILED.fullmatch(text) is not None


def is_short_day(text: str) -> bool:
    """« 11 mars », « Il y a 3 jours »: a day that its element's `datetime` says in full."""
    return len(text) <= 40 and _SHORT_DAY.fullmatch(fold(text)) is not None


def is_machine_day(text: str) -> bool:
    """Whether an attribute says a day or an instant as ISO 8601 has it."""
    return re.fullmatch(_MACHINE, text.lower()) is not None


def is_update(text: str) -> bool:
    """« Dernière mise à jour », « Nous sommes le »: what a site says of itself before a date."""
    return len(text) <= 60 and _UPDATE.fullmatch(fold(text).strip(" :")) is not None


def is_noise(text: str) -> bool:
    """« image par defaut », « Image / illustration », punctuation: words that say nothing."""
    return len(text) <= 120 and _NOISE.fullmatch(fold(text)) is not None


def is_default_image(text: str) -> bool:
    """« image par defaut », « Image / illustration »: the words of CUF's own pages for a picture that is none."""
    return len(text) <= 40 and _DEFAULT_IMAGE.fullmatch(fold(text)) is not None


def is_never(text: str) -> bool:
    """Navigation, social and language links, « Tout l’agenda »: never the title of an item."""
    return len(text) <= 60 and _NEVER.fullmatch(fold(text)) is not None


def is_when(text: str) -> bool:
    """Whether every word is a date's or an hour's: « 20 », « nov », « Du 21/10/2026 au 24/10/2026 »."""
    if len(text) > 80:
        return False
    words = fold(text).replace("(", " ").replace(")", " ").strip(" :").split()
    return bool(words) and all(_WHEN_WORD.fullmatch(word) for word in words)


def is_dated(text: str) -> bool:
    """Whether words that are all `is_when` name a day: a number and a month, or 21/10."""
    folded = fold(text)
    return _ANY_DAY.search(folded) is not None and _DATED.search(folded) is not None


def keywords(text: str) -> tuple[str, ...]:
    """« Haïti / Actualité / Crises et réhabilitation » as its parts; () when the text is no such line."""
    if len(text) > 200 or text.rstrip().endswith((".", "!", "?", "…", ":")) or " : " in text.replace("\xa0", " "):
        return ()
    parts = tuple(part.strip() for part in _SEPARATORS.split(text))
    return parts if len(parts) > 1 and all(1 < len(part) <= 60 for part in parts) else ()


def heading(text: str) -> str | None:
    """What a heading of these words announces: "agenda", "sidebar" (undated news), "resources", "talk"
    (comments), "list"; else None.
    """
    if len(text) > 80:
        return None
    folded = fold(text).strip(" :>»-–—|•")
    for name, words in (
        ("agenda", _AGENDA),
        ("sidebar", _SIDEBAR),
        ("resources", _RESOURCES),
        ("talk", _TALK),
        ("list", _LIST),
    ):
        if words.fullmatch(folded):
            return name
    return None


def published(text: str) -> tuple[int, str] | None:
    """A publication date at the start of `text`: where it ends in `text`, and its form; None when there is none.

    The form ("le,", "" …) tells the dates that open the items of a page from other dates in their text.
    """
    found = _match(_PUBLISHED, text) if _MAYBE_DATE.match(text) else None
    return (found[0], found[1]["le"].strip() + found[1]["comma"]) if found else None


def is_day(text: str) -> bool:
    """Whether a text is a publication date and nothing else."""
    found = published(text)
    return found is not None and _EDGES.fullmatch(text[found[0] :]) is not None


def may_begin_date(text: str) -> bool:
    """Quick, and right when it says no: whether words may begin a date."""
    return bool(text) and (text[0].isdigit() or text[0] in "([LlPpMmJjVvSsDdAa") and len(text) <= 400


def when_prefix(text: str) -> int:
    """Where the day or the days at the start of « 20 nov Save the Date ! » end, 0 when it starts with none."""
    found = _match(_WHEN_PREFIX, text)
    return found[0] if found else 0


def author_after(text: str) -> tuple[bool, str | None]:
    """Whether what follows a date is punctuation or an author alone, and that author."""
    if _EDGES.fullmatch(text):
        return True, None
    found = _AUTHOR.fullmatch(text) if len(text) <= 150 else None
    return found is not None, found["name"].strip() if found else None


@lru_cache(maxsize=1024)
def _plain(char: str) -> str:
    """One folded character, or none for an accent of its own."""
    return " " if char.isspace() else _ACCENTS.sub("", unicodedata.normalize("NFD", char)[0].lower()[:1])


def _match(words: re.Pattern[str], text: str) -> tuple[int, re.Match[str]] | None:
    """A match of folded words at the start of `text`, and where it ends in `text` itself."""
    folded, places = [], []
    for place, char in enumerate(text[:60]):
        plain = _plain(char)
        if plain:
            folded.append(plain)
            places.append(place)
    found = words.match("".join(folded))
    if not found:
        return None
    end = found.end()
    if end < len(folded) and folded[end].isalnum() and folded[end - 1].isalnum():
        return None
    return (places[end] if end < len(places) else min(len(text), 60)), found


# ── what a link says ────────────────────────────────────────────────────────────────────────────

_ARTICLE = re.compile(r"[?&](?:id_article=|article)(\d{1,12})|(?:^|/)article(\d{1,12})(?:\.html?)?(?:[?#]|$)")
_EVENT = re.compile(
    r"[?&](?:id_evenement=|evenement)(\d{1,12})|#evenement_?(\d{1,12})|(?:^|/)evenement(\d{1,12})(?:\.html?)?(?:[?#]|$)"
)
_HOST = re.compile(r"(?:https?:)?//[^/?#]*", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"^\.?/?$|[?&](?:rubrique|mot|auteur|site|breve|id_rubrique=|id_mot=|id_auteur=)\d+|[?&]page=(?:plan|contact|recherche|login)"
    r"|[?&]debut_|/-[^/?#]*-/?(?:[?#]|$)|/(?:\+|%2[Bb])-[^/?#]*-(?:\+|%2[Bb])/?(?:[?#]|$)|^(?:-|\+-|%2[Bb]-)[^/?#]*-"
    r"|\.(?:pdf|docx?|xlsx?|pptx?|od[tsp]|zip|jpe?g|png|gif|svg|webp|mp[34]|avi|mov|ogg|wav|ics|xml|rss)(?:[?#]|$)",
    re.IGNORECASE,
)


def native_id(href: str | None, hint: str | None = None) -> str | None:
    """SPIP's own id of what a link leads to: "article1784", "evenement12"; else the id its element carries.

    A pretty address says none: the « -3952 » at its end is only there when two titles collide, and may be a title's.
    """
    for name, words in (("evenement", _EVENT), ("article", _ARTICLE)):
        found = words.search(href or "")
        if found:
            return name + str(int(next(filter(None, found.groups()))))
    return hint


def leads(href: str | None) -> bool:
    """Whether a link leads to a page of its own (`#evenement12` does), rather than runs a script or writes a mail."""
    if not href or href.lower().startswith(("javascript:", "mailto:", "tel:", "data:", "webcal:")):
        return False
    if "[" in href or "]" in href:
        try:
            urlsplit(href)
        except ValueError:
            return False
    return not href.startswith("#") or _EVENT.search(href) is not None


def leads_elsewhere(href: str) -> bool:
    """Whether a link leads to a rubrique, a keyword, an author, a further page or a document: to no article."""
    return native_id(href) is None and _ELSEWHERE.search(href) is not None


def same_link(href: str) -> str:
    """What the relative, absolute and mirror forms of a link to the same article have in common."""
    return _HOST.sub("", href.strip()).lstrip("./")


def short(text: str) -> str:
    """At most 80 characters, for a report."""
    return text if len(text) <= 80 else text[:79] + "…"
