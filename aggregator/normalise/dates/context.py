"""What the words around a date make of it: an event, a last day, a stamp, a law, a street; and what became of the event.

Each expression is tried on a window of bounded length before or after the date, so the time stays linear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from aggregator.model import Status
from aggregator.normalise.dates.zones import place

Kind = Literal["event", "deadline", "until", "new", "old", "period", "none"]

WINDOW = 90


class Words:
    """An expression tried only on texts that have one of its words: most texts have none, and a set knows it at once.

    `core` begins and ends with whole words; a word cut by a group or `\\w*` keeps four letters before the cut.
    """

    __slots__ = ("pattern", "stems")

    pattern: re.Pattern[str]
    stems: frozenset[str]

    def __init__(self, core: str, tail: str = "") -> None:
        self.pattern = re.compile(core + tail)
        bare = re.sub(r"\\.|\[[^\]]*\]|\{[^}]*\}|\(\?[:!=<]*", " ", core)
        stems: set[str] = set()
        for run, optional in re.findall(r"([a-z]{2,})(\??)", bare):
            if run not in _COMMON:  # « elue?s? » is elu, elue, elus
                stems.update((run, run[:-1], run[:-1] + "s") if optional else (run,))
        self.stems = frozenset(stem[:4] for stem in stems if len(stem) > 1)

    def search(self, text: str, stems: set[str]) -> re.Match[str] | None:
        """Search `text`, a part of the text whose words begin with `stems`."""
        return None if self.stems.isdisjoint(stems) else self.pattern.search(text)


_COMMON = frozenset("le la les du des de un une et en au aux par sur pas son ses qui que".split())
_LEAD = r"[\s:,(\"«»-]*(?:\b(?:le|la|les|l'|du|des|de|d'|au|aux|on|the|el|il|am|em|dia)\b[\s:]*){0,2}$"

_STAMP = Words(
    r"\b(?:publiee?s?|(?:mise?s?|mis) (?:a jour|en ligne)|mise? a jour|postee?s?|modifiee?s?|modification|redigee?s?|actualisee?s?"
    r"|parue?s?|imprimee?s?|consultee?s?|ajoutee?s?|archivee?s?|posted|published|updated|publicado|veroffentlicht|pubblicato"
    r"|editorial|depeche|parution|publication(?= ?:)|dates? de (?:publication|creation|modification)|derniere consultation|copyright(?: ©)?|comme (?:annonce|indique)|source ?:[^\n]{0,40}|fait (?:a|au) [a-z-]{2,30},?)"
    r"(?: (?:par|by) [^,\n]{1,40},?)?(?: (?:en|a la) date)?",
    _LEAD,
)
# « Lettre d’information n° 12 du 28 mai », « N°12 - 28 mai 2026 »: the day of a paper.
_PAPER = Words(
    r"\b(?:article|communique|editorial|depeche|lettre|courrier|numero|version|newsletter|infolettre|bulletin|magazine|journal|gazette|presse|revue"
    r"|le monde|liberation|la croix|le figaro|les echos|l'humanite|ouest-fr\w+|sud ouest|mediapart|afp|journal officiel|jorf|jo(?= du| n))"
    r"(?: (?:de presse|d'infos?|d'information|municipal\w*|mensuel\w*|commun\w*))?(?:,? ?(?:n[°eo.]{0,2} ?|€)?\d{1,4})?",
    _LEAD,
)
_STATEMENT = Words(
    r"\b(?:communiques?|tribune|petition|motion|lettres?|newsletter|infolettre|gazette|discours|allocution|revue de presse|note d'information)\b[^.!?\n]{0,90}$"
)
_ISSUE = re.compile(r"^\W*n ?[°eo]\W{0,2}\d{1,4}" + _LEAD)
_STREET = Words(
    r"\b(?:rues?|avenue|av|boulevard|bd|blvd|bld|place|pl|square|quai|allees?|impasse|pont|chemin|route|esplanade|parvis|faubourg|cours"
    r"|passage|villa|rond-point|promenade|mail|residence|ruelle|venelle|sente|carrefour|porte)\.? (?:du |de la |des |de |d'|le )?\s*$"
)
_BUILDING = Words(
    r"\b(?:lycees?|colleges?|ecoles?|stade|gymnase|caserne|salle|espace|station|metro|arret|foyer|monument|groupe scolaire|creche|hopital"
    r"|centre|maison|theatre|parc|jardin|halles?|pavillon|tram|gare|quartier|cite|maternelle|primaire|elementaire|complexe|amphi\w*|immeuble"
    r"|memorial|cimetiere|parking)\.?(?: (?:culturel|social|sportif|polyvalente|municipale?|des fetes))? (?:du |de |des |d'|le )?\s*$"
)
_LAW = Words(
    r"\b(?:lois?|decrets?|arretes?|ordonnance|circulaire|directive|resolution|accords?|traite|declaration|constitution|jugement|deliberations?"
    r"|decision|reglement|convention|protocole|charte|instruction|avis|rapport|proces-verbal|pv|photos?|image|facture|devis|courriels?|mail"
    r"|decede|edit|code|statuts?|convention-cadre)(?: (?:n[oe°]?\.? ?|nor )?[\w/.-]{0,14}\d[\w/.-]{0,14})?(?: [a-z-]{3,20})?,? (?:en date )?(?:du|des|de l'|de|signee? le|date du) *$"
)
# « l’accord de Paris du 12 décembre 2015 », « la loi d’orientation du 4 août 2021 »
_LAW_NAMED = Words(
    r"\b(?:lois?|decrets?|ordonnance|directive|resolution|accords?|traite|declaration|protocole|charte)"
    r"(?:(?: |-)(?:d'|l')?[a-z-]{1,20}){1,4} du *$"
)
_HISTORY = Words(
    r"\b(?:depuis|nee?s?|morte?s?|decedee?s?|fondee?s?|creee?s?|(?<!des )(?<!les )(?<!aux )(?<!d')elue?s?(?: [acdmps][a-z]{4,13})?|nommee?s?|signee?s?|adoptee?s?|promulguee?s?|votee?s?|datant"
    r"|en date|remont\w+|institue\w*|inscrite?s? au patrimoine|entree? en vigueur|en vigueur|disparue?s?|assassinee?s?|lendemain|veille|surlendemain|pourvoir|prise de (?:poste|fonctions?)|embauche|il y a \w+ (?:ans?|mois)|suite au"
    r"|independante?|since|seit|desde|inauguree? en|ratifiee?s?|deposee?s?|apres|liberee?|victimes?|survenue?s?|applicable\w*|effet|s'est eteinte?|quittee?s?|disparition[^.!?\n]{0,40})",
    _LEAD,
)
_DISASTER = Words(
    r"\b(?:seismes?|tremblements? de terre|attentats?|cyclone|explosions?|inondations?|ouragan|tempete|attaques?|catastrophe|invasion|agression"
    r"|bombard\w+|massacres?|coup d'etat|revolution|soulevement|insurrection|incendies?|eruption|tsunami|glissement|drame|intemperies|crues|naufrage|armistice|debarquement"
    r"|typhon|effondrement|genocide|putsch|frappee?s?|touchee?s?|devaste\w*|earthquake)\b[^.!?;:\n]{0,60}$"
)
# An event about a disaster: its own date is said with « le », after a comma.
_EVENTFUL = Words(
    r"\b(?:reunions?|ateliers?|webinaires?|mission|visite|conference|rencontres?|soiree|concert|hommage|ceremonie|collecte|forum|rendez-vous"
    r"|journees?|formation|assises|commemoration)\b"
)
_DEADLINE = Words(
    r"\b(?:avant|au plus tard|d'ici|dates? (?:limite|butoir)[^.!?\n]{0,60}|deadline[^.!?\n]{0,40}|echeance[^.!?\n]{0,30}"
    r"|(?:cloture|fin|date de fin|fermeture) (?:des?|du|de l'|de la|d')? ?(?:inscriptions?|candidatures?|depots?|appel|dossiers?|votes?|consultation|l'appel)[^.!?\n]{0,50}"
    r"|(?:rendre|retourner|renvoyer|deposer|transmettre|remettre|envoyer|adresser|retour|reponses?|candidatures?) [^.!?\n]{0,40}pour"
    r"|dates? de (?:cloture|remise|depot|retour|reponse|rendu)[^.!?\n]{0,40}"
    r"|(?:remise|depot|envoi|reception|retour) des (?:offres|plis|dossiers|candidatures)[^.!?\n]{0,30}"
    r"|delai[^.!?\n]{0,30}|before|by|bis spatestens|antes|entro|limite[^.!?\n]{0,30})",
    _LEAD,
)
_SHOWN = Words(
    r"\b(?:expo\w*|visible|visite\w*|a voir|a decouvrir|ouverte?s?|festival|salon|retrospective|installation|spectacle|marche de noel|presente\w*"
    r"|se (?:poursuit|deroule|tient)|affiche|foire|biennale|quinzaine|mois)\b"
)
_ASKED = Words(
    r"\b(?:inscri\w+|candida\w+|postul\w+|vote\w*|voter|repond\w+|depos\w+|depot\w*|appel\w*|soumission\w*|soumettre|envoy\w+|transmettre|dossiers?"
    r"|reserv\w+|particip\w+|deadline|limite|consultation|enquete|sondage|questionnaire|apply|register|recrut\w+|offre)\b"
)
_REGISTRATION = Words(
    r"\b(?:inscriptions?|inscrivez-vous|votez|candidatez|postulez|candidatures?|depot (?:des|de) (?:dossiers?|candidatures?)|preinscriptions?|votes?|enquete publique"
    r"|concertation|appel a (?:projets|candidatures|manifestation\w*))(?: [a-z]{2,12}(?:aires|ales|ives))?(?: (?:en ligne|ouvert\w*|possibles?|sont|est|lance\w*))*",
    _LEAD,
)
_MOVED = r"(?:report|repouss|decal|deplac|reprogramm|ajourn|verschob|postpon|aplaza|adiad|rinviat)\w*"
_NEW = Words(
    rf"(?:\b{_MOVED}(?: (?:finalement|a la date|en visioconference|to))?[\s:,(-]*(?:au|aux|a|le|les|pour le|pour|a la date du|du|to|en|al|auf den)?"
    r"|\b(?:nouvelles? dates?|changement de date)(?: (?:est|sera|sont|fixees?|retenues?|proposees?))*[\s:,-]*(?:le|les|au|du|fixee? au|l[ae] )?"
    rf"|\b{_MOVED}\b[^\n]{{0,30}}\b(?:aura|auront|tiendra|tiendront|deroulera|derouleront)(?: lieu)?(?: le| les| du)?"
    r"|\b(?:aura|auront|tiendra|tiendront) (?:finalement|desormais)(?: lieu)?(?: le| les| du)?|\bfinalement (?:lieu )?(?:le|les|du))\s*$"
)
_MOVED_TO = Words(rf"\b{_MOVED}(?: finalement)?(?: (?:au|aux|a|en|pour|le|la|l'|d'ici)){{0,3}}[ ']*$")
_ADVANCED = Words(
    r"\bavancee?s?(?: (?:finalement|a la date))?\s*$"
)  # « avancée au 10 mars », no « avancée le 10 mars »
_REPORT_OF = Words(r"\breport\s*$")  # « le 16 avril (report du 12 mars) »
_MOVED_FROM = Words(rf"\b{_MOVED}\s*(?:du)?\s*$")
_OLD = Words(
    r"(?:\b(?:initialement|prealablement|d'abord|originellement)(?: \w+){0,2}|\bau lieu|\ba la place|\bet non(?: pas| plus)?|\ben remplacement"
    r"|\bprimitivement \w+|\binstead of)" + _LEAD[:-1] + r"(?:pour (?:le|les|du)?|au|du|le)?\s*$"
)
_CANCELLED = Words(
    r"(?<![a-z])(?:annulations?|annule(?:e|s|es)?|n'(?:aura|auront) (?:finalement )?pas lieu|cancelled|canceled|abgesagt|cancelad[oa]s?"
    r"|(?:seances?|reunions?|ateliers?|permanences?|spectacles?|cours|visites?|rendez-vous)\b[^.!?\n]{0,50}\bsupprimee?s?|annullat[oaie])(?![a-z])(?! et remplac)"
)
# What is cancelled or carried over and is no event: a debt, an act, money; what only might be; what was, in another year.
_NO_EVENT = (
    r"dettes?|creances?|loyers?|visas?|permis|contrats?|marche public|subventions?|commandes?|billets?|reservations?|amendes?|taxes?|impots?|peines?"
    r"|decisions?|deliberations?|arretes?|decrets?|lois?|vote|voix|credits?|charges?|budget\w*|excedents?|soldes?|conges|age de|echeances?|paiements?"
    r"|dommages|modal|chiffres|faits|rapports?|propos|cas|incidents?|trains?|vols?|reformes?|aides?|hausses?"
)
_SUPPOSED = r"pas|non|jamais|pourrai\w+|risqu\w+|failli|menac\w+|peut|peuvent|faut-il|devrai\w+|si"
_THING_AFTER = (
    rf"(?: (?:des|du|de|d'une?|d'un|de la|de l'|d'|la|le|les|l'|une?|sa|son|ses|leurs?))? ?\b(?:{_NO_EVENT})\b"
)
_NOT_CANCELLED = Words(
    r"(?:(?:en raison de l'|suite a l'|malgre l'|frais|conditions?|politique|assurance|possibilite|delai|en cas|sans|modalites?|droit|clause|risque|recours"
    rf"|demande|\b(?:{_SUPPOSED}))\b[ \w']{{0,14}}\bannul\w*|\ben cas d[^.!?\n]{{0,50}} annul\w*|annul\w* (?:gratuite|possible|sans frais|jusqu|(?:en|depuis) (?:19|20)\d\d)|annul\w*{_THING_AFTER}"
    rf"|\b(?:{_NO_EVENT})\b[ \w']{{0,24}} annul\w*)"
)
_POSTPONED = Words(
    r"(?<![a-z-])(?:reporte(?:e|s|es)?|repousse(?:e|s|es)?|ajourne(?:e|s|es)?|reprogramme(?:e|s|es)?|decale(?:e|s|es)? (?:au|aux|a|d'une?|de|en)|verschoben|aplazad[oa]s?"
    r"|adiad[oa]s?|rinviat[oaie])(?![a-z-])"
    r"|\bnouvelle date(?= ?:)|\bchangement de date\b|\b(?:deplace|avance)(?:e|s|es)? (?:au|aux) (?:[a-z]{5,8} )?\d"
    r"|(?<![a-z-])report (?:des?|du|d'|au|a une)\b|(?:^|[.!:(\[«»|\n-])\s{0,3}report(?=\s{0,3}(?:[!:.)\]»|-]|\d{1,2}e|$))"
)
_NOT_POSTPONED = Words(
    rf"(?:\b(?:{_SUPPOSED})[ \w']{{0,14}}\breport\w*|\ben cas d[^.!?\n]{{0,50}} report\w*|report\w* (?:par|sur)\b|report\w* (?:en|depuis) (?:19|20)\d\d (?!report)|report\w*{_THING_AFTER}"
    rf"|\b(?:{_NO_EVENT})\b[ \w']{{0,24}} reporte\w*)"
)
_POSTPONED_EN = Words(r"\b(?:postponed|rescheduled)\b")
_SINE_DIE = Words(
    r"\b(?:report\w*|repouss\w*|ajourn\w*|postponed|decale\w*)\b[^.!?]{0,80}\b(?:dates? ulterieure|sine die|ulterieurement|nouvel ordre"
    r"|dates? (?:a|reste a) \w+|later date|prochainement|dates? non)"
    r"|\bsine die\b"
)
_REPORT = Words(
    r"\b(?:bilan (?=:|des? |du |d'|de l)(?!de sante|de competences|des competences|d'activite)|retour sur|retours? en images?|comptes?[- ]rendus?|(?:a|ont) eu lieu|s'(?:est|etait) (?:tenue?|deroulee?)|se sont (?:tenue?s?|deroulee?s?)"
    r"|synthese|actes (?:des?|du))\b"
)
_ANNOUNCE = Words(
    r"\b(?:prochaine?s?|(?:aura|auront) lieu|se (?:tiendra|tiendront|deroulera|derouleront)|save the dates?|a venir|organisera|accueillera"
    r"|a vos (?:agendas?|calendriers?)|(?:notez|reservez|retenez|bloquez) [lcvd][a-z']{1,5})\b(?! (?:generations?|mandatures?)\b)"
)
_NEXT = Words(r"\b(?:prochaine?s?|(?:aura|auront) lieu|se (?:tiendra|tiendront|deroulera|derouleront)|save the date)\b")
_LAST = Words(
    r"\b(?:(?:a|ont) (?:eu lieu|ete)|s'(?:est|etait) (?:tenue?|deroulee?)|se sont|s'est|etait|etaient|retour sur|bilan|sejournait|comptes?[- ]rendus?|(?:a|ont) (?:recu|accueilli|organise|participe))\b"
)
_AFTER_NEXT = re.compile(r"[\s,(]*prochaine?s?\b")
_AFTER_LAST = re.compile(r"[\s,(]*(?:derniere?s?|passee?s?|ecoulee?s?)\b")
_DAYPART = re.compile(
    r"[\s,(:-]{0,3}(?:(?:au|en|dans|le|la|l'|a|toute|debut de|fin de) ?){0,3}\b(matinee?|matin|apres-midi|soiree?|soir|nuit)\b(?! ?\d)"
)
_DAYPART_BEFORE = Words(r"\b(matinee?|matin|apres-midi|soiree|nuit)\s*$")
DAYPARTS = {"mat": "morning", "apr": "afternoon", "soi": "evening", "nui": "night"}
_TBC = re.compile(
    r"[^.!?\n]{0,24}?(?:\b(?:a|sera|seront|restent?|encore) (?:a )?(?:confirmer|preciser|definir|determiner|fixer)\b|\bsous reserve\b|\btbc\b)"
)
_TBC_NOT = re.compile(r"[^.!?\n]{0,12}\b(?:lieu|salle|programme|adresse|intervenant\w*|invites?)\b")
_ELSEWHERE = Words(r"\b(?:visio\w*|en ligne|zoom|teams|webinaires?|distanciel|webinar|a distance|hybride)\b")
_RECURRING = Words(
    r"\b(?:tous les (?:\d{1,2}\w{0,3}|premiers?|deuxiemes?|troisiemes?|quatriemes?|derniers?|seconds?|lundis|mardis|mercredis|jeudis|vendredis"
    r"|samedis|dimanches|mois|ans|deux|trois|quinze|week-?ends?)|toutes les (?:semaines|deux|trois|quinze|annees|fins)"
    r"|chaque (?!jour\b)(?:[a-z]+|\d{1,2}(?:er)? [a-z]+)|(?:le|les) (?:1ers?|premiers?|[2345]e(?:me)?s?|deuxiemes?|troisiemes?|quatriemes?|derniers?)(?: et \w+)?"
    r" (?:lundi|mardi|mercredi|jeudi|vendredi|samedi)s?(?: \w+){0,1} (?:de chaque|du) mois"
    r"|(?:une|deux) fois par (?:mois|an|semaine)|(?:les|le) (?:lundis|mardis|mercredis|jeudis|vendredis|samedis|dimanches)(?! (?:\d|1er)))"
    r"(?:[^.!?;,(\n]{0,40})"
)
_WEEK_OF = Words(r"\bsemaine(?: \w+)?\s*$")
_WEEKEND_OF = Words(r"\bweek-?ends?\s*$")


# One word of these, or nothing around a date says anything of it.
_TELLING = frozenset[str]().union(
    *(
        words.stems
        for words in (
            _STAMP,
            _PAPER,
            _STATEMENT,
            _STREET,
            _BUILDING,
            _LAW,
            _LAW_NAMED,
            _OLD,
            _NEW,
            _ADVANCED,
            _HISTORY,
            _DISASTER,
            _DEADLINE,
            _REGISTRATION,
            _SHOWN,
        )
    ),
    {"tard", "dern", "dela", "en", "n", "no", "ne"},
)


@dataclass(slots=True)
class Around:
    """What stands around a run: the text before it and after it, its leading words and their classes, the text's stems."""

    before: str
    after: str
    lead: str
    lead_words: str
    stems: set[str]


