// String literals: adjacent ones join, f-strings become a JoinedStr. Field expressions are parsed in place;
// as in CPython 3.11, everything else inside a JoinedStr has the place of the whole literal.

#include "parser/parser_impl.h"

#include <utility>

namespace gen {

bool Parser::decode(const Lexeme& lexeme, std::string& text) {
    Token token{lexeme.kind, lexeme.flags, lexeme.start, lexeme.end, lexeme.line};
    auto error = decode_string(source_, token, text, diagnosing_ ? nullptr : &result_.warnings);
    if (!error) return true;
    if (lexeme.kind != Tok::FStringMiddle) return raise_at_last_token(error->message);
    if (!error_) error_ = std::move(*error);
    return false;
}

ExprNode* Parser::text_constant(std::string_view text) {
    auto* node = arena_.make<Constant>();
    node->kind = NodeKind::Constant;
    node->height = 1;
    node->value.kind = LiteralKind::Str;
    node->value.text = arena_.copy_text(text);
    for (size_t i = 0; i < text.size(); i++) {
        unsigned char c = text[i];
        if (c < 0x80) continue;
        node->value.text_is_ascii = false;
        if (c == 0xED && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xA0) {
            node->value.text_has_surrogates = true;
        }
    }
    return node;
}

// One or more adjacent literals.
ExprNode* Parser::strings() {
    const uint32_t start = pos_;
    const bool is_bytes = at(Tok::Bytes);
    uint32_t end = pos_;
    while (kind_at(end - pos_) == Tok::String || tokens_[end].kind == Tok::Bytes) end++;
    if (tokens_[end].kind == Tok::FStringStart) return joined_string(start);
    std::string text;
    for (uint32_t i = start; i < end; i++) {
        if ((tokens_[i].kind == Tok::Bytes) != is_bytes) {
            return raise_at_last_token("cannot mix bytes and nonbytes literals");
        }
        if (!decode(tokens_[i], text)) return nullptr;
    }
    pos_ = end;
    auto* node = as<Constant>(text_constant(text));
    node->span = span_from(start);
    if (is_bytes) node->value.kind = LiteralKind::Bytes;
    node->u_prefix = source_.text()[tokens_[start].start] == 'u';
    return node;
}

// A run of literals that holds an f-string.
ExprNode* Parser::joined_string(uint32_t start) {
    Items<ExprNode> values(*this);
    std::string text;
    bool has_bytes = false;
    for (;;) {
        if (at(Tok::String)) {
            if (!decode(tokens_[pos_++], text)) return nullptr;
        } else if (at(Tok::Bytes)) {
            has_bytes = true;
            pos_++;
        } else if (at(Tok::FStringStart)) {
            const uint32_t piece = pos_++;
            const uint32_t first = values.size();
            const uint32_t outer = std::exchange(fstring_start_, piece);
            const bool good = fstring_body(values, text, Tok::FStringEnd);
            fstring_start_ = outer;
            if (!good) return nullptr;
            pos_++;
            for (uint32_t i = first; i < values.size(); i++) set_spec_span(values[i], span_from(piece));
        } else {
            break;
        }
    }
    if (has_bytes) return raise_at_last_token("cannot mix bytes and nonbytes literals");
    flush_text(values, text);
    auto* node = make<JoinedStr>(start);
    node->values = values.take();
    set_string_span(node->values, node->span, source_.text()[tokens_[start].start] == 'u');
    return above(node, height(node->values));
}

void Parser::flush_text(Items<ExprNode>& values, std::string& text) {
    if (text.empty()) return;
    values.push(text_constant(text));
    text.clear();
}

// Literal text and fields, up to (not including) `end`.
bool Parser::fstring_body(Items<ExprNode>& values, std::string& text, Tok end) {
    for (;;) {
        if (at(Tok::FStringMiddle)) {
            if (!decode(tokens_[pos_++], text)) return false;
        } else if (at(Tok::LBrace)) {
            fstring_depth_++;
            bool ok = replacement_field(values, text);
            fstring_depth_--;
            if (!ok) return false;
        } else if (at(end)) {
            return true;
        } else {
            return error_ ? false : bool(raise_at_last_token("f-string: expecting '}'"));
        }
    }
}

// What Python 3.11 does not take in a field, where an f-string is one token and its fields are looked for in the text
// of that. True: nothing is wrong with the field whose text begins at `at`, up to its conversion or format spec.
bool Parser::check_field(uint32_t at) {
    const std::string& source = source_.text();
    const Lexeme& literal = tokens_[fstring_start_];
    const bool triple = literal.flags & Token::kTriple;
    const char quote = source[literal.end - 1];
    auto is_tripled = [&](uint32_t i) { return source[i] == source[i + 1] && source[i] == source[i + 2]; };
    auto ends_literal = [&](uint32_t i) {
        return i + 1 >= source.size() || (source[i] == quote && (!triple || is_tripled(i))) ||
               (source[i] == '\n' && !triple);
    };
    const uint32_t start = at;
    uint32_t from = 0;  // where the error is; 0: here
    auto fail = [&](std::string message) {
        error_is_final_ = true;
        return bool(raise(from ? from : at, at + 1, message));
    };
    std::string open;    // brackets
    char in_string = 0;  // the quote of a string in the expression
    bool in_triple = false;
    for (; !ends_literal(at); at++) {
        const char c = source[at];
        if (c == '\\') return fail("f-string expression part cannot include a backslash");
        if (in_string) {
            if (c != in_string || (in_triple && !is_tripled(at))) continue;
            at += in_triple ? 2 : 0;
            in_string = 0;
        } else if (c == '\'' || c == '"') {
            in_string = c;
            in_triple = is_tripled(at);
            at += in_triple ? 2 : 0;
        } else if (c == '#') {
            return fail("f-string expression part cannot include '#'");
        } else if (c == '(' || c == '[' || c == '{') {
            open += c;
        } else if (open.empty() && (c == '!' || c == '=' || c == '<' || c == '>') && source[at + 1] == '=') {
            at++;
        } else if (open.empty() && (c == '!' || c == ':' || c == '=' || c == '}')) {
            break;
        } else if (c == ')' || c == ']' || c == '}') {
            if (open.empty()) return fail(std::string("f-string: unmatched '") + c + "'");
            const char opening = open.back();
            open.pop_back();
            if (c != (opening == '(' ? ')' : opening == '[' ? ']' : '}'))
                return fail(std::string("f-string: closing parenthesis '") + c +
                            "' does not match opening parenthesis '" + opening + "'");
        }
    }
    if (in_string) return fail("f-string: unterminated string");
    if (!open.empty()) return fail(std::string("f-string: unmatched '") + open.back() + "'");
    if (ends_literal(at)) return fail("f-string: expecting '}'");
    if (source.find_first_not_of(" \t\f\r\n", start) == at) {
        from = start - 1;
        if (source[at] == '}') return fail("f-string: empty expression not allowed");
        return fail(std::string("f-string: expression required before '") + source[at] + "'");
    }
    if (source[at] == '=')
        at = uint32_t(std::min(source.find_first_not_of(" \t\f\r\n", at + 1), source.size()));
    if (source[at] == '!') {
        const char conversion = source[++at];
        if (ends_literal(at)) return fail("f-string: expecting '}'");
        if (conversion != 's' && conversion != 'r' && conversion != 'a')
            return fail("f-string: invalid conversion character: expected 's', 'r', or 'a'");
        at++;
    }
    return source[at] == ':' || source[at] == '}' || fail("f-string: expecting '}'");
}

// The expression of a field is parsed as if it stood in parentheses.
ExprNode* Parser::field_expression() {
    const uint32_t start = pos_;
    if (accept(Tok::DoubleStar)) {
        if (expression()) raise_token(start, "f-string: cannot use double starred expression here");
        return nullptr;
    }
    ExprNode* value = yield_or_star_expressions();
    if (!value) return nullptr;
    if (is<Starred>(value)) {
        raise_at(value, "cannot use starred expression here");
        return nullptr;
    }
    if (!at(Tok::KwFor) && !at(Tok::KwAsync)) return value;
    Seq<comprehension*> clauses;
    if (!comprehension_clauses(clauses)) return nullptr;
    auto* generator = make<GeneratorExp>(start);
    generator->elt = value;
    generator->generators = clauses;
    return above(generator, std::max(height(value), height(clauses))) ? generator : nullptr;
}

// `{expression[=][!conversion][:spec]}`; `text` is the literal text before it.
bool Parser::replacement_field(Items<ExprNode>& values, std::string& text) {
    const uint32_t brace = pos_++;
    if (!check_field(tokens_[brace].end)) return false;
    ExprNode* value = field_expression();
    if (!value) return false;
    const bool shows_itself = accept(Tok::Assign);
    int conversion = -1;
    if (shows_itself) {
        kind();
        text += source_.slice(tokens_[brace].end, tokens_[pos_].start);
    }
    flush_text(values, text);
    if (accept(Tok::Exclamation)) {
        kind();
        conversion = text_at(pos_)[0];
        pos_++;
    }
    JoinedStr* spec = nullptr;
    if (accept(Tok::Colon)) {
        Items<ExprNode> parts(*this);
        std::string spec_text;
        if (!fstring_body(parts, spec_text, Tok::RBrace)) return false;
        flush_text(parts, spec_text);
        spec = arena_.make<JoinedStr>();
        spec->kind = NodeKind::JoinedStr;
        spec->values = parts.take();
        if (!above(spec, height(spec->values))) return false;
    }
    if (!accept(Tok::RBrace)) return false;
    auto* field = make<FormattedValue>(brace);
    field->value = value;
    field->conversion = shows_itself && conversion < 0 && !spec ? 'r' : conversion;
    field->format_spec = spec;
    if (!above(field, std::max(height(value), height(spec)))) return false;
    values.push(field);
    return true;
}

void Parser::set_spec_span(ExprNode* value, const Span& span) {
    auto* field = as_if<FormattedValue>(value);
    if (!field || !field->format_spec) return;
    field->format_spec->span = span;
    for (ExprNode* part : as<JoinedStr>(field->format_spec)->values) set_spec_span(part, span);
}

// In a run of literals, CPython gives a format spec and its last text the place of their own literal, and
// everything else that of the run.
void Parser::set_string_span(Seq<ExprNode*> values, const Span& span, bool u_prefix) {
    for (ExprNode* value : values) {
        value->span = span;
        if (auto* text = as_if<Constant>(value)) text->u_prefix = u_prefix;
        auto* field = as_if<FormattedValue>(value);
        if (!field || !field->format_spec) continue;
        Seq<ExprNode*> parts = as<JoinedStr>(field->format_spec)->values;
        set_string_span(parts, span, u_prefix);
        if (!parts.empty() && is<Constant>(parts.back())) parts.back()->span = field->format_spec->span;
    }
}

}  // namespace gen
