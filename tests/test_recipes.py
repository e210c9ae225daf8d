"""The recipes of CONTRIBUTING.md, the rooms of the architecture and the sections of the method are there."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECIPES = dict(
    re.findall(r"^## Recipe: (.+?)\n(.*?)(?=^## |\Z)", (ROOT / "CONTRIBUTING.md").read_text(), re.M | re.S)
)
PATH = re.compile(r"`([\w.<>-]+(?:/[\w.<>-]+)*/?)`")
SECTION = re.compile(r"docs/method\.md (\d+(?:(?:, | and | to )\d+)*)")


def paths_in(text):
    """The files and folders that a text names: in backquotes, with a slash or an ending."""
    return [found for found in PATH.findall(text) if "/" in found or re.search(r"\.(py|md|html|po)$", found)]


def is_there(path):
    """Whether a path is in the tree; what stands in angle brackets may be any name."""
    pattern = re.sub(r"<\w+>", "*", path.rstrip("/"))
    return any(ROOT.glob(pattern))


def test_there_is_a_recipe_for_each_thing_that_grows():
    assert len(RECIPES) == 9


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_names_files_that_are_there(recipe):
    named = paths_in(RECIPES[recipe])
    assert len(named) >= 3
    assert [path for path in named if not is_there(path)] == []


@pytest.mark.parametrize(
    "page", ["docs/architecture.md", "docs/testing.md", "docs/security.md", "README.md", "CONTRIBUTING.md"]
)
def test_a_page_names_files_that_are_there(page):
    text = (ROOT / page).read_text()
    linked = [link.split("#")[0] for link in re.findall(r"\]\(([^):]+)\)", text)]
    folder = (ROOT / page).parent
    # What running leaves in build/ is not there everywhere.
    folders = {path.name for path in ROOT.iterdir()} - {"build"}
    rooted = [path for path in paths_in(text) if path.split("/")[0] in folders]

    assert [link for link in linked if link and not (folder / link).exists()] == []
    assert [path for path in rooted if not is_there(path)] == []


def test_every_decision_is_listed_once_by_its_title():
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"^- \[(.+)\]\((.+\.md)\)$", (folder / "README.md").read_text(), re.M)
    pages = [path for path in folder.glob("*.md") if path.name != "README.md"]
    titles = {path.name: path.read_text().split("\n", 1)[0].removeprefix("# ") for path in pages}

    assert len(listed) == len(titles)
    assert {name: title for title, name in listed} == titles


def test_the_architecture_names_every_floor_that_imports_are_held_to():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = {
        name
        for contract in contracts
        if contract["id"].endswith("-layers")
        for layer in contract["layers"]
        for name in re.findall(r"\((\w+)\)", layer)
    }
    text = (ROOT / "docs/architecture.md").read_text().split("## Floors")[1].split("## Three flows")[0]

    assert len(floors) > 60
    assert floors - set(re.findall(r"`(\w+)`", text)) == set()


@pytest.mark.parametrize("page", ["blindness", "ballot-access", "security"])
def test_a_page_of_promises_names_tests_that_are_there(page):
    named = set(re.findall(r"`(test_\w+)`", (ROOT / f"docs/{page}.md").read_text()))
    written = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    tests = set(re.findall(r"^def (test_\w+)", written, re.M))

    assert len(named) > 15
    assert named - tests == set()


def test_the_check_sees_a_file_that_is_not_there():
    """The control."""
    assert not is_there("indexer/studies/kinds/<kind>/nothing.py")
    assert not is_there("weighting/no_such_file.py")


def test_every_section_of_the_method_that_code_names_is_there():
    sections = set(re.findall(r"^## (\d+)\. ", (ROOT / "docs/method.md").read_text(), re.M))
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    named = {
        (name, number)
        for name in listed.stdout.splitlines()
        if name != "tests/test_recipes.py" and (ROOT / name).exists()
        for found in SECTION.findall((ROOT / name).read_text())
        for number in re.findall(r"\d+", found)
    }

    assert len(named) > 20
    assert [place for place in named if place[1] not in sections] == []
