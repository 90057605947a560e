"""The pages of calendars, months and events, read as a browser reads them and checked as a validator does."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from aggregator.dedupe import NO_LONGER_SAID
from aggregator.model import Change, Item, Occurrence, Plan
from aggregator.normalise import gathering
from aggregator.normalise.dates import event as event_dates
from aggregator.publish import Renderer, pages, stylesheet
from aggregator.publish.deadlines import deadline_of
from tests.publish.samples import CUF, EVENT, MP3, NEWS, PDF, SITE, SURESNES, days, event, feed, hours, numbered

NBSP = "\u00a0"
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
TODAY = date(2026, 11, 5)
LONG = (
    "Assises nationales de la coopération décentralisée et de l’action internationale des collectivités territoriales"
)
ARABIC = "ندوة حول التعاون اللامركزي بين المدن"

CHANGES = (
    Change(datetime(2026, 10, 1, 9, tzinfo=UTC), Plan(hours("2026-11-19T14:30")), Plan(EVENT.when)),
    Change(
        datetime(2026, 10, 3, 22, 30, tzinfo=UTC),  # the 4th in Paris
        Plan(EVENT.when, None, "Paris"),
        Plan(EVENT.when, None, "Suresnes <b>"),
    ),
)
FULL = event(
    deadline=date(2027, 4, 30),
    conference="https://visio.example.org/salle?a=1&b=2",
    attachments=(PDF, MP3),
    origins=(CUF, SURESNES),
    when=dataclasses.replace(hours("2026-11-20T14:30", "2026-11-20T16:00"), doubts=("year inferred", "hour from text")),
)
HARD = tuple(
    dataclasses.replace(one, uid=numbered(one, n).uid)
    for n, one in enumerate(
        (
            event(title="Exposition de trois mois", when=days("2026-09-15", "2026-12-16")),
            event(title="Passé", when=hours("2026-10-20T09:00", "2026-10-20T17:00")),
            event(title="Congrès", when=days("2026-11-03", "2026-11-07"), location=None),
            event(title=LONG, when=hours("2026-11-09T09:00", "2026-11-10T17:30")),
            event(title="[Annulé] Atelier", status="cancelled", when=hours("2026-11-12T10:00")),
            event(title="Retirée", withdrawn_at=datetime(2026, 11, 1, tzinfo=UTC), when=days("2026-11-12", None)),
            event(title="Colloque", status="postponed", when=days("2026-11-13", None)),
            event(title=ARABIC, language="ar", when=hours("2026-11-16T18:00"), status="cancelled"),
            event(title="Jornada", language="es", when=hours("2026-11-17T14:00", tz="Indian/Reunion"), location=None),
            event(title="Nuit", when=hours("2026-11-18T20:00", "2026-11-19T00:00")),
            *(event(title=f"Réunion {n}", when=hours(f"2026-11-20T{8 + n:02d}:00")) for n in range(12)),
            event(title='"><script>alert(1)</script>', url="javascript:alert(1)", when=hours("2026-11-25T08:00")),
            event(title="", when=hours("2026-12-05T08:00"), origins=(), summary=None, organiser=None, categories=()),
            event(title="Nulle part", when=hours("2026-11-25T08:00", tz="Europe/Atlantis")),
            event(title="Sans date", when=None),
        )
    )
)
AGENDA = feed(path="agenda", title="Agenda", description="Tous les événements.", events=HARD)
AGENDA = dataclasses.replace(AGENDA, coming=HARD)
MONTHS = (date(2026, 10, 1), NOVEMBER, DECEMBER)


def event_page(item: Item = FULL, history: tuple[Change, ...] = ()) -> LexborHTMLParser:
    return LexborHTMLParser(pages.event(SITE, item, history).decode())


def calendar_page(*events: Item, **changes: Any) -> LexborHTMLParser:
    shown = dataclasses.replace(AGENDA, coming=events or HARD, **changes)
    return LexborHTMLParser(pages.feed(SITE, shown, TODAY, MONTHS).decode())


def month_page(*events: Item, month: date = NOVEMBER) -> LexborHTMLParser:
    shown = dataclasses.replace(AGENDA, events=events or HARD)
    return LexborHTMLParser(pages.month(SITE, shown, month, MONTHS).decode())


def text(tree: LexborHTMLParser, selector: str) -> str:
    found = tree.css_first(selector)
    assert found is not None, selector
    return " ".join(re.split(r"[ \n]+", found.text())).strip()


def day_cell(tree: LexborHTMLParser, day: str) -> list[str]:
    """What stands on a day of a grid."""
    return [
        " ".join(re.split(r"[ \n]+", entry.text())).strip()
        for cell in tree.css(".month td")
        if cell.css(f"time[datetime='{day}']")
        for entry in cell.css("li")
    ]


# ── valid and accessible ────────────────────────────────────────────────────────────────────────

_VOID = frozenset("meta link br".split())
_BLOCKS = frozenset("p ul ol dl div section article nav table details h1 h2 h3 header footer main".split())
_PARENTS = {"li": {"ul", "ol"}, "tr": {"thead", "tbody"}, "td": {"tr"}, "th": {"tr"}, "caption": {"table"}}
_PARENTS |= {"dt": {"div", "dl"}, "dd": {"div", "dl"}, "summary": {"details"}, "tbody": {"table"}, "thead": {"table"}}


class Validator(HTMLParser):
    """Reads our own HTML strictly: what a browser would mend is a fault."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.named: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        checks = {
            "an attribute twice": len(said) < len(attrs),
            "a link within a link": tag == "a" and "a" in self.open,
            "a block within a paragraph": tag in _BLOCKS and "p" in self.open,
            "astray": tag in _PARENTS and (not self.open or self.open[-1] not in _PARENTS[tag]),
            "what is no list entry": bool(self.open) and self.open[-1] in ("ul", "ol") and tag != "li",
            "a link to nowhere": tag == "a" and not said.get("href"),
            "style or script in an attribute": any(name == "style" or name.startswith("on") for name in said),
            "a landmark without a name": tag in ("nav", "section")
            and not {"aria-label", "aria-labelledby"} & set(said),
            "a head without scope": tag == "th" and said.get("scope") != "col",
            "an empty lang": "lang" in said and not said["lang"],
        }
        self.faults += [f"{tag}: {fault}" for fault, wrong in checks.items() if wrong]
        self.ids += [said["id"] or ""] if "id" in said else []
        self.named += (said.get("aria-labelledby") or "").split()
        self.named += [said["href"][1:]] if (said.get("href") or "").startswith("#") else []  # type: ignore[index]
        self.seen.append(tag)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"{tag}: closed where it is not the innermost")


