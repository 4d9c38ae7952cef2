"""Complete commands, runs, groups, choices and keys in your shell.

usage: ganctl completion [bash|zsh|fish]

  ganctl completion                  the line that turns it on in your shell
  ganctl completion >> ~/.bashrc     keep it (zsh: ~/.zshrc,
                                     fish: ~/.config/fish/config.fish)
  ganctl completion zsh              the script behind that line

Then try:  ganctl train data<TAB>   ganctl train trainer.<TAB>
"""

import importlib
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ganctl import commands
from ganctl.commands import COMMANDS
from ganctl.config.choices import choices, defaults, describe, groups
from ganctl.config.keys import at, keys_of
from ganctl.error import UsageError, suggest

BASH = r"""_ganctl() {
    local line=${COMP_LINE:0:COMP_POINT} candidate
    local word=${line##*[[:space:]]}
    # readline replaces only what follows the last of its word breaks, such as =
    local kept=${word%"${word##*[$COMP_WORDBREAKS]}"}
    COMPREPLY=()
    while IFS= read -r candidate; do
        candidate=${candidate%%$'\t'*}
        [[ $candidate == *[=./] ]] || candidate+=' '
        COMPREPLY+=("${candidate#"$kept"}")
    done < <("$1" completion --words "$line" 2>/dev/null)
}
complete -o nospace -F _ganctl ganctl"""

ZSH = r"""(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_ganctl() {
    local typed="${(j: :)words[1,CURRENT-1]} $PREFIX" line candidate text
    local -a open open_shown whole whole_shown
    for line in "${(@f)$(${(Q)words[1]} completion --words $typed 2>/dev/null)}"; do
        candidate=${line%%$'\t'*} text=${line#*$'\t'}
        text="$candidate${text:+  -- $text}"
        text=${text[1,COLUMNS-1]}
        if [[ $candidate == *[=./] ]]; then
            open+=("$candidate") open_shown+=("$text")
        elif [[ -n $candidate ]]; then
            whole+=("$candidate") whole_shown+=("$text")
        fi
    done
    compadd -l -S '' -d open_shown -a open
    compadd -l -d whole_shown -a whole
}
compdef _ganctl ganctl"""

FISH = "complete -c ganctl -f -a '(ganctl completion --words (commandline -cp | string collect) 2>/dev/null)'"

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
STARTUP = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/config.fish"}

Candidates = Iterable[tuple[str, str]]  # (what the word becomes, a line about it)


def run(words: list[str]) -> int:
    """Print the line for this user's shell, a shell's script, or (for the scripts) candidates."""
    if words[:1] == ["--words"]:
        for candidate, text in complete(" ".join(words[1:])):
            print(f"{candidate}\t{text}")
        return 0
    if words and words[0] not in SCRIPTS:
        hint = suggest(words[0], SCRIPTS) or " Type: ganctl completion bash"
        raise UsageError(f"Expected bash, zsh or fish, got '{words[0]}'.{hint}")
    if words:
        print(SCRIPTS[words[0]])
        return 0
    shell = Path(os.environ.get("SHELL", "")).name
    if shell not in SCRIPTS:
        raise UsageError(
            f"Expected $SHELL to be bash, zsh or fish, got '{shell}'; type: ganctl completion bash"
        )
    print(_line(shell))
    if sys.stdout.isatty():
        print(f"\nPaste that line, or keep it: ganctl completion >> {STARTUP[shell]}", file=sys.stderr)
    return 0


def complete(line: str) -> list[tuple[str, str]]:
    """Return the candidates for the last word of a command line that ends at the cursor.

    A command's usage, in its help text, says what its words may be.
    """
    words = line.split() + [""] * (not line or line[-1].isspace())
    if len(words) <= 2:
        return _beginning(words[-1], _commands())
    command, before, word = words[1], words[2:-1], words[-1]
    text = _help(command)
    folder = _config_dir(before)
    option, sign, begun = word.rpartition("=")
    if "--config-dir" in (option, *before[-1:]):
        found: Candidates = _paths(option + sign, begun)
    elif word.startswith("-"):
        found = [(option, "") for option in re.findall(r"(?<![\w-])--?[a-z][\w-]*", f"{text} --help")]
    else:
        found = _positional(text, [each for each in before if not each.startswith("-")], word, folder)
    return _beginning(word, found)


def _positional(
    text: str, before: Sequence[str], word: str, config_dir: Path | None
) -> Iterator[tuple[str, str]]:
    """Yield what the usage in a help text allows after the words before."""
    usage = text.partition("usage:")[2].partition("\n\n")[0]
    if " RUN" in usage and not before:
        yield from _runs(word)
    elif "[key=value" in usage and "group=choice" not in usage:
        from ganctl.config.lives import RESUMABLE

        yield from ((f"{key}=", "") for key in RESUMABLE)
    if "group=choice" in usage:
        yield from _overrides(before, word, config_dir)
    if "[GROUP" in usage:
        yield from ((group, _purpose(group)) for group in groups(config_dir))
    if "[FOLDER" in usage:
        yield from _paths("", word)
    for alternatives in re.findall(r"\[(\w+(?:\|\w+)+)\]", usage):
        yield from ((each, "") for each in alternatives.split("|"))
    for key, value in re.findall(r"\[(\w+)=([^\s\]]+)\]", usage):
        if not word.startswith(f"{key}="):
            yield f"{key}=", value
        elif key in groups(config_dir) and value != "true":
            yield from _values({}, key, word.partition("=")[2], config_dir, set())
        elif value == "PATH":
            yield from _paths(f"{key}=", word.partition("=")[2])
        elif value in ("true", "false") or "|" in value:
            known = "true|false" if value in ("true", "false") else value
            yield from ((f"{key}={each}", "") for each in known.split("|") if each.islower())


