"""URLs of the API, under a city's host name. The path contains the version that a caller was written for."""

from django.urls import path, re_path

from portal.api import cities
from portal.api.bodies import MOST_BYTES
from portal.api.corrections import Corrections
from portal.api.entries import Entries
from portal.api.exports import ExportFile, Exports, OneExport
from portal.api.lists import Cases, Disagreements
from portal.api.people import Calls, Codes, Declarations, Status, TripsOfPerson
from portal.api.reference import reference
from portal.api.schema import schema
from portal.api.service import NoSuchAddress
from portal.api.verifications import Verifications
from portal.api.webhooks import Deliveries, OneWebhook, Webhooks
from portal.web.bodies import takes_body

urlpatterns = [
    path("verifications", Verifications.as_view(), name="api_verifications"),
    path("entries", takes_body(MOST_BYTES)(Entries.as_view()), name="api_entries"),
    path("cities/look-ups", cities.look_ups, name="api_city_look_ups"),
    path("cities/corrections", cities.corrections, name="api_city_corrections"),
    path("cities/correction-answers", cities.correction_answers, name="api_city_correction_answers"),
    path("cities/correction-files", cities.correction_files, name="api_city_correction_files"),
    path("declarations", Declarations.as_view(), name="api_declarations"),
    path("trips", TripsOfPerson.as_view(), name="api_trips"),
    path("status", Status.as_view(), name="api_status"),
    path("calls", Calls.as_view(), name="api_calls"),
    path("codes", Codes.as_view(), name="api_codes"),
    path("corrections", Corrections.as_view(), name="api_corrections"),
    path("disagreements", Disagreements.as_view(), name="api_disagreements"),
    path("cases", Cases.as_view(), name="api_cases"),
    path("exports", Exports.as_view(), name="api_exports"),
    path("exports/<str:name>", OneExport.as_view(), name="api_export"),
    path("exports/<str:name>/file", ExportFile.as_view(), name="api_export_file"),
    path("webhooks", Webhooks.as_view(), name="api_webhooks"),
    path("webhooks/<int:webhook_id>", OneWebhook.as_view(), name="api_webhook"),
    path("webhooks/<int:webhook_id>/deliveries", Deliveries.as_view(), name="api_deliveries"),
    path("schema", schema, name="api_schema"),
    path("reference/", reference, name="api_reference"),
    # Must be the last.
    re_path("^(?P<address>.*)$", NoSuchAddress.as_view(), name="api_no_such_address"),
]
