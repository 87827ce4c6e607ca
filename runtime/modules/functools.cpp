// _functools: what the library's modules need to pass for CPython's, whose functions are partly written in C.
#include "runtime/modules/modules.h"

namespace gen {

namespace {

Outcome unbound(VM& vm, Value* args) {  // *functions
    auto* functions = args[0].as<Tuple>();
    for (uint64_t i = 0; i < functions->size; i++) {
        Value f = functions->items[i];
        if (!f.is_object() || f.as_object()->kind != Kind::Function)
            return vm.type_error("expected a function, not %s", vm.type_name(f));
        f.as<Function>()->code->code_flags |= Code::kUnbound;
    }
    return Value::none();
}

const NativeDef kFunctions[] = {
    {.signature = "unbound(*functions)",
     .fn = unbound,
     .doc = "These functions do not become methods of a class that has them as attributes."},
};

}  // namespace

const ModuleDef kFunctoolsModule = {.name = "_functools", .functions = kFunctions};

}  // namespace gen
