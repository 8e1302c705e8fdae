"""Changes of phone on the citizen's pages and at the counter; differing names on the pages of officials and citizens."""

from collections.abc import Callable

import pytest
from django.utils import translation

from codes.citizens.phones import deliver_notices
from codes.explanation import explain
from codes.intake.phones import NamedPhone, propose_phones
from codes.models import Appeal, Citizen, Message, PersonAccess, PhoneChange, Provider, StatedName
from portal.web.documents import encrypt_identity
from regions.identity import check_identity
from regions.keys.encryption import decrypt_phone
from tests.integration.citizens.test_sign_in import Mailbox
from tests.integration.lines import ANNA, BERT
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.pages.test_appealing import choose, upload
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]
NEW = "13911111111"
ZHANG, CHEN = {"id_type": "10", "id_number": BERT}, {"id_type": "10", "id_number": ANNA}


@pytest.fixture
def change(desk: Desk) -> PhoneChange:
    """wechat names another phone of zhang's."""
    wechat = Provider.objects.get(code="wechat")
    propose_phones([NamedPhone(desk.citizen("zhang"), wechat.pk, NEW)], by="wechat", now=desk.now)
    return PhoneChange.objects.get()


def on_record() -> str:
    return decrypt_phone(bytes(Citizen.objects.get(ref="zhang").phone_encrypted or b""))


@pytest.mark.parametrize(("act", "phone"), [("confirm", NEW), ("refuse", "13812345678")])
def test_the_citizen_is_told_and_answers(visitor: Opens, change: PhoneChange, act: str, phone: str) -> None:
    zhang = visitor("zhang")
    assert "您的手机号即将更换" in zhang.read("/code/")
    with at_most(13):
        page = zhang.read("/data/")
    assert "139****1111" in page
    assert "由微信于" in page or "由wechat于" in page
    assert NEW not in page
    assert zhang.post(f"/phone/{change.pk}/", {"act": act}).headers["Location"] == "/data/"
    assert on_record() == phone
    assert "您的手机号即将更换" not in zhang.read("/code/")


def test_for_elder_people_what_is_folded_away_is_marked(visitor: Opens, change: PhoneChange) -> None:
    zhang = visitor("zhang")
    zhang.client.cookies["look"] = "light.normal.elder"
    folded = '<summary>更多服务 <span class="new">新</span></summary>'
    Message.objects.update(read_at=change.proposed_at)
    assert folded in zhang.read("/code/")
    zhang.post(f"/phone/{change.pk}/", {"act": "refuse"})
    Message.objects.update(read_at=change.proposed_at)
    assert folded not in zhang.read("/code/")


def test_nobody_answers_for_another(visitor: Opens, change: PhoneChange) -> None:
    for act in ("confirm", "refuse"):
        assert visitor("chen").post(f"/phone/{change.pk}/", {"act": act}).status_code == 404
    assert PhoneChange.objects.get().state == "proposed"


def test_without_a_button_nothing_is_answered(visitor: Opens, desk: Desk, change: PhoneChange) -> None:
    assert visitor("zhang").post(f"/phone/{change.pk}/", {"act": "no"}).headers["Location"] == "/data/"
    li = Visitor.as_account("li", now=desk.now)
    token = li.post("/staff/phones/", ZHANG).content.decode().partition('name="document" value="')[2].partition('"')[0]
    assert "139****1111" in li.post(f"/staff/phones/{change.pk}/", {"document": token}).content.decode()
    assert PhoneChange.objects.get().state == "proposed"


def test_the_code_of_the_earlier_phone_confirms(stranger: Visitor, desk: Desk, change: PhoneChange) -> None:
    mailbox = Mailbox()
    deliver_notices(gateway=mailbox, now=desk.now)
    code = next(text for phone, text in mailbox.sent if phone != NEW).partition("确认码")[2][:6]
    wrong = [stranger.post("/phone/", {**who, "code": "000000"}) for who in (ZHANG, CHEN)]
    assert "确认码不正确或已过期" in wrong[0].content.decode()
    assert [one.status_code for one in wrong] == [200, 200]
    number = "".join(chr(ord(one) + 0xFEE0) for one in BERT)
    answer = stranger.post("/phone/", {"id_type": "10", "id_number": number, "code": f"{code[:3]} {code[3:]}"})
    assert answer.headers["Location"] == "/sign-in/"
    assert on_record() == NEW


