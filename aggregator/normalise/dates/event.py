"""Reading the words of an event: the runs of dates a text holds, which of them is the event's, and what is said of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice

from aggregator.model import Occurrence, Status
from aggregator.normalise.dates import context
from aggregator.normalise.dates.choose import Found, Move, Setting, found, leaders, merged, sound, undecided, years
from aggregator.normalise.dates.coarse import coarse
from aggregator.normalise.dates.grammar import runs
from aggregator.normalise.dates.languages import foreign, language_of
from aggregator.normalise.dates.lexer import Tokens, tokenise
from aggregator.normalise.dates.machine import zone_info
from aggregator.normalise.dates.nearby import end_beside, hours_beside, lasts, welcomes, zone_of_place
from aggregator.normalise.dates.reading import DateReading, Precision
from aggregator.normalise.dates.resolve import Dated, long, occurrences
from aggregator.normalise.dates.words import DATE_WORDS, fold
from aggregator.normalise.text import repair

MAX_TEXT = 20_000
_CUT = frozenset({"au", "a", "-", "et", "jusqu'au"})
_LONG_MOVE = timedelta(days=10)
_SHORT_STAY = timedelta(days=5)
_SHORT = 200
_FEW_RUNS = 40  # a text with more dates than this is a list of something, and no event
_DAMAGE = re.compile("é©|[àÀ][‡«²³´¹»®¯€‰¼¶]|๠")
_SPACES = re.compile("[ \t\f\v\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]{2,}")
_DIGIT = re.compile(r"\d")
_HINT = re.compile(
    r"ulterieur|sine die|nouvel ordre|reportee?s?\b|printemps|automne|hiver|\bete\b|\bpremier (?:jan|fev|mar|avr|mai|jui|aou|sep|oct|nov|dec)|\b(?:en|de|debut|fin|mi|courant)[ -](?:jan|fev|mar|avr|mai|jui|aou|sep|oct|nov|dec)|tous les|toutes les|chaque|du mois"
)
_HEAD = re.compile(
    r"\s*(?:[a-z]{3,8}\.?\s+)?(\d{1,2})(?:er)?\s*\n\s*[a-z]{3,9}\.?(?:\s*\n\s*\d{4}(?=\n|$)| \d{4}(?=\n|$))?(?=\s|$)"
)
_LINKED = re.compile(r"\b(?:au|et)\b|[>-]")
_PARTS = re.compile(
    rf"(?:\s|\d{{1,2}}(?:er)?(?![\w/.:])|20\d\d(?!\d)|[>-]|\b(?:du|au|le|les|et|jusqu'au|{'|'.join(DATE_WORDS)})\b\.?)+"
)
_HEAD_TURNED = re.compile(r"([a-z]{3,9})(\.?\s*\n\s*)(\d{1,2})(?=\n|$)")


def read(
    text: str, *, seen: datetime, tz: str = "Europe/Paris", language: str = "fr", block: bool = False
) -> DateReading | None:
    """Read when an event is, from the words of a title, a line or (`block`) the date block of an agenda.

    A year left out is inferred against the day of `seen`: in a block the first such day not yet over, elsewhere the
    nearest within 60 days before and 300 after, the weekday and the tense of the words deciding first. Hours are wall
    times of `tz`, unless the text says another clock (« heure de Nouméa ») or names a venue abroad. `language`: of the
    words beside French (en, es, de, it, pt). None: no event in it, or nothing that can be read without guessing.
    Time is linear in the text; beyond 20,000 characters after its first date nothing is read. Never raises.
    """
    if len(text) <= _SHORT:
        return _remembered(text, seen.date(), tz, language, block)
    return _prepared(text, seen.date(), tz, language, block)


# The agenda of a site stands on each of its pages: what a short text says on a day is read once.
@lru_cache(4096)
def _remembered(text: str, seen: date, tz: str, language: str, block: bool) -> DateReading | None:
    return _prepared(text, seen, tz, language, block)


def _prepared(text: str, seen: date, tz: str, language: str, block: bool) -> DateReading | None:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        if len(text) <= MAX_TEXT and _DAMAGE.search(text):
            text = repair(text)
    folded = fold(text)
    if "  " in folded:
        text = _SPACES.sub(" ", text)
        folded = fold(text)
    begin = 0
    if len(folded) > MAX_TEXT:
        first = _DIGIT.search(folded) or _HINT.search(folded)
        begin = max(0, (first.start() if first else 0) - context.WINDOW)
        folded = folded[begin : begin + MAX_TEXT]
    if not (_DIGIT.search(folded) or _HINT.search(folded)):
        return None
    zone = zone_info(tz).key
    folded, head = _block_head(folded, block)
    return _read(folded, Setting(text, begin, seen, language, block or bool(head), head, zone == tz), zone)


def _block_head(folded: str, block: bool) -> tuple[str, int]:
    """Put « 20 / nov » or « nov / 20 » on one line (same length); gives the text and where the head ends (0: none)."""
    if block and "\n" in folded and len(folded) <= _SHORT and _LINKED.search(folded) and _PARTS.fullmatch(folded):
        return folded.replace("\n", " "), 0  # « du / 17 / mars / au / 19 / mars »
    found = _HEAD.match(folded)
    if found:
        return found.group().replace("\n", " ") + folded[found.end() :], found.end()
    turned = _HEAD_TURNED.match(folded)
    if turned and block:
        return f"{turned[3]} {turned[1]}{turned[2][1:].replace(chr(10), ' ')}" + folded[turned.end() :], turned.end()
    return folded, 0


def _read(folded: str, setting: Setting, tz: str) -> DateReading | None:
    tokens = tokenise(folded, setting.language)
    if foreign(folded, tokens.stems) and (language := language_of(folded, setting.language)):
        setting.language = language
        tokens = tokenise(folded, language)
    chains = list(islice(runs(tokens, english=setting.language.startswith("en")), _FEW_RUNS + 1))
    if len(chains) > _FEW_RUNS:
        return None
    tokens.taken = [(run.first - len(run.lead), run.last) for run in chains]
    seen = [found(tokens, run, setting) for run in chains if sound(tokens, run, setting)]
    chosen, role, moved = leaders(seen)
    telling = tokens.telling = context.telling(tokens.stems)
    again = context.recurring(folded, tokens.stems) if telling else None
    if again and not (chosen and setting.block):
        return _recurring(again, tokens, chosen, setting, tz)
    if chosen:
        return _told(tokens, chosen, role, moved, setting, tz)
    if seen:
        return None
    if telling and (delayed := context.sine_die(folded, tokens.stems)):
        words, span = setting.words(delayed.span())
        return DateReading(status="postponed", words=words, span=span, tz=tz)
    if "M" not in tokens.classes and "Y" not in tokens.classes:
        return None
    rough = coarse(folded, tokens.stems, setting.seen, tz, setting.language)
    if rough is None:
        return None
    words, span = setting.words(rough.span)
    status = context.status_of(folded, tokens.stems, setting.language)
    given = status == "postponed" and context.moved_to(folded[: rough.span[0]][-context.WINDOW :], tokens.stems)
    return replace(rough, words=words, span=span, status=status, moved=given)


def _told(tokens: Tokens, chosen: list[Found], role: str, moved: Move, setting: Setting, tz: str) -> DateReading | None:
    """Give the reading of the chosen dates; None when one of them does not exist, or when they are alternatives."""
    whens = years(tokens, chosen, setting)
    if not whens or (len(whens) < len(chosen) and not setting.head):
        return None
    status = context.status_of(tokens.text, tokens.stems, setting.language) if tokens.telling else None
    if len(whens) > 1:
        whens = merged(tokens.text, whens, setting, first=status == "cancelled")
    if undecided(tokens.text, whens):
        return None
    flags = [flag for _, when in whens for flag in when.flags]
    if whens[-1][0].around.after.strip() in _CUT:
        flags.append("ambiguous")  # « du 12 mars au (…) »: the text is cut
    if not setting.zone_known:
        flags.append("zone assumed")
    if len(whens) == 1 and whens[0][0].run.days[-1].link == "range" and context.moved_from(whens[0][0].around):
        last = whens[0][1].spans[-1]
        if last.last - last.first <= _SHORT_STAY or context.lasting(whens[0][0].around):
            flags.append(
                "ambiguous"
            )  # « reportées du 16 au 18 avril »: a move, or a new period? « voyage reporté du … au »: how long?
        last.first, moved = last.last, "to"  # « reporté du 3 décembre au 12 février »
    for one, when in whens if "H" in tokens.classes else ():
        if not any(span.clocks for span in when.spans) or welcomes(tokens, one.run):
            clocks = hours_beside(tokens, one.run, block=setting.block)
        elif lasts(tokens, one.run):
            clocks = one.run.days[-1].clocks[:-1]
        else:
            if context.afternoon(one.around):
                for clock in one.run.days[-1].clocks:
                    clock.hour += 12 * (clock.hour < 12)
            if ending := end_beside(tokens, one.run, block=setting.block):
                when.spans[0].clocks = [*when.spans[0].clocks, ending]
            continue
        for span in when.spans:
            span.clocks = clocks
    if role == "deadline":  # « avant le 10 avril à minuit »: the day is over
        for span in whens[0][1].spans:
            span.clocks = [clock for clock in span.clocks if clock.hour < 24]
    status = status or ("postponed" if moved else None)
    if status == "postponed" and not moved and whens[0][1].spans[-1].last - whens[0][1].spans[0].first > _LONG_MOVE:
        flags.append("ambiguous")  # « report de la réunion, du 12 mars au 9 avril »: a period, or from … to?
    reading = _reading(tokens, whens, role, status, flags, setting, tz)
    return replace(reading, moved=True) if moved == "to" else reading


def _is_new(whens: list[tuple[Found, Dated]]) -> bool:
    """Say whether the words call this date the new one."""
    return whens[0][0].kind == "new" or context.moved_from(whens[0][0].around)


def _reading(
    tokens: Tokens,
    whens: list[tuple[Found, Dated]],
    role: str,
    status: Status | None,
    flags: list[str],
    setting: Setting,
    tz: str,
) -> DateReading:
    leader, last = whens[0][0], whens[-1][0]
    spans = whens[0][1].spans if len(whens) == 1 else [span for _, when in whens for span in when.spans]
    timed = "H" in tokens.classes and any(span.clocks for span in spans)
    if context.to_be_confirmed(last.around):
        flags.append("to be confirmed")
    first, end = spans[0].first, spans[0].last
    precision: Precision = "day"
    told: list[Occurrence] = []
    bounds: tuple[date | None, date | None] = (None, None)
    alone = role == "event" and len(spans) == 1 and first == end
    if leader.kind == "until":
        flags.append("open start")
        bounds = (None, end)
    elif alone and context.week_of(leader.around):
        monday = first - timedelta(days=first.weekday())
        bounds, precision = (monday, monday + timedelta(days=6)), "week"
    elif alone and not timed and context.opens(leader.around):
        flags.append("open end")  # « à partir du 3 novembre », « dès le 3 novembre »
        told = [Occurrence(first, None, True, tz)]
    elif (
        not timed
        and context.weekend_of(leader.around)
        and all(s.first == s.last and s.first.weekday() > 4 for s in spans)
    ):
        saturdays = dict.fromkeys(span.first - timedelta(days=span.first.weekday() - 5) for span in spans)
        told = [Occurrence(saturday, saturday + timedelta(days=2), True, tz) for saturday in saturdays]
    else:
        place = zone_of_place(tokens, leader.run) if timed else None
        told = [o for _, when in whens for o in occurrences(when.spans, tz, place, flags)]
    doubts: tuple[str, ...] = ()
    if flags:
        flags = list(dict.fromkeys(flags))
        doubts = tuple(flag for flag in flags if flag in _DOUBTS)
    return DateReading(
        tuple(Occurrence(o.start, o.end, o.all_day, o.tz, doubts) for o in told) if doubts else tuple(told),
        "period" if role == "event" and long(told) else role,  # type: ignore[arg-type]
        status,
        context.phase_of(tokens.text, tokens.stems) if tokens.telling else None,
        precision,
        tuple(flags),
        *setting.words((tokens.starts[leader.run.first - len(leader.run.lead)], last.run.end)),
        *bounds,
        tz,
        None if timed else context.daypart_of(leader.around.before, last.around.after, tokens.stems),
    )


def _recurring(
    again: re.Match[str], tokens: Tokens, chosen: list[Found], setting: Setting, tz: str
) -> DateReading | None:
    """Keep a repeated date as words; the days between which it repeats, when it says them, are a period."""
    words = again.group().strip()
    said, span = setting.words(again.span())
    alone = DateReading((), "period", words=said, span=span, tz=tz, recurring=words)
    if not chosen:
        return alone
    run, around = chosen[0].run, chosen[0].around
    if len(chosen) == len(run.days) == 1 and not context.opens(around):
        # « tous les mardis, prochaine séance le 7 avril » is one of them; « tous les ans le 21 juin » is a habit.
        known = run.days[0].year or "W" in run.letters or "H" in run.letters or context.announced(around)
        reading = _told(tokens, chosen, "event", "", setting, tz) if known else None
        return replace(reading, recurring=words) if reading else alone
    reading = _told(tokens, chosen, "period", "", setting, tz)
    if reading is None or not reading.occurrences:
        return None
    first, last = reading.occurrences[0], reading.occurrences[-1]
    until = None if context.opens(around) else _last_day(last)
    flags = reading.flags if until else (*reading.flags, "open end")
    return replace(reading, occurrences=(), first=_day(first.start), last=until, recurring=words, flags=flags)


def _last_day(occurrence: Occurrence) -> date | None:
    if occurrence.end is None:
        return None if occurrence.all_day else _day(occurrence.start)
    return _day(occurrence.end - timedelta(days=1) if occurrence.all_day else occurrence.end)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


_DOUBTS = frozenset(
    {
        "year inferred", "ambiguous", "weekday disagrees", "zone assumed", "zone from place", "ambiguous local time",
        "nonexistent local time", "several dates", "about", "to be confirmed",
    }
)  # fmt: skip
