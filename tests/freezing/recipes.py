"""What makes recipes tiny, and the runs of families that are more than a recipe of the original game."""

NARROW = ["network.generator.filters=[8,8,4]", "network.discriminator.filters=[4,8]"]
PERCEPTRON = ["network.generator.hidden=[16]", "network.discriminator.hidden=[8]"]
# The recipes are the freeze's own, on purpose: those of the other tests may change together with the code.
NETWORKS = {
    "gan": PERCEPTRON,
    "points": PERCEPTRON,
    "unrolled": [*PERCEPTRON, "remedy.unrolled.steps=2"],
    "dcgan64": [*NARROW, "network.generator.strides=[1,2,2]"],
    "dcgan_rmsprop": ["network.generator.filters=[8,8,4,4]", "network.discriminator.filters=[4,4,8,8]"],
    "wgan_gp": [
        "network.generator.filters=[8,8,4]",
        "network.discriminator.filters=[4,8,8]",
        "trainer.turns.discriminator=2",
    ],
    "sngan": [
        "network.generator.filters=[8]",
        "network.discriminator.filters=[4,8]",
        "trainer.turns.discriminator=2",
    ],
    "r3gan": [
        "network.generator.filters=[8]",
        "network.discriminator.filters=[8,8]",
        "network.generator.blocks=1",
        "network.discriminator.blocks=1",
        "network.generator.group=8",
        "network.discriminator.group=8",
    ],
}

PATCHES = (
    "network.generator.filters=4",
    "network.discriminator.filters=4",
    "network.discriminator.layers=1",
    "dataset.size=16",
    "dataset.crop=2",
    "dataset.on_bad=skip",
    "trainer.batch_size=2",
    "trainer.samples=4",
)
GROWING = tuple(
    f"network.{player}.{word}"
    for player in ("generator", "discriminator")
    for word in ("filters=64", "most=8")
)
PLAYERS = ("generator", "discriminator")
PERCEPTRONS = tuple(f"network.{player}.hidden=[16]" for player in PLAYERS)
FLAT = tuple(f"network.{player}.filters=[8,8]" for player in PLAYERS)
DEEP = ("network.generator.filters=[8,8,8]", "network.discriminator.filters=[8,8]")
CONVOLUTIONS = ("network.generator.filters=[8,4]", "network.discriminator.filters=[4,8]")
CONTRASTED = (*PATCHES, "network.generator.blocks=1", "network.heads.units=8")
UNPAIRED = ("dataset.a={made}/pictures/even", "dataset.b={made}/pictures/odd")
PAIRED = "dataset.paired=true"
EVEN = "sample latest input={made}/pictures/even"
SOME = ("sample latest n=4 out=raw.npy",)
STYLES = tuple(f"network.generator.{word}" for word in ("filters=64", "most=8", "width=8", "depth=2"))
SHORT = ("model.images=8", "model.fading=8", "model.batch_sizes=[8]")  # a phase a step
# By recipe: its words, and what is done with the run afterwards.
FAMILIES = {
    "acgan": (
        (
            "network.generator.filters=[8,8,4]",
            "network.discriminator.filters=[4,8]",
            "network.discriminator.strides=[2,2]",
        ),
        ("sample latest label=3,5 n=4 out=raw.npy",),
    ),
    "progan": ((*GROWING, *SHORT), ("sample latest n=4 out=raw.npy",)),
    "pix2pix": (
        (*PATCHES, "dataset.a={made}/pictures/even", "dataset.b={made}/pictures/even"),
        ("sample latest input={made}/pictures/even n=3 out=raw.npy",),
    ),
    "cyclegan": (
        (
            *PATCHES,
            "network.generator.blocks=1",
            "dataset.a={made}/pictures/even",
            "dataset.b={made}/pictures/odd",
        ),
        ("sample latest make=input image={made}/pictures/even n=3 out=raw.npy",),
    ),
    "cut": ((*CONTRASTED, *UNPAIRED), (f"{EVEN} out=made/",)),
    "fastcut": ((*CONTRASTED, *UNPAIRED), (f"{EVEN} out=raw.npy",)),
    "bicyclegan": (
        (
            *PATCHES,
            "network.encoder.filters=4",
            "dataset.path={made}/pictures/even",
            "dataset=filtered",
            PAIRED,
        ),
        (f"{EVEN} n=2 out=made/", "evaluate latest n=6 metric=[truth,variety]"),
    ),
    "inpainting": (
        (*PATCHES, "dataset.path={made}/pictures/even", "dataset.mask=free"),
        ("sample latest n=3 out=raw.npy", "evaluate latest n=6 metric=[truth]"),
    ),
    "stylegan": ((*STYLES, *SHORT), ("sample latest n=4 truncation=0.5 out=raw.npy",)),
    "stylegan2": ((*STYLES, "model.by_class=true"), ("sample latest view=mixing",)),
    "stylegan2_ada": (STYLES, ("sample latest view=directions", "sample latest view=truncation")),
    "fastgan": (tuple(f"network.{p}.filters=2" for p in (*PLAYERS, "decoder")), SOME),
    "cgan_mlp": (tuple(f"network.{p}.{w}=8" for p in PLAYERS for w in ("of_label", "joint")), SOME),
    "infogan": (
        (*(f"network.{p}.dense=16" for p in PLAYERS), *CONVOLUTIONS),
        (*SOME, "evaluate latest n=64 metric=[code_accuracy] extractor=digits"),
    ),
    "projection": (FLAT, (*SOME, "evaluate latest n=64 metric=[label_fidelity] extractor=digits")),
    "sagan": (FLAT, SOME),
    "biggan": (DEEP, SOME),
    "reacgan": ((*DEEP, "network.discriminator.embedding=4"), SOME),
    "ssgan": (("network.generator.filters=[8]", "network.discriminator.filters=[4,8]"), SOME),
    "ebgan": (PERCEPTRONS, SOME),
    "began": (tuple(f"network.{p}.filters=4" for p in PLAYERS), SOME),
    "madgan": (tuple(NARROW), SOME),
    "cogan": (
        (*NARROW, "network.discriminator.dense=8", "dataset.of=digits"),
        (*SOME, "evaluate latest n=64 metric=[pairs] metric.pairs.samples=64"),
    ),
    "semisupervised": (("dataset.of=digits", "dataset.labelled=20", *PERCEPTRONS), SOME),
}
TRANSLATING = (
    "pix2pix",
    "cyclegan",
    "cut",
    "fastcut",
    "bicyclegan",
    "inpainting",
)  # which are made of pictures, and have no latent
