"""Links lead somewhere, and every page can be reached. Anchors are checked by `tox -e docs`."""

import posixpath
import re

import pytest
import written
from generator import pages

GENERATED = pages()
HAND = {path.removeprefix("docs/"): text for path, text in written.by_hand().items() if path.startswith("docs/")}
EVERY = HAND | GENERATED
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


_INCLUDE = re.compile(r'--8<-- "([^":]+)(?::(\w+))?"')


def not_included(text):
    """Give the lines that are meant to include an example, and include nothing."""
    for line in re.findall(r"^.*--8.*$", text, flags=re.MULTILINE):
        found = _INCLUDE.fullmatch(line.strip())
        example = written.ROOT / "docs/examples" / found[1] if found else None
        text_of_it = example.read_text(encoding="utf-8") if example is not None and example.is_file() else None
        if text_of_it is None or (found[2] and f"--8<-- [start:{found[2]}]" not in text_of_it):
            yield line


def dead(page, text, existing):
    for target in _LINK.findall(re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)):
        path = target.partition("#")[0]
        if "://" in target or not path:
            continue
        if posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) not in existing:
            yield target


@pytest.mark.parametrize("page", sorted(EVERY))
def test_links_lead_to_pages(page):
    assert list(dead(page, EVERY[page], EVERY)) == []


def test_a_dead_link_would_be_seen():
    assert list(dead("a/b.md", "[x](../c.md) [y](d.md)", {"c.md"})) == ["d.md"]


@pytest.mark.parametrize("page", sorted(HAND))
def test_an_example_is_included_as_it_is(page):
    assert list(not_included(HAND[page])) == []


def test_an_example_that_is_not_included_would_be_seen():
    lines = ['--8 < --"python/driver.py"', '--8<-- "python/gone.py"', '--8<-- "csms-rest/server.py:gone"']
    assert list(not_included("\n".join([*lines, '--8<-- "csms-rest/server.py:routes"']))) == lines


def test_the_readme_links_to_pages():
    text = (written.ROOT / "README.md").read_text(encoding="utf-8")
    local = [path for path in _LINK.findall(text) if "://" not in path]
    assert local
    for path in local:
        inside = path.partition("#")[0]
        assert (written.ROOT / inside).exists() or inside.removeprefix("docs/") in GENERATED, path


def test_every_page_is_in_the_navigation():
    text = (written.ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = re.findall(r"([\w/.-]+\.md)$", text, re.MULTILINE)
    assert sorted(named) == sorted(path for path in EVERY if path.endswith(".md"))
