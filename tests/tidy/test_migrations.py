import re

from tests.tidy.repository import SOURCE

VERSIONS = SOURCE / "database" / "migrations" / "versions"


def test_the_migrations_are_one_chain_numbered_by_their_files():
    files = sorted(path for path in VERSIONS.glob("*.py") if path.name != "__init__.py")
    chain = []
    for path in files:
        text = path.read_text(encoding="utf-8")
        named = dict(re.findall(r"^(revision|down_revision)\b[^=\n]*= (?:\"(\d{4})\"|None)", text, re.MULTILINE))
        chain.append((path.name[:4], named["revision"], named["down_revision"]))
    numbers = [f"{number:04d}" for number in range(1, len(files) + 1)]
    assert chain == list(zip(numbers, numbers, ["", *numbers[:-1]], strict=True))
