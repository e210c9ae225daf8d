"""Redo an index from its package: ``python redo_index.py package-12.zip`` (needs ``pip install ./client``).

Checks the files, adds the weighted normalised values up, and says how far the
scores are from the published ones.
"""

import sys

from quanheng_client import rank, read_package, weighted_scores

# Sums in another order differ by the last bits of a double.
TOLERANCE = 1e-9


def main(path: str) -> int:
    """Print what was found; return 0 where the published ranking comes out again."""
    package = read_package(path)
    if faults := package.faults():
        print("Not what the package says of them:", ", ".join(faults))
        return 1
    published = {row["unit"]: row["total"] for row in package.rows("scores")}
    scores = weighted_scores(package)
    scale = package.method["scale"]
    farthest = max(abs(scores[unit] - published[unit]) for unit in scores)
    print(f"{len(scores)} units; the farthest score is {farthest:.3g} from the published one.")
    for unit, place in sorted(rank(scores).items(), key=lambda pair: pair[1])[:10]:
        print(f"{place:>4}  {unit}  {scores[unit]:.6g}")
    return 0 if farthest <= TOLERANCE * scale else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
