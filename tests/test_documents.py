"""The documents: their links lead somewhere, and the paths, commands and addresses they name are there."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import Resolver404, resolve

ROOT = Path(__file__).resolve().parent.parent


def documents():
    """The Markdown files of the repository, but for those that are templates."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if not name.startswith("templates/")]


def anchors_of(text):
    """The anchors of a document's headings, as they are formed where Markdown is shown."""
    headings = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line) for line in re.findall(r"^#+ (.+)$", text, re.M)]
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def dead_links(name, text):
    """The links of a document that lead to no file, or to no heading of one."""
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (anchor and unquote(anchor) not in anchors_of(target.read_text())):
            dead.append(link)
    return dead


def missing_paths(text):
    """The files and folders that a document names and that are not there; build/ and var/ come by running."""
    named = re.findall(r"`([\w.<>*-]+(?:/[\w.<>*-]+)+/?)`", text)
    folders = {path.name for path in ROOT.iterdir()} - {"build", "var"}
    rooted = [path for path in named if path.split("/")[0] in folders]
    return [path for path in rooted if not any(ROOT.glob(re.sub(r"<\w+>", "*", path.rstrip("/"))))]


def missing_commands(text):
    """Commands of ``manage.py`` and their options, targets of make, and modules that there are not."""
    commands, missing = get_commands(), []
    for name, rest in re.findall(r"manage\.py ([a-z_]+)([^\n`|#>]*)", text):
        options = re.findall(r"(?<!\S)--[a-z-]+", rest)
        missing += [name] if name not in commands else _unknown_options(commands[name], name, options)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    named = [
        first or second for first, second in re.findall(r"`make ([a-z-]+)|^    make ([a-z-]+)", text, re.M)
    ]
    missing += [target for target in named if target not in targets]
    return missing + [module for module in re.findall(r"python -m ([\w.]+)", text) if not find_spec(module)]


def missing_addresses(text):
    """The addresses in backquotes, of pages or of the API, to which nothing answers."""
    # Folders of a machine are named without a slash at the end; some addresses as what others begin with.
    named = re.findall(r"`(?:(?:GET|POST|PATCH|PUT|DELETE) )?(/(?!api/v1/`)[\w{}./-]*/)[?`]", text)
    ways = ("{}", "{}a/", "/api/v1{}")
    return [address for address in named if not any(_answers(way.replace("{}", address)) for way in ways)]


def _unknown_options(application, name, given):
    parser = load_command_class(application, name).create_parser("manage.py", name)
    known = {option for action in parser._actions for option in action.option_strings}
    return [f"{name} {option}" for option in given if option not in known]


def _answers(address):
    try:
        found = resolve(re.sub(r"\{\w+\}", "1", address.replace("{key}", "a")))
    except Resolver404:
        return False
    return found.url_name != "api-unknown"


@pytest.mark.parametrize("name", documents())
def test_a_document_leads_and_speaks_of_what_is_there(name):
    text = (ROOT / name).read_text()

    assert dead_links(name, text) == []
    assert missing_paths(text) == []
    assert missing_commands(text) == []
    assert missing_addresses(text) == []


def test_each_check_sees_what_is_not_there():
    """The control."""
    assert dead_links("README.md", "[a](docs/none.md) [b](docs/scale.md#none) [c](#none)") == [
        "docs/none.md",
        "docs/scale.md#none",
        "#none",
    ]
    assert missing_paths("`docs/none.md`, `build/none.txt`") == ["docs/none.md"]
    assert missing_commands(
        "`manage.py doctors`, `manage.py backup --intoo F`, `make none`, `python -m benchmarks.no`"
    ) == [
        "doctors",
        "backup --intoo",
        "none",
        "benchmarks.no",
    ]
    assert missing_addresses("`/runs/{id}/rankings/`, `POST /runs/{id}/adopt/`") == ["/runs/{id}/rankings/"]
