"""French dates read back exactly, or not at all: labelled cases in data files, and properties."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Occurrence
from aggregator.normalise.dates import context, expect, machine, phase, published, read, status
from aggregator.normalise.dates.words import fold

HERE = Path(__file__).parent
SEEN = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
Case = dict[str, Any]


def _cases(name: str) -> list[Case]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def _read(case: Case) -> Case | None:
    seen = datetime.fromisoformat(case["published"]).replace(tzinfo=UTC)
    return expect(read(case["text"], seen=seen, language=case.get("language", "fr"), block=case.get("block", False)))


def _facts(told: Case | None) -> Case | None:
    names = ("start", "end", "all_day", "tz", "occurrences", "status", "role", "precision")
    return None if told is None else {name: told.get(name) for name in names}


# ── the labelled cases ──────────────────────────────────────────────────────────────────────────

FILES = ("dates.jsonl", "more_dates.jsonl")


@pytest.mark.parametrize("name", FILES)
def test_what_says_no_event_gives_none(name: str) -> None:
    read_anyway = [(case["text"], told) for case in _cases(name) if case["expect"] is None and (told := _read(case))]
    assert read_anyway == []


@pytest.mark.parametrize("name", FILES)
def test_labelled_events_are_read_exactly(name: str) -> None:
    events = [case for case in _cases(name) if case["expect"] is not None]
    missed = [
        (case["text"], case["expect"], told) for case in events if _facts(told := _read(case)) != _facts(case["expect"])
    ]
    print(*missed, sep="\n")
    assert len(missed) <= 0.03 * len(events), missed


@pytest.mark.parametrize("name", FILES)
def test_what_is_not_right_is_nothing_or_flagged(name: str) -> None:
    wrong = []
    for case in _cases(name):
        told = _read(case)
        if told is None or _facts(told) == _facts(case["expect"]):
            continue
        if not told.get("ambiguous") and not told.get("warn"):
            wrong.append((case["text"], case["expect"], told))
    assert wrong == []


def test_labelled_flags_are_told() -> None:
    flags = ("open_end", "open_start", "daypart", "tbc", "warn", "ambiguous", "approx_tz", "approx", "tz_source")
    for case in (case for name in FILES for case in _cases(name)):
        told = _read(case) or {}
        wanted = case["expect"] or {}
        assert {f: told.get(f) for f in flags} == {f: wanted.get(f) for f in flags}, case["text"]


def test_a_date_is_the_new_one_where_the_words_say_so() -> None:
    told = [case for case in _cases("more_dates.jsonl") if "moved" in case]
    assert {case["moved"] for case in told} == {True, False}
    for case in told:
        seen = datetime.fromisoformat(case["published"]).replace(tzinfo=UTC)
        reading = read(case["text"], seen=seen, language=case.get("language", "fr"))
        assert (reading and reading.moved) == case["moved"], case["text"]


@pytest.mark.parametrize("case", _cases("titles.jsonl"), ids=lambda case: case["text"])
def test_a_title_says_what_became_of_its_event_with_or_without_a_date(case: Case) -> None:
    for text in (case["text"], case["text"].upper(), f"  {case['text']} \n"):
        assert (status(text, case.get("language", "fr")), phase(text)) == (case["status"], case["phase"]), text


def test_no_word_is_hidden_by_the_set_that_spares_its_expression() -> None:
    """The sets of stems only save time: each expression that finds something is let through."""
    expressions = [value for value in vars(context).values() if isinstance(value, context.Words)]
    assert len(expressions) > 20
    for case in (case for name in FILES for case in _cases(name)):
        folded = fold(case["text"])
        stems = {word[:4] for word in re.findall(r"[^\W\d_]+", folded)}
        for end in (found.start() for found in re.finditer(r"\b|$", folded)):  # a date begins where a word does
            for words in expressions:
                if words.pattern.search(folded[:end]):
                    assert not words.stems.isdisjoint(stems), (words.pattern.pattern, folded[:end])


# ── said in many ways, read back exactly ────────────────────────────────────────────────────────

MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
SHORT = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()
WEEKDAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()
ONE_DAY = timedelta(days=1)
days = st.dates(date(1995, 1, 1), date(2060, 12, 30))


def _number(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)


def _spellings(day: date) -> list[str]:
    month, short, weekday = MONTHS[day.month - 1], SHORT[day.month - 1], WEEKDAYS[day.weekday()]
    return [
        f"{_number(day)} {month} {day.year}",
        f"le {_number(day)} {month} {day.year}",
        f"{weekday.capitalize()} {_number(day)} {month} {day.year}",
        f"Le {weekday} {day.day:02} {month} {day.year}",
        f"{weekday[:3]}. {day.day} {short} {day.year}",
        f"{day.day}\u00a0{month.upper()}\u00a0{day.year}",
        f"{day:%d/%m/%Y}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day:%d-%m-%Y}",
        f"{day:%Y-%m-%d}",
        f"Rendez-vous {weekday} {_number(day)} {month} {day.year} à la mairie",
        f"Réunion du groupe-pays Mali, le {_number(day)} {month} {day.year}",
    ]


def _hour(moment: datetime) -> list[str]:
    minutes = f"{moment.minute:02}" if moment.minute else ""
    return [
        f"{moment.hour}h{minutes}",
        f"{moment.hour} h {minutes}".rstrip(),
        f"{moment:%H:%M}",
        f"{moment.hour}H{moment.minute:02}",
        f"{moment.hour}\u202fh\u202f{moment.minute:02}",
        f"{moment.hour} heures {minutes}".rstrip(),
    ]


def _whens(text: str, **more: Any) -> list[tuple[Any, Any]]:
    reading = read(text, seen=SEEN, **more)
    assert reading is not None, text
    assert not set(reading.flags) & {"ambiguous", "weekday disagrees", "year inferred"}, (text, reading.flags)
    return [(o.start, o.end) for o in reading.occurrences]


@given(days, st.data())
def test_a_day_is_read_back_from_every_spelling(day: date, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(_spellings(day)))
    assert _whens(text) == [(day, day + ONE_DAY)], text


@given(days, st.integers(1, 60), st.data())
def test_a_range_is_read_back_from_every_spelling(first: date, length: int, data: st.DataObject) -> None:
    last = first + length * ONE_DAY
    start, end = f"{_number(first)} {MONTHS[first.month - 1]}", f"{_number(last)} {MONTHS[last.month - 1]} {last.year}"
    forms = [
        f"du {start} {first.year} au {end}",
        f"Du {first:%d/%m/%Y} au {last:%d/%m/%Y}",
        f"{first:%d/%m/%Y} - {last:%d/%m/%Y}",
        f"du {start} au {end}",
        f"{start} – {end}",
        f"Du {first:%d/%m} au {last:%d/%m/%Y}",
        f"du {WEEKDAYS[first.weekday()]} {start} au {WEEKDAYS[last.weekday()]} {end}",
    ]
    if first.month == last.month:
        forms += [
            f"du {_number(first)} au {end}",
            f"{first.day}-{end}",
            f"entre le {first.day} et le {end}",
            f"{first.day} > {end}",
        ]
    text = data.draw(st.sampled_from(forms))
    assert _whens(text) == [(first, last + ONE_DAY)], text


@given(st.lists(st.integers(1, 28), min_size=2, max_size=5, unique=True), st.integers(1, 12), st.integers(1995, 2060))
def test_a_list_is_read_back_with_neighbours_joined(numbers: list[int], month: int, year: int) -> None:
    numbers.sort()
    text = f"les {', '.join(map(str, numbers[:-1]))} et {numbers[-1]} {MONTHS[month - 1]} {year}"
    told = [day for start, end in _whens(text) for day in (start + n * ONE_DAY for n in range((end - start).days))]
    assert told == [date(year, month, n) for n in numbers], text
    assert all(before[1] < after[0] for before, after in zip(_whens(text), _whens(text)[1:], strict=False))


@given(
    days,
    st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None)),
    st.integers(15, 720),
    st.booleans(),
    st.data(),
)
def test_hours_are_read_back_from_every_spelling(
    day: date, at: Any, length: int, ends: bool, data: st.DataObject
) -> None:
    start = datetime.combine(day, at)
    end = start + timedelta(minutes=length)
    said, until = data.draw(st.sampled_from(list(zip(_hour(start), _hour(end), strict=True))))
    when = data.draw(st.sampled_from(_spellings(day)[:9]))
    links = [
        f"{when} de {said} à {until}",
        f"{when}, {said}-{until}",
        f"{when} ({said} – {until})",
        f"de {said} à {until}, {when}",
    ]
    single = [f"{when} à {said}", f"{when}, {said}", f"{when} - {said}", f"à {said}, {when}", f"{when} dès {said}"]
    text = data.draw(st.sampled_from(links if ends else single))
    if (at.hour, at.minute) == (0, 0) and "heures" in said:
        return
    assert _whens(text) == [(start, end if ends else None)], text


@given(days, st.sampled_from(range(3)))
def test_a_block_without_year_is_the_first_such_day_to_come(day: date, form: int) -> None:
    cut = MONTHS[day.month - 1][:3]
    text = [f"{day.day}\n{cut}", f"{day.day} {cut}", f"{_number(day)} {MONTHS[day.month - 1]}"][form]
    reading = read(text, seen=SEEN, block=True)
    years = [date(year, day.month, day.day) for year in (2026, 2027) if (day.month, day.day) != (2, 29)]
    if cut == "jui" and form < 2:
        assert reading is not None and "ambiguous" in reading.flags
        return
    to_come = [one for one in years if one >= SEEN.date()]
    assert (reading and reading.occurrences[0].start) == (to_come[0] if to_come else None), text


IMPOSSIBLE = (
    "32 mars 2026",
    "lundi 32 mars",
    "31 avril 2026",
    "29 février 2027",
    "30/02/2026",
    "00/01/2026",
    "12/13/2026",
    "2026-02-30",
)


@pytest.mark.parametrize("text", IMPOSSIBLE)
@pytest.mark.parametrize("block", [False, True])
def test_a_day_that_does_not_exist_is_never_mended(text: str, block: bool) -> None:
    assert read(text, seen=SEEN, block=block) is None
    assert published(text, seen=SEEN) is None
    assert machine(text, tz="Europe/Paris") is None


# ── hostile text ────────────────────────────────────────────────────────────────────────────────

PIECES = st.sampled_from(
    "le la les du au de à et ou 12 1er 31 2026 mars mai jui mar. mardi 14h 14h30 9 - – / . , : ( ) \n h heure de Paris GMT +2 reporté"
    " annulé jusqu’au avant tous chaque semaine trimestre début fin 12/03 12/03/2026 2026-03-12 T09:00 é© à« ١٢ ² ½ İ ß 𝟙𝟚".split(
        " "
    )
)


def _sane(text: str, **more: Any) -> None:
    reading = read(text, seen=SEEN, **more)
    published(text, seen=SEEN)
    machine(text, tz="Europe/Paris")
    expect(reading)
    for one in reading.occurrences if reading else ():
        assert isinstance(one, Occurrence)
        assert isinstance(one.start, datetime) != one.all_day
        assert one.end is None or one.end > one.start  # type: ignore[operator]


@settings(max_examples=300)
@given(st.text(max_size=80), st.booleans())
def test_any_text_is_read_or_left_without_a_crash(text: str, block: bool) -> None:
    _sane(text, block=block)


@settings(max_examples=600)
@given(
    st.lists(PIECES, max_size=14),
    st.sampled_from(["", " "]),
    st.sampled_from(["fr", "en", "de", "es", "xx"]),
    st.booleans(),
)
def test_any_heap_of_date_words_is_read_or_left_without_a_crash(
    pieces: list[str], glue: str, language: str, block: bool
) -> None:
    _sane(glue.join(pieces), language=language, block=block)


@pytest.mark.parametrize(
    "piece",
    ["1 ", "1/", "mars ", "1 et ", "12 mars ", "du 12 au ", "12h-", "a", "1.", "_", "x@", "(", "le 12 mars 2026 "],
)
def test_a_megabyte_of_one_thing_says_nothing(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    reading = read(text, seen=SEEN)
    assert reading is None or not reading.occurrences
    assert published(text, seen=SEEN) == (date(2026, 3, 12) if "12 mars" in piece else None)


def test_a_date_far_into_a_long_text_is_found_where_it_stands() -> None:
    text = "mot " * 50_000 + "réunion le 12 mars 2026 à 18h."
    reading = read(text, seen=SEEN)
    assert reading is not None
    assert (reading.words, text[slice(*reading.span)]) == ("le 12 mars 2026 à 18h",) * 2


# ── published and machine values ────────────────────────────────────────────────────────────────

NOON = datetime(2020, 3, 13, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2025-11-06T09:00:00Z", datetime(2025, 11, 6, 9, tzinfo=UTC)),
        ("2025-11-06T09:00:00+0200", datetime(2025, 11, 6, 7, tzinfo=UTC)),
        ("2025-11-06T09:00:00.250+02:00", datetime(2025, 11, 6, 7, 0, 0, 250_000, tzinfo=UTC)),
        ("2025-11-06 09:00:00", datetime(2025, 11, 6, 8, tzinfo=UTC)),
        ("2025-11-06", date(2025, 11, 6)),
        ("Fri, 13 Mar 2020 12:22:00 +0100", NOON),
        ("Mon, 13 Mar 2020 12:22:00 +0100", NOON),
        ("13 Mar 20 06:22 EST", NOON),
        ("Fri, 13 Mar 2020 12:22:00 CET", NOON),
        ("Vendredi, 13 Mars, 2020 - 12:22", NOON),
        ("ven., 13/03/2020 - 12:22", NOON),
        ("Le 11 mars 2021,", date(2021, 3, 11)),
        ("Publié le 14 mars 2025", date(2025, 3, 14)),
        ("11 mars 2021, par  Rig", date(2021, 3, 11)),
        ("mis à jour le 3 mai 2024 à 14h30", datetime(2024, 5, 3, 12, 30, tzinfo=UTC)),
        ("Mis à jour le 3 mai 2024, publié le 14 mars 2024", date(2024, 3, 14)),
        ("1er février 2021", date(2021, 2, 1)),
        ("14/03/2025", date(2025, 3, 14)),
        ("14/03/98", date(1998, 3, 14)),
        ("11 mars", date(2026, 3, 11)),
        ("3 août", date(2025, 8, 3)),
        ("20 décembre", date(2025, 12, 20)),
        ("23\nnov\n2024", date(2024, 11, 23)),
        ("nov.\n23", date(2025, 11, 23)),
        ("mar.\n23", None),  # a Tuesday, or March
        ("nov\n23\n2024", date(2024, 11, 23)),
        ("mars 25", None),  # March 2025, or the 25th
        ("12 mai 1985", None),
        ("Thu, 01 Jan 1970 00:00:00 +0000", None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59-23:00", None),
        ("30/11/-0001", None),
        ("hier", None),
        ("2026", None),
        ("", None),
    ],
)
def test_publication_words_are_days_or_instants(text: str, said: date | datetime | None) -> None:
    told = published(text, seen=SEEN)
    assert (told, type(told)) == (said, type(said))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-10-21", "2026-10-21"),
        ("20261021", "2026-10-21"),
        ("2026-10-21T09:00:00", "2026-10-21T09:00:00"),
        ("2026-10-21 09:00", "2026-10-21T09:00:00"),
        ("2026-10-21T09:00:00+0200", "2026-10-21T09:00:00+02:00"),
        ("2026-10-21T09:00:00.000Z", "2026-10-21T09:00:00+00:00"),
        ("20261021T090000Z", "2026-10-21T09:00:00+00:00"),
        ("2026-13-01", None),
        ("2026-10-21T25:00", None),
        ("2026-10-21T09:00:00+99:00", None),
        ("2026-10", None),
        ("21/10/2026", None),
        ("２０２６-10-21", None),
        ("2026-10-21T09:00:00Z; DROP", None),
    ],
)
def test_machine_values_are_iso_or_nothing(text: str, said: str | None) -> None:
    told = machine(text, tz="Europe/Paris")
    assert (told and told.isoformat()) == said


def test_an_unknown_zone_is_said_to_be_assumed() -> None:
    reading = read("le 12 mars 2026 à 18h", seen=SEEN, tz="Mars/Olympus")
    assert reading is not None
    assert reading.occurrences[0].tz == "Europe/Paris"
    assert "zone assumed" in reading.occurrences[0].doubts


def test_a_repeated_date_is_kept_as_words_and_never_made_into_days() -> None:
    reading = read("Permanence tous les 1ers jeudis du mois", seen=SEEN)
    assert reading is not None
    assert (reading.recurring, reading.occurrences) == ("tous les 1ers jeudis du mois", ())
    assert expect(reading) is None
