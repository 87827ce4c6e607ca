#include "vm/compile/fold.h"

#include <bit>
#include <cmath>

namespace gen {

using namespace ast;
using Kind = Folded::Kind;

namespace {

constexpr double kExactDouble = 9007199254740992.0;  // 2^53: ints up to here are doubles

Folded* make(Arena& arena, Kind kind) {
    auto* f = arena.make<Folded>();
    f->kind = kind;
    return f;
}

const Folded* make_int(Arena& arena, __int128 i) {
    auto* f = make(arena, Kind::Int);
    f->integer = i;
    return f;
}

const Folded* make_float(Arena& arena, double d) {
    auto* f = make(arena, Kind::Float);
    f->real = d;
    return f;
}

const Folded* make_complex(Arena& arena, double real, double imag) {
    auto* f = make(arena, Kind::Complex);
    f->real = real;
    f->imag = imag;
    return f;
}

// Floor division as Python's: the remainder has the divisor's sign.
__int128 floor_div(__int128 a, __int128 b) {
    __int128 q = a / b;
    return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}

const Folded* power(Arena& arena, __int128 base, __int128 exponent) {
    if (exponent < 0 || exponent > 127) return nullptr;
    __int128 result = 1;
    for (int i = 0; i < int(exponent); i++)
        if (__builtin_mul_overflow(result, base, &result)) return nullptr;
    return make_int(arena, result);
}

const Folded* fold_ints(Arena& arena, Operator op, __int128 a, __int128 b) {
    __int128 r;
    switch (op) {
        case Operator::Add:
            return __builtin_add_overflow(a, b, &r) ? nullptr : make_int(arena, r);
        case Operator::Sub:
            return __builtin_sub_overflow(a, b, &r) ? nullptr : make_int(arena, r);
        case Operator::Mult:
            return __builtin_mul_overflow(a, b, &r) ? nullptr : make_int(arena, r);
        case Operator::FloorDiv:
            return b == 0 || b == -1 ? nullptr : make_int(arena, floor_div(a, b));
        case Operator::Mod:
            return b == 0 || b == -1 ? nullptr : make_int(arena, a - floor_div(a, b) * b);
        case Operator::Pow:
            return power(arena, a, b);
        case Operator::LShift:
            if (b < 0 || b > 126 || (a << int(b)) >> int(b) != a) return nullptr;
            return make_int(arena, a << int(b));
        case Operator::RShift:
            return b < 0 ? nullptr : make_int(arena, a >> int(b > 127 ? 127 : b));
        case Operator::BitAnd:
            return make_int(arena, a & b);
        case Operator::BitOr:
            return make_int(arena, a | b);
        case Operator::BitXor:
            return make_int(arena, a ^ b);
        case Operator::Div:
            if (b == 0 || std::fabs(double(a)) > kExactDouble || std::fabs(double(b)) > kExactDouble)
                return nullptr;
            return make_float(arena, double(a) / double(b));
        case Operator::MatMult:
            return nullptr;
    }
    return nullptr;
}

// The number as a double, when that is exact.
bool as_double(const Folded& f, double& out) {
    if (f.is(Kind::Float)) {
        out = f.real;
        return true;
    }
    if (!f.is(Kind::Int) || std::fabs(double(f.integer)) > kExactDouble) return false;
    out = double(f.integer);
    return true;
}

const Folded* fold_floats(Arena& arena, Operator op, double a, double b) {
    switch (op) {
        case Operator::Add:
            return make_float(arena, a + b);
        case Operator::Sub:
            return make_float(arena, a - b);
        case Operator::Mult:
            return make_float(arena, a * b);
        case Operator::Div:
            return b == 0 ? nullptr : make_float(arena, a / b);
        default:
            return nullptr;
    }
}

const Folded* repeat_text(Arena& arena, const Folded& text, __int128 times) {
    if (times < 0) times = 0;
    if (times > __int128(kMaxFoldedText) || text.text.size() * size_t(times) > kMaxFoldedText) return nullptr;
    char* out = static_cast<char*>(arena.allocate(text.text.size() * size_t(times) + 1, 1));
    for (int i = 0; i < int(times); i++)
        std::memcpy(out + i * text.text.size(), text.text.data(), text.text.size());
    auto* f = make(arena, text.kind);
    f->text = {out, text.text.size() * size_t(times)};
    return f;
}

bool is_text(const Folded& f) { return f.is(Kind::Str) || f.is(Kind::Bytes); }

// A lone surrogate at the end of one text and another at the start of the next would have to become one
// character.
bool ends_in_surrogate(std::string_view s) {
    return s.size() >= 3 && uint8_t(s[s.size() - 3]) == 0xed && uint8_t(s[s.size() - 2]) >= 0xa0;
}

}  // namespace

const Folded* fold_literal(Arena& arena, const Literal& literal) {
    Folded* f = nullptr;
    switch (literal.kind) {
        case LiteralKind::None:
            return make(arena, Kind::None);
        case LiteralKind::False:
            return make(arena, Kind::False);
        case LiteralKind::True:
            return make(arena, Kind::True);
        case LiteralKind::Ellipsis:
            return make(arena, Kind::Ellipsis);
        case LiteralKind::Int:
            return make_int(arena, literal.integer);
        case LiteralKind::BigInt:
            f = make(arena, Kind::BigInt);
            f->text = literal.text;
            f->base = literal.base;
            return f;
        case LiteralKind::Float:
            return make_float(arena, literal.number);
        case LiteralKind::Imaginary:
            return make_complex(arena, 0, literal.number);
        case LiteralKind::Str:
        case LiteralKind::Bytes:
            f = make(arena, literal.kind == LiteralKind::Str ? Kind::Str : Kind::Bytes);
            f->text = literal.text;
            return f;
    }
    return f;
}

const Folded* fold_display(Arena& arena, const ExprNode* e) {
    if (auto* constant = as_if<Constant>(e)) return fold_literal(arena, constant->value);
    if (auto* unary = as_if<UnaryOp>(e)) {
        auto* constant = as_if<Constant>(unary->operand);
        return constant ? fold_unary(arena, unary->op, fold_literal(arena, constant->value)) : nullptr;
    }
    auto* tuple = as_if<Tuple>(e);
    if (!tuple) return nullptr;
    for (ExprNode* item : tuple->elts)  // before anything is made: most tuples are not constant
        if (!is<Constant>(item) && !is<UnaryOp>(item) && !is<Tuple>(item)) return nullptr;
    auto* items = arena.make_array<const Folded*>(tuple->elts.size());
    for (uint32_t i = 0; i < tuple->elts.size(); i++)
        if (!(items[i] = fold_display(arena, tuple->elts[i]))) return nullptr;
    auto* f = make(arena, Kind::Tuple);
    f->items = {items, tuple->elts.size()};
    return f;
}

const Folded* fold_unary(Arena& arena, UnaryOperator op, const Folded* operand) {
    if (op == UnaryOperator::Not) return make(arena, is_true(*operand) ? Kind::False : Kind::True);
    switch (operand->kind) {
        case Kind::Int:
            if (op == UnaryOperator::Invert) return make_int(arena, ~operand->integer);
            return op == UnaryOperator::UAdd ? operand : fold_ints(arena, Operator::Sub, 0, operand->integer);
        case Kind::BigInt: {
            if (op == UnaryOperator::Invert) return nullptr;
            auto* f = arena.make<Folded>(*operand);
            f->negative = op == UnaryOperator::USub ? !operand->negative : operand->negative;
            return f;
        }
        case Kind::Float:
            if (op == UnaryOperator::Invert) return nullptr;
            return make_float(arena, op == UnaryOperator::USub ? -operand->real : operand->real);
        case Kind::Complex:
            if (op == UnaryOperator::Invert) return nullptr;
            return op == UnaryOperator::USub ? make_complex(arena, -operand->real, -operand->imag) : operand;
        default:
            return nullptr;
    }
}

const Folded* fold_binary(Arena& arena, Operator op, const Folded* left, const Folded* right) {
    if (left->is(Kind::Int) && right->is(Kind::Int))
        return fold_ints(arena, op, left->integer, right->integer);
    double a, b;
    if (as_double(*left, a) && as_double(*right, b)) return fold_floats(arena, op, a, b);
    if (right->is(Kind::Complex) && as_double(*left, a)) {  // 1+2j
        if (op == Operator::Add) return make_complex(arena, a + right->real, 0.0 + right->imag);
        if (op == Operator::Sub) return make_complex(arena, a - right->real, 0.0 - right->imag);
        return nullptr;
    }
    if (op == Operator::Add && is_text(*left) && right->kind == left->kind) {
        if (left->text.size() + right->text.size() > kMaxFoldedText || ends_in_surrogate(left->text))
            return nullptr;
        auto* f = make(arena, left->kind);
        f->text = arena.concat({left->text, right->text});
        return f;
    }
    if (op == Operator::Mult && is_text(*left) && right->is(Kind::Int) && !ends_in_surrogate(left->text))
        return repeat_text(arena, *left, right->integer);
    return nullptr;
}

bool is_true(const Folded& f) {
    switch (f.kind) {
        case Kind::None:
        case Kind::False:
            return false;
        case Kind::True:
        case Kind::Ellipsis:
        case Kind::BigInt:
            return true;
        case Kind::Int:
            return f.integer != 0;
        case Kind::Float:
            return f.real != 0;
        case Kind::Complex:
            return f.real != 0 || f.imag != 0;
        case Kind::Str:
        case Kind::Bytes:
            return !f.text.empty();
        case Kind::Tuple:
        case Kind::FrozenSet:
            return !f.items.empty();
    }
    return false;
}

void append_key(const Folded& f, ArenaVector<char>& key) {
    auto bytes = [&key](const void* data, size_t size) {
        for (size_t i = 0; i < size; i++) key.push_back(static_cast<const char*>(data)[i]);
    };
    key.push_back(char(f.kind));
    switch (f.kind) {
        case Kind::Int:
            bytes(&f.integer, sizeof f.integer);
            break;
        case Kind::Float:
            bytes(&f.real, sizeof f.real);
            break;
        case Kind::Complex:
            bytes(&f.real, sizeof f.real);
            bytes(&f.imag, sizeof f.imag);
            break;
        case Kind::BigInt:
            key.push_back(char(f.base));
            key.push_back(f.negative);
            [[fallthrough]];
        case Kind::Str:
        case Kind::Bytes: {
            size_t size = f.text.size();
            bytes(&size, sizeof size);
            bytes(f.text.data(), size);
            break;
        }
        case Kind::Tuple:
        case Kind::FrozenSet: {
            uint32_t count = f.items.size();
            bytes(&count, sizeof count);
            for (const Folded* item : f.items) append_key(*item, key);
            break;
        }
        default:
            break;
    }
}

}  // namespace gen