def kind_of(around: Around, *, single: bool, timed: bool, year: bool, hyphens: bool) -> Kind:
    """Say what a run of dates is by the words around it; `single`: one day, `year`: it says its year."""
    before, stems, lead = around.before, around.stems, around.lead
    if "au" not in stems and _TELLING.isdisjoint(stems):
        return "deadline" if "u" in lead and single else "event"
    if _STAMP.search(before, stems) or (around.lead_words == "ce " and before.rstrip().endswith("en")):
        return "none"
    if single and "l" not in lead and (_PAPER.search(before, stems) or _ISSUE.match(before)):
        return "none"
    if single and "d" in lead and _STATEMENT.search(before, stems) and not _EVENTFUL.search(before, stems):
        return "none"
    if _OLD.search(before, stems):
        return "old"
    if single and "l" not in lead and _named_after(around, timed=timed, year=year, hyphens=hyphens):
        return "none"
    if single and "d" in lead and _REPORT_OF.search(before, stems):
        return "old"
    if _NEW.search(before, stems) or ("a" in lead and _ADVANCED.search(before, stems)):
        return "new"
    if recalled(before, stems):
        return "none"
    prolonged = single and "a" in lead and _PROLONGED.search(before) is not None
    if single and around.lead_words == "au " and not (prolonged or _FIXED.search(before)):
        return "none"  # « situation au 12 mars »
    if single and ("u" in lead or prolonged):
        return "until" if shown_until(before, around.after, stems) else "deadline"
    if single and (_DEADLINE.search(before, stems) or _AT_LAST.match(around.after)):
        return "deadline"
    return "period" if not single and _REGISTRATION.search(before, stems) else "event"


