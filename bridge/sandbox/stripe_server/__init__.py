"""A Stripe of the sandbox's own: the API, its events and webhooks, and scenes to play."""

from .faults import Fault
from .server import SandboxStripe
from .webhooks import Manners
from .world import RefundOutcome

__all__ = ["Fault", "Manners", "RefundOutcome", "SandboxStripe"]
