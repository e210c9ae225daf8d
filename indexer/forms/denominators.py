"""The rows of a form that say which column divides which indicator."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

# Empty rows that a form offers, so that it can be filled without a script.
SPARE = 3
# The button that asks for further rows; it sends the form without having it judged.
MORE = "more"

Choice = tuple[str, str]
Pair = tuple[str, str]
# Choices under the heading that a list shows above them.
Group = tuple[str, Sequence[Choice]]


class DenominatorRows(forms.Widget):
    """A row for each pair: the indicator, and the column that divides it."""

    use_fieldset = True
    leaves: Sequence[Choice] = ()
    columns: Sequence[Group] = ()

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Pair]:
        """Return every row that was sent, the empty ones too: an error counts them."""
        leaves, columns = data.getlist(f"{name}-leaf"), data.getlist(f"{name}-column")
        return [(leaf.strip(), column.strip()) for leaf, column in zip_longest(leaves, columns, fillvalue="")]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-leaf" not in data and f"{name}-column" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the rows; a code that is on no list any more stays in sight in its own row."""
        pairs = list(value or ())
        pairs += [("", "")] * max(SPARE - sum(pair == ("", "") for pair in pairs), 0)
        known = {code for code, _label in self.leaves}
        columns = {code for _heading, choices in self.columns for code, _label in choices}
        rows = [
            {
                "leaf": leaf,
                "column": column,
                "strange_leaf": leaf if leaf not in known else "",
                "strange_column": column if column not in columns else "",
            }
            for leaf, column in pairs
        ]
        context = {
            "name": name,
            "anchor": (attrs or {}).get("id", ""),
            "more": f"{name}-{MORE}",
            "rows": rows,
            "leaves": self.leaves,
            "columns": self.columns,
        }
        return render_to_string("components/_pair_rows.html", context)


class DenominatorsField(forms.Field):
    """Pairs of an indicator and the column that divides it; every wrong row is named."""

    widget = DenominatorRows

    def offer(self, leaves: Sequence[Choice], auxiliary: Sequence[str]) -> None:
        """Set what can be chosen: leaves by code and name, and the columns that may divide them."""
        self.widget.leaves = leaves
        beside = [(code, code) for code in auxiliary]
        offered = ((_("Auxiliary columns"), beside), (_("Indicators of the framework"), leaves))
        self.widget.columns = [(heading, choices) for heading, choices in offered if choices]

    def clean(self, value: Any) -> dict[str, str]:
        """Return the column of each indicator."""
        pairs: dict[str, str] = {}
        problems = []
        for number, (leaf, column) in enumerate(value or (), start=1):
            said = [
                _("Row %(number)d: %(problem)s") % {"number": number, "problem": problem}
                for problem in self._problems_of(leaf, column, pairs)
            ]
            problems += said
            if leaf and not said:
                pairs[leaf] = column
        if problems:
            raise ValidationError(problems)
        return pairs

    def _problems_of(self, leaf: str, column: str, before: dict[str, str]) -> Iterator[str]:
        if not leaf and not column:
            return
        if not leaf:
            yield _("choose the indicator that “%(code)s” divides, or empty the row.") % {"code": column}
        elif leaf not in dict(self.widget.leaves):
            yield _("the framework has no leaf “%(code)s”. Choose an indicator of the list.") % {"code": leaf}
        if not column:
            yield _("choose the column that divides “%(code)s”, or empty the row.") % {"code": leaf}
        elif not any(column in dict(choices) for _heading, choices in self.widget.columns):
            yield _("there is no column “%(code)s”. Choose one of the list.") % {"code": column}
        elif leaf == column:
            yield _("“%(code)s” cannot be divided by itself. Choose another column.") % {"code": leaf}
        if leaf in before:
            yield _("“%(code)s” already has a denominator. Keep one of the rows.") % {"code": leaf}
