// Async generators (PEP 525): the awaitables of asend(), athrow() and aclose(), each of them one step of the generator.
//
// A value that the generator yields reaches the one who drives the step as StopIteration(value); a value that it awaits passes
// through. StopIteration of its own cannot leave a generator, so there is no doubt which is which.
#include "runtime/types/generators.h"

namespace gen {

// Object::aux of an async generator.
enum AsyncFlags : uint8_t { kStepRunning = 16, kAsyncClosed = 32, kHooked = 64 };

static AsyncStep* step_of(Value v) { return v.as<AsyncStep>(); }
static Frame* generator_of(Value step) { return step_of(step)->generator.as<Frame>(); }

static bool ends_generator(VM& vm, Value e) {
    return vm.is_instance(e, kShapeStopAsyncIteration) || vm.is_instance(e, kShapeGeneratorExit);
}

static void set_closed(Value step) { step_of(step)->state = AsyncStep::kClosed; }
static void leave_step(Value step) {
    set_closed(step);
    generator_of(step)->aux &= ~kStepRunning;
}

static Outcome stop_with_none(VM& vm) {
    return vm.raise(kShapeStopIteration, std::initializer_list<Value>{});
}

// What an exception that comes out of the generator means for asend() and athrow().
static Outcome give_exception(VM& vm, Value step, Value exception) {
    leave_step(step);
    if (ends_generator(vm, exception)) generator_of(step)->aux |= kAsyncClosed;
    return raise_again(vm, exception);
}
// For aclose(): a yield is an error, the end is what was wanted.
static Outcome finish_close(VM& vm, Value step, Value exception) {
    leave_step(step);
    if (vm.is_instance(exception, kShapeStopIteration))
        return vm.raise(kShapeRuntimeError, "async generator ignored GeneratorExit");
    if (ends_generator(vm, exception)) return stop_with_none(vm);
    return raise_again(vm, exception);
}
static Outcome give(VM& vm, Value step, Value exception) {
    bool closing = step.as_object()->shape == kShapeAsyncGenThrow && step_of(step)->exception.is_unbound();
    return closing ? finish_close(vm, step, exception) : give_exception(vm, step, exception);
}

// ---- asend() and __anext__()

static Outcome asend_send_step(VM& vm, NativeFrame& frame) {  // self, value
    AsyncStep* s = step_of(frame[0]);
    Frame* g = generator_of(frame[0]);
    switch (frame.step_state()) {
        case 0:
            if (s->state == AsyncStep::kClosed)
                return vm.raise(kShapeRuntimeError, "cannot reuse already awaited __anext__()/asend()");
            if (s->state == AsyncStep::kInitial) {
                if (g->aux & kStepRunning) {
                    s->state = AsyncStep::kClosed;
                    return vm.raise(kShapeRuntimeError, "anext(): asynchronous generator is already running");
                }
                if (frame[1].is_none()) frame[1] = s->value;
                s->state = AsyncStep::kIterating;
            }
            g->aux |= kStepRunning;
            AWAIT_CATCHING(1, vm.resume(generator_of(frame[0]), Request::Resume::Send, frame[1]));
    }
    return frame.result().is_unbound() ? give(vm, frame[0], vm.caught) : Outcome(frame.result());
}
static Outcome asend_next(VM& vm, Value* args);

static Outcome asend_throw_step(VM& vm, NativeFrame& frame) {  // self, type, value, traceback
    switch (frame.step_state()) {
        case 0:
            if (step_of(frame[0])->state == AsyncStep::kClosed)
                return vm.raise(kShapeRuntimeError, "cannot reuse already awaited __anext__()/asend()");
            AWAIT(1, normalize_exception(vm, frame[1], frame[2], frame[3]));
            AWAIT_CATCHING(2, vm.resume(generator_of(frame[0]), Request::Resume::Throw, frame.result()));
    }
    return frame.result().is_unbound() ? give(vm, frame[0], vm.caught) : Outcome(frame.result());
}

// ---- athrow() and aclose()

static Outcome athrow_send_step(VM& vm, NativeFrame& frame) {  // self, value
    AsyncStep* s = step_of(frame[0]);
    Frame* g = generator_of(frame[0]);
    bool closing = s->exception.is_unbound();
    switch (frame.step_state()) {
        case 0:
            if (s->state == AsyncStep::kClosed)
                return vm.raise(kShapeRuntimeError, "cannot reuse already awaited aclose()/athrow()");
            if (g->state == kDone) {
                s->state = AsyncStep::kClosed;
                return stop_with_none(vm);
            }
            if (s->state == AsyncStep::kInitial) {
                if (g->aux & kStepRunning) {
                    s->state = AsyncStep::kClosed;
                    return vm.raisef(kShapeRuntimeError, "%s(): asynchronous generator is already running",
                                     closing ? "aclose" : "athrow");
                }
                if (g->aux & kAsyncClosed) {
                    s->state = AsyncStep::kClosed;
                    return vm.raise(kShapeStopAsyncIteration, std::initializer_list<Value>{});
                }
                if (!frame[1].is_none())
                    return vm.raise(kShapeRuntimeError,
                                    "can't send non-None value to a just-started coroutine");
                s->state = AsyncStep::kIterating;
                g->aux |= kStepRunning;
                if (closing) g->aux |= kAsyncClosed;
                AWAIT(1, closing ? Outcome(vm.make_exception(kShapeGeneratorExit, {}))
                                 : normalize_exception(vm, step_of(frame[0])->exception.as<Tuple>()->items[0],
                                                       step_of(frame[0])->exception.as<Tuple>()->items[1],
                                                       step_of(frame[0])->exception.as<Tuple>()->items[2]));
                AWAIT_CATCHING(2, vm.resume(generator_of(frame[0]), Request::Resume::Throw, frame.result()));
            } else {
                AWAIT_CATCHING(3, vm.resume(generator_of(frame[0]), Request::Resume::Send, frame[1]));
            }
    }
    return frame.result().is_unbound() ? give(vm, frame[0], vm.caught) : Outcome(frame.result());
}

static Outcome athrow_throw_step(VM& vm, NativeFrame& frame) {  // self, type, value, traceback
    switch (frame.step_state()) {
        case 0:
            if (step_of(frame[0])->state == AsyncStep::kClosed)
                return vm.raise(kShapeRuntimeError, "cannot reuse already awaited aclose()/athrow()");
            AWAIT(1, normalize_exception(vm, frame[1], frame[2], frame[3]));
            AWAIT_CATCHING(2, vm.resume(generator_of(frame[0]), Request::Resume::Throw, frame.result()));
    }
    return frame.result().is_unbound() ? give(vm, frame[0], vm.caught) : Outcome(frame.result());
}

static Outcome step_close(VM&, Value* args) {
    set_closed(args[0]);
    return Value::none();
}

static const NativeDef kAsendSend = {.signature = "send(self, value, /)", .step = asend_send_step};
static const NativeDef kAthrowSend = {.signature = "send(self, value, /)", .step = athrow_send_step};
static Outcome asend_next(VM& vm, Value* args) {
    return call_internal(vm, kAsendSend, {args[0], Value::none()});
}
static Outcome athrow_next(VM& vm, Value* args) {
    return call_internal(vm, kAthrowSend, {args[0], Value::none()});
}

static const NativeDef kAsendMethods[] = {
    kAsendSend,
    {.signature = "throw(self, type, value=None, traceback=None, /)", .step = asend_throw_step},
    {.signature = "close(self, /)", .fn = step_close},
    {.signature = "__next__(self, /)", .fn = asend_next},
    {.signature = "__iter__(self, /)", .fn = same},
    {.signature = "__await__(self, /)", .fn = same},
};
static const NativeDef kAthrowMethods[] = {
    kAthrowSend,
    {.signature = "throw(self, type, value=None, traceback=None, /)", .step = athrow_throw_step},
    {.signature = "close(self, /)", .fn = step_close},
    {.signature = "__next__(self, /)", .fn = athrow_next},
    {.signature = "__iter__(self, /)", .fn = same},
    {.signature = "__await__(self, /)", .fn = same},
};

// ---- async generators themselves

// begin(generator, step): the hook that an event loop has set sees the generator before its first step.
static Outcome begin_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, vm.call(vm.fiber->asyncgen_hooks.as<Tuple>()->items[0], {frame[0]}));
    }
    return frame[1];
}
static const NativeDef kBegin = {
    .signature = "begin(generator, step, /)", .step = begin_step, .flags = kHiddenNative};

