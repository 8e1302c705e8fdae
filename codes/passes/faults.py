"""Why a token is no valid pass, in words for whoever stands at the gate."""

from regions.wording import Worded


class PassFault(Worded):
    """One sentence on what is wrong and one on what to do."""

    NOT_A_PASS = (
        "not_a_pass",
        "这不是健康码。请对方打开健康码页面。",
        "This is no pass. Ask the person to open their code.",
    )
    UNKNOWN_ALGORITHM = (
        "unknown_algorithm",
        "签名方式不被接受，不予放行。",
        "It is signed in a way that is not accepted. Do not let it pass.",
    )
    UNKNOWN_KEY = (
        "unknown_key",
        "签名密钥未知。请更新密钥清单后再扫。",
        "Its key is not known. Fetch the newest key list and scan again.",
    )
    RETIRED_KEY = (
        "retired_key",
        "签发时密钥已停用。请对方刷新健康码页面。",
        "Its key was retired before it was signed. Ask the person to renew their code.",
    )
    WRONG_SIGNATURE = "wrong_signature", "签名不符，不予放行。", "The signature is wrong. Do not let it pass."
    WRONG_CITY = (
        "wrong_city",
        "签发城市与密钥不符，不予放行。",
        "The key is not of the city it names. Do not let it pass.",
    )
    WRONG_AUDIENCE = "wrong_audience", "此码不是供查验使用的。", "This token was not made for checkpoints."
    EXPIRED = "expired", "已过期。请对方刷新健康码页面。", "It has expired. Ask the person to renew their code."
    NOT_YET = (
        "not_yet",
        "签发时间晚于本机时间。请校准本机时钟。",
        "It was issued in this device's future. Set the clock.",
    )


class BadPass(ValueError):
    """The token is no valid pass; ``fault`` says why."""

    def __init__(self, fault: PassFault) -> None:
        super().__init__(fault.value)
        self.fault = fault
