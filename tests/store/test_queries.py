"""Questions that analysts ask: those of docs/store.md have answers, and Datasette asks the same of the same columns."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from aggregator import config, pipeline
from aggregator.demo import START, Federation, configuration
from aggregator.export import VIEWS
from aggregator.store import open_for_writing

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "store.md").read_text(encoding="utf-8")
QUESTIONS = dict(re.findall(r"^`(\w+)` – .*?\n\n```sql\n(.*?)```", DOCS, flags=re.MULTILINE | re.DOTALL))
ANSWERS = yaml.safe_load((ROOT / "tests" / "data" / "questions.yaml").read_text(encoding="utf-8"))
DATASETTE = yaml.safe_load((ROOT / "datasette.yaml").read_text(encoding="utf-8"))["databases"]["aggregator"]
PORT = 8941
DAYS = (1, 2, 3, 4, 5, 120)  # four months later nobody has said anything more


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Give the store of the sample federation as it was after each day's run."""
    house = tmp_path_factory.mktemp("federation")
    (house / "sources.yaml").write_text(configuration(PORT), encoding="utf-8")

    async def visited(day: int) -> Path:
        now = START + timedelta(days=day - 1)
        async with Federation(day, PORT):
            with open_for_writing(house / "store.db") as connection:
                await pipeline.run(
                    connection, config.load(house / "sources.yaml"), house / "feeds", clock=lambda: now, everything=True
                )
        return Path(shutil.copy(house / "store.db", house / f"day-{day}.db"))

    return {day: asyncio.run(visited(day)) for day in DAYS}


def asked(store: Path, sql: str, given: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Ask a store; a name that is not given is NULL, as for SQLite's own shell."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = dict.fromkeys(re.findall(r":(\w+)", sql)) | (given or {})
        return [dict(row) for row in connection.execute(sql, names)]


def test_there_are_ten_questions_and_each_has_an_answer_to_expect() -> None:
    assert len(QUESTIONS) == 10
    assert {answer["question"] for answer in ANSWERS} == set(QUESTIONS)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a['question']}-day-{a['day']}")
def test_a_question_is_answered(answer: dict[str, Any], days: dict[int, Path]) -> None:
    rows = asked(days[answer["day"]], QUESTIONS[answer["question"]], answer.get("given"))
    for expected in answer.get("rows", ()):
        assert any(expected.items() <= row.items() for row in rows), rows
    for unexpected in answer.get("none", ()):
        assert not any(unexpected.items() <= row.items() for row in rows), rows


def test_datasette_asks_the_ten_questions() -> None:
    assert {name: query["sql"] for name, query in DATASETTE["queries"].items()} == QUESTIONS
    assert all(query["title"] and query["description"] for query in DATASETTE["queries"].values())


def test_datasette_describes_every_column_as_the_documents_do() -> None:
    parts = re.split(r"^### (\w+)$", DOCS, flags=re.MULTILINE)[1:]
    described = {
        name: dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", body, flags=re.MULTILINE))
        for name, body in zip(parts[::2], parts[1::2], strict=True)
        if name.startswith("v_")
    }
    assert {name: list(table["columns"]) for name, table in DATASETTE["tables"].items()} == {
        name: list(columns) for name, columns in described.items()
    }
    for name, table in DATASETTE["tables"].items():
        assert table["columns"] == {column: words.replace("`", "") for column, words in described[name].items()}


def test_datasette_titles_every_view_and_its_facets_are_columns() -> None:
    assert set(DATASETTE["tables"]) == set(VIEWS)
    for table in DATASETTE["tables"].values():
        assert table["title"]
        assert table["description"]
        facets = [facet if isinstance(facet, str) else facet["array"] for facet in table["facets"]]
        assert {*facets, table.get("sort_desc", facets[0])} <= set(table["columns"])


async def test_datasette_opens_a_copy_with_every_page_of_it(days: dict[int, Path], tmp_path: Path) -> None:
    app = pytest.importorskip("datasette.app")
    from aggregator.store import snapshot

    snapshot.copy(days[5], tmp_path / "aggregator.db")
    read = {"databases": {"aggregator": DATASETTE}}
    opened = app.Datasette([], immutables=[str(tmp_path / "aggregator.db")], metadata=read)
    pages = [*DATASETTE["tables"], *DATASETTE["queries"]]
    answers = {page: (await opened.client.get(f"/aggregator/{page}")).status_code for page in pages}
    assert answers == dict.fromkeys(pages, 200)
    row = (await opened.client.get("/aggregator/annonces.json?_shape=array&country=jp")).json()[0]
    assert row == asked(days[5], QUESTIONS["annonces"], {"country": "jp"})[0]
