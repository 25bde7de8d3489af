"""What the README says of the kit itself."""

import readme


def test_the_detection_table_is_the_current_one():
    text = readme.README.read_text(encoding="utf-8")
    assert readme.BEGIN in text
    assert text == readme.refreshed(text), "run `python -m tests.suite.readme`"


def test_every_published_result_holds():
    parts = readme.read_parts(readme.ROOT / "reports" / "selftest")
    assert parts
    assert [part.name for part in parts if not part.holds] == []
    assert [part.name for part in parts if part.sampled] == []
