import base64
import json
import os
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ocpp_tck.evidence.dsse import (
    Envelope,
    EnvelopeError,
    KeyProblem,
    key_id,
    load_private,
    load_public,
    new_key,
    pae,
    read_envelope,
)

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))


def test_what_is_signed_is_the_encoding_of_the_specification():
    # the example of DSSE's protocol.md
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "


def test_a_signature_holds_for_its_key_and_its_payload_only():
    signed = Envelope(b"{}").signed(KEY)
    assert signed.is_signed_by(KEY.public_key())
    assert not signed.is_signed_by(OTHER.public_key())
    assert not Envelope(b"{ }", signatures=signed.signatures).is_signed_by(KEY.public_key())
    assert not Envelope(b"{}", "text/plain", signed.signatures).is_signed_by(KEY.public_key())
    assert not Envelope(b"{}").is_signed_by(KEY.public_key())


def test_several_may_sign_and_each_once():
    signed = Envelope(b"{}").signed(KEY).signed(OTHER).signed(KEY)
    assert [identifier for identifier, _ in signed.signatures] == [key_id(OTHER.public_key()), key_id(KEY.public_key())]
    assert signed.is_signed_by(KEY.public_key())
    assert signed.is_signed_by(OTHER.public_key())


def test_an_envelope_is_read_as_it_was_written():
    for envelope in (Envelope(b"{}"), Envelope(b"{}").signed(KEY)):
        assert read_envelope(envelope.as_json()) == envelope
        assert read_envelope(envelope.as_json()).as_json() == envelope.as_json()


def test_an_envelope_is_written_as_the_specification_says():
    assert Envelope(b"{}", signatures=(("id", b"abc"),)).as_json() == (
        "{\n"
        ' "payloadType": "application/vnd.in-toto+json",\n'
        ' "payload": "e30=",\n'
        ' "signatures": [\n'
        "  {\n"
        '   "keyid": "id",\n'
        '   "sig": "YWJj"\n'
        "  }\n"
        " ]\n"
        "}\n"
    )


def test_a_signature_needs_no_id_of_its_key():
    content = json.loads(Envelope(b"{}").signed(KEY).as_json())
    del content["signatures"][0]["keyid"]
    envelope = read_envelope(json.dumps(content))
    assert envelope.signatures[0][0] == ""
    assert envelope.is_signed_by(KEY.public_key())


@pytest.mark.parametrize("payload", [b"\xff\xfe", b"\xff\xff\xff"])
def test_the_other_alphabet_of_base64_is_read_too(payload):
    content = json.loads(Envelope(payload).as_json())
    content["payload"] = base64.urlsafe_b64encode(payload).decode()
    assert read_envelope(json.dumps(content)).payload == payload


IS_NONE = "is no DSSE envelope"
OTHER_FIELDS = "is no DSSE envelope: it has other fields than payload, payloadType and signatures"
OTHER_TYPE = "has a payload of type 'x', not application/vnd.in-toto+json"
TYPE = '"payloadType":"application/vnd.in-toto+json"'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", IS_NONE),
        ("[]", IS_NONE),
        ("[" * 100_000, IS_NONE),
        ("{}", OTHER_FIELDS),
        (f'{{"payload":"",{TYPE},"signatures":{{}}}}', OTHER_FIELDS),
        (f'{{"payload":"",{TYPE},"signatures":[],"more":1}}', OTHER_FIELDS),
        ('{"payload":"","payloadType":"x","signatures":[]}', OTHER_TYPE),
        (f'{{"payload":1,{TYPE},"signatures":[]}}', IS_NONE),
        (f'{{"payload":"a",{TYPE},"signatures":[]}}', IS_NONE),
        (f'{{"payload":"",{TYPE},"signatures":[1]}}', IS_NONE),
        (f'{{"payload":"",{TYPE},"signatures":[{{}}]}}', IS_NONE),
    ],
)
def test_what_is_no_envelope_is_refused(text, why):
    with pytest.raises(EnvelopeError) as caught:
        read_envelope(text)
    assert str(caught.value) == why


def test_a_new_key_is_its_owners_only_and_never_overwrites(tmp_path):
    private = tmp_path / "key.pem"
    before = os.umask(0)
    try:
        public = new_key(private)
    finally:
        os.umask(before)
    assert public == tmp_path / "key.pem.pub"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (private, public)] == [0o600, 0o644]
    assert key_id(load_private(private).public_key()) == key_id(load_public(public))
    with pytest.raises(KeyProblem, match="exists; a key is never overwritten"):
        new_key(private)
    with pytest.raises(KeyProblem, match="can't be written"):
        new_key(tmp_path / "gone" / "key.pem")


def written(tmp_path, key, protection=None):
    path = tmp_path / "given.pem"
    protection = protection or serialization.NoEncryption()
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection))
    return path


def test_what_is_no_private_key_is_refused(tmp_path):
    with pytest.raises(KeyProblem, match="can't be read"):
        load_private(tmp_path / "gone")
    with pytest.raises(KeyProblem, match="needs a passphrase"):
        load_private(written(tmp_path, KEY, serialization.BestAvailableEncryption(b"secret")))
    with pytest.raises(KeyProblem, match="is no Ed25519 key"):
        load_private(written(tmp_path, ec.generate_private_key(ec.SECP256R1())))
    (tmp_path / "text").write_text("nothing")
    with pytest.raises(KeyProblem, match="is no private key in PEM"):
        load_private(tmp_path / "text")


def test_what_is_no_public_key_is_refused(tmp_path):
    with pytest.raises(KeyProblem, match=r"is no public key in PEM; give the \.pub file"):
        load_public(written(tmp_path, KEY))
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    path = tmp_path / "other.pem"
    path.write_bytes(other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyProblem, match="is no Ed25519 key"):
        load_public(path)
