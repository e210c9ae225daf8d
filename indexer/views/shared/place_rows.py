"""Provinces and regions as tables show them, and how their scores were formed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from indexer.selectors.place_shares import SharesBeside
from indexer.selectors.places import PlaceRanking, PrintedPlace
from indexer.selectors.runs import PERCENT
from indexer.views.shared.tables import Cell, longest_bar
from weighting.views.numbers import signed

DIGITS = 3


def how_formed(ranked: PlaceRanking) -> str:
    """Say how the scores of the units became those of their place."""
    words = {"units": ranked.subject.cities.register.units, "column": ranked.weight}
    if ranked.is_sum:
        return _("sum of the shares of the %(units)s") % words
    if ranked.weight:
        return _("mean of the scores of the %(units)s, weighted by %(column)s") % words
    return _("plain mean of the scores of the %(units)s") % words


def place_rows(ranked: PlaceRanking) -> list[dict[str, Any]]:
    """Return the places by rank as a table shows them."""
    longest, method = [longest_bar(column) for column in ranked.scores.T], ranked.subject.run.method
    return [
        {
            "rank": ranked.ranks[position] or "–",
            "place": ranked.places[position],
            "count": ranked.counts[position],
            "cells": [
                _cell(score, full, ranked.subject.scale, method.digits_or(DIGITS))
                for score, full in zip(ranked.scores[position], longest, strict=True)
            ],
            "first": ranked.first_of(position),
        }
        for position in ranked.order
    ]


def printed_rows(ranked: PlaceRanking, printed: Mapping[int, PrintedPlace]) -> list[dict[str, Any]]:
    """Return the places for which something is printed, by rank, with the computed score beside it."""
    scale = ranked.subject.scale
    # One number of digits for all: some have lost a zero at the end.
    digits = max((len(each.value.partition(".")[2]) for each in printed.values()), default=0)
    return [
        {
            "place": ranked.places[position],
            "computed": signed(ranked.scores[position, 0] * scale, digits, plus=False),
            "printed": printed[position].value,
            "difference": signed(printed[position].difference, digits),
        }
        for position in ranked.order
        if position in printed
    ]


def share_rows(ranked: PlaceRanking, beside: SharesBeside) -> list[dict[str, Any]]:
    """Return what each place holds of the index, of a series and of its published total, in percent."""
    held = [(at, beside.by_place[at]) for at in ranked.order if at in beside.by_place]
    return [
        {
            "place": ranked.places[at],
            "index": _percent(shares.index),
            "series": _percent(shares.series),
            "of_total": "" if shares.of_total is None else _percent(shares.of_total),
            "quotient": signed(shares.quotient, 2, plus=False),
        }
        for at, shares in held
    ]


def _percent(part: float) -> str:
    return signed(part * PERCENT, 2, plus=False)


def _cell(score: float, full: float, scale: float, digits: int) -> Cell:
    percent = 100 * score / full if full > 0 and not np.isnan(score) else None
    return Cell(signed(score * scale, digits, plus=False), percent=percent)
