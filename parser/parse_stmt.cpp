// Simple statements.

#include "parser/parser_impl.h"

namespace gen {

namespace {

bool augmented_operator(Tok kind, Operator& op) {
    switch (kind) {
        case Tok::PlusAssign:
            op = Operator::Add;
            return true;
        case Tok::MinusAssign:
            op = Operator::Sub;
            return true;
        case Tok::StarAssign:
            op = Operator::Mult;
            return true;
        case Tok::AtAssign:
            op = Operator::MatMult;
            return true;
        case Tok::SlashAssign:
            op = Operator::Div;
            return true;
        case Tok::PercentAssign:
            op = Operator::Mod;
            return true;
        case Tok::DoubleStarAssign:
            op = Operator::Pow;
            return true;
        case Tok::ShiftLeftAssign:
            op = Operator::LShift;
            return true;
        case Tok::ShiftRightAssign:
            op = Operator::RShift;
            return true;
        case Tok::PipeAssign:
            op = Operator::BitOr;
            return true;
        case Tok::CaretAssign:
            op = Operator::BitXor;
            return true;
        case Tok::AmpersandAssign:
            op = Operator::BitAnd;
            return true;
        case Tok::DoubleSlashAssign:
            op = Operator::FloorDiv;
            return true;
        default:
            return false;
    }
}

}  // namespace

// One logical line, or one compound statement.
bool Parser::statement(Items<StmtNode>& out) {
    switch (kind()) {
        case Tok::KwIf:
        case Tok::KwWhile:
        case Tok::KwFor:
        case Tok::KwTry:
        case Tok::KwWith:
        case Tok::KwDef:
        case Tok::KwClass:
        case Tok::KwAsync:
        case Tok::At: {
            StmtNode* compound = compound_statement();
            if (compound) out.push(compound);
            return compound;
        }
        case Tok::Name:
            if (at_soft_keyword("match") && (starts_expression(kind_at(1)) || kind_at(1) == Tok::Star)) {
                const uint32_t start = pos_;
                const size_t warnings = result_.warnings.size();
                bool committed = false;
                StmtNode* match = match_statement(committed);
                if (match) out.push(match);
                if (match || committed || error_) return match;
                rewind(start);
                result_.warnings.resize(warnings);
            }
            break;
        default:
            break;
    }
    return simple_statements(out);
}

bool Parser::simple_statements(Items<StmtNode>& out) {
    for (;;) {
        StmtNode* statement = simple_statement();
        if (!statement) return false;
        out.push(statement);
        if (accept(Tok::Newline)) return true;
        if (!accept(Tok::Semicolon)) return false;
        if (accept(Tok::Newline)) return true;
    }
}

StmtNode* Parser::simple_statement() {
    const uint32_t start = pos_;
    switch (kind()) {
        case Tok::KwReturn:
            return return_statement();
        case Tok::KwImport:
            return import_statement();
        case Tok::KwFrom:
            return import_from_statement();
        case Tok::KwRaise:
            return raise_statement();
        case Tok::KwDel:
            return delete_statement();
        case Tok::KwAssert:
            return assert_statement();
        case Tok::KwGlobal:
        case Tok::KwNonlocal:
            return global_statement();
        case Tok::KwPass:
            pos_++;
            return make_statement<Pass>(start);
        case Tok::KwBreak:
            pos_++;
            return make_statement<Break>(start);
        case Tok::KwContinue:
            pos_++;
            return make_statement<Continue>(start);
        default:
            return expression_statement();
    }
}

// ---- expressions and assignments -------------------------------------------------------------------------

StmtNode* Parser::expression_statement() {
    const uint32_t start = pos_;
    if (!starts_expression(kind()) && !at(Tok::Star) && !at(Tok::KwYield)) return nullptr;
    ExprNode* value = yield_or_star_expressions();
    if (!value) return nullptr;
    Operator op;
    if (at(Tok::Assign)) return assignment(start, value);
    if (at(Tok::Colon)) {
        if (tokens_[start].kind == Tok::KwYield) return nullptr;
        // The target of an annotation is a bare name, or an attribute, subscript or name in parentheses.
        const bool simple = is<Name>(value) && pos_ == start + 1;
        const bool unparenthesised =
            tokens_[start].column == value->span.column && tokens_[start].line == value->span.line;
        const bool is_target =
            simple || (is_single_target(value) && (unparenthesised || tokens_[start].kind == Tok::LParen));
        if (is_target) return annotated_assignment(start, value, simple);
        if (diagnosing_) diagnose_annotation_target(start, value);
        return nullptr;
    }
    if (augmented_operator(kind(), op)) return augmented_assignment(start, value);
    if (diagnosing_ && diagnose_as_expressions(start)) return nullptr;
    auto* node = make_statement<Expr>(start);
    node->value = value;
    return node;
}

StmtNode* Parser::annotated_assignment(uint32_t start, ExprNode* target, bool simple) {
    pos_++;
    ExprNode* annotation = expression();
    if (!annotation) return nullptr;
    ExprNode* value = nullptr;
    if (accept(Tok::Assign) && !(value = yield_or_star_expressions())) return nullptr;
    set_context(target, ExprContext::Store);
    auto* node = make_statement<AnnAssign>(start);
    node->target = target;
    node->annotation = annotation;
    node->value = value;
    node->simple = simple;
    return node;
}

// `target = target = … = value`; the first target is read.
StmtNode* Parser::assignment(uint32_t start, ExprNode* first) {
    Items<ExprNode> targets(*this);
    ExprNode* value = first;
    uint32_t value_start = start;
    const uint32_t assign = pos_;
    while (at(Tok::Assign)) {
        if (!is_star_target(value)) {
            if (diagnosing_) diagnose_assignment_target(start, value_start, value);
            return nullptr;
        }
        set_context(value, ExprContext::Store);
        targets.push(value);
        pos_++;
        value_start = pos_;
        value = yield_or_star_expressions();
        if (!value) return nullptr;
    }
    warn_suspicious_assignment(assign);
    auto* node = make_statement<Assign>(start);
    node->targets = targets.take();
    node->value = value;
    return node;
}

// `n =- 1`: probably `n -= 1`.
void Parser::warn_suspicious_assignment(uint32_t assign) {
    const Lexeme& sign = tokens_[assign + 1];
    const std::string& text = source_.text();
    if (sign.kind != Tok::Minus && sign.kind != Tok::Plus) return;
    const bool touches = sign.start == tokens_[assign].end && tokens_[assign + 2].start > sign.end;
    const bool is_spaced = tokens_[assign].start > tokens_[assign - 1].end;
    if (!touches || !is_spaced) return;
    const std::string op(1, text[sign.start]);
    warn(tokens_[assign].start, sign.end, "suspicious '=" + op + "': did you mean '" + op + "='?");
}

StmtNode* Parser::augmented_assignment(uint32_t start, ExprNode* target) {
    Operator op = Operator::Add;
    augmented_operator(kind(), op);
    if (!is_single_target(target)) {
        if (!diagnosing_ || diagnose_as_expressions(start) || tokens_[start].kind == Tok::KwYield)
            return nullptr;
        pos_++;
        if (!yield_or_star_expressions()) return nullptr;
        return raise_described("'", target, "' is an illegal expression for augmented assignment");
    }
    pos_++;
    ExprNode* value = yield_or_star_expressions();
    if (!value) return nullptr;
    set_context(target, ExprContext::Store);
    auto* node = make_statement<AugAssign>(start);
    node->target = target;
    node->op = op;
    node->value = value;
    return node;
}

// A statement that is no assignment is seen as a list of expressions next, as by CPython: in `f() = 1` the
// `=` may have been meant as `==`. True when an error was raised.
bool Parser::diagnose_as_expressions(uint32_t start) {
    const uint32_t here = pos_;
    rewind(start);
    if (star_named_expression() && accept(Tok::Comma)) {
        while ((starts_expression(kind()) || at(Tok::Star)) && star_named_expression()) accept(Tok::Comma);
    }
    rewind(here);
    return error_.has_value();
}

// `target =`, where target is none, in the statement that begins at `start`. True when an error was raised.
bool Parser::diagnose_assignment_target(uint32_t start, uint32_t target_start, ExprNode* target) {
    if (diagnose_as_expressions(start)) return true;
    if (tokens_[target_start].kind == Tok::KwYield) {
        return !raise_at(target, "assignment to yield expression not possible");
    }
    return raise_invalid_target(target, Target::Star);
}

bool Parser::in_parentheses(uint32_t first, uint32_t last) const {
    if (tokens_[first].kind != Tok::LParen) return false;
    const uint32_t outside = tokens_[first].level - 1u;
    uint32_t close = first;
    while (close < last && tokens_[close].level > outside) close++;
    return close == last && tokens_[last].level == outside;
}

// `target: annotation`, where target is none. True when an error was raised.
bool Parser::diagnose_annotation_target(uint32_t start, ExprNode* target) {
    const bool is_bare = !in_parentheses(start, pos_ - 1);
    pos_++;
    if (!starts_expression(kind()) || !expression()) return error_.has_value();
    if (is<List>(target)) return !raise_at(target, "only single target (not list) can be annotated");
    if (is<Tuple>(target)) {
        const Node* place = is_bare ? as<Tuple>(target)->elts.front() : target;
        return !raise_at(place, "only single target (not tuple) can be annotated");
    }
    return !raise_at(target, "illegal target for annotation");
}

// ---- keyword statements ----------------------------------------------------------------------------------

StmtNode* Parser::return_statement() {
    const uint32_t start = pos_++;
    ExprNode* value = nullptr;
    if ((starts_expression(kind()) || at(Tok::Star)) && !(value = star_expressions())) return nullptr;
    auto* node = make_statement<Return>(start);
    node->value = value;
    return node;
}

StmtNode* Parser::raise_statement() {
    const uint32_t start = pos_++;
    ExprNode* exc = nullptr;
    ExprNode* cause = nullptr;
    if (starts_expression(kind())) {
        if (!(exc = expression())) return nullptr;
        if (accept(Tok::KwFrom) && !(cause = expression())) return nullptr;
    }
    auto* node = make_statement<Raise>(start);
    node->exc = exc;
    node->cause = cause;
    return node;
}

StmtNode* Parser::assert_statement() {
    const uint32_t start = pos_++;
    ExprNode* test = expression();
    if (!test) return nullptr;
    ExprNode* msg = nullptr;
    if (accept(Tok::Comma) && !(msg = expression())) return nullptr;
    auto* node = make_statement<Assert>(start);
    node->test = test;
    node->msg = msg;
    return node;
}

StmtNode* Parser::delete_statement() {
    const uint32_t start = pos_++;
    Items<ExprNode> targets(*this);
    bool valid = starts_expression(kind());
    while (valid && starts_expression(kind())) {
        ExprNode* target = primary();
        valid = target && is_delete_target(target);
        if (!valid) break;
        targets.push(target);
        if (!accept(Tok::Comma)) break;
    }
    if (error_) return nullptr;
    if (!valid || (!at(Tok::Newline) && !at(Tok::Semicolon))) {
        if (diagnosing_) {
            rewind(start + 1);
            if (ExprNode* expressions = star_expressions()) raise_invalid_target(expressions, Target::Delete);
        }
        return nullptr;
    }
    auto* node = make_statement<Delete>(start);
    node->targets = targets.take();
    for (ExprNode* target : node->targets) set_context(target, ExprContext::Del);
    return node;
}

StmtNode* Parser::global_statement() {
    const bool is_global = at(Tok::KwGlobal);
    const uint32_t start = pos_++;
    Items<const Identifier> names(*this);
    do {
        const Identifier* name = identifier();
        if (!name) return nullptr;
        names.push(name);
    } while (accept(Tok::Comma));
    if (is_global) {
        auto* node = make_statement<Global>(start);
        node->names = names.take();
        return node;
    }
    auto* node = make_statement<Nonlocal>(start);
    node->names = names.take();
    return node;
}

// ---- imports ---------------------------------------------------------------------------------------------

const Identifier* Parser::dotted_name() {
    const Identifier* name = identifier();
    while (name && accept(Tok::Dot)) {
        const Identifier* part = identifier();
        name = part ? arena_.intern(arena_.concat({name->text, ".", part->text})) : nullptr;
    }
    return name;
}

StmtNode* Parser::import_statement() {
    const uint32_t start = pos_++;
    Items<alias> names(*this);
    do {
        const uint32_t name_start = pos_;
        const Identifier* name = dotted_name();
        if (!name) return nullptr;
        const Identifier* asname = nullptr;
        if (accept(Tok::KwAs) && !(asname = identifier())) return nullptr;
        auto* item = make<alias>(name_start);
        item->name = name;
        item->asname = asname;
        names.push(item);
    } while (accept(Tok::Comma));
    auto* node = make_statement<Import>(start);
    node->names = names.take();
    return node;
}

// `a as b, c`, with a trailing comma if in parentheses.
bool Parser::imported_names(Items<alias>& names, bool parenthesised) {
    do {
        if (parenthesised && names.size() > 0 && at(Tok::RParen)) return true;
        if (!parenthesised && names.size() > 0 && at(Tok::Newline)) {
            return diagnosing_ &&
                   raise_at_last_token("trailing comma not allowed without surrounding parentheses");
        }
        const uint32_t start = pos_;
        const Identifier* name = identifier();
        if (!name) return false;
        const Identifier* asname = nullptr;
        if (accept(Tok::KwAs) && !(asname = identifier())) return false;
        auto* item = make<alias>(start);
        item->name = name;
        item->asname = asname;
        names.push(item);
    } while (accept(Tok::Comma));
    return true;
}

StmtNode* Parser::import_from_statement() {
    const uint32_t start = pos_++;
    int level = 0;
    for (; at(Tok::Dot) || at(Tok::Ellipsis); pos_++) level += at(Tok::Dot) ? 1 : 3;
    const Identifier* module = nullptr;
    if (at(Tok::Name) || level == 0) {
        module = dotted_name();
        if (!module) return nullptr;
    }
    if (!accept(Tok::KwImport)) return nullptr;
    Items<alias> names(*this);
    if (at(Tok::Star)) {
        const uint32_t star = pos_++;
        auto* item = make<alias>(star);
        item->name = arena_.intern("*");
        names.push(item);
    } else if (accept(Tok::LParen)) {
        if (!imported_names(names, true) || !accept(Tok::RParen)) return nullptr;
    } else if (!imported_names(names, false)) {
        return nullptr;
    }
    auto* node = make_statement<ImportFrom>(start);
    node->module = module;
    node->names = names.take();
    node->level = level;
    if (level == 0 && module->text == "__future__" && !check_future_import(node)) return nullptr;
    return node;
}

bool Parser::check_future_import(const ImportFrom* import) {
    static constexpr std::string_view kFeatures[] = {
        "nested_scopes",  "generators",       "division",       "absolute_import", "with_statement",
        "print_function", "unicode_literals", "barry_as_FLUFL", "generator_stop",  "annotations",
    };
    const uint32_t start = offset_of_start(import->span);
    if (!future_allowed_ || block_depth_ > 0) {
        return raise_at(import, "from __future__ imports must occur at the beginning of the file");
    }
    for (const alias* item : import->names) {
        std::string_view feature = item->name->text;
        if (feature == "braces") return raise(start, start, "not a chance");
        if (std::find(std::begin(kFeatures), std::end(kFeatures), feature) == std::end(kFeatures)) {
            return raise(start, start, "future feature " + std::string(feature) + " is not defined");
        }
        if (feature == "annotations") result_.future_annotations = true;
    }
    return true;
}

}  // namespace gen
