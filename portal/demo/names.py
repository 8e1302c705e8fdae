"""Names of the invented people: common surnames, the most common first, and characters of given names."""

from random import Random

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹"
    "薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_DOUBLE_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "皇甫", "尉迟")
_WOMEN = "芳娜秀敏静丽艳娟霞玲桂兰英华慧巧美红春菊梅琳素云莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞莉婷雅欣怡梓涵诗妍悦"
_MEN = "伟强磊军洋勇杰涛明超刚平辉鹏华飞波斌宇浩凯健俊帆峰志建国文博子轩浩然泽睿辰昊毅诚林安康宁松柏远航天成"
_SHORT_NAMES_PER_CENT = 15
_DOUBLE_IN = 400

_LATIN_GIVEN = ("ANNA", "JAMES", "MARIA", "DAVID", "SOFIA", "PETER", "ELENA", "THOMAS", "YUKI", "MINH", "AMINA", "IVAN")
_LATIN_FAMILY = ("MUELLER", "SMITH", "ROSSI", "NGUYEN", "TANAKA", "KOWALSKA", "SILVA", "JOHNSON", "IVANOVA", "DUBOIS")


def chinese_name(dice: Random, *, woman: bool) -> str:
    """Return a surname of one or two characters and a given name of one or two."""
    characters = _WOMEN if woman else _MEN
    length = 1 if dice.randrange(100) < _SHORT_NAMES_PER_CENT else 2
    return _surname(dice) + "".join(dice.choice(characters) for _ in range(length))


def _surname(dice: Random) -> str:
    if dice.randrange(_DOUBLE_IN) == 0:
        return dice.choice(_DOUBLE_SURNAMES)
    # The square makes the beginning of the list, with the common surnames, more likely.
    return _SURNAMES[int(dice.random() ** 2 * len(_SURNAMES))]


def latin_name(dice: Random) -> str:
    """Return a name as passports spell it."""
    return f"{dice.choice(_LATIN_GIVEN)} {dice.choice(_LATIN_FAMILY)}"
