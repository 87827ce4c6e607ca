// The tree as text: what Python's ast.dump(tree, indent=2) prints, for `gen --ast`, golden files and
// comparison.

#include <algorithm>
#include <type_traits>

#include "parser/literal_repr.h"
#include "parser/parser.h"

namespace gen {

using namespace ast;

namespace {

const char* name_of(ExprContext ctx) {
    static constexpr const char* kNames[] = {"Load()", "Store()", "Del()"};
    return kNames[static_cast<size_t>(ctx)];
}
const char* name_of(BoolOperator op) { return op == BoolOperator::And ? "And()" : "Or()"; }
const char* name_of(Operator op) {
    static constexpr const char* kNames[] = {"Add()",    "Sub()",    "Mult()",    "MatMult()", "Div()",
                                             "Mod()",    "Pow()",    "LShift()",  "RShift()",  "BitOr()",
                                             "BitXor()", "BitAnd()", "FloorDiv()"};
    return kNames[static_cast<size_t>(op)];
}
const char* name_of(UnaryOperator op) {
    static constexpr const char* kNames[] = {"Invert()", "Not()", "UAdd()", "USub()"};
    return kNames[static_cast<size_t>(op)];
}
const char* name_of(CompareOperator op) {
    static constexpr const char* kNames[] = {"Eq()",  "NotEq()", "Lt()",    "LtE()", "Gt()",
                                             "GtE()", "Is()",    "IsNot()", "In()",  "NotIn()"};
    return kNames[static_cast<size_t>(op)];
}

class Dumper {
  public:
    explicit Dumper(bool with_positions) : with_positions_(with_positions) {}

    // Explicit stack: spines may be as long as the program likes.
    std::string run(const Node* root) {
        push({Item::kNode, root, nullptr, 0});
        while (!stack_.empty()) {
            Item item = stack_.back();
            stack_.pop_back();
            switch (item.what) {
                case Item::kText:
                    out_ += item.text;
                    break;
                case Item::kNewline:
                    out_ += '\n';
                    out_.append(item.indent * 2, ' ');
                    break;
                case Item::kOwned:
                    out_ += owned_[item.indent];
                    break;
                case Item::kNode:
                    expand(item.node, item.indent);
                    break;
            }
        }
        return std::move(out_);
    }

  private:
    struct Item {
        enum What : uint8_t { kText, kNewline, kOwned, kNode } what;
        const Node* node;
        const char* text;
        uint32_t indent;  // kOwned: index into owned_
    };

    void push(Item item) { stack_.push_back(item); }

    // Pushes the pieces of one node in order, then turns them around, since the stack is read from its end.
    void expand(const Node* node, uint32_t indent) {
        const size_t base = stack_.size();
        begin(node, indent);
        std::reverse(stack_.begin() + static_cast<ptrdiff_t>(base), stack_.end());
    }

    void text(const char* text) { push({Item::kText, nullptr, text, 0}); }
    void owned(std::string value) {
        owned_.push_back(std::move(value));
        push({Item::kOwned, nullptr, nullptr, static_cast<uint32_t>(owned_.size() - 1)});
    }

    void begin(const Node* node, uint32_t indent) {
        indent_ = indent + 1;
        // As ast.dump: on one line when there are at most three fields and none of them has fields of its
        // own.
        counting_ = true;
        one_line_ = true;
        field_count_ = 0;
        fields(node);
        one_line_ = one_line_ && field_count_ <= 3;
        counting_ = false;
        field_count_ = 0;
        text(kind_name(node->kind));
        text("(");
        fields(node);
        text(")");
    }

