"""Drafts from several rounds, from published totals, and edited by hand."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from weighting.enums import VersionSource
from weighting.exceptions import Refused
from weighting.forms.version_sources import DescribeForm, GroupForm, ImpliedForm, PoolForm
from weighting.manifest import WeightedNode
from weighting.models import Account, Indicator, WeightVersion
from weighting.permissions import ANYONE, MANAGERS, STAFF, audience
from weighting.selectors.frameworks import frameworks_visible_to
from weighting.selectors.pooling import poolable_rounds
from weighting.selectors.versions import versions_visible_to, weighted_nodes_of
from weighting.services.version_sources import (
    describe_version,
    draft_implied_version,
    edit_group,
    pool_rounds,
)
from weighting.views.answers import answer_act, answer_form, answer_refusal, sent_data
from weighting.views.reading import SentTable, bring_in
from weighting.visitors import account_of, visitor_of


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def version_pool(request: HttpRequest) -> HttpResponse:
    """Choose closed rounds to pool, or hear every reason why they cannot be."""
    account = account_of(request)
    form = PoolForm(*sent_data(request), rounds=poolable_rounds(account))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            version = pool_rounds(
                list(said["rounds"]), label_zh=said["label_zh"], label_en=said["label_en"], actor=account
            )
        except Refused as refusal:
            form.add_error("rounds", list(refusal.blockers))
        else:
            messages.success(request, _("The draft is made. Check the weights, then freeze them."))
            return redirect("weighting:version-detail", pk=version.pk)
    return _form_page(request, "weighting/versions/pool.html", form)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def version_implied(request: HttpRequest) -> HttpResponse:
    """Take published figures and fit the weights they imply, or say why they imply none."""
    account = account_of(request)
    form = ImpliedForm(
        *sent_data(request),
        frameworks=frameworks_visible_to(account),
        versions=versions_visible_to(account).order_by("-pk"),
    )
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        version, shown = bring_in(request, form, partial(_fit, form.cleaned_data, actor=account))
        if version:
            return redirect("weighting:version-fit", pk=version.pk)
    return _form_page(request, "weighting/versions/implied.html", form, **shown)


@audience(ANYONE)
@require_safe
def version_fit(request: HttpRequest, pk: int) -> HttpResponse:
    """The fit behind implied weights: the verdict, and the residual of every unit."""
    version = _version_or_404(request, pk)
    evidence = version.evidence
    if version.source != VersionSource.IMPLIED or "residuals" not in evidence:
        raise Http404
    rows = [(unit, float(total), float(residual)) for unit, total, residual in evidence["residuals"]]
    context = {
        "version": version,
        "rows": sorted(rows, key=lambda row: -abs(row[2])),
        "weights": [
            (node.indicator.name, 100 * node.local_weight)
            for node in weighted_nodes_of(version)
            if node.indicator.parent is None
        ],
        "largest": max(abs(residual) for _unit, _total, residual in rows),
        "condition": float(evidence["condition"]),
        "compared": _compared(evidence.get("compared")),
    }
    return render(request, "weighting/versions/fit.html", context)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def version_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """One sibling group of a draft with a number and a slider each; POST changes it."""
    version = _version_or_404(request, pk)
    account = account_of(request)
    groups = _groups_of(version)
    parent = next((node for node in groups if node and node.code == request.GET.get("group")), None)
    form = GroupForm(*sent_data(request)[:1], nodes=groups[parent])
    if request.method == "POST" and form.is_valid():
        try:
            edited = edit_group(
                version,
                group=parent.code if parent else "",
                weights=form.weights(),
                reason=form.cleaned_data["reason"],
                actor=account,
                locked=form.kept(),
                rescale=form.cleaned_data["rescale"],
            )
        except Refused as refusal:
            if version.number is not None:
                return answer_refusal(
                    request, refusal, back=reverse("weighting:version-detail", args=[version.pk])
                )
            form.add_error(None, list(refusal.blockers))
        else:
            messages.success(request, _("The weights are changed, and the reason is in the log."))
            return redirect("weighting:version-detail", pk=edited.pk)
    context = {
        "version": version,
        "form": form,
        "parent": parent,
        "groups": list(groups),
        "is_copied": version.source in (VersionSource.ROUND, VersionSource.POOLED),
    }
    return answer_form(request, "weighting/versions/edit.html", context)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def version_describe(request: HttpRequest, pk: int) -> HttpResponse:
    """Labels and note of a draft; POST changes them."""
    version = _version_or_404(request, pk)
    said = {"label_zh": version.label_zh, "label_en": version.label_en, "note": version.note}
    form = DescribeForm(request.POST if request.method == "POST" else None, initial=said)
    back = reverse("weighting:version-detail", args=[version.pk])
    if request.method == "POST" and form.is_valid():
        act = partial(describe_version, version, actor=account_of(request), **form.cleaned_data)
        return answer_act(request, act, done=_("Labels and note are changed."), back=back)
    return _form_page(request, "weighting/versions/describe.html", form, version=version, cancel_url=back)


def _form_page(request: HttpRequest, template: str, form: Any, **context: Any) -> HttpResponse:
    context = {"form": form, "cancel_url": reverse("weighting:version-list"), **context}
    return answer_form(request, template, context)


def _fit(said: dict[str, Any], sent: SentTable, *, actor: Account) -> WeightVersion:
    return draft_implied_version(
        framework=said["framework"],
        **sent.source,
        label_zh=said["label_zh"],
        label_en=said["label_en"],
        compared=said["compared"],
        actor=actor,
    )


def _compared(verdict: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the verdict on the printed weights, with the label in the visitor's language."""
    if not verdict:
        return None
    is_chinese = (get_language() or "").startswith("zh")
    label = verdict["label_zh"] if is_chinese else verdict["label_en"]
    return {**verdict, "label": label, "worst_error": float(verdict["worst_error"])}


def _groups_of(version: WeightVersion) -> dict[Indicator | None, list[WeightedNode]]:
    groups: dict[Indicator | None, list[WeightedNode]] = {None: []}
    for node in weighted_nodes_of(version):
        groups.setdefault(node.indicator.parent, []).append(node)
    return groups


def _version_or_404(request: HttpRequest, pk: int) -> WeightVersion:
    return get_object_or_404(versions_visible_to(visitor_of(request).account), pk=pk)
