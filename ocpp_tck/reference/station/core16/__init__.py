"""The OCPP 1.6 charge point: Core profile and Remote Trigger.

`device` is what survives a reboot or a power cut (hardware and non-volatile memory), `firmware`
what runs while there is power; the other modules each hold one topic of the specification.
"""
