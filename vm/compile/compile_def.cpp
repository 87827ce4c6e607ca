// Functions, lambdas, classes and comprehensions: a code object of their own, and the instructions that make
// and call them.
#include "vm/compile/compiler.h"

namespace gen {

using namespace ast;

// ---- functions

// Decorators are evaluated into consecutive temporaries, the function goes behind them, and each is called
// with what stands behind it.
Reg Compiler::decorators(Seq<ExprNode*> list) {
    Reg first = e().top();
    for (ExprNode* decorator : list) into(decorator, e().temp());
    return first;
}

void Compiler::apply_decorators(Seq<ExprNode*> list, Reg first) {
    for (uint32_t i = list.size(); i-- > 0;) {
        At at(*this, list[i]);
        e().emit(Op::CALL, first + i, first + i, 1);
    }
}

void Compiler::annotation(const ExprNode* x, Reg dst) {
    if (future_annotations_) return load_text(dst, arena_.copy_text(unparse(x)));
    auto* starred = as_if<Starred>(x);  // `*args: *Ts`
    if (!starred) return into(x, dst);
    Temporaries temporaries(*this);
    e().emit(Op::UNPACK, dst, value(starred->value), 1);
}

// A dict of the annotations in R[top], if there are any.
bool Compiler::annotations(const arguments* args, const ExprNode* returns) {
    Reg base = e().top();
    unsigned count = 0;
    bool made = false;
    auto add = [&](std::string_view name, const ExprNode* x) {
        if (!x) return;
        if (count == 32) {  // enough registers
            if (!made) e().emit(Op::BUILD_MAP, base, base, count);
            e().release(base + 1);
            made = true;
        }
        count++;
        Reg key = e().temp();
        load_text(key, name);
        annotation(x, e().temp());
        if (!made) return;
        e().emit(Op::MAP_SET, base, key, key + 1);
        e().release(key);
    };
    auto add_all = [&](Seq<arg*> list) {
        for (arg* a : list) add(mangled(a->arg)->text, a->annotation);
    };
    add_all(args->args);
    add_all(args->posonlyargs);
    if (args->vararg) add(mangled(args->vararg->arg)->text, args->vararg->annotation);
    add_all(args->kwonlyargs);
    if (args->kwarg) add(mangled(args->kwarg->arg)->text, args->kwarg->annotation);
    add("return", returns);
    if (count && !made) e().emit(Op::BUILD_MAP, base, base, count);
    e().release(base);
    if (count) e().temp();
    return count;
}

// Defaults, keyword defaults and annotations in consecutive temporaries; answers the flags of MAKE_FUNCTION
// for them.
unsigned Compiler::function_parts(const arguments* args, const ExprNode* returns, bool annotated) {
    unsigned flags = 0;
    if (!args->defaults.empty()) {
        ast::Tuple tuple{};
        tuple.kind = NodeKind::Tuple;
        tuple.elts = args->defaults;
        Reg defaults = e().temp(), behind = e().top();
        tuple_display(args->defaults, &tuple, defaults);
        e().release(behind);
        flags |= 1;
    }
    Reg base = e().top();
    unsigned count = 0;
    for (uint32_t i = 0; i < args->kw_defaults.size(); i++) {
        if (!args->kw_defaults[i]) continue;
        load_text(e().temp(), mangled(args->kwonlyargs[i]->arg)->text);
        into(args->kw_defaults[i], e().temp());
        count++;
    }
    if (count) {
        e().release(base);
        e().emit(Op::BUILD_MAP, e().temp(), base, count);
        flags |= 2;
    }
    if (annotated && annotations(args, returns)) flags |= 4;
    return flags;
}

// `parts`: the first of what function_parts() has left; the closure goes behind it.
void Compiler::make_function(Code* code, Scope* scope, unsigned flags, Reg parts, Reg dst) {
    if (!scope->frees.empty()) {
        Reg base = e().top();
        for (Symbol* inner : scope->frees) {
            Reg r = e().temp();
            if (unit_->scope->has_class_cell && inner->name->text == "__class__") {
                e().emit(Op::MOVE, r, unit_->namespace_reg + 1);
                continue;
            }
            Symbol* s = unit_->scope->find_mangled(inner->name);
            if (unit_->scope->is_function() && s->kind == NameKind::Cell)
                e().emit(Op::MOVE, r, s->local);
            else
                e().emit(Op::LOAD_CLOSURE, r, s->free);
        }
        e().release(base);
        e().emit(Op::BUILD_TUPLE, e().temp(), base, scope->frees.size());
        flags |= 8;
    }
    if (e().reachable()) e().emit(Op::MAKE_FUNCTION, dst, parts, e().code(code), flags);
}

static const Constant* docstring(Seq<StmtNode*> body) {
    auto* first = body.empty() ? nullptr : as_if<Expr>(body[0]);
    auto* constant = first ? as_if<Constant>(first->value) : nullptr;
    return constant && constant->value.kind == LiteralKind::Str ? constant : nullptr;
}

Code* Compiler::function_code(Scope* scope, Stmts body, uint32_t first_line) {
    Unit* unit = begin_unit(scope);
    const Folded* doc = nullptr;
    if (auto* constant = docstring(body)) {
        doc = fold_literal(arena_, constant->value);
        body = body.slice(1, body.size());
    }
    block(body);
    return end_unit(unit, first_line, doc);
}

void Compiler::function_def(const StmtNode* s, const Identifier* name, const arguments* args, Stmts body,
                            Seq<ExprNode*> decorator_list, const ExprNode* returns, Scope* scope) {
    Symbol* symbol = symbol_of(name);
    Reg first = decorators(decorator_list);
    e().set_span(s->span);
    Reg function = decorator_list.empty() && is_plain_local(symbol) ? Reg(symbol->local) : e().temp();
    Reg parts = e().top();
    unsigned flags = function_parts(args, returns, true);
    uint32_t first_line = decorator_list.empty() ? s->span.line : decorator_list[0]->span.line;
    make_function(function_code(scope, body, first_line), scope, flags, parts, function);
    apply_decorators(decorator_list, first);
    store_symbol(symbol, decorator_list.empty() ? function : first);
}

void Compiler::lambda(const Lambda* n, Reg dst) {
    Reg parts = e().top();
    unsigned flags = function_parts(n->args, nullptr, false);
    Unit* unit = begin_unit(n->scope);
    e().set_span(n->body->span);
    emit_return(value(n->body));
    Code* code = end_unit(unit, n->span.line, nullptr);
    make_function(code, n->scope, flags, parts, dst);
}

// ---- classes

// The body is a function of the namespace; it returns the cell of `__class__`, if its methods need one.
Code* Compiler::class_body(const ClassDef* s, uint32_t first_line) {
    Unit* unit = begin_unit(s->scope);
    Reg ns = unit->namespace_reg;
    e().set_span({first_line, 0, first_line, 0});
    {
        Temporaries temporaries(*this);
        Reg t = e().temp();
        e().emit(Op::LOAD_NAME, t, ns, name_constant(id("__name__")));
        e().emit(Op::STORE_NAME, t, ns, name_constant(id("__module__")));
        load_text(t, s->scope->qualname);
        e().emit(Op::STORE_NAME, t, ns, name_constant(id("__qualname__")));
        if (s->scope->has_annotations) {
            e().emit(Op::MOVE, t, ns);
            e().emit(Op::INTRINSIC, t, t, 1, unsigned(Intrinsic::SETUP_ANNOTATIONS));
        }
    }
    Stmts body = s->body;
    if (auto* constant = docstring(body)) {
        Temporaries temporaries(*this);
        Reg t = e().temp();
        e().set_span(body[0]->span);
        load_constant(t, *fold_literal(arena_, constant->value));
        e().emit(Op::STORE_NAME, t, ns, name_constant(id("__doc__")));
        body = body.slice(1, body.size());
    }
    block(body);
    if (s->scope->has_class_cell) e().emit(Op::RETURN, ns + 1);
    return end_unit(unit, first_line, nullptr);
}

void Compiler::class_def(const ClassDef* s) {
    Reg first = decorators(s->decorator_list);
    e().set_span(s->span);
    Reg base = e().temp();
    e().emit(Op::INTRINSIC, base, base, 0, unsigned(Intrinsic::BUILD_CLASS_FUNCTION));
    Reg function = e().temp();
    uint32_t first_line = s->decorator_list.empty() ? s->span.line : s->decorator_list[0]->span.line;
    make_function(class_body(s, first_line), s->scope, 0, e().top(), function);
    e().release(function + 1);
    load_text(e().temp(), s->name->text);
    bool mapped = s->bases.size() + s->keywords.size() + 2 > kMaxCallArguments;
    for (ExprNode* b : s->bases) mapped |= is<Starred>(b);
    for (keyword* k : s->keywords) mapped |= !k->arg;
    if (mapped) {
        arguments_ex(s->bases, s->keywords, base, 2);
        e().emit(Op::CALL_EX, base, base);
    } else {
        const Folded* names;
        unsigned count = 2 + positional_and_keywords(s->bases, s->keywords, names);
        if (names)
            e().emit_extra(Op::CALL_KW, base, base, count, e().constant(*names));
        else
            e().emit(Op::CALL, base, base, count);
    }
    apply_decorators(s->decorator_list, first);
    store_symbol(symbol_of(s->name), first);
}

// ---- comprehensions

struct Compiler::ComprehensionState {
    const ExprNode* node;
    Seq<ast::comprehension*> generators;
    const ExprNode* element;  // the key of a dict comprehension
    const ExprNode* value;    // of a dict comprehension, else null
    Reg result;               // kNoRegister: a generator expression
};

// The function is made, then called with the iterator of the outermost iterable, which is evaluated here.
void Compiler::comprehension(const ExprNode* n, Scope* scope, Seq<ast::comprehension*> generators,
                             const ExprNode* element, const ExprNode* value, Reg dst, unsigned owned) {
    bool is_generator = is<GeneratorExp>(n);
    Code* code = comprehension_code(n, scope, generators, element, value);
    Reg base = e().temp();
    make_function(code, scope, 0, e().top(), base);
    e().release(base + 1);
    Reg iterator = e().temp();
    bool owns = !generators[0]->is_async && owns_iterator(generators[0]->iter);
    e().emit(generators[0]->is_async ? Op::GET_AITER : Op::GET_ITER, iterator,
             value_at(generators[0]->iter, iterator, owns));
    if (!scope->is_coroutine || is_generator) {
        e().emit(Op::CALL, dst, base, 1, is_generator ? owned : 0);
        if (owns) load_special(iterator, Value::unbound());  // it may be freed from now on
        return;
    }
    e().emit(Op::CALL, base, base, 1, 1);
    if (owns) load_special(iterator, Value::unbound());
    await_register(base, 0);
    move(dst, {nullptr, base});
}

Code* Compiler::comprehension_code(const ExprNode* n, Scope* scope, Seq<ast::comprehension*> generators,
                                   const ExprNode* element, const ExprNode* value) {
    Unit* unit = begin_unit(scope);
    At at(*this, n);
    ComprehensionState c{n, generators, element, value, kNoRegister};
    if (!is<GeneratorExp>(n)) {
        c.result = e().temp();
        Op op = is<ListComp>(n) ? Op::BUILD_LIST : is<SetComp>(n) ? Op::BUILD_SET : Op::BUILD_MAP;
        e().emit(op, c.result, e().top(), 0);
    }
    if (generators.size() > 100)
        error(n, "too many statically nested blocks");
    else
        comprehension_loop(c, 0);
    if (c.result != kNoRegister) emit_return(c.result);
    return end_unit(unit, n->span.line, nullptr);
}

void Compiler::comprehension_element(ComprehensionState& c) {
    Temporaries temporaries(*this);
    if (c.value) {
        Reg key = value(c.element);
        return e().emit(Op::MAP_SET, c.result, key, value(c.value));
    }
    Reg v = value(c.element);
    if (c.result == kNoRegister)
        return emit_yield(v, unit_->scope->is_async_gen() ? kYieldAsync : 0, kNoRegister);
    if (is<ListComp>(c.node)) return e().emit(Op::LIST_APPEND, c.result, v);
    e().emit(Op::SET_ADD, c.result, v);
}

// `for y in [f(x)]` assigns.
static const ExprNode* single_item(const ExprNode* iterable) {
    auto* list = as_if<ast::List>(iterable);
    auto* tuple = as_if<ast::Tuple>(iterable);
    if (!list && !tuple) return nullptr;
    Seq<ExprNode*> items = list ? list->elts : tuple->elts;
    return items.size() == 1 && !is<Starred>(items[0]) ? items[0] : nullptr;
}

void Compiler::comprehension_assignment(ComprehensionState& c, uint32_t depth, const ExprNode* item) {
    ast::comprehension* clause = c.generators[depth];
    uint32_t bound_mark = bound().mark();
    Reg local = plain_local(clause->target);
    if (local != kNoRegister) into(item, local);
    store(clause->target, local != kNoRegister ? local : value(item));
    Label next = e().new_label();
    comprehension_inner(c, depth, next);
    e().bind(next);
    bound().undo(bound_mark);
}

// What stands behind one `for`: its conditions, which skip to `next`, then the next `for` or the element.
void Compiler::comprehension_inner(ComprehensionState& c, uint32_t depth, Label next) {
    for (ExprNode* condition : c.generators[depth]->ifs) {
        jump_if(condition, false, next);
        if (const ExprNode* comparison = last_comparison(condition)) e().set_span(comparison->span);
    }
    if (depth + 1 < c.generators.size())
        comprehension_loop(c, depth + 1);
    else
        comprehension_element(c);
}

void Compiler::comprehension_loop(ComprehensionState& c, uint32_t depth) {
    ast::comprehension* clause = c.generators[depth];
    Temporaries temporaries(*this);
    if (const ExprNode* only = depth > 0 && !clause->is_async ? single_item(clause->iter) : nullptr)
        return comprehension_assignment(c, depth, only);
    Reg iterator = 0;  // `.0`
    bool owned = !clause->is_async && owns_iterator(clause->iter);
    if (depth > 0) {
        iterator = e().temp();
        e().emit(clause->is_async ? Op::GET_AITER : Op::GET_ITER, iterator,
                 value_at(clause->iter, iterator, owned));
    }
    Reg exception = owned || clause->is_async ? e().temp() : kNoRegister;
    HandlerId outer = e().handler();
    HandlerId pad = exception != kNoRegister ? e().new_handler(exception) : outer;
    Label next = e().new_label(), end = e().new_label();
    uint32_t bound_mark = bound().mark();
    if (clause->is_async) {
        e().bind_backward(next, e().reachable());
        store(clause->target, next_async(iterator, pad));
        comprehension_inner(c, depth, next);
        e().jump(next);
        end_async_for(pad, exception);
    } else {
        Reg local = plain_local(clause->target);
        Reg item = local != kNoRegister ? local : e().temp();
        Label body = e().new_label();
        bool live = e().reachable();
        e().jump(next);
        e().bind_backward(body, live);
        e().set_handler(pad);
        store(clause->target, item);
        comprehension_inner(c, depth, next);
        e().set_handler(outer);
        e().set_span(c.node->span);
        e().bind(next);
        e().emit_jump(Op::FOR_ITER, body, item, iterator);
        if (owned) {
            e().jump(end);
            owned_pad(pad, iterator, exception);
        }
        e().bind(end);
    }
    bound().undo(bound_mark);
}

}  // namespace gen
