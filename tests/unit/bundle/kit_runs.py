"""Runs of the cases on embedded products by pytest in a process of their own."""

import os
import subprocess
import sys

from ocpp_tck.case import cases_root

CASES = ("TC_003_CSMS", "TC_013_CSMS", "TC_023_1_CSMS", "TC_048_2_CSMS")
SHORT = "[limits]\nresponse = 3.0\nabsence = 0.3\ntransaction = 3.0\n[test_data]\ntransaction_duration = 0.2\n"
UNUSED = ("cacheprovider", "randomly", "hypothesispytest")


def run_kit(folder, config, *options, environ=(), resume=False):
    """Run the OCA cases in a process of its own; gives exit code and output."""
    command = [sys.executable, "-m", "pytest", str(cases_root()), "--rootdir", str(cases_root()), "-o", "addopts="]
    command += [part for name in UNUSED for part in ("-p", f"no:{name}")]
    command += [
        "--import-mode=importlib",
        f"--ocpp-config={config}",
        f"--ocpp-{'resume' if resume else 'report-dir'}={folder}",
        *options,
    ]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, **dict(environ)}, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def config_for(addresses, more=""):
    return (
        '[sut]\nrole = "csms"\nversion = "1.6"\nvendor = "Acme Volt"\nmodel = "Cloud"\n'
        f'[connection]\nurl = "{addresses["ocpp"]}"\n[[connection.stations]]\nid = "ACME-CP-77"\n'
        '[connection.stations.tokens]\nvalid_token = "TCK-VALID-1A"\n'
        '[driver]\norder = ["http"]\n[driver.http]\n'
        f'url = "{addresses["control"]}/{{action_kebab}}?station={{station}}"\nbody = "{{payload}}"\n'
        f"{SHORT}{more}"
    )
