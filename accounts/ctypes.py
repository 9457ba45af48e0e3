"""One content type for the whole tree, so that guardian's rows and checks agree on a child."""

from django.contrib.contenttypes.models import ContentType
from django.db import models

from audit.models import root_model


def content_type(obj: models.Model | type[models.Model]) -> ContentType:
    """guardian's GUARDIAN_GET_CONTENT_TYPE: a dataset answers as the Resource it is."""
    model = obj if isinstance(obj, type) else type(obj)
    return ContentType.objects.get_for_model(root_model(model))
