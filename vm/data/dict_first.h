// The other end of a dict: see dict_last() in dict.h.
#pragma once
#include "vm/data/dict.h"

namespace gen {

// The first live entry's position, or -1. Taking entries from the front, one by one, costs no more than the dict is long.
int64_t dict_first(const Dict*);

}  // namespace gen
