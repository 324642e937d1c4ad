from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.scorecard.__main__ import FIGURES
from tests.support.planted.bugs import BUGS


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_has_its_place_and_leaves_a_program_that_parses(name):
    for module, changes in BUGS[name].changes.items():
        spec = find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        text = Path(spec.origin).read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, (module, old)
            text = text.replace(old, new)
        compile(text, module, "exec")


def test_every_bug_is_the_control_of_a_figure():
    used = {
        name
        for figure in FIGURES.values()
        for control in (*figure.controls, *figure.holds_with, figure.always)
        for name in control.split(",")
        if name
    }
    assert used == set(BUGS)
