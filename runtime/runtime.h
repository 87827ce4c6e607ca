// Makes a VM the whole language: built-in types and functions, modules, prelude, standard streams.
#pragma once
#include "runtime/host/host.h"

namespace gen {

// `host` has to outlive the VM, and says what programs may do. Errors of the runtime's own programs end the process:
// they cannot depend on the input.
void install_runtime(VM&, RuntimeHost& host);

// At the end: waits for the threads that are no daemons, drops the others, closes what is still open, newest first, and
// flushes the streams. Errors go to sys.unraisablehook. False: the threads did not come to their end.
bool shut_down(VM&);

}  // namespace gen
