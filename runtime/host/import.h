// Modules: the built-in ones, those embedded in the program, and files. The search itself is in prelude_import.gen.
#pragma once
#include "runtime/host/host.h"
#include "vm/exec/define.h"

namespace gen {

void define_import(VM&);  // __import__ in builtins and what the prelude needs
// Modules written in C++, made when first imported: by a table, or by a function that does what else is needed.
struct BuiltinModule {
    const char* name;
    const ModuleDef* table;
    void (*define)(VM&) = nullptr;
};
std::span<const BuiltinModule> builtin_modules();

// __main__, with the names that every module has. `filename` empty: none.
Module* make_main_module(VM&, std::string_view filename);

}  // namespace gen
