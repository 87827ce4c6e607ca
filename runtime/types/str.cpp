#include "runtime/types/codecs.h"
#include "runtime/types/format_spec.h"
#include "runtime/types/str_methods.h"
#include "runtime/types/types.h"

namespace gen {

// ---- making

static Outcome make(VM& vm, Value cls, Outcome text) {
    if (!text.is_value()) return text;
    if (cls.is(Value::object(vm.type(kShapeStr)))) return text;
    return vm.checked(str_of_class(vm, cls.as<Class>(), text_of(text.value())));
}

static Outcome str_new(VM& vm, Value* args) {
    if (!checked_class(vm, args[0], kShapeStr)) return Outcome::raised();
    Value object = args[1], encoding = args[2], errors = args[3];
    if (encoding.is_unbound() && errors.is_unbound()) {
        if (object.is_unbound()) return make(vm, args[0], Value::object(vm.empty_string));
        if (args[0].is(Value::object(vm.type(kShapeStr)))) return op_str(vm, object);
        Value text = fast_str(vm, object);
        return text.is_unbound() ? Outcome::unhandled() : make(vm, args[0], text);
    }
    std::string_view encoding_name, errors_name, bytes;
    std::string scratch;
    if (!get_codec_names(vm, "str", encoding, errors, encoding_name, errors_name)) return Outcome::raised();
    if (object.is_unbound()) return make(vm, args[0], Value::object(vm.empty_string));
    if (is_str(object)) return vm.type_error("decoding str is not supported");
    if (!view_bytes(vm, object, bytes, scratch))
        return vm.type_error("decoding to str: need a bytes-like object, %s found", vm.type_name(object));
    return make(vm, args[0], decode_text(vm, bytes, object, encoding_name, errors_name));
}

// An instance of a subclass whose text takes a call.
static Outcome str_new_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_str(vm, frame[1]))
            return make(vm, frame[0], frame.result());
    }
    return Outcome::raised();
}

// ---- the protocol

static Outcome str_add(VM& vm, Value* args) {
    if (!is_str(args[1]))
        return vm.type_error("can only concatenate str (not \"%s\") to str", vm.type_name(args[1]));
    Str *a = text_of(args[0]), *b = text_of(args[1]);
    if (a->size == 0) return exact_str(vm, b);
    if (b->size == 0) return exact_str(vm, a);
    Str* s = concat(vm.heap, a, b);
    return s ? Outcome(Value::object(s)) : vm.no_room();
}

static Outcome str_mul(VM& vm, Value* args) {
    Value n;
    Outcome failure = Outcome::raised();
    if (!get_int(vm, args[1], n, failure)) return failure;
    int64_t times;
    if (!int_to_int64(n, times))
        return vm.raisef(kShapeOverflowError, "cannot fit '%s' into an index-sized integer",
                         vm.type_name(args[1]));
    if (times == 1) return exact_str(vm, text_of(args[0]));
    charge(vm, uint64_t(std::max<int64_t>(times, 0)) * text_of(args[0])->size / 1024);
    Str* s = repeat(vm.heap, text_of(args[0]), times);
    return s ? Outcome(Value::object(s)) : vm.no_room();
}

static Outcome str_rmod(VM& vm, Value* args) {
    if (!is_str(args[1])) return Value::not_implemented();
    Value swapped[] = {args[1], args[0]};
    return str_percent(vm, swapped);
}

static Outcome str_compare(VM&, CompareOp op, Value a, Value b) {
    if (!is_str(b)) return Value::not_implemented();
    if (op == CompareOp::Eq || op == CompareOp::Ne)
        return Value::boolean(equal(text_of(a), text_of(b)) == (op == CompareOp::Eq));
    return Value::boolean(ordered(op, compare(text_of(a), text_of(b))));
}

static Outcome str_len(VM&, Value* args) { return Value::integer(text_of(args[0])->length); }
static Outcome str_hash(VM& vm, Value* args) {
    return hash_value(vm, hash_str(vm.hash_key, text_of(args[0])));
}
static Outcome str_str(VM& vm, Value* args) { return exact_str(vm, text_of(args[0])); }
static Outcome str_getitem(VM& vm, Value* args) { return base_getitem(vm, args[0], args[1]); }
static Outcome str_contains(VM& vm, Value* args) { return base_contains(vm, args[0], args[1]); }
static Outcome str_iter(VM& vm, Value* args) { return base_iter(vm, args[0]); }
static Outcome str_getnewargs(VM& vm, Value* args) {
    Str* copy = make_str(vm.heap, text_of(args[0])->view());
    return copy ? Outcome(vm.tuple({Value::object(copy)})) : vm.out_of_memory();
}
static Outcome str_sizeof(VM&, Value* args) {
    return Value::integer(int64_t(sizeof(Str)) + text_of(args[0])->size + 1);
}

static Outcome str_format_spec(VM& vm, Value* args) {
    if (!is_str(args[1]))
        return vm.type_error("__format__() argument must be str, not %s", vm.type_name(args[1]));
    if (text_of(args[1])->size == 0) return op_str(vm, args[0]);
    return format_str(vm, text_of(args[0]), text_of(args[1])->view());
}

