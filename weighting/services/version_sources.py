"""Drafts from other sources than one round or one file: pooled rounds, edits, fits."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from weighting.enums import VersionSource, VersionStatus
from weighting.exceptions import Refused
from weighting.manifest import WeightedNode, hash_bytes, weight_text
from weighting.models import Account, Framework, Indicator, NodeWeight, Round, WeightVersion
from weighting.numeric.aggregation import PanelWeights, equal_weights, weights_from_counts
from weighting.numeric.arrays import FloatArray
from weighting.numeric.implied import ImpliedWeightsError, check_reproduction, fit_implied_weights
from weighting.numeric.siblings import rescale_siblings, sum_to_one
from weighting.numeric.tree import Tree, global_weights
from weighting.readers.decisions import Decisions
from weighting.readers.totals import PublishedTotals, read_published_totals
from weighting.selectors.frameworks import indicators_of, tree_of
from weighting.selectors.pooling import (
    differencing_blockers,
    pooled_counts_of,
    pooled_items_of,
    pooling_blockers,
)
from weighting.selectors.versions import weighted_nodes_of
from weighting.services.audit import record_act
from weighting.services.versions import VersionTerms, draft_copy, draft_imported_version, draft_version

MAX_REASON = 2000
EDIT_TOLERANCE = 1e-6


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
        terms=VersionTerms(
            framework=rounds[0].framework,
            label_zh=label_zh,
            label_en=label_en,
            source=VersionSource.POOLED,
            note=note,
        ),
        nodes=nodes,
        weights=weights_from_counts(tree_of(nodes), counts, rounds[0].rule, asked),  # type: ignore[arg-type]
        actor=actor,
    )
    version.pooled_rounds.set(rounds)
    return version


@transaction.atomic
def edit_group(
    version: WeightVersion,
    *,
    group: str,
    weights: Mapping[str, float],
    reason: str,
    actor: Account,
    locked: Collection[str] = (),
    rescale: bool = False,
) -> WeightVersion:
    """Give the children of ``group`` ('' for the root) other local weights, and log why.

    What a panel said stays as it is: a draft made of rounds is copied, and the copy is edited.
    With ``rescale`` the weights that are not locked share what the locked ones leave, in proportion.
    """
    version = WeightVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    nodes = weighted_nodes_of(version)
    siblings = [
        node for node in nodes if (node.indicator.parent.code if node.indicator.parent else "") == group
    ]
    codes = [node.indicator.code for node in siblings]
    blockers = _edit_blockers(version, codes, weights, reason)
    if blockers:
        raise Refused(*blockers)
    after = _group_weights(np.array([weights[code] for code in codes]), codes, locked, rescale)
    before = {node.indicator.code: node.local_weight for node in siblings}
    changed = dict(zip(codes, after.tolist(), strict=True))
    if version.source in (VersionSource.ROUND, VersionSource.POOLED):
        version = draft_copy(version, reason=reason.strip(), note=version.note, actor=actor)
    else:
        version.reason = "\n".join(filter(None, [version.reason, reason.strip()]))[:MAX_REASON]
    version.source, version.evidence = VersionSource.EDITED, {}
    version.full_clean()
    version.save(update_fields=["source", "evidence", "reason"])
    _store_local_weights(version, changed)
    record_act(
        actor, "edit_weights", version, group=group, before=before, after=changed, reason=reason.strip()
    )
    return version


@transaction.atomic
def draft_reweighted_version(
    version: WeightVersion,
    *,
    local_weights: Mapping[str, float],
    label_zh: str,
    label_en: str,
    reason: str,
    actor: Account,
) -> WeightVersion:
    """Draft a version with other local weights, one for every code; it names the one it came from.

    The weights are taken to the last bit, so that the draft ranks as they did when they were tried.
    Whoever sends the same once more, as a double click does, gets the draft that is there.
    """
    version = WeightVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    nodes = weighted_nodes_of(version)
    tree = tree_of([node.indicator for node in nodes])
    local = np.array([local_weights.get(node.indicator.code, np.nan) for node in nodes])
    blockers = _reweight_blockers(nodes, tree, local, local_weights, reason)
    if blockers:
        raise Refused(*blockers)
    drafts = version.children.filter(
        status=VersionStatus.DRAFT,
        source=VersionSource.EDITED,
        created_by=actor,
        label_zh=label_zh,
        label_en=label_en,
        reason=reason.strip(),
    )
    for draft in drafts:
        if {node.indicator.code: node.local_weight for node in weighted_nodes_of(draft)} == local_weights:
            return draft
    weights = PanelWeights(
        local=local,
        global_=global_weights(tree, local),
        asked=np.array([node.asked or local[at] != node.local_weight for at, node in enumerate(nodes)]),
    )
    return draft_version(
        terms=VersionTerms(
            framework=version.framework,
            label_zh=label_zh,
            label_en=label_en,
            source=VersionSource.EDITED,
            parent=version,
            reason=reason.strip(),
        ),
        nodes=[node.indicator for node in nodes],
        weights=weights,
        actor=actor,
    )


def _reweight_blockers(
    nodes: Sequence[WeightedNode],
    tree: Tree,
    local: FloatArray,
    said: Mapping[str, float],
    reason: str,
) -> list[str]:
    """Say why weights that are said of nodes are none; ``local``, (nodes,), is nan where nothing is said."""
    blockers = [] if reason.strip() else [_("Every edit states its reason.")]
    if set(said) != {node.indicator.code for node in nodes}:
        blockers.append(_("Give a weight to every indicator."))
    if any(not 0 <= weight <= 1 for weight in said.values()):
        blockers.append(_("A weight is never below zero or above 100 %."))
    if not blockers and any(abs(local[group].sum() - 1) > EDIT_TOLERANCE for group in tree.groups):
        blockers.append(_("The weights of every group sum to 100 %."))
    return blockers


@transaction.atomic
def describe_version(
    version: WeightVersion, *, label_zh: str, label_en: str, note: str, actor: Account
) -> WeightVersion:
    """Change the labels and the note of a draft; with freezing they become part of the manifest."""
    version = WeightVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if version.number is not None:
        raise Refused(_("A frozen version keeps its labels and its note: correct it by a new version."))
    version.label_zh, version.label_en, version.note = label_zh, label_en, note
    version.full_clean()
    version.save(update_fields=["label_zh", "label_en", "note"])
    record_act(actor, "describe", version)
    return version


def draft_implied_version(
    *,
    framework: Framework,
    source: bytes,
    filename: str,
    label_zh: str,
    label_en: str,
    actor: Account,
    compared: WeightVersion | None = None,
    decisions: Decisions | None = None,
) -> WeightVersion:
    """Draft the sub-index weights that published totals imply, with the residual of every unit.

    Below the sub-indices the weights are those of ``compared``, or equal ones without it; its
    own sub-index weights are held against the totals, as far as the printed digits go. Raises
    `FileProblems` for the file, and `Refused` where the figures do not determine the weights.
    """
    nodes = indicators_of(framework.pk)
    roots = [node for node in nodes if node.parent is None]
    ledger = decisions or Decisions()
    table = read_published_totals(source, filename, [node.code for node in roots], ledger)
    ledger.close()
    try:
        fit = fit_implied_weights(table.values, table.totals)
    except ImpliedWeightsError as error:
        raise Refused(_unidentified(error, table, roots)) from error
    local = _weights_below(framework, compared)
    local |= dict(zip([node.code for node in roots], sum_to_one(fit.weights).tolist(), strict=True))
    return draft_imported_version(
        framework=framework,
        local_weights=local,
        label_zh=label_zh,
        label_en=label_en,
        actor=actor,
        source=VersionSource.IMPLIED,
        evidence={
            "file_sha256": hash_bytes(source),
            "condition": weight_text(fit.condition),
            "total_step": weight_text(table.total_step),
            "value_step": weight_text(table.value_step),
            "residuals": [
                [unit, weight_text(total), weight_text(residual)]
                for unit, total, residual in zip(table.units, table.totals, fit.residuals, strict=True)
            ],
            "compared": _verdict_on(compared, table, roots) if compared else None,
        },
    )


def _edit_blockers(
    version: WeightVersion, codes: list[str], weights: Mapping[str, float], reason: str
) -> list[str]:
    blockers = []
    if version.number is not None:
        blockers.append(_("A frozen version is never edited: correct it by a new version."))
    if not reason.strip():
        blockers.append(_("Every edit states its reason."))
    if not codes or set(weights) != set(codes):
        blockers.append(_("Give a weight to every indicator of one group."))
    if any(not 0 <= weight < float("inf") for weight in weights.values()):
        blockers.append(_("A weight is never below zero."))
    return blockers


def _group_weights(
    weights: FloatArray, codes: list[str], locked: Collection[str], rescale: bool
) -> FloatArray:
    if rescale:
        try:
            weights = rescale_siblings(weights, np.array([code in locked for code in codes]))
        except ValueError as error:
            raise Refused(
                _("The locked weights leave nothing for the others, or do not make 100 %: unlock one.")
            ) from error
    total = float(weights.sum())
    if abs(total - 1) > EDIT_TOLERANCE:
        raise Refused(
            _("The weights of the group sum to %(total)s %%, not to 100 %%.")
            % {"total": f"{100 * total:.6g}"}
        )
    return sum_to_one(weights)


def _store_local_weights(version: WeightVersion, changed: Mapping[str, float]) -> None:
    """Write the local weights of one group, and every global weight, which follows."""
    rows = list(version.node_weights.select_related("indicator__parent").order_by("indicator__position"))
    for row in rows:
        if row.indicator.code in changed:
            row.local_weight, row.asked = changed[row.indicator.code], True
    tree = tree_of([row.indicator for row in rows])
    together = global_weights(tree, np.array([row.local_weight for row in rows]))
    for row, weight in zip(rows, together.tolist(), strict=True):
        row.global_weight = weight
    NodeWeight.objects.bulk_update(rows, ["local_weight", "global_weight", "asked"])


def _weights_below(framework: Framework, version: WeightVersion | None) -> dict[str, float]:
    if version:
        return {node.indicator.code: node.local_weight for node in weighted_nodes_of(version)}
    tree = tree_of(indicators_of(framework.pk))
    return dict(zip(tree.codes, equal_weights(tree).local.tolist(), strict=True))


def _unidentified(error: ImpliedWeightsError, table: PublishedTotals, roots: list[Indicator]) -> str:
    """Say in words of the field why the totals determine no weights."""
    if error.columns:
        names = _(", ").join(roots[column].name for column in error.columns)
        return _(
            "The values of %(names)s move together, so no totals can tell their weights apart: "
            "leave the fit, or add units in which they differ."
        ) % {"names": names}
    return _(
        "%(cities)d units do not determine the weights of %(columns)d sub-indices: add units, with every "
        "value printed."
    ) % {"cities": len(table.units), "columns": len(roots)}


def _verdict_on(version: WeightVersion, table: PublishedTotals, roots: list[Indicator]) -> dict[str, Any]:
    """Hold a version's weights against the totals: do they reproduce them within rounding?"""
    local = _weights_below(version.framework, version)
    weights = np.array([local[node.code] for node in roots])
    check = check_reproduction(
        table.values, table.totals, weights, total_step=table.total_step, value_step=table.value_step
    )
    worst = int(np.abs(check.errors).argmax())
    return {
        "version": version.pk,
        "hash": version.manifest_hash,
        "label_zh": version.label_zh,
        "label_en": version.label_en,
        "reproduced": check.reproduced,
        "unexplained": int(check.unexplained.sum()),
        "worst_unit": table.units[worst],
        "worst_error": weight_text(check.errors[worst]),
    }
