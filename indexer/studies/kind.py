"""What a kind of study has to say of itself; what one leaves out keeps it from being registered."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from indexer.enums import StudyKind
from indexer.models import City, Register, Run, Study
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.plans import Plan
from indexer.selectors.studies import StudyResult
from indexer.studies.base import Base
from indexer.studies.fields import Fields
from indexer.studies.questions import Question, Reader
from indexer.words import data_set_name, version_name
from weighting.drawing import Figure
from weighting.models import Indicator

# What takes more letters is said on the study's own page alone.
LONGEST = 30

Words = list[tuple[str, str]]
# The bytes that a process needs at most, were the study of so many units.
MemoryNeed = Callable[[int], int]


@dataclass(frozen=True, eq=False)
class Planned:
    """A question with all that its chunks are counted from, and its answer worked out with.

    ``cases`` is how many versions or cases are counted; ``detail`` is what the kind found out on the
    way and needs again for the answer.
    """

    base: Base
    question: Question
    plan: Plan
    cases: int
    detail: Any = None


@dataclass(frozen=True, eq=False)
class Result:
    """What a finished study keeps; one that ranks nothing has no histogram."""

    histogram: bytes | None
    table: bytes
    summary: dict[str, Any]


@dataclass(frozen=True)
class StudyFigure(Figure):
    """A figure of a study with its whole table in text.

    ``left`` is how many columns hold text at the start, ``texts`` are the positions of further ones.
    """

    left: int = 1
    texts: Sequence[int] = ()


# What draws each figure of a study, in the order of its page: a report shows the first, a picture is one.
Drawings = dict[str, Callable[[], StudyFigure]]


class Kind(ABC):
    """One kind of study. ``register`` has the words for the units that are ranked."""

    @property
    @abstractmethod
    def code(self) -> str:
        """The value of `StudyKind` that rows carry."""

    @property
    @abstractmethod
    def is_ranked(self) -> bool:
        """Whether the answer is a histogram of ranks: `RankedKind` says what that brings along."""

    @property
    @abstractmethod
    def is_paired(self) -> bool:
        """Whether any two units can be compared draw by draw: the plan is a `RankPlan`."""

    @property
    @abstractmethod
    def is_repeatable(self) -> bool:
        """Whether `manage.py rank_uncertainty` repeats it from files, under the same name."""

    @property
    @abstractmethod
    def draws_range(self) -> tuple[int, int]:
        """The least and the most draws, where anything is drawn."""

    def label(self, register: Register) -> str:
        """Name the kind."""
        return str(StudyKind(self.code).label)

    @abstractmethod
    def question(self, register: Register) -> str:
        """Say in a sentence what is asked."""

    @abstractmethod
    def cases_word(self, register: Register) -> str:
        """Name what is counted: draws, experts, cases or samples."""

    @abstractmethod
    def fields(self, register: Register) -> Fields:
        """Return the fields of the form, in their order."""

    def offered(self, run: Run) -> dict[str, Any]:
        """Return what the form has chosen before anybody does because the run was computed so."""
        return {}

    @abstractmethod
    def read(self, base: Base, reader: Reader) -> dict[str, Any]:
        """Return the canonical parameters; complain to the reader of what is wrong."""

    @abstractmethod
    def is_drawn(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a number of draws and a seed belong to the question."""

    @abstractmethod
    def rests_on_ballots(self, parameters: Mapping[str, Any]) -> bool:
        """Whether the question is answered from the ballots themselves."""

    def varies_imputation(self, parameters: Mapping[str, Any]) -> bool:
        """Whether the question is, among others, what another way to fill in gaps would do."""
        return False

    def memory_asked(self, base: Base, question: Question) -> MemoryNeed | None:
        """Return what is needed where planning itself fills the memory; None where the plan will tell."""
        return None

    @abstractmethod
    def plan(self, base: Base, question: Question) -> Planned:
        """Make ready what is counted; raises `ValueError` or `Refused` where it cannot be."""

    @abstractmethod
    def result(self, planned: Planned, tally: Tally) -> Result:
        """Work out what is kept of a merged tally; raises `ValueError` where it has no answer."""

    @abstractmethod
    def parameter_words(
        self, parameters: Mapping[str, Any], units: Mapping[int, str], register: Register
    ) -> Words:
        """Say what was asked, parameter by parameter; ``units`` names those of `units_in`."""

    @abstractmethod
    def units_in(self, parameters: Mapping[str, Any]) -> list[int]:
        """Return the ids of the units that the parameters name."""

    @abstractmethod
    def columns(self, register: Register) -> dict[str, str]:
        """Return the figures that each unit has, by name, with their headings."""

    @abstractmethod
    def statistics(self, study: Study, register: Register) -> list[dict[str, str]]:
        """Return the numbers at the head of the page."""

    @abstractmethod
    def finding(self, result: StudyResult, nodes: list[Indicator]) -> str:
        """Say what was found, as the title of the page."""

    @abstractmethod
    def drawings(self, result: StudyResult, nodes: list[Indicator]) -> Drawings:
        """Return what draws each figure by name, in the order of the page."""

    @abstractmethod
    def left_out(self, study: Study) -> list[str]:
        """Say what was asked and is not counted, and why."""

    @abstractmethod
    def cases(self, result: StudyResult, nodes: list[Indicator]) -> list[dict[str, Any]] | None:
        """Return a row for each case, for the API; None for a kind that has none to list."""

    def words_of(self, study: Study, units: Mapping[int, str] | None = None) -> Words:
        """Say what a study was asked, how often, and with which seed."""
        register = register_of(study)
        names = units if units is not None else unit_names(self.units_in(study.parameters))
        words = self.parameter_words(study.parameters, names, register)
        words.append((self.cases_word(register), f"{study.draws:,}"))
        if study.seed is not None:
            words.append((_("Seed"), str(study.seed)))
        return words

    def name_of(self, study: Study, units: Mapping[int, str] | None = None) -> str:
        """Name a study in a line; what is too long for one stands on its page alone."""
        parts = [
            _("%(name)s: %(value)s") % {"name": label, "value": value}
            for label, value in self.words_of(study, units)
            if len(value) <= LONGEST
        ]
        return " · ".join([self.label(register_of(study)), *parts])

    def cases_counted(self, study: Study) -> str:
        """Return what the study counted ranks in, within a sentence."""
        return _("draws") if self.is_drawn(study.parameters) else _("cases")

    def source_of(self, study: Study) -> str:
        """Name data set, version, draws and seed, as every figure does at its foot."""
        return " · ".join([data_set_name(study.run.data_set), version_name(study.run), self.name_of(study)])


class FixedKind(Kind):
    """A kind that asks nothing and draws nothing: the run alone says what is counted."""

    draws_range = (1, 1)

    def fields(self, register: Register) -> Fields:
        return {}

    def read(self, base: Base, reader: Reader) -> dict[str, Any]:
        return {}

    def is_drawn(self, parameters: Mapping[str, Any]) -> bool:
        return False

    def parameter_words(
        self, parameters: Mapping[str, Any], units: Mapping[int, str], register: Register
    ) -> Words:
        return []

    def units_in(self, parameters: Mapping[str, Any]) -> list[int]:
        return []


def register_of(study: Study) -> Register:
    """Return the register of the units that a study ranks."""
    return study.run.data_set.series.register


def unit_names(ids: Sequence[int]) -> dict[int, str]:
    """Return the names of some units; no query where there are none."""
    return {city.pk: city.name for city in City.objects.filter(pk__in=ids)} if ids else {}
