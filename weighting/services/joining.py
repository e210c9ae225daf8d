"""Accounts of staff come into being by one-time links. The token itself is never stored."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import Account, JoinLink
from weighting.selectors.access import hash_token
from weighting.selectors.joining import invite_for, lacks_administrator, live_join_links
from weighting.services.access import TOKEN_BYTES
from weighting.services.accounts import give_role
from weighting.services.audit import record_act

LINK_LIFE = timedelta(days=7)


@dataclass(frozen=True)
class Newcomer:
    """What somebody who joins says of themselves."""

    username: str
    name: str
    email: str
    password: str
    language: str


@transaction.atomic
def issue_first_link() -> str | None:
    """Make the link of the first administrator; None once there is one.

    Earlier ones go on working: whoever started the program last need not be who copied the link.
    """
    if not lacks_administrator():
        return None
    return _issue(JoinLink(role=Role.ADMINISTRATOR))


@transaction.atomic
def invite(*, role: Role, name: str, email: str, language: str, actor: Account) -> tuple[JoinLink, str]:
    """Make the link by which one person comes to hold an account; return it with its token, shown once."""
    link = JoinLink(
        role=role,
        name=name,
        email=email,
        language=language,
        made_by=actor,
        expires_at=timezone.now() + LINK_LIFE,
    )
    token = _issue(link)
    record_act(actor, "invite_account", link, role=role)
    return link, token


@transaction.atomic
def withdraw_invite(link: JoinLink, *, actor: Account) -> None:
    """Let a link that nobody has used make no account; nothing is recorded for one that does not already."""
    if live_join_links().filter(pk=link.pk).update(revoked=True):
        record_act(actor, "withdraw_invite", link)


@transaction.atomic
@sensitive_variables("newcomer")
def join(link: JoinLink, newcomer: Newcomer) -> Account:
    """Make the account that a link stands for; the link, and every first one, then works no more."""
    link = _locked(link)
    account = Account(username=newcomer.username, first_name=newcomer.name, email=newcomer.email)
    account.language = newcomer.language
    give_role(account, Role(link.role))
    account.set_password(newcomer.password)
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError:
        raise Refused(_("Somebody took this user name meanwhile: choose another one.")) from None
    record_joining(account, link)
    return account


def take_up_invite(emails: list[str]) -> JoinLink | None:
    """Return the live invitation of one of the addresses, locked, for whoever signed in elsewhere."""
    link = invite_for(emails)
    return _locked(link) if link else None


def record_joining(account: Account, link: JoinLink | None) -> None:
    """Let a link that was used work no more, and log that somebody joined."""
    if link:
        link.account = account
        link.save(update_fields=["account"])
    record_act(account, "join" if link else "join_uninvited", account, role=account.role)


def _locked(link: JoinLink) -> JoinLink:
    """Return the link as it is now, once nobody else is using it.

    All first links are locked together: two people may hold one each, and one administrator is made.
    """
    is_first = link.made_by_id is None
    rivals = (
        JoinLink.objects.filter(made_by__isnull=True) if is_first else JoinLink.objects.filter(pk=link.pk)
    )
    list(rivals.select_for_update().order_by("pk"))
    live = live_join_links().filter(pk=link.pk).first()
    if live is None:
        raise Refused(_("This link was used, withdrawn or has expired meanwhile: ask for a new one."))
    return live


def _issue(link: JoinLink) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link.token_hash = hash_token(token)
    link.full_clean()
    link.save()
    return token
