"""People who work here: invited, given another role, switched off and on, by administrators."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.mail import has_mail_server
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.forms.people import InviteForm, RoleForm
from weighting.models import Account, JoinLink
from weighting.permissions import ADMINISTRATORS, audience
from weighting.reauthentication import grave
from weighting.selectors.people import invites_visible_to, people_visible_to
from weighting.services.accounts import change_role, close_account, make_password_link, open_account
from weighting.services.joining import invite, withdraw_invite
from weighting.services.mail import link_address
from weighting.services.people_mail import mail_invite
from weighting.services.profiles import end_second_factors
from weighting.views.answers import UNPROCESSABLE, answer_act, answer_refusal
from weighting.views.shown_once import render_once, shown_before
from weighting.visitors import account_of


@audience(ADMINISTRATORS)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Who has an account, and who was invited and has not come yet."""
    account = account_of(request)
    context = {"people": people_visible_to(account), "invites": invites_visible_to(account)}
    return render(request, "weighting/people/people.html", context)


@audience(ADMINISTRATORS)
@grave
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
def person_invite(request: HttpRequest) -> HttpResponse:
    """Ask whom to invite as what; POST makes the link and shows it, this once."""
    shown = shown_before(request)
    sent = request.POST if request.method == "POST" and not shown else None
    form = InviteForm(sent, initial={"language": get_language()})
    if form.is_bound and form.is_valid():
        shown = _invite(form.cleaned_data, actor=account_of(request))
    if shown:
        link = get_object_or_404(JoinLink, pk=shown["link"])
        context = {**shown, "link": link, "address": link_address(shown["token"])}
        return render_once(request, "weighting/people/invited.html", context, shown=shown)
    context = {"form": form, "has_mail": has_mail_server(), "cancel_url": reverse("weighting:people")}
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "weighting/people/invite.html", context, status=status)


@audience(ADMINISTRATORS)
@grave
@require_POST
def invite_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a link that nobody has used work no more."""
    account = account_of(request)
    withdraw_invite(get_object_or_404(invites_visible_to(account), pk=pk), actor=account)
    messages.success(request, _("The invitation no longer works."))
    return redirect("weighting:people")


@audience(ADMINISTRATORS)
@require_safe
def person_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Who somebody is here, and what can be changed."""
    person = _person_or_404(request, pk)
    context = {"person": person, "is_oneself": person == account_of(request)}
    return render(request, "weighting/people/person.html", context)


@audience(ADMINISTRATORS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def person_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for another role; POST gives it."""
    person = _person_or_404(request, pk)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"role": person.role})
    if form.is_bound and form.is_valid():
        role = Role(form.cleaned_data["role"])
        done = _("%(name)s is now: %(role)s.") % {"name": _name_of(person), "role": role.label}
        return _act(request, person, lambda actor: change_role(person, role, actor=actor), done)
    words = {
        "title": _("Another role for %(name)s") % {"name": _name_of(person)},
        "consequences": [_("It holds from the next page that they open, and for their API tokens as well.")],
        "submit": _("Change the role"),
        "form": form,
    }
    return _confirm(request, person, words, status=UNPROCESSABLE if form.is_bound else 200)


@audience(ADMINISTRATORS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def person_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what switching off ends; POST does it."""
    person = _person_or_404(request, pk)
    if request.method == "POST":
        done = _("%(name)s can no longer sign in.") % {"name": _name_of(person)}
        return _act(request, person, lambda actor: close_account(person, actor=actor), done)
    words = {
        "title": _("Switch off the account of %(name)s") % {"name": _name_of(person)},
        "consequences": [
            _("Every browser is signed out at once, and every API token and link is revoked for good."),
            _("What they made stays, and the log goes on naming them. Administrators act on it."),
            _("The account can be switched on again; it then starts with its password alone."),
        ],
        "submit": _("Switch off"),
        "kind": "danger",
    }
    return _confirm(request, person, words)


@audience(ADMINISTRATORS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def person_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what switching on does; POST does it."""
    person = _person_or_404(request, pk)
    if request.method == "POST":
        done = _("%(name)s can sign in again.") % {"name": _name_of(person)}
        return _act(request, person, lambda actor: open_account(person, actor=actor), done)
    words = {
        "title": _("Switch on the account of %(name)s") % {"name": _name_of(person)},
        "consequences": [_("They sign in with the password that they had. Tokens and links stay revoked.")],
        "submit": _("Switch on"),
    }
    return _confirm(request, person, words)


@audience(ADMINISTRATORS)
@grave
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
def person_password(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a link to a new password is; POST makes one and shows it, this once."""
    person = _person_or_404(request, pk)
    shown = shown_before(request)
    if request.method == "POST" and not shown:
        try:
            shown = make_password_link(person, actor=account_of(request))
        except Refused as refusal:
            back = reverse("weighting:person-detail", args=[pk])
            return answer_refusal(request, refusal, back=back)
    if shown:
        context = {"person": person, "address": link_address(shown)}
        return render_once(request, "weighting/people/password_link.html", context, shown=shown)
    words = {
        "title": _("A new password for %(name)s") % {"name": _name_of(person)},
        "consequences": [
            _("You get a link that works once, for three days: whoever holds it chooses the password."),
            _("Make sure that it is this person who asks, and hand it to nobody else."),
            _("The second factor stays: the link alone does not sign anybody in."),
        ],
        "submit": _("Make the link"),
    }
    return _confirm(request, person, words)


@audience(ADMINISTRATORS)
@grave
@require_http_methods(["GET", "HEAD", "POST"])
def person_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what taking the second factor away does; POST does it."""
    person = _person_or_404(request, pk)
    if request.method == "POST":
        done = _("%(name)s signs in with the password alone now.") % {"name": _name_of(person)}
        return _act(request, person, lambda actor: end_second_factors(person, actor=actor), done)
    words = {
        "title": _("Take away the second factor of %(name)s") % {"name": _name_of(person)},
        "consequences": [
            _("App, passkeys and recovery codes end; every browser is signed out."),
            _("Make sure that it is this person who lost them: the password alone opens the account then."),
        ],
        "submit": _("Take it away"),
        "kind": "danger",
    }
    return _confirm(request, person, words)


def _invite(sent: dict[str, Any], *, actor: Account) -> dict[str, Any]:
    link, token = invite(**{**sent, "role": Role(sent["role"])}, actor=actor)
    mailed = None
    if link.email and has_mail_server():
        mailed = mail_invite(link, address=link_address(token), actor=actor)
    return {"link": link.pk, "token": token, "mailed": mailed}


def _confirm(
    request: HttpRequest, person: Account, words: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    context = {"person": person, "cancel_url": reverse("weighting:person-detail", args=[person.pk]), **words}
    return render(request, "weighting/people/confirm.html", context, status=status)


def _act(request: HttpRequest, person: Account, act: Callable[[Account], None], done: str) -> HttpResponse:
    back = reverse("weighting:person-detail", args=[person.pk])
    return answer_act(request, partial(act, account_of(request)), done=done, back=back)


def _name_of(person: Account) -> str:
    return person.get_full_name() or person.get_username()


def _person_or_404(request: HttpRequest, pk: int) -> Account:
    return get_object_or_404(people_visible_to(account_of(request)), pk=pk)
