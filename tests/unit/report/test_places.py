import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from ocpp_tck.report.places import Place, places

P16, WHITE = "OCPP 1.6 edition 2", "OCPP 1.6 security whitepaper edition 3"


@pytest.mark.parametrize(
    ("text", "version", "found"),
    [
        ("1.6 4.8", "1.6", [(P16, "4.8", "Start Transaction", ())]),
        ("1.6 §4.2", "1.6", [(P16, "4.2", "Boot Notification", ())]),
        ("OCPP 1.6 4.2, 4.6", "1.6", [(P16, "4.2", "Boot Notification", ()), (P16, "4.6", "Heartbeat", ())]),
        ("1.6 5.3; errata 3.22", "1.6", [(P16, "5.3", "Change Configuration", ()), ("OCPP 1.6 errata", "3.22", "", ())]),
        (
            "1.6 3.7; OCPP-J 4.2.3, errata J 3.9",
            "1.6",
            [(P16, "3.7", "Transaction-related messages", ()), ("OCPP-J 1.6", "4.2.3", "CallError", ()), ("OCPP-J 1.6 errata", "3.9", "", ())],
        ),
        (
            "security whitepaper L01.FR.01, L01.FR.04; 1.6 4.2",
            "1.6",
            [(WHITE, "L01", "Secure Firmware Update", ("L01.FR.01", "L01.FR.04")), (P16, "4.2", "Boot Notification", ())],
        ),
        ("A05.FR.07", "1.6", [(WHITE, "A05", "Upgrade Charge Point Security Profile", ("A05.FR.07",))]),
        ("OCPP 1.6 6.8, L01.FR.01", "1.6", [(P16, "6.8", "ChangeAvailability.conf", ()), (WHITE, "L01", "Secure Firmware Update", ("L01.FR.01",))]),
        ("B01.FR.01, B01.FR.05", "2.0.1", [("OCPP 2.0.1 Part 2", "B01", "Cold Boot Charging Station", ("B01.FR.01", "B01.FR.05"))]),
        ("B06.FR.06 to B06.FR.08", "2.1", [("OCPP 2.1 Part 2", "B06", "Get Variables", ("B06.FR.06 to B06.FR.08",))]),
        ("OCPP 2.0.1 Part 2 EVSEType.id; Part 6 state Booted", "2.0.1", [("OCPP 2.0.1 Part 2", "", "", ("EVSEType.id",)), ("OCPP 2.0.1 Part 6", "", "", ("state Booted",))]),
        ("OCPP 2.0.1 Part 4 4.1.1", "2.0.1", [("OCPP 2.0.1 Part 4", "4.1.1", "Synchronicity", ())]),
        ("errata 4.12", "2.0.1", [("OCPP 2.0.1 errata", "4.12", "", ())]),
        ("1.6 99.99", "1.6", [(P16, "99.99", "", ())]),
        ("", "1.6", []),
        (" ; , ;", "1.6", []),
    ],
)  # fmt: skip
def test_a_requirement_has_its_place_in_the_documents(text, version, found):
    assert places(text, version) == tuple(Place(*one) for one in found)


def test_every_section_that_a_case_names_has_a_title():
    root = Path(__file__).parents[3] / "testcases"
    unknown = set()
    for path in root.rglob("test_*.py"):
        version = "1.6" if "v16" in path.parts else "2.0.1"
        for text in re.findall(r'requirements?="([^"]*)"', path.read_text(encoding="utf-8")):
            unknown |= {
                (place.document, place.section)
                for place in places(text, version)
                if place.section and not place.title and "errata" not in place.document
            }
    assert unknown == {("OCPP 1.6 security whitepaper edition 3", "7.6")}  # a key whose heading is a table


def test_titles_are_titles():
    known = json.loads(files("ocpp_tck.report").joinpath("places.json").read_text(encoding="utf-8"))
    titles = [title for document in known.values() for title in document.values()]
    assert len(titles) > 500
    assert all(len(title) < 110 and "  " not in title for title in titles)
