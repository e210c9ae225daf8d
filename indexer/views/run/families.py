"""Index families: their list, publishing a branch, and a branch's ranking beside the whole's."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from indexer import charts
from indexer.forms.families import BranchForm, RunChoice
from indexer.models import BranchIndex, Run
from indexer.selectors.families import (
    BranchRanking,
    branches_visible_to,
    finished_runs_of,
    open_branches_of,
)
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.run_search import offer_runs
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.services.families import publish_branch, withdraw_branch
from indexer.views.shared.exports import changed_heading, place_cells, place_headings, run_facts
from indexer.views.shared.run_names import run_names
from indexer.views.shared.tables import (
    Cell,
    CityTable,
    Column,
    cut_table,
    longest_bar,
    place_columns,
    render_part,
)
from indexer.views.shared.ties import who_leads
from indexer.views.shared.words import provenance_of
from indexer.words import data_set_name, score_unit, version_name
from weighting.exceptions import Refused
from weighting.exports import Fact, Heading
from weighting.models import Indicator
from weighting.permissions import ANYONE, MANAGERS, audience
from weighting.reauthentication import grave
from weighting.requests import asks_for_part
from weighting.selectors.frameworks import (
    frameworks_owned_by,
    frameworks_visible_to,
    indicators_of,
    owns_framework,
)
from weighting.views.answers import answer_form, sent_data
from weighting.views.files import asked_format, picture_answer, save_links, table_answer
from weighting.views.numbers import signed
from weighting.visitors import account_of, visitor_of

DIGITS = 4
# Of more indicators the page of the whole shows every score.
MOST_COLUMNS = 12


@audience(ANYONE)
@require_safe
def index_list(request: HttpRequest) -> HttpResponse:
    """Every framework with the branches that are indices of their own."""
    account = visitor_of(request).account
    branches: Iterable[BranchIndex] = branches_visible_to(account)
    of_framework = {
        key: list(members) for key, members in groupby(branches, key=lambda branch: branch.node.framework_id)
    }
    families = [
        {
            "framework": framework,
            "branches": of_framework.get(framework.pk, []),
            "may_publish": owns_framework(account, framework),
        }
        for framework in frameworks_visible_to(account)
    ]
    return render(request, "indexer/run/index_list.html", {"families": families})


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def index_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a branch of a framework and its names; POST publishes it."""
    account = account_of(request)
    framework = get_object_or_404(frameworks_owned_by(account), pk=pk)
    nodes = open_branches_of(indicators_of(pk))
    form = BranchForm(*sent_data(request)[:1], nodes=nodes, initial=_initial(request, nodes))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            branch = publish_branch(
                form.chosen,
                name_zh=said["name_zh"],
                name_en=said["name_en"],
                note=said["note"],
                actor=account,
            )
        except Refused as refusal:
            form.add_error("node", list(refusal.blockers))
        else:
            messages.success(request, _("The branch is published as an index of its own."))
            return redirect("indexer:index-detail", pk=branch.pk)
    context = {
        "framework": framework,
        "form": form,
        "cancel_url": reverse("indexer:index-list"),
        "has_branches": bool(nodes),
    }
    return answer_form(request, "indexer/run/index_new.html", context)


@audience(ANYONE)
@require_safe
def index_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Rank the units on a branch, beside the whole, in the run that is chosen."""
    branch, form = _load(request, pk)
    if form.chosen is None:
        return render(request, "indexer/run/index_waiting.html", {"branch": branch, "title": branch.name})
    ranking = _ranking(request, branch, form.chosen)
    table = cut_table(request, ranking.subject.cities, _columns(ranking), first="rank")
    run = ranking.subject.run
    context: dict[str, Any] = {
        "branch": branch,
        "may_withdraw": owns_framework(visitor_of(request).account, branch.node.framework),
        "run": run,
        "table": table,
        "rows": _rows(ranking, table),
        "unit": score_unit(run.method),
        "data_set_name": data_set_name(run.data_set),
        "version_name": version_name(run),
    }
    if not asks_for_part(request):
        context |= _summary(ranking, form)
    return render_part(request, "indexer/run/index_detail.html", "indexer/run/_index_table.html", context)


@audience(ANYONE)
@require_safe
def index_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the ranking of a branch beside the whole's, as a file."""
    branch, form = _load(request, pk)
    if form.chosen is None:
        raise Http404
    ranking = _ranking(request, branch, form.chosen)
    run = ranking.subject.run
    facts = [Fact("index", _("Index"), branch.name), *run_facts(run)]
    name = f"index-{branch.pk}-{run.pk}"
    return table_answer(asked_format(request), name, _headings(ranking), _file_rows(ranking), facts)


