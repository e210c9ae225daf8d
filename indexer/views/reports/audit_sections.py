"""What the report of an audit says, section by section, in the order of an audit by the JRC.

The page and the PDF show the same parts: sentences, findings with advice, and tables.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.enums import StudyStatus
from indexer.method_words import method_words
from indexer.numeric.association import infer_correlation
from indexer.selectors.coherence import Coherence, GroupView
from indexer.selectors.distributions import Distribution
from indexer.selectors.published import codes_given_raw
from indexer.selectors.series import hold_against, series_beside
from indexer.selectors.studies import StudyResult, result_of_study, studies_visible_to
from indexer.studies.kind import Kind
from indexer.studies.registry import kind_of
from indexer.views.run.coherence import figure_of_group
from indexer.views.run.distribution import figures_of
from indexer.views.run.series_figures import figure_of_series, p_words
from indexer.views.shared.coherence_words import (
    Finding,
    findings_on_importance,
    findings_on_members,
    findings_on_values,
    headline,
    is_far,
    percent,
    whole_name,
    widest_gap,
)
from indexer.words import data_set_name, version_name
from weighting.drawing import Figure
from weighting.models import Account, Indicator
from weighting.numeric.tree import NO_PARENT
from weighting.views.numbers import signed

# What one report tells of a large index; the Coherence pages and their files hold all.
MOST_GROUPS, MOST_FINDINGS, MOST_STUDIES, MOST_FIGURES = 40, 12, 12, 3


@dataclass(frozen=True)
class PartTable:
    """A small table; ``widths`` are relative: names have twice the room of a number."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def widths(self) -> list[int]:
        return [2, *[1] * (len(self.head) - 1)]


