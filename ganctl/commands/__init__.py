"""Train generative adversarial networks from the command line.

usage: ganctl COMMAND [ARGUMENTS]

  train        train a game: ganctl train dataset=mnist model=dcgan
  resume       go on with a run: ganctl resume RUN [trainer.steps=N]
  sample       draw samples from a run: ganctl sample RUN [n=64]
  project      find pictures among a run's own: ganctl project RUN input=PATH
  doctor       say what is wrong with a run: ganctl doctor RUN
  average      averages of another length: ganctl average RUN sigma=0.08
  evaluate     measure samples: ganctl evaluate RUN [metric=[fid,kid]]
  compare      rank runs by a metric: ganctl compare RUN RUN ...
  report       write a run or a sweep as one HTML file: ganctl report RUN
  list         show what there is to choose: ganctl list models
  runs         show the runs in outputs/
  bench        measure the training step against a bare loop
  completion   complete words in your shell
  train-extractor   make the small classifiers that metrics read images with

RUN is a run's folder, its name under outputs/, or `latest`.

  ganctl COMMAND --help   what a command takes
  ganctl help KEY         what a key or a choice is: ganctl help trainer.steps
  --traceback             show where in the code an error arose
  --version               print the version

Start here:  ganctl train      (experiment=digits: a few minutes)
"""

COMMANDS = (
    "train",
    "resume",
    "sample",
    "project",
    "doctor",
    "average",
    "evaluate",
    "compare",
    "report",
    "list",
    "runs",
    "bench",
    "completion",
    "train-extractor",
)