def faults(html: str) -> list[str]:
    reader = Validator()
    reader.feed(html)
    reader.close()
    found = [*reader.faults, *(f"{tag}: never closed" for tag in reader.open)]
    if not html.startswith('<!DOCTYPE html>\n<html lang="fr">'):
        found.append("no doctype or no language")
    found += [f"#{one}: twice" for one in set(reader.ids) if reader.ids.count(one) > 1]
    found += [f"#{one}: named, not there" for one in set(reader.named) - set(reader.ids)]
    found += [f"{one}: not once" for one in ("title", "h1", "main", "footer", "header") if reader.seen.count(one) != 1]
    levels = [int(tag[1]) for tag in reader.seen if re.fullmatch("h[1-6]", tag)]
    found += [f"h{b} after h{a}" for a, b in pairwise(levels) if b > a + 1]
    return found


def frame(body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="fr"><head><title>x</title></head><body><header></header>'
        f"<main><h1>x</h1>{body}</main><footer></footer></body></html>"
    )


@pytest.mark.parametrize(
    "broken",
    [
        "<p>a<p>b</p>", "<div>", "</div>", "<ul><p></p></ul>", "<li></li>", '<a href="#x">a</a>', "<section></section>",
        '<a href="/">a<a href="/">b</a></a>', "<h3>x</h3>", '<p id="a"></p><p id="a"></p>', "<h1>y</h1>", "<td></td>",
        '<p style="color:red"></p>', '<p class="a" class="b"></p>', "<table><tbody><tr><th>x</th></tr></tbody></table>",
    ],
)  # fmt: skip
def test_the_validator_finds_what_is_broken(broken: str) -> None:
    assert faults(frame("<p>a</p>")) == []
    assert faults(frame(broken)) != []


@pytest.mark.parametrize("item", [one for one in HARD if one.title != "Nulle part"], ids=lambda one: one.title)
def test_every_event_page_is_valid(item: Item) -> None:
    assert faults(pages.event(SITE, item, CHANGES).decode()) == []


def test_calendars_and_months_are_valid_whatever_they_hold() -> None:
    nothing = dataclasses.replace(AGENDA, events=())
    for shown in (AGENDA, nothing):
        assert faults(pages.feed(SITE, shown, TODAY, MONTHS).decode()) == []
        for month in (*MONTHS, date(2027, 2, 1), date(9999, 12, 1), date(1, 1, 1)):
            assert faults(pages.month(SITE, shown, month, MONTHS).decode()) == []
    assert faults(pages.feed(SITE, nothing, TODAY, ()).decode()) == []
    assert faults(pages.event(SITE, FULL, CHANGES).decode()) == []


