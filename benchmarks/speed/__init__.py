"""How fast the bridge is, always as a ratio to something measured beside it."""
