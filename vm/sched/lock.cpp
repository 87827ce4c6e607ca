#include "vm/sched/lock.h"

#include "vm/exec/vm.h"

namespace gen {

Lock* make_lock(VM& vm, Class* cls) {
    auto* l = vm.heap.make<Lock>(Kind::Lock, cls->root_shape);
    l->waiting = {nullptr, nullptr};
    l->owner = 0;
    l->count = 0;
    return l;
}

bool try_lock(VM& vm, Lock* l) {
    if (l->count && !(l->shape == kShapeRLock && l->owner == owner_id(vm.fiber))) return false;
    l->owner = owner_id(vm.fiber);
    l->count++;
    return true;
}

Outcome wait_for_lock(VM& vm, Lock* l, int64_t deadline) {
    vm.scheduler.park(vm, Wait::Lock, deadline, Value::object(l), Value::false_(), &l->waiting);
    return Outcome::park();
}

uint64_t unlock_all(VM& vm, Lock* l) {
    uint64_t count = l->count;
    const Fiber* next = vm.scheduler.wake_first(l->waiting, Value::true_());
    l->owner = next ? owner_id(next) : 0;
    l->count = next ? 1 : 0;
    return count;
}

void unlock(VM& vm, Lock* l) {
    if (l->count > 1)
        l->count--;
    else
        unlock_all(vm, l);
}

}  // namespace gen
