// Makes a VM the whole language: built-in types and functions, modules, prelude, standard streams.
#pragma once
#include "runtime/host/host.h"

namespace gen {

// `host` has to outlive the VM, and says what programs may do. Errors of the runtime's own programs end the process:
// they cannot depend on the input.
void install_runtime(VM&, RuntimeHost& host);

enum class AtEnd : uint8_t {
    JoinThreads,  // of a program: waits for the threads that are no daemons, and for whatever else it is doing
    LeaveThreads,  // of a world whose host lets go of it: drops all threads; what runs at the end has a grace of steps, and waits for nothing
};

// At the end: drops the threads that are left, runs what is registered for it, closes what is still open, newest first, and
// flushes the streams. Errors go to sys.unraisablehook. False: the threads did not come to their end.
bool shut_down(VM&, AtEnd);

}  // namespace gen
