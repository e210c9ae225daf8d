"""What the page of a unit says, and what that of several says of them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from indexer.method_words import value_words
from indexer.models import City, IndexEdition
from indexer.selectors.cities import PROVINCE, REGION
from indexer.selectors.plans import plan_of
from indexer.selectors.unit_history import UnitHistory
from indexer.selectors.unit_profiles import Branch, LeafProfile, LeafTable, UnitProfile
from indexer.views.public.addresses import Shelf
from indexer.views.public.parts import Sureness
from indexer.views.public.sparks import HEIGHT, WIDTH, Spark, draw_spark
from indexer.views.run.city_profile import profile_finding, rank_within
from indexer.views.run.leads import rank_text
from indexer.views.shared.tables import longest_bar, raw_number
from indexer.words import data_set_name, score_unit, version_name
from weighting.lettering import set_apart
from weighting.selectors.frameworks import distinct_names
from weighting.views.numbers import signed

DIGITS = 2
# Of more the sheet would say nothing.
MOST_STANDING_OUT = 5
# More indicators than these want smaller print to stay on one sheet of paper.
FEW_LEAVES, MANY_LEAVES = 30, 70


def profile_context(
    edition: IndexEdition, profile: UnitProfile, sureness: Sureness | None, history: UnitHistory
) -> dict[str, Any]:
    """Return a unit's ranks, its indicators along the tree, over the years, and where it stands out."""
    whole, run = profile.whole, edition.run
    names = distinct_names(profile.table.scores.nodes)
    return {
        "city": profile.city,
        "title": profile.city.name,
        "finding": profile_finding(whole),
        "register": profile.table.scores.cities.register,
        "run": run,
        "stats": _statistics(profile, sureness),
        "branches": _with_sparks(_branches(profile), _sparks(profile, history)),
        "source": _one_source(profile),
        "spark_box": f"0 0 {WIDTH} {HEIGHT}",
        "strengths": _standing_out(profile.strengths, names),
        "weaknesses": _standing_out(profile.weaknesses, names),
        "unit": score_unit(run.method),
        "data_set_name": data_set_name(run.data_set),
        "version_name": version_name(run),
        "withheld": between_names().join(
            profile.leaves[code].node.name for code in sorted(profile.table.withheld)
        ),
        "lacking": _lacking(profile),
        "density": _density(len(profile.leaves)),
    }


def history_rows(history: UnitHistory, profile: UnitProfile) -> list[dict[str, Any]]:
    """Return rank and score of a unit in each edition; '' for scores that are measured by several scales."""
    return [
        {
            "edition": edition,
            "rank": standing.rank,
            "score": score_text(profile, standing.score) if history.are_comparable else "",
        }
        for edition, standing in history.standings
    ]


def _one_source(profile: UnitProfile) -> str:
    """Return the source that all indicators share, which is said once; '' where they have several."""
    sources = {profile.table.source_of(leaf.node) for leaf in profile.leaves.values()}
    return sources.pop() if len(sources) == 1 else ""


def _sparks(profile: UnitProfile, history: UnitHistory) -> dict[str, Spark | None]:
    codes = profile.table.scores.run.data_set.leaf_codes
    columns = history.values.T.tolist()
    return {code: draw_spark(history.years, values) for code, values in zip(codes, columns, strict=True)}


def _with_sparks(branches: list[dict[str, Any]], sparks: Mapping[str, Spark | None]) -> list[dict[str, Any]]:
    rows = (row for branch in branches for row in branch["rows"])
    for row in rows:
        row["spark"] = sparks[row["code"]]
    return branches


def side_by_side_context(
    edition: IndexEdition,
    table: LeafTable,
    profiles: Sequence[UnitProfile],
    shelf: Shelf,
    sureness: Sureness | None,
) -> dict[str, Any]:
    """Return the same figures of several units, a column each."""
    run = edition.run
    return {
        "title": _("Side by side"),
        "finding": _ranks_in_words(profiles) if profiles else "",
        "register": table.scores.cities.register,
        "run": run,
        "columns": [_column(profile, profiles, shelf) for profile in profiles],
        "rows": _rows(profiles, sureness) if profiles else [],
        "unit": score_unit(run.method),
        "data_set_name": data_set_name(run.data_set),
        "version_name": version_name(run),
    }


