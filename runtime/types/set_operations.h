// What sets and the views of dicts, which compare and combine as sets do, have in common: going through an iterable and asking a
// container, which is a set, a dict or a view of one, about every item. Both are requests, to be awaited or returned.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

// Adds to the set `into` the items of an iterable whose presence in the container is as `wanted`; answers `into`.
Outcome select_items(VM&, Value iterable, Value container, bool wanted, Value into);

// True if for every item of an iterable its presence in the container is as `wanted`; with `negate`, the opposite of that.
Outcome all_items(VM&, Value iterable, Value container, bool wanted, bool negate = false);

}  // namespace gen
