// Mutual exclusion for threads of the script, which are fibers. A lock that is let go passes to the one that has waited longest.
#pragma once
#include "vm/exec/outcome.h"
#include "vm/sched/scheduler.h"

namespace gen {

struct Lock : Object {  // class lock: `count` is 0 or 1; RLock: how often its owner has taken it
    WaitList waiting;
    Fiber* owner;  // RLock: the fiber that holds it; never followed, only compared
    uint64_t count;
};

Lock* make_lock(VM&, Class* cls);

// True: the running fiber has it now. False: somebody else does; to wait, answer what wait_for_lock() gives.
bool try_lock(VM&, Lock*);
// Parks. The result of the wait is True, or False when `deadline` has passed.
Outcome wait_for_lock(VM&, Lock*, int64_t deadline);
void unlock(VM&, Lock*);          // it is held, an RLock by the running fiber
uint64_t unlock_all(VM&, Lock*);  // of an RLock; answers how often it was taken

}  // namespace gen
