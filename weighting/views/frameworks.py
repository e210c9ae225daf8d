"""Frameworks: list, import, the tree of one, publish."""

from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from weighting.exports import columns_of
from weighting.forms.uploads import FrameworkImportForm
from weighting.models import Account, Framework
from weighting.permissions import ANYONE, MANAGERS, STAFF, audience
from weighting.readers.framework import COLUMNS, METHOD_COLUMNS
from weighting.reauthentication import grave
from weighting.selectors.framework_drafts import framework_drafts_of, is_held, is_used
from weighting.selectors.frameworks import (
    along_the_tree,
    changes_framework,
    editions_beside,
    framework_rows,
    frameworks_owned_by,
    frameworks_visible_to,
    indicators_of,
    owns_framework,
    weighs_framework,
)
from weighting.services.frameworks import import_framework, publish_framework, share_framework
from weighting.signals import framework_written
from weighting.views.answers import answer_act, answer_form, sent_data
from weighting.views.files import asked_format, table_answer
from weighting.views.reading import SentTable, bring_in
from weighting.visitors import account_of, visitor_of


@audience(ANYONE)
@require_safe
def framework_list(request: HttpRequest) -> HttpResponse:
    """Every framework that the visitor may see."""
    account = visitor_of(request).account
    context = {
        "frameworks": frameworks_visible_to(account),
        "drafts": framework_drafts_of(account) if account else [],
    }
    return render(request, "weighting/manager/framework_list.html", context)


@audience(ANYONE)
@require_safe
def framework_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The tree of a framework."""
    framework = _framework_or_404(request, pk)
    account = visitor_of(request).account
    is_own = changes_framework(account, framework)
    context = {
        "framework": framework,
        "indicators": along_the_tree(indicators_of(framework.pk)),
        "may_publish": owns_framework(account, framework),
        "is_own": is_own,
        "may_set_method": weighs_framework(account, framework),
        "is_held": is_own and is_held(framework),
        "may_change": is_own and not is_used(framework),
        "beside": editions_beside(account, framework),
    }
    return render(request, "weighting/manager/framework_detail.html", context)


@audience(ANYONE)
@require_safe
def framework_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the tree as a file that can be changed and imported as another framework.

    For those who weigh it the file says how nodes are treated, too, as the file that brought them did.
    """
    framework = _framework_or_404(request, pk)
    method: dict[str, dict[str, str]] = {}
    if weighs_framework(visitor_of(request).account, framework):
        for _receiver, said in framework_written.send(sender=None, framework=framework):
            method |= cast(dict[str, dict[str, str]], said)
    rows = framework_rows(indicators_of(framework.pk), method)
    columns = columns_of(*COLUMNS, *(METHOD_COLUMNS if method else ()))
    return table_answer(asked_format(request), f"framework-{pk}", columns, rows)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_import(request: HttpRequest) -> HttpResponse:
    """Take a framework file, or say everything that is wrong with it."""
    form = FrameworkImportForm(*sent_data(request))
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        account = account_of(request)
        before = set(frameworks_visible_to(account).values_list("pk", flat=True))
        framework, shown = bring_in(request, form, partial(_import, form, actor=account))
        if framework:
            messages.success(request, _met(framework) if framework.pk in before else _imported())
            return redirect("weighting:framework-detail", pk=framework.pk)
    context = {**shown, "form": form, "cancel_url": reverse("weighting:framework-list")}
    return answer_form(request, "weighting/manager/framework_import.html", context)


@audience(STAFF)
@require_POST
def framework_share(request: HttpRequest, pk: int) -> HttpResponse:
    """Let all staff see the framework, with all that rests on it."""
    account = account_of(request)
    framework = get_object_or_404(frameworks_owned_by(account), pk=pk)
    return answer_act(
        request,
        partial(share_framework, framework, actor=account),
        done=_("All staff now see this framework, and what rests on it."),
        back=reverse("weighting:framework-detail", args=[pk]),
    )


@audience(MANAGERS)
@grave
@require_POST
def framework_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Let anybody read the framework."""
    account = account_of(request)
    framework = get_object_or_404(frameworks_owned_by(account), pk=pk)
    return answer_act(
        request,
        partial(publish_framework, framework, actor=account),
        done=_("Anybody can now read this framework."),
        back=reverse("weighting:framework-detail", args=[pk]),
    )


def _imported() -> str:
    return _("The framework is imported. Check the tree below.")


def _met(framework: Framework) -> str:
    words = _(
        "This framework is already here as “%(name)s”. The file says otherwise how its indicators are "
        "treated: new data sets start from the method of the file. Those that are there keep theirs."
    )
    return words % {"name": framework.name}


def _import(form: FrameworkImportForm, sent: SentTable, *, actor: Account) -> Framework:
    return import_framework(
        **sent.source,
        name_zh=form.cleaned_data["name_zh"],
        name_en=form.cleaned_data["name_en"],
        actor=actor,
    )


def _framework_or_404(request: HttpRequest, pk: int) -> Framework:
    return get_object_or_404(frameworks_visible_to(visitor_of(request).account), pk=pk)
