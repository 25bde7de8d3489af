"""Smart charging of OCPP 1.6 as data: profiles, what they come to together, and how a reported schedule compares.

Sans-IO: times are seconds since the epoch, given by the caller.
"""

from ocpp_tck.charging.compare import Tolerance, below, differences
from ocpp_tck.charging.composite import Cap, Curve, Span, composite
from ocpp_tck.charging.installed import Installed
from ocpp_tck.charging.profile import Period, Profile, Schedule

__all__ = [
    "Cap",
    "Curve",
    "Installed",
    "Period",
    "Profile",
    "Schedule",
    "Span",
    "Tolerance",
    "below",
    "composite",
    "differences",
]