static Outcome str_encode(VM& vm, Value* args) {
    std::string_view encoding, errors;
    if (!get_codec_names(vm, "encode", args[1], args[2], encoding, errors)) return Outcome::raised();
    return encode_text(vm, text_of(args[0]), encoding, errors);
}

#define GEN_SEARCH(name, function, text)                                                                   \
    {                                                                                                      \
        .signature = name "(self, sub, start=None, end=None, /)", .fn = function, .step = step_with_index, \
        .locals = 1, .flags = kPlainCount, .doc = text                                                     \
    }
#define GEN_SIMPLE(name, function, text) \
    { .signature = name "(self, /)", .fn = function, .doc = text }

static const NativeDef kStrMethods[] = {
    {.signature = "__new__(cls, object='', encoding='utf-8', errors='strict')",
     .fn = str_new,
     .step = str_new_step,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "__repr__(self, /)", .fn = repr_native, .doc = "Return repr(self)."},
    {.signature = "__str__(self, /)", .fn = str_str, .doc = "Return str(self)."},
    {.signature = "__format__(self, format_spec, /)",
     .fn = str_format_spec,
     .doc = "Return a formatted version of the string as described by format_spec."},
    {.signature = "__hash__(self, /)", .fn = str_hash, .doc = "Return hash(self)."},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, str_compare>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, str_compare>},
    {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, str_compare>},
    {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, str_compare>},
    {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, str_compare>},
    {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, str_compare>},
    {.signature = "__len__(self, /)", .fn = str_len, .doc = "Return len(self)."},
    {.signature = "__getitem__(self, key, /)", .fn = str_getitem, .doc = "Return self[key]."},
    {.signature = "__contains__(self, key, /)", .fn = str_contains, .doc = "Return key in self."},
    {.signature = "__iter__(self, /)", .fn = str_iter, .doc = "Implement iter(self)."},
    {.signature = "__add__(self, value, /)", .fn = str_add, .doc = "Return self+value."},
    {.signature = "__mul__(self, value, /)",
     .fn = str_mul,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return self*value."},
    {.signature = "__rmul__(self, value, /)",
     .fn = str_mul,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return value*self."},
    {.signature = "__mod__(self, value, /)",
     .fn = str_percent,
     .step = str_percent_step,
     .locals = kPercentLocals,
     .doc = "Return self%value."},
    {.signature = "__rmod__(self, value, /)", .fn = str_rmod, .doc = "Return value%self."},
    {.signature = "__getnewargs__(self, /)", .fn = str_getnewargs},
    {.signature = "__sizeof__(self, /)",
     .fn = str_sizeof,
     .doc = "Return the size of the string in memory, in bytes."},
    GEN_SEARCH("find", str_find, "Return the lowest index in S where substring sub is found, or -1."),
    GEN_SEARCH("rfind", str_rfind, "Return the highest index in S where substring sub is found, or -1."),
    GEN_SEARCH("index", str_index, "As find, but raises ValueError when the substring is not found."),
    GEN_SEARCH("rindex", str_rindex, "As rfind, but raises ValueError when the substring is not found."),
    GEN_SEARCH("count", str_count, "Return the number of non-overlapping occurrences of substring sub."),
    {.signature = "startswith(self, prefix, start=None, end=None, /)",
     .fn = str_startswith,
     .step = step_with_index,
     .locals = 1,
     .flags = kPlainCount,
     .doc = "Return True if S starts with the specified prefix (or one of a tuple), False otherwise."},
    {.signature = "endswith(self, suffix, start=None, end=None, /)",
     .fn = str_endswith,
     .step = step_with_index,
     .locals = 1,
     .flags = kPlainCount,
     .doc = "Return True if S ends with the specified suffix (or one of a tuple), False otherwise."},
    {.signature = "replace(self, old, new, count=-1, /)",
     .fn = str_replace,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return a copy with all occurrences of substring old replaced by new."},
    {.signature = "removeprefix(self, prefix, /)",
     .fn = str_removeprefix,
     .doc = "Return a str with the given prefix string removed if present."},
    {.signature = "removesuffix(self, suffix, /)",
     .fn = str_removesuffix,
     .doc = "Return a str with the given suffix string removed if present."},
    {.signature = "split(self, /, sep=None, maxsplit=-1)",
     .fn = str_split,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return a list of the substrings in the string, using sep as the separator string."},
    {.signature = "rsplit(self, /, sep=None, maxsplit=-1)",
     .fn = str_rsplit,
     .step = step_with_index,
     .locals = 1,
     .doc = "As split, but splitting starts at the end of the string and works to the front."},
    {.signature = "partition(self, sep, /)",
     .fn = str_partition,
     .doc = "Partition the string into three parts using the given separator."},
    {.signature = "rpartition(self, sep, /)",
     .fn = str_rpartition,
     .doc = "Partition the string into three parts at the last occurrence of the separator."},
    {.signature = "splitlines(self, /, keepends=False)",
     .fn = str_splitlines,
     .doc = "Return a list of the lines in the string, breaking at line boundaries."},
    {.signature = "strip(self, chars=None, /)",
     .fn = str_strip,
     .doc = "Return a copy of the string with leading and trailing whitespace removed."},
    {.signature = "lstrip(self, chars=None, /)",
     .fn = str_lstrip,
     .doc = "Return a copy of the string with leading whitespace removed."},
    {.signature = "rstrip(self, chars=None, /)",
     .fn = str_rstrip,
     .doc = "Return a copy of the string with trailing whitespace removed."},
    GEN_SIMPLE("isalnum", str_isalnum,
               "Return True if the string is an alpha-numeric string, False otherwise."),
    GEN_SIMPLE("isalpha", str_isalpha, "Return True if the string is an alphabetic string, False otherwise."),
    GEN_SIMPLE("isascii", str_isascii,
               "Return True if all characters in the string are ASCII, False otherwise."),
    GEN_SIMPLE("isdecimal", str_isdecimal, "Return True if the string is a decimal string, False otherwise."),
    GEN_SIMPLE("isdigit", str_isdigit, "Return True if the string is a digit string, False otherwise."),
    GEN_SIMPLE("isidentifier", str_isidentifier,
               "Return True if the string is a valid Python identifier, False otherwise."),
    GEN_SIMPLE("islower", str_islower, "Return True if the string is a lowercase string, False otherwise."),
    GEN_SIMPLE("isnumeric", str_isnumeric, "Return True if the string is a numeric string, False otherwise."),
    GEN_SIMPLE("isprintable", str_isprintable, "Return True if the string is printable, False otherwise."),
    GEN_SIMPLE("isspace", str_isspace, "Return True if the string is a whitespace string, False otherwise."),
    GEN_SIMPLE("istitle", str_istitle, "Return True if the string is a title-cased string, False otherwise."),
    GEN_SIMPLE("isupper", str_isupper, "Return True if the string is an uppercase string, False otherwise."),
    GEN_SIMPLE("upper", str_upper, "Return a copy of the string converted to uppercase."),
    GEN_SIMPLE("lower", str_lower, "Return a copy of the string converted to lowercase."),
    GEN_SIMPLE("title", str_title, "Return a version of the string where each word is titlecased."),
    GEN_SIMPLE("capitalize", str_capitalize, "Return a capitalized version of the string."),
    GEN_SIMPLE("swapcase", str_swapcase,
               "Convert uppercase characters to lowercase and lowercase characters to uppercase."),
    GEN_SIMPLE("casefold", str_casefold, "Return a version of the string suitable for caseless comparisons."),
    {.signature = "center(self, width, fillchar=' ', /)",
     .fn = str_center,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return a centered string of length width."},
    {.signature = "ljust(self, width, fillchar=' ', /)",
     .fn = str_ljust,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return a left-justified string of length width."},
    {.signature = "rjust(self, width, fillchar=' ', /)",
     .fn = str_rjust,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return a right-justified string of length width."},
    {.signature = "zfill(self, width, /)",
     .fn = str_zfill,
     .step = step_with_index,
     .locals = 1,
     .doc = "Pad a numeric string with zeros on the left, to fill a field of the given width."},
    {.signature = "expandtabs(self, /, tabsize=8)",
     .fn = str_expandtabs,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return a copy where all tab characters are expanded using spaces."},
    {.signature = "join(self, iterable, /)",
     .fn = str_join,
     .step = str_join_step,
     .flags = kConsumes,
     .doc = "Concatenate any number of strings.\n\nThe string whose method is called is inserted in between "
            "each given string.\n"
            "The result is returned as a new string.\n\nExample: '.'.join(['ab', 'pq', 'rs']) -> 'ab.pq.rs'"},
    {.signature = "encode(self, /, encoding='utf-8', errors='strict')",
     .fn = str_encode,
     .doc = "Encode the string using the codec registered for encoding."},
    {.signature = "maketrans(x, y=None, z=None, /)",
     .fn = str_maketrans,
     .flags = kStaticNative,
     .doc = "Return a translation table usable for str.translate()."},
    {.signature = "translate(self, table, /)",
     .fn = str_translate,
     .step = str_translate_step,
     .locals = 2,
     .doc = "Replace each character in the string using the given translation table."},
    {.signature = "format(self, /, *args, **kwargs)",
     .fn = str_format_simple,
     .step = str_format,
     .locals = kFormatLocals,
     .doc = "Return a formatted version of S, using substitutions from args and kwargs."},
    {.signature = "format_map(self, mapping, /)",
     .step = str_format_map,
     .locals = kFormatLocals + 1,
     .doc = "Return a formatted version of S, using substitutions from mapping."},
};

void define_str(VM& vm) {
    define_type(vm, {.shape = kShapeStr,
                     .methods = kStrMethods,
                     .doc = "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\n"
                            "Create a new string object from the given object. If encoding or\n"
                            "errors is specified, then the object must expose a data buffer\n"
                            "that will be decoded using the given encoding and error handler."});
}

}  // namespace gen
