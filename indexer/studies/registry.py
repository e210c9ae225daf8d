"""The kinds of study that there are."""

from collections.abc import Iterable, Mapping, Sequence

from indexer.enums import StudyKind
from indexer.models import Run, Study
from indexer.selectors.studies import finished_studies_of
from indexer.studies.kind import Kind, unit_names
from indexer.studies.kinds.bootstrap import Bootstrap
from indexer.studies.kinds.choices import Choices
from indexer.studies.kinds.coherence import WholeAudit
from indexer.studies.kinds.dirichlet import Dirichlet
from indexer.studies.kinds.dropped import Dropped
from indexer.studies.kinds.jackknife import Jackknife
from indexer.studies.kinds.left_out import LeftOut
from indexer.studies.kinds.noise import Noise
from indexer.studies.kinds.smaa import Smaa
from indexer.studies.kinds.sobol import Sobol
from indexer.studies.kinds.variants import Variants
from weighting.models import Account


class IncompleteRegistryError(Exception):
    """A kind without a value of `StudyKind`, a value without a kind, or one of both twice."""


def registered(kinds: Sequence[type[Kind]], codes: Iterable[str]) -> dict[str, Kind]:
    """Return the kinds by code, in the order of the codes.

    A kind that leaves a part out is refused by Python when it is made; raises
    `IncompleteRegistryError` unless every code has one kind, and every kind a code.
    """
    made = {kind.code: kind for kind in (one() for one in kinds)}
    codes = list(codes)
    if len(made) < len(kinds) or set(made) != set(codes):
        raise IncompleteRegistryError(f"kinds {sorted(made)} of {len(kinds)} classes, codes {sorted(codes)}")
    return {code: made[code] for code in codes}


# In the order of the pages, which is that of `StudyKind`.
KINDS: Mapping[str, Kind] = registered(
    [Bootstrap, Jackknife, Noise, Dirichlet, LeftOut, Variants, Sobol, Choices, Dropped, Smaa, WholeAudit],
    StudyKind.values,
)


def kind_of(study: Study) -> Kind:
    """Return the kind of a study."""
    return KINDS[study.kind]


def study_name(study: Study, units: Mapping[int, str] | None = None) -> str:
    """Name a study in a line: what was asked, how often, with which seed."""
    return kind_of(study).name_of(study, units)


def units_named_in(studies: Sequence[Study]) -> dict[int, str]:
    """Return the names of the units that the questions of some studies name, in one query at most."""
    return unit_names([unit for study in studies for unit in kind_of(study).units_in(study.parameters)])


def imputation_studies_of(run: Run, account: Account | None) -> list[Study]:
    """Return the finished studies of a run that vary how gaps are filled in, as an account may see them."""
    finished = finished_studies_of(run, account)
    return [study for study in finished if kind_of(study).varies_imputation(study.parameters)]
