"""Whole experts drawn again with replacement."""

from django.utils.translation import gettext as _

from indexer.enums import StudyKind
from indexer.models import Register
from indexer.studies.ranked import DrawnKind
from indexer.studies.weights import EXPERTS


class Bootstrap(DrawnKind):
    """Would the ranking survive other experts?"""

    code = StudyKind.BOOTSTRAP.value
    source = EXPERTS

    def question(self, register: Register) -> str:
        return _("Would the ranking survive other experts? Whole experts are drawn again.")
