"""The table of a method as it is typed: the choices of the index, a row for each node, rows set together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.enums import Aggregation, Missing, Negative, Normalisation, Outliers
from indexer.method_cells import TABLES, CellFault, MethodCells, cells_of
from indexer.numeric.method.plan import LEAF_COLUMNS, MOST_DIGITS, NODE_COLUMNS, WHOLE
from indexer.services.methods import MethodChoice
from weighting.models import Indicator, WeightVersion
from weighting.readers import CellError, parse_number, plain
from weighting.requests import read_id

# What is typed beside a choice that carries a number, such as the power of a mean.
PARAMETER = "parameter"
# The column of a row that such a number belongs to.
CARRIES = {True: "transform", False: "aggregation"}
# Rows that one page shows; those of a larger framework are on further pages.
PAGE_ROWS = 100

Choice = tuple[str, str]
Texts = dict[str, dict[str, str]]


def offered(column: str, groups: Mapping[str, str]) -> list[Choice]:
    """Return what can be chosen in a column: codes and words; one that ends in a colon needs a number.

    ``groups`` are the words for what units may be grouped by, by its code.
    """
    named: dict[str, Any] = {
        "normalisation": Normalisation,
        "imputation": Missing,
        "aggregation": Aggregation,
        "outliers": Outliers,
    }
    if column in named:
        choices = [(str(value), str(label)) for value, label in named[column].choices]
        return [*choices, *_families(column, groups)]
    if column == "transform":
        return [
            ("none", _("none")),
            ("ln", "ln"),
            ("log10", "log10"),
            ("sqrt", _("square root")),
            ("log_shift", _("ln, shifted off the least value")),
            ("boxcox:", _("Box-Cox, with λ")),
        ]
    return [("yes", _("yes")), ("no", _("no"))]


def _families(column: str, groups: Mapping[str, str]) -> list[Choice]:
    if column == "aggregation":
        return [("power:", _("Power mean, with p"))]
    if column == "imputation":
        middles = [("group_mean", _("Mean of the %(group)s")), ("group_median", _("Median of the %(group)s"))]
        return [
            (f"{code}:{group}", words % {"group": name})
            for code, words in middles
            for group, name in groups.items()
        ]
    return []


class IndexChoices(forms.Form):
    """What goes for every row that says nothing else, and what the trial is made with."""

    normalisation = forms.ChoiceField(label=gettext_lazy("Normalisation"))
    negative = forms.ChoiceField(
        label=gettext_lazy("Indicators where lower is better"),
        choices=Negative.choices,
        help_text=gettext_lazy("Used by shares alone."),
    )
    missing = forms.ChoiceField(label=gettext_lazy("Missing values"))
    outliers = forms.ChoiceField(label=gettext_lazy("Outliers"))
    aggregation = forms.ChoiceField(label=gettext_lazy("Aggregation"))
    power = forms.FloatField(label=gettext_lazy("p of the power mean"), required=False)
    coverage = forms.FloatField(
        label=gettext_lazy("Least coverage"),
        min_value=0,
        max_value=1,
        required=False,
        help_text=gettext_lazy("A share of the weight from 0 to 1; units with less have no score."),
    )
    floor = forms.FloatField(
        label=gettext_lazy("Smallest normalised value"),
        required=False,
        help_text=gettext_lazy("Stands in for zeros where a mean needs values above zero."),
    )
    scale = forms.FloatField(
        label=gettext_lazy("Scale"), help_text=gettext_lazy("What full marks are shown as: 1, 10, 100 …")
    )
    digits = forms.IntegerField(
        label=gettext_lazy("Digits"), min_value=0, max_value=MOST_DIGITS, required=False
    )
    version = forms.ChoiceField(label=gettext_lazy("Weights to try with"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        choice: MethodChoice,
        frozen: Sequence[WeightVersion],
        groups: Mapping[str, str],
    ) -> None:
        self.groups = groups
        initial = vars(choice) | {"version": str(frozen[-1].number) if frozen else ""}
        aggregation, colon, power = choice.aggregation.partition(":")
        initial |= {"aggregation": f"{aggregation}{colon}", "power": power or None}
        initial |= {"scale": as_typed(choice.scale), "coverage": as_typed(choice.coverage or "")}
        super().__init__(data, initial=initial)
        self._own, self._frozen = choice, {str(version.number): version for version in frozen}
        columns = {"missing": "imputation"}
        for name in ("normalisation", "missing", "outliers", "aggregation"):
            self.fields[name].choices = offered(columns.get(name, name), groups)  # type: ignore[attr-defined]
        self.fields["version"].choices = [  # type: ignore[attr-defined]
            (number, _("version %(number)s, %(label)s") % {"number": number, "label": version.label})
            for number, version in self._frozen.items()
        ] or [("", _("equal weights: there is no frozen version"))]

    def clean(self) -> dict[str, Any]:
        """Want the power of a power mean, and of no other."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if (cleaned.get("aggregation") == "power:") != (cleaned.get("power") is not None):
            self.add_error("power", _("State p for the power mean, and leave it empty for any other."))
        elif cleaned.get("aggregation") == "power:" and not TABLES["aggregation"].has(_powered(cleaned)):
            self.add_error("power", _("There is no such power mean. State a number other than 0."))
        return cleaned

    def choice(self, cells: MethodCells) -> MethodChoice:
        """Return the method that is typed; what has no field here, or a wrong one, is as it was."""
        cleaned = {name: value for name, value in self.cleaned_data.items() if name not in self.errors}
        said = {name: value for name, value in cleaned.items() if name not in ("power", "version")}
        if "power" in self.errors:
            said.pop("aggregation", None)
        elif "aggregation" in said:
            said["aggregation"] = _powered(cleaned)
        if "coverage" in said:
            said["coverage"] = said["coverage"] or 0.0
        return MethodChoice(**vars(self._own) | said | {"leaves": cells.leaves, "nodes": cells.nodes})

    @property
    def chosen_version(self) -> WeightVersion | None:
        """The version that is chosen; before anything is, the newest."""
        number = self.cleaned_data.get("version") if self.is_bound else self.initial["version"]
        return self._frozen.get(str(number or ""))


