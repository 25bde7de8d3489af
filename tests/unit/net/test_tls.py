"""Listener and client over TLS: what was agreed on is evidence, and so is why a handshake failed."""

import pytest

from ocpp_tck.net import HandshakeRefused, Listener, connect, pki, tls

STATION = "CP1"


@pytest.fixture(scope="module")
def root():
    return pki.Authority.root()


@pytest.fixture
def made(tmp_path, root):
    """Credentials by what they hold."""

    def make(*own, trusted=root, name="own"):
        path = tmp_path / f"{name}-trusted.pem"
        path.write_text(trusted.pem)
        files = tuple(one.write(tmp_path, f"{name}-{number}") for number, one in enumerate(own))
        return tls.Credentials(own=files, trusted=path)

    return make


@pytest.fixture
def serve(loop, notes):
    opened = []

    def start(credentials, **options):
        listener = Listener(station=STATION, address="127.0.0.1:0", subprotocol="ocpp1.6", sink=notes)
        listener.tls = tls.server_context(credentials, told=listener.broke_off, **options)
        loop.run(listener.open(), seconds=3)
        opened.append(listener)
        return listener

    yield start
    for listener in opened:
        loop.run(listener.close(), seconds=6)


@pytest.fixture
def come(loop):
    def start(listener, context, scheme="wss"):
        from tests.unit.net.conftest import Notes

        url = f"{scheme}://{listener.address}/ocpp"
        work = connect(url=url, station=STATION, subprotocols=("ocpp1.6",), sink=Notes(), seconds=3, tls=context)
        return loop.run(work, seconds=5)

    return start


def both(root, host="127.0.0.1"):
    return root.server(host), root.server(host, algorithm="rsa")


@pytest.mark.parametrize("suite", list(tls.SUITES))
def test_each_suite_of_ocpp_alone(serve, come, made, root, notes, suite):
    listener = serve(made(*both(root)), suites=[suite])
    agreed = come(listener, tls.client_context(made(name="client"))).handshake.tls
    assert (agreed["version"], agreed["suite"], agreed["cipher"]) == ("TLSv1.2", suite, tls.SUITES[suite])
    assert agreed["compression"] == ""
    assert agreed["certificate"].startswith("-----BEGIN CERTIFICATE")
    notes.wait("opened", STATION, "ocpp1.6")


def test_a_client_with_other_suites_is_refused_with_the_cause(serve, come, made, root, notes):
    rsa, ecdsa = [name for name in tls.SUITES if "TLS_RSA" in name], [name for name in tls.SUITES if "ECDSA" in name]
    listener = serve(made(*both(root)), suites=rsa)
    with pytest.raises(HandshakeRefused) as raised:
        come(listener, tls.client_context(made(name="client"), suites=ecdsa))
    assert (raised.value.refusal.cause, raised.value.refusal.by) == ("tls", "product")
    notes.wait("refused", "tls", "kit", 0)


def test_a_client_certificate_is_evidence(serve, come, made, root, notes):
    listener = serve(made(*both(root)), mutual=True)
    client = root.client("SN-1", "CPO")
    come(listener, tls.client_context(made(client, name="client")))
    notes.wait("opened", STATION, "ocpp1.6")
    assert notes.transports[0].handshake.tls["certificate"] == client.pem


@pytest.mark.parametrize("shown", ["none", "stranger"])
def test_without_a_good_client_certificate_nobody_comes_in(serve, come, made, root, notes, shown):
    listener = serve(made(*both(root)), mutual=True)
    own = [pki.Authority.root("unknown").client("SN-1")] if shown == "stranger" else []
    with pytest.raises(HandshakeRefused) as raised:
        come(listener, tls.client_context(made(*own, name="client")))
    assert raised.value.refusal.cause == "tls"
    notes.wait("refused", "tls", "kit", 0)


def test_a_server_of_an_unknown_authority_is_refused(serve, come, made, root, notes):
    listener = serve(made(*both(root)))
    with pytest.raises(HandshakeRefused, match="certificate is not accepted") as raised:
        come(listener, tls.client_context(made(trusted=pki.Authority.root("other"), name="client")))
    assert (raised.value.refusal.cause, raised.value.refusal.by) == ("tls", "kit")


def test_plain_against_tls(serve, come, made, root, notes):
    listener = serve(made(*both(root)))
    with pytest.raises(HandshakeRefused):
        come(listener, None, scheme="ws")
    notes.wait("refused", "tls", "kit", 0)


def test_old_versions_are_told_apart(serve, come, made, root, notes):
    import ssl

    context = tls.client_context(made(name="client"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(HandshakeRefused, match="during the TLS handshake"):
        come(serve(made(*both(root))), context)
    notes.wait("refused", "tls-version", "kit", 0)


def test_a_listener_goes_over_to_tls_and_keeps_who_is_there(loop, come, made, root, notes):
    listener = Listener(station=STATION, address="127.0.0.1:0", subprotocol="ocpp1.6", sink=notes)
    loop.run(listener.open(), seconds=3)
    plain = come(listener, None, scheme="ws")
    listener.tls = tls.server_context(made(*both(root)))
    loop.run(listener.renew(), seconds=3)
    plain.send("still here")
    notes.wait("received", "still here")
    secure = come(listener, tls.client_context(made(name="client")))
    assert secure.handshake.tls["version"] == "TLSv1.3"
    loop.run(listener.close(), seconds=6)
    assert not plain.is_open


def test_files_that_are_none_are_named(made, root, tmp_path):
    bad = tmp_path / "bad.pem"
    bad.write_text("no PEM")
    with pytest.raises(tls.TlsError, match=r"bad\.pem"):
        tls.client_context(tls.Credentials(trusted=bad))
    with pytest.raises(tls.TlsError, match=r"bad\.pem"):
        tls.server_context(tls.Credentials(own=(pki.Files(bad, bad),)))
