"""How a command says that it can't: the message may name what somebody else has written."""

from __future__ import annotations

import click


class Refusal(click.ClickException):
    """Something can't be done; nothing in the message acts on the terminal."""

    def format_message(self) -> str:
        """Give the message with control characters made visible."""
        from ocpp_tck.report.terminal import lines  # noqa: PLC0415

        return lines(self.message)
