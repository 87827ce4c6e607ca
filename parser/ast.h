// The abstract syntax tree: plain tagged structs in an Arena, one for each entry of ast.def, named and shaped
// as in Python's `ast` module (its documentation is ours). A node never changes once parse() has returned,
// except for the NOTE fields (`scope`, `symbol`), which analyse_scopes() fills in.
//
// The contract for whoever walks a tree:
//
//  - Depth. Every path from the root is at most kMaxAstDepth nodes deep, *not counting spines*; so plain
//    recursion on the children is safe on a small C stack. But spines are as long as the program likes
//    (`a + b + …` 100,000 times) and must be walked in a loop. Spines are the fields that ast.def marks so:
//      BinOp.left  UnaryOp.operand  IfExp.orelse  Attribute.value  Subscript.value  Call.func
//    spine_child() steps along all of them; a spine may mix them (`-f(x).a + b`). And
//      If.orelse   when it is exactly one If (an `elif` chain)
//    BoolOp, Compare, JoinedStr and every list are flat: long, never deep.
//  - Positions are CPython's: lines from 1, columns in UTF-8 bytes from 0, the end exclusive. A decorated
//    function or class starts at its `def` or `class`, not at the decorator.
//  - Text (Literal::text, Identifier::text) lives in the arena, never in the Source, and may hold NUL bytes.
//    A str literal is UTF-8 in which a lone surrogate ("\ud800") is encoded as three bytes; then
//    text_has_surrogates is set.
//  - Adjacent literals are joined. A JoinedStr holds no empty strings and no two neighbouring Constants.
//  - Checked by parse(): the grammar, what can be assigned to or deleted, argument order, `__future__`.
//    Checked by analyse_scopes(): everything about names (duplicate keywords and captures included) and
//    places
//    (`break`, `continue`, `return`, `yield`, `await`, starred expressions, irrefutable patterns).
//    The compiler repeats none.
//  - Constants are not folded: -1 is UnaryOp(USub, 1), and a docstring is a plain Expr statement.
//  - A tuple index (`x[1, 2:3]`) is a Tuple with ctx Load that may hold Slice and Starred.
#pragma once

#include <cassert>

#include "parser/arena.h"

namespace gen {

struct Scope;
struct Symbol;

// Where a node stands in its source; see "Positions" above.
struct Span {
    uint32_t line = 0;
    uint32_t column = 0;
    uint32_t end_line = 0;
    uint32_t end_column = 0;
};

namespace ast {

constexpr uint32_t kMaxAstDepth = 220;  // blocks and expressions together

enum class NodeKind : uint8_t {
#define MOD(Name, fields) Name,
#define STMT(Name, fields) Name,
#define EXPR(Name, fields) Name,
#define PATTERN(Name, fields) Name,
#define PART(Name, fields) Name,
#define RECORD(Name, fields) Name,
#include "parser/ast.def"
};

enum class ExprContext : uint8_t { Load, Store, Del };
enum class BoolOperator : uint8_t { And, Or };
enum class Operator : uint8_t {
    Add,
    Sub,
    Mult,
    MatMult,
    Div,
    Mod,
    Pow,
    LShift,
    RShift,
    BitOr,
    BitXor,
    BitAnd,
    FloorDiv
};
enum class UnaryOperator : uint8_t { Invert, Not, UAdd, USub };
enum class CompareOperator : uint8_t { Eq, NotEq, Lt, LtE, Gt, GtE, Is, IsNot, In, NotIn };

// The value of a Constant.
enum class LiteralKind : uint8_t { None, False, True, Ellipsis, Int, BigInt, Float, Imaginary, Str, Bytes };

struct Literal {
    LiteralKind kind = LiteralKind::None;
    bool text_has_surrogates = false;  // Str
    bool text_is_ascii = true;         // Str: every byte is below 0x80
    uint8_t base = 10;                 // BigInt: 2, 8, 10 or 16
    union {
        int64_t integer = 0;  // Int: 0 … INT64_MAX
        double number;        // Float, Imaginary
    };
    // Str, Bytes: the content. BigInt (beyond 63 bits): its digits, without prefix or underscores.
    std::string_view text;
};

struct Node {
    NodeKind kind;
    uint16_t height = 0;  // of expressions and patterns: levels, this one included, spines counted once
    Span span;            // all zero for RECORDs and modules
};
struct ModNode : Node {};
struct StmtNode : Node {};
struct ExprNode : Node {};
struct PatternNode : Node {};

#define MOD(Name, fields) struct Name;
#define STMT(Name, fields) struct Name;
#define EXPR(Name, fields) struct Name;
#define PATTERN(Name, fields) struct Name;
#define PART(Name, fields) struct Name;
#define RECORD(Name, fields) struct Name;
#include "parser/ast.def"

#define NODE_STRUCT(Name, Base, fields)                   \
    struct Name : Base {                                  \
        static constexpr NodeKind kKind = NodeKind::Name; \
        fields                                            \
    };
#define FIELD(type, name) type name{};
#define NOTE(type, name) type name{};
#define MOD(Name, fields) NODE_STRUCT(Name, ModNode, fields)
#define STMT(Name, fields) NODE_STRUCT(Name, StmtNode, fields)
#define EXPR(Name, fields) NODE_STRUCT(Name, ExprNode, fields)
#define PATTERN(Name, fields) NODE_STRUCT(Name, PatternNode, fields)
#define PART(Name, fields) NODE_STRUCT(Name, Node, fields)
#define RECORD(Name, fields) NODE_STRUCT(Name, Node, fields)
#include "parser/ast.def"
#undef NODE_STRUCT
#undef FIELD
#undef NOTE

template <class T>
bool is(const Node* node) {
    return node->kind == T::kKind;
}

template <class T>
T* as(Node* node) {  // the kind must be right
    assert(node->kind == T::kKind);
    return static_cast<T*>(node);
}
template <class T>
const T* as(const Node* node) {
    assert(node->kind == T::kKind);
    return static_cast<const T*>(node);
}

template <class T>
T* as_if(Node* node) {  // null when the node is null or of another kind
    return node && node->kind == T::kKind ? static_cast<T*>(node) : nullptr;
}
template <class T>
const T* as_if(const Node* node) {
    return node && node->kind == T::kKind ? static_cast<const T*>(node) : nullptr;
}

// The next expression along the spine (see "Depth" above), or null when the spine ends here.
ExprNode* spine_child(const ExprNode* node);

const char* kind_name(NodeKind kind);       // "BinOp"
const char* symbol_of(Operator op);         // "+"
const char* symbol_of(UnaryOperator op);    // "-", "not "
const char* symbol_of(CompareOperator op);  // "not in"

}  // namespace ast
}  // namespace gen