def test_at_the_counter_with_the_document_in_hand(desk: Desk, change: PhoneChange) -> None:
    li = Visitor.as_account("li", now=desk.now)
    assert "核验中的证件" in li.read("/staff/phones/")
    page = li.post("/staff/phones/", ZHANG).content.decode()
    assert "139****1111" in page
    assert "138****5678" in page
    assert NEW not in page
    assert PersonAccess.objects.get(what="phone").by == "li"
    token = page.partition('name="document" value="')[2].partition('"')[0]
    done = li.post(f"/staff/phones/{change.pk}/", {"document": token, "outcome": "confirm"})
    assert "已确认" in done.content.decode()
    assert on_record() == NEW


def test_another_document_confirms_nothing(desk: Desk, change: PhoneChange) -> None:
    li = Visitor.as_account("li", now=desk.now)
    assert "139****1111" not in li.post("/staff/phones/", CHEN).content.decode()
    token = encrypt_identity(check_identity("10", ANNA, today=desk.now.date()))
    page = li.post(f"/staff/phones/{change.pk}/", {"document": token, "outcome": "confirm"}).content.decode()
    assert "该证件不是此手机号所属人员的证件" in page
    for document in ("", "x"):
        sent = li.post(f"/staff/phones/{change.pk}/", {"document": document, "outcome": "confirm"})
        assert sent.headers["Location"] == "/staff/phones/"
    assert PhoneChange.objects.get().state == "proposed"


def test_nobody_is_found_by_an_unknown_document(desk: Desk) -> None:
    unknown = {"id_type": "20", "id_number": "E99999999"}
    assert (
        "本市没有该证件的登记"
        in Visitor.as_account("li", now=desk.now).post("/staff/phones/", unknown).content.decode()
    )


@pytest.fixture
def two_names(desk: Desk) -> None:
    """The police call zhang by another name than wechat does."""
    zhang = desk.citizen("zhang")
    said = {"citizen": zhang, "stated_at": desk.now, "received_at": desk.now}
    StatedName.objects.create(full_name="张小三", provider=Provider.objects.get(code="wechat"), **said)
    StatedName.objects.create(full_name="李四", source_id=desk.keys.sources["police"], **said)
    Citizen.objects.filter(pk=zhang.pk).update(names_differ=True)


def test_the_official_sees_both_names_and_whose_they_are(desk: Desk, two_names: None) -> None:
    li = Visitor.as_account("li", now=desk.now)
    address = f"/staff/cases/{desk.case().number}/"
    page = li.read(address)
    assert "姓名不一致" in page
    for shown in ("张*三", "李*", "police", "wechat"):
        assert shown in page
    assert "李四" not in page
    revealed = li.post(f"{address}reveal/", {"purpose": "核对姓名"}).content.decode()
    assert "李四" in revealed
    assert "张小三" in revealed
    assert "姓名不一致" not in li.read(f"/staff/cases/{desk.case('chen').number}/")


def test_the_citizen_can_appeal_for_it(desk: Desk, visitor: Opens, two_names: None, picture: bytes) -> None:
    zhang = visitor("zhang")
    page = zhang.read("/data/")
    assert "姓名在各处登记不一致" in page
    assert "李*" in page
    assert "李四" not in page
    assert "李四" not in zhang.post("/data/copy/").content.decode()
    assert choose(zhang, desk, "names_differ") == "/appeal/evidence/"
    assert "能看清姓名的身份证件照片" in zhang.read("/appeal/evidence/")
    assert upload(zhang, picture) == ""
    zhang.post("/appeal/words/", {"text": ""})
    zhang.post("/appeal/check/")
    assert Appeal.objects.get().reason_code == "names_differ"


def test_the_explanation_says_it_masked(desk: Desk, two_names: None) -> None:
    with translation.override("zh-hans"):
        said = "\n".join(explain(desk.citizen("zhang"), now=desk.now))
        other = "\n".join(explain(desk.citizen("chen"), now=desk.now))
    assert "李*" in said
    assert "张*三" in said
    assert "李四" not in said
    assert "姓名不一致" in said
    assert "姓名不一致" not in other


def test_without_two_names_it_is_no_reason(desk: Desk, visitor: Opens) -> None:
    zhang = visitor("zhang")
    fact = desk.fact("zhang")
    zhang.post("/appeal/", {"target": f"wechat.R2.{fact.pk}"})
    assert "该记录登记在其他姓名下" not in zhang.read("/appeal/reason/")
    assert zhang.post("/appeal/reason/", {"reason": "names_differ"}).status_code == 200
