from importlib import import_module
from types import ModuleType

from django.apps import AppConfig
from django.conf import settings

from portal.catalogues import compile_catalogues
from portal.celery import app as celery_app

__all__ = ["PortalConfig", "celery_app"]


class PortalConfig(AppConfig):
    """The top floor. Naming the Celery app here binds every shared task to it."""

    name = "portal"

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        """Make the translations ready before any model is loaded: loading one already says something, and it sticks."""
        super().__init__(app_name, app_module)
        for folder in settings.LOCALE_PATHS:
            compile_catalogues(folder)

    def ready(self) -> None:
        """Listen to what happens at the staff's door; the listeners import models, which are there only now."""
        import_module("portal.staff_sign_in.events")
