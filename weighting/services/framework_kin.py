"""Which framework another one is the next edition of, and what its nodes were called there."""

from collections import Counter
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.exceptions import Refused
from weighting.models import Account, Framework, Indicator
from weighting.services.audit import record_act
from weighting.services.locks import still_there

MOST_NAMED = 20


@transaction.atomic
def follow_framework(
    framework: Framework, *, source: Framework | None, was: Mapping[str, str], actor: Account
) -> Framework:
    """Make a framework the next edition of another one, or of none.

    ``was`` says by code what nodes were called there; '' is a node that is new. What it does not name is the
    node of the same code, unless another one was that. Nothing that is computed changes: years and runs of
    both are set beside each other by it. Raises `Refused` naming every code that cannot be meant.
    """
    framework = still_there(Framework.objects.select_for_update(no_key=True), framework.pk)
    if source is None:
        framework.came_from, framework.former_codes = None, {}
    else:
        _check_no_circle(framework, source)
        codes, before = _codes_of(framework), set(_codes_of(source))
        _check_codes(codes, before, was)
        framework.came_from, framework.former_codes = source, _former(codes, before, was)
    framework.save(update_fields=["came_from", "former_codes"])
    named = {"came_from": source.pk} if source else {}
    record_act(actor, "follow", framework, renamed=len(framework.former_codes), **named)
    return framework


def _codes_of(framework: Framework) -> list[str]:
    nodes = Indicator.objects.filter(framework=framework)
    return list(nodes.order_by("position").values_list("code", flat=True))


def _check_no_circle(framework: Framework, source: Framework) -> None:
    above = dict(Framework.objects.values_list("pk", "came_from_id"))
    at: int | None = source.pk
    while at is not None:
        if at == framework.pk:
            words = _("“%(name)s” is itself an edition of this framework. Choose one that came before it.")
            raise Refused(words % {"name": source.name})
        at = above[at]


def _check_codes(codes: list[str], before: set[str], was: Mapping[str, str]) -> None:
    own = set(codes)
    unknown = _("This framework has no code %(code)s. Correct it.")
    blockers = [unknown % {"code": code} for code in was if code not in own]
    unknown = _("The edition before has no code %(was)s, which %(code)s is said to have had. Correct it.")
    blockers += [
        unknown % {"code": code, "was": old} for code, old in was.items() if old and old not in before
    ]
    twice = _("Two codes are said to have been %(was)s. Leave it to one of them.")
    counts = Counter(filter(None, was.values()))
    blockers += [twice % {"was": old} for old, count in counts.items() if count > 1]
    if blockers:
        raise Refused(*blockers[:MOST_NAMED])


def _former(codes: list[str], before: set[str], was: Mapping[str, str]) -> dict[str, str]:
    """Return the codes that are not those of the edition before, as a copy keeps them."""
    taken = set(was.values())
    found = {code: was.get(code, "" if code in taken and code in before else code) for code in codes}
    return {code: old for code, old in found.items() if code != old}
