// Tables by which the runtime defines built-in classes, functions and modules.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

struct TypeDef {
    BuiltinShape shape;
    std::span<const NativeDef> methods =
        {};  // signature "append(self, object, /)"; the name may be a special one
    std::span<const AttributeDef> attributes = {};
    const char* doc = "";
};
void define_type(VM&, const TypeDef&);

struct ModuleDef {
    const char* name;
    std::span<const NativeDef> functions = {};
    void (*init)(VM&, Module*) = nullptr;  // constants, classes
    const char* doc = "";
};
Module* define_module(VM&, const ModuleDef&);

Value make_native(VM&, const NativeDef&, Value module = Value::none());

}  // namespace gen
