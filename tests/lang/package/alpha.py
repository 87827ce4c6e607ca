print("alpha runs as", __name__, "in", __package__)
shared = []
value = 1
_private = "underscore"


def bump():
    global value
    value += 1
    return value
