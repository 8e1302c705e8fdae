"""`exports`: reports about the calling provider with masked names and numbers; requested, then fetched once they are written."""

from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from codes.intake.lines import Day, Shape
from codes.models import ExportFault, ExportJob, Scope
from codes.models.export_job import ExportState
from codes.reports.export import CONTENT_TYPES, FileFormat
from codes.reports.jobs import MOST_OF_A_PROVIDER, ask_for_export, fetch_export
from codes.reports.request import CannotExport, ReportName, ReportRequest
from codes.tasks import enqueue_export
from codes.vocabulary import Cause, State
from portal.api.bodies import JSON_TYPE, read_json
from portal.api.callers import Caller, caller_of
from portal.api.errors import ApiError
from portal.api.paging import PAGING, filter_of, page
from portal.api.schema import ANY_CALL, IDEMPOTENCY_KEY, WITH_BODY, problems
from portal.api.service import Service, idempotent
from regions.refusals import NotFound
from regions.tenancy import current_city


class OwnReport(StrEnum):
    """The reports that are available for a single provider."""

    CODES = ReportName.CODES.value
    DISAGREEMENTS = ReportName.DISAGREEMENTS.value


class ExportQuery(Shape):
    """`from` and `to` are settled days, both inclusive, by default the newest. `state` filters `codes`, `cause` filters `disagreements`."""

    report: Annotated[OwnReport, Field(strict=False)]
    file_format: Annotated[FileFormat, Field(strict=False, alias="format")] = FileFormat.JSONL
    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None
    state: Annotated[State | None, Field(strict=False)] = None
    cause: Annotated[Cause | None, Field(strict=False)] = None


class Export(BaseModel):
    """`manifest` is the city's signed statement about the file, with `rows` and SHA-256; `code` and `message` explain a failure."""

    name: str
    report: OwnReport
    file_format: Annotated[FileFormat, Field(serialization_alias="format")]
    first: Annotated[date | None, Field(serialization_alias="from")]
    last: Annotated[date | None, Field(serialization_alias="to")]
    narrowed_to: dict[str, str]
    state: ExportState
    asked_at: datetime
    expires_at: datetime | None
    size: int | None
    manifest: dict[str, Any] | None
    code: str | None
    message: dict[str, str] | None


class ExportPage(BaseModel):
    items: list[Export]
    next_cursor: str | None


ASKED = OpenApiExample(
    "Colours shown during one week", {"report": "codes", "from": "2026-11-16", "to": "2026-11-22"}, request_only=True
)
NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, description="`name` from the answer to the request.")
ANSWER = {(200, JSON_TYPE): OpenApiResponse(Export, "The export's current state.")}


class Exports(Service):
    scope = Scope.EXPORTS
    http_method_names = ("get", "post")

    @extend_schema(
        operation_id="list_exports",
        summary="List the provider's exports",
        description="Newest first. Files are kept for a week, their manifests permanently.",
        tags=["exports"],
        parameters=PAGING,
        responses={(200, JSON_TYPE): OpenApiResponse(ExportPage, "A page of results."), **problems(*ANY_CALL)},
    )
    def get(self, request: Request) -> Response:
        filter_of(request)
        return Response(page(request, _exports_of(caller_of(request)), by=["-id"], serialize=_as_json))

    @extend_schema(
        operation_id="ask_for_export",
        summary="Request a report",
        description="`codes`: the colours shown to the provider's users on settled days. `disagreements`: the people "
        "for whom the provider and another provider showed different colours, with the pairs that include "
        "the provider. The columns are those of the city's exports; names and ID numbers are masked. The "
        f"file is written in the background; a provider can have at most {MOST_OF_A_PROVIDER} exports at a "
        "time.",
        tags=["exports"],
        parameters=[IDEMPOTENCY_KEY],
        request={JSON_TYPE: ExportQuery},
        examples=[ASKED],
        responses={
            (202, JSON_TYPE): OpenApiResponse(Export, "The export was accepted and will be written."),
            **problems(*WITH_BODY),
        },
    )
    @idempotent
    def post(self, request: Request) -> Response:
        asked, caller = read_json(request._request, ExportQuery), caller_of(request)
        narrowed = {"state": asked.state, "cause": asked.cause}
        only = {"provider": caller.code, **{name: value.value for name, value in narrowed.items() if value}}
        job = ask_for_export(
            ReportRequest(ReportName(asked.report), asked.first, asked.last, only=only),
            file_format=asked.file_format,
            by=caller.actor,
            now=timezone.now(),
        )
        # If this message is lost, a worker finds the export within the minute.
        transaction.on_commit(partial(enqueue_export, current_city().schema_name, job.pk), robust=True)
        return Response(_as_json(job), status=202)


