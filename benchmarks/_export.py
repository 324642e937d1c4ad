"""One export in a process of its own: prints the peak of its resident memory in MB. Arguments: url, organisation, format."""

import asyncio
import resource
import sys
from typing import Any

from laurel.base.ids import OrganisationId
from laurel.database.pool import open_database
from laurel.domain.exports.model import ExportFilter
from laurel.domain.exports.stream import stream


async def main(url: str, organisation: str, form: Any) -> None:
    """Read the export to its end and drop it."""
    database = await open_database(url, connections_max=2, application_name="bench")
    async for _ in stream(database, OrganisationId(int(organisation)), "awards", form, ExportFilter(), "http://bench"):
        pass
    await database.close()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
