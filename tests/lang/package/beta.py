from .alpha import shared
from . import alpha, listed
from .sub.deep import depth

shared.append("beta was here")


def describe():
    return alpha.value, listed, depth
