"""What the words around a date make of it: an event, a last day, a stamp, a law, a street; and what became of the event.

Each expression is tried on a window of bounded length before or after the date, so the time stays linear.
"""

from __future__ import annotations

import re
from typing import Literal

from aggregator.model import Status

Kind = Literal["event", "deadline", "until", "new", "old", "period", "none"]

WINDOW = 90
_LEAD = r"[\s:,(\"«»-]*(?:\b(?:le|la|les|l'|du|des|de|d'|au|aux|on|the|el|il|am|em|dia)\b\s*){0,2}$"

_STAMP = re.compile(
    r"\b(?:publiee?s?|(?:mise?s?|mis) (?:a jour|en ligne)|mise? a jour|postee?s?|modifiee?s?|modification|redigee?s?|actualisee?s?"
    r"|parue?s?|imprimee?s?|consultee?s?|ajoutee?s?|archivee?s?|posted|published|updated|publicado|veroffentlicht|pubblicato"
    r"|article|communique|editorial|depeche|lettre|courrier|edition|numero|version|newsletter|parution|presse)"
    r"(?: (?:par|by) [^,\n]{1,40},?)?(?: (?:en|a la) date)?" + _LEAD
)
_STREET = re.compile(
    r"\b(?:rues?|avenue|av|boulevard|bd|blvd|bld|place|pl|square|quai|allees?|impasse|pont|chemin|route|esplanade|parvis|faubourg|cours"
    r"|passage|villa|rond-point|promenade|mail|residence|ruelle|venelle|sente|carrefour|porte)\.? (?:du |de la |des |de |d'|le )?\s*$"
)
_BUILDING = re.compile(
    r"\b(?:lycees?|colleges?|ecoles?|stade|gymnase|caserne|salle|espace|station|metro|arret|foyer|monument|groupe scolaire|creche|hopital"
    r"|centre|maison|theatre|parc|jardin|halles?|pavillon|tram|gare|quartier|cite|maternelle|primaire|elementaire|complexe|amphi\w*|immeuble"
    r"|memorial|cimetiere|parking)\.?(?: (?:culturel|social|sportif|polyvalente|municipale?|des fetes))? (?:du |de |des |d'|le )?\s*$"
)
_LAW = re.compile(
    r"\b(?:lois?|decrets?|arretes?|ordonnance|circulaire|directive|resolution|accords?|traite|declaration|constitution|jugement|deliberations?"
    r"|decision|reglement|convention|protocole|charte|instruction|avis|rapport|proces-verbal|pv|photos?|image|facture|devis|courriels?|mail"
    r"|decede|edit|code|statuts?)(?: (?:n[oe°]?\.? ?)?[\w/.-]{0,14}\d[\w/.-]{0,14})?(?: [a-z-]{3,20})?,? (?:en date )?(?:du|des|de l'|de|signee? le|date du) *$"
)
_HISTORY = re.compile(
    r"\b(?:depuis|nee?s?|morte?s?|decedee?s?|fondee?s?|creee?s?|elue?s?|nommee?s?|signee?s?|adoptee?s?|promulguee?s?|votee?s?|datant"
    r"|en date|remont\w+|institue\w*|inscrite?s? au patrimoine|entree? en vigueur|en vigueur|disparue?s?|assassinee?s?|au lendemain|suite au"
    r"|independante?|since|seit|desde|inauguree? en|ratifiee?s?|deposee?s?|apres|liberee?|victimes?|survenue?s?|applicable\w*|effet)"
    + _LEAD
)
_DISASTER = re.compile(
    r"\b(?:seismes?|tremblements? de terre|attentats?|cyclone|explosions?|inondations?|ouragan|tempete|attaques?|catastrophe|invasion|agression"
    r"|bombardements?|massacres?|coup d'etat|incendies?|eruption|tsunami|glissement|drame|intemperies|crues|naufrage|armistice|debarquement"
    r"|typhon|effondrement|genocide|putsch|frappee?s?|touchee?s?|devaste\w*|earthquake)\b[^.!?;:\n]{0,60}$"
)
# An event about a disaster: its own date is said with « le », after a comma.
_EVENTFUL = re.compile(
    r"\b(?:reunions?|ateliers?|webinaires?|mission|visite|conference|rencontres?|soiree|concert|hommage|ceremonie|collecte|forum|rendez-vous"
    r"|journees?|formation|assises|commemoration)\b"
)
_DEADLINE = re.compile(
    r"\b(?:avant|au plus tard|d'ici|dates? (?:limite|butoir)[^.!?\n]{0,60}|deadline[^.!?\n]{0,40}|echeance[^.!?\n]{0,30}"
    r"|(?:cloture|fin|date de fin|fermeture) (?:des?|du|de l'|de la|d')? ?(?:inscriptions?|candidatures?|depots?|appel|dossiers?|votes?|consultation|l'appel)[^.!?\n]{0,50}"
    r"|(?:rendre|retourner|renvoyer|deposer|transmettre|remettre|envoyer|adresser|retour|reponses?|candidatures?) [^.!?\n]{0,40}pour"
    r"|delai[^.!?\n]{0,30}|before|by|bis spatestens|antes|entro|limite[^.!?\n]{0,30})" + _LEAD
)
_SHOWN = re.compile(
    r"\b(?:expo\w*|visible|visite\w*|a voir|a decouvrir|ouverte?s?|festival|salon|retrospective|installation|spectacle|marche de noel|presente\w*"
    r"|se (?:poursuit|deroule|tient)|affiche|foire|biennale|quinzaine|mois)\b"
)
_ASKED = re.compile(
    r"\b(?:inscri\w+|candida\w+|postul\w+|vot\w+|repond\w+|depos\w+|depot\w*|appel\w*|soumission\w*|soumettre|envoy\w+|transmettre|dossiers?"
    r"|reserv\w+|particip\w+|deadline|limite|consultation|enquete|sondage|questionnaire|apply|register|recrut\w+|offre)\b"
)
_REGISTRATION = re.compile(
    r"\b(?:inscriptions?|candidatures?|depot (?:des|de) (?:dossiers?|candidatures?)|preinscriptions?|votes?|enquete publique"
    r"|concertation|appel a (?:projets|candidatures|manifestation\w*))(?: (?:en ligne|ouvert\w*|possibles?|sont|est|lance\w*))*"
    + _LEAD
)
_MOVED = r"(?:report|repouss|decal|deplac|reprogramm|ajourn|verschob|postpon|aplaz|adiad|rinviat)\w*"
_NEW = re.compile(
    rf"(?:\b{_MOVED}(?: (?:finalement|a la date|en visioconference|to))?[\s:,(-]*(?:au|aux|a|le|les|pour le|pour|a la date du|du|to|en|al|auf den)?"
    r"|\bnouvelles? dates?(?: (?:est|sera|sont|fixees?|retenues?|proposees?))*[\s:,-]*(?:le|les|au|du|fixee? au|l[ae] )?"
    r"|\b(?:aura|auront|tiendra|tiendront) (?:finalement|desormais)(?: lieu)?(?: le| les| du)?|\bfinalement (?:lieu )?(?:le|les|du))\s*$"
)
_MOVED_FROM = re.compile(rf"\b{_MOVED}\s*(?:du)?\s*$")
_OLD = re.compile(
    r"(?:\b(?:initialement|prealablement|d'abord|originellement)(?: \w+){0,2}|\bau lieu|\ba la place|\bet non(?: pas| plus)?|\ben remplacement"
    r"|\bprimitivement \w+|\binstead of)" + _LEAD[:-1] + r"(?:pour (?:le|les|du)?|au|du|le)?\s*$"
)
_CANCELLED = re.compile(
    r"(?<![a-z])(?:annulations?|annule(?:e|s|es)?|n'aur(?:a|ont) (?:finalement )?pas lieu|supprimee?s?|cancelled|canceled|abgesagt|cancelad[oa]s?"
    r"|annullat[oaie])(?![a-z])(?! et remplac)"
)
_NOT_CANCELLED = re.compile(
    r"(?:(?:frais|conditions?|politique|assurance|possibilite|delai|en cas|sans|modalites?|pas|non|droit)[ \w']{0,14}annul\w*"
    r"|annul\w* (?:gratuite|possible|sans frais|jusqu))"
)
_POSTPONED = re.compile(
    r"(?<![a-z-])(?:report|reporte(?:e|s|es)?|repousse(?:e|s|es)?|decale(?:e|s|es)|ajourne(?:e|s|es)?|reprogramme(?:e|s|es)?|verschoben|aplazad[oa]s?"
    r"|adiad[oa]s?|rinviat[oaie])(?![a-z-])"
)
_POSTPONED_EN = re.compile(r"\b(?:postponed|rescheduled)\b")
_SINE_DIE = re.compile(
    r"\b(?:report\w*|repouss\w*|ajourn\w*|postponed|decal\w*)\b[^.!?]{0,80}\b(?:dates? ulterieure|sine die|ulterieurement|nouvel ordre"
    r"|dates? (?:a|reste a) \w+|later date|prochainement|dates? non)"
    r"|\bsine die\b"
)
_REPORT = re.compile(
    r"\b(?:bilan|retour sur|retour en images?|comptes?[- ]rendus?|(?:a|ont) eu lieu|s'(?:est|etait) (?:tenue?|deroulee?)|se sont (?:tenue?s?|deroulee?s?)"
    r"|synthese|actes (?:des?|du))\b"
)
_ANNOUNCE = re.compile(
    r"\b(?:prochaine?s?|aur(?:a|ont) lieu|se (?:tiendr|deroul)(?:a|ont|era|eront)|save the date|a venir|organisera|accueillera)\b"
)
_NEXT = re.compile(
    r"\b(?:prochaine?s?|aur(?:a|ont) lieu|se (?:tiendra|tiendront|deroulera|derouleront)|save the date)\b"
)
_LAST = re.compile(
    r"\b(?:(?:a|ont) (?:eu lieu|ete)|s'(?:est|etait) (?:tenue?|deroulee?)|se sont|s'est|etai(?:t|ent)|retour sur|bilan|sejournait|(?:a|ont) (?:recu|accueilli|organise|participe))\b"
)
_AFTER_NEXT = re.compile(r"[\s,(]*prochaine?s?\b")
_AFTER_LAST = re.compile(r"[\s,(]*(?:derniere?s?|passee?s?|ecoulee?s?)\b")
_DAYPART = re.compile(
    r"[\s,(:-]{0,3}(?:(?:au|en|dans|le|la|l'|a|toute|debut de|fin de) ?){0,3}\b(matinee?|matin|apres-midi|soiree?|soir|nuit)\b(?! ?\d)"
)
_DAYPART_BEFORE = re.compile(r"\b(matinee?|apres-midi|soiree|nuit)\s*$")
DAYPARTS = {"mat": "morning", "apr": "afternoon", "soi": "evening", "nui": "night"}
_TBC = re.compile(
    r"[^.!?\n]{0,24}?(?:\b(?:a|sera|seront|restent?|encore) (?:a )?(?:confirmer|preciser|definir|determiner|fixer)\b|\bsous reserve\b|\btbc\b)"
)
_TBC_NOT = re.compile(r"[^.!?\n]{0,12}\b(?:lieu|salle|programme|adresse|intervenant\w*|invites?)\b")
_ELSEWHERE = re.compile(r"visio|en ligne|zoom|teams|webinaire|distanciel|webinar|a distance|hybride")
_RECURRING = re.compile(
    r"\b(?:tous les (?:\d{1,2}\w{0,3}|premiers?|deuxiemes?|troisiemes?|quatriemes?|derniers?|seconds?|lundis|mardis|mercredis|jeudis|vendredis"
    r"|samedis|dimanches|mois|ans|deux|trois|quinze|week-?ends?)|toutes les (?:semaines|deux|trois|quinze|annees|fins)"
    r"|chaque (?!jour\b)[a-z]+|(?:le|les|l[ae]s) (?:1ers?|premiers?|[2345]e(?:me)?s?|deuxiemes?|troisiemes?|quatriemes?|derniers?)(?: et \w+)?"
    r" (?:lun|mar|mercre|jeu|vendre|same)dis?(?: \w+){0,1} (?:de chaque|du) mois"
    r"|(?:une|deux) fois par (?:mois|an|semaine)|(?:les|le) (?:lundis|mardis|mercredis|jeudis|vendredis|samedis|dimanches)(?! (?:\d|1er)))"
    r"(?:[^.!?;,(\n]{0,40})"
)
_WEEK_OF = re.compile(r"\bsemaine(?: \w+)?\s*$")
_WEEKEND_OF = re.compile(r"\bweek-?end\s*$")


