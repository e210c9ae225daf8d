"""Registers: list, one with its units, import, correction."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from indexer.forms.registers import CorrectionForm, RegisterImportForm
from indexer.models import Province, Register, RegisterEdition, UnitCorrection
from indexer.selectors.register_editions import (
    corrections_of,
    editions_of_register,
    provinces_told,
    told_correction,
)
from indexer.selectors.registers import counted_registers, levels_of, units_of, with_groupings
from indexer.services.register_editions import CorrectionFile, correct_register
from indexer.services.registers import import_register
from weighting.models import Account
from weighting.permissions import ANYONE, MANAGERS, STAFF, audience
from weighting.views.answers import answer_form, sent_data
from weighting.views.reading import SentTable, bring_in
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
    context = {
        "register": register,
        "page": page,
        "shown_levels": levels_of(register),
        "editions": editions_of_register(register) if register.edition > 1 else [],
    }
    return render(request, "indexer/data/register_detail.html", context)


@audience(STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def register_import(request: HttpRequest) -> HttpResponse:
    """Take a file of units, or say everything that is wrong with it."""
    account = account_of(request)
    form = RegisterImportForm(*sent_data(request), registers=counted_registers())
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        register, shown = bring_in(request, form, partial(_import, form, actor=account), blames=None)
        if register:
            messages.success(request, _("The units are in the register."))
            return redirect("indexer:register-detail", pk=register.pk)
    context = {**shown, "form": form, "cancel_url": reverse("indexer:register-list")}
    return answer_form(request, "indexer/data/register_import.html", context)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def register_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file that makes the next edition of a register, or say everything that is wrong with it."""
    register = get_object_or_404(counted_registers(), pk=pk)
    form = CorrectionForm(*sent_data(request))
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        correct = partial(_correct, register, form, actor=account_of(request))
        edition, shown = bring_in(request, form, correct, blames=None)
        if edition:
            words = {"number": edition.number}
            messages.success(request, _("Edition %(number)s of the register is in force.") % words)
            return redirect("indexer:register-edition", pk=pk, number=edition.number)
    back = reverse("indexer:register-detail", args=[pk])
    context = {**shown, "register": register, "form": form, "cancel_url": back}
    return answer_form(request, "indexer/data/register_correct.html", context)


@audience(ANYONE)
@require_safe
def register_edition(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What an edition of a register corrected, unit by unit."""
    editions = editions_of_register(get_object_or_404(Register, pk=pk)).select_related("register")
    edition = get_object_or_404(editions, number=number)
    page = Paginator(corrections_of(edition), PAGE).get_page(request.GET.get("page"))
    provinces = provinces_told(page)
    context = {
        "edition": edition,
        "register": edition.register,
        "page": page,
        "rows": [_correction(correction, provinces, edition.register) for correction in page],
    }
    return render(request, "indexer/data/register_edition.html", context)


def _import(form: RegisterImportForm, sent: SentTable, *, actor: Account) -> Register:
    return import_register(**sent.source, into=form.into(), actor=actor)


def _correct(register: Register, form: CorrectionForm, sent: SentTable, *, actor: Account) -> RegisterEdition:
    file = CorrectionFile(sent.content, sent.name, sent.decisions)
    said = form.cleaned_data
    return correct_register(register, file=file, reason=said["reason"], adds=said["adds"], actor=actor)


def _correction(
    correction: UnitCorrection, provinces: Mapping[int, Province], register: Register
) -> dict[str, Any]:
    """Return what changed of a unit, column by column."""
    words = {
        "name_zh": _("Chinese name"),
        "name_en": _("English name"),
        "aliases": _("Other names"),
        "code": _("Code"),
        "latitude": _("Latitude"),
        "longitude": _("Longitude"),
        "province": capfirst(register.province_word),
        "region": capfirst(register.region_word),
    }
    said = told_correction(correction, provinces)
    changes = [(words[column], *map(_cell, pair)) for column, pair in said.items()]
    return {"unit": correction.city, "changes": changes}


def _cell(value: Any) -> str:
    text = _(", ").join(value) if isinstance(value, list) else value
    return "–" if text in ("", None) else str(text)
