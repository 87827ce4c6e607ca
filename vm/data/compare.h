// Equality, order and truth of exact built-in types, without calling out.
//
// Unhandled: a class of its own takes part (a subclass, an instance, a type not known here), or the structure
// is deep or large (64 levels, kCompareBudget items): the caller goes the long way, which may push frames.
#pragma once
#include "vm/data/heap.h"

namespace gen {

enum class Fast : uint8_t { False, True, Unhandled };
inline Fast fast(bool b) { return b ? Fast::True : Fast::False; }

constexpr int kCompareDepth = 12;
constexpr int kCompareBudget = 100'000;
struct CompareLimits {
    int depth = kCompareDepth, budget = kCompareBudget;
};  // what is left of them

// a == b as the operator means it: a nan is not equal to itself.
Fast fast_eq_slow(Value, Value);
inline Fast fast_eq(Value a, Value b) {
    if (both_int(a, b)) return fast(a.is(b));
    return fast_eq_slow(a, b);
}
// a is b or a == b: as containers and their keys compare.
inline Fast fast_same(Value a, Value b) { return a.is(b) ? Fast::True : fast_eq(a, b); }

Fast fast_same(Value a, Value b, CompareLimits&);  // as a part of a larger comparison

enum class Order : uint8_t { Lt, Le, Gt, Ge };
// Numbers, str, bytes, and lists and tuples of those. Unhandled for pairs that have no order, too: the caller
// raises.
Fast fast_order(Value, Value, Order);
inline Fast fast_lt(Value a, Value b) {
    if (both_int(a, b)) return fast(a.as_int() < b.as_int());
    return fast_order(a, b, Order::Lt);
}
inline Fast fast_le(Value a, Value b) { return fast_order(a, b, Order::Le); }
inline Fast fast_gt(Value a, Value b) { return fast_order(a, b, Order::Gt); }
inline Fast fast_ge(Value a, Value b) { return fast_order(a, b, Order::Ge); }

// bool(v): constants, numbers, and the length of containers. Unhandled for instances and whatever else.
Fast fast_truth_slow(Value);
inline Fast fast_truth(Value v) {
    if (v.is_bool()) return fast(v.is_true());
    if (v.is_int()) return fast(v.as_int() != 0);
    return fast_truth_slow(v);
}

// Exact, for ints of any size. kUnordered when the float is nan.
constexpr int kUnordered = 2;
int compare_int_float(Value i, double);  // -1, 0, 1, kUnordered

// The length of a range of small ints that fits; -1: other.
int64_t small_range_length(const Range*);

// len() of an exact built-in container; -1: not one.
int64_t fast_length(Value);

}  // namespace gen
