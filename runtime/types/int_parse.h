// int(text, base) and float(text), with their errors.
#pragma once
#include "runtime/types/arguments.h"

namespace gen {

// `shown`: the object that the message shows.
Outcome parse_int(VM&, std::string_view text, int base, Value shown);
Outcome parse_float_text(VM&, std::string_view text, Value shown);
// A finite float truncated: OverflowError for infinities, ValueError for nan.
Outcome int_of_float(VM&, double d);

}  // namespace gen