def test_nothing_runs_and_only_our_stylesheet_is_fetched() -> None:
    for tree in (event_page(), calendar_page(), month_page()):
        policy = tree.css_first("meta[http-equiv='Content-Security-Policy']")
        assert policy is not None
        assert "default-src 'none'; style-src 'self'" in (policy.attributes["content"] or "")
        assert [one.attributes["href"] for one in tree.css("link[rel=stylesheet]")] == [f"{SITE.base_url}/style.css"]
        assert all(one.attributes["type"] == "application/ld+json" for one in tree.css("script"))
        assert not tree.css("style, iframe, img, form, a[href^='javascript']")
    assert b"@import" not in stylesheet()
    assert b"url(" not in stylesheet()


def test_own_links_are_absolute_and_links_away_carry_no_trust() -> None:
    for tree in (event_page(), calendar_page(), month_page()):
        for one in tree.css("a[href]"):
            address = one.attributes["href"] or ""
            ours = address.startswith((f"{SITE.base_url}/", "webcal://flux.example.org/", "#"))
            assert ours != ("rel" in one.attributes and "nofollow" in (one.attributes["rel"] or "")), address
            assert ours or address.startswith("https://"), address


# ── an event ────────────────────────────────────────────────────────────────────────────────────


def test_an_event_page_says_all_there_is_to_know() -> None:
    facts = text(event_page(), ".facts")
    for said in (
        f"Quand{NBSP}: Vendredi 20 novembre 2026, de 14{NBSP}h{NBSP}30 à 16{NBSP}h",
        f"À vérifier{NBSP}: année déduite{NBSP}; heure lue dans le texte",
        f"Lieu{NBSP}: Paris, Hôtel de Ville ; salle 2",
        "Participer en visioconférence",
        f"Date limite{NBSP}: 30 avril 2027",
        f"Organisateur{NBSP}: Cités Unies France",
        f"Documents{NBSP}: Le programme (PDF, 52{NBSP}ko) entretien.mp3 (MP3)",
        f"Catégories{NBSP}: equateur, fonds de solidarité",
        f"Source{NBSP}: Cités Unies France",
        f"Aussi sur{NBSP}: Ville de Suresnes",
    ):
        assert said in facts, said
    tree = event_page()
    assert [one.attributes["datetime"] for one in tree.css(".facts time")] == [
        "2026-11-20T14:30:00+01:00",
        "2027-04-30",
    ]
    links = [one.attributes["href"] for one in tree.css(".facts a")]
    assert links == [
        "https://visio.example.org/salle?a=1&b=2", PDF.url, MP3.url, CUF.url, SURESNES.url,
    ]  # fmt: skip
    assert text(tree, ".summary") == FULL.summary
    assert text(tree, ".source") == "Lire la page de la source, seule à faire foi."
    assert tree.css(".source a")[0].attributes["href"] == FULL.url
    assert tree.css(".back a")[0].attributes["href"] == "https://flux.example.org/agenda.html"


def test_what_is_unknown_is_not_said() -> None:
    bare = event(
        when=None, location=None, organiser=None, url=None, summary=None, origins=(), categories=(), attachments=()
    )
    tree = event_page(bare)
    assert text(tree, ".facts") == f"Quand{NBSP}: date inconnue"
    assert not tree.css(".summary, .source, .state, section, script, time")


def test_a_summary_keeps_its_lines_and_paragraphs() -> None:
    tree = event_page(event(summary="Un\nDeux\n \nTrois <b>"))
    assert [one.text() for one in tree.css(".summary p")] == ["UnDeux", "Trois <b>"]
    assert len(tree.css(".summary br")) == 1


