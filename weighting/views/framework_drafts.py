"""Frameworks made and changed in the browser: the tree, one node of it, and what becomes of it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from weighting.exceptions import Refused
from weighting.forms.framework_drafts import NodeForm
from weighting.forms.names import NamedForm
from weighting.models import Framework, FrameworkDraft
from weighting.permissions import STAFF, audience
from weighting.readers import FileProblem, FileProblems
from weighting.selectors.framework_drafts import (
    DraftNode,
    branch_of,
    draft_nodes,
    framework_drafts_of,
    mark_of,
    scan_rows,
)
from weighting.selectors.frameworks import frameworks_owned_by, frameworks_visible_to
from weighting.services import framework_drafts as services
from weighting.views.answers import UNPROCESSABLE, answer_form, answer_refusal, sent_data
from weighting.visitors import account_of

NAMES = ("name_zh", "name_en")


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def tree_new(request: HttpRequest) -> HttpResponse:
    """Ask for the names of a new framework; POST begins its tree."""
    form = NamedForm(*sent_data(request))
    if request.method == "POST" and form.is_valid():
        try:
            return _to_tree(services.begin_draft(**_names(form), actor=account_of(request)).pk)
        except Refused as refusal:
            form.add_error(None, list(refusal.blockers))
    context = {"form": form, "cancel_url": reverse("weighting:framework-list")}
    return answer_form(request, "weighting/manager/tree_new.html", context)


@audience(STAFF)
@require_POST
def framework_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the next edition of a framework."""
    framework = get_object_or_404(frameworks_visible_to(account_of(request)), pk=pk)
    return _begin(request, framework, services.copy_framework)


@audience(STAFF)
@require_POST
def framework_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin to change a framework that nothing rests on."""
    framework = get_object_or_404(frameworks_owned_by(account_of(request)), pk=pk)
    return _begin(request, framework, services.reopen_framework)


def _begin(request: HttpRequest, framework: Framework, begin: Callable[..., FrameworkDraft]) -> HttpResponse:
    """Begin a draft from a framework, and lead to its tree."""
    try:
        draft = begin(framework, actor=account_of(request))
    except Refused as refusal:
        back = reverse("weighting:framework-detail", args=[framework.pk])
        return answer_refusal(request, refusal, back=back)
    return _to_tree(draft.pk)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def tree_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The tree with what is wrong at each row; POST gives it other names."""
    draft = _draft_or_404(request, pk)
    form = NamedForm(request.POST or None, initial=_names_of(draft))
    if request.method == "POST" and form.is_valid():
        services.rename_draft(draft, **_names(form))
        return _to_tree(pk)
    status = UNPROCESSABLE if request.method == "POST" else 200
    return _show_tree(request, draft, form, [], status=status)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def tree_node_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a new node, below ``?below=`` where that is named; POST adds it."""
    draft = _draft_or_404(request, pk)
    initial = {"direction": "1", "parent": request.GET.get("below", "")}
    form = NodeForm(*sent_data(request), initial=initial, parents=draft_nodes(draft.rows, []))
    if request.method == "POST" and form.is_valid():
        try:
            key = services.add_row(draft, parent=form.cleaned_data["parent"], cells=form.cells)
        except (FileProblems, Refused) as found:
            _note(form, found)
        else:
            if "another" not in request.POST:
                return _to_tree(pk, key)
            messages.success(request, _("The indicator is kept. Write the next one."))
            below = request.POST.get("parent", "")
            return redirect(f"{reverse('weighting:tree-node-new', args=[pk])}?below={below}")
    return _show_node(request, draft, form, None)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def tree_node(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """One node of the tree; POST changes it."""
    draft = _draft_or_404(request, pk)
    nodes = draft_nodes(draft.rows, [])
    node = _node_or_404(nodes, row)
    below = branch_of(draft.rows, row)
    others = [other for other in nodes if other.row["key"] not in below]
    form = NodeForm(*sent_data(request), initial=dict(node.row), parents=others)
    # What was wrong with a form leaves it at what its reader saw: only a clash that was shown moves it on.
    seen = request.POST.get("seen", "") if request.method == "POST" else mark_of(node.row)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_row(draft, row, parent=form.cleaned_data["parent"], cells=form.cells, seen=seen)
        except services.ChangedMeanwhile as clash:
            form.note_clash(clash.row, clash.blockers)
            seen = mark_of(clash.row)
        except (FileProblems, Refused) as found:
            _note(form, found)
        else:
            return _to_tree(pk, row)
    return _show_node(request, draft, form, node, below=len(below) - 1, seen=seen)


@audience(STAFF)
@require_POST
def tree_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the node that ``move`` names (its key, and up or down) past its sibling."""
    key, _colon, way = request.POST.get("move", "").partition(":")
    draft = _draft_or_404(request, pk)
    if not key.isdecimal():
        return _to_tree(pk)
    try:
        services.move_row(draft, int(key), down=way == "down")
    except Refused as refusal:
        return answer_refusal(request, refusal, back=reverse("weighting:tree-detail", args=[pk]))
    return _to_tree(pk, int(key))


