"""The faults that are put into modules: one at a time, and none that no test could see."""

import difflib

import pytest

from tests.soak.mutations import mutants_of

OPERATORS = ["==", "!=", "<", "<=", "is", "is not", "in", "not in", "and", "or", "+", "*", "-"]


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_fault_is_at_one_place(operator: str) -> None:
    source = f"x = a {operator} b\ny = c {operator} d"

    for mutant in mutants_of(source):
        changed = [
            line
            for line in difflib.ndiff(source.splitlines(), mutant.source.splitlines())
            if line.startswith("- ")
        ]
        assert changed == [f"- {source.splitlines()[mutant.line - 1]}"]


def test_each_line_has_its_faults() -> None:
    assert [m.line for m in mutants_of("x = a == b\ny = c == d")] == [1, 2]


def test_what_only_a_program_runs_is_left_alone() -> None:
    main = "if __name__ == '__main__':\n    sys.exit(main(1))\n"

    assert mutants_of(main) == []
    assert len(mutants_of("x = a == b\n" + main)) == 1
    assert mutants_of("if __name__ == 'other':\n    pass") != []
