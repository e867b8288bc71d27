"""Pictures of a story's rooms in a real Matrix web client: for looking at, not part of the tests."""
