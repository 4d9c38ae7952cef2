"""`ganctl report`: one file that needs no other, shows what is in the folder, and trusts nothing of it."""

import base64
import hashlib
import io
import json
import re
import shlex
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
import yaml
from builders import python, tiny
from folders import PROTOCOL, VERSIONS, evaluated, log, png, result, sampled, typed, written
from logs import SICK, logged
from PIL import Image

from ganctl import cli
from ganctl.diagnosis.finding import Finding
from ganctl.report import album
from ganctl.report.page import visible

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'</style>{{script}}\u202e"
KNOWN = {
    *("html", "head", "meta", "link", "title", "style", "body", "main", "header", "footer", "nav", "section"),
    *(
        "article",
        "h1",
        "h2",
        "h3",
        "p",
        "a",
        "b",
        "div",
        "span",
        "small",
        "code",
        "pre",
        "ul",
        "li",
        "dl",
        "dt",
    ),
    *("dd", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "img", "button", "input"),
    *("output", "label", "details", "summary", "script", "wbr"),
}


class Page(HTMLParser):
    """What a page is made of: its elements with their attributes, its text, its scripts and its data."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.words, self.scripts, self.inside = [], [], [], ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.text = " ".join(" ".join(self.words).split())
        self.data = json.loads(self.scripts[0])

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        self.inside = name

    def handle_endtag(self, name):
        self.inside = ""

    def handle_data(self, text):
        if self.inside in ("script", "style"):
            self.scripts.append(text)
            if self.inside == "style":
                self.style = self.scripts.pop()
        else:
            self.words.append(text)

    def all(self, name, **wanted):
        """Return the attributes of all elements of a name that have these."""
        return [
            each
            for kind, each in self.elements
            if kind == name and all(each.get(key.rstrip("_")) == value for key, value in wanted.items())
        ]

    def check(self):
        """Check that the page is one file: nothing is fetched, and only its own script can run."""
        assert {name for name, _ in self.elements} <= KNOWN
        assert len(self.all("script")) == 2 and len(self.all("style")) == 1
        assert not [
            key for _, each in self.elements for key in each if key.startswith("on") or key == "style"
        ]
        for name, each in self.elements:
            assert name == "a" or "href" not in each or each["href"] == "data:,"
            assert each.get("src", "data:image/").startswith("data:image/")
            assert ":" not in each.get("href", "") or each["href"] == "data:,"
        licence = "/*! https://github.com/leeoniya/uPlot (v1.6.32) */"
        assert licence in self.scripts[1]
        own = self.scripts[1].replace(licence, "")
        assert not re.search(r"url\(|@import|https?://", self.style + own)
        (policy,) = [each["content"] for each in self.all("meta") if "http-equiv" in each]
        assert policy.startswith("default-src 'none'; img-src data:; ") and "unsafe" not in policy
        for text in (self.style, self.scripts[1]):
            assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
        return self


@pytest.fixture
def report(outputs, capsys):
    """Write a report; return its page, checked."""

    def call(name, *words):
        capsys.readouterr()
        assert cli.main(["report", name, *words]) == 0, capsys.readouterr().err
        return Page(outputs.parent / capsys.readouterr().out.strip()).check()

    return call


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run that training has written, with its numbers."""
    outputs = tmp_path_factory.mktemp("trained")
    words = [*tiny("points"), "dataset=ring", "metric=[modes]", "metric.modes.samples=50", "trainer.steps=4"]
    words += [
        "trainer.evaluate_every=2",
        "trainer.sample_every=2",
        "trainer.log_every=1",
        "trainer.save_every=0",
    ]
    assert cli.main(["train", *words, "seed=1", f"outputs={outputs}", "name=run"]) == 0
    return outputs / "run"


