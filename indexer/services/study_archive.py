"""A finished study with everything it was computed from, as one file that repeats it elsewhere.

Ballots are part of it where experts were drawn: those of aggregated rounds alone, at least k of
them, sorted by their scores under numbers of their own, so that no row leads to a person or to
the ballot in the store. Whoever may read the round's statistics may have them.
"""

import json
import math
import shlex
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from indexer.enums import StudyStatus
from indexer.models import Run, Study
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.rank_files import Asked, write_rank_files
from indexer.result_files import write_weights
from indexer.selectors.cities import Cities, unit_labels
from indexer.selectors.data_sets import unpack_totals
from indexer.selectors.plans import asked_beside, plan_of
from indexer.selectors.stored_values import unpack_values
from indexer.selectors.studies import StudyResult, result_of_study
from indexer.studies.base import Base, base_of
from indexer.studies.registry import kind_of
from weighting.exports import neutralise, write_csv, zip_pieces
from weighting.models import Account
from weighting.numeric.tree import global_weights
from weighting.permissions import STAFF, has_role
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.panel_scores import PanelScores, panel_scores_of, versions_told_of
from weighting.selectors.versions import panel_size_of

CHOICES = ("normalisation", "negative", "missing", "aggregation")


def has_archive_for(account: Account | None, study: Study) -> bool:
    """Return whether an account may take a study with all its inputs along.

    Ballots are among them where experts were drawn.
    """
    if not has_role(account, STAFF) or study.status != StudyStatus.DONE:
        return False
    if not _rests_on_ballots(study):
        return True
    return versions_told_of(account).filter(pk=study.run.weight_version_id).exists()


def archive_pieces(study: Study) -> Iterator[bytes]:
    """Return the archive of a finished study, piece by piece while its files are made.

    It begins with the first of them; of many units no memory holds any.
    """
    if study.status != StudyStatus.DONE:
        raise ValueError("only a finished study has an archive")
    return _pieces(study, result_of_study(study), base_of(study.run))


def _pieces(study: Study, result: StudyResult, base: Base) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="quanheng-study-") as name:
        folder = Path(name)
        yield from zip_pieces(folder, _each_file(folder, study, result, base))


def _each_file(folder: Path, study: Study, result: StudyResult, base: Base) -> Iterator[Path]:
    """Write the files of an archive and yield each once it is there, the short ones first."""
    yield _write_study(folder / "study.json", study)
    if command := command_of(study):
        path = folder / "command.txt"
        path.write_text(command + "\n", encoding="utf-8")
        yield path
    panel = _panel_of(study)
    inputs = _write_inputs(folder, base, panel)
    yield from inputs.values()
    if kind_of(study).is_ranked:
        outputs = folder / "results"
        outputs.mkdir()
        _write_results(outputs, result, base, panel, inputs)
        yield from sorted(outputs.iterdir())


def command_of(study: Study) -> str:
    """Return the command line that repeats a study inside its archive; '' for a kind without one."""
    if not kind_of(study).is_repeatable:
        return ""
    words = ["manage.py", "rank_uncertainty", "--framework", "framework.csv", "--data", "data.csv"]
    if not np.isnan(unpack_totals(study.run.data_set)).all() and not _is_prepared(study.run):
        words += ["--totals", "totals.csv"]
    if _rests_on_ballots(study):
        words += ["--scores", "scores.csv", "--rule", panel_scores_of(study.run.weight_version).rule]
    else:
        words += ["--weights", "weights.csv"]
    words += [part for name, value in _choices(study).items() for part in (f"--{name}", value)]
    words += ["--method", study.kind, "--draws", str(study.draws), "--seed", str(study.seed)]
    words += [part for name, value in study.parameters.items() for part in (f"--{name}", repr(value))]
    return shlex.join([*words, "--out", "repeated"])


def _is_prepared(run: Run) -> bool:
    """Whether values come normalised, since the command would lack what they were prepared by."""
    method, plan = run.method, plan_of(run.method)
    asked = asked_beside(plan, run.data_set.leaf_codes)
    by_leaf = bool(method.leaves) or asked.earlier or bool(asked.groups)
    return method.is_prepared or by_leaf or plan.may_leave_out


def _choices(study: Study) -> dict[str, str]:
    method = study.run.method
    choices = {name: getattr(method, name) for name in CHOICES}
    plan = plan_of(method)
    choices["aggregation"] = plan.node_step().aggregation
    if method.floor is not None:
        choices["floor"] = repr(method.floor)
    if not _is_prepared(study.run):
        return choices
    steps = [plan.leaf_step(code) for code in study.run.data_set.leaf_codes]
    gaps = any(MISSING_POLICIES[step.imputation].leaves_gaps for step in steps)
    return choices | {"normalisation": "none", "missing": "reweight" if gaps else "refuse"}


