// A run of the command line: an interpreter with its limits, signals and recordings, a program, and the prompt.
#pragma once
#include "runtime/cli/options.h"

namespace gen {

int run_session(const Options& options);  // the exit status

}  // namespace gen
