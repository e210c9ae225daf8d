from indexer.models.city import City, Province, Region
from indexer.models.data_set import DataSet, PublishedFigure
from indexer.models.job import Job
from indexer.models.method import FrameworkMethod, IndexMethod
from indexer.models.preparation import Preparation
from indexer.models.run import CityScore, Run
from indexer.models.study import Study, StudyPart

__all__ = [
    "City",
    "CityScore",
    "DataSet",
    "FrameworkMethod",
    "IndexMethod",
    "Job",
    "Preparation",
    "Province",
    "PublishedFigure",
    "Region",
    "Run",
    "Study",
    "StudyPart",
]
