"""The story's browser is that of the pages' tests."""

from tests.browser.conftest import browser_context_args, browser_type_launch_args, page, signed_in

__all__ = ["browser_context_args", "browser_type_launch_args", "page", "signed_in"]
