"""What the manager's pages share: what was sent in, an act and where it leads, and why one was not done."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from weighting.exceptions import AlreadyFrozen, Refused

CONFLICT = 409
UNPROCESSABLE = 422


def sent_data(request: HttpRequest) -> tuple[Any, ...]:
    """Return a form's first arguments: what was posted, or nothing."""
    return (request.POST, request.FILES) if request.method == "POST" else ()


def asked_framework(request: HttpRequest) -> dict[str, str]:
    """Return the framework that an address asks for, as a form begins with it."""
    return {"framework": asked} if (asked := request.GET.get("framework")) else {}


def answer_form(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Show a form; one that was sent and is shown again was not taken."""
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, template, context, status=status)


def answer_act(
    request: HttpRequest, act: Callable[[], object], *, done: str, back: str, onward: str = ""
) -> HttpResponse:
    """Do an act, say that it is done and lead ``onward``, or ``back``; or show what stands against it."""
    try:
        act()
    except Refused as refusal:
        return answer_refusal(request, refusal, back=back)
    messages.success(request, done)
    return redirect(onward or back)


def answer_refusal(request: HttpRequest, refusal: Refused, *, back: str) -> HttpResponse:
    """Show every blocker; ``back`` is the page to go on from."""
    if isinstance(refusal, AlreadyFrozen):
        back = reverse("weighting:version-detail", args=[refusal.version_id])
    context = {
        "refusal": refusal,
        "back": back,
        "own_address": back,
        "frozen_number": getattr(refusal, "number", None),
    }
    return render(request, "weighting/manager/refused.html", context, status=CONFLICT)
