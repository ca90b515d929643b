"""Names of people and places, combined from common parts. No real person or place is meant."""

import random
from collections.abc import Iterator

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤"
)
# The commonest surnames are several times as frequent as the rarest here.
_SURNAME_WEIGHTS = [max(1, 40 - i // 2) for i in range(len(SURNAMES))]
GIVEN = {
    "female": "秀英兰芳玉梅霞丽娟静敏燕红萍琴云莲桂珍凤洁慧婷雪琳倩颖晶妍欣怡彤萱岚蓉菊翠香淑华",
    "male": "伟强军勇杰涛明超刚平辉鹏华飞斌宇浩凯建国志文德福生海林峰松柏江波成龙宏毅俊健诚远山学东",
}

CITY = "云溪市"
COUNTIES = [
    "清源区",
    "东湖区",
    "云岭区",
    "临江区",
    "石桥县",
    "松川县",
    "平塘县",
    "柳溪县",
    "金坪县",
    "南陵县",
    "北塔县",
    "望山县",
]
_PLACE_FIRST = "青石柳杨松梅兰竹桃杏枫桂云龙凤白红黄金银清泉龙双三五大小东南西北上下新古长平安和福永"
_PLACE_LAST = "桥河溪湾山岭坪塘口岗坝洲店庄坡垭沟川井湖"
_COMMUNITY = ("和平", "光明", "幸福", "建设", "朝阳", "前进", "友谊", "文化", "滨河", "学府", "新华", "胜利", "康宁")
_AGENCY = ("财政所", "司法所", "综合办", "税务分局", "市场监管所", "自然资源所", "派出所", "退役军人服务站")
_INSTITUTION = ("文化站", "农技站", "水利站", "图书馆", "便民服务中心", "畜牧站", "林业站", "养老服务中心")
_COMPANY = ("供水公司", "供电所", "公交公司", "粮油公司", "城投公司", "水务集团", "农商行支行", "烟草站")
_NEW = ("机械厂", "家具厂", "茶业合作社", "物流园", "快递站", "电商园", "果业合作社", "律师事务所", "食品公司")
_SCHOOL = ("中心小学", "初级中学", "高级中学", "幼儿园", "卫生院", "人民医院", "职业学校", "中医院")


def person(lot: random.Random) -> tuple[str, str]:
    """A name and a gender."""
    gender = "female" if lot.random() < 0.31 else "male"
    surname = lot.choices(SURNAMES, _SURNAME_WEIGHTS)[0]
    given = "".join(lot.choices(GIVEN[gender], k=2 if lot.random() < 0.78 else 1))
    return surname + given, gender


def places(lot: random.Random) -> Iterator[str]:
    """Distinct names of villages and towns."""
    names = [a + b for a in _PLACE_FIRST for b in _PLACE_LAST]
    lot.shuffle(names)
    names = list(dict.fromkeys(names))
    yield from names
    # A large tree runs out of two-character names and continues with three.
    for third in _PLACE_LAST:
        for name in names:
            if third not in name:
                yield name + third


def workplace(lot: random.Random, sector: str, town: str, village: str) -> str:
    """Name of a branch of that sector in that town, without its rank."""
    if sector == "rural":
        return f"{village}村"
    if sector == "community":
        return f"{lot.choice(_COMMUNITY)}{village[0]}苑社区"
    kinds = {
        "government": _AGENCY,
        "institution": _INSTITUTION,
        "enterprise": _COMPANY,
        "private": _NEW,
        "education_health": _SCHOOL,
    }[sector]
    return f"{town}{lot.choice(kinds)}"
