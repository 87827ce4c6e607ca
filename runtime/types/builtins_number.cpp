// abs, bin, chr, divmod, hash, hex, id, oct, ord, pow, round, and the texts of objects: ascii, format, repr.
#include "runtime/types/builtins.h"

namespace gen {

static Outcome abs_native(VM& vm, Value* args) {
    Value v = args[0];
    if (is_exact_int(v) || v.is_bool()) return vm.checked(int_abs(vm.heap, v));
    if (is_exact_float(v)) return vm.real(std::abs(as_float(v)));
    Value method = vm.special(v, Special::Abs);
    if (method.is_unbound()) return vm.type_error("bad operand type for abs(): '%s'", vm.type_name(v));
    return call_found(vm, Special::Abs, method, v);
}

// ---- digits

static Outcome digits(VM& vm, Value v, int base, const char* prefix) {
    std::string text;
    if (!int_to_text(v, base, text)) return vm.out_of_memory();
    text.insert(text[0] == '-', prefix);
    return vm.checked(vm.str(text));
}
template <int base>
static Outcome digits_fn(VM& vm, Value* args) {
    return is_int_like(args[0]) ? digits(vm, args[0], base,
                                         base == 2   ? "0b"
                                         : base == 8 ? "0o"
                                                     : "0x")
                                : Outcome::unhandled();
}
template <int base>
static Outcome digits_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_index(vm, frame[0]));
    }
    return digits_fn<base>(vm, &frame.result());
}

// ---- characters

static Outcome chr_fn(VM& vm, Value* args) {
    if (!is_int_like(args[0])) return Outcome::unhandled();
    int64_t c;
    if (!int_to_int64(args[0], c) || c != int32_t(c))
        return vm.raise(kShapeOverflowError, "Python int too large to convert to C int");
    if (c < 0 || c > 0x10ffff) return vm.value_error("chr() arg not in range(0x110000)");
    return vm.checked(Value::object(vm.strings.character(vm.heap, char32_t(c))));
}
static Outcome chr_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_index(vm, frame[0]));
    }
    return chr_fn(vm, &frame.result());
}

static Outcome ord_native(VM& vm, Value* args) {
    Value v = args[0];
    size_t size;
    if (is_str(v)) {
        auto* s = v.as<Str>();
        const char* p = s->data();
        if (s->length == 1) return Value::integer(int64_t(decode_utf8(p)));
        size = s->length;
    } else if (is_bytes(v)) {
        if (v.as<Bytes>()->size == 1) return Value::integer(v.as<Bytes>()->data[0]);
        size = v.as<Bytes>()->size;
    } else if (is_bytearray(v)) {
        if (v.as<ByteArray>()->size == 1) return Value::integer(v.as<ByteArray>()->buffer->data[0]);
        size = v.as<ByteArray>()->size;
    } else {
        return vm.type_error("ord() expected string of length 1, but %s found", vm.type_name(v));
    }
    return vm.type_error("ord() expected a character, but string of length %zu found", size);
}

// ---- arithmetic

static Outcome divmod_native(VM& vm, Value* args) {
    return op_binary(vm, BinaryOp::DivMod, args[0], args[1]);
}
static Outcome pow_native(VM& vm, Value* args) {
    return op_power(vm, args[0], args[1], args[2].is_unbound() ? Value::none() : args[2]);
}

static Outcome round_native(VM& vm, Value* args) {
    Value method = vm.special(args[0], Special::Round);
    if (method.is_unbound())
        return vm.type_error("type %s doesn't define __round__ method", vm.type_name(args[0]));
    if (args[1].is_unbound() || args[1].is_none()) return vm.call_special(Special::Round, args[0]);
    return vm.call_special(Special::Round, args[0], {args[1]});
}

// ---- identity and texts