def _powered(cleaned: Mapping[str, Any]) -> str:
    code = str(cleaned["aggregation"])
    return f"{code}{cleaned['power']!r}" if code.endswith(":") else code


@dataclass
class TypedTable:
    """The rows as text: by code, '' for the index itself, and by column."""

    nodes: Sequence[Indicator]
    texts: Texts = field(default_factory=dict)
    page: int = 1

    @classmethod
    def of_choice(cls, nodes: Sequence[Indicator], choice: MethodChoice) -> "TypedTable":
        """Return what a method says, as somebody would have typed it."""
        texts: Texts = {}
        for rows in (choice.leaves, choice.nodes):
            for code, cells in rows.items():
                texts[code] = {column: as_typed(value) for column, value in cells.items()}
        return cls(nodes, texts)

    @classmethod
    def of_data(cls, nodes: Sequence[Indicator], data: Any) -> "TypedTable":
        """Return what was sent: the rows that the page showed, and those that it carried along."""
        table = cls(nodes, _carried(data.get("rows", "")), read_id(data.get("page", "")) or 1)
        for key, code, is_leaf in table.keys:
            if f"{key}-{CARRIES[is_leaf]}" in data:
                table.texts[code] = table.read(data, key, is_leaf=is_leaf)
        table._set_together(data)
        table.page = min(read_id(data.get("go", "")) or table.page, table.page_count)
        return table

    @property
    def keys(self) -> list[tuple[str, str, bool]]:
        """The rows: what their fields begin with, code, and whether it is a leaf; the index first."""
        rows = [(f"r{node.position}", node.code, node.is_leaf) for node in self.nodes]
        return [("r", WHOLE, False), *rows]

    def read(self, data: Any, key: str, *, is_leaf: bool) -> dict[str, str]:
        """Return the cells of a row that are not blank; a number goes behind the choice that carries it."""
        columns = (*(LEAF_COLUMNS if is_leaf else NODE_COLUMNS), PARAMETER)
        cells = {column: data.get(f"{key}-{column}", "").strip() for column in columns}
        carrier, number = CARRIES[is_leaf], cells[PARAMETER]
        if cells[carrier].endswith(":") and number:
            cells[carrier] += plain(number)
            del cells[PARAMETER]
        return {column: text for column, text in cells.items() if text}

    def _set_together(self, data: Any) -> None:
        """Give the ticked rows, and the leaves below ticked groups, what is chosen for all of them."""
        if data.get("act") != "set":
            return
        ticked = set(data.getlist("pick"))
        chosen = {is_leaf: self.read(data, "set", is_leaf=is_leaf) for is_leaf in (True, False)}
        for cells in chosen.values():
            # One number serves both kinds of row: where the other kind carries it, it is none of this one.
            cells.pop(PARAMETER, None)
        below = set(ticked)
        for node in self.nodes:
            if node.parent is not None and node.parent.code in below:
                below.add(node.code)
        for _key, code, is_leaf in self.keys:
            if code in (below if is_leaf else ticked):
                kept = {} if data.get("set-empty") else self.texts.get(code, {})
                self.texts[code] = kept | chosen[is_leaf]

    def cells(self) -> tuple[MethodCells, list[CellFault]]:
        """Read every row; return what is sound, and what is wrong with the rest."""
        leaves: Texts = {}
        nodes: Texts = {}
        faults: list[CellFault] = []
        for _key, code, is_leaf in self.keys:
            cells = dict(self.texts.get(code, {}))
            faults += self._number_faults(code, cells, is_leaf=is_leaf)
            (leaves if is_leaf else nodes)[code] = cells
        read, found = cells_of(leaves, nodes)
        order = {code: at for at, (_key, code, _leaf) in enumerate(self.keys)}
        return read, sorted([*faults, *found], key=lambda fault: order[fault.code])

    def _number_faults(self, code: str, cells: dict[str, str], *, is_leaf: bool) -> list[CellFault]:
        """Take out a choice that carries no number, or a number that nothing carries; say so."""
        column = CARRIES[is_leaf]
        choice, colon, number = cells.get(column, "").partition(":")
        loose = cells.pop(PARAMETER, "")
        if loose:
            message = _("No choice of this row takes this number. Empty the cell or choose one that does.")
            return [CellFault(code, PARAMETER, loose, message)]
        if colon and not _is_number(number):
            del cells[column]
            message = _("“%(choice)s” needs a number beside it. Write one.") % {"choice": choice}
            return [CellFault(code, PARAMETER, number, message)]
        return []

    @property
    def page_count(self) -> int:
        return max(1, -(-len(self.nodes) // PAGE_ROWS))

    @property
    def shown(self) -> list[tuple[str, str, bool]]:
        """The rows of the page in view; the index itself is on each."""
        first = (self.page - 1) * PAGE_ROWS
        keys = self.keys
        return [keys[0], *keys[1 + first : 1 + first + PAGE_ROWS]]

    def page_of(self, code: str) -> int:
        """Return the page that a row is on."""
        codes = [node.code for node in self.nodes]
        return 1 + codes.index(code) // PAGE_ROWS if code in codes else self.page

    @property
    def carried(self) -> str:
        """The rows that the page does not show, as it carries them along."""
        shown = {code for _key, code, _leaf in self.shown}
        return json.dumps({code: cells for code, cells in self.texts.items() if code not in shown})


def _carried(text: str) -> Texts:
    """Return the rows that a page carried along; what no page of ours wrote is none."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(rows, dict):
        return {}
    return {
        _clean(code): {_clean(column): _clean(value) for column, value in cells.items()}
        for code, cells in rows.items()
        if isinstance(cells, dict)
    }


def _clean(value: Any) -> str:
    """Return text that can be written again: JSON may spell half a character."""
    return str(value).encode("utf-8", "replace").decode()


def as_typed(value: Any) -> str:
    """Return what stands in a cell as somebody would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _is_number(text: str) -> bool:
    try:
        parse_number(text)
    except CellError:
        return False
    return True
