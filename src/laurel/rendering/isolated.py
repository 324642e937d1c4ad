"""Draws a foreign SVG in a process of its own, which the kernel stops when it takes too long or too much memory.

Started as `python -m laurel.rendering.isolated WIDTH`, SVG on standard input, PNG on standard output.
"""

import resource
import subprocess
import sys

from laurel.base import limits
from laurel.rendering.refusals import ImageInvalid, ImageTooLarge
from laurel.rendering.sanitise import size_of_sanitised


def rasterise_isolated(svg: bytes, side_pixels: int, *, field: str = "image") -> bytes:
    """PNG bytes of a sanitised SVG, no larger than `side_pixels` on a side.

    Raises ImageTooLarge over SVG_RASTER_SECONDS_MAX or SVG_RASTER_MEMORY_BYTES_MAX, ImageInvalid when it cannot be drawn.
    """
    width, height = size_of_sanitised(svg)
    width_pixels = max(1, round(side_pixels * min(1, width / height)))
    command = [sys.executable, "-I", "-m", "laurel.rendering.isolated", str(width_pixels)]
    try:
        done = subprocess.run(  # noqa: S603  our own module, and the SVG is only its standard input
            command, input=svg, capture_output=True, timeout=limits.SVG_RASTER_SECONDS_MAX * 3, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _stopped(field) from error
    if done.returncode < 0:
        raise _stopped(field)
    if done.returncode or not done.stdout:
        raise ImageInvalid(f"{field} cannot be drawn: it is not an SVG picture with a size", field=field)
    return done.stdout


def _stopped(field: str) -> ImageTooLarge:
    seconds = limits.SVG_RASTER_SECONDS_MAX
    return ImageTooLarge(
        f"{field} takes more than {seconds} seconds or too much memory to draw", field=field, limit=seconds
    )


def _main() -> None:
    """Set the limits before a byte is read."""
    resource.setrlimit(resource.RLIMIT_CPU, (limits.SVG_RASTER_SECONDS_MAX, limits.SVG_RASTER_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_AS, (limits.SVG_RASTER_MEMORY_BYTES_MAX, limits.SVG_RASTER_MEMORY_BYTES_MAX))
    import resvg_py

    svg = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(
        bytes(resvg_py.svg_to_bytes(svg_string=svg, width=int(sys.argv[1]), skip_system_fonts=True))
    )


if __name__ == "__main__":
    _main()
