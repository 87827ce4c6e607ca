// What writing and reading pickles have in common.
#pragma once
#include "runtime/modules/modules.h"
#include "runtime/types/support.h"
#include "vm/exec/exec.h"

namespace gen {

// Are its instances made by object.__new__(), without arguments, and is all that they hold their attributes?
inline bool is_plain_class(VM& vm, const Class* cls) {
    return is_plainly_made(vm, cls) && cls->slot_names.is_unbound() &&
           cls->class_flags & Class::kPlainGetattr;
}

Outcome load_step(VM&, NativeFrame&);  // pickle_reader.cpp

}  // namespace gen
