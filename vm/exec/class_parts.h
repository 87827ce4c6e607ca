// What the sources that make classes share: class.cpp, class_slots.cpp and class_builtin.cpp.
#pragma once
#include "vm/exec/vm.h"

#include <vector>

namespace gen {

Class* new_class(VM&, Class* metaclass);  // without a name, bases and order yet; null metaclass: type
void add_subclass(VM&, Class* base, Class* cls);

// The method resolution order of a class with these bases, cls first. False: there is none, TypeError is raised.
bool linearize(VM&, Class* cls, Tuple* bases, std::vector<Value>& out);

// A classmethod or staticmethod (shape) of a function.
Value make_wrapper(VM&, BuiltinShape shape, Value function);

// Which special method an interned name is; -1: none.
inline int special_of(const Str* name) { return name->state / Str::kSpecialUnit - 1; }
void propagate_special(VM&, Class* cls, Special);  // looks it up again for cls and its subclasses
void fill_specials(VM&, Class* cls);  // all of them, from those of the classes behind it in the MRO
// Built-in types are being filled: specials, which nobody needs yet, are found when all is there.
inline bool defining_types(const VM& vm) { return vm.natives.type_new.is_unbound(); }

// Handles __slots__ of a new class: a str, or a tuple, list or dict of them. False: raised.
bool define_slots(VM&, Class* cls, Value slots, Dict* namespace_);
// Did __slots__ of a class of the script, or their absence, give instances room for weak references?
bool takes_weakrefs(const Class* cls);
// Do instances have the same slots, __dict__ and room for weak references, so that `__class__` and `__bases__` may change?
bool same_layout(const Class*, const Class*);
// How many attributes of self the class's own __init__ sets: room for them in its instances.
uint32_t attributes_of_init(VM&, Dict* namespace_);

}  // namespace gen
