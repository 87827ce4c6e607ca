// How attributes are looked up, beneath the operations of ops.h: built-in descriptors, natives in the place of special
// methods, and what the VM remembers of earlier lookups.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

// ---- descriptors of built-in classes, whatever a class of the script that derives from theirs says
Outcome get_property(VM&, const Property*, Value instance);
Outcome set_property(VM&, const Property*, Value instance, Value item);  // item unbound: delete
// Raised where self is no instance of the member's owner.
Outcome get_member(VM&, const Member*, Value self);
Outcome set_member(VM&, const Member*, Value self, Value item);  // item unbound: delete

// ---- natives
// Is the native a method that binds its receiver? (Built-in functions, and methods that are bound already, do not.)
inline bool binds(const Object* native) {
    return native->shape == kShapeMethodDescriptor || native->shape == kShapeSlotWrapper;
}
// May the function of a native that stands for a special method be called with `count` positional arguments, self first? A class
// of the script may have any native in that place.
bool takes_directly(const VM&, const Native*, Value self, size_t count);
// Is the special method of v the native that its built-in base has? Then its result is of the kind that is expected.
bool inherits_native(VM&, Value v, Special);

// ---- what is remembered
// Forgets where attributes were found: all inline caches, and the VM's own.
void forget_places(VM&);

}  // namespace gen
