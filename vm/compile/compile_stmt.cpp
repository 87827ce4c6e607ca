// Statements: assignment, loops, conditions, imports.
#include "vm/compile/compiler.h"

namespace gen {

using namespace ast;

// A function this big is a mistake or an attack: copies of nested `finally` bodies multiply.
constexpr uint32_t kMaxCodeWords = 1 << 22;

void Compiler::block(Stmts body) {
    for (StmtNode* s : body) {
        if (!e().reachable() || result_.error) return;
        if (e().size() > kMaxCodeWords) return error(s, "the code is too large");
        stmt(s);
    }
}

void Compiler::stmt(const StmtNode* s) {
    Temporaries temporaries(*this);
    e().set_span(s->span);
    switch (s->kind) {
        case NodeKind::FunctionDef: {
            auto* def = as<FunctionDef>(s);
            return function_def(s, def->name, def->args, def->body, def->decorator_list, def->returns,
                                def->scope);
        }
        case NodeKind::AsyncFunctionDef: {
            auto* def = as<AsyncFunctionDef>(s);
            return function_def(s, def->name, def->args, def->body, def->decorator_list, def->returns,
                                def->scope);
        }
        case NodeKind::ClassDef:
            return class_def(as<ClassDef>(s));
        case NodeKind::Return:
            return return_stmt(as<Return>(s));
        case NodeKind::Delete:
            for (ExprNode* target : as<Delete>(s)->targets) delete_target(target);
            return;
        case NodeKind::Assign:
            return assign(as<Assign>(s));
        case NodeKind::AugAssign:
            return aug_assign(as<AugAssign>(s));
        case NodeKind::AnnAssign:
            return ann_assign(as<AnnAssign>(s));
        case NodeKind::For:
            return for_stmt(as<For>(s));
        case NodeKind::AsyncFor:
            return async_for_stmt(as<AsyncFor>(s));
        case NodeKind::While:
            return while_stmt(as<While>(s));
        case NodeKind::If:
            return if_stmt(as<If>(s));
        case NodeKind::With:
            return with_stmt(as<With>(s)->items, as<With>(s)->body, false, s);
        case NodeKind::AsyncWith:
            return with_stmt(as<AsyncWith>(s)->items, as<AsyncWith>(s)->body, true, s);
        case NodeKind::Match:
            return match_stmt(as<Match>(s));
        case NodeKind::Raise:
            return raise_stmt(as<Raise>(s));
        case NodeKind::Try: {
            auto* t = as<Try>(s);
            return try_stmt(t->body, t->handlers, t->orelse, t->finalbody, s);
        }
        case NodeKind::TryStar: {
            auto* t = as<TryStar>(s);
            return try_stmt(t->body, t->handlers, t->orelse, t->finalbody, s);
        }
        case NodeKind::Assert:
            return assert_stmt(as<Assert>(s));
        case NodeKind::Import:
            return import_stmt(as<Import>(s));
        case NodeKind::ImportFrom:
            return import_from(as<ImportFrom>(s));
        case NodeKind::Expr:
            return expression_statement(as<Expr>(s));
        case NodeKind::Break:
            return leave_loop(s, true);
        case NodeKind::Continue:
            return leave_loop(s, false);
        default:
            return;  // pass, global, nonlocal
    }
}

void Compiler::expression_statement(const Expr* s) {
    if (!unit_->interactive) {
        discard(s->value);
        return let_go_of_arguments(s->value);
    }
    Reg r = value(s->value);
    e().emit(Op::INTRINSIC, e().temp(), r, 1, unsigned(Intrinsic::PRINT_EXPRESSION));
}

// ---- assignment

static Seq<ExprNode*> items_of(const ExprNode* target) {
    return is<ast::Tuple>(target) ? as<ast::Tuple>(target)->elts : as<ast::List>(target)->elts;
}

// `x = None`: what x was may be a generator, which perhaps nobody else knows.
bool Compiler::let_go_of_old(const Assign* s) {
    auto* constant = as_if<Constant>(s->value);
    auto* name = s->targets.size() == 1 ? as_if<Name>(s->targets[0]) : nullptr;
    if (!constant || !name || !fold_literal(arena_, constant->value)->is(Folded::Kind::None)) return false;
    Reg local = plain_local(name);
    if (local == kNoRegister || !bound().is_bound(local)) return false;
    Temporaries temporaries(*this);
    Reg held = e().temp();
    e().emit(Op::MOVE, held, local);
    load_special(local, Value::none());
    e().emit(Op::LET_GO, held);
    return true;
}

// Outside of functions, which let go of what they have made when they return.
void Compiler::let_go_of_arguments(const ExprNode* done) {
    if (!unit_->scope->is_function() && is<Call>(done)) e().emit(Op::LET_GO, e().top(), 0, 0, 1);
}

void Compiler::assign(const Assign* s) {
    if (assign_items(s) || let_go_of_old(s)) return;
    const Reg mark = e().top();
    Reg first = plain_local(s->targets[0]);
    Reg v = first;
    const bool unpacks = is<ast::Tuple>(s->targets[0]) || is<ast::List>(s->targets[0]);
    if (unpacks && s->targets.size() == 1 && owns_iterator(s->value)) {
        v = value_at(s->value, e().temp(), true);
        return unpack(items_of(s->targets[0]), s->targets[0], v, true);
    }
    if (first != kNoRegister)
        into(s->value, first);
    else
        v = value(s->value);
    for (ExprNode* target : s->targets) store(target, v);
    e().release(mark);
    let_go_of_arguments(s->value);
}

// `a, b = b, a`: without a tuple. Every value is complete before the first target is stored to; a local in
// place may stay there if no target before its own is that local.
bool Compiler::assign_items(const Assign* s) {
    constexpr uint32_t kMost = 8;
    if (s->targets.size() != 1) return false;
    auto items_of = [](const ExprNode* x) {
        return is<ast::Tuple>(x)  ? as<ast::Tuple>(x)->elts
               : is<ast::List>(x) ? as<ast::List>(x)->elts
                                  : Seq<ExprNode*>{};
    };
    Seq<ExprNode*> targets = items_of(s->targets[0]), values = items_of(s->value);
    if (targets.size() != values.size() || targets.empty() || targets.size() > kMost) return false;
    for (uint32_t i = 0; i < targets.size(); i++) {
        if (is<Starred>(values[i])) return false;
        if (!is<Name>(targets[i]) && !is<Attribute>(targets[i]) && !is<Subscript>(targets[i])) return false;
    }
    auto* operands = arena_.make_array<Operand>(values.size());
    for (uint32_t i = 0; i < values.size(); i++) {
        Operand& o = operands[i] = operand(values[i]);
        if (o.constant || e().is_temporary(o.reg)) continue;
        bool overwritten = false;
        for (uint32_t j = 0; j < i; j++) overwritten |= plain_local(targets[j]) == o.reg;
        if (!overwritten) continue;
        Reg copy = e().temp();
        e().emit(Op::MOVE, copy, o.reg);
        o.reg = copy;
    }
    for (uint32_t i = 0; i < targets.size(); i++) {
        Temporaries temporaries(*this);
        Reg local = plain_local(targets[i]);
        if (local != kNoRegister) move(local, operands[i]);
        store(targets[i], local != kNoRegister ? local : in_register(operands[i]));
    }
    return true;
}

void Compiler::store(const ExprNode* target, Reg v) {
    Temporaries temporaries(*this);
    At at(*this, target);
    switch (target->kind) {
        case NodeKind::Name:
            return store_symbol(as<Name>(target)->symbol, v);
        case NodeKind::Attribute: {
            auto* n = as<Attribute>(target);
            Reg object = value(n->value);
            e().set_span(attribute_span(n));
            return e().emit(Op::SET_ATTR, object, v, name_constant(mangled(n->attr)));
        }
        case NodeKind::Subscript: {
            auto* n = as<Subscript>(target);
            Reg object = value(n->value);
            return e().emit(Op::SET_ITEM, object, value(n->slice), v);
        }
        case NodeKind::Tuple:
        case NodeKind::List:
            return unpack(items_of(target), target, v);
        case NodeKind::Starred:
            return store(as<Starred>(target)->value, v);
        default:
            return error(target, "cannot assign to this expression");
    }
}

// `owned`: R[v] comes from a call, and nobody else holds a generator that this made.
void Compiler::unpack(Seq<ExprNode*> targets, const ExprNode* at, Reg v, bool owned) {
    uint32_t star = UINT32_MAX;
    bool in_locals = !targets.empty();  // plain locals in neighbouring registers take the items directly
    for (uint32_t i = 0; i < targets.size(); i++) {
        if (is<Starred>(targets[i])) star = i;
        Reg r = plain_local(is<Starred>(targets[i]) ? as<Starred>(targets[i])->value : targets[i]);
        in_locals &= r != kNoRegister && r == plain_local(targets[0]) + i;
    }
    if (star != UINT32_MAX && (star > 255 || targets.size() - star - 1 > 255))
        return error(at, "too many expressions in star-unpacking assignment");
    Reg base = in_locals ? plain_local(targets[0]) : e().temp(targets.size());
    if (star == UINT32_MAX)
        e().emit(Op::UNPACK, base, v, targets.size(), owned);
    else
        e().emit(Op::UNPACK_STAR, base, v, star | (targets.size() - star - 1) << 8, owned);
    for (uint32_t i = 0; i < targets.size(); i++) store(targets[i], base + i);
}

void Compiler::aug_assign(const AugAssign* s) {
    Span whole = s->span;
    auto right_of = [&]() {
        Operand right = operand(s->value);
        bool immediate = (s->op == Operator::Add || s->op == Operator::Sub) && right.constant &&
                         right.constant->is_small_int(-32767, 32767);
        e().set_span(whole);
        return immediate ? right : Operand{nullptr, in_register(right)};
    };
    if (auto* name = as_if<Name>(s->target)) {
        Operand left;
        {
            At at(*this, name);
            left = load_symbol(name->symbol, kNoRegister);
        }
        Operand right = right_of();
        Reg local = plain_local(name);
        Reg result = local != kNoRegister ? local : e().temp();
        emit_binary(s->op, result, left.reg, right, true);
        At at(*this, name);
        return store_symbol(name->symbol, result);
    }
    if (auto* attribute = as_if<Attribute>(s->target)) {
        Reg object = value(attribute->value);
        uint32_t name = name_constant(mangled(attribute->attr));
        Reg v = e().temp();
        e().set_span(attribute_span(attribute));
        e().emit(Op::GET_ATTR, v, object, name);
        emit_binary(s->op, v, v, right_of(), true);
        e().set_span(attribute_span(attribute));
        return e().emit(Op::SET_ATTR, object, v, name);
    }
    auto* item = as<Subscript>(s->target);
    Reg object = value(item->value);
    Reg index = value(item->slice);
    Reg v = e().temp();
    e().set_span(item->span);
    e().emit(Op::GET_ITEM, v, object, index);
    emit_binary(s->op, v, v, right_of(), true);
    e().set_span(item->span);
    e().emit(Op::SET_ITEM, object, index, v);
}

// Annotations of names are kept in modules and classes; functions neither keep nor evaluate any.
void Compiler::ann_assign(const AnnAssign* s) {
    if (s->value) {
        Reg local = plain_local(s->target);
        if (local != kNoRegister) into(s->value, local);
        store(s->target, local != kNoRegister ? local : value(s->value));
    }
    bool kept = !unit_->scope->is_function();
    e().set_span(s->span);
    if (s->simple) {
        if (!kept) return;
        Reg v = e().temp();
        annotation(s->annotation, v);
        Symbol* symbol = unit_->scope->find_mangled(id("__annotations__"));
        Reg mapping = e().temp();
        if (symbol) {
            Operand o = load_symbol(symbol, mapping);
            mapping = o.reg;
        } else if (unit_->namespace_reg != kNoRegister) {
            e().emit(Op::LOAD_NAME, mapping, unit_->namespace_reg, name_constant(id("__annotations__")));
        } else {
            e().emit_wide(Op::LOAD_GLOBAL, mapping, int32_t(name_constant(id("__annotations__"))));
        }
        Reg key = e().temp();
        load_text(key, mangled(as<Name>(s->target)->id)->text);
        return e().emit(Op::SET_ITEM, mapping, key, v);
    }
    if (!s->value) {  // what the target consists of is evaluated all the same
        if (auto* attribute = as_if<Attribute>(s->target)) discard(attribute->value);
        if (auto* item = as_if<Subscript>(s->target)) {
            discard(item->value);
            discard(item->slice);
        }
    }
    if (kept && !future_annotations_) discard(s->annotation);
}

void Compiler::delete_target(const ExprNode* target) {
    Temporaries temporaries(*this);
    At at(*this, target);
    switch (target->kind) {
        case NodeKind::Name:
            return delete_symbol(as<Name>(target)->symbol);
        case NodeKind::Attribute: {
            auto* n = as<Attribute>(target);
            Reg object = value(n->value);
            e().set_span(attribute_span(n));
            return e().emit(Op::DEL_ATTR, object, 0, name_constant(mangled(n->attr)));
        }
        case NodeKind::Subscript: {
            Reg object = value(as<Subscript>(target)->value);
            return e().emit(Op::DEL_ITEM, object, value(as<Subscript>(target)->slice));
        }
        default:
            for (ExprNode* item :
                 is<ast::Tuple>(target) ? as<ast::Tuple>(target)->elts : as<ast::List>(target)->elts)
                delete_target(item);
    }
}

// ---- leaving

void Compiler::emit_return(Reg r) {
    Scope* scope = unit_->scope;
    if (scope->is_generator || scope->is_coroutine) return e().emit_generator_return(r);
    e().emit(Op::RETURN, r);
}

void Compiler::return_none() {
    Scope* scope = unit_->scope;
    if (!scope->is_generator && !scope->is_coroutine) return e().emit(Op::RETURN_NONE);
    Temporaries temporaries(*this);
    e().emit_generator_return_none();
}

void Compiler::return_stmt(const Return* s) {
    Operand o;
    if (s->value) {
        // What the blocks run on the way out may rebind a local: the value must not depend on one.
        o = operand(s->value);
        if (unit_->block && !o.constant && !e().is_temporary(o.reg)) {
            Reg copy = e().temp();
            e().emit(Op::MOVE, copy, o.reg);
            o.reg = copy;
        }
    }
    leave_blocks(nullptr);
    e().set_span(s->span);
    if (!s->value || (o.constant && o.constant->is(Folded::Kind::None))) return return_none();
    emit_return(in_register(o));
}

void Compiler::leave_loop(const StmtNode* s, bool is_break) {
    Block* loop = unit_->block;
    while (loop->kind != Block::Kind::Loop) loop = loop->outer;
    leave_blocks(loop);
    e().set_span(s->span);
    if (!is_break) return e().jump(loop->continue_label);
    if (loop->iterator != kNoRegister) {
        HandlerId handler = e().handler();
        e().set_handler(loop->outer_handler);
        e().emit(Op::CLOSE_ITER, loop->iterator, 0, e().top(), loop->close_flags);
        e().set_handler(handler);
    }
    if (e().reachable()) loop->breaks->add(bound());
    e().jump(loop->break_label);
}

// ---- conditions and loops

void Compiler::if_stmt(const If* s) {
    Label end = e().new_label();
    Label other = e().new_label();
    jump_if(s->test, false, other);
    Merge m(arena_, bound());
    for (;;) {
        block(s->body);
        merge(m);
        if (!s->orelse.empty()) e().jump(end);
        e().bind(other);
        auto* chained = s->orelse.size() == 1 ? as_if<If>(s->orelse[0]) : nullptr;
        if (!chained) break;
        s = chained;
        e().set_span(s->span);
        other = e().new_label();
        jump_if(s->test, false, other);
    }
    block(s->orelse);
    merge(m);
    e().bind(end);
    m.apply(bound());
}

static const Constant* constant_test(const ExprNode* test, bool& negated) {
    negated = false;
    while (auto* n = as_if<UnaryOp>(test)) {
        if (n->op != UnaryOperator::Not) return nullptr;
        negated = !negated;
        test = n->operand;
    }
    return as_if<Constant>(test);
}

// The walrus that a test evaluates in any case.
static const ExprNode* certain_walrus(const ExprNode* test) {
    for (;;) {
        if (auto* n = as_if<UnaryOp>(test))
            test = n->operand;
        else if (auto* n = as_if<Compare>(test))
            test = n->left;
        else if (auto* n = as_if<BoolOp>(test))
            test = n->values[0];
        else if (auto* n = as_if<NamedExpr>(test))
            return n->target;
        else
            return nullptr;
    }
}

// The test stands behind the body, so that a round takes one jump.
void Compiler::while_stmt(const While* s) {
    bool negated, endless = false;
    if (auto* constant = constant_test(s->test, negated)) {
        endless = is_true(*fold_literal(arena_, constant->value)) != negated;
        if (!endless) return block(s->orelse);
    }
    Label body = e().new_label(), test = e().new_label(), end = e().new_label();
    Merge breaks(arena_, bound());
    bool live = e().reachable();
    if (!endless) e().jump(test);
    e().bind_backward(body, live);
    if (const ExprNode* target = certain_walrus(s->test)) {
        Reg local = plain_local(target);
        if (local != kNoRegister && !(as<Name>(target)->symbol->flags & kSymDeleted)) bound().add(local);
    }
    {
        Block loop(Block::Kind::Loop);
        loop.break_label = end;
        loop.continue_label = test;
        loop.breaks = &breaks;
        Enter enter(*this, loop);
        block(s->body);
    }
    bound().undo(breaks.mark);
    e().set_span(s->span);
    e().bind(test);
    if (endless)
        e().jump(body);
    else
        jump_if(s->test, true, body);
    block(s->orelse);
    merge(breaks);
    e().bind(end);
    breaks.apply(bound());
}

static bool is_range_call(const ExprNode* x) {
    auto* call = as_if<Call>(x);
    auto* name = call ? as_if<Name>(call->func) : nullptr;
    return name && name->id->text == "range";
}

// Loops over the result of a call own it, if it is a generator: nobody else can see it, so it is closed when
// the loop ends.
bool Compiler::owns_iterator(const ExprNode* iterable) {
    return is_call(iterable) && !is_range_call(iterable);
}

// So do loops over what may have a generator function for its __iter__.
static bool may_make_iterator(const ExprNode* iterable) {
    return !is_range_call(iterable) &&
           (is<Call>(iterable) || is<GeneratorExp>(iterable) || is<Name>(iterable) ||
            is<Attribute>(iterable) || is<Subscript>(iterable) || is<Await>(iterable));
}

void Compiler::owned_pad(HandlerId pad, Reg iterator, Reg exception, unsigned flags) {
    e().bind_handler(pad);
    e().emit(Op::CLOSE_ITER, iterator, 0, exception + 1, 1 | flags);
    e().emit(Op::RERAISE, exception);
}

void Compiler::for_stmt(const For* s) {
    bool owned = may_make_iterator(s->iter);
    const unsigned close_flags = is_call(s->iter) ? 0 : 2;
    Reg iterator = e().temp();
    e().emit(Op::GET_ITER, iterator, value_at(s->iter, iterator, owns_iterator(s->iter)), 0, owned);
    Reg exception = owned ? e().temp() : kNoRegister;
    HandlerId outer = e().handler(), pad = owned ? e().new_handler(exception) : outer;
    Reg local = plain_local(s->target);
    Reg item = local != kNoRegister ? local : e().temp();

    Label body = e().new_label(), next = e().new_label(), end = e().new_label();
    Merge breaks(arena_, bound());
    bool live = e().reachable();
    e().jump(next);
    if (owned && live) {
        Span span = e().span();
        e().expect_handler(pad);
        no_position();
        owned_pad(pad, iterator, exception, close_flags);
        e().set_span(span);
    }
    e().bind_backward(body, live);
    {
        Block loop(Block::Kind::Loop);
        loop.break_label = end;
        loop.continue_label = next;
        loop.breaks = &breaks;
        if (owned) loop.iterator = iterator;
        loop.close_flags = close_flags;
        Enter enter(*this, loop);
        e().set_handler(pad);
        store(s->target, item);
        block(s->body);
        e().set_handler(outer);
    }
    bound().undo(breaks.mark);
    e().set_span(s->span);
    e().bind(next);
    e().emit_jump(Op::FOR_ITER, body, item, iterator);
    block(s->orelse);
    merge(breaks);
    e().bind(end);
    breaks.apply(bound());
}

// Awaits the next item of R[iterator] into a new temporary. StopAsyncIteration goes to `stop`.
Reg Compiler::next_async(Reg iterator, HandlerId stop) {
    HandlerId outer = e().handler();
    e().set_handler(stop);
    Reg v = e().temp(), awaitable = e().temp();
    e().emit(Op::GET_ANEXT, awaitable, iterator);
    load_special(v, Value::none());
    delegate(v, awaitable, true);
    e().set_handler(outer);
    return v;
}

// The landing pad of next_async: goes on for StopAsyncIteration.
void Compiler::end_async_for(HandlerId stop, Reg exception) {
    Temporaries temporaries(*this);
    e().bind_handler(stop);
    Label other = e().new_label(), done = e().new_label();
    Reg cls = e().temp();
    e().emit(Op::INTRINSIC, cls, cls, 0, unsigned(Intrinsic::STOP_ASYNC_ITERATION));
    e().emit_jump(Op::JUMP_IF_NOT_MATCH, other, exception, cls);
    e().jump(done);
    e().bind(other);
    e().emit(Op::RERAISE, exception);
    e().bind(done);
}

void Compiler::async_for_stmt(const AsyncFor* s) {
    Reg iterator = e().temp();
    e().emit(Op::GET_AITER, iterator, value_at(s->iter, iterator));
    Reg exception = e().temp();
    HandlerId stop = e().new_handler(exception);
    Label next = e().new_label(), end = e().new_label();
    Merge breaks(arena_, bound());
    e().bind_backward(next, e().reachable());
    {
        Block loop(Block::Kind::Loop);
        loop.break_label = end;
        loop.continue_label = next;
        loop.breaks = &breaks;
        Enter enter(*this, loop);
        Temporaries temporaries(*this);
        store(s->target, next_async(iterator, stop));
        block(s->body);
        e().jump(next);
    }
    bound().undo(breaks.mark);
    {
        At at(*this, s->iter);
        end_async_for(stop, exception);
    }
    block(s->orelse);
    merge(breaks);
    e().bind(end);
    breaks.apply(bound());
}

// ---- the rest

void Compiler::assert_stmt(const Assert* s) {
    Label holds = e().new_label();
    jump_if(s->test, true, holds);
    uint32_t mark = bound().mark();
    if (const ExprNode* comparison = last_comparison(s->test)) e().set_span(comparison->span);
    Reg error = e().temp();
    e().emit(Op::INTRINSIC, error, error, 0, unsigned(Intrinsic::ASSERTION_ERROR));
    if (s->msg) {
        into(s->msg, e().temp());
        e().emit(Op::CALL, error, error, 1);
    }
    e().emit(Op::RAISE, error);
    bound().undo(mark);
    e().bind(holds);
}

void Compiler::raise_stmt(const Raise* s) {
    if (!s->exc) return e().emit(Op::RERAISE_HANDLED);
    Reg exception = value(s->exc);
    if (!s->cause) return e().emit(Op::RAISE, exception);
    e().emit(Op::RAISE_FROM, exception, value(s->cause));
}

void Compiler::import_stmt(const Import* s) {
    for (alias* a : s->names) {
        Temporaries temporaries(*this);
        e().set_span(s->span);
        Reg r = e().temp();
        load_special(r, Value::none());
        e().emit(Op::IMPORT, r, r, name_constant(a->name), 0);
        std::string_view dotted = a->name->text;
        size_t dot = dotted.find('.');
        if (!a->asname) {  // binds the first part
            store_symbol(symbol_of(id(dotted.substr(0, dot))), r);
            continue;
        }
        while (dot != std::string_view::npos) {  // binds the last part
            size_t next = dotted.find('.', dot + 1);
            std::string_view part =
                dotted.substr(dot + 1, next == std::string_view::npos ? next : next - dot - 1);
            e().emit(Op::IMPORT_FROM, r, r, name_constant(id(part)));
            dot = next;
        }
        store_symbol(symbol_of(a->asname), r);
    }
}

void Compiler::import_from(const ImportFrom* s) {
    if (s->level > 255) return error(s, "attempted relative import beyond top-level package");
    auto* names = arena_.make_array<const Folded*>(s->names.size());
    for (uint32_t i = 0; i < s->names.size(); i++) names[i] = text_constant(s->names[i]->name->text).constant;
    auto* tuple = arena_.make<Folded>();
    tuple->kind = Folded::Kind::Tuple;
    tuple->items = {names, s->names.size()};
    Reg module = e().temp();
    load_constant(module, *tuple);
    e().emit(Op::IMPORT, module, module, name_constant(s->module ? s->module : id("")), unsigned(s->level));
    if (s->names.size() == 1 && s->names[0]->name->text == "*") {
        Reg mapping = e().temp();
        if (unit_->namespace_reg != kNoRegister)
            e().emit(Op::MOVE, mapping, unit_->namespace_reg);
        else
            load_special(mapping, Value::unbound());
        return e().emit(Op::INTRINSIC, e().temp(), module, 2, unsigned(Intrinsic::IMPORT_STAR));
    }
    for (alias* a : s->names) {
        Temporaries temporaries(*this);
        const Identifier* bound_name = a->asname ? a->asname : a->name;
        Symbol* symbol = symbol_of(bound_name);
        Reg r = is_plain_local(symbol) ? Reg(symbol->local) : e().temp();
        e().emit(Op::IMPORT_FROM, r, module, name_constant(a->name));
        store_symbol(symbol, r);
    }
}

}  // namespace gen
