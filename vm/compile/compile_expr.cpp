// Expressions: operators, attributes, items, f-strings, displays, yield and await.
#include "vm/compile/compiler.h"

namespace gen {

using namespace ast;

// Displays of more items than this are built piecemeal, so that they do not need a register for each.
constexpr uint32_t kMaxWindow = 64;

Reg Compiler::in_register(Operand o) {
    if (!o.constant) return o.reg;
    Reg r = e().temp();
    load_constant(r, *o.constant);
    return r;
}

Reg Compiler::value_at(const ExprNode* x, Reg slot, unsigned owned) {
    Reg mark = e().top();
    Operand o = operand(x, slot, owned);
    e().release(mark);
    if (!o.constant) return o.reg;
    load_constant(slot, *o.constant);
    return slot;
}

void Compiler::move(Reg dst, Operand o) {
    if (o.constant)
        load_constant(dst, *o.constant);
    else if (o.reg != dst)
        e().emit(Op::MOVE, dst, o.reg);
}

Reg Compiler::target_of(Reg mark, Reg dst) {
    e().release(mark);
    return dst == kNoRegister || dst == mark ? e().temp() : dst;
}

void Compiler::into(const ExprNode* x, Reg dst, unsigned owned) {
    Reg mark = e().top();
    Operand o = operand(x, dst, owned);
    if (o.constant || o.reg != dst) {
        At at(*this, x);
        move(dst, o);
    }
    e().release(mark);
}

Operand Compiler::operand(const ExprNode* x, Reg dst, unsigned owned) {
    switch (x->kind) {
        case NodeKind::Constant:
            return {fold_literal(arena_, as<Constant>(x)->value), kNoRegister};
        case NodeKind::Name:
            return load_name(as<Name>(x), dst);
        case NodeKind::BinOp:
        case NodeKind::UnaryOp:
        case NodeKind::Attribute:
        case NodeKind::Subscript:
        case NodeKind::Call:
            return spine(x, dst, owned);
        default:
            break;
    }
    if (dst == kNoRegister) dst = e().temp();
    Reg mark = e().top();
    At at(*this, x);
    switch (x->kind) {
        case NodeKind::BoolOp:
            bool_op(as<BoolOp>(x), dst);
            break;
        case NodeKind::NamedExpr:
            named_expr(as<NamedExpr>(x), dst);
            break;
        case NodeKind::Lambda:
            lambda(as<Lambda>(x), dst);
            break;
        case NodeKind::IfExp:
            if_exp(as<IfExp>(x), dst);
            break;
        case NodeKind::Dict:
            dict_display(as<ast::Dict>(x), dst);
            break;
        case NodeKind::Set:
            set_display(as<ast::Set>(x)->elts, dst);
            break;
        case NodeKind::List:
            list_display(as<ast::List>(x)->elts, dst);
            break;
        case NodeKind::Tuple:
            tuple_display(as<ast::Tuple>(x)->elts, x, dst);
            break;
        case NodeKind::ListComp: {
            auto* n = as<ListComp>(x);
            comprehension(n, n->scope, n->generators, n->elt, nullptr, dst, owned);
            break;
        }
        case NodeKind::SetComp: {
            auto* n = as<SetComp>(x);
            comprehension(n, n->scope, n->generators, n->elt, nullptr, dst, owned);
            break;
        }
        case NodeKind::DictComp: {
            auto* n = as<DictComp>(x);
            comprehension(n, n->scope, n->generators, n->key, n->value, dst, owned);
            break;
        }
        case NodeKind::GeneratorExp: {
            auto* n = as<GeneratorExp>(x);
            comprehension(n, n->scope, n->generators, n->elt, nullptr, dst, owned);
            break;
        }
        case NodeKind::Await:
            await(as<Await>(x), dst);
            break;
        case NodeKind::Yield:
            yield_value(as<Yield>(x), dst);
            break;
        case NodeKind::YieldFrom:
            yield_from(as<YieldFrom>(x), dst);
            break;
        case NodeKind::Compare:
            compare(as<Compare>(x), dst);
            break;
        case NodeKind::JoinedStr:
            joined_str(as<JoinedStr>(x), dst);
            break;
        case NodeKind::FormattedValue:
            formatted_value(as<FormattedValue>(x), dst);
            break;
        case NodeKind::Slice:
            slice(as<ast::Slice>(x), dst);
            break;
        default:
            error(x, "can't use starred expression here");
            break;
    }
    e().release(mark);
    return {nullptr, dst};
}

// For the effects only.
void Compiler::discard(const ExprNode* x) {
    Temporaries temporaries(*this);
    if (auto* yield = as_if<Yield>(x)) {
        At at(*this, x);
        yield_value(yield, kNoRegister);
        return;
    }
    constexpr unsigned kIsDiscarded = 2;
    operand(x, kNoRegister, is<Call>(x) ? kIsDiscarded : 0);
}

// ---- chains of operators, attributes, subscripts and calls

// Walks down to the leaf, which is evaluated first, and back up. What is complete so far stands at `mark`, at
// the top of the stack of temporaries, unless it is a local in place or a constant.
Operand Compiler::spine(const ExprNode* x, Reg dst, unsigned owned) {
    uint32_t base = spine_.size();
    const ExprNode* leaf = x;
    for (;;) {
        spine_.push_back(leaf);
        leaf = spine_child(leaf);
        bool inner = is<BinOp>(leaf) || is<UnaryOp>(leaf) || is<Attribute>(leaf) || is<Subscript>(leaf) ||
                     is<Call>(leaf);
        if (!inner) break;
    }
    Span saved = e().span();
    bool in_slot = dst != kNoRegister && e().is_temporary(dst) && dst + 1 == e().top();
    Reg mark = in_slot ? dst : e().top();
    Operand done = operand(leaf, in_slot ? dst : kNoRegister);
    for (uint32_t i = spine_.size(); i-- > base;) {
        const ExprNode* n = spine_[i];
        auto* method = as_if<Attribute>(n);
        if (method && i > base && is<Call>(spine_[i - 1]))
            n = spine_[--i];
        else
            method = nullptr;
        Reg target = i == base ? dst : kNoRegister;
        e().set_span(n->span);
        switch (n->kind) {
            case NodeKind::BinOp:
                done = binary(as<BinOp>(n), done, target, mark);
                break;
            case NodeKind::UnaryOp:
                done = unary(as<UnaryOp>(n), done, target, mark);
                break;
            case NodeKind::Attribute:
                done = attribute(as<Attribute>(n), done, target, mark);
                break;
            case NodeKind::Subscript:
                done = subscript(as<Subscript>(n), done, target, mark);
                break;
            default:
                done = call(as<Call>(n), done, method, target, mark, i == base ? owned : 0);
                break;
        }
    }
    spine_.truncate(base);
    if (in_slot && e().top() <= dst) e().release(dst + 1);
    e().set_span(saved);
    return done;
}

static Op opcode_of(Operator op) {
    switch (op) {
        case Operator::Add:
            return Op::ADD;
        case Operator::Sub:
            return Op::SUB;
        case Operator::Mult:
            return Op::MUL;
        case Operator::MatMult:
            return Op::MATMUL;
        case Operator::Div:
            return Op::TRUE_DIV;
        case Operator::Mod:
            return Op::MOD;
        case Operator::Pow:
            return Op::POW;
        case Operator::LShift:
            return Op::LSHIFT;
        case Operator::RShift:
            return Op::RSHIFT;
        case Operator::BitOr:
            return Op::OR;
        case Operator::BitXor:
            return Op::XOR;
        case Operator::BitAnd:
            return Op::AND;
        case Operator::FloorDiv:
            return Op::FLOOR_DIV;
    }
    return Op::NOP;
}

static bool is_immediate(Operator op, Operand right) {
    return (op == Operator::Add || op == Operator::Sub) && right.constant &&
           right.constant->is_small_int(-32767, 32767);
}

// `right` is in a register, or immediate. X of ADD_INT: 1 in place, 2 subtraction of -C.
void Compiler::emit_binary(Operator op, Reg target, Reg left, Operand right, bool in_place) {
    if (is_immediate(op, right)) {
        bool minus = op == Operator::Sub;
        int32_t i = int32_t(right.constant->integer);
        e().emit(Op::ADD_INT, target, left, uint16_t(minus ? -i : i), unsigned(in_place) | (minus ? 2 : 0));
    } else {
        e().emit(opcode_of(op), target, left, right.reg, in_place);
    }
}

Operand Compiler::binary(const BinOp* n, Operand left, Reg target, Reg mark) {
    if (auto* values = percent_format(n, left)) {
        Reg result = target_of(mark, target);
        Temporaries temporaries(*this);
        string_of(Seq<ExprNode*>{const_cast<ExprNode**>(values->begin()), values->size()}, result, true);
        return {nullptr, result};
    }
    Operand right = operand(n->right);
    if (left.constant && right.constant)
        if (auto* folded = fold_binary(arena_, n->op, left.constant, right.constant)) {
            e().release(mark);
            if (target == mark) e().temp();
            return {folded, kNoRegister};
        }
    Reg l = in_register(left);
    if (!is_immediate(n->op, right)) right = {nullptr, in_register(right)};
    Reg result = target_of(mark, target);
    emit_binary(n->op, result, l, right, false);
    return {nullptr, result};
}

Operand Compiler::unary(const UnaryOp* n, Operand operand, Reg target, Reg mark) {
    if (operand.constant)
        if (auto* folded = fold_unary(arena_, n->op, operand.constant)) return {folded, kNoRegister};
    Reg r = in_register(operand);
    Reg result = target_of(mark, target);
    switch (n->op) {
        case UnaryOperator::Invert:
            e().emit(Op::INVERT, result, r);
            break;
        case UnaryOperator::Not:
            e().emit(Op::NOT, result, r);
            break;
        case UnaryOperator::UAdd:
            e().emit(Op::POS, result, r);
            break;
        case UnaryOperator::USub:
            e().emit(Op::NEG, result, r);
            break;
    }
    return {nullptr, result};
}

// An attribute of an expression of several lines is reported where its name stands.
Span Compiler::attribute_span(const Attribute* n) const {
    Span span = n->span;
    if (span.line == span.end_line) return span;
    span.line = span.end_line;
    uint32_t length = n->attr->text.size();
    span.column = span.end_column >= length ? span.end_column - length : 0;
    return span;
}

Operand Compiler::attribute(const Attribute* n, Operand object, Reg target, Reg mark) {
    Reg r = in_register(object);
    Reg result = target_of(mark, target);
    e().set_span(attribute_span(n));
    e().emit(Op::GET_ATTR, result, r, name_constant(mangled(n->attr)));
    return {nullptr, result};
}

Operand Compiler::subscript(const Subscript* n, Operand object, Reg target, Reg mark) {
    Reg r = in_register(object);
    Reg index = value(n->slice);
    Reg result = target_of(mark, target);
    e().emit(Op::GET_ITEM, result, r, index);
    return {nullptr, result};
}

void Compiler::slice(const ast::Slice* n, Reg dst) {
    Reg base = e().temp(3);
    const ExprNode* parts[] = {n->lower, n->upper, n->step};
    for (int i = 0; i < 3; i++) {
        if (parts[i])
            into(parts[i], base + i);
        else
            load_special(base + i, Value::none());
    }
    e().emit(Op::BUILD_SLICE, dst, base);
}

// ---- comparison

// `x in [1, 2]` and `x in {1, 2}` look into constants.
Operand Compiler::compare_right(CompareOperator op, const ExprNode* right) {
    if (op != CompareOperator::In && op != CompareOperator::NotIn) return operand(right);
    if (owns_right(op, right)) return operand(right, kNoRegister, true);
    auto* set = as_if<ast::Set>(right);
    auto* list = as_if<ast::List>(right);
    if (!set && !list) {
        auto* folded = is<ast::Tuple>(right) ? fold_display(arena_, right) : nullptr;
        return folded ? Operand{folded, kNoRegister} : operand(right);
    }
    Seq<ExprNode*> items = set ? set->elts : list->elts;
    auto* folded = arena_.make_array<const Folded*>(items.size());
    for (uint32_t i = 0; i < items.size(); i++)
        if (!(folded[i] = fold_display(arena_, items[i]))) return operand(right);
    auto* f = arena_.make<Folded>();
    f->kind = set ? Folded::Kind::FrozenSet : Folded::Kind::Tuple;
    f->items = {folded, items.size()};
    return {f, kNoRegister};
}

// `x in f()`: nobody else holds a generator that f makes.
bool Compiler::owns_right(CompareOperator op, const ExprNode* right) {
    return (op == CompareOperator::In || op == CompareOperator::NotIn) && owns_iterator(right);
}

void Compiler::emit_compare(CompareOperator op, Reg target, Reg left, Reg right, bool owned) {
    switch (op) {
        case CompareOperator::Eq:
            e().emit(Op::EQ, target, left, right);
            break;
        case CompareOperator::NotEq:
            e().emit(Op::NE, target, left, right);
            break;
        case CompareOperator::Lt:
            e().emit(Op::LT, target, left, right);
            break;
        case CompareOperator::LtE:
            e().emit(Op::LE, target, left, right);
            break;
        case CompareOperator::Gt:
            e().emit(Op::GT, target, left, right);
            break;
        case CompareOperator::GtE:
            e().emit(Op::GE, target, left, right);
            break;
        case CompareOperator::Is:
            e().emit(Op::IS, target, left, right);
            break;
        case CompareOperator::IsNot:
            e().emit(Op::IS_NOT, target, left, right);
            break;
        case CompareOperator::In:
            e().emit(Op::IN, target, left, right, owned);
            break;
        case CompareOperator::NotIn: {
            Reg found = e().is_temporary(target) ? target : e().temp();
            e().emit(Op::IN, found, left, right, owned);
            e().emit(Op::NOT, target, found);
            break;
        }
    }
}

// In a chain the operands take turns in two registers, and all results go to one.
void Compiler::compare(const Compare* n, Reg dst) {
    uint32_t last = n->ops.size() - 1;
    if (last == 0) {
        Reg l = value(n->left);
        Reg r = in_register(compare_right(n->ops[0], n->comparators[0]));
        return emit_compare(n->ops[0], dst, l, r, owns_right(n->ops[0], n->comparators[0]));
    }
    Reg result = e().is_temporary(dst) ? dst : e().temp();
    Reg slots = e().temp(2);
    Label end = e().new_label();
    Operand left = operand(n->left, slots);
    uint32_t bound_mark = 0;
    for (uint32_t i = 0; i <= last; i++) {
        Temporaries temporaries(*this);
        Reg slot = slots + (i + 1) % 2;
        Operand right =
            i == last ? compare_right(n->ops[i], n->comparators[i]) : operand(n->comparators[i], slot);
        if (right.constant) {
            load_constant(slot, *right.constant);
            right = {nullptr, slot};
        }
        emit_compare(n->ops[i], result, in_register(left), right.reg,
                     i == last && owns_right(n->ops[i], n->comparators[i]));
        if (i == 0) bound_mark = bound().mark();
        if (i < last) jump_if_register(result, false, end);
        left = right;
    }
    e().bind(end);
    bound().undo(bound_mark);
    if (result != dst) e().emit(Op::MOVE, dst, result);
}

// ---- conditional values

// Evaluates into R[result], then jumps if the truth of the value is `sense`. An `and` inside an `or` (or the
// other way round) that is decided early has been tested already: it jumps to where the outer one would. Of names that
// a walrus binds in it, only those of its first operand are certain afterwards.
void Compiler::bool_operand(const ExprNode* x, Reg result, bool sense, Label target) {
    auto* inner = as_if<BoolOp>(x);
    if (!inner) {
        into(x, result);
        return jump_if_register(result, sense, target);
    }
    At at(*this, inner);
    bool deciding = inner->op == BoolOperator::Or;
    Label end = e().new_label();
    uint32_t bound_mark = 0;
    for (uint32_t i = 0; i + 1 < inner->values.size(); i++) {
        bool_operand(inner->values[i], result, deciding, deciding == sense ? target : end);
        if (i == 0) bound_mark = bound().mark();
    }
    bool_operand(inner->values.back(), result, sense, target);
    e().bind(end);
    bound().undo(bound_mark);
}

void Compiler::bool_op(const BoolOp* n, Reg dst) {
    Reg result = e().is_temporary(dst) ? dst : e().temp();
    Label end = e().new_label();
    uint32_t bound_mark = 0;
    for (uint32_t i = 0; i + 1 < n->values.size(); i++) {
        bool_operand(n->values[i], result, n->op == BoolOperator::Or, end);
        if (i == 0) bound_mark = bound().mark();
    }
    into(n->values.back(), result);
    e().bind(end);
    bound().undo(bound_mark);
    if (result != dst) e().emit(Op::MOVE, dst, result);
}

void Compiler::if_exp(const IfExp* n, Reg dst) {
    Label end = e().new_label();
    uint32_t first_mark = UINT32_MAX;
    for (;;) {
        Label other = e().new_label();
        jump_if(n->test, false, other);
        if (first_mark == UINT32_MAX) first_mark = bound().mark();
        into(n->body, dst);
        e().jump(end);
        e().bind(other);
        bound().undo(first_mark);
        auto* chained = as_if<IfExp>(n->orelse);
        if (!chained) break;
        n = chained;
        e().set_span(n->span);
    }
    into(n->orelse, dst);
    e().bind(end);
    bound().undo(first_mark);
}

void Compiler::named_expr(const NamedExpr* n, Reg dst) {
    Reg local = plain_local(n->target);
    Reg r = local != kNoRegister ? local : dst;
    into(n->value, r);
    store_symbol(as<Name>(n->target)->symbol, r);
    move(dst, {nullptr, r});
}

// ---- displays

static bool has_starred(Seq<ExprNode*> items) {
    for (ExprNode* item : items)
        if (is<Starred>(item)) return true;
    return false;
}

// Appends items to the list in `list`. `message`: X of LIST_EXTEND.
void Compiler::items_to_list(Seq<ExprNode*> items, Reg list, unsigned message) {
    for (ExprNode* item : items) {
        Temporaries temporaries(*this);
        if (auto* starred = as_if<Starred>(item))
            e().emit(Op::LIST_EXTEND, list, value(starred->value), 0, message);
        else
            e().emit(Op::LIST_APPEND, list, value(item));
    }
}

void Compiler::list_display(Seq<ExprNode*> items, Reg dst) {
    uint32_t plain = 0;
    while (plain < items.size() && plain < kMaxWindow && !is<Starred>(items[plain])) plain++;
    Reg list = plain == items.size() || e().is_temporary(dst) ? dst : e().temp();
    Reg base = e().top();
    for (uint32_t i = 0; i < plain; i++) into(items[i], e().temp());
    e().emit(Op::BUILD_LIST, list, base, plain);
    e().release(base);
    items_to_list(items.slice(plain, items.size()), list, 0);
    move(dst, {nullptr, list});
}

void Compiler::tuple_display(Seq<ExprNode*> items, const ExprNode* at, Reg dst) {
    if (auto* folded = fold_display(arena_, at)) return load_constant(dst, *folded);
    if (items.size() > kMaxWindow || has_starred(items)) {
        Reg list = e().temp();
        list_display(items, list);
        e().emit(Op::LIST_TO_TUPLE, dst, list);
        return;
    }
    Reg base = e().top();
    for (ExprNode* item : items) into(item, e().temp());
    e().emit(Op::BUILD_TUPLE, dst, base, items.size());
}

void Compiler::set_display(Seq<ExprNode*> items, Reg dst) {
    uint32_t plain = 0;
    while (plain < items.size() && plain < kMaxWindow && !is<Starred>(items[plain])) plain++;
    Reg set = plain == items.size() || e().is_temporary(dst) ? dst : e().temp();
    Reg base = e().top();
    for (uint32_t i = 0; i < plain; i++) into(items[i], e().temp());
    e().emit(Op::BUILD_SET, set, base, plain);
    e().release(base);
    for (uint32_t i = plain; i < items.size(); i++) {
        Temporaries temporaries(*this);
        if (auto* starred = as_if<Starred>(items[i]))
            e().emit(Op::SET_UPDATE, set, value(starred->value));
        else
            e().emit(Op::SET_ADD, set, value(items[i]));
    }
    move(dst, {nullptr, set});
}

void Compiler::dict_display(const ast::Dict* n, Reg dst) {
    uint32_t plain = 0;
    while (plain < n->keys.size() && plain < kMaxWindow / 2 && n->keys[plain]) plain++;
    Reg dict = plain == n->keys.size() || e().is_temporary(dst) ? dst : e().temp();
    Reg base = e().top();
    for (uint32_t i = 0; i < plain; i++) {
        into(n->keys[i], e().temp());
        into(n->values[i], e().temp());
    }
    e().emit(Op::BUILD_MAP, dict, base, plain);
    e().release(base);
    for (uint32_t i = plain; i < n->keys.size(); i++) {
        Temporaries temporaries(*this);
        if (!n->keys[i]) {
            e().emit(Op::MAP_UPDATE, dict, value(n->values[i]));
            continue;
        }
        Reg key = value(n->keys[i]);
        e().emit(Op::MAP_SET, dict, key, value(n->values[i]));
    }
    move(dst, {nullptr, dict});
}

// ---- yield and await

// The exceptions that the generator is handling are not the consumer's: around a suspension they are put
// aside, and what is thrown in finds them handled again.
template <class Suspend>
void Compiler::outside_handlers(Suspend suspend) {
    Reg handled[kMaxBlocks + 4];
    unsigned count = 0;
    for (Block* b = unit_->block; b && count < kMaxBlocks + 4; b = b->outer)
        if (b->handles()) handled[count++] = b->reg;
    if (!count) return suspend();
    Reg exception = e().temp();
    HandlerId outer = e().handler(), pad = e().new_handler(exception);
    for (unsigned i = 0; i < count; i++) e().emit(Op::POP_HANDLED, handled[i]);
    e().set_handler(pad);
    suspend();
    e().set_handler(outer);
    for (unsigned i = count; i-- > 0;) e().emit(Op::PUSH_HANDLED, handled[i]);
    Label over = e().new_label();
    e().jump(over);
    e().bind_handler(pad);
    for (unsigned i = count; i-- > 0;) e().emit(Op::PUSH_HANDLED, handled[i]);
    e().emit(Op::RERAISE, exception, 0, 0, 1);
    e().bind(over);
}

bool Compiler::in_handler() {
    for (Block* b = unit_->block; b; b = b->outer)
        if (b->handles()) return true;
    return false;
}

// An abandoned generator has to be closed if it stands in a block with something left to do.
unsigned Compiler::finalizer_flag() {
    for (Block* b = unit_->block; b; b = b->outer)
        if (b->kind == Block::Kind::Try || b->kind == Block::Kind::FinallyTry || b->kind == Block::Kind::With)
            return kYieldNeedsFinalizer;
    return 0;
}

void Compiler::load_sent(Reg dst) {
    e().emit(Op::LOAD_SENT, dst);
    e().emit_observe(dst, Observed::Sent);
}

void Compiler::emit_yield(Reg v, unsigned flags, Reg dst) {
    flags |= finalizer_flag();
    e().emit_observe(v, Observed::Yields);
    const Reg dead = e().is_temporary(v) && v + 1 == e().top() ? v : e().top();
    outside_handlers([&] {
        e().emit(Op::YIELD, dead, v, 0, flags);
        if (dst != kNoRegister) return load_sent(dst);
        Temporaries temporaries(*this);
        if (e().observed()) load_sent(e().temp());
    });
}

void Compiler::yield_value(const Yield* n, Reg dst) {
    Reg v;
    if (n->value) {
        v = value(n->value);
    } else {
        v = e().temp();
        load_special(v, Value::none());
    }
    emit_yield(v, unit_->scope->is_async_gen() ? kYieldAsync : 0, dst);
}

// Leaves the result in v, which holds None at first.
void Compiler::delegate(Reg v, Reg iterator, bool is_await) {
    unsigned flags = finalizer_flag() | kYieldDelegating | (is_await ? kYieldAwait : 0);
    unsigned how = (is_await ? kDelegateAwait : 0) | (in_handler() ? kDelegateStepwise : 0);
    Label again = e().new_label(), done = e().new_label();
    e().bind_backward(again, e().reachable());
    e().emit_jump(Op::DELEGATE, done, v, iterator, how);
    const Reg dead = e().top();
    outside_handlers([&] {
        e().emit(Op::YIELD, dead, v, 0, flags);
        load_sent(v);
    });
    e().jump(again);
    e().bind(done);
}

void Compiler::yield_from(const YieldFrom* n, Reg dst) {
    Reg v = e().is_temporary(dst) ? dst : e().temp();
    Reg iterator = e().temp();
    const Reg iterable = value_at(n->value, iterator, is_call(n->value));
    e().emit_observe(iterable, Observed::Delegates);
    e().emit(Op::GET_YIELD_FROM, iterator, iterable, v);
    delegate(v, iterator, false);
    move(dst, {nullptr, v});
}

void Compiler::await(const Await* n, Reg dst) {
    Reg v = e().is_temporary(dst) ? dst : e().temp();
    Reg iterator = e().temp();
    const Reg awaited = value_at(n->value, iterator, is_call(n->value));
    e().emit_observe(awaited, Observed::Delegates);
    e().emit(Op::GET_AWAITABLE, iterator, awaited, v);
    delegate(v, iterator, true);
    move(dst, {nullptr, v});
}

}  // namespace gen
