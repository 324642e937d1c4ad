import re

from tests.tidy.repository import ROOT

DECISIONS = ROOT / "docs" / "decisions"


def test_decisions_are_numbered_one_by_one_as_their_headings_say():
    files = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [path.name[:4] for path in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    for path in files:
        heading = path.read_text(encoding="utf-8").splitlines()[0]
        assert re.match(rf"# {path.name[:4]}\. \S", heading), f"{path.name} begins with {heading!r}"
