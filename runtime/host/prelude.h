// The prelude: what the runtime leaves to the language itself, in runtime/prelude*.gen.
//
// Its definitions are loaded one by one, when they are first needed: by VM::call_prelude, or as a global of another one. So a
// file may hold functions, classes and assignments to plain names at its top level, in any order; other lines there
// belong to the definition above them. All files share one namespace, and their code is hidden from tracebacks. They are compiled
// when the program is built: see runtime/freeze.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

void define_prelude(VM&);

// A definition as the host needs it; unbound: the exception is in vm.exception.
Value prelude_value(VM&, std::string_view name);

// Code of the library from its image; null: raised.
Code* library_code(VM&, const uint8_t* image);

}  // namespace gen
