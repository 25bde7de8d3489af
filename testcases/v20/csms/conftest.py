"""Fixtures of `given.py`."""

import pytest

from . import given

unconnected = pytest.fixture(given.unconnected)
csms = pytest.fixture(given.csms)
session = pytest.fixture(given.session)
