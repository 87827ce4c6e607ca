// The instructions about exceptions, context managers, definitions and awaiting, and the rare ones of intrinsics.def.
#include "vm/exec/exec.h"
#include "vm/exec/step.h"

namespace gen {

namespace {

bool is_exception_class(VM& vm, Value v) {
    return v.is_object() && v.as_object()->kind == Kind::Class &&
           vm.is_subclass(v.as<Class>(), vm.type(kShapeBaseException));
}
bool is_exception(Value v) { return v.is_object() && v.as_object()->kind == Kind::Exception; }

// An instance of an exception class, where no script code is involved; unbound: there is some.
Value plain_instance(VM& vm, Value cls) {
    auto* c = cls.as<Class>();
    for (Special s : {Special::New, Special::Init}) {
        Value f = c->specials[int(s)];
        if (!f.is_object() || f.as_object()->kind != Kind::Native) return Value::unbound();
    }
    if (vm.is_subclass(c, vm.type(kShapeBaseExceptionGroup)) ||
        vm.is_subclass(c, vm.type(kShapeUnicodeError)))
        return Value::unbound();
    if (!vm.class_of(cls)->specials[int(Special::Call)].is(vm.natives.type_call_method))
        return Value::unbound();
    return Value::object(allocate_instance(vm, c));
}

}  // namespace

Outcome raise_value(VM& vm, Value v, Value cause) {
    if (is_exception_class(vm, v)) {
        Value made = plain_instance(vm, v);
        if (made.is_unbound()) {
            if (cause.is_unbound()) return vm.call_prelude(vm.names.raise_class, {v});
            return vm.call_prelude(vm.names.raise_from, {v, cause});
        }
        v = made;
    }
    if (!is_exception(v)) return vm.raise(kShapeTypeError, "exceptions must derive from BaseException");
    if (!cause.is_unbound()) {
        if (is_exception_class(vm, cause)) {
            Value made = plain_instance(vm, cause);
            if (made.is_unbound()) return vm.call_prelude(vm.names.raise_from, {v, cause});
            cause = made;
        }
        if (!cause.is_none() && !is_exception(cause))
            return vm.raise(kShapeTypeError, "exception causes must derive from BaseException");
        auto* e = v.as<Exception>();
        e->cause = cause;
        e->state |= Exception::kSuppressContext;
        vm.heap.write(e);
    }
    return vm.raise(v);
}

Outcome exception_matches(VM& vm, Value exception, Value classes) {
    if (is_termination(exception)) return Value::false_();
    if (classes.is_object() && classes.as_object()->kind == Kind::Class) {
        if (!is_exception_class(vm, classes))
            return vm.raise(kShapeTypeError,
                            "catching classes that do not inherit from BaseException is not allowed");
        return Value::boolean(vm.is_subclass(vm.class_of(exception), classes.as<Class>()));
    }
    if (is_tuple(classes)) {
        Tuple* t = classes.as<Tuple>();
        for (uint64_t i = 0; i < t->size; i++)
            if (!is_exception_class(vm, t->items[i]))
                return vm.raise(kShapeTypeError,
                                "catching classes that do not inherit from BaseException is not allowed");
        for (uint64_t i = 0; i < t->size; i++)
            if (vm.is_subclass(vm.class_of(exception), t->items[i].as<Class>())) return Value::true_();
        return Value::false_();
    }
    return vm.raise(kShapeTypeError,
                    "catching classes that do not inherit from BaseException is not allowed");
}

// exit((descriptor, manager), *args)
static Outcome late_exit_step(VM& vm, NativeFrame& frame) {
    const Value* parts = frame[0].as<Tuple>()->items;
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, descriptor_get(vm, parts[0], parts[1], Value::object(vm.class_of(parts[1]))));
            return vm.call_with(frame.result(), frame[1]);
    }
    return Outcome::raised();
}
static const NativeDef kLateExit = {
    .signature = "__exit__(self, /, *args)", .step = late_exit_step, .flags = kHiddenNative};

Outcome with_enter(VM& vm, Value manager, Value& exit, bool async) {
    Special enter = async ? Special::Aenter : Special::Enter, leave = async ? Special::Aexit : Special::Exit;
    const char* what = async ? "asynchronous context manager" : "context manager";
    if (vm.special(manager, enter).is_unbound())
        return vm.type_error("'%s' object does not support the %s protocol", vm.type_name(manager), what);
    Value f = vm.special(manager, leave);
    if (f.is_unbound())
        return vm.type_error("'%s' object does not support the %s protocol (missed %s method)",
                             vm.type_name(manager), what, async ? "__aexit__" : "__exit__");
    Outcome bound = descriptor_get(vm, f, manager, Value::object(vm.class_of(manager)));
    if (bound.is_call()) {  // a descriptor of the script's own: bound when it is called
        auto* late = vm.heap.make<Native>(Kind::Native, kShapeBuiltinFunction);
        late->self = vm.tuple({f, manager});
        late->owner = Value::unbound();
        late->module = Value::none();
        late->def = &kLateExit;
        bound = Value::object(late);
    }
    if (!bound.is_value()) return bound;
    exit = bound.value();
    return vm.call_special(enter, manager);
}

