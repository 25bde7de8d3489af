"""Values that several commands offer."""

import click

VERSIONS = click.Choice(["1.6", "2.0.1", "2.1"])
ROLES = click.Choice(["cs", "csms"])
