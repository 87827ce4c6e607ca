// Operators that a class of the script defines: the method's frame is pushed as a call's, without a native in between.
// Such a frame is marked kOperates, and answering NotImplemented ends up here again, for the other operand's method.
#include "vm/code/encoding.h"
#include "vm/exec/arithmetic.h"
#include "vm/exec/comparison.h"
#include "vm/exec/exec.h"
#include "vm/exec/ops.h"

namespace gen {

namespace {

struct Operation {
    bool compares = false, in_place = false;
    BinaryOp binary{};
    CompareOp comparison{};
    Value left, right;
};

// The operation of the instruction at whose landing fr stands.
Operation operation_at(Frame* fr) {
    const Instruction* at = fr->pc;
    if (at->op() == Op::LANDING) at--;
    Operation o;
    switch (original_of(at->op())) {  // the method may have run the same code with floats
#define BINARY(NAME, OPERATION)           \
    case Op::NAME:                        \
        o.binary = BinaryOp::OPERATION;   \
        o.in_place = at->x();             \
        o.left = fr->registers[at->b()];  \
        o.right = fr->registers[at->c()]; \
        break;
        BINARY(ADD, Add)
        BINARY(SUB, Sub)
        BINARY(MUL, Mul)
        BINARY(MATMUL, MatMul)
        BINARY(TRUE_DIV, TrueDiv)
        BINARY(FLOOR_DIV, FloorDiv)
        BINARY(MOD, Mod)
        BINARY(POW, Pow)
        BINARY(LSHIFT, LShift)
        BINARY(RSHIFT, RShift)
        BINARY(AND, And)
        BINARY(OR, Or)
        BINARY(XOR, Xor)
#undef BINARY
        case Op::ADD_INT:
            o.binary = at->x() & 2 ? BinaryOp::Sub : BinaryOp::Add;
            o.in_place = at->x() & 1;
            o.left = fr->registers[at->b()];
            o.right = Value::integer(at->x() & 2 ? -int16_t(at->c()) : int16_t(at->c()));
            break;
#define COMPARE(NAME, OPERATION)                    \
    case Op::NAME:                                  \
        o.compares = true;                          \
        o.comparison = CompareOp::OPERATION;        \
        o.left = fr->registers[at->b()];            \
        o.right = fr->registers[at->c()];           \
        break;                                      \
    case Op::JUMP_##NAME:                           \
    case Op::JUMP_NOT_##NAME:                       \
        o.compares = true;                          \
        o.comparison = CompareOp::OPERATION;        \
        o.left = fr->registers[at->a()];            \
        o.right = fr->registers[at->b()];           \
        break;                                      \
    case Op::JUMP_##NAME##_INT:                     \
    case Op::JUMP_NOT_##NAME##_INT:                 \
        o.compares = true;                          \
        o.comparison = CompareOp::OPERATION;        \
        o.left = fr->registers[at->a()];            \
        o.right = Value::integer(int16_t(at->b())); \
        break;
            COMPARE(LT, Lt)
            COMPARE(LE, Le)
            COMPARE(EQ, Eq)
            COMPARE(NE, Ne)
            COMPARE(GT, Gt)
            COMPARE(GE, Ge)
#undef COMPARE
        default:
            break;
    }
    return o;
}

}  // namespace

Frame* call_operator(VM& vm, Frame* fr) {
    const Operation o = operation_at(fr);
    Class *left = vm.class_of(o.left), *right = vm.class_of(o.right);
    // The right operand may come first when its class derives from the left one's.
    if (left != right && !(right->class_flags & Class::kBuiltin)) return kGeneralWay;
    Value method;
    if (o.compares) {
        method = left->specials[int(special_of(o.comparison))];
    } else {
        if (o.in_place) method = left->specials[int(in_place_special_of(o.binary))];
        if (method.is_unbound()) method = left->specials[int(special_of(o.binary))];
    }
    if (!method.is_object() || method.as_object()->kind != Kind::Function || method.as<Function>()->aux != 2)
        return kGeneralWay;
    Frame* pushed = push_frame(vm, method.as<Function>(), fr);
    if (!pushed) return unwind(vm, fr);
    pushed->aux = kOperates;
    pushed->registers[0] = o.left;
    pushed->registers[1] = o.right;
    return --vm.budget < 0 ? safepoint(vm, pushed) : pushed;
}

Frame* operator_declined(VM& vm, Frame* fr) {
    Frame* caller = fr->parent;
    pop_frame(vm, fr);
    if (caller->flags & kClean) touch(vm, caller);
    vm.frame = caller;
    const Operation o = operation_at(caller);
    return land(vm, caller,
                o.compares ? compare_otherwise(vm, o.comparison, o.left, o.right)
                           : binary_otherwise(vm, o.binary, o.left, o.right, o.in_place),
                caller->pc);
}

}  // namespace gen
