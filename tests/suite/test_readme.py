"""What the README says of the kit itself."""

import readme

from ocpp_tck.verdict import EXIT_CODES


def test_the_detection_table_is_the_current_one():
    text = readme.README.read_text(encoding="utf-8")
    assert readme.BEGIN in text
    assert text == readme.refreshed(text), "run `python -m tests.suite.readme`"
    assert readme.RESULTS.read_text(encoding="utf-8") == readme.results(), "run `python -m tests.suite.readme`"


def test_every_published_result_holds():
    parts = readme.read_parts(readme.ROOT / "reports" / "selftest")
    assert parts
    assert [part.name for part in parts if not part.holds] == []
    assert [part.name for part in parts if part.sampled] == []


def test_the_exit_codes_are_those_of_the_code():
    text = readme.README.read_text(encoding="utf-8")
    _, _, table = text.partition("| exit code | meaning |\n| --- | --- |\n")
    assert table.partition("\n\n")[0].splitlines() == [f"| {code} | {told} |" for code, told in EXIT_CODES.items()]
