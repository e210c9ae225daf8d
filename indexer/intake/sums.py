"""Indicators of which it is known that a sum means something: counts, great amounts, what is called a total.

`rates` tells what no sum may be asked of; of much else, such as fares in euros or ways in kilometres, nothing
tells either way, and no total is shown.
"""

import re
from collections.abc import Callable

from indexer.intake.rates import why_no_sum_of

# What is counted over days or years is of the kind that is counted; a speed is not.
OVER_PERIOD = re.compile(
    r"(?:/|\bper )\s*(?:yr|year|annum|a|quarter|month|mo|week|day|d)\b|/[年季月周日天]", re.I
)
BRACKETED = re.compile(r"[(（][^()（）]*[)）]")
SCALE = (
    r"(?i:[\d,. ]*(?:(?:(?:hundred|thousand|million|billion|trillion)s?|mn|bn)\b ?)?(?:of )?"
    r"|[\d,. ]*[十百千万亿]*)"
)
THINGS = (
    r"count|number|no\.?|n|#|pcs|pieces?|items?|units?|sets?|cases?|events?|projects?|orders?|copies|titles"
    r"|persons?|people|inhabitants?|residents?|citizens?|employees|workers|jobs|users?|subscribers?|accounts?"
    r"|followers?|visitors?|tourists?|visits?|passengers?|students?|pupils|graduates|teachers?|researchers?"
    r"|doctors?|physicians?|nurses?|patients?|deaths?|births?|beds?|seats?|households?|families|dwellings?|homes"
    r"|compan(?:y|ies)|firms?|enterprises?|establishments?|shops?|schools?|hospitals?|stations?|patents?"
    r"|papers?|articles?|publications?|citations?|messages?|transactions?|vehicles?|cars|flights?|trips?"
    r"|crossings?|countries|cores?"
    r"|(?:person|man|student|bed|passenger|vehicle|tonne?)[- ]?(?:hours?|days?|years?|km)"
    r"|人次?|户|个|家|件|项|次|台|辆|所|座|本|册|篇|张|条|床位?|场|例|宗|起|艘|架|部|株|头|只|处|种|笔|单|套|间|栋|核"
    r"|人[公千]里|吨[公千]里|车[公千]里|床日|人[日天时]|工[日时]"
)
# So great that they are seldom read at one thing.
AMOUNTS = (
    r"(?:[kM]|mega|kilo)?t|(?:mega|kilo)?tonn?e?s?|吨(?:标准?煤)?|km[2²]|sq\.? ?km|square kilomet(?:re|er)s?"
    r"|平方[公千][里米]|ha|hectares?|acres?|公顷|亩|m[3³]|cubic met(?:re|er)s?|立方米|barrels?"
    r"|[MGT]Wh?|[TP]J|[kM]?t[oc]e|[TGP]B"
)
COUNTED = re.compile(rf"^{SCALE}(?:(?:number|count|no\.) of [^/]+|(?:{THINGS}))$", re.I)
MEASURED = re.compile(rf"^{SCALE}(?:{AMOUNTS})$")
# Millions of whatever it may be are of many.
OF_MANY = re.compile(r"\b(?:million|billion|trillion)s?\b|\b(?:mn|bn)\b|[百千万]万|亿|^万", re.I)
MONEY_OF_ONE = re.compile(r"^万(?:元|美元|欧元)", re.I)
TELLING = re.compile(
    r"\btotals?\b|\b(?:number|count) of\b|\bpopulation\b|\bGDP\b|\bgross (?:domestic|regional|national)\b"
    r"|\b(?:output|production|revenues?|turnover|sales|investments?|exports?|imports?|trade|value added)\b"
    r"|\b(?:order|transaction|payment|trade|export|import) value\b|\b(?:emissions|deposits|bandwidth)\b"
    r"|\blength of (?:the )?(?:roads?|rail|lines?|tracks?|motorways?|network|pipes?|sewers?)|\bmileage\b"
    r"|总|合计|(?<![指系分倍天年时级位])数$|(?<![质含重剂当])量$|金?额$|产值|生产总值|增加值|财政收入|营业收入|税收"
    r"|财政支出|投资|进出口|里程|人口$|存款|贷款|流水$|带宽$",
    re.I,
)
# However it is counted, it is read at one unit or one thing.
READ_AT_ONE = re.compile(
    r"\bscores?\b|\brank(?:s|ing)?\b|\bages?\b|\bspeeds?\b|\blatency\b|\b(?:high|low|larg|small)est\b"
    r"|\bmax(?:imum)?\b|\bmin(?:imum)?\b|\bdistance\b|\bfertility\b|\bcosts? (?:of|to)\b|\bsize\b"
    r"|[得评]分|排名|名次|年龄|速度|时延|最[高低大小长短远近]|距离|深度|高度|海拔|家庭规模|班级规模",
    re.I,
)


def sum_is_known(
    names: tuple[str, ...], unit: str, *, is_whole: bool, lies_in_range: Callable[[], bool]
) -> bool:
    """Return whether a sum of the values is known to mean something; parameters as of `why_no_sum_of`."""
    if is_whole:
        return True
    if why_no_sum_of(names, unit, is_whole=False, lies_in_range=lies_in_range):
        return False
    called = [BRACKETED.sub("", name).strip() for name in names]
    if any(READ_AT_ONE.search(name) for name in called):
        return False
    return _unit_tells(unit) or any(TELLING.search(name) for name in called)


def _unit_tells(unit: str) -> bool:
    kind = BRACKETED.sub("", OVER_PERIOD.sub("", unit)).strip()
    if "/" in kind or not kind:
        return False
    is_of_many = OF_MANY.search(kind) and not MONEY_OF_ONE.search(kind)
    return bool(COUNTED.search(kind) or MEASURED.search(kind) or is_of_many)
