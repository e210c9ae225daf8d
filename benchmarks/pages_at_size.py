"""Each page of a run of 100,000 units: ``python -m benchmarks.pages_at_size``.

Processor seconds, bytes, queries, and by how much memory grew; of what is streamed, the seconds until its
first lines. Every page is asked for twice by a process of its own, so that nothing is warm the first time;
pages named on the command line are measured alone. ``QUANHENG_UNITS`` and ``QUANHENG_LEAVES`` say
how large it is, ``QUANHENG_PAGES`` in which folder it is kept.
"""

import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.installations import own_installation

UNITS = int(os.environ.get("QUANHENG_UNITS", "100000"))
LEAVES = int(os.environ.get("QUANHENG_LEAVES", "20"))
VERSIONS, PROVINCES = 3, 50
FORK = multiprocessing.get_context("fork")
PAGES = {
    "ranking": "{page}/",
    "ranking, searched": "{page}/?q=12",
    "ranking, by a sub-index": "{page}/?sort=-s0",
    "ranking, export": "{page}/export/",
    "ranking, workbook": "{page}/export/?format=xlsx",
    "API, ranking": "{api}/ranking/?limit=50",
    "API, ranking on a node": "{api}/nodes/s0/ranking/?limit=50",
    "unit": "{page}/cities/{city}/",
    "unit, export": "{page}/cities/{city}/export/",
    "unit, indicators": "{page}/cities/{city}/indicators/",
    "places": "{page}/places/",
    "leads": "{page}/leads/",
    "tops": "{page}/tops/",
    "fragility": "{page}/fragility/",
    "fragility, export": "{page}/fragility/export/",
    "what-if": "{page}/what-if/",
    "what-if, other weights": "{page}/what-if/?w={weights}",
    "what-if, data": "{page}/what-if/data/",
    "what-if, export": "{page}/what-if/export/",
    "map": "{page}/map/",
    "map, export": "{page}/map/export/",
    "series": "{page}/series/",
    "series, export": "{page}/series/export/?series={series}",
    "trend": "{page}/trend/",
    "concentration": "{page}/concentration/",
    "coherence": "{page}/coherence/",
    "coherence, a pair": "{page}/coherence/pair/",
    "values": "{page}/coherence/values/",
    "report": "{page}/report/",
    "audit report": "{page}/audit/report/",
    "package": "{page}/package/",
    "studies": "{page}/studies/",
    "comparison": "/compare/?{both}",
    "comparison, export": "/compare/export/?{both}",
    "comparison, unit": "/compare/cities/{city}/?{both}",
    "comparison, report": "/compare/report/?{both}",
    "data set": "/data-sets/{data_set}/",
    "data set, audit": "/data-sets/{data_set}/audit/",
    "list of runs": "/runs/",
    "registers": "/registers/",
    "register": "/registers/{register}/",
    "API, units of the register": "/api/v1/registers/{register}/cities/",
    "API, map": "{api}/map/",
    "API, what-if": "{api}/what-if/",
    "API, series": "{api}/series/?series={series}",
}
# Of the newest study that is done, where there is one.
PAGES_OF_STUDY = {
    "study": "/studies/{study}/",
    "API, units of the study": "/api/v1/studies/{study}/cities/",
    "API, ranks of the study": "/api/v1/studies/{study}/histogram/",
}


def main() -> None:
    """Measure on a database of its own, in a temporary folder, or in the one that is named."""
    with own_installation("QUANHENG_PAGES"):
        from indexer.models import Run

        if not Run.objects.exists():
            make_sized_world()
        measure(sys.argv[1:])


def make_sized_world() -> None:
    """Make a register whose units have provinces and places on a map, an index over it, and its runs."""
    from benchmarks.worlds import make_world
    from indexer.services.runs import compute_waiting_runs

    started, city_ids = time.perf_counter(), _make_units()
    compute_waiting_runs(make_world(UNITS, LEAVES, VERSIONS, city_ids=city_ids).pk)
    _make_series(city_ids)
    print(
        f"{UNITS} units, {LEAVES} indicators, {VERSIONS} runs: {time.perf_counter() - started:.1f} s to make"
    )


