"""The pages of the site that are made of the kit itself, so that they can't say what is no longer so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator import cases, cli, configuration, errata, rules, schema, texts

if TYPE_CHECKING:
    from collections.abc import Iterator


def pages() -> dict[str, str]:
    """Give every generated page: its path in the site's source, and its Markdown (or JSON)."""
    return dict(_pages())


def _pages() -> Iterator[tuple[str, str]]:
    yield "reference/cli.md", cli.page()
    yield "reference/configuration.md", configuration.page()
    yield "reference/pics.md", configuration.pics_page()
    yield "reference/actions.md", configuration.actions_page()
    yield "reference/rules.md", rules.page()
    yield "reference/errata-16.md", errata.page()
    yield "reference/report-json.md", schema.page()
    yield "reference/report.schema.json", schema.source()
    yield from cases.pages()
    yield "project/results.md", texts.results()
    yield "project/changelog.md", texts.changelog()
    yield "project/contributing.md", texts.contributing()
