"""What a step costs, against counts made by hand."""

import pytest
from builders import tiny

from ganctl.training import cost


@pytest.fixture
def traced(tensorflow):
    """Trace a function of float32 tensors of the given shapes; return its graph."""

    def trace(function, *shapes):
        specs = [tensorflow.TensorSpec(shape) for shape in shapes]
        return tensorflow.function(function, autograph=False).get_concrete_function(*specs).graph

    return trace


def backward(tensorflow, layer):
    """Return a function of (input, weights) to the gradients of both."""

    def gradients(value, kernel):
        with tensorflow.GradientTape() as tape:
            tape.watch([value, kernel])
            output = layer(value, kernel)
        return tape.gradient(output, [value, kernel], output_gradients=tensorflow.ones_like(output))

    return gradients


def test_a_dense_layer_costs_two_operations_a_weight_and_example_and_twice_that_backwards(tensorflow, traced):
    once = 2 * 32 * 20 * 12
    assert cost.graph_flops(traced(tensorflow.matmul, (32, 20), (20, 12))) == once
    graph = traced(backward(tensorflow, tensorflow.matmul), (32, 20), (20, 12))
    # The product itself is not needed for its gradients, so TensorFlow does not compute it.
    assert cost.graph_flops(graph) == 2 * once


def test_a_convolution_costs_its_kernel_at_every_output_pixel_and_twice_that_backwards(tensorflow, traced):
    def convolve(image, kernel):
        return tensorflow.nn.conv2d(image, kernel, strides=2, padding="SAME")

    shapes = (4, 16, 16, 3), (5, 5, 3, 8)
    once = 2 * (4 * 8 * 8 * 8) * (5 * 5 * 3)
    assert cost.graph_flops(traced(convolve, *shapes)) == once
    assert cost.graph_flops(traced(backward(tensorflow, convolve), *shapes)) == 2 * once


def test_a_transposed_convolution_costs_its_kernel_at_every_input_pixel(tensorflow, traced):
    def enlarge(image, kernel):
        return tensorflow.nn.conv2d_transpose(image, kernel, (4, 16, 16, 8), strides=2, padding="SAME")

    shapes = (4, 8, 8, 3), (5, 5, 8, 3)
    once = 2 * (4 * 8 * 8 * 3) * (5 * 5 * 8)
    assert cost.graph_flops(traced(enlarge, *shapes)) == once
    assert cost.graph_flops(traced(backward(tensorflow, enlarge), *shapes)) == 2 * once


def test_what_no_result_needs_costs_nothing(tensorflow, traced):
    def wasteful(left, right):
        tensorflow.matmul(right, right)
        return tensorflow.matmul(left, right)

    assert cost.graph_flops(traced(wasteful, (8, 8), (8, 8))) == 2 * 8**3


def test_a_change_of_a_variable_is_needed_though_nothing_returns_it(tensorflow, traced):
    kept = tensorflow.Variable(tensorflow.zeros((8, 8)))

    def store(left, right):
        kept.assign(tensorflow.matmul(left, right))

    assert cost.graph_flops(traced(store, (8, 8), (8, 8))) == 2 * 8**3


def test_a_conditional_costs_its_dearer_branch_and_a_called_function_what_is_in_it(tensorflow, traced):
    twice = tensorflow.function(lambda value: value @ value @ value, autograph=False)

    def choose(value):
        return tensorflow.cond(value[0, 0] > 0, lambda: twice(value), lambda: value @ value)

    # One comparison decides.
    assert cost.graph_flops(traced(choose, (8, 8))) == 2 * (2 * 8**3) + 1


def test_a_step_costs_what_its_networks_do_by_hand(make):
    """Two dense layers each: the discriminator's turn, then the generator's."""
    size, latent, pixels, units = 8, 8, 28 * 28, 16
    _, dataset, trainer = make(
        *tiny("gan"), f"network.discriminator.hidden=[{units}]", "network.discriminator.pieces=1"
    )
    generator = latent * units + units * pixels
    critic = pixels * units + units
    weights_of_both = 2 * critic
    # D's turn: fakes, two passes, gradients of its weights and of its hidden layer, for real and fake.
    first = generator + 2 * critic + weights_of_both + 2 * units
    # G's turn: both networks, back through the critic to the image, and the generator's own gradients.
    second = generator + critic + critic + generator + units * pixels
    products = 2 * size * (first + second)
    counted = cost.step_flops(trainer, dataset)
    assert products < counted < 1.35 * products  # the rest is elementwise, and much of so small a game


def test_a_turn_more_costs_more_and_counting_changes_no_weight(make):
    _, dataset, trainer = make(*tiny("dcgan"), "trainer.order=alternating")
    before = {name: value.numpy().tolist() for name, value in trainer.state.variables().items()}
    once = cost.step_flops(trainer, dataset)
    assert before == {name: value.numpy().tolist() for name, value in trainer.state.variables().items()}
    _, dataset, trainer = make(*tiny("dcgan"), "trainer.order=alternating", "trainer.turns.discriminator=2")
    assert 1.2 * once < cost.step_flops(trainer, dataset) < 2 * once


def test_a_lazy_penalty_counts_as_if_it_were_charged_in_every_step(make):
    counts = []
    for every in (1, 4):
        _, dataset, trainer = make(*tiny("dcgan"), "penalty=r1", f"penalty.r1.every={every}")
        counts.append(cost.step_flops(trainer, dataset))
    _, dataset, trainer = make(*tiny("dcgan"))
    assert cost.step_flops(trainer, dataset) < 0.9 * counts[0]
    assert counts[1] == pytest.approx(counts[0], rel=0.02)


def test_memory_is_estimated_from_every_variable_and_grows_with_the_batch(make):
    _, _, trainer = make(*tiny("dcgan"), "average=ema")
    small, large = (cost.memory_estimate(trainer, size) for size in (8, 16))
    networks = [*trainer.game.players["generator"], *trainer.game.players["discriminator"]]
    assert small["parameters"] >= 4 * sum(network.count_params() for network in networks)
    # Adam keeps two numbers a weight.
    trained = sum(weight.value.shape.num_elements() for n in networks for weight in n.trainable_weights)
    assert 8 * trained <= small["optimizer"] < 8 * trained + 100
    assert 0 < small["averages"] < small["parameters"]
    assert large["activations"] == 2 * small["activations"] > 0
    assert large["parameters"] == small["parameters"]


def test_the_peak_of_memory_can_be_forgotten(tensorflow):
    held = bytearray(200 << 20)
    assert cost.peak_memory() > 200 << 20
    high = cost.peak_memory()
    del held
    if cost.forget_peak():
        assert cost.peak_memory() < high


def test_matrix_products_run_at_a_rate_that_a_machine_can_have(tensorflow):
    assert 1e8 < cost.matrix_rate("float32", repeats=1) < 1e17


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (2048, "2 KiB"), (1.5 * 2**20, "1.5 MiB"), (2**34, "16 GiB")],
)
def test_bytes_are_told_in_three_digits(count, text):
    assert cost.in_bytes(count) == text
