"""Each package imports only from floors below it (DESIGN, Layers). Read from the source, so nothing is missed."""

import ast
from pathlib import Path

import pytest

import ocpp_tck

ROOT = Path(ocpp_tck.__file__).parent

PURE = {"ocpp_tck.protocol", "ocpp_tck.evidence", "ocpp_tck.verdict", "ocpp_tck.settings"}
ROLES = PURE | {"ocpp_tck.net", "ocpp_tck.roles", "ocpp_tck.tables"}
CASE = ROLES | {"ocpp_tck", "ocpp_tck.case", "ocpp_tck.pics", "ocpp_tck.config", "ocpp_tck.run", "ocpp_tck.doctor"}
CASE |= {"ocpp_tck.config_overlay", "ocpp_tck.config_template", "ocpp_tck.case_run", "ocpp_tck.given", "ocpp_tck.world"}
CASE |= {"ocpp_tck.replay"}
CASE |= {"ocpp_tck.config_copy"}
CASE |= {"ocpp_tck.recall", "ocpp_tck.resume", "ocpp_tck.interrupts", "ocpp_tck.campaign"}

MAY = {
    "ocpp_tck.protocol": {"ocpp_tck.protocol"},
    "ocpp_tck.charging": {"ocpp_tck.charging"},
    "ocpp_tck.evidence": {"ocpp_tck.evidence", "ocpp_tck.verdict", "ocpp_tck.settings"},
    "ocpp_tck.verdict": set(),
    "ocpp_tck.settings": set(),
    "ocpp_tck.tables": set(),
    "ocpp_tck.net": PURE | {"ocpp_tck.net"},
    "ocpp_tck.roles": ROLES,
    "ocpp_tck.report": {"ocpp_tck", "ocpp_tck.report", "ocpp_tck.evidence", "ocpp_tck.verdict", "ocpp_tck.settings"},
    "ocpp_tck.case": CASE,
    "ocpp_tck.pics": CASE,
    "ocpp_tck.config": CASE,
    "ocpp_tck.config_overlay": CASE,
    "ocpp_tck.config_template": CASE,
    "ocpp_tck.config_copy": CASE,
    "ocpp_tck.bundle": CASE | {"ocpp_tck.bundle", "ocpp_tck.report"},
    "ocpp_tck.run": CASE,
    "ocpp_tck.case_run": CASE,
    "ocpp_tck.given": CASE,
    "ocpp_tck.world": CASE,
    "ocpp_tck.replay": CASE,
    "ocpp_tck.recall": CASE,
    "ocpp_tck.resume": CASE,
    "ocpp_tck.interrupts": CASE,
    "ocpp_tck.doctor": CASE,
    "ocpp_tck.campaign": set(),
    "ocpp_tck.options": {"ocpp_tck.campaign"},
    "ocpp_tck.certify": {"ocpp_tck.case", "ocpp_tck.pics", "ocpp_tck.plan", "ocpp_tck.settings"},
    "ocpp_tck.selection": CASE | {"ocpp_tck.report"},
    "ocpp_tck.invocation": CASE | {"ocpp_tck.report", "ocpp_tck.selection"},
    "ocpp_tck.opening": CASE | {"ocpp_tck.invocation", "ocpp_tck.plan"},
    "ocpp_tck.progress": {"ocpp_tck.report", "ocpp_tck.run", "ocpp_tck.verdict"},
    "ocpp_tck.outcome": {"ocpp_tck.case_run", "ocpp_tck.report", "ocpp_tck.verdict"},
    "ocpp_tck.console": ROLES | {"ocpp_tck.console", "ocpp_tck.report"},
    "ocpp_tck.plan": {"ocpp_tck.plan", "ocpp_tck.case"},
    "ocpp_tck.reference": {"ocpp_tck.reference"},
}
"""What each part may import of the kit; the adapters and `selftest` may import everything."""

ADAPTERS = {
    "ocpp_tck.plugin",
    "ocpp_tck.cli",
    "ocpp_tck.commands",
    "ocpp_tck.demo",
    "ocpp_tck.demo_security",
    "ocpp_tck.selftest",
}
FOREIGN = {
    "ocpp_tck.protocol": {"asyncio", "socket", "websockets", "time", "threading", "pytest", "ssl"},
    "ocpp_tck.charging": {"asyncio", "socket", "websockets", "time", "threading", "pytest", "ssl"},
    "ocpp_tck.evidence": {"asyncio", "socket", "websockets", "pytest", "ssl"},
    "ocpp_tck.net": {"pytest", "ocpp", "jsonschema", "jsonschema_rs"},
    "ocpp_tck.roles": {"pytest", "asyncio", "websockets"},
    "ocpp_tck.report": {"pytest", "asyncio", "socket", "websockets"},
    "ocpp_tck.console": {"pytest", "websockets"},
    "ocpp_tck.reference": {"pytest", "jsonschema_rs"},
}
"""Libraries that a part must not know."""


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        inside = path.relative_to(ROOT)
        if "testcases" in inside.parts:
            continue
        name = ".".join(("ocpp_tck", *inside.with_suffix("").parts)).removesuffix(".__init__")
        yield name, path


def part(module):
    return ".".join(module.split(".")[:2])


def imports(path):
    """Give every module that a file imports, wherever in the file, also for types only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            if node.module == "ocpp_tck":
                for alias in node.names:
                    below = (ROOT / f"{alias.name}.py").exists() or (ROOT / alias.name).is_dir()
                    yield (f"ocpp_tck.{alias.name}" if below else "ocpp_tck"), node.lineno
            else:
                yield node.module, node.lineno


MODULES = dict(modules())
PARTS = sorted({part(name) for name in MODULES} - {"ocpp_tck"})


def of(wanted):
    return [(name, path) for name, path in MODULES.items() if part(name) == wanted]


def test_every_part_has_a_floor():
    assert set(PARTS) == MAY.keys() | ADAPTERS


@pytest.mark.parametrize("wanted", sorted(MAY))
def test_a_part_imports_only_from_floors_below(wanted):
    wrong = [
        f"{path}:{line}: imports {imported}"
        for _, path in of(wanted)
        for imported, line in imports(path)
        if imported.split(".")[0] == "ocpp_tck" and part(imported) not in MAY[wanted] | {wanted}
    ]
    assert not wrong


@pytest.mark.parametrize("wanted", sorted(FOREIGN))
def test_a_part_does_not_know_what_it_must_not(wanted):
    wrong = [
        f"{path}:{line}: imports {imported}"
        for _, path in of(wanted)
        for imported, line in imports(path)
        if imported.split(".")[0] in FOREIGN[wanted]
    ]
    assert not wrong


def test_only_the_plugin_knows_pytest():
    knowing = {name for name, path in MODULES.items() for imported, _ in imports(path) if imported == "pytest"}
    assert knowing - {"ocpp_tck.commands.running"} == {"ocpp_tck.plugin"}  # the command may start pytest, no more


def test_cases_import_only_what_they_are_written_with():
    root = ROOT.parent / "testcases"
    allowed = {"ocpp_tck.case", "ocpp_tck.charging", "ocpp_tck.verdict"}
    allowed |= {"ocpp_tck.roles", "ocpp_tck.run", "ocpp_tck.settings"}
    wrong = []
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("ocpp_tck"):
                if part(node.module) not in allowed:
                    wrong.append(f"{path}:{node.lineno}: imports {node.module}")
            elif isinstance(node, ast.Import) and any(alias.name.startswith("ocpp_tck") for alias in node.names):
                wrong.append(f"{path}:{node.lineno}: imports a module whole")
    assert not wrong