def _overrides(before: Sequence[str], word: str, config_dir: Path | None) -> Iterator[tuple[str, str]]:
    """Yield group=, group=choice, key. and key= for a train command."""
    key, sign, value = word.partition("=")
    tree = keys_of(before, config_dir)
    per_player = {entry.partition("@")[0] for entry in defaults() if "@" in entry}
    *path, _ = key.split(".")
    if sign:
        yield from _values(tree, key, value, config_dir, per_player)
        return
    node = at(tree, path)
    known = groups(config_dir) if not path else node if path[0] in per_player and len(path) == 1 else ()
    for name in known or ():
        # Of group= and group. the rarer one waits until the name is complete, so that one TAB completes it.
        if word in ("", name) or path or len(choices(name, config_dir)) > 1 or name not in tree:
            yield ".".join([*path, f"{name}="]), _purpose(name)
    for name, child in node.items() if isinstance(node, dict) else ():
        opened = isinstance(child, dict)
        hidden = name in known and not path and word not in ("", name) and len(choices(name, config_dir)) > 1
        if child != {} and not name.startswith("_") and not hidden:
            yield ".".join([*path, name]) + ("." if opened else "="), ""


def _values(
    tree: Any, key: str, value: str, config_dir: Path | None, per_player: set[str]
) -> Iterator[tuple[str, str]]:
    head, _, player = key.partition(".")
    group = head if player and head in per_player and "." not in player else key
    # After a comma or a bracket another choice begins: loss=a,b sweeps, penalty=[a,b] takes both.
    begun = value[: max(value.rfind(","), value.rfind("[")) + 1]
    end = "]" if "[" in begun else ""
    for choice in choices(group, config_dir) if group else ():
        yield f"{key}={begun}{choice}{end}", describe(group, choice, config_dir)
    leaf = at(tree, key.split("."))
    if isinstance(leaf, bool):
        yield from ((f"{key}={each}", "") for each in ("true", "false"))
    if key.endswith(".path") or key == "outputs":
        yield from _paths(f"{key}=", value)


def _beginning(word: str, found: Candidates) -> list[tuple[str, str]]:
    return sorted({each: text for each, text in found if each.startswith(word)}.items())


def _commands() -> list[tuple[str, str]]:
    told = dict(re.findall(r"^  ([\w-]+) {2,}([^:\n]*)", commands.__doc__ or "", re.MULTILINE))
    options = [(option, "") for option in ("--help", "--version")]
    return [*((command, told.get(command, "")) for command in COMMANDS), *options]


def _help(command: str) -> str:
    if command not in COMMANDS:
        return ""
    return importlib.import_module(f"ganctl.commands.{command.replace('-', '_')}").__doc__ or ""


def _config_dir(words: Sequence[str]) -> Path | None:
    """Return the folder that --config-dir names, in one word or in two."""
    found = re.search(r"--config-dir[= ](\S+)", " ".join(words))
    return Path(found[1]) if found and Path(found[1]).is_dir() else None


def _purpose(group: str) -> str:
    from ganctl.config.groups import PURPOSES

    return PURPOSES.get(group, "")


def _runs(word: str) -> Iterator[tuple[str, str]]:
    outputs = Path("outputs")
    names = [file.parent.relative_to(outputs).as_posix() for file in outputs.rglob("run.json")]
    yield from ((name, "") for name in (["latest", *names] if names else []))
    if not any(name.startswith(word) for name in names):
        yield from _paths("", word)


def _paths(prefix: str, begun: str) -> Iterator[tuple[str, str]]:
    """Yield the files and folders whose path begins so; names that a shell would split are left out."""
    folder, name = os.path.split(begun)
    try:
        entries = sorted(os.scandir(os.path.expanduser(folder) or "."), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        hidden = entry.name.startswith(".") and not name.startswith(".")
        if not hidden and shlex.quote(entry.name) == entry.name:
            yield prefix + os.path.join(folder, entry.name) + ("/" if entry.is_dir() else ""), ""


def _line(shell: str) -> str:
    """Return the line that turns completion on; it says nothing when ganctl is gone."""
    beside = Path(sys.executable).with_name("ganctl")
    program = shlex.quote(str(beside)) if beside.is_file() else "ganctl"
    if shell == "fish":
        return f"{program} completion fish 2>/dev/null | source"
    return f'eval "$({program} completion {shell} 2>/dev/null)"'
