"""Fractions of integers in Polars: a value or threshold is `num / den` milliseconds, compared without rounding."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl


class Fraction(NamedTuple):
    """A column of exact fractions, in milliseconds.

    Attributes:
        num: Int128 expression.
        den: Int128 expression, positive.
    """

    num: pl.Expr
    den: pl.Expr

    def seconds(self) -> pl.Expr:
        """The value in seconds, one division."""
        return ratio(self.num, self.den * 1000)


def fraction(num: pl.Expr | int, den: pl.Expr | int) -> Fraction:
    """Take two integers for a fraction, wide enough for what follows."""
    return Fraction(_wide(num), _wide(den))


def ratio(num: pl.Expr, den: pl.Expr) -> pl.Expr:
    """Divide two columns of integers into floats, each rounded once.

    By a divisor that Polars knows to be the same in every row (a constant, an aggregate, but also the lengths of lists
    that happen to be equal) it multiplies with the reciprocal, which is off by a last digit for one value in eight.
    Added to zeros of the numerator the divisor is a column like any other.
    """
    top = num.cast(pl.Float64)
    return top / (top - top + den.cast(pl.Float64))


def between(low: Fraction, high: Fraction, weight: pl.Expr) -> Fraction:
    """Interpolate two fractions: `weight` thousandths of the way from low to high."""
    num = low.num * high.den * (1000 - weight) + high.num * low.den * weight
    at_low = weight == 0
    return Fraction(
        pl.when(at_low).then(low.num).otherwise(num),
        pl.when(at_low).then(low.den).otherwise(low.den * high.den * 1000),
    )


def difference(value: Fraction, threshold: Fraction) -> pl.Expr:
    """Numerator of value - threshold over the product of their denominators; its sign is exact."""
    return value.num * threshold.den - threshold.num * value.den


def _wide(number: pl.Expr | int) -> pl.Expr:
    expr = pl.lit(number) if isinstance(number, int) else number
    return expr.cast(pl.Int128)
