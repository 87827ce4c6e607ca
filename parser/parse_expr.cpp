// Expressions, from `yield` down to calls and subscripts. Binary and prefix operators are one loop over a
// stack of pending operators (operators()), so that neither long chains nor precedence levels cost C stack.

#include "parser/parser_impl.h"

namespace gen {

namespace {

// Binding strength of operators, weakest first. In the flat ones (or, and, comparisons) a run makes one node.
enum Precedence : uint8_t {
    kNoOperator,
    kOr,
    kAnd,
    kNot,
    kComparison,
    kBitOr,
    kBitXor,
    kBitAnd,
    kShift,
    kSum,
    kProduct,
    kSign,
    kPower
};

bool is_flat(uint8_t precedence) {
    return precedence == kOr || precedence == kAnd || precedence == kComparison;
}

uint8_t binary_precedence(Tok op) {
    switch (op) {
        case Tok::KwOr:
            return kOr;
        case Tok::KwAnd:
            return kAnd;
        case Tok::KwNot:  // of `not in`
        case Tok::KwIn:
        case Tok::KwIs:
        case Tok::Equal:
        case Tok::NotEqual:
        case Tok::Less:
        case Tok::LessEqual:
        case Tok::Greater:
        case Tok::GreaterEqual:
            return kComparison;
        case Tok::Pipe:
            return kBitOr;
        case Tok::Caret:
            return kBitXor;
        case Tok::Ampersand:
            return kBitAnd;
        case Tok::ShiftLeft:
        case Tok::ShiftRight:
            return kShift;
        case Tok::Plus:
        case Tok::Minus:
            return kSum;
        case Tok::Star:
        case Tok::Slash:
        case Tok::DoubleSlash:
        case Tok::Percent:
        case Tok::At:
            return kProduct;
        case Tok::DoubleStar:
            return kPower;
        default:
            return kNoOperator;
    }
}

Operator binary_operator(Tok op) {
    switch (op) {
        case Tok::Plus:
            return Operator::Add;
        case Tok::Minus:
            return Operator::Sub;
        case Tok::Star:
            return Operator::Mult;
        case Tok::At:
            return Operator::MatMult;
        case Tok::Slash:
            return Operator::Div;
        case Tok::Percent:
            return Operator::Mod;
        case Tok::DoubleStar:
            return Operator::Pow;
        case Tok::ShiftLeft:
            return Operator::LShift;
        case Tok::ShiftRight:
            return Operator::RShift;
        case Tok::Pipe:
            return Operator::BitOr;
        case Tok::Caret:
            return Operator::BitXor;
        case Tok::Ampersand:
            return Operator::BitAnd;
        default:
            return Operator::FloorDiv;
    }
}

UnaryOperator unary_operator(Tok op) {
    switch (op) {
        case Tok::Plus:
            return UnaryOperator::UAdd;
        case Tok::Minus:
            return UnaryOperator::USub;
        case Tok::Tilde:
            return UnaryOperator::Invert;
        default:
            return UnaryOperator::Not;
    }
}

CompareOperator compare_operator(Tok op, bool negated) {
    switch (op) {
        case Tok::Equal:
            return CompareOperator::Eq;
        case Tok::NotEqual:
            return CompareOperator::NotEq;
        case Tok::Less:
            return CompareOperator::Lt;
        case Tok::LessEqual:
            return CompareOperator::LtE;
        case Tok::Greater:
            return CompareOperator::Gt;
        case Tok::GreaterEqual:
            return CompareOperator::GtE;
        case Tok::KwIs:
            return negated ? CompareOperator::IsNot : CompareOperator::Is;
        default:
            return negated ? CompareOperator::NotIn : CompareOperator::In;
    }
}

}  // namespace

// ---- operators -------------------------------------------------------------------------------------------

ExprNode* Parser::bitwise_or() { return operators(kBitOr); }
ExprNode* Parser::disjunction() { return operators(kOr); }

// An operand with all operators that bind at least as strongly as `lowest`.
ExprNode* Parser::operators(uint8_t lowest) {
    Level level(*this);
    if (level.too_deep()) return nullptr;
    const uint32_t base = pending_.size();
    for (;;) {
        uint32_t start = pos_;
        switch (kind()) {
            case Tok::Minus:
            case Tok::Plus:
            case Tok::Tilde:
                pending_.push_back({nullptr, pos_, pos_, kind(), false, kSign});
                pos_++;
                continue;
            case Tok::KwNot: {
                uint8_t above = pending_.size() > base ? pending_.back().precedence : lowest;
                if (above > kNot) break;
                pending_.push_back({nullptr, pos_, pos_, Tok::KwNot, false, kNot});
                pos_++;
                continue;
            }
            default:
                break;
        }

        ExprNode* operand = primary();
        const bool cut_short = !operand;
        if (cut_short && !(falls_back() && last_operand(base, operand, start))) {
            pending_.truncate(base);
            return nullptr;
        }
        Tok op = kind();
        uint8_t precedence = binary_precedence(op);
        if (op == Tok::KwNot && kind_at(1) != Tok::KwIn) precedence = kNoOperator;
        if (precedence < lowest || cut_short) precedence = kNoOperator;
        while (pending_.size() > base) {
            uint8_t waiting = pending_.back().precedence;
            bool left_associative = waiting >= kBitOr && waiting <= kProduct;
            if (waiting < precedence || (waiting == precedence && !left_associative)) break;
            operand = reduce(operand, base, start);
            if (!operand) {
                pending_.truncate(base);
                return nullptr;
            }
        }
        if (precedence == kNoOperator) return operand;

        const uint32_t op_token = pos_++;
        bool negated = op == Tok::KwNot;
        if (negated) {
            pos_++;  // `in`
        } else if (op == Tok::KwIs) {
            negated = accept(Tok::KwNot);
        }
        pending_.push_back({operand, start, op_token, op, negated, precedence});
    }
}

// When the right operand is missing: goes back to before the last operator that has a left one.
bool Parser::last_operand(uint32_t base, ExprNode*& operand, uint32_t& start) {
    while (pending_.size() > base) {
        Pending top = pending_.back();
        pending_.pop_back();
        if (!top.left) continue;
        operand = top.left;
        start = top.start;
        rewind(top.op_token);
        return true;
    }
    return false;
}

// Applies the last pending operator (of a flat kind: the run of them) to its right operand.
ExprNode* Parser::reduce(ExprNode* operand, uint32_t base, uint32_t& start) {
    Pending top = pending_.back();
    if (!is_flat(top.precedence)) {
        pending_.pop_back();
        start = top.start;
        if (!top.left) {
            auto* node = make<UnaryOp>(start);
            node->op = unary_operator(top.op);
            node->operand = operand;
            return above(node, spine_height(operand));
        }
        auto* node = make<BinOp>(start);
        node->left = top.left;
        node->op = binary_operator(top.op);
        node->right = operand;
        return above(node, std::max(spine_height(top.left), height(operand)));
    }

    uint32_t first = pending_.size();
    while (first > base && pending_[first - 1].precedence == top.precedence) first--;
    uint32_t count = pending_.size() - first;
    start = pending_[first].start;
    uint32_t children = height(operand);
    for (uint32_t i = 0; i < count; i++) children = std::max(children, height(pending_[first + i].left));
    ExprNode* result;
    if (top.precedence == kComparison) {
        auto* node = make<Compare>(start);
        node->left = pending_[first].left;
        node->ops = {arena_.make_array<CompareOperator>(count), count};
        node->comparators = {arena_.make_array<ExprNode*>(count), count};
        for (uint32_t i = 0; i < count; i++) {
            const Pending& item = pending_[first + i];
            node->ops[i] = compare_operator(item.op, item.negated);
            node->comparators[i] = i + 1 < count ? pending_[first + i + 1].left : operand;
        }
        result = node;
    } else {
        auto* node = make<BoolOp>(start);
        node->op = top.precedence == kOr ? BoolOperator::Or : BoolOperator::And;
        node->values = {arena_.make_array<ExprNode*>(count + 1), count + 1};
        for (uint32_t i = 0; i < count; i++) node->values[i] = pending_[first + i].left;
        node->values[count] = operand;
        result = node;
    }
    pending_.truncate(first);
    return above(result, children);
}

// ---- primaries -------------------------------------------------------------------------------------------

ExprNode* Parser::primary() {
    const uint32_t await_start = pos_;
    const bool awaits = accept(Tok::KwAwait);
    const uint32_t start = pos_;
    ExprNode* node = atom();
    while (node && (at(Tok::Dot) || at(Tok::LParen) || at(Tok::LBracket))) {
        const uint32_t here = pos_;
        ExprNode* longer = trailer(start, node);
        if (!longer && falls_back()) {
            rewind(here);
            break;
        }
        node = longer;
    }
    if (!node || !awaits) return node;
    auto* await = make<Await>(await_start);
    await->value = node;
    return above(await, height(node));
}

// `.name`, `(…)` or `[…]` behind `node`.
ExprNode* Parser::trailer(uint32_t start, ExprNode* node) {
    if (at(Tok::LParen)) return call_arguments(start, node);
    if (accept(Tok::Dot)) {
        const Identifier* attr = identifier();
        if (!attr) return nullptr;
        auto* attribute = make<Attribute>(start);
        attribute->value = node;
        attribute->attr = attr;
        return above(attribute, spine_height(node));
    }
    pos_++;
    ExprNode* index = subscript_index();
    if (!index || !accept(Tok::RBracket)) return nullptr;
    auto* subscript = make<Subscript>(start);
    subscript->value = node;
    subscript->slice = index;
    return above(subscript, std::max(spine_height(node), height(index)));
}

ExprNode* Parser::subscript_index() {
    uint32_t start = pos_;
    bool is_tuple = at(Tok::Star);
    ExprNode* first = slice_item();
    if (!first) return nullptr;
    if (!is_tuple && !at(Tok::Comma)) return first;
    Items<ExprNode> items(*this);
    items.push(first);
    while (accept(Tok::Comma)) {
        if (at(Tok::RBracket)) break;
        ExprNode* item = slice_item();
        if (!item) return nullptr;
        items.push(item);
    }
    auto* tuple = make<Tuple>(start);
    tuple->elts = items.take();
    return above(tuple, height(tuple->elts));
}

ExprNode* Parser::slice_item() {
    if (at(Tok::Star)) return starred(&Parser::expression);
    uint32_t start = pos_;
    ExprNode* lower = nullptr;
    if (!at(Tok::Colon)) {
        lower = named_expression();
        if (!lower || !at(Tok::Colon)) return lower;
        if (is<NamedExpr>(lower) && tokens_[start].kind != Tok::LParen) return nullptr;
    }
    pos_++;
    ExprNode* upper = nullptr;
    ExprNode* step = nullptr;
    if (starts_expression(kind()) && !(upper = expression())) return nullptr;
    if (accept(Tok::Colon) && starts_expression(kind()) && !(step = expression())) return nullptr;
    auto* slice = make<Slice>(start);
    slice->lower = lower;
    slice->upper = upper;
    slice->step = step;
    return above(slice, std::max({height(lower), height(upper), height(step)}));
}

// ---- conditional expressions and lambda ------------------------------------------------------------------

ExprNode* Parser::expression() {
    if (at(Tok::KwLambda)) return lambda();
    uint32_t start = pos_;
    ExprNode* first = disjunction();
    if (!first || (diagnosing_ && diagnose_expression(start, first))) return nullptr;
    return at(Tok::KwIf) ? conditional(start, first) : first;
}

// `body if test else …` by a loop: its last part may be another conditional, and so on.
ExprNode* Parser::conditional(uint32_t start, ExprNode* body) {
    // The pending stack serves as the list of (body, start), (test, start), … that wait for the end.
    const uint32_t base = pending_.size();
    ExprNode* last = body;
    while (last && at(Tok::KwIf)) {
        const uint32_t if_token = pos_++;
        ExprNode* test = disjunction();
        if (test && !at(Tok::KwElse)) {
            if (diagnosing_ && !at(Tok::Colon))
                raise_range(last, test, "expected 'else' after 'if' expression");
            test = nullptr;
        }
        ExprNode* orelse = nullptr;
        const uint32_t orelse_start = pos_ + 1;
        if (test) {
            pos_++;
            orelse = at(Tok::KwLambda) ? lambda() : disjunction();
            if (orelse && diagnosing_ && diagnose_expression(orelse_start, orelse)) orelse = nullptr;
        }
        if (!orelse && falls_back()) {
            rewind(if_token);
            break;
        }
        pending_.push_back({last, start, if_token, Tok::KwIf, false, kNoOperator});
        pending_.push_back({test, start, if_token, Tok::KwElse, false, kNoOperator});
        last = orelse;
        start = orelse_start;
    }
    while (last && pending_.size() > base) {
        ExprNode* test = pending_.back().left;
        pending_.pop_back();
        Pending first = pending_.back();
        pending_.pop_back();
        auto* node = make<IfExp>(first.start);
        node->test = test;
        node->body = first.left;
        node->orelse = last;
        last = above(node, std::max({height(test), height(first.left), spine_height(last)}));
    }
    pending_.truncate(base);
    return last;
}

ExprNode* Parser::lambda() {
    Level level(*this);
    if (level.too_deep()) return nullptr;
    uint32_t start = pos_++;
    arguments* args = parameters(true);
    if (!args || !accept(Tok::Colon)) return nullptr;
    ExprNode* body = expression();
    if (!body) return nullptr;
    auto* node = make<Lambda>(start);
    node->args = args;
    node->body = body;
    return above(node, std::max(height(args), height(body)));
}

// ---- named, starred, yield -------------------------------------------------------------------------------

ExprNode* Parser::assignment_expression() {
    uint32_t start = pos_;
    ExprNode* target = name();
    set_context(target, ExprContext::Store);
    pos_++;  // :=
    ExprNode* value = expression();
    if (!value) return nullptr;
    auto* node = make<NamedExpr>(start);
    node->target = target;
    node->value = value;
    return above(node, height(value));
}

ExprNode* Parser::named_expression() {
    if (at(Tok::Name) && kind_at(1) == Tok::ColonAssign) return assignment_expression();
    uint32_t start = pos_;
    ExprNode* node = expression();
    if (!node) return nullptr;
    if (at(Tok::ColonAssign)) {
        if (!diagnosing_) return nullptr;
        pos_++;
        if (expression()) raise_described("cannot use assignment expressions with ", node);
        return nullptr;
    }
    if (diagnosing_ && diagnose_named_expression(start, node)) return nullptr;
    return node;
}

ExprNode* Parser::starred(ExprNode* (Parser::*operand)()) {
    uint32_t start = pos_++;
    ExprNode* value = (this->*operand)();
    if (!value) return nullptr;
    auto* node = make<Starred>(start);
    node->value = value;
    return above(node, height(value));
}

ExprNode* Parser::star_named_expression() {
    return at(Tok::Star) ? starred(&Parser::bitwise_or) : named_expression();
}

ExprNode* Parser::star_expression() { return at(Tok::Star) ? starred(&Parser::bitwise_or) : expression(); }

ExprNode* Parser::star_expressions() {
    const uint32_t start = pos_;
    return star_expressions_from(start, star_expression());
}

// Behind the first of them, which may be null.
ExprNode* Parser::star_expressions_from(uint32_t start, ExprNode* first) {
    if (!first || !at(Tok::Comma)) return first;
    Items<ExprNode> items(*this);
    items.push(first);
    while (accept(Tok::Comma)) {
        if (!starts_expression(kind()) && !at(Tok::Star)) break;
        const uint32_t here = pos_;
        ExprNode* item = star_expression();
        if (!item && falls_back()) {
            rewind(here);
            break;
        }
        if (!item) return nullptr;
        items.push(item);
    }
    auto* tuple = make<Tuple>(start);
    tuple->elts = items.take();
    return above(tuple, height(tuple->elts));
}

ExprNode* Parser::yield_or_star_expressions() {
    return at(Tok::KwYield) ? yield_expression() : star_expressions();
}

ExprNode* Parser::yield_expression() {
    uint32_t start = pos_++;
    if (accept(Tok::KwFrom)) {
        ExprNode* value = expression();
        if (!value) return nullptr;
        auto* node = make<YieldFrom>(start);
        node->value = value;
        return above(node, height(value));
    }
    ExprNode* value = nullptr;
    if ((starts_expression(kind()) || at(Tok::Star)) && !(value = star_expressions())) return nullptr;
    auto* node = make<Yield>(start);
    node->value = value;
    return above(node, height(value));
}

// ---- diagnosis -------------------------------------------------------------------------------------------

// A diagnosis may parse again what has been parsed: once for each token and reason, and not on top of a deep
// stack.
bool Parser::first_diagnosis(uint32_t token, Diagnosis reason) {
    if (depth_ + block_depth_ > kMaxDiagnosedDepth) return false;
    while (diagnosed_.size() <= token) diagnosed_.push_back(0);
    const uint8_t bit = static_cast<uint8_t>(reason);
    if (diagnosed_[token] & bit) return false;
    diagnosed_[token] |= bit;
    return true;
}

bool Parser::is_legacy_keyword(uint32_t index) {
    return tokens_[index].kind == Tok::Name && (text_at(index) == "print" || text_at(index) == "exec");
}

Parser::Failure Parser::raise_legacy_call(uint32_t name, const ExprNode* argument) {
    const std::string word(text_at(name));
    return raise(tokens_[name].start, offset_of_end(argument->span),
                 "Missing parentheses in call to '" + word + "'. Did you mean " + word + "(...)?");
}

// What print is given without parentheses. Its first expression has been read above without a look for faults, and CPython
// remembers what it made of it.
ExprNode* Parser::legacy_argument() {
    const uint32_t start = pos_;
    diagnosing_ = false;
    ExprNode* first = at(Tok::KwLambda) ? lambda() : disjunction();
    diagnosing_ = true;
    if (!first || error_ || diagnose_expression(start, first)) return nullptr;
    return star_expressions_from(start, at(Tok::KwIf) ? conditional(start, first) : first);
}

// After a complete operand: is something missing, a comma or the parentheses of print? True when an error was
// raised.
bool Parser::diagnose_expression(uint32_t start, ExprNode* first) {
    const uint32_t here = pos_;
    Level level(*this);
    if (!first_diagnosis(start, Diagnosis::Expression)) return false;
    const bool starts_with_name = tokens_[start].kind == Tok::Name;
    // CPython 3.11 takes every prefix of a soft keyword for one here.
    const bool is_soft_keyword =
        starts_with_name && (std::string_view("match").starts_with(text_at(start)) ||
                             std::string_view("case").starts_with(text_at(start)) || text_at(start) == "_");
    const Tok second = start + 1 < tokens_.size() ? tokens_[start + 1].kind : Tok::EndMarker;
    const bool may_be_bad_prefix =
        starts_with_name && (second == Tok::String || second == Tok::Bytes || second == Tok::FStringStart);
    const bool is_followed = !is_soft_keyword && !may_be_bad_prefix && starts_expression(kind());
    if (is_followed) {
        diagnosing_ = false;
        ExprNode* second_expression = expression();
        diagnosing_ = true;
        if (error_) return true;
        bool in_brackets = second_expression && tokens_[pos_ - 1].level > 0;
        bool is_legacy = is<Name>(first) && is_legacy_keyword(start);
        if (in_brackets && !is_legacy) {
            raise_range(first, second_expression, "invalid syntax. Perhaps you forgot a comma?");
            return true;
        }
        rewind(here);
    }
    // Whatever the name is, CPython looks at what follows it as if it were print's argument, and finds faults
    // in it.
    if (starts_with_name && second != Tok::LParen && (starts_expression(second) || second == Tok::Star)) {
        if (accept(Tok::KwIf)) {
            ExprNode* test = disjunction();
            if (test && !at(Tok::KwElse) && !at(Tok::Colon)) {
                raise_range(first, test, "expected 'else' after 'if' expression");
            }
            if (error_) return true;
        }
        rewind(start + 1);
        ExprNode* printed = is_followed && here == start + 1 ? legacy_argument() : star_expressions();
        if (printed && is_legacy_keyword(start)) {
            raise_legacy_call(start, printed);
        }
        if (error_) return true;
        rewind(here);
    }
    return false;
}

// Whether the text at `start` begins with a list, tuple or generator display, or with None, True or False.
bool Parser::starts_with_display(const ExprNode* node, uint32_t start) const {
    const Lexeme& token = tokens_[start];
    while (node->span.line == token.line && node->span.column == token.column) {
        switch (node->kind) {
            case NodeKind::List:
            case NodeKind::Tuple:
            case NodeKind::GeneratorExp:
                return true;
            case NodeKind::Constant:
                return as<Constant>(node)->value.kind <= LiteralKind::True;
            case NodeKind::UnaryOp:
                return false;
            default:
                break;
        }
        node = spine_child(node);
        if (!node) return false;
    }
    return false;
}

// `x = y` where only an expression can be: was `==` or `:=` meant? True when an error was raised.
bool Parser::diagnose_named_expression(uint32_t start, ExprNode* first) {
    if (!at(Tok::Assign) || !first_diagnosis(start, Diagnosis::NamedExpression)) return false;
    const bool in_parentheses =
        first->span.line != tokens_[start].line || first->span.column != tokens_[start].column;
    if (!in_parentheses) {
        switch (first->kind) {
            case NodeKind::Compare:
            case NodeKind::BoolOp:
            case NodeKind::IfExp:
            case NodeKind::Lambda:
                return false;
            case NodeKind::UnaryOp:
                if (as<UnaryOp>(first)->op == UnaryOperator::Not) return false;
                break;
            default:
                break;
        }
    }
    const uint32_t here = pos_++;
    ExprNode* value = bitwise_or();
    if (value && !at(Tok::Assign) && !at(Tok::ColonAssign)) {
        if (is<Name>(first) && !in_parentheses) {
            raise_range(first, value, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
        } else if (!starts_with_display(first, start)) {
            raise_described("cannot assign to ", first, " here. Maybe you meant '==' instead of '='?");
        }
    }
    if (error_) return true;
    rewind(here);
    return false;
}

}  // namespace gen
