"""Drivers: how a product is made to act. What a user's own driver needs is here."""

from ocpp_tck.roles.drivers.base import Driver, DriverError, Outcome, Request, Result

__all__ = ["Driver", "DriverError", "Outcome", "Request", "Result"]
