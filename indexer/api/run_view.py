"""What every answer about one finished run shares."""

import numpy as np
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import get_object_or_404

from indexer.enums import RunStatus
from indexer.models import Run
from indexer.selectors.cities import PROVINCE, REGION, Cities
from indexer.selectors.levels import Level, level_choices, level_named, positions_in
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.runs import runs_with_nodes_visible_to
from weighting.api.base import Answer
from weighting.numeric.arrays import IntArray

LEVEL = OpenApiParameter(
    "level", str, description="How units are put into places: province, region, or the code of a grouping."
)
PLACES = [
    OpenApiParameter("province", str, description="Its units alone, by its name in either language."),
    OpenApiParameter("region", str, description="The same of a region."),
    OpenApiParameter("group", str, description="The same of a group: income:High, of the grouping `income`."),
]
NODE = OpenApiParameter("node", str, description="Code of an indicator; the composite without it.")


class RunView(Answer):
    """A read-only answer about a finished run that the visitor may see."""

    http_method_names = ["get", "head", "options"]

    def finished_run(self, pk: int) -> Run:
        run = get_object_or_404(runs_with_nodes_visible_to(self.account), pk=pk)
        if run.status != RunStatus.DONE:
            raise NotFound(_("This run has no ranking: it is %(status)s.") % {"status": run.status})
        return run

    def node_scores(self, pk: int) -> NodeScores:
        """Return the run with the node of ``?node=`` in view."""
        code = self.request.query_params.get("node", "")
        try:
            return node_scores_of(self.finished_run(pk), code)
        except KeyError:
            message = _("The framework has no indicator “%(code)s”.") % {"code": code}
            raise ValidationError({"node": [message]}) from None

    def level(self, cities: Cities) -> Level | None:
        """Return the level of ``?level=``; None without it."""
        level, problems = self.level_asked(cities, "")
        if problems:
            raise ValidationError(problems)
        return level

    def positions_asked(self, cities: Cities) -> IntArray:
        """Return the positions of the units that are in all the places asked for; all units without any."""
        asked, found = self.request.query_params, np.arange(len(cities))
        code, _colon, group = asked.get("group", "").partition(":")
        places = {PROVINCE: (PROVINCE, asked.get(PROVINCE)), REGION: (REGION, asked.get(REGION))}
        for name, (level, place) in {**places, "group": (code, group)}.items():
            if asked.get(name):
                found = np.intersect1d(found, self._positions_in(cities, name, level, str(place)))
        return found

    def _positions_in(self, cities: Cities, name: str, code: str, place: str) -> IntArray:
        try:
            return positions_in(level_named(cities, code), place)
        except KeyError:
            message = _("No unit of this run is in “%(asked)s”.") % {"asked": self.request.query_params[name]}
            raise ValidationError({name: [message]}) from None

    def level_asked(self, cities: Cities, usual: str) -> tuple[Level | None, dict[str, list[str]]]:
        """Return the level of ``?level=``, or the usual one, if there is any, and what is wrong with it."""
        asked = self.request.query_params.get("level", "") or usual
        try:
            return (level_named(cities, asked) if asked else None), {}
        except KeyError:
            known = _(", ").join(code for code, _name in level_choices(cities))
            message = _("There is no level “%(asked)s”. Known: %(known)s.")
            return None, {"level": [message % {"asked": asked, "known": known}]}
