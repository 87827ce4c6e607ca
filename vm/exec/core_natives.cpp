// Natives that the execution side itself calls: making instances and classes, attribute hooks, finalisers.
#include "vm/exec/class_parts.h"
#include "vm/exec/define.h"
#include "vm/exec/exec.h"
#include "vm/exec/iterators.h"
#include "vm/exec/lookup.h"

namespace gen {

namespace {

// call_attribute(self, name, args): self.name(*args)
Outcome call_attribute(VM& vm, NativeFrame& f) {
    switch (f.step_state()) {
        case 0:
            if (!f.await(vm, op_getattr(vm, f[0], f[1].as<Str>()), 1)) return vm.pending;
            [[fallthrough]];
        default:
            return vm.call_with(f.result(), f[2]);
    }
}

// type_call(cls, args, keywords): what type.__call__ does (language reference 3.3.1).
Outcome type_call(VM& vm, NativeFrame& f) {
    auto* cls = f[0].as<Class>();
    switch (f.step_state()) {
        case 0: {
            Value make = cls->specials[int(Special::New)];
            Tuple* args = f[1].as<Tuple>();
            Tuple* with_class = make_tuple(vm.heap, args->size + 1);
            if (!with_class) return vm.out_of_memory();
            with_class->items[0] = f[0];
            for (uint64_t i = 0; i < args->size; i++) with_class->items[1 + i] = args->items[i];
            if (!f.await(vm, vm.call_with(make, Value::object(with_class), f[2]), 1)) return vm.pending;
            [[fallthrough]];
        }
        case 1: {
            Value self = f.result();
            Class* own = vm.class_of(self);
            if (!vm.is_subclass(own, cls)) return self;
            Value init = own->specials[int(Special::Init)];
            if (init.is(vm.natives.object_init) &&
                !cls->specials[int(Special::New)].is(vm.natives.object_new))
                return self;
            f[3] = self;
            Tuple* args = f[1].as<Tuple>();
            Tuple* with_self = make_tuple(vm.heap, args->size + 1);
            if (!with_self) return vm.out_of_memory();
            with_self->items[0] = self;
            for (uint64_t i = 0; i < args->size; i++) with_self->items[1 + i] = args->items[i];
            const Kind kind = init.is_object() ? init.as_object()->kind : Kind::kCount;
            if (kind == Kind::Function || (kind == Kind::Native && binds(init.as_object()))) {
                if (!f.await(vm, vm.call_with(init, Value::object(with_self), f[2]), 2)) return vm.pending;
            } else {
                Outcome bound = descriptor_get(vm, init, self, Value::object(own));
                if (bound.is_call())
                    bound = vm.call_prelude(vm.intern("_call_descriptor"), {init, self, f[1], f[2]});
                else if (bound.is_value())
                    bound = vm.call_with(bound.value(), f[1], f[2]);
                if (!f.await(vm, bound, 2)) return vm.pending;
            }
            [[fallthrough]];
        }
        default:
            if (!f.result().is_none())
                return vm.type_error("__init__() should return None, not '%s'", vm.type_name(f.result()));
            return f[3];
    }
}

// finish_class(cls, keywords): __set_name__ of the attributes, then __init_subclass__ of the parent (PEP 487).
Outcome finish_class(VM& vm, NativeFrame& f) {
    auto* cls = f[0].as<Class>();
    enum { kStart, kNext, kNamed, kParent, kBound, kDone, kOrdered, kCollected, kNames };
    for (;;) switch (f.step_state()) {
            case kStart: {
                // The metaclass may have an mro() of its own.
                Value order = vm.lookup(vm.class_of(f[0]), vm.names.mro_method);
                if (!order.is_object() || order.as_object()->kind == Kind::Native) {
                    f.step_state() = kNames;
                    break;
                }
                if (!f.await(vm, vm.call(order, {f[0]}), kOrdered)) return vm.pending;
                f.step_state() = kOrdered;
                break;
            }
            case kOrdered:
                if (!f.await(vm, op_tuple(vm, f.result()), kCollected)) return vm.pending;
                f.step_state() = kCollected;
                break;
            case kCollected: {
                if (!set_mro(vm, cls, f.result().as<Tuple>())) return Outcome::raised();
                f.step_state() = kNames;
                break;
            }
            case kNames: {
                std::vector<Value> items;
                uint32_t position = 0;
                while (DictEntry* e = next_entry(cls->attributes, position)) {
                    Value v = e->value.as<Cell>()->value;
                    if (!v.is_object() || vm.special(v, Special::SetName).is_unbound()) continue;
                    items.push_back(e->key);
                    items.push_back(v);
                }
                Tuple* hooks = make_tuple(vm.heap, items.data(), items.size());
                if (!hooks) return vm.out_of_memory();
                f[2] = Value::object(hooks);
                f[3] = Value::integer(0);
                f.step_state() = kNext;
                break;
            }
            case kNext: {
                auto* items = f[2].as<Tuple>();
                int64_t i = f[3].as_int();
                if (uint64_t(i) >= items->size) {
                    f.step_state() = kParent;
                    break;
                }
                f[3] = Value::integer(i + 2);
                Outcome o = vm.call_special(Special::SetName, items->items[i + 1], {f[0], items->items[i]});
                if (!f.await_catching(vm, o, kNamed)) return vm.pending;
                f.step_state() = kNamed;
                break;
            }
            case kNamed: {
                if (f.result().is_unbound()) {
                    auto* items = f[2].as<Tuple>();
                    int64_t i = f[3].as_int() - 2;
                    Value cause = vm.caught;
                    Value handled = vm.handled;
                    vm.handled = cause;
                    vm.raisef(kShapeRuntimeError, "Error calling __set_name__ on '%s' instance '%s' in '%s'",
                              vm.type_name(items->items[i + 1]), items->items[i].as<Str>()->data(),
                              std::string(vm.class_name(cls)).c_str());
                    vm.handled = handled;
                    auto* e = vm.exception.as<Exception>();
                    e->cause = cause;
                    e->state |= Exception::kSuppressContext;
                    return Outcome::raised();
                }
                f.step_state() = kNext;
                break;
            }
            case kParent: {
                auto* super = vm.heap.make<Super>(Kind::Super, kShapeSuper);
                super->type = super->self = super->self_type = f[0];
                Outcome o =
                    op_getattr(vm, Value::object(super), vm.names.special[int(Special::InitSubclass)]);
                if (!f.await(vm, o, kBound)) return vm.pending;
                f.step_state() = kBound;
                break;
            }
            case kBound:
                if (!f.await(vm, vm.call_with(f.result(), Value::object(vm.empty_tuple), f[1]), kDone))
                    return vm.pending;
                f.step_state() = kDone;
                break;
            default:
                return f[0];
        }
}

// getattr_with_hook(v, name): __getattribute__, and __getattr__ when that raises AttributeError.
Outcome getattr_with_hook(VM& vm, NativeFrame& f) {
    Class* cls = vm.class_of(f[0]);
    Value hook = cls->specials[int(Special::Getattr)];
    switch (f.step_state()) {
        case 0: {
            const bool plain = inherits_special(vm, f[0], Special::Getattribute);
            Outcome o = plain ? plain_getattribute(vm, f[0], f[1].as<Str>())
                              : vm.call_special(Special::Getattribute, f[0], {f[1]});
            if (hook.is_unbound()) return o;
            if (!f.await_catching(vm, o, 1)) return vm.pending;
            [[fallthrough]];
        }
        default:
            if (!f.result().is_unbound()) return f.result();
            if (!vm.is_instance(vm.caught, kShapeAttributeError) || hook.is_unbound()) {
                vm.exception = vm.caught;
                return Outcome::raised();
            }
            return vm.call_special(Special::Getattr, f[0], {f[1]});
    }
}

// getattr_or_stop(v, name): the attribute, or "exhausted" where there is none.
Outcome getattr_or_stop(VM& vm, NativeFrame& f) {
    switch (f.step_state()) {
        case 0:
            if (!f.await_catching(vm, op_getattr(vm, f[0], f[1].as<Str>()), 1)) return vm.pending;
            [[fallthrough]];
        default:
            if (!f.result().is_unbound()) return f.result();
            if (vm.is_instance(vm.caught, kShapeAttributeError)) return Outcome::stop();
            vm.exception = vm.caught;
            return Outcome::raised();
    }
}

// What an error of a finaliser is said to come from: the function that was called, or the generator that was closed.
static Value finalizer_of(VM& vm, Value v) {
    if (v.as_object()->kind == Kind::Generator) return v;
    if (v.as_object()->kind == Kind::WeakRef) return v.as<WeakRef>()->callback;
    return vm.special(v, Special::Del);
}

// run_finalizers(): finalises what is dying, one after the other; runs on a fiber of its own.
Outcome run_finalizers(VM& vm, NativeFrame& f) {
    enum { kNext, kCalled };
    for (;;) {
        if (f.step_state() == kCalled) {
            if (f.result().is_unbound() && is_termination(vm.caught)) {
                vm.finalizing = false;  // the rest are finalised when something runs again
                vm.exception = vm.caught;
                return Outcome::raised();
            }
            if (f.result().is_unbound()) vm.report_unraisable(vm.caught, finalizer_of(vm, f[0]));
            f[0] = Value::unbound();
            f.step_state() = kNext;
        }
        if (vm.dying.empty()) {
            vm.finalizing = false;
            return Value::none();
        }
        Object* o = vm.dying.front();
        vm.dying.pop_front();
        f[0] = Value::object(o);
        Outcome call = Value::none();
        if (o->kind == Kind::Generator) {
            if (o->state == kDone || (o->flags & kFinalized)) continue;
            o->flags |= kFinalized;
            if (o->state == kCreated && o->shape == kShapeCoroutine &&
                !vm.heap.reserve(vm.heap.limit() / 8)) {
                o->state = kDone;  // where memory comes to its end nobody is warned
                continue;
            }
            if (o->state == kCreated && o->shape == kShapeCoroutine)
                call = warn_unawaited(vm, static_cast<Frame*>(o));
            else if (Value hook = vm.asyncgen_finalizer(o); !hook.is_unbound())
                call = vm.call(hook, {f[0]});
            else
                call = vm.call(vm.natives.close_generator, {f[0]});
        } else if (o->kind == Kind::WeakRef) {
            call = vm.call(static_cast<WeakRef*>(o)->callback, {f[0]});
        } else {
            if (o->flags & kFinalized) continue;
            o->flags |= kFinalized;
            call = vm.call_special(Special::Del, f[0]);
            if (call.is_unhandled()) continue;
        }
        if (!f.await_catching(vm, call, kCalled)) return vm.pending;
        f.step_state() = kCalled;
    }
}

const NativeDef kCoreNatives[] = {
    {"call_attribute(self, name, args, /)", nullptr, call_attribute},
    {"type_call(cls, args, keywords, /)", nullptr, type_call, 1},
    {"finish_class(cls, keywords, /)", nullptr, finish_class, 2},
    {"getattr_with_hook(object, name, /)", nullptr, getattr_with_hook},
    {"getattr_or_stop(object, name, /)", nullptr, getattr_or_stop},
    {"run_finalizers()", nullptr, run_finalizers, 1, kSeesTermination},
};

}  // namespace

void make_core_natives(VM& vm) {
    Value* to[] = {&vm.natives.call_attribute,    &vm.natives.type_call,       &vm.natives.finish_class,
                   &vm.natives.getattr_with_hook, &vm.natives.getattr_or_stop, &vm.natives.run_finalizers};
    for (size_t i = 0; i < std::size(kCoreNatives); i++) *to[i] = make_native(vm, kCoreNatives[i]);
}

void VM::note_core_types() {
    // A base stands before the classes made of it but for a few, which wait for theirs.
    std::vector<bool> filled(kBuiltinShapes);
    auto fill = [&](auto& self, Class* cls) -> void {
        if (filled[cls->root_shape]) return;
        filled[cls->root_shape] = true;
        for (uint64_t i = 1; i < cls->mro->size; i++) self(self, cls->mro->items[i].as<Class>());
        fill_specials(*this, cls);
    };
    for (Class* cls : classes) fill(fill, cls);
    auto of = [&](BuiltinShape shape, Special s) { return classes[shape]->specials[int(s)]; };
    natives.type_call_method = of(kShapeType, Special::Call);
    natives.object_init = of(kShapeObject, Special::Init);
    natives.object_new = of(kShapeObject, Special::New);
    natives.type_new = of(kShapeType, Special::New);
    natives.exception_new = of(kShapeBaseException, Special::New);
    natives.exception_init = of(kShapeBaseException, Special::Init);
    natives.generator_send = lookup(classes[kShapeGenerator], names.send);
}

Value VM::asyncgen_finalizer(Object* generator) {
    for (auto& entry : asyncgen_finalizers) {
        if (entry.first != generator) continue;
        Value hook = entry.second;
        entry = asyncgen_finalizers.back();
        asyncgen_finalizers.pop_back();
        return hook;
    }
    return Value::unbound();
}

void VM::start_finalizers() {
    Fiber* f = scheduler.spawn(*this, natives.run_finalizers);
    finalizing = f;
    if (f) f->handled = handled;  // as if they were called here
}

void VM::report_unraisable(Value error, Value object) {
    if (unraisable) unraisable(*this, error, object);
}

}  // namespace gen
