"""Formulas that people write for targets: arithmetic over one whole number. Parsed, never executed."""

import ast
import operator
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from laurel.base import limits
from laurel.base.errors import Invalid
from laurel.base.limits import check_length

_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
_LEVEL = "level"


def targets(formula: str, levels: Iterable[int], field: str) -> list[Decimal]:
    """What `formula` comes to at each of `levels`. Raises Invalid or TooLarge naming `field`.

    It may hold numbers, `level`, + - * / // and ** (or ^), and brackets; exponents are from 0 to FORMULA_EXPONENT_MAX.
    """
    check_length(formula, limits.FORMULA_LENGTH_MAX, field)
    try:
        tree = ast.parse(formula.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Invalid(f"{field} is not a formula", field=field, value=formula) from None
    return [_value(tree, level, field) for level in levels]


def _value(node: ast.AST, level: int, field: str) -> Decimal:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            result = Decimal(str(number))
        case ast.Name(id=name) if name == _LEVEL:
            result = Decimal(level)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            result = -_value(operand, level, field)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            result = _power(_value(left, level, field), _value(right, level, field), level, field)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            divisor = _value(right, level, field)
            if isinstance(op, ast.Div | ast.FloorDiv) and divisor == 0:
                raise Invalid(f"{field} divides by zero at level {level}", field=field)
            result = _OPERATORS[type(op)](_value(left, level, field), divisor)
        case _:
            raise Invalid(f"{field} may hold numbers, level, + - * / // ** ^ and brackets", field=field)
    if not result.is_finite() or abs(result) > limits.LEVEL_TARGET_MAX:
        raise Invalid(
            f"{field} leaves the range of numbers at level {level}", field=field, limit=limits.LEVEL_TARGET_MAX
        )
    return result


def _power(base: Decimal, exponent: Decimal, level: int, field: str) -> Decimal:
    limit = limits.FORMULA_EXPONENT_MAX
    if not 0 <= exponent <= limit:
        raise Invalid(f"{field} has an exponent outside 0 to {limit}", field=field, limit=limit, value=str(exponent))
    if exponent == 0:
        return Decimal(1)
    if exponent == int(exponent):
        return base ** int(exponent)
    if base < 0:
        raise Invalid(f"{field} takes a root of a number below zero at level {level}", field=field)
    return base**exponent
