"""Weight versions: drafted from a source, frozen into a release, published, retired."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from weighting.enums import RoundState, VersionSource, VersionStatus
from weighting.exceptions import AlreadyFrozen, Refused
from weighting.manifest import Counting, build_manifest, hash_bytes, weight_text
from weighting.models import Account, Framework, Indicator, NodeWeight, Round, WeightVersion
from weighting.numeric.aggregation import PanelWeights, equal_weights, weights_from_counts
from weighting.numeric.tree import global_weights
from weighting.readers import SUM_TOLERANCE, read_weights
from weighting.readers.decisions import Decisions
from weighting.selectors.frameworks import indicators_of, tree_of
from weighting.selectors.pooling import (
    differencing_blockers,
    pooled_counts_of,
    pooled_items_of,
    rounds_behind,
)
from weighting.selectors.rounds import (
    aggregation_blockers,
    counted_ballots_of,
    entered_among,
    items_of,
    score_counts_of,
)
from weighting.selectors.versions import freezing_blockers, previous_version, weighted_nodes_of
from weighting.services.audit import record_act
from weighting.services.frameworks import refuse_private
from weighting.services.quotas import check_tables_of_a_day
from weighting.signals import weight_version_frozen


@dataclass(frozen=True)
class VersionTerms:
    """What a version says beside its weights: its labels, and where the weights are from."""

    framework: Framework
    label_zh: str
    label_en: str
    source: VersionSource
    round: Round | None = None
    parent: WeightVersion | None = None
    reason: str = ""
    note: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def aggregate_round(round_: Round, *, actor: Account) -> WeightVersion:
    """Turn a closed round's sealed ballots into a draft version; the round never reopens."""
    round_ = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    blockers = aggregation_blockers(round_)
    blockers = blockers or differencing_blockers([round_], within=WeightVersion.objects.all())
    if blockers:
        raise Refused(*blockers)
    nodes = indicators_of(round_.framework_id)
    asked_codes = {item.code for item in items_of(round_)}
    asked = np.array([node.code in asked_codes for node in nodes])
    counts = score_counts_of(round_, nodes)
    weights = weights_from_counts(tree_of(nodes), counts, round_.rule, asked)  # type: ignore[arg-type]
    version = draft_version(
        terms=VersionTerms(
            framework=round_.framework,
            label_zh=round_.title_zh,
            label_en=round_.title_en,
            source=VersionSource.ROUND,
            round=round_,
        ),
        nodes=nodes,
        weights=weights,
        actor=actor,
    )
    round_.state = RoundState.AGGREGATED
    round_.excluded_count = (round_.sealed_count or 0) - len(counted_ballots_of(round_))
    round_.save(update_fields=["state", "excluded_count"])
    record_act(actor, "aggregate", round_, version=version.pk, excluded=round_.excluded_count)
    return version


@transaction.atomic
def draft_equal_version(
    *, framework: Framework, label_zh: str, label_en: str, actor: Account
) -> WeightVersion:
    """Draft a version that splits every sibling group equally."""
    nodes = indicators_of(framework.pk)
    return draft_version(
        terms=VersionTerms(
            framework=framework,
            label_zh=label_zh,
            label_en=label_en,
            source=VersionSource.EQUAL,
        ),
        nodes=nodes,
        weights=equal_weights(tree_of(nodes)),
        actor=actor,
    )


