"""The commands of `ocpp-tck`, by what they are for; each a thin adapter."""
