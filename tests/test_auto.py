"""kind: auto: the site is looked at once, read the best way it offers, and looked at again when that way dies."""

from __future__ import annotations

from datetime import timedelta

from tests.conftest import House, news, rss, xml
from tests.fakeweb import reply

DAY = timedelta(days=1)
FEED = '<link rel="alternate" type="application/rss+xml" href="/flux.xml">'


def home(head: str = "", body: str = "") -> bytes:
    return f'<html lang="fr"><head><meta charset="utf-8"><title>Ville d’essai</title>{head}</head><body>{body}</body></html>'.encode()


def page(body: bytes) -> object:
    return reply(body=body, headers={"Content-Type": "text/html; charset=utf-8"})


def listed(items: list[dict[str, str]], base: str) -> str:
    """The same news as cards of a page."""
    cards = "".join(
        f'<article><h3><a href="{base}{one["path"]}">{one["title"]}</a></h3><p>Publié le {one["day"][:2]} octobre 2025</p>'
        "<p>Un texte.</p></article>"
        for one in items
    )
    return f'<nav><a href="/a">Accueil</a><a href="/b">Contact</a></nav><main>{cards}</main><footer><a href="/c">Mentions</a></footer>'


async def test_the_site_is_looked_at_once_and_its_feed_read_from_then_on(house: House) -> None:
    house.source("ville", kind="auto", url="/")
    house.web["/"] = page(home(FEED))
    house.web["/flux.xml"] = xml(rss(news(3), house.web.url().rstrip("/")))
    done = await house.run()
    assert [(o.absorbed.state, o.absorbed.new) for o in done.outcomes] == [("ok", 3)]
    assert house.one("SELECT json_extract(way, '$.kind') || ' ' || json_extract(way, '$.url') FROM source_state") == (
        f"feed {house.web.url('/flux.xml')}"
    )
    looked = house.web.asked("/")
    done = await house.run(after=DAY)
    assert [o.absorbed.state for o in done.outcomes] == ["ok"]
    assert house.web.asked("/") == looked


async def test_a_feed_that_dies_is_replaced_by_the_list_without_doubles_and_the_operator_is_told(house: House) -> None:
    base = house.web.url().rstrip("/")
    house.source("ville", kind="auto", url="/")
    house.web["/"] = page(home(FEED))
    house.web["/flux.xml"] = xml(rss(news(6), base))
    await house.run()
    house.web["/flux.xml"] = reply(404, b"")
    house.web["/"] = page(home("", listed(news(4), base)))
    done = await house.run(after=DAY)
    assert [o.absorbed.state for o in done.outcomes] == ["failing"]
    done = await house.run(after=DAY)
    (outcome,) = done.outcomes
    assert (outcome.visit.outcome, outcome.absorbed.new) == ("changed", 0)
    assert outcome.absorbed.alarm is not None
    assert "flux.xml no longer works" in outcome.absorbed.alarm
    assert "read as html" in outcome.absorbed.alarm
    assert house.one("SELECT count(*) FROM items") == 6
    assert house.one("SELECT count(*) FROM sightings WHERE withdrawn_at IS NOT NULL OR missing_visits > 0") == 0
    assert house.one("SELECT count(*) FROM sightings WHERE aged_at IS NOT NULL") == 2
    for _ in range(4):
        done = await house.run(after=DAY)
    assert [(o.absorbed.state, o.absorbed.new) for o in done.outcomes] == [("ok", 0)]
    assert house.one("SELECT count(*) FROM items WHERE withdrawn_at IS NOT NULL") == 0


async def test_a_server_that_is_down_is_no_reason_to_look_again(house: House) -> None:
    house.source("ville", kind="auto", url="/")
    house.web["/"] = page(home(FEED))
    house.web["/flux.xml"] = xml(rss(news(3), house.web.url().rstrip("/")))
    await house.run()
    looked = house.web.asked("/")
    house.web["/flux.xml"] = reply(500, b"")
    for _ in range(3):
        done = await house.run(after=DAY)
    assert [o.absorbed.state for o in done.outcomes] == ["failing"]
    assert house.web.asked("/") == looked


async def test_a_site_without_a_way_says_what_was_tried(house: House) -> None:
    house.source("ville", kind="auto", url="/")
    house.web["/"] = page(home("", "<p>Bienvenue</p>"))
    done = await house.run()
    (outcome,) = done.outcomes
    assert outcome.visit.outcome == "failed"
    assert "no way of reading this site was found; tried: " in (outcome.visit.error or "")
    assert house.web.url("/rss.xml") in (outcome.visit.error or "")


async def test_another_address_that_fails_at_first_is_looked_at_until_it_answers(house: House) -> None:
    base = house.web.url().rstrip("/")
    house.source("ville", kind="auto", url="/ancien")
    house.web["/ancien"] = page(home(FEED))
    house.web["/flux.xml"] = xml(rss(news(3), base))
    await house.run()
    house.source("ville", kind="auto", url="/nouveau")
    house.web["/nouveau"] = reply(503, b"")
    await house.run(after=DAY)
    house.web["/nouveau"] = page(home('<link rel="alternate" type="application/rss+xml" href="/autre.xml">'))
    house.web["/autre.xml"] = xml(rss(news(2, newest=30), base))
    await house.run(after=DAY)
    assert house.one("SELECT json_extract(way, '$.url') FROM source_state") == house.web.url("/autre.xml")


async def test_what_another_way_does_not_show_is_not_withdrawn_even_when_it_failed_at_first(house: House) -> None:
    base = house.web.url().rstrip("/")
    house.source("ville", url="/un.xml")
    house.web["/un.xml"] = xml(rss(news(10), base))
    await house.run()
    house.source("ville", url="/deux.xml")
    house.web["/deux.xml"] = reply(503, b"")
    await house.run(after=DAY)
    house.web["/deux.xml"] = xml(
        rss([one for one in news(10) if one["path"] not in ("/actualite-25", "/actualite-24")], base)
    )
    for _ in range(5):
        await house.run(after=DAY)
    assert house.one("SELECT count(*) FROM items WHERE withdrawn_at IS NOT NULL") == 0


async def test_a_feed_that_is_down_at_the_look_is_tried_again_at_the_next(house: House) -> None:
    base = house.web.url().rstrip("/")
    house.source("ville", kind="auto", url="/")
    house.web["/"] = page(home(FEED, listed(news(4), base)))
    house.web["/flux.xml"] = reply(503, b"")
    done = await house.run()
    assert [(o.absorbed.state, o.absorbed.new) for o in done.outcomes] == [("ok", 4)]
    house.web["/flux.xml"] = xml(rss(news(20), base))
    done = await house.run(after=DAY)
    assert [(o.absorbed.state, o.absorbed.new) for o in done.outcomes] == [("ok", 16)]
    assert house.one("SELECT json_extract(way, '$.kind') FROM source_state") == "feed"
