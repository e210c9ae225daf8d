"""People who work here: whom to invite, and as what."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.enums import Language
from weighting.models import Account


class InviteForm(forms.Form):
    """Only the role is needed: the link can be handed on by any way."""

    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=Account.ROLES,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Managers hold rounds and freeze weights. Analysts bring data and compare rankings. "
            "Administrators do all that managers do, invite people, and act on what belongs to others."
        ),
    )
    name = forms.CharField(label=gettext_lazy("Full name"), max_length=150, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail address"), required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=Language.choices, initial=settings.LANGUAGE_CODE
    )

    def clean_email(self) -> str:
        """Whoever has an account needs no other: its role can be changed."""
        email: str = self.cleaned_data["email"]
        if email and Account.objects.filter(email__iexact=email).exists():
            raise ValidationError(
                _("%(email)s has an account already: find it in the list and change its role."),
                params={"email": email},
            )
        return email


class RoleForm(forms.Form):
    """Another role for somebody."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Account.ROLES, widget=forms.RadioSelect)
