"""Python imports this at every start when its folder is on PYTHONPATH: the build then has the bugs named in PLANTED_BUG.

One module's text is changed on its way in. A text that is no longer there exactly once is an error, so that a control
cannot quietly lose its bug.
"""

import importlib.util
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

NAME = os.environ.get("PLANTED_BUG", "")


class ChangedSource(SourceFileLoader):
    def __init__(self, fullname, path, changes):
        super().__init__(fullname, path)
        self.changes = changes

    def get_code(self, fullname):
        source = Path(self.path).read_text(encoding="utf-8")
        for old, new in self.changes:
            if source.count(old) != 1:
                sys.stderr.write(f"the bug {NAME} has lost its place: {old!r} is not once in {fullname}\n")
                os._exit(70)
            source = source.replace(old, new)
        return compile(source, self.path, "exec", dont_inherit=True)


class Planter(MetaPathFinder):
    def __init__(self, changes):
        self.changes = changes

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in self.changes:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        loader = ChangedSource(fullname, spec.origin, self.changes[fullname])
        return importlib.util.spec_from_file_location(
            fullname, spec.origin, loader=loader, submodule_search_locations=spec.submodule_search_locations
        )


def bugs():
    """The table of bugs, read by its file: the folder of tests is not on everybody's path."""
    path = Path(__file__).with_name("bugs.py")
    spec = importlib.util.spec_from_file_location("planted_bugs", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["planted_bugs"] = module
    spec.loader.exec_module(module)
    return module.BUGS


def changes_of(names):
    """What several bugs change together."""
    together = {}
    for name in names:
        for module, changes in bugs()[name].changes.items():
            together.setdefault(module, []).extend(changes)
    return together


if NAME:
    sys.meta_path.insert(0, Planter(changes_of(NAME.split(","))))
