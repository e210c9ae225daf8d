"""The page that says which framework another is the next edition of, and what its nodes were called there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from weighting.exceptions import Refused
from weighting.models import Framework, Indicator
from weighting.permissions import STAFF, audience
from weighting.requests import read_id
from weighting.selectors.frameworks import (
    along_the_tree,
    frameworks_owned_by,
    frameworks_visible_to,
    indicators_of,
)
from weighting.services.framework_kin import follow_framework
from weighting.views.answers import UNPROCESSABLE
from weighting.visitors import account_of


@dataclass(frozen=True)
class FormerRow:
    """A node, the field that says what it was called, and what stands in it."""

    node: Indicator
    field: str
    was: str


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_former(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the edition before, then what each node was called there; POST keeps both, or none."""
    account = account_of(request)
    framework = get_object_or_404(frameworks_owned_by(account), pk=pk)
    others = frameworks_visible_to(account).exclude(pk=pk).order_by("pk")
    source = _source_asked(request, framework, others)
    nodes = along_the_tree(indicators_of(pk))
    blockers: Sequence[str] = ()
    was: Mapping[str, str] = {}
    if request.method == "POST":
        was = {node.code: request.POST.get(_field(node), "").strip() for node in nodes} if source else {}
        try:
            follow_framework(framework, source=source, was=was, actor=account)
        except Refused as refusal:
            blockers = refusal.blockers
        else:
            said = _("It follows “%(name)s” now.") if source else _("It follows no other framework now.")
            messages.success(request, said % {"name": source.name if source else ""})
            return redirect("weighting:framework-detail", pk=pk)
    before = along_the_tree(indicators_of(source.pk)) if source else []
    was = was or _likely(framework, source, nodes, before)
    context = {
        "framework": framework,
        "others": others,
        "source": source,
        "before": before,
        "rows": [FormerRow(node, _field(node), was.get(node.code, "")) for node in nodes],
        "blockers": blockers,
    }
    status = UNPROCESSABLE if blockers else 200
    return render(request, "weighting/manager/framework_former.html", context, status=status)


def _source_asked(
    request: HttpRequest, framework: Framework, others: QuerySet[Framework]
) -> Framework | None:
    """Return the edition before that is asked for; where none is, the one that was kept."""
    asked = request.POST.get("of") if request.method == "POST" else request.GET.get("of")
    wanted = framework.came_from_id if asked is None else read_id(asked)
    return others.filter(pk=wanted).first() if wanted else None


def _field(node: Indicator) -> str:
    return f"was-{node.pk}"


def _likely(
    framework: Framework, source: Framework | None, nodes: list[Indicator], before: list[Indicator]
) -> dict[str, str]:
    """Return what is kept of each node, else the node of its code, else the one of its name, by code."""
    if source and framework.came_from_id == source.pk:
        return {node.code: framework.former_codes.get(node.code, node.code) for node in nodes}
    codes = {node.code for node in before}
    same = {node.code: node.code for node in nodes if node.code in codes}
    free = {name: code for name, code in _codes_by_name(before).items() if code not in same}
    found = dict(same)
    for node in nodes:
        named = [free[name.casefold()] for name in (node.name_zh, node.name_en) if name.casefold() in free]
        if node.code not in same and named and named[0] not in found.values():
            found[node.code] = named[0]
    return found


def _codes_by_name(nodes: Sequence[Indicator]) -> dict[str, str]:
    """Return the code behind each name in either language, of two nodes of one name the first's."""
    both = [(name, node.code) for node in reversed(nodes) for name in (node.name_zh, node.name_en)]
    return {name.casefold(): code for name, code in both if name}
