#include "vm/exec/special.h"

#include "vm/exec/exec.h"
#include "vm/exec/lookup.h"

namespace gen {

static inline bool is_direct(const VM& vm, const Native* native, Value self, size_t count) {
    const Signature& s = native->def->signature;
    return native->def->fn && binds(native) && count >= s.required && count <= s.positional &&
           accepts_receiver(vm, native, self);
}
bool takes_directly(const VM& vm, const Native* native, Value self, size_t count) {
    return is_direct(vm, native, self, count);
}

bool inherits_native(VM& vm, Value v, Special s) {
    const Class* c = vm.class_of(v);
    Value method = c->specials[int(s)];
    while (!(c->class_flags & Class::kBuiltin) && c->base) c = c->base;
    return method.is(c->specials[int(s)]) && as_native(method);
}

Outcome call_found(VM& vm, Special s, Value method, Value self, std::initializer_list<Value> args) {
    constexpr size_t kMost = 6;
    Native* native = as_native(method);
    if (native && is_direct(vm, native, self, 1 + args.size()) &&
        native->def->signature.parameters() <= kMost && !native->def->signature.var_args &&
        !native->def->signature.var_keywords) {
        Value values[kMost] = {};
        size_t n = 0;
        values[n++] = self;
        for (Value v : args) values[n++] = v;
        Outcome o = native->def->fn(vm, values);
        if (!o.is_unhandled()) return o;
    }
    return vm.call_special(s, self, args);
}

Outcome warn(VM& vm, BuiltinShape category, std::string_view text) {
    Value module = vm.get(vm.modules, vm.intern("warnings"));
    if (!module.is_object() || module.as_object()->kind != Kind::Module) return Value::none();
    Value function = vm.get(module.as<Module>()->dict, vm.intern("warn"));
    if (function.is_unbound()) return Value::none();
    return vm.call(function, {vm.str(text), Value::object(vm.type(category))});
}

Outcome call_internal(VM& vm, const NativeDef& def, std::initializer_list<Value> args) {
    auto* native = vm.heap.make<Native>(Kind::Native, kShapeBuiltinFunction);
    native->self = native->owner = Value::unbound();
    native->module = Value::none();
    native->def = &def;
    return vm.call(Value::object(native), args);
}

}  // namespace gen
