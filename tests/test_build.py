import re
import shutil
import subprocess
import tomllib

import pytest
from django.conf import settings

from config.build import SOURCES, VERSION, build_fingerprint, build_name
from indexer.models import Run


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The program's files, in another folder."""
    root = tmp_path_factory.mktemp("build")
    ignored = shutil.ignore_patterns("__pycache__", "*.mo")
    for folder in SOURCES.keys() - {"."}:
        shutil.copytree(settings.BASE_DIR / folder, root / folder, ignore=ignored)
    for path in settings.BASE_DIR.glob("requirements*.txt"):
        shutil.copy(path, root)
    return root


def test_the_same_files_are_the_same_build_wherever_they_lie(copy):
    assert build_fingerprint(copy) == settings.BUILD


@pytest.mark.parametrize(
    "name",
    [
        "templates/base.html",
        "locale/zh_Hans/LC_MESSAGES/django.po",
        "indexer/views/shared/words.py",
        "weighting/exports.py",
        "static/css/base.css",
        "requirements.txt",
    ],
)
def test_any_text_that_changes_is_another_build(copy, name):
    before, path = build_fingerprint(copy), copy / name
    kept = path.read_bytes()
    path.write_bytes(kept + b"\n")
    assert build_fingerprint(copy) != before
    path.write_bytes(kept)
    assert build_fingerprint(copy) == before


def test_what_running_leaves_behind_is_no_other_build(copy):
    before = build_fingerprint(copy)
    (copy / "indexer" / "__pycache__").mkdir()
    (copy / "indexer" / "__pycache__" / "apps.cpython-311.pyc").write_bytes(b"compiled")
    (copy / "locale/zh_Hans/LC_MESSAGES/django.mo").write_bytes(b"compiled")
    assert build_fingerprint(copy) == before


def test_a_build_is_named_by_version_code_and_commit(monkeypatch):
    monkeypatch.delenv("QUANHENG_COMMIT", raising=False)
    name = build_name(settings.BASE_DIR, settings.BUILD)

    assert re.fullmatch(rf"{re.escape(VERSION)}\+[0-9a-f]{{12}}(\.g[0-9a-f]{{10}})?", name)
    assert settings.BUILD.startswith(name.split("+")[1][:12])
    assert name == settings.CODE_VERSION
    # Runs and studies keep it.
    assert len(name) <= Run._meta.get_field("code_version").max_length


def test_a_checkout_names_its_commit_and_a_copy_in_another_repository_does_not(copy, tmp_path, monkeypatch):
    monkeypatch.delenv("QUANHENG_COMMIT", raising=False)
    inside = tmp_path / "product"
    inside.mkdir()
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], [*identity, "commit", "-q", "--allow-empty", "-m", "Begin"]):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    head = subprocess.run(
        ["git", "-C", tmp_path, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )

    assert build_name(tmp_path, "a" * 64) == f"{VERSION}+{'a' * 12}.g{head.stdout[:10]}"
    assert build_name(inside, "a" * 64) == f"{VERSION}+{'a' * 12}"


def test_an_image_is_told_its_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("QUANHENG_COMMIT", "60773e0000000000000000000000000000000000")

    assert build_name(tmp_path, "b" * 64) == f"{VERSION}+bbbbbbbbbbbb.g60773e0000"


def test_the_packages_metadata_and_the_list_of_changes_name_the_same_version():
    metadata = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    changes = (settings.BASE_DIR / "CHANGELOG.md").read_text()

    assert metadata["version"] == VERSION
    assert re.search(r"^## (\S+)", changes, re.M).group(1) == VERSION
