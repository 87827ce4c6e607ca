// What the natives of built-in classes share.
#pragma once
#include "runtime/types/arguments.h"
#include "vm/exec/comparison.h"
#include "vm/exec/define.h"
#include "vm/exec/iterators.h"
#include "vm/exec/ops.h"
#include "vm/exec/step.h"
#include "vm/exec/text.h"

namespace gen {

// Is the class exactly this built-in one?
inline bool is_builtin(VM& vm, const Class* cls, BuiltinShape id) { return cls == vm.type(id); }
inline bool is_exact(Value v, BuiltinShape id) { return v.is_object() && v.as_object()->shape == id; }

// Keywords for __new__ of an immutable built-in class: refused unless cls has an __init__ of its own that takes them.
bool refuses_keywords(VM&, Class* cls, BuiltinShape base, Value keywords);

// A position like list.index(x, start, stop) takes: clamped, counted from the end when negative.
inline int64_t from_end(int64_t i, size_t length) {
    if (i >= 0) return i;
    i += int64_t(length);
    return i < 0 ? 0 : i;
}

// Raises ValueError with the format's %R replaced by the repr of v: a request, to be awaited or returned.
Outcome raise_with_repr(VM&, BuiltinShape cls, std::string_view format, Value v);

inline Outcome same(VM&, Value* args) { return args[0]; }  // __iter__ of iterators, __pos__ ...

// Adds a class attribute that is no native (__hash__ = None).
void set_type_attribute(VM&, BuiltinShape cls, const char* name, Value v);

// __class_getitem__ of generic built-in classes, a class method: list[int]
Outcome generic_alias(VM&, Value* args);
inline constexpr const char* kClassGetitem = "__class_getitem__(cls, item, /)";

// Special methods of containers by layout.
inline Outcome base_getitem_native(VM& vm, Value* args) { return base_getitem(vm, args[0], args[1]); }
inline Outcome base_setitem_native(VM& vm, Value* args) {
    return base_setitem(vm, args[0], args[1], args[2]);
}
inline Outcome base_delitem_native(VM& vm, Value* args) { return base_delitem(vm, args[0], args[1]); }
inline Outcome base_contains_native(VM& vm, Value* args) { return base_contains(vm, args[0], args[1]); }
inline Outcome base_iter_native(VM& vm, Value* args) { return base_iter(vm, args[0]); }
inline Outcome base_reversed_native(VM& vm, Value* args) { return base_reversed(vm, args[0]); }

// index and count of lists and tuples.
Outcome sequence_index_step(VM&, NativeFrame& frame);  // self, value, start, stop; 1 local
Outcome sequence_count_step(VM&, NativeFrame& frame);  // self, value; 2 locals

}  // namespace gen
