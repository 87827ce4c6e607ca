// Generators and coroutines: their methods and attributes, and the natives by which the VM closes them.
#include "runtime/types/generators.h"

#include "vm/exec/exec.h"

namespace gen {

// ---- throw(type, value, traceback)

// The arguments are of the kinds that throw() takes; false: raised.
static bool may_be_thrown(VM& vm, Value type, Value value, Value traceback) {
    if (!traceback.is_unbound() && !traceback.is_none() &&
        !(traceback.is_object() && traceback.as_object()->kind == Kind::Traceback)) {
        vm.type_error("throw() third argument must be a traceback object");
        return false;
    }
    if (is_class(type) && (type.as<Class>()->class_flags & Class::kException)) return true;
    if (!vm.is_instance(type, kShapeBaseException)) {
        vm.type_error("exceptions must be classes or instances deriving from BaseException, not %s",
                      vm.type_name(type));
        return false;
    }
    if (value.is_unbound() || value.is_none()) return true;
    vm.type_error("instance exception may not have a separate value");
    return false;
}

// normalize(type, value, traceback): the exception to be thrown; 3 the exception
static Outcome normalize_step(VM& vm, NativeFrame& frame) {
    Value type = frame[0], value = frame[1];
    switch (frame.step_state()) {
        case 0:
            if (value.is_none()) value = Value::unbound();
            if (!may_be_thrown(vm, type, value, frame[2])) return Outcome::raised();
            if (is_class(type) && (type.as<Class>()->class_flags & Class::kException)) {
                if (!value.is_unbound() && vm.is_subclass(vm.class_of(value), type.as<Class>())) {
                    frame[3] = value;
                } else {
                    AWAIT(1, frame[1].is_unbound() || frame[1].is_none() ? vm.call(frame[0], {})
                             : is_tuple(frame[1])                        ? vm.call_with(frame[0], frame[1])
                                                                         : vm.call(frame[0], {frame[1]}));
                    if (!vm.is_instance(frame.result(), kShapeBaseException))
                        return vm.type_error(
                            "calling %s should have returned an instance of BaseException, not %s",
                            std::string(vm.class_name(frame[0].as<Class>())).c_str(),
                            vm.type_name(frame.result()));
                    frame[3] = frame.result();
                }
            } else {
                frame[3] = type;
            }
    }
    if (frame[2].is_object()) {
        frame[3].as<Exception>()->traceback = frame[2];
        vm.heap.write(frame[3].as_object());
    }
    return frame[3];
}
static const NativeDef kNormalize = {.signature = "normalize(type, value, traceback, /)",
                                     .step = normalize_step,
                                     .locals = 1,
                                     .flags = kHiddenNative};

Outcome normalize_exception(VM& vm, Value type, Value value, Value traceback) {
    if (value.is_unbound() && traceback.is_unbound() && vm.is_instance(type, kShapeBaseException))
        return type;
    return call_internal(vm, kNormalize, {type, value, traceback});
}

// ---- methods

static Frame* generator_of(Value v) { return v.as<Frame>(); }

static Outcome generator_send(VM& vm, Value* args) {
    return vm.resume(generator_of(args[0]), Request::Resume::Send, args[1]);
}
static Outcome generator_next(VM& vm, Value* args) {
    return vm.resume(generator_of(args[0]), Request::Resume::Send, Value::none());
}

static Outcome generator_throw(VM& vm, Value* args) {
    if (!args[2].is_unbound() || !args[3].is_unbound() || !vm.is_instance(args[1], kShapeBaseException))
        return Outcome::unhandled();
    return vm.resume(generator_of(args[0]), Request::Resume::Throw, args[1]);
}
static Outcome generator_throw_step(VM& vm, NativeFrame& frame) {  // self, type, value, traceback
    switch (frame.step_state()) {
        case 0:
            if (!may_be_thrown(vm, frame[1], frame[2], frame[3])) return Outcome::raised();
            // An error in making the exception is thrown in its place.
            AWAIT_CATCHING(1, normalize_exception(vm, frame[1], frame[2], frame[3]));
    }
    return vm.resume(generator_of(frame[0]), Request::Resume::Throw,
                     frame.result().is_unbound() ? vm.caught : frame.result());
}

// Raised, as it were, by whoever closes: what that handles becomes the context.
static Value generator_exit(VM& vm) {
    Value e = vm.make_exception(kShapeGeneratorExit, {});
    set_context(vm, e);
    return e;
}

// close(self): nothing to do for one that has not started or is done; else GeneratorExit is thrown into it.
static Outcome close_fn(VM& vm, Value* args) {
    Frame* g = generator_of(args[0]);
    switch (g->state) {
        case kCreated:
            g->state = kDone;
            return Value::none();
        case kDone:
            return Value::none();
        case kRunning:
            return vm.raisef(kShapeValueError, "%s already executing", generator_kind(g));
        default:
            return Outcome::unhandled();
    }
}
static Outcome close_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT_CATCHING(1, vm.resume(generator_of(frame[0]), Request::Resume::Throw, generator_exit(vm)));
    }
    if (!frame.result().is_unbound())
        return vm.raisef(kShapeRuntimeError, "%s ignored GeneratorExit",
                         generator_kind(generator_of(frame[0])));
    if (vm.is_instance(vm.caught, kShapeGeneratorExit) || vm.is_instance(vm.caught, kShapeStopIteration))
        return Value::none();
    if (generator_of(frame[0])->shape == kShapeAsyncGenerator &&
        vm.is_instance(vm.caught, kShapeStopAsyncIteration))
        return Value::none();
    return raise_again(vm, vm.caught);
}

