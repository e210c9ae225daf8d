from indexer.models.border import RegisterBorders
from indexer.models.city import City, Province, Region
from indexer.models.data_import import DataImport
from indexer.models.data_set import DataSeries, DataSet, PrintedPlaceFigure, PublishedFigure
from indexer.models.facts import DataFacts, RunFacts
from indexer.models.family import BranchIndex
from indexer.models.gathering import Delivery, Gathering
from indexer.models.grouping import Grouping, GroupMember, UnitGroup
from indexer.models.job import Job
from indexer.models.method import FrameworkMethod, IndexMethod
from indexer.models.preparation import Preparation
from indexer.models.published import SLUG, DailyVisits, IndexEdition, IndicatorTerms, PublishedIndex
from indexer.models.register import Register
from indexer.models.register_edition import RegisterEdition, UnitCorrection
from indexer.models.report import EditionReport, ReportOutline, ReportParagraph
from indexer.models.run import Run, RunScores
from indexer.models.series import OutsideSeries
from indexer.models.study import Study, StudyPart

__all__ = [
    "SLUG",
    "BranchIndex",
    "City",
    "DailyVisits",
    "DataFacts",
    "DataImport",
    "DataSeries",
    "DataSet",
    "Delivery",
    "EditionReport",
    "FrameworkMethod",
    "Gathering",
    "GroupMember",
    "Grouping",
    "IndexEdition",
    "IndexMethod",
    "IndicatorTerms",
    "Job",
    "OutsideSeries",
    "Preparation",
    "PrintedPlaceFigure",
    "Province",
    "PublishedFigure",
    "PublishedIndex",
    "Region",
    "Register",
    "RegisterBorders",
    "RegisterEdition",
    "ReportOutline",
    "ReportParagraph",
    "Run",
    "RunFacts",
    "RunScores",
    "Study",
    "StudyPart",
    "UnitCorrection",
    "UnitGroup",
]
