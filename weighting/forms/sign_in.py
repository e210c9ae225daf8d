"""Showing who one is: a password again, a second factor; a forgotten password."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.models import Account
from weighting.services.attempts import count_attempt, is_first_use, is_spent

SECOND_FACTOR = "second factor"


class SignInForm(AuthenticationForm):
    """Name and password; Django tells browsers alone how long a name may be."""

    username = UsernameField(
        max_length=Account._meta.get_field("username").max_length,
        widget=forms.TextInput(attrs={"autofocus": True}),
    )


class PasswordAgainForm(ReauthenticateForm):
    """The password of whoever is signed in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Your password")
        self.fields["password"].help_text = ""


class CountsCodes:
    """Six digits are few enough to try: unlike passwords, they are refused once there were too many."""

    fields: dict[str, forms.Field]
    user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = _("Code")
        code.help_text = _("Six digits from your app, or one of your recovery codes.")
        code.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}

    def clean_code(self) -> str:
        """Refuse, count and let in, in this order."""
        owner = str(self.user.pk)
        if is_spent(SECOND_FACTOR, owner):
            raise ValidationError(_("Too many wrong codes: wait a quarter of an hour, or use your passkey."))
        try:
            return spend_code(owner, str(super().clean_code()))  # type: ignore[misc]
        except ValidationError:
            count_attempt(SECOND_FACTOR, owner)
            raise


def spend_code(owner: str, code: str) -> str:
    """Return a right code that lets nobody in again.

    The library notes in the memory of each process which codes were used, and of the first one nothing.
    """
    if not is_first_use(SECOND_FACTOR, owner, normalize_user_code(code)):
        raise get_adapter().validation_error("incorrect_code")
    return code


class SecondFactorForm(CountsCodes, AuthenticateForm):
    """The code at the sign-in."""


class SecondFactorAgainForm(CountsCodes, CodeAgainForm):
    """The code before a grave act."""


class AppForm(ActivateTOTPForm):
    """The first code that an app shows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("The six digits that the app shows now")
        self.fields["code"].widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}

    def clean_code(self) -> str:
        """Let the code that sets the app up open no sign-in."""
        return spend_code(str(self.user.pk), str(super().clean_code()))


class CredentialDecoder(json.JSONDecoder):
    """Calls numbers that are too long, and what is nested too deep, no JSON: the field refuses that alone."""

    def decode(self, text: str, *_where: Any) -> Any:
        try:
            return super().decode(text)
        except (ValueError, RecursionError):
            raise json.JSONDecodeError("no JSON", "", 0) from None


class CredentialForm(forms.Form):
    """What a browser says of a passkey, which anybody may write."""

    credential = forms.JSONField(widget=forms.HiddenInput, decoder=CredentialDecoder)


@contextmanager
def _malformed_is_refused() -> Iterator[None]:
    """The library takes what it is sent for what browsers send, and breaks on anything else."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError):
        raise ValidationError(_("What was sent is not a passkey. Try again.")) from None


class PasskeySignInForm(CredentialForm, AuthenticateWebAuthnForm):
    """A passkey in place of a code."""

    def clean_credential(self) -> Any:
        with _malformed_is_refused():
            return super().clean_credential()


class PasskeyAgainForm(CredentialForm, ReauthenticateWebAuthnForm):
    """A passkey before a grave act."""

    def clean_credential(self) -> Any:
        with _malformed_is_refused():
            return super().clean_credential()


class PasskeyForm(CredentialForm, AddWebAuthnForm):
    """A passkey, and what to call it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("What do you call it?")
        self.fields["name"].help_text = _("Such as “my phone”: you will know it again by this name.")

    def clean(self) -> Any:
        with _malformed_is_refused():
            return super().clean()


class ForgottenForm(forms.Form):
    """The address that a link to a new password goes to."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