Outcome with_except(VM& vm, Value exit, Value exception) {
    if (is_termination(exception)) return vm.call_prelude(vm.names.exit_terminated, {exit, exception});
    return vm.call(exit,
                   {Value::object(vm.class_of(exception)), exception, exception.as<Exception>()->traceback});
}

Outcome make_function(VM& vm, Frame* fr, Code* code, unsigned flags, Value* parts) {
    Function* f = vm.make_function_of(code, fr->fn()->globals, fr->fn()->builtins);
    if (flags & 1) f->defaults = *parts++;
    if (flags & 2) f->kwdefaults = *parts++;
    if (flags & 4) f->annotations = *parts++;
    if (flags & 8) f->closure = *parts++;
    return Value::object(f);
}

Outcome call_super(VM& vm, Value callee, Value cls, Value self) {
    if (!callee.is(Value::object(vm.type(kShapeSuper)))) return vm.call(callee, {});
    if (self.is_unbound())
        return vm.raise(kShapeRuntimeError,
                        vm.frame->code()->positional ? "super(): arg[0] deleted" : "super(): no arguments");
    if (cls.is_unbound()) return vm.raise(kShapeRuntimeError, "super(): __class__ cell not found");
    cls = cls.as<Cell>()->value;
    if (cls.is_unbound()) return vm.raise(kShapeRuntimeError, "super(): empty __class__ cell");
    if (!cls.is_object() || cls.as_object()->kind != Kind::Class)
        return vm.raisef(kShapeRuntimeError, "super(): __class__ is not a type (%s)", vm.type_name(cls));
    if (vm.is_subclass(vm.class_of(self), cls.as<Class>())) {
        auto* s = vm.heap.make<Super>(Kind::Super, kShapeSuper);
        s->type = cls;
        s->self = self;
        s->self_type = Value::object(vm.class_of(self));
        return Value::object(s);
    }
    return vm.call(callee, {cls, self});
}

Outcome get_yield_from(VM& vm, Frame* fr, Value v) {
    if (v.is_object() && v.as_object()->kind == Kind::Generator) {
        if (v.as_object()->shape == kShapeGenerator) return v;
        if (v.as_object()->shape == kShapeCoroutine) {
            if (fr->code()->code_flags & (Code::kCoroutine | Code::kIterableCoroutine)) return v;
            note_unawaited(vm, v);
            return vm.raise(kShapeTypeError,
                            "cannot 'yield from' a coroutine object in a non-coroutine generator");
        }
    }
    if (is_native_awaitable(v)) {
        if (v.as_object()->shape != kShapeNativeCoroutine ||
            fr->code()->code_flags & (Code::kCoroutine | Code::kIterableCoroutine))
            return v;
        return vm.raise(kShapeTypeError,
                        "cannot 'yield from' a coroutine object in a non-coroutine generator");
    }
    return op_iter(vm, v);
}

Outcome get_awaitable(VM& vm, Value v, unsigned where) {
    if (v.is_object() && v.as_object()->kind == Kind::Generator) {
        Frame* g = v.as<Frame>();
        if (g->shape == kShapeCoroutine) {
            if (!delegated_to(g).is_unbound())
                return vm.raise(kShapeRuntimeError, "coroutine is being awaited already");
            return v;
        }
        if (g->shape == kShapeGenerator && (g->code()->code_flags & Code::kIterableCoroutine)) return v;
    }
    if (is_native_awaitable(v) || (v.is_object() && v.as_object()->kind == Kind::AsyncStep)) return v;
    if (vm.special(v, Special::Await).is_unbound()) {
        if (where)
            return vm.type_error(
                "'async with' received an object from %s that does not implement __await__: %s",
                where == 1 ? "__aenter__" : "__aexit__", vm.type_name(v));
        return vm.type_error("object %s can't be used in 'await' expression", vm.type_name(v));
    }
    return vm.call_prelude(vm.names.await_other, {v});
}

Outcome get_aiter(VM& vm, Value v) {
    if (v.is_object() && v.as_object()->shape == kShapeAsyncGenerator) return v;
    if (vm.special(v, Special::Aiter).is_unbound())
        return vm.type_error("'async for' requires an object with __aiter__ method, got %s", vm.type_name(v));
    return vm.call_prelude(vm.names.aiter_other, {v});
}

