"""Kills trainings at random instants, resumes them, and compares their ends with runs that were left alone.

python docs/kills.py FOLDER [kills=1000] [seed=0]      # started again, it goes on

Every kind of state has its run: optimizers, averages, schedules, remedies with memories, augmentations that
adapt, two adversaries, pools of pictures, growing networks, controllers, evaluations with a best checkpoint,
precisions. Each life of a disturbed run is a process of its own, ended by SIGKILL after a random time, over
and over until the run is finished; then every tensor, every log line but its times, and every sample grid
must be those of the run that was left alone.
"""

import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

STEPS = 48
EVERY = [f"trainer.steps={STEPS}", "trainer.save_every=4", "trainer.log_every=3", "trainer.sample_every=8"]
SMALL = [*EVERY, "trainer.batch_size=8", "trainer.samples=4", "trainer.threads=1"]
NARROW = ["network.generator.filters=[8,8,4]", "network.discriminator.filters=[4,8]"]
TIMES = ("seconds", "images_per_second", "memory")
PLAYERS = ("generator", "discriminator")


def both(word: str) -> list[str]:
    """Return a key of both players' networks."""
    return [f"network.{player}.{word}" for player in PLAYERS]


KINDS = {
    "points": ["dataset=ring", "model=points", "average=ema", "schedule=cosine", "metric=[modes]"],
    "plain": ["model=dcgan", *NARROW, "dataset.holdout=50", "average=ema", "average.statistics=reestimated"],
    "adaptive": ["model=dcgan", *NARROW, "augment=[adaptive]", "penalty=[r1,lecam]", "penalty.lecam.start=5"],
    "memories": ["model=dcgan", *NARROW, "remedy=[replay,pool]", "penalty=[historical_averaging]"],
    "ahead": ["model=unrolled", *both("hidden=[16]"), "remedy.unrolled.steps=2"],
    "critic": ["model=wgan_gp", "network.generator.filters=[8,8,4]", "network.discriminator.filters=[4,8,8]"],
    "spectral": ["model=sngan", "network.generator.filters=[8]", "network.discriminator.filters=[4,8]"],
    "labels": ["model=acgan", *NARROW, "network.discriminator.strides=[2,2]", "trainer.accumulate=2"],
    "best": ["model=cgan", *NARROW, "metric=[kid]", "evaluation.samples=60", "trainer.evaluate_every=12"],
    "codes": ["model=infogan", *both("dense=16"), "network.generator.filters=[8,4]", NARROW[1]],
    "controller": ["model=began", *both("filters=4"), "loss.rate=0.1"],
    "domains": ["model=cogan", *NARROW, "dataset.of=digits", "network.discriminator.dense=8"],
    "many": ["model=madgan", *NARROW, "trainer.precision=bfloat16"],
    "growing": ["model=progan", *both("filters=64"), *both("most=8"), "model.images=96", "model.fading=96"],
}


def run(folder: Path, name: str) -> None:
    """Train or go on with a kind's run, in this process."""
    os.chdir(folder)
    sink = os.open("out.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    from ganctl import cli

    os._exit(cli.main(["train", *KINDS[name], *SMALL, f"name={name}"]))


def facts(path: Path) -> dict[str, str]:
    """Return what must not depend on kills: digests of tensors, log lines and pictures by name."""
    from ganctl.files import tensors

    found = {}
    for file in sorted((path / "checkpoints").glob("*.safetensors")):
        for key, value in tensors.read(file)[1].items():
            found[f"{file.name}/{key}"] = hashlib.sha256(value.tobytes()).hexdigest()
    for number, line in enumerate((path / "metrics.jsonl").read_text().splitlines()):
        kept = {key: value for key, value in json.loads(line).items() if not key.startswith(TIMES)}
        found[f"line {number}"] = json.dumps(kept, sort_keys=True)
    for file in sorted((path / "samples").glob("*.png")):
        found[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def life(context, folder: Path, name: str, limit: float | None) -> bool:
    """Live until the run is finished or `limit` seconds are over; return whether it was killed."""
    process = context.Process(target=run, args=(folder, name))
    process.start()
    process.join(limit)
    if process.exitcode is None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        return True
    if process.exitcode:
        raise SystemExit(f"{name} ended with {process.exitcode}: see {folder}/out.txt")
    return False


def main(folder: Path, kills: int, seed: int) -> None:
    """Kill until there were so many kills; say what differs."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras", "hydra", "ganctl.cli"])
    folder.mkdir(parents=True, exist_ok=True)
    state = folder / "kills.json"
    done = json.loads(state.read_text()) if state.exists() else {"kills": 0, "runs": 0, "different": []}
    lengths: dict[str, float] = {}
    while done["kills"] < kills:
        chance = random.Random(f"{seed} {done['runs']}")
        name = list(KINDS)[done["runs"] % len(KINDS)]
        alone, torn = folder / "alone", folder / "torn"
        alone.mkdir(exist_ok=True)
        if name not in lengths:
            shutil.rmtree(alone / "outputs" / name, ignore_errors=True)
            started = time.perf_counter()
            life(context, alone, name, None)
            lengths[name] = time.perf_counter() - started
        shutil.rmtree(torn, ignore_errors=True)
        torn.mkdir()
        count = 0
        while life(context, torn, name, chance.uniform(0.02, 1.0) * lengths[name]):
            count += 1
        expected, found = facts(alone / "outputs" / name), facts(torn / "outputs" / name)
        differs = sorted(key for key in expected | found if expected.get(key) != found.get(key))
        done["kills"], done["runs"] = done["kills"] + count, done["runs"] + 1
        if differs:
            done["different"].append([name, done["runs"], differs[:5]])
        state.write_text(json.dumps(done))
        print(
            f"{name:12} {count:3} kills, {len(differs)} of {len(expected)} differ; "
            f"{done['kills']} kills in {done['runs']} runs, {len(done['different'])} of them different",
            flush=True,
        )


if __name__ == "__main__":
    given = dict(word.split("=") for word in sys.argv[2:])
    main(Path(sys.argv[1]).resolve(), int(given.get("kills", 1000)), int(given.get("seed", 0)))
