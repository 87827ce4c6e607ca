// Comprehensions, and the walrus targets inside them, which belong to the scope around.

#include "parser/scope_impl.h"

namespace gen {

void ScopeAnalyser::comprehension_scope(ExprNode* node, const char* name, const char* description,
                                        Seq<comprehension*> generators, ExprNode* first, ExprNode* second,
                                        Scope*& scope) {
    const bool is_generator = is<GeneratorExp>(node);
    current_->iterable_depth++;
    expression(generators[0]->iter);
    current_->iterable_depth--;
    OpenScope* inner = open(ScopeKind::Comprehension, node, name);
    scope = inner;
    inner->comprehension_name = description;
    inner->arg_count = 1;
    mention(arena_.intern(".0"), kSymParameter, node->span);
    for (comprehension* clause : generators) comprehension_clause(clause, clause == generators[0]);
    expression(first);
    if (second) expression(second);
    inner->is_generator = is_generator;
    const bool is_async = inner->is_coroutine && !is_generator;
    close();
    if (!is_async) return;
    const bool allowed = current_->is_async_def || current_->kind == ScopeKind::Comprehension ||
                         (current_->kind == ScopeKind::Module && options_.top_level_await);
    if (!allowed) raise(node->span, "asynchronous comprehension outside of an asynchronous function");
    current_->is_coroutine = true;
}

void ScopeAnalyser::comprehension_clause(comprehension* clause, bool is_first) {
    check_target(clause->target);
    current_->in_iteration_target = true;
    expression(clause->target);
    current_->in_iteration_target = false;
    if (!is_first) {
        current_->iterable_depth++;
        expression(clause->iter);
        current_->iterable_depth--;
    }
    expressions(clause->ifs);
    if (clause->is_async) current_->is_coroutine = true;
}

void ScopeAnalyser::named_expression(NamedExpr* node) {
    if (current_->iterable_depth > 0) {
        raise(node->span, "assignment expression cannot be used in a comprehension iterable expression");
        return;
    }
    if (current_->kind == ScopeKind::Comprehension) extend_to_function(as<Name>(node->target));
    expression(node->value);
    expression(node->target);
    if (Symbol* symbol = as<Name>(node->target)->symbol) symbol->flags |= kSymWalrus;
}

// A walrus target inside comprehensions belongs to the scope around them.
void ScopeAnalyser::extend_to_function(Name* target) {
    const Identifier* name = mangle(arena_, *current_, target->id);
    for (OpenScope* scope = current_; scope; scope = scope->outer()) {
        const Symbol* known = scope->find_mangled(name);
        const uint16_t flags = known ? known->flags : 0;
        switch (scope->kind) {
            case ScopeKind::Comprehension:
                if ((flags & kSymIteration) && (flags & (kSymAssigned | kSymGlobal))) {
                    raise(target->span,
                          "assignment expression cannot rebind comprehension iteration variable '" +
                              std::string(target->id->text) + "'");
                    return;
                }
                break;
            case ScopeKind::Function:
            case ScopeKind::Lambda: {
                Symbol* symbol =
                    mention(target->id, flags & kSymGlobal ? kSymGlobal : kSymNonlocal, target->span);
                current_->directives.push_back({symbol, target->span});
                mention_in(scope, name, kSymAssigned | kSymWalrus, target->span);
                return;
            }
            case ScopeKind::Module: {
                Symbol* symbol = mention(target->id, kSymGlobal, target->span);
                current_->directives.push_back({symbol, target->span});
                mention_in(scope, name, kSymGlobal | kSymWalrus, target->span);
                return;
            }
            case ScopeKind::Class:
                raise(target->span,
                      "assignment expression within a comprehension cannot be used in a class body");
                return;
        }
    }
}

}  // namespace gen
