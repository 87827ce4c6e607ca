// Expressions back to source text, as CPython writes annotations that are not evaluated: one space around
// operators, parentheses only where they are needed.

#include <algorithm>

#include "parser/literal_repr.h"
#include "parser/parser.h"

namespace gen {

using namespace ast;

namespace {

// How tightly the place for an expression binds: weaker expressions get parentheses.
enum Level : uint8_t {
    kTuple,
    kTest,
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
    kPower,
    kAwait,
    kAtom
};

Level stronger(Level level) { return static_cast<Level>(level + 1); }

Level level_of(Operator op) {
    switch (op) {
        case Operator::Add:
        case Operator::Sub:
            return kSum;
        case Operator::Pow:
            return kPower;
        case Operator::LShift:
        case Operator::RShift:
            return kShift;
        case Operator::BitOr:
            return kBitOr;
        case Operator::BitXor:
            return kBitXor;
        case Operator::BitAnd:
            return kBitAnd;
        default:
            return kProduct;
    }
}

bool has_positional(const arguments* args) { return !args->posonlyargs.empty() || !args->args.empty(); }

std::string unparse_at(const ExprNode* node, Level level);

// An explicit stack of pieces still to be written, so that long spines cost no C stack.
class Unparser {
  public:
    std::string run(const ExprNode* node, Level level) {
        stack_.push_back({node, {}, level});
        while (!stack_.empty()) {
            Piece piece = std::move(stack_.back());
            stack_.pop_back();
            if (!piece.node) {
                out_ += piece.text;
                continue;
            }
            const size_t base = stack_.size();
            expand(piece.node, piece.level);
            std::reverse(stack_.begin() + static_cast<ptrdiff_t>(base), stack_.end());
        }
        return std::move(out_);
    }

  private:
    struct Piece {
        const ExprNode* node;  // null: text
        std::string text;
        Level level;
    };

    void text(std::string text) { stack_.push_back({nullptr, std::move(text), kTuple}); }
    void text(const Identifier* name) { text(std::string(name->text)); }
    void expr(const ExprNode* node, Level level) { stack_.push_back({node, {}, level}); }
    void list(Seq<ExprNode*> nodes, Level level, const char* separator = ", ") {
        for (uint32_t i = 0; i < nodes.size(); i++) {
            if (i > 0) text(separator);
            expr(nodes[i], level);
        }
    }

    void expand(const ExprNode* node, Level level);
    void parameters(const arguments* args);
    void call(const Call* node);
    void clauses(Seq<comprehension*> generators);
    std::string fstring_body(Seq<ExprNode*> values);

