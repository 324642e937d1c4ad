import re

from tests.tidy.repository import REFERENCE, ROOT


def test_every_test_named_against_the_standard_exists():
    page = (REFERENCE / "asvs.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", page)
    assert len(named) > 30
    missing = [
        (file, name)
        for file, name in named
        if not (ROOT / file).is_file() or f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_nothing_is_met_without_a_test():
    rows = [line for line in (REFERENCE / "asvs.md").read_text(encoding="utf-8").splitlines() if "| met |" in line]
    above = re.compile(r"the same:|every test above")
    assert [row for row in rows if "::test_" not in row and not above.search(row)] == []
