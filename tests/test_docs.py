"""The documentation's examples run as they stand, and its links lead somewhere."""

import os
import re
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


NETWORKS = {
    "second_head": ["network.generator.filters=[8,8,4]", "network.discriminator.filters=[4,8]"],
    "two_domains": [
        "network.generator.filters=4",
        "network.generator.blocks=1",
        "network.discriminator.filters=4",
        "network.discriminator.layers=1",
    ],
}


def test_the_worked_examples_of_a_family_train_and_sample(ganctl, tmp_path):
    text = (ROOT / "docs" / "adding-a-family.md").read_text()
    blocks = re.findall(r"^`([\w/]+\.(?:py|yaml))`[^\n]*\n\n```\w+\n(.*?)```", text, re.M | re.S)
    assert len(blocks) == 4
    for path, block in blocks:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(block)
    for folder, count in (("trainA", 3), ("trainB", 4)):
        (tmp_path / "data" / folder).mkdir(parents=True)
        for index in range(count):
            pixels = np.random.default_rng(index).integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / folder / f"{index}.png")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    short = ["trainer.steps=2", "trainer.batch_size=2", "trainer.samples=2"]
    unpaired = ["dataset.path=data", "dataset.size=16"]
    for name, words in NETWORKS.items():
        data = unpaired if name == "two_domains" else []
        ganctl(
            "train",
            "--config-dir",
            "myconfigs",
            f"model={name}",
            *words,
            *short,
            *data,
            f"name={name}",
            env=env,
        )
    refused = ganctl("resume", "second_head", "trainer.steps=6", check=False, env=env)
    assert refused.returncode == 2 and "second_head." in refused.stderr and "--trust" in refused.stderr
    ganctl("sample", "second_head", "label=7", "n=3", "out=sevens/", "--trust", env=env)
    assert len(list((tmp_path / "sevens" / "7").glob("*.png"))) == 3
    ganctl("sample", "two_domains", "make=input", "image=data/trainB", "out=back/", "--trust", env=env)
    assert sorted(path.name for path in (tmp_path / "back").iterdir()) == [f"{n}.png" for n in range(4)]


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
        for target in re.findall(r"\]\(([^)#]+)\)", re.sub(r"(?ms)^```.*?^```$", "", text.read_text())):
            if not target.startswith("http"):
                assert (text.parent / target).exists(), f"{text.name} -> {target}"


def test_tests_that_the_documentation_names_are_there():
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    known = {name for source in sources for name in re.findall(r"^def (test_\w+)", source, re.M)}
    named = {name for text in TEXTS for name in re.findall(r"`(test_\w+)`", text.read_text())}
    assert len(named) > 50 and not named - known


def test_the_tree_of_the_house_is_as_it_stands(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import house

    assert house.PAGE.read_text() == house.page(), "type: python docs/house.py"
    assert not {room for room in house.ORDER if not (ROOT / "ganctl" / room).is_dir()}


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 130
