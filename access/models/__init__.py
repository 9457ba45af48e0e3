"""Asking: requests and the steps they pass."""

from access.models.requests import AccessRequest, ApprovalStep, Status

__all__ = ["AccessRequest", "ApprovalStep", "Status"]
