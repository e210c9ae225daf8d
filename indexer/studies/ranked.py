"""What the kinds whose answer is a histogram of ranks have in common."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from indexer.models import Register, Study
from indexer.numeric.studies.blocks import Tally, pack_arrays
from indexer.numeric.studies.plans import RankPlan
from indexer.selectors.studies import StudyResult
from indexer.studies.base import Base
from indexer.studies.fields import Fields, draws_fields, kappa_field, nu_field
from indexer.studies.kind import Drawings, Kind, Planned, Result, Words
from indexer.studies.questions import MOST_DRAWS, Question, Reader
from indexer.studies.rank_figures import ROWS, heat_figure, intervals_figure, leading, shifts_figure
from indexer.studies.rank_results import TOPS, rank_figures
from indexer.studies.weights import WeightSource, parameter_words, seeded
from indexer.studies.words import percent
from weighting.models import Indicator

# From so many leaders on whose ranks are sure, the title names their number.
FEW = 2
# What is counted beside bands of ranks; kept with them, since they alone do not tell.
BESIDE_BANDS = ("rank_sums", "kept", "shift_sums")


class RankedKind(Kind):
    """A kind that counts ranks; ``own_result`` and ``own_drawings`` add what is its own."""

    is_ranked = True

    def cases_word(self, register: Register) -> str:
        return _("Draws")

    def units_in(self, parameters: Mapping[str, Any]) -> list[int]:
        return []

    def result(self, planned: Planned, tally: Tally) -> Result:
        table, summary = rank_figures(planned.base.index.nominal_ranks, tally)
        own_table, own_summary = self.own_result(planned, tally)
        beside = {name: tally[name] for name in BESIDE_BANDS if name in tally}
        histogram = pack_arrays({"histogram": tally["histogram"], **beside})
        return Result(histogram, pack_arrays(table | own_table), summary | own_summary)

    def own_result(self, planned: Planned, tally: Tally) -> tuple[Tally, dict[str, Any]]:
        """Return the figures of each unit and the summary that this kind alone has."""
        return {}, {}

    def columns(self, register: Register) -> dict[str, str]:
        names = {"nominal": _("Nominal rank"), "mean": _("Mean")}
        names |= {"q05": "Q5", "q25": "Q25", "median": _("Median"), "q75": "Q75", "q95": "Q95"}
        names |= {f"top{k}": _("P(top %(k)s)") % {"k": k} for k in TOPS}
        return names | {"group": _("Group")}

    def statistics(self, study: Study, register: Register) -> list[dict[str, str]]:
        summary, cases = study.summary, self.cases_counted(study)
        stats = [
            {
                "label": _("Mean rank shift"),
                "value": f"{summary['r_s']['mean']:.2f}",
                "unit": _("places"),
                "note": _("90 %% of the %(cases)s: %(low)s to %(high)s")
                % {
                    "cases": cases,
                    "low": f"{summary['r_s']['q05']:.2f}",
                    "high": f"{summary['r_s']['q95']:.2f}",
                },
            },
            {
                "label": _("Ranks that are kept"),
                "value": percent(summary["stays"]).removesuffix("\u00a0%"),
                "unit": _("%% of all %(units)s and %(cases)s") % {"units": register.units, "cases": cases},
            },
        ]
        names = {"spearman": _("Rank correlation (Spearman)"), "kendall": _("Kendall tau-b")}
        stats += [_correlation(label, summary[name]) for name, label in names.items() if summary[name]]
        # A few cases that nobody drew are no sample: what they span says nothing of how sure a rank is.
        if self.is_drawn(study.parameters):
            groups = {"label": _("Groups that can be told apart"), "value": str(summary["groups"])}
            stats += [groups | {"note": _("by intervals of 90 %")}]
        return [*stats, _bands_statistic(summary["bands"])] if "bands" in summary else stats

    def finding(self, result: StudyResult, nodes: list[Indicator]) -> str:
        """Name the first unit whose rank is in doubt; those above it keep theirs."""
        doubt = result.first_in_doubt
        words = {"draws": f"{result.study.draws:,}", "units": result.cities.register.units}
        if doubt is None:
            return _("All %(count)s %(units)s keep their ranks in all of %(draws)s draws") % {
                "count": len(result.cities),
                **words,
            }
        return self.doubt(doubt.leaders) % {
            "city": result.cities[doubt.unit].name,
            "rank": doubt.rank,
            "share": percent(doubt.kept),
            "count": doubt.leaders,
            **words,
        }

    def doubt(self, leaders: int) -> str:
        """Return the sentence on the first unit in doubt, below so many leaders whose ranks are sure."""
        if leaders < FEW:
            return _("%(city)s keeps rank %(rank)s in %(share)s of %(draws)s draws")
        return _("The first %(count)s keep their ranks; %(city)s keeps rank %(rank)s in %(share)s of draws")

    def drawings(self, result: StudyResult, nodes: list[Indicator]) -> Drawings:
        source, cases = self.source_of(result.study), self.cases_counted(result.study)
        above, below = self.own_drawings(result, nodes, source)
        return {
            **above,
            "intervals": lambda: intervals_figure(result, leading(result, ROWS), source, cases),
            **below,
            "heat": lambda: heat_figure(result, source, cases),
            "shifts": lambda: shifts_figure(result, source, cases),
        }

    def own_drawings(
        self, result: StudyResult, nodes: list[Indicator], source: str
    ) -> tuple[Drawings, Drawings]:
        """Return what draws the figures of this kind alone, above and below the intervals."""
        return {}, {}

    def left_out(self, study: Study) -> list[str]:
        return []

    def cases(self, result: StudyResult, nodes: list[Indicator]) -> list[dict[str, Any]] | None:
        return None


class DrawnKind(RankedKind):
    """A kind that asks one thing alone: what becomes of the ranks under weights drawn from a source."""

    source: WeightSource
    is_paired = True
    is_repeatable = True

    @property
    def draws_range(self) -> tuple[int, int]:
        return 1, MOST_DRAWS

    def fields(self, register: Register) -> Fields:
        own = {"nu": nu_field, "kappa": kappa_field}
        named = self.source.parameter
        first: Fields = {named: own[named]()} if named else {}
        return first | draws_fields(of_experts=self.source.rests_on_ballots)

    def read(self, base: Base, reader: Reader) -> dict[str, Any]:
        return self.source.read(reader)

    def is_drawn(self, parameters: Mapping[str, Any]) -> bool:
        return True

    def rests_on_ballots(self, parameters: Mapping[str, Any]) -> bool:
        return self.source.rests_on_ballots

    def plan(self, base: Base, question: Question) -> Planned:
        asked = question.parameters
        draws = seeded(self.source, base, asked, draws=question.draws, seed=question.seed)
        return Planned(base, question, RankPlan([base.index], draws), question.draws)

    def parameter_words(
        self, parameters: Mapping[str, Any], units: Mapping[int, str], register: Register
    ) -> Words:
        return parameter_words(parameters)


def _correlation(label: str, spread: Mapping[str, float]) -> dict[str, str]:
    words = {"count": f"{spread['draws']:,}", "low": f"{spread['q05']:.4f}"}
    note = _("median of %(count)s; Q5 %(low)s") % words
    return {"label": label, "value": f"{spread['median']:.4f}", "note": note}


def _bands_statistic(bands: Mapping[str, int]) -> dict[str, str]:
    note = _(
        "Each of the first %(exact)s ranks is counted alone, those after it in bands: a median is the "
        "middle of its band, and an interval reaches to the outer ends of its bands."
    )
    return {"label": _("Bands of ranks"), "value": f"{bands['count']:,}", "note": note % bands}