static Outcome begin(VM& vm, Value generator, Outcome step) {
    Frame* g = generator.as<Frame>();
    if (g->aux & kHooked) return step;
    g->aux |= kHooked;
    Value hooks = vm.fiber->asyncgen_hooks;
    if (!hooks.is_object()) return step;
    Value* hook = hooks.as<Tuple>()->items;
    if (!hook[1].is_none()) {
        vm.asyncgen_finalizers.push_back({g, hook[1]});
        vm.register_finalizer(g);
    }
    return hook[0].is_none() ? step : call_internal(vm, kBegin, {generator, step.value()});
}

static Outcome agen_anext(VM& vm, Value* args) {
    return begin(vm, args[0], make_async_step(vm, kShapeAsyncGenSend, args[0], Value::none()));
}
static Outcome agen_asend(VM& vm, Value* args) {
    return begin(vm, args[0], make_async_step(vm, kShapeAsyncGenSend, args[0], args[1]));
}
static Outcome agen_athrow(VM& vm, Value* args) {  // self, type, value, traceback
    Outcome o = make_async_step(vm, kShapeAsyncGenThrow, args[0], Value::unbound());
    Tuple* t = make_tuple(vm.heap, &args[1], 3);
    step_of(o.value())->exception = Value::object(t);
    return begin(vm, args[0], o);
}
static Outcome agen_aclose(VM& vm, Value* args) {
    return begin(vm, args[0], make_async_step(vm, kShapeAsyncGenThrow, args[0], Value::unbound()));
}

