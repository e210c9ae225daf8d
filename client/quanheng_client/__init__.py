"""Read, check and recompute an index that Quanheng gave away as a package."""

import csv
import hashlib
import io
import json
import re
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .weights import TreeWeights

__all__ = ["Package", "fetch_package", "rank", "read_package", "weighted_scores"]

Scores = dict[str, float]
# What the table of changes says of a value that nobody gave.
NOT_GIVEN = frozenset({"imputed", "carried", "left_out"})
# A share of weights may lie this far below what is asked for, by rounding alone.
ROUNDING = 1e-9
# What a package may hold, packed or not: ten times what a site writes while somebody waits.
MOST_BYTES = 1 << 28
MOST_FILES = 1000
# The apostrophes by which the files keep spreadsheets from taking texts, and parts of them, for formulas.
_LOST = r"[^\S\t\n\r]|[\"']"
_MARKED = re.compile(
    rf"\A'(?=(?:{_LOST})*+[-=+@|%\t\r＝＋－＠])|(?<=[;\t\n|])'(?=(?:{_LOST})*+[-=+@＝＋－＠])"
)


@dataclass(frozen=True)
class Package:
    """The files of a package by name."""

    files: Mapping[str, bytes]

    @property
    def descriptor(self) -> dict[str, Any]:
        """The Frictionless descriptor: all tables and columns in words, and the provenance."""
        found: dict[str, Any] = json.loads(self.files["datapackage.json"])
        return found

    @property
    def method(self) -> dict[str, Any]:
        """All choices of the method."""
        found: dict[str, Any] = json.loads(self.files["method.json"])
        return found

    @property
    def names(self) -> list[str]:
        """The tables that there are."""
        return [resource["name"] for resource in self.descriptor["resources"]]

    def faults(self) -> list[str]:
        """Return the names of files that are not what the package says of them; none where all is well."""
        stated = {r["path"]: r["hash"].removeprefix("sha256:") for r in self.descriptor["resources"]}
        stated["manifest.json"] = self.descriptor["provenance"]["manifest_sha256"]
        return [
            name
            for name, digest in stated.items()
            if hashlib.sha256(self.files.get(name, b"")).hexdigest() != digest
        ]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return a table, numbers as numbers; None where there is no value."""
        if name not in self.names:
            raise KeyError(f"there is no table {name!r}: choose one of {', '.join(self.names)}")
        resource = next(r for r in self.descriptor["resources"] if r["name"] == name)
        kinds = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        text = self.files[resource["path"]].decode("utf-8")
        lines = csv.reader(io.StringIO(text, newline=""))
        columns = list(map(_as_meant, next(lines)))
        return [
            {column: _value(cell, kinds[column]) for column, cell in zip(columns, row, strict=True)}
            for row in lines
        ]

    def frame(self, name: str) -> Any:
        """Return a table as a pandas data frame under its key; pandas is an extra."""
        import pandas as pd

        resource = next(r for r in self.descriptor["resources"] if r["name"] == name)
        return pd.DataFrame(self.rows(name)).set_index(resource["schema"]["primaryKey"])


def read_package(path: str | Path, most: int = MOST_BYTES) -> Package:
    """Read a package that was saved, of ``most`` bytes at most when it is unpacked."""
    _check_length(Path(path).stat().st_size, most)
    return _opened(Path(path).read_bytes(), most)


def fetch_package(site: str, run: int, most: int = MOST_BYTES) -> Package:
    """Fetch the package of a published ranking, by the number in its address."""
    if not site.startswith(("https://", "http://")):
        raise ValueError(f"{site!r} is no address: begin it with https://")
    address = f"{site.rstrip('/')}/runs/{run}/package/"
    with urllib.request.urlopen(address, timeout=60) as response:  # noqa: S310  (checked above)
        content = response.read(most + 1)
    _check_length(len(content), most)
    return _opened(content, most)


def weighted_scores(package: Package, weights: Mapping[str, float] | None = None) -> Scores:
    """Return the weighted mean of the normalised values of each unit, on the scale of the index.

    ``weights`` are of the indicators that have data, by code, and sum to 1; the package's own without them.
    Where the method leaves gaps, the weight of what a unit lacks goes to its siblings, group by group; a
    unit that has less of the weight than the method asks for has no score, and is not in the answer.

    Raises
    ------
    ValueError
        Where the method forms scores otherwise, or values may not be given away, so that a mean would be
        another index; where a unit has nothing that the weights given here count.
    """
    _check_is_mean(package)
    tables = package.rows("normalised")
    leaves = [column for column in tables[0] if column != "unit"]
    if weights is None:
        weights = {row["code"]: row["global_weight"] for row in package.rows("weights")}
    if lacking := [leaf for leaf in leaves if leaf not in weights]:
        raise ValueError(f"no weight for {', '.join(lacking)}: give every indicator one, 0 if none")
    tree = TreeWeights(package.rows("framework"), weights)
    gaps = {row["unit"]: {leaf for leaf in leaves if row[leaf] is None} for row in tables}
    own = {unit: tree.around(gaps[unit]) for unit in _with_coverage(package, tree, gaps)}
    if bare := [unit for unit, held in own.items() if not held]:
        raise ValueError(
            f"{', '.join(bare[:5])}: nothing of any weight is there; give weight to what they have"
        )
    scale = package.method["scale"]
    return {
        row["unit"]: scale * sum(own[row["unit"]][leaf] * row[leaf] for leaf in own[row["unit"]])
        for row in tables
        if row["unit"] in own
    }


def _check_is_mean(package: Package) -> None:
    """Raise ValueError where scores are no weighted mean of the values that are in the package."""
    if withheld := package.descriptor.get("withheld"):
        raise ValueError(f"values that may not be given away are not in the package: {', '.join(withheld)}")
    if package.method["aggregation"] != "arithmetic" or package.method["nodes"]:
        raise ValueError("the method is no weighted arithmetic mean: compute with compute_index instead")


def _with_coverage(package: Package, tree: TreeWeights, gaps: Mapping[str, set[str]]) -> list[str]:
    """Return the units that have as much of the weight as is asked for, not counting what was filled in."""
    least = package.method["coverage"]
    if least <= 0:
        return list(gaps)
    lacking = {unit: set(codes) for unit, codes in gaps.items()}
    for row in package.rows("changes") if "changes" in package.names else []:
        if not NOT_GIVEN.isdisjoint(row["changes"].split()):
            lacking[row["unit"]].add(row["code"])
    return [unit for unit, codes in lacking.items() if tree.coverage(codes) >= least - ROUNDING]


def rank(scores: Mapping[str, float]) -> dict[str, int]:
    """Return the rank of each unit: 1 is the highest score, equal scores share the smallest."""
    ordered = sorted(scores.values(), reverse=True)
    first: dict[float, int] = {}
    for place, score in enumerate(ordered, start=1):
        first.setdefault(score, place)
    return {unit: first[score] for unit, score in scores.items()}


def _check_length(length: int, most: int) -> None:
    if length > most:
        raise ValueError(f"the package is longer than {most} bytes: say how long it may be (most=...)")


def _opened(content: bytes, most: int) -> Package:
    """Unpack what is no longer than it may be: an archive of a megabyte may hold a thousand of them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # No more is read of a file than the archive says here.
        listed = archive.infolist()
        if len(listed) > MOST_FILES or sum(info.file_size for info in listed) > most:
            raise ValueError(
                f"unpacked, the package has more than {most} bytes or {MOST_FILES} files: "
                "say how long it may be (most=...)"
            )
        return Package({info.filename: archive.read(info) for info in listed})


def _value(cell: str, kind: str) -> Any:
    if kind not in ("number", "integer"):
        return _as_meant(cell)
    if cell == "":
        return None
    return float(cell) if kind == "number" else int(cell)


def _as_meant(cell: str) -> str:
    return _MARKED.sub("", cell)
