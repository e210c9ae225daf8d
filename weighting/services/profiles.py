"""What somebody changes of their own account."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from weighting.models import Account
from weighting.services.api_tokens import revoke_all_tokens
from weighting.services.audit import record_act
from weighting.services.sessions import end_all_sessions


@dataclass(frozen=True)
class Profile:
    """How somebody wants to be called, reached and spoken to."""

    name: str
    email: str
    language: str
    time_zone: str


@transaction.atomic
def change_profile(account: Account, profile: Profile) -> None:
    """Write down what somebody says of themselves; the log says that, and not what."""
    account.first_name, account.last_name = profile.name, ""
    account.email = profile.email
    account.language, account.time_zone = profile.language, profile.time_zone
    account.full_clean()
    account.save(update_fields=["first_name", "last_name", "email", "language", "time_zone"])
    record_act(account, "change_profile", account)


@transaction.atomic
@sensitive_variables("password")
def replace_forgotten_password(account: Account, password: str) -> None:
    """Set the password that a link asked for, and let nothing go on that the old one may have opened.

    Every browser is signed out, and tokens are revoked: whoever got hold of the account may have made one.
    """
    account.set_password(password)
    account.save(update_fields=["password"])
    end_all_sessions(account)
    revoke_all_tokens(account, actor=account)
    record_act(account, "reset_password", account)


@transaction.atomic
def end_second_factors(account: Account, *, actor: Account) -> None:
    """Take away the second factors that somebody has lost; nothing is recorded where there are none."""
    if Authenticator.objects.filter(user=account).delete()[0]:
        end_all_sessions(account)
        record_act(actor, "end_second_factors", account)
