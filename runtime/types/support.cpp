#include "runtime/types/support.h"

#include "vm/exec/class_parts.h"

namespace gen {

void set_type_attribute(VM& vm, BuiltinShape id, const char* name, Value v) {
    Class* cls = vm.type(id);
    auto* cell = vm.heap.make<Cell>(Kind::Cell, kShapeCell);
    cell->value = v;
    Str* key = vm.intern(name);
    vm.set(cls->attributes, key, Value::object(cell));
    if (int special = special_of(key); special >= 0) cls->specials[special] = v;
    vm.heap.write(cls);
}

bool refuses_keywords(VM& vm, Class* cls, BuiltinShape base, Value keywords) {
    if (keywords.is_unbound()) return false;
    if (!cls->specials[int(Special::Init)].is(vm.type(base)->specials[int(Special::Init)])) return false;
    vm.type_error("%s() takes no keyword arguments", std::string(vm.class_name(vm.type(base))).c_str());
    return true;
}

Outcome generic_alias(VM& vm, Value* args) {
    auto* alias = vm.heap.make<GenericAlias>(Kind::GenericAlias, kShapeGenericAlias);
    alias->origin = args[0];
    alias->args = is_tuple(args[1]) ? args[1] : vm.tuple({args[1]});
    alias->parameters = Value::unbound();
    return Value::object(alias);
}

static Outcome raise_with_repr_step(VM& vm, NativeFrame& frame) {  // class number, format, value
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_repr(vm, frame[2]));
    }
    std::string text(frame[1].as<Str>()->view());
    text.replace(text.find("%R"), 2, frame.result().as<Str>()->view());
    return vm.raise(BuiltinShape(frame[0].as_int()), text);
}
static const NativeDef kRaiseWithRepr = {.signature = "raise(class, format, value, /)",
                                         .step = raise_with_repr_step};

Outcome raise_with_repr(VM& vm, BuiltinShape cls, std::string_view format, Value v) {
    return call_internal(vm, kRaiseWithRepr, {Value::integer(cls), vm.str(format), v});
}

}  // namespace gen
