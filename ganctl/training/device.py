"""TensorFlow, made ready: quiet, deterministic, and on the devices that were asked for."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from ganctl.error import UsageError
from ganctl.run.console import waiting
from ganctl.training.settings import Settings


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the lines that TensorFlow's C++ parts print when they are loaded."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Let packages look as if they were not installed, to what does without them then."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: Python's own way to say so
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def wake():
    """Import TensorFlow without its chatter; return (tensorflow, GPUs, which take memory as needed)."""
    # Keras takes scikit-learn for its wrappers and pyplot for its galleries, both unused here, if it finds
    # them: a fifth of a command's start.
    loading = nullcontext() if "tensorflow" in sys.modules else waiting("loading TensorFlow")
    with loading, quiet(), hidden("sklearn", "matplotlib"):
        import keras
        import tensorflow as tf

        # What ~/.keras/keras.json says is the user's for other programs: it would change every run, unsaid.
        keras.config.set_image_data_format("channels_last")
        keras.config.set_floatx("float32")
        keras.config.set_epsilon(1e-7)
        gpus = tf.config.list_physical_devices("GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    return tf, gpus


def prepare(settings: Settings, *, points: bool = False):
    """Import and set up TensorFlow; return the strategy that splits batches, None for one device.

    Args:
        settings: devices, threads, precision and determinism.
        points: whether the data are points, whose networks are small.

    Raises:
        UsageError: for more devices than there are, or float16 on several.
    """
    tf, gpus = wake()
    if settings.threads != "auto" or points:
        # Measured on 2 cores: a 3x128 perceptron takes 2.5 ms a step so, 4.0 with two an operation.
        threads = 1 if settings.threads == "auto" else int(settings.threads)
        with suppress(RuntimeError):  # TensorFlow is at work already, in a process with several runs
            tf.config.threading.set_intra_op_parallelism_threads(threads)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    if settings.devices == 1:
        return None
    if settings.precision == "float16":
        raise UsageError(
            "trainer.precision=float16 works on one device only; type trainer.precision=bfloat16."
        )
    return _mirrored(tf, settings.devices, gpus)


def _mirrored(tf, count: int, gpus: list):
    if gpus and len(gpus) < count:
        raise UsageError(f"trainer.devices: expected at most {len(gpus)} (the GPUs here), got {count}.")
    if not gpus:
        cpu = tf.config.list_physical_devices("CPU")[0]
        wanted = [tf.config.LogicalDeviceConfiguration()] * count
        if len(tf.config.get_logical_device_configuration(cpu) or []) != count:
            tf.config.set_logical_device_configuration(cpu, wanted)
    names = [f"{'GPU' if gpus else 'CPU'}:{index}" for index in range(count)]
    return tf.distribute.MirroredStrategy(names)


def on_gpu() -> bool:
    """Return whether TensorFlow computes on a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def emulates(precision: str) -> bool:
    """Return whether a CPU computes in this precision without instructions for it (measured: 15x slower)."""
    if precision not in ("bfloat16", "float16") or on_gpu():
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    wanted = (
        ("avx512_bf16", "amx_bf16", " bf16")
        if precision == "bfloat16"
        else ("avx512_fp16", "amx_fp16", "asimdhp")
    )
    return not any(flag in flags for flag in wanted)


def describe() -> str:
    """Return the devices in words, such as "CPU, 2 cores" or "NVIDIA H200"."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
    return ", ".join(names) or f"CPU, {os.cpu_count()} cores"
