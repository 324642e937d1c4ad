"""The words: a logo. No I/O."""

from datetime import datetime
from typing import Literal

from laurel.base.errors import NotFound
from laurel.database.rows import Stored

FETCH_JOB = "logos.fetch"
"""Takes a logo in from the address that somebody named."""
Size = Literal["large", "small"]


class LogoNotFound(NotFound):
    """The organisation has no logo."""

    code = "logo_not_found"


class Logo(Stored, frozen=True):
    """What is known of an organisation's logo; its bytes are read by `store.content`.

    `name` is the hash of the large picture, None while there is none. `address` is where it was fetched, `wanted` where it is
    to be fetched next, `refusal` why the last address that was tried gave none.
    """

    name: str | None
    media_type: str | None
    width: int | None
    height: int | None
    address: str | None
    wanted: str | None
    refusal: str | None
    updated_at: datetime
