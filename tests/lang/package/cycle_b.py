print("cycle_b begins")
from . import cycle_a

from_b = "b"
print("cycle_b sees late:", hasattr(cycle_a, "late"))


def use():
    return cycle_a.late
