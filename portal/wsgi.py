"""The WSGI application, for portal.web_server."""

import os

from django.core.wsgi import get_wsgi_application

from portal.environment import load
from portal.observability.requests import begin_to_count
from portal.start_up import refuse_unsafe_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
refuse_unsafe_start(load())
application = get_wsgi_application()
begin_to_count()
