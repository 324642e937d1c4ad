"""The page numbers of the old lists: `page` and `page_size` in, `meta` out."""

from typing import Any, NamedTuple

from laurel.base.limits import PAGE_SIZE_MAX
from laurel.web.dialects.accredible.parameters import Parameters

PAGE_SIZE = 50


class PageWish(NamedTuple):
    """Which page is asked for; junk numbers have become defaults, and too large ones the limit."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many come before it."""
        return (self.number - 1) * self.size

    def meta(self, total: int) -> dict[str, Any]:
        """The page among `total`. An empty list has one page; the last one's `next_page` is null."""
        pages = max(1, -(-total // self.size))
        return {
            "current_page": self.number,
            "next_page": self.number + 1 if self.number < pages else None,
            "prev_page": self.number - 1 if self.number > 1 else None,
            "total_pages": pages,
            "total_count": total,
            "page_size": self.size,
        }


def read_page(given: Parameters, *, size: int = PAGE_SIZE) -> PageWish:
    """The page that was asked for."""
    number = min(given.count("page", 1), 10**7)
    return PageWish(number, min(given.count("page_size", size), PAGE_SIZE_MAX))