def shown_until(before: str, after: str, stems: set[str]) -> bool:
    """Say whether what lasts until a day is on show (« exposition jusqu’au 31 mai »); else that day is the last one to act."""
    shown = _SHOWN.search(before, stems) or _SHOWN.search(after, stems)
    return shown is not None and _ASKED.search(before, stems) is None


def _named_after(around: Around, *, timed: bool, year: bool, hyphens: bool) -> bool:
    """Say whether a street, a school or a law is called by this date."""
    before, stems = around.before + " ", around.stems
    if _STREET.search(before, stems):
        return True
    if "d" in around.lead:
        dated = around.before.rstrip() + " du"
        if _LAW.search(dated, stems):
            return True
        named = None if timed else _LAW_NAMED.search(dated, stems)
        if named and not _EVENTFUL.search(named.group(), stems):
            return True
    return (hyphens or not (year or timed)) and _BUILDING.search(before, stems) is not None


def recalled(before: str, stems: set[str]) -> bool:
    """Say whether the words before a time recall it: a birth, a law that began, a disaster."""
    return _HISTORY.search(before, stems) is not None or _lost(before, stems)


def _lost(before: str, stems: set[str]) -> bool:
    """Say whether the date is that of a disaster the text only recalls."""
    found = _DISASTER.search(before, stems)
    if found is None or _EVENTFUL.search(before[found.start() :], stems):
        return False
    return not before.rstrip().endswith((",", ":", ")", "-", "»"))


