// Calls: the callee and its arguments stand in a window of consecutive registers.
#include "vm/compile/compiler.h"

#include <algorithm>

namespace gen {

using namespace ast;

// Can be evaluated after the method has been looked up or before: nobody can tell.
bool Compiler::is_simple(const ExprNode* argument) {
    if (auto* unary = as_if<UnaryOp>(argument))
        argument = unary->op == UnaryOperator::USub ? unary->operand : nullptr;
    else if (Reg r = plain_local(argument); r != kNoRegister)
        return bound().is_bound(r);
    return argument && is<Constant>(argument) && fold_display(arena_, argument);
}

// Evaluates arguments into consecutive registers from the top. `names`: of the keywords, null if there are
// none.
unsigned Compiler::positional_and_keywords(Seq<ExprNode*> args, Seq<keyword*> keywords, const Folded*& names,
                                           bool first_owned) {
    for (ExprNode* arg : args) into(arg, e().temp(), first_owned && arg == args[0]);
    for (keyword* k : keywords) into(k->value, e().temp());
    names = nullptr;
    if (!keywords.empty()) {
        auto* items = arena_.make_array<const Folded*>(keywords.size());
        for (uint32_t i = 0; i < keywords.size(); i++)
            items[i] = text_constant(keywords[i]->arg->text).constant;
        auto* tuple = arena_.make<Folded>();
        tuple->kind = Folded::Kind::Tuple;
        tuple->items = {items, keywords.size()};
        names = tuple;
    }
    return args.size() + keywords.size();
}

static bool needs_mapping(Seq<ExprNode*> args, Seq<keyword*> keywords) {
    if (args.size() + keywords.size() > kMaxCallArguments) return true;
    for (ExprNode* arg : args)
        if (is<Starred>(arg)) return true;
    for (keyword* k : keywords)
        if (!k->arg) return true;
    return false;
}

// Nobody but the call sees a generator that its argument makes. Where the callee may be a native that lets go of it (LEND
// finds out), the generator is closed when the call ends, as it would be where references are counted.
static bool lends(const Call* n) {
    if (n->args.empty() || n->args.size() > 2) return false;
    if (is<GeneratorExp>(n->args[0])) return true;
    static constexpr std::string_view kConsumers[] = {"all",       "any",    "bytes", "bytearray", "dict",
                                                      "frozenset", "list",   "max",   "min",       "next",
                                                      "set",       "sorted", "sum",   "tuple"};
    auto* name = as_if<Name>(n->func);
    return name && is<Call>(n->args[0]) &&
           std::find(std::begin(kConsumers), std::end(kConsumers), name->id->text) != std::end(kConsumers);
}

// `callee`: the function, or with `method` the object whose method is called. The window begins at `mark`.
Operand Compiler::call(const Call* n, Operand callee, const Attribute* method, Reg target, Reg mark,
                       unsigned owned) {
    if (!lends(n) || needs_mapping(n->args, n->keywords))
        return plain_call(n, callee, method, target, mark, owned, nullptr);
    Span span = n->span;
    Reg held = target_of(mark, kNoRegister);  // the callee may stand here until the window has it
    Reg exception = e().temp();
    HandlerId outer = e().handler(), pad = e().new_handler(exception);
    Lending lending{held, pad};
    Operand result = plain_call(n, callee, method, kNoRegister, e().top(), owned, &lending);
    e().set_handler(outer);
    e().emit(Op::CLOSE_ITER, held, 0, e().top());
    Label end = e().new_label();
    e().jump(end);
    no_position();
    owned_pad(pad, held, exception);
    e().bind(end);
    e().set_span(span);
    Reg into = target_of(mark, target);
    move(into, result);
    return {nullptr, into};
}

Operand Compiler::plain_call(const Call* n, Operand callee, const Attribute* method, Reg target, Reg mark,
                             unsigned owned, const Lending* lending) {
    auto lend = [&](Reg base, bool of_method) {
        if (!lending) return;
        e().emit(Op::LEND, lending->held, base, n->args.size(), of_method);
        e().set_handler(lending->pad);
    };
    Span span = n->span;
    if (method && method->span.line != method->span.end_line) {
        Span name = attribute_span(method);
        span.line = name.line;
        span.column = name.column;
    }
    bool mapped = needs_mapping(n->args, n->keywords);
    if (method && !mapped && n->keywords.empty()) {
        Reg receiver = in_register(callee);
        uint32_t name = name_constant(mangled(method->attr));
        bool simple = true;
        for (uint32_t i = 0; simple && i < n->args.size(); i++) simple = is_simple(n->args[i]);
        Reg base = target_of(mark, kNoRegister);
        if (simple) {
            move(base, {nullptr, receiver});
        } else {
            e().set_span(attribute_span(method));
            e().emit(Op::LOAD_METHOD, base, receiver, name);
            e().temp();
        }
        for (ExprNode* arg : n->args) into(arg, e().temp(), lending && arg == n->args[0]);
        lend(base, true);
        Reg result = target_of(mark, target);
        e().set_span(span);
        if (simple) {
            e().emit_extra(Op::INVOKE, result, base, n->args.size(), name, owned);
            e().set_lookup_span(attribute_span(method));
        } else {
            e().emit(Op::CALL_METHOD, result, base, n->args.size(), owned);
        }
        return {nullptr, result};
    }

    Reg base;
    if (method) {
        Reg receiver = in_register(callee);
        base = target_of(mark, kNoRegister);
        e().set_span(attribute_span(method));
        e().emit(Op::GET_ATTR, base, receiver, name_constant(mangled(method->attr)));
    } else {
        base = target_of(mark, kNoRegister);
        move(base, callee);
    }
    e().set_span(span);
    if (mapped) {
        arguments_ex(n->args, n->keywords, base, 0);
        Reg result = target_of(mark, target);
        e().emit(Op::CALL_EX, result, base, 0, owned);
        return {nullptr, result};
    }
    if (!method && super_call(n, base)) {
        Reg result = target_of(mark, target);
        e().emit(Op::CALL_SUPER, result, base);
        return {nullptr, result};
    }
    const Folded* names;
    unsigned count = positional_and_keywords(n->args, n->keywords, names, lending);
    lend(base, false);
    Reg result = target_of(mark, target);
    if (names)
        e().emit_extra(Op::CALL_KW, result, base, count, e().constant(*names), owned);
    else
        e().emit(Op::CALL, result, base, count, owned);
    return {nullptr, result};
}

// `super()` means super(__class__, first argument); the cell and the argument are handed over as they stand,
// bound or not.
bool Compiler::super_call(const Call* n, Reg base) {
    auto* name = as_if<Name>(n->func);
    if (!name || name->id->text != "super" || !n->args.empty() || !n->keywords.empty()) return false;
    Scope* scope = unit_->scope;
    if (!scope->is_function()) return false;
    e().release(base + 1);
    Reg cls = e().temp(), self = e().temp();
    Symbol* cell = scope->find_mangled(id("__class__"));
    if (cell && cell->kind == NameKind::Free)
        e().emit(Op::LOAD_CLOSURE, cls, cell->free);
    else
        load_special(cls, Value::unbound());
    if (scope->arg_count == 0) {
        load_special(self, Value::unbound());
    } else if (scope->locals[0]->kind == NameKind::Cell) {
        e().emit(Op::LOAD_CELL, self, 0, name_constant(scope->locals[0]->name));
    } else {
        e().emit(Op::MOVE, self, 0);
    }
    return true;
}

// Fills R[base+1] and R[base+2] for CALL_EX. `given` positional arguments stand behind base already.
void Compiler::arguments_ex(Seq<ExprNode*> args, Seq<keyword*> keywords, Reg base, unsigned given) {
    Reg list = base + 1;
    auto* only = args.size() == 1 && !given ? as_if<Starred>(args[0]) : nullptr;
    auto* name = only ? as_if<Name>(only->value) : nullptr;
    Symbol* s = name ? name->symbol : nullptr;
    // `f(*args)` with this function's own, untouched *args: a tuple that can be handed on.
    bool own_varargs = is_plain_local(s) && unit_->scope->has_varargs &&
                       s->local == unit_->scope->arg_count + unit_->scope->kwonly_count &&
                       !(s->flags & (kSymAssigned | kSymDeleted | kSymWalrus));
    if (own_varargs) {
        e().temp();
        e().emit(Op::MOVE, list, s->local);
    } else {
        uint32_t plain = 0;
        while (plain < args.size() && plain < kMaxCallArguments && !is<Starred>(args[plain]))
            into(args[plain++], e().temp());
        e().release(list);
        e().temp();
        bool complete = plain == args.size();
        if (complete && !(plain + given)) {
            auto* empty = arena_.make<Folded>();
            empty->kind = Folded::Kind::Tuple;
            load_constant(list, *empty);
        } else {
            e().emit(complete ? Op::BUILD_TUPLE : Op::BUILD_LIST, list, list, plain + given);
        }
        if (only) {
            Temporaries temporaries(*this);
            e().emit(Op::LIST_EXTEND, list, value(only->value), base, 2);
        } else {
            items_to_list(args.slice(plain, args.size()), list, 1);
        }
    }
    Reg mapping = e().temp();
    if (keywords.empty())
        load_special(mapping, Value::unbound());
    else
        keyword_mapping(keywords, mapping, base);
}

// Runs of named keywords become a dict; it and each **mapping are merged one after the other.
void Compiler::keyword_mapping(Seq<keyword*> keywords, Reg dst, Reg callee) {
    uint32_t i = 0;
    bool first = true;
    while (i < keywords.size() || first) {
        Temporaries temporaries(*this);
        if (i < keywords.size() && !keywords[i]->arg) {
            if (first) e().emit(Op::BUILD_MAP, dst, e().top(), 0);
            e().emit(Op::MAP_UPDATE, dst, value(keywords[i++]->value), callee, 1);
        } else {
            Reg base = e().top();
            unsigned count = 0;
            for (; i < keywords.size() && keywords[i]->arg && count < 32; i++, count++) {
                load_text(e().temp(), keywords[i]->arg->text);
                into(keywords[i]->value, e().temp());
            }
            if (first) {
                e().emit(Op::BUILD_MAP, dst, base, count);
            } else {
                e().emit(Op::BUILD_MAP, base, base, count);
                e().emit(Op::MAP_UPDATE, dst, base, callee, 1);
            }
        }
        first = false;
    }
}

}  // namespace gen
