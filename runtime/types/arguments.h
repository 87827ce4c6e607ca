// Reading the arguments of natives, and making instances of classes that derive from built-in ones.
//
// A reader answers false when it cannot go on; `failure` is then what the native returns: raised(), or
// unhandled() when the argument has an __index__ (or __float__) of the script. For that a native has one of
// the steps below beside its fn: it replaces such arguments by what their method gives and runs fn again.
#pragma once
#include "vm/exec/define.h"
#include "vm/exec/special.h"

namespace gen {

// Step natives for functions that take ints (or floats): every argument but the first that has __index__ (or
// __float__), and is no number of its own, is converted. `all`: the first one too.
Outcome step_with_index(VM&, NativeFrame&);
Outcome step_with_index_all(VM&, NativeFrame&);
Outcome step_with_float(VM&, NativeFrame&);
Outcome step_with_complex(VM&, NativeFrame&);

// An int of any size: "'str' object cannot be interpreted as an integer".
bool get_int(VM&, Value v, Value& out, Outcome& failure);
// One that fits a size: OverflowError otherwise. An unbound v leaves `out` as it is, here and below.
bool get_size(VM&, Value v, int64_t& out, Outcome& failure);
// A C int.
bool get_c_int(VM&, Value v, int64_t& out, Outcome& failure);
// A bound of a slice: None leaves `out`, others are clamped.
bool get_bound(VM&, Value v, int64_t& out, Outcome& failure);
// start and stop of find, count, startswith ...: clamped to 0..length, negative ones from the end. `from` may
// exceed `to`.
bool get_range(VM&, Value start, Value stop, int64_t length, int64_t& from, int64_t& to, Outcome& failure);
// bool(v) of built-in values; scripts' __bool__ is taken as True or False through unhandled() by the caller.
bool get_flag(VM&, Value v, bool& out, Outcome& failure);
// A real number: "must be real number, not str".
bool get_real(VM&, Value v, double& out, Outcome& failure);

// Bytes of a bytes-like object. contiguous memoryviews only; `scratch` serves the others.
bool is_bytes_like(Value v);
bool view_bytes(VM&, Value v, std::string_view& out,
                std::string& scratch);  // false: not bytes-like (nothing raised)

// ---- instances of cls, which is the built-in class itself or derives from it. Unbound: out of memory.
Value int_of_class(VM&, Class* cls, Value v);
Value float_of_class(VM&, Class* cls, double d);
Value str_of_class(VM&, Class* cls, Str* s);
Value bytes_of_class(VM&, Class* cls, std::string_view data);

// `cls` of __new__: has to be a subclass of the built-in one. Null: raised.
Class* checked_class(VM&, Value cls, BuiltinShape base);

}  // namespace gen
