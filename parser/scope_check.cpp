// What the grammar leaves open: statements in the wrong place, targets and patterns that cannot be, and the
// SyntaxWarnings about expressions that cannot mean what they say.

#include <algorithm>

#include "parser/literal_repr.h"
#include "parser/scope_impl.h"

namespace gen {

void ScopeAnalyser::raise(const Span& place, std::string message) {
    if (result_.error) return;
    const uint32_t start = source_.line_start(place.line) + place.column;
    const uint32_t end = source_.line_start(place.end_line) + place.end_column;
    result_.error = make_diagnostic(source_, Diagnostic::Kind::SyntaxError, start, end, std::move(message));
}

void ScopeAnalyser::warn(const Span& place, std::string message) {
    const uint32_t start = source_.line_start(place.line) + place.column;
    const uint32_t end = source_.line_start(place.end_line) + place.end_column;
    result_.warnings.push_back(
        make_diagnostic(source_, Diagnostic::Kind::SyntaxWarning, start, end, std::move(message)));
}

// ---- places ----------------------------------------------------------------------------------------------

// `break`, `continue` or `return`.
void ScopeAnalyser::check_leave(const StmtNode* node) {
    const auto* ret = as_if<Return>(node);
    if (ret ? in_except_star_ : around_ == Around::ExceptStar) {
        raise(ret && ret->value ? ret->value->span : node->span,
              "'break', 'continue' and 'return' cannot appear in an except* block");
    } else if (!ret && around_ == Around::Nothing) {
        raise(node->span, is<Break>(node) ? "'break' outside loop" : "'continue' not properly in loop");
    }
}

void ScopeAnalyser::check_async(const Span& place, const char* what) {
    if (current_->is_async_def) return;
    if (current_->kind == ScopeKind::Module && options_.top_level_await) {
        current_->is_coroutine = true;
    } else {
        raise(place, std::string(what) + " outside async function");
    }
}

void ScopeAnalyser::check_handlers(Seq<ExceptHandler*> handlers) {
    for (uint32_t i = 0; i + 1 < handlers.size(); i++) {
        if (!handlers[i]->type) raise(handlers[i]->span, "default 'except:' must be last");
    }
}

void ScopeAnalyser::check_name(const Identifier* name, bool deletes, const Span& place) {
    if (name->text == "__debug__")
        raise(place, deletes ? "cannot delete __debug__" : "cannot assign to __debug__");
}

void ScopeAnalyser::check_target(ExprNode* target) {
    if (is<Starred>(target)) {
        raise(target->span, "starred assignment target must be in a list or tuple");
    } else if (is<Tuple>(target) || is<List>(target)) {
        check_stars(is<Tuple>(target) ? as<Tuple>(target)->elts : as<List>(target)->elts, target->span);
    }
}

void ScopeAnalyser::check_stars(Seq<ExprNode*> elements, const Span& place) {
    uint32_t stars = 0;
    for (ExprNode* element : elements) {
        stars += is<Starred>(element);
        if (stars > 1) raise(place, "multiple starred expressions in assignment");
        check_target(is<Starred>(element) ? as<Starred>(element)->value : element);
    }
}

void ScopeAnalyser::check_value(const ExprNode* node) {
    if (is<Starred>(node)) raise(node->span, "can't use starred expression here");
}

// ---- suspicious expressions ------------------------------------------------------------------------------

namespace {

// The type of a literal or display, or null when that is not known.
const char* type_name(const ExprNode* node) {
    switch (node->kind) {
        case NodeKind::Tuple:
            return "tuple";
        case NodeKind::List:
        case NodeKind::ListComp:
            return "list";
        case NodeKind::Dict:
        case NodeKind::DictComp:
            return "dict";
        case NodeKind::Set:
        case NodeKind::SetComp:
            return "set";
        case NodeKind::GeneratorExp:
            return "generator";
        case NodeKind::Lambda:
            return "function";
        case NodeKind::JoinedStr:
        case NodeKind::FormattedValue:
            return "str";
        case NodeKind::Constant:
            switch (as<Constant>(node)->value.kind) {
                case LiteralKind::None:
                    return "NoneType";
                case LiteralKind::False:
                case LiteralKind::True:
                    return "bool";
                case LiteralKind::Ellipsis:
                    return "ellipsis";
                case LiteralKind::Int:
                case LiteralKind::BigInt:
                    return "int";
                case LiteralKind::Float:
                    return "float";
                case LiteralKind::Imaginary:
                    return "complex";
                case LiteralKind::Str:
                    return "str";
                case LiteralKind::Bytes:
                    return "bytes";
            }
            return nullptr;
        default:
            return nullptr;
    }
}

bool is_text_or_bytes(const ExprNode* node) {
    const auto* constant = as_if<Constant>(node);
    return constant && constant->value.kind >= LiteralKind::Str;
}

// Whether `is` with this value compares an object that is made anew, or perhaps is not.
bool is_identity_literal(const ExprNode* node) {
    if (const auto* tuple = as_if<Tuple>(node)) {
        return std::all_of(tuple->elts.begin(), tuple->elts.end(), [](const ExprNode* element) {
            return is<Constant>(element) || is_identity_literal(element);
        });
    }
    const auto* unary = as_if<UnaryOp>(node);
    if (unary && unary->op != UnaryOperator::Not) node = unary->operand;
    const auto* constant = as_if<Constant>(node);
    return constant && constant->value.kind > LiteralKind::Ellipsis;
}

}  // namespace

void ScopeAnalyser::check_comparison(const Compare* node) {
    const ExprNode* left = node->left;
    for (uint32_t i = 0; i < node->ops.size(); i++) {
        const ExprNode* right = node->comparators[i];
        const bool is_is = node->ops[i] == CompareOperator::Is;
        if ((is_is || node->ops[i] == CompareOperator::IsNot) &&
            (is_identity_literal(left) || is_identity_literal(right))) {
            warn(node->span, is_is ? "\"is\" with a literal. Did you mean \"==\"?"
                                   : "\"is not\" with a literal. Did you mean \"!=\"?");
            return;
        }
        left = right;
    }
}

void ScopeAnalyser::check_callee(const ExprNode* callee, const Span& place) {
    const char* type = is<Lambda>(callee) ? nullptr : type_name(callee);
    if (type) warn(place, "'" + std::string(type) + "' object is not callable; perhaps you missed a comma?");
}

void ScopeAnalyser::check_subscript(const Subscript* node) {
    if (node->ctx != ExprContext::Load) return;
    const ExprNode* value = node->value;
    const char* type = type_name(value);
    if (!type) return;
    const bool is_sequence = is<Tuple>(value) || is<List>(value) || is<ListComp>(value) ||
                             is<JoinedStr>(value) || is<FormattedValue>(value) || is_text_or_bytes(value);
    if (!is_sequence) {
        if (is<Dict>(value) || is<DictComp>(value)) return;
        warn(node->span,
             "'" + std::string(type) + "' object is not subscriptable; perhaps you missed a comma?");
        return;
    }
    const char* index = type_name(node->slice);
    if (!index || std::string_view(index) == "int" || std::string_view(index) == "bool") return;
    warn(node->span, std::string(type) + " indices must be integers or slices, not " + index +
                         "; perhaps you missed a comma?");
}

// ---- patterns --------------------------------------------------------------------------------------------

struct ScopeAnalyser::Captures {
    ArenaVector<const Identifier*> names;
    Span last;  // the pattern looked at last: where CPython reports disagreeing alternatives

