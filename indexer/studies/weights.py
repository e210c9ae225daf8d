"""Where the weights of a study come from: experts drawn again, noise, Dirichlet, any, or as they are.

Kinds that draw weights alone are built on one of these; kinds that study something else under drawn
weights offer several.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from indexer.enums import StudyKind
from indexer.numeric.studies.uncertainty import SeededDraws
from indexer.studies.base import Base
from indexer.studies.fields import Fields, kappa_field, nu_field
from indexer.studies.questions import Reader
from weighting.numeric.draws import (
    KAPPA_RANGE,
    ExpertBootstrap,
    WeightDraws,
    WeightNoise,
    any_weights,
    dirichlet_around,
)
from weighting.selectors.panel_scores import panel_scores_of

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class WeightSource:
    """One way of drawing weights.

    ``make`` is None where the version's own weights stand, and nothing is drawn. ``parameter`` names
    the one number that it takes, if any, with its limits.
    """

    name: str
    # What the form offers it as, and what pages call it afterwards.
    offer: Callable[[], str]
    words: Callable[[], str]
    make: Callable[[Base, Parameters], WeightDraws] | None
    rests_on_ballots: bool
    parameter: str | None = None
    limits: tuple[float, float] = (0.0, 0.0)

    def read(self, reader: Reader) -> dict[str, Any]:
        """Return the parameter of this source as it was sent."""
        return {self.parameter: reader.number(self.parameter, *self.limits)} if self.parameter else {}


def _experts(base: Base, _parameters: Parameters) -> WeightDraws:
    panel = panel_scores_of(base.run.weight_version)
    return ExpertBootstrap(base.tree, panel.scores, panel.rule, panel.asked)


EXPERTS = WeightSource(
    name="bootstrap",
    offer=lambda: _("Experts drawn again (bootstrap)"),
    words=lambda: str(StudyKind.BOOTSTRAP.label),
    make=_experts,
    rests_on_ballots=True,
)
NOISE = WeightSource(
    name="noise",
    offer=lambda: _("Noise around the version’s weights"),
    words=lambda: str(StudyKind.NOISE.label),
    make=lambda base, parameters: WeightNoise(base.tree, base.index.local, parameters["nu"]),
    rests_on_ballots=False,
    parameter="nu",
    limits=(0, 1),
)
DIRICHLET = WeightSource(
    name="dirichlet",
    offer=lambda: _("Dirichlet weights around the version’s"),
    words=lambda: str(StudyKind.DIRICHLET.label),
    make=lambda base, parameters: dirichlet_around(base.tree, base.index.local, parameters["kappa"]),
    rests_on_ballots=False,
    parameter="kappa",
    limits=KAPPA_RANGE,
)
ANY = WeightSource(
    name="any",
    offer=lambda: _("Any weights"),
    words=lambda: _("any weights"),
    make=lambda base, _parameters: any_weights(base.tree),
    rests_on_ballots=False,
)
AS_THEY_ARE = WeightSource(
    name="none",
    offer=lambda: _("The version’s own weights alone"),
    words=lambda: _("the version’s own weights"),
    make=None,
    rests_on_ballots=False,
)
AROUND = (EXPERTS, NOISE, DIRICHLET)


@dataclass(frozen=True)
class WeightChoice:
    """The sources that a kind offers, of which one is chosen by the parameter ``weights``."""

    sources: Sequence[WeightSource]

    def chosen(self, parameters: Parameters) -> WeightSource:
        """Return the source that parameters name."""
        return next(source for source in self.sources if source.name == parameters["weights"])

    def rests_on_ballots(self, parameters: Parameters) -> bool:
        """Whether the chosen source draws experts; what names no source does not."""
        return any(s.rests_on_ballots for s in self.sources if s.name == parameters["weights"])

    def read(self, reader: Reader) -> dict[str, Any]:
        """Return the choice and what it takes, as they were sent."""
        name = reader.choice("weights", [source.name for source in self.sources])
        chosen = [source for source in self.sources if source.name == name]
        own = chosen[0].read(reader) if chosen else {}
        return {"weights": name, **own}

    def fields(self) -> Fields:
        """Return the fields of the choice."""
        offers = [(source.name, source.offer()) for source in self.sources]
        such = _("%(field)s, for such weights")
        return {
            "weights": forms.ChoiceField(
                label=_("Weights"), choices=offers, initial=NOISE.name, widget=forms.RadioSelect
            ),
            "nu": nu_field(such % {"field": _("Size of the noise ν")}),
            "kappa": kappa_field(such % {"field": _("Concentration κ")}),
        }

    def words(self, parameters: Parameters) -> list[tuple[str, str]]:
        """Say which source was chosen, and with what."""
        return [(_("Weights"), self.chosen(parameters).words()), *parameter_words(parameters)]


def parameter_words(parameters: Parameters) -> list[tuple[str, str]]:
    """Say the numbers that sources take."""
    words = []
    if "nu" in parameters:
        words.append((_("Size of the noise ν"), f"{parameters['nu']:g}"))
    if "kappa" in parameters:
        words.append((_("Concentration κ"), f"{parameters['kappa']:g}"))
    return words


def seeded(
    source: WeightSource, base: Base, parameters: Parameters, *, draws: int, seed: int | None
) -> SeededDraws:
    """Return the draws of a source; raises `ValueError` for one that draws nothing or has no seed."""
    if source.make is None or seed is None:
        raise ValueError(f"weights {source.name!r} with seed {seed} draw nothing")
    return SeededDraws(source.make(base, parameters), draws, seed)
