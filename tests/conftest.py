"""What the tests share: the command as a process, and real data where it lies beside."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders import DATA, built

from ganctl.training import device

LONG = ("test_combinations", "test_resume")  # files whose tests take seconds each


def pytest_configure(config):
    """Give each worker its own cores, and so every command that it starts.

    TensorFlow in a process of its own has a thread for every core it may use, and threads that wait spin.
    Measured on 2 cores: the suite takes 14:12 so, 15:07 without.
    """
    number, count = os.environ.get("PYTEST_XDIST_WORKER"), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    if number and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[int(number.removeprefix("gw")) % len(cores) :: count])


def pytest_collection_modifyitems(items):
    """Begin with the long tests: two workers that share them at the end would wait for one another."""
    items.sort(key=lambda item: item.path.stem not in LONG)


@pytest.fixture(scope="session", autouse=True)
def tensorflow():
    """TensorFlow on two logical CPU devices, so that one process can test one device and several."""
    with device.quiet():
        import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    # Two workers on two cores: more threads each would only wait for one another.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return tf


@pytest.fixture
def make():
    """Compose a config from overrides and build (config, dataset, trainer) from it."""
    return built


@pytest.fixture
def ganctl(tmp_path):
    """Run the command as a user would, in an empty folder; return the finished process."""

    def call(*words: str, check: bool = True, timeout: float = 240, **options) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [sys.executable, "-m", "ganctl", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **options,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    return call


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """The folder of runs in an empty folder, where the test is."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}; set GANCTL_DATA to a folder that holds it")
    return DATA
