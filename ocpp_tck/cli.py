"""The command `ocpp-tck`: one group of the commands in `ocpp_tck/commands/`."""

import click

from ocpp_tck import __version__
from ocpp_tck.commands.campaign import diff, known, merge
from ocpp_tck.commands.evidence import anonymise, bundle, report, sign, verify
from ocpp_tck.commands.planning import plan
from ocpp_tck.commands.proof import reference, selftest
from ocpp_tck.commands.running import demo, run
from ocpp_tck.commands.setup import doctor, init, pki
from ocpp_tck.commands.statement import statement


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ocpp-tck")
def main() -> None:
    """Run OCA-style conformance cases against a charging station or a CSMS."""


RUN = (init, doctor, plan, run, demo, pki)
AFTERWARDS = (report, statement, merge, diff, known, verify, sign, bundle, anonymise)

for command in (*RUN, *AFTERWARDS, selftest, reference):
    main.add_command(command)


if __name__ == "__main__":
    main()