@audience(ANYONE)
@require_safe
def index_picture(request: HttpRequest, pk: int, format: str) -> HttpResponse:
    """Answer with the figure of a branch beside the whole as a file."""
    branch, form = _load(request, pk)
    if form.chosen is None:
        raise Http404
    return picture_answer(request, _chart(_ranking(request, branch, form.chosen)), format)


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def index_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what withdrawing means; POST takes the name away."""
    account = account_of(request)
    branch = get_object_or_404(branches_visible_to(account), pk=pk)
    if not owns_framework(account, branch.node.framework):
        raise Http404
    if request.method == "POST":
        withdraw_branch(branch, actor=account)
        messages.success(request, _("The index is withdrawn; its branch keeps its scores."))
        return redirect("indexer:index-list")
    consequences = [
        _("Its name and its page go; the addresses of both no longer answer."),
        _("The scores stay: they are those of the branch in every ranking."),
    ]
    context = {"branch": branch, "consequences": consequences}
    return render(request, "indexer/run/index_withdraw.html", context)


def _initial(request: HttpRequest, nodes: Sequence[Indicator]) -> dict[str, Any]:
    """Start from the branch of ``?node=``, under its own names."""
    node = next((node for node in nodes if node.code == request.GET.get("node")), None)
    return {"node": node.code, "name_zh": node.name_zh, "name_en": node.name_en} if node else {}


def _load(request: HttpRequest, pk: int) -> tuple[BranchIndex, RunChoice]:
    account = visitor_of(request).account
    branch = get_object_or_404(branches_visible_to(account), pk=pk)
    runs, asked = finished_runs_of(branch, account), request.GET
    first = runs.values_list("pk", flat=True).first()
    offered = offer_runs(runs, asked.get("find", ""), [asked.get("run", str(first or ""))])
    return branch, RunChoice(asked, offered=offered, names=run_names(offered.rows))


def _ranking(request: HttpRequest, branch: BranchIndex, chosen: Run) -> BranchRanking:
    run = get_object_or_404(runs_with_nodes_visible_to(visitor_of(request).account), pk=chosen.pk)
    return BranchRanking(branch, node_scores_of(run, branch.node.code))


def _children(ranking: BranchRanking) -> list[Indicator]:
    """Return the indicators right below the branch; none where a table could not hold them."""
    below = [node for node in ranking.subject.nodes if node.parent_id == ranking.branch.node_id]
    return below if len(below) <= MOST_COLUMNS else []


def _columns(ranking: BranchRanking) -> list[Column]:
    subject = ranking.subject
    city, *places = place_columns(subject.cities)
    return [
        Column("rank", _("Rank"), np.where(subject.ranks == 0, np.nan, subject.ranks)),
        city,
        Column("score", ranking.branch.name, subject.scores, falling_first=True),
        *places,
        Column("whole", _("Rank in the whole"), ranking.whole_ranks),
        Column("shift", _("Shift against the whole"), ranking.shifts, falling_first=True),
        *(
            Column(child.code, child.name, subject.scores_on(child), falling_first=True)
            for child in _children(ranking)
        ),
    ]


def _rows(ranking: BranchRanking, table: CityTable) -> list[dict[str, Any]]:
    subject = ranking.subject
    columns = [subject.scores, *(subject.scores_on(child) for child in _children(ranking))]
    longest = [longest_bar(column) for column in columns]
    rows = []
    for p in table.positions:
        score, *below = [
            _cell(column[p], full, subject.scale) for column, full in zip(columns, longest, strict=True)
        ]
        rows.append(
            {
                "rank": subject.ranks[p] or "–",
                "city": subject.cities[p],
                "score": score,
                "whole": ranking.whole_ranks[p],
                "shift": int(ranking.shifts[p]),
                "below": below,
            }
        )
    return rows


def _cell(score: float, full: float, scale: float) -> Cell:
    percent = 100 * score / full if full > 0 and not np.isnan(score) else None
    return Cell(signed(score * scale, DIGITS, plus=False), percent=percent)


def _summary(ranking: BranchRanking, form: RunChoice) -> dict[str, Any]:
    run = ranking.subject.run
    query = urlencode({"run": run.pk})
    export = reverse("indexer:index-export", args=[ranking.branch.pk])
    picture = reverse("indexer:index-picture", args=[ranking.branch.pk, "svg"])
    node_page = reverse("indexer:run-detail", args=[run.pk])
    return {
        "title": _finding(ranking),
        "form": form,
        "stats": _stats(ranking),
        "chart": _chart(ranking),
        "chart_image": f"{picture}?{query}",
        "saves": save_links(f"{export}?{query}"),
        "node_url": f"{node_page}?{urlencode({'node': ranking.branch.node.code})}",
        "provenance": provenance_of(run),
    }


def _finding(ranking: BranchRanking) -> str:
    subject = ranking.subject
    if not subject.present:
        return _("No %(unit)s has a score here") % {"unit": subject.cities.register.unit}
    return who_leads(
        subject.cities[ranking.order[0]].name,
        sharing=int((subject.ranks == 1).sum()),
        count=len(subject.present),
        units=subject.cities.register.units,
    )


def _stats(ranking: BranchRanking) -> list[dict[str, str]]:
    summary = ranking.summary
    if summary is None:
        return []
    correlation = "–" if summary.spearman is None else signed(summary.spearman, 3, plus=False)
    return [
        {"label": _("Spearman with the whole"), "value": correlation, "note": _("1: the same order")},
        {
            "label": _("Mean rank shift"),
            "value": f"{summary.mean_absolute:.1f}",
            "note": _("places between the branch and the whole"),
        },
        {
            "label": _("%(units)s at another rank")
            % {"units": capfirst(ranking.subject.cities.register.units)},
            "value": str(summary.moved),
            "note": _("of %(count)s") % {"count": len(ranking.subject.cities)},
        },
    ]


def _chart(ranking: BranchRanking) -> charts.Spec | None:
    subject, run = ranking.subject, ranking.subject.run
    moves = [
        charts.RankMove(subject.cities[p].name, int(ranking.whole_ranks[p]), int(subject.ranks[p]))
        for p in subject.present
    ]
    if not any(move.shift for move in moves):
        return None
    words = {"units": capfirst(subject.cities.register.units)}
    return charts.rank_shift_chart(
        moves,
        unit_word=subject.cities.register.unit,
        title=_("%(units)s that stand elsewhere in the branch than in the whole") % words,
        subtitle=_("places higher or lower than in the whole, with both ranks"),
        source=f"{data_set_name(run.data_set)} · {version_name(run)}",
    )


def _headings(ranking: BranchRanking) -> list[Heading]:
    unit = score_unit(ranking.subject.run.method)
    return [
        Heading("rank", _("Rank")),
        *place_headings(ranking.subject.cities),
        Heading("score", f"{ranking.branch.name} ({unit})"),
        Heading("rank_in_whole", _("Rank in the whole")),
        Heading("shift", _("Shift against the whole")),
        *(Heading(f"score_{child.code}", f"{child.name} ({unit})") for child in _children(ranking)),
        changed_heading(ranking.branch.name),
    ]


def _file_rows(ranking: BranchRanking) -> Iterator[list[object]]:
    subject = ranking.subject
    columns = [subject.scores_on(child) for child in _children(ranking)]
    for p in ranking.order:
        rank = int(subject.ranks[p]) or None
        place = [
            rank,
            *place_cells(subject.cities, subject.cities[p]),
            float(subject.scores[p]) * subject.scale,
        ]
        shift = int(ranking.shifts[p]) if rank else None
        scores = [float(column[p]) * subject.scale for column in columns]
        yield [*place, int(ranking.whole_ranks[p]), shift, *scores, int(subject.changed_values[p])]
