"""Creates or refreshes the environments of the peers, each from its own pinned list and registry or sources.

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
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
INTO = HERE.parents[1] / ".peers"
INSTALL_SECONDS = 300
BUILD_SECONDS = 1800
BUILD_TOOLS = ("git", "cmake", "c++")
NODE_MAJOR = 20
STAMP = "installed-from"

UNREACHABLE = re.compile(
    r"NewConnectionError|Max retries exceeded|Temporary failure in name resolution|Name or service not known"
    r"|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|Connection refused|Network is unreachable"
    r"|Could not resolve host|Failed to connect|unable to access|Connection timed out"
    r"|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT"
)
"""How pip, npm and git say that they can't reach where they fetch from."""


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
        tls: whether its launcher takes a certificate, so that it is met over wss:// (security profile 2).
    """

    name: str
    role: str
    launcher: str
    pins: tuple[str, ...]
    tls: bool = False

    @property
    def folder(self):
        """Where its launcher and pins are."""
        return HERE / self.name

    def environment(self, into=INTO):
        """Where it is installed."""
        return into / self.name

    @property
    def kind(self):
        """What installs it: `python`, `node` or `sources`, after the first file of pins."""
        return {"requirements.txt": "python", "package.json": "node", "sources.toml": "sources"}[self.pins[0]]

    def command(self, into=INTO):
        """The start of the command line that launches it; options follow."""
        script = str(self.folder / self.launcher)
        if self.kind == "python":
            return [str(self.environment(into) / "bin" / "python"), script]
        runtime = "node" if self.kind == "node" else sys.executable
        return [runtime, script, "--installed-in", str(self.environment(into))]


PEERS = {
    peer.name: peer
    for peer in (
        Peer("ocpp-csms", "csms", "launch.py", ("requirements.txt",)),
        Peer("ocpp-broker", "csms", "launch.py", ("requirements.txt",)),
        Peer("arthexis", "csms", "launch.py", ("requirements.txt",), tls=True),
        Peer("ocpp-ws-cli", "cs", "launch.mjs", ("package.json", "package-lock.json")),
        Peer("microocpp", "cs", "launch.py", ("sources.toml", "integration.cmake", "random.cpp")),
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
        {"python": _install_python, "node": _install_node, "sources": _install_sources}[peer.kind](peer, target)
        stamp.write_text(wanted, encoding="utf-8")
    return True


def _fingerprint(peer):
    """Changes with the pins and with what runs them."""
    if peer.kind == "python":
        runtime = f"python {sys.version_info.major}.{sys.version_info.minor} {sys.executable}"
    elif peer.kind == "node":
        runtime = f"node {_node_major()}"
    else:
        runtime = "built"
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


def _install_sources(peer, target):
    """Fetches the pinned commits and builds the target; git's `url.<base>.insteadOf` leads to a mirror."""
    missing = [tool for tool in BUILD_TOOLS if shutil.which(tool) is None]
    if missing:
        raise Unavailable(f"{', '.join(missing)} not on the PATH; install Debian's git, cmake and g++")
    listed = tomllib.loads((peer.folder / "sources.toml").read_text(encoding="utf-8"))
    for source in listed["source"]:
        _fetch_source(source, target / source["folder"])
    include = f"-DCMAKE_PROJECT_{listed['build']['project']}_INCLUDE={peer.folder / listed['build']['include']}"
    build = ["cmake", "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=Release", "-Wno-dev", include]
    _run(build, "cmake can't prepare the build", cwd=target)
    build = ["cmake", "--build", "build", "--parallel", "2", "--target", listed["build"]["target"]]
    _run(build, "the pinned sources can't be built", cwd=target, seconds=BUILD_SECONDS)


def _fetch_source(source, folder):
    """One pinned commit, and of it only the `paths` if it names any."""
    folder.mkdir(parents=True, exist_ok=True)
    what = f"git cannot fetch {source['repository']}"
    fetch = ["git", "fetch", "-q", "--depth", "1", "origin", source["commit"]]
    _run(["git", "init", "-q"], what, cwd=folder)
    _run(["git", "remote", "add", "origin", source["repository"]], what, cwd=folder)
    if "paths" in source:
        _run(["git", "sparse-checkout", "set", "--no-cone", *source["paths"]], what, cwd=folder)
        fetch.insert(2, "--filter=blob:none")
    _run(fetch, what, cwd=folder)
    _run(["git", "checkout", "-q", "FETCH_HEAD"], what, cwd=folder)


def _run(command, what, cwd=None, seconds=INSTALL_SECONDS):
    """Runs an installer; raises `Unavailable` or `InstallFailed` with its last words."""
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{what}: no answer within {seconds} s") from error
    if done.returncode == 0:
        return
    output = done.stdout + done.stderr
    if UNREACHABLE.search(output):
        raise Unavailable(f"{what}: its registry can't be reached from here")
    errors = [line for line in output.splitlines() if re.search(r"(?i)^(npm )?error|^fatal:|: error:", line)]
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
