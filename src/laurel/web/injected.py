"""The parameters that every handler may ask for: `parts: InjectedParts`, `caller: InjectedCaller`."""

from litestar.di import NamedDependency

from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.record_events.memory import Spine
from laurel.web.callers import Callers

InjectedParts = NamedDependency[Parts]
InjectedCaller = NamedDependency[Caller]
InjectedCallers = NamedDependency[Callers]
InjectedSpine = NamedDependency[Spine]
