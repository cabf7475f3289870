"""How people write accelerators, in English and Chinese, and the one short name the platform uses for each.

A short name has no memory and no stepping (`H800`, `Ascend-910B`). A row is the short name, its vendor, and further
spellings; words of the vendor may stand before any of them (`英伟达H800`, `Huawei Ascend 910B`), and memory or form
factor behind (`h800-sxm5-80g`).
"""

from __future__ import annotations

VENDOR_WORDS: dict[str, str] = {
    "nvidia": "nvidia 英伟达 geforce tesla",
    "huawei": "huawei 华为 ascend 昇腾 atlas",
    "cambricon": "cambricon 寒武纪 思元",
    "hygon": "hygon 海光 dcu 深算",
    "kunlunxin": "kunlunxin kunlun 昆仑芯 昆仑 百度",
    "mthreads": "mthreads moorethreads 摩尔线程 mtt",
    "metax": "metax 沐曦 曦云 曦思",
    "iluvatar": "iluvatar corex 天数智芯 天数 天垓 智铠",
    "biren": "biren birentech 壁仞 壁砺",
    "enflame": "enflame 燧原 云燧",
    "thead": "thead 平头哥 真武 ppu",
    "vastai": "vastai 瀚博",
    "tecorigin": "tecorigin 太初元碁 太初",
}

VENDOR_NAMES: dict[str, str] = {
    "nvidia": "NVIDIA",
    "huawei": "Huawei",
    "cambricon": "Cambricon",
    "hygon": "Hygon",
    "kunlunxin": "Kunlunxin",
    "mthreads": "Moore Threads",
    "metax": "MetaX",
    "iluvatar": "Iluvatar CoreX",
    "biren": "Biren",
    "enflame": "Enflame",
    "thead": "T-Head",
    "vastai": "Vastai",
    "tecorigin": "Tecorigin",
}
"""As the platform names them."""

FORM_FACTORS = frozenset({"sxm", "sxm2", "sxm4", "sxm5", "pcie", "oam", "hbm2", "hbm2e", "hbm3", "hbm3e"})

ACCELERATORS: tuple[tuple[str, str, str], ...] = (
    ("T4", "nvidia", ""),
    ("V100", "nvidia", ""),
    ("A10", "nvidia", ""),
    ("A30", "nvidia", ""),
    ("A100", "nvidia", ""),
    ("A800", "nvidia", ""),
    ("H100", "nvidia", ""),
    ("H800", "nvidia", ""),
    ("H200", "nvidia", ""),
    ("H20", "nvidia", ""),
    ("L2", "nvidia", ""),
    ("L20", "nvidia", ""),
    ("L40", "nvidia", ""),
    ("L40S", "nvidia", ""),
    ("RTX-3090", "nvidia", "3090"),
    ("RTX-4090", "nvidia", "4090"),
    ("RTX-4090D", "nvidia", "4090d"),
    ("RTX-5090", "nvidia", "5090"),
    ("RTX-5090D", "nvidia", "5090d"),
    ("RTX-PRO-6000", "nvidia", "pro6000 rtxpro6000blackwell"),
    ("Ascend-910A", "huawei", "910a"),
    ("Ascend-910B", "huawei", "910b 910b1 910b2 910b3 910b4 910b41"),
    ("Ascend-910C", "huawei", "910c"),
    ("Ascend-950PR", "huawei", "950pr"),
    ("Ascend-310P", "huawei", "310p 310p3 310p3duo 300ipro 300iduo"),
    ("MLU370-S4", "cambricon", "370s4"),
    ("MLU370-X4", "cambricon", "370x4"),
    ("MLU370-X8", "cambricon", "370x8"),
    ("MLU590", "cambricon", "590"),
    ("DCU-Z100", "hygon", "z100"),
    ("DCU-K100", "hygon", "k100"),
    ("DCU-K100-AI", "hygon", "k100ai"),
    ("DCU-BW1000", "hygon", "bw1000"),
    ("Kunlun-R200", "kunlunxin", "r200"),
    ("Kunlun-P800", "kunlunxin", "p800"),
    ("MTT-S3000", "mthreads", "s3000"),
    ("MTT-S4000", "mthreads", "s4000"),
    ("MTT-S5000", "mthreads", "s5000"),
    ("MetaX-C500", "metax", "c500"),
    ("MetaX-C550", "metax", "c550"),
    ("MetaX-N260", "metax", "n260"),
    ("BI-V100", "iluvatar", "天垓100 天垓100biv100"),
    ("BI-V150", "iluvatar", "天垓150 天垓150biv150"),
    ("MR-V100", "iluvatar", "智铠100 智铠100mrv100"),
    ("BR104P", "biren", "壁砺104p 壁仞104p"),
    ("BR106", "biren", "壁砺106 壁仞106 br106b br106m br106c"),
    ("Enflame-T20", "enflame", "t20"),
    ("Enflame-T21", "enflame", "t21"),
    ("Enflame-S60", "enflame", "s60"),
    ("Enflame-L600", "enflame", "l600"),
    ("PPU-ZW810E", "thead", "zw810e 810e"),
    ("VA16", "vastai", ""),
    ("Tecorigin-T100", "tecorigin", "t100"),
)
