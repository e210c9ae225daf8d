"""Forms whose rarer fields wait folded up."""

from collections.abc import Collection
from typing import Any, ClassVar

from django import forms


class WithAdvanced(forms.BaseForm):
    """A form that shows what nearly everybody answers, and folds up the rest.

    ``advanced`` names the fields that begin with a sensible value, or are for those who know why they ask.
    """

    advanced: ClassVar[Collection[str]] = ()
    advanced_label: ClassVar[Any] = ""
    advanced_help: ClassVar[Any] = ""

    def first_fields(self) -> list[forms.BoundField]:
        """Return the fields that everybody must answer."""
        return [field for field in self if field.name not in self.advanced]

    def advanced_fields(self) -> list[forms.BoundField]:
        """Return the fields that are folded up."""
        return [field for field in self if field.name in self.advanced]

    def opens_advanced(self) -> bool:
        """Whether something was refused there, or said there before the form came back."""
        return any(field.errors or (self.is_bound and field.data) for field in self.advanced_fields())
