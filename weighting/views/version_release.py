"""What makes a version a release: changes, lineage, citation, files, and its corrections."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from weighting.enums import Language, VersionStatus
from weighting.exceptions import Refused
from weighting.exports import Fact, columns_of
from weighting.forms.versions import CorrectionForm
from weighting.models import Account, WeightVersion
from weighting.permissions import ANYONE, MANAGERS, audience
from weighting.selectors.frameworks import along_the_tree
from weighting.selectors.version_chain import Head, Link, head_of, lineage_of, previous_or_parent
from weighting.selectors.version_comparison import compare_versions
from weighting.selectors.versions import item_counts_of, versions_visible_to, weighted_nodes_of
from weighting.services.versions import draft_correction
from weighting.views.answers import answer_form, answer_refusal, sent_data
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.version_comparison import compare_url
from weighting.views.version_words import change_sentences, version_name
from weighting.visitors import account_of, visitor_of

NO_COUNTS: list[int | None] = [None] * 6
HEADER = [
    "code", "parent", "name_zh", "name_en", "local_weight", "global_weight", "asked",
    "scored_1", "scored_2", "scored_3", "scored_4", "scored_5", "abstained",
]  # fmt: skip
# The picture of the lineage: units of the drawing, 16 of which are one rem.
ROW, RAIL = 64, 44


@audience(ANYONE)
@require_safe
def version_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the weights of a version, and the counts behind them, as a file."""
    version, format = _version_or_404(request, pk), asked_format(request)
    name = f"quanheng-weights-{version.framework_id}-{version.number or f'draft-{version.pk}'}"
    facts = _facts_of(version)
    if format != "csv":  # which would repeat the sentences on every line
        facts += [
            Fact(f"citation_{language}", f"citation_{language}", text)
            for language, text in citations_of(version)
        ]
    return table_answer(format, name, columns_of(*HEADER), _rows_of(version), facts)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def version_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a correction is and ask for its reason; POST drafts it."""
    version = _version_or_404(request, pk)
    back = reverse("weighting:version-detail", args=[version.pk])
    form = CorrectionForm(*sent_data(request))
    if request.method == "POST" and form.is_valid():
        try:
            draft = draft_correction(version, reason=form.cleaned_data["reason"], actor=account_of(request))
        except Refused as refusal:
            return answer_refusal(request, refusal, back=back)
        messages.success(request, _("The correction is drafted. Change its weights, then freeze it."))
        return redirect("weighting:version-detail", pk=draft.pk)
    context = {"version": version, "name": version_name(version), "form": form, "cancel_url": back}
    return answer_form(request, "weighting/versions/correct.html", context)


def release_context(version: WeightVersion, account: Account | None) -> dict[str, Any]:
    """Return what the page of a version shows of its place among the others."""
    links, head = lineage_of(version, account), head_of(version.framework_id)
    return {
        "head": head,
        "saves": save_links(reverse("weighting:version-export", args=[version.pk])),
        "history": _history(version, previous_or_parent(version, account)),
        "lineage": _lineage(version, links, length=head.number if head else 0),
        # The reader's language comes first.
        "citations": sorted(citations_of(version), key=lambda cited: cited[0] != translation.get_language()),
        "is_retired": version.status == VersionStatus.RETIRED,
    }


def citations_of(version: WeightVersion) -> list[tuple[str, str]]:
    """Return how to cite a frozen version, by language; nothing for a draft."""
    if version.number is None:
        return []
    citations = []
    for language in Language.values:
        with translation.override(language):
            citations.append((language, _citation(version)))
    return citations


def address_of(version: WeightVersion) -> str:
    """Return the permanent address of a version."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("weighting:version-detail", args=[version.pk])


def _citation(version: WeightVersion) -> str:
    frozen_at = version.frozen_at or timezone.now()
    return _(
        "%(framework)s: weight version %(number)s, “%(label)s”. Frozen on %(date)s. Quanheng, %(address)s. "
        "SHA-256 of the manifest: %(hash)s."
    ) % {
        "framework": version.framework.name,
        "number": version.number,
        "label": version.label,
        "date": f"{timezone.localtime(frozen_at):%Y-%m-%d}",
        "address": address_of(version),
        "hash": version.manifest_hash,
    }


def _history(version: WeightVersion, base: WeightVersion | None) -> dict[str, Any] | None:
    if base is None:
        return None
    compared = compare_versions([base, version])
    return {
        "base": base,
        "base_name": version_name(base),
        "sentences": change_sentences(compared, compared.changes[0]),
        "url": compare_url([base, version]),
    }


def _lineage(version: WeightVersion, links: Sequence[Link], *, length: int) -> dict[str, Any]:
    """Place a row per link on a rail, and an arc from each correction to what it corrects.

    ``length`` is that of the whole chain.
    """
    places = {link.number: ROW // 2 + ROW * row for row, link in enumerate(links) if link.number}
    rows = [
        {
            "link": link,
            "name": version_name(link.version) if link.version else "",
            "y": ROW // 2 + ROW * row,
            "is_here": link.version == version,
        }
        for row, link in enumerate(links)
    ]
    arcs = [
        f"M{RAIL} {row['y']}C4 {row['y']} 4 {places[link.corrects]} {RAIL} {places[link.corrects]}"
        for row, link in zip(rows, links, strict=True)
        if link.corrects in places
    ]
    return {
        "rows": rows,
        "arcs": arcs,
        # Of a long chain the oldest and the newest that stand here.
        "piece": (min(places), max(places)) if len(places) < length else None,
        "length": length,
        "x": RAIL,
        "height": ROW * len(rows),
        "rem": ROW * len(rows) // 16,
        "top": min(places.values(), default=0),
        "bottom": max(places.values(), default=0),
    }


def _facts_of(version: WeightVersion) -> list[Fact]:
    """Return what tells which version a file holds, and which chain it stands in."""
    head = head_of(version.framework_id) or Head(version.framework.sha256, 0, "")
    facts: dict[str, object] = {
        "version": version.number,
        "label_zh": version.label_zh,
        "label_en": version.label_en,
        "status": version.status,
        "manifest_sha256": version.manifest_hash,
        "framework_sha256": head.framework,
        "head_version": head.number or None,
        "head_sha256": head.hash,
        "code_version": settings.CODE_VERSION,
    }
    return [Fact(name, name, value) for name, value in facts.items()]


def _rows_of(version: WeightVersion) -> list[list[object]]:
    nodes = {node.indicator: node for node in weighted_nodes_of(version)}
    counts: dict[int, list[int | None]] = {
        item.indicator.pk: [*item.scores, item.abstained] for item in item_counts_of(version)
    }
    return [
        [
            indicator.code,
            indicator.parent.code if indicator.parent else "",
            indicator.name_zh,
            indicator.name_en,
            nodes[indicator].local_weight,
            nodes[indicator].global_weight,
            int(nodes[indicator].asked),
            *counts.get(indicator.pk, NO_COUNTS),
        ]
        for indicator in along_the_tree(list(nodes))
    ]


def _version_or_404(request: HttpRequest, pk: int) -> WeightVersion:
    return get_object_or_404(versions_visible_to(visitor_of(request).account), pk=pk)
