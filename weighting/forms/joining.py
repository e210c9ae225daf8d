"""An account that somebody makes for themselves, by a one-time link."""

from typing import Any

from django.contrib.auth.forms import BaseUserCreationForm
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from weighting.models import Account, JoinLink
from weighting.services.joining import Newcomer


class JoinForm(BaseUserCreationForm):
    """The name to sign in with, the name that others see, and the password."""

    field_order = ["username", "first_name", "email", "password1", "password2"]

    class Meta:
        model = Account
        fields = ["username", "first_name", "email"]
        labels = {
            "username": gettext_lazy("User name"),
            "first_name": gettext_lazy("Your name"),
            "email": gettext_lazy("E-mail address"),
        }
        help_texts = {
            "username": gettext_lazy("What you sign in with: letters, digits and @ . + - _"),
            "first_name": gettext_lazy("As your colleagues know you."),
            "email": gettext_lazy("For a new password, should you forget yours. Only administrators see it."),
        }

    def __init__(self, *args: Any, link: JoinLink, **kwargs: Any) -> None:
        super().__init__(*args, initial={"first_name": link.name, "email": link.email}, **kwargs)
        self.fields["first_name"].required = True
        for name in ("username", "email"):
            self.fields[name].widget.attrs |= {"autocapitalize": "none", "autocomplete": name}

    def clean_email(self) -> str:
        """One address leads to one account: a forgotten password is asked for by it."""
        email: str = self.cleaned_data["email"]
        if email and Account.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("An account has this address already: give another one, or none."))
        return email

    @property
    def newcomer(self) -> Newcomer:
        """What was sent, for the service."""
        sent = self.cleaned_data
        return Newcomer(
            username=sent["username"],
            name=sent["first_name"],
            email=sent["email"],
            password=sent["password1"],
            language=get_language() or "",
        )
