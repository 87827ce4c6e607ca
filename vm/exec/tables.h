// Whole-table operations on dicts and sets, with keys of any kind; beside op_dict_get and the like in ops.h.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

// The value of the key; absent: adds it with this value. Hashes once.
Outcome op_dict_setdefault(VM&, Dict*, Value key, Value value);

// dict.update with one argument: a dict, what has keys(), or an iterable of pairs. None.
Outcome op_dict_update(VM&, Dict*, Value source);
// Only mappings: a dict, or what has keys().
Outcome op_dict_merge(VM&, Dict*, Value mapping);

// set.update with one argument. None.
Outcome op_set_update(VM&, Set*, Value iterable);
// A new set, or frozenset, of an iterable's items.
Outcome op_set(VM&, Value iterable, BuiltinShape shape = kShapeSet);

// Sets among the items of a set are looked for by their frozen copy: `{1} in {frozenset({1})}`.
Value frozen_if_set(VM&, Value item);

}  // namespace gen