def _ranks_in_words(profiles: Sequence[UnitProfile]) -> str:
    """Say the ranks of several units in one line."""
    first = profiles[0]
    ranks = [
        f"{set_apart(profile.city.name)} {rank_text(profile.whole.composite.rank)}" for profile in profiles
    ]
    return _("%(ranks)s of %(count)s %(units)s") % {
        "ranks": between_names().join(ranks),
        "count": first.whole.count,
        "units": first.table.scores.cities.register.units,
    }


def between_names() -> str:
    """Return what stands between names of units in a list."""
    return pgettext("between names", ", ")


def score_text(profile: UnitProfile, score: float) -> str:
    """Write a score on the scale and with the digits of its method."""
    method = profile.table.scores.run.method
    return signed(score * method.scale, method.digits_or(DIGITS), plus=False)


def _between(sureness: Sureness | None, city: City) -> str:
    return sureness.between.get(city.pk, "–") if sureness else ""


def _statistics(profile: UnitProfile, sureness: Sureness | None) -> list[dict[str, str]]:
    whole, register = profile.whole, profile.table.scores.cities.register
    stats = [
        {
            "label": _("Rank"),
            "value": rank_text(whole.composite.rank),
            "note": _("of %(count)s %(units)s") % {"count": whole.count, "units": register.units},
        },
        {
            "label": _("Composite score"),
            "value": score_text(profile, whole.composite.score),
            "note": score_unit(profile.table.scores.run.method),
        },
    ]
    if sureness and whole.rank:
        between = {"label": _("Nine draws of ten"), "value": _between(sureness, profile.city)}
        stats.insert(1, between | {"note": _("under other weights or choices")})
    if REGION in profile.table.scores.cities.shown_levels:
        rank = rank_text(whole.composite.rank_in_region)
        region = profile.city.province.region.name
        stats.append({"label": rank_within(register.region_word), "value": rank, "note": region})
    elif PROVINCE in profile.table.scores.cities.shown_levels:
        rank = rank_text(whole.composite.rank_in_province)
        label = rank_within(register.province_word)
        stats.append({"label": label, "value": rank, "note": profile.city.province.name})
    return stats


def _branches(profile: UnitProfile) -> list[dict[str, Any]]:
    """Return the sub-indices with their indicators; a leaf that is one has itself below it."""
    scores = {score.node.pk: score for score in profile.whole.sub_indices if score.node}
    branches = []
    for branch in profile.branches:
        own = scores[branch.node.pk]
        all_scores = profile.table.scores.scores_on(branch.node)
        full = longest_bar(all_scores)
        branches.append(
            {
                "name": branch.node.name,
                "rank": rank_text(own.rank),
                "score": score_text(profile, own.score),
                "percent": f"{100 * own.score / full:.1f}" if full > 0 and own.score > 0 else None,
                "rows": list(_leaf_rows(profile.table, branch)),
            }
        )
    return branches


def _leaf_rows(table: LeafTable, branch: Branch) -> Iterator[dict[str, Any]]:
    """Yield the indicators of a sub-index: those of no part, then the first of each part under its name."""
    names = {node.pk: node.name for node in table.scores.nodes}
    before = branch.node.pk
    # Below the name of a part an indicator of none would read as one of it.
    for leaf in sorted(branch.leaves, key=lambda leaf: leaf.node.parent_id != branch.node.pk):
        part = before if leaf.node == branch.node else leaf.node.parent_id
        under = names[part] if part and part not in (before, branch.node.pk) else ""
        before = part or before
        yield _leaf_row(leaf) | {"under": under, "source": table.source_of(leaf.node)}


