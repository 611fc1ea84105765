"""Random damage to tables, models and settings: exit 0 or 2, no score that is no number, nothing half written."""

import pytest

import damage


@pytest.mark.slow
def test_random_damage(tmp_path):
    inputs = damage.make_inputs(tmp_path)
    faults = []
    count = 5 * len(damage.ATTACKS)
    ended = damage.campaign(inputs, tmp_path / "attacks", count, 1, lambda *fault: faults.append(fault))
    assert faults == []
    assert sum(refused for _, refused in ended.values()) > len(damage.ATTACKS)  # the damage is real
    assert sum(done for done, _ in ended.values()) >= 3  # and goes unnoticed where it does not matter


def test_the_files_are_sound_without_damage(tmp_path):
    inputs = damage.make_inputs(tmp_path)
    with damage.one_process():
        for at, attack in enumerate({attack.words: attack for attack in damage.ATTACKS}.values()):
            paths = {**inputs, "OUT": tmp_path / f"out{at}"}
            code, _, err = damage.call([str(paths.get(word, word)) for word in attack.words])
            assert code == 0, (attack.words, err)
