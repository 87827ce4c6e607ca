#include "runtime/types/arguments.h"
#include "runtime/types/format_spec.h"
#include "runtime/types/int_parse.h"
#include "runtime/types/number_methods.h"
#include "runtime/types/number_text.h"
#include "runtime/types/types.h"

#include <cmath>

namespace gen {

// ---- making

Outcome parse_float_text(VM& vm, std::string_view text, Value shown) {
    double d;
    if (parse_float(text, d)) return vm.real(d);
    Value repr = fast_repr(vm, shown);
    std::string said = "could not convert string to float: ";
    if (!repr.is_unbound()) said += repr.as<Str>()->view();
    return vm.raise(kShapeValueError, said);
}

static Outcome float_of(VM& vm, Value x) {
    if (is_exact_float(x)) return x;
    double d;
    if (x.is_object() && x.as_object()->shape >= kBuiltinShapes &&
        !as_native(vm.special(x, Special::Float)) && !vm.special(x, Special::Float).is_unbound())
        return Outcome::unhandled();
    if (is_float(x)) return vm.real(as_float(x));
    if (is_int_like(x)) return to_real(vm, x, d) == ToReal::Ok ? Outcome(vm.real(d)) : Outcome::raised();
    Outcome o = parse_number_text(
        vm, x, [&](std::string_view text, Value shown) { return parse_float_text(vm, text, shown); });
    if (!o.is_unhandled()) return o;
    if (vm.special(x, Special::Float).is_unbound() && !has_index(vm, x))
        return vm.type_error("float() argument must be a string or a real number, not '%s'", vm.type_name(x));
    return Outcome::unhandled();
}

static Outcome make(VM& vm, Value cls, Outcome o) {
    if (!o.is_value()) return o;
    return vm.checked(float_of_class(vm, cls.as<Class>(), as_float(o.value())));
}

static Outcome float_new(VM& vm, Value* args) {
    Class* cls = checked_class(vm, args[0], kShapeFloat);
    if (!cls) return Outcome::raised();
    // Keywords are for the __init__ of a subclass.
    if (!args[2].is_unbound() && dict_length(args[2].as<Dict>()) &&
        is_object_special(vm, cls->specials[int(Special::Init)], Special::Init))
        return vm.type_error("float() takes no keyword arguments");
    return make(vm, args[0], args[1].is_unbound() ? Outcome(vm.zero) : float_of(vm, args[1]));
}

static Outcome float_new_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kFloat = 1, kWarned, kIndex };
    Value method;
    switch (frame.step_state()) {
        case 0:
            method = vm.special(frame[1], Special::Float);
            if (!method.is_unbound()) {
                AWAIT(kFloat, call_found(vm, Special::Float, method, frame[1]))
                if (!is_float(frame.result()))
                    return vm.type_error("%s.__float__ returned non-float (type %s)",
                                         std::string(vm.type_name(frame[1])).c_str(),
                                         std::string(vm.type_name(frame.result())).c_str());
                frame[2] = frame.result();
                if (!is_exact_float(frame[2])) {
                    AWAIT(kWarned,
                          warn(vm, kShapeDeprecationWarning,
                               subclass_warning(vm, std::string(vm.type_name(frame[1])) + ".__float__",
                                                "float", frame[2])));
                }
                return make(vm, frame[0], frame[2]);
            }
            AWAIT(kIndex, op_index(vm, frame[1]))
            return make(vm, frame[0], float_of(vm, frame.result()));
    }
    return Outcome::raised();
}

// ---- operators

static Outcome float_pow_native(VM& vm, Value* args) {
    if (!args[2].is_unbound() && !args[2].is_none())
        return vm.type_error("pow() 3rd argument not allowed unless all arguments are integers");
    return float_binary(vm, BinaryOp::Pow, args[0], args[1]);
}
static Outcome float_rpow_native(VM& vm, Value* args) {
    return float_binary(vm, BinaryOp::Pow, args[1], args[0]);
}

static Outcome float_compare(VM&, CompareOp op, Value a, Value b) {
    double x = as_float(a);
    int order;
    if (is_float(b)) {
        double y = as_float(b);
        order = x < y ? -1 : x > y ? 1 : x == y ? 0 : kUnordered;
    } else if (is_int_like(b)) {
        order = compare_int_float(b, x);
        if (order != kUnordered) order = -order;
    } else {
        return Value::not_implemented();
    }
    if (order == kUnordered) return Value::boolean(op == CompareOp::Ne);
    return Value::boolean(ordered(op, order));
}

