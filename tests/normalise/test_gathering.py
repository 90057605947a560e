"""What words of news say of gatherings and of last days."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from aggregator.extract.feed import Feed
from aggregator.model import Occurrence, Page, RawItem, Sighting, Source
from aggregator.normalise.gathering import conference, stated, without_label
from aggregator.normalise.item import sightings
from aggregator.normalise.titles import subject

HERE = Path(__file__).parent
URL = "https://www.exemple.fr/flux"


def cases(name: str) -> list[Any]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [pytest.param(json.loads(line), id=json.loads(line)["title"][:60]) for line in lines]


def told(case: dict[str, Any], **fields: Any) -> tuple[Sighting, ...]:
    """What a feed entry becomes whose words these are, read on the day of its publication or of `seen`."""
    seen = datetime.combine(date.fromisoformat(case.get("seen", case["published"])), time(9), UTC)
    source = Source("exemple", "Exemple", URL, "feed", Feed(), language=case.get("language", "fr"))
    text = "".join(f"<p>{line}</p>" for line in case.get("text", "").splitlines())
    item = RawItem(
        title=case["title"], subtitle=case.get("subtitle"), summary=text or None, published=case["published"],
        url="https://www.exemple.fr/page", **fields,
    )  # fmt: skip
    found, refused = sightings((item,), source, Page(URL, URL, 200, b"", seen, "d"))
    assert refused == ()
    return found


def said(when: Occurrence) -> str:
    """« 2027-02-18 », « 2027-04-12/2027-04-14 » (both inclusive), « 2027-02-18T15:30/2027-02-18T17:30 »."""
    if not isinstance(when.start, datetime):
        assert when.end is not None
        last = date.fromordinal(when.end.toordinal() - 1)
        return when.start.isoformat() if last == when.start else f"{when.start}/{last}"
    ends = f"/{when.end.isoformat(timespec='minutes')}" if isinstance(when.end, datetime) else ""
    return when.start.isoformat(timespec="minutes") + ends


@pytest.mark.parametrize("case", cases("gatherings.jsonl"))
def test_news_that_announces_a_gathering_is_an_event_and_a_mention_is_none(case: dict[str, Any]) -> None:
    found = told(case)
    assert " ".join(said(one.when) for one in found if one.when) == (case["expect"] or "")
    assert {one.kind for one in found} == {"event" if case["expect"] else "news"}
    assert [one.news for one in found].count(True) == 1  # one piece of news, whatever it announces
    if case["expect"]:
        assert found[0].status == case.get("status")


@pytest.mark.parametrize("case", cases("deadlines.jsonl"))
def test_the_last_day_to_answer_is_read_and_no_other_last_day(case: dict[str, Any]) -> None:
    assert str(told(case)[0].deadline) == str(case["expect"])


def test_stated_lines_give_place_and_organiser() -> None:
    text = "Un atelier.\nDate : Mardi 25 mai 2027\nLieu :\nMaison de la région\nOrganisé par : RESACOOP"
    assert stated(text) == {
        "when": "Mardi 25 mai 2027",
        "location": "Maison de la région",
        "organiser": "RESACOOP",
    }


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Adresse : contact@ville.fr\nLieu : Hôtel de Ville", "Hôtel de Ville"),
        ("Adresse : 12 rue Neuve\nLieu : Hôtel de Ville", "Hôtel de Ville"),
        ("Adresse : 12 rue Neuve, Tours", "12 rue Neuve, Tours"),
        ("Lieu de la réunion : Hôtel de Ville", "Hôtel de Ville"),
        ("Lieu de naissance : Bamako", None),
        ("Lieu de dépôt : mairie", None),
        ("Adresse : https://www.exemple.fr", None),
        ("Lieu : à préciser", None),
        ("Lieu : sera communiqué ultérieurement", None),
        ("Où : en ligne", None),
        ("Lieu : visioconférence", None),
    ],
)
def test_a_place_is_where_one_can_go(text: str, place: str | None) -> None:
    assert stated(text).get("location") == place


def test_a_place_to_be_named_is_none_without_its_label_either() -> None:
    assert without_label("Lieu : à définir") is None
    assert without_label("Lieu : Nantes") == "Nantes"
    assert without_label("Nantes") == "Nantes"


@pytest.mark.parametrize(
    ("title", "about"),
    [
        ("Travaux rue de la Paix : réunion publique", "gathering"),
        ("Réunion publique : procès-verbal", "other"),
        ("Offre d’emploi : chargé de mission", "other"),
        ("Atelier « Appel d’offres »", "gathering"),
        ("Concours photo", "weak"),
        ("Dix ans d’amitié", "unknown"),
    ],
)
def test_a_title_without_a_date_says_what_it_is_about(title: str, about: str) -> None:
    assert subject(title) == about


@pytest.mark.parametrize("piece", ["fête ", "« ", "(", "réunion ouverte du ", "a : ", "sera fermée sur "])
def test_a_title_of_any_length_is_judged_in_linear_time(piece: str) -> None:
    title = piece * (100_000 // len(piece))
    begun = perf_counter()
    subject(title, (len(title) // 2, len(title) // 2 + 10))
    assert perf_counter() - begun < 3


def test_the_hours_of_the_text_never_replace_stated_ones() -> None:
    case = {"title": "Réunion", "published": "2027-01-20", "text": "Le 18 février à 16h, en mairie."}
    (one,) = told(case, kind="event", start="2027-02-18T15:30:00")
    assert one.when is not None
    assert (said(one.when), one.when.doubts) == ("2027-02-18T15:30", ("text says another hour",))


def test_a_title_with_another_day_than_the_stated_one_is_a_doubt() -> None:
    case = {"title": "Réunion du 19 février 2027", "published": "2027-01-20"}
    (one,) = told(case, kind="event", start="2027-02-18")
    assert one.when is not None
    assert (said(one.when), one.when.doubts) == ("2027-02-18", ("text says another day",))


def test_the_title_decides_between_june_and_july() -> None:
    case = {"title": "Réunion du 26 juillet 2027", "published": "2027-05-20"}
    (one,) = told(case, kind="event", when="26\njui")
    assert one.when is not None
    assert said(one.when) == "2027-07-26"


def test_one_conference_link_is_where_one_takes_part() -> None:
    assert conference(['<a href="https://us02web.zoom.us/j/123?pwd=a&amp;b=1">ici</a>.']) == (
        "https://us02web.zoom.us/j/123?pwd=a&b=1"
    )
    assert conference(["https://zoom.us/j/1 ou https://zoom.us/j/2"]) is None
    assert conference(["https://www.exemple.fr/zoom.us"]) is None


def test_a_last_day_stands_in_the_body_of_a_feed_too() -> None:
    case = {
        "title": "Appel à projets jeunesse",
        "published": "2027-02-11",
        "text": "Le Département soutient les jeunes.",
    }
    (one,) = told(
        case, content="<p>Le Département soutient les jeunes.</p><p>Date limite de dépôt : 30 avril 2027.</p>"
    )
    assert str(one.deadline) == "2027-04-30"
