"""Dark horses: units that do far better in one sub-index than in all others."""

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.enums import ReportChapter
from indexer.forms.leads import LeadForm
from indexer.selectors.profiles import Lead, Leads
from indexer.views.reports.chapters.chapter import Chapter
from indexer.views.reports.material import Material
from indexer.views.reports.parts import Part, PartTable
from indexer.views.run.leads import lead_finding, lead_rule, rank_text

MOST = 50


class DarkHorses(Chapter):
    code = ReportChapter.LEADS

    def lack(self, material: Material) -> str:
        leads, form, found = _found(material)
        if len(leads.sub_indices) < 2:
            return _(
                "There is one sub-index alone, which leads no other: a framework with several fills this."
            )
        return (
            ""
            if found
            else _("No %(unit)s is a dark horse. %(rule)s")
            % {
                "unit": material.cities.register.unit,
                "rule": lead_rule(leads, form),
            }
        )

    def write(self, material: Material) -> Part:
        leads, form, found = _found(material)
        said = [_("%(finding)s.") % {"finding": lead_finding(leads, found, form)}, lead_rule(leads, form)]
        if len(found) > MOST:
            words = {"shown": MOST, "count": len(found)}
            said.append(_("The largest %(shown)s of %(count)s leads are shown.") % words)
        return Part(self.title, sentences=said, tables=[_table(leads, found[:MOST])])


def _found(material: Material) -> tuple[Leads, LeadForm, list[Lead]]:
    """Return who leads by the rule that the page of leads begins with."""
    leads = Leads(material.subject)
    form = LeadForm({}, nodes=material.subject.nodes)
    form.is_valid()
    return leads, form, form.find(leads)


def _table(leads: Leads, found: list[Lead]) -> PartTable:
    cities = leads.scores.cities
    cities.load({lead.position for lead in found})
    rows = [
        [
            cities[lead.position].name,
            lead.node.name if lead.node else "",
            str(lead.rank),
            rank_text(leads.composite[lead.position]),
            str(lead.places),
        ]
        for lead in found
    ]
    head = [
        capfirst(cities.register.unit),
        _("Better in"),
        _("Rank there"),
        _("Rank in the whole"),
        _("Lead, places"),
    ]
    return PartTable(_("Dark horses"), head, rows, left=2)
