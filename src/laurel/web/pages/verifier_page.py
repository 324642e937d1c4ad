"""/verify for people: drop a file, paste a credential or an address; every check explained."""

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.base.limits import EMAIL_LENGTH_MAX, check_length
from laurel.openbadges.verdict import Outcome, Verdict
from laurel.web.pages.visits import Visit, page
from laurel.web.standards.verdicts import address_in


@page("/verify", door="open")
async def show_verifier(visit: Visit) -> Response[bytes]:
    """The form."""
    return visit.show_in_public("public/verify.html", verdict=None, text=visit.asked("url"))


@page("/verify/verdict", door="open", post=True)
async def show_verdict(visit: Visit) -> Response[bytes]:
    """What was found."""
    text = visit.form.get("text")
    try:
        verdict = await _verdict(visit)
    except LaurelError as refused:
        return visit.show_in_public("public/verify.html", error=refused, verdict=None, text=text, here="/verify")
    outcomes = {check.outcome for check in verdict.checks}
    mood = "good" if verdict.verified else "bad" if Outcome.FAILED in outcomes else "open"
    return visit.show_in_public("public/verify.html", verdict=verdict, mood=mood, text=text, here="/verify")


async def _verdict(visit: Visit) -> Verdict:
    form, verifier = visit.form, visit.parts.verifier
    file = form.files.get("file")
    data = await file.read() if file is not None and file.filename else form.get("text").encode("utf-8", "replace")
    if not data:
        raise Invalid("choose a file, or paste a credential or its address", field="text")
    named = check_length(form.get("recipient"), EMAIL_LENGTH_MAX, "recipient")
    recipients = (named,) if named else ()
    address = address_in(data)
    if address is not None:
        return await verifier.verify_url(address, recipients=recipients)
    return await verifier.verify(data, recipients=recipients)


HANDLERS = (show_verifier, show_verdict)
