"""Weight versions: list, one along the tree, drafting, freezing, publishing, retiring."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from weighting.enums import VersionSource, VersionStatus
from weighting.forms.versions import VersionForm
from weighting.models import Account, WeightVersion
from weighting.permissions import ANYONE, MANAGERS, STAFF, audience
from weighting.reauthentication import grave
from weighting.selectors.frameworks import along_the_tree, frameworks_weighted_by
from weighting.selectors.freezing import freezing_notes
from weighting.selectors.versions import (
    freezing_blockers,
    item_counts_of,
    panel_size_of,
    previous_hash_of,
    versions_managed_by,
    versions_visible_to,
    weighted_nodes_of,
)
from weighting.services.versions import (
    draft_equal_version,
    freeze_version,
    import_version,
    publish_version,
    retire_version,
)
from weighting.views.answers import answer_act, answer_form, asked_framework, sent_data
from weighting.views.listing import page_of
from weighting.views.reading import SentTable, bring_in
from weighting.views.statistics_words import panel_words
from weighting.views.version_release import release_context
from weighting.visitors import account_of, visitor_of


@audience(ANYONE)
@require_safe
def version_list(request: HttpRequest) -> HttpResponse:
    """Every version that the visitor may see, newest first."""
    versions = versions_visible_to(visitor_of(request).account).order_by("-pk")
    return render(request, "weighting/manager/version_list.html", {"versions": page_of(request, versions)})


@audience(ANYONE)
@require_safe
def version_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The weights of a version along the tree, and what proves them."""
    version = _version_or_404(request, pk)
    context = {
        "version": version,
        "rows": _rows_of(version),
        "is_managed": versions_managed_by(visitor_of(request).account).filter(pk=pk).exists(),
        "item_counts": item_counts_of(version),
        "panel": _panel_words_of(version),
        "previous_hash": previous_hash_of(version),
        "blockers": freezing_blockers(version) if version.status == VersionStatus.DRAFT else [],
        **release_context(version, visitor_of(request).account),
    }
    return render(request, "weighting/manager/version_detail.html", context)


def _panel_words_of(version: WeightVersion) -> str:
    size = panel_size_of(version)
    return panel_words(size.counted, size.entered) if size else ""


@audience(ANYONE)
@require_safe
def version_manifest(request: HttpRequest, pk: int) -> HttpResponse:
    """The exact bytes that the version was frozen as."""
    version = _version_or_404(request, pk)
    if version.manifest is None:
        raise Http404
    filename = f"quanheng-weights-{version.framework_id}-{version.number}.json"
    return HttpResponse(
        bytes(version.manifest),
        content_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{filename}"',
            "ETag": f'"{version.manifest_hash}"',
        },
    )


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def version_new(request: HttpRequest) -> HttpResponse:
    """Draft equal weights or those of a file, or say everything that is wrong with it."""
    account = account_of(request)
    frameworks = frameworks_weighted_by(account)
    form = VersionForm(*sent_data(request), frameworks=frameworks, initial=asked_framework(request))
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        version, shown = bring_in(request, form, partial(_draft, form, actor=account), blames=None)
        if version:
            messages.success(request, _("The draft is made. Check the weights, then freeze them."))
            return redirect("weighting:version-detail", pk=version.pk)
    context = {
        **shown,
        "form": form,
        "has_framework": frameworks.exists(),
        "cancel_url": reverse("weighting:version-list"),
    }
    return answer_form(request, "weighting/manager/version_new.html", context)


@audience(STAFF)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def version_freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what freezing means and what stands against it; POST freezes."""
    version = _managed_version_or_404(request, pk)
    if request.method == "POST":
        done = _("The version is frozen. The index is being computed with it.")
        return _act(request, version, freeze_version, done)
    context = {
        "version": version,
        "blockers": freezing_blockers(version),
        "notes": freezing_notes(version),
        "consequences": [
            _("The weights can never be changed again; a correction is a new version."),
            _("The version gets the next number, a manifest, and a hash chained to the version before."),
            _("Every data set of the framework is computed with it at once."),
        ],
    }
    return render(request, "weighting/manager/version_freeze.html", context)


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def version_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who will be able to read it; POST publishes."""
    version = _managed_version_or_404(request, pk)
    if request.method == "POST":
        return _act(request, version, publish_version, _("Anybody can now read this version."))
    context = {
        "version": version,
        "title": _("Publish this version?"),
        "consequences": [
            _("Anybody can read the weights and the manifest without signing in."),
            _("Results computed with it can be read as soon as their data set is published too."),
            _("Publishing cannot be taken back."),
        ],
        "submit": _("Publish the version"),
    }
    return render(request, "weighting/manager/version_confirm.html", context)


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def version_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what retiring means; POST retires."""
    version = _managed_version_or_404(request, pk)
    if request.method == "POST":
        return _act(request, version, retire_version, _("The version is retired."))
    context = {
        "version": version,
        "title": _("Retire this version?"),
        "consequences": [
            _("It is labelled as retired, for good."),
            _("Its weights, its manifest and its results stay as they are."),
            _("New data sets are no longer computed with it."),
        ],
        "submit": _("Retire the version"),
        "kind": "danger",
    }
    return render(request, "weighting/manager/version_confirm.html", context)


def _act(
    request: HttpRequest, version: WeightVersion, service: Callable[..., WeightVersion], done: str
) -> HttpResponse:
    act = partial(service, version, actor=account_of(request))
    return answer_act(request, act, done=done, back=reverse("weighting:version-detail", args=[version.pk]))


def _rows_of(version: WeightVersion) -> list[dict[str, object]]:
    """Return the tree's rows in percent; the longest bar of the index is the largest sub-index."""
    nodes = {node.indicator: node for node in weighted_nodes_of(version)}
    asked_below = {indicator.parent_id: node.asked for indicator, node in nodes.items()}
    largest = max((node.global_weight for node in nodes.values()), default=1.0)
    return [
        {
            "indicator": node.indicator,
            "is_split_below": not asked_below.get(node.indicator.pk, True),
            "local_percent": 100 * node.local_weight,
            "global_percent": 100 * node.global_weight,
            "global_length": 100 * node.global_weight / largest,
        }
        for node in (nodes[indicator] for indicator in along_the_tree(list(nodes)))
    ]


def _draft(form: VersionForm, sent: SentTable, *, actor: Account) -> WeightVersion:
    said = form.cleaned_data
    common = {name: said[name] for name in ("framework", "label_zh", "label_en")}
    if said["source"] == VersionSource.EQUAL:
        return draft_equal_version(**common, actor=actor)
    return import_version(
        **common,
        **sent.source,
        normalise=said["normalise"],
        actor=actor,
    )


def _version_or_404(request: HttpRequest, pk: int) -> WeightVersion:
    return get_object_or_404(versions_visible_to(visitor_of(request).account), pk=pk)


def _managed_version_or_404(request: HttpRequest, pk: int) -> WeightVersion:
    return get_object_or_404(versions_managed_by(account_of(request)), pk=pk)
