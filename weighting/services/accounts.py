"""Accounts of staff: what their role brings, and how they come to an end."""

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.services.access import issue_password_link
from weighting.services.api_tokens import revoke_all_tokens
from weighting.services.audit import record_act
from weighting.services.sessions import end_all_sessions


def give_role(account: Account, role: Role) -> None:
    """Set a role, and with it who may reach the pages of Django's admin."""
    account.role = role
    account.is_staff = account.is_superuser = role == Role.ADMINISTRATOR


@transaction.atomic
def change_role(account: Account, role: Role, *, actor: Account) -> None:
    """Give somebody another role, from the next request on; nothing is recorded where it is the same."""
    account = _locked(account, actor)
    before = account.role
    if before == role:
        return
    give_role(account, role)
    account.save(update_fields=["role", "is_staff", "is_superuser"])
    record_act(actor, "change_role", account, role=role, earlier_role=before)


@transaction.atomic
def close_account(account: Account, *, actor: Account) -> None:
    """Let nothing that opened an account work any more, not even when the account is opened again.

    Tokens and links are revoked, and every browser is signed out.
    """
    account = _locked(account, actor)
    if not account.is_active:
        return
    account.is_active = False
    account.save(update_fields=["is_active"])
    revoke_all_tokens(account, actor=actor)
    account.access_links.update(revoked=True)
    end_all_sessions(account)
    record_act(actor, "close_account", account)


@transaction.atomic
def open_account(account: Account, *, actor: Account) -> None:
    """Let somebody sign in again; what was revoked at the closing stays so."""
    if Account.objects.filter(pk=account.pk, is_active=False).update(is_active=True):
        record_act(actor, "open_account", account)


def make_password_link(account: Account, *, actor: Account) -> str:
    """Return the token of a link with which somebody chooses a new password; nothing of it is stored."""
    if account.pk == actor.pk:
        raise Refused(_("Change your own password on the page of your account."))
    if not account.is_active:
        raise Refused(_("The account is switched off: switch it on first."))
    record_act(actor, "make_password_link", account)
    return issue_password_link(account)


def _locked(account: Account, actor: Account) -> Account:
    """Return the account as it is now, with every administrator locked.

    Nobody ends their own rights, and of two administrators who end each other's the second is no
    administrator any more: so one is always left.
    """
    if account.pk == actor.pk:
        raise Refused(_("You cannot do this to your own account: ask another administrator."))
    concerned = Account.objects.filter(role=Role.ADMINISTRATOR) | Account.objects.filter(pk=account.pk)
    now = {one.pk: one for one in concerned.select_for_update(no_key=True).order_by("pk")}
    acting = now.get(actor.pk)
    if acting is None or not acting.is_active or acting.role != Role.ADMINISTRATOR:
        raise Refused(_("You are not an administrator any more: nothing was changed."))
    return now[account.pk]
