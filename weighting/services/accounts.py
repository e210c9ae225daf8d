"""Accounts of staff: what their role brings, and how they come to an end."""

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

from weighting.enums import Role
from weighting.models import Account
from weighting.selectors.access import api_tokens_of
from weighting.services.api_tokens import revoke_api_token
from weighting.services.audit import record_act


def give_role(account: Account, role: Role) -> None:
    """Set a role, and with it who may reach the pages of Django's admin."""
    account.role = role
    account.is_staff = account.is_superuser = role == Role.ADMINISTRATOR


@transaction.atomic
def close_account(account: Account, *, actor: Account) -> None:
    """Let nothing that opened an account work any more, not even when the account is opened again.

    Tokens and links are revoked, and every browser is signed out.
    """
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    account.is_active = False
    account.save(update_fields=["is_active"])
    for token in api_tokens_of(account):
        revoke_api_token(token, actor=actor)
    account.access_links.update(revoked=True)
    _sign_out_everywhere(account)
    record_act(actor, "close_account", account)


def _sign_out_everywhere(account: Account) -> None:
    """A session names its account only inside what it holds, so each is opened."""
    own = [
        session.pk
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(account.pk)
    ]
    Session.objects.filter(pk__in=own).delete()
