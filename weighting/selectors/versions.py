"""Weight versions as the visitor may see them."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from weighting.enums import RoundState, VersionSource, VersionStatus
from weighting.manifest import WeightedNode, WeightEntry, weight_entry
from weighting.models import Account, Indicator, NodeWeight, Round, WeightVersion
from weighting.models.scoring_round import LEAST_PANEL
from weighting.numeric.arrays import FloatArray
from weighting.permissions import ADMINISTRATORS, MANAGERS, STAFF, has_role
from weighting.selectors.offers import Offered, find_named, offer, shorten
from weighting.selectors.pooling import (
    answer_blockers,
    ballot_blockers,
    count_own,
    differencing_blockers,
    pooled_counts_of,
    pooled_items_of,
    rounds_behind,
    voided_blockers,
)
from weighting.selectors.rounds import count_hands, with_ballots
from weighting.selectors.sharing import known_to

# So many are offered to choose from; the others are found by their names.
MOST_OFFERED = 100


@dataclass(frozen=True)
class ItemCounts:
    """How often an item was given each score from 1 to 5, and abstained on."""

    indicator: Indicator
    scores: list[int]
    abstained: int

    @property
    def mean(self) -> float:
        answers = sum(self.scores)
        return sum(value * count for value, count in enumerate(self.scores, start=1)) / answers


# What an analyst may weigh a framework of her own by.
WITHOUT_BALLOTS = (
    VersionSource.EQUAL,
    VersionSource.IMPORTED,
    VersionSource.ENTROPY,
    VersionSource.CRITIC,
    VersionSource.PCA,
    VersionSource.BALANCED,
)


@dataclass(frozen=True)
class PanelSize:
    """The ballots that a version counts, and how many of them a manager entered."""

    counted: int
    entered: int


def versions_visible_to(account: Account | None) -> QuerySet[WeightVersion]:
    """Published versions for anybody, frozen ones for staff, own drafts for their authors.

    A draft that was pooled from a round which was then voided, or made of fewer ballots than there must
    be now, is shown to nobody.
    """
    withheld = _withheld_drafts().order_by().values("pk")
    versions = known_to(account, WeightVersion.objects.exclude(pk__in=withheld))
    versions = versions.select_related("framework", "round").defer("manifest")
    if has_role(account, ADMINISTRATORS):
        return versions
    frozen = ~Q(status=VersionStatus.DRAFT)
    if has_role(account, MANAGERS):
        return versions.filter(frozen | Q(created_by=account) | Q(round__managers=account)).distinct()
    if has_role(account, STAFF):
        return versions.filter(frozen | _by_analyst(account))
    return versions.filter(is_published=True)


def offer_versions(
    versions: QuerySet[WeightVersion], text: str, chosen: Collection[int]
) -> Offered[WeightVersion]:
    """Return the newest versions that a text finds, and among them, in their order, those chosen already."""
    text = shorten(text)
    found = find_named(versions, text, names=("label",), numbers=("number",)).order_by("-pk")
    return offer(versions, found, text, kept=chosen, most=MOST_OFFERED)


def _withheld_drafts() -> QuerySet[WeightVersion]:
    """Match drafts of a void round or of too few ballots; what is frozen stands as it was frozen."""
    of_ballots = WeightVersion.objects.filter(
        status=VersionStatus.DRAFT, source__in=[VersionSource.ROUND, VersionSource.POOLED]
    )
    own = of_ballots.annotate(own=count_own("round") + count_own("pooled_rounds"))
    return own.filter(
        Q(own__lt=LEAST_PANEL)
        | Q(pk__in=of_ballots.filter(pooled_rounds__state=RoundState.VOID).values("pk"))
    )


def versions_managed_by(account: Account | None) -> QuerySet[WeightVersion]:
    """Return the versions to act on: one's own, those of rounds one manages, all for an administrator."""
    versions = versions_visible_to(account)
    if has_role(account, ADMINISTRATORS):
        return versions
    if has_role(account, MANAGERS):
        return versions.filter(Q(created_by=account) | Q(round__managers=account))
    return versions.filter(_by_analyst(account)) if has_role(account, STAFF) else versions.none()


def _by_analyst(account: Account | None) -> Q:
    """Match what an analyst makes of a framework of her own: nothing that counts ballots unfrozen.

    What was edited has the weights of its parent, or began without one as weights that count none.
    """
    of_rounds = WeightVersion.objects.filter(Q(round__isnull=False) | Q(pooled_rounds__isnull=False))
    edited = Q(source=VersionSource.EDITED) & ~Q(parent__status=VersionStatus.DRAFT)
    own = Q(source__in=WITHOUT_BALLOTS) | (edited & ~Q(pk__in=of_rounds.order_by().values("pk")))
    return Q(created_by=account, framework__created_by=account) & own


def weighted_nodes_of(version: WeightVersion) -> list[WeightedNode]:
    """Return the weights of a version along the tree, in file order."""
    rows = version.node_weights.select_related("indicator__parent").order_by("indicator__position")
    return [WeightedNode(row.indicator, row.local_weight, row.global_weight, row.asked) for row in rows]


