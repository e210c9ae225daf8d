"""API tokens: made, used and revoked. The token itself is never stored."""

import secrets

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from weighting.exceptions import Refused, TooManyTokens, UnknownToken
from weighting.models import Account, ApiToken
from weighting.selectors.access import api_tokens_of, find_api_token, hash_token
from weighting.services.attempts import count_attempt
from weighting.services.audit import record_act

# What shows a leaked token for what it is, to people, to scanners and to the log's filter.
PREFIX = "qh_"
TOKEN_BYTES = 32
MOST_TOKENS = 20


@transaction.atomic
def make_api_token(account: Account, *, name: str) -> str:
    """Make a token with which a program acts as the account; return it: it is shown once."""
    Account.objects.select_for_update().get(pk=account.pk)
    if api_tokens_of(account).count() >= MOST_TOKENS:
        raise Refused(
            _("You have %(count)s tokens already: revoke one that is no longer used.")
            % {"count": MOST_TOKENS}
        )
    secret = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    token = ApiToken(account=account, name=name, token_hash=hash_token(secret), made_on=timezone.localdate())
    token.full_clean()
    token.save()
    record_act(account, "make_token", token)
    return secret


@transaction.atomic
def revoke_api_token(token: ApiToken, *, actor: Account) -> None:
    """Let a token stop working at once; nothing is recorded for one that has stopped already."""
    if ApiToken.objects.filter(pk=token.pk, revoked=False).update(revoked=True):
        record_act(actor, "revoke_token", token)


@transaction.atomic
def revoke_all_tokens(account: Account, *, actor: Account) -> None:
    """Let every token of an account stop working at once."""
    for token in api_tokens_of(account):
        revoke_api_token(token, actor=actor)


@sensitive_variables("secret")
def account_of_token(secret: str, *, address: str) -> Account:
    """Return the account that a program acts as; wrong tokens are counted, right ones never kept waiting."""
    token = find_api_token(secret)
    if token is None:
        raise UnknownToken if count_attempt("token", address) else TooManyTokens
    today = timezone.localdate()
    if token.used_on != today:
        # One write a day: the day is all that is kept of its use.
        ApiToken.objects.filter(pk=token.pk).update(used_on=today)
        Account.objects.filter(pk=token.account_id).update(last_used_on=today)
    return token.account
