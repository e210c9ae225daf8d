"""What django-allauth asks of the product: words, addresses, secrets, where to go."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from weighting.enums import Role
from weighting.models import Account
from weighting.reauthentication import signed_in_lately
from weighting.requests import client_address, remember_language
from weighting.selectors.joining import invite_for
from weighting.selectors.people import accounts_with_address
from weighting.services.accounts import give_role
from weighting.services.joining import record_joining, take_up_invite

NO_ADDRESS = "::"


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in and passwords by the product's own rules."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your current password."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the outermost counted proxy heard, as everywhere."""
        return client_address(request) or NO_ADDRESS

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by one-time links alone."""
        return False

    @sensitive_variables("password")
    def reauthenticate(self, user: Account, password: str) -> bool:
        """Let a right password in, however many wrong ones came."""
        found = authenticate(context.request, username=user.get_username(), password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in counts as well as a confirmation."""
        return not signed_in_lately(context.request)

    def get_reauthentication_methods(self, user: Account) -> list[dict[str, Any]]:
        """Add signing in elsewhere again, which is all that some accounts can."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if settings.OIDC_SERVER and SocialAccount.objects.filter(user_id=user.pk).exists():
            address = reverse("weighting:confirm-elsewhere")
            methods.append({"id": "provider", "description": settings.OIDC_NAME, "url": address})
        return methods

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Lead back to the page of the account."""
        return reverse("weighting:own-account")

    def post_login(self, request: HttpRequest, user: Account, **kwargs: Any) -> HttpResponse:
        """Have the browser speak the language of whoever signed in."""
        response = super().post_login(request, user, **kwargs)
        if user.language:
            remember_language(response, user.language)
        return response


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Who may come in by signing in elsewhere, and as what."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whoever was invited under an address that the provider vouches for, or everybody it knows.

        An address that an account has already, and that the provider does not vouch for, makes no second one.
        """
        told = [address.email for address in sociallogin.email_addresses]
        if any(accounts_with_address(email).exists() for email in told):
            return False
        return invite_for(_vouched_for(sociallogin)) is not None or bool(settings.OIDC_ROLE)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Account:
        """Make the account with the role of the invitation, or of the settings."""
        account: Account = sociallogin.user
        with transaction.atomic():
            link = take_up_invite(_vouched_for(sociallogin))
            give_role(account, Role(link.role if link else settings.OIDC_ROLE))
            super().save_user(request, sociallogin, form)
            record_joining(account, link)
        return account

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[Account, str] | None:
        """Find the account with an address that the provider vouches for, whatever its case."""
        for email in _vouched_for(sociallogin):
            if account := Account.objects.filter(email__iexact=email).first():
                return account, email
        return None

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        """Lead back to the page of the account."""
        return reverse("weighting:own-account")


def _vouched_for(sociallogin: SocialLogin) -> list[str]:
    return [address.email for address in sociallogin.email_addresses if address.verified]


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors; what they rest on is encrypted, so that a dump opens nobody's account."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This is not right. Take the code that is shown now, or try another way."),
    }

    def get_totp_label(self, user: Account) -> str:
        """Return the name that stands beside the code in the app."""
        return user.get_username()

    def generate_authenticator_name(self, user: Account, type: Authenticator.Type) -> str:
        """Number passkeys that nobody names."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)d") % {"number": count + 1}

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"quanheng second factors")
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))