_FIXED = re.compile(
    r"\b(?:fixee?s?|programmee?s?|prevue?s?|maintenue?s?|rendez-vous|planifiee?s?|avancee?s?|donnee?s?|convoquee?s?|decalee?s?|d'ici)\s*$"
)
_PROLONGED = re.compile(r"\b(?:prolonge|proroge|etendu|prolongation)\w*\s*$")
_AT_LAST = re.compile(r"[\s,(]*(?:au plus tard|dernier delai|derniere limite|delai de rigueur)")


def status_of(text: str, stems: set[str], language: str) -> Status | None:
    """Say what became of an event: cancelled, postponed, or None. Sold out (« COMPLET ») is neither."""
    cancelled = _CANCELLED.search(text, stems)
    if cancelled and _NOT_CANCELLED.search(text, stems):
        cancelled = None
    postponed = _POSTPONED_EN.search(text, stems)
    if not language.startswith("en") and not postponed:  # an English « report » reports
        postponed = _POSTPONED.search(text, stems)
        if postponed and _NOT_POSTPONED.search(text, stems):
            postponed = None
    if cancelled and postponed:  # « annulée et reportée au 9 avril », « reportée, puis annulée »: the last word
        return "cancelled" if cancelled.start() > postponed.start() or _HEADED.match(text) else "postponed"
    return "cancelled" if cancelled else "postponed" if postponed else None


