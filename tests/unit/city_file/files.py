"""A good city file to break in one place at a time."""

from pathlib import Path

PASSWORD = "Zh0ng-hua-77"
SECRET = "s3cr3t-of-the-centre"

GOOD = f"""
[city]
schema = "chengdu"
name = {{ zh = "成都市", en = "Chengdu" }}
division = "510100"
host = "chengdu.localhost"
interim_policy = "prefer:wechat"

[[sources]]
code = "police"
kind = "police_database"
title = {{ zh = "市公安局数据库", en = "City police database" }}
url = "postgresql+psycopg2://reader:{PASSWORD}@127.0.0.1:5432/police"
records_view = "health_records"
clock_view = "public.health_clock"
kinds = {{ "MJ" = "close_contact", "确 诊" = "confirmed_case" }}

[[sources]]
code = "bigdata"
kind = "big_data_centre"
title = {{ zh = "省大数据中心", en = "Provincial big-data centre" }}
base_url = "http://127.0.0.1:8701/api/"
app_id = "chengdu"
secret = "{SECRET}"

[[providers]]
code = "alipay"
title = {{ zh = "支付宝", en = "Alipay" }}
source = "bigdata"
rule_set = "national"

[[providers]]
code = "wechat"
title = {{ zh = "微信", en = "WeChat" }}
source = "police"
rule_set = "national"

[[rule_sets]]
code = "national"
file = "rules/national-1.toml"
"""


def write(folder: Path, content: str) -> Path:
    """The content as a city file, beside the rule-set file it names."""
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "national-1.toml").write_text("", encoding="utf-8")
    path = folder / "city.toml"
    path.write_text(content, encoding="utf-8")
    return path


def changed(*changes: tuple[str, str]) -> str:
    """The good file with each first text replaced, once, by the second; the first has to be there."""
    content = GOOD
    for old, new in changes:
        assert old in content, old
        content = content.replace(old, new, 1)
    return content
