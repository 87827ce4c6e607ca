// _asyncio.Handle and TimerHandle: callbacks that are due, or will be.
#include "runtime/modules/asyncio.h"

namespace gen {

Handle* make_handle(VM& vm, Value callback, Value arguments, Value context, Value loop) {
    auto* h = vm.heap.make<Handle>(Kind::Record, kShapeHandle);
    h->callback = callback;
    h->arguments = arguments;
    h->context = context;
    h->loop = loop;
    h->when = h->order = Value::unbound();
    return h;
}

namespace {

Handle* handle_of(Value v) { return v.as<Handle>(); }

Outcome handle_new(VM& vm, Value* args) {
    Class* cls = checked_class(vm, args[0], kShapeHandle);
    if (!cls) return Outcome::raised();
    auto* h = static_cast<Handle*>(allocate_instance(vm, cls));
    h->callback = h->arguments = h->context = h->loop = Value::none();
    return Value::object(h);
}
Outcome fill(VM& vm, Handle* h, Value callback, Value arguments, Value loop, Value context) {
    if (is_list(arguments)) {
        Tuple* t = make_tuple(vm.heap, arguments.as<List>()->items->items, arguments.as<List>()->size);
        if (!t) return vm.out_of_memory();
        arguments = Value::object(t);
    }
    if (!is_tuple(arguments)) return vm.type_error("args must be a tuple");
    h->callback = callback;
    h->arguments = arguments;
    h->loop = loop;
    h->context = context.is_unbound() || context.is_none() ? context_snapshot(vm) : context;
    h->state = 0;
    vm.heap.write(h);
    return Value::none();
}
Outcome handle_init(VM& vm, Value* args) {
    return fill(vm, handle_of(args[0]), args[1], args[2], args[3], args[4]);
}
Outcome timer_init(VM& vm, Value* args) {  // self, when, callback, args, loop, context
    handle_of(args[0])->when = args[1];
    handle_of(args[0])->order = Value::integer(0);
    return fill(vm, handle_of(args[0]), args[2], args[3], args[4], args[5]);
}
Outcome handle_cancel(VM& vm, Value* args) {
    Handle* h = handle_of(args[0]);
    if (h->state & Handle::kCancelled) return Value::none();
    h->state |= Handle::kCancelled;
    if (h->state & Handle::kScheduled && is_event_loop(h->loop)) timer_cancelled(vm, h->loop.as<EventLoop>());
    h->callback = h->arguments = Value::none();
    return Value::none();
}
Outcome handle_cancelled(VM&, Value* args) {
    return Value::boolean(handle_of(args[0])->state & Handle::kCancelled);
}
Outcome handle_run_step(VM& vm, NativeFrame& frame) {  // self; 1 previous context
    Handle* h = handle_of(frame[0]);
    switch (frame.step_state()) {
        case 0:
            if (h->state & Handle::kCancelled) return Value::none();
            frame[1] = vm.fiber->context;
            if (!enter_context(vm, h->context)) return raise_entered(vm, h->context);
            AWAIT_CATCHING(1, vm.call_with(handle_of(frame[0])->callback, handle_of(frame[0])->arguments));
    }
    leave_context(vm, frame[1]);
    return frame.result().is_unbound() ? call_helper(vm, "callback_failed", {frame[0], vm.caught})
                                       : Outcome(Value::none());
}
Outcome handle_repr(VM& vm, Value* args) { return call_helper(vm, "handle_repr", {args[0]}); }
Outcome timer_when(VM&, Value* args) { return handle_of(args[0])->when; }

template <CompareOp op>
Outcome timer_compare(VM& vm, Value* args) {
    if (!vm.is_instance(args[1], kShapeTimerHandle)) return Value::not_implemented();
    return op_compare(vm, op, handle_of(args[0])->when, handle_of(args[1])->when);
}

Outcome get_callback(VM&, Value self) { return handle_of(self)->callback; }
Outcome get_args(VM&, Value self) { return handle_of(self)->arguments; }
Outcome get_loop(VM&, Value self) { return handle_of(self)->loop; }
Outcome get_cancelled(VM&, Value self) { return Value::boolean(handle_of(self)->state & Handle::kCancelled); }
Outcome get_context(VM& vm, Value self) {
    Handle* h = handle_of(self);
    if (!is_context(h->context)) {
        h->context = Value::object(context_of(vm, h->context));
        vm.heap.write(h);
    }
    return h->context;
}
Outcome get_none(VM&, Value) { return Value::none(); }
Outcome get_when(VM&, Value self) { return handle_of(self)->when; }
Outcome get_scheduled(VM&, Value self) { return Value::boolean(handle_of(self)->state & Handle::kScheduled); }
Outcome set_scheduled(VM&, Value self, Value v) {
    if (v.is_true())
        handle_of(self)->state |= Handle::kScheduled;
    else
        handle_of(self)->state &= uint8_t(~Handle::kScheduled);
    return Value::none();
}

const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = handle_new, .flags = kStaticNative},
    {.signature = "__init__(self, callback, args, loop, context=None)", .fn = handle_init},
    {.signature = "cancel(self)", .fn = handle_cancel},
    {.signature = "cancelled(self)", .fn = handle_cancelled},
    {.signature = "_run(self)", .step = handle_run_step, .locals = 1},
    {.signature = "__repr__(self, /)", .fn = handle_repr},
};
const AttributeDef kAttributes[] = {
    {"_callback", get_callback},   {"_args", get_args},       {"_loop", get_loop},
    {"_cancelled", get_cancelled}, {"_context", get_context}, {"_source_traceback", get_none},
};
const NativeDef kTimerMethods[] = {
    {.signature = "__init__(self, when, callback, args, loop, context=None)", .fn = timer_init},
    {.signature = "when(self)", .fn = timer_when, .doc = "Return a scheduled callback time."},
    {.signature = "__lt__(self, other, /)", .fn = timer_compare<CompareOp::Lt>},
    {.signature = "__le__(self, other, /)", .fn = timer_compare<CompareOp::Le>},
    {.signature = "__gt__(self, other, /)", .fn = timer_compare<CompareOp::Gt>},
    {.signature = "__ge__(self, other, /)", .fn = timer_compare<CompareOp::Ge>},
};
const AttributeDef kTimerAttributes[] = {{"_when", get_when}, {"_scheduled", get_scheduled, set_scheduled}};

}  // namespace

void define_handles(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeHandle,
                     .methods = kMethods,
                     .attributes = kAttributes,
                     .doc = "Object returned by callback registration methods."});
    define_type(vm, {.shape = kShapeTimerHandle,
                     .methods = kTimerMethods,
                     .attributes = kTimerAttributes,
                     .doc = "Object returned by timed callback registration methods."});
    vm.set(m->dict, "Handle", Value::object(vm.type(kShapeHandle)));
    vm.set(m->dict, "TimerHandle", Value::object(vm.type(kShapeTimerHandle)));
}

}  // namespace gen
