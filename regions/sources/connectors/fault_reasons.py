"""The stable reason codes of source faults, each with a sentence that says what to do."""

from regions.wording import Worded


class FaultReason(Worded):
    """Why a source cannot be used; `{…}` is filled by the fault."""

    BAD_SETTING = (
        "bad_setting",
        "数据来源设置“{part}”无效。请在来源设置中更正。",
        ('The setting "{part}" of the source cannot be used. Correct it in the source\'s settings.'),
    )
    URL_OPTION = (
        "url_option",
        "地址中不允许使用参数“{option}”。请删除该参数。",
        ('The option "{option}" is not allowed in a source\'s address. Remove it.'),
    )
    NO_DRIVER = (
        "no_driver",
        "未安装“{driver}”的数据库驱动。请联系运维人员安装。",
        ('No database driver for "{driver}" is installed. Ask the operator to install it.'),
    )
    BAD_VIEW_NAME = (
        "bad_view_name",
        "视图名称无效。请写成 view 或 schema.view。",
        ("The name of a view is not one. Write it as view or schema.view."),
    )
    HOST_NOT_ALLOWED = (
        "host_not_allowed",
        "{host}:{port} 不在允许的数据来源名单中。请运维人员加入 SOURCE_ALLOW_LIST。",
        ("{host}:{port} is not on the list of places sources may be. Ask the operator to add it to SOURCE_ALLOW_LIST."),
    )
    ADDRESS_NOT_ALLOWED = (
        "address_not_allowed",
        "{host} 解析到了不允许的地址。请检查域名解析,或由运维人员按地址登记。",
        ("{host} leads to an address where no source may be. Check its DNS entry, or have the address listed."),
    )
    FILE_NOT_ALLOWED = (
        "file_not_allowed",
        "不允许使用文件数据库。请运维人员在 SOURCE_ALLOW_LIST 中加入 sqlite:*。",
        ("Database files are not allowed. Ask the operator to add sqlite:* to SOURCE_ALLOW_LIST."),
    )

    NO_SUCH_NAME = (
        "no_such_name",
        "找不到主机 {host}。请检查主机名。",
        "The name {host} is unknown. Check the host name.",
    )
    NO_CONNECTION = (
        "no_connection",
        "无法连接数据来源。请确认对方服务已启动且网络可达。",
        ("The source cannot be reached. See that it runs and that the network lets us through."),
    )
    TIMED_OUT = (
        "timed_out",
        "数据来源未在时限内答复。请稍后重试,或请对方检查负载。",
        ("The source did not answer in time. Try again later, or ask its owner about its load."),
    )
    TLS_FAILED = (
        "tls_failed",
        "无法建立加密连接。请检查对方证书。",
        ("No encrypted connection could be made. Check the certificate of the source."),
    )
    BROKEN_OFF = "broken_off", "传输中途断开。请稍后重试。", "The connection broke in the middle. Try again later."
    SERVER_ERROR = (
        "server_error",
        "数据来源多次返回错误 {status}。请联系对方。",
        ("The source kept answering with error {status}. Tell its owner."),
    )
    BUSY = (
        "busy",
        "数据来源繁忙,要求等待 {seconds} 秒。请稍后重试。",
        ("The source is busy and asks for {seconds} seconds of patience. Try again later."),
    )

    REFUSED = (
        "refused",
        "数据来源拒绝了请求({code}:{message})。请核对凭据与授权。",
        ("The source refused ({code}: {message}). Check the credentials and what they may read."),
    )
    REDIRECTED = (
        "redirected",
        "数据来源要求跳转({code}),系统不跟随跳转。请填写最终地址。",
        ("The source redirects ({code}), which is never followed. Enter the final address."),
    )
    LOGIN_REFUSED = (
        "login_refused",
        "数据库拒绝登录({code})。请核对账号、密码和库名。",
        ("The database refused the login ({code}). Check user, password and database name."),
    )
    VIEW_UNREADABLE = (
        "view_unreadable",
        "无法读取视图 {message}({code})。请确认视图存在且账号有读取权限。",
        ("The view {message} cannot be read ({code}). See that it exists and that the login may read it."),
    )
    MISSING_COLUMN = (
        "missing_column",
        "视图缺少列:{message}。请对方按约定恢复列名。",
        ("The view lacks the column(s) {message}. Ask its owner to give them the agreed names."),
    )

    HTML_ANSWER = (
        "html_answer",
        "返回的是网页而不是数据。请检查地址,或是否被网关拦截。",
        ("A web page came instead of data. Check the address, and whether a gateway is in between."),
    )
    NOT_JSON = (
        "not_json",
        "返回内容不是有效的 JSON。请联系对方。",
        "The answer is not valid JSON. Tell the source's owner.",
    )
    UNKNOWN_ENCODING = (
        "unknown_encoding",
        "返回内容使用了未约定的压缩方式。请联系对方。",
        ("The answer is compressed in a way not agreed on. Tell the source's owner."),
    )
    UNDECODABLE = (
        "undecodable",
        "数据库中有无法解码的文字。请对方修正其编码。",
        ("The database holds text that cannot be decoded. Ask its owner to repair the encoding."),
    )
    TOO_LARGE = (
        "too_large",
        "单页数据过大。请减小每页条数,或联系对方。",
        ("A page is too large. Ask for smaller pages, or tell the source's owner."),
    )
    TOO_DEEP = (
        "too_deep",
        "返回内容的结构异常。请联系对方。",
        ("The structure of the answer is not a list of records. Tell the source's owner."),
    )
    BAD_PAGE = (
        "bad_page",
        "返回内容的“{field}”缺失或无效。请联系对方。",
        ("The answer's \"{field}\" is missing or not usable. Tell the source's owner."),
    )
    AS_OF_CHANGED = (
        "as_of_changed",
        "传输过程中 as_of 发生变化,本批次作废。请重新采集。",
        ("as_of changed between pages, so the batch is refused. Collect again."),
    )
    TOTAL_CHANGED = (
        "total_changed",
        "传输过程中 total 发生变化,本批次作废。请重新采集。",
        ("total changed between pages, so the batch is refused. Collect again."),
    )
    CURSOR_REPEATED = (
        "cursor_repeated",
        "分页游标重复,传输无法结束。请联系对方。",
        ("A cursor came twice, so the paging would never end. Tell the source's owner."),
    )
    PAGE_REPEATED = (
        "page_repeated",
        "同一页数据重复返回。请重新采集;若仍出现请联系对方。",
        ("The same page came twice. Collect again; if it happens again, tell the source's owner."),
    )
    PAGE_TOO_LONG = (
        "page_too_long",
        "一页返回 {got} 条,多于请求的 {asked} 条。请联系对方。",
        ("A page holds {got} records where {asked} were asked for. Tell the source's owner."),
    )
    PAGE_EMPTY = (
        "page_empty",
        "返回空页但声称还有数据。请联系对方。",
        ("An empty page claims that more follows. Tell the source's owner."),
    )
    COUNT_MISMATCH = (
        "count_mismatch",
        "声明 {announced} 条,实际收到 {got} 条,本批次作废。请重新采集。",
        ("{announced} records were announced and {got} came, so the batch is refused. Collect again."),
    )
    CLOCK_UNREADABLE = (
        "clock_unreadable",
        "时钟视图应只有一行有效的 as_of。请联系对方。",
        ("The clock view must hold one row with a usable as_of. Tell the source's owner."),
    )
