// Strings with values in them: f-strings, and `"…" % (a, b)` where it means the same.
#include "vm/compile/compiler.h"

namespace gen {

using namespace ast;

constexpr uint32_t kMaxParts = 256;  // joined at once

void Compiler::joined_str(const JoinedStr* n, Reg dst) { string_of(n->values, dst, false); }

// Joins Constants and FormattedValues into R[dst]. Formatting is reported at the value (`%`), or at the whole
// string.
void Compiler::string_of(Seq<ExprNode*> values, Reg dst, bool at_value) {
    if (values.empty()) return load_text(dst, "");
    if (values.size() == 1) return string_part(values[0], dst, at_value);
    Reg base = e().top();
    unsigned count = 0;
    for (uint32_t i = 0; i < values.size(); i++) {
        string_part(values[i], e().temp(), at_value);
        if (++count < kMaxParts || i + 1 == values.size()) continue;
        e().release(base);
        e().emit(Op::BUILD_STRING, e().temp(), base, count);
        count = 1;
    }
    e().emit(Op::BUILD_STRING, dst, base, count);
}

void Compiler::string_part(const ExprNode* part, Reg dst, bool at_value) {
    auto* formatted = as_if<FormattedValue>(part);
    if (!formatted) return into(part, dst);
    Temporaries temporaries(*this);
    if (!at_value) return formatted_value(formatted, dst);
    At at(*this, formatted);
    formatted_value(formatted, dst);
}

void Compiler::formatted_value(const FormattedValue* n, Reg dst) {
    Reg v = value(n->value);
    Reg spec = kNoRegister;
    if (n->format_spec) spec = value(n->format_spec);
    e().emit(Op::FORMAT, dst, v, spec, n->conversion < 0 ? 0 : unsigned(n->conversion));
}

namespace {

// One `%5.2s`; `pos` stands behind the `%`. False: more than str(), repr() and ascii() with a width is asked
// for.
bool parse_percent(std::string_view text, size_t& pos, char& conversion, std::string& spec) {
    bool left = false;
    auto at = [&] { return pos < text.size() ? text[pos] : '\0'; };
    for (; at() && std::string_view("-+ #0").find(at()) != std::string_view::npos; pos++) left |= at() == '-';
    auto digits = [&](std::string& out) {
        while (at() >= '0' && at() <= '9') out += text[pos++];
        return out.size() < 3;
    };
    std::string width, precision;
    if (!digits(width)) return false;
    if (!width.empty()) spec = (left ? "" : ">") + width;
    if (at() == '.') {
        pos++;
        if (!digits(precision)) return false;
        spec += "." + std::to_string(precision.empty() ? 0 : std::stoi(precision));
    }
    conversion = at();
    pos++;
    return conversion == 's' || conversion == 'r' || conversion == 'a';
}

}  // namespace

// The parts of the f-string that `left % right` equals; null when it is none.
ArenaVector<ExprNode*>* Compiler::percent_format(const BinOp* n, Operand left) {
    auto* tuple = n->op == Operator::Mod ? as_if<ast::Tuple>(n->right) : nullptr;
    if (!tuple || !left.constant || !left.constant->is(Folded::Kind::Str)) return nullptr;
    if (fold_display(arena_, tuple))
        return nullptr;  // CPython leaves constants alone, and so their place in tracebacks
    for (ExprNode* item : tuple->elts)
        if (is<Starred>(item)) return nullptr;
    std::string_view text = left.constant->text;
    auto* parts = arena_.make<ArenaVector<ExprNode*>>(arena_);
    auto add_text = [&](std::string_view s) {
        auto* constant = arena_.make<Constant>();
        constant->kind = NodeKind::Constant;
        constant->span = n->span;
        constant->value.kind = LiteralKind::Str;
        constant->value.text = arena_.copy_text(s);
        return constant;
    };
    std::string literal;
    uint32_t used = 0;
    for (size_t pos = 0; pos < text.size();) {
        if (text[pos] != '%') {
            literal += text[pos++];
            continue;
        }
        if (++pos < text.size() && text[pos] == '%') {
            literal += text[pos++];
            continue;
        }
        char conversion;
        std::string spec;
        if (!parse_percent(text, pos, conversion, spec) || used == tuple->elts.size()) return nullptr;
        if (!literal.empty()) parts->push_back(add_text(literal));
        literal.clear();
        auto* value = arena_.make<FormattedValue>();
        value->kind = NodeKind::FormattedValue;
        value->span = tuple->elts[used]->span;
        value->value = tuple->elts[used++];
        value->conversion = conversion;
        if (!spec.empty()) value->format_spec = add_text(spec);
        parts->push_back(value);
    }
    if (used != tuple->elts.size()) return nullptr;
    if (!literal.empty()) parts->push_back(add_text(literal));
    return parts;
}

}  // namespace gen