@dataclass(frozen=True)
class Part:
    """One section of the report."""

    title: str
    sentences: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    tables: Sequence[PartTable] = ()
    figures: Sequence[Figure] = ()
    own: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class AuditReport:
    """An audit as ``account`` may read it."""

    coherence: Coherence
    account: Account | None

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The sections by name, in their order."""
        return {name: make(self) for name, make in SECTIONS.items()}

    @cached_property
    def top(self) -> GroupView:
        return self.coherence.group_view(None)

    @cached_property
    def groups(self) -> list[GroupView]:
        """The first group, and those right below its members."""
        below = [node for node in self.coherence.parents if node in self.top.members]
        return [self.top, *(self.coherence.group_view(node) for node in below)][:MOST_GROUPS]

    @property
    def units(self) -> str:
        return self.coherence.subject.cities.register.units

    def findings(self, find: Callable[[GroupView], Iterable[Finding]]) -> list[Finding]:
        """Collect findings of the groups, the grave first."""
        found = [_named(finding, view, self.top) for view in self.groups for finding in find(view)]
        return sorted(found, key=lambda finding: not finding.is_grave)[:MOST_FINDINGS]


def _named(finding: Finding, view: GroupView, top: GroupView) -> Finding:
    """Say which group a finding is about, where it is not the first."""
    if view is top:
        return finding
    words = {"whole": whole_name(view), "finding": finding.text}
    return replace(finding, text=_("“%(whole)s”: %(finding)s") % words)


def section_names() -> dict[str, str]:
    """The sections and their titles, in the order of the report."""
    return {
        "framework": _("The framework"),
        "data": _("The data"),
        "coherence": _("Statistical coherence"),
        "importance": _("Weights and importance"),
        "uncertainty": _("Uncertainty and sensitivity"),
        "series": _("Comparison with outside series"),
        "conclusions": _("Conclusions"),
    }


def _framework(report: AuditReport) -> Part:
    run, tree, nodes = report.coherence.run, report.coherence.tree, report.coherence.nodes
    words = {
        "name": run.data_set.framework.name,
        "nodes": len(nodes),
        "leaves": len(tree.leaves),
        "levels": max((node.depth for node in nodes), default=0),
    }
    view = report.top
    below = tree.descendant_leaves
    rows = [
        (node.name, percent(view.weights[at], 2), str(int(below[node.position].sum())))
        for at, node in enumerate(view.members)
    ]
    return Part(
        section_names()["framework"],
        sentences=[
            _("“%(name)s”: levels %(levels)s, indicators %(nodes)s, with data %(leaves)s.") % words,
            _("Weights: %(version)s.") % {"version": version_name(run)},
            _("Method: %(method)s.") % {"method": method_words(run.method)},
        ],
        tables=[
            PartTable(
                _("Parts of “%(whole)s”") % {"whole": whole_name(view)},
                [_("Indicator"), _("Weight"), _("Indicators with data")],
                rows,
            )
        ],
    )


def _data(report: AuditReport) -> Part:
    scored, run = report.coherence.scored, report.coherence.run
    facts = scored.indicators
    words = {
        "data": data_set_name(run.data_set),
        "count": len(report.coherence.subject.cities),
        "units": report.units,
        "leaves": len(report.coherence.tree.leaves),
        "share": percent(float(np.isnan(scored.raw).mean()), 2),
    }
    scarce = [at for at in np.argsort(facts.available, kind="stable").tolist() if facts.available[at] < 1]
    leaves = report.coherence.tree.leaves
    rows = [
        (report.coherence.nodes[int(leaves[at])].name, percent(facts.available[at]))
        for at in scarce[:MOST_FINDINGS]
    ]
    table = PartTable(_("Indicators that lack values"), [_("Indicator"), _("Values there")], rows)
    return Part(
        section_names()["data"],
        sentences=[
            _("%(data)s: %(units)s %(count)s, indicators %(leaves)s, values missing %(share)s.") % words
        ],
        findings=report.findings(findings_on_values),
        tables=[table] if rows else [],
        figures=_skewed(report),
    )


def _skewed(report: AuditReport) -> list[Figure]:
    """Draw the most uneven indicators: raw values where the reader may see them, else scores."""
    coherence = report.coherence
    given = codes_given_raw(report.account, coherence.run)
    skews = np.nan_to_num([abs(shape.skewness) for shape in coherence.scored.indicators.shapes])
    drawn = []
    for at in np.argsort(-skews, kind="stable")[:MOST_FIGURES].tolist():
        found = Distribution(coherence.subject, coherence.nodes[int(coherence.tree.leaves[at])])
        drawn += [_named_after(found, figure) for figure in list(figures_of(found, given).values())[:1]]
    return drawn


def _named_after(found: Distribution, figure: Figure) -> Figure:
    """Name the indicator of a histogram, which its own page has above it."""
    return replace(figure, title=f"{found.node.name}: {figure.title}")


def _coherence(report: AuditReport) -> Part:
    groups = report.coherence.scored.groups
    rows = []
    for group in groups[:MOST_GROUPS]:
        name = (
            _("Composite score") if group.parent == NO_PARENT else report.coherence.nodes[group.parent].name
        )
        rows.append(
            (
                name,
                str(len(group.members)),
                signed(group.consistency.alpha, 2, plus=False),
                percent(group.components.first_share, 0),
                signed(group.mean, 2, plus=False),
                signed(group.lowest, 2, plus=False),
            )
        )
    head = [
        _("Group"),
        _("Members"),
        _("Cronbach's alpha"),
        _("First component"),
        _("Mean correlation"),
        _("Lowest"),
    ]
    return Part(
        section_names()["coherence"],
        sentences=_cut(len(groups)),
        findings=report.findings(findings_on_members),
        tables=[PartTable(_("Groups of siblings"), head, rows)],
    )


def _cut(count: int) -> list[str]:
    if count <= MOST_GROUPS:
        return []
    return [_("The first %(shown)s of %(count)s groups are shown.") % {"shown": MOST_GROUPS, "count": count}]


def _importance(report: AuditReport) -> Part:
    view = report.top
    rows = [
        (
            node.name,
            percent(view.weights[at]),
            percent(view.shares[at]),
            percent(view.variance[at]),
            _("yes") if is_far(view, at) else "",
        )
        for at, node in enumerate(view.members)
    ]
    head = [_("Indicator"), _("Weight"), _("Importance"), _("Part of the variance"), _("Far apart")]
    caption = _("Weight beside importance, “%(whole)s”") % {"whole": whole_name(view)}
    return Part(
        section_names()["importance"],
        sentences=[
            _("%(finding)s.") % {"finding": headline(view)},
            *(_gap_within(each) for each in report.groups[1:]),
        ],
        findings=report.findings(findings_on_importance),
        tables=[PartTable(caption, head, rows)],
        figures=[figure_of_group(view)] if len(view.members) > 1 else [],
    )


def _gap_within(view: GroupView) -> str:
    return _("Within “%(whole)s”: %(gap)s.") % {"whole": whole_name(view), "gap": widest_gap(view)}


def _uncertainty(report: AuditReport) -> Part:
    run, nodes = report.coherence.run, report.coherence.nodes
    studies = studies_visible_to(report.account).filter(run=run, status=StudyStatus.DONE).order_by("pk")
    told: list[str] = []
    figures: list[Figure] = []
    for study in studies[:MOST_STUDIES]:
        kind, result = kind_of(study), result_of_study(study)
        words = {"study": kind.name_of(study), "finding": kind.finding(result, nodes)}
        told.append(_("%(study)s: %(finding)s.") % words)
        if len(figures) < MOST_FIGURES:
            figures += _first_figure(kind, result, nodes)
    nothing = _("No study of this ranking is finished: nothing is said here of how sure its ranks are.")
    return Part(section_names()["uncertainty"], sentences=told or [nothing], figures=figures)


def _first_figure(kind: Kind, result: StudyResult, nodes: list[Indicator]) -> list[Figure]:
    """Return the figure that a study's page shows first, with the address of its picture."""
    for name, figure in kind.figures(result, nodes).items():
        address = reverse("indexer:study-picture", args=[result.study.pk, name, "svg"])
        return [figure.drawn_at(address)] if figure.spec else []
    return []


