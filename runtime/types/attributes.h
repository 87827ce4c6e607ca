// Names of attributes and classes of objects, as natives read and list them.
#pragma once
#include "vm/exec/ops.h"

namespace gen {

inline bool is_class(Value v) { return v.is_object() && v.as_object()->kind == Kind::Class; }

// The interned name of an attribute; null: raised ("attribute name must be string, not 'int'").
Str* attribute_name(VM&, Value v);

// ---- dir(): names as keys of a dict. False: out of memory.
bool add_names_of_class(VM&, Dict* names, Class*);  // with those of its bases
bool add_names_of_dict(VM&, Dict* names, const Dict* from);
bool add_names_of_instance(VM&, Dict* names, Object*);  // its own
Outcome names_as_list(VM&, const Dict* names);

// The setter of what CPython keeps in a member that cannot be written.
inline Outcome read_only(VM& vm, Value, Value) {
    return vm.raise(kShapeAttributeError, "readonly attribute");
}

// __get__(self, None, None), which is an error: true, and raised. args: self, instance, owner (may be missing).
inline bool binds_nothing(VM& vm, const Value* args) {
    if (!args[1].is_none() || !(args[2].is_unbound() || args[2].is_none())) return false;
    vm.type_error("__get__(None, None) is invalid");
    return true;
}

// Makes o an instance of another class of the same layout. False: out of memory.
bool change_class(VM&, Object* o, Class* to);

// a | b of types: a union, or NotImplemented.
Outcome make_union(VM&, Value a, Value b);

// The value of a class attribute of its own, or unbound.
inline Value own_attribute(VM& vm, Class* cls, Str* name) {
    Value cell = vm.get(cls->attributes, name);
    return cell.is_object() && cell.as_object()->kind == Kind::Cell ? cell.as<Cell>()->value : cell;
}

}  // namespace gen
