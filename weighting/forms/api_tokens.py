"""A new API token."""

from django import forms
from django.utils.translation import gettext_lazy as _


class TokenForm(forms.Form):
    """What the token is for, so that its owner knows which one to revoke."""

    name = forms.CharField(
        label=_("What is it for?"),
        help_text=_("Such as “notebook on my laptop”: you will know it again by this name."),
        max_length=80,
    )
