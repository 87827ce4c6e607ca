// Conditions: tests become jumps, without a value in between.
#include "vm/compile/compiler.h"

namespace gen {

using namespace ast;

// Jumps to `target` if the truth of `test` is `sense`, else goes on. Of a walrus in it, only what is
// evaluated in any case counts as bound.
void Compiler::jump_if(const ExprNode* test, bool sense, Label target) {
    for (auto* n = as_if<UnaryOp>(test); n && n->op == UnaryOperator::Not; n = as_if<UnaryOp>(test)) {
        test = n->operand;
        sense = !sense;
    }
    if (auto* n = as_if<Compare>(test)) return jump_if_compare(n, sense, target);
    if (auto* n = as_if<BoolOp>(test)) return jump_if_bool_op(n, sense, target);
    if (is<IfExp>(test)) return jump_if_if_exp(as<IfExp>(test), sense, target);
    Temporaries temporaries(*this);
    auto* walrus = as_if<NamedExpr>(test);
    Reg local = walrus ? plain_local(walrus->target) : kNoRegister;
    if (local != kNoRegister) {
        into(walrus->value, local);
        store_symbol(as<Name>(walrus->target)->symbol, local);
        return jump_if_register(local, sense, target);
    }
    Operand o = operand(test);
    if (!o.constant) return jump_if_register(o.reg, sense, target);
    if (is_true(*o.constant) == sense) e().jump(target);
}

void Compiler::jump_if_if_exp(const IfExp* n, bool sense, Label target) {
    Label end = e().new_label();
    uint32_t bound_mark = bound().mark();
    for (;;) {
        Label other = e().new_label();
        jump_if(n->test, false, other);
        jump_if(n->body, sense, target);
        e().jump(end);
        e().bind(other);
        bound().undo(bound_mark);
        auto* chained = as_if<IfExp>(n->orelse);
        if (!chained) break;
        n = chained;
    }
    jump_if(n->orelse, sense, target);
    e().bind(end);
    bound().undo(bound_mark);
}

void Compiler::jump_if_bool_op(const BoolOp* n, bool sense, Label target) {
    // `and` is decided by the first false value, `or` by the first true one.
    bool deciding = n->op == BoolOperator::Or;
    Label end = e().new_label();
    uint32_t bound_mark = 0;
    for (uint32_t i = 0; i < n->values.size(); i++) {
        if (i + 1 == n->values.size())
            jump_if(n->values[i], sense, target);
        else
            jump_if(n->values[i], deciding, deciding == sense ? target : end);
        if (i == 0) bound_mark = bound().mark();
    }
    e().bind(end);
    bound().undo(bound_mark);
}

static Op jump_opcode(CompareOperator op, bool sense, bool immediate) {
    int which = op == CompareOperator::Lt      ? 0
                : op == CompareOperator::LtE   ? 1
                : op == CompareOperator::Eq    ? 2
                : op == CompareOperator::NotEq ? 3
                : op == CompareOperator::Gt    ? 4
                                               : 5;
    Op first =
        immediate ? (sense ? Op::JUMP_LT_INT : Op::JUMP_NOT_LT_INT) : (sense ? Op::JUMP_LT : Op::JUMP_NOT_LT);
    return Op(int(first) + which);
}
static_assert(int(Op::JUMP_GE) - int(Op::JUMP_LT) == 5 && int(Op::JUMP_EQ) - int(Op::JUMP_LT) == 2);
static_assert(int(Op::JUMP_NOT_GE_INT) - int(Op::JUMP_NOT_LT_INT) == 5);

void Compiler::emit_compare_jump(CompareOperator op, Reg left, Operand right, bool sense, Label target,
                                 bool owned) {
    switch (op) {
        case CompareOperator::Is:
        case CompareOperator::IsNot: {
            if (op == CompareOperator::IsNot) sense = !sense;
            if (right.constant && right.constant->is(Folded::Kind::None))
                return e().emit_jump(sense ? Op::JUMP_IF_NONE : Op::JUMP_IF_NOT_NONE, target, left);
            Reg r = in_register(right);
            Reg t = e().temp();
            e().emit(Op::IS, t, left, r);
            return jump_if_register(t, sense, target);
        }
        case CompareOperator::In:
        case CompareOperator::NotIn: {
            Reg r = in_register(right);
            Reg t = e().temp();
            e().emit(Op::IN, t, left, r, owned);
            return jump_if_register(t, (op == CompareOperator::In) == sense, target);
        }
        default:
            if (right.constant && right.constant->is_small_int(INT16_MIN, INT16_MAX))
                return e().emit_jump(jump_opcode(op, sense, true), target, left,
                                     uint16_t(right.constant->integer));
            e().emit_jump(jump_opcode(op, sense, false), target, left, in_register(right));
    }
}

// What follows a condition is reported at the last comparison in it (as CPython's compiler happens to do), if
// it has one.
const ExprNode* Compiler::last_comparison(const ExprNode* test) {
    const ExprNode* last = nullptr;
    for (;;) {
        if (is<Compare>(test)) return test;
        if (auto* n = as_if<UnaryOp>(test); n && n->op == UnaryOperator::Not) {
            test = n->operand;
        } else if (auto* n = as_if<IfExp>(test)) {
            for (const ExprNode* part : {n->test, n->body})
                if (auto* found = last_comparison(part)) last = found;
            test = n->orelse;
        } else if (auto* n = as_if<BoolOp>(test)) {
            for (ExprNode* value : n->values)
                if (auto* found = last_comparison(value)) last = found;
            return last;
        } else {
            return last;
        }
    }
}

// In a chain, the first comparison that is false decides; operands take turns in two registers.
void Compiler::jump_if_compare(const Compare* n, bool sense, Label target) {
    At at(*this, n);
    Temporaries temporaries(*this);
    uint32_t last = n->ops.size() - 1;
    if (last == 0) {
        Reg left = value(n->left);
        return emit_compare_jump(n->ops[0], left, compare_right(n->ops[0], n->comparators[0]), sense, target,
                                 owns_right(n->ops[0], n->comparators[0]));
    }
    Reg slots = e().temp(2);
    Label end = e().new_label();
    Operand left = operand(n->left, slots);
    uint32_t bound_mark = 0;
    for (uint32_t i = 0; i <= last; i++) {
        Temporaries inner(*this);
        Reg slot = slots + (i + 1) % 2;
        Operand right =
            i == last ? compare_right(n->ops[i], n->comparators[i]) : operand(n->comparators[i], slot);
        if (i == 0) bound_mark = bound().mark();
        if (right.constant && i < last) {
            load_constant(slot, *right.constant);
            right = {nullptr, slot};
        }
        Reg l = in_register(left);
        if (i == last)
            emit_compare_jump(n->ops[i], l, right, sense, target, owns_right(n->ops[i], n->comparators[i]));
        else
            emit_compare_jump(n->ops[i], l, right, false, sense ? end : target);
        left = right;
    }
    e().bind(end);
    bound().undo(bound_mark);
}

}  // namespace gen
