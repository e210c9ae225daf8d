"""What django-allauth does to accounts stands in the log of acts, as what the product does."""

from typing import Any

from allauth.account.signals import password_changed, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.signals import social_account_added
from django.dispatch import receiver

from weighting.models import Account
from weighting.services.audit import record_act


@receiver([password_changed, password_set])
def log_new_password(user: Account, **_kwargs: Any) -> None:
    record_act(user, "change_password", user)


@receiver(authenticator_added)
def log_new_factor(user: Account, authenticator: Authenticator, **_kwargs: Any) -> None:
    record_act(user, "add_second_factor", user, kind=authenticator.type)


@receiver(authenticator_removed)
def log_ended_factor(user: Account, authenticator: Authenticator, **_kwargs: Any) -> None:
    record_act(user, "remove_second_factor", user, kind=authenticator.type)


@receiver(social_account_added)
def log_connection(sociallogin: SocialLogin, **_kwargs: Any) -> None:
    record_act(sociallogin.user, "connect", sociallogin.user)
