// gen/gen.h: values of scripts.
#include "runtime/host/api_state.h"
#include "runtime/types/core_types.h"
#include "vm/exec/ops.h"

namespace gen {

using detail::State;

Ref::Ref(const Ref& other) {
    if (other.state_) *this = other.state_->hold(State::value_of(other));
}
Ref::Ref(Ref&& other) noexcept : state_(std::move(other.state_)), slot_(other.slot_) {}
Ref& Ref::operator=(Ref other) noexcept {
    std::swap(state_, other.state_);
    std::swap(slot_, other.slot_);
    return *this;
}
Ref::~Ref() {
    if (!state_) return;
    state_->slots[slot_] = Value::unbound();
    state_->free.push_back(slot_);
}

bool Ref::is_none() const { return State::value_of(*this).is_none(); }
std::string Ref::type_name() const {
    VM& vm = State::of(*this).vm;
    return std::string(vm.class_name(vm.class_of(State::value_of(*this))));
}

static std::string text_of(State& s, Value v) {
    if (!is_str(v)) throw Error("TypeError", std::string("expected str, got ") + s.vm.type_name(v));
    return std::string(v.as<Str>()->view());
}
std::string Ref::str() const {
    State& s = State::of(*this);
    return text_of(s, s.call(Value::object(s.vm.type(kShapeStr)), {State::value_of(*this)}));
}
std::string Ref::repr() const {
    State& s = State::of(*this);
    return text_of(s, s.call(s.builtin("repr"), {State::value_of(*this)}));
}

int64_t Ref::to_int() const {
    State& s = State::of(*this);
    Value v = State::value_of(*this);
    int64_t i;
    if (!is_int_like(v)) throw Error("TypeError", std::string("expected int, got ") + s.vm.type_name(v));
    if (!int_to_int64(v, i)) throw Error("OverflowError", "int too large for the host's type");
    return i;
}
double Ref::to_double() const {
    State& s = State::of(*this);
    Value v = State::value_of(*this);
    if (is_float(v)) return as_float(v);
    if (!is_int_like(v)) throw Error("TypeError", std::string("expected float, got ") + s.vm.type_name(v));
    bool overflow = false;
    double d = int_to_double(v, overflow);
    if (overflow) throw Error("OverflowError", "int too large to convert to float");
    return d;
}
bool Ref::to_bool() const {
    State& s = State::of(*this);
    return s.call(Value::object(s.vm.type(kShapeBool)), {State::value_of(*this)}).is_true();
}
std::string Ref::to_string() const {
    State& s = State::of(*this);
    Value v = State::value_of(*this);
    if (is_bytes(v)) return std::string(view_of(v.as<Bytes>()));
    std::string text = text_of(s, v);
    if (v.as<Str>()->state & Str::kHasSurrogates)
        throw Error("UnicodeEncodeError", "the text has lone surrogates");
    return text;
}

Ref Ref::attribute(std::string_view name) const {
    State& s = State::of(*this);
    return s.hold(s.call(s.builtin("getattr"), {State::value_of(*this), Value::object(s.vm.intern(name))}));
}
void Ref::set_attribute(std::string_view name, const Ref& value) const {
    State& s = State::of(*this);
    s.call(s.builtin("setattr"), {State::value_of(*this), Value::object(s.vm.intern(name)), s.own(value)});
}
Ref Ref::item(const Ref& key) const {
    State& s = State::of(*this);
    return s.hold(s.prelude("_host_item", {State::value_of(*this), s.own(key)}));
}
void Ref::set_item(const Ref& key, const Ref& value) const {
    State& s = State::of(*this);
    s.prelude("_host_set_item", {State::value_of(*this), s.own(key), s.own(value)});
}
size_t Ref::size() const {
    State& s = State::of(*this);
    return size_t(s.call(s.builtin("len"), {State::value_of(*this)}).as_int());
}
Ref Ref::call(const std::vector<Ref>& args) const {
    State& s = State::of(*this);
    Tuple* t = args.empty() ? s.vm.empty_tuple : make_tuple(s.vm.heap, args.size());
    if (!t) throw Error("MemoryError", "");
    for (size_t i = 0; i < args.size(); i++) t->items[i] = s.own(args[i]);
    return s.hold(s.check(s.vm.run(State::value_of(*this), Value::object(t))));
}

// The prelude answers (True, value) or (False, result).
static std::optional<Ref> step(State& s, Value answer) {
    auto* t = answer.as<Tuple>();
    if (t->items[0].is_true()) return s.hold(t->items[1]);
    s.last_result = t->items[1];
    return std::nullopt;
}
std::optional<Ref> Ref::next() const {
    State& s = State::of(*this);
    return step(s, s.prelude("_host_next", {State::value_of(*this)}));
}
std::optional<Ref> Ref::send(const Ref& value) const {
    State& s = State::of(*this);
    return step(s, s.prelude("_host_send", {State::value_of(*this), s.own(value)}));
}
std::optional<Ref> Ref::raise(const Ref& exception) const {
    State& s = State::of(*this);
    return step(s, s.prelude("_host_throw", {State::value_of(*this), s.own(exception)}));
}
std::optional<Ref> Ref::raise(std::string_view type, std::string_view message) const {
    State& s = State::of(*this);
    Value cls = s.builtin(type);
    if (cls.is_unbound()) throw Error("NameError", "no exception class " + std::string(type));
    return raise(s.hold(s.call(cls, {s.vm.str(message)})));
}
void Ref::close() const { method("close"); }
Ref Ref::result() const {
    State& s = State::of(*this);
    return s.hold(s.last_result);
}
Ref::Range Ref::each() const {
    State& s = State::of(*this);
    return Range(s.hold(s.call(s.builtin("iter"), {State::value_of(*this)})));
}

}  // namespace gen
