#include "runtime/types/arguments.h"
#include "runtime/types/format_spec.h"
#include "runtime/types/number_methods.h"
#include "runtime/types/types.h"
#include "vm/data/unicode.h"

#include <cmath>

namespace gen {

static ComplexNumber of(Value v) { return {v.as<Complex>()->real, v.as<Complex>()->imag}; }

static Value complex_of_class(VM& vm, Class* cls, ComplexNumber z) {
    if (cls == vm.type(kShapeComplex)) return make_complex(vm, z);
    auto* c = static_cast<Complex*>(allocate_instance(vm, cls));
    if (!c) return Value::unbound();
    c->real = z.real;
    c->imag = z.imag;
    return Value::object(c);
}

// ---- making

// The end of the number that starts at `from`: sign, digits, exponent, inf, nan.
static size_t number_end(std::string_view s, size_t from) {
    size_t i = from;
    if (i < s.size() && (s[i] == '+' || s[i] == '-')) i++;
    auto digits = [&] {
        while (i < s.size() && (isdigit(uint8_t(s[i])) || s[i] == '_')) i++;
    };
    size_t word = i;
    while (word < s.size() && isalpha(uint8_t(s[word])) && s[word] != 'j' && s[word] != 'J') word++;
    if (word > i && !isdigit(uint8_t(s[i])) && s[i] != '.') return word;
    digits();
    if (i < s.size() && s[i] == '.') {
        i++;
        digits();
    }
    if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
        size_t exponent = i++;
        if (i < s.size() && (s[i] == '+' || s[i] == '-')) i++;
        size_t start = i;
        digits();
        if (i == start) i = exponent;
    }
    return i;
}

static bool is_j(std::string_view s, size_t at) {
    return at + 1 == s.size() && (s[at] == 'j' || s[at] == 'J');
}

// "1", "2j", "1+2j", in parentheses or not.
static bool parse_complex(std::string_view s, ComplexNumber& out) {
    auto strip = [](std::string_view& t) {
        while (!t.empty() && isspace(uint8_t(t.front()))) t.remove_prefix(1);
        while (!t.empty() && isspace(uint8_t(t.back()))) t.remove_suffix(1);
    };
    strip(s);
    if (s.starts_with('(') && s.ends_with(')')) {
        s = s.substr(1, s.size() - 2);
        strip(s);
    }
    if (s.empty()) return false;
    for (char c : s)
        if (isspace(uint8_t(c))) return false;
    out = {0, 0};
    auto imaginary = [&](std::string_view t, double& d) {  // without the j
        if (t.empty() || t == "+") {
            d = 1;
            return true;
        }
        if (t == "-") {
            d = -1;
            return true;
        }
        return parse_float(t, d);
    };
    size_t end = number_end(s, 0);
    if (is_j(s, end)) return imaginary(s.substr(0, end), out.imag);
    if (!parse_float(s.substr(0, end), out.real)) return false;
    if (end == s.size()) return true;
    if (s[end] != '+' && s[end] != '-') return false;
    size_t second = number_end(s, end);
    return is_j(s, second) && imaginary(s.substr(end, second - end), out.imag);
}

static bool underscores_between_digits(std::string_view s) {
    for (size_t i = 0; i < s.size(); i++)
        if (s[i] == '_' &&
            !(i > 0 && isdigit(uint8_t(s[i - 1])) && i + 1 < s.size() && isdigit(uint8_t(s[i + 1]))))
            return false;
    return true;
}

enum class Part : uint8_t { Ok, NotANumber, Raised };

static Part part_of(VM& vm, Value v, ComplexNumber& out) {
    if (is_complex(v)) {
        out = of(v);
        return Part::Ok;
    }
    out.imag = 0;
    switch (to_real(vm, v, out.real)) {
        case ToReal::Ok:
            return Part::Ok;
        case ToReal::Raised:
            return Part::Raised;
        case ToReal::NotANumber:
            break;
    }
    return Part::NotANumber;
}

static bool has_conversion(VM& vm, Value v, bool first) {
    return (first && !vm.special(v, Special::Complex).is_unbound()) ||
           !vm.special(v, Special::Float).is_unbound() || has_index(vm, v);
}