static Outcome get_running(VM&, Value self) { return Value::boolean(self.as_object()->aux & kStepRunning); }

static const NativeDef kAsyncGeneratorMethods[] = {
    {.signature = "__aiter__(self, /)",
     .fn = same,
     .doc = "Return an awaitable, that resolves in asynchronous iterator."},
    {.signature = "__anext__(self, /)",
     .fn = agen_anext,
     .doc = "Return a value or raise StopAsyncIteration."},
    {.signature = "asend(self, value, /)", .fn = agen_asend, .doc = "asend(v) -> send 'v' in generator."},
    {.signature = "athrow(self, type, value=None, traceback=None, /)",
     .fn = agen_athrow,
     .doc = "athrow(typ[,val[,tb]]) -> raise exception in generator."},
    {.signature = "aclose(self, /)",
     .fn = agen_aclose,
     .doc = "aclose() -> raise GeneratorExit inside generator."},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kAsyncGeneratorAttributes[] = {{"ag_running", get_running}};

void define_async_generators(VM& vm) {
    define_type(vm, {.shape = kShapeAsyncGenerator,
                     .methods = kAsyncGeneratorMethods,
                     .attributes = kAsyncGeneratorAttributes});
    define_type(vm, {.shape = kShapeAsyncGenerator, .attributes = async_generator_names()});
    define_type(vm, {.shape = kShapeAsyncGenSend, .methods = kAsendMethods});
    define_type(vm, {.shape = kShapeAsyncGenThrow, .methods = kAthrowMethods});
    for (BuiltinShape s : {kShapeAsyncGenerator, kShapeAsyncGenSend, kShapeAsyncGenThrow})
        vm.type(s)->class_flags |= Class::kNoInstances;
}

}  // namespace gen