@transaction.atomic
def draft_imported_version(
    *,
    framework: Framework,
    local_weights: Mapping[str, float],
    label_zh: str,
    label_en: str,
    actor: Account,
    source: VersionSource = VersionSource.IMPORTED,
    note: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> WeightVersion:
    """Draft a version from checked local weights, one for every indicator code."""
    check_tables_of_a_day(actor)
    nodes = indicators_of(framework.pk)
    local = np.array([local_weights[node.code] for node in nodes])
    everywhere = np.ones(len(nodes), dtype=bool)
    weights = PanelWeights(local=local, global_=global_weights(tree_of(nodes), local), asked=everywhere)
    return draft_version(
        terms=VersionTerms(
            framework=framework,
            label_zh=label_zh,
            label_en=label_en,
            source=source,
            note=note,
            evidence=evidence or {},
        ),
        nodes=nodes,
        weights=weights,
        actor=actor,
    )


def import_version(
    *,
    framework: Framework,
    source: bytes,
    filename: str,
    label_zh: str,
    label_en: str,
    actor: Account,
    normalise: bool = False,
    decisions: Decisions | None = None,
) -> WeightVersion:
    """Draft a version from a file (CSV, XLSX) of local weights, or of global weights of the leaves.

    Raises `FileProblems` with every problem of the file.
    """
    nodes = indicators_of(framework.pk)
    tree = tree_of(nodes)
    ledger = decisions or Decisions()
    table = read_weights(source, filename, tree, nodes=nodes, normalise=normalise, decisions=ledger)
    ledger.close()
    return draft_imported_version(
        framework=framework,
        local_weights=dict(zip(tree.codes, table.local.tolist(), strict=True)),
        label_zh=label_zh,
        label_en=label_en,
        actor=actor,
        evidence={
            "file_sha256": hash_bytes(source),
            "sum_tolerance": weight_text(SUM_TOLERANCE),
            "normalised": normalise,
        },
    )


@transaction.atomic
def draft_correction(version: WeightVersion, *, reason: str, actor: Account) -> WeightVersion:
    """Draft a correction of a frozen version, which keeps standing: its weights, and the reason.

    The draft starts from the same weights; editing and freezing it make the correction.
    """
    blockers = []
    if version.number is None:
        blockers.append(_("Only a frozen version can be corrected: a draft is simply edited."))
    if not reason.strip():
        blockers.append(_("A correction states its reason: say what was wrong."))
    if blockers:
        raise Refused(*blockers)
    return draft_copy(version, reason=reason.strip(), actor=actor)


def draft_copy(version: WeightVersion, *, reason: str, note: str = "", actor: Account) -> WeightVersion:
    """Draft the weights of a version anew, to be edited, in a transaction of the caller."""
    nodes = weighted_nodes_of(version)
    return draft_version(
        terms=VersionTerms(
            framework=version.framework,
            label_zh=version.label_zh,
            label_en=version.label_en,
            source=VersionSource.EDITED,
            parent=version,
            reason=reason,
            note=note,
        ),
        nodes=[node.indicator for node in nodes],
        weights=PanelWeights(
            local=np.array([node.local_weight for node in nodes]),
            global_=np.array([node.global_weight for node in nodes]),
            asked=np.array([node.asked for node in nodes]),
        ),
        actor=actor,
    )


@transaction.atomic
def freeze_version(version: WeightVersion, *, actor: Account) -> WeightVersion:
    """Give a draft its number, manifest and hash; announce it in the same transaction.

    The framework's row is the lock, so two managers at once make one release and numbers
    have no gaps.
    """
    Framework.objects.select_for_update(no_key=True).get(pk=version.framework_id)
    version = WeightVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if version.number is not None:
        raise AlreadyFrozen(version_id=version.pk, number=version.number)
    # Nobody voids a round between the check and the manifest that counts its ballots.
    behind = Round.objects.filter(pk__in=[round_.pk for round_ in rounds_behind(version)])
    list(behind.select_for_update(no_key=True).order_by("pk"))
    blockers = freezing_blockers(version)
    if blockers:
        raise Refused(*blockers)
    previous = previous_version(version)
    version.number = (previous.number or 0) + 1 if previous else 1
    # Whole seconds: dumpdata writes no more than milliseconds, and a restored row must agree.
    version.frozen_at = timezone.now().replace(microsecond=0)
    version.manifest = build_manifest(
        version, nodes=weighted_nodes_of(version), previous=previous, counting=_counting_behind(version)
    )
    version.manifest_hash = hash_bytes(version.manifest)
    version.status = VersionStatus.FROZEN
    version.full_clean()
    version.save()
    record_act(actor, "freeze", version, number=version.number, manifest_hash=version.manifest_hash)
    weight_version_frozen.send(sender=WeightVersion, version=version)
    return version


@transaction.atomic
def publish_version(version: WeightVersion, *, actor: Account) -> WeightVersion:
    """Let anybody read a frozen version without signing in."""
    version = WeightVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if version.number is None:
        raise Refused(_("Only a frozen version can be published: freeze it first."))
    if not version.is_published:
        refuse_private(version.framework)
        version.is_published = True
        version.save(update_fields=["is_published"])
        record_act(actor, "publish", version)
    return version


@transaction.atomic
def retire_version(version: WeightVersion, *, actor: Account) -> WeightVersion:
    """Label a frozen version as retired; its weights and results stay as they are."""
    version = WeightVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if version.status != VersionStatus.FROZEN:
        raise Refused(_("Only a frozen version can be retired."))
    version.status = VersionStatus.RETIRED
    version.save(update_fields=["status"])
    record_act(actor, "retire", version)
    return version


def _counting_behind(version: WeightVersion) -> Counting | None:
    """Return the ballots that the weights rest on; None for weights from elsewhere."""
    rounds = rounds_behind(version)
    if not rounds:
        return None
    items, ballots = pooled_items_of(rounds), [counted_ballots_of(round_) for round_ in rounds]
    excluded = [
        (round_.sealed_count or 0) - len(counted) for round_, counted in zip(rounds, ballots, strict=True)
    ]
    entered = [entered_among(counted) for counted in ballots]
    return Counting(rounds, excluded, entered, items, pooled_counts_of(rounds, items))


def draft_version(
    *, terms: VersionTerms, nodes: list[Indicator], weights: PanelWeights, actor: Account
) -> WeightVersion:
    """Store a draft and its weights, which the caller has checked."""
    version = WeightVersion(**vars(terms), created_by=actor)
    version.full_clean()
    version.save()
    columns = zip(nodes, weights.local, weights.global_, weights.asked, strict=True)
    NodeWeight.objects.bulk_create(
        [
            NodeWeight(
                version=version,
                indicator=node,
                local_weight=float(local),
                global_weight=float(global_),
                asked=bool(asked),
            )
            for node, local, global_, asked in columns
        ]
    )
    record_act(actor, "draft", version, source=terms.source.value)
    return version
