def compute(x):
    return x / 0


RESULT = compute(1)
