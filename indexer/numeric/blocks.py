"""Named arrays in one block of bytes: what a study keeps, and what its workers hand on."""

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from indexer.numeric.packed_counts import PackedCounts, narrow
from weighting.numeric.arrays import FloatArray, IntArray

Tally = dict[str, Any]
HEAD = struct.Struct("<I")
# Histograms are mostly zeros: the quickest level already takes nearly all of them away.
LEVEL = 1
# What stands for the type of numbers in the head, where they are packed by blocks of rows.
PACKED = "packed"


def pack_arrays(arrays: Mapping[str, IntArray | FloatArray | PackedCounts]) -> bytes:
    """Write arrays of whole numbers (in the narrowest type that holds them) or of floats.

    Counts that are packed already stand behind the others as they are.
    """
    plain = {name: narrow(array) for name, array in arrays.items() if not isinstance(array, PackedCounts)}
    packed = {name: array for name, array in arrays.items() if isinstance(array, PackedCounts)}
    described = {name: [array.dtype.str, *array.shape] for name, array in plain.items()} | {
        name: [PACKED, *array.shape, *map(len, array.blocks_packed)] for name, array in packed.items()
    }
    head = json.dumps(described).encode()
    packer = zlib.compressobj(LEVEL)
    parts = [packer.compress(HEAD.pack(len(head)) + head)]
    parts += [
        packer.compress(np.ascontiguousarray(array).data.cast("B")) for array in plain.values() if array.size
    ]
    behind = (block for array in packed.values() for block in array.blocks_packed)
    return b"".join([*parts, packer.flush(), *behind])


def unpack_arrays(block: bytes) -> Tally:
    """Return the arrays by name: int64 or float64, as they were packed.

    Raises
    ------
    ValueError
        When the block is not whole.
    """
    opened = zlib.decompressobj()
    try:
        data = opened.decompress(block)
        size = HEAD.unpack_from(data)[0]
        described = json.loads(data[HEAD.size : HEAD.size + size])
    except (zlib.error, struct.error, ValueError) as error:
        raise ValueError("the block is damaged") from error
    if not opened.eof:
        raise ValueError("the block is damaged")
    start, arrays = HEAD.size + size, Tally()
    behind = len(block) - len(opened.unused_data)
    for name, (kind, *shape) in described.items():
        if kind == PACKED:
            rows, columns, *sizes = shape
            ends = list(accumulate(sizes, initial=behind))
            blocks = [memoryview(block)[first:end] for first, end in pairwise(ends)]
            arrays[name], behind = PackedCounts((rows, columns), blocks), ends[-1]
            continue
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(data, dtype=kind, count=count, offset=start).reshape(shape)
        start += array.nbytes
        arrays[name] = array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
    if behind != len(block):
        raise ValueError("the block is damaged")
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
