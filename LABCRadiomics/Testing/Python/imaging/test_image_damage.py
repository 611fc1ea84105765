"""Files with random damage: read or refused in one sentence, never a traceback or a score that is no number."""

import image_damage


def test_random_damage(tmp_path):
    """Some of each kind; ``Benchmarks/image_damage.py`` does thousands."""
    kinds = image_damage.make_inputs(tmp_path)
    outcomes = list(image_damage.try_damage(tmp_path, kinds, range(3 * len(kinds)), reports=len(kinds)))
    assert {outcome.kind for outcome in outcomes} == set(kinds)
    assert [(outcome.kind, outcome.seed, outcome.defect, outcome.said) for outcome in outcomes if outcome.defect] == []
    assert {outcome.code for outcome in outcomes} == {0, 2}
