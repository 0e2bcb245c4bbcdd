"""When it happens: weekday by hour, the share over the limit written into every field."""

from __future__ import annotations

from acwcli.model.report import ReportTable
from acwcli.render.report.drawings import Canvas
from acwcli.render.report.svg import Pen

_STEPS = 5


def draw(table: ReportTable, canvas: Canvas) -> Pen | None:
    """Draw hours across and weekdays down; on a narrow page the other way round."""
    pen, words = canvas.pen(table.name), canvas.words
    cells = {(row[0], row[1]): (row[5], row[2]) for row in table.rows}
    hours = range(min(table.column("hour")), max(table.column("hour")) + 1)
    days = [day for day in words.weekdays() if any(known == day for known, _ in cells)]
    strongest = max((share for share, wraps in cells.values() if wraps >= table.draws["min_wraps"]), default=0)
    left, top = 64.0, 22.0
    across, down = (len(hours), len(days)) if canvas.wide else (len(days), len(hours))
    width, height = min((pen.width - left) / across, 86), 32.0 if canvas.wide else 24.0
    for day_number, day in enumerate(days):
        for hour_number, hour in enumerate(hours):
            column, row = (hour_number, day_number) if canvas.wide else (day_number, hour_number)
            x, y = left + column * width, top + row * height
            _cell(pen, canvas, cells.get((day, hour)), (x, y, width, height), (strongest, table.draws["min_wraps"]))
    for number, day in enumerate(days):
        _label(pen, number, words.word("terms", day), (left, top, width, height), across=not canvas.wide)
    for number, hour in enumerate(hours):
        _label(pen, number, words.digits(f"{hour:02d}"), (left, top, width, height), across=canvas.wide)
    pen.height = top + down * height + 2
    return pen


def _cell(
    pen: Pen,
    canvas: Canvas,
    found: tuple[float, int] | None,
    place: tuple[float, float, float, float],
    scale: tuple[float, int],
) -> None:
    x, y, width, height = place
    if found is None:
        pen.rect(x + 1, y + 1, width - 2, height - 2, "none")
        return
    (share, wraps), (strongest, enough) = found, scale
    few = wraps < enough
    step = 0 if few or not strongest else min(int(share / strongest * _STEPS), _STEPS - 1)
    pen.rect(x + 1, y + 1, width - 2, height - 2, "few" if few else f"heat{step}")
    text = canvas.words.number(100 * share, 0)
    shown = f"({text})" if few else text
    pen.text(x + width / 2, y + height / 2 + 4.5, shown, "muted" if few else "", "middle")


def _label(pen: Pen, number: int, text: str, place: tuple[float, float, float, float], *, across: bool) -> None:
    left, top, width, height = place
    if across:
        pen.text(left + (number + 0.5) * width, top - 7, text, "muted", "middle")
    else:
        pen.text(left - 10, top + (number + 0.5) * height + 4.5, text, "muted", "end")
