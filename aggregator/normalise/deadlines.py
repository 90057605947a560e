"""The last day to answer, to register, to apply, as the words of an item say it: « candidatures jusqu’au 31 mai ».

What is asked for and the words of a last day stand in one clause (« déposez vos dossiers avant le 15 mars »), or the clause
holds nothing but the day and the one before it asks (« Appel à projets : clôture le 15 mars »). Until when something is
shown, closed, under works or valid is no last day to answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from aggregator.model import Occurrence
from aggregator.normalise import dates
from aggregator.normalise.gathering import MAX_TEXT, Setting
from aggregator.normalise.text import fold

_MAX_SENTENCES = 60
_MAX_SENTENCE = 600

# One of these, or a text says no last day: cheaper to look for than an expression.
_HINTS = (
    "jusqu", "limite", "butoir", "plus tard", "avant ", "clôture", "cloture", "délai", "delai", "ici le", "deadline", "closing", "before", "échéance",
    "echeance", "du lundi", "du mardi", "du mercredi", "du jeudi", "du vendredi", "du samedi", "du dimanche", *(f"du {n}" for n in "123456789"),
)  # fmt: skip
_LAST = re.compile(
    r"\bjusqu|\bdates? (?:limite|butoir)|\bau plus tard|\bavant (?:le|la|midi|minuit|\d)|\bclotur|\bdelais?\b|\bd ici|\bdeadline|\bclosing date|\bbefore\b|\becheance"
    r"|\bdu (?:(?:lun|mar|mercre|jeu|vendre|same)di |dimanche )?\d"
)
_SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n")
_CLAUSES = re.compile(r"[;()|•]|,(?=\s)|\s[–—-]\s|\s?:(?=\s|$)")
_NAME = re.compile(r"«[^«»]{0,200}»|“[^“”]{0,200}”")

_ASKS = re.compile(
    r"\b(?:dates? (?:limite|butoir)|deadline|closing date|(?:pre)?inscri\w+|candida(?:tures?|tez|ter)|postul\w+|appels? (?:a|aux) \w+|ami|manifestations? d interet|soumission\w*|soumett\w+"
    r"|depos(?:er|ez|es?|ee?s?)|depots?(?= (?:avant|jusqu|au plus|des|du|de (?:dossier|candidature|projet|offre|pli|demande)))|(?:remise|envoi|retour|reception) des (?!prix|diplomes|medailles|cles)\w+"
    r"|repond(?:re|ez|ent)|reponses?|participe[rz]|participations?|contribu(?:er|ez|tions?)|envoye[rz]|adresse[rz]|transmett(?:re|ez)|retourne[rz]|renvoye[rz]|remett(?:re|ez)"
    r"|confirme[rz]|reserve[rz]|reservations?|vote[rzs]?|demandes?|dossiers? (?:de (?:candidature|demande|subvention)|d inscription)|enquete publique|consultation (?:publique|citoyenne)|concertation|questionnaires?|sondage"
    r"|votre avis|proposez|proposer|concours|prix (?:de|du|des|d)|bourses? (?:de|d)|candidater|appl(?:y|ications?)|register|submit\w*|proposals|bewerb\w+|anmeld\w+)\b"
)
# What lasts until a day without asking anything.
_LASTS = re.compile(
    r"\b(?:ferme\w*|visibles?|valables?|valid\w+|exposee?s?|coupee?s?|interdi\w+|suspend\w+|suspens\w+|complete?s?|clos(?:es?)?|interromp\w+|barree?s?|inaccessibles?|en vigueur"
    r"|attribue\w*|versee?s?|consultables?|reste(?:nt|ra|ront)?|sejourn\w+|dure(?:nt|ra|ront)|travaux|chantier|contrat|cdd|paiement|payer|regler|factures?|consommation|utilisation"
    r"|achev\w+|termin\w+|livr(?:e|ee|es|ees|aison)|amendes?|abonnements?|reduite?s?|speciale?s?|tarifs?|promo\w*|disponibles?|gratuite?s?|realise\w*|examine\w*|instruit\w*|etudie\w*"
    r"|notifie\w*|travaille\w*|maintenue?s?|conserve\w*|disparu\w*|hospitalis\w+|en poste|en place)\b"
)
# What is shown until a day, unless the words ask before they name it (« inscriptions au festival jusqu’au … »).
_SHOWN = re.compile(
    r"\b(?:exposition|expo|spectacle|festival|stage|mission|sejour|residence|accueil|projet|programme|salon|foire|formation|saison)s?\b"
)
_CLOSING = re.compile(
    r"\b(?:clotur\w*|echeance|dates? (?:limite|butoir)|deadline|closing date|derniers? delais?|au plus tard|delai de rigueur|fin des (?:inscriptions|candidatures|depots|votes))\b"
)
# What asks right before « du 1er au 31 mars » (nothing between them that these could be the days of).
_REGISTERS = re.compile(
    r"\b(?:(?:pre)?inscri(?:ptions?|vez vous|re)|candida(?:tures?|tez)|postulez|votez|votes?|votre avis|repondez|participez|reponses?|questionnaire\w*|consultation \w+|concertation"
    r"|depots? (?:des|de|du) \w+|depos\w+ (?:vos|votre|les|un|une) \w+|dossiers? a (?:deposer|retirer|remettre)|enquete publique|appels? (?:a|aux) (?:projets?|candidatures?|manifestations?|contributions?)"
    r"|prolong\w+|proroge\w+)(?P<more>(?: \w+){0,6})$"
)
_OF_WHAT = re.compile(r"\b(?:au|aux|pour)\b|\ba (?:la|l|une?)\b")
_OF_A_PLAN = re.compile(r"\b(?:enquete publique|concertation|consultation \w+)\b")
_DATE_WORDS = frozenset(
    "jusqu jusque au aux a avant le la les l du de des d est sont fixee fixe fixes fixees date dates limite butoir cloture clotures echeance plus tard dernier derniers delai delais "
    "rigueur ici inclus incluse compris minuit midi heure heures h et fin deadline closing before on until by reportee repoussee prolonge prolongee prolonges prolongees prolongation "
    "proroge prorogee lundi mardi mercredi jeudi vendredi samedi dimanche janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre janv fevr avr juil sept oct nov "
    "dec dossier dossiers projets offres plis textes retours envois ouvert ouverte ouverts ouvertes imperativement obligatoire heure paris of 1er soir attention".split()
)  # fmt: skip
_NUMBER = re.compile(r"\d+(?:er|h\d*|e)?$")


def deadline(title: str, texts: Iterable[str | None], setting: Setting) -> tuple[date, str] | None:
    """Give the last day to answer or to register that the words say, and those words; None: they say none, or several.

    « Date limite : 30 avril 2027 », « candidatures jusqu'au 31 mai », « inscriptions du 3 au 28 mars » (its last day).
    The title leads; a last day of works or of an exhibition is none, nor is one before the words were published.
    """
    told = [text[:MAX_TEXT] for text in texts if text and _hints(text[:MAX_TEXT])]
    if not told and not _hints(title):
        return None
    calls = _asking(_NAME.sub(" ", title))
    for group in ([title], told):
        found: dict[date, str] = {}
        for text in group:
            for sentence in _SENTENCES.split(text)[:_MAX_SENTENCES]:
                if len(sentence) <= _MAX_SENTENCE and _hints(sentence):
                    found.update(_said(sentence, calls and group is told, setting))
        if len(found) == 1:
            return next(iter(found.items()))
        if found:
            return None  # several: the words do not say which is whose
    return None


def may_say(text: str) -> bool:
    """Whether a text may say a last day: cheaper than reading it."""
    return _hints(text[:MAX_TEXT])


def _hints(text: str) -> bool:
    lower = text.lower()
    return any(hint in lower for hint in _HINTS)


def _asking(clause: str) -> bool:
    words = fold(clause)
    return _ASKS.search(words) is not None and _LASTS.search(words) is None


def _said(sentence: str, asked: bool, setting: Setting) -> dict[date, str]:
    """The last days in a sentence. `asked`: what stands before it asks (the title of a call)."""
    found: dict[date, str] = {}
    before = ""
    for clause in _CLAUSES.split(_NAME.sub(" ", sentence)):
        words = fold(clause)
        alone = asked and all(word in _DATE_WORDS or _NUMBER.match(word) for word in words.split())
        if (_LAST.search(words) or (alone and _CLOSING.search(before))) and not _LASTS.search(words):
            asks = _ASKS.search(words)
            shown = _SHOWN.search(words)
            if alone or (asks and not (shown and shown.start() < asks.start())):
                last = _last_day(clause, before if alone else "", setting)
                if last is not None:
                    found[last[0]] = last[1]
        asked = asked or _asking(clause)
        before = words or before
    return found


def _last_day(clause: str, before: str, setting: Setting) -> tuple[date, str] | None:
    """The last day that a clause says. `before`: the words of the clause before it, where it holds nothing but its date."""
    reading = dates.read(clause, seen=setting.anchor, tz=setting.tz, language=setting.language)
    if reading is None or len(reading.occurrences) != 1:
        return None
    one = reading.occurrences[0]
    day = _end(one)
    if day < setting.anchor.date():
        return None
    if day > _start(one):
        lead = fold(clause[: max(0, clause.find(reading.words))]) or before
        asks = _REGISTERS.search(lead)
        if asks is None or (_OF_WHAT.search(asks["more"]) and not _OF_A_PLAN.match(asks.group())):
            return None  # « inscriptions au stage du 3 au 28 mars »: the days of the stage
    elif reading.role != "deadline" and not _CLOSING.search(f"{before} {fold(clause)}"):
        return None
    return day, reading.words


def _start(when: Occurrence) -> date:
    return when.start.date() if isinstance(when.start, datetime) else when.start


def _end(when: Occurrence) -> date:
    if isinstance(when.end, datetime):
        return when.end.date()
    return when.end - timedelta(days=1) if when.end is not None else _start(when)
