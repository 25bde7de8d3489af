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
