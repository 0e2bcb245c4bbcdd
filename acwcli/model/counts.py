"""The account of every row read: used, ignored for a named reason or rejected for a named reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class RowCounts:
    """Counts of one file; `read == used + sum(ignored) + sum(rejected)` always holds."""

    read: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def used(self) -> int:
        """Rows that entered the answer."""
        return self.read - self.ignored.total() - self.rejected.total()

    def __add__(self, other: RowCounts) -> RowCounts:
        """Add two accounts, reason by reason."""
        return RowCounts(self.read + other.read, self.ignored + other.ignored, self.rejected + other.rejected)


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
