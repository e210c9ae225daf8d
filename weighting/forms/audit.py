"""What part of the log somebody wants to read."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from weighting.forms.offers import offer_choices, offer_rows
from weighting.models import Account, AuditEntry

Choices = list[tuple[str, Any]]

# A midnight of any zone between these, and the one after, is a moment of the calendar in every other zone.
FIRST_DAY, LAST_DAY = date(1, 1, 2), date(9999, 12, 30)


class AuditFilter(forms.Form):
    """Act, subject, actor and days; what is left empty or makes no sense filters nothing."""

    act = forms.ChoiceField(label=_("Act"), required=False)
    subject = forms.ChoiceField(label=_("Done to"), required=False)
    number = forms.IntegerField(label=_("Number"), required=False, min_value=1)
    actor = forms.ModelChoiceField(
        label=_("By"), queryset=Account.objects.none(), required=False, empty_label=_("Anybody")
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, acts: Choices, subjects: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "act", [("", _("All")), *acts])
        offer_choices(self, "subject", [("", _("All")), *subjects])
        actors = Account.objects.order_by("username")
        offer_rows(self, "actor", actors)

    def apply(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Return the entries that were asked for."""
        self.is_valid()
        asked = self.cleaned_data
        equal = {
            "act": asked.get("act"),
            "subject_type": asked.get("subject"),
            "subject_id": asked.get("number") and str(asked["number"]),
            "actor": asked.get("actor"),
        }
        entries = entries.filter(**{name: value for name, value in equal.items() if value})
        if asked.get("since"):
            entries = entries.filter(at__gte=_midnight(asked["since"]))
        if asked.get("until"):
            entries = entries.filter(at__lt=_midnight(min(asked["until"], LAST_DAY) + timedelta(days=1)))
        return entries


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(max(day, FIRST_DAY), time.min))
