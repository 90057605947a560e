"""Lists of other programs in, and who of the members is read."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator import catalogue, config
from aggregator.cli import main
from aggregator.errors import ConfigError
from tests.conftest import House, news, rss, xml

FILE = """# ma liste
site: {title: T, url: https://flux.example, contact: a@b.example}
sources:
  - slug: tours # notre ville
    name: Tours
    url: https://tours.example/flux
    kind: feed
    territory: {level: ville, insee: "37261"}

# à la fin
feeds: []
"""
OPML = b"""<?xml version="1.0"?><opml version="2.0"><body><outline text="Villes">
<outline type="rss" text="Nantes &amp; co" xmlUrl="https://nantes.example/rss"/>
<outline text="Tours" xmlUrl="https://tours.example/flux/"/>
<outline text="Mail" xmlUrl="mailto:a@b.example"/></outline></body></opml>"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_an_opml_adds_what_is_not_there_and_keeps_the_file_as_it_was(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "flux.opml").write_bytes(OPML)
    code = main(["import", str(tmp_path / "flux.opml"), "--config", str(file)])
    told = capsys.readouterr()
    assert code == 1
    assert "mailto:a@b.example: this is no web address" in told.err
    assert "1 sources added, 1 were there already, 1 could not be used" in told.out
    after = file.read_text(encoding="utf-8")
    added = "\n  - slug: nantes-co\n    name: Nantes & co\n    url: https://nantes.example/rss\n    kind: feed\n"
    assert after == FILE.replace("\n# à la fin", added + "\n# à la fin")
    assert [source.slug for source in config.load(file).sources] == ["tours", "nantes-co"]


def test_a_file_whose_list_stands_at_the_margin_gets_blocks_at_the_margin(file: Path, tmp_path: Path) -> None:
    file.write_text(FILE.replace("\n  - slug", "\n- slug").replace("\n    ", "\n  "), encoding="utf-8")
    (tmp_path / "flux.opml").write_bytes(OPML)
    main(["import", str(tmp_path / "flux.opml"), "--config", str(file)])
    assert [source.slug for source in config.load(file).sources] == ["tours", "nantes-co"]


def test_a_spreadsheet_s_csv_is_read_with_its_semicolons_and_its_accents(file: Path, tmp_path: Path) -> None:
    said = "Nom;Site;Niveau;INSEE;Pays\nRégion Centre;www.centre.example;région;24;ML, SN\nSans adresse;;;;\n"
    (tmp_path / "membres.csv").write_bytes(said.encode("cp1252"))
    assert main(["import", str(tmp_path / "membres.csv"), "--config", str(file)]) == 1
    added = config.load(file).sources[-1]
    assert (added.slug, added.url, added.kind) == ("region-centre", "https://www.centre.example", "auto")
    assert (added.territory.level, added.territory.insee, added.territory.partners) == ("région", "24", ("ML", "SN"))


def test_one_bad_row_costs_itself_and_says_what_would_be_right(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (
        "name,url,kind,siren,partners", "A,https://a.example,RSS,,", "B,https://b.example,joomla,,", "C,https://c.example,,243 100 518,sn;ml",
        "D,https://d.example,,,Sénégal", "A bis,http://www.a.example/,,,", "T,http://tours.example/flux/,,,",
    )  # fmt: skip
    (tmp_path / "l.csv").write_text("\r".join(rows), encoding="utf-8")
    assert main(["import", str(tmp_path / "l.csv"), "--config", str(file)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.rpartition("l.csv:")[2] for line in told] == [
        "3: https://b.example: kind: joomla: auto, feed or ics would be right",
        "5: https://d.example: partners: SÉNÉGAL: ISO 3166 codes of countries: SN ML would be right",
        "6: http://www.a.example/: it is listed already",
    ]
    assert [(s.slug, s.kind, s.territory.siren, s.territory.partners) for s in config.load(file).sources[1:]] == [
        ("a", "feed", None, ()), ("c", "auto", "243100518", ("SN", "ML")),
    ]  # fmt: skip


def test_a_file_of_another_editor_keeps_its_line_ends_and_its_mark(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    (tmp_path / "l.csv").write_text("name,url\n1e3,https://mille.example\n", encoding="utf-8")
    assert main(["import", str(tmp_path / "l.csv"), "--config", str(file)]) == 0
    after = file.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf# ma liste\r\n")
    assert after.count(b"\n") == after.count(b"\r\n")
    assert [source.name for source in config.load(file).sources] == ["Tours", "1e3"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><body/></html>", "is no OPML"),
        (b"<opml><body>", "this is no OPML"),
        (b"a;b\n1;2\n", "name and url among them"),
        (b"", "name and url among them"),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><opml><outline xmlUrl="&e;"/></opml>', ""),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_words(content: bytes, words: str) -> None:
    if words:
        with pytest.raises(ConfigError, match=words):
            catalogue.read_list("liste", content)
    else:
        try:
            found, _ = catalogue.read_list("liste", content)
        except ConfigError:
            return
        assert found == []


async def test_coverage_tells_by_region_who_is_read_and_what_to_try_with_the_others(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    tours = {"level": "ville", "insee": "37261"}
    house.source("tours", territory=tours)
    house.source("tours-agenda", territory=tours, enabled=False)
    house.source("rennes", territory={"level": "ville", "insee": "35238"}, enabled=False, note="essayer le flux")
    house.web["/tours"] = xml(rss(news(2)))
    await house.run(everything=True)
    now = (house.now + timedelta(days=30)).isoformat()
    assert main(["coverage", "--csv", "--config", str(house.file), "--db", str(house.db), "--now", now]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(r["region"], r["name"], r["sources"], r["read"], r["state"]) for r in rows] == [
        ("Bretagne", "Rennes", "rennes", "0", "not read"),
        ("Centre-Val de Loire", "Tours", "tours tours-agenda", "1", "ok"),
    ]
    assert rows[0]["next_step"] == "essayer le flux"
    assert (rows[1]["newest"], rows[1]["silent"]) == ("2025-10-28", "36")
    assert main(["coverage", "--config", str(house.file), "--db", str(house.db)]) == 0
    shown = capsys.readouterr().out
    assert "1 of 2 members are read, 1 have told something" in shown
    (row,) = [" ".join(line.split()) for line in shown.splitlines() if "Tours" in line]
    assert row.rpartition("Tours ")[2].startswith("ok 2 2 ")
