"""Pages where a password is typed: wrong ones are counted, right ones always let in."""

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from weighting.requests import client_address
from weighting.services.attempts import count_attempt


class CountsPasswords:
    """Counts per name and address, and says so once there were many."""

    request: HttpRequest
    # The field that holds the guess; without one, whatever is wrong with the form counts.
    guess = ""

    def guessed_name(self, form: Form) -> str:
        """Return whose password was tried: here that of whoever is signed in."""
        return str(self.request.user.get_username())

    def form_invalid(self, form: Form) -> HttpResponse:
        """Answer 429 with words instead, however right the next guess may be."""
        name = self.guessed_name(form).strip().casefold()
        is_guess = not self.guess or self.guess in form.errors
        if not is_guess or count_attempt("password", f"{name} {client_address(self.request)}"):
            return super().form_invalid(form)  # type: ignore[misc]
        form.add_error(
            None,
            _(
                "The name or the password was wrong several times. The right password still lets you in; "
                "or ask an administrator for a link to a new one."
            ),
        )
        view: Any = self
        return view.render_to_response(view.get_context_data(form=form), status=429)
