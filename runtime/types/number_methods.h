// Rows of method tables that the number classes share.
#pragma once
#include "runtime/types/support.h"
#include "vm/exec/arithmetic.h"

namespace gen {

// binary(vm, op, a, b) answers NotImplemented for operands that it does not know.
using BinaryFn = Outcome (*)(VM&, BinaryOp, Value, Value);

template <BinaryFn binary, BinaryOp op>
Outcome forward_native(VM& vm, Value* args) {
    return binary(vm, op, args[0], args[1]);
}
template <BinaryFn binary, BinaryOp op>
Outcome reflected_native(VM& vm, Value* args) {
    return binary(vm, op, args[1], args[0]);
}

#define GEN_OPERATOR(binary, name, op)                                                             \
    {.signature = "__" name "__(self, value, /)", .fn = forward_native<binary, BinaryOp::op>}, {   \
        .signature = "__r" name "__(self, value, /)", .fn = reflected_native<binary, BinaryOp::op> \
    }

inline Outcome return_self(VM&, Value* args) { return args[0]; }

}  // namespace gen
