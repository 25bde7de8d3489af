"""The documents by which each OCPP version is judged, with edition and errata."""

from collections.abc import Mapping

from ocpp_tck.protocol.types import Version

EDITIONS: Mapping[Version, tuple[str, ...]] = {
    Version.V16: (
        "OCPP 1.6 edition 2 (2017-09-28) with errata sheet 2025-04",
        "OCPP-J 1.6 (2015-10-08) with errata sheet 2025-04",
        "Improved security for OCPP 1.6-J edition 3 (2022-02-17)",
        "OCTT test cases for OCPP 1.6, 2024-04",
    ),
    Version.V201: (
        "OCPP 2.0.1 edition 3 (2024-05-06) with errata 2025-09",
        "OCPP 2.0.1 Part 5 certification profiles, edition 3",
        "OCPP 2.0.1 Part 6 test cases, edition 3",
    ),
    Version.V21: (
        "OCPP 2.1 edition 1 with errata 2025-09",
        "OCPP 2.1 Part 4 JSON over WebSockets, edition 2 (2025-12-03)",
        "OCPP 2.1 Part 5 certification profiles, edition 2 (2025-12-03)",
    ),
}
"""In the order of their authority."""