def _make_units() -> list[int]:
    import numpy as np

    from indexer.models import City, Province, Region
    from indexer.services.registers import default_register

    register, rng = default_register(), np.random.default_rng(3)
    provinces = []
    for number in range(PROVINCES):
        region, _made = Region.objects.get_or_create(
            register=register, name_zh=f"区{number % 5}", name_en=f"Region {number % 5}"
        )
        provinces.append(
            Province.objects.create(region=region, name_zh=f"省{number}", name_en=f"Province {number}")
        )
    places = zip(rng.uniform(20, 50, UNITS).tolist(), rng.uniform(75, 130, UNITS).tolist(), strict=True)
    City.objects.bulk_create(
        [
            City(
                register=register,
                province=provinces[number % PROVINCES],
                name_zh=f"城{number}",
                name_en=f"City {number}",
                code=f"B{number}",
                latitude=latitude,
                longitude=longitude,
            )
            for number, (latitude, longitude) in enumerate(places)
        ],
        batch_size=5_000,
    )
    return list(City.objects.filter(register=register, code__startswith="B").values_list("pk", flat=True))


def _make_series(city_ids: list[int]) -> None:
    import numpy as np

    from indexer.services.registers import default_register
    from indexer.services.series import SeriesTerms, add_series
    from weighting.models import Account

    names = {"name_zh": "产量", "name_en": "Output"}
    add_series(
        terms=SeriesTerms(register=default_register(), **names, unit="t", year=2016),
        city_ids=city_ids,
        values=np.random.default_rng(4).lognormal(size=len(city_ids)),
        actor=Account.objects.get(),
    )


def _addresses() -> dict[str, str]:
    from indexer.models import City, OutsideSeries, Run, Study

    run, other = Run.objects.order_by("pk")[:2]
    study = Study.objects.filter(status="done").order_by("-pk").values_list("pk", flat=True).first()
    city = run.data_set.city_ids[len(run.data_set.city_ids) // 2]
    named = {
        "page": f"/runs/{run.pk}",
        "api": f"/api/v1/runs/{run.pk}",
        "both": f"runs={run.pk}&runs={other.pk}",
        "weights": _equal_weights(run),
        "city": city,
        "data_set": run.data_set_id,
        "register": City.objects.values_list("register_id", flat=True).get(pk=city),
        "series": OutsideSeries.objects.values_list("pk", flat=True).get(),
        "study": study,
    }
    pages = PAGES | (PAGES_OF_STUDY if study else {})
    return {words: address.format_map(named) for words, address in pages.items()}


def _equal_weights(run: Any) -> str:
    """Return how an address says that the first group weighs alike."""
    import numpy as np

    from indexer.numeric.scores.weight_state import WHOLE, state_text
    from weighting.models import Indicator

    count = Indicator.objects.filter(framework=run.data_set.framework_id, parent=None).count()
    units = np.full(count, WHOLE // count)
    units[-1] += WHOLE - units.sum()
    return state_text({0: units})


def measure(names: list[str]) -> None:
    """Print what each page takes, or those alone that are named."""
    from django.db import connections

    addresses = _addresses()
    connections.close_all()
    print(f"{'page':28} {'status':>6} {'first':>8} {'second':>8} {'KB':>9} {'queries':>7} {'MB more':>8}")
    for words, address in addresses.items():
        if names and words not in names:
            continue
        receiver, sender = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_ask_twice, args=(address, sender))
        process.start()
        sender.close()
        status, first, second, size, queries, memory = receiver.recv()
        process.join()
        times = f"{first:7.2f}s {second:7.2f}s"
        print(f"{words:28} {status:6} {times} {size / 1e3:9,.0f} {queries:7} {memory:8.0f}", flush=True)


def _ask_twice(address: str, sender: Any) -> None:
    """Send status, seconds of both requests, bytes, queries of the second, and by how much memory grew."""
    from django.db import connection
    from django.test import Client

    from weighting.models import Account

    client = Client()
    client.force_login(Account.objects.get())
    client.get("/registers/")
    before = _peak_memory(forget=True)
    queries = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    seconds, size, status = [], 0, 0
    with connection.execute_wrapper(count):
        for _turn in range(2):
            queries, started = 0, time.process_time()
            answer = client.get(address)
            parts = iter(answer) if answer.streaming else iter([answer.content])
            size = len(next(parts, b"")) + len(next(parts, b""))
            seconds.append(time.process_time() - started)
            size += sum(len(part) for part in parts)
            status = answer.status_code
    sender.send((status, *seconds, size, queries, _peak_memory() - before))


def _peak_memory(*, forget: bool = False) -> float:
    """Return the most memory that this process had, in megabytes; ``forget`` begins anew."""
    if forget:
        Path("/proc/self/clear_refs").write_text("5")
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) / 1e3


if __name__ == "__main__":
    main()
