#include "vm/exec/vm.h"

#include "vm/exec/exec.h"
#include "vm/exec/lookup.h"

#include <cstdarg>
#include <random>

namespace gen {

void install_exec_tracers(VM&);  // safepoint.cpp
void install_slot_tracers(VM&);  // slots.cpp
void make_builtin_classes(VM&);  // class_builtin.cpp
void make_core_natives(VM&);     // core_natives.cpp

static HashKey random_key() {
    std::random_device source;
    auto word = [&] { return uint64_t(source()) << 32 | source(); };
    return {word(), word()};
}
static HashKey seeded_key(uint64_t seed, Identities& identities) {
    HashKey fixed{0x67656e2073656564u, seed, &identities};
    return {siphash13(fixed, "k0", 2), siphash13(fixed, "k1", 2), &identities};
}

VM::VM(std::optional<uint64_t> seed)
    : hash_key(seed ? seeded_key(*seed, identities) : random_key()), strings(hash_key) {
    if (seed) scheduler.shuffle(hash_key.k0 ^ hash_key.k1);
    heap.roots = [this](Marker& m, bool major) { mark_roots(m, major); };
    heap.after_mark = [this](Marker& m, bool major) { after_mark(m, major); };
    heap.owner = this;
    heap.set_alarm(&budget, &slice);
    frames.set_limit(limits.stack);
    install_exec_tracers(*this);
    install_slot_tracers(*this);
    strings.start(heap);
    empty_string = strings.empty();
    empty_tuple = gen::make_tuple(heap, size_t{0});
    empty_array = make_array(heap, 0);
    exception = caught = run_result = Value::unbound();
    handled = Value::none();
#define NAME(id, text) names.id = intern(text);
#include "vm/exec/names.def"
#undef NAME
    int i = 0;
    static_assert(int(Special::kCount) <= 127);
#define SPECIAL(id, text)                                           \
    names.special[i] = intern("__" text "__");                      \
    names.special[i]->state = uint8_t((i + 1) * Str::kSpecialUnit); \
    i++;
#include "vm/data/specials.def"
#undef SPECIAL
    zero = make_float(heap, 0.0);
    minus_zero = make_float(heap, -0.0);
    make_builtin_classes(*this);
    builtins = dict();
    modules = dict();
    prelude = dict();
    main_fiber = fiber = scheduler.make_fiber(*this);
    fiber->state = Fiber::kRunningFiber;
    make_core_natives(*this);
}

VM::~VM() = default;

Class* VM::class_of_immediate(Value v) const {
    if (v.is_int()) return classes[kShapeInt];
    if (v.is_inline_float()) return classes[kShapeFloat];
    if (v.is_bool()) return classes[kShapeBool];
    if (v.is_none()) return classes[kShapeNone_];
    if (v.is_not_implemented()) return classes[kShapeNotImplementedType];
    if (v.is_ellipsis()) return classes[kShapeEllipsisType];
    return classes[kShapeObject];
}

std::string_view VM::class_name(const Class* c) const { return c->name.as<Str>()->view(); }

bool VM::is_subclass(const Class* cls, const Class* base) const {
    if (cls == base) return true;
    const Tuple* mro = cls->mro;
    for (uint64_t i = 1; i < mro->size; i++)
        if (mro->items[i].as_object() == base) return true;
    return false;
}

// ---- values

Str* VM::intern(std::string_view text) { return strings.intern(heap, text); }
Value VM::str(std::string_view utf8) {
    Str* s = make_str(heap, utf8);
    return s ? Value::object(s) : Value::unbound();
}
Value VM::real(double d) { return make_float(heap, d); }

Value VM::tuple(std::initializer_list<Value> items) {
    if (items.size() == 0) return Value::object(empty_tuple);
    Tuple* t = gen::make_tuple(heap, items.begin(), items.size());
    return t ? Value::object(t) : Value::unbound();
}
Value VM::list(std::initializer_list<Value> items) {
    List* l = make_list(heap, items.begin(), items.size());
    return l ? Value::object(l) : Value::unbound();
}
Value VM::checked_tuple(const Value* items, size_t n) {
    Tuple* t = gen::make_tuple(heap, items, n);
    return t ? Value::object(t) : Value::none();
}
Dict* VM::dict() { return make_dict(heap); }

Value VM::bound_method(Value function, Value self) {
    auto* m = heap.make<BoundMethod>(Kind::BoundMethod, kShapeMethod);
    m->function = function;
    m->self = self;
    return Value::object(m);
}

Module* VM::module(std::string_view name) {
    auto* m = heap.make<Module>(Kind::Module, kShapeModule);
    Str* s = intern(name);
    m->name = Value::object(s);
    m->dict = dict();
    m->extra = Value::unbound();
    set(m->dict, names.name, m->name);
    set(m->dict, names.doc, Value::none());
    set(m->dict, names.package, Value::object(empty_string));
    set(m->dict, names.loader, Value::none());
    set(m->dict, names.spec, Value::none());
    set(modules, s, Value::object(m));
    return m;
}

Value VM::get(Dict* d, Str* key) const { return dict_get_str(hash_key, d, key); }
bool VM::set(Dict* d, Str* key, Value v) { return dict_set_str(heap, hash_key, d, key, v); }

// ---- raising

Value VM::make_exception(BuiltinShape shape, std::initializer_list<Value> args) {
    auto* e = static_cast<Exception*>(allocate_instance(*this, classes[shape]));
    if (args.size()) e->args = tuple(args);
    return Value::object(e);
}

Outcome VM::raise(Value e) {
    exception = e;
    set_context(*this, e);
    return Outcome::raised();
}

Outcome VM::raise(BuiltinShape shape, std::initializer_list<Value> args) {
    Value e = make_exception(shape, args);
    if (args.size() == 1 && shape == kShapeStopIteration)
        set_instance_attribute(*this, e.as_object(), names.value, *args.begin());
    return raise(e);
}

Outcome VM::raise(BuiltinShape shape, std::string_view message) { return raise(shape, {str(message)}); }

static std::string format_message(const char* format, va_list args) {
    char buffer[1024];
    va_list again;
    va_copy(again, args);
    int n = std::vsnprintf(buffer, sizeof buffer, format, args);
    std::string s;
    if (n < int(sizeof buffer))
        s.assign(buffer, size_t(std::max(n, 0)));
    else {
        s.resize(size_t(n) + 1);
        std::vsnprintf(s.data(), s.size(), format, again);
        s.resize(size_t(n));
    }
    va_end(again);
    return s;
}

#define RAISE_FORMATTED(shape)                          \
    va_list args;                                       \
    va_start(args, format);                             \
    std::string message = format_message(format, args); \
    va_end(args);                                       \
    return raise(shape, message)

Outcome VM::raisef(BuiltinShape shape, const char* format, ...) { RAISE_FORMATTED(shape); }
Outcome VM::type_error(const char* format, ...) { RAISE_FORMATTED(kShapeTypeError); }
Outcome VM::value_error(const char* format, ...) { RAISE_FORMATTED(kShapeValueError); }
Outcome VM::key_error(Value key) { return raise(kShapeKeyError, {key}); }
Outcome VM::out_of_memory() {
    retrying = false;
    return raise(kShapeMemoryError, std::initializer_list<Value>{});
}

Outcome VM::no_room() { return retrying ? out_of_memory() : Outcome::collect(); }

Outcome VM::raise_name_error(Str* name) {
    raisef(kShapeNameError, "name '%s' is not defined", name->data());
    set_instance_attribute(*this, exception.as_object(), names.name_attribute, Value::object(name));
    return Outcome::raised();
}

Outcome recursion_error(VM& vm, Frame* fr) {
    uint64_t depth = 0;
    for (Frame* f = fr; f; f = f->parent) depth++;
    // Frames that only the handler of this error needs must still find room.
    vm.frames.set_limit(vm.limits.stack + vm.limits.stack / 16);
    vm.raisef(kShapeRecursionError, "maximum recursion depth exceeded (%llu frames)",
              static_cast<unsigned long long>(depth));
    return Outcome::raised();
}

// ---- requests

Outcome VM::call(Value callee, std::initializer_list<Value> args) {
    request.kind = Request::Kind::Call;
    request.stops = Request::Stops::Never;
    request.use = kUsedAnyhow;
    request.callee = callee;
    request.count = uint32_t(args.size());
    unsigned i = 0;
    for (Value v : args) request.args[i++] = v;
    request.tuple = request.keywords = Value::unbound();
    return Outcome::call();
}

Outcome VM::call_with(Value callee, Value tuple, Value keywords) {
    call(callee, {});
    request.tuple = tuple;
    request.keywords = keywords.is_none() ? Value::unbound() : keywords;
    return Outcome::call();
}

Value VM::prelude_value(Str* name) {
    Value v = get(prelude, name);
    return v.is_unbound() && load_prelude && load_prelude(*this, name) ? get(prelude, name) : v;
}

Outcome VM::call_prelude(Str* name, std::initializer_list<Value> args) {
    Value f = get(prelude, name);
    if (f.is_unbound()) {
        // Loading runs code, and may collect.
        roots.insert(roots.end(), args.begin(), args.end());
        f = prelude_value(name);
        roots.resize(roots.size() - args.size());
        if (f.is_unbound() && exception.is_object()) return Outcome::raised();
    }
    if (f.is_unbound()) return raisef(kShapeSystemError, "the prelude has no %s", name->data());
    return call(f, args);
}

Outcome VM::resume(Frame* generator, Request::Resume mode, Value v) {
    request.kind = Request::Kind::Resume;
    request.mode = mode;
    request.stops = Request::Stops::Never;
    request.use = kUsedAnyhow;
    request.callee = Value::object(generator);
    request.count = 1;
    request.args[0] = v;
    request.tuple = request.keywords = Value::unbound();
    return Outcome::call();
}

Outcome VM::resume_to_end(Frame* generator, Request::Resume mode, Value v) {
    resume(generator, mode, v);
    request.stops = Request::Stops::Returns;
    returned = Value::unbound();
    return Outcome::call();
}

Outcome VM::call_special(Special s, Value self, std::initializer_list<Value> args) {
    Value f = special(self, s);
    if (f.is_unbound()) return Outcome::unhandled();
    if (f.is_none()) return call(f, {});  // a TypeError: None cannot be called
    Object* o = f.as_object();
    call(f, {});
    unsigned n = 0;
    if (o->kind == Kind::Function || (o->kind == Kind::Native && binds(o))) {
        request.args[n++] = self;
    } else {
        Outcome bound = descriptor_get(*this, f, self, Value::object(class_of(self)));
        if (bound.is_call()) return call_prelude(intern("_call_descriptor"), {f, self, tuple(args)});
        if (!bound.is_value()) return bound;
        call(bound.value(), {});
    }
    for (Value v : args) request.args[n++] = v;
    request.count = n;
    return Outcome::call();
}

// ---- finalisers

void VM::register_finalizer(Object* o) {
    if (o->flags & (kFinalizer | kFinalized)) return;  // each is finalised once
    o->flags |= kFinalizer;
    finalizable.push_back(o);
}

}  // namespace gen
