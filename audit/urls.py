"""The pages of the trail."""

from django.urls import path

from audit.views import erasures, exports, holds, proof, searches, trail

urlpatterns = [
    path("trail/", trail.trail, name="trail"),
    path("trail/complete/", trail.complete, name="trail_complete"),
    path("trail/searches/", searches.save, name="search_save"),
    path("trail/searches/<uuid:uid>/delete/", searches.delete, name="search_delete"),
    path("trail/exports/", exports.listing, name="exports"),
    path("trail/exports/new/", exports.ask, name="export_new"),
    path("trail/exports/<uuid:uid>/", exports.export, name="export"),
    path("trail/exports/<uuid:uid>/cancel/", exports.cancel, name="export_cancel"),
    path("trail/exports/<uuid:uid>/download/", exports.download, name="export_download"),
    path("trail/exports/<uuid:uid>/manifest/", exports.manifest, name="export_manifest"),
    path("trail/keys/", proof.keys, name="trail_keys"),
    path("trail/<uuid:uid>/", trail.event, name="event"),
    path("trail/<uuid:uid>/proof/", proof.proof, name="event_proof"),
    path("erasures/", erasures.listing, name="erasures"),
    path("erasures/<uuid:pk>/", erasures.erasure, name="erasure"),
    path("erasures/<uuid:pk>/plan/", erasures.plan, name="erasure_plan"),
    path("erasures/<uuid:pk>/redact/", erasures.redact, name="erasure_redact"),
    path("erasures/holds/", holds.listing, name="holds"),
    path("erasures/holds/<uuid:pk>/lift/", holds.lift, name="hold_lift"),
]
