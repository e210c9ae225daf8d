"""What people call the columns of forms, beside their own names."""

import re
from collections.abc import Collection, Sequence

_CALLED = {
    ("code",): (
        "indicatorcode indicatorid variablecode seriescode "
        "代码 编码 编号 指标代码 指标编码 指标编号 专家编号 区划代码 行政区划代码"
    ),
    ("parent",): "上级 上级代码 上级指标 上级指标代码 父级 父级代码 父代码 parentcode parentindicator",
    # A file of weights names indicators where it has no codes.
    ("name_zh", "name", "code"): "名称 中文名 中文名称 指标 指标名称",
    ("name", "code"): "indicator indicatorname",
    ("name_zh", "name"): "姓名 专家姓名 地区 地区名称 单位名称",
    # People and places of lists in languages that the product does not speak.
    ("name",): "nom nometprénom nomprénom prénometnom nombre nombreyapellidos nome fullname vollername",
    ("name_en",): "英文名 英文名称",
    ("direction",): "polarity sens polarité sentido polaridad richtung polarität"
    " 方向 指标方向 性质 指标性质 属性 指标属性",
    # Of an indicator 单位 is what it is measured in, of an expert where they work.
    ("organisation", "unit"): "单位",
    ("unit",): "unitofmeasure unitofmeasurement unité unidad einheit 计量单位",
    ("organisation",): "工作单位 所在单位 机构 organization institution affiliation"
    " établissement organisme institución organización einrichtung",
    ("email",): "邮箱 邮件 电子邮箱 电子邮件 emailaddress courriel adressecourriel adresseemail"
    " adresseélectronique correo correoelectrónico emailadresse",
    ("sector",): "领域 类别 界别 secteur collège sektor",
    ("language",): "语言 langue idioma sprache",
    ("definition",): "description indicatordescription définition definición beschreibung",
    ("definition_zh", "definition"): "定义 指标定义 指标解释 指标说明",
    ("source",): "sources datasource fuente quelle fonte 来源 数据来源",
    ("licence",): "许可 license",
    ("note",): "notes remarks comment comments 备注",
    ("lower",): "lowergoalpost lowerbound 下限",
    ("upper",): "uppergoalpost upperbound 上限",
    ("local_weight",): "局部权重 组内权重",
    ("global_weight",): "全局权重 总权重 综合权重",
    ("province_zh",): "省份 所属省份",
    ("aliases",): "别名",
    ("latitude",): "纬度 lat",
    ("longitude",): "经度 lon lng",
}
CALLED = {word: columns for columns, words in _CALLED.items() for word in words.split()}
BETWEEN_WORDS = re.compile(r"[\s_-]+")


def columns_called(header: Sequence[str], known: Collection[str]) -> dict[int, str]:
    """Return the known columns that heads of other names stand for, by place.

    None for two heads of one meaning, and for a column that is there under its own name. What a head means
    only where its first meaning is not known gives way to a head that means nothing else.
    """
    meant: dict[str, list[tuple[int, int]]] = {}
    for place, head in enumerate(header):
        columns = _meanings(head, known) if head not in known else ()
        found = next(((turn, name) for turn, name in enumerate(columns) if name in known), None)
        if found and found[1] not in header:
            meant.setdefault(found[1], []).append((found[0], place))
    called = {}
    for name, claims in meant.items():
        (first, place), *others = sorted(claims)
        if all(turn > first for turn, _place in others):
            called[place] = name
    return called


def _meanings(head: str, known: Collection[str]) -> Sequence[str]:
    word = BETWEEN_WORDS.sub("", head).casefold()
    return CALLED.get(word) or [name for name in known if BETWEEN_WORDS.sub("", name) == word]
