#include "runtime/types/arguments.h"
#include "runtime/types/format_spec.h"
#include "runtime/types/int_parse.h"
#include "runtime/types/number_methods.h"
#include "runtime/types/number_text.h"
#include "runtime/types/types.h"

#include <cmath>

namespace gen {

// ---- making

Outcome parse_int(VM& vm, std::string_view text, int base, Value shown) {
    Value out;
    size_t digits = 0;
    switch (int_from_text(vm.heap, text, base, out, &digits, vm.limits.int_digits)) {
        case ParseInt::Ok:
            return out;
        case ParseInt::NoMemory:
            return vm.out_of_memory();
        case ParseInt::TooLong:
            return vm.value_error(
                "Exceeds the limit (%zu digits) for integer string conversion: value has %zu digits; "
                "use sys.set_int_max_str_digits() to increase the limit",
                vm.limits.int_digits, digits);
        case ParseInt::Invalid:
            break;
    }
    constexpr size_t kShown = 200;
    Value repr = fast_repr(vm, is_str(shown) || is_bytes(shown) ? shown : vm.str(text));
    std::string said = "invalid literal for int() with base " + std::to_string(base) + ": ";
    if (!repr.is_unbound()) said += repr.as<Str>()->view().substr(0, kShown);
    return vm.raise(kShapeValueError, said);
}

Outcome int_of_float(VM& vm, double d) {
    if (std::isnan(d)) return vm.raise(kShapeValueError, "cannot convert float NaN to integer");
    if (std::isinf(d)) return vm.raise(kShapeOverflowError, "cannot convert float infinity to integer");
    return vm.checked(int_from_double(vm.heap, d));
}

// Unhandled: v is no text.
static Outcome from_text(VM& vm, Value v, int base) {
    return parse_number_text(
        vm, v, [&](std::string_view text, Value shown) { return parse_int(vm, text, base, shown); });
}

// What int(x) gives without calling the script; unhandled() where that takes a method.
static Outcome int_of(VM& vm, Value x) {
    if (is_exact_int(x)) return x;
    if (x.is_bool()) return Value::integer(x.is_true());
    if (is_exact_float(x)) return int_of_float(vm, as_float(x));
    if (x.is_object() && x.as_object()->shape >= kBuiltinShapes && !as_native(vm.special(x, Special::Int)) &&
        !vm.special(x, Special::Int).is_unbound())
        return Outcome::unhandled();
    if (is_int_like(x)) return vm.checked(int_exact(vm.heap, x));
    if (is_float(x)) return int_of_float(vm, as_float(x));
    return from_text(vm, x, 10);
}

static Outcome make(VM& vm, Value cls, Outcome o) {
    if (!o.is_value()) return o;
    return vm.checked(int_of_class(vm, cls.as<Class>(), o.value()));
}

static Outcome bad_base(VM& vm) {
    return vm.raise(kShapeValueError, "int() base must be >= 2 and <= 36, or 0");
}

static Outcome int_new(VM& vm, Value* args) {
    Value cls = args[0], x = args[1], base = args[2];
    if (!checked_class(vm, cls, kShapeInt)) return Outcome::raised();
    if (base.is_unbound())
        return x.is_unbound() ? make(vm, cls, Value::integer(0)) : make(vm, cls, int_of(vm, x));
    if (x.is_unbound()) return vm.type_error("int() missing string argument");
    Value n;
    Outcome failure = Outcome::raised();
    if (!get_int(vm, base, n, failure)) return failure;
    int64_t b = int_clamp(n);
    if (b != 0 && (b < 2 || b > 36)) return bad_base(vm);
    if (!is_str(x) && !is_bytes(x) && !is_bytearray(x))
        return vm.type_error("int() can't convert non-string with explicit base");
    return make(vm, cls, from_text(vm, x, int(b)));
}

static Outcome not_a_number(VM& vm, Value x) {
    return vm.type_error("int() argument must be a string, a bytes-like object or a real number, not '%s'",
                         vm.type_name(x));
}

// int(x) by __int__, __index__ or __trunc__ of the script. Registers: cls, x, base.
static Outcome int_new_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kBase = 1, kInt, kWarned, kIndex, kTrunc, kTruncIndex, kTruncWarned };
    Value method;
    switch (frame.step_state()) {
        case 0:
            if (!frame[2].is_unbound()) {
                AWAIT(kBase, op_index(vm, frame[2]))
                frame[2] = frame.result();
                return int_new(vm, &frame[0]);
            }
            method = vm.special(frame[1], Special::Int);
            if (!method.is_unbound()) {
                AWAIT(kInt, call_found(vm, Special::Int, method, frame[1]))
                if (!is_int_like(frame.result()))
                    return vm.type_error("__int__ returned non-int (type %s)", vm.type_name(frame.result()));
                frame[2] = frame.result();
                if (!is_exact_int(frame[2])) {
                    AWAIT(kWarned, warn(vm, kShapeDeprecationWarning,
                                        subclass_warning(vm, "__int__", "int", frame[2])));
                }
                return make(vm, frame[0], vm.checked(int_exact(vm.heap, frame[2])));
            }
            if (has_index(vm, frame[1])) {
                AWAIT(kIndex, op_index(vm, frame[1]))
                return make(vm, frame[0], frame.result());
            }
            method = vm.special(frame[1], Special::Trunc);
            if (method.is_unbound()) return not_a_number(vm, frame[1]);
            AWAIT(kTruncWarned,
                  warn(vm, kShapeDeprecationWarning, "The delegation of int() to __trunc__ is deprecated."))
            method = vm.special(frame[1], Special::Trunc);
            AWAIT(kTrunc, call_found(vm, Special::Trunc, method, frame[1]))
            if (!has_index(vm, frame.result()))
                return vm.type_error("__trunc__ returned non-Integral (type %s)",
                                     vm.type_name(frame.result()));
            AWAIT(kTruncIndex, op_index(vm, frame.result()))
            return make(vm, frame[0], frame.result());
    }
    return Outcome::raised();
}

