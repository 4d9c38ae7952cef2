"""What a step costs: floating-point operations, memory, and the machine's own rate to hold them against."""

import logging
import math
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

# The discriminator sees real images and fakes, and gradients live beside the outputs.
ACTIVATION_FACTOR = 2
MATRIX_SIDE = 2048


def step_flops(trainer: Any, dataset: Any) -> int:
    """Return the floating-point operations of one round of all players' turns.

    They are counted in the traced graph, a multiplication and an addition as two; what no output and no
    variable depends on is left out, as TensorFlow leaves it out. Of a conditional the dearer branch counts:
    a term charged in every n-th round only is counted as if it were charged in every one. TensorFlow has no
    count for random numbers and a few elementwise functions, which are far below 1 % of a network.

    Args:
        trainer: a `ganctl.training.trainer.Trainer`; it is traced, not changed.
        dataset: whose batches it would see.
    """
    import tensorflow as tf

    settings, span = trainer.settings, trainer.timeline.spans[-1]
    spec = dataset.batches(span.batch_size, seed=trainer.seed).element_spec

    def one_round(batches: list, key: tf.Tensor, step: tf.Tensor) -> list:
        # The trainer's own turns are calls of another graph function, into which the profiler does not look.
        unwatched = tf.constant(False)
        play = trainer.rounds.update
        return [
            play(batches[which], key, step, unwatched, turns=turns, span=span)
            for turns, which in trainer.rounds.schedule
        ]

    traced = tf.function(one_round, autograph=False).get_concrete_function(
        [spec] * settings.batches_per_step, tf.TensorSpec((2,), tf.int32), tf.TensorSpec((), tf.int64)
    )
    return graph_flops(traced.graph)


def graph_flops(graph: Any) -> int:
    """Return the floating-point operations of a `tf.function`'s graph, without those that nothing needs."""
    live = _live(graph)
    total = sum(flops for name, flops in _operations(graph) if name in live)
    for operation in live.values():
        inner = [graph_flops(graph._get_function(name).graph) for name in _functions(operation)]
        total += max(inner, default=0)
    return total


def matrix_rate(dtype: str, *, repeats: int = 3) -> float:
    """Return the machine's measured rate of 2048 x 2048 matrix products, in FLOP/s: a median, warm."""
    import tensorflow as tf

    from ganctl.training import device

    chained = 64 if device.on_gpu() else 1  # a GPU's product is too short to be timed alone
    normal = tf.random.stateless_normal((2, MATRIX_SIDE, MATRIX_SIDE), (0, 0), stddev=MATRIX_SIDE**-0.5)
    left, right = tf.unstack(tf.cast(normal, dtype))
    products = _products(chained)

    def seconds() -> float:
        start = time.perf_counter()
        products(left, right).numpy()
        return time.perf_counter() - start

    seconds()  # the first call traces
    return 2 * MATRIX_SIDE**3 * chained / statistics.median(seconds() for _ in range(repeats))


@cache
def _products(chained: int) -> Any:
    """Return a graph function of so many products in a row."""
    import tensorflow as tf

    def products(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
        for _ in range(chained):
            left = tf.matmul(left, right)
        return left[0, 0]

    return tf.function(products, autograph=False)


def peak_memory() -> int:
    """Return the most bytes in use so far: of the first GPU, or else of the whole process; 0 when unknown."""
    import tensorflow as tf

    from ganctl.training import device

    if device.on_gpu():
        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])
    try:
        import resource
    except ImportError:  # not a Unix
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forget_peak() -> bool:
    """Let `peak_memory` start again from what is in use now; return False where the system cannot do that."""
    import tensorflow as tf

    from ganctl.training import device

    if device.on_gpu():
        tf.config.experimental.reset_memory_stats("GPU:0")
        return True
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        return False
    return True


def memory_estimate(trainer: Any, batch_size: int) -> dict[str, int]:
    """Return an estimate of a step's bytes: "parameters", "optimizer", "averages" and "activations".

    Activations are the outputs of all layers for one batch, times 2 for the discriminator's second pass and
    the gradients; what players share counts once. What TensorFlow, the data and the kernels' scratch space
    take is not in it.
    """
    networks = _each(network for networks in trainer.game.players.values() for network in networks)
    layers = _each(layer for network in networks for layer in _layers(network))
    weights = _each(variable for network in networks for variable in network.variables)
    return {
        "parameters": sum(map(_bytes, weights)),
        "optimizer": sum(_bytes(v) for optimizer in trainer.optimizers.values() for v in optimizer.variables),
        "averages": sum(map(_bytes, trainer.average.state().values())) if trainer.average else 0,
        "activations": ACTIVATION_FACTOR * sum(_output_bytes(layer, batch_size) for layer in layers),
    }


def largest_batch(trainer: Any) -> int:
    """Return the real images of a turn where a training needs most memory: at its highest level."""
    reached = [span for span in trainer.timeline.spans if span.start <= trainer.settings.steps]
    top = max(span.phase.level for span in reached)
    return max(span.batch_size for span in reached if span.phase.level == top)


def in_bytes(count: float) -> str:
    """Return "812 KiB", "1.4 MiB" or "12 GiB"."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.3g} {unit}" if count < 100 else f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.3g} GiB"


def _operations(graph: Any) -> Iterator[tuple[str, int]]:
    """Yield (name, floating-point operations) of a graph's operations, not of functions that they call."""
    from tensorflow.compat.v1 import profiler

    builder = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    with _silent():  # it says that it is of TensorFlow 1, and there is no other
        found = [profiler.profile(graph, cmd="scope", options=builder.with_empty_output().build())]
    while found:
        node = found.pop()
        found += node.children
        if node.float_ops:
            yield node.name, node.float_ops


def _live(graph: Any) -> dict[str, Any]:
    """Return, by name, the operations that a graph's outputs and changes of variables need."""
    found: dict[str, Any] = {}
    waiting = [*(tensor.op for tensor in graph.outputs), *graph.control_outputs]
    while waiting:
        operation = waiting.pop()
        if operation.name not in found:
            found[operation.name] = operation
            waiting += [*(tensor.op for tensor in operation.inputs), *operation.control_inputs]
    return found


def _functions(operation: Any) -> list[str]:
    """Return the names of the functions that an operation calls, such as a conditional's branches."""
    named: list[Any] = []
    for attribute in operation.op_def.attr:
        if attribute.type == "func":
            named.append(operation.get_attr(attribute.name))
        elif attribute.type == "list(func)":
            named += operation.get_attr(attribute.name)
    return [function.name for function in named]


@contextmanager
def _silent() -> Iterator[None]:
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _bytes(variable: Any) -> int:
    import tensorflow as tf

    return math.prod(variable.shape) * int(tf.as_dtype(variable.dtype).size)


def _each(things: Iterable[Any]) -> list[Any]:
    """Return things in their order, each once."""
    return list({id(thing): thing for thing in things}.values())


def _layers(network: Any) -> Iterator[Any]:
    """Yield a network's layers, those of networks inside it in their place."""
    for layer in network.layers:
        if getattr(layer, "layers", None):
            yield from _layers(layer)
        else:
            yield layer


def _output_bytes(layer: Any, batch_size: int) -> int:
    """Return the bytes of a layer's outputs, where it knows them before it is called."""
    import tensorflow as tf

    total = 0
    for output in tf.nest.flatten(getattr(layer, "output", [])):
        size = int(tf.as_dtype(output.dtype).size)
        total += size * math.prod(batch_size if side is None else side for side in output.shape)
    return total