def _lacking(profile: UnitProfile) -> str:
    """Return what is done about the values that the unit lacks; '' where it has all that may be shown."""
    plan = plan_of(profile.table.scores.run.method)
    shown = (leaf.node.code for leaf in profile.leaves.values() if math.isnan(leaf.value))
    ways = (plan.leaf_step(code).imputation for code in shown if code not in profile.table.withheld)
    return _("; ").join(value_words("imputation", way) for way in dict.fromkeys(ways))


def _leaf_row(leaf: LeafProfile) -> dict[str, Any]:
    return {
        "name": leaf.node.name,
        "code": leaf.node.code,
        "value": raw_number(leaf.value, leaf.node.unit),
        # A dash has no unit.
        "unit": "" if math.isnan(leaf.value) else leaf.node.unit_label,
        "rank": rank_text(leaf.rank),
        "count": leaf.count,
        "is_strong": leaf.gap > 1,
        "is_weak": leaf.gap < -1,
    }


def _standing_out(leaves: Sequence[LeafProfile], names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [_leaf_row(leaf) | {"name": names[leaf.node.code]} for leaf in leaves[:MOST_STANDING_OUT]]


def _density(leaves: int) -> str:
    return "few" if leaves <= FEW_LEAVES else "many" if leaves <= MANY_LEAVES else "lots"


def _column(profile: UnitProfile, all_: Sequence[UnitProfile], shelf: Shelf) -> dict[str, Any]:
    others = [other.city for other in all_ if other is not profile]
    return {
        "city": profile.city,
        "url": shelf.unit(profile.city),
        "without_url": shelf.side_by_side(*others),
    }


def _rows(profiles: Sequence[UnitProfile], sureness: Sureness | None) -> list[dict[str, Any]]:
    """Return the whole, the sub-indices and the indicators; the best of each line is marked."""
    wholes = [profile.whole.composite for profile in profiles]
    names = distinct_names(profiles[0].table.scores.nodes)
    rows = [
        _row(
            _("Rank"),
            [rank_text(whole.rank) for whole in wholes],
            [whole.rank for whole in wholes],
            notes=[_between(sureness, profile.city) for profile in profiles],
        )
    ]
    scores = [score_text(profile, profile.whole.composite.score) for profile in profiles]
    rows.append(_row(_("Composite score"), scores, [whole.rank for whole in wholes]))
    for number, branch in enumerate(profiles[0].branches):
        branches = [_branches(profile)[number] for profile in profiles]
        own = [profile.whole.sub_indices[number].rank for profile in profiles]
        notes = [f"#{one['rank']}" for one in branches]
        rows.append(_row(branch.node.name, [one["score"] for one in branches], own, notes=notes, depth=1))
        if branch.node.is_leaf:
            continue
        for position, leaf in enumerate(branch.leaves):
            same = [profile.branches[number].leaves[position] for profile in profiles]
            rows.append(_leaf_line(leaf, same) | {"name": names[leaf.node.code]})
    return rows


def _leaf_line(leaf: LeafProfile, leaves: Sequence[LeafProfile]) -> dict[str, Any]:
    notes = [f"#{rank_text(one.rank)}" for one in leaves]
    values = [raw_number(one.value, leaf.node.unit) for one in leaves]
    return _row(leaf.node.name, values, [one.rank for one in leaves], notes=notes, depth=2) | {
        "unit": leaf.node.unit_label
    }


def _row(
    name: str, texts: Sequence[str], ranks: Sequence[float], *, notes: Sequence[str] = (), depth: int = 0
) -> dict[str, Any]:
    """Return a line; the best rank of it is marked, where not all have the same."""
    known = [rank for rank in ranks if not math.isnan(rank)]
    best = min(known) if len(set(known)) > 1 else None
    cells = [
        {"text": text, "note": notes[position] if notes else "", "is_best": ranks[position] == best}
        for position, text in enumerate(texts)
    ]
    return {"name": name, "cells": cells, "depth": depth}
