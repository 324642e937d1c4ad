"""The ways in which this library says no. Each names the place in the document; none of them knows HTTP."""

from typing import ClassVar

from laurel.base.errors import Invalid, TooLarge


class DocumentRefused(Invalid):
    """The document cannot be given a meaning that every verifier shares; `field` is a JSON pointer into it."""

    code: ClassVar[str] = "document_refused"

    def under(self, step: str | int) -> "DocumentRefused":
        """The same refusal seen from one level further out."""
        part = str(step).replace("~", "~0").replace("/", "~1")
        self.field = f"/{part}{self.field or ''}"
        return self


class ContextUnknown(DocumentRefused):
    """A context is neither bundled nor given by the caller: contexts are never fetched."""

    code = "context_unknown"


class WorkLimitReached(TooLarge):
    """Canonical labels would take more work than allowed: a blank node graph made to be slow."""

    code = "canonicalisation_limit"


class ProofRejected(Invalid):
    """A proof, token or key does not hold."""

    code = "proof_rejected"


class KeyRefused(Invalid):
    """A key is not in a form or of a kind that is accepted."""

    code = "key_refused"


class ImageRefused(Invalid):
    """Bytes offered as an image are not one, or carry what a badge image must not."""

    code = "image_refused"
