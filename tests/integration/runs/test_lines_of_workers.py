"""The log lines of real workers in production: the request that caused a task, its city, and no personal data."""

import base64
import json
import time
from typing import Any

from django.conf import settings

from codes.models import Run
from portal.observability.logs import WORK, Work
from tests.integration.lines import ANNA
from tests.integration.runs.conftest import Filled
from tests.integration.runs.test_workers import broker, waiting, workers  # noqa: F401 - fixtures
from tests.integration.runs.workers import PATIENCE_SECONDS, Workers

REQUEST = "0123456789abcdef0123456789abcdef"
NAME = "canary小三"


def in_production(workers: Workers) -> None:  # noqa: F811
    """With the test's own keys: the city is the test's."""
    workers.patch.setenv("DEBUG", "off")
    workers.patch.setenv("CITY_LOGINS", "off")
    workers.patch.setenv("SECRET_KEY", settings.SECRET_KEY)
    workers.patch.setenv("KEY_ENCRYPTION_KEY", base64.b64encode(settings.KEY_ENCRYPTION_KEY).decode())
    workers.start(afresh=True)


def lines(workers: Workers) -> list[dict[str, Any]]:  # noqa: F811
    """Without the banner, which Celery prints."""
    return [json.loads(line) for line in workers.log.read_text().splitlines() if line.startswith("{")]


def wait_for(workers: Workers, task: str, what: str) -> dict[str, Any]:  # noqa: F811
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := [one for one in lines(workers) if one.get("task") == task and what in one["message"]]:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(workers.log.read_text()[-4000:])


def test_a_task_is_logged_with_its_request_and_without_its_words(
    committed: Filled,
    workers: Workers,  # noqa: F811
    waiting: Run,  # noqa: F811
) -> None:
    in_production(workers)
    token = WORK.set(Work(request=REQUEST))
    workers.enqueue("codes.advance_run", committed.schema, waiting.pk)
    workers.enqueue("codes.advance_run", f"{NAME} {ANNA}", 1)
    WORK.reset(token)
    workers.follow(waiting)
    failed = wait_for(workers, "codes.advance_run", "raised")
    assert failed["message"].endswith("raised unexpected: NoSuchCity")
    assert failed["exception"][-1]["type"] == "NoSuchCity"
    assert failed["request"] == REQUEST
    assert "city" not in failed, "what is no name of a city is not written as one"
    done = wait_for(workers, "codes.judge_partition", "succeeded")
    assert (done["request"], done["city"]) == (REQUEST, committed.schema), "the task of a task is the same request's"
    text = workers.log.read_text()
    assert NAME not in text
    assert ANNA not in text
    assert NAME.encode("unicode_escape").decode() not in text
