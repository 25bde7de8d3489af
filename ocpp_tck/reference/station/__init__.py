"""The embedded charging stations, one module per OCPP version."""
