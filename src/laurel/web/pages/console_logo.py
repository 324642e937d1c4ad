"""/console/settings/logo: the organisation's logo, from a file or fetched once from an address."""

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.base.limits import LOGO_BYTES_MAX
from laurel.domain.logos import store, taking
from laurel.web.drawing_allowance import previews
from laurel.web.pages.visits import Visit, page

_HERE = "/console/settings/logo"


async def _show(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    async with visit.transaction() as tx:
        logo = await store.find(tx)
    typed = visit.form.get("address")
    return visit.show("console/logo.html", error=error, logo=logo, address=typed or visit.organisation.image or "")


@page(_HERE, needs="organisation:write")
async def show_own_logo(visit: Visit) -> Response[bytes]:
    """The logo as it is, and how to have another one."""
    return await _show(visit)


@page(_HERE, needs="organisation:write", post=True)
async def change_own_logo(visit: Visit) -> Response[bytes]:
    """Take one in, or have none."""
    try:
        said = await _change(visit)
    except LaurelError as refused:
        return await _show(visit, refused)
    return visit.to(_HERE, said)


async def _change(visit: Visit) -> str:
    """What was done, in a sentence. Raises Invalid, TooLarge, ImageInvalid, ImageTooLarge at a field."""
    now = visit.parts.clock.now()
    match visit.form.get("change"):
        case "upload":
            file = visit.form.files.get("file")
            data = await file.read(LOGO_BYTES_MAX + 1) if file is not None else b""
            if not data:
                raise Invalid("choose a file first", field="file")
            previews.take(visit.account.uid)
            try:
                sizes = await taking.made(data, "file")
            except LaurelError as refused:
                refused.message = refused.message.replace("file", "the file", 1)
                raise
            async with visit.transaction() as tx:
                await taking.put(tx, sizes, by=visit.caller, now=now)
            return "This is your logo now."
        case "fetch":
            previews.take(visit.account.uid)
            async with visit.transaction() as tx:
                await taking.ask(tx, visit.parts.http, visit.form.get("address"), by=visit.caller, now=now)
            return "The picture is being fetched; open this page again in a moment."
        case "remove":
            async with visit.transaction() as tx:
                await taking.remove(tx, by=visit.caller, now=now)
            return "There is no logo any more."
        case other:
            raise Invalid("there is no such change", field="change", value=other[:50])


HANDLERS = (show_own_logo, change_own_logo)
