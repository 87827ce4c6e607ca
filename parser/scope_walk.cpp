// The walk over the tree that makes scopes and records the use of names.

#include "parser/scope_impl.h"

namespace gen {

// ---- statements ------------------------------------------------------------------------------------------

void ScopeAnalyser::statements(Seq<StmtNode*> body) {
    for (StmtNode* node : body) {
        if (result_.error) return;
        statement(node);
    }
}

void ScopeAnalyser::statement(StmtNode* node) {
    switch (node->kind) {
        case NodeKind::FunctionDef: {
            auto* def = as<FunctionDef>(node);
            function_parts(def->name, def->args, def->decorator_list, def->returns, def->span);
            function_body(def, def->name, def->args, def->body, false, def->scope);
            break;
        }
        case NodeKind::AsyncFunctionDef: {
            auto* def = as<AsyncFunctionDef>(node);
            function_parts(def->name, def->args, def->decorator_list, def->returns, def->span);
            function_body(def, def->name, def->args, def->body, true, def->scope);
            break;
        }
        case NodeKind::ClassDef:
            class_definition(as<ClassDef>(node));
            break;
        case NodeKind::Return: {
            auto* value = as<Return>(node)->value;
            if (current_->kind != ScopeKind::Function) raise(node->span, "'return' outside function");
            check_leave(node);
            if (!value) break;
            if (current_->first_return_value.line == 0) current_->first_return_value = node->span;
            check_value(value);
            expression(value);
            break;
        }
        case NodeKind::Delete:
            expressions(as<Delete>(node)->targets);
            break;
        case NodeKind::Assign: {
            auto* assign = as<Assign>(node);
            check_value(assign->value);
            expression(assign->value);
            for (ExprNode* target : assign->targets) {
                check_target(target);
                expression(target);
            }
            break;
        }
        case NodeKind::AugAssign: {
            auto* assign = as<AugAssign>(node);
            expression(assign->target);
            check_value(assign->value);
            expression(assign->value);
            break;
        }
        case NodeKind::AnnAssign:
            annotated_assignment(as<AnnAssign>(node));
            break;
        case NodeKind::For: {
            auto* loop = as<For>(node);
            check_target(loop->target);
            expression(loop->target);
            check_value(loop->iter);
            expression(loop->iter);
            loop_body(loop->body, loop->orelse);
            break;
        }
        case NodeKind::AsyncFor: {
            auto* loop = as<AsyncFor>(node);
            check_async(node->span, "'async for'");
            check_target(loop->target);
            expression(loop->target);
            check_value(loop->iter);
            expression(loop->iter);
            loop_body(loop->body, loop->orelse);
            break;
        }
        case NodeKind::While:
            expression(as<While>(node)->test);
            loop_body(as<While>(node)->body, as<While>(node)->orelse);
            break;
        case NodeKind::If:
            if_chain(as<If>(node));
            break;
        case NodeKind::With:
            with_parts(as<With>(node)->items, as<With>(node)->body);
            break;
        case NodeKind::AsyncWith:
            check_async(node->span, "'async with'");
            with_parts(as<AsyncWith>(node)->items, as<AsyncWith>(node)->body);
            break;
        case NodeKind::Match: {
            auto* match = as<Match>(node);
            expression(match->subject);
            check_cases(match);
            for (match_case* item : match->cases) {
                pattern(item->pattern);
                if (item->guard) expression(item->guard);
                statements(item->body);
            }
            break;
        }
        case NodeKind::Raise:
            if (as<Raise>(node)->exc) expression(as<Raise>(node)->exc);
            if (as<Raise>(node)->cause) expression(as<Raise>(node)->cause);
            break;
        case NodeKind::Try: {
            auto* t = as<Try>(node);
            try_parts(t->body, t->handlers, t->orelse, t->finalbody, false);
            break;
        }
        case NodeKind::TryStar: {
            auto* t = as<TryStar>(node);
            try_parts(t->body, t->handlers, t->orelse, t->finalbody, true);
            break;
        }
        case NodeKind::Assert: {
            auto* assertion = as<Assert>(node);
            const auto* tuple = as_if<Tuple>(assertion->test);
            if (tuple && !tuple->elts.empty()) {
                warn(node->span, "assertion is always true, perhaps remove parentheses?");
            }
            expression(assertion->test);
            if (assertion->msg) expression(assertion->msg);
            break;
        }
        case NodeKind::Import:
            imports(as<Import>(node)->names, false, node->span);
            break;
        case NodeKind::ImportFrom:
            imports(as<ImportFrom>(node)->names, true, node->span);
            break;
        case NodeKind::Global:
            declaration(as<Global>(node)->names, kSymGlobal, node->span);
            break;
        case NodeKind::Nonlocal:
            declaration(as<Nonlocal>(node)->names, kSymNonlocal, node->span);
            break;
        case NodeKind::Expr:
            check_value(as<Expr>(node)->value);
            expression(as<Expr>(node)->value);
            break;
        case NodeKind::Break:
        case NodeKind::Continue:
            check_leave(node);
            break;
        default:
            break;
    }
}

void ScopeAnalyser::if_chain(If* node) {
    for (;;) {
        expression(node->test);
        statements(node->body);
        if (node->orelse.size() != 1 || !is<If>(node->orelse[0])) break;
        node = as<If>(node->orelse[0]);
    }
    statements(node->orelse);
}

void ScopeAnalyser::loop_body(Seq<StmtNode*> body, Seq<StmtNode*> orelse) {
    const Around around = std::exchange(around_, Around::Loop);
    statements(body);
    around_ = around;
    statements(orelse);
}

void ScopeAnalyser::with_parts(Seq<withitem*> items, Seq<StmtNode*> body) {
    for (withitem* item : items) {
        expression(item->context_expr);
        if (!item->optional_vars) continue;
        check_target(item->optional_vars);
        expression(item->optional_vars);
    }
    statements(body);
}

void ScopeAnalyser::try_parts(Seq<StmtNode*> body, Seq<ExceptHandler*> handlers, Seq<StmtNode*> orelse,
                              Seq<StmtNode*> finalbody, bool is_star) {
    check_handlers(handlers);
    statements(body);
    for (ExceptHandler* handler : handlers) {
        if (handler->type) expression(handler->type);
        if (handler->name) {
            check_name(handler->name, false, handler->span);
            mention(handler->name, kSymAssigned | kSymDeleted, handler->span);
        }
        const Around around = around_;
        const bool in_except_star = in_except_star_;
        if (is_star) {
            around_ = Around::ExceptStar;
            in_except_star_ = true;
        }
        statements(handler->body);
        around_ = around;
        in_except_star_ = in_except_star;
    }
    statements(orelse);
    statements(finalbody);
}

void ScopeAnalyser::declaration(Seq<const Identifier*> names, uint16_t flag, const Span& place) {
    const std::string word = flag == kSymGlobal ? "global" : "nonlocal";
    for (const Identifier* name : names) {
        const Identifier* mangled = mangle(arena_, *current_, name);
        const Symbol* known = current_->find_mangled(mangled);
        const uint16_t flags = known ? known->flags : 0;
        const std::string text(name->text);
        if (flags & kSymParameter) {
            raise(place, "name '" + text + "' is parameter and " + word);
        } else if (flags & kSymUsed) {
            raise(place, "name '" + text + "' is used prior to " + word + " declaration");
        } else if (flags & kSymAnnotated) {
            raise(place, "annotated name '" + text + "' can't be " + word);
        } else if (flags & kSymAssigned) {
            raise(place, "name '" + text + "' is assigned to before " + word + " declaration");
        }
        Symbol* symbol = mention_in(current_, mangled, flag, place);
        current_->directives.push_back({symbol, place});
        if (flag != kSymGlobal) continue;
        // As in CPython, the module itself then means its globals by the name, also where exec() gives it
        // locals.
        OpenScope* module = current_;
        while (module->outer()) module = module->outer();
        if (module != current_) mention_in(module, mangled, kSymGlobal, place);
    }
}

void ScopeAnalyser::imports(Seq<alias*> names, bool is_from, const Span& place) {
    for (const alias* item : names) {
        if (item->name->text == "*") {
            if (current_->kind != ScopeKind::Module)
                raise(item->span, "import * only allowed at module level");
            continue;
        }
        const Identifier* bound = item->asname ? item->asname : item->name;
        if (!item->asname && !is_from) {
            size_t dot = bound->text.find('.');
            if (dot != bound->text.npos) bound = arena_.intern(bound->text.substr(0, dot));
        }
        check_name(bound, false, place);
        mention(bound, kSymImported | kSymAssigned, item->span);
    }
}

void ScopeAnalyser::annotated_assignment(AnnAssign* node) {
    if (const auto* target = as_if<Name>(node->target)) {
        const Symbol* known = current_->find_mangled(mangle(arena_, *current_, target->id));
        const uint16_t flags = known ? known->flags : 0;
        if ((flags & (kSymGlobal | kSymNonlocal)) && node->simple && current_->kind != ScopeKind::Module) {
            raise(node->span, "annotated name '" + std::string(target->id->text) + "' can't be " +
                                  (flags & kSymGlobal ? "global" : "nonlocal"));
        }
        if (node->simple) current_->has_annotations |= !current_->is_function();
        if (node->simple || node->value) {
            check_name(target->id, false, node->target->span);
            const uint16_t bound = node->simple ? kSymAnnotated | kSymAssigned : kSymAssigned;
            as<Name>(node->target)->symbol = mention(target->id, bound, node->target->span);
        } else {
            as<Name>(node->target)->symbol = mention(target->id, 0, node->target->span);
        }
    } else {
        expression(node->target);
    }
    annotation(node->annotation);
    if (node->value) {
        check_value(node->value);
        expression(node->value);
    }
}

void ScopeAnalyser::annotation(ExprNode* node) {
    if (node && !options_.future_annotations) {
        expression(is<Starred>(node) ? as<Starred>(node)->value : node);
    }
}

// ---- functions and classes -------------------------------------------------------------------------------

void ScopeAnalyser::default_values(arguments* args) {
    expressions(args->defaults);
    for (ExprNode* value : args->kw_defaults) {
        if (value) expression(value);
    }
}

// What a `def` does in the scope around it.
void ScopeAnalyser::function_parts(const Identifier* name, arguments* args, Seq<ExprNode*> decorators,
                                   ExprNode* returns, const Span& place) {
    check_name(name, false, place);
    mention(name, kSymAssigned, place);
    default_values(args);
    for (Seq<arg*> group : {args->posonlyargs, args->args}) {
        for (arg* parameter : group) annotation(parameter->annotation);
    }
    if (args->vararg) annotation(args->vararg->annotation);
    if (args->kwarg) annotation(args->kwarg->annotation);
    for (arg* parameter : args->kwonlyargs) annotation(parameter->annotation);
    annotation(returns);
    expressions(decorators);
}

void ScopeAnalyser::parameters(arguments* args) {
    auto declare = [this](arg* parameter) {
        check_name(parameter->arg, false, current_->node->span);
        mention(parameter->arg, kSymParameter, parameter->span);
    };
    for (Seq<arg*> group : {args->posonlyargs, args->args, args->kwonlyargs}) {
        for (arg* parameter : group) declare(parameter);
    }
    if (args->vararg) declare(args->vararg);
    if (args->kwarg) declare(args->kwarg);
    current_->posonly_count = args->posonlyargs.size();
    current_->arg_count = args->posonlyargs.size() + args->args.size();
    current_->kwonly_count = args->kwonlyargs.size();
    current_->has_varargs = args->vararg;
    current_->has_varkeywords = args->kwarg;
}

void ScopeAnalyser::function_body(const Node* node, const Identifier* name, arguments* args,
                                  Seq<StmtNode*> body, bool is_async, Scope*& scope) {
    OpenScope* function = open(ScopeKind::Function, node, name->text);
    scope = function;
    function->is_async_def = is_async;
    function->is_coroutine = is_async;
    const Around around = std::exchange(around_, Around::Nothing);
    const bool in_except_star = std::exchange(in_except_star_, false);
    parameters(args);
    statements(body);
    if (is_async && function->is_generator && function->first_return_value.line != 0) {
        raise(function->first_return_value, "'return' with value in async generator");
    }
    around_ = around;
    in_except_star_ = in_except_star;
    close();
}

void ScopeAnalyser::class_definition(ClassDef* node) {
    check_name(node->name, false, node->span);
    mention(node->name, kSymAssigned, node->span);
    expressions(node->bases, true);
    keywords(node->keywords, node);
    expressions(node->decorator_list);
    const Identifier* class_name = std::exchange(class_name_, node->name);
    const Around around = std::exchange(around_, Around::Nothing);
    const bool in_except_star = std::exchange(in_except_star_, false);
    node->scope = open(ScopeKind::Class, node, node->name->text);
    statements(node->body);
    close();
    class_name_ = class_name;
    around_ = around;
    in_except_star_ = in_except_star;
}

// ---- expressions -----------------------------------------------------------------------------------------

void ScopeAnalyser::expressions(Seq<ExprNode*> nodes, bool stars_allowed) {
    for (ExprNode* node : nodes) {
        if (stars_allowed && is<Starred>(node)) node = as<Starred>(node)->value;
        expression(node);
    }
}

// Goes down the spine first, since it may be long, and then through the other parts on the way back.
void ScopeAnalyser::expression(ExprNode* node) {
    if (result_.error) return;
    const uint32_t base = spine_.size();
    while (ExprNode* next = spine_child(node)) {
        spine_.push_back(node);
        node = next;
    }
    expression_parts(node);
    while (spine_.size() > base) {
        node = spine_.back();
        spine_.pop_back();
        expression_parts(node);
    }
}

// Everything below a node but its spine.
void ScopeAnalyser::expression_parts(ExprNode* node) {
    switch (node->kind) {
        case NodeKind::Name:
            name(as<Name>(node));
            break;
        case NodeKind::BinOp:
            expression(as<BinOp>(node)->right);
            break;
        case NodeKind::IfExp:
            expression(as<IfExp>(node)->test);
            expression(as<IfExp>(node)->body);
            break;
        case NodeKind::Attribute: {
            auto* attribute = as<Attribute>(node);
            if (attribute->ctx != ExprContext::Load) {
                check_name(attribute->attr, attribute->ctx == ExprContext::Del, node->span);
            }
            break;
        }
        case NodeKind::Subscript: {
            auto* subscript = as<Subscript>(node);
            check_subscript(subscript);
            if (auto* tuple = as_if<Tuple>(subscript->slice)) {
                expressions(tuple->elts, true);
            } else {
                expression(subscript->slice);
            }
            break;
        }
        case NodeKind::Call: {
            auto* call = as<Call>(node);
            check_callee(call->func, node->span);
            expressions(call->args, true);
            keywords(call->keywords, call);
            break;
        }
        case NodeKind::BoolOp:
            expressions(as<BoolOp>(node)->values);
            break;
        case NodeKind::Compare:
            check_comparison(as<Compare>(node));
            expression(as<Compare>(node)->left);
            expressions(as<Compare>(node)->comparators);
            break;
        case NodeKind::NamedExpr:
            named_expression(as<NamedExpr>(node));
            break;
        case NodeKind::Lambda: {
            auto* lambda = as<Lambda>(node);
            default_values(lambda->args);
            lambda->scope = open(ScopeKind::Lambda, node, "<lambda>");
            const Around around = std::exchange(around_, Around::Nothing);
            parameters(lambda->args);
            expression(lambda->body);
            around_ = around;
            close();
            break;
        }
        case NodeKind::Dict:
            for (uint32_t i = 0; i < as<Dict>(node)->values.size(); i++) {
                if (as<Dict>(node)->keys[i]) expression(as<Dict>(node)->keys[i]);
                expression(as<Dict>(node)->values[i]);
            }
            break;
        case NodeKind::Set:
            expressions(as<Set>(node)->elts, true);
            break;
        case NodeKind::List:
            expressions(as<List>(node)->elts, true);
            break;
        case NodeKind::Tuple:
            expressions(as<Tuple>(node)->elts, true);
            break;
        case NodeKind::Starred:
            expression(as<Starred>(node)->value);
            break;
        case NodeKind::ListComp: {
            auto* n = as<ListComp>(node);
            comprehension_scope(n, "<listcomp>", "list comprehension", n->generators, n->elt, nullptr,
                                n->scope);
            break;
        }
        case NodeKind::SetComp: {
            auto* n = as<SetComp>(node);
            comprehension_scope(n, "<setcomp>", "set comprehension", n->generators, n->elt, nullptr,
                                n->scope);
            break;
        }
        case NodeKind::GeneratorExp: {
            auto* n = as<GeneratorExp>(node);
            comprehension_scope(n, "<genexpr>", "generator expression", n->generators, n->elt, nullptr,
                                n->scope);
            break;
        }
        case NodeKind::DictComp: {
            auto* n = as<DictComp>(node);
            comprehension_scope(n, "<dictcomp>", "dict comprehension", n->generators, n->value, n->key,
                                n->scope);
            break;
        }
        case NodeKind::Await:
            expression(as<Await>(node)->value);
            if (current_->kind == ScopeKind::Comprehension || current_->is_async_def) {
                current_->is_coroutine = true;
            } else if (current_->kind != ScopeKind::Module || !options_.top_level_await) {
                const bool in_function = current_->kind == ScopeKind::Function;
                raise(node->span, in_function || current_->kind == ScopeKind::Lambda
                                      ? "'await' outside async function"
                                      : "'await' outside function");
            } else {
                current_->is_coroutine = true;
            }
            break;
        case NodeKind::Yield:
            yield(node, as<Yield>(node)->value, false);
            break;
        case NodeKind::YieldFrom:
            yield(node, as<YieldFrom>(node)->value, true);
            break;
        case NodeKind::FormattedValue:
            check_value(as<FormattedValue>(node)->value);
            expression(as<FormattedValue>(node)->value);
            if (as<FormattedValue>(node)->format_spec) expression(as<FormattedValue>(node)->format_spec);
            break;
        case NodeKind::JoinedStr:
            expressions(as<JoinedStr>(node)->values);
            break;
        case NodeKind::Slice: {
            auto* slice = as<Slice>(node);
            if (slice->lower) expression(slice->lower);
            if (slice->upper) expression(slice->upper);
            if (slice->step) expression(slice->step);
            break;
        }
        default:
            break;
    }
}

void ScopeAnalyser::name(Name* node) {
    switch (node->ctx) {
        case ExprContext::Load: {
            node->symbol = mention(node->id, kSymUsed, node->span);
            if (node->id->text == "super" && current_->is_function()) {
                mention(arena_.intern("__class__"), kSymUsed, node->span);
            }
            break;
        }
        case ExprContext::Store:
            check_name(node->id, false, node->span);
            node->symbol = mention(node->id, kSymAssigned, node->span);
            break;
        case ExprContext::Del:
            check_name(node->id, true, node->span);
            node->symbol = mention(node->id, kSymAssigned | kSymDeleted, node->span);
            break;
    }
}

void ScopeAnalyser::keywords(Seq<keyword*> items, const Node* call) {
    keyword_round_++;
    for (const keyword* item : items) {
        if (!item->arg) continue;
        check_name(item->arg, false, call->span);
        uint32_t& seen = keyword_seen_[item->arg->serial];
        if (seen == keyword_round_)
            raise(item->span, "keyword argument repeated: " + std::string(item->arg->text));
        seen = keyword_round_;
    }
    for (keyword* item : items) expression(item->value);
}

void ScopeAnalyser::yield(ExprNode* node, ExprNode* value, bool is_from) {
    if (current_->kind == ScopeKind::Comprehension) {
        raise(node->span, std::string("'yield' inside ") + current_->comprehension_name);
    } else if (!current_->is_function()) {
        raise(node->span, "'yield' outside function");
    } else if (is_from && current_->is_async_def) {
        raise(node->span, "'yield from' inside async function");
    }
    current_->is_generator = true;
    if (!value) return;
    check_value(value);
    expression(value);
}

// ---- patterns --------------------------------------------------------------------------------------------

void ScopeAnalyser::pattern(PatternNode* node) {
    auto bind = [&](const Identifier* name) {
        if (!name) return;
        check_name(name, false, node->span);
        mention(name, kSymAssigned, node->span);
    };
    auto all = [&](Seq<PatternNode*> patterns) {
        for (PatternNode* item : patterns) pattern(item);
    };
    switch (node->kind) {
        case NodeKind::MatchValue:
            expression(as<MatchValue>(node)->value);
            break;
        case NodeKind::MatchSequence:
            all(as<MatchSequence>(node)->patterns);
            break;
        case NodeKind::MatchMapping:
            expressions(as<MatchMapping>(node)->keys);
            all(as<MatchMapping>(node)->patterns);
            bind(as<MatchMapping>(node)->rest);
            break;
        case NodeKind::MatchClass:
            expression(as<MatchClass>(node)->cls);
            all(as<MatchClass>(node)->patterns);
            all(as<MatchClass>(node)->kwd_patterns);
            break;
        case NodeKind::MatchStar:
            bind(as<MatchStar>(node)->name);
            break;
        case NodeKind::MatchAs:
            if (as<MatchAs>(node)->pattern) pattern(as<MatchAs>(node)->pattern);
            bind(as<MatchAs>(node)->name);
            break;
        case NodeKind::MatchOr:
            all(as<MatchOr>(node)->patterns);
            break;
        default:
            break;
    }
}

}  // namespace gen
