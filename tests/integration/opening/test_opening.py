"""`open_city` creates a city, changes what differs, and does nothing the second time."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from psycopg2.extensions import connection

from codes.models import Provider, RiskArea, Rule, RuleSetVersion
from portal.commands import NOBODY
from regions.journal.models import JournalEntry
from regions.keys import encryption
from regions.keys.encryption import SOURCE_CREDENTIAL
from regions.keys.models import CityKey, Purpose
from regions.models import City, Domain
from regions.sources.models import Source
from regions.staff.models import Account, EnrolmentLink
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.integration.journal.holding import journal_break
from tests.integration.opening.conftest import Run
from tests.integration.opening.files import Edited
from tests.integration.review.desk import hire

Everything = Callable[[], dict[str, str]]


def test_a_new_city_is_what_its_file_says(run: Run, files: Edited, owner: connection) -> None:
    path = files.change('schema = "alpha"', 'schema = "gamma"')
    files.change('division = "510100"', 'division = "510300"')
    files.change('host = "alpha.localhost"', 'host = "gamma.localhost"\ninterim_policy = "prefer:wechat"')
    files.change('secret_env = "ALPHA_BIGDATA_SECRET"', 'secret = "not to be read"')

    ended = run("open_city", str(path), "--by", "lin")

    assert ended.code == 0, ended.err
    assert "gamma) is open" in ended.out
    assert "sources[0].url_env" in ended.out, "a variable that is not set is no fault, but is said"
    assert Domain.objects.get(domain="gamma.localhost").tenant.schema_name == "gamma"
    with in_city("gamma") as city:
        assert (city.name_zh, city.division, city.interim_policy) == ("甲市", "510300", "prefer:wechat")
        assert set(CityKey.objects.values_list("purpose", flat=True)) == set(Purpose.values)
        police, bigdata = Source.objects.order_by("-code")
        assert (police.kind, police.credential, police.credential_env) == ("police_database", None, "ALPHA_POLICE_URL")
        assert police.kinds["MJ"] == "close_contact"
        assert bigdata.page_size == 10
        assert b"not to be read" not in bytes(bigdata.credential or b"")
        assert encryption.decrypt(bytes(bigdata.credential or b""), use=SOURCE_CREDENTIAL) == "not to be read"
        bound = Provider.objects.order_by("code").values_list("code", "source__code", "rule_set__code")
        assert list(bound) == [("alipay", "bigdata", "national"), ("wechat", "police", "local")]
        assert sorted(map(str, RuleSetVersion.objects.all())) == ["local-1", "national-1"]
        stay = Rule.objects.get(code="N9")
        assert (stay.kind, stay.area_levels, stay.anchor, stay.hold_days) == (
            "area_stay",
            ["high", "medium"],
            "ended",
            14,
        )
        assert (stay.title_zh, stay.title_en) == ("重点地区旅居", "Stay in a key area")
        assert RiskArea.objects.count() == 3
        opened = JournalEntry.objects.get(verb="city.opened")
        assert (opened.by, opened.subject) == ("lin", "city:gamma")
        assert "not to be read" not in str(list(JournalEntry.objects.values_list("data", flat=True)))
        assert journal_break() is None


def test_the_second_run_changes_nothing_and_says_so(run: Run, files: Edited, everything: Everything) -> None:
    before = everything()

    for name in ("alpha.toml", "beta.toml"):
        ended = run("open_city", str(files.folder / name))
        assert ended.code == 0, ended.err
        assert "nothing changed" in ended.out

    assert everything() == before


# A change of the file → the keys that are named, and the tables that change besides the journal.
CHANGES: dict[str, tuple[str, str, list[str], set[str]]] = {
    "name": ('zh = "甲市",', 'zh = "新甲市",', ["city.name_zh"], {"public.regions_city"}),
    "division": ('division = "510100"', 'division = "510300"', ["city.division"], {"public.regions_city"}),
    "host": ("alpha.localhost", "a.localhost", ["city.host"], {"public.regions_domain"}),
    "policy": (
        'division = "510100"',
        'division = "510100"\ninterim_policy = "freshest"',
        ["city.interim_policy"],
        {"public.regions_city"},
    ),
    "mapping": (
        'MJ = "close_contact"',
        'MJ = "secondary_contact"',
        ["sources.police.kinds"],
        {"alpha.sources_source"},
    ),
    "place": (
        "http://127.0.0.1:9/api",
        "http://127.0.0.1:8/api",
        ["sources.bigdata.base_url"],
        {"alpha.sources_source"},
    ),
    "secret": (
        'secret_env = "ALPHA_BIGDATA_SECRET"',
        'secret = "another"',
        ["sources.bigdata.credential", "sources.bigdata.credential_env"],
        {"alpha.sources_source"},
    ),
    "binding": (
        'source = "police"\nrule_set = "local"',
        'source = "bigdata"\nrule_set = "national"',
        ["providers.wechat.source", "providers.wechat.rule_set"],
        {"alpha.codes_provider"},
    ),
    "comparing": (
        'clock_view = "health_clock"',
        'clock_view = "health_clock"\nfull_every_days = 3\noverlap_hours = 48\nstill = "9999-12-31"',
        ["sources.police.full_every_days", "sources.police.overlap_hours", "sources.police.still"],
        {"alpha.sources_source"},
    ),
    "retired": (
        'source = "police"\n',
        'source = "police"\nretired = true\n',
        ["providers.wechat.retired"],
        {"alpha.codes_provider"},
    ),
    "title": ('zh = "微信"', 'zh = "微信小程序"', ["providers.wechat.title_zh"], {"alpha.codes_provider"}),
    "what rules are called": (
        'code = "local"\n',
        'code = "local"\ntitle = { zh = "本地规则", en = "Local rules" }\n',
        ["rule_sets.local.title_zh", "rule_sets.local.title_en"],
        {"alpha.codes_ruleset"},
    ),
}


@pytest.mark.parametrize(("before", "after", "keys", "tables"), CHANGES.values(), ids=CHANGES.keys())
def test_only_what_differs_is_changed_and_journalled_by_its_keys(
    run: Run, files: Edited, everything: Everything, before: str, after: str, keys: list[str], tables: set[str]
) -> None:
    path = files.change(before, after)
    state = everything()

    ended = run("open_city", str(path), "--by", "lin")

    assert ended.code == 0, ended.err
    assert all(key in ended.out for key in keys)
    changed = {table for table, digest in everything().items() if digest != state[table]}
    assert changed == tables | {"alpha.journal_journalentry", "alpha.journal_checkpoint"}
    with in_city("alpha"):
        last = JournalEntry.objects.order_by("-seq")[0]
        assert (last.verb, last.by) == ("city.changed", "lin")
        assert sorted(last.data["keys"]) == sorted(keys)
        assert "another" not in str(last.data)
    assert "nothing changed" in run("open_city", str(path)).out


def test_a_city_without_security_administrators_gets_those_of_its_file_once(
    run: Run, files: Edited, everything: Everything
) -> None:
    one = '[[security_administrators]]\nusername = "{0}"\nname = "{0}"\nemail = "{0}@example.cn"\n'
    with in_city("alpha"):
        hire("an", Role.AUDITOR, now=timezone.now())
    assert NOBODY in run("open_city", str(files.alpha)).out
    before = everything()
    files.append("".join(map(one.format, ("an", "bo"))))
    taken = run("open_city", str(files.alpha))
    assert (taken.code, taken.err.splitlines()[0].partition(":")[0]) == (2, "security_administrators[0].username")
    assert everything() == before
    files.change('"an', '"ai')
    named = run("open_city", str(files.alpha)).out
    assert (named.count("security_administrators."), NOBODY in named) == (2, False)
    assert "nothing changed" in run("open_city", str(files.alpha)).out
    with in_city("alpha"):
        links = EnrolmentLink.objects.open().filter(sent_at=None).values_list("account__email", flat=True)
        assert set(links) == {"ai@example.cn", "bo@example.cn"}
        assert not any(one.has_usable_password() for one in Account.objects.all())


def test_a_new_version_of_a_rule_set_stands_beside_the_old_one(run: Run, files: Edited) -> None:
    path = _with_version(files, 2, "2030-01-01")

    ended = run("open_city", str(path))

    assert ended.code == 0, ended.err
    assert "rule_sets.local-2" in ended.out
    with in_city("alpha"):
        assert RuleSetVersion.objects.filter(rule_set__code="local").count() == 2
        assert JournalEntry.objects.filter(verb="rule_set.published", subject="rule_set:local-2").exists()


def test_a_version_whose_day_has_not_come_may_be_replaced(run: Run, files: Edited) -> None:
    path = _with_version(files, 2, "2030-01-01")
    run("open_city", str(path))
    files.change("hold_days = 21", "hold_days = 10", "rules/local-2.toml")

    ended = run("open_city", str(path))

    assert ended.code == 0, ended.err
    with in_city("alpha"):
        assert Rule.objects.get(version__version=2, code="L2").hold_days == 10
        assert Rule.objects.get(version__rule_set__code="local", version__version=1, code="L2").hold_days == 21


def test_what_nobody_uses_may_be_taken_away(run: Run, files: Edited) -> None:
    with_third = files.append(
        '[[providers]]\ncode = "third"\ntitle = { zh = "三", en = "Third" }\nsource = "extra"\nrule_set = "local"\n'
        '[[sources]]\ncode = "extra"\nkind = "big_data_centre"\ntitle = { zh = "外", en = "Extra" }\n'
        'base_url = "http://127.0.0.1:7/api"\napp_id = "x"\nsecret_env = "X"\n'
    )
    assert run("open_city", str(with_third)).code == 0

    ended = run("open_city", str(_original(files)))

    assert ended.code == 0, ended.err
    assert "providers.third" in ended.out
    assert "sources.extra" in ended.out


def test_a_database_that_nobody_prepared_is_prepared(run: Run, files: Edited, owner: connection) -> None:
    with owner.cursor() as cursor:
        cursor.execute("DROP SCHEMA alpha CASCADE; DROP SCHEMA beta CASCADE; DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")

    assert run("cities").code == 2
    unprepared = run("recompute", "--city", "alpha")
    assert (unprepared.code, "manage.py prepare" in unprepared.err) == (2, True)
    ended = run("open_city", str(files.alpha))

    assert ended.code == 0, ended.err
    assert City.objects.get().schema_name == "alpha"
    assert run("cities").out.split("\t")[:2] == ["alpha", "alpha.localhost"]


def _with_version(files: Edited, version: int, effective_from: str) -> object:
    """Alpha's file with a further version of its local rule set."""
    text = (files.folder / "rules/local-1.toml").read_text(encoding="utf-8")
    text = text.replace("version = 1", f"version = {version}").replace("2020-03-01", effective_from)
    (files.folder / f"rules/local-{version}.toml").write_text(text, encoding="utf-8")
    return files.append(f'[[rule_sets]]\ncode = "local"\nfile = "rules/local-{version}.toml"\n')


def _original(files: Edited) -> object:
    path = files.folder / "original.toml"
    text = files.alpha.read_text(encoding="utf-8")
    path.write_text(text[: text.index('[[providers]]\ncode = "third"')], encoding="utf-8")
    return path
