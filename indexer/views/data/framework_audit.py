"""The shape of a framework: what its groups alone decide, before any data and weights."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from indexer.audit_files import STRUCTURE_TABLES
from indexer.selectors.framework_audit import AuditedFramework, audited_framework, data_sets_of_framework
from indexer.views.shared.coherence_words import Finding, names_in_words, percent
from indexer.words import data_set_name
from weighting.exports import Fact, columns_of
from weighting.models import Indicator
from weighting.numeric.arrays import IntArray
from weighting.numeric.tree import NO_PARENT
from weighting.permissions import ANYONE, audience
from weighting.selectors.frameworks import along_the_tree, frameworks_visible_to
from weighting.views.files import asked_format, save_links, table_answer
from weighting.visitors import visitor_of

# An indicator that weighs more than that many times another one by its place alone is worth a sentence.
UNEVEN = 4
# More indicators than that in one group are hard to weigh against each other.
CROWDED = 10


@audience(ANYONE)
@require_safe
def framework_audit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show levels and groups, what they mean for weights, and the data sets that hold the indicators."""
    audit = _audit(request, pk)
    export = reverse("indexer:framework-audit-export", args=[pk])
    context = {
        "framework": audit.framework,
        "title": _title(audit),
        "levels": _levels(audit),
        "findings": list(_findings(audit)),
        "groups": [_group(audit, members) for members in _along_the_tree(audit)],
        "data_sets": [
            {
                "data_set": held.data_set,
                "name": data_set_name(held.data_set),
                "count": len(held.data_set.city_ids),
                "missing": percent(held.missing, 2),
            }
            for held in data_sets_of_framework(audit.framework, visitor_of(request).account)
        ],
        "saves": [
            (label, save_links(f"{export}?{urlencode({'table': name})}"))
            for name, label in {"groups": _("Groups"), "indicators": _("Every indicator")}.items()
        ],
    }
    return render(request, "indexer/data/framework_audit.html", context)


@audience(ANYONE)
@require_safe
def framework_audit_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with one of the tables, by ``?table=``, as a file."""
    name = request.GET.get("table", "groups")
    if name not in STRUCTURE_TABLES:
        raise Http404
    audit, table = _audit(request, pk), STRUCTURE_TABLES[name]
    facts = [
        Fact("framework", _("Framework"), audit.framework.name),
        Fact("framework_sha256", _("SHA-256 of the framework"), audit.framework.sha256),
    ]
    rows = table.plain_rows(audit.files)
    return table_answer(
        asked_format(request), f"{name}-framework-{pk}", columns_of(*table.columns), rows, facts
    )


def _audit(request: HttpRequest, pk: int) -> AuditedFramework:
    visible = frameworks_visible_to(visitor_of(request).account)
    return audited_framework(get_object_or_404(visible, pk=pk))


def _title(audit: AuditedFramework) -> str:
    words = {
        "levels": len(audit.shape.per_level),
        "groups": len(audit.tree.groups),
        "leaves": len(audit.tree.leaves),
    }
    return _("Indicators with data: %(leaves)s; groups: %(groups)s; levels: %(levels)s") % words


def _levels(audit: AuditedFramework) -> list[dict[str, int]]:
    is_leaf, depth = audit.tree.is_leaf, audit.tree.depth
    return [
        {"number": level, "nodes": int(nodes), "leaves": int((is_leaf & (depth == level)).sum())}
        for level, nodes in enumerate(audit.shape.per_level, start=1)
    ]


def _along_the_tree(audit: AuditedFramework) -> list[IntArray]:
    """Return the groups as a reader follows them: each before those below its members."""
    groups = {int(audit.tree.parents[members[0]]): members for members in audit.tree.groups}
    order = [NO_PARENT, *(node.position for node in along_the_tree(audit.nodes))]
    return [groups[parent] for parent in order if parent in groups]


def _group(audit: AuditedFramework, members: IntArray) -> dict[str, Any]:
    tree, shape = audit.tree, audit.shape
    first = int(members[0])
    parent = int(tree.parents[first])
    return {
        "name": audit.nodes[parent].name if parent != NO_PARENT else _("The whole"),
        "depth": int(tree.depth[first]),
        "members": len(members),
        "leaves": int(shape.below[members].sum()),
        "each": percent(float(shape.equal[first]), 2),
    }


def _findings(audit: AuditedFramework) -> Iterator[Finding]:
    yield from _uneven(audit)
    yield from _by_size(audit)
    yield from _levels_of_leaves(audit)


def _uneven(audit: AuditedFramework) -> Iterator[Finding]:
    leaves, equal = audit.tree.leaves, audit.shape.equal
    heavy = audit.nodes[int(leaves[np.argmax(equal[leaves])])]
    light = audit.nodes[int(leaves[np.argmin(equal[leaves])])]
    words = {"heavy": heavy.name, "light": light.name, "times": f"{audit.shape.spread:.1f}"}
    if audit.shape.spread > UNEVEN:
        yield Finding(
            _("With equal weights “%(heavy)s” would weigh %(times)s times as much as “%(light)s”.") % words,
            _(
                "Only because it shares its group with fewer. If that is not meant, split large groups,"
                " join small ones, or ask experts for weights."
            ),
            is_grave=True,
        )
    else:
        yield Finding(
            _("With equal weights no indicator would weigh more than %(times)s times another.") % words,
            _("The groups alone favour none of them much."),
        )


def _by_size(audit: AuditedFramework) -> Iterator[Finding]:
    if alone := _parents_of_groups(audit, 1, 1):
        yield Finding(
            _("A single member below %(names)s.") % {"names": names_in_words(alone)},
            _("A group of one has nothing to weigh. Leave the level out, or name what is missing in it."),
        )
    if crowded := _parents_of_groups(audit, CROWDED + 1, len(audit.tree)):
        count = len(crowded)
        said = ngettext(
            "More than %(most)s members in %(count)s group: %(names)s.",
            "More than %(most)s members in %(count)s groups: %(names)s.",
            count,
        )
        yield Finding(
            said % {"most": CROWDED, "count": count, "names": names_in_words(crowded)},
            _(
                "Experts weigh so many against each other badly, and each counts for little."
                " Consider a level between."
            ),
        )


def _parents_of_groups(audit: AuditedFramework, least: int, most: int) -> list[Indicator]:
    """Return the nodes with so many children; the whole has none above it."""
    tree = audit.tree
    chosen = [members for members in tree.groups if least <= len(members) <= most]
    parents = [int(tree.parents[members[0]]) for members in chosen]
    return [audit.nodes[parent] for parent in parents if parent != NO_PARENT]


def _levels_of_leaves(audit: AuditedFramework) -> Iterator[Finding]:
    levels = sorted(set(audit.tree.depth[audit.tree.leaves].tolist()))
    if len(levels) > 1:
        words = {"levels": _(", ").join(map(str, levels))}
        yield Finding(
            _("Indicators with data stand on different levels: %(levels)s.") % words,
            _("One that stands higher is set beside whole groups, and weighs as much as one of them."),
        )
