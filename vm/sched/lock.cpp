#include "vm/sched/lock.h"

#include "vm/exec/vm.h"

namespace gen {

Lock* make_lock(VM& vm, Class* cls) {
    auto* l = vm.heap.make<Lock>(Kind::Lock, cls->root_shape);
    l->waiting = {nullptr, nullptr};
    l->owner = nullptr;
    l->count = 0;
    return l;
}

bool try_lock(VM& vm, Lock* l) {
    if (l->count && !(l->shape == kShapeRLock && l->owner == vm.fiber)) return false;
    l->owner = vm.fiber;
    l->count++;
    return true;
}

Outcome wait_for_lock(VM& vm, Lock* l, int64_t deadline) {
    vm.scheduler.park(vm, Wait::Lock, deadline, Value::object(l), Value::false_(), &l->waiting);
    return Outcome::park();
}

uint64_t unlock_all(VM& vm, Lock* l) {
    uint64_t count = l->count;
    l->owner = vm.scheduler.wake_first(l->waiting, Value::true_());
    l->count = l->owner ? 1 : 0;
    return count;
}

void unlock(VM& vm, Lock* l) {
    if (l->count > 1)
        l->count--;
    else
        unlock_all(vm, l);
}

}  // namespace gen