// throw_level(g, inner, exception): GeneratorExit goes into a delegating generator. Its delegates are closed from the innermost outward, as
// nested calls of close() would do; then the exception, or the error of that close, is raised where g stands.
static Outcome throw_level_step(
    VM& vm, NativeFrame& frame) {  // g, inner, exception; levels, index, what to throw next
    switch (frame.step_state()) {
        case 0: {
            List* levels = make_list(vm.heap);
            for (Frame* p = generator_of(frame[1]);; p = generator_of(p->registers[p->pc->b()])) {
                if (!list_append(vm.heap, levels, Value::object(p))) return vm.no_room();
                if (p->state != kDelegating) break;
            }
            frame[3] = Value::object(levels);
            for (size_t i = 0; i + 1 < levels->size; i++) {
                Frame* p = generator_of(levels->items->items[i]);
                p->state = kRunning;  // until its turn comes
                p->link = p;
            }
            frame[4] = Value::integer(int64_t(levels->size));
            frame[5] = Value::unbound();
        }
            while (frame[4].as_int() > 0) {
                frame[4] = Value::integer(frame[4].as_int() - 1);
                {
                    List* levels = frame[3].as<List>();
                    Frame* g = generator_of(levels->items->items[frame[4].as_int()]);
                    bool innermost = uint64_t(frame[4].as_int()) + 1 == levels->size;
                    if (!innermost) g->state = kSuspended;
                    if (innermost && g->state == kCreated) g->state = kDone;
                    if (innermost && g->state == kDone) continue;
                    if (frame[5].is_unbound()) frame[5] = generator_exit(vm);
                }
                AWAIT_CATCHING(1,
                               vm.resume(generator_of(frame[3].as<List>()->items->items[frame[4].as_int()]),
                                         Request::Resume::Throw, frame[5]));
                if (frame.result().is_unbound() && is_termination(vm.caught)) {
                    // Nothing of them runs any more.
                    for (int64_t i = frame[4].as_int(); i-- > 0;)
                        generator_of(frame[3].as<List>()->items->items[i])->state = kDone;
                    generator_of(frame[0])->state = kDone;
                    return raise_again(vm, vm.caught);
                }
                frame[5] = Value::unbound();
                if (!frame.result().is_unbound()) {
                    vm.raise(kShapeRuntimeError, "generator ignored GeneratorExit");
                    frame[5] = vm.exception;
                    vm.exception = Value::unbound();
                } else if (!vm.is_instance(vm.caught, kShapeGeneratorExit) &&
                           !vm.is_instance(vm.caught, kShapeStopIteration)) {
                    frame[5] = vm.caught;
                }
            }
    }
    Frame* g = generator_of(frame[0]);
    g->state = kSuspended;
    g->link = g;
    return vm.resume(g, Request::Resume::Throw, frame[5].is_unbound() ? frame[2] : frame[5]);
}

