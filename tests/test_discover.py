"""A site's address in, a source that works out: real HTTP, the real command, nothing stored before it is asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator import config, pipeline
from aggregator.discover import BUDGET, Found, block
from aggregator.discover.record import record
from aggregator.errors import ConfigError, Disallowed
from tests.conftest import START, House, calendar, ics, news, rss, xml
from tests.fakeweb import FakeWeb, reply

GOLDEN = Path(__file__).parent / "golden"
CUF = sorted(f.name for f in GOLDEN.glob("cuf-*") if f.name != "cuf-keyword")  # whole pages of the founding document


def html(head: str = "", body: str = "<p>Bienvenue</p>") -> Any:
    page = f'<html lang="fr"><head><meta charset="utf-8"><title>Ville d’Essai - Accueil</title>{head}</head><body>{body}</body></html>'
    return reply(body=page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def machine(said: object) -> Any:
    return reply(body=json.dumps(said).encode(), headers={"Content-Type": "application/json"})


def posts(base: str, count: int) -> list[dict[str, object]]:
    """What WordPress says of `count` posts, the newest first."""
    return [
        {
            "id": n, "status": "publish", "type": "post", "link": f"{base}/nouvelle-{n}/", "guid": {"rendered": f"{base}/?p={n}"},
            "date_gmt": (START - timedelta(days=n)).strftime("%Y-%m-%dT%H:%M:%S"), "title": {"rendered": f"Nouvelle n&#176; {n}"},
            "excerpt": {"rendered": "<p>Un texte.</p>"}, "content": {"rendered": "<p>Un texte.</p>", "protected": False},
        }
        for n in range(count)
    ]  # fmt: skip


def feed(base: str, count: int) -> Any:
    items = "".join(
        f"<item><title>Nouvelle n° {n}</title><link>{base}/nouvelle-{n}/</link><pubDate>{format_datetime(START - timedelta(days=n))}</pubDate></item>"
        for n in range(count)
    )
    return xml(f'<rss version="2.0"><channel><title>x</title><link>{base}/</link>{items}</channel></rss>'.encode())


async def look(web: FakeWeb, folder: Path, path: str = "/", now: datetime = START) -> Any:
    file = folder / "sources.yaml"
    file.write_text(
        "site: {title: T, url: https://flux.example, contact: a@b.example}\ndefaults: {delay: 0s, allow_private: true}\n"
        "# mes sources\nsources:\n  - {slug: tours, name: Tours, url: https://tours.example/flux, kind: feed}  # la première\n\nfeeds: []\n",
        encoding="utf-8",
    )
    url = web.url(path)
    return (await pipeline.look(config.load(file), [url], clock=lambda: now))[url]


async def test_a_feed_that_the_page_announces_is_found_and_its_site_named(house: House, tmp_path: Path) -> None:
    house.web["/"] = html('<link rel="alternate" type="application/rss+xml" href="/flux.xml">')
    house.web["/flux.xml"] = xml(rss(news(5), house.web.url().rstrip("/")))
    found = await look(house.web, tmp_path)
    (best,) = found.chosen
    assert (found.name, best.way.kind, best.way.url, best.items, best.dated) == (
        "Ville d’Essai", "feed", house.web.url("/flux.xml"), 5, 5,
    )  # fmt: skip


async def test_an_address_that_is_a_calendar_is_read_as_one(house: House, tmp_path: Path) -> None:
    event = "UID:{0}@x\nDTSTART;VALUE=DATE:202511{0:02d}\nSUMMARY:Atelier {0}"
    house.web["/agenda.ics"] = calendar(ics(*(event.format(n) for n in range(10, 14))))
    found = await look(house.web, tmp_path, "/agenda.ics")
    assert [(t.way.kind, t.items, t.events) for t in found.chosen] == [("ics", 4, 4)]
    assert house.web.asked("/feed/") == 0


async def test_a_feed_that_holds_ten_of_twenty_eight_gives_way_to_the_interface_that_has_all(
    house: House, tmp_path: Path
) -> None:
    base = house.web.url().rstrip("/")
    house.web["/"] = html(
        f'<link rel="https://api.w.org/" href="{base}/wp-json/"><link rel="alternate" type="application/rss+xml" href="{base}/feed/">'
    )
    house.web["/feed/"] = feed(base, 10)
    house.web["/wp-json/wp/v2/posts?_embed=1&per_page=50"] = machine(posts(base, 28))
    found = await look(house.web, tmp_path)
    assert [(t.way.kind, t.items) for t in found.chosen] == [("wordpress", 28)]


async def test_a_type_of_events_is_a_second_source(house: House, tmp_path: Path) -> None:
    base = house.web.url().rstrip("/")
    house.web["/"] = html(f'<link rel="https://api.w.org/" href="{base}/wp-json/">')
    house.web["/wp-json/wp/v2/posts?_embed=1&per_page=50"] = machine(posts(base, 6))
    house.web["/wp-json/wp/v2/types"] = machine(
        {"post": {"rest_base": "posts"}, "evenement": {"rest_base": "evenements"}, "wp_block": {"rest_base": "blocks"}}
    )
    announced = posts(base, 3)
    for n, one in enumerate(announced):
        one |= {
            "id": 900 + n, "link": f"{base}/evenement/{n}/", "title": {"rendered": f"Café n° {n}"},
            "excerpt": {"rendered": f"<p>Le {10 + n} décembre 2025 à 18 h 30, à la mairie.</p>"},
        }  # fmt: skip
    house.web["/wp-json/wp/v2/evenements?_embed=1&per_page=50"] = machine(announced)
    found = await look(house.web, tmp_path)
    assert [(t.way.kind, t.items, t.events) for t in found.chosen] == [("wordpress", 6, 0), ("wordpress", 3, 3)]
    assert found.chosen[1].way.options == {"kind": "event"}


async def test_a_page_that_lists_well_does_not_keep_its_software_from_being_asked(house: House, tmp_path: Path) -> None:
    base = house.web.url().rstrip("/")
    cards = "".join(
        f'<article><h3><a href="{base}/nouvelle-{n}/">Nouvelle n° {n}</a></h3><p>Publié le {3 - n} novembre 2025</p></article>'
        for n in range(3)
    )
    pages = "".join(f'<a href="/actualites-{n}">Actualités</a>' for n in range(3))
    house.web["/"] = html('<meta name="generator" content="WordPress 6.1">', f"<main>{cards}</main>{pages}")
    for n in range(3):
        house.web[f"/actualites-{n}"] = html(body=f"<main>{cards}</main>")
    house.web["/wp-json/wp/v2/posts?_embed=1&per_page=50"] = machine(posts(base, 28))
    found = await look(house.web, tmp_path)
    assert [(t.way.kind, t.items) for t in found.chosen] == [("wordpress", 28)]


async def test_what_is_found_is_added_and_the_rest_of_the_file_stays_as_it_was(house: House, tmp_path: Path) -> None:
    house.web["/"] = html('<link rel="alternate" type="application/rss+xml" href="/flux.xml">')
    house.web["/flux.xml"] = xml(rss(news(5), house.web.url().rstrip("/")))
    found = await look(house.web, tmp_path)
    file = tmp_path / "sources.yaml"
    before = file.read_text(encoding="utf-8")
    blocks = block.blocks(found, config.load(file))
    block.add(file, "\n".join(blocks.values()))
    after = file.read_text(encoding="utf-8")
    assert list(blocks) == ["ville-d-essai"]
    assert block.known(found, config.load(file)) == ["ville-d-essai"]
    assert [line for line in after.splitlines() if line not in before.splitlines()] == next(
        iter(blocks.values())
    ).splitlines()
    assert [s.slug for s in config.load(file).sources] == ["tours", "ville-d-essai"]


async def test_a_list_without_dates_is_proposed_where_nothing_has_any_and_the_block_says_so(
    house: House, tmp_path: Path
) -> None:
    words = (
        "Un petit coin de Takamatsu aux couleurs de l’automne", "Voyage d’étude à Mülheim\xa0: il reste quelques places",
        "Festival des solidarités\xa0: appel aux associations", "Une délégation de Luoyang reçue à l’hôtel de ville",
        "Bourses à la mobilité\xa0: 40 apprentis partiront", "Un orchestre de jeunes de Minneapolis en concert gratuit",
        "Une collecte de fournitures scolaires dans les mairies", "Une fresque pour dire l’amitié entre les villes",
    )  # fmt: skip
    items = "".join(f'<li><a href="/actualite/{n}-un-titre.htm">{said}</a></li>' for n, said in enumerate(words))
    house.web["/"] = html(body=f"<h1>Actualités internationales</h1><ul>{items}</ul>")
    found = await look(house.web, tmp_path)
    assert [(t.way.kind, t.items, t.dated) for t in found.chosen] == [("html", 8, 0)]
    assert found.best is None
    assert "celle du jour où il est vu" in " ".join(
        block.blocks(found, config.load(tmp_path / "sources.yaml"))["ville-d-essai"].split()
    )


async def test_nothing_is_asked_of_a_site_that_wants_no_robot(house: House, tmp_path: Path) -> None:
    house.web["/robots.txt"] = reply(200, b"User-agent: *\nDisallow: /\n", content_type="text/plain")
    assert isinstance(await look(house.web, tmp_path), Disallowed)
    assert house.web.asked("/") == 0


async def test_a_calendar_file_beside_each_event_does_not_hide_the_feed_of_another_page(
    house: House, tmp_path: Path
) -> None:
    links = "".join(f'<li><a href="/e{n}.ics">Ajouter à mon agenda</a></li>' for n in range(100))
    house.web["/"] = html(
        body=f'<a href="/actualites">Actualités</a><ul>{links}</ul><iframe src="http://[embed]"></iframe>'
    )
    house.web["/actualites"] = html('<link rel="alternate" type="application/rss+xml" href="/flux.xml">')
    house.web["/flux.xml"] = xml(rss(news(5), house.web.url().rstrip("/")))
    found = await look(house.web, tmp_path)
    assert [(t.way.kind, t.items) for t in found.chosen] == [("feed", 5)]
    assert len(found.tried) < BUDGET
    assert any("not found (404)" in one.outcome for one in found.tried)


async def test_a_site_is_asked_for_no_more_than_the_budget(house: House, tmp_path: Path) -> None:
    head = "".join(
        f'<link rel="alternate" type="{media}" href="/{n}">'
        for media in ("text/calendar", "application/rss+xml")
        for n in range(9)
    )
    body = "".join(
        f'<a href="/flux-{n}.rss">RSS</a><a href="/agenda-{n}.ics">ics</a><a href="webcal://x.example/{n}">s</a>'
        for n in range(9)
    )
    lists = "".join(f'<a href="/actualites-{n}">Actualités</a>' for n in range(9))
    house.web["/"] = html(head, body + lists)
    for n in range(9):
        house.web[f"/actualites-{n}"] = html(
            head.replace('href="/', f'href="/{n}-'), body.replace('href="/', f'href="/{n}-')
        )
    found = await look(house.web, tmp_path)
    assert found.chosen == ()
    assert any(f"{BUDGET} requests are enough" in one.outcome for one in found.tried)


@pytest.mark.parametrize("folder", CUF)
async def test_the_founding_page_is_read_whole_in_every_markup(folder: str, house: House, tmp_path: Path) -> None:
    (page,) = (GOLDEN / folder).glob("page.*")
    house.web["/"] = reply(body=page.read_bytes(), headers={"Content-Type": "text/html"})
    found = await look(house.web, tmp_path, now=datetime(2025, 11, 1, 8, tzinfo=UTC))
    assert isinstance(found, Found)
    # Sixteen news, three meetings, three undated items; two of the news are gatherings by their titles.
    assert [(t.items, t.dated, t.events) for t in found.chosen] == [(22, 21, 5)]


async def test_what_is_recorded_is_a_golden_folder(house: House, tmp_path: Path) -> None:
    house.web["/"] = html('<link rel="alternate" type="application/rss+xml" href="/flux.xml">')
    house.web["/flux.xml"] = xml(rss(news(2), house.web.url().rstrip("/")))
    found = await look(house.web, tmp_path)
    record(tmp_path / "golden" / "ville", found.chosen[0])
    assert sorted(f.name for f in (tmp_path / "golden" / "ville").iterdir()) == [
        "items.json",
        "page.xml",
        "source.yaml",
    ]
    items = json.loads((tmp_path / "golden" / "ville" / "items.json").read_text(encoding="utf-8"))
    assert [item["title"] for item in items] == ["Nouvelle du 28 octobre", "Nouvelle du 27 octobre"]
    with pytest.raises(ConfigError, match="name another folder"):
        record(tmp_path / "golden" / "ville", found.chosen[0])
