"""A line for a route: who may reach it, when nothing is published and the first manager owns the round."""

from tests.policy import indexer, site, weighting

POLICY = {**weighting.POLICY, **indexer.POLICY, **site.POLICY}
