"""The sicknesses, each one function: from a history to the step at which it began and its evidence, or None.

What a loss or a logit is worth depends on the loss, so hardly a rule looks at them. `told` does not (1: the
discriminator puts all reals above all fakes, 0.5: chance, 0: it is fooled), nor do ratios of a number to
what it was before, nor coverage, density and spread (1 for samples as varied and as near as the data).
Every game looks sick in its first steps, so a rule that asks for good samples waits for PATIENCE.
Each adversary's numbers are judged by themselves. Where a loss does not promise that reals score higher,
`told` is not logged, and the rules about who wins stand aside.
"""

import itertools
from collections.abc import Sequence

from ganctl.diagnosis.history import LAG, MOST_MODES, POINT, History, median, quantile

Evidence = tuple[int, str]  # the step at which it began, and the numbers in words

RECENT = LAG  # points that must agree: 400 steps, in which noise and passing crises average out
LONG = 24  # points in which there must be no progress: 1,200 steps
# Steps before poor samples are a sickness. The recipes here leave their first collapse after 800 to 1,300.
PATIENCE = 2000

SEPARATED = 0.985  # `told`, when hardly a fake in a batch is taken for real
CHANCE = 0.55  # `told`, when the discriminator sees no difference; a batch of 100 is exact to 0.04
FOOLED = 0.35  # `told`, when fakes are rather taken for real than reals are: never a balance
VANISHED = 100.0  # times smaller than it was: seen are factors of 10 in health, of 10,000 in vanishing
POOR = 0.1  # coverage of samples that miss nine tenths of the data; equal distributions reach 0.97
COVERED = 0.2  # coverage below which samples are hardly like the data: no recipe that ends well ends there
FAIR = 0.5  # coverage from which samples are not called bad
PROGRESS = 1.2  # times better in the younger half of LONG: it is getting somewhere
COUNTS = 4  # of modes, that must agree
NARROW = 0.3  # spread of samples with less than a third of the data's variety
WIDE = 0.8  # spread of samples as different as the data; a collapsed ring has 0.3 to 0.6
SOLVED = 0.01  # a bounded loss of the discriminator, which begins at 0.5 to 2, when nothing is left to learn
# No critic of slope one can tell pictures further apart than they are: 2 * sqrt(3 * 1024 ** 2) is 3,500.
ABSURD = 1e4
RUNAWAY = 100.0  # times larger than in the run's first points, and growing
TINY = 1e-7  # relative move of weights that float32 cannot hold
CIRCLES = 2 * LONG  # points of an oscillation: slow progress looks like one for a while
SWINGING = (
    "discriminator/coverage",
    "discriminator/real",
    "discriminator/fake",
    "generator/adversarial",
)
SWING = 4.0  # its best coverage over its worst, each a tenth of the time
TURNS = 6  # its ups and downs
WAVE = 0.4  # how far the generator's loss ranges, over its size: 0.5 to 1 in circles, 0.1 if they are damped
AHEAD = 2.0  # times better: averages then draw what no weights of the moment do
# Pairs of a training and a held-out real told apart: 0.5 by chance, exact to 0.04; in health 0.39 to 0.60.
KNOWN = 0.7


def discriminator_wins(history: History) -> Evidence | None:
    """The discriminator separates all, and the generator's gradient vanished or it gets nowhere."""
    told = history.last("discriminator/auc", RECENT)
    if not told or median(told) < SEPARATED or _level(history, "coverage", RECENT) > FAIR:
        return None
    separated = f"it tells real from fake in {median(told):.1%} of all pairs"
    slope = history.last("generator/gradient", RECENT)
    peak = history.peak("generator/gradient")
    if slope and median(slope) <= peak / VANISHED:
        vanished = f"the generator's gradient fell from {peak:.2g} to {median(slope):.2g}"
        return history.steps[-RECENT], f"{separated}; {vanished}"
    loss = history.last("discriminator/adversarial", 2 * RECENT)
    always = history.last("discriminator/auc", 2 * RECENT)
    poor = _level(history, "coverage", 2 * RECENT) <= POOR
    if always and poor and median(always) >= SEPARATED and median(list(map(abs, loss))) < SOLVED:
        solved = f"its loss is {median(loss):.2g}: nothing is left for it to learn"
        return history.steps[-2 * RECENT], f"{separated}; {solved}"
    return None


