"""Requests, tables and stand-ins for the tests of the drivers."""

from pathlib import Path

from ocpp_tck.roles.drivers import Request, Result
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


class Says:
    def __init__(self, name, outcome):
        self.name = name
        self.outcome = outcome
        self.asked = 0
        self.closed = False

    def act(self, _request):
        self.asked += 1
        return Result(self.outcome, f"{self.name} says")

    def close(self):
        self.closed = True


class FakePanel:
    """Notes what it is shown; answers a question at once when told to."""

    def __init__(self, *words):
        self.prompts, self.closed, self.words, self.driver = [], [], list(words), None

    def show(self, prompt):
        self.prompts.append(prompt)
        if self.words:
            assert self.driver.say(prompt.number, self.words.pop(0))

    def close(self, number, ending):
        self.closed.append((number, ending))