static Outcome float_neg(VM& vm, Value* args) { return vm.real(-as_float(args[0])); }
static Outcome float_self(VM& vm, Value* args) { return vm.real(as_float(args[0])); }
static Outcome float_abs(VM& vm, Value* args) { return vm.real(std::fabs(as_float(args[0]))); }
static Outcome float_bool(VM&, Value* args) { return Value::boolean(as_float(args[0]) != 0); }
static Outcome float_hash_native(VM& vm, Value* args) {
    double d = as_float(args[0]);
    return std::isnan(d) ? Outcome(identity_hash(vm, args[0])) : hash_value(vm, float_hash(d));
}
static Outcome float_int(VM& vm, Value* args) { return int_of_float(vm, as_float(args[0])); }
static Outcome float_floor(VM& vm, Value* args) { return int_of_float(vm, std::floor(as_float(args[0]))); }
static Outcome float_ceil(VM& vm, Value* args) { return int_of_float(vm, std::ceil(as_float(args[0]))); }

static Outcome float_round_native(VM& vm, Value* args) {
    double d = as_float(args[0]);
    if (args[1].is_unbound() || args[1].is_none())
        return int_of_float(vm, std::isfinite(d) ? float_round_even(d) : d);
    Value digits;
    Outcome failure = Outcome::raised();
    if (!get_int(vm, args[1], digits, failure)) return failure;
    double rounded;
    if (float_round(d, int_clamp(digits), rounded) == FloatRound::Overflow)
        return vm.raise(kShapeOverflowError, "rounded value too large to represent");
    return vm.real(rounded);
}

static Outcome float_format_native(VM& vm, Value* args) {
    if (!is_str(args[1]))
        return vm.type_error("__format__() argument must be str, not %s", vm.type_name(args[1]));
    if (args[1].as<Str>()->size == 0) return op_str(vm, args[0]);
    return format_float(vm, as_float(args[0]), args[1].as<Str>()->view());
}

// ---- methods

static Outcome float_is_integer(VM&, Value* args) {
    double d = as_float(args[0]);
    return Value::boolean(std::isfinite(d) && std::floor(d) == d);
}

static Outcome float_ratio(VM& vm, Value* args) {
    double d = as_float(args[0]);
    if (std::isnan(d)) return vm.raise(kShapeValueError, "cannot convert NaN to integer ratio");
    if (std::isinf(d)) return vm.raise(kShapeOverflowError, "cannot convert Infinity to integer ratio");
    Value numerator, denominator;
    if (!float_as_integer_ratio(vm.heap, d, numerator, denominator)) return vm.out_of_memory();
    return vm.tuple({numerator, denominator});
}

static Outcome float_hex_native(VM& vm, Value* args) {
    return vm.checked(vm.str(float_hex(as_float(args[0]))));
}

static Outcome float_fromhex(VM& vm, Value* args) {
    if (!is_str(args[1])) return vm.type_error("bad argument type for built-in operation");
    double d;
    switch (float_from_hex(args[1].as<Str>()->view(), d)) {
        case FromHex::Ok:
            break;
        case FromHex::Invalid:
            return vm.raise(kShapeValueError, "invalid hexadecimal floating-point string");
        case FromHex::Overflow:
            return vm.raise(kShapeOverflowError, "hexadecimal value too large to represent as a float");
    }
    if (args[0].is(Value::object(vm.type(kShapeFloat)))) return vm.real(d);
    return vm.call(args[0], {vm.real(d)});
}

static Outcome float_getformat(VM& vm, Value* args) {
    if (!is_str(args[1]))
        return vm.type_error("__getformat__() argument must be str, not %s", vm.type_name(args[1]));
    std::string_view what = args[1].as<Str>()->view();
    if (what != "double" && what != "float")
        return vm.raise(kShapeValueError, "__getformat__() argument 1 must be 'double' or 'float'");
    return vm.str("IEEE, little-endian");
}

static Outcome float_getnewargs(VM& vm, Value* args) { return vm.tuple({vm.real(as_float(args[0]))}); }

