// Call arguments and parameter lists.

#include "parser/parser_impl.h"

namespace gen {

// ---- calls -----------------------------------------------------------------------------------------------

ExprNode* Parser::call_arguments(uint32_t start, ExprNode* function) {
    Seq<ExprNode*> args;
    Seq<keyword*> keywords;
    if (!arguments_list(args, keywords, true)) return nullptr;
    auto* call = make<Call>(start);
    call->func = function;
    call->args = args;
    call->keywords = keywords;
    return above(call, std::max({spine_height(function), height(args), height(keywords)}));
}

// `(…)` of a call, which may be a generator expression, or of a class definition.
bool Parser::arguments_list(Seq<ExprNode*>& args, Seq<keyword*>& keywords, bool generator_allowed) {
    const uint32_t open = pos_++;
    Items<Node> items(*this);  // expressions and keywords
    bool has_keyword = false, has_unpacking = false;
    while (!at(Tok::RParen)) {
        const uint32_t start = pos_;
        if (at(Tok::DoubleStar)) {
            pos_++;
            ExprNode* value = expression();
            if (!value) return false;
            auto* item = make<keyword>(start);
            item->value = value;
            item->height = value->height;
            items.push(item);
            has_unpacking = true;
        } else if (at(Tok::Star)) {
            if (has_unpacking) {
                if (!diagnosing_) return false;
                return raise_token(start, "iterable argument unpacking follows keyword argument unpacking");
            }
            ExprNode* value = starred(&Parser::expression);
            if (!value && diagnosing_ && has_keyword) {  // CPython sees no further than the star
                return raise_token(start, "iterable argument unpacking follows keyword argument unpacking");
            }
            if (!value) return false;
            if (diagnosing_ && start == open + 1 && (at(Tok::KwFor) || at(Tok::KwAsync))) {
                Seq<comprehension*> clauses;
                return comprehension_clauses(clauses) &&
                       raise_at(value, "iterable unpacking cannot be used in comprehension");
            }
            items.push(value);
        } else if (at(Tok::Name) && kind_at(1) == Tok::Assign) {
            keyword* item = keyword_argument();
            if (!item) return false;
            items.push(item);
            has_keyword = true;
        } else {
            ExprNode* value = argument();
            if (!value) return false;
            if (at(Tok::KwFor) || at(Tok::KwAsync)) {
                const bool is_first = start == open + 1;
                Seq<comprehension*> clauses;
                if (!comprehension_clauses(clauses)) return false;
                if (is_first && generator_allowed && accept(Tok::RParen)) {
                    auto* generator = make<GeneratorExp>(open);
                    generator->elt = value;
                    generator->generators = clauses;
                    if (!above(generator, std::max(height(value), height(clauses)))) return false;
                    args = arena_.seq_of<ExprNode*>({generator});
                    return true;
                }
                return diagnosing_ && diagnose_generator_argument(value, clauses, is_first);
            }
            if (at(Tok::Assign)) {
                if (diagnosing_) diagnose_keyword(start, value);
                return false;
            }
            if (has_keyword || has_unpacking) {
                return diagnosing_ && diagnose_late_argument(has_unpacking);
            }
            items.push(value);
        }
        if (!accept(Tok::Comma)) break;
    }
    if (!accept(Tok::RParen)) return false;
    split_arguments(items, args, keywords);
    return true;
}

void Parser::split_arguments(const Items<Node>& items, Seq<ExprNode*>& args, Seq<keyword*>& keywords) {
    uint32_t keyword_count = 0;
    for (uint32_t i = 0; i < items.size(); i++) keyword_count += items[i]->kind == NodeKind::keyword;
    const uint32_t arg_count = items.size() - keyword_count;
    args = {arena_.make_array<ExprNode*>(arg_count), arg_count};
    keywords = {arena_.make_array<keyword*>(keyword_count), keyword_count};
    ExprNode** next_arg = args.data;
    keyword** next_keyword = keywords.data;
    for (uint32_t i = 0; i < items.size(); i++) {
        if (items[i]->kind == NodeKind::keyword) {
            *next_keyword++ = as<keyword>(items[i]);
        } else {
            *next_arg++ = static_cast<ExprNode*>(items[i]);
        }
    }
}

ExprNode* Parser::argument() {
    if (at(Tok::Name) && kind_at(1) == Tok::ColonAssign) return assignment_expression();
    ExprNode* value = expression();
    return value && at(Tok::ColonAssign) ? nullptr : value;
}

keyword* Parser::keyword_argument() {
    const uint32_t start = pos_;
    const Identifier* arg = identifier();
    pos_++;  // =
    ExprNode* value = expression();
    if (!value) return nullptr;
    if (diagnosing_ && (at(Tok::KwFor) || at(Tok::KwAsync))) {
        Seq<comprehension*> clauses;
        if (comprehension_clauses(clauses)) {
            raise_tokens(start, start + 1, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
        }
        return nullptr;
    }
    auto* item = make<keyword>(start);
    item->arg = arg;
    item->value = value;
    item->height = value->height;
    return item;
}

// `f(x, y for y in z)`: the generator expression needs parentheses.
bool Parser::diagnose_generator_argument(ExprNode* element, Seq<comprehension*> clauses, bool is_first) {
    if (is_first && !at(Tok::Comma)) return false;
    const comprehension* last = clauses.back();
    return raise_range(element, last->ifs.empty() ? last->iter : last->ifs.back(),
                       "Generator expression must be parenthesized");
}

// `f(a=1, b`: CPython notices after the whole group of positional arguments.
bool Parser::diagnose_late_argument(bool has_unpacking) {
    while (accept(Tok::Comma)) {
        if (!starts_expression(kind()) || (at(Tok::Name) && kind_at(1) == Tok::Assign)) break;
        if (!argument()) return false;
    }
    return raise_at_last_token(has_unpacking ? "positional argument follows keyword argument unpacking"
                                             : "positional argument follows keyword argument");
}

// `f(value=`, where value is no name.
bool Parser::diagnose_keyword(uint32_t start, ExprNode* value) {
    if (tokens_[start + 1].kind == Tok::ColonAssign) return false;
    const Tok first = tokens_[start].kind;
    if (pos_ == start + 1 && (first == Tok::KwTrue || first == Tok::KwFalse || first == Tok::KwNone)) {
        return raise_tokens(start, pos_, "cannot assign to " + std::string(text_at(start)));
    }
    return raise(offset_of_start(value->span), tokens_[pos_].end,
                 "expression cannot contain assignment, perhaps you meant \"==\"?");
}

// ---- parameters ------------------------------------------------------------------------------------------

arg* Parser::parameter(bool is_lambda, bool star) {
    const uint32_t start = pos_;
    const Identifier* name = identifier();
    if (!name) return nullptr;
    ExprNode* annotation = nullptr;
    if (!is_lambda && accept(Tok::Colon)) {
        annotation = star && at(Tok::Star) ? starred(&Parser::bitwise_or) : expression();
        if (!annotation) return nullptr;
    }
    auto* node = make<arg>(start);
    node->arg = name;
    node->annotation = annotation;
    node->height = static_cast<uint16_t>(height(annotation));
    return node;
}

// After `=`.
bool Parser::parameter_default(Items<ExprNode>& defaults) {
    const uint32_t assign = pos_ - 1;
    if (at(Tok::RParen) || at(Tok::Comma)) {
        if (diagnosing_) raise_token(assign, "expected default value expression");
        return false;
    }
    ExprNode* value = expression();
    if (!value) return false;
    defaults.push(value);
    return true;
}

// The parameters of a function (up to `)`) or lambda (up to `:`).
arguments* Parser::parameters(bool is_lambda) {
    const Tok close = is_lambda ? Tok::Colon : Tok::RParen;
    auto* result = arena_.make<arguments>();
    result->kind = NodeKind::arguments;
    uint32_t max_height = 0;
    Items<ExprNode> defaults(*this);
    ArenaVector<arg*> names(arena_), keyword_only(arena_);
    ArenaVector<ExprNode*> keyword_defaults(arena_);
    bool has_slash = false, has_star = false, names_needed = false;
    uint32_t star_token = 0;

    while (!at(close)) {
        const uint32_t start = pos_;
        if (result->kwarg) {
            if (!diagnosing_) return nullptr;
            if (at(Tok::Star) || at(Tok::DoubleStar) || at(Tok::Slash)) {
                return raise_token(pos_, "arguments cannot follow var-keyword argument");
            }
            arg* late = parameter(is_lambda, false);
            return late ? raise_at(late, "arguments cannot follow var-keyword argument") : Failure{};
        }
        if (accept(Tok::Slash)) {
            if (has_slash || has_star || names.empty()) {
                if (!diagnosing_) return nullptr;
                return raise_token(start, has_slash  ? "/ may appear only once"
                                          : has_star ? "/ must be ahead of *"
                                                     : "at least one argument must precede /");
            }
            has_slash = true;
            result->posonlyargs = arena_.copy_seq(names.begin(), names.size());
            names.clear();
            if (diagnosing_ && at(Tok::Star)) return raise_token(pos_, "expected comma between / and *");
        } else if (accept(Tok::DoubleStar)) {
            if (names_needed) {
                if (!diagnosing_) return nullptr;
                return raise_bare_star(is_lambda, star_token);
            }
            result->kwarg = parameter(is_lambda, false);
            if (!result->kwarg) return nullptr;
            max_height = std::max(max_height, height(result->kwarg));
            if (diagnosing_ && at(Tok::Assign)) {
                return raise_token(pos_, "var-keyword argument cannot have default value");
            }
        } else if (accept(Tok::Star)) {
            if (has_star) {
                const bool is_parameter =
                    at(Tok::Comma) || (parameter(is_lambda, true) && (at(Tok::Comma) || at(close)));
                if (!diagnosing_ || !is_parameter) return nullptr;
                return raise_token(start, "* argument may appear only once");
            }
            has_star = true;
            star_token = start;
            if (at(Tok::Comma)) {
                names_needed = true;
            } else if (at(close)) {
                if (!diagnosing_) return nullptr;
                return raise_bare_star(is_lambda, star_token);
            } else {
                result->vararg = parameter(is_lambda, true);
                if (!result->vararg) return nullptr;
                max_height = std::max(max_height, height(result->vararg));
                if (diagnosing_ && at(Tok::Assign)) {
                    return raise_token(pos_, "var-positional argument cannot have default value");
                }
            }
        } else {
            if (at(Tok::LParen) && diagnosing_) return diagnose_parameter(is_lambda);
            arg* param = parameter(is_lambda, false);
            if (!param) return nullptr;
            max_height = std::max(max_height, height(param));
            const bool has_default = accept(Tok::Assign);
            if (has_default && !parameter_default(defaults)) return nullptr;
            if (has_star) {
                names_needed = false;
                keyword_only.push_back(param);
                keyword_defaults.push_back(has_default ? defaults.back() : nullptr);
                if (has_default) {
                    max_height = std::max(max_height, height(defaults.back()));
                    defaults.pop();
                }
            } else {
                if (!has_default && defaults.size() > 0) {
                    if (!diagnosing_ || (!at(Tok::Comma) && !at(close))) return nullptr;
                    return raise_token(start, "non-default argument follows default argument");
                }
                names.push_back(param);
            }
        }
        if (!accept(Tok::Comma)) break;
    }
    if (names_needed && at(close)) {
        if (!diagnosing_) return nullptr;
        return raise_bare_star(is_lambda, star_token);
    }
    result->args = arena_.copy_seq(names.begin(), names.size());
    result->kwonlyargs = keyword_only.seq();
    result->kw_defaults = keyword_defaults.seq();
    result->defaults = defaults.take();
    result->height = static_cast<uint16_t>(std::max(max_height, height(result->defaults)));
    return result;
}

Parser::Failure Parser::raise_bare_star(bool is_lambda, uint32_t star) {
    const char* message = "named arguments must follow bare *";
    return is_lambda ? raise_at_last_token(message) : raise_token(star, message);
}

// `def f(a, (b, c))`, as in Python 2.
Parser::Failure Parser::diagnose_parameter(bool is_lambda) {
    const uint32_t open = pos_++;
    uint32_t count = 0;
    while (at(Tok::Name)) {
        pos_++;
        count++;
        if (!accept(Tok::Comma)) break;
    }
    if (count == 0 || !at(Tok::RParen)) return {};
    return raise_tokens(open, pos_,
                        is_lambda ? "Lambda expression parameters cannot be parenthesized"
                                  : "Function parameters cannot be parenthesized");
}

}  // namespace gen
