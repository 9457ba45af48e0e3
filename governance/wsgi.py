"""The web process. No server runs Django's checks by itself, so it does before it serves."""

import os

from django.conf import settings
from django.core.checks import ERROR, Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
handler = get_wsgi_application()
problems = run_checks(tags=[Tags.security], include_deployment_checks=True)
if serious := [problem for problem in problems if problem.level >= ERROR]:
    raise ImproperlyConfigured("\n".join(map(str, serious)))

# Only now: these need the models that Django has just loaded.
from gateway.spool import Spool  # noqa: E402
from governance.fastpath import FastPath  # noqa: E402
from governance.noting import Recorder  # noqa: E402

application = FastPath(handler, Recorder(Spool(settings.SPOOL_ROOT)))
