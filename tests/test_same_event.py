"""One meeting in each of the forms that sites give it: all say the same event."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from aggregator.extract import kind
from aggregator.model import Limits, Occurrence, Page, Sighting, Source
from aggregator.normalise.item import sightings

URL = "https://www.exemple.fr/agenda"
SEEN = datetime(2026, 11, 3, 9, tzinfo=UTC)
TIMED = (datetime.fromisoformat("2026-11-25T14:00"), datetime.fromisoformat("2026-11-25T17:00"))
DAYS = Occurrence(date(2026, 11, 25), date(2026, 11, 28), True, "Europe/Paris")

RRMA = """<ul><li class="e"><h3><a href="/evenement/atelier/">Atelier « plaidoyer »</a></h3>
<div class="d">Date : Mercredi 25 novembre 2026 de 14h00 à 17h00</div><div class="l">Lieu : Lyon</div>
<div class="o">Organisateur : RESACOOP</div></li></ul>"""
HTML = {"item": "li.e", "title": "h3 a", "when": ".d", "location": ".l", "organiser": ".o"}
SPIP = """<html><body><main><article class="entry evenement vevent" itemscope itemtype="http://schema.org/Event">
<h3><a itemprop="url" href="spip.php?evenement4"><span itemprop="name">Atelier « plaidoyer »</span></a></h3>
<meta itemprop="startDate" content="2026-11-25T14:00:00+0100"><meta itemprop="endDate" content="2026-11-25T17:00:00+0100">
<p class="info-publi"><time>Mercredi 25 novembre 2026 de 14h00 à 17h00</time></p>
<p class="location" itemprop="location">Lyon</p></article></main></body></html>"""
HCALENDAR = """<div class="vevent"><a class="url summary" href="/e4">Atelier « plaidoyer »</a>
Du <abbr class="dtstart" title="2026-11-24T23:00:00Z">25</abbr> au <abbr class="dtend" title="2026-11-26T23:00:00Z">27 novembre</abbr></div>"""
LD = """<script type="application/ld+json">{"@type": "Event", "name": "Atelier « plaidoyer »", "url": "/e4", "location": "Lyon",
"startDate": "2026-11-25T14:00:00+01:00", "endDate": "2026-11-25T17:00:00+01:00"}</script>"""
MICRODATA = """<div itemscope itemtype="https://schema.org/Event"><a itemprop="url" href="/e4"><b itemprop="name">Atelier « plaidoyer »</b></a>
<time itemprop="startDate" datetime="2026-11-25T14:00">25/11</time><time itemprop="endDate" datetime="2026-11-25T17:00">17h</time>
<span itemprop="location">Lyon</span></div>"""
ICS = """BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:4@x\r\nSUMMARY:Atelier « plaidoyer »\r\nLOCATION:Lyon\r
DTSTART:20261125T130000Z\r\nDTEND:20261125T160000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""
NEWS = """<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><link>https://www.exemple.fr/</link><item>
<title>Atelier « plaidoyer », mercredi 25 novembre 2026 de 14h à 17h</title><link>https://www.exemple.fr/e4</link>
<pubDate>Mon, 02 Nov 2026 10:00:00 +0100</pubDate><description>Lieu : Lyon</description></item></channel></rss>"""
LINES = NEWS.replace(", mercredi 25 novembre 2026 de 14h à 17h", "").replace(
    "Lieu :", "Date : mercredi 25 novembre 2026&lt;br&gt;Horaires : 14h-17h&lt;br&gt;Lieu :"
)
EV = NEWS.replace('"2.0"', '"2.0" xmlns:ev="http://purl.org/rss/1.0/modules/event/"').replace(
    "<pubDate>", "<ev:startdate>2026-11-25T14:00:00+01:00</ev:startdate><ev:enddate>2026-11-25T17:00:00+01:00</ev:enddate><pubDate>"
)  # fmt: skip
BLOCK = """<div><h2>Agenda</h2><div><span>25</span><span>nov</span><p>Du 25/11/2026 au 27/11/2026</p>
<a href="Atelier-plaidoyer">Atelier « plaidoyer »</a></div><div><span>12</span><span>déc</span><a href="Autre">Autre</a></div></div>"""


def read(name: str, text: str, options: dict[str, Any] | None = None) -> Sighting:
    source = Source("exemple", "Exemple", URL, name, kind(name)(**(options or {})))
    page = Page(URL, URL, 200, b"", SEEN, "d", text=text)
    found, _ = sightings(source.extractor(page, Limits()).items, source, page)
    return next(one for one in found if "plaidoyer" in one.title)


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        pytest.param("html", RRMA, HTML | {"kind": "event"}, id="labelled lines of a page"),
        pytest.param("jsonld", SPIP, None, id="SPIP's agenda plugin, microdata"),
        pytest.param("jsonld", LD, None, id="JSON-LD"),
        pytest.param("jsonld", MICRODATA, None, id="microdata"),
        pytest.param("ics", ICS, None, id="iCalendar"),
        pytest.param("feed", NEWS, None, id="a title of the news"),
        pytest.param("feed", LINES, None, id="labelled lines of the news"),
        pytest.param("feed", EV, None, id="the event module of RSS"),
    ],
)
def test_a_timed_meeting_is_the_same_event_in_every_form(name: str, text: str, options: dict[str, Any] | None) -> None:
    one = read(name, text, options)
    assert one.kind == "event"
    assert one.when is not None
    assert (one.when.start, one.when.end, one.when.all_day) == (*TIMED, False)
    if name != "ics":  # a UTC instant in a calendar is kept as wall time of its zone
        assert one.when.tz == "Europe/Paris"
    assert one.location == "Lyon"
    if options:
        assert one.organiser == "RESACOOP"


@pytest.mark.parametrize(
    ("name", "text"),
    [pytest.param("spip", BLOCK, id="an agenda block"), pytest.param("jsonld", HCALENDAR, id="hCalendar in UTC")],
)
def test_a_meeting_of_days_is_the_same_event_in_every_form(name: str, text: str) -> None:
    assert read(name, text).when == DAYS