    void fields(const Node* node) {
        switch (node->kind) {
#define NODE_CASE(Name, fields)                    \
    case NodeKind::Name: {                         \
        [[maybe_unused]] auto* n = as<Name>(node); \
        fields break;                              \
    }
#define FIELD(type, name) field(#name, n->name, node);
#define NOTE(type, name)
#define MOD(Name, fields) NODE_CASE(Name, fields)
#define STMT(Name, fields) NODE_CASE(Name, fields)
#define EXPR(Name, fields) NODE_CASE(Name, fields)
#define PATTERN(Name, fields) NODE_CASE(Name, fields)
#define PART(Name, fields) NODE_CASE(Name, fields)
#define RECORD(Name, fields) NODE_CASE(Name, fields)
#include "parser/ast.def"
#undef NODE_CASE
#undef FIELD
#undef NOTE
        }
        if (is<Module>(node) && label("type_ignores")) text("[]");
        if (with_positions_ && node->span.line != 0) {
            position("lineno", node->span.line);
            position("col_offset", node->span.column);
            position("end_lineno", node->span.end_line);
            position("end_col_offset", node->span.end_column);
        }
    }

    // Writes `name=` and answers whether the value is wanted.
    bool label(const char* name) {
        field_count_++;
        if (counting_) return false;
        if (field_count_ > 1) text(one_line_ ? ", " : ",");
        if (!one_line_) push({Item::kNewline, nullptr, nullptr, indent_});
        text(name);
        text("=");
        return true;
    }

    void position(const char* name, uint32_t value) {
        if (label(name)) owned(std::to_string(value));
    }

    template <class T>
    void field(const char* name, const T& value, const Node* node) {
        if constexpr (std::is_same_v<T, const Identifier*>) {
            if (value && label(name)) owned(text_repr(value->text));
        } else if constexpr (std::is_same_v<T, Literal>) {
            if (label(name)) owned(literal_repr(value));
        } else if constexpr (std::is_same_v<T, bool>) {
            if (node->kind != NodeKind::Constant) {
                if (label(name)) text(value ? "1" : "0");
            } else if (value && label("kind")) {
                text("'u'");
            }
        } else if constexpr (std::is_same_v<T, int>) {
            if (label(name)) owned(std::to_string(value));
        } else if constexpr (std::is_enum_v<T>) {
            if (label(name)) text(name_of(value));
        } else if constexpr (std::is_pointer_v<T>) {
            if (!value) return;  // left out, as ast.dump does
            if (!has_no_fields(value)) one_line_ = one_line_ && !counting_;
            if (label(name)) push({Item::kNode, value, nullptr, indent_});
        } else {
            sequence(name, value);
        }
    }

    bool has_no_fields(const Node* node) const {
        if (with_positions_ && node->span.line != 0) return false;
        switch (node->kind) {
            case NodeKind::Yield:
                return !as<Yield>(node)->value;
            case NodeKind::MatchStar:
                return !as<MatchStar>(node)->name;
            case NodeKind::MatchAs:
                return !as<MatchAs>(node)->name;
            case NodeKind::Slice:
                return !as<Slice>(node)->lower && !as<Slice>(node)->upper && !as<Slice>(node)->step;
            default:
                return false;
        }
    }

    template <class T>
    void sequence(const char* name, const Seq<T>& items) {
        if (!items.empty()) one_line_ = one_line_ && !counting_;
        if (!label(name)) return;
        text("[");
        for (uint32_t i = 0; i < items.size(); i++) {
            if (i > 0) text(",");
            push({Item::kNewline, nullptr, nullptr, indent_ + 1});
            if constexpr (std::is_same_v<T, const Identifier*>) {
                owned(text_repr(items[i]->text));
            } else if constexpr (std::is_enum_v<T>) {
                text(name_of(items[i]));
            } else if (!items[i]) {
                text("None");
            } else {
                push({Item::kNode, items[i], nullptr, indent_ + 1});
            }
        }
        text("]");
    }

    bool with_positions_;
    bool counting_ = false;
    bool one_line_ = true;
    uint32_t field_count_ = 0;
    uint32_t indent_ = 0;
    std::string out_;
    std::vector<Item> stack_;
    std::vector<std::string> owned_;
};

}  // namespace

std::string dump_ast(const Node* node, bool with_positions) { return Dumper(with_positions).run(node); }

}  // namespace gen
