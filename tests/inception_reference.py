"""What the Inception network is compared with: weights and pictures by formula, another program's numbers.

    python tests/inception_reference.py

writes data/inception.json and data/torch/, in an environment with torch, torch-fidelity, clean-fid and
Pillow; the tests need none of the first three.
"""

import json
import sys
import zlib
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"
SHOWN = 20  # numbers of each vector that are written down


def uniform(name: str, count: int) -> np.ndarray:
    """Return numbers in [0, 1) that a name stands for: bits that NumPy promises never to change."""
    return (np.random.PCG64(zlib.crc32(name.encode())).random_raw(count) >> np.uint64(11)) * 2.0**-53


def weight(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return what the weight of this PyTorch name is here, such that no layer's output grows much."""
    number = uniform(name, int(np.prod(shape))).reshape(shape)
    if name.endswith((".conv.weight", "fc.weight")):
        number = (2 * number - 1) * np.sqrt((6 if len(shape) == 4 else 3) / np.prod(shape[1:]))
    elif name.endswith((".bn.weight", "running_var")):
        number = number + 0.5
    else:
        number = 0.4 * (number - 0.5)
    return number.astype(np.float32)


def pictures() -> np.ndarray:
    """Return two pictures (2, 40, 56, 3), uint8: waves and noise, no two sides or channels alike."""
    noise = uniform("pictures", 2 * 40 * 56 * 3).reshape(2, 40, 56, 3)
    picture, row, column, channel = np.indices(noise.shape)
    waves = np.sin(row / 5 + picture) * np.cos(column / (7 + channel)) + channel / 4
    return np.clip(127.5 + 70 * waves + 60 * (noise - 0.5), 0, 255).round().astype(np.uint8)


def large() -> np.ndarray:
    """Return a picture (400, 500, 3), uint8, that has to shrink: noise and hard edges."""
    noise = uniform("large", 400 * 500 * 3).reshape(400, 500, 3)
    row, column, channel = np.indices(noise.shape)
    return np.where((row // 40 + column // (30 + channel)) % 2 == 0, 255 * (noise > 0.1), 40 * noise).astype(
        np.uint8
    )


def summary(layer: np.ndarray) -> dict[str, float | list[int]]:
    """Return the shape (height, width, channels) of one picture's layer, and numbers that it is told by.

    The third differs when rows and columns, or channels, change places.
    """
    row, column, channel = np.indices(layer.shape)
    exact = np.asarray(layer, np.float64)
    probe = (exact * np.cos(0.11 * row + 0.37 * column + 1.3 * channel)).mean()
    found = {"mean": exact.mean(), "rms": np.sqrt((exact**2).mean()), "probe": probe}
    return {"shape": list(layer.shape)} | {name: float(f"{value:.8g}") for name, value in found.items()}


def vector(values: np.ndarray) -> dict:
    """Return the first numbers of one picture's vector, and its length."""
    exact = np.asarray(values, np.float64)
    found = summary(values.reshape(1, 1, -1))
    return found | {
        "norm": float(f"{np.linalg.norm(exact):.8g}"),
        "first": [float(f"{x:.8g}") for x in exact[:SHOWN]],
    }


def lines(found: dict) -> str:
    """Return JSON with a line an entry."""
    parts = []
    for name, value in found.items():
        if isinstance(value, dict):
            rows = [f"  {json.dumps(key)}: {json.dumps(each)}" for key, each in value.items()]
            parts.append(f'"{name}": {{\n' + ",\n".join(rows) + "\n }")
        elif isinstance(value, list):
            parts.append(f'"{name}": [\n' + ",\n".join(f"  {json.dumps(each)}" for each in value) + "\n ]")
        else:
            parts.append(f'"{name}": {json.dumps(value)}')
    return "{\n " + ",\n ".join(parts) + "\n}\n"


def record() -> None:
    """Write down what torch-fidelity's own network says of the pictures, with the weights of the formula."""
    from importlib.metadata import version

    import torch
    from cleanfid.resize import build_resizer
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Unweighted(FeatureExtractorInceptionV3):
        def load_state_dict(self, *_):  # what was downloaded, or not
            return None

    torch.hub.load_state_dict_from_url = lambda *_, **__: {}
    module = sys.modules[FeatureExtractorInceptionV3.__module__]
    module.load_state_dict_from_url = lambda *_, **__: {}
    network = Unweighted("reference", ["2048", "logits_unbiased", "logits"])
    state = network.state_dict()
    torch.nn.Module.load_state_dict(
        network,
        {
            name: tensor if tensor.ndim == 0 else torch.from_numpy(weight(name, tuple(tensor.shape)))
            for name, tensor in state.items()
        },
    )
    layers: dict[str, dict] = {}

    def listen(name: str):
        def hook(_, given, out):
            layers[name] = summary(out[0].permute(1, 2, 0).numpy())
            if name.endswith(".branch_pool"):
                layers[f"{name}_pool"] = summary(given[0][0].permute(1, 2, 0).numpy())

        return hook

    for name, part in network.named_modules():
        if type(part).__name__ in ("BasicConv2d", "MaxPool2d") or (
            name.startswith("Mixed") and "." not in name
        ):
            part.register_forward_hook(listen(name))
    with torch.no_grad():
        features, unbiased, logits = network(torch.from_numpy(pictures()).permute(0, 3, 1, 2))
    found = {
        "made_by": f"torch-fidelity {version('torch-fidelity')} on PyTorch {torch.__version__}, CPU, float32",
        "parameters": sum(part.numel() for part in network.parameters()),
        "shapes": {name: list(tensor.shape) for name, tensor in state.items() if "bn" not in name},
        "layers": layers,
        "features": [vector(each.numpy()) for each in features],
        "logits": [vector(each.numpy()) for each in unbiased],
        "biased": [vector(each.numpy()) for each in logits],
        "clean_made_by": f"clean-fid {version('clean-fid')} on Pillow {version('pillow')}",
        "clean": [summary(build_resizer("clean")(each)) for each in (*pictures(), large())],
    }
    (DATA / "inception.json").write_text(lines(found))
    small = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 2), torch.nn.BatchNorm2d(3))
    state = {
        name: tensor if tensor.ndim == 0 else torch.from_numpy(weight(name, tuple(tensor.shape)))
        for name, tensor in small.state_dict().items()
    }
    small.load_state_dict(state)
    saved = small.state_dict()
    saved["turned"] = torch.arange(6.0).reshape(2, 3).T
    saved["half"] = torch.arange(3, dtype=torch.float16) / 2
    (DATA / "torch").mkdir(exist_ok=True)
    torch.save(saved, DATA / "torch" / "zip.pth")
    torch.save(saved, DATA / "torch" / "legacy.pth", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    record()
