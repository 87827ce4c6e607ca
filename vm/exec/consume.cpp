#include "vm/exec/consume.h"

#include "vm/code/assembler.h"
#include "vm/exec/vm.h"

namespace gen {

// Hidden from tracebacks, as a native is.
#define INTO_TARGET(name, instruction, end) \
    ".code '" name                          \
    "' hidden native_loop new_locals\n"     \
    ".positional 2 2\n"                     \
    ".locals 'iterator' 'target' 'item'\n"  \
    "    JUMP            Next\n"            \
    "Item:\n"                               \
    "    " instruction                      \
    "\n"                                    \
    "Next:\n"                               \
    "    FOR_ITER        r2, r0, Item\n"    \
    "    " end "\n"
#define DECIDE(name, jump, decided, otherwise) \
    ".code '" name                             \
    "' hidden native_loop new_locals\n"        \
    ".positional 1 1\n"                        \
    ".locals 'iterator' 'item'\n"              \
    "    JUMP            Next\n"               \
    "Item:\n"                                  \
    "    " jump                                \
    "        r1, Next ~r2\n"                   \
    "    LOAD_SPECIAL    r2, " decided         \
    "\n"                                       \
    "    RETURN          r2\n"                 \
    "Next:\n"                                  \
    "    FOR_ITER        r1, r0, Item\n"       \
    "    LOAD_SPECIAL    r2, " otherwise       \
    "\n"                                       \
    "    RETURN          r2\n"
#define EXTREME(name, jump)              \
    ".code '" name                       \
    "' hidden native_loop new_locals\n"  \
    ".positional 1 1\n"                  \
    ".locals 'iterator' 'best' 'item'\n" \
    "    JUMP            First\n"        \
    "Item:\n"                            \
    "    " jump                          \
    "        r2, r1, Next ~r3\n"         \
    "    MOVE            r1, r2\n"       \
    "Next:\n"                            \
    "    FOR_ITER        r2, r0, Item\n" \
    "    RETURN          r1\n"           \
    "First:\n"                           \
    "    FOR_ITER        r1, r0, Next\n" \
    "    RETURN          r1\n"

static constexpr const char* kConsumers[] = {
    INTO_TARGET("extend", "LIST_APPEND r1, r2", "RETURN_NONE"),
    INTO_TARGET("update", "SET_ADD r1, r2 ~r3", "RETURN_NONE"),
    INTO_TARGET("list", "LIST_APPEND r1, r2", "RETURN r1"),
    INTO_TARGET("set", "SET_ADD r1, r2 ~r3", "RETURN r1"),
    INTO_TARGET("sum", "ADD r1, r1, r2", "RETURN r1"),
    DECIDE("all", "JUMP_IF_TRUE", "False", "True"),
    DECIDE("any", "JUMP_IF_FALSE", "True", "False"),
    EXTREME("max", "JUMP_NOT_GT"),
    EXTREME("min", "JUMP_NOT_LT"),
};
static_assert(std::size(kConsumers) == size_t(Consumer::kCount));

Outcome consume(VM& vm, Consumer which, Value iterator, Value target) {
    Value& function = vm.consumers[size_t(which)];
    if (function.is_unbound()) {
        CodeBuilder builder(vm.heap, vm.strings);
        Code* code = assemble(builder, kConsumers[size_t(which)]).code;
        if (!code || builder.failed()) return vm.out_of_memory();
        function = Value::object(vm.make_function_of(code, vm.prelude));
    }
    return target.is_unbound() ? vm.call(function, {iterator}) : vm.call(function, {iterator, target});
}

}  // namespace gen
