"""One run of a city as one trace, with its steps and partitions as spans, whichever processes work on it (docs/adr/0067).

Loaded only if ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set. The trace's id is derived from the run, so that it need not be passed between
processes, and a run continued after all processes were killed continues its trace. A trace contains no personal data.
"""

import os
import time
from contextvars import ContextVar
from hashlib import sha256
from typing import Any

from celery.signals import worker_process_shutdown
from django.db import connection
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from codes.models import Run, RunStep
from codes.runs.ledger import step_ended

SERVICE = "health-code-portal"
NANOSECONDS = 10**9
Ids = tuple[int, int]
ROOT: ContextVar[Ids | None] = ContextVar("portal.root", default=None)


class RunIds(RandomIdGenerator):
    """Ids of spans: those of the run while the run's own span is created, and random ones for its steps."""

    def generate_trace_id(self) -> int:
        root = ROOT.get()
        return root[0] if root else super().generate_trace_id()

    def generate_span_id(self) -> int:
        root = ROOT.get()
        return root[1] if root else super().generate_span_id()


class RunTraces:
    def __init__(self, processor: SpanProcessor) -> None:
        self._provider = TracerProvider(id_generator=RunIds())
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(__name__)

    def listen(self) -> None:
        step_ended.connect(self.step)
        worker_process_shutdown.connect(self.flush)

    def flush(self, **_: object) -> None:
        """Send the spans that a worker process has not sent when it ends."""
        self._provider.force_flush()

    def step(self, run_id: int, step: RunStep, number: int | None, seconds: float, **_: object) -> None:
        """Record the span of the step that has just ended, and that of the run if it ended with it."""
        ended = time.time_ns()
        run = Run.objects.get(pk=run_id)
        city = str(connection.schema_name)  # type: ignore[attr-defined]  # of django-tenants
        ids = ids_of(city, run)
        context = trace.set_span_in_context(
            trace.NonRecordingSpan(
                trace.SpanContext(*ids, is_remote=True, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED))
            ),
            Context(),
        )
        attributes: dict[str, Any] = {"city": city, "run": run_id, **({} if number is None else {"partition": number})}
        began = ended - int(seconds * NANOSECONDS)
        self._tracer.start_span(str(step), context, attributes=attributes, start_time=began).end(ended)
        if run.ended_at is not None and step is not RunStep.PARTITION:
            self._run(run, city, ids)

    def _run(self, run: Run, city: str, ids: Ids) -> None:
        attributes: dict[str, Any] = {
            "city": city,
            "run": run.pk,
            "day": str(run.day),
            "sequence": run.sequence,
            "state": run.state,
        }
        token = ROOT.set(ids)
        try:
            began = int(run.started_at.timestamp() * NANOSECONDS)
            span = self._tracer.start_span("run", Context(), attributes=attributes, start_time=began)
        finally:
            ROOT.reset(token)
        span.end(int(run.ended_at.timestamp() * NANOSECONDS) if run.ended_at else None)


def ids_of(city: str, run: Run) -> Ids:
    """Return the ids of the trace and of its root span, which are the same in every process."""
    digest = sha256(f"{city} {run.pk} {run.started_at.isoformat()}".encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


# Signals refer to receivers weakly.
KEPT: list[RunTraces] = []


def begin() -> None:
    """Send spans as the environment variables of OpenTelemetry configure it."""
    os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE)
    traces = RunTraces(BatchSpanProcessor(OTLPSpanExporter()))
    traces.listen()
    KEPT.append(traces)