static Outcome complex_new(VM& vm, Value* args) {
    Class* cls = checked_class(vm, args[0], kShapeComplex);
    if (!cls) return Outcome::raised();
    Value real = args[1], imag = args[2];
    if (!real.is_unbound() && is_str(real)) {
        if (!imag.is_unbound()) return vm.type_error("complex() can't take second arg if first is a string");
        ComplexNumber z;
        StringBuilder ascii(vm.heap);
        const bool digits = append_ascii_digits(ascii, real.as<Str>()->view());
        if (ascii.failed()) return vm.out_of_memory();
        std::string_view text = ascii.view();
        if (!underscores_between_digits(text)) {
            Value repr = fast_repr(vm, real);
            return repr.is_unbound() ? vm.out_of_memory()
                                     : vm.raise(kShapeValueError, "could not convert string to complex: " +
                                                                      std::string(repr.as<Str>()->view()));
        }
        if (!digits || !parse_complex(text, z))
            return vm.raise(kShapeValueError, "complex() arg is a malformed string");
        return vm.checked(complex_of_class(vm, cls, z));
    }
    if (!imag.is_unbound() && is_str(imag)) return vm.type_error("complex() second arg can't be a string");
    if (!real.is_unbound() && imag.is_unbound() && real.is_object() &&
        real.as_object()->shape == kShapeComplex && cls == vm.type(kShapeComplex))
        return real;
    ComplexNumber r{0, 0}, i{0, 0};
    if (!real.is_unbound()) {
        // A subclass's own __complex__ goes first.
        Value method = real.is_object() && real.as_object()->shape >= kBuiltinShapes
                           ? vm.special(real, Special::Complex)
                           : Value::unbound();
        Part p = !method.is_unbound() && !as_native(method) ? Part::NotANumber : part_of(vm, real, r);
        if (p == Part::Raised) return Outcome::raised();
        if (p == Part::NotANumber) {
            if (has_conversion(vm, real, true)) return Outcome::unhandled();
            return vm.type_error("complex() first argument must be a string or a number, not '%s'",
                                 vm.type_name(real));
        }
    }
    if (!imag.is_unbound()) {
        Part p = part_of(vm, imag, i);
        if (p == Part::Raised) return Outcome::raised();
        if (p == Part::NotANumber) {
            if (has_conversion(vm, imag, false)) return Outcome::unhandled();
            return vm.type_error("complex() second argument must be a number, not '%s'", vm.type_name(imag));
        }
        bool complex_imag = is_complex(imag), complex_real = !real.is_unbound() && is_complex(real);
        if (complex_imag) r.real -= i.imag;
        r.imag = complex_real ? r.imag + i.real : i.real;
    }
    return vm.checked(complex_of_class(vm, cls, r));
}

// ---- operators

static Outcome complex_pow(VM& vm, Value* args) {
    if (!args[2].is_unbound() && !args[2].is_none()) return vm.raise(kShapeValueError, "complex modulo");
    return complex_binary(vm, BinaryOp::Pow, args[0], args[1]);
}
static Outcome complex_rpow(VM& vm, Value* args) {
    return complex_binary(vm, BinaryOp::Pow, args[1], args[0]);
}

static Outcome complex_compare(VM&, CompareOp op, Value a, Value b) {
    if (op != CompareOp::Eq && op != CompareOp::Ne) return Value::not_implemented();
    ComplexNumber x = of(a);
    bool equal;
    if (is_complex(b))
        equal = x.real == of(b).real && x.imag == of(b).imag;
    else if (is_float(b))
        equal = x.real == as_float(b) && x.imag == 0;
    else if (is_int_like(b))
        equal = x.imag == 0 && compare_int_float(b, x.real) == 0;
    else
        return Value::not_implemented();
    return Value::boolean(equal == (op == CompareOp::Eq));
}

