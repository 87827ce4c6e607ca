// Compound statements and blocks.

#include "parser/parser_impl.h"

namespace gen {

StmtNode* Parser::compound_statement() {
    switch (kind()) {
        case Tok::KwIf:
            return if_statement();
        case Tok::KwWhile:
            return while_statement();
        case Tok::KwFor:
            return for_statement(pos_, false);
        case Tok::KwTry:
            return try_statement();
        case Tok::KwWith:
            return with_statement(pos_, false);
        case Tok::KwDef:
            return function_definition(pos_, false, {});
        case Tok::KwClass:
            return class_definition({});
        case Tok::At:
            return decorated();
        default:
            return async_statement({});
    }
}

// ---- blocks ----------------------------------------------------------------------------------------------

// The statements after `:`. `owner` names what they belong to, for the error message.
bool Parser::block(Seq<StmtNode*>& body, const char* owner, uint32_t owner_token) {
    Items<StmtNode> statements(*this);
    block_depth_++;
    bool ok;
    if (block_depth_ + depth_ > kMaxDepth) {
        ok = !raise_too_deep();
    } else if (!accept(Tok::Newline)) {
        ok = simple_statements(statements);
    } else if (!accept(Tok::Indent)) {
        ok = raise_no_block(owner, owner_token);
    } else {
        do {
            ok = statement(statements);
        } while (ok && !at(Tok::Dedent) && !at(Tok::EndMarker));
        ok = ok && accept(Tok::Dedent);
    }
    block_depth_--;
    if (ok) body = statements.take();
    return ok;
}

Parser::Failure Parser::raise_no_block(const char* owner, uint32_t owner_token) {
    const std::string line = std::to_string(tokens_[owner_token].line);
    return raise_at_last_token(std::string("expected an indented block after ") + owner + " on line " + line,
                               Diagnostic::Kind::IndentationError);
}

// `:`, whose absence CPython names only when the line ends here.
bool Parser::colon_and_block(Seq<StmtNode*>& body, const char* owner, uint32_t owner_token) {
    if (!accept(Tok::Colon)) {
        if (diagnosing_ && at(Tok::Newline)) raise_at_last_token("expected ':'");
        return false;
    }
    return block(body, owner, owner_token);
}

// `:`, whose absence is an error whatever stands there.
bool Parser::forced_colon() {
    if (accept(Tok::Colon)) return true;
    return diagnosing_ && !error_ && raise_at_last_token("expected ':'");
}

bool Parser::else_block(Seq<StmtNode*>& body) {
    const uint32_t keyword = pos_;
    if (!accept(Tok::KwElse)) return true;
    return forced_colon() && block(body, "'else' statement", keyword);
}

// ---- if, while, for --------------------------------------------------------------------------------------

// A chain of `elif` is a loop here: each If is the only statement of its predecessor's orelse.
StmtNode* Parser::if_statement() {
    const uint32_t first = pos_;
    Items<If> chain(*this);
    for (;;) {
        const uint32_t start = pos_++;
        ExprNode* test = named_expression();
        if (!test) return nullptr;
        Seq<StmtNode*> body;
        const char* owner = start == first ? "'if' statement" : "'elif' statement";
        if (!colon_and_block(body, owner, start)) return nullptr;
        auto* node = make_statement<If>(start);
        node->test = test;
        node->body = body;
        chain.push(node);
        if (!at(Tok::KwElif)) break;
    }
    if (!else_block(chain.back()->orelse)) return nullptr;
    const Span end = span_of_statement(first);
    while (chain.size() > 1) {
        If* inner = chain.back();
        inner->span.end_line = end.end_line;
        inner->span.end_column = end.end_column;
        chain.pop();
        chain.back()->orelse = arena_.seq_of<StmtNode*>({inner});
    }
    chain.back()->span = end;
    return chain.back();
}

StmtNode* Parser::while_statement() {
    const uint32_t start = pos_++;
    ExprNode* test = named_expression();
    Seq<StmtNode*> body, orelse;
    if (!test || !colon_and_block(body, "'while' statement", start) || !else_block(orelse)) return nullptr;
    auto* node = make_statement<While>(start);
    node->test = test;
    node->body = body;
    node->orelse = orelse;
    return node;
}

StmtNode* Parser::for_statement(uint32_t start, bool is_async) {
    const uint32_t keyword = pos_++;
    ExprNode* target = target_list();
    if (!target || !accept(Tok::KwIn)) return nullptr;
    ExprNode* iter = star_expressions();
    Seq<StmtNode*> body, orelse;
    if (!iter || !colon_and_block(body, "'for' statement", keyword) || !else_block(orelse)) return nullptr;
    auto fill = [&](auto* node) -> StmtNode* {
        node->target = target;
        node->iter = iter;
        node->body = body;
        node->orelse = orelse;
        return node;
    };
    return is_async ? fill(make_statement<AsyncFor>(start)) : fill(make_statement<For>(start));
}

// ---- with ------------------------------------------------------------------------------------------------

withitem* Parser::with_item(bool parenthesised) {
    ExprNode* context = expression();
    if (!context) return nullptr;
    ExprNode* vars = nullptr;
    if (accept(Tok::KwAs)) {
        const uint32_t start = pos_;
        vars = target_item();
        const bool ends = at(Tok::Comma) || at(Tok::Colon) || (parenthesised && at(Tok::RParen)) ||
                          (diagnosing_ && at(Tok::Newline));
        if (!vars || !ends || !is_star_target(vars)) {
            if (error_ || !diagnosing_) return nullptr;
            rewind(start);
            ExprNode* wrong = starts_expression(kind()) ? expression() : nullptr;
            if (wrong && (at(Tok::Comma) || at(Tok::Colon) || at(Tok::RParen))) {
                raise_invalid_target(wrong, Target::Star);
            }
            return nullptr;
        }
        set_context(vars, ExprContext::Store);
    }
    auto* item = arena_.make<withitem>();
    item->kind = NodeKind::withitem;
    item->context_expr = context;
    item->optional_vars = vars;
    return item;
}

bool Parser::with_items(Items<withitem>& items, bool parenthesised) {
    do {
        if (parenthesised && items.size() > 0 && at(Tok::RParen)) break;
        withitem* item = with_item(parenthesised);
        if (!item) return false;
        items.push(item);
    } while (accept(Tok::Comma));
    return true;
}

StmtNode* Parser::with_statement(uint32_t start, bool is_async) {
    const uint32_t keyword = pos_++;
    Items<withitem> items(*this);
    bool found = false;
    if (at(Tok::LParen)) {
        // Parentheses around all items, or the beginning of an expression? What follows the closing one
        // tells.
        const size_t warnings = result_.warnings.size();
        const bool diagnosing = std::exchange(diagnosing_, false);
        pos_++;
        found = with_items(items, true) && accept(Tok::RParen) && at(Tok::Colon);
        diagnosing_ = diagnosing;
        if (error_) return nullptr;
        if (!found) {
            while (items.size() > 0) items.pop();
            rewind(keyword + 1);
            result_.warnings.resize(warnings);
        }
    }
    if (!found && !with_items(items, false)) {
        if (!error_ && diagnosing_ && tokens_[keyword + 1].kind == Tok::LParen) {
            while (items.size() > 0) items.pop();
            rewind(keyword + 2);
            if (with_items(items, true) && accept(Tok::RParen) && at(Tok::Newline))
                raise_at_last_token("expected ':'");
        }
        return nullptr;
    }
    Seq<withitem*> managers = items.take();
    Seq<StmtNode*> body;
    if (!colon_and_block(body, "'with' statement", keyword)) return nullptr;
    auto fill = [&](auto* node) -> StmtNode* {
        node->items = managers;
        node->body = body;
        return node;
    };
    return is_async ? fill(make_statement<AsyncWith>(start)) : fill(make_statement<With>(start));
}

// ---- try -------------------------------------------------------------------------------------------------

// `is_star` is what the handlers before were, if there is a `previous` one, and then what this one is.
ExceptHandler* Parser::except_handler(const ExceptHandler* previous, bool& is_star) {
    const uint32_t start = pos_++;
    const bool was_star = is_star;
    is_star = accept(Tok::Star);
    ExprNode* type = nullptr;
    const Identifier* name = nullptr;
    if (starts_expression(kind())) {
        type = expression();
        if (!type) return nullptr;
        if (diagnosing_ && at(Tok::Comma)) {
            pos_++;
            const bool more = starts_expression(kind()) && star_expressions();
            if (more && accept(Tok::KwAs)) identifier();
            if (more && at(Tok::Colon)) raise_to_here(type, "multiple exception types must be parenthesized");
            return nullptr;
        }
        if (accept(Tok::KwAs) && !(name = identifier())) return nullptr;
    } else if (is_star) {
        if (diagnosing_ && (at(Tok::Newline) || at(Tok::Colon))) {
            raise_at_last_token("expected one or more exception types");
        }
        return nullptr;
    }
    if (previous && is_star != was_star) {
        if (!diagnosing_ || !at(Tok::Colon)) return nullptr;
        return raise_tokens(start, is_star ? start + 1 : start,
                            "cannot have both 'except' and 'except*' on the same 'try'");
    }
    Seq<StmtNode*> body;
    if (!colon_and_block(body, is_star ? "'except*' statement" : "'except' statement", start)) return nullptr;
    auto* handler = arena_.make<ExceptHandler>();
    handler->kind = NodeKind::ExceptHandler;
    handler->span = span_of_statement(start);
    handler->type = type;
    handler->name = name;
    handler->body = body;
    return handler;
}

StmtNode* Parser::try_statement() {
    const uint32_t start = pos_++;
    Seq<StmtNode*> body, orelse, finalbody;
    if (!forced_colon() || !block(body, "'try' statement", start)) return nullptr;
    Items<ExceptHandler> handlers(*this);
    bool star_kind = false;
    while (at(Tok::KwExcept)) {
        ExceptHandler* handler = except_handler(handlers.size() > 0 ? handlers.back() : nullptr, star_kind);
        if (!handler) return nullptr;
        handlers.push(handler);
    }
    Seq<ExceptHandler*> all_handlers = handlers.take();
    if (!all_handlers.empty() && !else_block(orelse)) return nullptr;
    const uint32_t final_start = pos_;
    if (accept(Tok::KwFinally)) {
        if (!forced_colon() || !block(finalbody, "'finally' statement", final_start)) return nullptr;
    } else if (all_handlers.empty()) {
        if (!diagnosing_ || error_) return nullptr;
        return raise_at_last_token("expected 'except' or 'finally' block");
    }
    auto fill = [&](auto* node) -> StmtNode* {
        node->body = body;
        node->handlers = all_handlers;
        node->orelse = orelse;
        node->finalbody = finalbody;
        return node;
    };
    return star_kind ? fill(make_statement<TryStar>(start)) : fill(make_statement<Try>(start));
}

// ---- def and class ---------------------------------------------------------------------------------------

StmtNode* Parser::decorated() {
    Items<ExprNode> decorators(*this);
    while (accept(Tok::At)) {
        ExprNode* decorator = named_expression();
        if (!decorator || !accept(Tok::Newline)) return nullptr;
        decorators.push(decorator);
    }
    Seq<ExprNode*> all = decorators.take();
    switch (kind()) {
        case Tok::KwDef:
            return function_definition(pos_, false, all);
        case Tok::KwClass:
            return class_definition(all);
        case Tok::KwAsync:
            return kind_at(1) == Tok::KwDef ? async_statement(all) : nullptr;
        default:
            return nullptr;
    }
}

StmtNode* Parser::async_statement(Seq<ExprNode*> decorators) {
    const uint32_t start = pos_++;
    switch (kind()) {
        case Tok::KwDef:
            return function_definition(start, true, decorators);
        case Tok::KwFor:
            return for_statement(start, true);
        case Tok::KwWith:
            return with_statement(start, true);
        default:
            return nullptr;
    }
}

StmtNode* Parser::function_definition(uint32_t start, bool is_async, Seq<ExprNode*> decorators) {
    const uint32_t keyword = pos_++;
    const Identifier* name = identifier();
    if (!name) return nullptr;
    if (!accept(Tok::LParen)) {
        if (!diagnosing_ || error_) return nullptr;
        return raise_at_last_token("expected '('");
    }
    arguments* args = parameters(false);
    if (!args || !accept(Tok::RParen)) return nullptr;
    ExprNode* returns = nullptr;
    const uint32_t arrow = pos_;
    if (accept(Tok::Arrow) && !(returns = expression())) {
        return diagnosing_ ? raise_token(arrow, "expected ':'") : Failure{};
    }
    Seq<StmtNode*> body;
    if (!forced_colon() || !block(body, "function definition", keyword)) return nullptr;
    auto fill = [&](auto* node) -> StmtNode* {
        node->name = name;
        node->args = args;
        node->body = body;
        node->decorator_list = decorators;
        node->returns = returns;
        return node;
    };
    return is_async ? fill(make_statement<AsyncFunctionDef>(start))
                    : fill(make_statement<FunctionDef>(start));
}

StmtNode* Parser::class_definition(Seq<ExprNode*> decorators) {
    const uint32_t start = pos_++;
    const Identifier* name = identifier();
    if (!name) return nullptr;
    Seq<ExprNode*> bases;
    Seq<keyword*> keywords;
    if (at(Tok::LParen) && !arguments_list(bases, keywords, false)) return nullptr;
    Seq<StmtNode*> body;
    if (!colon_and_block(body, "class definition", start)) return nullptr;
    auto* node = make_statement<ClassDef>(start);
    node->name = name;
    node->bases = bases;
    node->keywords = keywords;
    node->body = body;
    node->decorator_list = decorators;
    return node;
}

}  // namespace gen
