// Texts of values by their layout, whatever their class says.
#pragma once
#include "vm/exec/special.h"

namespace gen {

constexpr uint8_t kModuleOfScript = 1;  // Object::aux of a Module that types.ModuleType has made

// Is the class a built-in one whose instances repr_by_layout() writes? Library types written in C++ have a __repr__ instead.
inline bool has_layout_repr(Value v) {
    if (!v.is_object()) return true;
    uint32_t shape = v.as_object()->shape;
    return shape < kBuiltinShapes && !(shape >= kShapeHostObject && shape < kShapeInternal);
}

// The body of __repr__ of every built-in class: repr by layout, with the name of the class where it shows.
Outcome repr_by_layout(VM&, Value v);
Outcome repr_native(VM&, Value* args);           // "__repr__(self, /)" of built-in classes
Outcome object_repr_native(VM&, Value* args);    // that of object: <module.Name object at 0x...>
Outcome object_str_native(VM&, Value* args);     // object.__str__: repr(self)
Outcome object_format_native(VM&, Value* args);  // object.__format__(self, format_spec, /)

void append_class_name(VM&, StringBuilder&, const Class*);  // with its module, unless that is builtins
void append_address(VM&, StringBuilder&, Value v);          // 0x7f...
void append_default_repr(VM&, StringBuilder&, Value v);     // <module.Name object at 0x...>
// The name of an annotation in list[int] and (in_union) int | str: no <class ''> around classes. False: needs its repr.
bool append_type_name(VM&, StringBuilder&, Value v, bool in_union);
void append_native_qualname(VM&, StringBuilder&, const Native*);  // list.append
void append_complex_repr(StringBuilder&, double real, double imag);

inline Outcome finish(VM& vm, StringBuilder& out) {
    Str* s = out.finish();
    return s ? Outcome(Value::object(s)) : vm.out_of_memory();
}

}  // namespace gen
