"""Defects of the CSMS of 1.6: passwords, certificates, TLS."""

import ssl
from collections.abc import Iterable
from http import HTTPStatus

from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from ocpp_tck.reference.csms.endpoint import Endpoint
from ocpp_tck.reference.csms.security16 import CertificateAuthority, CertificateOwners
from ocpp_tck.reference.csms.session import Payload
from ocpp_tck.reference.csms.v16 import Product
from ocpp_tck.reference.defects.csms16 import table
from ocpp_tck.reference.launch import CsmsOptions


@table.defect("keeps-the-old-password", "security whitepaper A01.FR.03")
class KeepsOldPassword(Product):
    """Lets a charge point in with its old password only, after it has accepted a new one."""

    def _key_changed(self, station: str, order: Payload, response: Payload) -> None:
        pass


@table.defect("lets-no-password-in", "security whitepaper A00.FR.202 to A00.FR.204")
class LetsNoPasswordIn(Endpoint):
    """Refuses every charge point that shows a password."""

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if "Authorization" in request.headers:
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no\n")
        return super()._admit(connection, request)


@table.defect("lacks-the-rsa-suites", "security whitepaper A00.FR.317, A00.FR.421")
class LacksRsaSuites(Product):
    """Does without the cipher suites of the RSA key exchange."""

    def _tls(self, options: CsmsOptions) -> ssl.SSLContext | None:
        context = super()._tls(options)
        if context is not None:
            context.set_ciphers("ECDHE+AESGCM")
        return context


@table.defect("lets-any-certificate-in", "security whitepaper A00.FR.403, A00.FR.407")
class LetsAnyCertificateIn(Product):
    """Does not look at the certificates of charge points."""

    def _tls(self, options: CsmsOptions) -> ssl.SSLContext | None:
        context = super()._tls(options)
        if context is not None:
            context.verify_mode = ssl.CERT_NONE
        return context


@table.defect("lets-certificates-of-other-owners-in", "security whitepaper A00.FR.404")
class LetsOtherOwnersIn(CertificateOwners):
    """Lets a charge point in with a certificate that neither its CPO nor an organization which that trusts owns."""

    def _is_trusted(self, organizations: Iterable[str]) -> bool:
        return True


@table.defect("lets-certificates-of-other-charge-points-in", "security whitepaper A00.FR.405")
class LetsOtherChargePointsIn(CertificateOwners):
    """Lets a charge point in with the certificate of another one."""

    def _is_of(self, station: str, names: Iterable[str]) -> bool:
        return True


@table.defect("signs-with-a-wrong-key", "security whitepaper A02, A00.FR.403")
class SignsWithWrongKey(CertificateAuthority):
    """Signs certificates with a key that is not that of its authority."""

    def __init__(self, files: tuple[str, str] | None) -> None:
        super().__init__(files)
        if self._key is not None:
            self._key = ec.generate_private_key(ec.SECP256R1())
