// The parts that the module builtins is made of.
#pragma once
#include "runtime/types/support.h"
#include "vm/exec/arithmetic.h"

#include <cmath>

namespace gen {

std::span<const NativeDef> print_functions();        // print.cpp
std::span<const NativeDef> iteration_functions();    // builtins_iteration.cpp: sum, min, sorted, next ...
std::span<const NativeDef> attribute_functions();    // builtins_attribute.cpp: getattr, vars, dir, locals ...
std::span<const NativeDef> number_functions();       // builtins_number.cpp: abs, pow, hex, chr ...

// The innermost frame of a function of the script, or null.
Frame* script_frame(VM&);
// What locals() gives there: the namespace of a module or class body, else a new dict.
Value locals_of(VM&, Frame*);

}   // namespace gen
