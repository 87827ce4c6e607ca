// How a frame goes on after an operation: the slow half of the dispatch loop.
#include "vm/exec/exec.h"
#include "vm/exec/step.h"

#include <utility>

namespace gen {

const Instruction kNativeStub[2] = {Instruction::ad(Op::LANDING, 0, 0),
                                    Instruction::ad(Op::NATIVE_STEP, 0, 0)};
const Instruction kBaseStub[2] = {Instruction::ad(Op::LANDING, 0, 0), Instruction::ad(Op::FIBER_END, 0, 0)};

namespace {

// One that `yield from` or `await` may enter next. (Others are landed without a safepoint: they may have to be closed.)
bool is_new_generator(Value v) {
    return v.is_object() && v.as_object()->kind == Kind::Generator && v.as_object()->state == kCreated;
}

// Does what vm.request asks for, on behalf of fr. What it starts may make requests of its own, so the parts are copied.
Frame* perform(VM& vm, Frame* fr, const Instruction* start) {
    Request& request = vm.request;
    for (bool retried = false;; retried = true) {
        // What has been asked for is not kept alive by having been asked for.
        const Value callee = std::exchange(request.callee, Value::unbound());
        const Value tuple = std::exchange(request.tuple, Value::unbound());
        const Value keywords = std::exchange(request.keywords, Value::unbound());
        const unsigned count = std::exchange(request.count, 0);
        if (request.kind == Request::Kind::Resume)
            return resume_generator(vm, fr, callee.as<Frame>(), request.mode, request.args[0]);
        const Use use = request.use;
        Value args[Request::kInline];
        for (unsigned i = 0; i < count; i++) args[i] = request.args[i];
        Frame* pushed = nullptr;
        Outcome o = start_call(vm, fr, callee, args, count, tuple, keywords, use, pushed);
        if (retried) vm.retrying = false;
        // What calls without being a call (an operator, a property, ...) is a safepoint, too. Natives have their own.
        const bool due = --vm.budget < 0 && !fr->is_native();
        if (pushed) return due ? safepoint(vm, pushed) : pushed;
        if (!o.is_call() && !o.is_collect()) {
            const bool starts = due && o.is_value() && is_new_generator(o.value());
            Frame* next = land(vm, fr, o, start);
            return starts ? safepoint(vm, next) : next;
        }
        if (o.is_call()) continue;
        request.kind = Request::Kind::Call;
        request.callee = callee;
        request.tuple = tuple;
        request.keywords = keywords;
        request.count = count;
        request.use = use;
        for (unsigned i = 0; i < count; i++) request.args[i] = args[i];
        collect_garbage(vm, fr, Heap::Extent::Major);
        vm.retrying = true;
    }
}

}  // namespace

Frame* land(VM& vm, Frame* fr, Outcome o, const Instruction* start) {
    if (o.is_value()) [[likely]] {
        fr->registers[fr->pc->a()] = o.value();
        fr->pc++;
        return fr;
    }
    if (o.is_call()) return perform(vm, fr, start);
    if (o.is_raised()) return unwind(vm, fr);
    if (o.is_stop()) return iteration_ended(vm, fr, Value::none());
    if (o.is_park()) return switch_fiber(vm, fr);
    if (o.is_collect()) {
        collect_garbage(vm, fr, Heap::Extent::Major);
        vm.retrying = true;
        vm.retry_pc = start;
        vm.safepoint_soon();  // where that is over
        fr->pc = start;
        return fr;
    }
    vm.raise(kShapeSystemError, "an operation has no form for its operands");
    return unwind(vm, fr);
}

Frame* call_window(VM& vm, Frame* fr, const Instruction* start, Value callee, Value* args, unsigned count,
                   Value names, unsigned use) {
    Frame* pushed = nullptr;
    vm.request.use = kUsedAnyhow;
    Outcome o = start_call(vm, fr, callee, args, count, Value::unbound(), names, use, pushed);
    if (pushed) return pushed;
    return land(vm, fr, o, start);
}

Frame* call_of_super(VM& vm, Frame* fr, Value function, Value self, Value* window, unsigned count,
                     unsigned use) {
    window[0] = self;
    for (bool retried = false;; retried = true) {
        Frame* pushed = nullptr;
        vm.request.use = kUsedAnyhow;
        Outcome o =
            start_call(vm, fr, function, window, count, Value::unbound(), Value::unbound(), use, pushed);
        if (retried) vm.retrying = false;
        if (pushed) return pushed;
        if (!o.is_collect()) return land(vm, fr, o, fr->pc);
        // The instruction cannot be run again: it would look the method up on self.
        collect_garbage(vm, fr, Heap::Extent::Major);
        vm.retrying = true;
    }
}

Frame* invoke_attribute(VM& vm, Frame* fr, const Instruction* pc, Outcome attribute, Value self, Str* name) {
    Value* args = &fr->registers[pc->b() + 1];
    unsigned count = pc->c();
    if (attribute.is_value())
        return call_window(vm, fr, pc, attribute.value(), args, count, Value::unbound(), pc->x());
    if (!attribute.is_call()) return land(vm, fr, attribute, pc);
    // The attribute itself has to be computed by the script first (__getattr__, a property).
    Tuple* rest = make_tuple(vm.heap, args, count);
    if (!rest) return land(vm, fr, vm.out_of_memory(), pc);
    return land(vm, fr, vm.call(vm.natives.call_attribute, {self, Value::object(name), Value::object(rest)}),
                pc);
}

Frame* step_native(VM& vm, Frame* fr) {
    auto& native = *static_cast<NativeFrame*>(fr);
    fr->aux &= ~(kAwaiting | kAwaitsNext | kAwaitsStop | kAwaitsCatching | kAwaitsReturn);
    fr->pc = kNativeStub;
    vm.frame = fr;
    // While calls return into natives, no safepoint comes by.
    if (vm.budget <= 0 && vm.heap.wants_collection()) collect_garbage(vm, fr, Heap::Extent::Auto);
    const bool retried = vm.retrying;
    Outcome o = native.native()->def->step(vm, native);
    if (retried) vm.retrying = false;
    if (o.is_value() || o.is_stop()) {
        if (vm.held_slices) [[unlikely]]
            vm.safepoint_soon();
        Frame* parent = fr->parent;
        pop_frame(vm, fr);
        if (parent->flags & kClean) touch(vm, parent);
        return land(vm, parent, o, parent->pc);
    }
    if (o.is_call()) {
        if (fr->aux & kAwaiting) return perform(vm, fr, kNativeStub + 1);
        Frame* parent = fr->parent;  // a tail call
        pop_frame(vm, fr);
        if (parent->flags & kClean) touch(vm, parent);
        vm.frame = parent;
        return perform(vm, parent, parent->pc);
    }
    if (o.is_park()) return switch_fiber(vm, fr);
    if (o.is_collect()) {
        fr->pc = kNativeStub + 1;
        if (vm.budget <= 0) return safepoint(vm, fr);  // a PAUSE, see step.h
        collect_garbage(vm, fr, Heap::Extent::Major);
        vm.retrying = true;
        return fr;
    }
    if (o.is_unhandled()) vm.raise(kShapeSystemError, "a native did not handle its arguments");
    // The native itself raised: it is done, whatever it would have caught of others.
    Frame* parent = fr->parent;
    pop_frame(vm, fr);
    if (parent->flags & kClean) touch(vm, parent);
    return unwind(vm, parent);
}

bool NativeFrame::await(VM& vm, Outcome o, uint32_t next_state) {
    if (o.is_value()) {
        result() = o.value();
        return true;
    }
    if (o.is_stop()) {
        result() = Value::unbound();
        return true;
    }
    if (!o.is_collect()) step_state() = next_state;
    aux |= kAwaiting;
    if (o.is_call()) {
        switch (vm.request.stops) {
            case Request::Stops::Never:
                break;
            case Request::Stops::Answers:
                aux |= kAwaitsStop;
                break;
            case Request::Stops::Raises:
                aux |= kAwaitsNext;
                break;
            case Request::Stops::Returns:
                aux |= kAwaitsReturn;
                break;
        }
    }
    vm.pending = o;
    return false;
}

bool NativeFrame::await_catching(VM& vm, Outcome o, uint32_t next_state) {
    if (o.is_raised()) {
        vm.caught = vm.exception;
        vm.exception = Value::unbound();
        result() = Value::unbound();
        return true;
    }
    bool done = await(vm, o, next_state);
    if (!done) aux |= kAwaitsCatching;
    return done;
}

void make_room(VM& vm, NativeFrame& frame) {
    collect_garbage(vm, &frame, Heap::Extent::Major);
    vm.retrying = true;
}

}  // namespace gen
