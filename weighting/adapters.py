"""What django-allauth asks of the product: words, addresses, secrets, where to go."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from weighting.models import Account
from weighting.reauthentication import signed_in_lately
from weighting.requests import client_address

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

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Lead back to the page of the account."""
        return reverse("weighting:own-account")

    def post_login(self, request: HttpRequest, user: Account, **kwargs: Any) -> HttpResponse:
        """Have the browser speak the language of whoever signed in."""
        response = super().post_login(request, user, **kwargs)
        if user.language:
            remember_language(response, user.language)
        return response


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors; what they rest on is encrypted, so that a dump opens nobody's account."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This is not right. Take the code that is shown now, or try another way."),
    }

    def get_totp_label(self, user: Account) -> str:
        """Return the name that stands beside the code in the app."""
        return user.get_username()

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def remember_language(response: HttpResponse, language: str) -> None:
    """Have the browser ask for a language from now on."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )


def _cipher() -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"quanheng second factors")
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))