def _series(report: AuditReport) -> Part:
    rows: list[Sequence[str]] = []
    figures: list[Figure] = []
    for series in series_beside(report.coherence.run, report.account):
        held = hold_against(report.coherence.subject, series)
        found = held.overall
        if held.drawn.any() and len(figures) < MOST_FIGURES:
            figures.append(figure_of_series(held))
        inferred = infer_correlation(found.pearson, found.count)
        rows.append(
            (
                f"{series.name} ({series.year})",
                str(found.count),
                signed(found.spearman, 3, plus=False),
                signed(found.pearson, 3, plus=False),
                _("%(low)s to %(high)s")
                % {"low": signed(inferred.low, 2, plus=False), "high": signed(inferred.high, 2, plus=False)},
                p_words(inferred.p_value),
            )
        )
    head = [_("Series"), capfirst(report.units), _("Spearman"), _("Pearson"), _("Interval of 95 in 100"), "p"]
    table = PartTable(_("The composite score beside each series"), head, rows)
    nothing = _("No outside series was sent in for these %(units)s.") % {"units": report.units}
    return Part(
        section_names()["series"],
        sentences=[] if rows else [nothing],
        tables=[table] if rows else [],
        figures=figures,
    )


def _conclusions(report: AuditReport) -> Part:
    everything = [findings_on_values, findings_on_members, findings_on_importance]
    grave = [found for find in everything for found in report.findings(find) if found.is_grave]
    words = {"count": len(grave)}
    said = (
        ngettext(
            "%(count)s finding asks for a decision.", "%(count)s findings ask for a decision.", len(grave)
        )
        % words
        if grave
        else _("No finding asks for a decision.")
    )
    return Part(section_names()["conclusions"], sentences=[said, *(f.text for f in grave[:MOST_FINDINGS])])


SECTIONS: dict[str, Callable[[AuditReport], Part]] = {
    "framework": _framework,
    "data": _data,
    "coherence": _coherence,
    "importance": _importance,
    "uncertainty": _uncertainty,
    "series": _series,
    "conclusions": _conclusions,
}
