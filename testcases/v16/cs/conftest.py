"""Fixtures of `given.py`."""

import pytest

from . import given

station = pytest.fixture(given.station)
