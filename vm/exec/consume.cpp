#include "vm/exec/consume.h"

#include "vm/code/assembler.h"
#include "vm/exec/vm.h"

namespace gen {

// Hidden from tracebacks, as a native is, but pre-empted like any loop.
static constexpr const char* kConsumers[] = {
    R"(.code 'extend' hidden new_locals
.positional 2 2
.locals 'iterator' 'target' 'item'
    JUMP            Next
Item:
    LIST_APPEND     r1, r2
Next:
    FOR_ITER        r2, r0, Item
    RETURN_NONE
)",
    R"(.code 'update' hidden new_locals
.positional 2 2
.locals 'iterator' 'target' 'item'
    JUMP            Next
Item:
    SET_ADD         r1, r2 ~r3
Next:
    FOR_ITER        r2, r0, Item
    RETURN_NONE
)",
    R"(.code 'sum' hidden new_locals
.positional 2 2
.locals 'iterator' 'total' 'item'
    JUMP            Next
Item:
    ADD             r1, r1, r2
Next:
    FOR_ITER        r2, r0, Item
    RETURN          r1
)",
    R"(.code 'all' hidden new_locals
.positional 1 1
.locals 'iterator' 'item'
    JUMP            Next
Item:
    JUMP_IF_TRUE    r1, Next ~r2
    LOAD_SPECIAL    r2, False
    RETURN          r2
Next:
    FOR_ITER        r1, r0, Item
    LOAD_SPECIAL    r2, True
    RETURN          r2
)",
    R"(.code 'any' hidden new_locals
.positional 1 1
.locals 'iterator' 'item'
    JUMP            Next
Item:
    JUMP_IF_FALSE   r1, Next ~r2
    LOAD_SPECIAL    r2, True
    RETURN          r2
Next:
    FOR_ITER        r1, r0, Item
    LOAD_SPECIAL    r2, False
    RETURN          r2
)"};
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
