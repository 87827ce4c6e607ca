// Calls: from a callee of any kind and its arguments to a pushed frame, or a result.
#include "vm/exec/arguments.h"
#include "vm/exec/exec.h"
#include "vm/exec/lookup.h"
#include "vm/exec/tables.h"

namespace gen {

namespace {

constexpr unsigned kMaxBuffer = 64;  // arguments that fit the C stack; more go through a Tuple
// Room for them that is not cleared: clearing costs more than most calls.
union Buffer {
    Buffer() {}
    Value values[kMaxBuffer];
};

Outcome call_native(VM& vm, Frame* caller, const Native* n, const Arguments& a, Frame*& pushed) {
    const NativeDef& def = *n->def;
    Buffer room;
    Value* slots = room.values;
    if (def.fn && !a.has_keywords() && a.tuple.is_unbound() && a.count == def.signature.positional &&
        a.count == def.signature.parameters()) {
        for (unsigned i = 0; i < a.count; i++) slots[i] = a.items[i];
    } else if (!bind_native(vm, n, slots, a)) {
        return Outcome::raised();
    }
    if (!accepts_receiver(vm, n, slots[0]))
        return vm.type_error(
            is_operator(n) ? "descriptor '%s' requires a '%s' object but received a '%s'"
                           : "descriptor '%s' for '%s' objects doesn't apply to a '%s' object",
            native_name(vm, n, false).c_str(), std::string(vm.class_name(n->owner.as<Class>())).c_str(),
            vm.type_name(slots[0]));
    if (def.fn) {
        Outcome o = def.fn(vm, slots);
        if (!o.is_unhandled()) return o;
    }
    if (!def.step) return vm.raise(kShapeSystemError, "a native has no form for its arguments");
    const unsigned parameters = def.signature.parameters();
    size_t bytes = frame_bytes(1 + parameters + def.locals);
    Frame* f = vm.frames.allocate(bytes);
    if (!f) return recursion_error(vm, caller);
    f->shape = uint32_t(bytes);
    f->kind = Kind::NativeFrame;
    f->aux = f->flags = 0;
    f->state = kRunning;
    f->parent = caller;
    f->pc = kNativeStub + 1;
    f->function = const_cast<Native*>(n);
    f->link = nullptr;
    f->registers[0] = Value::unbound();
    for (unsigned i = 0; i < parameters; i++) f->registers[1 + i] = slots[i];
    for (unsigned i = 0; i < def.locals; i++) f->registers[1 + parameters + i] = Value::unbound();
    pushed = f;
    return Outcome::unhandled();
}

// Code of the library is read now, if it has not been called before.
bool make_ready(VM& vm, Function* f) {
    if (f->aux != Function::kUnread) return true;
    if (!vm.read(f->code)) return false;
    f->aux = call_shape(f->code);
    return true;
}

// ---- making instances

// list(), set(x), dict(a=1) and the like, whose __new__ and __init__ come to one operation. unhandled() for all others.
Outcome make_container(VM& vm, Class* cls, const Arguments& a) {
    size_t n = a.positional();
    if (a.has_keywords() ? n > 0 || cls != vm.type(kShapeDict) : n > 1) return Outcome::unhandled();
    if (cls == vm.type(kShapeList))
        return n ? op_list(vm, a.at(0)) : vm.checked(Value::object(make_list(vm.heap)));
    if (cls == vm.type(kShapeSet))
        return n ? op_set(vm, a.at(0)) : vm.checked(Value::object(make_set(vm.heap)));
    if (cls != vm.type(kShapeDict)) return Outcome::unhandled();
    if (n)
        return is_exact_dict(a.at(0)) ? vm.checked(Value::object(dict_copy(vm.heap, a.at(0).as<Dict>())))
                                      : Outcome::unhandled();
    Dict* d = make_dict(vm.heap);
    if (!d) return vm.out_of_memory();
    bool good =
        a.each_keyword([&](Value key, Value v) { return is_exact_str(key) && vm.set(d, key.as<Str>(), v); });
    return good ? Outcome(Value::object(d)) : Outcome::unhandled();
}

// A class called, where type.__call__ applies.
Outcome instantiate(VM& vm, Frame* caller, Class* cls, const Arguments& a, Frame*& pushed) {
    Value make = cls->specials[int(Special::New)], init = cls->specials[int(Special::Init)];
    if (cls->class_flags & Class::kNoInstances)
        return vm.type_error("cannot create '%s' instances", std::string(vm.class_name(cls)).c_str());
    const bool plain_init = init.is(vm.natives.object_init);
    if (is_plainly_made(vm, cls)) {
        if (plain_init) {
            if (a.positional() || a.has_keywords())
                return vm.type_error("%s() takes no arguments", std::string(vm.class_name(cls)).c_str());
            Object* o = make_instance(vm, cls);
            return o ? Outcome(Value::object(o)) : vm.out_of_memory();
        }
        if (init.is_object() && init.as_object()->kind == Kind::Function &&
            !init.as<Function>()->code->resumable() && a.count < kMaxBuffer) {
            Object* self = make_instance(vm, cls);
            if (!self) return vm.out_of_memory();
            auto* f = init.as<Function>();
            Frame* frame = make_ready(vm, f) ? push_frame(vm, f, caller) : nullptr;
            if (!frame) return Outcome::raised();
            Buffer room;
            Arguments with_self = a;
            room.values[0] = Value::object(self);
            for (unsigned i = 0; i < a.count; i++) room.values[1 + i] = a.items[i];
            with_self.items = room.values;
            with_self.count++;
            if (!bind(vm, f, frame->registers, with_self)) {
                pop_frame(vm, frame);
                return Outcome::raised();
            }
            frame->aux = kConstructs;
            frame->link = reinterpret_cast<Frame*>(self);
            pushed = frame;
            return Outcome::unhandled();
        }
    }
    if (make.is(vm.natives.exception_new) && init.is(vm.natives.exception_init) && cls->shape == kShapeType &&
        !a.has_keywords()) {
        const size_t n = a.positional();
        auto* e = static_cast<Exception*>(allocate_instance(vm, cls));
        Tuple* args = n ? make_tuple(vm.heap, n) : vm.empty_tuple;
        if (!e || !args) return vm.out_of_memory();
        for (size_t i = 0; i < n; i++) args->items[i] = a.at(i);
        e->args = Value::object(args);
        return Value::object(e);
    }
    Native* native_new =
        make.is_object() && make.as_object()->kind == Kind::Native ? make.as<Native>() : nullptr;
    if (native_new && (cls->class_flags & Class::kBuiltin)) {
        Outcome o = make_container(vm, cls, a);
        if (!o.is_unhandled()) return o;
        if (plain_init && a.count < 8) {  // all there is to do is __new__
            Value buffer[8] = {Value::object(cls)};
            for (unsigned i = 0; i < a.count; i++) buffer[1 + i] = a.items[i];
            Arguments with_class = a;
            with_class.items = buffer;
            with_class.count++;
            return call_native(vm, caller, native_new, with_class, pushed);
        }
    }
    // The general way: type_call(cls, args, keywords), a step native.
    size_t n = a.positional();
    Tuple* positional = n ? make_tuple(vm.heap, n) : vm.empty_tuple;
    if (!positional) return vm.out_of_memory();
    for (size_t i = 0; i < n; i++) positional->items[i] = a.at(i);
    Value keywords = Value::none();
    if (a.has_keywords()) {
        Dict* d = vm.dict();
        if (!a.each_keyword([&](Value key, Value v) { return is_str(key) && vm.set(d, key.as<Str>(), v); }))
            return vm.type_error("keywords must be strings");
        keywords = Value::object(d);
    }
    Value three[3] = {Value::object(cls), Value::object(positional), keywords};
    return call_native(vm, caller, vm.natives.type_call.as<Native>(),
                       {three, 3, Value::unbound(), Value::unbound()}, pushed);
}

}  // namespace

bool is_callable(VM& vm, Value v) { return !vm.special(v, Special::Call).is_unbound(); }

Outcome call_plain_native(VM& vm, const Native* native, const Value* args, unsigned count) {
    constexpr unsigned kMost = 6;
    const NativeDef& def = *native->def;
    const Signature& s = def.signature;
    const unsigned parameters = s.parameters();
    if (!def.fn || !native->self.is_unbound() || count < s.required ||
        (count > s.positional && !s.var_args) || s.keyword_only || parameters > kMost ||
        (count && !accepts_receiver(vm, native, args[0])))
        return Outcome::unhandled();
    Value slots[kMost];
    unsigned i = 0;
    for (; i < count && i < s.positional; i++) slots[i] = args[i];
    for (; i < parameters; i++) slots[i] = Value::unbound();
    if (s.var_args) {
        Tuple* rest = vm.empty_tuple;
        if (count > s.positional) rest = make_tuple(vm.heap, args + s.positional, count - s.positional);
        if (!rest) return Outcome::unhandled();
        slots[s.positional] = Value::object(rest);
    }
    return def.fn(vm, slots);
}

bool bind_arguments(VM& vm, Function* f, Value* registers, const Value* args, unsigned count, Value tuple,
                    Value keywords) {
    return bind(vm, f, registers, {args, count, tuple, keywords});
}

Frame* push_frame(VM& vm, Function* f, Frame* parent) {
    const Code* code = f->code;
    Frame* frame = vm.frames.allocate(code->frame_bytes);
    if (!frame) {
        recursion_error(vm, parent);
        return nullptr;
    }
    frame->shape = code->frame_bytes;
    frame->kind = Kind::Frame;
    frame->aux = frame->flags = 0;
    frame->state = kRunning;
    frame->parent = parent;
    frame->pc = code->entry();
    frame->function = f;
    std::memset(static_cast<void*>(frame->registers), 0, code->registers * sizeof(Value));
    return frame;
}

static Frame* constructor_returned(VM& vm, Frame* fr, Value v) {
    Frame* caller = fr->parent;
    Value instance = Value::object(fr->link);
    if (fr->aux & kMadeGenerators) note_made_generator(caller);
    pop_frame(vm, fr);
    if (caller->flags & kClean) touch(vm, caller);
    if (v.is_none()) return land(vm, caller, instance, caller->pc);
    return land(vm, caller, vm.type_error("__init__() should return None, not '%s'", vm.type_name(v)),
                caller->pc);
}

Frame* frame_returned(VM& vm, Frame* fr, Value v) {
    if (fr->aux & kConstructs) return constructor_returned(vm, fr, v);
    const bool hidden = fr->code()->code_flags & Code::kHidden;
    if (vm.held_slices && fr->code()->code_flags & Code::kNativeLoop) vm.safepoint_soon();
    bool held = false;
    for (unsigned i = 0, end = fr->code()->registers; i < end; i++)
        held |= !fr->registers[i].is(v) && is_unfinished(fr->registers[i]);
    for (unsigned i = 0, end = unsigned(fr->code()->locals->size); i < end; i++) {
        if (fr->registers[i].is(v) || !is_unawaited(fr->registers[i])) continue;
        fr->registers[i].as_object()->aux++;
        held = true;
    }
    Frame* caller = fr->parent;
    pop_frame(vm, fr);
    if (caller->flags & kClean) touch(vm, caller);
    if (!hidden && is_unawaited(v) && discards(caller->pc)) {
        const unsigned dead = caller->pc->a();
        return let_go(vm, land(vm, caller, v, caller->pc), v, dead);
    }
    return let_go_of_frame(vm, land(vm, caller, v, caller->pc), v, held, hidden);
}

void pop_frame(VM& vm, Frame* fr) { vm.frames.release(fr, fr->shape); }

Frame* make_generator(VM& vm, Function* f) {
    const Code* code = f->code;
    if (!code->frame_class && !vm.heap.reserve(code->frame_bytes)) return nullptr;
    Frame* g = make_generator_frame(vm, f, code);
    if (code->code_flags & Code::kCoroutine) g->shape = kShapeCoroutine;
    if (code->code_flags & Code::kAsyncGenerator) g->shape = kShapeAsyncGenerator;
    std::memset(static_cast<void*>(g->registers), 0, code->registers * sizeof(Value));
    return g;
}

Outcome start_call(VM& vm, Frame* caller, Value callee, const Value* args, unsigned count, Value tuple,
                   Value keywords, unsigned use, Frame*& pushed) {
    Arguments a{args, count, tuple, keywords};
    Buffer room;
    Value* buffer = room.values;
    // Puts one more argument in front.
    auto prepend = [&](Value self) {
        unsigned named = a.named();
        if (a.count < kMaxBuffer - 1) {
            for (unsigned i = a.count; i > 0; i--) buffer[i] = a.items[i - 1];
            buffer[0] = self;
            a.items = buffer;
            a.count++;
            return true;
        }
        size_t n = a.positional();
        Tuple* t = make_tuple(vm.heap, n + 1);
        if (!t) {
            vm.out_of_memory();
            return false;
        }
        t->items[0] = self;
        for (size_t i = 0; i < n; i++) t->items[1 + i] = a.at(i);
        if (named) {
            Dict* d = vm.dict();
            if (!a.each_keyword([&](Value key, Value v) { return vm.set(d, key.as<Str>(), v); })) {
                vm.out_of_memory();
                return false;
            }
            a.keywords = Value::object(d);
        }
        a.tuple = Value::object(t);
        a.count = 0;
        return true;
    };
    constexpr unsigned kMaxHops = 1000;  // an instance may be its own class's __call__
    for (unsigned hops = 0;; hops++) {
        if (hops > kMaxHops) return vm.raise(kShapeRecursionError, "maximum recursion depth exceeded");
        if (!callee.is_object()) return vm.type_error("'%s' object is not callable", vm.type_name(callee));
        Object* o = callee.as_object();
        switch (o->kind) {
            case Kind::Function: {
                auto* f = static_cast<Function*>(o);
                if (!make_ready(vm, f)) return Outcome::raised();
                if (f->code->resumable()) {
                    Frame* g = make_generator(vm, f);
                    if (!g) return vm.no_room();
                    if (!bind(vm, f, g->registers, a)) return Outcome::raised();
                    if (g->shape == kShapeCoroutine) {
                        if (vm.origin_depth) [[unlikely]]
                            note_origin(vm, g, caller);
                        if (use == kUsedOnce) return Value::object(g);
                        if (use == kDiscarded) return warn_unawaited(vm, g);
                        vm.register_finalizer(g);  // nobody may await it: that is told
                    }
                    if (use && g->shape == kShapeGenerator)
                        g->flags |= kOwned;
                    else
                        note_made_generator(caller);
                    return Value::object(g);
                }
                Frame* frame = push_frame(vm, f, caller);
                if (!frame) return Outcome::raised();
                if (f->aux == a.count && a.keywords.is_unbound() && a.tuple.is_unbound()) {
                    for (unsigned i = 0; i < a.count; i++) frame->registers[i] = a.items[i];
                } else if (!bind(vm, f, frame->registers, a)) {
                    pop_frame(vm, frame);
                    return Outcome::raised();
                }
                pushed = frame;
                return Outcome::unhandled();
            }
            case Kind::Native: {
                auto* n = static_cast<Native*>(o);
                if (!n->self.is_unbound() && !prepend(n->self)) return Outcome::raised();
                return call_native(vm, caller, n, a, pushed);
            }
            case Kind::BoundMethod: {
                auto* m = static_cast<BoundMethod*>(o);
                if (!prepend(m->self)) return Outcome::raised();
                callee = m->function;
                continue;
            }
            case Kind::StaticMethod:
                callee = static_cast<StaticMethod*>(o)->function;
                continue;
            case Kind::Class: {
                Value call = vm.class_of(callee)->specials[int(Special::Call)];
                if (call.is(vm.natives.type_call_method))
                    return instantiate(vm, caller, static_cast<Class*>(o), a, pushed);
                break;
            }
            default:
                break;
        }
        Value call = vm.class_of(callee)->specials[int(Special::Call)];
        if (call.is_unbound()) return vm.type_error("'%s' object is not callable", vm.type_name(callee));
        if (call.is_object() && (call.as_object()->kind == Kind::Function ||
                                 (call.as_object()->kind == Kind::Native && binds(call.as_object())))) {
            if (!prepend(callee)) return Outcome::raised();
            callee = call;
            continue;
        }
        Outcome bound = descriptor_get(vm, call, callee, Value::object(vm.class_of(callee)));
        if (bound.is_call()) {
            size_t n = a.positional();
            Tuple* all = n ? make_tuple(vm.heap, n) : vm.empty_tuple;
            if (!all) return vm.out_of_memory();
            for (size_t i = 0; i < n; i++) all->items[i] = a.at(i);
            Dict* named = vm.dict();
            if (!a.each_keyword(
                    [&](Value key, Value v) { return is_str(key) && vm.set(named, key.as<Str>(), v); }))
                return vm.type_error("keywords must be strings");
            return vm.call_prelude(vm.intern("_call_descriptor"),
                                   {call, callee, Value::object(all), Value::object(named)});
        }
        if (!bound.is_value()) return bound;
        callee = bound.value();
    }
}

}  // namespace gen
