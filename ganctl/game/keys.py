"""The random keys that training never uses: one table, so that no two uses share their noise.

Training draws from fold_in((seed, turn), step), whose numbers are never negative; whatever draws beside
it takes a negative number of its own from here.
"""

PREVIEW = -1  # the samples that every grid of a run shows
SAMPLE = -2  # `ganctl sample`
EVALUATE = -3  # what metrics measure
STATISTICS = -4  # latents from which batch statistics are estimated anew
PATHS = -5  # ends of the paths between latents
OVERFITTING = -6  # the noise of parts, where training and held-out images are compared
STYLES = -7  # latents whose styles have the mean that truncation draws to
PROJECT = -8  # where the search for a given picture starts
POINTS = -101  # points of a known distribution, batch by batch
FIXED_POINTS = -102  # the same, where a fixed sample was asked for
