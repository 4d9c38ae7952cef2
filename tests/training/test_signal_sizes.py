"""What the diagnosis computes of maps of logits and of clips stays small, in the graph that is traced."""

import math

import numpy as np
import pytest

from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.field import Field
from ganctl.game.game import Game
from ganctl.loss.cross_entropy import NonSaturating

MOST = 50e6  # bytes of a tensor


def graphs(graph):
    """Yield a graph, and those of all functions and branches that it calls."""
    yield graph
    from ganctl.training import cost

    for operation in graph.get_operations():
        for name in cost._functions(operation):
            yield from graphs(graph._get_function(name).graph)


def sizes(tensorflow, graph) -> dict[str, int]:
    """Return the bytes of every tensor of a traced function by name; all must be of known size."""
    found = {}
    for each in graphs(graph):
        for operation in each.get_operations():
            for tensor in operation.outputs:
                if tensor.dtype in (tensorflow.resource, tensorflow.variant):
                    continue
                assert tensor.shape.rank is not None and None not in tensor.shape, tensor
                found[f"{each.name}/{tensor.name}"] = math.prod(tensor.shape) * tensor.dtype.size
    return found


def traced(tensorflow, kind: str, shape: tuple[int, ...], count: int, judge):
    """Trace what an adversary logs of a batch; return (the graph, its signals' names)."""
    game = Game({"image": Field(kind=kind, shape=shape)}, loss=NonSaturating())
    adversary = Adversary(game, lambda shape: judge)

    def watch(real, fake, watched):
        batch = Batch({"image": real}, size=count, key=tensorflow.constant([0, 1]), watched=watched)
        adversary.discriminator(batch, fake)
        return batch.facts

    spec = tensorflow.TensorSpec((count, *shape))
    function = tensorflow.function(watch, autograph=False)
    return function, function.get_concrete_function(spec, spec, tensorflow.TensorSpec((), tensorflow.bool))


def means(maps):
    """Return a judge whose logits are maps of brightness, (n, *maps), which finds bright reals."""

    def judge(image, training=True):
        import tensorflow as tf

        level = tf.reduce_mean(tf.reshape(image, (image.shape[0], -1)), axis=1)
        return tf.ones((image.shape[0], *maps)) * tf.reshape(level, (-1, *(1 for _ in maps)))

    return judge


CASES = {
    "one map": ("image", (64, 64, 3), 64, (30, 30, 1)),
    "eight maps": ("image", (64, 64, 3), 64, (8, 30, 30, 1)),
    "many images": ("image", (32, 32, 3), 256, (30, 30, 8)),
    "clips": ("clip", (16, 64, 64, 3), 8, (1,)),
    "clips of many frames, judged in maps": ("clip", (16, 64, 64, 3), 8, (4, 30, 30, 1)),
}


@pytest.mark.parametrize("case", CASES)
def test_no_tensor_of_the_diagnosis_is_large(tensorflow, case):
    kind, shape, count, maps = CASES[case]
    _, concrete = traced(tensorflow, kind, shape, count, means(maps))
    found = sizes(tensorflow, concrete.graph)
    name, largest = max(found.items(), key=lambda pair: pair[1])
    assert largest < MOST, f"{name} takes {largest / 1e6:.0f} MB"
    assert len(list(graphs(concrete.graph))) > 2  # the branch that is only watched was looked into
    constants = {
        operation.name: sum(math.prod(out.shape) * out.dtype.size for out in operation.outputs)
        for graph in graphs(concrete.graph)
        for operation in graph.get_operations()
        if operation.type == "Const"
    }
    # The random projection is of the frame that stands for a clip, shrunk: 8 x 8 x 3 numbers to 64.
    assert max(constants.values()) == 8 * 8 * 3 * 64 * 4


@pytest.mark.parametrize("case", ["one map", "clips of many frames, judged in maps"])
def test_maps_and_clips_get_the_verdict_that_one_logit_would(tensorflow, case):
    kind, shape, count, maps = CASES[case]
    random = np.random.default_rng(0)
    real = random.normal(size=(count, *shape)).astype("float32")
    facts = {}
    for chosen in (maps, (1,)):
        function, _ = traced(tensorflow, kind, shape, count, means(chosen))
        for name, fake in (("apart", real - 1.0), ("alike", random.permutation(real))):
            told = function(tensorflow.constant(real), tensorflow.constant(fake), tensorflow.constant(True))
            facts[chosen == maps, name] = {key: float(value) for key, value in told.items()}
    for name in ("apart", "alike"):
        assert facts[True, name] == pytest.approx(facts[False, name], abs=1e-5)
    assert facts[True, "apart"]["auc"] == 1.0 and facts[True, "alike"]["auc"] == pytest.approx(0.5)
    assert facts[True, "alike"]["coverage"] > 0.9 and facts[True, "alike"]["spread"] == pytest.approx(
        1.0, abs=1e-3
    )


def test_the_measure_of_sizes_sees_what_is_large(tensorflow):
    """The pairs of all logits of all maps: 57,600 times 57,600 numbers."""
    from ganctl.game.signals import auc

    def pairs(real, fake, watched):
        return tensorflow.cond(watched, lambda: auc(real, fake), lambda: tensorflow.constant(0.0))

    spec = tensorflow.TensorSpec((64, 30, 30, 1))
    function = tensorflow.function(pairs, autograph=False)
    concrete = function.get_concrete_function(spec, spec, tensorflow.TensorSpec((), tensorflow.bool))
    assert max(sizes(tensorflow, concrete.graph).values()) == 57_600**2 * 4