@pytest.mark.parametrize(
    ("changes", "heading", "state", "struck"),
    [
        ({"status": "cancelled"}, "[ANNULÉ] Réunion", "Annulé.", True),
        ({"status": "cancelled", "title": "[Annulé] Réunion"}, "[ANNULÉ] Réunion", "Annulé.", True),
        ({"status": "postponed"}, "[REPORTÉ] Réunion", "Reporté, sans nouvelle date connue.", False),
        (
            {"withdrawn_at": datetime(2026, 11, 1, tzinfo=UTC)},
            "[RETIRÉ] Réunion", "Sa source ne montre plus ce rendez-vous.", True,
        ),
        ({"status": "confirmed"}, "Réunion", None, False),
    ],
)  # fmt: skip
def test_what_became_of_an_event_is_said_and_struck(
    changes: dict[str, Any], heading: str, state: str | None, struck: bool
) -> None:
    tree = event_page(event(**{"title": "Réunion", **changes}))
    assert text(tree, "h1") == heading
    assert [one.text() for one in tree.css(".state")] == ([state] if state else [])
    assert [one.text() for one in tree.css("h1 s")] == (["Réunion"] if struck else [])


def test_a_title_in_another_language_says_so_but_not_the_words_of_ours_beside_it() -> None:
    tree = event_page(event(title=ARABIC, language="ar", status="cancelled"))
    title = tree.css_first("h1 [lang]")
    assert title is not None
    assert (title.attributes["lang"], title.attributes["dir"], title.text()) == ("ar", "auto", ARABIC)
    assert not event_page().css("h1 [lang]")


def every_doubt() -> list[str]:
    said = [value for name, value in vars(gathering).items() if name.isupper() and isinstance(value, str)]
    return sorted({*event_dates._DOUBTS, *said, NO_LONGER_SAID, "zone assumed", "a doubt nobody has put in French yet"})


@pytest.mark.parametrize("doubt", every_doubt())
def test_a_doubt_is_said_in_plain_french(doubt: str) -> None:
    words = text(event_page(event(when=dataclasses.replace(hours("2026-11-20T14:30"), doubts=(doubt,)))), ".facts")
    assert f"À vérifier{NBSP}: " in words
    assert doubt not in words
    assert ("date incertaine" in words) == (doubt == "a doubt nobody has put in French yet")


def test_a_tentative_event_is_to_be_confirmed() -> None:
    assert f"À vérifier{NBSP}: tenue à confirmer" in text(event_page(event(status="tentative")), ".facts")


def test_changes_stand_newest_first_on_the_day_in_paris() -> None:
    tree = event_page(FULL, CHANGES)
    section = "section[aria-labelledby='titre-historique']"
    assert text(tree, f"{section} h2") == "Ce qui a changé"
    assert [one.text() for one in tree.css(f"{section} time")] == ["4 octobre 2026", "1er octobre 2026"]
    assert [one.attributes["datetime"] for one in tree.css(f"{section} time")] == ["2026-10-04", "2026-10-01"]
    newest, oldest = (entry.text() for entry in tree.css(f"{section} li"))
    assert "Suresnes <b>" in newest
    assert "20 novembre" in oldest
    assert not event_page(FULL).css(section)


def test_a_change_that_cannot_be_said_costs_itself() -> None:
    naive = dataclasses.replace(CHANGES[0], at=CHANGES[0].at.replace(tzinfo=None))
    nothing = dataclasses.replace(CHANGES[0], before=CHANGES[0].after)
    assert len(event_page(FULL, (naive, nothing, *CHANGES)).css("section li")) == len(CHANGES)


@pytest.mark.parametrize("uid", ["", "../agenda", "a b"])
def test_an_event_without_a_usable_id_has_no_page(uid: str) -> None:
    with pytest.raises(ValueError, match="no identifier"):
        pages.event(SITE, event(uid=uid), ())


def test_an_event_whose_date_cannot_be_said_has_no_page() -> None:
    with pytest.raises(ValueError, match="time zone"):
        pages.event(SITE, event(when=hours("2026-11-25T08:00", tz="Europe/Atlantis")), ())


# ── for machines ────────────────────────────────────────────────────────────────────────────────


def data(item: Item) -> dict[str, Any]:
    found = event_page(item).css("script[type='application/ld+json']")
    assert len(found) == 1
    said = json.loads(found[0].text())
    assert isinstance(said, dict)
    return said


def test_an_event_is_told_to_machines_as_schema_org_has_it() -> None:
    said = data(FULL)
    assert (said["@context"], said["@type"], said["name"]) == ("https://schema.org", "Event", FULL.title)
    assert (said["startDate"], said["endDate"]) == ("2026-11-20T14:30:00+01:00", "2026-11-20T16:00:00+01:00")
    assert said["url"] == FULL.url
    assert said["location"] == [
        {"@type": "Place", "name": FULL.location},
        {"@type": "VirtualLocation", "url": FULL.conference},
    ]
    assert "eventStatus" not in said