_HEADED = re.compile(r"[\s\[(«]*annul(?:ations?|ee?s?)[\s\])»]*[!:.|-]")  # « ANNULATION ! Réunion reportée au … »


def sine_die(text: str, stems: set[str]) -> re.Match[str] | None:
    """Find « reportée à une date ultérieure »."""
    return _SINE_DIE.search(text, stems)


def phase_of(text: str, stems: set[str]) -> Literal["announce", "report"] | None:
    """Say whether the text announces or reports."""
    if _REPORT.search(text, stems):
        return "report"
    return "announce" if _ANNOUNCE.search(text, stems) else None


def lean_of(around: Around) -> Literal["near", "next", "last"]:
    """Say which way the words lean when a year is left out: the last verb or adjective before the date decides."""
    if _AFTER_NEXT.match(around.after):
        return "next"
    if _AFTER_LAST.match(around.after):
        return "last"
    coming = _NEXT.search(around.before, around.stems)
    past = _LAST.search(around.before, around.stems)
    if coming and past:
        coming_at = max(found.start() for found in _NEXT.pattern.finditer(around.before))
        past_at = max(found.start() for found in _LAST.pattern.finditer(around.before))
        return "next" if coming_at > past_at else "last"
    return "next" if coming else "last" if past else "near"


_DATELINE = re.compile(r"(?:(^|\n) ?|\W)([a-z][a-z' -]{2,25}), *$")
_LETTER = re.compile(r"\W*(?:communiques?|objet|madame|monsieur|chere?s?|tribune|lettre)\b")


