"""Creates or refreshes the environments of the peers, each from its own pinned list and registry.

`python tests/peers/install.py [NAME …] [--into .peers]` prints one line per peer: what it did, or
why it could not. Exit status: 0 all there; 3 at least one can't be had here (no registry, no
tool), which a test run skips with that reason; 1 anything else. Importable: `install(name)`.

Standard library only.
"""

import argparse
import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
INTO = HERE.parents[1] / ".peers"
INSTALL_SECONDS = 300
NODE_MAJOR = 20
STAMP = "installed-from"

UNREACHABLE = re.compile(
    r"NewConnectionError|Max retries exceeded|Temporary failure in name resolution|Name or service not known"
    r"|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|Connection refused|Network is unreachable"
    r"|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT"
)
"""How pip and npm say that they can't reach their registry."""


class Unavailable(Exception):
    """The peer can't be had on this machine: a reason to skip, not a defect."""


class InstallFailed(Exception):
    """The peer's own pinned list could not be installed although its registry answers."""


@dataclass(frozen=True)
class Peer:
    """A product that nobody here wrote.

    Attributes:
        name: the package's name, which is also its folder here and in the cache.
        role: what it is, `cs` or `csms`.
        launcher: the script that starts it.
        pins: the files that say which versions are installed.
    """

    name: str
    role: str
    launcher: str
    pins: tuple[str, ...]

    @property
    def folder(self):
        """Where its launcher and pins are."""
        return HERE / self.name

    def environment(self, into=INTO):
        """Where it is installed."""
        return into / self.name

    def command(self, into=INTO):
        """The start of the command line that launches it; options follow."""
        if self.launcher.endswith(".py"):
            return [str(self.environment(into) / "bin" / "python"), str(self.folder / self.launcher)]
        return ["node", str(self.folder / self.launcher), "--installed-in", str(self.environment(into))]


PEERS = {
    peer.name: peer
    for peer in (
        Peer("ocpp-csms", "csms", "launch.py", ("requirements.txt",)),
        Peer("ocpp-broker", "csms", "launch.py", ("requirements.txt",)),
        Peer("arthexis", "csms", "launch.py", ("requirements.txt",)),
        Peer("ocpp-ws-cli", "cs", "launch.mjs", ("package.json", "package-lock.json")),
    )
}


def install(name, into=INTO):
    """Makes sure that the peer is installed as pinned; returns whether anything had to be done.

    Raises:
        Unavailable: its registry can't be reached or a tool is missing.
        InstallFailed: the installer failed for another reason.
    """
    peer = PEERS[name]
    into.mkdir(parents=True, exist_ok=True)
    with (into / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        target = peer.environment(into)
        wanted = _fingerprint(peer)
        stamp = target / STAMP
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return False
        shutil.rmtree(target, ignore_errors=True)
        if peer.launcher.endswith(".py"):
            _install_python(peer, target)
        else:
            _install_node(peer, target)
        stamp.write_text(wanted, encoding="utf-8")
    return True


def _fingerprint(peer):
    """Changes with the pins and with what runs them."""
    if peer.launcher.endswith(".py"):
        runtime = f"python {sys.version_info.major}.{sys.version_info.minor} {sys.executable}"
    else:
        runtime = f"node {_node_major()}"
    pins = hashlib.sha256()
    for name in peer.pins:
        pins.update((peer.folder / name).read_bytes())
    return json.dumps({"runtime": runtime, "pins": pins.hexdigest()})


def _install_python(peer, target):
    _run([sys.executable, "-m", "venv", str(target)], "python cannot make a virtual environment")
    requirements = peer.folder / "requirements.txt"
    _run(
        [
            str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--no-input", "--retries", "2", "--timeout", "30", "--only-binary", ":all:", "-r", str(requirements),
        ],
        "pip cannot install the pinned versions",
    )  # fmt: skip


def _node_major():
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise Unavailable("node and npm are not on the PATH; install Debian's packages nodejs and npm")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    major = int(said.strip().removeprefix("v").partition(".")[0])
    if major < NODE_MAJOR:
        raise Unavailable(f"node {said.strip()} is too old; this peer needs node {NODE_MAJOR} or newer")
    return major


def _install_node(peer, target):
    target.mkdir(parents=True)
    for name in peer.pins:
        shutil.copy(peer.folder / name, target / name)
    _run(
        ["npm", "ci", "--prefix", str(target), "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev",
         "--fetch-retries=1", "--fetch-timeout=30000"],
        "npm cannot install the locked versions",
        cwd=target,
    )  # fmt: skip


def _run(command, what, cwd=None):
    """Runs an installer; raises `Unavailable` or `InstallFailed` with its last words."""
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
            timeout=INSTALL_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{what}: no answer within {INSTALL_SECONDS} s") from error
    if done.returncode == 0:
        return
    output = done.stdout + done.stderr
    if UNREACHABLE.search(output):
        raise Unavailable(f"{what}: its registry can't be reached from here")
    errors = [line for line in output.splitlines() if re.match(r"(?i)(npm )?error", line)]
    raise InstallFailed(f"{what}: {' / '.join((errors or output.splitlines() or ['no output'])[:3])}")


def main():
    parser = argparse.ArgumentParser(description="Creates or refreshes the environments of the peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones (default: {', '.join(PEERS)})")
    parser.add_argument("--into", type=Path, default=INTO, help="where to install (default: .peers)")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in PEERS]
    if unknown:
        parser.error(f"{unknown[0]} is none of {', '.join(PEERS)}")
    status = 0
    for name in options.names or PEERS:
        begin = time.monotonic()
        try:
            what = "installed" if install(name, options.into.resolve()) else "up to date"
            sys.stdout.write(f"{name}: {what} in {PEERS[name].environment(options.into)}")
            sys.stdout.write(f" ({time.monotonic() - begin:.1f} s)\n")
        except Unavailable as error:
            status = status or 3
            sys.stdout.write(f"{name}: not available: {error}\n")
        except InstallFailed as error:
            status = 1
            sys.stdout.write(f"{name}: failed: {error}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
