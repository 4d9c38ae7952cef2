"""`ganctl help WORD` explains every key, every choice, and what other tools call the same."""

import pytest
from omegaconf import OmegaConf

from ganctl import cli
from ganctl.commands import COMMANDS
from ganctl.config import manual, synonyms
from ganctl.config.choices import choices, groups
from ganctl.config.compose import compose
from ganctl.error import UsageError
from ganctl.files.plain import leaves


@pytest.mark.parametrize("model", ["dcgan", "sngan", "cyclegan", "progan", "points"])
def test_every_key_of_a_composed_config_is_explained(model):
    config = compose([f"model={model}", "penalty=[r1]", "remedy=[pool]", "metric=[fid]"]).config
    for key, _ in leaves(OmegaConf.to_container(config)):
        if "_target_" not in key and "_partial_" not in key:
            assert key.split(".")[-1] in manual.explain(key)


def test_every_choice_and_group_is_explained():
    for group in groups():
        assert group in manual.explain(group)
        for choice in choices(group):
            assert manual.explain(f"{group}={choice}").startswith(f"{group}={choice}\n")
            assert choice in manual.explain(choice) or choice in groups()


def test_words_of_other_tools_lead_to_what_is_there(capsys):
    for word, key in synonyms.KEYS.items():
        assert key in manual.explain(word)
    assert set(synonyms.COMMANDS.values()) <= set(COMMANDS)
    assert not set(synonyms.COMMANDS) & set(COMMANDS)
    for words, told in (
        (["predict"], "Did you mean 'sample'?"),
        (["train", "--steps", "100"], "Did you mean trainer.steps=...?"),
        (["train", "data=mnist"], "Did you mean 'dataset'?"),
        (["train", "n_critic=5"], "Did you mean 'trainer.turns.discriminator'?"),
        (["help", "dcgn"], "Did you mean 'dcgan'?"),
    ):
        assert cli.main(words) == 2
        assert told in capsys.readouterr().err


def test_help_of_a_command_is_its_help(capsys):
    assert cli.main(["help", "train"]) == 0
    first = capsys.readouterr().out
    assert cli.main(["train", "--help"]) == 0
    assert capsys.readouterr().out == first


def test_a_comment_is_told_with_every_value_it_has():
    text = manual.explain("trainer.steps")
    assert "rounds of all players' turns" in text and "trainer=default" in text and "3000" in text
    assert "ganctl.penalty.slope.R1" in manual.explain("r1")
    assert "step size" in manual.explain("optimizer.generator.learning_rate")
    with pytest.raises(UsageError, match="there is no command, group, choice or key"):
        manual.explain("zzzzqqq")
