"""Every command in docs/guides does what the guide says, in its order, against a real server."""

import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support.processes import Serving, environment, laurel, serving

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
RUNNABLE = sorted(path.stem for path in GUIDES.glob("*.md") if "\n```sh\n" in path.read_text())
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "--- end of block {} ---"
PATIENCE_SECONDS = 90


def steps(guide: str) -> list[tuple[str, str | None]]:
    """(commands, what they print or None) as the guide has them."""
    found: list[tuple[str, str | None]] = []
    for kind, text in BLOCK.findall((GUIDES / f"{guide}.md").read_text()):
        if kind == "sh":
            found.append((text, None))
        else:
            assert found, f"{guide} shows an answer before any command"
            assert found[-1][1] is None, f"{guide} shows two answers to one block"
            found[-1] = (found[-1][0], text)
    return found


def is_as_shown(shown: str, printed: str) -> bool:
    """Whether what was printed is what the guide shows, line by line; … stands for anything on a line."""
    pattern = "\n".join(".*".join(map(re.escape, line.rstrip().split("…"))) for line in shown.strip().splitlines())
    return re.fullmatch(pattern, "\n".join(line.rstrip() for line in printed.strip().splitlines())) is not None


def run(guide: str, port: int, key: str, folder: Path) -> list[tuple[str, str, str]]:
    """(commands, what the guide shows, what was printed) of the blocks that show something; fails with the first command that
    fails.
    """
    parts = steps(guide)
    script = "set -euo pipefail\n" + "\n".join(
        f"{commands}\necho '{END.format(number)}'" for number, (commands, _) in enumerate(parts)
    )
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment() | {"LAUREL": f"http://127.0.0.1:{port}", "KEY": key},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{guide}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    outcomes, rest = [], done.stdout
    for number, (commands, shown) in enumerate(parts):
        printed, _, rest = rest.partition(END.format(number) + "\n")
        if shown is not None:
            outcomes.append((commands, shown, printed))
    return outcomes


@pytest.fixture(scope="module")
def server():
    with (
        tempfile.TemporaryDirectory(prefix="laurel-gd-") as name,
        serving(Path(name) / "log", data_dir=Path(name) / "data") as serving_one,
    ):
        yield serving_one


def an_organisation(server: Serving, name: str) -> str:
    """The key of a new organisation beside the first one."""
    done = laurel("organisations", "create", name, data_dir=server.settings["data_dir"])
    found = re.search(r"lrl_\S+", done.stdout)
    assert found, done.stderr
    return found.group()


@pytest.mark.parametrize("guide", RUNNABLE)
def test_the_commands_of_a_guide_print_what_it_shows(guide, server, tmp_path):
    outcomes = run(guide, server.port, an_organisation(server, guide), tmp_path)
    assert outcomes
    wrong = [f"{commands}shows:\n{shown}prints:\n{printed}" for commands, shown, printed in outcomes
             if not is_as_shown(shown, printed)]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def test_an_answer_that_is_not_as_shown_is_noticed():
    assert is_as_shown("[1,…]\nw:…\n", "[1,2]\nw:2026-01-05\n")
    assert not is_as_shown("[1,…]\n", "[2,2]\n")
    assert not is_as_shown("a\n", "a\nb\n")
