"""Measure a small game's step in ganctl and in eager PyTorch, by turns in one run.

    python docs/against_pytorch.py                        # PyTorch in the same environment
    python docs/against_pytorch.py --torch other/bin/python    # or in another one

Both play the non-saturating game on the ring: perceptrons of three layers of 128, batch 256, Adam.
Each side is a process that plays 200 steps when it is told to; the sides take turns, 12 times.
"""

import statistics
import subprocess
import sys
import time

STEPS, ROUNDS = 200, 12

PYTORCH = """
import math, sys, time, torch
threads = int(sys.argv[1])
if threads:
    torch.set_num_threads(threads)

def perceptron(inputs, outputs):
    layers = []
    for _ in range(3):
        layers += [torch.nn.Linear(inputs, 128), torch.nn.LeakyReLU(0.2)]
        inputs = 128
    return torch.nn.Sequential(*layers, torch.nn.Linear(inputs, outputs))

G, D = perceptron(2, 2), perceptron(2, 1)
adam = lambda network: torch.optim.Adam(network.parameters(), 1e-3, (0.0, 0.99))
of_G, of_D, softplus = adam(G), adam(D), torch.nn.functional.softplus
angles = torch.arange(8) * math.pi / 4
modes = 2 * torch.stack([angles.cos(), angles.sin()], 1)

def step():
    real = modes[torch.randint(8, (256,))] + 0.02 * torch.randn(256, 2)
    fake = G(torch.randn(256, 2)).detach()
    loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
    of_D.zero_grad()
    loss.backward()
    of_D.step()
    loss = softplus(-D(G(torch.randn(256, 2)))).mean()
    of_G.zero_grad()
    loss.backward()
    of_G.step()

def play(steps):
    for _ in range(steps):
        step()
"""

GANCTL = """
import sys, time
from ganctl import build
from ganctl.compose import compose
words = ["dataset=ring", "model=points", "network.generator.negative_slope=0.2", "trainer.batch_size=256"]
config = compose(words).plain()
dataset = build.dataset(config)
trainer = build.trainer(config, shape=dataset.shape)
batches = trainer._stream(dataset)

def play(steps):
    trainer.train(batches, steps).numpy()
"""

LOOP = """
play(50)
for line in sys.stdin:
    start = time.perf_counter()
    play(int(line))
    print("took", time.perf_counter() - start, flush=True)
"""


class Side:
    """A process that plays steps when it is told to."""

    def __init__(self, name: str, *command: str) -> None:
        self.name, self.times = name, []
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def play(self) -> float:
        """Return the milliseconds of a step, as a mean over STEPS of them."""
        self.process.stdin.write(f"{STEPS}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("took"):
                return float(line.split()[1]) / STEPS * 1000
        raise SystemExit(f"{self.name} ended: can its Python import what it needs?")


def main() -> None:
    torch = sys.argv[sys.argv.index("--torch") + 1] if "--torch" in sys.argv else sys.executable
    sides = [
        Side("ganctl", sys.executable, "-c", GANCTL + LOOP),
        Side("PyTorch, as it comes", torch, "-c", PYTORCH + LOOP, "0"),
        Side("PyTorch, one thread", torch, "-c", PYTORCH + LOOP, "1"),
    ]
    for side in sides:  # everything is compiled and warm before it counts
        side.play()
    time.sleep(1)
    for _ in range(ROUNDS):
        for side in sides:
            side.times.append(side.play())
    own = sides[0].times
    for side in sides:
        ratios = [a / b for a, b in zip(own, side.times, strict=True)]
        print(
            f"{side.name:22} {statistics.median(side.times):6.2f} ms/step   "
            f"ganctl takes {statistics.median(ratios):.2f} of it ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