// ---- operators

static Outcome int_operator(VM& vm, BinaryOp op, Value a, Value b) {
    if (!is_int_like(a) || !is_int_like(b)) return Value::not_implemented();
    return int_binary(vm, op, a, b);
}

static Outcome int_pow_native(VM& vm, Value* args) {
    Value modulus = args[2].is_unbound() ? Value::none() : args[2];
    if (!is_int_like(args[1]) || !(modulus.is_none() || is_int_like(modulus)))
        return Value::not_implemented();
    return int_power(vm, args[0], args[1], modulus);
}
static Outcome int_rpow_native(VM& vm, Value* args) {
    Value modulus = args[2].is_unbound() ? Value::none() : args[2];
    if (!is_int_like(args[1]) || !(modulus.is_none() || is_int_like(modulus)))
        return Value::not_implemented();
    return int_power(vm, args[1], args[0], modulus);
}

static Outcome int_compare_values(VM&, CompareOp op, Value a, Value b) {
    if (!is_int_like(b)) return Value::not_implemented();
    int order = int_compare(a, b);
    return Value::boolean(ordered(op, order));
}

static Outcome int_neg_native(VM& vm, Value* args) { return vm.checked(int_neg(vm.heap, args[0])); }
static Outcome int_abs_native(VM& vm, Value* args) { return vm.checked(int_abs(vm.heap, args[0])); }
static Outcome int_invert_native(VM& vm, Value* args) { return vm.checked(int_invert(vm.heap, args[0])); }
static Outcome int_self(VM& vm, Value* args) { return vm.checked(int_exact(vm.heap, args[0])); }
static Outcome int_bool(VM&, Value* args) { return Value::boolean(!int_is_zero(args[0])); }
static Outcome int_hash_native(VM& vm, Value* args) { return hash_value(vm, int_hash(args[0])); }
static Outcome int_float(VM& vm, Value* args) {
    double d;
    return to_real(vm, args[0], d) == ToReal::Ok ? Outcome(vm.real(d)) : Outcome::raised();
}

static Outcome int_repr_native(VM& vm, Value* args) {
    return repr_by_layout(vm, args[0].is_bool() ? Value::integer(args[0].is_true()) : args[0]);
}

static Outcome int_format_native(VM& vm, Value* args) {
    if (!is_str(args[1]))
        return vm.type_error("__format__() argument must be str, not %s", vm.type_name(args[1]));
    if (args[1].as<Str>()->size == 0) return op_str(vm, args[0]);
    return format_int(vm, args[0], args[1].as<Str>()->view());
}

static Outcome int_round_native(VM& vm, Value* args) {
    if (args[1].is_unbound()) return int_self(vm, args);
    Value digits;
    Outcome failure = Outcome::raised();
    if (!get_int(vm, args[1], digits, failure)) return failure;
    if (int_sign(digits) >= 0) return int_self(vm, args);
    int64_t n = int_clamp(digits);
    // Beyond the number's own digits there is only zero.
    if (n < -int64_t(int_bit_length(args[0])) - 1) return Value::integer(0);
    return vm.checked(int_round(vm.heap, args[0], -n));
}

// ---- methods

static Outcome int_bit_length_native(VM& vm, Value* args) {
    return vm.checked(make_uint(vm.heap, int_bit_length(args[0])));
}
static Outcome int_bit_count_native(VM& vm, Value* args) {
    return vm.checked(make_uint(vm.heap, int_bit_count(args[0])));
}

static Outcome int_ratio(VM& vm, Value* args) {
    Value v = int_exact(vm.heap, args[0]);
    return v.is_unbound() ? vm.out_of_memory() : Outcome(vm.tuple({v, Value::integer(1)}));
}

