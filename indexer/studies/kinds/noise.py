"""Noise around the version's weights."""

from django.utils.translation import gettext as _

from indexer.enums import StudyKind
from indexer.models import Register
from indexer.studies.ranked import DrawnKind
from indexer.studies.weights import NOISE


class Noise(DrawnKind):
    """Would the ranking survive slightly other weights?"""

    code = StudyKind.NOISE.value
    source = NOISE

    def question(self, register: Register) -> str:
        return _("Would the ranking survive slightly other weights? Each moves by a share of itself.")