def test_machines_get_the_last_day_of_whole_days_and_no_end_where_none_is_known() -> None:
    assert data(event(when=days("2026-10-21", "2026-10-25")))["endDate"] == "2026-10-24"
    assert "endDate" not in data(event(when=days("2026-10-21", None)))
    assert "endDate" not in data(event(when=hours("2026-10-21T09:00")))
    assert "location" not in data(event(location=None))
    assert data(event())["location"] == {"@type": "Place", "name": EVENT.location}


def test_machines_are_told_what_became_of_an_event() -> None:
    assert data(event(status="confirmed"))["eventStatus"] == "https://schema.org/EventScheduled"
    assert data(event(status="postponed"))["eventStatus"] == "https://schema.org/EventPostponed"
    assert data(event(status="cancelled"))["eventStatus"] == "https://schema.org/EventCancelled"
    gone = event(status="confirmed", withdrawn_at=datetime(2026, 11, 1, tzinfo=UTC))
    assert data(gone)["eventStatus"] == "https://schema.org/EventCancelled"


@pytest.mark.parametrize("hostile", ["</script><script>alert(1)</script>", "<!--<script>", "]]> & \u2028 \\ \"'"])
def test_what_sources_write_cannot_leave_the_data(hostile: str) -> None:
    item = event(title=hostile, summary=hostile, location=hostile)
    source = pages.event(SITE, item, ()).decode()
    inside = source.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert "<" not in inside
    assert data(item)["location"]["name"] == " ".join(hostile.replace("\u2028", "\n").split())
    assert len(event_page(item).css("script")) == 1


# ── a calendar ──────────────────────────────────────────────────────────────────────────────────


def test_a_calendar_shows_what_goes_on_then_what_comes_by_month() -> None:
    tree = calendar_page()
    assert [one.text() for one in tree.css("section.agenda h3")] == [
        "En ce moment", "Novembre 2026", "Décembre 2026",
    ]  # fmt: skip
    lists = tree.css("section.agenda .rows")
    assert [len(one.css("li")) for one in lists] == [2, 20, 1]
    first = lists[1].css("li")[0]
    assert text(tree, "section.agenda .rows:nth-of-type(2) .what a") == LONG
    assert first.css("a")[0].attributes["href"] == f"https://flux.example.org/evenements/{HARD[3].uid}.html"
    assert first.css("time")[0].attributes["datetime"] == "2026-11-09T09:00:00+01:00"
    assert first.css(".who")[0].text() == "Paris, Hôtel de Ville ; salle 2 · Cités Unies France"
    assert f"14{NBSP}h (heure de La Réunion)" in lists[1].text()


def test_what_is_over_is_not_on_the_page_and_of_what_comes_the_first_fifty() -> None:
    over = [event(when=days(str(TODAY - timedelta(days=n)), None), title=f"Il y a {n} jours") for n in (2, 1, 0)]
    tree = calendar_page(*over)
    assert [one.text() for one in tree.css("section.agenda .what a")] == ["Il y a 0 jours"]
    assert not tree.css("section.agenda .none")
    coming = [numbered(event(when=days(str(TODAY + timedelta(days=n)), None)), n) for n in range(51)]
    assert not calendar_page(*coming[:50]).css("section.agenda .none")
    tree = calendar_page(*coming)
    assert len(tree.css("section.agenda .what a")) == 50
    assert text(tree, "section.agenda .none").startswith("La suite est à lire mois par mois")


def test_an_event_goes_on_until_its_last_day_in_its_own_zone() -> None:
    ends = {
        "all day": days("2026-11-03", "2026-11-06"),
        "over": days("2026-11-03", "2026-11-05"),
        "until midnight": hours("2026-11-04T20:00", "2026-11-05T00:00"),
        "past midnight": hours("2026-11-04T20:00", "2026-11-05T02:00"),
        "elsewhere": hours("2026-11-05T20:00", tz="Pacific/Tahiti"),
    }
    tree = calendar_page(*(event(title=title, when=when) for title, when in ends.items()))
    coming = {one.text() for one in tree.css("section.agenda .what a")}
    assert coming == {"all day", "past midnight", "elsewhere"}


def test_a_calendar_is_offered_in_each_of_its_forms() -> None:
    tree = calendar_page(path="sources/cuf")
    links = [one.attributes["href"] for one in tree.css(".forms a")]
    root = "https://flux.example.org/sources/cuf"
    assert set(links) == {
        f"{root}.rss", f"{root}.atom", f"{root}.json", f"{root}.ics", "webcal://flux.example.org/sources/cuf.ics",
    }  # fmt: skip
    assert len(tree.css("link[rel=alternate]")) == 4
    assert [one.text() for one in tree.css(".grids a")] == ["Octobre 2026", "Novembre 2026", "Décembre 2026"]
    assert [one.attributes["href"] for one in tree.css(".grids a")] == [
        f"{SITE.base_url}/{pages.month_path(dataclasses.replace(AGENDA, path='sources/cuf'), month)}"
        for month in MONTHS
    ]


