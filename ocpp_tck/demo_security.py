"""The embedded products with a security profile, and what the kit is told of it: a throw-away PKI for one run."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - read at run time by dataclasses

from ocpp_tck.net.pki import Authority, Files
from ocpp_tck.net.tls import Credentials, client_context, server_context
from ocpp_tck.reference.link import Secure

PASSWORD = b"correct-horse-40-b".hex().upper()
"""Of an embedded product, as an AuthorizationKey (1.6 security whitepaper A00.FR.205)."""
OWNER = "ocpp-tck"
PROFILE_TLS, PROFILE_MUTUAL = 2, 3


@dataclass(frozen=True, slots=True)
class Secured:
    """A security profile of both ends.

    Attributes:
        profile: 0 to 3.
        folder: where the files are.
        authority: signs everything.
    """

    profile: int
    folder: Path
    authority: Files

    @classmethod
    def made(cls, profile: int, folder: Path) -> Secured:
        """Make an authority for this run in a folder of its own."""
        return cls(profile, folder, Authority.root(organization=OWNER).own.write(folder, "authority"))

    def connection(self) -> str:
        """Give the keys of `[connection]`."""
        return f"security_profile = {self.profile}\n"

    def tables(self) -> str:
        """Give the tables below `[connection]`."""
        password = f'[connection.basic_auth]\npassword = "{PASSWORD}"\n' if self.profile < PROFILE_MUTUAL else ""
        files = {"ca": self.authority.certificate, "authority": self.authority.certificate}
        files["authority_key"] = self.authority.key
        return f"{password}[connection.tls]\n" + "".join(f'{name} = "{path}"\n' for name, path in files.items())

    def of_station(self, serial: str) -> list[str]:
        """Give the options of an embedded station; below profile 2 it has not met the authority yet."""
        options = [f"--security-profile={self.profile}", f"--cpo-name={OWNER}"]
        if self.profile < PROFILE_MUTUAL:
            options.append(f"--password={PASSWORD}")
        if self.profile >= PROFILE_TLS:
            options.append(f"--ca={self.authority.certificate}")
        if self.profile == PROFILE_MUTUAL:
            own = self._authority.client(serial, OWNER).write(self.folder, re.sub(r"\W", "_", f"station-{serial}"))
            options += [f"--certificate={own.certificate}", f"--key={own.key}"]
        return options

    def of_csms(self, host: str, stations: list[str]) -> list[str]:
        """Give the options of an embedded CSMS."""
        options = [f"--authority={self.authority.certificate}", f"--authority-key={self.authority.key}"]
        if self.profile < PROFILE_MUTUAL:
            options += [f"--password={station}={PASSWORD}" for station in stations]
        for algorithm in ("ecdsa", "rsa") if self.profile >= PROFILE_TLS else ():
            made = self._authority.server(host, "localhost", organization=OWNER, algorithm=algorithm)
            own = made.write(self.folder, f"csms-{algorithm}")
            options += [f"--certificate={own.certificate}", f"--key={own.key}"]
        if self.profile == PROFILE_MUTUAL:
            options += [f"--client-ca={self.authority.certificate}", f"--cpo-name={OWNER}"]
        return options

    @property
    def own_pem(self) -> Path:
        """Where an embedded station writes its newest certificate with the key."""
        return self.folder / "own.pem"

    def between(self, station: str) -> Secure:
        """Give what a link between both ends needs: it shows to each of them what the other one would show."""
        trusted = self.authority.certificate
        servers = [self._authority.server("127.0.0.1", organization=OWNER, algorithm=one) for one in ("ecdsa", "rsa")]
        shown = [one.write(self.folder, f"link-{number}") for number, one in enumerate(servers)]
        server = server_context(Credentials(own=tuple(shown)))
        server.verify_mode = ssl.CERT_OPTIONAL
        server.load_verify_locations(trusted)
        client = self._authority.client(station, OWNER).write(self.folder, "link-client")

        def made() -> ssl.SSLContext:
            newest = Files(self.own_pem, self.own_pem) if self.own_pem.exists() else client
            return client_context(Credentials(own=(newest,), trusted=trusted))

        return Secure(server, made)

    @property
    def _authority(self) -> Authority:
        return Authority.read(self.authority.certificate.read_bytes(), self.authority.key.read_bytes())
