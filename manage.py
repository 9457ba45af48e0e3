#!/usr/bin/env python
"""Every command, with embedded servers around it unless DATABASE_URL names real ones."""

import os
import sys

from django.core.management import execute_from_command_line

from governance import embedded

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
    with embedded.servers():
        execute_from_command_line(sys.argv)
