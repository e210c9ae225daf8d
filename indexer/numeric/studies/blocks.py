"""Named arrays in one block of bytes: what a study keeps, and what its workers hand on."""

import hashlib
import json
import struct
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from indexer.numeric.studies.packed_counts import PackedCounts, narrow
from weighting.numeric.arrays import FloatArray, IntArray

Tally = dict[str, Any]
HEAD = struct.Struct("<I")
# Histograms are mostly zeros: the quickest level already takes nearly all of them away.
LEVEL = 1
# What stands for the type of numbers in the head, where they are packed by blocks of rows.
PACKED = "packed"
# So much of a block is opened at a time, until the arrays that stand before those packed by rows are whole.
PIECE = 1 << 20


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


@dataclass(frozen=True)
class PackedPlace:
    """Where counts that are packed by rows lie in a block: ``ends``, (blocks + 1,), count from its start."""

    shape: tuple[int, int]
    ends: list[int]


def place_of_packed(start: bytes, size: int, name: str) -> PackedPlace | None:
    """Return where counts lie in a block of ``size`` bytes that begins so; None where they are not packed.

    Raises
    ------
    ValueError
        When the block is damaged, or ``start`` does not hold all of what the arrays are called.
    """
    try:
        described, _length = _head_of(zlib.decompressobj().decompress(start))
    except (zlib.error, struct.error, ValueError) as error:
        raise ValueError("the block is damaged") from error
    packed = {one: said for one, (kind, *said) in described.items() if kind == PACKED}
    # They stand behind everything else, one after the other.
    behind = size - sum(sum(sizes) for _rows, _columns, *sizes in packed.values())
    for one, (rows, columns, *sizes) in packed.items():
        if one == name:
            return PackedPlace((rows, columns), list(accumulate(sizes, initial=behind)))
        behind += sum(sizes)
    return None


def unpack_arrays(block: bytes | bytearray | memoryview, *, as_kept: Collection[str] = ()) -> Tally:
    """Return the arrays by name: int64 or float64, as they were packed.

    Those ``as_kept`` are in the narrow type that holds them, and no second copy is made.

    Raises
    ------
    ValueError
        When the block is not whole.
    """
    try:
        data, behind = _opened(block)
        described, start = _head_of(data)
    except (zlib.error, struct.error, ValueError) as error:
        raise ValueError("the block is damaged") from error
    arrays = Tally()
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
        wide = np.float64 if array.dtype.kind == "f" else np.int64
        arrays[name] = array if name in as_kept else array.astype(wide)
    if behind != len(block):
        raise ValueError("the block is damaged")
    return arrays


def _opened(block: bytes | bytearray | memoryview) -> tuple[bytes, int]:
    """Return what stands before the counts packed by rows, opened, and where these begin."""
    opened, pieces, end = zlib.decompressobj(), list[bytes](), 0
    # Given all at once, it would keep a second copy of all that stands behind.
    while end < len(block) and not opened.eof:
        pieces.append(opened.decompress(block[end : end + PIECE]))
        end = min(end + PIECE, len(block))
    if not opened.eof:
        raise ValueError("there is no end")
    return b"".join(pieces), end - len(opened.unused_data)


def _head_of(data: bytes) -> tuple[dict[str, Any], int]:
    """Return how the arrays are called and shaped, and where the first of them begins."""
    start = HEAD.size + HEAD.unpack_from(data)[0]
    return json.loads(data[HEAD.size : start]), start


def pack_composite(scores: FloatArray, ranks: IntArray) -> tuple[bytes, bytes]:
    """Write the scores of one run, nan where there is none, and its ranks, 0 there, (units,) each."""
    return np.asarray(scores, dtype="<f8").tobytes(), np.asarray(ranks, dtype="<u4").tobytes()


def unpack_scores(block: bytes | memoryview) -> FloatArray:
    """Return scores, (units,), as `pack_composite` wrote them."""
    return np.frombuffer(block, dtype="<f8").astype(np.float64)


def unpack_ranks(block: bytes | memoryview) -> IntArray:
    """Return ranks, (units,), as `pack_composite` wrote them."""
    return np.frombuffer(block, dtype="<u4").astype(np.int64)


def result_checksum(block: Sequence[bytes | memoryview], scores: FloatArray) -> str:
    """Return the SHA-256 of a result: the block of the inner nodes, in parts, then the scores, (units,)."""
    digest = hashlib.sha256()
    for part in block:
        digest.update(part)
    digest.update(scores.astype("<f8").tobytes())
    return digest.hexdigest()
