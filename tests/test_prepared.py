"""Databases that are made once: of another build of the product none is taken."""

from pathlib import Path

import pytest

from tests import prepared


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Keep what is prepared in a folder of its own; return what was made, in turn."""
    made = []

    def make(path):
        made.append(path)
        path.write_text(f"number {len(made)}")

    monkeypatch.setattr(prepared, "FOLDER", tmp_path / "prepared")
    monkeypatch.setattr(prepared, "_migrate", lambda url: make(Path(url.removeprefix("sqlite:///"))))
    return made


def test_a_build_s_database_is_made_once(made, tmp_path):
    for name in ("one", "other"):
        prepared.place_database(tmp_path / name)

        assert (tmp_path / name).read_text() == "number 1"


def test_another_build_has_one_of_its_own_and_the_old_is_gone(made, tmp_path, monkeypatch):
    prepared.place_database(tmp_path / "one")
    monkeypatch.setattr(prepared, "build_fingerprint", lambda _root: "another")
    prepared.place_database(tmp_path / "one")

    assert (tmp_path / "one").read_text() == "number 2"
    assert [file.name for file in prepared.FOLDER.glob("*.sqlite3")] == ["another.sqlite3"]


def test_what_failed_half_way_is_made_anew(made, tmp_path, monkeypatch):
    def fail(path):
        path.write_text("half")
        raise OSError("interrupted")

    prepared.FOLDER.mkdir()
    with pytest.raises(OSError, match="interrupted"), prepared._prepared("sqlite3", fail):
        pass
    prepared.place_database(tmp_path / "one")

    assert (tmp_path / "one").read_text() == "number 1"
