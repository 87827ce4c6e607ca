"""The package that imports.gen explores."""
print("package runs as", __name__)
from . import alpha
from .alpha import shared, value as alpha_value

__all__ = ["listed", "alpha"]
listed = "listed name"
unlisted = "not in __all__"


def __getattr__(name):
    if name == "made_up":
        return "made by the module's __getattr__"
    raise AttributeError(f"package has no {name}")
