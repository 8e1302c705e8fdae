"""Why a call as a whole is refused, in the one form every answer of the API has that is not the wanted one."""

from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from regions.wording import Worded


class ApiRefusal(Worded):
    """Reason codes of refused calls; the codes are stable."""

    NOT_THIS_KEY = (
        "not_this_key",
        "密钥缺失或无效。请在 Authorization 请求头中以 Bearer 方式提供本渠道的有效密钥。",
        "There is no key in force in the call. Send your own as `Authorization: Bearer …`.",
    )
    TOO_OFTEN = "too_often", "调用过于频繁,请在 {seconds} 秒后重试。", "Too many calls; ask again in {seconds} s."
    BAD_CONTENT_TYPE = (
        "bad_content_type",
        "请求体须为 application/x-ndjson(UTF-8,不压缩)。",
        "The body must be application/x-ndjson, UTF-8 and not compressed.",
    )
    NO_LENGTH = "no_length", "缺少 Content-Length 请求头。", "The Content-Length header is missing or no number."
    TOO_LARGE = "too_large", "请求体过大,最多 {limit} 字节。", "The body is larger than {limit} bytes."
    TOO_MANY_LINES = "too_many_lines", "一次最多 {limit} 行,请分批提交。", "A call takes at most {limit} lines."
    INCOMPLETE = "incomplete", "请求体不完整,未处理任何一行。", "The body is shorter than announced; no line was taken."
    BUSY = (
        "busy",
        "系统正在接收其他数据,请稍后原样重新提交;已接收的行会标为重复。",
        "The city is taking other data in. Send the same lines again; those taken before are duplicates.",
    )
    METHOD_NOT_ALLOWED = "method_not_allowed", "此地址不支持该方法。", "This address does not know the method."
    NOT_ACCEPTABLE = "not_acceptable", "响应仅提供 JSON 格式。", "The answer is JSON and nothing else."
    BAD_REQUEST = "bad_request", "请求无法识别。", "The call cannot be understood."

    def body(self, **parts: object) -> dict[str, Any]:
        """As it is sent."""
        said = {language: self.said_in(language).format(**parts) for language in ("zh-hans", "en")}
        return {"code": self.value, "message": said}


class Refuse(APIException):
    """Ends a call with a status and a reason; ``wait`` in seconds becomes ``Retry-After``."""

    def __init__(self, status: int, reason: ApiRefusal, *, wait: int | None = None, **parts: object) -> None:
        super().__init__(reason.value)
        self.status_code = status
        self.wait = wait
        self.body = reason.body(**parts)


# What the framework itself refuses, by its status.
_FRAMEWORK = {
    401: ApiRefusal.NOT_THIS_KEY,
    405: ApiRefusal.METHOD_NOT_ALLOWED,
    406: ApiRefusal.NOT_ACCEPTABLE,
    415: ApiRefusal.BAD_CONTENT_TYPE,
}


def in_our_form(error: Exception, context: dict[str, Any]) -> Response | None:
    """The framework's handler keeps status and headers; the body is ours."""
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, Refuse):
        response.data = error.body
    else:
        response.data = _FRAMEWORK.get(response.status_code, ApiRefusal.BAD_REQUEST).body()
    return response
