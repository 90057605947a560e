"""What the sentence says beside a date: hours that do not touch it, and the town where it happens."""

from __future__ import annotations

import re
from dataclasses import replace

from aggregator.normalise.dates import context
from aggregator.normalise.dates.grammar import ALONE_HOURS, Clock, Run, hours
from aggregator.normalise.dates.lexer import Tokens
from aggregator.normalise.dates.zones import place

_REACH = 20  # tokens
_WELCOME = re.compile(
    r"\b(?:accueil|cafe|petit[- ]dejeuner|emargement|portes|billetterie|dejeuner|diner|inscriptions?)\b[^,;)]{0,20}$"
)
_OPENING = re.compile(r"\b(?:ouverture|debut|demarrage|lancement|commence|coup d'envoi|depart)\b[^,;]{0,20}$")
_CLOSING = re.compile(r"\b(?:cloture|fin|fermeture|arrivee|cocktail|verre)\b[^,;]{0,20}$")
_NAMED = re.compile(
    r"\b(?:ouverture|debut|demarrage|cloture|fin|rdv|rendez-vous|heure|matin|matinee|apres-midi|soir|soiree) ?:? ?$"
)
_HALF_DAY = re.compile(r"\b(?:matin|matinee|apres-midi|soir|soiree)\b[ :]{0,3}(?:de )?$")
_ENDING = re.compile(r"\b(?:cloture|fin)(?: prevue)?(?: a| vers)?\s*:?\s*$")
_LENGTH = re.compile(r"\b(?:duree|pendant|durant|env|heures? de)\b[^,;]{0,12}$")
_LED = re.compile(r"[:,()|•·-]\s*$|\bhoraires?\s*$")


def lasts(tokens: Tokens, run: Run) -> bool:
    """Say whether the only hour of a run is a length of time: « 12 mars 2026, 2h de débat »."""
    classes = tokens.classes
    rest = classes[run.last + 1 : run.last + 3]
    return classes[run.last] == "H" and classes[run.last - 1] not in "adbiuH-" and rest == "dx"


def hours_beside(tokens: Tokens, run: Run, *, block: bool) -> list[Clock]:
    """Give the hours the sentence says apart from its date: « accueil à 8h30, ouverture à 9h, clôture à 17h, le 12 mars »."""
    chains = _chains(tokens, run, block)
    closing = [chain for chain in chains if _CLOSING.search(chain[2])]
    others = [chain for chain in chains if chain not in closing]
    halves = [chain for chain in others if _HALF_DAY.search(chain[2])]
    if len(halves) > 1:  # « matin 9h-12h, après-midi 14h-17h »
        return [replace(clock, link=clock.link or "list") for chain in halves for clock in chain[1]]
    opening = [chain for chain in others if _OPENING.search(chain[2])]
    chosen = opening or [chain for chain in others if chain[0]] or others
    if not chosen:
        return []
    clocks = chosen[0][1]
    if closing and len(clocks) == len(closing[0][1]) == 1:
        return [clocks[0], replace(closing[0][1][0], link="range")]
    return clocks


def end_beside(tokens: Tokens, run: Run, *, block: bool) -> Clock | None:
    """Give the hour at which what begins at the only hour of a run ends: « le 12 mars à 18h, fin à 20h »."""
    if "H" not in tokens.classes[run.last + 1 :] or len(run.days) != 1 or len(run.days[0].clocks) != 1:
        return None
    ends = [clocks for after, clocks, label in _chains(tokens, run, block) if after and _ENDING.search(label)]
    return replace(ends[0][0], link="range") if ends and len(ends[0]) == 1 else None


def _chains(tokens: Tokens, run: Run, block: bool) -> list[tuple[bool, list[Clock], str]]:
    """Give the hours of the sentence that are not in the run: whether they come after it, them, the words before them."""
    if "H" not in tokens.classes:
        return []
    first = run.first - len(run.lead)
    left, right = _sentence(tokens, first, run.last, block)
    chains: list[tuple[bool, list[Clock], str]] = []
    for found in ALONE_HOURS.finditer(tokens.classes, left, right):
        if first <= found.start() <= run.last:
            continue
        clocks, _ = hours(tokens, found.start(), found.end())
        label = tokens.text[tokens.starts[max(left, found.start() - 4)] : tokens.starts[found.start()]]
        if named := _what(tokens, found.end()):  # « 9h accueil, 9h30 ouverture, 17h clôture »
            label = named + " "
        led = (
            found.group()[0] in "adbiu"
            or _LED.search(label)
            or _NAMED.search(label)
            or (found.start() == left and left < first)
        )
        if (
            clocks
            and led
            and not _length(tokens, found.start(), found.end(), clocks)
            and not _LENGTH.search(label)
            and not _WELCOME.search(label)
        ):
            chains.append((found.start() > run.last, clocks, label))
    return chains


def _what(tokens: Tokens, index: int) -> str:
    """Give the word right after an hour when it names what happens then."""
    word = tokens.word(index) if tokens.classes[index : index + 1] == "x" else ""
    return word if any(kind.search(word) for kind in (_WELCOME, _OPENING, _CLOSING)) else ""


