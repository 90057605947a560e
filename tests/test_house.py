"""Habits of the house that no linter knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator import extract

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "aggregator"
# The clock is an argument below these: they ask the real one (the demo's server stamps its answers as a site does).
ASK_THE_TIME = {"cli.py", "schedule.py", "demo/server.py"}


def test_the_clock_is_an_argument_below_the_commands() -> None:
    clock = re.compile(r"\b(?:datetime\.now|datetime\.utcnow|date\.today|time\.time|localtime|gmtime)\(")
    asking = {
        str(path.relative_to(HOUSE)) for path in HOUSE.rglob("*.py") if clock.search(path.read_text(encoding="utf-8"))
    }
    assert asking <= ASK_THE_TIME


def test_every_kind_can_be_had_by_its_name() -> None:
    assert {extract.kind(name).__name__.lower() for name in extract.KINDS} == set(extract.KINDS)


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "docs/feeds.md", "docs/store.md", "benchmarks/README.md"]
)
def test_links_between_documents_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in targets if not (ROOT / document).parent.joinpath(link).exists()] == []


def test_the_readme_names_every_command_and_the_manual_every_kind() -> None:
    from aggregator.cli import _parser

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (commands,) = [action for action in _parser()._actions if action.choices and action.dest == "command"]
    assert [name for name in commands.choices or () if f"`aggregator {name}" not in readme] == []
    manual = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in extract.KINDS if f"| `{name}` |" not in manual] == []
