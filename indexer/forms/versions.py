"""Frozen versions, named by their numbers."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.selectors.methods import are_all_there, is_in, numbers_in
from weighting.models import WeightVersion


class VersionsForm(forms.Form):
    """The numbers of the versions to compute under; all that are frozen where none is named."""

    versions = forms.CharField(
        label=gettext_lazy("Weight versions"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("Numbers such as 1-3, 7. All frozen versions when left empty."),
    )

    def __init__(self, data: Any = None, *, frozen: Sequence[WeightVersion], **options: Any) -> None:
        super().__init__(data, **options)
        self._frozen = frozen

    @property
    def chosen(self) -> list[WeightVersion] | None:
        """The versions that were named; None stands for all, those that are frozen meanwhile as well."""
        named: list[WeightVersion] = self.cleaned_data["versions"]
        return named if self.data.get("versions", "").strip() else None

    def clean_versions(self) -> list[WeightVersion]:
        """Return the frozen versions that are named."""
        text = self.cleaned_data["versions"]
        if not text.strip():
            return list(self._frozen)
        try:
            spans = numbers_in(text)
        except ValueError as error:
            raise ValidationError(
                _("“%(part)s” is not a version number. Write numbers such as 1-3, 7.") % {"part": error}
            ) from error
        chosen = [version for version in self._frozen if is_in(version.number, spans)]
        if not are_all_there(chosen, spans):
            known = _(", ").join(str(version.number) for version in self._frozen[:10]) or _("none")
            raise ValidationError(
                _("No frozen version has such a number. The first ones: %(known)s.") % {"known": known}
            )
        return chosen
