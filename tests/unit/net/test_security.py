"""What the kit shows at the wire: certificates of its own making or of the user's, by security profile."""

import pytest

from ocpp_tck.net import pki
from ocpp_tck.net.security import Security
from ocpp_tck.net.tls import TlsError
from ocpp_tck.settings import Connection, Identity, Tls


@pytest.fixture(scope="module")
def root():
    return pki.Authority.root()


@pytest.fixture
def make(tmp_path, root):
    opened = []
    files = root.own.write(tmp_path, "authority")

    def start(profile, *, password="p" * 16, listen="127.0.0.1:9000", **tls):
        chosen = tls or {"authority": files.certificate, "authority_key": files.key}
        connection = Connection(
            security_profile=profile, listen=listen, stations=(Identity(id="CP1"),), tls=Tls(**chosen)
        )
        opened.append(Security(connection, "CP1", password, "CPO"))
        return opened[-1]

    yield start
    for security in opened:
        security.close()


def test_below_profile_2_there_is_no_tls(make):
    for profile in (0, 1):
        security = make(profile)
        security.check("cs")
        assert (security.server(), security.client()) == (None, None)


@pytest.mark.parametrize("profile", [2, 3])
def test_of_an_authority_the_kit_makes_both_kinds(make, profile):
    security = make(profile, listen="0.0.0.0:9000")
    assert security.server() is not None
    assert security.client() is not None
    assert security.algorithms == {"rsa", "ecdsa"}
    assert security.shown_password == (None if profile == 3 else "p" * 16)


def test_the_users_own_certificate_is_one_kind(make, tmp_path, root):
    own = root.server("csms.example", algorithm="rsa").write(tmp_path, "own")
    ca = tmp_path / "ca.pem"
    ca.write_text(root.pem)
    security = make(3, certificate=own.certificate, key=own.key, ca=ca)
    assert security.algorithms == {"rsa"}
    assert security.authority is None
    assert security.client() is not None


def test_files_that_are_none_are_named(make, tmp_path, root):
    bad = tmp_path / "bad.pem"
    bad.write_text("no PEM")
    other = pki.Authority.root("other").own.write(tmp_path, "other")
    with pytest.raises(TlsError, match=r"bad\.pem"):
        make(2, certificate=bad, key=bad).check("cs")
    own = root.own.write(tmp_path, "root")
    with pytest.raises(TlsError, match="does not belong to the certificate"):
        make(2, authority=own.certificate, authority_key=other.key).check("cs")
