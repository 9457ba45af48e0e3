"""Addresses of the catalogue: what a resource is called is its address; verbs start with `~`."""

from django.urls import path, register_converter

from registry.views import assets, catalogue, files, resources, uploads, versions


class Address:
    """`project`, `project/name` or `project/name@v3`; no slug has a `~`."""

    regex = r"[-\w]+(?:/[-\w]+(?:@v[0-9]+)?)?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return str(value)


register_converter(Address, "address")

urlpatterns = [
    path("catalogue/", catalogue.listing, name="catalogue"),
    path("catalogue/new/project/", assets.new_project, name="project_new"),
    path("catalogue/<slug:project>/new/<slug:kind>/", assets.new, name="asset_new"),
    path("catalogue/<address:address>/", resources.page, name="resource"),
    path("catalogue/<address:address>/~edit/", assets.edit, name="resource_edit"),
    path("catalogue/<address:address>/~owner/", assets.hand_over, name="resource_owner"),
    path("catalogue/<address:address>/~move/", assets.move, name="resource_move"),
    path("catalogue/<address:address>/~state/", resources.set_state, name="resource_state"),
    path("catalogue/<address:address>/~versions/", versions.open_version, name="version_new"),
    path("catalogue/<address:address>/~approve/", versions.approve, name="version_approve"),
    path("catalogue/<address:address>/~withdraw/", versions.withdraw, name="version_withdraw"),
    path("catalogue/<address:address>/~lineage/", versions.record_lineage, name="lineage_new"),
    path("catalogue/<address:address>/~upload/", uploads.upload, name="file_upload"),
    path("catalogue/<address:address>/~refer/", uploads.refer, name="file_refer"),
    path("catalogue/<address:address>/~remove/", uploads.remove, name="file_remove"),
    path("catalogue/<address:address>/~files/<path:name>", files.download, name="file_download"),
]
