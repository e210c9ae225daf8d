"""Every expert left out once."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from indexer.enums import StudyKind
from indexer.models import Register
from indexer.numeric.studies.plans import GivenVersions, RankPlan
from indexer.studies.base import Base
from indexer.studies.kind import FixedKind, Planned
from indexer.studies.questions import Question
from indexer.studies.ranked import RankedKind
from weighting.exceptions import Refused
from weighting.numeric.draws import leave_one_expert_out
from weighting.selectors.panel_scores import panel_scores_of


class Jackknife(FixedKind, RankedKind):
    """How much rests on any single expert?"""

    code = StudyKind.JACKKNIFE.value
    is_paired = True
    is_repeatable = False

    def question(self, register: Register) -> str:
        return _("How much rests on any single expert? Each is left out once.")

    def cases_word(self, register: Register) -> str:
        return _("Experts")

    def rests_on_ballots(self, parameters: Mapping[str, Any]) -> bool:
        return True

    def plan(self, base: Base, question: Question) -> Planned:
        """Leave each expert out, in no expert's order; refused below the minimum panel."""
        panel = panel_scores_of(base.run.weight_version)
        local = leave_one_expert_out(base.tree, panel.scores, panel.rule, panel.asked)
        experts = local.shape[1]
        if panel.towards_k - 1 < panel.least:
            raise Refused(
                _(
                    "With one of %(count)d experts left out, fewer than the minimum panel of %(least)d "
                    "remain: nothing is reported of them."
                )
                % {"count": panel.towards_k, "least": panel.least}
            )
        return Planned(base, question, RankPlan([base.index], GivenVersions(local)), experts)

    def doubt(self, leaders: int) -> str:
        return _("%(city)s keeps rank %(rank)s in %(share)s of %(draws)s panels short of one expert")
