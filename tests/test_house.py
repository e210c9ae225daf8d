"""The rules of the house hold, and each rule's guard can fail."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = ("config", "weighting", "indexer", "upkeep")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
TEMPLATES = sorted(ROOT.glob("templates/**/*.html"))
# Whose views look for templates by these names.
OF_PACKAGES = {"account", "mfa", "socialaccount"}
LONGEST_FILE = 500
MOST_PARAMETERS = 9

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style\b|<[^>]*\s(style|on[a-z]+)\s*=|javascript:", re.I
)


def module_file(root, module):
    """The file of a module or package; None when the house has no such module."""
    path = root.joinpath(*module.split("."))
    return next(filter(Path.exists, (path.with_suffix(".py"), path / "__init__.py")), None)


def layers_of(contract):
    """The modules of each layer that exist, from the top down."""
    (container,) = contract["containers"]
    names = [[f"{container}.{name}" for name in re.findall(r"\w+", layer)] for layer in contract["layers"]]
    return [[name for name in layer if module_file(ROOT, name)] for layer in names]


def forbidden_imports():
    """For every rule, imports that break it: (importer, imported)."""
    for contract in CONTRACTS:
        if contract["type"] == "layers":
            layers = list(filter(None, layers_of(contract)))
            yield from ((low[0], high[0]) for high, low in pairwise(layers))
        if contract["type"] == "forbidden":
            yield from ((a, b) for a in contract["source_modules"] for b in contract["forbidden_modules"])
        if contract["type"] == "protected":
            yield from (("weighting.enums", b) for b in contract["protected_modules"])


@pytest.fixture(scope="module")
def broken_house(tmp_path_factory):
    """What import-linter prints for a copy in which every rule is broken."""
    copy = tmp_path_factory.mktemp("house")
    for folder in CODE:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for importer, imported in forbidden_imports():
        with module_file(copy, importer).open("a") as source:
            source.write(f"\nimport {imported}\n")
    (copy / "weighting" / "stray.py").touch()
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return done.stdout


@pytest.mark.parametrize(("importer", "imported"), list(forbidden_imports()))
def test_import_linter_sees_each_forbidden_import(broken_house, importer, imported):
    assert re.search(rf"{re.escape(importer)} -> {re.escape(imported)} \(l\.", broken_house)


def test_import_linter_sees_a_module_without_a_layer(broken_house):
    assert re.search(r"- weighting\.stray\b", broken_house)


def test_every_rule_is_broken_by_the_plants(broken_house):
    kept = re.findall(r"^(.+) KEPT$", broken_house, re.M)

    assert kept == []


@pytest.mark.parametrize("folder", [*CODE, "tests", "benchmarks"])
def test_every_folder_of_code_is_a_package(folder):
    folders = {path.parent for path in (ROOT / folder).rglob("*.py")}
    chains = {
        above for path in folders for above in [path, *path.parents] if above.is_relative_to(ROOT / folder)
    }

    assert [str(path) for path in sorted(chains) if not (path / "__init__.py").exists()] == []


def test_numeric_runs_without_django_or_pandas():
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for app in ("weighting", "indexer")
        for path in (ROOT / app / "numeric").glob("*.py")
    ]
    program = f"import sys, importlib; [importlib.import_module(m) for m in {modules!r}]; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}

    assert "numpy" in loaded
    assert loaded.isdisjoint({"django", "rest_framework", "celery", "pandas"})


@pytest.mark.parametrize(
    "what", [r"\bcsv\.(writer|DictWriter)\b|\bto_csv\b", "FORMULA_STARTS =", '"=", "[+]"']
)
def test_one_file_writes_csv_and_lists_what_starts_a_formula(what):
    files = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]

    assert [path.relative_to(ROOT).as_posix() for path in files if re.search(what, path.read_text())] == [
        "weighting/exports.py"
    ]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_holds_inline_script_or_style(template):
    assert INLINE.findall(template.read_text()) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_shows_an_hour_without_its_zone(template):
    assert re.findall(r'date:"[^"]*[HGhg]:i', template.read_text()) == []


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<style>p {}</style>",
        '<p class="a" style="x">',
        "<a href='javascript:x'>",
        '<p onclick="x">',
    ],
)
def test_the_template_check_sees_each_kind_of_inline_code(html):
    assert INLINE.search(html)


def test_styles_ask_for_no_measure_that_nobody_sets():
    styles = "".join(path.read_text() for path in ROOT.glob("static/css/*.css"))
    said = set(re.findall(r"(--[\w-]+)\s*:", styles))

    assert set(re.findall(r"var\((--[\w-]+)\)", styles)) - said == set()


def test_every_template_is_asked_for():
    """By its name in code or in another template; those of an error or a package are found by their place."""
    sources = [*TEMPLATES, *(path for folder in CODE for path in ROOT.glob(f"{folder}/**/*.py"))]
    texts = {path: path.read_text() for path in sources}
    own = [path for path in TEMPLATES if path.relative_to(ROOT / "templates").parts[0] not in OF_PACKAGES]

    assert [
        str(path.relative_to(ROOT))
        for path in own
        if not re.fullmatch(r"\d{3}\.html", path.name)
        and not any(f"/{path.name}" in text or f'"{path.name}"' in text for text in texts.values())
    ] == []


def test_no_source_file_is_too_long():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    sources = [
        ROOT / name for name in listed.stdout.splitlines() if name.endswith((".py", ".html", ".css", ".js"))
    ]
    sources = [path for path in sources if path.exists() and "migrations" not in path.parts]

    assert [str(path) for path in sources if len(path.read_text().splitlines()) > LONGEST_FILE] == []


def long_signatures(source):
    """The functions of a source with more parameters than a reader keeps apart."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            parts = node.args
            named = [*parts.posonlyargs, *parts.args, *parts.kwonlyargs]
            rest = [part for part in (parts.vararg, parts.kwarg) if part]
            if len(named) + len(rest) > MOST_PARAMETERS:
                yield getattr(node, "name", "lambda")


def test_what_belongs_together_is_handed_over_together():
    sources = {
        str(path): path.read_text() for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))
    }
    found = [f"{path}: {name}" for path, source in sources.items() for name in long_signatures(source)]

    assert found == []


@pytest.mark.parametrize(
    "signature",
    ["a, b, c, d, e, f, g, h, i, j", "a, /, b, c, d, *, e, f, g, h, i, j", "a, b, c, d, e, f, g, h, *i, **j"],
)
def test_the_check_of_parameters_counts_every_kind(signature):
    assert list(long_signatures(f"def act({signature}): ...")) == ["act"]
    assert list(long_signatures(f"async def act({signature}): ...")) == ["act"]
    assert list(long_signatures("def act(a, b, c, d, e, f, g, *, h, i): ...")) == []


def test_a_mark_that_files_are_chosen_by_stands_in_files_of_tests():
    """The Makefile looks for it there: from elsewhere it would bring no file with it."""
    helpers = [path for path in (ROOT / "tests").rglob("*.py") if not path.name.startswith("test_")]

    assert [str(path) for path in helpers if re.search(r"mark\.(postgres|faults)", path.read_text())] == []
