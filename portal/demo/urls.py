"""Addresses under a city's host name in the demo: those of every city, and the messages to its phones."""

from django.urls import path

from portal import urls_city
from portal.demo import mail_box
from portal.urls_city import handler400, handler403, handler404, handler429, handler500

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

urlpatterns = [*urls_city.urlpatterns, path("demo/mail-box/", mail_box.page, name="demo_mail_box")]
