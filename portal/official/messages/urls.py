"""URLs of the page of SMS messages."""

from django.urls import path

from portal.official.messages import views

urlpatterns = [
    path("", views.sent_messages, name="official_messages"),
    path("again/", views.again, name="official_messages_again"),
]