static const NativeDef kClose = {.signature = "close(self, /)",
                                 .fn = close_fn,
                                 .step = close_step,
                                 .flags = kAnyReceiver,
                                 .doc = "close() -> raise GeneratorExit inside generator."};
static const NativeDef kThrowLevel = {.signature = "throw_level(generator, inner, exception, /)",
                                      .step = throw_level_step,
                                      .locals = 3,
                                      .flags = kHiddenNative | kSeesTermination};

// ---- attributes

static Outcome get_running(VM&, Value self) { return Value::boolean(is_executing(generator_of(self))); }
static Outcome get_suspended(VM&, Value self) {
    Frame* g = generator_of(self);
    return Value::boolean(g->state == kSuspended || (g->state == kDelegating && !is_executing(g)));
}
static Outcome get_code(VM&, Value self) { return Value::object(generator_of(self)->code()); }

// What `yield from` or `await` waits for.
static Outcome get_delegate(VM&, Value self) {
    Frame* g = generator_of(self);
    g->flags &= ~kHeldOnce;
    if (is_executing(g)) return Value::none();
    Value v = delegated_to(g);
    if (v.is_unbound()) return Value::none();
    if (v.is_object()) v.as_object()->flags &= ~kHeldOnce;
    return v;
}
static Outcome get_frame(VM& vm, Value self) {
    Frame* g = generator_of(self);
    g->flags &= ~kHeldOnce;
    return g->state == kDone ? Value::none() : frame_info(vm, g);
}
static Outcome get_origin(VM& vm, Value self) { return origin_of(vm, self); }

// The function is shared by all its generators: one that is renamed gets a function of its own.
static Function* own_function(VM& vm, Frame* g) {
    auto* copy = vm.heap.make<Function>(Kind::Function, kShapeFunction);
    Object header = *copy;
    std::memcpy(static_cast<void*>(copy), static_cast<const void*>(g->function), sizeof(Function));
    static_cast<Object&>(*copy) = header;
    copy->aux = g->function->aux;
    g->function = copy;
    vm.heap.write(g);
    return copy;
}
static Outcome get_name(VM&, Value self) { return generator_of(self)->fn()->name; }
static Outcome set_name(VM& vm, Value self, Value v) {
    if (v.is_unbound() || !is_str(v)) return vm.type_error("__name__ must be set to a string object");
    own_function(vm, generator_of(self))->name = v;
    return Value::none();
}
static Outcome get_qualname(VM&, Value self) { return generator_of(self)->fn()->qualname; }
static Outcome set_qualname(VM& vm, Value self, Value v) {
    if (v.is_unbound() || !is_str(v)) return vm.type_error("__qualname__ must be set to a string object");
    own_function(vm, generator_of(self))->qualname = v;
    return Value::none();
}

// ---- coroutine.__await__: an iterator that passes everything on

static Outcome coroutine_await(VM& vm, Value* args) {
    return make_async_step(vm, kShapeCoroutineWrapper, args[0], Value::unbound());
}
static Value wrapped(Value* args) { return args[0].as<AsyncStep>()->generator; }
static Outcome wrapper_next(VM& vm, Value* args) {
    return vm.resume(generator_of(wrapped(args)), Request::Resume::Send, Value::none());
}
static Outcome wrapper_send(VM& vm, Value* args) {
    return vm.resume(generator_of(wrapped(args)), Request::Resume::Send, args[1]);
}
static Outcome wrapper_throw_step(VM& vm, NativeFrame& frame) {  // self, type, value, traceback
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, normalize_exception(vm, frame[1], frame[2], frame[3]));
    }
    return vm.resume(frame[0].as<AsyncStep>()->generator.as<Frame>(), Request::Resume::Throw, frame.result());
}
static Outcome wrapper_close(VM& vm, Value* args) {
    return vm.call(vm.natives.close_generator, {wrapped(args)});
}

Outcome make_async_step(VM& vm, BuiltinShape shape, Value generator, Value value) {
    auto* s = vm.heap.make<AsyncStep>(Kind::AsyncStep, shape);
    s->generator = generator;
    s->value = value;
    s->exception = Value::unbound();
    return Value::object(s);
}

#define SEND "send(self, value, /)"
#define THROW "throw(self, type, value=None, traceback=None, /)"
constexpr const char* kSendDoc =
    "send(arg) -> send 'arg' into generator,\nreturn next yielded value or raise StopIteration.";
