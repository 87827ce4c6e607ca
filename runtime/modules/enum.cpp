// _enum: what of Enum is not written in the language.
#include "runtime/modules/modules.h"
#include "runtime/types/support.h"

namespace gen {

namespace {

// hash(self._name_): members are looked up in dicts more than anything else.
Outcome member_hash(VM& vm, Value* args) {
    if (!args[0].is_object() || args[0].as_object()->kind != Kind::Instance) return Outcome::unhandled();
    Value name = get_instance_attribute(vm, args[0].as_object(), vm.names.enum_name);
    if (name.is_unbound() || !is_exact_str(name)) return Outcome::unhandled();
    return op_hash(vm, name);
}
Outcome member_hash_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_getattr(vm, frame[0], vm.names.enum_name));
            AWAIT(2, op_hash(vm, frame.result()));
    }
    return frame.result();
}
const NativeDef kMemberHash = {.signature = "__hash__(self, /)", .fn = member_hash, .step = member_hash_step};

Outcome hash_by_name(VM& vm, Value* args) {  // the class
    if (!args[0].is_object() || args[0].as_object()->kind != Kind::Class)
        return vm.type_error("a class is required, not '%s'", vm.type_name(args[0]));
    auto* native = vm.heap.make<Native>(Kind::Native, kShapeMethodDescriptor);
    native->self = Value::unbound();
    native->owner = args[0];
    native->module = Value::none();
    native->def = &kMemberHash;
    set_class_attribute(vm, args[0].as<Class>(), vm.names.special[int(Special::Hash)], Value::object(native));
    return Value::none();
}

const NativeDef kFunctions[] = {{.signature = "hash_by_name(cls, /)", .fn = hash_by_name}};

}  // namespace

const ModuleDef kEnumModule = {.name = "_enum", .functions = kFunctions};

}  // namespace gen
