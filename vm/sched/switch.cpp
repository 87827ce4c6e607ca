// Changing the running fiber: a switch is a change of the current frame.
#include "vm/exec/exec.h"
#include "vm/sched/run_observer.h"

namespace gen {

namespace {

void leave(VM& vm, Frame* fr) {
    Fiber* f = vm.fiber;
    f->frame = fr;
    f->handled = vm.handled;
    f->steps += vm.steps_now() - vm.steps_at_switch;
    vm.steps_at_switch = vm.steps_now();
    if (vm.scheduler.observer) vm.scheduler.observer->stops(vm, f);
}

// fr was about to go on, and an exception comes from elsewhere: a StopIteration is not that of the FOR_ITER it stands at.
void skip_iteration(Frame* fr) {
    if (!fr->is_native() && fr->pc->op() >= Op::FOR_ITER && fr->pc->op() <= Op::FOR_ITER_RANGE) fr->pc++;
}

Frame* enter(VM& vm, Fiber* f) {
    vm.fiber = f;
    vm.next_depth_check = 0;
    f->state = Fiber::kRunningFiber;
    vm.handled = f->handled;
    vm.frame = f->frame;
    if (vm.scheduler.observer) vm.scheduler.observer->runs(vm, f);
    if (!f->thrown.is_unbound()) {
        vm.exception = f->thrown;
        if (f->result.is_unbound()) skip_iteration(f->frame);
        f->thrown = f->result = Value::unbound();
        return unwind(vm, f->frame);
    }
    if (f->result.is_unbound()) return f->frame;
    Value result = f->result;
    f->result = Value::unbound();
    return land(vm, f->frame, result, f->frame->pc);
}

// Something that nobody refers to any more may have a finaliser, or a weak reference's callback, that wakes somebody. The running
// fiber waits, or has ended, at vm.frame. Null: there is nothing of that kind.
Fiber* next_after_collection(VM& vm) {
    if (vm.interrupt.load() || vm.finalizing || is_past_deadline(vm)) return nullptr;
    collect_garbage(vm, vm.frame, Heap::Extent::Major);
    if (vm.dying.empty()) return nullptr;
    vm.start_finalizers();
    return vm.scheduler.next(vm);
}

// Nobody can run: the interrupt, or the news that everybody waits for ever, goes to `f`.
Frame* nobody_is_ready(VM& vm, Fiber* f) {
    if (Fiber* next = next_after_collection(vm)) return enter(vm, next);
    if (uint32_t bits = vm.interrupt.exchange(0)) {
        if (bits & kInterruptTerminate)
            begin_termination(vm, "the host has interrupted the script");
        else
            raise_interrupt(vm, bits);
    } else if (is_past_deadline(vm)) {
        begin_termination(vm, "the deadline has passed");
    } else {
        const bool timed = vm.clock && vm.clock->is_manual() && vm.scheduler.first_deadline() != kForever;
        vm.raise(
            kShapeRuntimeError,
            std::string(
                timed ? "deadlock: every thread waits, and the time stands still until the host moves it\n"
                      : "deadlock: every thread waits, and nothing can wake one\n") +
                describe_fibers(vm));
    }
    vm.scheduler.throw_into(f, vm.exception);
    vm.exception = Value::unbound();
    return enter(vm, vm.scheduler.next(vm));
}

}  // namespace

void raise_interrupt(VM& vm, uint32_t bits) {
    vm.raise(bits & kInterruptKeyboard ? kShapeKeyboardInterrupt : kShapeSystemExit,
             std::initializer_list<Value>{});
}

// The running fiber has spent its slice.
Frame* preempt(VM& vm, Frame* fr) {
    vm.fiber->result = Value::unbound();
    vm.scheduler.ready(vm.fiber);
    leave(vm, fr);
    return enter(vm, vm.scheduler.next(vm));
}

// fr, of the running fiber, waits (pc at its landing): goes on with another one.
Frame* switch_fiber(VM& vm, Frame* fr) {
    leave(vm, fr);
    if (vm.nested > 1) {
        vm.raise(kShapeRuntimeError, "cannot wait inside a call from the host");
        vm.scheduler.throw_into(vm.fiber, vm.exception);
        vm.exception = Value::unbound();
    }
    Fiber* next = vm.scheduler.next(vm);
    vm.frame = fr;
    return next ? enter(vm, next) : nobody_is_ready(vm, vm.main_fiber);
}

Frame* fiber_ended(VM& vm, Frame* fr) {
    if (fr == vm.run_base) {
        vm.run_result = fr->registers[0];
        return nullptr;
    }
    Fiber* ended = vm.fiber;
    vm.exception = Value::unbound();  // whoever started the fiber has seen to its errors
    vm.scheduler.ended(ended);
    leave(vm, nullptr);
    pop_frame(vm, fr);
    Fiber* next = vm.scheduler.next(vm);
    if (next) return enter(vm, next);
    vm.frame = nullptr;
    return nobody_is_ready(vm, vm.main_fiber);
}

}  // namespace gen
