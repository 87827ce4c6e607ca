print("cycle_a begins")
from . import cycle_b
from .cycle_b import from_b

late = "set after the import of cycle_b"


def use():
    return from_b, cycle_b.use()
