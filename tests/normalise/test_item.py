"""Raw items become sightings: identity that editors do not edit, words interpreted once, doubts told."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from aggregator.extract.feed import Feed
from aggregator.model import Occurrence, Page, RawAttachment, RawItem, Refusal, Sighting, Source
from aggregator.normalise.item import sightings

SEEN = datetime(2025, 11, 3, 8, tzinfo=UTC)
SOURCE = Source(
    "cuf",
    "CUF",
    "https://cuf.example/liste",
    "spip",
    Feed(),
    hosts=("cuf.example",),
    aliases={"raict.example": "cuf.example"},
)
PAGE = Page(SOURCE.url, SOURCE.url, 200, b"", SEEN, "d")


def read(*items: RawItem) -> tuple[list[Sighting], list[Refusal]]:
    found, refused = sightings(items, SOURCE, PAGE)
    return list(found), list(refused)


def one(item: RawItem) -> Sighting:
    (found,), refused = read(item)
    assert refused == []
    return found


def test_identity_is_the_native_id_else_the_guid_else_the_address_else_the_words() -> None:
    url = "https://www.raict.example/Assises?utm_source=x"
    assert one(RawItem(title="A", url=url, guid="g", native_id="article7")).key == "id:article7"
    assert one(RawItem(title="A", url=url, guid="g")).key == "guid:g"
    assert one(RawItem(title="A", url=url)).key == "url:https://cuf.example/Assises"
    assert one(RawItem(title="L’été à Haïti")).key == "words:l ete a haiti"
    assert one(RawItem(title="A", url="/liste")).key == "words:a"  # the list itself names nothing on it
    assert one(RawItem(title="A", url="/")).key == "words:a"


def test_a_guid_that_is_an_address_is_folded_like_one() -> None:
    assert (
        one(RawItem(title="A", guid="http://www.cuf.example/a/")).key
        == one(RawItem(title="B", guid="https://cuf.example/a")).key
    )


def test_a_thing_told_twice_on_a_page_is_one_and_an_event_if_either_says_so() -> None:
    news = RawItem(
        title="Réunion du groupe-pays", url="/reunion", summary="Un mot du président.", published="Le 3 novembre 2025,"
    )
    agenda = RawItem("event", title="Réunion du groupe-pays", url="/reunion", when="20\nnov")
    (told,), _ = read(news, agenda)
    assert (told.kind, told.summary, told.published) == ("event", "Un mot du président.", date(2025, 11, 3))
    assert told.when == Occurrence(
        date(2025, 11, 20), date(2025, 11, 21), True, "Europe/Paris", told.when.doubts if told.when else ()
    )


def test_one_guid_for_many_items_identifies_none_of_them() -> None:
    found, _ = read(*(RawItem(title=f"Titre {n}", guid="1", url=f"/a{n}") for n in range(3)))
    assert [s.key for s in found] == [f"url:https://cuf.example/a{n}" for n in range(3)]


def test_one_address_for_many_items_identifies_none_of_them_and_joins_nothing() -> None:
    found, _ = read(*(RawItem(title=f"Titre {n}", url="/agenda") for n in range(3)))
    assert [(s.key, s.canonical) for s in found] == [(f"words:titre {n}", None) for n in range(3)]


def test_one_show_on_three_days_at_one_address_is_three_events() -> None:
    days = ("2025-12-01", "2025-12-08", "2025-12-15")
    found, _ = read(*(RawItem("event", title="Concert", url="/concert", start=day) for day in days))
    assert [s.key for s in found] == [f"url:https://cuf.example/concert·{day}" for day in days]
    assert {s.canonical for s in found} == {None}
    assert [s.when and s.when.start.isoformat() for s in found] == list(days)


def test_a_list_of_dates_is_one_event_each() -> None:
    found, _ = read(RawItem("event", title="Ateliers", url="/ateliers", when="les 11 et 18 mars 2026"))
    assert [s.when and s.when.start for s in found] == [date(2026, 3, 11), date(2026, 3, 18)]
    assert len({s.key for s in found}) == 2


def test_all_day_hcalendar_midnights_in_utc_are_the_days_that_people_read() -> None:
    told = one(
        RawItem(
            "event",
            title="Forum",
            url="/f",
            start="2026-10-20T22:00:00Z",
            end="2026-10-23T22:00:00Z",
            when="Du 21 au 24 octobre 2026",
        )
    )
    assert told.when == Occurrence(date(2026, 10, 21), date(2026, 10, 25), True, "Europe/Paris")


def test_whole_days_written_as_times_are_days() -> None:
    to_the_minute = one(
        RawItem("event", title="F", url="/f", start="2025-12-12T00:00:00+01:00", end="2025-12-14T23:59:59+01:00")
    )
    to_midnight = one(RawItem("event", title="F", url="/f", start="2025-12-12T00:00:00", end="2025-12-15T00:00:00"))
    assert (
        to_the_minute.when
        == to_midnight.when
        == Occurrence(date(2025, 12, 12), date(2025, 12, 15), True, "Europe/Paris")
    )


def test_an_inclusive_range_of_days_becomes_exclusive_once() -> None:
    inclusive = one(RawItem("event", title="F", url="/f", start="2026-10-21", end="2026-10-24"))
    exclusive = one(RawItem("event", title="F", url="/f", start="2026-10-21", end="2026-10-25", end_exclusive=True))
    assert inclusive.when == exclusive.when == Occurrence(date(2026, 10, 21), date(2026, 10, 25), True, "Europe/Paris")


def test_an_instant_becomes_wall_time_of_its_zone() -> None:
    told = one(RawItem("event", title="V", url="/v", start="2026-07-01T09:00:00Z", tz="Indian/Reunion"))
    assert told.when is not None
    assert (told.when.start.isoformat(), told.when.tz, told.when.end) == ("2026-07-01T13:00:00", "Indian/Reunion", None)


def test_a_date_that_cannot_be_read_is_told_and_the_item_kept_without_one() -> None:
    (event, news), refused = read(
        RawItem("event", title="Assises", url="/assises", when="lundi 32 mars"),
        RawItem(title="Article", url="/a", published="bientôt"),
    )
    assert (event.when, news.published) == (None, None)
    assert [(r.where, r.field, r.value) for r in refused] == [
        ("Assises", "when", "lundi 32 mars"),
        ("Article", "published", "bientôt"),
    ]
    assert event.raw["when"] == "lundi 32 mars"


def test_an_item_without_any_words_is_left_out_and_its_siblings_kept() -> None:
    found, refused = read(RawItem(url="/a"), RawItem(title="B", url="/b"))
    assert [s.title for s in found] == ["B"]
    assert [r.field for r in refused] == ["title"]


def test_addresses_of_people_leave_every_field_that_is_published() -> None:
    told = one(
        RawItem(
            "event",
            title="Écrire à jeanne.martin@x.example",
            url="/a",
            start="2025-12-01",
            location="chez j.martin@x.example",
        )
    )
    assert "martin" not in told.title + (told.location or "")


def test_damage_is_repaired_and_the_words_as_they_stood_are_kept() -> None:
    told = one(RawItem(title="La coopé©ration, grçce à vous", url="/a", markup="text"))
    assert told.title == "La coopération, grâce à vous"
    assert told.raw["title"] == "La coopé©ration, grçce à vous"


def test_an_item_without_a_title_is_named_by_its_first_words() -> None:
    assert one(RawItem(url="/a", summary="<p>Une phrase.</p><p>Une autre.</p>")).title == "Une phrase."


def test_attachments_are_absolute_and_of_a_known_type() -> None:
    told = one(
        RawItem(
            title="Guide", url="/g", attachments=(
                RawAttachment("/guide.pdf", None, "1024", "Le guide"), RawAttachment("son.MP3?x=1"), RawAttachment("javascript:x", "audio/mpeg"),
                RawAttachment("/page"), RawAttachment("/v", "video/mp4; codecs=x", "beaucoup"),
            ),
        )
    )  # fmt: skip
    assert [(a.url, a.media_type, a.length) for a in told.attachments] == [
        ("https://cuf.example/guide.pdf", "application/pdf", 1024), ("https://cuf.example/son.MP3?x=1", "audio/mpeg", None),
        ("https://cuf.example/v", "video/mp4", None),
    ]  # fmt: skip


def test_the_digest_changes_when_something_said_does_and_only_then() -> None:
    item = RawItem(title="A", url="/a", summary="x")
    assert one(item).digest == one(item).digest
    assert one(item).digest != one(RawItem(title="A", url="/a", summary="y")).digest


_TEXT = st.text(max_size=30) | st.sampled_from(
    [
        "/a",
        "https://cuf.example/b",
        "20 nov",
        "2025-11-20",
        "2025-11-20T10:00:00+0100",
        "<b>x</b>",
        "article7",
        "\ud800",
    ]
)
_RAW = st.builds(
    RawItem, kind=st.sampled_from(["news", "event"]), native_id=st.none() | _TEXT, guid=st.none() | _TEXT, recurrence_id=st.none() | _TEXT, url=st.none() | _TEXT,
    base=st.none() | _TEXT, title=st.none() | _TEXT, summary=st.none() | _TEXT, content=st.none() | _TEXT, markup=st.sampled_from(["html", "text"]),
    published=st.none() | _TEXT, updated=st.none() | _TEXT, when=st.none() | _TEXT, start=st.none() | _TEXT, end=st.none() | _TEXT, tz=st.none() | _TEXT,
    status=st.none() | _TEXT, location=st.none() | _TEXT, geo=st.none() | _TEXT, language=st.none() | _TEXT, categories=st.lists(_TEXT, max_size=2).map(tuple),
)  # fmt: skip


@given(st.lists(_RAW, max_size=6))
def test_whatever_a_page_says_keys_are_unique_and_every_item_is_kept_or_told(items: list[RawItem]) -> None:
    found, refused = sightings(tuple(items), SOURCE, PAGE)
    keys = [s.key for s in found]
    assert len(keys) == len(set(keys))
    assert len([r for r in refused if r.field == "title"]) + len(found) >= (1 if items else 0)
    again, _ = sightings(tuple(items), SOURCE, PAGE)
    assert again == found
    for s in found:
        assert s.title
        for words in (s.title, s.summary or "", s.location or "", s.key):
            words.encode()  # no surrogate reaches the store
        if s.when is not None and s.when.end is not None:
            assert s.when.end > s.when.start  # type: ignore[operator]
