"""A package that the test imports from."""
