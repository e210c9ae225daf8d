"""A run held against an outside series; sending one in and publishing it."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from indexer.forms.series import SeriesChoice, SeriesDescriptionForm, SeriesImportForm
from indexer.models import OutsideSeries, Run
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.registers import counted_registers, first_units
from indexer.selectors.runs import PERCENT, runs_visible_to
from indexer.selectors.series import (
    SeriesReport,
    hold_against,
    owns_series,
    series_beside,
    series_owned_by,
)
from indexer.services.series import (
    SeriesTerms,
    describe_series,
    import_series,
    publish_series,
    remove_series,
)
from indexer.views.run.series_figures import report_context, scatter_of
from indexer.views.shared.exports import place_cells, place_headings, run_facts, series_facts
from indexer.views.shared.run_pages import answer_about_run, finished_run, run_context
from indexer.words import score_unit
from weighting.drawing import Spec
from weighting.exports import Heading
from weighting.models import Account
from weighting.permissions import ANYONE, MANAGERS, STAFF, audience
from weighting.reauthentication import grave
from weighting.requests import read_id
from weighting.views.answers import answer_act, answer_form, sent_data
from weighting.views.files import asked_format, save_links, table_answer
from weighting.views.reading import SentTable, bring_in
from weighting.visitors import account_of, visitor_of


@audience(ANYONE)
@require_safe
def run_series(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how a run and a series go together; without a series, what a file of one looks like."""
    return answer_about_run(request, pk, _page)


