"""What somebody says of themselves."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.models import Account
from weighting.moments import time_zone_choices


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
