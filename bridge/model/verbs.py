"""The verbs people may ask for in chat; roles in the configuration name them."""

VERBS = ("refund", "note", "escalate", "help", "show")
