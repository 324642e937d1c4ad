"""Showing a logo: its address for everybody, its bytes for what is drawn or mailed here."""

from collections import OrderedDict

from laurel.base.limits import LOGOS_KEPT_MAX
from laurel.database.pool import Transaction
from laurel.domain.logos import store
from laurel.domain.logos.model import Size
from laurel.domain.organisations.model import Organisation

_kept: OrderedDict[tuple[str, Size], tuple[bytes, str]] = OrderedDict()


def image_of(organisation: Organisation, public_url: str) -> str | None:
    """The address of the picture that stands for the organisation: its logo, else the picture elsewhere that it names."""
    return address_of(organisation, public_url) if organisation.logo else organisation.image


def address_of(organisation: Organisation, public_url: str = "") -> str:
    """Where its logo stands, whichever that is at the time; documents hold this for ever."""
    return f"{public_url}/i/{organisation.uid}/logo"


async def picture(tx: Transaction, organisation: Organisation, size: Size = "large") -> tuple[bytes, str] | None:
    """(bytes, media type) of its logo, PNG or JPEG; kept in memory by hash. None when there is none."""
    if organisation.logo is None:
        return None
    kept = _kept.get((organisation.logo, size))
    if kept is not None:
        _kept.move_to_end((organisation.logo, size))
        return kept
    found = await store.content(tx, size)
    if found is None:
        return None
    data, media_type, name = found
    _kept[(name, size)] = data, media_type
    while len(_kept) > LOGOS_KEPT_MAX:
        _kept.popitem(last=False)
    return data, media_type
