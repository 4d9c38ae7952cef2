"""Pictures of points: samples over the truth with the discriminator's field, or densities on a line."""

from typing import Any

import numpy as np

INCHES, DOTS = 4.8, 100  # a picture is 480 x 480 pixels
INK, FAINT, HIT, MISS = "#1d2433", "#8a93a6", "#0b7a4b", "#d1242f"
DATA, MADE, JUDGE = "#1d2433", "#0b7a4b", "#2f6fde"
FIELD = 72  # places of the field along each axis


def field_places(box: np.ndarray) -> np.ndarray:
    """Return where a field is to be known, float32 of shape (m, d), for a box of shape (d, 2)."""
    if len(box) == 1:
        return np.linspace(box[0, 0], box[0, 1], 4 * FIELD + 1, dtype=np.float32)[:, None]
    axes = [np.linspace(low, high, FIELD, dtype=np.float32) for low, high in box]
    return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)


def picture(
    truth: Any,
    samples: np.ndarray,
    *,
    field: np.ndarray | None = None,
    centre: float | None = None,
    walk: np.ndarray | None = None,
) -> np.ndarray:
    """Return the picture of samples of shape (n, 1) or (n, 2) as uint8 of shape (480, 480, 3).

    Args:
        truth: the distribution, a `ganctl.dataset.points.density`.
        samples: what the generator made.
        field: what the discriminator says at `field_places(truth.box)`, of shape (m,), or None.
        centre: what an undecided discriminator says; None where only differences mean something.
        walk: samples of shape (k, 1) made along a path through the latents; shown in one dimension.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(matplotlib.rcParamsDefault):  # whatever style the user prefers elsewhere
        figure = Figure(figsize=(INCHES, INCHES), dpi=DOTS, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        if len(truth.box) == 1:
            _line(figure, truth, samples[:, 0], field, centre, walk)
        else:
            _plane(figure, truth, samples, field, centre)
        canvas.draw()
        return np.array(canvas.buffer_rgba())[..., :3]


def scaled(field: np.ndarray, centre: float | None) -> np.ndarray:
    """Return a field around 0, in [-1, 1]: above is judged real.

    Logits below 1 keep their size, so that an undecided discriminator looks undecided.
    """
    around = field - (np.median(field) if centre is None else centre)
    return np.clip(around / max(1.0, float(np.percentile(np.abs(around), 98))), -1, 1)


def _plane(figure, truth, samples, field, centre) -> None:
    axes = figure.add_axes((0.02, 0.06, 0.96, 0.92))
    if field is not None:
        sides = [np.linspace(low, high, FIELD) for low, high in truth.box]
        values = scaled(field, centre).reshape(FIELD, FIELD)
        levels = np.linspace(-1, 1, 17)
        axes.contourf(*sides, values, levels, cmap="RdBu_r", alpha=0.42, extend="both")
        axes.contour(*sides, values, levels, colors="white", linewidths=0.5)
        axes.contour(*sides, values, [0.0], colors=FAINT, linewidths=1.0)
    axes.scatter(*samples.T, s=5, color=INK, alpha=0.35, linewidths=0, zorder=3)
    assigned = truth.assign(samples)
    near = float((assigned >= 0).mean())
    if truth.modes is None:
        axes.plot(*truth.curve(np.linspace(truth.first, truth.last, 400)).T, color=HIT, lw=1, zorder=2)
        caption = f"{near:.1%} of samples near the truth"
    else:
        captured = np.bincount(assigned[assigned >= 0], minlength=len(truth.modes)) >= truth.least * len(
            samples
        )
        _rings(axes, truth, captured)
        caption = f"{captured.sum()} of {len(captured)} modes, {near:.1%} of samples on them"
    axes.set(xlim=truth.box[0], ylim=truth.box[1], aspect="equal")
    axes.set_axis_off()
    figure.text(0.5, 0.03, caption, ha="center", va="center", color=INK, fontsize=11)


def _rings(axes, truth, captured) -> None:
    """Draw each mode as a ring of 3 sigma, missed ones with a cross."""
    from matplotlib.patches import Circle

    radius = max(3 * truth.sigma, 0.012 * float(np.ptp(truth.box[0])))
    for mode, hit in zip(truth.modes, captured, strict=True):
        colour = HIT if hit else MISS
        axes.add_patch(Circle(mode, radius, fill=False, color=colour, lw=1.6, zorder=4))
    missed = truth.modes[~captured]
    axes.scatter(*missed.T, s=70, marker="x", color=MISS, linewidths=1.6, zorder=5)


def _line(figure, truth, samples, field, centre, walk) -> None:
    low, high = truth.box[0]
    places = np.linspace(low, high, 601)
    data = truth.density(places[:, None])
    top = 1.9 * data.max()
    axes = figure.add_axes((0.06, 0.36, 0.9, 0.56))
    counts, edges = np.histogram(samples, bins=120, range=(low, high))
    made = counts / (len(samples) * (edges[1] - edges[0]))
    axes.fill_between(places, data, color=DATA, alpha=0.13, lw=0)
    axes.plot(places, data, color=DATA, lw=1.4, ls=":", label="data")
    axes.stairs(made, edges, color=MADE, lw=1.6, label="generator")
    axes.stairs(made, edges, color=MADE, alpha=0.2, fill=True)
    axes.plot([], [], color=JUDGE, lw=1.6, ls="--", label="discriminator")
    if field is not None:
        heights = 0.5 + 0.5 * scaled(field, centre) if centre is None else 1 / (1 + np.exp(centre - field))
        axes.plot(field_places(truth.box)[:, 0], 0.9 * top * heights, color=JUDGE, lw=1.6, ls="--")
        axes.axhline(0.45 * top, color=JUDGE, lw=0.6, alpha=0.5)  # undecided
    axes.set(xlim=(low, high), ylim=(0, top))
    axes.set_axis_off()
    figure.legend(loc="upper center", ncols=3, frameon=False, fontsize=10, labelcolor=INK)
    _arrows(figure.add_axes((0.06, 0.05, 0.9, 0.29)), low, high, walk)


def _arrows(axes, low: float, high: float, walk) -> None:
    """Draw the latent axis below, the data axis above, and where each latent goes."""
    axes.set(xlim=(low, high), ylim=(0, 1))
    axes.set_axis_off()
    axes.plot([low, high], [1, 1], color=INK, lw=1.2, clip_on=False)
    if walk is None:
        return
    axes.plot([low, high], [0, 0], color=INK, lw=1.2, clip_on=False)
    origins, ends = np.linspace(low, high, len(walk)), walk[:, 0]
    axes.plot(np.stack([origins, ends]), [[0.0], [1.0]], color=MADE, lw=0.8, alpha=0.75)
    for height, name in ((1, "x"), (0, "z")):
        axes.annotate(
            name, (0, height), (-8, 0), "axes fraction", "offset points", ha="right", va="center",
            color=INK, fontsize=11, style="italic",
        )  # fmt: skip
