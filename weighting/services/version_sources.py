"""Drafts from other sources than one round or one file: pooled rounds, edits, fits."""

import numpy as np
from django.db import transaction

from weighting.enums import VersionSource
from weighting.exceptions import Refused
from weighting.models import Account, Round, WeightVersion
from weighting.numeric.aggregation import weights_from_counts
from weighting.selectors.frameworks import indicators_of, tree_of
from weighting.selectors.pooling import (
    differencing_blockers,
    pooled_counts_of,
    pooled_items_of,
    pooling_blockers,
)
from weighting.services.versions import draft_version


@transaction.atomic
def pool_rounds(
    rounds: list[Round], *, label_zh: str, label_en: str, actor: Account, note: str = ""
) -> WeightVersion:
    """Draft one version from several closed rounds: counts added, items that all of them ask.

    The rule is the one that every round opened with; the counts decide, so every ballot
    weighs the same, whatever the size of its round. The rounds themselves stay as they are.
    """
    ids = [round_.pk for round_ in rounds]
    rounds = list(Round.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    blockers = pooling_blockers(rounds)
    blockers = blockers or differencing_blockers(rounds, within=WeightVersion.objects.all())
    if blockers:
        raise Refused(*blockers)
    nodes = indicators_of(rounds[0].framework_id)
    shared = {item.code for item in pooled_items_of(rounds)}
    asked = np.array([node.code in shared for node in nodes])
    counts = pooled_counts_of(rounds, nodes) * asked[:, np.newaxis]
    version = draft_version(
        framework=rounds[0].framework,
        label_zh=label_zh,
        label_en=label_en,
        source=VersionSource.POOLED,
        nodes=nodes,
        weights=weights_from_counts(tree_of(nodes), counts, rounds[0].rule, asked),  # type: ignore[arg-type]
        actor=actor,
        note=note,
    )
    version.pooled_rounds.set(rounds)
    return version
