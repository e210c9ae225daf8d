"""Tables made all at once, by the short ways of both applications."""

from collections.abc import Sequence
from typing import Any

from django.db.migrations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class CreateModels(Operation):
    """Create the tables of models, each after those that it refers to.

    Django would render every model that there is anew for each that is added: two thirds of all the time that
    an empty database took.
    """

    serialization_expand_args = ["models"]

    def __init__(self, models: Sequence[CreateModel]) -> None:
        self.models = models

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Add the models; all are rendered together when one is asked for."""
        state.__dict__.pop("apps", None)
        for model in self.models:
            model.state_forwards(app_label, state)

    def database_forwards(self, *how: Any) -> None:
        """Create the tables."""
        for model in self.models:
            model.database_forwards(*how)

    def database_backwards(self, *how: Any) -> None:
        """Remove them, the last one first."""
        for model in reversed(self.models):
            model.database_backwards(*how)

    def describe(self) -> str:
        """Say what is done."""
        return f"Create {len(self.models)} models at once"