def kind_of(
    before: str, after: str, lead: str, words: str, *, single: bool, timed: bool, year: bool, hyphens: bool
) -> Kind:
    """Say what a date is, from the text before it, after it, and its leading words with their classes (« jusqu’au »: "u")."""
    if _STAMP.search(before) or (words.strip() == "ce" and before.rstrip().endswith("en")):
        return "none"
    if single and ("l" not in lead):
        if _STREET.search(before + " ") or (hyphens and _BUILDING.search(before + " ")):
            return "none"
        if (not year) and not timed and _BUILDING.search(before + " "):
            return "none"
        if "d" in lead and _LAW.search(before.rstrip() + " du"):
            return "none"
    if _OLD.search(before):
        return "old"
    if _NEW.search(before):
        return "new"
    if _HISTORY.search(before):
        return "none"
    if _lost(before):
        return "none"
    if "u" in lead and single:
        around = before + " " + after
        return "until" if _SHOWN.search(around) and not _ASKED.search(before) else "deadline"
    if single and (
        _DEADLINE.search(before)
        or re.match(r"[\s,(]*(?:au plus tard|dernier delai|derniere limite|delai de rigueur)", after)
    ):
        return "deadline"
    if not single and _REGISTRATION.search(before):
        return "period"
    return "event"


