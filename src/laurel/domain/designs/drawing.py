"""Drawing a design in a thread, and keeping what was drawn lately: the same picture is drawn once."""

import asyncio
from collections import OrderedDict
from datetime import datetime

from laurel.rendering import Design, Fields, content_hash, render_pdf, render_png, render_svg

KEPT_BYTES_MAX = 32 * 1024 * 1024
"""Per process."""


class _Kept:
    """Drawings by their hash; the ones not asked for the longest go first."""

    def __init__(self) -> None:
        self._drawings: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, name: str) -> bytes | None:
        drawing = self._drawings.get(name)
        if drawing is not None:
            self._drawings.move_to_end(name)
        return drawing

    def put(self, name: str, drawing: bytes) -> None:
        if name in self._drawings:
            return
        self._drawings[name] = drawing
        self._bytes += len(drawing)
        while self._bytes > KEPT_BYTES_MAX:
            self._bytes -= len(self._drawings.popitem(last=False)[1])


_kept = _Kept()


async def png(design: Design, fields: Fields, *, width_pixels: int | None = None) -> tuple[bytes, str]:
    """(PNG, its hash). Raises DesignTooLarge."""
    name = await png_name(design, fields, width_pixels=width_pixels)
    drawing = _kept.get(name)
    if drawing is None:
        drawing = await asyncio.to_thread(render_png, design, fields, width_pixels=width_pixels)
        _kept.put(name, drawing)
    return drawing, name


async def png_name(design: Design, fields: Fields, *, width_pixels: int | None = None) -> str:
    """The hash that `png` answers with, without drawing anything."""
    return await asyncio.to_thread(content_hash, design, fields, f"png@{width_pixels}")


async def svg(design: Design, fields: Fields) -> bytes:
    """SVG, for pictures that change with every stroke of a key: drawn each time, not kept. Raises DesignTooLarge."""
    return await asyncio.to_thread(render_svg, design, fields)


async def pdf(design: Design, fields: Fields, created_at: datetime) -> tuple[bytes, str]:
    """(PDF, its hash). Raises DesignTooLarge."""
    name = await asyncio.to_thread(content_hash, design, fields, f"pdf@{created_at.isoformat()}")
    drawing = _kept.get(name)
    if drawing is None:
        drawing = await asyncio.to_thread(render_pdf, design, fields, created_at=created_at)
        _kept.put(name, drawing)
    return drawing, name
