from ..alpha import shared as also_shared
from .. import alpha_value
from . import sibling
import package.alpha as by_name

depth = ("deep", sibling.name, alpha_value, by_name.shared is also_shared)