def dateline(before: str, after: str, *, timed: bool) -> bool:
    """Say whether « Paris, le 8 mars 2021 » heads a letter: alone on its line, or before « Communiqué », « Madame »."""
    found = None if timed else _DATELINE.search(before)
    if found is None:
        return False
    words = found[2].replace("-", " ").split()
    letter = _LETTER.match(after) is not None
    alone = found[1] is not None and len(before) < WINDOW and not after.split("\n", 1)[0].strip(" .,;:")
    if not (alone or letter):
        return False
    known = place(words[-1:] if letter and not alone else words)
    return known is not None and (letter or known[1] == len(words))


def announced(around: Around) -> bool:
    """Say whether the words before a date announce it."""
    return _ANNOUNCED.search(around.before, around.stems) is not None


_ANNOUNCED = Words(r"\b(?:prochaine?s?|aura lieu|auront lieu|tiendra|tiendront|rendez-vous|dates?)\b")


def daypart_of(before: str, after: str, stems: set[str]) -> str | None:
    """Give the part of the day said beside a date."""
    if _DAYPARTS.isdisjoint(stems):
        return None
    found = _DAYPART.match(after) or _DAYPART_BEFORE.search(before, stems)
    return DAYPARTS[found[1][:3]] if found else None


_DAYPARTS = frozenset({"mati", "apre", "soir", "nuit"})


