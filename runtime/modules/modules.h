// The modules that are written in C++.
#pragma once
#include "runtime/host/host.h"
#include "vm/exec/define.h"

namespace gen {

extern const ModuleDef kSysModule;
extern const ModuleDef kTimeModule;
extern const ModuleDef kGcModule;
extern const ModuleDef kPosixModule;        // "_posix": what os, io, shutil and tempfile are made of
extern const ModuleDef kTracebackModule;    // "_traceback": source lines, positions and carets
extern const ModuleDef kRandomModule;       // "_random": the Mersenne Twister
extern const ModuleDef kRegexModule;        // "_re", with GEN_HAS_PCRE2
extern const ModuleDef kFunctoolsModule;    // "_functools"
extern const ModuleDef kWeakrefModule;      // "_weakref"
extern const ModuleDef kCollectionsModule;  // "_collections": the ring of a deque
extern const ModuleDef kEnumModule;         // "_enum"
extern const ModuleDef kStreamModule;       // "_stream": the near end of a file
extern const ModuleDef kThreadModule;       // "_thread": fibers and locks
extern const ModuleDef kIsolateModule;  // "_isolate": channels, and VMs on threads of the operating system
extern const ModuleDef kPickleModule;   // "_pickle": plain data as pickles, and back
extern const ModuleDef kContextvarsModule;
extern const ModuleDef kAsyncioModule;      // "_asyncio": futures, tasks and the core of the event loop
extern const ModuleDef kSocketModule;       // "_socket" and what follows, with GEN_HAS_LIBUV
extern const ModuleDef kSelectModule;       // "_select"
extern const ModuleDef kSignalModule;       // "_signal"
extern const ModuleDef kProcessModule;      // "_process"
extern const ModuleDef kJsonModule;         // "_json"
extern const ModuleDef kStructModule;       // "_struct": the inner loops of struct
extern const ModuleDef kUnicodedataModule;  // with GEN_HAS_UTF8PROC
extern const ModuleDef kErrnoModule;
extern const ModuleDef kMathModule;
extern const ModuleDef kCmathModule;

}  // namespace gen