def generator_wins(history: History) -> Evidence | None:
    """Samples unlike the data are taken for real, or are no longer told from it."""
    told = history.last("discriminator/auc", RECENT)
    coverage = history.last("discriminator/coverage", RECENT)
    if not told or not coverage or median(coverage) > POOR:
        return None
    covered = f"samples cover {median(coverage):.0%} of the data"
    if quantile(told, 0.75) < FOOLED:
        return history.steps[-RECENT], (
            f"a fake looks more real to the discriminator than a real does in {1 - median(told):.0%} "
            f"of all pairs, and {covered}"
        )
    long = history.last("discriminator/auc", LONG)
    late = long and history.steps[-1] >= PATIENCE
    if late and quantile(long, 0.75) < CHANCE and not _improves(history, "coverage"):
        return history.steps[-LONG], (
            f"it tells real from fake in {median(long):.0%} of all pairs (chance is 50%), and {covered}"
        )
    return None


def mode_collapse(history: History) -> Evidence | None:
    """Modes are missing where they are counted; elsewhere variety or coverage is low and does not grow."""
    rules = (_missing_modes, _missing_at_the_end, _lost_variety, _narrow, _partial)
    return next((found for rule in rules if (found := rule(history))), None)


def _missing_modes(history: History) -> Evidence | None:
    """Return evidence when all newest counts miss a tenth of the modes or more, and get no better.

    Samples as different as the data that mostly lie beside the modes are blurred: a mode is then missed for
    want of precision, and another rule's.
    """
    now = history.steps[-1] if history.steps else 0
    inside = sum(step > now - LONG * POINT for step, *_ in history.scores[-COUNTS * LONG :])
    counts = history.scores[-max(COUNTS, inside) :]
    if len(counts) < COUNTS or counts[-1][0] < PATIENCE:
        return None
    captured, half, total = [count for _, count, *_ in counts], len(counts) // 2, counts[-1][2]
    if max(captured) > MOST_MODES * total or max(captured[half:]) > max(captured[:half]):
        return None
    spread = history.last("discriminator/spread", RECENT)
    if spread and median(spread) > WIDE and median([quality for *_, quality in counts]) < FAIR:
        return None
    seen = ", ".join(f"{count:.0f}" for count in captured[-COUNTS:])
    return counts[0][0], f"the last counts of modes are {seen} of {total:.0f}, and do not grow"


def _missing_at_the_end(history: History) -> Evidence | None:
    """Return evidence when the run is over, modes are missing, and more of them were not on their way.

    Before the end samples may lie around the modes for thousands of steps before they draw them. A single
    count may catch a moment, so the one before has to agree.
    """
    if not history.ended or not history.lacks or len(history) < RECENT:
        return None
    counts = [count for _, count, *_ in history.scores]
    if len(counts) > 1 and counts[-2] > MOST_MODES * history.lacks[1]:
        return None
    if counts[-1] == max(counts) > min(counts) and _level(history, "coverage", RECENT) >= COVERED:
        return None
    captured, total = history.lacks
    before = ", ".join(f"{count:.0f}" for count in counts[-COUNTS:-1])
    told = f" (before: {before})" if before else ""
    return history.scores[-1][0], f"the run ended with {captured:.0f} of {total:.0f} modes{told}"


def _lost_variety(history: History) -> Evidence | None:
    """Return evidence when spread fell far below what it was."""
    spread, peak = history.last("discriminator/spread", RECENT), history.peak("discriminator/spread")
    if not spread or quantile(spread, 0.75) > min(NARROW, peak / 2):
        return None
    if peak < 2 * NARROW:  # it never had variety: a start, which is another rule's
        return None
    return history.steps[-RECENT], (
        f"samples differ {median(spread):.2f} times as much as real ones, and once did {peak:.2f} times"
    )


def _narrow(history: History) -> Evidence | None:
    """Return evidence when spread has been low for long and nothing grows."""
    spread = history.last("discriminator/spread", LONG)
    late = spread and history.steps[-1] >= PATIENCE
    if not late or quantile(spread, 0.75) > NARROW:
        return None
    if _improves(history, "spread") or _improves(history, "coverage"):
        return None
    return history.steps[-LONG], (
        f"samples differ {median(spread):.2f} times as much as real ones, and not more with time"
    )


def _partial(history: History) -> Evidence | None:
    """Return evidence when samples are like the data (dense) but cover little of it."""
    coverage, density = (history.last(f"discriminator/{name}", LONG) for name in ("coverage", "density"))
    if not coverage or not density or history.steps[-1] < PATIENCE:
        return None
    share, dense = median(coverage), median(density)
    if dense < FAIR or share > 0.4 * min(1.0, dense) or _improves(history, "coverage"):
        return None
    return history.steps[-LONG], (
        f"samples are like real ones (density {dense:.2f}) but cover {share:.0%} of the data, "
        "and not more with time"
    )