def to_be_confirmed(around: Around) -> bool:
    """Say whether the date or its hour is yet to be confirmed; a place yet to be named is not."""
    if _UNSURE.isdisjoint(around.stems):
        return False
    return bool(_TBC.match(around.after)) and not _TBC_NOT.match(around.after)


_UNSURE = frozenset({"conf", "prec", "defi", "dete", "fixe", "rese", "tbc"})


def moved_from(around: Around) -> bool:
    """Say whether « du 3 décembre au 12 février » is a move, not a period."""
    if "d" not in around.lead:
        return False
    return any(words.search(around.before, around.stems) for words in (_MOVED_FROM, _ONE_DAY_MOVED))


# « Report de la réunion du 12 mars au 19 mars »: what takes an evening does not last a week.
_ONE_DAY_MOVED = Words(
    r"\breport (?:des?|du|de la|de l'|d'une?|d'un) ?(?:reunion|seance|assemblee|conference|atelier|webinaire|concert|spectacle|soiree|conseil|comite|commission"
    r"|repas|match|ceremonie|debat|loto|inauguration|vernissage|permanence)s?\b[^.,;:!?\n]{0,50}$"
)


def lasting(around: Around) -> bool:
    """Say whether the words before a date name what takes several days, so that the last day of a moved one is not said."""
    return _LASTING.search(around.before, around.stems) is not None


