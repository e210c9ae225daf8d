"""A published index of countries: the human development of 2021, from the file of the United Nations."""

from indexer.models import City, Run
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.methods import use_method
from indexer.services.published import draft_index, publish_edition
from indexer.services.registers import import_countries
from indexer.services.runs import compute_waiting_runs
from tests.indexer.factories import make_version
from tests.indexer.numeric.published import numbers, rows_of
from weighting.services.frameworks import import_framework

FRAMEWORK = """code,parent,name_zh,name_en,unit,note,transform,lower,upper
health,,健康,Health,,,,,
education,,教育,Education,,,,,
income,,生活水平,Standard of living,,,,,
le,health,出生时预期寿命,Life expectancy at birth,years,How long a newborn would live.,,20,85
eys,education,预期受教育年限,Expected years of schooling,years,,,0,18
mys,education,平均受教育年限,Mean years of schooling,years,,,0,15
gnipc,income,人均国民总收入,Gross national income per capita,$,,ln,100,75000
"""
LEAVES = ("le", "eys", "mys", "gnipc")
TERMS = {
    "name_zh": "人类发展指数",
    "name_en": "Human Development Index",
    "description_zh": "衡量各国人民能活多久、学多少、收入多少。",
    "description_en": "How long people live, how much they learn and what they earn, country by country.",
    "licence": "CC-BY-4.0",
    "contact": "hdi@example.org",
    "authors": "Ada Lovelace",
    "publisher": "A Press",
}


def publish_human_development(owner, *, slug="human-development", year=2021, **method):
    """Return the first edition of the index, by goalposts and the arithmetic mean or another method."""
    framework = import_framework(
        source=FRAMEWORK.encode(),
        filename="f.csv",
        name_zh="人类发展",
        name_en="Human development",
        actor=owner,
    )
    rows = rows_of("hdi_2019_2021.csv")
    register = import_countries(actor=owner)
    ids = dict(City.objects.filter(register=register).values_list("code", "pk"))
    own = framework.default_method.method
    choices = {"normalisation": "goalposts", "scale": 1.0, "digits": 3, "leaves": own.leaves, **method}
    data_set = add_data_set(
        terms=EditionTerms(
            framework=framework,
            name_zh="联合国",
            name_en="United Nations",
            year=year,
            method=use_method(**choices),
        ),
        matrix=Matrix(
            city_ids=[ids[row["iso3"]] for row in rows],
            leaf_codes=list(LEAVES),
            values=numbers(rows, [f"{code}_{year}" for code in LEAVES]),
            totals={},
        ),
        actor=owner,
    )
    make_version(framework, actor=owner)
    compute_waiting_runs(data_set.pk)
    index = draft_index(slug=slug, terms=TERMS, actor=owner)
    return publish_edition(index, run=Run.objects.get(data_set=data_set), actor=owner)
