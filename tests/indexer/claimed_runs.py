"""A worker that computes what it claimed, and claims no more."""

from indexer.services import runs as services


def compute_claimed_runs(runs, bench=None):
    """Compute and store the runs; return how many ended."""
    bench = bench or services.Workbench(runs[0].data_set_id)
    return services.compute_claimed_runs(runs, bench, goes_on=bool)[0]