// 'big' or 'little'; false: raised.
static bool byte_order(VM& vm, Value v, bool& little, const char* function) {
    little = false;
    if (v.is_unbound()) return true;
    if (!is_str(v)) {
        vm.type_error("%s() argument 'byteorder' must be str, not %s", function, vm.type_name(v));
        return false;
    }
    std::string_view name = v.as<Str>()->view();
    little = name == "little";
    if (little || name == "big") return true;
    vm.raise(kShapeValueError, "byteorder must be either 'little' or 'big'");
    return false;
}

static Outcome int_to_bytes_native(VM& vm, Value* args) {
    int64_t length = 1;
    bool little, with_sign = false;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[1], length, failure)) return failure;
    if (!byte_order(vm, args[2], little, "to_bytes")) return Outcome::raised();
    if (!get_flag(vm, args[3], with_sign, failure)) return failure;
    if (length < 0) return vm.raise(kShapeValueError, "length argument must be non-negative");
    if (!with_sign && int_sign(args[0]) < 0)
        return vm.raise(kShapeOverflowError, "can't convert negative int to unsigned");
    Bytes* b = make_bytes_uninitialized(vm.heap, size_t(length));
    if (!b) return vm.out_of_memory();
    if (!int_to_bytes(args[0], b->data, size_t(length), little, with_sign))
        return vm.raise(kShapeOverflowError, "int too big to convert");
    return Value::object(b);
}

static Outcome from_bytes(VM& vm, Value cls, Value data, bool little, bool with_sign) {
    std::string scratch;
    std::string_view bytes;
    view_bytes(vm, data, bytes, scratch);
    Value v = int_from_bytes(vm.heap, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), little,
                             with_sign);
    if (v.is_unbound()) return vm.out_of_memory();
    if (cls.is(Value::object(vm.type(kShapeInt)))) return v;
    return vm.call(cls, {v});
}

static Outcome int_from_bytes_native(VM& vm, Value* args) {
    bool little, with_sign = false;
    Outcome failure = Outcome::raised();
    if (!byte_order(vm, args[2], little, "from_bytes")) return Outcome::raised();
    if (!get_flag(vm, args[3], with_sign, failure)) return failure;
    if (!is_bytes_like(args[1])) {
        if (is_str(args[1]) || is_int_like(args[1]) || is_float(args[1]))
            return vm.type_error("cannot convert '%s' object to bytes", vm.type_name(args[1]));
        return Outcome::unhandled();
    }
    return from_bytes(vm, args[0], args[1], little, with_sign);
}

// For iterables of ints, and objects with __bytes__.
static Outcome int_from_bytes_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kBytes = 1, kMade };
    bool little, with_sign = false;
    Outcome failure = Outcome::raised();
    switch (frame.step_state()) {
        case 0:
            if (vm.special(frame[1], Special::Bytes).is_unbound() && !is_iterable(vm, frame[1]))
                return vm.type_error("cannot convert '%s' object to bytes", vm.type_name(frame[1]));
            AWAIT(kBytes, vm.call(Value::object(vm.type(kShapeBytes)), {frame[1]}))
            byte_order(vm, frame[2], little, "from_bytes");
            get_flag(vm, frame[3], with_sign, failure);
            AWAIT(kMade, from_bytes(vm, frame[0], frame.result(), little, with_sign))
            return frame.result();
    }
    return Outcome::raised();
}

static Outcome int_getnewargs(VM& vm, Value* args) {
    Value v = int_exact(vm.heap, args[0]);
    return v.is_unbound() ? vm.out_of_memory() : Outcome(vm.tuple({v}));
}
static Outcome int_sizeof(VM&, Value* args) {
    return Value::integer(is_int_object(args[0]) ? int64_t(24 + 4 * ((int_bit_length(args[0]) + 29) / 30))
                                                 : 28);
}

// ---- attributes

static Outcome get_self(VM& vm, Value self) { return vm.checked(int_exact(vm.heap, self)); }
static Outcome get_zero(VM&, Value) { return Value::integer(0); }
static Outcome get_one(VM&, Value) { return Value::integer(1); }

static const AttributeDef kIntAttributes[] = {
    {.name = "real", .get = get_self, .doc = "the real part of a complex number"},
    {.name = "imag", .get = get_zero, .doc = "the imaginary part of a complex number"},
    {.name = "numerator", .get = get_self, .doc = "the numerator of a rational number in lowest terms"},
    {.name = "denominator", .get = get_one, .doc = "the denominator of a rational number in lowest terms"},
};

