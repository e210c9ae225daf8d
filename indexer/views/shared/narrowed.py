"""What a page or a file says that shows the units of some places alone."""

from django.utils.translation import gettext as _

from indexer.forms.place_filter import PlaceFilter
from indexer.models import Register
from weighting.exports import Fact


def narrowed_note(form: PlaceFilter, register: Register) -> str:
    """Say whose units are shown, and that ranks are among all; '' where all are shown."""
    if not form.is_narrowed:
        return ""
    words = {"places": _(", ").join(form.place_names), "units": register.units}
    return _("Only those of %(places)s are shown; ranks are among all %(units)s.") % words


def narrowed_facts(form: PlaceFilter) -> list[Fact]:
    """Return the places whose units alone are in a file; nothing where all are."""
    return [Fact("places", _("Places shown"), _(", ").join(form.place_names))] if form.is_narrowed else []
