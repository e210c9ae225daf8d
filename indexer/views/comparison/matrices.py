"""Every two versions of a comparison set against each other, as tables shaded like a heat map."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.forms.comparison import FigureOptions
from indexer.selectors.comparison import Comparison
from indexer.views.comparison.apart import apart_facts
from indexer.views.shared.exports import run_facts
from indexer.views.shared.run_names import run_names, short_names
from weighting.exports import Heading
from weighting.numeric.arrays import FloatArray
from weighting.views.files import table_answer

SHADES = 5
# A file of more pairs is sent while the rankings of the next are held against each other.
PAIRS_AT_ONCE = 50


def matrices_of(compared: Comparison, options: FigureOptions) -> list[dict[str, Any]]:
    """Return the tables of R_S and of the common top; none for a pair, whose figures stand above."""
    if len(compared.runs) == 2:
        return []
    shifts = compared.mean_shifts
    overlaps = compared.top_overlaps(options.k)
    widest = float(shifts.max())
    return [
        {
            "id": "mean-shifts",
            "title": _shift_title(compared),
            "subtitle": _("mean rank shift between every two versions, in places"),
            "rows": _rows(compared, shifts, lambda value: f"{value:.2f}", widest),
        },
        {
            "id": "overlaps",
            "title": _overlap_title(compared, overlaps, options.k),
            "subtitle": _("part of the first %(k)s %(units)s that every two versions share, %%")
            % {"k": options.k, "units": compared.cities.register.units},
            "rows": _rows(compared, 1 - overlaps, lambda value: f"{100 * (1 - value):.0f}", 1.0),
        },
    ]


def pairs_file(compared: Comparison, format: str) -> HttpResponse:
    """Answer with every two versions: how far apart they rank, and what their tops share."""
    columns = [
        Heading("run", _("Run")),
        Heading("version", _("Version")),
        Heading("other_run", _("Other run")),
        Heading("other_version", _("Other version")),
        Heading(
            "moved", _("%(units)s that change rank") % {"units": capfirst(compared.cities.register.units)}
        ),
        Heading("largest", _("Largest shift")),
        Heading("mean_absolute_shift", _("Mean rank shift")),
        Heading("spearman", _("Spearman")),
        Heading("kendall_tau_b", _("Kendall tau-b")),
        *(Heading(f"top_{k}", _("First %(k)s in common") % {"k": k}) for k in compared.tops),
    ]
    facts = [*run_facts(*compared.runs), *apart_facts(compared)]
    return table_answer(format, "versions", columns, _pair_rows(compared), facts, at_once=PAIRS_AT_ONCE)


def _pair_rows(compared: Comparison) -> Iterator[list[object]]:
    runs, names = compared.runs, run_names(compared.runs, compared.names)
    for one, other, summary in compared.pairs():
        yield [
            runs[one].pk,
            names[one],
            runs[other].pk,
            names[other],
            summary.moved,
            summary.largest,
            summary.mean_absolute,
            summary.spearman,
            summary.tau_b,
            *summary.tops.values(),
        ]


def _rows(compared: Comparison, values: FloatArray, text: Any, darkest: float) -> dict[str, Any]:
    """Return head and lines; the shade, 0 to 5, grows with the distance between two versions."""
    return {
        "head": short_names(compared.runs),
        "lines": [
            {
                "name": name,
                "number": number,
                "cells": [
                    {
                        "text": text(value),
                        "shade": round(SHADES * value / darkest) if darkest > 0 else 0,
                        "is_own": number - 1 == position,
                    }
                    for position, value in enumerate(line)
                ],
            }
            for number, (name, line) in enumerate(
                zip([run.weight_version.label for run in compared.runs], values.tolist(), strict=True), 1
            )
        ],
    }


def _shift_title(compared: Comparison) -> str:
    shifts = compared.mean_shifts
    first, second = divmod(int(shifts.argmax()), len(shifts))
    if not shifts[first, second]:
        return _("All versions rank alike")
    labels = short_names(compared.runs)
    return _("%(first)s and %(second)s are furthest apart: %(places)s places per %(unit)s on average") % {
        "unit": compared.cities.register.unit,
        "first": _quoted(labels[first]),
        "second": _quoted(labels[second]),
        "places": f"{shifts[first, second]:.2f}",
    }


def _overlap_title(compared: Comparison, overlaps: FloatArray, k: int) -> str:
    least, units = float(overlaps.min()), compared.cities.register.units
    if least == 1:
        return _("The first %(k)s %(units)s are the same under every version") % {"k": k, "units": units}
    return _("Any two versions share at least %(share)s %% of their first %(k)s %(units)s") % {
        "units": units,
        "share": f"{100 * least:.0f}",
        "k": k,
    }


def _quoted(label: str) -> str:
    """Set a label apart, or call a bare number a version."""
    return _("No. %(number)s") % {"number": label} if label.isdecimal() else f"“{label}”"