constexpr const char* kCoroutineSendDoc =
    "send(arg) -> send 'arg' into coroutine,\nreturn next yielded value or raise StopIteration.";
constexpr const char* kCoroutineThrowDoc =
    "throw(value)\nthrow(type[,value[,traceback]])\n\nRaise exception in coroutine, return next iterated "
    "value or raise\nStopIteration.";
constexpr const char* kThrowDoc =
    "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or "
    "raise\nStopIteration.";

static const NativeDef kGeneratorMethods[] = {
    {.signature = SEND, .fn = generator_send, .doc = kSendDoc},
    {.signature = THROW, .fn = generator_throw, .step = generator_throw_step, .doc = kThrowDoc},
    kClose,
    {.signature = "__next__(self, /)", .fn = generator_next, .doc = "Implement next(self)."},
    {.signature = "__iter__(self, /)", .fn = same, .doc = "Implement iter(self)."},
    {.signature = "__del__(self, /)", .fn = close_fn, .step = close_step},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kGeneratorAttributes[] = {
    {"__name__", get_name, set_name, "name of the generator"},
    {"__qualname__", get_qualname, set_qualname, "qualified name of the generator"},
    {"gi_running", get_running},
    {"gi_suspended", get_suspended},
    {"gi_code", get_code},
    {"gi_frame", get_frame},
    {"gi_yieldfrom", get_delegate, nullptr, "object being iterated by yield from, or None"},
};
static const NativeDef kCoroutineMethods[] = {
    {.signature = SEND, .fn = generator_send, .doc = kCoroutineSendDoc},
    {.signature = THROW, .fn = generator_throw, .step = generator_throw_step, .doc = kCoroutineThrowDoc},
    {.signature = "close(self, /)",
     .fn = close_fn,
     .step = close_step,
     .flags = kAnyReceiver,
     .doc = "close() -> raise GeneratorExit inside coroutine."},
    {.signature = "__await__(self, /)",
     .fn = coroutine_await,
     .doc = "Return an iterator to be used in await expression."},
    {.signature = "__del__(self, /)", .fn = close_fn, .step = close_step},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kCoroutineAttributes[] = {
    {"__name__", get_name, set_name, "name of the coroutine"},
    {"__qualname__", get_qualname, set_qualname, "qualified name of the coroutine"},
    {"cr_running", get_running},
    {"cr_suspended", get_suspended},
    {"cr_code", get_code},
    {"cr_frame", get_frame},
    {"cr_await", get_delegate, nullptr, "object being awaited on, or None"},
    {"cr_origin", get_origin, nullptr, "where the coroutine was made, or None"},
};
static const NativeDef kWrapperMethods[] = {
    {.signature = SEND, .fn = wrapper_send, .doc = kSendDoc},
    {.signature = THROW, .step = wrapper_throw_step, .doc = kThrowDoc},
    {.signature = "close(self, /)", .fn = wrapper_close},
    {.signature = "__next__(self, /)", .fn = wrapper_next},
    {.signature = "__iter__(self, /)", .fn = same},
};
#undef SEND
#undef THROW

static const AttributeDef kAsyncNames[] = {
    {"__name__", get_name, set_name, "name of the async generator"},
    {"__qualname__", get_qualname, set_qualname, "qualified name of the async generator"},
    {"ag_code", get_code},
    {"ag_frame", get_frame},
    {"ag_suspended", get_suspended},
    {"ag_await", get_delegate, nullptr, "object being awaited on, or None"},
};
std::span<const AttributeDef> async_generator_names() { return kAsyncNames; }

void define_generators(VM& vm) {
    define_type(vm,
                {.shape = kShapeGenerator, .methods = kGeneratorMethods, .attributes = kGeneratorAttributes});
    define_type(vm,
                {.shape = kShapeCoroutine, .methods = kCoroutineMethods, .attributes = kCoroutineAttributes});
    define_type(vm, {.shape = kShapeCoroutineWrapper, .methods = kWrapperMethods});
    for (BuiltinShape s : {kShapeGenerator, kShapeCoroutine, kShapeCoroutineWrapper})
        vm.type(s)->class_flags |= Class::kNoInstances;
    vm.natives.close_generator = make_native(vm, kClose);
    vm.natives.throw_level = make_native(vm, kThrowLevel);
}

}  // namespace gen
