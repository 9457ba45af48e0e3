"""The gate's triggers on tables of libraries: those we write through actions, and decoys.

guardian's and django-auditlog's own tables stay empty; whoever writes there is refused.
"""

from django.db import migrations

from audit.gate import Gate


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("audit", "0001_initial"),
        ("accounts", "0003_seed"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auditlog", "0017_add_actor_email"),
        ("guardian", "0003_remove_groupobjectpermission_guardian_gr_content_ae6aec_idx_and_more"),
    ]
    operations = [
        Gate("account_emailaddress"),
        Gate("account_emailconfirmation", ("key",)),
        Gate("django_admin_log"),
        Gate("auditlog_logentry"),
        Gate("guardian_userobjectpermission"),
        Gate("guardian_groupobjectpermission"),
    ]
