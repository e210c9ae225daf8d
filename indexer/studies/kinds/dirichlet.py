"""Dirichlet weights around the version's."""

from django.utils.translation import gettext as _

from indexer.enums import StudyKind
from indexer.models import Register
from indexer.studies.ranked import DrawnKind
from indexer.studies.weights import DIRICHLET


class Dirichlet(DrawnKind):
    """Would the ranking survive weights that scatter as widely as is said?"""

    code = StudyKind.DIRICHLET.value
    source = DIRICHLET

    def question(self, register: Register) -> str:
        return _("The same, with weights drawn around the version’s as wide as you say.")
