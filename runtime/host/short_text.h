// A value in a few characters, for labels: like repr(), but never runs script code, shows no addresses (so
// that two runs give the same), and ends with an ellipsis when there is more.
#pragma once
#include "vm/exec/vm.h"

#include <string>

namespace gen {

constexpr size_t kShortText = 20;  // code points

std::string short_text(VM&, Value v, size_t most = kShortText);
// `worker` of `main.<locals>.worker`.
std::string short_name(Value qualname);

}  // namespace gen