Outcome get_anext(VM& vm, Value v) {
    if (v.is_object() && v.as_object()->shape == kShapeAsyncGenerator)
        return vm.call_special(Special::Anext, v);
    return vm.call_prelude(vm.names.anext_other, {v});
}

// Sequences and mappings are what inherits from the built-in ones or says so in __abc_tpflags__ (as collections.abc does,
// register() included); the first class in the method resolution order that says anything decides.
enum CollectionBits : int64_t { kSequenceBit = 1 << 5, kMappingBit = 1 << 6 };
int64_t collection_bits(VM& vm, const Class* cls) {
    for (uint64_t i = 0; i < cls->mro->size; i++) {
        auto* c = cls->mro->items[i].as<Class>();
        switch (c->root_shape) {
            case kShapeList:
            case kShapeTuple:
            case kShapeRange:
            case kShapeMemoryView:
                return kSequenceBit;
            case kShapeDict:
            case kShapeMappingProxy:
                return kMappingBit;
            default:
                break;
        }
        Value own = vm.get(c->attributes, vm.names.abc_tpflags);
        Value flags = own.is_unbound() ? own : own.as<Cell>()->value;
        if (flags.is_int() && (flags.as_int() & (kSequenceBit | kMappingBit)))
            return flags.as_int() & (kSequenceBit | kMappingBit);
    }
    return 0;
}

Outcome intrinsic(VM& vm, Frame* fr, Intrinsic which, Value* a, unsigned) {
    switch (which) {
        case Intrinsic::BUILD_CLASS_FUNCTION: {
            Value v = vm.get(fr->fn()->builtins.as<Dict>(), vm.names.build_class);
            return v.is_unbound() ? vm.raisef(kShapeNameError, "__build_class__ not found") : Outcome(v);
        }
        case Intrinsic::ASSERTION_ERROR:
            return Value::object(vm.type(kShapeAssertionError));
        case Intrinsic::STOP_ASYNC_ITERATION:
            return Value::object(vm.type(kShapeStopAsyncIteration));
        case Intrinsic::IMPORT_STAR:
            return vm.call_prelude(vm.names.import_star,
                                   {a[0], a[1].is_unbound() ? Value::object(fr->fn()->globals) : a[1]});
        case Intrinsic::SETUP_ANNOTATIONS: {
            Value mapping = a[0].is_unbound() ? Value::object(fr->fn()->globals) : a[0];
            if (!is_exact_dict(mapping)) return vm.call_prelude(vm.names.setup_annotations, {mapping});
            Value v = vm.get(mapping.as<Dict>(), vm.names.annotations);
            if (!v.is_unbound()) return v;
            v = Value::object(vm.dict());
            if (!vm.set(mapping.as<Dict>(), vm.names.annotations, v)) return vm.out_of_memory();
            return v;
        }
        case Intrinsic::PRINT_EXPRESSION: {
            Value sys = vm.get(vm.modules, vm.intern("sys"));
            Value hook = sys.is_object() && sys.as_object()->kind == Kind::Module
                             ? vm.get(sys.as<Module>()->dict, vm.names.displayhook)
                             : Value::unbound();
            if (hook.is_unbound()) return vm.raise(kShapeRuntimeError, "lost sys.displayhook");
            return vm.call(hook, {a[0]});
        }
        case Intrinsic::MATCH_SEQUENCE:
            return Value::boolean(collection_bits(vm, vm.class_of(a[0])) & kSequenceBit);
        case Intrinsic::MATCH_MAPPING:
            return Value::boolean(collection_bits(vm, vm.class_of(a[0])) & kMappingBit);
        case Intrinsic::MATCH_KEYS:
            return vm.call_prelude(vm.names.match_keys, {a[0], a[1]});
        case Intrinsic::MATCH_REST:
            return vm.call_prelude(vm.names.match_rest, {a[0], a[1]});
        case Intrinsic::MATCH_CLASS:
            return vm.call_prelude(vm.names.match_class, {a[0], a[1], a[2], a[3]});
        case Intrinsic::LENGTH:
            return op_len(vm, a[0]);
        case Intrinsic::GROUP_MATCH:
            return vm.call_prelude(vm.names.group_match, {a[0], a[1]});
        case Intrinsic::GROUP_RERAISE:
            return vm.call_prelude(vm.names.group_reraise, {a[0], a[1]});
        case Intrinsic::kCount:
            break;
    }
    return vm.raise(kShapeSystemError, "unknown intrinsic");
}

}  // namespace gen
