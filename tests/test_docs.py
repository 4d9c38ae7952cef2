"""The documentation's examples run as they stand, and its links lead somewhere."""

import os
import re
from pathlib import Path

from builders import SMALL

ROOT = Path(__file__).parents[1]
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_worked_example_of_a_family_trains(ganctl, tmp_path):
    text = (ROOT / "docs" / "adding-a-family.md").read_text()
    for path, block in re.findall(r"^`([\w/]+\.(?:py|yaml))`[^\n]*\n\n```\w+\n(.*?)```", text, re.M | re.S):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(block)
    tiny = ["network.generator.filters=[8,8,4]", "network.discriminator.filters=[4,8]", *SMALL]
    words = [
        "train",
        "--config-dir",
        "myconfigs",
        "model=wgan_example",
        *tiny,
        "trainer.steps=4",
        "name=example",
    ]
    ganctl(*words, env=os.environ | {"PYTHONPATH": str(tmp_path)})
    from ganctl.run import checkpoint

    _, tensors, _ = checkpoint.newest(tmp_path / "outputs" / "example" / "checkpoints")
    critic = [tensor for name, tensor in tensors.items() if name.startswith("network/discriminator")]
    assert all(abs(tensor).max() <= 0.01 for tensor in critic if tensor.dtype == "float32")
    updates = next(
        tensor for name, tensor in tensors.items() if name.startswith("optimizer/discriminator/000")
    )
    assert int(updates) == 20
    refused = ganctl("resume", "example", "trainer.steps=6", check=False)
    assert refused.returncode == 2 and "wgan." in refused.stderr and "--trust" in refused.stderr


def test_every_recipe_of_the_results_sees_as_many_images(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import results

    from ganctl.config.compose import compose
    from ganctl.training import build

    for recipe in results.RECIPES:
        settings = build.settings(compose(results.words("mnist", recipe, 0, Path("data"))).plain())
        assert 0 <= settings.steps * settings.images_per_step - results.IMAGES < settings.images_per_step, (
            recipe
        )


def test_links_to_files_lead_somewhere():
    for text in TEXTS:
        for target in re.findall(r"\]\(([^)#]+)\)", text.read_text()):
            if not target.startswith("http"):
                assert (text.parent / target).exists(), f"{text.name} -> {target}"


def test_the_tree_of_the_house_is_as_it_stands(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import house

    assert house.PAGE.read_text() == house.page(), "type: python docs/house.py"
    assert not {room for room in house.ORDER if not (ROOT / "ganctl" / room).is_dir()}


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 130