static Outcome hash_native(VM& vm, Value* args) { return op_hash(vm, args[0]); }
static Outcome id_native(VM& vm, Value* args) { return make_uint(vm.heap, address_of(vm, args[0])); }
static Outcome repr_function(VM& vm, Value* args) { return op_repr(vm, args[0]); }
static Outcome ascii_native(VM& vm, Value* args) { return op_ascii(vm, args[0]); }
static Outcome format_native(VM& vm, Value* args) {
    if (args[1].is_unbound()) args[1] = Value::object(vm.empty_string);
    if (!is_str(args[1]))
        return vm.type_error("format() argument 2 must be str, not %s", vm.type_name(args[1]));
    return op_format(vm, args[0], args[1]);
}

static const NativeDef kFunctions[] = {
    {.signature = "abs(x, /)", .fn = abs_native, .doc = "Return the absolute value of the argument."},
    {.signature = "ascii(obj, /)",
     .fn = ascii_native,
     .doc = "Return an ASCII-only representation of an object.\n\n"
            "As repr(), return a string containing a printable representation of an\n"
            "object, but escape the non-ASCII characters in the string returned by\n"
            "repr() using \\\\x, \\\\u or \\\\U escapes. This generates a string similar\n"
            "to that returned by repr() in Python 2."},
    {.signature = "bin(number, /)",
     .fn = digits_fn<2>,
     .step = digits_step<2>,
     .doc = "Return the binary representation of an integer.\n\n   >>> bin(2796202)\n   "
            "'0b1010101010101010101010'"},
    {.signature = "chr(i, /)",
     .fn = chr_fn,
     .step = chr_step,
     .doc = "Return a Unicode string of one character with ordinal i; 0 <= i <= 0x10ffff."},
    {.signature = "divmod(x, y, /)",
     .fn = divmod_native,
     .doc = "Return the tuple (x//y, x%y).  Invariant: div*y + mod == x."},
    {.signature = "format(value, format_spec='', /)",
     .fn = format_native,
     .doc = "Return type(value).__format__(value, format_spec)\n\n"
            "Many built-in types implement format_spec according to the\n"
            "Format Specification Mini-language. See help('FORMATTING') for\ndetails."},
    {.signature = "hash(obj, /)",
     .fn = hash_native,
     .doc = "Return the hash value for the given object.\n\n"
            "Two objects that compare equal must also have the same hash value, but the\n"
            "reverse is not necessarily true."},
    {.signature = "hex(number, /)",
     .fn = digits_fn<16>,
     .step = digits_step<16>,
     .doc = "Return the hexadecimal representation of an integer.\n\n   >>> hex(12648430)\n   '0xc0ffee'"},
    {.signature = "id(obj, /)",
     .fn = id_native,
     .doc = "Return the identity of an object.\n\n"
            "This is guaranteed to be unique among simultaneously existing objects."},
    {.signature = "oct(number, /)",
     .fn = digits_fn<8>,
     .step = digits_step<8>,
     .doc = "Return the octal representation of an integer.\n\n   >>> oct(342391)\n   '0o1234567'"},
    {.signature = "ord(c, /)",
     .fn = ord_native,
     .doc = "Return the Unicode code point for a one-character string."},
    {.signature = "pow(base, exp, mod=None)",
     .fn = pow_native,
     .doc = "Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments.\n\n"
            "Some types, such as ints, are able to use a more efficient algorithm when\n"
            "invoked using the three argument form."},
    {.signature = "repr(obj, /)",
     .fn = repr_function,
     .doc = "Return the canonical string representation of the object.\n\n"
            "For many object types, including most builtins, eval() will return\n"
            "an object equal to the one that was passed."},
    {.signature = "round(number, ndigits=None)",
     .fn = round_native,
     .doc = "Round a number to a given precision in decimal digits.\n\n"
            "The return value is an integer if ndigits is omitted or None.  Otherwise\n"
            "the return value has the same type as the number.  ndigits may be negative."},
};
std::span<const NativeDef> number_functions() { return kFunctions; }

}  // namespace gen
