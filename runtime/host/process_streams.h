// The standard streams of this process, as those of a VM.
#pragma once
#include "runtime/host/io.h"

namespace gen {

// Output is flushed at line ends where it goes to a terminal, errors always. Reading a line, and writing to a slow reader, lets the
// VM's other fibers go on. Reading ends early when the VM is interrupted.
void open_process_streams(VM&, StandardStreams&);

}  // namespace gen
