"""The open conformance test kit for OCPP 1.6-J, 2.0.1 and 2.1."""

__version__ = "0.1.0"
