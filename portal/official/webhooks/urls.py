"""URLs of the webhooks' pages."""

from django.urls import path

from portal.official.webhooks import views

urlpatterns = [
    path("", views.webhooks, name="official_webhooks"),
    path("new/", views.add_webhook, name="official_webhook_new"),
    path("<int:webhook_id>/", views.webhook_page, name="official_webhook"),
    path("<int:webhook_id>/decide/", views.decide, name="official_webhook_decide"),
]