@audience(STAFF)
@require_POST
def tree_node_remove(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Take a node out of the tree with all below it."""
    try:
        services.remove_row(_draft_or_404(request, pk), row, seen=request.POST.get("seen", ""))
    except services.ChangedMeanwhile as refusal:
        return answer_refusal(request, refusal, back=reverse("weighting:tree-node", args=[pk, row]))
    except Refused as refusal:
        return answer_refusal(request, refusal, back=reverse("weighting:tree-detail", args=[pk]))
    messages.success(request, _("The indicator is taken out of the tree."))
    return _to_tree(pk)


@audience(STAFF)
@require_POST
def tree_finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the tree a framework, or show what is wrong at its rows."""
    draft = _draft_or_404(request, pk)
    try:
        framework = services.finish_draft(draft, actor=account_of(request))
    except FileProblems as found:
        form = NamedForm(initial=_names_of(draft))
        return _show_tree(request, draft, form, found.problems, status=UNPROCESSABLE)
    except Refused as refusal:
        return answer_refusal(request, refusal, back=reverse("weighting:tree-detail", args=[pk]))
    messages.success(request, _("The framework is kept. Check the tree below."))
    return redirect("weighting:framework-detail", pk=framework.pk)


@audience(STAFF)
@require_POST
def tree_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the draft away."""
    services.discard_draft(_draft_or_404(request, pk))
    messages.success(request, _("The draft is thrown away."))
    return redirect("weighting:framework-list")


def _show_tree(
    request: HttpRequest, draft: FrameworkDraft, form: NamedForm, found: list[FileProblem], *, status: int
) -> HttpResponse:
    problems = found or (scan_rows(draft.rows).problems if draft.rows else [])
    context = {
        "draft": draft,
        "form": form,
        "nodes": draft_nodes(draft.rows, problems),
        "problems": problems,
    }
    return render(request, "weighting/manager/tree.html", context, status=status)


def _show_node(
    request: HttpRequest, draft: FrameworkDraft, form: NodeForm, node: DraftNode | None, **context: Any
) -> HttpResponse:
    context |= {"draft": draft, "form": form, "node": node}
    return answer_form(request, "weighting/manager/tree_node.html", context)


def _note(form: NodeForm, found: FileProblems | Refused) -> None:
    if isinstance(found, FileProblems):
        form.note_problems(found.problems)
    else:
        form.add_error(None, list(found.blockers))


def _names(form: NamedForm) -> dict[str, str]:
    return {name: form.cleaned_data[name] for name in NAMES}


def _names_of(draft: FrameworkDraft) -> dict[str, str]:
    return {name: getattr(draft, name) for name in NAMES}


def _draft_or_404(request: HttpRequest, pk: int) -> FrameworkDraft:
    return get_object_or_404(framework_drafts_of(account_of(request)), pk=pk)


def _node_or_404(nodes: list[DraftNode], key: int) -> DraftNode:
    for node in nodes:
        if node.row["key"] == key:
            return node
    raise Http404


def _to_tree(pk: int, key: int | None = None) -> HttpResponse:
    mark = "" if key is None else f"#node-{key}"
    return redirect(reverse("weighting:tree-detail", args=[pk]) + mark)
