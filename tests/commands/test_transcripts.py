"""What commands print, word for word; run as a script with --write, it writes down what they do."""

import contextlib
import difflib
import io
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a script, too

from builders import tiny

from ganctl import cli
from ganctl.run import console

FOLDER = Path(__file__).parents[1] / "transcripts"
SCRIPTS = FOLDER / "commands.txt"  # "== NAME", then the commands of the transcript of that name
TRAINED = ("training", "tables", "dry_run")  # these need the one tiny run
LITERAL = ("help", "list", "completion")  # nothing in these is of a machine
TINY = shlex.join([*tiny("gan"), "trainer.steps=4", "trainer.log_every=2", "trainer.jit=false"])
CONTEXTS = (  # numbers that every processor agrees on: counts and steps, not what was computed
    r"(?<!\d at )steps? \d+(?: to \d+| of \d+|/\d+)?",
    r"(?<=last \()\d+",
    r"(?:samples|real|most|seed|none) \d+\b",
    r"[\d,]+ (?:samples|images(?!/s)|features|log lines|examples)\b",
    r"\b\d+x\d+(?:x\d+)?\b",
    r"\bfinished +\d+/\d+",
    r"[a-z]{2}[\w-]*\d+",  # a name
    r"[a-z_.]+=[\w\[\],.]+",  # a key and its value
)


def scripts() -> dict[str, list[str]]:
    """Return the commands of every transcript."""
    found: dict[str, list[str]] = {}
    for line in SCRIPTS.read_text().splitlines():
        if line.startswith("== "):
            found[line[3:]] = []
        elif line:
            found[list(found)[-1]].append(line)
    return found


@contextlib.contextmanager
def place(folder: Path):
    """An empty folder to work in, a console of 80 columns, a cache of its own."""
    before, widths = os.getcwd(), [(each, each.width) for each in (console.console, console.errors)]
    changed = {"XDG_CACHE_HOME": str(folder / "cache"), "COLUMNS": "80", "HYDRA_FULL_ERROR": ""}
    kept = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    (folder / "work").mkdir()
    os.chdir(folder / "work")
    for each, _ in widths:
        each.width = 80
    try:
        yield folder / "work"
    finally:
        os.chdir(before)
        for each, width in widths:
            each.width = width
        for name, value in kept.items():
            os.environ.pop(name)
            os.environ.update({name: value} if value is not None else {})


def transcript(commands: list[str], *clean) -> str:
    """Return what the commands answer, each with its exit code; `clean` are applied to every line in turn."""
    return "\n".join(answer(line, *clean) for line in commands)


def answer(line: str, *clean) -> str:
    """Return one command with its answer: "! " stands before lines of the error stream."""
    out, err = io.StringIO(), io.StringIO()
    words = shlex.split(line.replace("TINY", TINY))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(words)
    # What an estimate of memory is folded into depends on its digits.
    text = re.sub(r"(?m)^( memory .*?) *\n +(.*)$", r"\1 \2", out.getvalue())
    lines = [*text.splitlines(), *(f"! {each}" for each in err.getvalue().splitlines())]
    for function in clean:
        lines = [function(each) for each in lines]
    return "\n".join([f"$ ganctl {line}", *(each.rstrip() for each in lines), f"[exit code {code}]", ""])


def plain(line: str) -> str:
    """Return a line without what differs between folders, machines and versions."""
    line = line.replace(os.getcwd(), "HERE")
    line = re.sub(r"\b\d+ (?:s|min|h|d) ago|just now", "AGO", line)
    line = re.sub(r"\b[\d.]+ (?:ms|s|min|h)\b|\d+:\d\d:\d\d", "TIME", line)
    line = re.sub(r"CPU, \d+ cores|NVIDIA [\w ]+", "DEVICE", line)
    line = re.sub(r"\d[\d.,]* (?:B|[kMGK]i?B)\b", "BYTES", line)
    line = re.sub(r"_target_: [\w.]+\.(\w+)", r"_target_: \1", line)  # the name, wherever its file lies
    return re.sub(r"\b(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b", "DIGEST", line)


