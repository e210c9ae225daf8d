"""An import on its way: sent in, mapped, looked through and corrected, stored."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from indexer.forms.data_sets import DataSetImportForm, RatesForm, TermsForm, UnitForm, corrections_in
from indexer.forms.stored_years import StoredYearsForm
from indexer.forms.versions import VersionsForm
from indexer.intake.sheets import Place, Sheet
from indexer.job_words import duration_words
from indexer.method_words import method_words
from indexer.models import DataImport, DataSet
from indexer.selectors.data_imports import (
    count_matches,
    imports_visible_to,
    open_decisions,
    years_of,
    years_stored,
)
from indexer.selectors.forecasts import forecast_of
from indexer.selectors.import_reviews import review_of
from indexer.selectors.methods import frozen_versions_of, names_in_method
from indexer.services.blocked_imports import ImportBlocked
from indexer.services.data_imports import (
    add_unit,
    choose_reading,
    correct_cells,
    leave_out_columns,
    revise_terms,
    settle_rates,
    settle_targets,
    start_import,
    store_import,
)
from indexer.services.import_drafts import discard_import
from indexer.services.kept_choices import kept_choices
from indexer.services.yearly_imports import YearsStored, store_every_year
from indexer.views.data.import_mapping import Side, choices_in, side_context, sides_of
from indexer.views.data.import_reading import reading_context, readings_in
from indexer.views.data.import_report import finding_rows, report_columns, report_facts, report_rows
from indexer.words import data_set_name
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.permissions import STAFF, audience
from weighting.readers import FileProblems
from weighting.readers.languages import language_of
from weighting.requests import read_id
from weighting.sentences import join_sentences
from weighting.views.answers import UNPROCESSABLE, answer_form, asked_framework, sent_data
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.reading import SentTable, bring_in
from weighting.visitors import account_of

SHOWN = 100


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def data_set_import(request: HttpRequest) -> HttpResponse:
    """Take the files, or say why they cannot be read; list the imports that wait."""
    account = account_of(request)
    form = DataSetImportForm(*sent_data(request), account=account, initial=asked_framework(request))
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        start = partial(_start, form, actor=account)
        draft, shown = bring_in(request, form, start, blames="series", told=SentTable.refused)
        if draft:
            _tell_of_choices(request, draft)
            return redirect(next_step(draft))
    context = {
        **shown,
        "form": form,
        "steps": _steps("file"),
        "drafts": list(imports_visible_to(account)) if request.method == "GET" else [],
        "cancel_url": reverse("indexer:data-set-list"),
    }
    return answer_form(request, "indexer/data/data_set_import.html", context)


def _start(form: DataSetImportForm, sent: SentTable, *, actor: Account) -> DataImport:
    data, totals = form.sources(sent.decisions)
    return start_import(data=data, totals=totals, terms=form.terms(), actor=actor)


def _tell_of_choices(request: HttpRequest, draft: DataImport) -> None:
    """Say that the file was read as the one of the edition before, where that was settled by somebody."""
    kept = kept_choices(draft.series)
    if kept and kept.edition:
        words = _(
            "Read as the file of %(edition)s was: what was settled then is settled so now, and stands in the "
            "mapping as chosen."
        )
        messages.info(request, words % {"edition": data_set_name(kept.edition)})


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def import_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what every column and row goes to; POST settles what was open."""
    draft = draft_of(account_of(request), pk)
    sides = sides_of(draft)
    sent = request.POST if request.method == "POST" else {}
    errors: dict[str, str] = {}
    if request.method == "POST":
        readings = readings_in(sent, draft)
        draft, errors = _settle_mapping(request, draft, sides, readings)
        if readings and not errors:
            # What is read otherwise is to be looked at again, and what could not be to be chosen again.
            return redirect("indexer:import-mapping", pk=pk)
        if not errors:
            return redirect(next_step(draft))
        sides = sides_of(draft)
    opened = {side.kind: _numbers(request.GET.getlist(side.kind)) for side in sides}
    context = {
        **frame_of(draft, "mapping"),
        **reading_context(draft),
        "sides": [side_context(side, opened=opened[side.kind], errors=errors, sent=sent) for side in sides],
        "counts": [count_matches(draft.column_targets), count_matches(draft.row_targets)],
    }
    status = UNPROCESSABLE if errors else 200
    return render(request, "indexer/data/import_mapping.html", context, status=status)


