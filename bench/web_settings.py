"""The portal's settings for the web server of a bench, which has one more address."""

from portal.settings import *  # noqa: F403 - all of them

ROOT_URLCONF = "bench.web_urls"
