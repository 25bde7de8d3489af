"""Fixtures of `given.py`."""

import pytest

from . import given

step = pytest.fixture(given.step)
operator = pytest.fixture(given.operator)
transport = pytest.fixture(given.transport)
