"""English names and other forms of the 351 cities, written as the names were in 2016."""

from collections import Counter
from collections.abc import Sequence

from pypinyin import Style, lazy_pinyin

ENDINGS = ("地区", "林区", "市", "县", "州", "盟")
PROVINCES = {
    "北京市": "Beijing", "天津市": "Tianjin", "河北省": "Hebei", "山西省": "Shanxi",
    "内蒙古自治区": "Inner Mongolia", "辽宁省": "Liaoning", "吉林省": "Jilin", "黑龙江省": "Heilongjiang",
    "上海市": "Shanghai", "江苏省": "Jiangsu", "浙江省": "Zhejiang", "安徽省": "Anhui", "福建省": "Fujian",
    "江西省": "Jiangxi", "山东省": "Shandong", "河南省": "Henan", "湖北省": "Hubei", "湖南省": "Hunan",
    "广东省": "Guangdong", "广西壮族自治区": "Guangxi", "海南省": "Hainan", "重庆市": "Chongqing",
    "四川省": "Sichuan", "贵州省": "Guizhou", "云南省": "Yunnan", "西藏自治区": "Tibet", "陕西省": "Shaanxi",
    "甘肃省": "Gansu", "青海省": "Qinghai", "宁夏回族自治区": "Ningxia", "新疆维吾尔自治区": "Xinjiang",
}  # fmt: skip
# Established names that are not pinyin of the Chinese one, readings that a dictionary of words misses,
# and the two that need a word more.
ESTABLISHED = {
    "哈尔滨": "Harbin", "齐齐哈尔": "Qiqihar", "呼和浩特": "Hohhot", "乌鲁木齐": "Urumqi", "拉萨": "Lhasa",
    "鄂尔多斯": "Ordos", "呼伦贝尔": "Hulunbuir", "巴彦淖尔": "Bayannur", "乌兰察布": "Ulanqab",
    "锡林郭勒": "Xilingol", "兴安": "Hinggan", "阿拉善": "Alxa", "克拉玛依": "Karamay", "伊犁": "Ili",
    "巴音郭楞": "Bayingolin", "阿克苏": "Aksu", "喀什": "Kashgar", "阿勒泰": "Altay",
    "吐鲁番": "Turpan", "博尔塔拉": "Bortala",
    "克孜勒苏柯": "Kizilsu", "和田": "Hotan", "甘孜": "Garze", "阿坝": "Ngawa", "迪庆": "Deqen",
    "日喀则": "Shigatse", "那曲": "Nagchu", "林芝": "Nyingchi", "昌都": "Qamdo", "阿里": "Ngari",
    "山南": "Lhoka", "果洛": "Golog", "海南": "Hainan Prefecture", "吉林": "Jilin City", "长治": "Changzhi",
    "朝阳": "Chaoyang", "漯河": "Luohe", "吕梁": "Lüliang",
}  # fmt: skip
OFFICIAL = {
    "红河州": "红河哈尼族彝族自治州", "恩施州": "恩施土家族苗族自治州", "大理州": "大理白族自治州",
    "延边州": "延边朝鲜族自治州", "黔南州": "黔南布依族苗族自治州", "楚雄州": "楚雄彝族自治州",
    "黔东南州": "黔东南苗族侗族自治州", "黔西南州": "黔西南布依族苗族自治州", "伊犁州": "伊犁哈萨克自治州",
    "凉山州": "凉山彝族自治州", "巴音郭楞州": "巴音郭楞蒙古自治州", "昌吉州": "昌吉回族自治州",
    "湘西州": "湘西土家族苗族自治州", "文山州": "文山壮族苗族自治州", "甘孜州": "甘孜藏族自治州",
    "西双版纳州": "西双版纳傣族自治州", "德宏州": "德宏傣族景颇族自治州", "临夏州": "临夏回族自治州",
    "阿坝州": "阿坝藏族羌族自治州", "海西州": "海西蒙古族藏族自治州", "博尔塔拉州": "博尔塔拉蒙古自治州",
    "海北州": "海北藏族自治州", "迪庆州": "迪庆藏族自治州", "甘南州": "甘南藏族自治州",
    "怒江州": "怒江傈僳族自治州", "克孜勒苏柯州": "克孜勒苏柯尔克孜自治州",
    "玉树州": "玉树藏族自治州", "果洛州": "果洛藏族自治州",
    "海南州": "海南藏族自治州", "黄南": "黄南藏族自治州",
}  # fmt: skip
# Forms that are not made by dropping the ending: cities since 2011-2018, older names, short names.
OTHER_FORMS = {
    "毕节地区": ["毕节市"], "铜仁地区": ["铜仁市"], "海东地区": ["海东市"], "日喀则地区": ["日喀则市"],
    "昌都地区": ["昌都市"], "林芝地区": ["林芝市"], "山南地区": ["山南市"], "那曲地区": ["那曲市"],
    "吐鲁番地区": ["吐鲁番市"], "哈密地区": ["哈密市"], "襄阳市": ["襄樊市"], "黄南": ["黄南州"],
    "克孜勒苏柯州": ["克孜勒苏州", "克州"], "博尔塔拉州": ["博州"],
}  # fmt: skip
# 海南 alone is the province, so the prefecture is not called by it.
NOT_ALONE = {"海南州"}


def short_name(city: str) -> str:
    """The name without what kind of place it is: 屯昌 for 屯昌县."""
    for ending in ENDINGS:
        if city.endswith(ending) and len(city) > len(ending) + 1:
            return city.removesuffix(ending)
    return city


def aliases(city: str) -> list[str]:
    short = [] if city in NOT_ALONE else [short_name(city)]
    official = [OFFICIAL[city]] if city in OFFICIAL else []
    return [form for form in [*short, *official, *OTHER_FORMS.get(city, [])] if form != city]


def english_names(cities: Sequence[str], provinces: Sequence[str]) -> list[str]:
    """Toneless pinyin or the established name; the province is added where two cities would share one."""
    names = [ESTABLISHED.get(short_name(city)) or romanise(short_name(city)) for city in cities]
    shared = {name for name, count in Counter(names).items() if count > 1}
    return [
        f"{name} ({PROVINCES[province]})" if name in shared else name
        for name, province in zip(names, provinces, strict=True)
    ]


def romanise(name: str) -> str:
    """Syllables joined, with an apostrophe before a later one that begins with a vowel: Xi'an."""
    first, *rest = lazy_pinyin(name, style=Style.NORMAL, v_to_u=False)
    return (first + "".join(f"'{part}" if part[0] in "aeo" else part for part in rest)).capitalize()