def oscillation(history: History) -> Evidence | None:
    """Samples reach the data and leave it again, over and over, and the generator's loss swings with them."""
    coverage, real, fake, loss = (history.last(name, CIRCLES) for name in SWINGING)
    if not coverage or not loss or not real or not fake or _improves(history, "coverage", CIRCLES):
        return None
    low, high, turns = quantile(coverage, 0.1), quantile(coverage, 0.9), _turns(coverage)
    if high < POOR or low > high / SWING or turns < TURNS or _turns(loss) < TURNS:
        return None
    # Where the loss is a logit, its zero means nothing, and the players' distance is its scale.
    scale = max(abs(median(loss)), abs(median(real) - median(fake)))
    least, most = quantile(loss, 0.1), quantile(loss, 0.9)
    if most - least < WAVE * scale:
        return None
    return history.steps[-CIRCLES], (
        f"within {history.steps[-1] - history.steps[-CIRCLES]} steps, samples went {turns} times between "
        f"covering {low:.0%} and {high:.0%} of the data, and the generator's loss between "
        f"{least:.2g} and {most:.2g}{_hindsight(history)}"
    )


def _hindsight(history: History) -> str:
    """Return what the averaged weights cover, where that is far more than what the last ones do."""
    names = ("average/coverage", "average/coverage_of_last")
    averaged, last = (history.last(name, RECENT) for name in names)
    if not averaged or not last or median(averaged) < AHEAD * median(last):
        return ""
    return f"; averaged weights cover {median(averaged):.0%}, the last ones {median(last):.0%}"


def divergence(history: History) -> Evidence | None:
    """Logits are further apart than any critic can mean, or a loss grows a hundredfold and goes on."""
    real, fake = (history.last(f"discriminator/{name}", RECENT // 2) for name in ("real", "fake"))
    apart = [abs(one - other) for one, other in zip(real, fake, strict=False)]
    if apart and min(apart) > ABSURD:
        return history.steps[-len(apart)], f"the mean logits of real and fake are {median(apart):.2g} apart"
    for player in history.players:
        name = f"{player}/adversarial"
        first, now = (
            [abs(each) for each in points(name, RECENT)] for points in (history.first, history.last)
        )
        if len(history) < 3 * RECENT or not first or not now:
            continue
        start, half = max(1.0, median(first)), RECENT // 2
        if min(now) > RUNAWAY * start and min(now[half:]) > max(now[:half]):
            return history.steps[-RECENT], (
                f"the {player}'s loss grew from {start:.2g} to {median(now[half:]):.2g}, and still grows"
            )
    return None


def stalled(history: History) -> Evidence | None:
    """A player's weights stand still while samples are bad, in one adversary's eyes at least."""
    seen = [history.of(name).last("discriminator/coverage", RECENT) for name in history.adversaries]
    coverage = min((median(each) for each in seen if each), default=0.0)
    if coverage > FAIR:
        return None
    first = ("generator", "discriminator")
    for player in (*first, *(name for name in history.players if name not in first)):
        slope = history.last(f"{player}/gradient", RECENT)
        if player not in first and not (slope and min(slope) > 0.0):  # its turn may come in other steps
            continue
        moves = history.last(f"{player}/update", RECENT)
        if moves and max(moves) < TINY:
            return history.steps[-RECENT], (
                f"the {player}'s weights moved by {max(moves):.1g} of their size in a step, "
                f"and samples cover {coverage:.0%} of the data"
            )
    return None


def memorizing(history: History) -> Evidence | None:
    """Training images are told from real ones that the discriminator never saw."""
    known = history.last("discriminator/recognized", RECENT)
    if not known or quantile(known, 0.25) < KNOWN:
        return None
    return history.steps[-RECENT], (
        f"a training image looks more real to it than a held-out one in {median(known):.0%} of all pairs "
        "(chance is 50%)"
    )


def _turns(values: Sequence[float]) -> int:
    """Return how often a series went from its low third to its high one or back."""
    low, high = quantile(values, 0.1), quantile(values, 0.9)
    near = 0.3 * (high - low)
    clear = [each > high - near for each in values if each > high - near or each < low + near]
    return sum(before != after for before, after in itertools.pairwise(clear))


def _level(history: History, name: str, count: int) -> float:
    """Return the median of a signal's last points; 0 where it is not known."""
    found = history.last(f"discriminator/{name}", count)
    return median(found) if found else 0.0


def _improves(history: History, name: str, count: int = LONG) -> bool:
    """Return whether a signal is better in the younger half of its last points than in the older."""
    older = history.last(f"discriminator/{name}", count // 2, skip=count // 2)
    younger = history.last(f"discriminator/{name}", count // 2)
    return bool(older and younger and sum(younger) > PROGRESS * sum(older) + 0.01 * len(older))
