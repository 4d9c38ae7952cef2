"""Which way each number is better, and which number of a metric comes first; known without computing any."""

# By metric: its numbers, the first being the one that a metric is ranked by.
LOWER, HIGHER = "lower", "higher"
GOALS: dict[str, dict[str, str | None]] = {
    "fid": {"fid": LOWER},
    "kid": {"kid": LOWER, "error": None},
    "inception_score": {"score": HIGHER, "deviation": None},
    "precision_recall": {"precision": HIGHER, "recall": HIGHER},
    "density_coverage": {"coverage": HIGHER, "density": HIGHER},
    "sliced_wasserstein": {"mean": LOWER},
    "intra_fid": {"mean": LOWER, "worst": LOWER},
    "accuracy_score": {"accuracy": HIGHER},
    "label_fidelity": {"share": HIGHER, "worst": HIGHER},
    "code_accuracy": {"accuracy": HIGHER, "information": HIGHER},
    "accuracy": {"accuracy": HIGHER, "errors": LOWER},
    "pairs": {"gain": HIGHER, "agreement": HIGHER, "shuffled": None},
    "truth": {
        "ssim": HIGHER,
        "psnr": HIGHER,
        "l1": LOWER,
        "hole_psnr": HIGHER,
        "hole_l1": LOWER,
        "ssim_of_input": None,
        "hole_psnr_of_mean": None,
        "hole_psnr_of_classical": None,
    },
    "variety": {"share": HIGHER, "distance": HIGHER, "of_data": None},
    "nearest": {"copies": LOWER, "data_copying": LOWER, "closer": LOWER, "error": None},
    "spread": {"distance": HIGHER, "of_data": None, "similarity": LOWER, "similarity_of_data": None},
    "modes": {"captured": HIGHER, "quality": HIGHER, "total_variation": LOWER, "kl": LOWER, "total": None},
}


def better(name: str) -> str | None:
    """Return "lower" or "higher", whichever is better for a number such as "fid/fid"; None for neither."""
    metric, _, number = name.partition("/")
    return GOALS.get(metric, {}).get(number)


def first(metric: str) -> str:
    """Return the full name of the number that a metric is ranked by: "fid/fid" for "fid"."""
    return f"{metric}/{next(iter(GOALS.get(metric, {metric: None})))}"
