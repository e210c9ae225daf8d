"""What a manifest states, for any tree and any source of weights."""

import json
import math
import re
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import weighting
from tests.strategies import trees, versions_of
from tools import verify_weight_version as outsider
from weighting.manifest import canonical_json, weight_entry, weight_text
from weighting.numeric.aggregation import equal_weights, weights_from_counts
from weighting.numeric.tree import global_weights, local_from_leaf_weights

PACKAGE = Path(weighting.__file__).parent


@st.composite
def sources(draw):
    """A tree, and local weights of it from any kind of source."""
    tree = draw(trees())
    match draw(st.sampled_from(["equal", "counts", "local", "leaves"])):
        case "equal":
            return tree, equal_weights(tree).local
        case "counts":
            counts = [draw(st.lists(st.integers(0, 40), min_size=5, max_size=5)) for _node in tree.codes]
            counts = np.array([[*row[:4], row[4] + 1, draw(st.integers(0, 9))] for row in counts])
            return tree, weights_from_counts(tree, counts, "normalised_mean").local
        case "local":
            return tree, draw(versions_of(tree, local=True))
    shares = draw(st.lists(st.floats(0, 1e6), min_size=len(tree.leaves), max_size=len(tree.leaves)))
    return tree, local_from_leaf_weights(tree, np.array(shares) + 1e-3)


def read_weight_entry(entry):
    """What `weight_entry` was given, to the last bit."""
    return {
        "code": entry["code"],
        "parent": entry["parent"],
        "local": float(entry["local"]),
        "global_": float(entry["global"]),
        "asked": entry["asked"],
    }


def entries_of(tree, local):
    parents = [tree.codes[parent] if parent >= 0 else None for parent in tree.parents]
    return [
        weight_entry(code=code, parent=parent, local=one, global_=other, asked=True)
        for code, parent, one, other in zip(
            tree.codes, parents, local, global_weights(tree, local), strict=True
        )
    ]


@given(sources())
def test_leaf_weights_sum_to_one(source):
    tree, local = source

    assert math.isclose(math.fsum(global_weights(tree, local)[tree.leaves]), 1, abs_tol=1e-12)


@given(sources())
def test_manifest_to_weights_to_manifest_is_the_identity(source):
    entries = entries_of(*source)
    content = canonical_json({"weights": entries})
    read = [read_weight_entry(entry) for entry in json.loads(content)["weights"]]

    assert canonical_json({"weights": [weight_entry(**entry) for entry in read]}) == content
    assert [entry["local"] for entry in read] == source[1].tolist()


@given(sources())
def test_the_outsiders_program_finds_nothing_wrong_with_any_of_them(source):
    findings = list(outsider.check_weights({"weights": entries_of(*source)}))

    assert [text for holds, text in findings if not holds] == []


@given(st.floats(0, 1))
def test_a_weight_written_reads_back_to_the_last_bit(weight):
    assert float(weight_text(weight)) == weight
    assert weight_text(float(weight_text(weight))) == weight_text(weight)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_the_product_and_the_outsiders_program_write_the_same_canonical_json(value):
    try:
        ours = canonical_json({"value": value})
    except ValueError:  # lone surrogates, which no JSON text can hold
        return
    assert outsider.canonical_json({"value": value}) == ours


def test_documents_are_built_where_a_stranger_reads_how():
    used = re.compile(r"(?<!outsider\.)\bcanonical_json\b|\brfc8785\b")
    modules = [path for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts]

    assert [path.name for path in modules if used.search(path.read_text())] == ["manifest.py"]