def test_what_training_writes_is_compared_and_reported(trained, outputs, report, capsys):
    for seed, name in ((1, "sweep/one"), (2, "sweep/two"), (1, "hinge")):
        shutil.copytree(trained, outputs / name)
        config = yaml.safe_load((trained / "config.yaml").read_text()) | {"seed": seed}
        if name == "hinge":
            config["loss"]["_target_"] = "ganctl.loss.hinge.Hinge"
        (outputs / name / "config.yaml").write_text(yaml.safe_dump(config))
        record = json.loads((trained / "run.json").read_text())
        record["protocol"]["seed"] = seed
        if name == "hinge":
            record["chosen"]["words"].append("loss=hinge")
            record["chosen"]["choices"]["loss"] = "hinge"
            record["chosen"]["instead"]["loss"] = "nonsaturating"
        (outputs / name / "run.json").write_text(json.dumps(record))
    assert cli.main(["compare", "sweep", "hinge", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["by"] == "modes/captured" and found["protocol"]["reference"]
    assert sorted((row["settings"]["loss"], row["n"]) for row in found["rows"]) == [
        ("hinge", 1),
        ("nonsaturating", 2),
    ]
    assert {run["last_step"] for row in found["rows"] for run in row["runs"]} == {4}
    page = report("hinge")
    assert [frame["step"] for frame in page.data["frames"]] == [0, 2, 4]
    titles = [chart["title"] for chart in page.data["charts"]]
    assert "losses" in titles and "modes: captured" in titles
    words = shlex.split(re.search(r"ganctl train .*?(?= \d+ of \d+ keys)", page.text)[0])
    chosen = {"model=points", "dataset=ring", "loss=hinge", "metric=[modes]", "seed=1", "trainer.steps=4"}
    assert chosen <= set(words) and not any(word.startswith(("name=", "network=")) for word in words)
    assert "finished" in page.text and "step 4 " in page.text
    board = report("sweep")
    assert "two" in board.text and "modes/captured" in board.text and "± " in board.text


def test_a_run_s_page_has_its_numbers_pictures_findings_and_config(outputs, report):
    path = written(
        outputs,
        "mnist",
        "model=lsgan",
        "trainer.batch_size=17",
        results=[result(8.25), result(7.5, checkpoint="best", step=1000)],
    )
    log(
        path,
        [
            line | ({"fid/fid": 20.0 - line["step"] / 1000} if line["step"] % 500 == 0 else {})
            for line in logged(6000, **SICK["mode collapse"])
        ],
    )
    sampled(path, range(0, 6001, 1000))
    page = report("mnist")
    assert page.all("input", id="slider")[0]["max"] == "6" and "step 6,000" in page.text
    assert [frame["step"] for frame in page.data["frames"]] == list(range(0, 6001, 1000))
    assert "8.25" in page.text and "7.5" in page.text and "mode collapse" in page.text
    assert "loss=relativistic penalty=[r1,r2]" in page.text
    assert "Protocol of best (step 1000, 2026-11-21); last (step 1500, 2026-11-21)" in page.text
    assert "17 default 64" in page.text and "extractor_sha256 ab12" in page.text
    fids = next(chart for chart in page.data["charts"] if chart["title"] == "fid")
    assert fids["curves"][0]["points"][0] == [500, 19.5] and fids["marks"][0]["name"] == "mode collapse"
    assert len(page.all("div", class_="key changed")) == len(re.findall(r"default \d", page.text)) == 1
    assert page.source.count("<h1>") == 1 and (path / "report.html").is_file()


def test_a_run_of_which_nothing_is_known_yet_has_a_page(outputs, report):
    path = written(outputs, "new", numbers={}, protocol=None)
    (path / "metrics.jsonl").unlink()
    (path / "run.json").unlink()
    page = report("new")
    assert "There is no sample grid." in page.text and "Nothing is logged yet." in page.text
    assert page.data == {"charts": [], "frames": []}


def tile(page, name):
    """Return (words, class) of a tile."""
    found = re.search(rf'<dt>{name}</dt><dd(?: class="([^"]*)")?>(.*?)</dd>', page.source)
    return re.sub(r"<small>(.*?)</small>", r" (\1)", found[2]), found[1]


def test_tiles_are_of_one_result_of_the_last_step_and_say_which(outputs, report):
    old = result(30.0, step=200, made="2026-11-20T10:00:00+0000", samples=50000)
    old["values"] |= {"kid/kid": 0.5, "precision_recall/precision": 0.25, "density_coverage/coverage": 0.125}
    new = result(49.5, step=250, made="2026-11-21T10:00:00+0000", samples=500)
    new["values"] |= {"precision_recall/precision": 0.75}
    best = result(20.0, checkpoint="best", step=200, made="2026-11-22T10:00:00+0000", extractor="inception")
    written(outputs, "run", numbers={"fid/fid": [(200, 60.0), (250, 70.0)]}, results=[old, new, best])
    page = report("run")
    assert tile(page, "fid")[0] == "49.5 (last, step 250, n=500)"
    assert tile(page, "precision")[0] == "0.75 (last, step 250, n=500)"
    assert tile(page, "kid")[0] == "0.5 (last, step 200, n=50,000)"
    # What would be the same head says in what it differs.
    found = re.findall(r'<th scope="col">(.*?)</th>', page.source.partition('id="evaluation"')[2])
    heads = [re.sub(r"(<small>|</small>)+", " ", each).strip() for each in found]
    assert heads[0] == "best step 200, 2026-11-22 n=10,000 extractor inception"
    assert heads[1:3] == [
        "last step 250, 2026-11-21 n=500 extractor mnist",
        "last step 200, 2026-11-20 n=50,000 extractor mnist",
    ]
    # The training's numbers of the last step come before an evaluation of an older one.
    written(outputs, "resumed", numbers={"fid/fid": [(200, 60.0), (250, 70.0)]}, results=[old])
    page = report("resumed")
    assert tile(page, "fid")[0] == "70 (training, step 250, n=2,000)"
    assert tile(page, "kid")[0] == "0.5 (last, step 200, n=50,000)"


def test_the_pictures_are_of_the_result_that_the_tiles_show_and_say_what_is_where(outputs, report):
    names = ["real-and-fake", "nearest", "classes", "interpolations"]
    made = result(8.0, step=250), result(9.0, checkpoint="best", step=200, made="2026-11-22T10:00:00+0000")
    data = {"name": "digits", "fingerprint": "d1", "classes": ["nought", "one"]}
    path = written(outputs, "run", numbers={}, data=data)
    for place, each in enumerate(made):
        folder = f"evaluation/{each['checkpoint']}-{each['step']}"
        each["pictures"] = [f"{folder}/{name}.png" for name in names]
        (path / folder).mkdir(parents=True)
        for name in each["pictures"]:
            (path / name).write_bytes(png(9, (30 + place, 30)))
    evaluated(path, *made)
    page = report("run")
    shown = [base64.b64decode(each["src"].partition(",")[2]) for each in page.all("img")]
    assert [Image.open(io.BytesIO(content)).size for content in shown] == [(30, 30)] * 4
    assert tile(page, "fid")[0].endswith("(last, step 250, n=10,000)")
    assert "real and fake (last, step 250): real images on the left, samples on the right" in page.text
    assert "nearest (last, step 250): a sample in the left column" in page.text
    assert "classes (last, step 250): a row for each class, from the top nought, one" in page.text
    # Where a newer result has written the same files, they are its pictures.
    made[0]["pictures"] = made[1]["pictures"]
    evaluated(path, *made)
    assert "real and fake (best, step 200): " in report("run").text


def test_a_run_that_cannot_be_judged_yet_is_not_called_healthy(outputs, report):
    for name, count in (("a", 7), ("b", 0)):
        log(written(outputs, f"young/{name}"), logged(50 * count)[:count])
    log(written(outputs, "both/old"), logged(400))
    log(written(outputs, "both/young"), logged(350))
    page = report("young/a")
    early = ("too early to judge (the log has 7 of 8 points of 50 steps)", "state ")
    assert tile(page, "diagnosis") == early
    assert "Not judged: anything, before 8 log lines" in page.text and "Nothing is wrong" not in page.text
    assert tile(report("young/b"), "diagnosis")[0].startswith("too early to judge (the log has 0 ")
    assert tile(report("young"), "diagnosis") == early
    page = report("both")
    reason = "1 healthy (1 too early to judge: the log has 7 of 8 points of 50 steps)"
    assert tile(page, "diagnosis") == (reason, "state ") and page.text.count("too early to judge") == 2
    assert tile(report("both/old"), "diagnosis") == ("healthy", "state finished")


def test_nothing_of_a_stranger_s_folder_becomes_html(outputs, report):
    lines = [{**line, f"fid/{EVIL}": 3.0, EVIL: 1.0, "fid/fid": 2.0} for line in logged(2000)]
    finding = Finding("non-finite", 19, 19, EVIL).facts()
    record = {key: EVIL for key in ("command", "device", "platform", "git", "error", "updated", "status")}
    record |= {"versions": {EVIL: EVIL}, "data": {"name": EVIL, "fingerprint": EVIL}}
    record |= {"findings": [finding], "rollbacks": [{"finding": EVIL, "from": EVIL, "to": EVIL}]}
    bad = result(1.0, made=EVIL, checkpoint=EVIL) | {"pictures": [f"{EVIL}.png", 3, None], "step": 5}
    bad["protocol"] = {"reference": EVIL, EVIL: {EVIL: EVIL}}
    bad["values"] |= {EVIL: 1.0}
    name = EVIL.replace("/", "")[:40]
    path = written(outputs, name, protocol=PROTOCOL | {EVIL: EVIL}, results=[bad], **record)
    log(path, lines)
    config = yaml.safe_load((path / "config.yaml").read_text())
    config |= {EVIL: EVIL, "loss": {"_target_": EVIL}, "penalty": {EVIL: {EVIL: [EVIL]}}}
    (path / "config.yaml").write_text(yaml.safe_dump(config))
    page = report(name)
    assert page.text.count("<script>alert(1)</script>") > 10 and "\u202e" not in page.source
    assert not page.all("img") and name[:20] in page.text
    shutil.copytree(path, outputs / "sweep" / "one")
    written(outputs, "sweep/two")
    assert "<script>" in report("sweep").text


def test_texts_are_cut_before_a_page_becomes_a_book():
    from ganctl.report.page import _templates

    template = _templates().from_string('<p title="{{ title }}">{{ text }}{{ nothing }}</p>')
    found = template.render(text="a" * 10_000, title="<&\"'>\u202e", nothing=None)
    assert found == f'<p title="&lt;&amp;&#34;&#39;&gt;\N{REPLACEMENT CHARACTER}">{"a" * 300}…</p>'
    assert visible(3) == "3" and visible(None) == ""


def test_only_pictures_inside_the_folder_are_shown(outputs, report, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(png(7, (40, 40)))
    names = ["evaluation/good.png", "../../secret.png", str(secret), "evaluation/link.png", "config.yaml"]
    names += ["evaluation/folder.png", "evaluation/absent.png", "evaluation/\0.png", "evaluation/fake.png", 5]
    path = written(outputs, "run", results=[result(8.0) | {"pictures": names}])
    (path / "evaluation/folder.png").mkdir(parents=True)
    (path / "evaluation/good.png").write_bytes(png(9, (30, 30)))
    (path / "evaluation/link.png").symlink_to(secret)
    (path / "evaluation/fake.png").write_bytes(b"GIF89a" + b"\0" * 100)
    sampled(path, [0, 10, 20])
    (path / "samples/step-000010.png").unlink()
    (path / "samples/step-000010.png").symlink_to(secret)
    (path / "samples/step-000030.png").write_bytes(png()[:45])
    page = report("run")
    assert [frame["step"] for frame in page.data["frames"]] == [0, 20]
    shown = [base64.b64decode(each["src"].partition(",")[2]) for each in page.all("img")]
    assert [Image.open(io.BytesIO(content)).size for content in shown] == [(24, 24), (30, 30)]
    assert "2 files are no PNG of this folder" in page.text and "9 pictures are no PNG" in page.text


@pytest.mark.parametrize("file", ["config.yaml", "run.json", "metrics.jsonl", "evaluation.json"])
def test_files_that_are_links_to_elsewhere_are_refused(outputs, tmp_path, capsys, file):
    path = written(outputs, "run", results=[result(8.0)])
    (path / file).rename(tmp_path / "elsewhere")
    (path / file).symlink_to(tmp_path / "elsewhere")
    assert cli.main(["report", "run"]) == 1
    error = capsys.readouterr().err
    assert f"{file} is a link that leads out of the run folder" in error and error.count("\n") == 1
    assert not (path / "report.html").exists()


def test_the_page_is_not_written_through_a_link(outputs, report, tmp_path, capsys):
    path = written(outputs, "run")
    (path / "report.html.tmp").symlink_to(tmp_path / "elsewhere")
    report("run")
    (path / "report.html").unlink()
    (path / "report.html").symlink_to(tmp_path / "elsewhere")
    assert cli.main(["report", "run"]) == 2
    error = capsys.readouterr().err
    assert "report.html is a link" in error and "rm " in error and error.count("\n") == 1
    assert not (tmp_path / "elsewhere").exists()


def test_many_grids_are_thinned_out_evenly_and_big_ones_shrink(outputs, report, monkeypatch):
    path = written(outputs, "run")
    sampled(path, range(0, 15000, 100), size=(4, 4))
    steps = [frame["step"] for frame in report("run").data["frames"]]
    assert len(steps) == album.GRIDS and steps[0] == 0 and steps[-1] == 14900
    assert max(np.diff(steps)) <= 300
    shutil.rmtree(path / "samples")
    sampled(path, range(6))
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    for file in (path / "samples").iterdir():
        Image.fromarray(noise).save(file)
    assert len(report("run").source) > 6 * noise.size
    monkeypatch.setattr(album, "BUDGET", 200_000)
    page = report("run")
    assert len(page.data["frames"]) == 6 and len(page.source) < 400_000


def test_a_sweep_s_page_has_its_leaderboard_with_thumbnails(outputs, report):
    for seed, best in enumerate((10.0, 14.0)):
        path = written(
            outputs,
            f"sweep/hinge,{seed}",
            "loss=hinge",
            seed=seed,
            numbers={"fid/fid": [(500, 40.0), (1000, best)]},
        )
        sampled(path, [0, 1000])
    path = written(outputs, "sweep/plain #1?", numbers={"fid/fid": [(500, 9.0), (1000, 11.0)]})
    written(outputs, "sweep/none", numbers={})
    (written(outputs, "sweep/bad") / "config.yaml").write_text("[")
    report("sweep/plain #1?")
    page = report("sweep")
    body = page.text.partition("Leaderboard ")[2]
    assert body.index("nonsaturating 9 500") < body.index("hinge 12.0 ± 2.8 1000")
    thumbs = [each["data-from"] for each in page.all("img") if "data-from" in each]
    assert len(thumbs) == 2 and {f"#{place}" for place in thumbs} <= {each["href"] for each in page.all("a")}
    assert all(page.all("article", id=place) for place in thumbs)
    assert [each["href"] for each in page.all("a") if "report.html" in each["href"]] == [
        "plain%20%231%3F/report.html"
    ]
    assert "none is not ranked: no fid" in page.text and "bad is left out: " in page.text
    (chart,) = page.data["charts"]
    assert chart["curves"][1]["band"][1] == [
        1000,
        pytest.approx(12 - 8**0.5, rel=1e-4),
        pytest.approx(12 + 8**0.5, rel=1e-4),
    ]


def test_a_sweep_whose_numbers_cannot_be_ranked_says_why(outputs, report):
    written(outputs, "sweep/a")
    written(outputs, "sweep/b", "loss=hinge", protocol=PROTOCOL | {"samples": 9})
    page = report("sweep")
    assert "samples is 2000 in a (training) and 9 in b (training)" in page.text
    for name in "ab":  # the whole advice, however long
        assert typed(f"sweep/{name}") in page.text
    assert "Leaderboard" not in page.text and "loss=hinge" in page.text


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["dgits"], 2, "Did you mean 'digits'?"),
        (["digits", "out=a.pdf"], 2, "out: expected a FILE.html, got 'a.pdf'"),
        (["digits", "--json"], 2, "There is no option '--json'."),
        (["broken"], 1, "config.yaml cannot be read"),
        (["sweep"], 1, "cannot be read"),
    ],
)
def test_wrong_commands_and_damage_are_told_in_one_line(outputs, capsys, words, code, text):
    written(outputs, "digits")
    for name in ("broken", "sweep/one"):
        (written(outputs, name) / "config.yaml").write_text("[")
    assert cli.main(["report", *words]) == code
    error = capsys.readouterr().err
    assert text in error and error.count("\n") == 1


def test_neither_tensorflow_nor_hydra_is_imported(outputs):
    sampled(written(outputs, "a", versions=VERSIONS), [1, 2])
    code = (
        "import sys; from ganctl import cli; code = cli.main(['report', 'a', 'out=page.html']); "
        "sys.exit(code + 10 * bool({'tensorflow', 'keras', 'hydra', 'matplotlib'} & set(sys.modules)))"
    )
    assert python(code) == "page.html\n"
