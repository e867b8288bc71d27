"""The configuration: `schema` says what can be set, `load` reads it from one YAML file."""

from bridge.config.load import ConfigError, load
from bridge.config.schema import Config

__all__ = ["Config", "ConfigError", "load"]