def welcomes(tokens: Tokens, run: Run) -> bool:
    """Say whether the only hour of a run is that of the welcome: « 12 mars 2026 : 9h30 accueil, 10h ouverture »."""
    if tokens.classes[run.last] != "H" or len(run.days[-1].clocks) != 1:
        return False
    return _WELCOME.search(_what(tokens, run.last + 1)) is not None


def _length(tokens: Tokens, start: int, end: int, clocks: list[Clock]) -> bool:
    """Say whether « concert de 2h », « 24h de sport » is a length of time."""
    if len(clocks) > 1:
        return False
    led = tokens.classes[start:end]
    return (led[0] == "d" and tokens.word(start) != "des") or (led[0] == "H" and tokens.classes[end : end + 2] == "dx")


def _sentence(tokens: Tokens, first: int, last: int, block: bool) -> tuple[int, int]:
    """Give the tokens of the sentence (of the `block`) around a run, never beyond twenty tokens nor into another date."""
    classes = tokens.classes
    left, right = first, last + 1
    floor = max((end for _, end in tokens.taken if end < first), default=-1) + 1
    ceiling = min((start for start, _ in tokens.taken if start > last), default=len(classes))
    while left > floor and first - left < _REACH and classes[left - 1] not in ".!?rMFSY":
        left -= 1
    while right < ceiling and right - last < _REACH and classes[right] not in ".!?MFS":
        if not block and classes[right] == "r" and classes[last + 1 : right].strip("r") != "":
            break
        right += 1
    return left, right


def zone_of_place(tokens: Tokens, run: Run) -> str | None:
    """Give the zone of the town where it happens, when the words beside the date name one and nobody is on line."""
    if context.online(tokens.text, tokens.stems):
        return None
    classes = tokens.classes
    for index in range(run.last + 1, min(run.last + _REACH, len(classes))):
        before = classes[index - 1]
        if classes[index] in ".!?r":
            break
        within = before == "d" and _within_building(tokens, index)  # « au palais des congrès de Dakar. »
        if classes[index] not in "xl" or not (before in "ac(" or within or tokens.word(index - 1) == "en"):
            continue
        names = [i for i in range(index, min(index + 10, len(classes))) if classes[i] != "-"]
        found = place([tokens.word(i) for i in names[:7]], venue=before != "(")
        if found is not None and not _topical(tokens.text[tokens.ends[run.last] : tokens.starts[index - 1]]):
            after = names[found[1] - 1] + 1
            tight = tokens.text[tokens.ends[names[found[1] - 1]] :][:1] == "-"  # Montréal-la-Cluse
            ends = ".!?r" if within else "c.()!?-r:q"
            if after >= len(classes) or (classes[after] in ends and not tight):
                return found[0]
    return _zone_before(tokens, run.first - len(run.lead))


_BUILDING = re.compile(
    r"\b(?:palais|mairie|hotel|institut|universite|ambassade|consulat|centre|alliance|musee|theatre)\b"
)


def _within_building(tokens: Tokens, index: int) -> bool:
    return _BUILDING.search(tokens.text, tokens.starts[max(0, index - 6)], tokens.starts[index]) is not None


# « s'expatrier au Québec », « préparation du voyage à Montréal », « conférence sur la guerre à Beyrouth »: what is spoken of.
_TOPIC = re.compile(
    r"\b(?:sur|pour|contre|autour|vers|voyages?|departs?|partir|partie?s?|vols?|sejours?|retours?|mobilites?|expatri\w+|immigr\w+|emigr\w+|install\w+|etudi\w+|etudes"
    r"|stages?|volontari\w+|travail\w*|emplois?|vivre|vie|vecue?s?|guerre|situation|crise|seisme|projets?|elections?|aller|echanges?|preparat\w+|jumelages?"
    r"|(?!atelier|dejeuner|diner|gouter|fevrier|chantier|quartier|souper|foyer|hier|rencontre|centre|theatre|septembre|octobre|novembre|decembre|foire|dernier|premier|lettre"
    r"|ministre|notre|votre|autre|quatre|titre|oeuvre|membre)[a-z']{3,}(?:er|ir|oir|re)(?= *$))\b"
)


def _topical(lead: str) -> bool:
    """Whether the words of the clause before a place make it what is spoken of, not where people meet."""
    return _TOPIC.search(re.split(r"[.!?:;\n]", lead)[-1].replace("'", " ")) is not None


def _zone_before(tokens: Tokens, end: int) -> str | None:
    """Give the zone of « à Belém, le 11 novembre »."""
    closed = tokens.classes[end - 1 : end] in ("c", "(")
    while end and tokens.classes[end - 1] in "c:(":
        end -= 1
    for start in range(max(0, end - 9), end):
        led = start and (tokens.classes[start - 1] == "a" or tokens.word(start - 1) == "en")
        if led or (closed and (not start or tokens.classes[start - 1] in "c-:(!.?r")):
            words = [tokens.word(i) for i in range(start, end) if tokens.classes[i] != "-"]
            found = place(words, venue=True)
            if found is not None and found[1] == len(words):
                lead = tokens.text[: tokens.starts[start - 1 if led else start]]
                return None if _topical(lead[-context.WINDOW :]) else found[0]
    return None
