#pragma once
#include "vm/exec/native.h"

namespace gen {

// sort(list, key, reverse): sorts in place, as list.sort does.
extern const NativeDef kSortList;

}  // namespace gen
