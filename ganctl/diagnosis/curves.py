"""A run's curves, with its findings marked: as a picture, and as lines of text."""

import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganctl.diagnosis.finding import Finding, named
from ganctl.diagnosis.history import OF_PLAYERS, adversaries, players

BARS = "▁▂▃▄▅▆▇█"
MOST = 1000  # points that a curve in the picture has
INCHES, DOTS = (9.6, 10.4), 100
COLOURS = {"discriminator": "#2f6fde", "generator": "#d9730d"}
OTHERS = ("#0b7a4b", "#1d2433", "#8250df")
MARK = "#d1242f"
DASHES = ("--", "-.", ":")  # of the second, third, fourth adversary

Lines = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Panel:
    """One plot: its title, its curves by label, and how its axis counts."""

    title: str
    curves: Mapping[str, str]  # label -> name in a log line
    scale: str = "linear"
    limits: tuple[float, float] | None = None


PANELS = (
    Panel(
        "losses",
        {"discriminator": "discriminator/adversarial", "generator": "generator/adversarial"},
        "symlog",
    ),
    Panel("mean logits", {"real": "discriminator/real", "fake": "discriminator/fake"}, "symlog"),
    Panel(
        "how often the discriminator is right (auc: pairs of a real and a fake; 0.5 is chance)",
        {
            "auc": "discriminator/auc",
            "real": "discriminator/right_real",
            "fake": "discriminator/right_fake",
            "training against held-out": "discriminator/recognized",
        },
        limits=(-0.03, 1.03),
    ),
    Panel(
        "gradients, and how far weights move in a step, relative to their size (dashed)",
        {
            "discriminator": "discriminator/gradient",
            "generator": "generator/gradient",
            "discriminator moves": "discriminator/update",
            "generator moves": "generator/update",
        },
        "log",
    ),
    Panel(
        "samples against data: 1 is alike (spread: variety, coverage: completeness, density: likeness)",
        {
            "spread": "discriminator/spread",
            "coverage": "discriminator/coverage",
            "density": "discriminator/density",
            "coverage by averaged weights": "average/coverage",
        },
        limits=(-0.05, 2.05),
    ),
)


def panels(lines: Lines) -> list[Panel]:
    """Return the plots of a log: a second adversary's curves and a third player's beside the usual ones."""
    names = {name for line in lines for name in line}
    others = [name for name in players(names) if name not in COLOURS]
    found = []
    for panel in PANELS:
        curves = dict(panel.curves)
        for label, name in panel.curves.items():
            if name.startswith("generator/"):  # what a player has, another may have too
                for player in others:
                    curves[label.replace("generator", player)] = name.replace("generator", player, 1)
        for adversary in adversaries(names)[1:]:
            own = {named(label, adversary): beside(name, adversary) for label, name in panel.curves.items()}
            curves |= {label: name for label, name in own.items() if name}
        found.append(replace(panel, curves=curves))
    return found


def beside(name: str, adversary: str) -> str:
    """Return the name of an adversary's number that is like one of the first's; "" for a player's own."""
    player, _, number = name.partition("/")
    return "" if number in OF_PLAYERS or player not in COLOURS else f"{player}/{adversary}/{number}"


def curve(lines: Lines, name: str) -> tuple[list[int], list[float]]:
    """Return (steps, values) of the lines that hold a number of this name."""
    found = [
        (line["step"], float(line[name]))
        for line in lines
        if isinstance(line.get(name), int | float) and abs(line[name]) < 1e30
    ]
    return [step for step, _ in found], [value for _, value in found]


def is_second(label: str) -> bool:
    """Return whether a curve's label names an adversary: "told (input)"."""
    return label.endswith(")")


def sparkline(values: Sequence[float], width: int) -> str:
    """Return a curve as `width` characters at most, from its least to its greatest value."""
    if not values:
        return ""
    width = min(width, len(values))
    ends = [len(values) * place // width for place in range(width + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(ends)]
    low, high = min(means), max(means)
    step = (high - low) / (len(BARS) - 1) or 1.0
    return "".join(BARS[round((each - low) / step)] for each in means)


def counted(lines: Lines) -> str:
    """Return the name under which a metric counted modes, or ""."""
    names = (name for line in lines for name in line if name.endswith("/captured"))
    return next(names, "")


def picture(lines: Lines, findings: Sequence[Finding], title: str) -> bytes:
    """Return the curves as a PNG of 960 x 1040 pixels, with a line where each finding began."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(matplotlib.rcParamsDefault):  # whatever style the user prefers elsewhere
        figure = Figure(figsize=INCHES, dpi=DOTS, facecolor="white", layout="constrained")
        canvas = FigureCanvasAgg(figure)
        figure.suptitle(title.replace("$", r"\$"), fontsize=11)
        places = figure.subplots(len(PANELS), 1, sharex=True)
        for place, panel in zip(places, panels(lines), strict=True):
            _plot(place, panel, lines)
            for finding in findings:
                place.axvline(finding.step, color=MARK, linewidth=1, linestyle=":")
        _modes(places[-1], lines)
        _name(places[0], findings)
        places[-1].set_xlabel("step")
        buffer = io.BytesIO()
        canvas.print_png(buffer)
        return buffer.getvalue()


def _plot(place: Any, panel: Panel, lines: Lines) -> None:
    """Draw one panel; what the run did not log is left out."""
    others, colours = iter(OTHERS), dict(COLOURS)
    second = list(dict.fromkeys(label.partition(" (")[2] for label in panel.curves if is_second(label)))
    for label, name in panel.curves.items():
        steps, values = curve(lines, name)
        if not steps:
            continue
        every = -(-len(steps) // MOST)
        first, _, adversary = label.removesuffix(" moves").partition(" (")
        if first not in colours:
            colours[first] = next(others, None)  # type: ignore[assignment]
        style = DASHES[second.index(adversary) % len(DASHES)] if adversary in second else "-"
        style = "--" if label.endswith("moves") else style
        place.plot(steps[::every], values[::every], style, label=label, color=colours[first], linewidth=1.1)
    if place.lines:
        place.set_yscale(panel.scale, **({"linthresh": 1.0} if panel.scale == "symlog" else {}))
        place.legend(loc="upper left", fontsize=7, ncols=4, framealpha=0.7)
    if panel.limits:
        place.set_ylim(*panel.limits)
    place.set_title(panel.title, fontsize=8, loc="left")
    place.tick_params(labelsize=7)
    place.grid(alpha=0.25)


def _modes(place: Any, lines: Lines) -> None:
    """Add the share of modes that a metric counted, where one did."""
    name = counted(lines)
    total = name.replace("/captured", "/total")
    both = [line for line in lines if name and line.get(name) is not None and line.get(total)]
    if both:
        shares = [float(line[name]) / float(line[total]) for line in both]
        place.plot([line["step"] for line in both], shares, "o", color=MARK, markersize=3, label="modes")
        place.legend(loc="upper left", fontsize=7, ncols=4, framealpha=0.7)


def _name(place: Any, findings: Sequence[Finding]) -> None:
    """Write each finding's name along its line, none over another."""
    for row, finding in enumerate(findings):
        place.annotate(
            finding.name,
            (finding.step, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -9 - 10 * row),
            textcoords="offset points",
            fontsize=7,
            color=MARK,
        )
