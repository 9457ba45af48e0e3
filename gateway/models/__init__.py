"""What admins tell the gateways' door: routes, foreign names, conditions, known properties."""

from gateway.models.counts import DecisionCount
from gateway.models.names import Alias
from gateway.models.properties import Condition, Fact
from gateway.models.routes import Route

__all__ = ["Alias", "Condition", "DecisionCount", "Fact", "Route"]
