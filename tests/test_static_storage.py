"""Static files are packed where they changed, and only there."""

import gzip

import pytest

from config.static_storage import KeepingCompressor, StaticStorage

TEXT = b"a { color: red }\n" * 100


@pytest.fixture
def collected(tmp_path):
    """A folder of static files, a style sheet in it that is packed."""
    (tmp_path / "base.css").write_bytes(TEXT)
    pack(tmp_path)
    return tmp_path


def pack(folder):
    storage = StaticStorage(location=folder)
    return [packed for _name, packed in storage.compress_files(["base.css"])]


def test_what_lies_there_packed_is_not_packed_again(collected, monkeypatch):
    monkeypatch.setattr(KeepingCompressor, "compress_gzip", lambda *_data: pytest.fail("packed again"))

    assert pack(collected) == ["base.css.gz"]


@pytest.mark.parametrize(
    "left", [gzip.compress(b"of before", mtime=0), gzip.compress(TEXT, mtime=0)[:-9], b"no gzip", b""]
)
def test_what_changed_or_was_broken_off_is_packed(collected, left):
    packed = collected / "base.css.gz"
    packed.write_bytes(left)

    assert pack(collected) == ["base.css.gz"]
    assert gzip.decompress(packed.read_bytes()) == TEXT
