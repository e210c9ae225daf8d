"""How far a panel moved from one round of a series to the next."""

import pytest

from tests.factories import make_framework, make_panel, make_round
from tests.weighting.test_statistics import scores_of
from weighting.enums import Feedback, RoundState
from weighting.selectors.stability import stability_of

pytestmark = pytest.mark.django_db


def test_without_links_the_rounds_are_compared_by_their_distributions():
    framework, panel = make_framework(), make_panel(6)
    shared = {"framework": framework, "panel": panel, "state": RoundState.AGGREGATED}
    first = make_round(**shared, scores=lambda place, code: 3)
    second = make_round(**shared, scores=lambda place, code: 5 if code == "infra" and place < 3 else 3)
    second.follows = first

    stability = stability_of(second)

    assert stability.kappa is None
    changes = {item.indicator.code: item for item in stability.items}
    assert changes["infra"].distance == pytest.approx(0.5)
    assert changes["infra"].median == pytest.approx(1.0)
    assert not changes["infra"].is_stable
    assert stability.stable_count == 6
    assert stability_of(first) is None


def test_with_locks_kept_the_spread_of_kappa_is_reported_from_k_experts_on():
    framework, panel = make_framework(), make_panel(6)
    parts = {"framework": framework, "panel": panel, "state": RoundState.AGGREGATED, "feedback": Feedback.OWN}
    first = make_round(**parts, scores=scores_of)
    second = make_round(**parts, scores=scores_of, follows=first)

    assert stability_of(second).kappa.experts == 6
    assert stability_of(second).kappa.median == pytest.approx(1)

    for ballot in second.ballots.all()[:2]:
        ballot.earlier_lock = ""
        ballot.save()
    assert stability_of(second).kappa is None
