"""Registers: list, one with its units, import."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from indexer.forms.registers import RegisterImportForm
from indexer.selectors.registers import counted_registers, levels_of, units_of, with_groupings
from indexer.services.registers import import_register
from weighting.exceptions import Refused
from weighting.permissions import ANYONE, STAFF, audience
from weighting.readers import FileProblems
from weighting.readers.decisions import LookFirst
from weighting.views.answers import UNPROCESSABLE, sent_data
from weighting.views.reading import table_in
from weighting.visitors import account_of

PAGE = 100


@audience(ANYONE)
@require_safe
def register_list(request: HttpRequest) -> HttpResponse:
    """Every register, and how many units it has."""
    registers = counted_registers()
    return render(request, "indexer/data/register_list.html", {"registers": registers})


@audience(ANYONE)
@require_safe
def register_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The units of a register, a page at a time."""
    register = get_object_or_404(with_groupings(counted_registers()), pk=pk)
    page = Paginator(units_of(register), PAGE).get_page(request.GET.get("page"))
    context = {"register": register, "page": page, "shown_levels": levels_of(register)}
    return render(request, "indexer/data/register_detail.html", context)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def register_import(request: HttpRequest) -> HttpResponse:
    """Take a file of units, or say everything that is wrong with it."""
    account = account_of(request)
    form = RegisterImportForm(*sent_data(request), registers=counted_registers())
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        sent = table_in(request, form.cleaned_data["file"])
        try:
            register = import_register(
                source=sent.content,
                filename=sent.name,
                actor=account,
                words=form.words(),
                register=form.cleaned_data["register"],
                decisions=sent.decisions,
            )
        except LookFirst:
            shown = sent.context([])
        except FileProblems as found:
            shown = sent.context(found.problems)
        except Refused as refusal:
            form.add_error(None, list(refusal.blockers))
        else:
            messages.success(request, _("The units are in the register."))
            return redirect("indexer:register-detail", pk=register.pk)
    context = {**shown, "form": form, "cancel_url": reverse("indexer:register-list")}
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "indexer/data/register_import.html", context, status=status)
