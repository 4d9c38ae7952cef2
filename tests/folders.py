"""Run folders as finished trainings leave them, written by hand."""

import copy
import functools
import io
import json

import yaml
from PIL import Image

from ganctl.config.compose import compose

VERSIONS = {"ganctl": "0.1.0", "tensorflow": "2.21.0"}
PROTOCOL = {
    "reference": "mnist test",
    "fingerprint": "5e1f",
    "real": 10000,
    "samples": 2000,
    "extractor": "mnist",
    "extractor_sha256": "ab12",
    "resize": "none 28",
    "seed": 0,
    "averaged": True,
    "versions": VERSIONS,
    "settings": {"fid": {}, "kid": {"subsets": 100, "size": 1000}},
}
FIDS = {"fid/fid": [(500, 30.0), (1000, 12.5), (1500, 14.0)]}


@functools.cache
def _composed(words):
    found = compose(list(words))
    return found.plain(), found.chosen


@functools.cache
def _text(words):
    """Return the config as YAML, and what was chosen; single keys are set in it, for Hydra takes its time."""
    config, chosen = _composed(tuple(word for word in words if "." not in word))
    chosen = chosen.later([word for word in words if "." in word], config)
    config = copy.deepcopy(config)
    for key, _, value in (word.partition("=") for word in words if "." in word):
        *path, last = key.split(".")
        functools.reduce(dict.__getitem__, path, config)[last] = yaml.safe_load(value)
    rest = {key: value for key, value in config.items() if key not in ("seed", "name")}
    return yaml.safe_dump(rest, sort_keys=False), chosen.facts()


def written(outputs, name, *words, numbers=FIDS, protocol=PROTOCOL, seed=0, results=(), **record):
    """Write a run folder as a finished training with metrics leaves it; return its path."""
    path = outputs / name
    path.mkdir(parents=True)
    text, chosen = _text(words)
    (path / "config.yaml").write_text(f"seed: {seed}\nname: {json.dumps(name)}\n{text}")
    steps: dict = {50: {"discriminator/adversarial": 0.7, "generator/adversarial": 0.9}}
    for key, points in numbers.items():
        for step, value in points:
            steps.setdefault(step, {})[key] = value
    lines = [{"step": step, "seconds": step / 10, **steps[step]} for step in sorted(steps)]
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = {"protocol": {**protocol, "seed": seed}} if protocol else {}
    data = {"data": {"name": "digits", "fingerprint": "d1"}}
    (path / "run.json").write_text(json.dumps({"status": "finished"} | told | data | chosen | record))
    if results:
        evaluated(path, *results)
    return path


def result(value, *, checkpoint="last", step=1500, made="2026-11-21T18:40:00+0000", **changes):
    """Return a result of evaluation.json; changes are of its protocol."""
    return {
        "checkpoint": checkpoint,
        "step": step,
        "values": {"fid/fid": value},
        "protocol": PROTOCOL | {"samples": 10000} | changes,
        "seconds": 31.0,
        "made": made,
        "pictures": [],
    }


def evaluated(path, *results):
    (path / "evaluation.json").write_text(json.dumps({"version": 1, "results": list(results)}))


def typed(run, *words, n=2000):
    """Return what measures a run by PROTOCOL, but for `words`."""
    usual = f"n={n} evaluation.real=10000 evaluation.reference=test extractor=mnist"
    return " ".join([f"ganctl evaluate outputs/{run} 'metric=[fid]' {usual}", *words])


def png(value=128, size=(24, 24)):
    buffer = io.BytesIO()
    Image.new("L", size, value).save(buffer, format="PNG")
    return buffer.getvalue()


def sampled(path, steps, **options):
    """Write sample grids into a run folder."""
    (path / "samples").mkdir(exist_ok=True)
    for place, step in enumerate(steps):
        (path / f"samples/step-{step:06d}.png").write_bytes(png(place % 256, **options))


def log(path, lines):
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
