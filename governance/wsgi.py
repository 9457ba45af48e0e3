"""The web process. No server runs Django's checks by itself, so it does before it serves."""

import os

from django.core.checks import ERROR, Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from governance.chunks import Chunks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
handler = get_wsgi_application()
# By name, since it needs the models that are loaded only now.
application = Chunks(import_string("governance.noting.fast")(handler))
problems = run_checks(tags=[Tags.security], include_deployment_checks=True)
if serious := [problem for problem in problems if problem.level >= ERROR]:
    raise ImproperlyConfigured("\n".join(map(str, serious)))
