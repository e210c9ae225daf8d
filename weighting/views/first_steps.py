"""What somebody finds on a first page with nothing on it yet: what comes first, and what next."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from weighting.models import Account
from weighting.permissions import ADMINISTRATORS, has_role
from weighting.selectors.frameworks import frameworks_visible_to, panels_visible_to
from weighting.selectors.people import invites_visible_to, people_visible_to


@dataclass(frozen=True)
class FirstStep:
    """One thing that is needed; ``example`` names the table that may be copied for it."""

    label: str
    text: str
    url: str
    is_done: bool
    example: str = ""


def framework_step(account: Account | None) -> FirstStep:
    """Return the step that all else rests on."""
    return FirstStep(
        label=_("Import a framework"),
        text=_("The tree of indicators: what is measured, and what belongs to what."),
        url=reverse("weighting:framework-import"),
        is_done=frameworks_visible_to(account).exists(),
        example="framework",
    )


def steps_to_a_round(account: Account) -> list[FirstStep]:
    """Return what a manager does before experts can score."""
    return [
        framework_step(account),
        FirstStep(
            label=_("Import a panel"),
            text=_("The experts who will score, with the language of each."),
            url=reverse("weighting:panel-import"),
            is_done=panels_visible_to(account).exists(),
            example="panel",
        ),
        FirstStep(
            label=_("Draft a round"),
            text=_("What is asked, until when, and by which rules. Nobody is asked before you open it."),
            url=reverse("weighting:round-new"),
            is_done=False,
        ),
    ]


def people_steps(account: Account) -> list[FirstStep]:
    """Return the step that an administrator takes for others, and nobody else can."""
    if not has_role(account, ADMINISTRATORS):
        return []
    others = people_visible_to(account).exclude(pk=account.pk)
    return [
        FirstStep(
            label=_("Invite your colleagues"),
            text=_("Managers hold rounds, analysts bring data. Experts need no account."),
            url=reverse("weighting:people"),
            is_done=others.exists() or invites_visible_to(account).exists(),
        )
    ]


def first_steps(steps: list[FirstStep]) -> dict[str, Any]:
    """Return what the component says of these steps."""
    return {"steps": steps, "next_step": next((step for step in steps if not step.is_done), None)}
