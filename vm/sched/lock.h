// Mutual exclusion for threads of the script, which are fibers. A lock that is let go passes to the one that has waited longest.
#pragma once
#include "vm/exec/outcome.h"
#include "vm/sched/scheduler.h"

namespace gen {

struct Lock : Object {  // class lock: `count` is 0 or 1; RLock: how often its owner has taken it
    WaitList waiting;
    uint64_t owner;  // owner_id() of the thread that holds it, 0: nobody. It may have ended since
    uint64_t count;
};

// No two threads have the same, but for a handler of a signal, which runs as the main thread.
inline uint64_t owner_id(const Fiber* f) { return f->id + 1; }

Lock* make_lock(VM&, Class* cls);

// True: the running fiber has it now. False: somebody else does; to wait, answer what wait_for_lock() gives.
bool try_lock(VM&, Lock*);
// Parks. The result of the wait is True, or False when `deadline` has passed.
Outcome wait_for_lock(VM&, Lock*, int64_t deadline);
void unlock(VM&, Lock*);          // it is held, an RLock by the running fiber
uint64_t unlock_all(VM&, Lock*);  // of an RLock; answers how often it was taken

}  // namespace gen
