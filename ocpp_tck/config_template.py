"""The commented configuration that `ocpp-tck init` writes."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from ocpp_tck import pics
from ocpp_tck.settings import Limits, TestData

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = """\
# Configuration of ocpp-tck. A key that is commented out shows its default.
# Any key may also come from the environment: OCPP_TCK_CONNECTION_URL, OCPP_TCK_LIMITS_RESPONSE, …
# Precedence: option of the command, environment, this file, default.

# seed = 0                      # generated data derive from it; 0 = a new one for each run
# max_frame_bytes = 1048576     # a larger message of the product closes the connection: inconclusive
# max_case_messages = 20000     # more messages of the product in one case: the same
# max_case_bytes = 8388608      # more text of the product in one case: the same

[sut]
role = "{role}"                    # the product under test: "cs" = charging station, "csms" = CSMS
version = "{version}"                # the OCPP version to test: "1.6", "2.0.1" or "2.1"
vendor = ""                     # what the report names
model = ""
firmware = ""                   # version of its software; a station's own boot message goes before

[connection]
"""
_CSMS = """\
url = "ws://127.0.0.1:9000/ocpp"    # the CSMS; the station id is appended
station_id = "CP001"            # the station that the kit is; the CSMS must know it
"""
_CS = """\
listen = "127.0.0.1:9000"       # where the kit waits for the station; "0.0.0.0:9000" for one on the network
station_id = "CP001"            # the identity that the station connects with
"""
_REST = """\
security_profile = 0            # 0 = none, 1 = Basic authentication, 2 = with TLS, 3 = TLS with client certificates

# [connection.basic_auth]       # as a station the kit tries a wrong one first, once a run: the CSMS must refuse it
# password = "…"                # of every station that has none of its own; of 32 to 40 hexadecimal digits the bytes

# [connection.tls]              # PEM files; relative paths count from this file's folder; `ocpp-tck pki` makes some
# ca = "ca.pem"                 # whom the kit trusts
# authority = "ca.pem"          # what the kit makes certificates with: its own, and those that a station asks for
# authority_key = "ca-key.pem"
# certificate = "kit.pem"       # what the kit shows instead, with its chain
# key = "kit.key"

# Several stations instead of station_id: one table each; parallel runs (-n) need one station per worker.
# [[connection.stations]]
# id = "CP001"
# password = "…"
# listen = "127.0.0.1:9001"     # role cs: a place of its own for this station
# [connection.stations.tokens]
# valid_token = "TCK-VALID-1"   # any token or text of [test_data], for this station alone

[driver]                        # who makes the product act; the first that can is used
order = ["prompt"]              # "http", "command", "python", "prompt"

# One HTTP request per action. Known: {action} {action_kebab} {action_camel} {station} {version} {role} {payload}
# {payload.field} {env.NAME}. 2xx = done, 404 and 501 = the next driver is asked, anything else = inconclusive.
# [driver.http]
# url = "http://127.0.0.1:9100/{action_kebab}?station={station}"
# method = "POST"
# body = "{payload}"
# timeout = 10.0                # seconds
# headers = { Authorization = "Bearer {env.TOKEN}" }
# [driver.http.actions.reset]   # one action's own; supported = false leaves it to the next driver
# url = "http://127.0.0.1:9100/stations/{station}/reboot"
# supported = true

# One program per action, without a shell; the payload comes as JSON on stdin.
# Exit 0 = done, 3 = the next driver is asked, anything else = inconclusive.
# [driver.command]
# run = ["./act", "{action}", "{station}"]
# timeout = 30.0
# [driver.command.actions.reset]
# run = ["./reboot", "{station}"]

# A class of yours with a method per action, or one act(request).
# [driver.python]
# path = "driver.py:Driver"     # or "module:Class"
# options = { port = 5000 }     # arguments of the class
# timeout = 30.0
"""
_FILES = """
[files]                         # the kit's file servers, and the firmware that they offer a station under test
# address = "127.0.0.1"         # where they listen; "0.0.0.0" for a station on the network, with host
# host = ""                     # name or address by which the station reaches them; empty = address
# ports = [9100, 9120]          # first and last port that they may use; without it any free ones
# protocols = ["HTTP", "FTP", "HTTPS", "FTPS"]    # the first that the station supports is used
# user = "tck"                  # login of FTP and FTPS
# password = "tck"
# certificate = "files.pem"     # for HTTPS and FTPS; without it and key a throw-away one is made
# key = "files.key"
# firmware = "firmware.bin"     # a file that the station can install; without it those cases are not run
# invalid_firmware = "bad.bin"  # one that it can't install; without it a few bytes are made up
# signed_firmware = "signed.bin"    # one that it can install; see firmware_signature in [test_data]
"""
_STATION_16 = """
[station]                       # what exists
connectors = 1                  # how many connectors
connector = 1                   # the one that the cases use
"""
_STATION_20 = """
[station]                       # what exists
evse = 1                        # the EVSE that the cases use
[[station.evses]]               # one table per EVSE
id = 1
connectors = 1
"""
_STATION_REST = {
    "1.6": """\
# evse = 1                      # from 2.0.1 on: the EVSE that the cases use, and one table per EVSE
# [[station.evses]]
# id = 1
# connectors = 1
""",
    "2": """\
