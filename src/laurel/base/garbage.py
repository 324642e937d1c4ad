"""How often Python looks for garbage cycles: rarely, because hardly anything here makes one."""

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 20, 100


def look_rarely() -> None:
    """Batches make many small lists that are gone with their request anyway, and what a start imports stays."""
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def leave_alone_what_is_there() -> None:
    """Look once more, then never again at what is kept until the process ends."""
    gc.collect()
    gc.freeze()
