"""Why a design, a picture or a drawing is refused."""

from laurel.base.errors import Invalid, TooLarge


class DesignInvalid(Invalid):
    """The design is not what docs/reference/design-format.md describes."""

    code = "design_invalid"


class DesignTooLarge(TooLarge):
    """The design, or what fills it, is over a named limit."""

    code = "design_too_large"


class ImageInvalid(Invalid):
    """The upload is not a picture that can be taken."""

    code = "image_invalid"


class ImageTooLarge(TooLarge):
    """The upload is over a limit of bytes, pixels, nodes, time or memory."""

    code = "image_too_large"
