// String literals: adjacent ones join, f-strings become a JoinedStr. Field expressions are parsed in place;
// as in CPython 3.11, everything else inside a JoinedStr has the place of the whole literal.

#include "parser/parser_impl.h"

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
            if (!fstring_body(values, text, Tok::FStringEnd)) return nullptr;
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

// `{expression[=][!conversion][:spec]}`; `text` is the literal text before it.
bool Parser::replacement_field(Items<ExprNode>& values, std::string& text) {
    const uint32_t brace = pos_++;
    if (at(Tok::RBrace) || at(Tok::Exclamation) || at(Tok::Colon) || at(Tok::Assign)) {
        return raise_tokens(brace, pos_, "f-string: empty expression not allowed");
    }
    ExprNode* value = yield_or_star_expressions();
    if (!value) return false;
    if (is<Starred>(value)) return raise_at(value, "cannot use starred expression here");
    const bool shows_itself = accept(Tok::Assign);
    int conversion = -1;
    if (shows_itself) {
        kind();
        text += source_.slice(tokens_[brace].end, tokens_[pos_].start);
    }
    flush_text(values, text);
    if (accept(Tok::Exclamation)) {
        std::string_view name = at(Tok::Name) ? text_at(pos_) : std::string_view{};
        if (name != "s" && name != "r" && name != "a") {
            if (error_) return false;
            return raise_token(pos_, "f-string: invalid conversion character: expected 's', 'r', or 'a'");
        }
        conversion = name[0];
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
    if (!at(Tok::RBrace)) {
        if (error_ || starts_expression(kind()) || is_keyword(kind())) return false;
        return raise_at_last_token("f-string: expecting '}'");
    }
    pos_++;
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
