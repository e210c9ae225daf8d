"""The ASEM index as COINr documents it: a part of github.com/bluefoxr/COINr, data/ASEM_iData.rda (MIT)."""

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

ASEM = Path(__file__).parent / "asem.csv"
GROUPS = {
    "Physical": ["LPI", "Flights", "Ship", "Bord", "Elec", "Gas", "ConSpeed", "Cov4G"],
    "P2P": ["StMob", "Research", "Pat", "CultServ", "CultGood", "Tourist", "MigStock", "Lang"],
    "Social": ["CPI", "FemLab", "FreePress", "NGOs", "Palma", "Poverty", "TertGrad", "TolMin", "WomParl"],
}


@pytest.fixture(scope="session")
def asem():
    """Raw values, (units, indicators), nan where missing; ``columns`` returns some by their codes."""
    with ASEM.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    values = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows])
    place = {code: at for at, code in enumerate(header[1:])}
    return SimpleNamespace(
        units=[row[0] for row in rows],
        codes=header[1:],
        values=values,
        columns=lambda codes: values[:, [place[code] for code in codes]],
    )
