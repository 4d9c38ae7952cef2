"""Random keys of what is no training: all different, and none that training could use."""

from ganctl.game import keys


def test_every_key_is_its_own_and_negative():
    found = {name: number for name, number in vars(keys).items() if name.isupper()}
    assert len(found) > 5 and len(set(found.values())) == len(found)
    assert all(type(number) is int and -(2**31) <= number < 0 for number in found.values())
