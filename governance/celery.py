"""The Celery application and its clock."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
app = Celery("governance")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["accounts", "access", "audit", "gateway", "registry"])
app.autodiscover_tasks(["accounts"], related_name="post")
app.conf.beat_schedule = {
    "fold refusals": {"task": "audit.tasks.fold", "schedule": 60.0, "options": {"expires": 60}},
    "drain the spool": {"task": "gateway.tasks.drain", "schedule": 2.0, "options": {"expires": 2}},
    "sweep permission rows": {"task": "accounts.tasks.sweep", "schedule": 300.0},
    "discard exports": {"task": "audit.tasks.discard_exports", "schedule": 3600.0},
    "ship the trail": {"task": "audit.tasks.ship_all", "schedule": 5.0},
    "expire requests": {"task": "access.tasks.expire", "schedule": 3600.0},
    "compare rows": {"task": "accounts.tasks.compare", "schedule": crontab(hour=2, minute=20)},
    "make partitions": {"task": "audit.tasks.partitions", "schedule": crontab(hour=3, minute=10)},
    # Expires: a worker that was away has one round to make, not all that it missed.
    "seal the trail": {"task": "audit.tasks.seal", "schedule": 5.0, "options": {"expires": 5}},
    "verify the trail": {"task": "audit.tasks.verify", "schedule": crontab(hour=2, minute=40)},
    "discard broken uploads": {"task": "registry.tasks.discard", "schedule": 3600.0},
}