def test_an_empty_calendar_says_so() -> None:
    tree = LexborHTMLParser(pages.feed(SITE, dataclasses.replace(AGENDA, coming=()), TODAY, ()).decode())
    assert [one.text() for one in tree.css(".none")] == [
        "Rien d’annoncé pour le moment.", "Rien de publié pour le moment.",
    ]  # fmt: skip
    assert not tree.css("details, .grids, .rows")


def test_a_last_day_leads_to_its_source_since_it_has_no_page() -> None:
    last = deadline_of(event(deadline=date(2026, 11, 30)))
    for tree in (calendar_page(last), month_page(last)):
        links = [one.attributes["href"] for one in tree.css("a") if EVENT.title in one.text()]
        assert links == [EVENT.url]


# ── a month ─────────────────────────────────────────────────────────────────────────────────────


def test_a_month_is_a_table_of_weeks_from_monday() -> None:
    tree = month_page()
    assert [one.text() for one in tree.css("th[scope=col]")] == [
        "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
    ]  # fmt: skip
    assert text(tree, "caption") == "Agenda, novembre 2026, jour par jour"
    weeks = tree.css(".month tbody tr")
    assert [len(week.css("td")) for week in weeks] == [7] * 6
    days_shown = [one.attributes["datetime"] for one in tree.css(".month td time")]
    assert days_shown == [f"2026-11-{n:02d}" for n in range(1, 31)]
    for week in weeks:  # each day stands below its weekday
        for column, cell in enumerate(week.css("td")):
            for moment in cell.css("time"):
                assert date.fromisoformat(moment.attributes["datetime"] or "").weekday() == column
    assert [len(one.css("tr")) for one in month_page(month=date(2027, 2, 1)).css("tbody")] == [4]


def test_an_event_stands_on_each_of_its_days_and_says_that_it_goes_on() -> None:
    tree = month_page(event(title="Congrès", when=days("2026-11-03", "2026-11-07")))
    assert [day_cell(tree, f"2026-11-0{n}") for n in range(2, 8)] == [
        [], ["début Congrès"], ["suite Congrès"], ["suite Congrès"], ["dernier jour Congrès"], [],
    ]  # fmt: skip
    assert len(tree.css(".month .going")) == 3


@pytest.mark.parametrize(
    ("when", "first", "second"),
    [
        (hours("2026-11-03T14:00"), f"14{NBSP}h X", None),
        (hours("2026-11-03T14:00", "2026-11-03T16:30"), f"14{NBSP}h X", None),
        (hours("2026-11-03T20:00", "2026-11-04T00:00"), f"20{NBSP}h X", None),
        (hours("2026-11-03T22:00", "2026-11-04T02:00"), f"22{NBSP}h X", "dernier jour X"),
        (hours("2026-11-03T22:00", tz="Pacific/Tahiti"), f"22{NBSP}h (heure de Tahiti) X", None),
        (days("2026-11-03", "2026-11-04"), "X", None),
        (days("2026-11-03", None), "X", None),
    ],
)
def test_a_day_says_the_hour_on_the_clock_of_the_place(when: Occurrence, first: str, second: str | None) -> None:
    tree = month_page(event(title="X", when=when))
    assert day_cell(tree, "2026-11-03")[0] == first
    assert day_cell(tree, "2026-11-04") == ([second] if second else [])
    assert day_cell(tree, "2026-11-02") == []


def test_a_long_event_fills_the_months_it_crosses() -> None:
    long = event(title="Expo", when=days("2026-10-15", "2026-12-16"))
    assert len(month_page(long).css(".month li.going")) == 30
    december = month_page(long, month=DECEMBER)
    assert day_cell(december, "2026-12-15") == ["dernier jour Expo"]
    assert day_cell(december, "2026-12-16") == []


def test_twelve_events_of_one_day_all_stand_there() -> None:
    entries = day_cell(month_page(), "2026-11-20")
    assert len(entries) == 13  # and what goes on
    assert entries[1] == f"8{NBSP}h Réunion 0"


