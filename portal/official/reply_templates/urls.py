"""URLs of the reply templates."""

from django.urls import path

from portal.official.reply_templates import views

urlpatterns = [
    path("", views.reply_templates, name="official_reply_templates"),
    path("<int:template_id>/", views.edit, name="official_reply_template"),
    path("<int:template_id>/retire/", views.retire, name="official_reply_template_retire"),
]
