// _thread: threads of the script are fibers; what threading and queue are made of.
#include "runtime/modules/modules.h"
#include "runtime/types/support.h"
#include "vm/sched/lock.h"

#include <unistd.h>
#include <cmath>

namespace gen {

namespace {

Lock* lock_of(Value v) { return v.as<Lock>(); }
bool is_reentrant(const Lock* l) { return l->shape == kShapeRLock; }
Value identifier(const Fiber* f) { return Value::integer(int64_t(owner_id(f))); }

// ---- locks

// timeout in seconds, or -1 for none, as a deadline. False: `failure` is what the native answers.
bool get_deadline(VM& vm, Value blocking, Value timeout, int64_t& deadline, Outcome& failure) {
    bool wait = true;
    if (!blocking.is_unbound() && !get_flag(vm, blocking, wait, failure)) return false;
    double seconds = -1;
    if (!timeout.is_unbound() && !get_real(vm, timeout, seconds, failure)) return false;
    if (!wait && seconds != -1) {
        failure = vm.value_error("can't specify a timeout for a non-blocking call");
        return false;
    }
    if (std::isnan(seconds)) {
        failure = vm.value_error("Invalid value NaN (not a number)");
        return false;
    }
    if (seconds < 0 && seconds != -1) {
        failure = vm.value_error("timeout value must be positive");
        return false;
    }
    if (seconds > 9223372036.0) {
        failure = vm.raise(kShapeOverflowError, "timeout value is too large");
        return false;
    }
    if (!wait)
        deadline = 0;
    else
        deadline = seconds < 0 ? kForever : vm.clock->now() + int64_t(std::ceil(seconds * 1e9));
    return true;
}

Outcome lock_acquire(VM& vm, Value* args) {  // self, blocking, timeout
    int64_t deadline;
    Outcome failure = Value::none();
    if (!get_deadline(vm, args[1], args[2], deadline, failure)) return failure;
    Lock* l = lock_of(args[0]);
    if (try_lock(vm, l)) return Value::true_();
    return deadline == 0 ? Outcome(Value::false_()) : wait_for_lock(vm, l, deadline);
}
Outcome lock_enter(VM& vm, Value* args) {
    Lock* l = lock_of(args[0]);
    return try_lock(vm, l) ? Outcome(Value::true_()) : wait_for_lock(vm, l, kForever);
}
Outcome lock_release(VM& vm, Value* args) {
    Lock* l = lock_of(args[0]);
    if (is_reentrant(l) ? l->owner != owner_id(vm.fiber) || !l->count : !l->count)
        return vm.raise(kShapeRuntimeError,
                        is_reentrant(l) ? "cannot release un-acquired lock" : "release unlocked lock");
    unlock(vm, l);
    return Value::none();
}
Outcome lock_locked(VM&, Value* args) { return Value::boolean(lock_of(args[0])->count != 0); }
Outcome lock_repr(VM& vm, Value* args) {
    const Lock* l = lock_of(args[0]);
    char text[160];
    auto address = (unsigned long long)(address_of(vm, args[0]));
    if (is_reentrant(l))
        snprintf(text, sizeof text, "<%s _thread.RLock object owner=%lld count=%llu at 0x%llx>",
                 l->count ? "locked" : "unlocked", l->count ? (long long)l->owner : 0LL,
                 (unsigned long long)l->count, address);
    else
        snprintf(text, sizeof text, "<%s _thread.lock object at 0x%llx>", l->count ? "locked" : "unlocked",
                 address);
    return vm.checked(vm.str(text));
}

Outcome rlock_new(VM& vm, Value* args) {
    Class* cls = checked_class(vm, args[0], kShapeRLock);
    return cls ? Outcome(Value::object(make_lock(vm, cls))) : Outcome::raised();
}
// For Condition.wait: lets go whatever the depth, and takes it again as deep.
Outcome rlock_release_save(VM& vm, Value* args) {
    Lock* l = lock_of(args[0]);
    if (l->owner != owner_id(vm.fiber) || !l->count)
        return vm.raise(kShapeRuntimeError, "cannot release un-acquired lock");
    return Value::integer(int64_t(unlock_all(vm, l)));
}
Outcome rlock_acquire_restore_step(VM& vm, NativeFrame& frame) {  // self, count
    switch (frame.step_state()) {
        case 0:
            if (!try_lock(vm, lock_of(frame[0]))) AWAIT(1, wait_for_lock(vm, lock_of(frame[0]), kForever));
    }
    lock_of(frame[0])->count = uint64_t(frame[1].as_int());
    return Value::none();
}
Outcome rlock_is_owned(VM& vm, Value* args) {
    return Value::boolean(lock_of(args[0])->owner == owner_id(vm.fiber) && lock_of(args[0])->count);
}

const NativeDef kLockMethods[] = {
    {.signature = "acquire(self, blocking=True, timeout=-1)", .fn = lock_acquire, .step = step_with_float},
    {.signature = "acquire_lock(self, blocking=True, timeout=-1)",
     .fn = lock_acquire,
     .step = step_with_float},
    {.signature = "release(self)", .fn = lock_release},
    {.signature = "release_lock(self)", .fn = lock_release},
    {.signature = "locked(self)", .fn = lock_locked},
    {.signature = "locked_lock(self)", .fn = lock_locked},
    {.signature = "__enter__(self)", .fn = lock_enter},
    {.signature = "__exit__(self, /, *args)", .fn = lock_release},
    {.signature = "__repr__(self, /)", .fn = lock_repr},
};
const NativeDef kRLockMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = rlock_new, .flags = kStaticNative},
    {.signature = "acquire(self, blocking=True, timeout=-1)", .fn = lock_acquire, .step = step_with_float},
    {.signature = "release(self)", .fn = lock_release},
    {.signature = "__enter__(self)", .fn = lock_enter},
    {.signature = "__exit__(self, /, *args)", .fn = lock_release},
    {.signature = "_release_save(self)", .fn = rlock_release_save},
    {.signature = "_acquire_restore(self, state)", .step = rlock_acquire_restore_step},
    {.signature = "_is_owned(self)", .fn = rlock_is_owned},
    {.signature = "__repr__(self, /)", .fn = lock_repr},
};

