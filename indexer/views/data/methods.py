"""Computing a data set by another method, and the method of a framework."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from indexer.dispatch import compute_with_method, compute_years_together
from indexer.forms.methods import COMMON, ComputeForm, MethodForm
from indexer.method_words import method_words, own_ways
from indexer.models import DataSet, IndexMethod
from indexer.selectors.data_imports import leaves_of
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.selectors.methods import frozen_versions_of, names_in_method
from indexer.services.methods import (
    MethodChoice,
    choice_as_stated,
    choice_left_open,
    set_default_method,
    use_method,
)
from indexer.words import data_set_name
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import STAFF, audience
from weighting.selectors.frameworks import frameworks_weighted_by, indicators_of
from weighting.sentences import join_sentences
from weighting.views.answers import UNPROCESSABLE, sent_data
from weighting.visitors import account_of


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def data_set_compute(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a method and versions; POST queues their runs, or says why they cannot be computed."""
    account = account_of(request)
    data_set = get_object_or_404(data_sets_visible_to(account), pk=pk)
    frozen = list(frozen_versions_of(data_set.framework_id))
    form = ComputeForm(
        *sent_data(request)[:1],
        frozen=frozen,
        choice=choice_as_stated(data_set.method, data_set.framework_id),
        leaves=leaves_of(data_set.framework_id),
        auxiliary=data_set.auxiliary_codes,
    )
    if request.method == "POST" and form.is_valid():
        try:
            new = _compute(data_set, form, actor=account)
        except Refused as refusal:
            form.add_error(None, list(refusal.blockers))
        else:
            messages.success(request, _said(new, len(form.cleaned_data["versions"])))
            return redirect("indexer:data-set-detail", pk=pk)
    context = {
        "data_set": data_set,
        "name": data_set_name(data_set),
        "form": form,
        "own_method": method_words(data_set.method, names_in_method(data_set.method, data_set.framework_id)),
        "version_count": len(frozen),
        "cancel_url": reverse("indexer:data-set-detail", args=[pk]),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "indexer/data/data_set_compute.html", context, status=status)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_method(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the method that data sets of a framework are computed by unless they say another."""
    account = account_of(request)
    framework = get_object_or_404(frameworks_weighted_by(account), pk=pk)
    own = choice_left_open(framework, None)
    form = MethodForm(
        *sent_data(request)[:1],
        choice=own,
        leaves=leaves_of(pk),
        auxiliary=_auxiliary_codes(account, pk),
    )
    if request.method == "POST" and form.is_valid():
        set_default_method(framework, choice=form.choice(), actor=account)
        messages.success(request, _("The method is kept: new data sets start from it."))
        return redirect("weighting:framework-detail", pk=pk)
    context = {
        "framework": framework,
        "form": form,
        "own_ways": _own_ways(own, pk),
        "cancel_url": reverse("weighting:framework-detail", args=[pk]),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "indexer/data/framework_method.html", context, status=status)


def _own_ways(choice: MethodChoice, framework_id: int) -> list[dict[str, str]]:
    """Return what each node does otherwise than the whole index, in words."""
    ways = dict(own_ways(IndexMethod(**vars(choice))))
    names = {node.code: node.name for node in indicators_of(framework_id)} if ways else {}
    # Along the tree, below what is said of the index itself.
    return [
        {"code": code, "name": names.get(code, ""), "words": ways[code]}
        for code in dict.fromkeys([*(code for code in ways if code not in names), *names])
        if code in ways
    ]


def _compute(data_set: DataSet, form: ComputeForm, *, actor: Account) -> int:
    versions, method = form.cleaned_data["versions"], use_method(**form.choices())
    if form.cleaned_data["bounds"] == COMMON:
        return compute_years_together(data_set, versions=versions, method=method, actor=actor)[1]
    return compute_with_method(data_set, versions=versions, method=method, actor=actor)


def _said(new: int, asked: int) -> str:
    """Say how many runs wait now, and how many were there before."""
    text = ngettext(
        "%(count)d ranking waits to be computed.", "%(count)d rankings wait to be computed.", new
    ) % {"count": new}
    if asked > new:
        there = _("%(count)d are there already.") % {"count": asked - new}
        return join_sentences([text, there])
    return text


def _auxiliary_codes(account: Account, framework_id: int) -> list[str]:
    """Return the auxiliary columns of the framework's data sets, each once."""
    data_sets: Any = data_sets_visible_to(account).filter(framework=framework_id)
    return sorted({code for codes in data_sets.values_list("auxiliary_codes", flat=True) for code in codes})
