"""The curves of a comparison: the number over the steps, a line a row, with the spread of its seeds."""

import io
import math
from collections.abc import Sequence
from typing import Any

from ganctl.comparison.protocol import Source, differences
from ganctl.comparison.ranking import Ranking
from ganctl.comparison.row import Row, spread

INCHES, DOTS = (9.6, 5.4), 100
# Okabe and Ito's colours, which most colour-blind readers tell apart, but for the yellow.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#1d2433")
STYLES = ("-", "--", ":", "-.")
DECADES = 2  # more than so many, and the axis counts in powers of ten
MOST = 14  # rows that have a name in the legend

Curve = tuple[list[int], list[float], list[float]]  # steps, means, deviations


def curve(sources: Sequence[Source], name: str) -> Curve:
    """Return a row's curve over the steps at which all its runs were measured, else over all steps."""
    by_step = [dict(source.points[name]) for source in sources]
    every = sorted({step for each in by_step for step in each})
    shared = [step for step in every if all(step in each for each in by_step)] or every
    values = [spread([each[step] for each in by_step if step in each]) for step in shared]
    return shared, [mean for mean, _ in values], [deviation or 0.0 for _, deviation in values]


def drawn(ranking: Ranking, found: Sequence[Row]) -> tuple[list[list[Source]], str]:
    """Return what is drawn of each row, and where it comes from.

    Evaluations of a checkpoint or two are no curve; where the log has one that may be compared, it is drawn.
    """
    chosen = [row.sources for row in found]
    if all(len(source.points[ranking.name]) > 1 for source in ranking.sources):
        return chosen, "/".join(sorted({source.origin for source in ranking.sources}))
    logs = [
        [
            source
            for entry in row.entries
            for source in entry.sources
            if source.origin == "training" and ranking.name in source.points
        ]
        for row in found
    ]
    whole = all(len(log) == len(row.entries) for log, row in zip(logs, found, strict=True))
    if whole and not differences([source for log in logs for source in log], ranking.name):
        return logs, "training"
    return chosen, "/".join(sorted({source.origin for source in ranking.sources}))


def picture(ranking: Ranking, found: Sequence[Row]) -> bytes:
    """Return the curves as a PNG of 960 x 540 pixels."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawings, origin = drawn(ranking, found)
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        figure = Figure(figsize=INCHES, dpi=DOTS, facecolor="white", layout="constrained")
        canvas = FigureCanvasAgg(figure)
        place = figure.subplots()
        values = [mean for sources in drawings for mean in curve(sources, ranking.name)[1]]
        wide = min(values) > 0 and math.log10(max(values) / min(values)) > DECADES
        floor = min(values) / 2 if wide else -math.inf  # a logarithmic axis has no place for 0
        for number, (row, sources) in enumerate(zip(found, drawings, strict=True)):
            _draw(place, curve(sources, ranking.name), row, number, floor=floor)
        if wide:
            place.set_yscale("log")
        arrow = "lower is better" if ranking.goal == "lower" else "higher is better"
        place.set_title(f"{ranking.name}, {arrow} (from {origin})", fontsize=10, loc="left")
        place.set_xlabel("step")
        place.grid(alpha=0.25)
        place.spines[["top", "right"]].set_visible(False)
        place.legend(fontsize=8, framealpha=0.8)
        buffer = io.BytesIO()
        canvas.print_png(buffer)
        return buffer.getvalue()


def _draw(place: Any, found: Curve, row: Row, number: int, *, floor: float) -> None:
    """Draw one row, its spread no lower than the floor."""
    steps, means, deviations = found
    colour = COLOURS[number % len(COLOURS)]
    style = STYLES[number // len(COLOURS) % len(STYLES)]
    count = f" (mean ± sd of {len(row.entries)})" if len(row.entries) > 1 else ""
    name = f"{row.brief}{count}".replace("$", r"\$") if number < MOST else "_nolegend_"
    marker = "o" if len(steps) < 40 else ""
    place.plot(steps, means, style, color=colour, linewidth=1.4, marker=marker, markersize=3, label=name)
    if any(deviations):
        lower = [mean - each for mean, each in zip(means, deviations, strict=True)]
        upper = [mean + each for mean, each in zip(means, deviations, strict=True)]
        place.fill_between(steps, [max(each, floor) for each in lower], upper, color=colour, alpha=0.15, lw=0)
