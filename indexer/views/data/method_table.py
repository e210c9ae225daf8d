"""How each indicator is treated: a method as a table, tried on the data before it is used."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from indexer.dispatch import compute_with_method
from indexer.forms.method_table import IndexChoices, TypedTable
from indexer.method_cells import CellFault
from indexer.models import DataSet, IndexMethod
from indexer.numeric.method.faults import DataFault, NormalisationError
from indexer.numeric.method.plan import WHOLE, index_faults
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.selectors.faults import fault_texts
from indexer.selectors.method_faults import data_faults, table_faults
from indexer.selectors.methods import frozen_versions_of
from indexer.selectors.plans import plan_of
from indexer.selectors.registers import group_words
from indexer.selectors.trials import Laboratory, Moves
from indexer.services.methods import (
    MethodChoice,
    as_leaves_are,
    choice_as_stated,
    method_blockers,
    set_default_method,
    use_method,
)
from indexer.views.data.method_table_words import Sheet, table_context, trial_context
from indexer.views.shared.tables import render_part
from indexer.words import data_set_name
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import STAFF, audience
from weighting.requests import asks_for_part
from weighting.selectors.frameworks import indicators_of, weighs_framework
from weighting.sentences import join_sentences
from weighting.views.answers import UNPROCESSABLE
from weighting.visitors import account_of


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def data_set_method_table(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the table of the data set's method; POST tries another, and computes or keeps it where asked."""
    account = account_of(request)
    visible = data_sets_visible_to(account).defer(None)
    data_set = get_object_or_404(visible.select_related("framework", "method", "series__register"), pk=pk)
    sheet = _sheet_of(request, data_set)
    _judge(sheet)
    act = request.POST.get("act", "")
    if act in ACTS and sheet.is_sound and sheet.method is not None and _may(account, sheet, act):
        try:
            messages.success(request, ACTS[act](sheet, account, bool(request.POST.get("all_versions"))))
        except Refused as refusal:
            sheet.problems += refusal.blockers
        else:
            return redirect("indexer:data-set-detail", pk=pk)
    return _answer(request, sheet)


def _sheet_of(request: HttpRequest, data_set: DataSet) -> Sheet:
    nodes = indicators_of(data_set.framework_id)
    frozen = list(frozen_versions_of(data_set.framework_id))
    choice = choice_as_stated(data_set.method, data_set.framework_id)
    is_sent = request.method == "POST"
    groups = group_words(data_set.series.register)
    form = IndexChoices(request.POST if is_sent else None, choice=choice, frozen=frozen, groups=groups)
    table = TypedTable.of_data(nodes, request.POST) if is_sent else TypedTable.of_choice(nodes, choice)
    form.is_valid()
    return Sheet(data_set, form, table, Laboratory(data_set, form.chosen_version))


def _judge(sheet: Sheet) -> None:
    """Find all that is wrong at once; try what is sound, beside the data set's own method."""
    cells, sheet.faults = sheet.table.cells()
    if sheet.form.is_bound:
        choice = sheet.form.choice(cells)
        sheet.method = IndexMethod(**vars(choice))
        sheet.problems = method_blockers(choice)
        sheet.faults += _faults_of_plan(sheet)
    else:
        sheet.method = sheet.data_set.method
    if sheet.laboratory.is_too_large:
        return
    if sheet.is_sound:
        _try(sheet, sheet.method)
    else:
        wrong = {fault.code for fault in sheet.faults}
        _note(sheet, data_faults(sheet.data_set, sheet.method, sheet.laboratory.structure, wrong))


def _faults_of_plan(sheet: Sheet) -> list[CellFault]:
    assert sheet.method is not None  # noqa: S101  (asked by the caller)
    # What is wrong with the index whatever its tree is said by `method_blockers` already.
    said = {fault.column for fault in index_faults(plan_of(sheet.method))}
    faults = table_faults(sheet.method, sheet.laboratory.structure, {fault.code for fault in sheet.faults})
    return [fault for fault in faults if fault.code != WHOLE or fault.column not in said]


def _note(sheet: Sheet, faults: Sequence[DataFault]) -> None:
    """Say what the data refuse in the rows of the table, or above it."""
    for fault, text in zip(faults, fault_texts(faults, sheet.data_set), strict=True):
        sheet.faults += [CellFault(code, "", "", text) for code in fault.codes]
        sheet.problems += [] if fault.codes else [text]


def _try(sheet: Sheet, method: IndexMethod) -> None:
    try:
        sheet.trial = sheet.laboratory.attempt(method)
    except NormalisationError as error:
        refused = data_faults(sheet.data_set, method, sheet.laboratory.structure)
        _note(sheet, refused or error.faults)
        return
    if not sheet.form.is_bound:
        return
    try:
        sheet.before = sheet.laboratory.attempt(sheet.data_set.method)
    except NormalisationError:
        return
    sheet.moves = Moves(sheet.before.ranks, sheet.trial.ranks)


def _compute(sheet: Sheet, account: Account, for_all: bool) -> str:
    """Queue the rankings by the method that is typed, under the chosen version or under all."""
    chosen = sheet.form.chosen_version
    frozen = list(frozen_versions_of(sheet.data_set.framework_id))
    versions = frozen if for_all else [version for version in frozen if version == chosen]
    method = _used(sheet)
    new = compute_with_method(sheet.data_set, versions=versions, method=method, actor=account)
    text = ngettext(
        "%(count)d ranking waits to be computed.", "%(count)d rankings wait to be computed.", new
    ) % {"count": new}
    if len(versions) > new:
        there = _("%(count)d are there already.") % {"count": len(versions) - new}
        return join_sentences([text, there])
    return text


def _keep(sheet: Sheet, account: Account, _for_all: bool) -> str:
    """Make it the method that new data sets of the framework start from."""
    set_default_method(sheet.data_set.framework, choice=_typed(sheet), actor=account)
    return _("The method is kept: new data sets start from it.")


def _used(sheet: Sheet) -> IndexMethod:
    return use_method(**vars(_typed(sheet)))


def _typed(sheet: Sheet) -> MethodChoice:
    return as_leaves_are(sheet.form.choice(sheet.table.cells()[0]), sheet.data_set.framework_id)


ACTS = {"compute": _compute, "keep": _keep}


def _may(account: Account, sheet: Sheet, act: str) -> bool:
    return act != "keep" or weighs_framework(account, sheet.data_set.framework)


def _answer(request: HttpRequest, sheet: Sheet) -> HttpResponse:
    pk = sheet.data_set.pk
    context: dict[str, Any] = {
        "data_set": sheet.data_set,
        "name": data_set_name(sheet.data_set),
        "register": sheet.data_set.series.register,
        "form": sheet.form,
        "is_sent": sheet.form.is_bound,
        "is_too_large": sheet.laboratory.is_too_large,
        "own_address": reverse("indexer:data-set-method-table", args=[pk]),
        "may_keep": weighs_framework(account_of(request), sheet.data_set.framework),
        "has_version": sheet.form.chosen_version is not None,
        **trial_context(sheet),
    }
    if not asks_for_part(request):
        context |= table_context(sheet)
    page = "indexer/data/method_table.html"
    response = render_part(request, page, "indexer/data/_method_trial.html", context)
    if not sheet.is_sound and not asks_for_part(request):
        response.status_code = UNPROCESSABLE
    return response