    std::string out_;
    std::vector<Piece> stack_;
};

void Unparser::expand(const ExprNode* node, Level level) {
    auto enclosed = [&](Level own, auto&& content) {
        if (level > own) text("(");
        content();
        if (level > own) text(")");
    };
    switch (node->kind) {
        case NodeKind::BoolOp: {
            const auto* n = as<BoolOp>(node);
            const Level own = n->op == BoolOperator::And ? kAnd : kOr;
            enclosed(own,
                     [&] { list(n->values, stronger(own), n->op == BoolOperator::And ? " and " : " or "); });
            break;
        }
        case NodeKind::NamedExpr:
            enclosed(kTuple, [&] {
                expr(as<NamedExpr>(node)->target, kAtom);
                text(" := ");
                expr(as<NamedExpr>(node)->value, kAtom);
            });
            break;
        case NodeKind::BinOp: {
            const auto* n = as<BinOp>(node);
            const Level own = level_of(n->op);
            const bool to_the_right = n->op == Operator::Pow;
            enclosed(own, [&] {
                expr(n->left, to_the_right ? stronger(own) : own);
                text(std::string(" ") + symbol_of(n->op) + " ");
                expr(n->right, to_the_right ? own : stronger(own));
            });
            break;
        }
        case NodeKind::UnaryOp: {
            const auto* n = as<UnaryOp>(node);
            const Level own = n->op == UnaryOperator::Not ? kNot : kSign;
            enclosed(own, [&] {
                text(symbol_of(n->op));
                expr(n->operand, own);
            });
            break;
        }
        case NodeKind::Lambda:
            enclosed(kTest, [&] {
                text(has_positional(as<Lambda>(node)->args) ? "lambda "
                                                            : "lambda");  // `lambda*args`, as CPython
                parameters(as<Lambda>(node)->args);
                text(": ");
                expr(as<Lambda>(node)->body, kTest);
            });
            break;
        case NodeKind::IfExp:
            enclosed(kTest, [&] {
                expr(as<IfExp>(node)->body, stronger(kTest));
                text(" if ");
                expr(as<IfExp>(node)->test, stronger(kTest));
                text(" else ");
                expr(as<IfExp>(node)->orelse, kTest);
            });
            break;
        case NodeKind::Dict: {
            const auto* n = as<Dict>(node);
            text("{");
            for (uint32_t i = 0; i < n->values.size(); i++) {
                if (i > 0) text(", ");
                if (n->keys[i]) {
                    expr(n->keys[i], kTest);
                    text(": ");
                    expr(n->values[i], kTest);
                } else {
                    text("**");
                    expr(n->values[i], kBitOr);
                }
            }
            text("}");
            break;
        }
        case NodeKind::Set:
            text("{");
            list(as<Set>(node)->elts, kTest);
            text("}");
            break;
        case NodeKind::ListComp:
            text("[");
            expr(as<ListComp>(node)->elt, kTest);
            clauses(as<ListComp>(node)->generators);
            text("]");
            break;
        case NodeKind::SetComp:
            text("{");
            expr(as<SetComp>(node)->elt, kTest);
            clauses(as<SetComp>(node)->generators);
            text("}");
            break;
        case NodeKind::DictComp:
            text("{");
            expr(as<DictComp>(node)->key, kTest);
            text(": ");
            expr(as<DictComp>(node)->value, kTest);
            clauses(as<DictComp>(node)->generators);
            text("}");
            break;
        case NodeKind::GeneratorExp:
            text("(");
            expr(as<GeneratorExp>(node)->elt, kTest);
            clauses(as<GeneratorExp>(node)->generators);
            text(")");
            break;
        case NodeKind::Await:
            enclosed(kAwait, [&] {
                text("await ");
                expr(as<Await>(node)->value, kAtom);
            });
            break;
        case NodeKind::Yield:
            text(as<Yield>(node)->value ? "(yield " : "(yield");
            if (as<Yield>(node)->value) expr(as<Yield>(node)->value, kTest);
            text(")");
            break;
        case NodeKind::YieldFrom:
            text("(yield from ");
            expr(as<YieldFrom>(node)->value, kTest);
            text(")");
            break;
        case NodeKind::Compare: {
            const auto* n = as<Compare>(node);
            enclosed(kComparison, [&] {
                expr(n->left, stronger(kComparison));
                for (uint32_t i = 0; i < n->ops.size(); i++) {
                    text(std::string(" ") + symbol_of(n->ops[i]) + " ");
                    expr(n->comparators[i], stronger(kComparison));
                }
            });
            break;
        }
        case NodeKind::Call:
            call(as<Call>(node));
            break;
        case NodeKind::FormattedValue:
            break;  // only inside a JoinedStr
        case NodeKind::JoinedStr:
            text("f" + text_repr(fstring_body(as<JoinedStr>(node)->values)));
            break;
        case NodeKind::Constant: {
            const Literal& literal = as<Constant>(node)->value;
            std::string repr = literal.kind == LiteralKind::Ellipsis ? "..." : literal_repr(literal);
            const bool is_infinite = repr == "inf" || repr == "infj";
            if (is_infinite) repr = "1e309" + repr.substr(3);
            text((as<Constant>(node)->u_prefix ? "u" : "") + repr);
            break;
        }
        case NodeKind::Attribute: {
            const auto* n = as<Attribute>(node);
            const auto* constant = as_if<Constant>(n->value);
            const bool is_int = constant && (constant->value.kind == LiteralKind::Int ||
                                             constant->value.kind == LiteralKind::BigInt);
            expr(n->value, kAtom);
            text(is_int ? " ." : ".");
            text(n->attr);
            break;
        }
        case NodeKind::Subscript:
            expr(as<Subscript>(node)->value, kAtom);
            text("[");
            expr(as<Subscript>(node)->slice, kTuple);
            text("]");
            break;
        case NodeKind::Starred:
            text("*");
            expr(as<Starred>(node)->value, kBitOr);
            break;
        case NodeKind::Name:
            text(as<Name>(node)->id);
            break;
        case NodeKind::List:
            text("[");
            list(as<List>(node)->elts, kTest);
            text("]");
            break;
        case NodeKind::Tuple: {
            Seq<ExprNode*> elements = as<Tuple>(node)->elts;
            if (elements.empty()) return text("()");
            enclosed(kTuple, [&] {
                list(elements, kTest);
                if (elements.size() == 1) text(",");
            });
            break;
        }
        case NodeKind::Slice: {
            const auto* n = as<Slice>(node);
            if (n->lower) expr(n->lower, kTest);
            text(":");
            if (n->upper) expr(n->upper, kTest);
            if (n->step) {
                text(":");
                expr(n->step, kTest);
            }
            break;
        }
        default:
            break;
    }
}

void Unparser::parameters(const arguments* args) {
    bool first = true;
    auto begin = [&] {
        if (!first) text(", ");
        first = false;
    };
    const uint32_t positional = args->posonlyargs.size() + args->args.size();
    const uint32_t first_default = positional - args->defaults.size();
    for (uint32_t i = 0; i < positional; i++) {
        const uint32_t posonly = args->posonlyargs.size();
        begin();
        text((i < posonly ? args->posonlyargs[i] : args->args[i - posonly])->arg);
        if (i >= first_default) {
            text("=");
            expr(args->defaults[i - first_default], kTest);
        }
        if (posonly && i + 1 == posonly) text(", /");
    }
    if (args->vararg || !args->kwonlyargs.empty()) {
        begin();
        text("*");
        if (args->vararg) text(args->vararg->arg);
    }
    for (uint32_t i = 0; i < args->kwonlyargs.size(); i++) {
        begin();
        text(args->kwonlyargs[i]->arg);
        if (!args->kw_defaults[i]) continue;
        text("=");
        expr(args->kw_defaults[i], kTest);
    }
    if (args->kwarg) {
        begin();
        text("**");
        text(args->kwarg->arg);
    }
}

void Unparser::call(const Call* node) {
    expr(node->func, kAtom);
    if (node->args.size() == 1 && node->keywords.empty() && is<GeneratorExp>(node->args[0])) {
        return expr(node->args[0], kTest);  // has parentheses of its own
    }
    text("(");
    list(node->args, kTest);
    for (uint32_t i = 0; i < node->keywords.size(); i++) {
        if (i > 0 || !node->args.empty()) text(", ");
        const keyword* item = node->keywords[i];
        text(item->arg ? std::string(item->arg->text) + "=" : "**");
        expr(item->value, kTest);
    }
    text(")");
}

void Unparser::clauses(Seq<comprehension*> generators) {
    for (const comprehension* clause : generators) {
        text(clause->is_async ? " async for " : " for ");
        expr(clause->target, kTuple);
        text(" in ");
        expr(clause->iter, stronger(kTest));
        for (const ExprNode* condition : clause->ifs) {
            text(" if ");
            expr(condition, stronger(kTest));
        }
    }
}

// What stands between the quotes, before repr() escapes it.
std::string Unparser::fstring_body(Seq<ExprNode*> values) {
    std::string body;
    for (const ExprNode* value : values) {
        if (const auto* constant = as_if<Constant>(value)) {
            for (char c : constant->value.text) {
                body += c;
                if (c == '{' || c == '}') body += c;
            }
            continue;
        }
        if (is<JoinedStr>(value)) {
            body += fstring_body(as<JoinedStr>(value)->values);
            continue;
        }
        const auto* field = as<FormattedValue>(value);
        const std::string expression = unparse_at(field->value, stronger(kTest));
        body += expression.starts_with("{") ? "{ " : "{";
        body += expression;
        if (field->conversion > 0) body += {'!', static_cast<char>(field->conversion)};
        if (field->format_spec) body += ":" + fstring_body(as<JoinedStr>(field->format_spec)->values);
        body += "}";
    }
    return body;
}

std::string unparse_at(const ExprNode* node, Level level) { return Unparser().run(node, level); }

}  // namespace

std::string unparse(const ExprNode* expression) { return unparse_at(expression, kTest); }

}  // namespace gen
