"""Panels: list, import, the people of one, and removing it."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from weighting.exceptions import Refused
from weighting.forms.invitations import AddressesForm
from weighting.forms.uploads import PanelImportForm
from weighting.models import Account, Panel
from weighting.permissions import MANAGERS, audience
from weighting.selectors.frameworks import panels_owned_by, panels_visible_to
from weighting.sentences import join_sentences
from weighting.services.addresses import give_addresses
from weighting.services.panels import import_panel, remove_panel
from weighting.views.answers import answer_act, answer_form, sent_data
from weighting.views.listing import PAGE_SIZE, page_of
from weighting.views.reading import SentTable, bring_in
from weighting.visitors import account_of


@audience(MANAGERS)
@require_safe
def panel_list(request: HttpRequest) -> HttpResponse:
    """Every panel, with its size."""
    panels = panels_visible_to(account_of(request))
    return render(request, "weighting/manager/panel_list.html", {"panels": panels})


@audience(MANAGERS)
@require_safe
def panel_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The experts of a panel."""
    panel = get_object_or_404(panels_visible_to(account_of(request)), pk=pk)
    is_used = panel.rounds.exists()
    context = {
        "panel": panel,
        "experts": page_of(request, panel.experts.order_by("code")),
        "can_be_removed": not is_used and panels_owned_by(account_of(request)).filter(pk=pk).exists(),
    }
    return render(request, "weighting/manager/panel_detail.html", context)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def panel_addresses(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for addresses that are not known, as many as a list has on a page; POST keeps them."""
    panel = get_object_or_404(panels_visible_to(account_of(request)), pk=pk)
    experts = panel.experts.filter(email="").order_by("code")
    form = AddressesForm(*sent_data(request), experts=experts[:PAGE_SIZE])
    if request.method == "POST" and form.is_valid():
        try:
            given = give_addresses(panel, addresses=form.addresses(), actor=account_of(request))
        except Refused as refusal:
            form.add_error(None, list(refusal.blockers))
        else:
            messages.success(request, _given_text(given))
            return redirect("weighting:panel-detail", pk=pk)
    context = {"panel": panel, "form": form, "further": max(0, experts.count() - PAGE_SIZE)}
    return answer_form(request, "weighting/manager/panel_addresses.html", context)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def panel_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what removing a panel of one's own means; POST removes it."""
    account, back = account_of(request), reverse("weighting:panel-detail", args=[pk])
    panel = get_object_or_404(panels_owned_by(account), pk=pk)
    if request.method == "POST":
        act, onward = partial(remove_panel, panel, actor=account), reverse("weighting:panel-list")
        return answer_act(request, act, done=_("The panel is removed."), back=back, onward=onward)
    experts = panel.experts.count()
    context = {
        "panel": panel,
        "cancel_url": back,
        "consequences": [
            ngettext(
                "%(count)d expert is deleted, with name, e-mail address and organisation.",
                "%(count)d experts are deleted, with names, e-mail addresses and organisations.",
                experts,
            )
            % {"count": experts},
            _("The log keeps the name of the panel. The same file can be sent in again."),
        ],
    }
    return render(request, "weighting/manager/panel_remove.html", context)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def panel_import(request: HttpRequest) -> HttpResponse:
    """Take a panel file, or say everything that is wrong with it."""
    form = PanelImportForm(*sent_data(request))
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        panel, shown = bring_in(request, form, partial(_import, form, actor=account_of(request)))
        if panel:
            messages.success(request, _("The panel is imported. Check the experts below."))
            return redirect("weighting:panel-detail", pk=panel.pk)
    context = {**shown, "form": form, "cancel_url": reverse("weighting:panel-list")}
    return answer_form(request, "weighting/manager/panel_import.html", context)


def _given_text(count: int) -> str:
    kept = ngettext("%(count)d e-mail address is kept.", "%(count)d e-mail addresses are kept.", count)
    still = _("Links that were handed out still work; from now on mail goes there, too.")
    return join_sentences([kept % {"count": count}, still])


def _import(form: PanelImportForm, sent: SentTable, *, actor: Account) -> Panel:
    return import_panel(**sent.source, name=form.cleaned_data["name"], actor=actor)
