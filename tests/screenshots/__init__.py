"""Pictures of every page, made from the gallery of the journeys: ``./run screenshots``. Django is ready from here on."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()
