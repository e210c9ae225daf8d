"""What somebody says of themselves."""

from typing import Any

from allauth.account.forms import ChangePasswordForm
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.models import Account
from weighting.moments import time_zone_choices
from weighting.selectors.access import api_tokens_of
from weighting.services.api_tokens import revoke_all_tokens


class ProfileForm(forms.ModelForm):
    """Name, address, language and time zone of one's own account."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("In which you read times. Deadlines keep the zone of their round."),
    )

    class Meta:
        model = Account
        fields = ["first_name", "email", "language", "time_zone"]
        labels = {
            "first_name": gettext_lazy("Your name"),
            "email": gettext_lazy("E-mail address"),
            "language": gettext_lazy("Language"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].required = True
        self.fields["first_name"].initial = self.initial["first_name"] = self.instance.get_full_name()
        choices: Any = self.fields["time_zone"]
        choices.choices = [("", _("That of the site")), *time_zone_choices(settings.TIME_ZONE)]
        languages: Any = self.fields["language"]
        languages.choices = [("", _("As the browser asks")), *languages.choices[1:]]

    def clean_email(self) -> str:
        """One address leads to one account."""
        email: str = self.cleaned_data["email"]
        if email and Account.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("An account has this address already: give another one, or none."))
        return email


class NewPasswordForm(ChangePasswordForm):
    """The password of now and a new one; and whether the programs that act as the account may go on."""

    revokes_tokens = forms.BooleanField(
        required=False, label=gettext_lazy("Revoke my API tokens, too: programs that use them stop working")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not api_tokens_of(self.user).exists():
            del self.fields["revokes_tokens"]

    def save(self) -> None:
        super().save()
        if self.cleaned_data.get("revokes_tokens"):
            revoke_all_tokens(self.user, actor=self.user)
