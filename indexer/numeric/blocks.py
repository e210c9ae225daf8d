"""Named arrays in one block of bytes: what a study keeps, and what its workers hand on."""

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from weighting.numeric.arrays import FloatArray, IntArray

Tally = dict[str, Any]
HEAD = struct.Struct("<I")
# Histograms are mostly zeros: the quickest level already takes nearly all of them away.
LEVEL = 1


def pack_arrays(arrays: Mapping[str, IntArray | FloatArray]) -> bytes:
    """Write arrays of whole numbers (in the narrowest type that holds them) or of floats."""
    narrow = {name: _narrow(array) for name, array in arrays.items()}
    head = json.dumps({name: [array.dtype.str, *array.shape] for name, array in narrow.items()}).encode()
    packer = zlib.compressobj(LEVEL)
    parts = [packer.compress(HEAD.pack(len(head)) + head)]
    parts += [
        packer.compress(np.ascontiguousarray(array).data.cast("B")) for array in narrow.values() if array.size
    ]
    return b"".join([*parts, packer.flush()])


def unpack_arrays(block: bytes) -> Tally:
    """Return the arrays by name: int64 or float64, as they were packed.

    Raises
    ------
    ValueError
        When the block is not whole.
    """
    try:
        data = zlib.decompress(block)
        size = HEAD.unpack_from(data)[0]
        described = json.loads(data[HEAD.size : HEAD.size + size])
    except (zlib.error, struct.error, ValueError) as error:
        raise ValueError("the block is damaged") from error
    start, arrays = HEAD.size + size, {}
    for name, (kind, *shape) in described.items():
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(data, dtype=kind, count=count, offset=start).reshape(shape)
        start += array.nbytes
        arrays[name] = array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
    return arrays


def pack_composite(scores: FloatArray, ranks: IntArray) -> tuple[bytes, bytes]:
    """Write the scores, nan where there is none, and the ranks, 0 there, of the cities of one run."""
    return np.asarray(scores, dtype="<f8").tobytes(), np.asarray(ranks, dtype="<u4").tobytes()


def unpack_scores(block: bytes | memoryview) -> FloatArray:
    """Return scores as `pack_composite` wrote them."""
    return np.frombuffer(block, dtype="<f8").astype(np.float64)


def unpack_ranks(block: bytes | memoryview) -> IntArray:
    """Return ranks as `pack_composite` wrote them."""
    return np.frombuffer(block, dtype="<u4").astype(np.int64)


def result_checksum(block: bytes, scores: FloatArray) -> str:
    """Return the checksum of a result: the block of a run's inner nodes, then its scores in order."""
    digest = hashlib.sha256(block)
    digest.update(scores.astype("<f8").tobytes())
    return digest.hexdigest()


def _narrow(array: IntArray | FloatArray) -> Any:
    if array.dtype.kind == "f":
        return array.astype("<f8")
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    kinds = ("<u1", "<u2", "<u4", "<u8") if low >= 0 else ("<i1", "<i2", "<i4", "<i8")
    return array.astype(
        next(kind for kind in kinds if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    )