@audience(ANYONE)
@require_safe
def series_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with both figures of every unit as a file."""
    run = finished_run(request, pk)
    report = _choice(request, run)[1]
    if report is None:
        raise Http404
    series = report.series
    headings = [
        *place_headings(report.subject.cities),
        Heading("rank", _("Rank")),
        Heading("score", f"{report.subject.name} ({score_unit(run.method)})"),
        Heading("value", f"{series.name} ({series.unit})"),
        Heading("series_rank", _("Rank on the series")),
        Heading("residual", _("Studentised residual")),
        Heading("index_share", _("Share of the index (%)")),
        Heading("series_share", _("Share of the series (%)")),
        *([Heading("total_share", _("Share of the published total (%)"))] if series.total else []),
    ]
    facts = [*run_facts(run), *series_facts(series)]
    return table_answer(asked_format(request), f"series-{run.pk}", headings, _file_rows(report), facts)


def series_figure(request: HttpRequest, run: Run) -> Spec | None:
    """Return the scatter for a picture; None without a series or anything to draw."""
    report = _choice(request, run)[1]
    return scatter_of(report) if report is not None and report.drawn.any() else None


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def series_import(request: HttpRequest) -> HttpResponse:
    """Take a file of one figure for each unit, or say everything that is wrong with it."""
    run = _run_behind(request)
    form = SeriesImportForm(
        *sent_data(request),
        registers=counted_registers(),
        register=run.data_set.series.register_id if run else None,
    )
    back = _back(run)
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        series, shown = bring_in(request, form, partial(_import, form, actor=account_of(request)))
        if series:
            messages.success(request, _("The series is stored."))
            return redirect(f"{back}?{urlencode({'series': series.pk})}" if run else back)
    register = form.register_shown
    context = {**shown, "form": form, "cancel_url": back, "sample": _sample(register), "register": register}
    return answer_form(request, "indexer/run/series_import.html", context)


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def series_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what publishing means; POST lets anybody read the series."""
    account = account_of(request)
    series = get_object_or_404(series_owned_by(account), pk=pk)
    if request.method == "POST":
        publish_series(series, actor=account)
        messages.success(request, _("Anybody can now read this series."))
        return redirect(_back(_run_behind(request)))
    consequences = [
        _("Anybody can read the series beside published rankings, without signing in."),
        _("This cannot be taken back here: what was read stays read."),
    ]
    context = {
        "title": _("Publish this series"),
        "question": _("Publish this series?"),
        "consequences": consequences,
        "submit": _("Publish this series"),
    }
    return _confirm(request, series, context)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def series_describe(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for other names and another note of a series of one's own; POST sets them."""
    account, back = account_of(request), _back(_run_behind(request))
    series = get_object_or_404(series_owned_by(account), pk=pk)
    said = {name: getattr(series, name) for name in SeriesDescriptionForm.base_fields}
    form = SeriesDescriptionForm(request.POST if request.method == "POST" else None, initial=said)
    if request.method == "POST" and form.is_valid():
        act = partial(describe_series, series, actor=account, **form.cleaned_data)
        onward = f"{back}?{urlencode({'series': series.pk})}"
        return answer_act(request, act, done=_("The series is renamed."), back=back, onward=onward)
    context = {"series": series, "form": form, "cancel_url": back}
    return answer_form(request, "indexer/run/series_describe.html", context)


@audience(STAFF)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def series_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what removing a series of one's own means; POST removes it."""
    account, back = account_of(request), _back(_run_behind(request))
    series = get_object_or_404(series_owned_by(account), pk=pk)
    if request.method == "POST":
        act = partial(remove_series, series, actor=account)
        return answer_act(request, act, done=_("The series is removed."), back=back)
    context = {
        "title": _("Remove this series"),
        "question": _("Remove this series?"),
        "consequences": [
            _("The figures are deleted, and pages and reports no longer show them."),
            _("The log keeps the name and the checksum. The same file can be sent in again."),
        ],
        "submit": _("Remove this series"),
        "kind": "danger",
    }
    return _confirm(request, series, context)


def _import(form: SeriesImportForm, sent: SentTable, *, actor: Account) -> OutsideSeries:
    said = {name: value for name, value in form.cleaned_data.items() if name != "file"}
    return import_series(**sent.source, terms=SeriesTerms(**said), actor=actor)


def _confirm(request: HttpRequest, series: OutsideSeries, context: dict[str, Any]) -> HttpResponse:
    context |= {
        "series": series,
        "cancel_url": _back(_run_behind(request)),
        "action": request.get_full_path(),
    }
    return render(request, "indexer/run/series_confirm.html", context)


def _run_behind(request: HttpRequest) -> Run | None:
    """Return the run whose page led here, if the visitor may see it."""
    asked = read_id(request.GET.get("run", "")) or 0
    runs = runs_visible_to(visitor_of(request).account).select_related("data_set__series")
    return runs.filter(pk=asked).first()


def _back(run: Run | None) -> str:
    return reverse("indexer:run-series", args=[run.pk]) if run else reverse("indexer:run-list")


def _choice(request: HttpRequest, run: Run) -> tuple[SeriesChoice | None, SeriesReport | None]:
    """Hold the run against the series asked for; nothing where there is no series at all."""
    series = list(series_beside(run, visitor_of(request).account))
    if not series:
        return None, None
    subject = node_scores_of(run)
    form = SeriesChoice(request.GET, subject=subject, series=series)
    subject = subject.on(form.chosen)
    report = hold_against(
        subject, form.one, bands=form.limits, by_total=form.by_total, logarithmic=form.logarithmic
    )
    return form, report


def _may_change(request: HttpRequest, series: OutsideSeries) -> bool:
    account = visitor_of(request).account
    return account is not None and not series.is_published and owns_series(account, series)


def _page(request: HttpRequest, run: Run) -> HttpResponse:
    context = {
        **run_context(request, run, "run-series"),
        "title": _("How the index and another figure go together"),
        "import_url": f"{reverse('indexer:series-import')}?{urlencode({'run': run.pk})}",
    }
    form, report = _choice(request, run)
    context["register"] = report.subject.cities.register if report else run.data_set.series.register
    if form is None:
        context["sample"] = _sample(run.data_set.series.register_id)
    if form is not None and report is not None:
        scale = form.cleaned_data.get("scale", "")
        query = urlencode({"series": form.one.pk, "node": form.code, "scale": scale, "level": form.grouping})
        export = reverse("indexer:run-series-export", args=[run.pk])
        picture = reverse("indexer:run-picture", args=[run.pk, "scatter", "svg"])
        context |= {
            "form": form,
            "saves": save_links(f"{export}?{query}"),
            "image_url": f"{picture}?{query}",
            "may_change": _may_change(request, form.one),
            **report_context(report, form.grouping),
        }
    return render(request, "indexer/run/series.html", context)


def _file_rows(report: SeriesReport) -> Iterator[list[object]]:
    """One line for each unit that has both figures, by rank."""
    shares: Sequence[tuple[object, object]] = [("", "")] * len(report.positions)
    if report.has_shares:
        index, series = report.scores / report.scores.sum(), report.values / report.values.sum()
        shares = list(zip((index * PERCENT).tolist(), (series * PERCENT).tolist(), strict=True))
    residuals: list[Any] = report.residuals.tolist()
    values: list[float] = report.values.tolist()
    totals = [report.series.total] if report.series.total else []
    by_rank = sorted(range(len(report.positions)), key=lambda at: report.ranks[at])
    cities = report.subject.cities.along([report.positions[at] for at in by_rank])
    for at, city in zip(by_rank, cities, strict=True):
        residual = residuals[at] if residuals[at] == residuals[at] else ""
        yield [
            *place_cells(report.subject.cities, city),
            report.ranks[at],
            float(report.scores[at]) * report.subject.scale,
            float(report.values[at]),
            report.series_ranks[at],
            residual,
            *shares[at],
            *(values[at] / float(total) * PERCENT for total in totals),
        ]


def _sample(register_id: int | None) -> str:
    """Return the first lines of a file: units by one of their names, the other one and the code."""
    forms = ("name", "other_name", "code")
    units = zip(first_units(register_id), forms, strict=False)
    named = [getattr(unit, form) or unit.name for unit, form in units]
    return "\n".join(["unit,value", *(f"{name},…" for name in named)])
