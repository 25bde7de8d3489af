"""What a run remarks on."""

from types import SimpleNamespace

import pytest

from ocpp_tck.case_run import CaseRun
from ocpp_tck.protocol.types import Version
from ocpp_tck.run import Run, describe_run
from ocpp_tck.settings import Connection, Identity, Settings, Sut


@pytest.mark.parametrize(
    ("waited", "remarks"),
    [
        (24.0, []),
        (24.1, ["the answer to Reset came after 24.1 s of 30 s (limit response)"]),
        (-3.0, []),
    ],
)
def test_what_came_shortly_before_its_limit(waited, remarks):
    told = []
    Run.came(SimpleNamespace(remark=told.append), "the answer to Reset", waited, 30.0, "response")
    assert told == remarks


@pytest.mark.parametrize("version", list(Version))
def test_a_run_says_by_which_documents_and_in_which_scope_it_judges(version):
    identity = Identity(id="CP1")
    settings = Settings(sut=Sut(role="cs", version=version), connection=Connection(stations=(identity,)))
    scope = {"Core": {"pending": ("TC_1_CS",)}}
    told = describe_run(settings, identity, time=1.0, worker="main", catalogue_sha256="", scope=scope)
    assert told.specification[0].startswith(f"OCPP {version} edition")
    assert "errata" in told.specification[0]
    assert told.scope == scope


@pytest.mark.parametrize(
    ("changes", "left", "password", "follows"),
    [
        ("security_profile", 2, "old", True),
        ("security_profile", 1, "old", False),
        ("password", 1, "old", True),
        ("password", 1, "new", False),
        ("firmware", 1, "old", False),
    ],
)
def test_the_configuration_has_to_follow_what_a_case_left_otherwise(changes, left, password, follows):
    run = SimpleNamespace(
        clock=SimpleNamespace(monotonic=float),
        security_profile=left,
        settings=SimpleNamespace(connection=SimpleNamespace(security_profile=1)),
        identity=SimpleNamespace(password=password),
        data=SimpleNamespace(authorization_key="new"),
    )
    current = CaseRun(run, SimpleNamespace(changes=changes), "1.6", "node", ())
    assert current.has_to_follow() is follows
