// `match` statements and patterns. `match` and `case` are ordinary names elsewhere: match_statement() may
// answer null with nothing committed, and the line is an expression statement then.

#include "parser/parser_impl.h"

namespace gen {

StmtNode* Parser::match_statement(bool& committed) {
    const uint32_t start = pos_++;
    ExprNode* subject = star_named_expression();
    if (!subject) return nullptr;
    if (at(Tok::Comma) || is<Starred>(subject)) {
        if (!at(Tok::Comma)) return nullptr;
        Items<ExprNode> items(*this);
        items.push(subject);
        while (accept(Tok::Comma)) {
            if (!starts_expression(kind()) && !at(Tok::Star)) break;
            ExprNode* item = star_named_expression();
            if (!item) return nullptr;
            items.push(item);
        }
        auto* tuple = make<Tuple>(start + 1);
        tuple->elts = items.take();
        subject = above(tuple, height(tuple->elts));
        if (!subject) return nullptr;
    }
    if (!at(Tok::Colon)) {
        if (diagnosing_ && at(Tok::Newline)) raise_at_last_token("expected ':'");
        return nullptr;
    }
    pos_++;
    if (!accept(Tok::Newline)) return nullptr;
    if (!accept(Tok::Indent)) {
        if (diagnosing_ && !error_) {
            raise_at_last_token("expected an indented block after 'match' statement on line " +
                                    std::to_string(tokens_[start].line),
                                Diagnostic::Kind::IndentationError);
        }
        return nullptr;
    }
    committed = at_soft_keyword("case");
    Items<match_case> cases(*this);
    bool ok = true;
    block_depth_++;
    while (ok && at_soft_keyword("case")) {
        match_case* item = case_block();
        if (item) cases.push(item);
        ok = item;
    }
    block_depth_--;
    if (!ok || cases.size() == 0 || !accept(Tok::Dedent)) return nullptr;
    auto* node = make_statement<Match>(start);
    node->subject = subject;
    node->cases = cases.take();
    return node;
}

match_case* Parser::case_block() {
    const uint32_t start = pos_++;
    PatternNode* matched = patterns();
    if (!matched) return nullptr;
    ExprNode* guard = nullptr;
    if (accept(Tok::KwIf) && !(guard = named_expression())) return nullptr;
    Seq<StmtNode*> body;
    if (!colon_and_block(body, "'case' statement", start)) return nullptr;
    auto* node = arena_.make<match_case>();
    node->kind = NodeKind::match_case;
    node->pattern = matched;
    node->guard = guard;
    node->body = body;
    return node;
}

// The pattern of a case: here a sequence needs no brackets.
PatternNode* Parser::patterns() {
    const uint32_t start = pos_;
    PatternNode* first = pattern(true);
    if (!first || (!at(Tok::Comma) && !is<MatchStar>(first))) return first;
    if (!at(Tok::Comma)) return nullptr;
    Items<PatternNode> items(*this);
    items.push(first);
    while (accept(Tok::Comma)) {
        if (at(Tok::Colon) || at(Tok::KwIf)) break;
        PatternNode* item = pattern(true);
        if (!item) return nullptr;
        items.push(item);
    }
    auto* node = make<MatchSequence>(start);
    node->patterns = items.take();
    return above(node, height(node->patterns));
}

PatternNode* Parser::pattern(bool star_allowed) {
    if (star_allowed && at(Tok::Star)) return star_pattern();
    const uint32_t start = pos_;
    PatternNode* inner = or_pattern();
    if (!inner || !at(Tok::KwAs)) return inner;
    pos_++;
    const uint32_t target = pos_;
    if (diagnosing_ && !error_) {
        if (at_soft_keyword("_")) return raise_token(target, "cannot use '_' as a target");
        if (!at(Tok::Name)) {
            ExprNode* wrong = starts_expression(kind()) ? expression() : nullptr;
            return wrong ? raise_at(wrong, "invalid pattern target") : Failure{};
        }
    }
    const Identifier* name = identifier();
    if (!name || name->text == "_" || at(Tok::Dot) || at(Tok::LParen) || at(Tok::Assign)) return nullptr;
    auto* node = make<MatchAs>(start);
    node->pattern = inner;
    node->name = name;
    return above(node, height(inner));
}

PatternNode* Parser::or_pattern() {
    const uint32_t start = pos_;
    PatternNode* first = closed_pattern();
    if (!first || !at(Tok::Pipe)) return first;
    Items<PatternNode> items(*this);
    items.push(first);
    while (accept(Tok::Pipe)) {
        PatternNode* item = closed_pattern();
        if (!item) return nullptr;
        items.push(item);
    }
    auto* node = make<MatchOr>(start);
    node->patterns = items.take();
    return above(node, height(node->patterns));
}

PatternNode* Parser::star_pattern() {
    const uint32_t start = pos_++;
    const Identifier* name = identifier();
    if (!name) return nullptr;
    auto* node = make<MatchStar>(start);
    node->name = name->text == "_" ? nullptr : name;
    return node;
}

PatternNode* Parser::closed_pattern() {
    Level level(*this);
    if (level.too_deep()) return nullptr;
    const uint32_t start = pos_;
    ExprNode* value = nullptr;
    switch (kind()) {
        case Tok::Name:
            return capture_or_value(start);
        case Tok::LParen:
            return group_or_sequence(Tok::RParen);
        case Tok::LBracket:
            return group_or_sequence(Tok::RBracket);
        case Tok::LBrace:
            return mapping_pattern();
        case Tok::KwNone:
        case Tok::KwTrue:
        case Tok::KwFalse: {
            Literal literal = as<Constant>(atom())->value;
            auto* node = make<MatchSingleton>(start);
            node->value = literal;
            return node;
        }
        case Tok::Number:
        case Tok::Minus:
            value = pattern_number();
            break;
        case Tok::String:
        case Tok::Bytes:
        case Tok::FStringStart:
            value = strings();
            break;
        default:
            return nullptr;
    }
    if (!value) return nullptr;
    auto* node = make<MatchValue>(start);
    node->value = value;
    return above(node, height(value));
}

// A number, negative or complex too: `-1`, `2 - 3j`.
ExprNode* Parser::pattern_number() {
    auto signed_number = [this]() -> ExprNode* {
        const uint32_t start = pos_;
        const bool negative = accept(Tok::Minus);
        if (!at(Tok::Number)) return nullptr;
        ExprNode* value = number();
        if (!value || !negative) return value;
        auto* node = make<UnaryOp>(start);
        node->op = UnaryOperator::USub;
        node->operand = value;
        return above(node, spine_height(value));
    };
    auto is_imaginary = [](const ExprNode* node) {
        if (is<UnaryOp>(node)) node = as<UnaryOp>(node)->operand;
        return as<Constant>(node)->value.kind == LiteralKind::Imaginary;
    };
    const uint32_t start = pos_;
    ExprNode* real = signed_number();
    if (!real || (!at(Tok::Plus) && !at(Tok::Minus))) return real;
    const Operator op = at(Tok::Plus) ? Operator::Add : Operator::Sub;
    pos_++;
    if (!at(Tok::Number)) return nullptr;
    ExprNode* imaginary = number();
    if (!imaginary) return nullptr;
    if (is_imaginary(real)) return raise_at(real, "real number required in complex literal");
    if (!is_imaginary(imaginary)) return raise_at(imaginary, "imaginary number required in complex literal");
    auto* node = make<BinOp>(start);
    node->left = real;
    node->op = op;
    node->right = imaginary;
    return above(node, std::max(spine_height(real), height(imaginary)));
}

ExprNode* Parser::name_or_attribute() {
    const uint32_t start = pos_;
    ExprNode* node = name();
    while (node && accept(Tok::Dot)) {
        const Identifier* attr = identifier();
        if (!attr) return nullptr;
        auto* attribute = make<Attribute>(start);
        attribute->value = node;
        attribute->attr = attr;
        node = above(attribute, spine_height(node));
    }
    return node;
}

// A name captures, `_` matches all, `a.b` is a value, `A(…)` a class.
PatternNode* Parser::capture_or_value(uint32_t start) {
    ExprNode* node = name_or_attribute();
    if (!node) return nullptr;
    if (at(Tok::LParen)) return class_pattern(start, node);
    if (is<Attribute>(node)) {
        auto* value = make<MatchValue>(start);
        value->value = node;
        return above(value, height(node));
    }
    if (at(Tok::Assign)) return nullptr;
    auto* capture = make<MatchAs>(start);
    const Identifier* id = as<Name>(node)->id;
    capture->name = id->text == "_" ? nullptr : id;
    return capture;
}

bool Parser::sequence_items(Items<PatternNode>& items, Tok close, bool& trailing_comma) {
    trailing_comma = false;
    while (!at(close)) {
        PatternNode* item = pattern(true);
        if (!item) return false;
        items.push(item);
        trailing_comma = accept(Tok::Comma);
        if (!trailing_comma) break;
    }
    return accept(close);
}

PatternNode* Parser::group_or_sequence(Tok close) {
    const uint32_t start = pos_++;
    Items<PatternNode> items(*this);
    bool trailing_comma = false;
    if (!sequence_items(items, close, trailing_comma)) return nullptr;
    if (close == Tok::RParen && items.size() == 1 && !trailing_comma) {
        return is<MatchStar>(items[0]) ? nullptr : items[0];
    }
    auto* node = make<MatchSequence>(start);
    node->patterns = items.take();
    return above(node, height(node->patterns));
}

ExprNode* Parser::pattern_key() {
    switch (kind()) {
        case Tok::Number:
        case Tok::Minus:
            return pattern_number();
        case Tok::String:
        case Tok::Bytes:
        case Tok::FStringStart:
            return strings();
        case Tok::KwNone:
        case Tok::KwTrue:
        case Tok::KwFalse:
            return atom();
        case Tok::Name: {
            ExprNode* key = name_or_attribute();
            return key && is<Attribute>(key) ? key : nullptr;
        }
        default:
            return nullptr;
    }
}

PatternNode* Parser::mapping_pattern() {
    const uint32_t start = pos_++;
    ArenaVector<ExprNode*> keys(arena_);
    ArenaVector<PatternNode*> values(arena_);
    const Identifier* rest = nullptr;
    while (!at(Tok::RBrace)) {
        if (accept(Tok::DoubleStar)) {
            rest = identifier();
            if (!rest || rest->text == "_") return nullptr;
            accept(Tok::Comma);
            break;
        }
        ExprNode* key = pattern_key();
        if (!key || !accept(Tok::Colon)) return nullptr;
        PatternNode* value = pattern(false);
        if (!value) return nullptr;
        keys.push_back(key);
        values.push_back(value);
        if (!accept(Tok::Comma)) break;
    }
    if (!accept(Tok::RBrace)) return nullptr;
    auto* node = make<MatchMapping>(start);
    node->keys = keys.seq();
    node->patterns = values.seq();
    node->rest = rest;
    return above(node, std::max(height(node->keys), height(node->patterns)));
}

PatternNode* Parser::class_pattern(uint32_t start, ExprNode* cls) {
    pos_++;
    ArenaVector<PatternNode*> positional(arena_), keyword_patterns(arena_);
    ArenaVector<const Identifier*> attributes(arena_);
    PatternNode* late_first = nullptr;
    PatternNode* late_last = nullptr;
    while (!at(Tok::RParen)) {
        if (at(Tok::Name) && kind_at(1) == Tok::Assign) {
            if (late_first) break;
            attributes.push_back(identifier());
            pos_++;
            PatternNode* value = pattern(false);
            if (!value) return nullptr;
            keyword_patterns.push_back(value);
        } else {
            PatternNode* value = pattern(false);
            if (!value) return nullptr;
            if (!attributes.empty()) {
                if (!diagnosing_) return nullptr;
                if (!late_first) late_first = value;
                late_last = value;
            }
            positional.push_back(value);
        }
        if (!accept(Tok::Comma)) break;
    }
    if (late_first) return raise_range(late_first, late_last, "positional patterns follow keyword patterns");
    if (!accept(Tok::RParen)) return nullptr;
    auto* node = make<MatchClass>(start);
    node->cls = cls;
    node->patterns = positional.seq();
    node->kwd_attrs = attributes.seq();
    node->kwd_patterns = keyword_patterns.seq();
    return above(node, std::max({height(cls), height(node->patterns), height(node->kwd_patterns)}));
}

}  // namespace gen
