// A fiber is a chain of frames that runs on its own: the main program is fiber 0, every thread is one more. Switching means to
// change the current frame. Wake-ups carry the epoch at which the fiber began to wait, so that a stale timer cannot revive it.
#pragma once
#include "vm/exec/frame.h"

#include <cstdint>

namespace gen {

enum class Wait : uint8_t {
#define WAIT(name, text) name,
#include "vm/sched/waits.def"
#undef WAIT
};

constexpr int64_t kForever = INT64_MAX;  // a deadline that never comes

struct Fiber;

// Fibers that wait for the same thing, first come first served. It owns none of them: the scheduler holds every live fiber.
struct WaitList {
    Fiber* first;
    Fiber* last;
};

struct Fiber : Object {  // state: State; kind Fiber
    enum State : uint8_t { kReady, kRunningFiber, kParked, kEnded };
    Frame* frame;   // innermost, while not running
    Value handled;  // exception being handled, or None
    Value
        context;  // contextvars: the current Context; or what a new one holds: a Dict that nobody changes, or None
    Value loop;            // asyncio: the event loop that runs in it, or None
    Value asyncgen_hooks;  // Tuple of firstiter and finalizer, or None
    Value locals;          // threading.local: Dict, or unbound
    Value name;            // Str for reports, or None
    Value result;          // what the wait gives; unbound: goes on where it was pre-empted
    Value thrown;          // to be raised when it goes on, or unbound
    Value otherwise;       // result of a wait whose deadline passes
    Value waits_on;        // the object, for reports, or unbound
    WaitList* queue;       // it stands in this one, between its neighbours; null: in none
    Fiber* previous;
    Fiber* next;
    uint64_t id;
    uint64_t epoch;    // of the current wait
    uint64_t steps;    // safepoints spent before it was switched away the last time
    int64_t deadline;  // nanoseconds on the VM's clock
    uint32_t index;    // in the scheduler's list of fibers
    Wait wait;
};

}  // namespace gen