_LASTING = Words(
    r"\b(?:voyages?|sejours?|missions?|stages?|festivals?|expositions?|tournees?|chantiers?|semaines?|quinzaine|camps?|formations?|salons?|foires?|assises)\b"
)


def online(text: str, stems: set[str]) -> bool:
    """Say whether people meet on line: the clock of Paris then holds, whatever town is named."""
    return _ELSEWHERE.search(text, stems) is not None


def moved_to(before: str, stems: set[str]) -> bool:
    """Say whether « reporté à l’automne 2026 » says the new time."""
    return _MOVED_TO.search(before, stems) is not None


def afternoon(around: Around) -> bool:
    """Say whether « du soir » or « de l’après-midi » follows an hour."""
    return not _DAYPARTS.isdisjoint(around.stems) and _PM.match(around.after) is not None


_PM = re.compile(r" ?(?:du soir|de l'apres-midi)\b")


def will_be(around: Around) -> bool:
    """Say whether « aura lieu le », « se tiendra le » stands right before a date."""
    return _WILL_BE.search(around.before, around.stems) is not None


_WILL_BE = Words(
    r"\b(?:(?:aura|auront) lieu|(?:se|s') ?(?:tiendra|tiendront|deroulera|derouleront|fera|feront))[^.!?\n]{0,25}$"
)


def known_by_day(around: Around) -> bool:
    """Say whether the words before a date call by it what they speak of: « la soirée du 12 mars », « la réunion prévue le »."""
    if not _PREVIOUS.search(around.before, around.stems):
        return "d" in around.lead or _PLANNED.search(around.before, around.stems) is not None
    return False


# « la suite de la réunion du 12 mars aura lieu le 19 mars » is another one.
_PREVIOUS = Words(
    r"\b(?:suites?|apres|prochaine?s?|lendemain|depuis|issue|retour|restitution|bilan|finale|retransmission|appel|delegation|lors|pendant|a partir|resultats?)\b"
)
_PLANNED = Words(r"\b(?:prevue?s?|programmee?s?|annoncee?s?|fixee?s?)(?: (?:pour|initialement|le|au))*\s*$")


def opens(around: Around) -> bool:
    """Say whether something begins at a date and goes on: « à partir du », « dès le »."""
    return "i" in around.lead or around.lead_words.startswith("des l")


def deadline_moved(around: Around) -> bool:
    """Say whether what moved to a date is a last day: « date limite repoussée au 15 avril »."""
    return _LIMIT.search(around.before, around.stems) is not None


_LIMIT = Words(r"\b(?:dates? (?:limite|butoir|de cloture)|deadline|cloture des|delai|echeance)\b")


def telling(stems: set[str]) -> bool:
    """Say whether the text has any word of its fate, its tense or its repetition; most titles have none."""
    return not _TELLING_TEXT.isdisjoint(stems)


_TELLING_TEXT = frozenset[str]().union(
    *(
        words.stems
        for words in (
            _CANCELLED,
            _POSTPONED,
            _POSTPONED_EN,
            _SINE_DIE,
            _REPORT,
            _ANNOUNCE,
            _RECURRING,
            _ELSEWHERE,
            _MOVED_FROM,
        )
    )
)


def recurring(text: str, stems: set[str]) -> re.Match[str] | None:
    """Find a repeated date (« tous les 1ers jeudis du mois »)."""
    return _RECURRING.search(text, stems)


def week_of(around: Around) -> bool:
    """Say whether « semaine du » stands before a date."""
    return "d" in around.lead and _WEEK_OF.search(around.before, around.stems) is not None


def weekend_of(around: Around) -> bool:
    """Say whether « week-end du » stands before a date."""
    return "d" in around.lead and _WEEKEND_OF.search(around.before, around.stems) is not None
