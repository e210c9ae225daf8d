"""The tree picture: every level fills its height, and a box holds those of its parts."""

import pytest

from indexer.views.public.weight_picture import draw_weights
from tests.factories import make_framework
from tests.indexer.factories import make_version
from weighting.selectors.versions import weighted_nodes_of

pytestmark = pytest.mark.django_db


def test_boxes_are_as_high_as_their_weights_and_fill_the_picture():
    framework = make_framework()
    nodes = weighted_nodes_of(make_version(framework, tilt=1))
    picture = draw_weights(nodes)
    leaf_names = {node.indicator.name for node in nodes if node.indicator.is_leaf}

    leaves = [cell for cell in picture.cells if cell.name in leaf_names]
    tops = [cell for cell in picture.cells if cell.depth == 1]
    for boxes in (leaves, tops):
        assert sum(float(box.height) for box in boxes) == pytest.approx(picture.height, abs=0.1)
        assert float(boxes[0].top) == 0
    assert {cell.left for cell in tops} == {"0.000%"}
    # Every leaf reaches the right edge, however short its branch.
    edges = [float(cell.left[:-1]) + float(cell.width[:-1]) for cell in leaves]
    assert edges == pytest.approx([100] * len(leaves), abs=0.01)


def test_the_lightest_leaf_has_room_for_its_name():
    framework = make_framework({"a": {f"a{n}": {} for n in range(7)}, "b": {}, "c": {}})
    picture = draw_weights(weighted_nodes_of(make_version(framework)))

    assert [cell.name for cell in picture.cells if not cell.is_named] == []
