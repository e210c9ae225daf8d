"""The manager's room: rounds from the draft to the aggregate, participation, personal links.

While a round is open these pages know who has started and who has sealed, and nothing else.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from weighting.enums import Feedback, Language, RoundState
from weighting.forms.rounds import TERMS, ExtendForm, RevisionForm, RoundBasisForm, RoundForm, VoidForm
from weighting.models import Framework, Invitation, Panel, Round
from weighting.permissions import MANAGERS, audience
from weighting.reauthentication import grave
from weighting.selectors.claims import keeps_locks
from weighting.selectors.frameworks import (
    along_the_tree,
    frameworks_for_rounds,
    indicators_of,
    panels_visible_to,
)
from weighting.selectors.handing import by_hand_in
from weighting.selectors.letters import count_not_reached, invitations_with_letters
from weighting.selectors.pooling import has_aggregate
from weighting.selectors.round_history import version_of
from weighting.selectors.rounds import (
    asked_groups_of,
    count_entered,
    declaring_in,
    participation_of,
    receipts_of,
    rounds_to_follow,
    rounds_visible_to,
    rounds_with_participation,
)
from weighting.services.rounds import (
    FurtherTerms,
    RoundTerms,
    close_round,
    draft_round,
    extend_deadline,
    open_round,
    ready_round,
    revise_round,
    void_round,
)
from weighting.services.unlinking import end_series
from weighting.services.versions import aggregate_round
from weighting.views.answers import answer_act, answer_form, sent_data
from weighting.views.first_steps import first_steps, steps_to_a_round
from weighting.views.listing import PAGE_SIZE, page_of
from weighting.views.round_steps import next_act_of, short_of_weights, steps_of
from weighting.visitors import account_of


@audience(MANAGERS)
@require_safe
def round_list(request: HttpRequest) -> HttpResponse:
    """The rounds that the account manages, with how many people have started and sealed."""
    account = account_of(request)
    rounds = page_of(request, rounds_with_participation(account))
    context = {"rounds": rounds} if rounds else first_steps(steps_to_a_round(account))
    return render(request, "weighting/manager/round_list.html", context)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def round_new(request: HttpRequest) -> HttpResponse:
    """Two steps: framework and panel by the address, then titles, groups and rules."""
    account = account_of(request)
    # With one of the two the page that led here has chosen it, and the other is asked for.
    is_whole = {"framework", "panel"} <= set(request.GET)
    basis = RoundBasisForm(
        request.GET if is_whole else None,
        initial=request.GET.dict(),
        frameworks=frameworks_for_rounds(account),
        panels=panels_visible_to(account),
        rounds=rounds_visible_to(account),
    )
    if not basis.is_valid():
        context = {"form": basis, "cancel_url": reverse("weighting:round-list")}
        return render(request, "weighting/manager/round_basis.html", context)
    framework, panel = basis.cleaned_data["framework"], basis.cleaned_data["panel"]
    form = RoundForm(
        *sent_data(request),
        indicators=along_the_tree(indicators_of(framework.pk)),
        earlier=rounds_to_follow(account, framework, panel),
        like=basis.cleaned_data["like"],
        initial={"follows": request.GET.get("follows")},
    )
    if request.method == "POST" and form.is_valid():
        round_ = _draft(request, form, framework, panel)
        messages.success(request, _("The round is drafted. Nobody has been asked yet."))
        return redirect("weighting:round-detail", pk=round_.pk)
    context = {"form": form, "framework": framework, "panel": panel, "like": basis.cleaned_data["like"]}
    return answer_form(request, "weighting/manager/round_new.html", context)


@audience(MANAGERS)
@require_safe
def round_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the round has come, what comes next, and what stands against it."""
    round_ = _round_or_404(request, pk)
    participation = participation_of(round_)
    invitations = page_of(request, invitations_with_letters(round_))
    act = next_act_of(round_, participation)
    declaring, further_declaring = _first_of(declaring_in(round_))
    context = {
        "round": round_,
        "steps": steps_of(round_),
        "act": act,
        "participation": participation,
        "invitations": invitations,
        "declaring": declaring,
        "further_declaring": further_declaring,
        "not_reached": count_not_reached(round_) if round_.state == RoundState.OPEN else 0,
        "by_hand": by_hand_in(round_) if round_.state == RoundState.OPEN else None,
        "groups": asked_groups_of(round_),
        "languages": [Language(language).label for language in round_.languages],
        "receipts": receipts_of(round_),
        "most_receipts": PAGE_SIZE,
        "version": version_of(round_, account_of(request)),
        "is_open": round_.state == RoundState.OPEN,
        "keeps_links": keeps_locks(round_),
        "is_reported": has_aggregate(round_),
        "entered": count_entered(round_),
        "can_be_followed": round_.state == RoundState.AGGREGATED and round_.feedback != Feedback.NONE,
        "can_be_repeated": round_.state in (RoundState.CLOSED, RoundState.AGGREGATED, RoundState.VOID),
        "can_be_revised": round_.state in (RoundState.DRAFT, RoundState.READY),
        # Where closing is the next act, it stands at the head of the page.
        "can_be_closed_early": round_.state == RoundState.OPEN
        and act is not None
        and act.url != reverse("weighting:round-close", args=[round_.pk]),
        "can_be_voided": round_.state != RoundState.VOID and not has_aggregate(round_),
    }
    return render(request, "weighting/manager/round_detail.html", context)


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def round_revise(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is asked, of whom, and by which rules, as long as the round is not open."""
    round_ = _round_or_404(request, pk)
    form = RevisionForm(
        *sent_data(request),
        round_=round_,
        panels=panels_visible_to(account_of(request)),
        indicators=along_the_tree(indicators_of(round_.framework_id)),
        earlier=rounds_to_follow(account_of(request), round_.framework),
    )
    if request.method == "POST" and form.is_valid():
        revise = partial(revise_round, terms=_terms_of(form, form.cleaned_data["panel"]))
        return _act(request, pk, revise, _("The draft is changed."))
    context = {"round": round_, "form": form}
    return answer_form(request, "weighting/manager/round_revise.html", context)


@audience(MANAGERS)
@require_POST
def round_ready(request: HttpRequest, pk: int) -> HttpResponse:
    """Declare the draft ready."""
    return _act(request, pk, ready_round, _("The round is ready to open."))


@audience(MANAGERS)
@grave
@require_POST
def round_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the round."""
    return _act(request, pk, open_round, _("The round is open. Hand out the personal links."))


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def round_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what closing means; POST closes."""
    if request.method == "POST":
        keeps = _round_or_404(request, pk).feedback == Feedback.OWN
        done = _("The round is closed. No ballot leads to a person any more.")
        return _act(request, pk, close_round, _("The round is closed.") if keeps else done)
    round_ = _round_or_404(request, pk)
    participation = participation_of(round_)
    waiting = participation.invited - participation.sealed
    unsealed = ngettext(
        "%(count)d expert has not sealed a ballot: nothing of it will count.",
        "%(count)d experts have not sealed a ballot: nothing of theirs will count.",
        waiting,
    )
    context = {
        "round": round_,
        "short": short_of_weights(round_, participation),
        "consequences": [
            *([unsealed % {"count": waiting}] if waiting else []),
            _("The experts’ ballot keys open their sealed ballots until the series ends, as was said.")
            if round_.feedback == Feedback.OWN
            else _("In the same moment no ballot can be found by its expert’s key any more."),
            _("The receipts of the sealed ballots are shown to the panel."),
            _("The round can never be opened again."),
        ],
    }
    return render(request, "weighting/manager/round_close.html", context)


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def round_end_series(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what ending a series means; POST destroys the links that it kept."""
    if request.method == "POST":
        return _act(request, pk, end_series, _("The series is ended. No ballot leads to a person any more."))
    context = {
        "round": _round_or_404(request, pk),
        "title": _("End the series"),
        "consequences": [
            _("No ballot of this series can be found by its expert’s key any more."),
            _("No following round can show an expert their own earlier scores any more."),
        ],
        "submit": _("End the series for good"),
        "kind": "danger",
    }
    return render(request, "weighting/manager/confirm_act.html", context)


@audience(MANAGERS)
@grave
@require_POST
def round_aggregate(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn the sealed ballots into a draft version."""
    return _act(request, pk, aggregate_round, _("The round is aggregated into a draft version."))


@audience(MANAGERS)
@require_http_methods(["GET", "HEAD", "POST"])
def round_extend(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a later deadline; POST sets it."""
    round_ = _round_or_404(request, pk)
    form = ExtendForm(*sent_data(request), round_=round_)
    if request.method == "POST" and form.is_valid():
        extend = partial(extend_deadline, deadline=form.cleaned_data["deadline"])
        return _act(request, pk, extend, _("The deadline is moved. Personal links stay valid."))
    return answer_form(request, "weighting/manager/round_extend.html", {"round": round_, "form": form})


@audience(MANAGERS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def round_void(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why the round is given up; POST voids it."""
    round_ = _round_or_404(request, pk)
    form = VoidForm(*sent_data(request))
    if request.method == "POST" and form.is_valid():
        void = partial(void_round, reason=form.cleaned_data["reason"])
        return _act(request, pk, void, _("The round is void. Its record stays."))
    context = {
        "round": round_,
        "form": form,
        "consequences": [
            _("The round never gives weights and can never be opened again."),
            _("Nobody is ever shown a figure of it, or its receipts; the sealed ballots stay stored."),
            _("The reason is kept with the round."),
        ],
    }
    return answer_form(request, "weighting/manager/round_void.html", context)


def _first_of(invitations: QuerySet[Invitation]) -> tuple[list[Invitation], bool]:
    """Return as many as one page lists, and whether there are more."""
    found = list(invitations[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def _draft(request: HttpRequest, form: RoundForm, framework: Framework, panel: Panel) -> Round:
    return draft_round(framework=framework, terms=_terms_of(form, panel), actor=account_of(request))


def _terms_of(form: RoundForm, panel: Panel) -> RoundTerms:
    said: dict[str, Any] = {name: form.cleaned_data.get(name) for name in TERMS}
    further = cast("FurtherTerms", {name: said.pop(name) for name in FurtherTerms.__annotations__})
    return RoundTerms(panel=panel, parents=form.cleaned_data["groups"], further=further, **said)


def _act(request: HttpRequest, pk: int, service: Callable[..., object], done: str) -> HttpResponse:
    """Do one act on a round the account manages, or show everything that stands against it."""
    round_ = _round_or_404(request, pk)
    act = partial(service, round_, actor=account_of(request))
    return answer_act(request, act, done=done, back=_address_of(round_))


def _address_of(round_: Round) -> str:
    return reverse("weighting:round-detail", args=[round_.pk])


def _round_or_404(request: HttpRequest, pk: int) -> Round:
    return get_object_or_404(rounds_visible_to(account_of(request)), pk=pk)
