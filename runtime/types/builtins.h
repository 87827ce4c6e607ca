// The parts that the module builtins is made of.
#pragma once
#include "runtime/types/support.h"
#include "vm/exec/arithmetic.h"

#include <cmath>

namespace gen {

std::span<const NativeDef> print_functions();      // print.cpp
std::span<const NativeDef> iteration_functions();  // builtins_iteration.cpp: sum, min, sorted, next ...
std::span<const NativeDef> attribute_functions();  // builtins_attribute.cpp: getattr, vars, dir, locals ...
std::span<const NativeDef> number_functions();     // builtins_number.cpp: abs, pow, hex, chr ...

}  // namespace gen