static Outcome complex_neg(VM& vm, Value* args) {
    return make_complex(vm, {-of(args[0]).real, -of(args[0]).imag});
}
static Outcome complex_self(VM& vm, Value* args) {
    return args[0].as_object()->shape == kShapeComplex ? args[0] : make_complex(vm, of(args[0]));
}
static Outcome complex_abs(VM& vm, Value* args) {
    ComplexNumber z = of(args[0]);
    double d = std::hypot(z.real, z.imag);
    if (std::isinf(d) && std::isfinite(z.real) && std::isfinite(z.imag))
        return vm.raise(kShapeOverflowError, "absolute value too large");
    return vm.real(d);
}
static Outcome complex_bool(VM&, Value* args) {
    return Value::boolean(of(args[0]).real != 0 || of(args[0]).imag != 0);
}
static Outcome complex_conjugate(VM& vm, Value* args) {
    return make_complex(vm, {of(args[0]).real, -of(args[0]).imag});
}
static Outcome complex_hash(VM& vm, Value* args) {
    ComplexNumber z = of(args[0]);
    uint64_t real = std::isnan(z.real) ? hash_identity(address_of(vm, args[0])) : float_hash(z.real);
    uint64_t imag = std::isnan(z.imag) ? hash_identity(address_of(vm, args[0])) : float_hash(z.imag);
    return hash_value(vm, real + 1000003 * imag);
}
static Outcome complex_format_native(VM& vm, Value* args) {
    if (!is_str(args[1]))
        return vm.type_error("__format__() argument must be str, not %s", vm.type_name(args[1]));
    if (args[1].as<Str>()->size == 0) return op_str(vm, args[0]);
    return format_complex(vm, of(args[0]).real, of(args[0]).imag, args[1].as<Str>()->view());
}
static Outcome complex_getnewargs(VM& vm, Value* args) {
    return vm.tuple({vm.real(of(args[0]).real), vm.real(of(args[0]).imag)});
}

static Outcome get_real_part(VM& vm, Value self) { return vm.real(of(self).real); }
static Outcome get_imag_part(VM& vm, Value self) { return vm.real(of(self).imag); }

static const AttributeDef kComplexAttributes[] = {
    {.name = "real", .get = get_real_part, .doc = "the real part of a complex number"},
    {.name = "imag", .get = get_imag_part, .doc = "the imaginary part of a complex number"},
};

static const NativeDef kComplexMethods[] = {
    {.signature = "__new__(cls, real=0, imag=0)",
     .fn = complex_new,
     .step = step_with_complex,
     .locals = 1,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    GEN_OPERATOR(complex_binary, "add", Add),
    GEN_OPERATOR(complex_binary, "sub", Sub),
    GEN_OPERATOR(complex_binary, "mul", Mul),
    GEN_OPERATOR(complex_binary, "truediv", TrueDiv),
    {.signature = "__pow__(self, value, mod=None, /)",
     .fn = complex_pow,
     .doc = "Return pow(self, value, mod)."},
    {.signature = "__rpow__(self, value, mod=None, /)",
     .fn = complex_rpow,
     .doc = "Return pow(value, self, mod)."},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, complex_compare>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, complex_compare>},
    {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, complex_compare>},
    {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, complex_compare>},
    {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, complex_compare>},
    {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, complex_compare>},
    {.signature = "__neg__(self, /)", .fn = complex_neg, .doc = "-self"},
    {.signature = "__pos__(self, /)", .fn = complex_self, .doc = "+self"},
    {.signature = "__abs__(self, /)", .fn = complex_abs, .doc = "abs(self)"},
    {.signature = "__bool__(self, /)", .fn = complex_bool, .doc = "True if self else False"},
    {.signature = "__hash__(self, /)", .fn = complex_hash, .doc = "Return hash(self)."},
    {.signature = "__repr__(self, /)", .fn = repr_native, .doc = "Return repr(self)."},
    {.signature = "__complex__(self, /)",
     .fn = complex_self,
     .doc = "Convert this value to exact type complex."},
    {.signature = "__format__(self, format_spec, /)",
     .fn = complex_format_native,
     .doc = "Convert to a string according to format_spec."},
    {.signature = "__getnewargs__(self, /)", .fn = complex_getnewargs},
    {.signature = "conjugate(self, /)",
     .fn = complex_conjugate,
     .doc = "Return the complex conjugate of its argument. (3-4j).conjugate() == 3+4j."},
};

void define_complex(VM& vm) {
    define_type(vm, {.shape = kShapeComplex,
                     .methods = kComplexMethods,
                     .attributes = kComplexAttributes,
                     .doc = "Create a complex number from a real part and an optional imaginary part.\n\n"
                            "This is equivalent to (real + imag*1j) where imag defaults to 0."});
}

}  // namespace gen
