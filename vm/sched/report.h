// Words about waiting, for reports and drawings.
#pragma once
#include "vm/sched/fiber.h"

#include <string>

namespace gen {

// The function of the library in which the program waits: "Queue.get"; empty: the program's own.
std::string library_call(const Frame* innermost);
// "250 ms", "1.5 s", "3600 s": three digits that matter, but whole seconds are all there.
std::string duration_text(int64_t nanoseconds);

}  // namespace gen
