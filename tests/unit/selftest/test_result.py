"""The detection table."""

import pytest

from ocpp_tck.selftest.result import Part, ResultError, Row, overview, read_parts, table, told, write_part

GOOD = Row(what="dropped fields", count=3, good=3, note="by schema.required")
BAD = Row(what="other values", count=2, good=1, wrong=("TC_1_CS frame 3",))


def part(*rows, name="replayed"):
    return Part(name=name, title="Mutants.", rows=rows, seconds=1.25, seed=7)


def test_a_part_holds_only_when_something_was_tried_and_all_came_right():
    assert part(GOOD).holds
    assert not part(GOOD, BAD).holds
    assert not part().holds


def test_a_part_is_read_as_it_was_written(tmp_path):
    write_part(part(GOOD, BAD), tmp_path)
    write_part(part(GOOD, name="live"), tmp_path)
    live, replayed = read_parts(tmp_path)
    assert (live.name, replayed.rows) == ("live", (GOOD, BAD))
    assert replayed.date.startswith("20")


def test_the_table_has_a_line_for_each_row():
    text = table([part(GOOD, BAD)])
    assert "| replayed | dropped fields | 3 | 3 | by schema.required |" in text
    assert "|  | other values | 2 | 1 |  |" in text
    assert "| a \\| b |" in table([part(Row(what="x", count=1, good=1, note="a | b"))])


def test_the_overview_has_a_line_for_each_part():
    text = overview([part(GOOD, BAD)])
    assert text.splitlines()[2:] == ["| replayed | Mutants. | 5 | 4 | 0 min |  |"]


def test_the_terminal_shows_what_came_wrong():
    lines = told(part(GOOD, BAD))
    assert "FAIL" in lines[2]
    assert "TC_1_CS frame 3" in lines[3]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [{"what": 1}]}'])
def test_a_broken_file_is_told(text, tmp_path):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ResultError, match=r"x\.json: not a result of the selftest"):
        read_parts(tmp_path)
