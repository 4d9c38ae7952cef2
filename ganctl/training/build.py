"""From config to objects: dataset, settings, game, optimizers, trainer."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ganctl.config.make import builders, make
from ganctl.error import UsageError, suggest
from ganctl.game.field import Fields
from ganctl.metric.goal import GOALS, better, first
from ganctl.training import device
from ganctl.training.settings import Settings

PRECISIONS = {
    "auto": "float32",
    "float32": "float32",
    "bfloat16": "mixed_bfloat16",
    "float16": "mixed_float16",
}


def dataset(config: Mapping[str, Any]) -> Any:
    """Load the data set; TensorFlow is not needed for it.

    Raises:
        UsageError: when it cannot be loaded, or is none that a chosen metric can measure.
    """
    data = make(config["dataset"])
    measure = evaluation(config)
    if measure:
        measure.check(data)
    return data


def evaluation(config: Mapping[str, Any]) -> Any:
    """Return what measures samples, None where no metric was chosen; TensorFlow is not needed for it.

    Raises:
        UsageError: for a setting outside its range, or a best checkpoint by a number that nothing measures.
    """
    metrics = _parts(config, "metric")
    best_by(config)
    if not metrics:
        return None
    nodes = {
        name: {k: v for k, v in node.items() if k != "_target_"} for name, node in config["metric"].items()
    }
    rules = config.get("evaluation") or {"_target_": "ganctl.metric.evaluation.Evaluation"}
    extractor = config.get("extractor") or {"_target_": "ganctl.extractor.auto.Auto"}
    return make(rules, metrics=metrics, extractor=make(extractor), load=partial(_split, config), plain=nodes)


def best_by(config: Mapping[str, Any]) -> str | None:
    """Return the number, such as "fid/fid", by which the best checkpoint is kept; None for none.

    Raises:
        UsageError: for one that no chosen metric gives.
    """
    wanted, chosen = config["trainer"].get("best", "auto"), list(config.get("metric") or {})
    if wanted in (None, "none") or (wanted == "auto" and not chosen):
        return None
    name = first(chosen[0]) if wanted == "auto" else str(wanted) if "/" in str(wanted) else first(str(wanted))
    if name.partition("/")[0] not in chosen or not better(name):
        known = [f"{metric}/{number}" for metric in chosen for number in GOALS.get(metric, {})]
        hint = suggest(str(wanted), [*chosen, *known])
        metrics = ",".join(chosen)
        raise UsageError(
            f"trainer.best: expected auto, none, or a number of metric=[{metrics}], got '{wanted}'.{hint}"
        )
    return name


def _split(config: Mapping[str, Any], split: str) -> Any:
    """Return another split of the data, whole and not augmented; None where there is none."""
    node = dict(config["dataset"])
    if node.get("split") not in ("train", "test"):
        return None
    plain = {"limit": None, "holdout": 0, "crop": 0, "rotate": 0.0, "flip": False}
    try:
        return make(node | {name: value for name, value in plain.items() if name in node} | {"split": split})
    except UsageError:
        return None


def settings(config: Mapping[str, Any]) -> Settings:
    """Check and return the trainer's settings; the seed is checked with them.

    Raises:
        UsageError: for a value outside its range.
    """
    seed = config.get("seed")
    if type(seed) is not int or not 0 <= seed < 2**31:
        raise UsageError(f"seed: expected a whole number from 0 to 2147483647, got '{seed}'.")
    return make(config["trainer"])


def to_draw(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run's config to draw from: on one device, measuring nothing on the way."""
    return {**config, "metric": {}, "trainer": config["trainer"] | {"devices": 1, "best": "none"}}


def game(config: Mapping[str, Any], fields: Fields) -> Any:
    """Build the networks and the game, in TensorFlow made ready.

    Args:
        config: resolved, plain data.
        fields: what an example of the data has.

    Raises:
        UsageError: when parts do not fit each other or the data.
    """
    return make(
        config["model"],
        network=builders(config["network"]),
        fields=dict(fields),
        loss=make(config["loss"]),
        penalties=_parts(config, "penalty"),
        augmentations=_parts(config, "augment"),
        remedies=_parts(config, "remedy"),
    )


