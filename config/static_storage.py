"""How static files are kept: under names of their content, packed once."""

import gzip
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class KeepingCompressor(Compressor):
    """Packs a file unless it lies there packed: every start collects, and packing takes most of that."""

    def compress(self, path: str) -> list[str]:
        packed = f"{path}.gz"
        with suppress(OSError, EOFError, zlib.error):
            if gzip.decompress(Path(packed).read_bytes()) == Path(path).read_bytes():
                return [packed]
        names: list[str] = super().compress(path)
        return names


class StaticStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's, which packs all files anew whenever they are collected."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return KeepingCompressor(**kwargs)
