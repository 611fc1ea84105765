"""What a volume knows of its voxels, whatever order they lie in memory."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from LABCRadiomicsLib.imaging.volume import axis_orders, bounding_box, box_slices


@given(
    seed=st.integers(0, 10_000), order=st.sampled_from(list(axis_orders())), dtype=st.sampled_from([bool, "u1", "i4"])
)
def test_the_bounding_box_is_that_of_the_voxels_in_every_order_of_memory(seed: int, order, dtype) -> None:
    rng = np.random.default_rng(seed)
    stored = np.zeros(rng.integers(1, 9, 3), dtype)
    points = rng.integers(0, stored.shape, (rng.integers(1, 5), 3))
    stored[tuple(points.T)] = 1
    inside = order.of_array(stored)
    lower, upper = bounding_box(inside)
    found = np.argwhere(inside)[:, ::-1]
    assert lower.tolist() == found.min(axis=0).tolist()
    assert upper.tolist() == found.max(axis=0).tolist()
    assert inside[box_slices(lower, upper)].sum() == inside.sum()
