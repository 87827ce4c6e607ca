// Atoms: names, numbers, parentheses, displays and comprehensions.

#include "parser/parser_impl.h"

namespace gen {

ExprNode* Parser::atom() {
    switch (kind()) {
        case Tok::Name:
            return name();
        case Tok::Number:
            return number();
        case Tok::String:
        case Tok::Bytes:
        case Tok::FStringStart:
            return strings();
        case Tok::KwNone:
            return constant(LiteralKind::None);
        case Tok::KwTrue:
            return constant(LiteralKind::True);
        case Tok::KwFalse:
            return constant(LiteralKind::False);
        case Tok::Ellipsis:
            return constant(LiteralKind::Ellipsis);
        case Tok::LParen:
            return parenthesised();
        case Tok::LBracket:
            return list_display();
        case Tok::LBrace:
            return brace_display();
        default:
            return nullptr;
    }
}

ExprNode* Parser::constant(LiteralKind literal) {
    pos_++;
    auto* node = make<Constant>(pos_ - 1);
    node->value.kind = literal;
    return node;
}

ExprNode* Parser::name() {
    const Identifier* id = identifier();
    auto* node = make<Name>(pos_ - 1);
    node->id = id;
    return node;
}

ExprNode* Parser::number() {
    const Lexeme& lexeme = tokens_[pos_++];
    auto* node = make<Constant>(pos_ - 1);
    Literal& literal = node->value;
    std::string_view text = source_.slice(lexeme.start, lexeme.end);

    bool is_small = text.size() < 18 && (text[0] != '0' || text.size() == 1);
    int64_t value = 0;
    for (char c : text) {
        is_small &= c >= '0' && c <= '9';
        value = value * 10 + (c - '0');
        if (!is_small) break;
    }
    literal.kind = LiteralKind::Int;
    literal.integer = value;
    if (is_small) return node;

    NumberValue number;
    Token token{lexeme.kind, lexeme.flags, lexeme.start, lexeme.end, lexeme.line};
    if (auto error = decode_number(source_, token, number)) {
        if (!error_) error_ = std::move(*error);
        return nullptr;
    }
    switch (number.kind) {
        case NumberValue::Kind::Int:
            literal.integer = number.integer;
            break;
        case NumberValue::Kind::BigInt:
            literal.kind = LiteralKind::BigInt;
            literal.base = number.base;
            literal.text = arena_.copy_text(number.digits);
            break;
        case NumberValue::Kind::Float:
            literal.kind = LiteralKind::Float;
            literal.number = number.real;
            break;
        case NumberValue::Kind::Imaginary:
            literal.kind = LiteralKind::Imaginary;
            literal.number = number.real;
            break;
    }
    return node;
}

// ---- parentheses -----------------------------------------------------------------------------------------

// A group, a tuple or a generator expression.
ExprNode* Parser::parenthesised() {
    const uint32_t start = pos_++;
    if (accept(Tok::RParen)) return make<Tuple>(start);
    if (at(Tok::KwYield)) {
        ExprNode* node = yield_expression();
        return node && accept(Tok::RParen) ? node : nullptr;
    }
    if (diagnosing_ && at(Tok::DoubleStar)) {
        const uint32_t stars = pos_++;
        ExprNode* value = expression();
        if (value && at(Tok::RParen)) {
            raise_token(stars, "cannot use double starred expression here");
        }
        return nullptr;
    }
    ExprNode* first = star_named_expression();
    if (!first) return nullptr;
    switch (kind()) {
        case Tok::RParen:
            if (is<Starred>(first) && tokens_[start + 1].kind == Tok::Star) {
                if (diagnosing_) raise_at(first, "cannot use starred expression here");
                return nullptr;
            }
            pos_++;
            return first;
        case Tok::KwFor:
        case Tok::KwAsync:
            return comprehension_of<GeneratorExp>(start, first, Tok::RParen);
        case Tok::Comma:
            break;
        default:
            return nullptr;
    }
    Items<ExprNode> items(*this);
    items.push(first);
    while (accept(Tok::Comma)) {
        if (at(Tok::RParen)) break;
        ExprNode* item = star_named_expression();
        if (!item) return nullptr;
        items.push(item);
    }
    if (!accept(Tok::RParen)) return nullptr;
    auto* tuple = make<Tuple>(start);
    tuple->elts = items.take();
    return above(tuple, height(tuple->elts));
}

// ---- list, set and dict displays -------------------------------------------------------------------------

ExprNode* Parser::list_display() {
    const uint32_t start = pos_++;
    if (accept(Tok::RBracket)) return make<List>(start);
    ExprNode* first = star_named_expression();
    if (!first) return nullptr;
    if (at(Tok::KwFor) || at(Tok::KwAsync)) return comprehension_of<ListComp>(start, first, Tok::RBracket);
    Items<ExprNode> items(*this);
    items.push(first);
    while (accept(Tok::Comma)) {
        if (at(Tok::RBracket) || at(Tok::KwFor) || at(Tok::KwAsync)) break;
        ExprNode* item = star_named_expression();
        if (!item) return nullptr;
        items.push(item);
    }
    if (!accept(Tok::RBracket)) {
        if (diagnosing_ && (at(Tok::KwFor) || at(Tok::KwAsync))) diagnose_display_comprehension(first);
        return nullptr;
    }
    auto* list = make<List>(start);
    list->elts = items.take();
    return above(list, height(list->elts));
}

// A dict, a set, or one of their comprehensions.
ExprNode* Parser::brace_display() {
    const uint32_t start = pos_++;
    if (accept(Tok::RBrace)) return make<Dict>(start);
    if (at(Tok::DoubleStar)) return dict_display(start, nullptr);
    ExprNode* first = star_named_expression();
    if (!first) return nullptr;
    if (at(Tok::Colon) && tokens_[start + 1].kind != Tok::Star &&
        tokens_[start + 2].kind != Tok::ColonAssign) {
        return dict_display(start, first);
    }
    if (at(Tok::KwFor) || at(Tok::KwAsync)) return comprehension_of<SetComp>(start, first, Tok::RBrace);
    Items<ExprNode> items(*this);
    items.push(first);
    while (accept(Tok::Comma)) {
        if (at(Tok::RBrace) || at(Tok::KwFor) || at(Tok::KwAsync)) break;
        ExprNode* item = star_named_expression();
        if (!item) return nullptr;
        items.push(item);
    }
    if (!accept(Tok::RBrace)) {
        if (diagnosing_ && (at(Tok::KwFor) || at(Tok::KwAsync))) diagnose_display_comprehension(first);
        return nullptr;
    }
    auto* set = make<Set>(start);
    set->elts = items.take();
    return above(set, height(set->elts));
}

// A dict or a dict comprehension, after `{` and its first key, if it is not `**mapping`.
ExprNode* Parser::dict_display(uint32_t start, ExprNode* key) {
    Items<ExprNode> items(*this);  // key, value, key, value …
    uint32_t children = 0;
    do {
        if (at(Tok::RBrace)) break;
        const uint32_t item_start = pos_;
        const bool unpacks = !key && accept(Tok::DoubleStar);
        ExprNode* value = unpacks                       ? bitwise_or()
                          : key || (key = expression()) ? dict_value(key, items.size() > 0)
                                                        : nullptr;
        if (!value) return nullptr;
        if (items.size() == 0 && (at(Tok::KwFor) || at(Tok::KwAsync))) {
            Seq<comprehension*> clauses;
            if (!comprehension_clauses(clauses)) return nullptr;
            if (unpacks) {
                if (!diagnosing_ || !at(Tok::RBrace)) return nullptr;
                return raise_token(item_start, "dict unpacking cannot be used in dict comprehension");
            }
            if (!accept(Tok::RBrace)) return nullptr;
            auto* node = make<DictComp>(start);
            node->key = key;
            node->value = value;
            node->generators = clauses;
            return above(node, std::max({height(key), height(value), height(clauses)}));
        }
        items.push(key);
        items.push(value);
        children = std::max({children, height(key), height(value)});
        key = nullptr;
    } while (accept(Tok::Comma));
    if (!accept(Tok::RBrace)) return nullptr;
    const uint32_t count = items.size() / 2;
    auto* dict = make<Dict>(start);
    dict->keys = {arena_.make_array<ExprNode*>(count), count};
    dict->values = {arena_.make_array<ExprNode*>(count), count};
    for (uint32_t i = 0; i < count; i++) {
        dict->keys[i] = items[2 * i];
        dict->values[i] = items[2 * i + 1];
    }
    return above(dict, children);
}

// `: value` after a key. Its faults are told in the first pass already, as by CPython, before those that the second finds
// in the text before them.
ExprNode* Parser::dict_value(ExprNode* key, bool is_surely_dict) {
    if (!at(Tok::Colon)) {
        if (!is_surely_dict) return nullptr;
        const uint32_t end = offset_of_end(key->span);
        return raise(end - 1, end, "':' expected after dictionary key");
    }
    const uint32_t colon = pos_++;
    if (at(Tok::Star)) {
        const uint32_t star = pos_++;
        ExprNode* value = bitwise_or();
        if (!value) return nullptr;
        return raise(tokens_[star].start, offset_of_end(value->span),
                     "cannot use a starred expression in a dictionary value");
    }
    if (at(Tok::RBrace) || at(Tok::Comma)) {
        return raise_token(colon, "expression expected after dictionary key and ':'");
    }
    return expression();
}

// ---- comprehensions --------------------------------------------------------------------------------------

template <class T>
ExprNode* Parser::comprehension_of(uint32_t start, ExprNode* element, Tok close) {
    if (is<Starred>(element) && tokens_[start + 1].kind == Tok::Star) {
        Seq<comprehension*> clauses;
        if (diagnosing_ && comprehension_clauses(clauses)) {
            raise_at(element, "iterable unpacking cannot be used in comprehension");
        }
        return nullptr;
    }
    Seq<comprehension*> clauses;
    if (!comprehension_clauses(clauses) || !accept(close)) return nullptr;
    auto* node = make<T>(start);
    node->elt = element;
    node->generators = clauses;
    return above(node, std::max(height(element), height(clauses)));
}

template ExprNode* Parser::comprehension_of<GeneratorExp>(uint32_t, ExprNode*, Tok);

bool Parser::comprehension_clauses(Seq<comprehension*>& clauses) {
    Items<comprehension> items(*this);
    do {
        comprehension* clause = comprehension_clause();
        if (!clause) return false;
        items.push(clause);
    } while (at(Tok::KwFor) || at(Tok::KwAsync));
    clauses = items.take();
    return true;
}

comprehension* Parser::comprehension_clause() {
    const bool is_async = accept(Tok::KwAsync);
    if (!accept(Tok::KwFor)) return nullptr;
    ExprNode* target = target_list();
    if (!target || !accept(Tok::KwIn)) return nullptr;
    ExprNode* iter = disjunction();
    if (!iter) return nullptr;
    Items<ExprNode> conditions(*this);
    while (accept(Tok::KwIf)) {
        ExprNode* condition = disjunction();
        if (!condition) return nullptr;
        conditions.push(condition);
    }
    auto* clause = arena_.make<comprehension>();
    clause->kind = NodeKind::comprehension;
    clause->target = target;
    clause->iter = iter;
    clause->ifs = conditions.take();
    clause->is_async = is_async;
    clause->height = static_cast<uint16_t>(std::max({height(target), height(iter), height(clause->ifs)}));
    return clause;
}

// `[a, b for …]`: the target of the comprehension needs parentheses.
bool Parser::diagnose_display_comprehension(ExprNode* first) {
    const uint32_t last = pos_ - 1;
    Seq<comprehension*> clauses;
    if (!comprehension_clauses(clauses)) return false;
    raise(offset_of_start(first->span), tokens_[last].end,
          "did you forget parentheses around the comprehension target?");
    return true;
}

ExprNode* Parser::target_item() {
    if (at(Tok::KwAwait)) return nullptr;
    return at(Tok::Star) ? starred(&Parser::primary) : primary();
}

// The targets of a `for`: up to `in`.
ExprNode* Parser::target_list() {
    const uint32_t start = pos_;
    ExprNode* result = target_item();
    if (result && at(Tok::Comma)) {
        Items<ExprNode> items(*this);
        items.push(result);
        while (result && accept(Tok::Comma)) {
            if (at(Tok::KwIn)) break;
            result = target_item();
            if (result) items.push(result);
        }
        if (result) {
            auto* tuple = make<Tuple>(start);
            tuple->elts = items.take();
            result = above(tuple, height(tuple->elts));
        }
    }
    if (result && is_star_target(result) && at(Tok::KwIn)) {
        set_context(result, ExprContext::Store);
        return result;
    }
    if (!diagnosing_ || error_ || !first_diagnosis(start, Diagnosis::Target)) return nullptr;
    rewind(start);
    if (ExprNode* expressions = star_expressions()) raise_invalid_target(expressions, Target::For);
    return nullptr;
}

}  // namespace gen
