// Real time.
#pragma once
#include "vm/sched/clock.h"

#include <memory>

namespace gen {

// interrupt() may be called from any thread and from signal handlers: a byte goes into a pipe that wait_until() polls.
std::unique_ptr<Clock> make_system_clock();

}  // namespace gen
