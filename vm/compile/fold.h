// Constants of the program text, and what can be computed from them at compile time.
//
// Folding is bounded: ints of 128 bits, strings of kMaxFoldedText bytes. An operation that would raise, or
// whose result the compiler cannot know to the last bit, is left to run time.
#pragma once
#include "parser/ast.h"

namespace gen {

struct Folded {
    enum class Kind : uint8_t {
        None,
        False,
        True,
        Ellipsis,
        Int,
        BigInt,
        Float,
        Complex,
        Str,
        Bytes,
        Tuple,
        FrozenSet
    };
    Kind kind = Kind::None;
    bool negative = false;      // BigInt
    uint8_t base = 10;          // BigInt
    __int128 integer = 0;       // Int
    double real = 0, imag = 0;  // Float: real
    std::string_view text;      // Str, Bytes; BigInt: digits
    Seq<const Folded*> items;   // Tuple, FrozenSet

    bool is(Kind k) const { return kind == k; }
    bool is_small_int(int64_t low, int64_t high) const {
        return is(Kind::Int) && integer >= low && integer <= high;
    }
};

constexpr size_t kMaxFoldedText = 4096;

const Folded* fold_literal(Arena& arena, const ast::Literal& literal);
// The value of a literal, of signed numbers, and of tuples of such; null for anything else.
const Folded* fold_display(Arena& arena, const ast::ExprNode* expression);
// Each answers null when the operation is to be left to run time.
const Folded* fold_unary(Arena& arena, ast::UnaryOperator op, const Folded* operand);
const Folded* fold_binary(Arena& arena, ast::Operator op, const Folded* left, const Folded* right);
bool is_true(const Folded& constant);
// Appends a text that two constants share exactly if they are the same to a program: types and the sign of
// zero count.
void append_key(const Folded& constant, ArenaVector<char>& key);

}  // namespace gen