def _lost(before: str) -> bool:
    found = _DISASTER.search(before)
    return (
        bool(found)
        and not _EVENTFUL.search(before[found.start() :])
        and not before.rstrip().endswith((",", ":", ")", "-", "»"))
    )


def status_of(text: str, language: str) -> Status | None:
    """Say what became of an event: cancelled, postponed, or None. Sold out (« COMPLET ») is neither."""
    found = _CANCELLED.search(text)
    if found and not _NOT_CANCELLED.search(text):
        return "cancelled"
    english = language.startswith("en")
    if (_POSTPONED_EN if english else _POSTPONED).search(text) or _POSTPONED_EN.search(text):
        return "postponed"
    return None


def sine_die(text: str) -> re.Match[str] | None:
    """Find « reportée à une date ultérieure »."""
    return _SINE_DIE.search(text)


def phase_of(text: str) -> Literal["announce", "report"] | None:
    """Say whether the text announces or reports."""
    if _REPORT.search(text):
        return "report"
    return "announce" if _ANNOUNCE.search(text) else None


def lean_of(before: str, after: str) -> Literal["near", "next", "last"]:
    """Say which way the words lean when a year is left out."""
    if _AFTER_NEXT.match(after):
        return "next"
    if _AFTER_LAST.match(after):
        return "last"
    later, earlier = None, None
    for later in _NEXT.finditer(before):
        pass
    for earlier in _LAST.finditer(before):
        pass
    if later and (not earlier or later.start() > earlier.start()):
        return "next"
    return "last" if earlier else "near"


def daypart_of(before: str, after: str) -> str | None:
    """Give the part of the day said beside a date."""
    found = _DAYPART.match(after) or _DAYPART_BEFORE.search(before)
    return DAYPARTS[found[1][:3]] if found else None


def to_be_confirmed(after: str) -> bool:
    """Say whether the date or its hour is yet to be confirmed; a place yet to be named is not."""
    return bool(_TBC.match(after)) and not _TBC_NOT.match(after)


def moved_from(before: str) -> bool:
    """Say whether « du 3 décembre au 12 février » is a move, not a period."""
    return bool(_MOVED_FROM.search(before))


def online(text: str) -> bool:
    """Say whether people meet on line: the clock of Paris then holds, whatever town is named."""
    return bool(_ELSEWHERE.search(text))


def recurring(text: str) -> re.Match[str] | None:
    """Find a repeated date (« tous les 1ers jeudis du mois »)."""
    return _RECURRING.search(text)


def week_of(before: str) -> bool:
    """Say whether « semaine du » stands before a date."""
    return bool(_WEEK_OF.search(before))


def weekend_of(before: str) -> bool:
    """Say whether « week-end du » stands before a date."""
    return bool(_WEEKEND_OF.search(before))
