from indexer.models.city import City, Province, Region
from indexer.models.data_set import DataSet, IndexMethod, PublishedFigure
from indexer.models.run import CityScore, Run

__all__ = ["City", "CityScore", "DataSet", "IndexMethod", "Province", "PublishedFigure", "Region", "Run"]