def _settle_mapping(
    request: HttpRequest, draft: DataImport, sides: Sequence[Side], readings: Mapping[str, str]
) -> tuple[DataImport, dict[str, str]]:
    """Settle what was sent of columns, rows and readings; return the draft as it is, and what was wrong."""
    sent = request.POST
    (columns, wrong_columns), (rows, wrong_rows) = (choices_in(sent, side, draft) for side in sides)
    try:
        draft = settle_targets(draft, columns=columns, rows=rows)
        if "leave-out-columns" in sent:
            draft = leave_out_columns(draft)
        if readings:
            choose_reading(draft, choices=readings)
    except Refused as refusal:
        messages.error(request, join_sentences(refusal.blockers))
    except FileProblems as found:
        messages.error(request, str(found))
    return draft, {**wrong_columns, **wrong_rows}


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def import_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Show all that is wrong or remarkable; POST writes cells anew."""
    draft = draft_of(account_of(request), pk)
    if draft.register_id is None:
        return redirect(next_step(draft))
    rates = RatesForm(request.POST if "rates-asked" in request.POST else None)
    if rates.is_bound:
        return _settle_rates(request, draft, rates)
    review = review_of(draft)
    if request.method == "POST":
        correct_cells(draft, cells=_changed_cells(request, review.mapped.sheet))
        return redirect("indexer:import-check", pk=pk)
    blockers, notes = review.blockers, review.notes
    context = {
        **frame_of(draft, "check"),
        "blockers": finding_rows(blockers[:SHOWN], review.mapped.leaves),
        "blocker_count": len(blockers),
        "hidden_blockers": max(len(blockers) - SHOWN, 0),
        "can_correct": any(finding.cell for finding in blockers[:SHOWN]),
        "notes": finding_rows(notes[:SHOWN], review.mapped.leaves),
        "note_count": len(notes),
        "corrects": next((finding.message for finding in notes if finding.rule == "correction"), ""),
        "hidden_notes": max(len(notes) - SHOWN, 0),
        "unit_count": len(review.content.keys),
        "indicator_count": len(review.mapped.columns_by_code),
        "rates": rates if review.asks_of_shares else None,
        "rate_count": len(review.asks_of_shares),
        "needs_mapping": any(finding.rule in ("unmapped", "duplicate", "no_column") for finding in blockers),
        "lacks_values": any(finding.rule == "missing" for finding in blockers),
        "correction_count": len(draft.corrections),
        "years": years_of(draft),
        **_stored_years(request, draft),
        **_computing(request, draft, len(review.content.keys)),
        "save_links": save_links(reverse("indexer:import-report", args=[pk])),
    }
    return render(request, "indexer/data/import_check.html", context)


def _changed_cells(request: HttpRequest, sheet: Sheet) -> dict[Place, str]:
    """Return what was sent of cells that there are, and that say something else."""
    rows, columns = len(sheet.units), len(sheet.columns)
    return {
        place: text
        for place, text in corrections_in(request.POST.dict()).items()
        if place[0] < rows and place[1] < columns and text.strip() != sheet.cell(*place)
    }


def _stored_years(request: HttpRequest, draft: DataImport) -> dict[str, Any]:
    """Return the years of a file of several that are stored already, and what may become of them."""
    held = years_stored(draft) if len(years_of(draft)) > 1 else []
    chosen = request.GET if "stored" in request.GET else None
    return {"held": held, "stored_form": StoredYearsForm(chosen) if held else None}


def _computing(request: HttpRequest, draft: DataImport, units: int) -> dict[str, Any]:
    """Return what storing the draft will queue, and the form that chooses among several versions.

    What was chosen when nothing could be stored stands in it, with what was wrong.
    """
    chosen = request.GET if "versions" in request.GET else None
    frozen = list(frozen_versions_of(draft.framework_id))
    forecast = forecast_of(draft.framework, units=units, versions=len(frozen))
    return {
        "forecast": forecast,
        # Nothing takes no time at all.
        "forecast_time": duration_words(max(forecast.seconds, 0.1)),
        "versions_form": VersionsForm(chosen, frozen=frozen) if len(frozen) > 1 else None,
    }


def _settle_rates(request: HttpRequest, draft: DataImport, form: RatesForm) -> HttpResponse:
    try:
        if form.is_valid():
            settle_rates(draft, normalisation=form.cleaned_data["rates"])
        else:
            messages.error(request, _("Choose one of the answers."))
    except Refused as refusal:
        messages.error(request, join_sentences(refusal.blockers))
    return redirect("indexer:import-check", pk=draft.pk)


@audience(STAFF)
@require_safe
def import_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The validation report as a file."""
    draft = draft_of(account_of(request), pk)
    rows = report_rows(review_of(draft).findings)
    name = f"import-{pk}-report"
    return table_answer(asked_format(request), name, report_columns(), rows, report_facts(draft))


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def import_terms(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what the data are about and how they are computed, without sending them again."""
    account = account_of(request)
    draft = draft_of(account, pk)
    form = TermsForm(request.POST or None, initial=TermsForm.said_in(draft), account=account)
    if request.method == "POST" and form.is_valid():
        try:
            draft = revise_terms(draft, terms=form.terms())
        except Refused as refusal:
            form.add_error(refusal.field or "series", list(refusal.blockers))
        else:
            return redirect(next_step(draft))
    context = {
        **frame_of(draft, "check"),
        "form": form,
        "cancel_url": reverse("indexer:import-check", args=[pk]),
    }
    return answer_form(request, "indexer/data/import_terms.html", context)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def import_unit(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Add the unit of a row to the register."""
    account = account_of(request)
    draft = draft_of(account, pk)
    name = draft.units[row] if row < len(draft.units) else ""
    form = UnitForm(request.POST or None, initial={f"name_{language_of(name)}": name})
    if request.method == "POST" and form.is_valid():
        try:
            add_unit(draft, row=row, unit=form.row(), actor=account)
        except Refused as refusal:
            form.add_error(None, list(refusal.blockers))
        else:
            messages.success(request, _("The register has a new unit."))
            return redirect("indexer:import-mapping", pk=pk)
    context = {
        **frame_of(draft, "mapping"),
        "form": form,
        "name": name,
        "cancel_url": reverse("indexer:import-mapping", args=[pk]),
    }
    return answer_form(request, "indexer/data/import_unit.html", context)


@audience(STAFF)
@require_POST
def import_store(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an edition of the import, or lead back to what keeps it back."""
    account = account_of(request)
    draft = draft_of(account, pk)
    form = VersionsForm(request.POST, frozen=list(frozen_versions_of(draft.framework_id)))
    years_form = StoredYearsForm(request.POST)
    # What was chosen is chosen still when something keeps the edition back.
    chosen = {name: text for name in ("versions", "stored", "reason") if (text := request.POST.get(name))}
    back = reverse("indexer:import-check", args=[pk]) + (f"?{urlencode(chosen)}" if chosen else "")
    if not (form.is_valid() and years_form.is_valid()):
        return redirect(f"{back}#versions")
    versions = form.chosen
    try:
        if "every_year" in request.POST:
            made = store_every_year(draft, actor=account, versions=versions, already=years_form.already)
            return _all_stored(request, made)
        data_set = store_import(draft, actor=account, versions=versions)
    except ImportBlocked:
        messages.error(request, _("Nothing was stored: correct what is listed first."))
        return redirect(back)
    except Refused as refusal:
        messages.error(request, join_sentences(refusal.blockers))
        return redirect(back)
    messages.success(request, _stored_words(data_set))
    return redirect("indexer:data-set-detail", pk=data_set.pk)


def _all_stored(request: HttpRequest, made: YearsStored) -> HttpResponse:
    """Lead to the newest of the editions, and name the years of which there is none."""
    *_earlier, data_set = made.editions
    words = {"count": len(made.editions), "year": data_set.year}
    said = ngettext(
        "%(count)d edition is stored, that of %(year)s.",
        "%(count)d editions are stored. This is that of %(year)s.",
        len(made.editions),
    )
    messages.success(request, said % words)
    for years, words_of in (
        (made.empty, _("The file holds no value of %(years)s.")),
        (made.kept, _("Stored before, and left as they are: %(years)s.")),
    ):
        if years:
            messages.info(request, words_of % {"years": _(", ").join(map(str, years))})
    return redirect("indexer:data-set-detail", pk=data_set.pk)


def _stored_words(data_set: DataSet) -> str:
    if data_set.runs.exists():
        return _("The data set is stored. Its rankings are being computed.")
    return _("The data set is stored. Rankings follow as soon as weights of its framework are frozen.")


@audience(STAFF)
@require_POST
def import_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the import away."""
    account = account_of(request)
    discard_import(draft_of(account, pk), actor=account)
    messages.success(request, _("The import is thrown away."))
    return redirect("indexer:data-set-import")


def draft_of(account: Account, pk: int) -> DataImport:
    """Return a draft that an account may see, whole."""
    return get_object_or_404(imports_visible_to(account).defer(None), pk=pk)


def next_step(draft: DataImport) -> str:
    """Lead to the register where there is none, to the mapping while anything is open, then to the check."""
    if draft.register_id is None:
        return reverse("indexer:import-register", args=[draft.pk])
    targets = (draft.column_targets, draft.row_targets)
    is_open = any(count_matches(found).open for found in targets) or open_decisions(draft)
    return reverse("indexer:import-mapping" if is_open else "indexer:import-check", args=[draft.pk])


def frame_of(draft: DataImport, step: str) -> dict[str, Any]:
    """Return what every page of an import says of it."""
    title = f"{draft.name} ({draft.year})"
    steps = _steps(step, delivers=draft.gathering_id is not None)
    names = names_in_method(draft.method, draft.framework_id)
    return {"draft": draft, "steps": steps, "title": title, "method_name": method_words(draft.method, names)}


def _steps(current: str, *, delivers: bool = False) -> list[dict[str, str]]:
    """Where the import is: sent, mapped, checked, stored or delivered."""
    labels = {
        "file": _("Send the file"),
        "mapping": _("Match columns and rows"),
        "check": _("Check and correct"),
        "stored": _("Deliver it") if delivers else _("Store the edition"),
    }
    names = list(labels)
    now = names.index(current)
    states = ["done" if place < now else "current" if place == now else "todo" for place in range(len(names))]
    return [{"label": labels[name], "state": state} for name, state in zip(names, states, strict=True)]


def _numbers(texts: list[str]) -> set[int]:
    return {place for text in texts if (place := read_id(text)) is not None}