class OneExport(Service):
    scope = Scope.EXPORTS
    http_method_names = ("get",)

    @extend_schema(
        operation_id="get_export",
        summary="Get the state of an export",
        description="Poll every few seconds until `state` is `done` or `failed`.",
        tags=["exports"],
        parameters=[NAME],
        responses={**ANSWER, **problems(*ANY_CALL, 404)},
    )
    def get(self, request: Request, name: str) -> Response:
        filter_of(request)
        return Response(_as_json(_own(request, name)))


class FileRenderer(BaseRenderer):
    """Placeholder for the type of the export's file; refusals are JSON."""

    media_type = "*/*"
    format = "file"
    render = JSONRenderer.render


class TypeOfTheFile(BaseContentNegotiation):
    """Uses the type of the requested file, whatever `Accept` says."""

    def select_parser(self, request: Request, parsers: Any) -> None:  # noqa: ARG002
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> tuple[Any, str]:  # noqa: ARG002
        return renderers[0], renderers[0].media_type


class ExportFile(Service):
    scope = Scope.EXPORTS
    http_method_names = ("get",)
    content_negotiation_class = TypeOfTheFile

    @extend_schema(
        operation_id="fetch_export",
        summary="Fetch an export's file",
        description="Available once `state` is `done`. Each download is recorded in the city's journal. The file's "
        "SHA-256 is in the export's `manifest`.",
        tags=["exports"],
        parameters=[NAME],
        responses={
            **{
                (200, content_type.partition(";")[0]): OpenApiResponse(OpenApiTypes.BINARY, "The file.")
                for content_type in CONTENT_TYPES.values()
            },
            **problems(400, 401, 403, 404, 409, 429),
        },
    )
    def get(self, request: Request, name: str) -> FileResponse:
        filter_of(request)
        job = _own(request, name)
        if job.is_open:
            raise ApiError(409, ExportFault.NOT_WRITTEN_YET)
        try:
            path = fetch_export(job, by=caller_of(request).actor, now=timezone.now())
        except CannotExport:
            raise NotFound from None
        content_type = FileFormat(job.file_format).content_type
        return FileResponse(
            path.open("rb"), as_attachment=True, filename=f"{job.report}.{job.file_format}", content_type=content_type
        )


def _exports_of(caller: Caller) -> QuerySet[ExportJob]:
    return ExportJob.objects.filter(asked_by=caller.actor)


def _own(request: Request, name: str) -> ExportJob:
    """Return the caller's export. Raises ``NotFound``, also for another caller's."""
    job = _exports_of(caller_of(request)).filter(name=name).first()
    if job is None:
        raise NotFound
    return job


def _as_json(job: ExportJob) -> dict[str, Any]:
    export = Export(
        **{
            name: getattr(job, name) for name in ("name", "first", "last", "asked_at", "expires_at", "size", "manifest")
        },
        report=OwnReport(job.report),
        file_format=FileFormat(job.file_format),
        narrowed_to=job.only,
        state=ExportState(job.state),
        code=job.fault or None,
        message={language: job.message_in(language) for language in dict(settings.LANGUAGES)} if job.fault else None,
    )
    return export.model_dump(mode="json", by_alias=True)
