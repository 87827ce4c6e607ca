// Arithmetic of the built-in number classes: the bodies of int.__add__, float.__pow__ and the like, and the
// general protocol behind op_binary.
#pragma once
#include "vm/exec/special.h"

namespace gen {

// ---- by class. Operands of int_binary are int-like; float_binary and complex_binary take any numbers and
// answer NotImplemented for what is none.
Outcome int_binary(VM&, BinaryOp, Value a, Value b);
Outcome float_binary(VM&, BinaryOp, Value a, Value b);
Outcome complex_binary(VM&, BinaryOp, Value a, Value b);
Outcome int_power(VM&, Value base, Value exponent, Value modulus);  // all int-like

struct ComplexNumber {
    double real, imag;
};
Value make_complex(VM&, ComplexNumber);
inline bool is_complex(Value v) { return v.is_object() && v.as_object()->kind == Kind::Complex; }
// int, float (and subclasses) as a double. False: not such a number, or (raised) an int too large.
enum class ToReal : uint8_t { Ok, NotANumber, Raised };
ToReal to_real(VM&, Value, double& out);

// pow(a, b, modulus)
Outcome op_power(VM&, Value a, Value b, Value modulus);

// "unsupported operand type(s) for +: 'int' and 'str'"
Outcome unsupported_operands(VM&, BinaryOp, Value a, Value b, bool in_place);

Special special_of(BinaryOp);
Special reflected_special_of(BinaryOp);
Special in_place_special_of(BinaryOp);  // not for DivMod
// What op_binary goes on with when the first method that it asks has answered NotImplemented.
Outcome binary_otherwise(VM&, BinaryOp, Value a, Value b, bool in_place);

bool has_index(VM&, Value);
// "__index__ returned non-int (type bool).  The ability ..."
std::string subclass_warning(VM&, std::string_view method, std::string_view type, Value result);

}  // namespace gen
