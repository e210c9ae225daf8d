import shutil

import pytest
from django.conf import settings

from config.build import SOURCES, build_fingerprint


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