def weight_entries_of(version_ids: Collection[int]) -> dict[int, list[WeightEntry]]:
    """Return the weights of versions as their manifests state them, by version, each along the tree."""
    rows = NodeWeight.objects.filter(version__in=version_ids).order_by("version", "indicator__position")
    told = ("version", "indicator__code", "indicator__parent__code", "local_weight", "global_weight", "asked")
    entries: dict[int, list[WeightEntry]] = {}
    for version, code, parent, local, global_, asked in rows.values_list(*told):
        entry = weight_entry(code=code, parent=parent, local=local, global_=global_, asked=asked)
        entries.setdefault(version, []).append(entry)
    return entries


def global_weights_of(version_ids: list[int]) -> dict[int, FloatArray]:
    """Return the global weights, (nodes,) in file order, of each version."""
    rows = NodeWeight.objects.filter(version_id__in=version_ids).order_by("version_id", "indicator__position")
    weights: dict[int, list[float]] = {}
    for version_id, weight in rows.values_list("version_id", "global_weight"):
        weights.setdefault(version_id, []).append(weight)
    return {version_id: np.array(values) for version_id, values in weights.items()}


def local_weights_of(version_id: int) -> FloatArray:
    """Return the local weights of a version, (nodes,) in file order."""
    rows = NodeWeight.objects.filter(version_id=version_id).order_by("indicator__position")
    return np.array(rows.values_list("local_weight", flat=True))


def previous_version(version: WeightVersion) -> WeightVersion | None:
    """Return the version frozen last in the framework: the one the next is chained to."""
    return (
        WeightVersion.objects.filter(framework=version.framework_id, number__isnull=False)
        .order_by("number")
        .last()
    )


def previous_hash_of(version: WeightVersion) -> str:
    """Return the hash that a frozen version is chained to; nothing for a draft."""
    return str(_manifest_of(version).get("previous", ""))


def item_counts_of(version: WeightVersion) -> list[ItemCounts]:
    """Return how often each asked item was scored 1 to 5 or abstained on; nothing without a round.

    A frozen version's counts are read from its manifest, which is what the weights answer to.
    """
    rounds = rounds_behind(version)
    if not rounds:
        return []
    nodes = pooled_items_of(rounds)
    manifest = _manifest_of(version)
    evidence = manifest.get("round") or manifest.get("pooled")
    if evidence:
        rows = [evidence["counts"][node.code] for node in nodes]
    else:
        rows = pooled_counts_of(rounds, nodes).tolist()
    return [ItemCounts(node, row[:-1], row[-1]) for node, row in zip(nodes, rows, strict=True)]


def panel_size_of(version: WeightVersion) -> PanelSize | None:
    """Return how many ballots a version counts; None for weights from elsewhere."""
    rounds = [round_.pk for round_ in rounds_behind(version)]
    if not rounds:
        return None
    own, entered = map(sum, zip(*count_hands(Round.objects.filter(pk__in=rounds)).values(), strict=True))
    return PanelSize(own + entered, entered)


def _manifest_of(version: WeightVersion) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(bytes(version.manifest)) if version.manifest else {}
    return manifest


def freezing_blockers(version: WeightVersion) -> list[str]:
    """List everything that keeps a draft from being frozen, each with its remedy."""
    nodes = weighted_nodes_of(version)
    blockers = []
    if len(nodes) != Indicator.objects.filter(framework=version.framework_id).count():
        blockers.append(_("Some indicators have no weight: import weights for the whole framework."))
    groups: dict[Indicator | None, float] = {}
    for node in nodes:
        parent = node.indicator.parent
        groups[parent] = groups.get(parent, 0.0) + node.local_weight
    for parent, total in groups.items():
        if abs(total - 1) > 1e-9:
            name = parent.name if parent else _("the whole index")
            blockers.append(
                _("The weights under “%(name)s” sum to %(total)s, not 1.")
                % {"name": name, "total": f"{total:.9f}"}
            )
    if version.parent and version.parent.number is None:
        blockers.append(
            _("“%(name)s”, which it was edited from, is still a draft: freeze that one first.")
            % {"name": version.parent.label}
        )
    return blockers + _panel_blockers(version)


def _panel_blockers(version: WeightVersion) -> list[str]:
    """Judge the ballots behind a draft once more: k, quorum, and what other versions give away."""
    rounds = with_ballots(rounds_behind(version))
    if not rounds:
        return []
    blockers = ballot_blockers(
        rounds,
        too_few=lambda counted: ngettext(
            "%(counted)d ballot counts and %(least)d are needed (minimum panel and quorum): add a round.",
            "%(counted)d ballots count and %(least)d are needed (minimum panel and quorum): add a round.",
            counted,
        ),
    )
    blockers += voided_blockers(rounds)
    blockers += answer_blockers(rounds, pooled_items_of(rounds))
    frozen = WeightVersion.objects.filter(number__isnull=False)
    return blockers + differencing_blockers(rounds, within=frozen)
