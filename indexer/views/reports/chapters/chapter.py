"""What a chapter of a report has to say of itself; what one leaves out keeps it from being registered."""

from abc import ABC, abstractmethod

from indexer.enums import ReportChapter
from indexer.views.reports.material import Material
from indexer.views.reports.parts import Part


class Chapter(ABC):
    """One chapter, written in the active language."""

    @property
    @abstractmethod
    def code(self) -> ReportChapter:
        """The value of `ReportChapter` that rows and addresses carry."""

    @abstractmethod
    def write(self, material: Material) -> Part:
        """Return what the product has to say; asked only where nothing is lacking."""

    def lack(self, material: Material) -> str:
        """Say what would fill the chapter; '' where there is matter for it."""
        return ""

    @property
    def title(self) -> str:
        return str(self.code.label)

    def part(self, material: Material) -> Part:
        """Return the chapter, or in its place what would fill it."""
        lack = self.lack(material)
        return Part(self.title, sentences=[lack]) if lack else self.write(material)
