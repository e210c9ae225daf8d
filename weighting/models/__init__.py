from weighting.models.account import AccessLink, Account, CodeAttempts
from weighting.models.api_token import ApiToken
from weighting.models.audit import AuditEntry
from weighting.models.ballot import Ballot, Invitation, Score
from weighting.models.framework import Framework, FrameworkDraft, Indicator
from weighting.models.join_link import JoinLink
from weighting.models.letter import Letter, LetterText, PlannedReminder
from weighting.models.panel import Expert, Panel
from weighting.models.scoring_round import Round, RoundItem, RoundNote
from weighting.models.version import NodeWeight, WeightVersion

__all__ = [
    "AccessLink",
    "Account",
    "ApiToken",
    "AuditEntry",
    "Ballot",
    "CodeAttempts",
    "Expert",
    "Framework",
    "FrameworkDraft",
    "Indicator",
    "Invitation",
    "JoinLink",
    "Letter",
    "LetterText",
    "NodeWeight",
    "Panel",
    "PlannedReminder",
    "Round",
    "RoundItem",
    "RoundNote",
    "Score",
    "WeightVersion",
]
