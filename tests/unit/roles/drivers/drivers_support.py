"""Requests and tables for the tests of the drivers."""

from pathlib import Path

from ocpp_tck.roles.drivers import Request
from ocpp_tck.tables import Place, Table


def request(action="remote_start_transaction", payload=None, **options):
    return Request(
        action=action,
        payload=payload or {},
        **{"station": "CP 1/ä", "version": "1.6", "role": "csms", **options},
    )


def built(kind, table, base=Path()):
    """Make a driver of its table; gives it and the problems."""
    problems = []
    driver = kind.from_table(Table(table, Place("f.toml", f"driver.{kind.name}"), problems), base)
    return driver, problems
