"""How far a bias field and another intensity scale move features and score, without preprocessing and with each step.

The image is the given MRI; the field is a smooth multiplicative one, the scale a factor, both simulated.
"""

import argparse
import time

import numpy as np

from LABCRadiomicsLib.features import ExtractionSettings, extract_region
from LABCRadiomicsLib.imaging import Volume, read_image, read_mask, region_of
from LABCRadiomicsLib.imaging.random_fields import correlated_field
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import extraction_settings
from LABCRadiomicsLib.preprocessing import preprocess, read_steps
from LABCRadiomicsLib.scoring import predict

PIPELINES = {
    "none": [],
    "n4": [{"step": "n4"}],
    "zscore": [{"step": "zscore"}],
    "percentile": [{"step": "percentile"}],
    "n4, zscore": [{"step": "n4"}, {"step": "zscore"}],
    "n4, percentile": [{"step": "n4"}, {"step": "percentile"}],
}


def disturbed(image: Volume, amplitude: float, scale: float) -> Volume:
    """The image under a smooth multiplicative field (its logarithm has the amplitude as SD), times a scale."""
    field = correlated_field(np.random.default_rng(3), image.array.shape, tuple(image.spacing[::-1]), 120.0)
    return image.with_array(image.array * np.exp(amplitude * field / field.std()) * scale)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("mask")
    parser.add_argument("--amplitude", type=float, default=0.15)
    parser.add_argument("--scale", type=float, default=1.6)
    asked = parser.parse_args()
    image, mask = read_image(asked.image), read_mask(asked.mask)
    image, mask = getattr(image, "volume", image), getattr(mask, "volume", mask)
    model = find_model("demo-phantom")
    names = [term.feature for term in model.score.terms]
    settings: ExtractionSettings = extraction_settings(model)
    print(f"{'steps':16} {'score':>9} {'disturbed':>9} {'features moved, median of |log ratio|':>40} {'CPU s':>6}")
    for name, steps in PIPELINES.items():
        parsed, start = read_steps(steps), time.process_time()
        clean = extract_region(
            region_of(preprocess(image, parsed), mask, None, settings.array_order), settings, names
        ).values
        spent = time.process_time() - start
        moved = preprocess(disturbed(image, asked.amplitude, asked.scale), parsed)
        other = extract_region(region_of(moved, mask, None, settings.array_order), settings, names).values
        ratios = [abs(np.log(abs(other[key] / clean[key]))) for key in names if clean[key] and other[key]]
        print(
            f"{name:16} {predict(model, clean).score:9.4f} {predict(model, other).score:9.4f} "
            f"{np.median(ratios):40.3f} {spent:6.1f}"
        )


if __name__ == "__main__":
    main()