def masked(line: str) -> str:
    """Return a line with # for every number that was computed in training; widths go with them."""
    if line.startswith("! "):
        return line  # complaints hold what was typed
    indent = line[: len(line) - len(line.lstrip())][:2]
    parts = re.split(f"({'|'.join(CONTEXTS)})", re.sub("[▁-█]+", "▁", line.strip()))
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"-?\b\d[\d.,]*(?:e[+-]?\d+)?\b|-?\b(?:nan|inf)\b", "#", parts[index])
    line = re.sub(r" +(?=[#▁])|(?<=[#▁]) +", " ", "".join(parts))
    return indent + re.sub(r" {2,}", "  ", line)


def neighbours(folder: Path) -> None:
    """Make other runs of the one that was trained, with numbers that put them in one order on any machine."""
    run = folder / "outputs" / "run"
    config, results = (run / "config.yaml").read_text(), json.loads((run / "evaluation.json").read_text())
    now, record = int(time.time()), json.loads((run / "run.json").read_text())
    chosen = [
        ("seed1", 1, "cross_entropy.NonSaturating", 20.0),
        ("seed2", 2, "cross_entropy.NonSaturating", 30.0),
        ("hinge", 0, "hinge.Hinge", 90.0),
    ]
    for age, (name, seed, loss, value) in enumerate(chosen, start=1):
        other = folder / "outputs" / name
        shutil.copytree(run, other)
        text = re.sub(r"(?m)^seed: 0", f"seed: {seed}", config).replace("cross_entropy.NonSaturating", loss)
        (other / "config.yaml").write_text(text)
        if name == "hinge":
            record["chosen"]["choices"]["loss"] = "hinge"
            record["chosen"]["instead"]["loss"] = "nonsaturating"
            (other / "run.json").write_text(json.dumps(record))
        result = results["results"][0]
        result["values"] = dict.fromkeys(result["values"], value)
        result["protocol"]["seed"] = seed
        (other / "evaluation.json").write_text(json.dumps(results))
        for file in other.iterdir():
            os.utime(file, (now - 100 * age, now - 100 * age))


def light(folder: Path) -> dict[str, str]:
    """Return the transcripts that need no training."""
    with place(folder):
        return {
            name: transcript(lines, *([] if name in LITERAL else [plain]))
            for name, lines in scripts().items()
            if name not in TRAINED
        }


def trained(folder: Path) -> dict[str, str]:
    """Return the transcripts around one tiny run."""
    every = scripts()
    with place(folder) as work:
        found = {"training": transcript(every["training"], plain, masked)}
        neighbours(work)
        tables = transcript(every["tables"], plain, masked)
        return found | {"tables": tables, "dry_run": transcript(every["dry_run"], plain)}


def same(found: dict[str, str]) -> str:
    """Return how transcripts differ from the files, as a diff; empty when they do not."""
    lines: list[str] = []
    for name, text in found.items():
        file = FOLDER / f"{name}.txt"
        before = file.read_text() if file.is_file() else ""
        lines += difflib.unified_diff(before.splitlines(), text.splitlines(), file.name, "now", lineterm="")
    return "\n".join(lines)


@pytest.mark.parametrize("part", [light, trained], ids=["without-training", "with-a-run"])
def test_every_command_answers_word_for_word_as_written_down(part, tmp_path):
    difference = same(part(tmp_path))
    assert not difference, f"{difference}\nIf it is meant: python tests/commands/test_transcripts.py --write"


def test_no_transcript_is_left_that_nothing_makes_and_every_command_is_in_one():
    every = scripts()
    assert {file.stem for file in FOLDER.glob("*.txt")} == {*every, SCRIPTS.stem}
    shown = {line.split()[0] for lines in every.values() for line in lines}
    assert shown >= set(cli.COMMANDS)


def test_a_changed_word_is_a_difference_and_a_trained_number_is_none():
    line = "fid/fid    1283.5  lower, step 4 of 4"
    others = [line.replace("   1283.5", number) for number in ("99", "-7e-05", "nan", "1,284")]
    assert {masked(each) for each in (line, *others)} == {"fid/fid # lower, step 4 of 4"}
    assert masked(line.replace("step 4", "step 5")) != masked(line)
    assert same({"help": (FOLDER / "help.txt").read_text().replace("Train", "Trian", 1)})


def write() -> None:
    """Take what commands answer now for right."""
    for part in (light, trained):
        with tempfile.TemporaryDirectory(prefix="transcripts-") as folder:
            for name, text in part(Path(folder)).items():
                (FOLDER / f"{name}.txt").write_text(text)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        raise SystemExit("usage: python tests/commands/test_transcripts.py --write")
    write()