def test_a_called_off_event_is_struck_in_the_grid() -> None:
    tree = month_page()
    assert day_cell(tree, "2026-11-12")[1:] == [f"10{NBSP}h [ANNULÉ] Atelier", "[RETIRÉ] Retirée"]
    assert [one.text() for one in tree.css(".month s")] == ["Atelier", "Retirée", ARABIC]


def test_a_month_leads_to_those_before_and_after_that_have_a_grid() -> None:
    tree = month_page()
    turns = tree.css("nav.turn")
    assert len({one.attributes["aria-label"] for one in turns}) == len(turns) == 2
    assert [one.text() for one in turns[0].css("a")] == ["Octobre 2026", "Décembre 2026"]
    assert [one.attributes["href"] for one in turns[0].css("a")] == [
        f"{SITE.base_url}/{pages.month_path(AGENDA, month)}" for month in (MONTHS[0], DECEMBER)
    ]
    assert not month_page(month=DECEMBER).css("a[rel=next]")
    assert month_page(month=date(2027, 5, 1)).css("a[rel=prev]")[0].text() == "Décembre 2026"
    assert [one.attributes["href"] for one in tree.css(".way a")] == [
        "https://flux.example.org/", "https://flux.example.org/agenda.html",
    ]  # fmt: skip


def test_an_event_that_cannot_be_said_costs_itself() -> None:
    assert "Nulle part" not in month_page().html + calendar_page().html  # type: ignore[operator]
    assert len(day_cell(month_page(), "2026-11-25")) == 2
    last = event(when=hours("9999-12-31T22:00", "9999-12-31T23:00"))
    assert len(calendar_page(last, EVENT).css(".rows li")) == 1


def test_a_month_with_nothing_says_so() -> None:
    tree = month_page(month=date(2027, 2, 1))
    assert text(tree, ".none") == "Rien ce mois-ci."
    assert len(tree.css(".month td.free")) == 28


def test_months_are_those_in_which_an_event_stands() -> None:
    events = [
        event(when=days("2026-09-15", "2026-12-01")),  # until the last day of November
        event(when=hours("2027-03-31T20:00", "2027-04-01T00:00")),
        event(when=days("2030-01-01", None)),
        event(when=None),
        event(when=hours("2027-01-01T00:00", tz="Europe/Atlantis")),
    ]
    assert pages.months(events, date(2026, 10, 6), date(2028, 1, 1)) == (
        date(2026, 10, 1), date(2026, 11, 1), date(2027, 3, 1),
    )  # fmt: skip
    assert pages.months(events, date(2027, 4, 1), date(2027, 12, 31)) == ()
    assert pages.months([event(when=days("9999-12-30", None))], date(1, 1, 1), date.max) == (date(9999, 12, 1),)


# ── a feed ──────────────────────────────────────────────────────────────────────────────────────

HAITI = feed(
    NEWS, path="pays/haiti", title=f"{SITE.title}{NBSP}: Haïti", description="Ce qui parle de Haïti.", calendar=False
)


def feed_page(*items: Item, **changes: Any) -> LexborHTMLParser:
    shown = dataclasses.replace(HAITI, items=items or HAITI.items, **changes)
    return LexborHTMLParser(pages.feed(SITE, shown, TODAY).decode())


def test_a_feed_without_calendar_has_a_page_of_its_latest_entries() -> None:
    tree = feed_page()
    assert faults(tree.html or "").count("h1: not once") == 0
    assert text(tree, "h1") == "Haïti"
    assert text(tree, "title") == f"Haïti · {SITE.title}"
    assert text(tree, ".lead") == "Ce qui parle de Haïti."
    assert not tree.css("#titre-a-venir, a[href$='.ics'], .here")
    (entry,) = tree.css(".entries li")
    assert entry.css_first("time").attributes["datetime"] == "2021-03-09"  # type: ignore[union-attr]
    assert entry.css_first(".what a").attributes["href"] == NEWS.url  # type: ignore[union-attr]
    assert entry.css_first(".who").text() == f"Cités Unies France · Aussi sur{NBSP}: Ville de Suresnes"  # type: ignore[union-attr]
    assert entry.css_first(".who a").attributes["href"] == SURESNES.url  # type: ignore[union-attr]


def test_the_page_of_a_feed_shows_its_addresses_to_copy() -> None:
    root = "https://flux.example.org/pays/haiti"
    assert [one.text() for one in feed_page().css("code")] == [f"{root}.rss"]
    assert [one.text() for one in feed_page(calendar=True).css("code")] == [f"{root}.ics", f"{root}.rss"]


