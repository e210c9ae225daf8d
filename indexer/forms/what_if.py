"""Weights that somebody tries out, typed in percent, and what a draft of them is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.numeric.scores.weight_state import WHOLE, State, apportion
from indexer.selectors.what_if import WhatIf
from weighting.forms.names import LabelledForm
from weighting.models import Indicator
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.readers import CellError, parse_number

PERCENT = 100


def percent_text(weight: float) -> str:
    """Return a local weight in percent as a field shows it: to one unit of a million."""
    return f"{weight * PERCENT:.4f}".rstrip("0").rstrip(".")


def field_name(node: Indicator) -> str:
    """Return the name of the field of a node's weight, by its place among the nodes."""
    return f"n{node.position}"


@dataclass(frozen=True)
class TypedWeights:
    """The state that was typed in, and all that is wrong with it."""

    state: State
    problems: Sequence[str]


def read_typed_weights(data: Mapping[str, str], tried: WhatIf) -> TypedWeights:
    """Take each group whose fields differ from what was shown, as the sliders do.

    What was typed stands, and the others share in proportion what it leaves of 100 %; where it is above that,
    or nobody is left, all parts are rescaled to 100 %.

    ``reset`` and ``equal`` name a group, by its number, to be given back or split equally.
    """
    state = dict(tried.state)
    problems: list[str] = []
    for number, group in enumerate(tried.tree.groups):
        nodes = [tried.nodes[node] for node in group]
        if data.get("reset") == str(number):
            state.pop(number, None)
        elif data.get("equal") == str(number):
            state[number] = apportion(np.ones(len(nodes)))
        elif any(changed := _changed(data, nodes, tried.local[group])):
            units = _read_group(data, nodes, tried.local[group], np.array(changed), problems)
            if units is not None:
                state[number] = units
    return TypedWeights(state=state, problems=problems)


def _changed(data: Mapping[str, str], nodes: Sequence[Indicator], local: FloatArray) -> list[bool]:
    """Tell which fields differ from what they showed; what was not sent did not change."""
    shown = [percent_text(weight) for weight in local.tolist()]
    return [data.get(field_name(node), text).strip() != text for node, text in zip(nodes, shown, strict=True)]


def _read_group(
    data: Mapping[str, str],
    nodes: Sequence[Indicator],
    local: FloatArray,
    changed: BoolArray,
    problems: list[str],
) -> IntArray | None:
    parts = [_read_part(data.get(field_name(node), ""), node, problems) for node in nodes]
    if any(part is None for part in parts):
        return None
    if not sum(filter(None, parts)) > 0:
        parent = nodes[0].parent
        message = _("All weights of “%(group)s” are zero: give one of them a weight.")
        problems.append(message % {"group": parent.name if parent else _("Sub-indices")})
        return None
    typed = np.array(parts, dtype=float)
    left, sharing = PERCENT - typed[changed].sum(), local[~changed].sum()
    if left >= 0 and sharing > 0:
        typed[~changed] = left * local[~changed] / sharing
    return apportion(typed, WHOLE)


def _read_part(text: str, node: Indicator, problems: list[str]) -> float | None:
    try:
        part = parse_number(text.strip())
    except CellError as error:
        problems.append(f"{node.name}: “{text}”. {error}")
        return None
    if part < 0:
        message = _("%(name)s: “%(value)s” is below zero. Give zero or more.")
        problems.append(message % {"name": node.name, "value": text})
        return None
    return part


class DraftForm(LabelledForm):
    """What a draft of tried weights is called, and why it is kept."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Kept in the log and with the version."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
