"""What analysts wrote into the report of a run's audit; whoever may see the run may read it."""

from indexer.models import ReportParagraph, Run


def paragraphs_of(run: Run, language: str) -> dict[str, ReportParagraph]:
    """Return the paragraphs in a language, by section."""
    return {one.section: one for one in ReportParagraph.objects.filter(run=run, language=language)}


def paragraph_of(run: Run, section: str, language: str) -> ReportParagraph | None:
    """Return the paragraph of one section, if anybody wrote one."""
    return ReportParagraph.objects.filter(run=run, section=section, language=language).first()
