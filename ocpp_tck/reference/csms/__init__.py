"""The embedded CSMSs, one module per OCPP version."""
