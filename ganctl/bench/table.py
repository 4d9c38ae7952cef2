"""The table of a bench, and what its numbers mean."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table

from ganctl.run.console import console, say
from ganctl.training.cost import in_bytes


def show(numbers: Mapping[str, Any]) -> None:
    """Print the table of a bench, and what it means."""
    images, flops = numbers["images_per_step"], numbers["flops_per_step"]
    top = statistics.median(numbers["matrix_rate"])
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    for name in ("", "ms/step", "images/s", "GFLOP/step", "GFLOP/s", "share", "memory"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for name, seconds in numbers["seconds_per_step"].items():
        rate = flops / statistics.median(seconds)
        memory = numbers["memory"]["bare" if name == "bare loop" else "ganctl"]
        table.add_row(
            name,
            _spread([1000 * second for second in seconds], "\n"),
            _spread([images / second for second in seconds], "\n"),
            f"{flops / 1e9:.3g}",
            f"{rate / 1e9:.3g}",
            f"{rate / top:.0%}",
            in_bytes(memory),
        )
    console.print(table, soft_wrap=False)
    for name, task in numbers["upkeep"].items():
        often = f"every {task['every']} steps" if task["every"] else "never"
        say(f"one {name}: {1000 * task['seconds']:.3g} ms, {often}")
    say(f"2048x2048 products: {_spread([rate / 1e9 for rate in numbers['matrix_rate']])} GFLOP/s")
    if numbers["first_step_seconds"]:
        say(f"first step: done {numbers['first_step_seconds']:.1f} s after the command began")
    rounds = f"{len(numbers['ratio'])} rounds" if len(numbers["ratio"]) > 1 else "1 round"
    say(f"ganctl train / bare loop: {_spread(numbers['ratio'])} times the images/s, in {rounds}")


def _spread(values: Sequence[float], between: str = " ") -> str:
    """Return the median and, where there are several values, the least and the most: "12.3 (12.1-12.9)"."""
    median, least, most = (_short(value) for value in (statistics.median(values), min(values), max(values)))
    return f"{median}{between}({least}-{most})" if len(values) > 1 else median


def _short(value: float) -> str:
    """Return three digits, and no exponent."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"
