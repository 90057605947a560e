"""Reading the words of an event: the runs of dates a text holds, which of them is the event's, and what is said of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from aggregator.model import Occurrence, Status
from aggregator.normalise.dates import context
from aggregator.normalise.dates.coarse import coarse
from aggregator.normalise.dates.grammar import ALONE_HOURS, Clock, Run, hours, runs
from aggregator.normalise.dates.lexer import Tokens, tokenise
from aggregator.normalise.dates.reading import DateReading
from aggregator.normalise.dates.resolve import Dated, Lean, Span, dated, long, occurrences
from aggregator.normalise.dates.words import fold
from aggregator.normalise.dates.zones import place
from aggregator.normalise.text import repair

MAX_TEXT = 20_000
_FEW_RUNS = 40  # a text with more dates than this is a list of something, and no event
_DAMAGE = re.compile("é©|[àÀ][‡«²³´¹»®¯€‰¼¶]|๠")
_HINT = re.compile(
    r"\d|ulterieur|sine die|nouvel ordre|printemps|automne|hiver|\bete\b|\bpremier (?:jan|fev|mar|avr|mai|jui|aou|sep|oct|nov|dec)|\b(?:en|de|debut|fin|mi|courant)[ -](?:jan|fev|mar|avr|mai|jui|aou|sep|oct|nov|dec)|tous les|toutes les|chaque|du mois"
)
_HEAD = re.compile(
    r"\s*(?:[a-z]{3,8}\.?\s+)?(\d{1,2})(?:er)?\s*\n\s*[a-z]{3,9}\.?(?:\s*\n\s*\d{4}(?=\n|$)| \d{4}(?=\n|$))?(?=\s|$)"
)
_HEAD_TURNED = re.compile(r"([a-z]{3,9})(\.?\s*\n\s*)(\d{1,2})(?=\n|$)")


@dataclass(slots=True)
class Found:
    """A run with what the words around it make of it."""

    run: Run
    kind: context.Kind
    before: str
    after: str
    head: bool = False  # the day and month of an agenda block


@lru_cache(64)
def _known(tz: str) -> bool:
    try:
        ZoneInfo(tz)
    except (KeyError, ValueError, OSError):
        return False
    return True


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
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        if _DAMAGE.search(text):
            text = repair(text)
    folded = fold(text)
    begin = 0
    if len(folded) > MAX_TEXT:
        first = _HINT.search(folded)
        begin = max(0, (first.start() if first else 0) - context.WINDOW)
        folded = folded[begin : begin + MAX_TEXT]
    if not _HINT.search(folded):
        return None
    zone = tz if _known(tz) else "Europe/Paris"
    folded, head = _block_head(folded, block)
    reading = _Reader(folded, seen.date(), zone, language, block or bool(head), head).read()
    if reading is None:
        return None
    if zone != tz:
        reading = replace(reading, flags=(*reading.flags, "zone assumed"))
    start, end = reading.span[0] + begin, reading.span[1] + begin
    return replace(reading, words=text[start:end], span=(start, end))


def _block_head(folded: str, block: bool) -> tuple[str, int]:
    """Put « 20 / nov » or « nov / 20 » on one line (same length); gives the text and where the head ends (0: none)."""
    found = _HEAD.match(folded)
    if found:
        return found.group().replace("\n", " ") + folded[found.end() :], found.end()
    turned = _HEAD_TURNED.match(folded)
    if turned and block:
        return f"{turned[3]} {turned[1]}{turned[2][1:].replace(chr(10), ' ')}" + folded[turned.end() :], turned.end()
    return folded, 0


class _Reader:
    """One reading of one text."""

    def __init__(self, folded: str, seen: date, tz: str, language: str, block: bool, head: int) -> None:
        self.text, self.seen, self.tz, self.language, self.block, self.head = folded, seen, tz, language, block, head
        self.tokens: Tokens = tokenise(folded, language)
        self.status: Status | None = None

    def read(self) -> DateReading | None:
        found = [self._found(run) for run in self._runs()]
        if len(found) > _FEW_RUNS:
            return None
        self.status = context.status_of(self.text, self.language) if found or "repor" in self.text else None
        again = context.recurring(self.text)
        chosen, role = self._chosen(found)
        if again and not (chosen and self.block):
            return self._recurring(again, chosen)
        if chosen:
            return self._reading(chosen, role)
        if (delayed := context.sine_die(self.text)) and not found:
            return DateReading(status="postponed", words="", span=delayed.span(), tz=self.tz)
        if any(one.kind not in ("none",) for one in found):
            return None
        return coarse(self.text, self.seen, self.tz, self.language) if not found else None

    def _runs(self) -> list[Run]:
        kept = []
        for run in runs(self.tokens, english=self.language.startswith("en")):
            kept.append(run)
            if len(kept) > _FEW_RUNS:
                break
        return [run for run in kept if self._sound(run)]

    def _sound(self, run: Run) -> bool:
        """Refuse bare fractions, day-first doubts of English texts, and a day number glued to what is no year."""
        days, classes = run.days, self.tokens.classes
        if run.last + 1 < len(classes) and classes[run.last + 1] in "nD" and classes[run.last] == "M":
            gap = self.text[run.end : self.tokens.starts[run.last + 1]]
            if gap.strip(" .") == "" and not self._quantity(run.last + 1):
                return False
        if self.language.startswith("en") and any(
            d.numeric == "S"
            or (classes[d.first] == "F" and "/" in self._word(d.first) and d.day <= 12 and d.day != d.month)
            for d in days
        ):
            return False
        bare = [day for day in days if day.numeric and not day.year]
        if not bare:
            return True
        whole = run.start == 0 and run.end >= len(self.text.rstrip(" .,!"))
        introduced = bool(run.lead.strip("a")) or any(day.weekday or day.marked or day.clocks for day in days)
        labelled = re.search(r"\bdates?\s*:\s*$", self.text[max(0, run.start - 12) : run.start])
        if any(day.numeric == "s" for day in bare):
            return self.block or any(day.weekday for day in days) or (len(days) > 1 and introduced)
        if self.block or introduced or labelled:
            return not (classes[run.last] == "S" and self.text[run.end : run.end + 1] in "%")
        if not whole:
            return False
        near = dated(run, self.seen, "near")
        return near is not None and -30 <= (near.spans[0].first - self.seen).days <= 120

    def _word(self, index: int) -> str:
        return self.text[self.tokens.starts[index] : self.tokens.ends[index]]

    def _quantity(self, index: int) -> bool:
        """Say whether a number after « 12 mars » counts something (« 14 participants »), and is no year cut short."""
        return (
            index + 1 < len(self.tokens.classes)
            and self.tokens.classes[index + 1] in "xH"
            and self._word(index) not in ("24", "25", "26", "27", "28")
        )

    def _found(self, run: Run) -> Found:
        lead = run.first - len(run.lead)
        start = self.tokens.starts[lead] if run.lead else run.start
        before = self.text[max(0, start - context.WINDOW) : start]
        after = self.text[run.end : run.end + context.WINDOW]
        head = bool(self.head) and run.start < self.head
        single = len(run.days) == 1
        if head:
            return Found(run, "event", "", after, True)
        if self.head and "\n" in before:
            before = before[before.rindex("\n") + 1 :]
        kind = context.kind_of(
            before,
            after,
            run.lead,
            self.text[start : run.start],
            single=single,
            timed=any(day.clocks for day in run.days),
            year=bool(run.days[0].year),
            hyphens="-" in self.tokens.classes[run.first : run.last],
        )
        if any(day.year and day.year < 1990 for day in run.days):
            kind = "none"
        return Found(run, kind, before, after)

    # ── which of them ───────────────────────────────────────────────────────────────────────────

    def _chosen(self, found: list[Found]) -> tuple[list[Found], str]:
        kinds = {one.kind for one in found}
        if "new" in kinds:
            self.status = "postponed" if self.status != "cancelled" else self.status
            return [one for one in found if one.kind == "new"][:1], "event"
        events = [one for one in found if one.kind == "event"]
        if "old" in kinds:
            self.status = self.status or "postponed"
            events = events or [one for one in found if one.kind == "old"]
        if events:
            return events, "event"
        for kind, role in (("period", "period"), ("deadline", "deadline"), ("until", "event")):
            if kind in kinds:
                return [one for one in found if one.kind == kind][:1], role
        return [], "event"

    def _hint(self) -> int:
        """Give the one year that the text names apart from its dates (« Semaine franco-allemande 2026 : 19 > 25 janvier »)."""
        years = {
            self.tokens.values[i][0]
            for i, letter in enumerate(self.tokens.classes)
            if letter == "Y" and abs(self.tokens.values[i][0] - self.seen.year) <= 1
        }
        return years.pop() if len(years) == 1 and self.tokens.classes.count("Y") == 1 else 0

    def _dated(self, found: list[Found]) -> list[tuple[Found, Dated]]:
        """Give runs their years; one without a year shares that of its sister, « le 4 juillet 2018 …, le 5 juillet »."""
        out: list[tuple[Found, Dated]] = []
        full = [one for one in found if one.run.days[0].year]
        hint = self._hint() if not full else 0
        for one in found:
            lean: Lean = context.lean_of(one.before, one.after)
            if self.block and lean != "last" and (one.head or not self.head):
                lean = "block"
            near = None
            if full and not one.run.days[0].year:
                sister = dated(full[0].run, self.seen, lean)
                near = sister.spans[0].first if sister else None
            when = dated(one.run, self.seen, lean, near, hint)
            if when is not None:
                out.append((one, when))
        return out

    def _reading(self, found: list[Found], role: str) -> DateReading | None:
        whens = self._dated(found)
        if not whens or (len(whens) < len(found) and not self.head):
            return None  # a date that does not exist beside one that does: something is wrong with this text
        whens = self._merged(whens)
        if any(day.link == "alt" for one, _ in whens for day in one.run.days) or self._alternatives(whens):
            return None
        leader = whens[0][0]
        flags = list(dict.fromkeys(flag for _, when in whens for flag in when.flags))
        if (
            len(whens) == 1
            and context.moved_from(leader.before)
            and "d" in leader.run.lead
            and leader.run.days[-1].link == "range"
        ):
            span = whens[0][1].spans[-1]
            span.first = span.last  # « reporté du 3 décembre au 12 février »
            self.status = self.status or "postponed"
        for one, when in whens:
            if not any(span.clocks for span in when.spans):
                self._late_hours(one, when)
            elif self._duration(one.run):
                for span in when.spans:
                    span.clocks = []
        return self._told(whens, [when.spans for _, when in whens], flags, role)

    def _merged(self, whens: list[tuple[Found, Dated]]) -> list[tuple[Found, Dated]]:
        """Drop what another run says better, and keep several dates only where the words join them."""

        def size(when: Dated) -> tuple[int, bool, bool]:
            return (
                (when.spans[-1].last - when.spans[0].first).days,
                any(s.clocks for s in when.spans),
                bool(when.run.days[0].year),
            )

        kept: list[tuple[Found, Dated]] = []
        for one, when in whens:
            inside = [k for k in kept if _within(when, k[1]) or _within(k[1], when)]
            if not inside:
                kept.append((one, when))
            elif size(when) > size(inside[0][1]):
                kept[kept.index(inside[0])] = (one, when)
        if len(kept) < 2:
            return kept
        if self.head:
            period = [k for k in kept if len(k[1].run.days) > 1 and k[1].run.days[0].year]
            return period[:1] or [k for k in kept if k[0].head] or kept[:1]
        joined = kept[:1]
        for previous, following in zip(kept, kept[1:], strict=False):
            between = self.text[previous[0].run.end : following[0].run.start]
            if (
                previous is not joined[-1]
                or not _JOINS.search(between)
                or following[1].spans[0].first <= previous[1].spans[-1].last
            ):
                break
            joined.append(following)
        if len(joined) == 1:
            best = max(kept, key=lambda k: _weight(k[0]))
            best[1].flags.append("several dates")
            return [best]
        return joined

    def _alternatives(self, whens: list[tuple[Found, Dated]]) -> bool:
        return any(
            re.search(r"\b(?:ou|soit)\b", self.text[a[0].run.end : b[0].run.start])
            for a, b in zip(whens, whens[1:], strict=False)
        )

    # ── hours said elsewhere in the sentence ────────────────────────────────────────────────────

    def _duration(self, run: Run) -> bool:
        """Say whether the only hour is a length of time: « 12 mars 2026, 2h de débat »."""
        classes = self.tokens.classes
        rest = classes[run.last + 1 : run.last + 3]
        return classes[run.last] == "H" and classes[run.last - 1] not in "adbiuH-" and rest == "dx"

    def _late_hours(self, one: Found, when: Dated) -> None:
        """Give a date the hours its sentence says apart from it, « accueil à 8h30, ouverture à 9h, clôture à 17h, le … »."""
        first, last = one.run.first - len(one.run.lead), one.run.last
        left, right = self._bounds(first, last)
        chains: list[tuple[int, int, list[Clock], str]] = []
        for found in ALONE_HOURS.finditer(self.tokens.classes, left, right):
            if first <= found.start() <= last or "H" not in found.group():
                continue
            clocks, _ = hours(self.tokens, found.start(), found.end())
            label = self.text[self.tokens.starts[max(left, found.start() - 4)] : self.tokens.starts[found.start()]]
            led = found.group()[0] in "adbiu" or re.search(r"[:,]\s*$|\bhoraires?\b", label)
            if clocks and led and not _LENGTH.search(label):
                chains.append((found.start(), found.end(), clocks, label))
        chains = [chain for chain in chains if not _WELCOME.search(chain[3])]
        if not chains:
            return
        opening = [c for c in chains if _OPENING.search(c[3])]
        closing = [c for c in chains if _CLOSING.search(c[3]) and c not in opening]
        others = [c for c in chains if c not in closing]
        after = [c for c in others if c[0] > last]
        start = (opening or after or others)[:1]
        if not start:
            return
        clocks = start[0][2]
        if closing and len(clocks) == 1 and len(closing[0][2]) == 1:
            clocks = [clocks[0], replace(closing[0][2][0], link="range")]
        for span in when.spans:
            span.clocks = clocks

    def _bounds(self, first: int, last: int) -> tuple[int, int]:
        """Give the tokens of the sentence around a run, never beyond twenty tokens nor into another date."""
        classes = self.tokens.classes
        left = right = 0
        left = first
        while left > 0 and first - left < 20 and classes[left - 1] not in ".!?rMFSY":
            left -= 1
        right = last + 1
        while right < len(classes) and right - last < 20 and classes[right] not in ".!?MFS":
            if classes[right] == "r" and classes[last + 1 : right].strip("r") != "":
                break
            right += 1
        return left, right

    # ── where ───────────────────────────────────────────────────────────────────────────────────

    def _place_zone(self, run: Run) -> str | None:
        """Give the zone of the town abroad where it happens, when the words beside the date name one and nobody is on line."""
        if context.online(self.text):
            return None
        classes = self.tokens.classes
        index, steps = run.last + 1, 0
        while index < len(classes) and steps < 16 and classes[index] not in ".!?r":
            before = classes[index - 1] if index else ""
            if classes[index] in "xl" and (before in "ac(" or self._word(index - 1) in ("en", "au")):
                words = [
                    self._word(i)
                    for i in range(index, min(index + 6, len(classes)))
                    if classes[i] in "xl" or self._word(i) in ("de", "du")
                ]
                found = place(words, venue=before != "(")
                end = self._after_words(index, found[1] if found else 0)
                if found and (end >= len(classes) or classes[end] in "c.()!?-r:q"):
                    return found[0]
            index, steps = index + 1, steps + 1
        lead = run.first - len(run.lead)
        return self._place_before(lead)

    def _after_words(self, index: int, count: int) -> int:
        while count and index < len(self.tokens.classes):
            if self.tokens.classes[index] != "-":
                count -= 1
            index += 1
        return index

    def _place_before(self, lead: int) -> str | None:
        classes = self.tokens.classes
        end = lead
        while end and classes[end - 1] in "c:(":
            end -= 1
        for start in range(max(1, end - 5), end):
            if classes[start - 1] == "a" or self._word(start - 1) == "en":
                words = [self._word(i) for i in range(start, end) if classes[i] != "-"]
                found = place(words, venue=True)
                if found and found[1] == len(words):
                    return found[0]
        return None

    # ── the reading ─────────────────────────────────────────────────────────────────────────────

    def _told(
        self, whens: list[tuple[Found, Dated]], parts: list[list[Span]], flags: list[str], role: str
    ) -> DateReading:
        leader, run, spans = whens[0][0], whens[0][0].run, [span for part in parts for span in part]
        timed = any(span.clocks for span in spans)
        place_zone = self._place_zone(run) if timed else None
        told = [o for part in parts for o in occurrences(part, self.tz, place_zone, flags)]
        told.sort(key=lambda o: str(o.start))
        start = self.tokens.starts[run.first - len(run.lead)] if run.lead else run.start
        span = (start, max(one.run.end for one, _ in whens))
        phase = context.phase_of(self.text)
        last = whens[-1][0]
        if context.to_be_confirmed(last.after):
            flags.append("to be confirmed")
        if (
            ("i" in run.lead or re.search(r"\bdes\s*$", leader.before))
            and len(spans) == 1
            and not timed
            and role == "event"
        ):
            if spans[0].first == spans[0].last:
                flags.append("open end")
                told = [Occurrence(spans[0].first, None, True, self.tz)]
        reading = DateReading(tuple(told), "event", self.status, phase, "day", (), "", span, tz=self.tz)
        if not timed:
            reading = replace(reading, daypart=context.daypart_of(leader.before, last.after))
        if role == "event" and leader.kind == "until":
            flags.append("open start")
            reading = replace(reading, occurrences=(), last=spans[0].last)
        elif role == "event" and len(run.days) == 1 and "d" in run.lead and context.week_of(leader.before):
            monday = spans[0].first - timedelta(days=spans[0].first.weekday())
            reading = replace(reading, occurrences=(), first=monday, last=monday + timedelta(days=6), precision="week")
        elif (
            role == "event"
            and len(run.days) == 1
            and not timed
            and spans[0].first.weekday() in (5, 6)
            and "d" in run.lead
            and context.weekend_of(leader.before)
        ):
            saturday = spans[0].first - timedelta(days=spans[0].first.weekday() - 5)
            reading = replace(reading, occurrences=(Occurrence(saturday, saturday + timedelta(days=2), True, self.tz),))
        if role != "event":
            reading = replace(reading, role=role)  # type: ignore[arg-type]
        elif long(told):
            reading = replace(reading, role="period")
        flags = list(dict.fromkeys(flags))
        doubts = tuple(flag for flag in flags if flag in _DOUBTS)
        return replace(
            reading, flags=tuple(flags), occurrences=tuple(replace(o, doubts=doubts) for o in reading.occurrences)
        )

    def _recurring(self, again: re.Match[str], chosen: list[Found]) -> DateReading | None:
        """Keep a repeated date as words; the days between which it repeats, when it says them, are a period."""
        words = again.group().strip()
        reading = self._reading(chosen, "period") if chosen else None
        if reading is None or not reading.occurrences:
            return (
                DateReading(recurring=words, words=words, span=again.span(), tz=self.tz, role="period")
                if not chosen
                else None
            )
        first, last = reading.occurrences[0].start, reading.occurrences[-1]
        end = last.end - timedelta(days=1) if last.end is not None and last.all_day else last.end
        return replace(
            reading,
            occurrences=(),
            first=_day(first),
            last=_day(end) if end is not None else None,
            recurring=words,
            role="period",
        )


_DOUBTS = frozenset(
    {
        "year inferred",
        "ambiguous",
        "weekday disagrees",
        "zone assumed",
        "zone from place",
        "ambiguous local time",
        "nonexistent local time",
        "several dates",
        "about",
        "to be confirmed",
    }
)
_JOINS = re.compile(r"(?:\bet\b|\bpuis\b|\bsuivie?\b|\bainsi que\b|\band\b|\by\b|\bund\b|&|^\s*,\s*$).{0,40}$")
_WELCOME = re.compile(
    r"\b(?:accueil|cafe|petit[- ]dejeuner|emargement|portes|billetterie|dejeuner|diner|inscriptions?)\b[^,;]{0,20}$"
)
_OPENING = re.compile(r"\b(?:ouverture|debut|demarrage|lancement|commence|coup d'envoi|depart)\b[^,;]{0,20}$")
_CLOSING = re.compile(r"\b(?:cloture|fin|fermeture|arrivee|cocktail|verre)\b[^,;]{0,20}$")
_LENGTH = re.compile(r"\b(?:duree|pendant|durant|env|heures? de)\b[^,;]{0,12}$")


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _within(inner: Dated, outer: Dated) -> bool:
    return all(any(o.first <= i.first and i.last <= o.last for o in outer.spans) for i in inner.spans)


def _weight(one: Found) -> tuple[int, bool, bool, int]:
    announced = bool(re.search(r"\b(?:prochaine?s?|aur(?:a|ont) lieu|tiendr(?:a|ont)|rendez-vous|date)\b", one.before))
    return (
        announced,
        len(one.run.days) > 1 or any(d.clocks for d in one.run.days),
        "d" not in one.run.lead,
        -one.run.start,
    )