def _rests_on_ballots(study: Study) -> bool:
    return kind_of(study).rests_on_ballots(study.parameters)


def _panel_of(study: Study) -> PanelScores | None:
    return panel_scores_of(study.run.weight_version) if _rests_on_ballots(study) else None


def _write_inputs(folder: Path, base: Base, panel: PanelScores | None) -> dict[str, Path]:
    """Write what the study rests on; return the files by the names of the command's options."""
    codes, units = base.tree.leaf_codes, _units(base)
    prepared = _is_prepared(base.run)
    values = base.index.normalised if prepared else unpack_values(base.data_set)
    rows = ([unit, *map(_number, row.tolist())] for unit, row in zip(units, values, strict=True))
    files = {
        "framework": _write_framework(folder / "framework.csv", base),
        "data": _write_rows(folder / "data.csv", ["unit", *codes], rows),
    }
    if panel is None:
        local = base.index.local
        write_weights(folder / "weights.csv", base.tree, local, global_weights(base.tree, local))
        files["weights"] = folder / "weights.csv"
    else:
        files["scores"] = _write_scores(folder / "scores.csv", base, panel)
    totals = unpack_totals(base.data_set)
    if not np.isnan(totals).all() and not prepared:
        given = ([c, _number(t)] for c, t in zip(codes, totals.tolist(), strict=True) if not math.isnan(t))
        files["totals"] = _write_rows(folder / "totals.csv", ["code", "total"], given)
    return files


def _write_framework(path: Path, base: Base) -> Path:
    formed = base.index.formed.aggregations
    rows = [
        [
            node.code,
            node.parent.code if node.parent else "",
            neutralise(node.name_zh),
            neutralise(node.name_en),
            _direction(base, node.position),
            *([formed[node.position]] if base.run.method.nodes else []),
        ]
        for node in indicators_of(base.data_set.framework_id)
    ]
    head = ["code", "parent", "name_zh", "name_en", "direction"]
    return _write_rows(path, [*head, "aggregation"] if base.run.method.nodes else head, rows)


def _direction(base: Base, node: int) -> str:
    places = np.flatnonzero(base.tree.leaves == node)
    return str(int(base.structure.directions[places[0]])) if len(places) else ""


def _write_scores(path: Path, base: Base, panel: PanelScores) -> Path:
    rows = (
        [f"b{ballot:04}", code, "" if math.isnan(score) else f"{score:.0f}"]
        for ballot, scores in enumerate(panel.scores.tolist(), start=1)
        for code, score, asked in zip(base.tree.codes, scores, panel.asked, strict=True)
        if asked
    )
    return _write_rows(path, ["expert", "indicator", "score"], rows)


def _write_results(
    folder: Path, result: StudyResult, base: Base, panel: PanelScores | None, inputs: dict[str, Path]
) -> None:
    study = result.study
    counts = result.counts
    asked = Asked(
        method=study.kind,
        draws=counts.draws,
        seed=study.seed or 0,
        own=study.parameters,
        cities=len(result.cities),
        indicators=len(base.tree.leaf_codes),
        experts=len(panel.scores) if panel else None,
        rule=panel.rule if panel else None,
        choices=_choices(study),
    )
    nominal = base.index.nominal_ranks
    order = ("framework", "data", "scores", "weights", "totals")
    files = {name: inputs[name] for name in order if name in inputs}
    write_rank_files(folder, units=_units(base), nominal=nominal, counts=counts, asked=asked, inputs=files)


def _write_study(path: Path, study: Study) -> Path:
    run = study.run
    facts = {
        "kind": study.kind,
        "parameters": study.parameters,
        "draws": study.draws,
        "seed": study.seed,
        "data_set": run.data_set.name_en or run.data_set.name_zh,
        "data_sha256": study.data_sha256,
        "weight_version": run.weight_version.number,
        "manifest_hash": study.manifest_hash,
        "method": str(run.method),
        "code_version": study.code_version,
        "result_sha256": study.result_sha256,
        **_ballots_of(run),
        "summary": study.summary,
        "pairs": study.pairs,
    }
    path.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def _ballots_of(run: Run) -> dict[str, int]:
    """Count the ballots behind the weights, and those that a manager entered; none without a round."""
    size = panel_size_of(run.weight_version)
    return {"ballots": size.counted, "ballots_entered": size.entered} if size else {}


def _units(base: Base) -> list[str]:
    """Return a name of its own for each unit; two of one name are told apart by province."""
    cities = Cities(base.run, base.city_ids)
    return [neutralise(label) for label in unit_labels(cities.along(range(len(cities))))]


def _number(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def _write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    write_csv(path, header, rows)
    return path