    bool has(const Identifier* name) const {
        return std::find(names.begin(), names.end(), name) != names.end();
    }
};

void ScopeAnalyser::check_cases(const Match* node) {
    const uint32_t count = node->cases.size();
    for (uint32_t i = 0; i < count; i++) {
        const match_case* item = node->cases[i];
        const auto* wildcard = as_if<MatchAs>(item->pattern);
        const bool is_default = i > 0 && i + 1 == count && wildcard && !wildcard->pattern && !wildcard->name;
        Captures captures{ArenaVector<const Identifier*>(arena_), item->pattern->span};
        if (!is_default) check_pattern(item->pattern, captures, item->guard || i + 1 == count);
    }
}

void ScopeAnalyser::bind_in_pattern(Captures& captures, const Identifier* name, const Span& place) {
    if (!name) return;
    if (captures.has(name)) {
        raise(place, "multiple assignments to name '" + std::string(name->text) + "' in pattern");
    }
    captures.names.push_back(name);
}

// False when an error was raised.
bool ScopeAnalyser::check_pattern(const PatternNode* node, Captures& captures, bool irrefutable_allowed) {
    captures.last = node->span;
    auto all = [&](Seq<PatternNode*> patterns) {
        for (const PatternNode* item : patterns) check_pattern(item, captures, true);
    };
    switch (node->kind) {
        case NodeKind::MatchAs: {
            const auto* capture = as<MatchAs>(node);
            if (!capture->pattern && !irrefutable_allowed) {
                raise(node->span, capture->name ? "name capture '" + std::string(capture->name->text) +
                                                      "' makes remaining patterns unreachable"
                                                : "wildcard makes remaining patterns unreachable");
            }
            if (capture->pattern) check_pattern(capture->pattern, captures, irrefutable_allowed);
            bind_in_pattern(captures, capture->name, node->span);
            break;
        }
        case NodeKind::MatchStar:
            bind_in_pattern(captures, as<MatchStar>(node)->name, node->span);
            break;
        case NodeKind::MatchOr: {
            Seq<PatternNode*> alternatives = as<MatchOr>(node)->patterns;
            Captures first{ArenaVector<const Identifier*>(arena_), node->span};
            for (uint32_t i = 0; i < alternatives.size() && !result_.error; i++) {
                Captures own{ArenaVector<const Identifier*>(arena_), node->span};
                const bool is_last = i + 1 == alternatives.size();
                check_pattern(alternatives[i], own, irrefutable_allowed && is_last);
                captures.last = own.last;
                if (i == 0) {
                    first = own;
                    continue;
                }
                const bool same = own.names.size() == first.names.size() &&
                                  std::all_of(own.names.begin(), own.names.end(),
                                              [&](const Identifier* name) { return first.has(name); });
                if (!same) raise(own.last, "alternative patterns bind different names");
            }
            for (const Identifier* name : first.names) bind_in_pattern(captures, name, captures.last);
            break;
        }
        case NodeKind::MatchSequence: {
            Seq<PatternNode*> items = as<MatchSequence>(node)->patterns;
            const auto stars =
                std::count_if(items.begin(), items.end(), [](PatternNode* p) { return is<MatchStar>(p); });
            if (stars > 1) raise(node->span, "multiple starred names in sequence pattern");
            all(items);
            break;
        }
        case NodeKind::MatchMapping:
            check_mapping_keys(as<MatchMapping>(node));
            all(as<MatchMapping>(node)->patterns);
            bind_in_pattern(captures, as<MatchMapping>(node)->rest, node->span);
            break;
        case NodeKind::MatchClass: {
            const auto* cls = as<MatchClass>(node);
            for (uint32_t i = 0; i < cls->kwd_attrs.size(); i++) {
                for (uint32_t j = i + 1; j < cls->kwd_attrs.size(); j++) {
                    if (cls->kwd_attrs[i] != cls->kwd_attrs[j]) continue;
                    raise(cls->kwd_patterns[j]->span, "attribute name repeated in class pattern: " +
                                                          std::string(cls->kwd_attrs[i]->text));
                }
            }
            all(cls->patterns);
            all(cls->kwd_patterns);
            break;
        }
        case NodeKind::MatchValue:
            if (is<JoinedStr>(as<MatchValue>(node)->value)) {
                raise(node->span, "patterns may only match literals and attribute lookups");
            }
            break;
        default:
            break;
    }
    return !result_.error;
}

namespace {

// A key of a mapping pattern, for comparison: equal keys have equal text.
std::string key_text(const ExprNode* key) {
    const bool negative = is<UnaryOp>(key);
    if (negative) key = as<UnaryOp>(key)->operand;
    const auto* constant = as_if<Constant>(key);
    if (!constant) return {};
    Literal literal = constant->value;
    if (literal.kind == LiteralKind::True || literal.kind == LiteralKind::False) {  // equal to 1 and 0
        literal.integer = literal.kind == LiteralKind::True;
        literal.kind = LiteralKind::Int;
    }
    std::string text = literal_repr(literal);
    if (literal.kind == LiteralKind::Float && text.ends_with(".0")) text.resize(text.size() - 2);
    if (text == "0j") text = "0";
    return negative && text != "0" ? "-" + text : text;
}

std::string key_repr(const ExprNode* key) {
    if (is<UnaryOp>(key)) return "-" + key_repr(as<UnaryOp>(key)->operand);
    return literal_repr(as<Constant>(key)->value);
}

}  // namespace

void ScopeAnalyser::check_mapping_keys(const MatchMapping* node) {
    std::vector<std::string> seen;
    for (const ExprNode* key : node->keys) {
        if (is<JoinedStr>(key)) {
            raise(node->span, "mapping pattern keys may only match literals and attribute lookups");
        }
        std::string text = key_text(key);
        if (text.empty()) continue;
        if (std::find(seen.begin(), seen.end(), text) != seen.end()) {
            raise(node->span, "mapping pattern checks duplicate key (" + key_repr(key) + ")");
        }
        seen.push_back(std::move(text));
    }
}

}  // namespace gen