static const NativeDef kIntMethods[] = {
    {.signature = "__new__(cls, x=0, /, base=10)",
     .fn = int_new,
     .step = int_new_step,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    GEN_OPERATOR(int_operator, "add", Add),
    GEN_OPERATOR(int_operator, "sub", Sub),
    GEN_OPERATOR(int_operator, "mul", Mul),
    GEN_OPERATOR(int_operator, "truediv", TrueDiv),
    GEN_OPERATOR(int_operator, "floordiv", FloorDiv),
    GEN_OPERATOR(int_operator, "mod", Mod),
    GEN_OPERATOR(int_operator, "divmod", DivMod),
    GEN_OPERATOR(int_operator, "lshift", LShift),
    GEN_OPERATOR(int_operator, "rshift", RShift),
    GEN_OPERATOR(int_operator, "and", And),
    GEN_OPERATOR(int_operator, "or", Or),
    GEN_OPERATOR(int_operator, "xor", Xor),
    {.signature = "__pow__(self, value, mod=None, /)",
     .fn = int_pow_native,
     .doc = "Return pow(self, value, mod)."},
    {.signature = "__rpow__(self, value, mod=None, /)",
     .fn = int_rpow_native,
     .doc = "Return pow(value, self, mod)."},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, int_compare_values>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, int_compare_values>},
    {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, int_compare_values>},
    {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, int_compare_values>},
    {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, int_compare_values>},
    {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, int_compare_values>},
    {.signature = "__neg__(self, /)", .fn = int_neg_native, .doc = "-self"},
    {.signature = "__pos__(self, /)", .fn = int_self, .doc = "+self"},
    {.signature = "__abs__(self, /)", .fn = int_abs_native, .doc = "abs(self)"},
    {.signature = "__invert__(self, /)", .fn = int_invert_native, .doc = "~self"},
    {.signature = "__bool__(self, /)", .fn = int_bool, .doc = "True if self else False"},
    {.signature = "__hash__(self, /)", .fn = int_hash_native, .doc = "Return hash(self)."},
    {.signature = "__repr__(self, /)", .fn = int_repr_native, .doc = "Return repr(self)."},
    {.signature = "__int__(self, /)", .fn = int_self, .doc = "int(self)"},
    {.signature = "__index__(self, /)",
     .fn = int_self,
     .doc = "Return self converted to an integer, if self is suitable for use as an index into a list."},
    {.signature = "__float__(self, /)", .fn = int_float, .doc = "float(self)"},
    {.signature = "__trunc__(self, /)", .fn = int_self, .doc = "Truncating an Integral returns itself."},
    {.signature = "__floor__(self, /)", .fn = int_self, .doc = "Flooring an Integral returns itself."},
    {.signature = "__ceil__(self, /)", .fn = int_self, .doc = "Ceiling of an Integral returns itself."},
    {.signature = "__round__(self, ndigits=None, /)",
     .fn = int_round_native,
     .step = step_with_index,
     .locals = 1,
     .doc = "Rounding an Integral returns itself.\n\nRounding with an ndigits argument also returns an "
            "integer."},
    {.signature = "__format__(self, format_spec, /)",
     .fn = int_format_native,
     .doc = "Default object formatter."},
    {.signature = "__getnewargs__(self, /)", .fn = int_getnewargs},
    {.signature = "__sizeof__(self, /)", .fn = int_sizeof, .doc = "Returns size in memory, in bytes."},
    {.signature = "conjugate(self, /)",
     .fn = int_self,
     .doc = "Returns self, the complex conjugate of any int."},
    {.signature = "bit_length(self, /)",
     .fn = int_bit_length_native,
     .doc = "Number of bits necessary to represent self in binary.\n\n>>> bin(37)\n'0b100101'\n>>> "
            "(37).bit_length()\n6"},
    {.signature = "bit_count(self, /)",
     .fn = int_bit_count_native,
     .doc = "Number of ones in the binary representation of the absolute value of self."},
    {.signature = "as_integer_ratio(self, /)",
     .fn = int_ratio,
     .doc = "Return integer ratio.\n\nReturn a pair of integers, whose ratio is exactly equal to the "
            "original int\n"
            "and with a positive denominator."},
    {.signature = "to_bytes(self, /, length=1, byteorder='big', *, signed=False)",
     .fn = int_to_bytes_native,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return an array of bytes representing an integer."},
    {.signature = "from_bytes(cls, /, bytes, byteorder='big', *, signed=False)",
     .fn = int_from_bytes_native,
     .step = int_from_bytes_step,
     .flags = kClassNative,
     .doc = "Return the integer represented by the given array of bytes."},
};

void define_int(VM& vm) {
    define_type(vm, {.shape = kShapeInt,
                     .methods = kIntMethods,
                     .attributes = kIntAttributes,
                     .doc = "int([x]) -> integer\nint(x, base=10) -> integer\n\n"
                            "Convert a number or string to an integer, or return 0 if no arguments\n"
                            "are given.  Floating point numbers are truncated towards zero."});
}

}  // namespace gen
