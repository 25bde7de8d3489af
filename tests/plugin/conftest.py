"""Fixtures of the tests of the plugin."""

from inside import kit

__all__ = ["kit"]