def test_the_way_above_a_page_leads_to_the_index_and_its_group() -> None:
    links = [(one.text(), one.attributes["href"]) for one in feed_page().css(".way a")]
    assert links == [("Accueil", "https://flux.example.org/"), ("Pays", "https://flux.example.org/#pays")]
    assert text(feed_page(), ".way [aria-current=page]") == "Haïti"
    assert len(feed_page(path="agenda").css(".way a")) == 1


def test_the_page_of_a_feed_holds_its_thirty_newest() -> None:
    tree = feed_page(*(numbered(NEWS, n) for n in range(40)))
    titles = [one.text() for one in tree.css(".entries .what")]
    assert titles == [f"{NEWS.title} n° {n}" for n in range(30)]


def test_an_event_among_the_entries_leads_to_its_page_while_it_has_one() -> None:
    past = numbered(event(when=hours("2024-01-10T10:00")), 1)
    tree = feed_page(EVENT, past, calendar=True, paged=frozenset({EVENT.uid}))
    links = tree.css(".entries .what a")
    assert [one.attributes["href"] for one in links] == [f"{SITE.base_url}/evenements/{EVENT.uid}.html", past.url]
    assert ["nofollow" in (one.attributes.get("rel") or "") for one in links] == [False, True]
    assert links[0].text().startswith(f"20 novembre 2026, de 14{NBSP}h{NBSP}30 à 16{NBSP}h · ")


def test_an_entry_that_cannot_be_said_costs_itself() -> None:
    bad = (
        event(when=hours("2026-07-01T14:00", tz="Europe/Atlantis"), first_seen=datetime(2026, 1, 1)),  # noqa: DTZ001
        dataclasses.replace(NEWS, title="", url="javascript:alert(1)", origins=()),
    )
    tree = feed_page(*bad, NEWS)
    assert [one.text() for one in tree.css(".entries .what")] == ["(sans titre)", NEWS.title]
    assert not tree.css("a[href^=javascript]")


def test_every_page_of_a_feed_is_valid() -> None:
    hostile = '"><script>alert(1)</script>'
    shown = (
        HAITI,
        dataclasses.replace(HAITI, items=()),
        dataclasses.replace(HAITI, items=HARD, coming=HARD, calendar=True),
        dataclasses.replace(
            HAITI, items=(dataclasses.replace(NEWS, title=hostile),), title=hostile, description=hostile
        ),
    )
    for one in shown:
        assert faults(pages.feed(SITE, one, TODAY).decode()) == []
    assert not LexborHTMLParser(pages.feed(SITE, shown[-1], TODAY).decode()).css("script")


def test_the_categories_of_an_event_lead_to_their_feeds() -> None:
    feeds = {"equateur": "pays/equateur", "haiti": "pays/haiti"}
    tree = LexborHTMLParser(pages.event(SITE, FULL, (), feeds).decode())
    links = [(one.text(), one.attributes["href"]) for one in tree.css(".facts a[href*='/pays/']")]
    assert links == [("equateur", "https://flux.example.org/pays/equateur.html")]
    assert f"Catégories{NBSP}: equateur, fonds de solidarité" in text(tree, ".facts")


def test_an_entry_of_several_feeds_stands_alike_in_each() -> None:
    renderer = Renderer(SITE)
    first = renderer.twin(HAITI, TODAY, ())["pays/haiti.html"]
    other = renderer.twin(dataclasses.replace(HAITI, path="tout"), TODAY, ())["tout.html"]
    assert first == pages.feed(SITE, HAITI, TODAY)
    assert other.split(b'<ul class="rows">')[1] == first.split(b'<ul class="rows">')[1]


# ── as a whole ──────────────────────────────────────────────────────────────────────────────────


def test_the_pages_are_the_same_for_the_same_items() -> None:
    def all_of_them() -> list[bytes]:
        return [
            pages.event(SITE, FULL, CHANGES),
            pages.feed(SITE, AGENDA, TODAY, MONTHS),
            pages.month(SITE, AGENDA, NOVEMBER, MONTHS),
        ]

    assert all_of_them() == all_of_them()


def test_a_narrow_screen_hides_the_heads_of_columns_and_names_each_day() -> None:
    narrow = stylesheet().decode().partition("@media screen and (max-width: 48rem)")[2].partition("\n}")[0]
    assert ".month thead, .month .free { display: none; }" in narrow
    assert ".month .narrow { display: inline; }" in narrow
    cell = month_page().css_first("td time[datetime='2026-11-20']")
    assert cell is not None
    assert cell.text() == "vendredi 20 novembre 2026"
