// A fiber is a chain of frames that runs on its own: the main program is fiber 0. Switching means to change the current
// frame. Wake-ups carry the epoch at which the fiber began to wait, so that a stale timer cannot revive it.
#pragma once
#include "vm/exec/frame.h"

namespace gen {

enum class Wait : uint8_t {
#define WAIT(name, text) name,
#include "vm/sched/waits.def"
#undef WAIT
};

struct Fiber : Object {            // state: FiberState; kind Fiber
    enum State : uint8_t { kReady, kRunningFiber, kParked, kEnded };
    Frame* frame;                  // innermost, while not running
    Value handled;                 // exception being handled, or None
    Value result;                  // once ended; or what the wait gives
    Value error;                   // the exception that ended it, or unbound
    Fiber* next;                   // in the ready queue
    uint64_t id;
    uint64_t epoch;                // of the current wait
    uint64_t steps;
    int64_t deadline;              // nanoseconds on the VM's clock, for Wait::Time
    Wait wait;
};

}   // namespace gen
