// Powers that may take long, and can be given up.
#pragma once
#include "vm/data/int.h"

#include <functional>

namespace gen {

// As int_pow_mod() without `stop`, which is asked before each step with numbers as long as the modulus; when it answers true, the
// result is unbound.
Value int_pow_mod(Heap&, Value base, Value exponent, Value modulus, bool& invertible,
                  const std::function<bool()>& stop);

}  // namespace gen