static Outcome get_self(VM& vm, Value self) { return vm.real(as_float(self)); }
static Outcome get_zero(VM& vm, Value) { return vm.zero; }

static const AttributeDef kFloatAttributes[] = {
    {.name = "real", .get = get_self, .doc = "the real part of a complex number"},
    {.name = "imag", .get = get_zero, .doc = "the imaginary part of a complex number"},
};

static const NativeDef kFloatMethods[] = {
    {.signature = "__new__(cls, x=0, /, **kwargs)",
     .fn = float_new,
     .step = float_new_step,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    GEN_OPERATOR(float_binary, "add", Add),
    GEN_OPERATOR(float_binary, "sub", Sub),
    GEN_OPERATOR(float_binary, "mul", Mul),
    GEN_OPERATOR(float_binary, "truediv", TrueDiv),
    GEN_OPERATOR(float_binary, "floordiv", FloorDiv),
    GEN_OPERATOR(float_binary, "mod", Mod),
    GEN_OPERATOR(float_binary, "divmod", DivMod),
    {.signature = "__pow__(self, value, mod=None, /)",
     .fn = float_pow_native,
     .doc = "Return pow(self, value, mod)."},
    {.signature = "__rpow__(self, value, mod=None, /)",
     .fn = float_rpow_native,
     .doc = "Return pow(value, self, mod)."},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, float_compare>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, float_compare>},
    {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, float_compare>},
    {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, float_compare>},
    {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, float_compare>},
    {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, float_compare>},
    {.signature = "__neg__(self, /)", .fn = float_neg, .doc = "-self"},
    {.signature = "__pos__(self, /)", .fn = float_self, .doc = "+self"},
    {.signature = "__abs__(self, /)", .fn = float_abs, .doc = "abs(self)"},
    {.signature = "__bool__(self, /)", .fn = float_bool, .doc = "True if self else False"},
    {.signature = "__hash__(self, /)", .fn = float_hash_native, .doc = "Return hash(self)."},
    {.signature = "__repr__(self, /)", .fn = repr_native, .doc = "Return repr(self)."},
    {.signature = "__int__(self, /)", .fn = float_int, .doc = "int(self)"},
    {.signature = "__float__(self, /)", .fn = float_self, .doc = "float(self)"},
    {.signature = "__trunc__(self, /)",
     .fn = float_int,
     .doc = "Return the Integral closest to x between 0 and x."},
    {.signature = "__floor__(self, /)", .fn = float_floor, .doc = "Return the floor as an Integral."},
    {.signature = "__ceil__(self, /)", .fn = float_ceil, .doc = "Return the ceiling as an Integral."},
    {.signature = "__round__(self, ndigits=None, /)",
     .fn = float_round_native,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return the Integral closest to x, rounding half toward even.\n\n"
            "When an argument is passed, work like built-in round(x, ndigits)."},
    {.signature = "__format__(self, format_spec, /)",
     .fn = float_format_native,
     .doc = "Formats the float according to format_spec."},
    {.signature = "__getnewargs__(self, /)", .fn = float_getnewargs},
    {.signature = "__getformat__(cls, typestr, /)",
     .fn = float_getformat,
     .flags = kClassNative,
     .doc = "You probably don't want to use this function."},
    {.signature = "conjugate(self, /)",
     .fn = float_self,
     .doc = "Return self, the complex conjugate of any float."},
    {.signature = "is_integer(self, /)",
     .fn = float_is_integer,
     .doc = "Return True if the float is an integer."},
    {.signature = "as_integer_ratio(self, /)",
     .fn = float_ratio,
     .doc = "Return integer ratio.\n\nReturn a pair of integers, whose ratio is exactly equal to the "
            "original float\n"
            "and with a positive denominator."},
    {.signature = "hex(self, /)",
     .fn = float_hex_native,
     .doc = "Return a hexadecimal representation of a floating-point number."},
    {.signature = "fromhex(cls, string, /)",
     .fn = float_fromhex,
     .flags = kClassNative,
     .doc = "Create a floating-point number from a hexadecimal string."},
};

void define_float(VM& vm) {
    define_type(vm, {.shape = kShapeFloat,
                     .methods = kFloatMethods,
                     .attributes = kFloatAttributes,
                     .doc = "Convert a string or number to a floating point number, if possible."});
}

}  // namespace gen
