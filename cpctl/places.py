"""The 31 provinces of mainland China: their names, codes and the ways people type them (GB/T 2260, ISO 3166-2:CN)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    class Province(NamedTuple):
        """One province; `id` is the pinyin every object and output uses."""

        id: str
        name_zh: str
        short_zh: str
        abbr_zh: str
        iso: str
        gbt2260: str
        name_en: str

else:
    from collections import namedtuple  # typing alone costs a tenth of a start

    Province = namedtuple("Province", "id name_zh short_zh abbr_zh iso gbt2260 name_en")

# Mind: shanxi 山西 SX and shaanxi 陕西 SN. The six of the H: HE Hebei, HA Henan, HB Hubei, HN Hunan, HI Hainan, HL
# Heilongjiang.
PROVINCES: tuple[Province, ...] = (
    Province("beijing", "北京市", "北京", "京", "CN-BJ", "110000", "Beijing"),
    Province("tianjin", "天津市", "天津", "津", "CN-TJ", "120000", "Tianjin"),
    Province("hebei", "河北省", "河北", "冀", "CN-HE", "130000", "Hebei"),
    Province("shanxi", "山西省", "山西", "晋", "CN-SX", "140000", "Shanxi"),
    Province("neimenggu", "内蒙古自治区", "内蒙古", "蒙", "CN-NM", "150000", "Inner Mongolia"),
    Province("liaoning", "辽宁省", "辽宁", "辽", "CN-LN", "210000", "Liaoning"),
    Province("jilin", "吉林省", "吉林", "吉", "CN-JL", "220000", "Jilin"),
    Province("heilongjiang", "黑龙江省", "黑龙江", "黑", "CN-HL", "230000", "Heilongjiang"),
    Province("shanghai", "上海市", "上海", "沪", "CN-SH", "310000", "Shanghai"),
    Province("jiangsu", "江苏省", "江苏", "苏", "CN-JS", "320000", "Jiangsu"),
    Province("zhejiang", "浙江省", "浙江", "浙", "CN-ZJ", "330000", "Zhejiang"),
    Province("anhui", "安徽省", "安徽", "皖", "CN-AH", "340000", "Anhui"),
    Province("fujian", "福建省", "福建", "闽", "CN-FJ", "350000", "Fujian"),
    Province("jiangxi", "江西省", "江西", "赣", "CN-JX", "360000", "Jiangxi"),
    Province("shandong", "山东省", "山东", "鲁", "CN-SD", "370000", "Shandong"),
    Province("henan", "河南省", "河南", "豫", "CN-HA", "410000", "Henan"),
    Province("hubei", "湖北省", "湖北", "鄂", "CN-HB", "420000", "Hubei"),
    Province("hunan", "湖南省", "湖南", "湘", "CN-HN", "430000", "Hunan"),
    Province("guangdong", "广东省", "广东", "粤", "CN-GD", "440000", "Guangdong"),
    Province("guangxi", "广西壮族自治区", "广西", "桂", "CN-GX", "450000", "Guangxi"),
    Province("hainan", "海南省", "海南", "琼", "CN-HI", "460000", "Hainan"),
    Province("chongqing", "重庆市", "重庆", "渝", "CN-CQ", "500000", "Chongqing"),
    Province("sichuan", "四川省", "四川", "川", "CN-SC", "510000", "Sichuan"),
    Province("guizhou", "贵州省", "贵州", "黔", "CN-GZ", "520000", "Guizhou"),
    Province("yunnan", "云南省", "云南", "滇", "CN-YN", "530000", "Yunnan"),
    Province("xizang", "西藏自治区", "西藏", "藏", "CN-XZ", "540000", "Xizang (Tibet)"),
    Province("shaanxi", "陕西省", "陕西", "陕", "CN-SN", "610000", "Shaanxi"),
    Province("gansu", "甘肃省", "甘肃", "甘", "CN-GS", "620000", "Gansu"),
    Province("qinghai", "青海省", "青海", "青", "CN-QH", "630000", "Qinghai"),
    Province("ningxia", "宁夏回族自治区", "宁夏", "宁", "CN-NX", "640000", "Ningxia"),
    Province("xinjiang", "新疆维吾尔自治区", "新疆", "新", "CN-XJ", "650000", "Xinjiang"),
)

# The ten divisions whose sub-platforms the national platform connects.
CONNECTED: tuple[str, ...] = (
    "shanxi",
    "liaoning",
    "shanghai",
    "jiangsu",
    "zhejiang",
    "shandong",
    "henan",
    "qinghai",
    "ningxia",
    "xinjiang",
)

# Second abbreviations and names people use beside the official ones.
ALSO: dict[str, tuple[str, ...]] = {
    "neimenggu": ("innermongolia",),
    "shanghai": ("申",),
    "sichuan": ("蜀",),
    "guizhou": ("贵",),
    "yunnan": ("云",),
    "xizang": ("tibet",),
    "shaanxi": ("秦",),
    "gansu": ("陇",),
}
