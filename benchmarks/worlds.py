"""Data sets and frozen versions of any size to compute, made without anybody's waiting."""

import hashlib

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from indexer.dispatch import queue_runs_of_data_set
from indexer.enums import RunStatus
from indexer.models import City, DataSet, Province, Region, Run, RunScores
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.methods import use_method
from indexer.services.registers import default_register
from weighting.enums import Role, VersionStatus
from weighting.models import Account, Framework, Indicator, NodeWeight, WeightVersion
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import build_tree, global_weights


def make_world(cities: int, leaves: int, versions: int, *, city_ids: list[int] | None = None) -> DataSet:
    """Return a data set whose runs wait, one for each version; ``city_ids`` are units made before."""
    token = hashlib.sha256(f"{cities}x{leaves}x{versions}".encode()).hexdigest()
    actor, _made = Account.objects.get_or_create(username="bench", defaults={"role": Role.MANAGER})
    framework = _make_framework(leaves, token, actor)
    data_set = add_data_set(
        terms=EditionTerms(
            framework=framework,
            name_zh=f"数据 {token[:8]}",
            name_en=f"Data {token[:8]}",
            year=2016,
            method=use_method(),
        ),
        matrix=Matrix(
            city_ids=city_ids or _make_cities(cities),
            leaf_codes=list(_nodes(framework).filter(is_leaf=True).values_list("code", flat=True)),
            values=np.random.default_rng(1).lognormal(0, 1.5, (cities, leaves)),
            totals={},
        ),
        actor=actor,
    )
    _make_versions(framework, versions, token, actor)
    with transaction.atomic():
        queue_runs_of_data_set(data_set)
    return data_set


def forget_results(data_set: DataSet) -> None:
    """Let all runs of a data set wait again."""
    RunScores.objects.filter(run__in=list(data_set.runs.values_list("pk", flat=True))).delete()
    Run.objects.filter(data_set=data_set).update(
        status=RunStatus.QUEUED, attempts=0, node_scores=None, finished_at=None, lease=None, lease_until=None
    )


def _nodes(framework: Framework) -> QuerySet[Indicator]:
    return Indicator.objects.filter(framework=framework).order_by("position")


def _make_framework(leaves: int, token: str, actor: Account) -> Framework:
    """Make ten leaves to a group, and ten groups to a sub-index."""
    framework = Framework.objects.create(
        name_zh=f"框架 {token[:8]}", name_en=f"Framework {token[:8]}", sha256=token, created_by=actor
    )
    groups = -(-leaves // 10)
    codes = [(f"s{n}", "") for n in range(-(-groups // 10))]
    codes += [(f"g{n}", f"s{n // 10}") for n in range(groups)]
    codes += [(f"x{n}", f"g{n // 10}") for n in range(leaves)]
    made: dict[str, Indicator] = {}
    for level in ("s", "g", "x"):
        rows = [
            Indicator(
                framework=framework,
                parent=made.get(parent),
                code=code,
                name_zh=code,
                name_en=code,
                direction=1,
                position=position,
                depth="sgx".index(level) + 1,
                is_leaf=level == "x",
            )
            for position, (code, parent) in enumerate(codes)
            if code[0] == level
        ]
        made |= {row.code: row for row in Indicator.objects.bulk_create(rows)}
    return framework


def _make_cities(count: int) -> list[int]:
    register = default_register()
    region, _made = Region.objects.get_or_create(register=register, name_zh="区", name_en="Region")
    province, _made = Province.objects.get_or_create(region=region, name_zh="省", name_en="Province")
    there = City.objects.filter(province=province).count()
    City.objects.bulk_create(
        [
            City(register=register, province=province, name_zh=f"城{n}", name_en=f"City {n}", code=f"B{n}")
            for n in range(there, count)
        ]
    )
    return list(City.objects.filter(province=province).order_by("pk").values_list("pk", flat=True)[:count])


def _make_versions(framework: Framework, count: int, token: str, actor: Account) -> None:
    """Freeze versions of random weights as rows; nobody will verify these."""
    nodes = list(_nodes(framework).values_list("pk", "code", "parent__code"))
    tree = build_tree([code for _pk, code, _parent in nodes], [parent or "" for *_rest, parent in nodes])
    rng = np.random.default_rng(2)
    for number in range(1, count + 1):
        local = _random_weights(tree.groups, rng, len(tree))
        whole = global_weights(tree, local)
        version = WeightVersion.objects.create(
            framework=framework,
            label_zh=f"版本{number}",
            label_en=f"Version {number}",
            source="imported",
            created_by=actor,
        )
        NodeWeight.objects.bulk_create(
            NodeWeight(version=version, indicator_id=pk, local_weight=one, global_weight=all_)
            for (pk, *_rest), one, all_ in zip(nodes, local.tolist(), whole.tolist(), strict=True)
        )
        digest = hashlib.sha256(f"{token}{number}".encode()).hexdigest()
        WeightVersion.objects.filter(pk=version.pk).update(
            status=VersionStatus.FROZEN,
            number=number,
            manifest=b"{}",
            manifest_hash=digest,
            frozen_at=timezone.now(),
        )


def _random_weights(groups: tuple[IntArray, ...], rng: np.random.Generator, nodes: int) -> FloatArray:
    local = np.empty(nodes)
    for group in groups:
        parts = rng.random(len(group)) + 0.1
        local[group] = parts / parts.sum()
    return local