# In 1.6 instead: [station] connectors = 1 and connector = 1
""",
}
_DATA = {
    "valid_token": "a token that the CSMS accepts",
    "valid_token_type": "type of the tokens from 2.0.1 on",
    "same_group_token": "another accepted one with the same parent (group)",
    "other_token": "an accepted one without that parent",
    "group_token": "the parent (group) of the first two",
    "invalid_token": "one that the CSMS does not know",
    "expired_token": "one that the CSMS knows as expired; empty when it can know none",
    "blocked_token": "one that the CSMS knows as blocked; empty when it can know none",
    "heartbeat_interval": "seconds between heartbeats, as the kit sets it",
    "boot_retry_interval": "seconds in a Rejected or Pending answer of the kit to a boot",
    "meter_value_interval": "seconds between sampled meter values",
    "clock_aligned_interval": "seconds between clock-aligned meter values",
    "connection_timeout": "seconds to plug in after authorization, as the kit sets it",
    "transaction_duration": "seconds that a transaction runs where a while is asked for",
    "offline_duration": "seconds that the kit stays away where a while is asked for",
    "reservation_duration": "seconds that a reservation lasts which is to outlast its case",
    "reservation_expiry": "seconds until a reservation expires that nobody uses",
    "vendor_id": "vendorId of DataTransfer that the product does not know",
    "message_id": "messageId that goes with it",
    "configuration_key": "a configuration key that can be written (1.6)",
    "configuration_value": "a legal value for it",
    "unknown_configuration_key": "a configuration key that the product does not have (1.6)",
    "charging_rate_unit": "unit of charging profiles (1.6): A or W",
    "stack_level": "their stackLevel, the lowest one where a case sets several",
    "number_phases": "their numberPhases",
    "charging_duration": "seconds that charging profiles and composite schedules last",
    "local_limit": "the charge point's own limit in that unit, if lower than 16 A or 16000 W; 0 = it is not",
    "limit_tolerance": "percent by which a reported charging limit may differ",
    "charge_point_vendor": "vendor that the kit names as a station",
    "charge_point_model": "model that the kit names as a station",
    "firmware_url": "where the CSMS tells the kit to fetch firmware; nobody does",
    "log_url": "where the CSMS tells the kit to send logs; nobody does",
    "firmware_signature": "signature of [files] signed_firmware, base64 (1.6)",
    "signing_certificate": "certificate with which that was signed, PEM (1.6)",
    "cpo_name": "organization in certificates, and what CpoName is set to (1.6)",
    "authorization_key": "new password as 32 to 40 hexadecimal digits (1.6)",
}
_EVIDENCE = """
[evidence]                      # of the run when it has ended
# signing_key = "key.pem"       # signs attestation.json; `ocpp-tck sign --new-key key.pem` makes one
# product = "firmware.bin"      # file of the product, whose SHA-256 the attestation names
"""
_LIMITS = {
    "response": "from a request, or what causes a message, to the answer or message",
    "boot": "from power on to a boot notification",
    "reboot": "from a reset or power cycle to the next boot notification",
    "reconnect": "from the kit being reachable again to a connection",
    "transaction": "from the last condition for a transaction to its start, and likewise for its stop",
    "operator": "how long a person has for what a prompt asks",
    "absence": "how long something must not come before its absence counts",
    "clock": "tolerated difference between two clocks",
    "interval": "tolerated difference from a periodic interval",
    "handshake": "for connecting: TCP, TLS and WebSocket together",
    "transfer": "from an order to the end of the download or upload",
    "install": "from the end of a download to that of the installation, a boot included",
    "signing": "for a new key and its signing request, and from there to the signed certificate (1.6)",
}


def template(role: str, version: str) -> str:
    """Give a configuration for a product of that role and version; it loads as it stands.

    Args:
        role: "cs" or "csms".
        version: "1.6", "2.0.1" or "2.1".
    """
    is_16 = version == "1.6"
    parts = [
        _HEAD.replace("{role}", role).replace("{version}", version),
        _CSMS if role == "csms" else _CS,
        _REST,
        _STATION_16 if is_16 else _STATION_20,
        _STATION_REST["1.6" if is_16 else "2"],
        "\n[test_data]                     # the values that the OCA calls configured; tokens: what the CSMS knows\n",
        *_defaults(TestData(), _DATA),
        *((_FILES,) if role == "cs" else ()),
        _EVIDENCE,
        "\n[limits]                        # seconds\n",
        *_defaults(Limits(), _LIMITS),
        *_pics(role, version),
    ]
    return "".join(parts)


def _defaults(values: TestData | Limits, meanings: dict[str, str]) -> Iterator[str]:
    for key in fields(values):
        value = getattr(values, key.name)
        line = f'# {key.name} = "{value}"' if isinstance(value, str) else f"# {key.name} = {value}"
        yield f"{line:<31} # {meanings.get(key.name, '')}".rstrip(" #") + "\n"


def _pics(role: str, version: str) -> Iterator[str]:
    yield "\n[pics]                          # what the product has; cases that hang on an open question are not run\n"
    for feature in pics.features(version, role).values():
        key = feature.id if feature.id.isidentifier() else f'"{feature.id}"'
        line = f"{key} = {feature.default}" if version == "1.6" else f"# {key} = true"
        yield f"{line:<31} # {feature.question}\n"
