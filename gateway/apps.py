"""The decision for gateways, proxies and other programs."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "gateway"
