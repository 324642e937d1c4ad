"""Where the reference data of the standards lies: a `shared` folder beside this repository or one of its parents.

Its absence is a failure, not a skip: without the vectors nothing here is proved.
"""

import json
from functools import cache
from pathlib import Path

from laurel.openbadges.jsonld import ContextLoader

EXAMPLES_V2 = "https://www.w3.org/ns/credentials/examples/v2"


@cache
def root():
    here = Path(__file__).resolve()
    for folder in here.parents:
        if (folder / "shared" / "contracts").is_dir():
            return folder / "shared" / "data" / "open-badges"
    message = "the folder shared/ with the reference data is not beside this repository"
    raise AssertionError(message)


def read_text(name):
    return (root() / name).read_bytes().decode()


def read_json(name):
    return json.loads(read_text(name))


@cache
def loader():
    """The bundled contexts and the one of the W3C examples."""
    return ContextLoader({EXAMPLES_V2: read_json("contexts/credentials-examples-v2.jsonld")})