def sampler(config: Mapping[str, Any], fields: Fields) -> tuple[Any, Any]:
    """Build what draws from a run, and its state, to be restored: no optimizer, one device.

    Args, errors: as for `trainer`.
    """
    chosen = settings(config)
    device.prepare(replace(chosen, devices=1), points=is_point(fields))
    import tensorflow as tf

    from ganctl.training.sampler import Sampler
    from ganctl.training.state import State
    from ganctl.training.timeline import Timeline

    _anew(config)
    played, average = game(config, fields), _average(config)
    if average:
        average.start(played)
    step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
    timeline = Timeline(played.phases, batch_size=chosen.batch_size, batches=chosen.batches_per_step)
    rules = {"seed": config["seed"], "step": step, "timeline": timeline, "block": _block(fields, played)}
    return Sampler(played, average, **rules), State(played, average, {}, step)


def trainer(config: Mapping[str, Any], fields: Fields) -> Any:
    """Build the networks, the game, the optimizers and their trainer.

    Args:
        config: resolved, plain data.
        fields: what an example of the data has.

    Raises:
        UsageError: when parts do not fit each other or the data.
    """
    chosen, measure = settings(config), evaluation(config)
    strategy = device.prepare(chosen, points=is_point(fields))
    import tensorflow as tf

    from ganctl.training.trainer import Trainer

    _anew(config)
    with strategy.scope() if strategy else tf.device(None):
        played, average = game(config, fields), _average(config)
        for player, count in (config.get("freeze") or {}).items():
            played.freeze(player, count)
        if measure:
            measure.check_labels("label" in played.conditions(0))
        unknown = [name for name, n in chosen.turns.items() if n != 1 and name not in played.players]
        if unknown:
            raise UsageError(
                f"trainer.turns.{unknown[0]}: there is no such player; expected {', '.join(played.players)}."
            )
        optimizers = {
            player: _optimizer(config, player, chosen, _pace(played, player, chosen))
            for player in played.players
        }
        if average:
            average.start(played)
        return Trainer(
            played,
            optimizers,
            chosen,
            average=average,
            seed=config["seed"],
            strategy=strategy,
            jit=device.on_gpu() if chosen.jit == "auto" else bool(chosen.jit),
            evaluation=measure,
            block=_block(fields, played),
        )


def _anew(config: Mapping[str, Any]) -> None:
    """Let names, seeds and precision begin as in a process of its own; not within a strategy's scope."""
    import keras

    keras.backend.clear_session(free_memory=False)  # a sweep over all objects takes a while
    keras.utils.set_random_seed(config["seed"])
    keras.config.set_dtype_policy(PRECISIONS[settings(config).precision])


def is_point(fields: Fields) -> bool:
    """Return whether what is learnt are points, whose networks are small."""
    return fields["image"].kind == "point"


def _block(fields: Fields, played: Any) -> int:
    """Return how many samples are drawn at a time; points are small."""
    return 4096 if is_point(fields) else played.block


def _average(config: Mapping[str, Any]) -> Any:
    return make(config["average"]) if config.get("average") else None


def _parts(config: Mapping[str, Any], group: str) -> dict[str, Any]:
    """Return by name what was chosen from a group of which any number may be chosen."""
    return {name: make(node) for name, node in (config.get(group) or {}).items()}


def _pace(played: Any, player: str, chosen: Settings) -> float:
    """Return a player's own turns for each move of its optimizer, lazy ones included."""
    turns = [turn for turn in played.turns(chosen.turns) if turn.player == player]
    own = sum(not turn.loss for turn in turns)
    return own / sum(1 / turn.every for turn in turns) if own else 1.0


def _optimizer(config: Mapping[str, Any], player: str, chosen: Settings, pace: float) -> Any:
    import keras

    if player not in config["optimizer"]:
        raise UsageError(
            f"optimizer: expected one for the player '{player}'; type +optimizer@optimizer.{player}=adam."
        )
    node = dict(config["optimizer"][player])
    schedule = (config.get("schedule") or {}).get(player)
    rate = node.pop("learning_rate", None)
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 <= rate < math.inf:
        name = f"optimizer.{player}.learning_rate"
        raise UsageError(f"{name}: expected a number of at least 0, got '{rate}'.")
    rate = float(rate)  # Keras does not take a whole number
    if schedule:
        rate = make(schedule, initial_learning_rate=rate)
    if schedule and pace != 1.0:
        from ganctl.training.schedule import Paced

        rate = Paced(rate, pace)
    optimizer = make(node, learning_rate=rate)
    return keras.optimizers.LossScaleOptimizer(optimizer) if chosen.precision == "float16" else optimizer
