// Comparison and hashing of built-in containers by their layout, whatever their class says: the bodies of
// list.__eq__, tuple.__hash__ and the like. Items are compared by op_compare, which may call the script.
#pragma once
#include "vm/exec/special.h"

namespace gen {

// Each answers NotImplemented when b is not of the same layout.
Outcome sequence_compare(VM&, CompareOp, Value a, Value b);  // two lists, or two tuples
Outcome dict_compare(VM&, CompareOp, Value a, Value b);      // Eq and Ne only, NotImplemented else
Outcome set_compare(VM&, CompareOp, Value a, Value b);       // sets and frozensets: <= is subset
Outcome tuple_hash(VM&, Value tuple);

// A hash as the int that scripts see, and back.
inline Value hash_value(VM& vm, uint64_t hash) {
    auto h = int64_t(hash);
    return vm.integer(h == -1 ? -2 : h);
}
// The result of a script's __hash__ (any int) as a hash.
uint64_t hash_of_int(Value);
// By identity, as object.__hash__.
Value identity_hash(VM&, Value);

// Where `a op b` begins with calling one function of the script, that one: a call of it with a and b, and, should that give
// NotImplemented, compare_otherwise, are what op_compare does, with a frame less. Unbound: use op_compare.
Value direct_comparison(VM&, CompareOp, Value a, Value b);
Outcome compare_otherwise(VM&, CompareOp, Value a, Value b);

// Whether `a op b` holds where a is less than b (order below 0), equal, or greater.
bool ordered(CompareOp op, int order);

Special special_of(CompareOp);
inline CompareOp reflected(CompareOp op) {
    constexpr CompareOp kReflected[] = {CompareOp::Gt, CompareOp::Ge, CompareOp::Eq,
                                        CompareOp::Ne, CompareOp::Lt, CompareOp::Le};
    return kReflected[int(op)];
}

// Natives of a built-in class are made of these: {"__eq__(self, value, /)", compare_native<CompareOp::Eq,
// sequence_compare>}.
template <CompareOp op, Outcome (*compare)(VM&, CompareOp, Value, Value)>
Outcome compare_native(VM& vm, Value* args) {
    return compare(vm, op, args[0], args[1]);
}

}  // namespace gen
