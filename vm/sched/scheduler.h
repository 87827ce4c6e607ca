// Which fiber runs next: a queue of ready ones and a heap of timers.
//
// The interpreter asks it at safepoints and when a fiber parks or ends. A parked fiber is woken with the epoch at which it began to
// wait; a wake-up for an older epoch is dropped.
#pragma once
#include "vm/sched/fiber.h"

#include <string>
#include <vector>

namespace gen {

class VM;
class Marker;

class Scheduler {
public:
    // A fiber that will call `callee(*args)`. It is ready at once.
    Fiber* spawn(VM&, Value callee, std::initializer_list<Value> args = {});
    Fiber* make_fiber(VM&);                            // without a frame: fiber 0 and nested runs
    void ready(Fiber*);                                // to the end of the queue
    void park(VM&, Wait why, int64_t deadline = 0);    // the running fiber; the native then answers Outcome::park()
    bool wake(Fiber*, uint64_t epoch, Value result);   // false: it no longer waits for that
    bool has_ready() const { return first_ != nullptr; }

    // Takes the next ready fiber, waiting on the clock for timers where need be. Null: nobody is ready and nothing
    // can wake anyone (a deadlock), or the VM was interrupted.
    Fiber* next(VM&);
    void fire_timers(VM&);                             // wakes those whose time has come
    std::string describe_deadlock(VM&) const;
    void trace(Marker&) const;
    const std::vector<Fiber*>& fibers() const { return fibers_; }   // that have not ended
    void forget(Fiber*);

private:
    struct Timer { int64_t deadline; uint64_t order; Fiber* fiber; uint64_t epoch; };
    static bool later(const Timer& a, const Timer& b);
    Fiber* first_ = nullptr;
    Fiber* last_ = nullptr;
    std::vector<Timer> timers_;                        // a heap, soonest first
    std::vector<Fiber*> fibers_;
    uint64_t next_id_ = 0, next_order_ = 0;
};

}   // namespace gen