// ---- threads

Outcome allocate_lock(VM& vm, Value*) { return Value::object(make_lock(vm, vm.type(kShapeLock))); }
Outcome get_ident(VM& vm, Value*) { return identifier(vm.fiber); }
Outcome get_native_id(VM& vm, Value*) { return Value::integer(int64_t(getpid()) + int64_t(vm.fiber->id)); }
Outcome count(VM& vm, Value*) { return Value::integer(int64_t(vm.scheduler.fibers().size()) - 1); }

Outcome start_new_thread(VM& vm, Value* args) {  // function, args, kwargs
    if (vm.special(args[0], Special::Call).is_unbound()) return vm.type_error("first arg must be callable");
    if (!is_tuple(args[1])) return vm.type_error("2nd arg must be a tuple");
    if (!args[2].is_unbound() && !is_dict(args[2]))
        return vm.type_error("optional 3rd arg must be a dictionary");
    Value run = vm.prelude_value(vm.intern("_run_thread"));
    if (run.is_unbound()) return Outcome::raised();
    Fiber* f =
        vm.scheduler.spawn(vm, run, {args[0], args[1], args[2].is_unbound() ? Value::none() : args[2]});
    if (!f) return Outcome::raised();
    vm.safepoint_soon();
    return identifier(f);
}
// Gives way to the other threads that are ready.
Outcome yield_now(VM& vm, Value*) {
    vm.scheduler.park(vm, Wait::Nothing);
    vm.scheduler.wake(vm.fiber, vm.fiber->epoch, Value::none());
    return Outcome::park();
}
Outcome interrupt_main(VM& vm, Value*) {
    vm.interrupt.fetch_or(kInterruptKeyboard);
    vm.safepoint_soon();
    return Value::none();
}
Outcome leave_thread(VM& vm, Value*) { return vm.raise(kShapeSystemExit, std::initializer_list<Value>{}); }
Outcome stack_size(VM& vm, Value* args) {  // threads have no stack to set aside: frames are on the heap
    int64_t size = 0;
    Outcome failure = Value::none();
    if (!get_size(vm, args[0], size, failure)) return failure;
    if (size < 0) return vm.value_error("size must be 0 or a positive value");
    return Value::integer(0);
}
Outcome set_name(VM& vm, Value* args) {  // of the running thread, for reports
    vm.fiber->name = args[0];
    return Value::none();
}
Outcome thread_locals(VM& vm, Value*) {
    if (vm.fiber->locals.is_unbound()) vm.fiber->locals = Value::object(vm.dict());
    return vm.fiber->locals;
}
Outcome describe(VM& vm, Value*) { return vm.checked(vm.str(describe_fibers(vm))); }

Outcome describe_running(VM& vm, Value*) {  // its calls, innermost first
    std::string s;
    describe_calls(s, vm.frame, "  ");
    return vm.checked(vm.str(s.empty() ? s : s.substr(1)));
}

const NativeDef kFunctions[] = {
    {.signature = "allocate_lock()", .fn = allocate_lock},
    {.signature = "allocate()", .fn = allocate_lock},
    {.signature = "start_new_thread(function, args, kwargs=None, /)", .fn = start_new_thread},
    {.signature = "start_new(function, args, kwargs=None, /)", .fn = start_new_thread},
    {.signature = "get_ident()", .fn = get_ident},
    {.signature = "get_native_id()", .fn = get_native_id},
    {.signature = "_count()", .fn = count},
    {.signature = "interrupt_main(signum=2, /)", .fn = interrupt_main},
    {.signature = "exit()", .fn = leave_thread},
    {.signature = "exit_thread()", .fn = leave_thread},
    {.signature = "stack_size(size=0, /)", .fn = stack_size, .step = step_with_index_all},
    {.signature = "_yield()", .fn = yield_now},
    {.signature = "_set_name(name, /)", .fn = set_name},
    {.signature = "_thread_locals()", .fn = thread_locals},
    {.signature = "_describe_threads()", .fn = describe},
    {.signature = "_describe_thread()", .fn = describe_running},
};

void init(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeLock, .methods = kLockMethods});
    define_type(vm, {.shape = kShapeRLock, .methods = kRLockMethods});
    for (BuiltinShape shape : {kShapeLock, kShapeRLock}) vm.type(shape)->module = vm.str("_thread");
    vm.set(m->dict, "LockType", Value::object(vm.type(kShapeLock)));
    vm.set(m->dict, "RLock", Value::object(vm.type(kShapeRLock)));
    vm.set(m->dict, "error", Value::object(vm.type(kShapeRuntimeError)));
    vm.set(m->dict, "TIMEOUT_MAX", vm.real(9223372036.0));
}

}  // namespace

const ModuleDef kThreadModule = {.name = "_thread",
                                 .functions = kFunctions,
                                 .init = init,
                                 .doc = "Threads of the script, which are fibers of the VM."};

}  // namespace gen
