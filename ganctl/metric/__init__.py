"""What measures samples: one file a metric, called with (draw, dataset), and what they measure with."""
