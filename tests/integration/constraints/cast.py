"""A valid row of every table that has constraints. Tests change it so that the database refuses it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db.models import Model

from codes.models import Provider, RuleSetVersion
from regions.sources.models import Source

AT = datetime(2026, 11, 20, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
DAY = date(2026, 11, 20)
Values = dict[str, Any]
_numbers = count(1)


class Cast:
    """Creates rows. Rows that others refer to are created once and shared, so that rows differ only by the specified changes."""

    def __init__(self) -> None:
        self._shared: dict[str, Model] = {}

    def make(self, label: str, **changes: Any) -> Model:
        """Save and return a row of the model (`codes.Fact`), which is valid except for the changes."""
        row: Model = apps.get_model(label)(**self.values(label, **changes))
        row.save(force_insert=True)
        return row

    def values(self, label: str, **changes: Any) -> Values:
        """Return the columns of a valid row with the changes. Callable values are called with the cast."""
        values = VALID[label](self) | changes
        return {name: value(self) if callable(value) else value for name, value in values.items()}

    def shared(self, label: str) -> Any:
        """Return the shared row of the model, to which others refer."""
        if label not in self._shared:
            self._shared[label] = self.make(label)
        return self._shared[label]

    @property
    def alipay(self) -> Provider:
        return Provider.objects.get(code="alipay")

    @property
    def wechat(self) -> Provider:
        return Provider.objects.get(code="wechat")

    @property
    def police(self) -> Source:
        return Source.objects.get(code="police")

    @property
    def version(self) -> RuleSetVersion:
        return RuleSetVersion.objects.get(rule_set__code="national")

    def case(self) -> Any:
        return self.shared("codes.Case")

    def citizen(self) -> Any:
        return self.shared("codes.Citizen")

    def run(self) -> Any:
        return self.shared("codes.Run")


def another(label: str, **changes: Any) -> Callable[[Cast], Model]:
    """Return a function that creates another row than the shared one."""
    return lambda cast: cast.make(label, **changes)


def _proposal() -> Values:
    return {"reason_code": "wrong_person", "proposed_by": "lin", "proposed_at": AT, "evidence": ["paper"]}


def _verdict(cast: Cast) -> Values:
    return {"citizen": cast.citizen(), "provider": cast.alipay, "version": cast.version, "run": cast.run()}


def _diagnosed_pair(cast: Cast) -> Values:
    causes = {"primary_cause": "source", "swaps_a_to_b": [["source"]], "swaps_b_to_a": [["source"]], "root_cause": {}}
    return {"a": cast.alipay, "b": cast.wechat, **causes}


HITS = [{"rule": "N1", "fact_id": 1}]
VALID: dict[str, Callable[[Cast], Values]] = {
    "staff.Account": lambda cast: {"username": f"u{next(_numbers)}", "password": "!", "created_at": AT},
    "staff.RoleGrant": lambda cast: {
        "account": cast.shared("staff.Account"),
        "role": "reviewer",
        "granted_by": "lin",
        "granted_at": AT,
    },
    "staff.StaffChange": lambda cast: {
        "kind": "roles",
        "username": "mei",
        "account": cast.shared("staff.Account"),
        "expires_at": LATER,
        "reason": "x",
        "proposed_by": "lin",
        "proposed_at": AT,
    },
    "staff.EnrolmentLink": lambda cast: {
        "account": cast.shared("staff.Account"),
        "asked_at": AT,
        "expires_at": LATER,
        "token_hash": f"h{next(_numbers)}".encode(),
    },
    "codes.GateDevice": lambda cast: {
        "name": "gate 1",
        "place": "station",
        "expires_at": LATER,
        "reason": "x",
        "proposed_by": "lin",
        "proposed_at": AT,
    },
    "codes.PaperPass": lambda cast: {
        "citizen": cast.citizen(),
        "pseudonym_hash": f"p{next(_numbers)}".encode(),
        "asked_by": "lin",
        "issued_at": AT,
        "expires_at": LATER,
    },
    "codes.ReplyTemplate": lambda cast: {
        "use": "question",
        "name": f"n{next(_numbers)}",
        "text_zh": "x",
        "edited_by": "lin",
        "edited_at": AT,
    },
    "codes.SavedFilter": lambda cast: {
        "account": cast.shared("staff.Account"),
        "name": f"n{next(_numbers)}",
        "query": f"group={next(_numbers)}",
    },
    "codes.CaseNote": lambda cast: {"case": cast.case(), "text": "x", "written_by": "lin", "written_at": AT},
    "codes.NoteMention": lambda cast: {"note": cast.shared("codes.CaseNote"), "username": "wang"},
    "codes.SecondLook": lambda cast: {
        "case": cast.shared("codes.Case"),
        "decided_by": "lin",
        "case_outcome": "record_confirmed",
        "drawn_at": AT,
    },
    "codes.GateScan": lambda cast: {"by": "gate:1", "at": AT, "result": "ok"},
    "codes.Displayed": lambda cast: {
        "citizen": cast.citizen(),
        "provider": cast.alipay,
        "value": "00",
        "shown_at": AT,
    },
    "codes.DisplayItem": lambda cast: {"provider": cast.alipay, "cause": "old", "opened_at": AT},
    "codes.DisplayFinding": lambda cast: {
        "citizen": cast.citizen(),
        "provider": cast.alipay,
        "value": "00",
        "colour": "green",
        "expected": "red",
        "shown_at": AT,
        "opened_at": AT,
    },
    "codes.DisplayChange": lambda cast: {
        "finding": cast.shared("codes.DisplayFinding"),
        "what": "opened",
        "cause": "old",
        "at": AT,
    },
    "staff.CacheEntry": lambda cast: {"key_hash": b"x", "value": 1, "until": LATER},
    "codes.Webhook": lambda cast: {
        "provider": cast.alipay,
        "address": "https://a.example/hook",
        "events": ["code.changed"],
        "reason": "x",
        "proposed_by": "li",
        "proposed_at": AT,
    },
    "codes.WebhookDelivery": lambda cast: {
        "webhook": cast.shared("codes.Webhook"),
        "event_id": uuid4(),
        "event": "code.changed",
        "person": "a-1",
        "data": {},
        "urgent": False,
        "made_at": AT,
        "next_at": AT,
        "give_up_at": LATER,
    },
    "keys.CityKey": lambda cast: {"purpose": "pass", "wrapped": b"x", "created_at": AT, "retired_at": LATER},
    "journal.JournalEntry": lambda cast: {
        "seq": 1_000_000 + next(_numbers),
        "at": AT,
        "by": "lin",
        "verb": "tested",
        "previous": b"",
        "digest": b"",
    },
    "sources.Source": lambda cast: {
        "code": f"s{next(_numbers)}",
        "kind": "police_database",
        "title_zh": "源",
        "title_en": "Source",
    },
    "sources.Batch": lambda cast: {"source": cast.police, "started_at": AT},
    "sources.BatchFinding": lambda cast: {
        "batch": cast.shared("sources.Batch"),
        "kind": "late",
        "record_id": "r-1",
        "recorded_at": AT,
    },
    "sources.RangeHashes": lambda cast: {
        "batch": cast.make("sources.Batch"),
        "bits": 8,
        "digests": b"x",
        "reading": b"x",
    },
    "sources.StagedRecord": lambda cast: {
        "batch": cast.shared("sources.Batch"),
        "line": 1,
        "record_id": "r",
        "id_type": "10",
        "id_hash": b"x",
        "id_encrypted": b"x",
        "kind": "symptom",
        "started_on": DAY,
        "recorded_at": AT,
        "revoked": False,
        "digest": b"x",
    },
    "sources.Quarantined": lambda cast: {
        "batch": cast.shared("sources.Batch"),
        "line": 1,
        "reason": "bad_id",
        "raw": b"x",
    },
    "retention.RetentionSweep": lambda cast: {"day": DAY, "started_at": AT},
    "codes.RuleSetDraft": lambda cast: {
        "rule_set": cast.version.rule_set,
        "content": {},
        "created_by": "lin",
        "created_at": AT,
        "edited_by": "lin",
        "edited_at": AT,
    },
    "codes.IdentifiedExport": lambda cast: {
        "report": "codes",
        "file_format": "csv",
        "reason": "第三季度抽查",
        "proposed_by": "lin",
        "proposed_at": AT,
        "expires_at": LATER,
    },
    "codes.ExportJob": lambda cast: {
        "name": f"e{next(_numbers)}",
        "report": "codes",
        "file_format": "csv",
        "asked_by": "lin",
        "asked_at": AT,
    },
    "codes.DraftRehearsal": lambda cast: {
        "draft": cast.shared("codes.RuleSetDraft"),
        "revision": 1,
        "asked_by": "lin",
        "asked_at": AT,
    },
    "sources.SourceChange": lambda cast: {
        "source": cast.police,
        "values": {"page_size": 5},
        "before": {"page_size": 10},
        "reason": "x",
        "proposed_by": "lin",
        "proposed_at": AT,
    },
    "codes.Citizen": lambda cast: {
        "ref": f"C{next(_numbers):012}",
        "id_type": "10",
        "id_hash": str(next(_numbers)).encode(),
        "id_encrypted": b"x",
        "known_since": AT,
    },
    "codes.Guardianship": lambda cast: {
        "guardian": cast.citizen(),
        "dependant": another("codes.Citizen")(cast),
        "asked_at": AT,
    },
    "codes.RuleSet": lambda cast: {"code": f"rules{next(_numbers)}"},
    "codes.RuleSetVersion": lambda cast: {
        "rule_set": cast.shared("codes.RuleSet"),
        "version": 10 + next(_numbers),
        "effective_from": DAY + timedelta(days=next(_numbers)),
        "digest": "x",
        "created_by": "lin",
        "created_at": AT,
    },
    "codes.Rule": lambda cast: {"version": cast.version, "code": "X", "kind": "symptom", "colour": "red"},
    "codes.RiskArea": lambda cast: {"version": cast.version, "area": "420100", "level": "high", "from_day": DAY},
    "codes.Provider": lambda cast: {
        "code": f"p{next(_numbers)}",
        "title_zh": "渠",
        "title_en": "Provider",
        "source": cast.police,
        "rule_set": cast.version.rule_set,
    },
    "codes.ProviderKey": lambda cast: {
        "provider": cast.alipay,
        "key_hash": str(next(_numbers)).encode(),
        "last_four": "abcd",
        "issued_by": "lin",
        "issued_at": AT,
    },
    "codes.UsedNonce": lambda cast: {
        "key": cast.shared("codes.ProviderKey"),
        "nonce": str(next(_numbers)),
        "used_at": AT,
    },
    "codes.IdempotentAnswer": lambda cast: {
        "caller": "provider:alipay:1",
        "key_hash": str(next(_numbers)).encode(),
        "call_hash": b"x",
        "called_at": AT,
    },
    "codes.PublishedWeek": lambda cast: {
        "monday": date(2026, 11, 23) + timedelta(weeks=next(_numbers)),
        "people": 100,
        "causes": {},
        "disagreements": 10,
        "decided": 10,
        "median_hours": 5,
        "published_at": AT,
    },
    "codes.KeptForm": lambda cast: {
        "kept_by": "citizen:zhang",
        "place": str(next(_numbers)),
        "content_encrypted": b"x",
        "kept_at": AT,
    },
    "codes.Message": lambda cast: {
        "kind": "colour_changed",
        "recipient": cast.citizen(),
        "about": cast.citizen(),
        "made_at": AT,
        "data": {"before": "green", "after": "red"},
        "state": "portal",
    },
    "codes.StaffMail": lambda cast: {"account": cast.make("staff.Account")},
    "codes.MessageChoice": lambda cast: {"citizen": cast.citizen()},
    "codes.Registration": lambda cast: {"citizen": cast.citizen(), "provider": cast.alipay, "registered_at": AT},
    "codes.Run": lambda cast: {
        "day": DAY,
        "sequence": next(_numbers),
        "as_of": AT,
        "state": "done",
        "started_by": "lin",
        "started_at": AT,
        "ended_at": LATER,
    },
    "codes.RunSource": lambda cast: {"run": cast.run(), "source": cast.police},
    "codes.RunProvider": lambda cast: {
        "run": cast.run(),
        "provider": cast.alipay,
        "source": cast.police,
        "version": cast.version,
        "horizon": AT,
        "known": True,
    },
    "codes.Partition": lambda cast: {"run": cast.run(), "number": next(_numbers), "low": 0, "high": 9},
    "codes.Disagreement": lambda cast: {
        "citizen": cast.citizen(),
        "fingerprint": b"x",
        "colours": {"alipay": "red", "wechat": "green"},
        "opened_run": cast.run(),
        "closed_run": cast.run(),
    },
    "codes.PairDiagnosis": lambda cast: (
        _diagnosed_pair(cast) | {"disagreement": cast.shared("codes.Disagreement"), "run": cast.run()}
    ),
    "codes.PreparedDiagnosis": lambda cast: (
        _diagnosed_pair(cast) | {"citizen": cast.citizen(), "fingerprint": b"x", "run": cast.shared("codes.Run")}
    ),
    "codes.Case": lambda cast: {
        "number": f"2026-{next(_numbers)}",
        "kind": "disagreement",
        "citizen": cast.citizen(),
        "state": "decided",
        "disagreement": cast.shared("codes.Disagreement"),
        "fingerprint": b"x",
        "opened_at": AT,
        "due_at": LATER,
        "closed_at": LATER,
    },
    "codes.Fact": lambda cast: {
        "citizen": cast.citizen(),
        "origin": "source",
        "source": cast.police,
        "record_id": f"r{next(_numbers)}",
        "version": 1,
        "kind": "close_contact",
        "started_on": DAY,
        "recorded_at": AT,
        "received_at": AT,
    },
    "codes.Appeal": lambda cast: {
        "case": cast.case(),
        "provider": cast.alipay,
        "rule": "N1",
        "fact": cast.shared("codes.Fact"),
        "reason_code": "not_me",
        "colour": "red",
        "filed_by": "citizen:C1",
        "filed_at": AT,
        "withdraw_until": LATER,
    },
    "codes.EffectiveCode": lambda cast: {
        "citizen": cast.citizen(),
        "colour": "red",
        "because": "policy",
        "since": AT,
    },
    "codes.EffectiveChange": lambda cast: {
        "citizen": cast.citizen(),
        "before": "green",
        "before_because": "agreement",
        "after": "red",
        "after_because": "policy",
        "since": AT,
        "day": DAY,
        "run": cast.run(),
    },
    "codes.Entry": lambda cast: {
        "provider": cast.alipay,
        "entry_id": f"e{next(_numbers)}",
        "type": "check_in",
        "citizen": cast.citizen(),
        "day": DAY,
        "healthy": True,
        "received_at": AT,
        "instant": AT,
        "digest": b"x",
    },
    "codes.CheckInDays": lambda cast: {
        "citizen": cast.citizen(),
        "provider": cast.alipay,
        "days": "{[2026-11-01,2026-11-02)}",
        "complete_at": AT,
    },
    "codes.DueCitizen": lambda cast: {"citizen": cast.citizen()},
    "codes.NextChange": lambda cast: {
        "citizen": cast.citizen(),
        "provider": cast.alipay,
        "kinds": ["negative_test"],
        "run": cast.shared("codes.Run"),
    },
    "codes.Evidence": lambda cast: {
        "name": f"file{next(_numbers)}",
        "citizen": cast.citizen(),
        "content_type": "image/png",
        "size": 1,
        "sha256": b"x",
        "uploaded_by": "lin",
        "uploaded_at": AT,
    },
    "codes.InformationRequest": lambda cast: {
        "case": cast.case(),
        "state": "open",
        "question": "Where?",
        "asked_by": "lin",
        "asked_at": AT,
        "answer_by": LATER,
    },
    "codes.CorrectionRequest": lambda cast: {
        "case": cast.case(),
        "fact": cast.shared("codes.Fact"),
        "text": "Not this person",
        "sent_to": "police",
        "sent_by": "lin",
        "sent_at": AT,
    },
    "codes.Ruling": lambda cast: _proposal() | {"citizen": cast.citizen(), "colour": "green", "expires_on": DAY},
    "codes.Suppression": lambda cast: _proposal() | {"source": cast.police, "record_id": f"r{next(_numbers)}"},
    "codes.BulkSuppression": lambda cast: (
        _proposal() | {"source": cast.police, "group_key": f"g{next(_numbers)}", "cases": 2, "records": 2, "people": 2}
    ),
    "codes.SubjectCount": lambda cast: {
        "run": cast.shared("codes.Run"),
        "day": DAY,
        "kind": "area",
        "key": "110100",
        "red": 1,
        "yellow": 0,
        "green": 0,
    },
    "codes.Alarm": lambda cast: {
        "kind": "area",
        "key": f"k{next(_numbers)}",
        "colour": "red",
        "severity": "alert",
        "first_run": cast.run(),
        "last_run": cast.run(),
        "raised_at": AT,
    },
    "codes.AlarmAcknowledgement": lambda cast: {
        "alarm": cast.shared("codes.Alarm"),
        "finding": "explained",
        "reason": "x",
        "proposed_by": "lin",
        "proposed_at": AT,
        "proposed_as": "auditor",
    },
    "codes.HeldGroup": lambda cast: {
        "key": f"k{next(_numbers)}",
        "rule_set": cast.version.rule_set,
        "rule": "A1",
        "cause_kind": "version",
        "version": cast.version,
        "first_run": cast.run(),
        "base_run": cast.run(),
        "red": 30,
        "green": 0,
        "registered": 1000,
        "held_at": AT,
    },
    "codes.HeldChange": lambda cast: {
        "group": cast.shared("codes.HeldGroup"),
        "change": cast.shared("codes.VerdictChange"),
    },
    "codes.HeldGroupProposal": lambda cast: {
        "group": cast.shared("codes.HeldGroup"),
        "act_proposed": "release",
        "reason": "x",
        "proposed_by": "lin",
        "proposed_at": AT,
    },
    "codes.RunCitizen": lambda cast: {"run": cast.run(), "citizen": cast.citizen()},
    "codes.SignInCode": lambda cast: {
        "id_hash": b"x",
        "address_hash": b"x",
        "code_hash": b"x",
        "asked_at": AT,
        "expires_at": LATER,
    },
    "codes.Neighbour": lambda _cast: {
        "division": f"{next(_numbers):06d}",
        "name_zh": "重庆市",
        "name_en": "Chongqing",
        "address": "https://cq.example",
    },
    "codes.NeighbourCall": lambda cast: {"neighbour": cast.shared("codes.Neighbour"), "nonce": "same", "at": AT},
    "codes.CityCorrection": lambda cast: {
        "side": "sent",
        "state": "unsent",
        "neighbour": cast.shared("codes.Neighbour"),
        "citizen": cast.citizen(),
        "fact": cast.shared("codes.Fact"),
        "colour": "red",
        "text": "x",
        "opened_by": "lin",
        "opened_at": AT,
        "due_at": LATER,
    },
    "codes.FormerRef": lambda cast: {"ref": f"C{next(_numbers)}", "citizen": cast.citizen(), "joined_at": AT},
    "codes.StatedName": lambda cast: {
        "citizen": cast.citizen(),
        "source": cast.police,
        "full_name": "张三",
        "stated_at": AT,
        "received_at": AT,
    },
    "codes.PhoneChange": lambda cast: {
        "citizen": cast.citizen(),
        "provider": cast.alipay,
        "phone_encrypted": b"x",
        "phone_hash": b"x",
        "proposed_at": AT,
    },
    "codes.PhoneNotice": lambda cast: {
        "change": cast.shared("codes.PhoneChange"),
        "receiver": "named",
        "about": "proposed",
        "phone_encrypted": b"x",
        "made_at": AT,
    },
    "codes.PersonAccess": lambda cast: {
        "citizen": cast.citizen(),
        "at": AT,
        "by": "lin",
        "purpose": "case",
        "what": "name",
    },
    "codes.Verdict": lambda cast: _verdict(cast) | {"colour": "red", "hits": HITS},
    "codes.VerdictChange": lambda cast: _verdict(cast) | {"before": "green", "after": "red", "hits": HITS},
}
