// What bytes and bytearray have in common: methods that read the bytes and make new objects of the receiver's
// kind.
#pragma once
#include "runtime/types/arguments.h"
#include "runtime/types/format_spec.h"
#include "runtime/types/support.h"

namespace gen {

inline std::string_view bytes_of(Value v) {
    return is_bytes(v) ? view_of(v.as<Bytes>()) : view_of(v.as<ByteArray>());
}
// New bytes, or a bytearray when `like` is one.
Outcome bytes_result(VM&, Value like, std::string_view data);
// The bytes of a bytes-like argument: "a bytes-like object is required, not 'str'".
bool get_bytes(VM&, Value v, std::string_view& out, std::string& scratch);

// The value of bytes(source, encoding, errors) as Bytes; unhandled() where the script's methods are needed,
// for which there is the step: its registers are those of the native (class or self, source, encoding,
// errors), then kSourceLocals.
Outcome bytes_from_source(VM&, Value source, Value encoding, Value errors, bool array);
Outcome bytes_from_source_step(VM&, NativeFrame&, bool array,
                               Outcome (*finish)(VM&, NativeFrame&, Value bytes));
inline constexpr uint16_t kSourceLocals = 2;
// A position in a subscript: IndexError when it fits no size.
bool get_position(VM&, Value v, int64_t& out, Outcome& failure);
// One byte, for append() and the like: "byte must be in range(0, 256)".
bool get_byte(VM&, Value v, uint8_t& out, Outcome& failure);

Outcome bytes_find(VM&, Value* args);
Outcome bytes_rfind(VM&, Value* args);
Outcome bytes_index(VM&, Value* args);
Outcome bytes_rindex(VM&, Value* args);
Outcome bytes_count(VM&, Value* args);
Outcome bytes_startswith(VM&, Value* args);
Outcome bytes_endswith(VM&, Value* args);
Outcome bytes_contains(VM&, Value* args);
Outcome bytes_replace(VM&, Value* args);
Outcome bytes_removeprefix(VM&, Value* args);
Outcome bytes_removesuffix(VM&, Value* args);
Outcome bytes_split(VM&, Value* args);
Outcome bytes_rsplit(VM&, Value* args);
Outcome bytes_partition(VM&, Value* args);
Outcome bytes_rpartition(VM&, Value* args);
Outcome bytes_splitlines(VM&, Value* args);
Outcome bytes_strip(VM&, Value* args);
Outcome bytes_lstrip(VM&, Value* args);
Outcome bytes_rstrip(VM&, Value* args);
Outcome bytes_join(VM&, Value* args);
Outcome bytes_join_step(VM&, NativeFrame&);
Outcome bytes_translate(VM&, Value* args);
Outcome bytes_maketrans(VM&, Value* args);
Outcome bytes_decode(VM&, Value* args);
Outcome bytes_hex(VM&, Value* args);
Outcome bytes_fromhex(VM&, Value* args);

Outcome bytes_isalnum(VM&, Value* args);
Outcome bytes_isalpha(VM&, Value* args);
Outcome bytes_isascii(VM&, Value* args);
Outcome bytes_isdigit(VM&, Value* args);
Outcome bytes_islower(VM&, Value* args);
Outcome bytes_isspace(VM&, Value* args);
Outcome bytes_istitle(VM&, Value* args);
Outcome bytes_isupper(VM&, Value* args);
Outcome bytes_upper(VM&, Value* args);
Outcome bytes_lower(VM&, Value* args);
Outcome bytes_title(VM&, Value* args);
Outcome bytes_capitalize(VM&, Value* args);
Outcome bytes_swapcase(VM&, Value* args);
Outcome bytes_center(VM&, Value* args);
Outcome bytes_ljust(VM&, Value* args);
Outcome bytes_rjust(VM&, Value* args);
Outcome bytes_zfill(VM&, Value* args);
Outcome bytes_expandtabs(VM&, Value* args);

Outcome bytes_len(VM&, Value* args);
Outcome bytes_getitem(VM&, Value* args);
Outcome bytes_iter(VM&, Value* args);
Outcome bytes_add(VM&, Value* args);
Outcome bytes_mul(VM&, Value* args);
Outcome bytes_percent(VM&, Value* args);
Outcome bytes_percent_step(VM&, NativeFrame&);
Outcome bytes_rmod(VM&, Value* args);
Outcome bytes_compare(VM&, CompareOp, Value a, Value b);

#define GEN_BYTES_SEARCH(name, function, text)                                                             \
    {                                                                                                      \
        .signature = name "(self, sub, start=None, end=None, /)", .fn = function, .step = step_with_index, \
        .locals = 1, .flags = kPlainCount, .doc = text                                                     \
    }
#define GEN_BYTES_SIMPLE(name, function, text) \
    { .signature = name "(self, /)", .fn = function, .doc = text }

// The rows of both tables.
#define GEN_BYTES_METHODS                                                                                   \
    {.signature = "__repr__(self, /)", .fn = repr_native, .doc = "Return repr(self)."},                     \
        {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, bytes_compare>},        \
        {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, bytes_compare>},        \
        {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, bytes_compare>},        \
        {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, bytes_compare>},        \
        {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, bytes_compare>},        \
        {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, bytes_compare>},        \
        {.signature = "__len__(self, /)", .fn = bytes_len, .doc = "Return len(self)."},                     \
        {.signature = "__getitem__(self, key, /)", .fn = bytes_getitem, .doc = "Return self[key]."},        \
        {.signature = "__contains__(self, key, /)",                                                         \
         .fn = bytes_contains,                                                                              \
         .step = step_with_index,                                                                           \
         .locals = 1},                                                                                      \
        {.signature = "__iter__(self, /)", .fn = bytes_iter, .doc = "Implement iter(self)."},               \
        {.signature = "__add__(self, value, /)", .fn = bytes_add, .doc = "Return self+value."},             \
        {.signature = "__mul__(self, value, /)", .fn = bytes_mul, .step = step_with_index, .locals = 1},    \
        {.signature = "__rmul__(self, value, /)", .fn = bytes_mul, .step = step_with_index, .locals = 1},   \
        {.signature = "__mod__(self, value, /)",                                                            \
         .fn = bytes_percent,                                                                               \
         .step = bytes_percent_step,                                                                        \
         .locals = kPercentLocals},                                                                         \
        {.signature = "__rmod__(self, value, /)", .fn = bytes_rmod},                                        \
        GEN_BYTES_SEARCH("find", bytes_find,                                                                \
                         "Return the lowest index where subsection sub is found, or -1."),                  \
        GEN_BYTES_SEARCH("rfind", bytes_rfind,                                                              \
                         "Return the highest index where subsection sub is found, or -1."),                 \
        GEN_BYTES_SEARCH("index", bytes_index,                                                              \
                         "As find, but raises ValueError when the subsection is not found."),               \
        GEN_BYTES_SEARCH("rindex", bytes_rindex,                                                            \
                         "As rfind, but raises ValueError when the subsection is not found."),              \
        GEN_BYTES_SEARCH("count", bytes_count,                                                              \
                         "Return the number of non-overlapping occurrences of subsection sub."),            \
        {.signature = "startswith(self, prefix, start=None, end=None, /)",                                  \
         .fn = bytes_startswith,                                                                            \
         .step = step_with_index,                                                                           \
         .locals = 1,                                                                                       \
         .flags = kPlainCount,                                                                              \
         .doc = "Return True if B starts with the prefix."},                                                \
        {.signature = "endswith(self, suffix, start=None, end=None, /)",                                    \
         .fn = bytes_endswith,                                                                              \
         .step = step_with_index,                                                                           \
         .locals = 1,                                                                                       \
         .flags = kPlainCount,                                                                              \
         .doc = "Return True if B ends with the specified suffix."},                                        \
        {.signature = "replace(self, old, new, count=-1, /)",                                               \
         .fn = bytes_replace,                                                                               \
         .step = step_with_index,                                                                           \
         .locals = 1,                                                                                       \
         .doc = "Return a copy with all occurrences of substring old replaced by new."},                    \
        {.signature = "removeprefix(self, prefix, /)",                                                      \
         .fn = bytes_removeprefix,                                                                          \
         .doc = "Return a bytes object with the given prefix string removed if present."},                  \
        {.signature = "removesuffix(self, suffix, /)",                                                      \
         .fn = bytes_removesuffix,                                                                          \
         .doc = "Return a bytes object with the given suffix string removed if present."},                  \
        {.signature = "split(self, /, sep=None, maxsplit=-1)",                                              \
         .fn = bytes_split,                                                                                 \
         .step = step_with_index,                                                                           \
         .locals = 1,                                                                                       \
         .doc = "Return a list of the sections in the bytes, using sep as the delimiter."},                 \
        {.signature = "rsplit(self, /, sep=None, maxsplit=-1)",                                             \
         .fn = bytes_rsplit,                                                                                \
         .step = step_with_index,                                                                           \
         .locals = 1,                                                                                       \
         .doc = "As split, but splitting starts at the end of the bytes and works to the front."},          \
        {.signature = "partition(self, sep, /)",                                                            \
         .fn = bytes_partition,                                                                             \
         .doc = "Partition the bytes into three parts using the given separator."},                         \
        {.signature = "rpartition(self, sep, /)",                                                           \
         .fn = bytes_rpartition,                                                                            \
         .doc = "Partition the bytes into three parts at the last occurrence of the separator."},           \
        {.signature = "splitlines(self, /, keepends=False)",                                                \
         .fn = bytes_splitlines,                                                                            \
         .doc = "Return a list of the lines in the bytes, breaking at line boundaries."},                   \
        {.signature = "strip(self, bytes=None, /)",                                                         \
         .fn = bytes_strip,                                                                                 \
         .doc = "Strip leading and trailing bytes contained in the argument."},                             \
        {.signature = "lstrip(self, bytes=None, /)",                                                        \
         .fn = bytes_lstrip,                                                                                \
         .doc = "Strip leading bytes contained in the argument."},                                          \
        {.signature = "rstrip(self, bytes=None, /)",                                                        \
         .fn = bytes_rstrip,                                                                                \
         .doc = "Strip trailing bytes contained in the argument."},                                         \
        {.signature = "join(self, iterable_of_bytes, /)",                                                   \
         .fn = bytes_join,                                                                                  \
         .step = bytes_join_step,                                                                           \
         .flags = kConsumes,                                                                                \
         .doc = "Concatenate any number of bytes objects."},                                                \
        {.signature = "translate(self, table, /, delete=b'')",                                              \
         .fn = bytes_translate,                                                                             \
         .doc = "Return a copy with each character mapped by the given translation table."},                \
        {.signature = "maketrans(frm, to, /)",                                                              \
         .fn = bytes_maketrans,                                                                             \
         .flags = kStaticNative,                                                                            \
         .doc = "Return a translation table useable for the bytes or bytearray translate method."},         \
        {.signature = "decode(self, /, encoding='utf-8', errors='strict')",                                 \
         .fn = bytes_decode,                                                                                \
         .doc = "Decode the bytes using the codec registered for encoding."},                               \
        {.signature = "hex(self, /, sep=None, bytes_per_sep=1)",                                            \
         .fn = bytes_hex,                                                                                   \
         .step = step_with_index,                                                                           \
         .locals = 1,                                                                                       \
         .doc = "Create a string of hexadecimal numbers from a bytes object."},                             \
        {.signature = "fromhex(cls, string, /)",                                                            \
         .fn = bytes_fromhex,                                                                               \
         .flags = kClassNative,                                                                             \
         .doc = "Create a bytes object from a string of hexadecimal numbers."},                             \
        GEN_BYTES_SIMPLE("isalnum", bytes_isalnum,                                                          \
                         "Return True if all characters in B are alphanumeric, else False."),               \
        GEN_BYTES_SIMPLE("isalpha", bytes_isalpha,                                                          \
                         "Return True if all characters in B are alphabetic, else False."),                 \
        GEN_BYTES_SIMPLE("isascii", bytes_isascii,                                                          \
                         "Return True if B is empty or all characters in B are ASCII."),                    \
        GEN_BYTES_SIMPLE("isdigit", bytes_isdigit,                                                          \
                         "Return True if all characters in B are digits, else False."),                     \
        GEN_BYTES_SIMPLE("islower", bytes_islower,                                                          \
                         "Return True if all cased characters in B are lowercase."),                        \
        GEN_BYTES_SIMPLE("isspace", bytes_isspace,                                                          \
                         "Return True if all characters in B are whitespace, else False."),                 \
        GEN_BYTES_SIMPLE("istitle", bytes_istitle, "Return True if B is a titlecased string, else False."), \
        GEN_BYTES_SIMPLE("isupper", bytes_isupper,                                                          \
                         "Return True if all cased characters in B are uppercase."),                        \
        GEN_BYTES_SIMPLE("upper", bytes_upper,                                                              \
                         "Return a copy of B with all ASCII characters converted to uppercase."),           \
        GEN_BYTES_SIMPLE("lower", bytes_lower,                                                              \
                         "Return a copy of B with all ASCII characters converted to lowercase."),           \
        GEN_BYTES_SIMPLE("title", bytes_title, "Return a titlecased version of B."),                        \
        GEN_BYTES_SIMPLE("capitalize", bytes_capitalize,                                                    \
                         "Return a copy of B with only its first character capitalized."),                  \
        GEN_BYTES_SIMPLE("swapcase", bytes_swapcase,                                                        \
                         "Return a copy of B with the case of ASCII characters swapped."),                  \
        {.signature = "center(self, width, fillchar=b' ', /)",                                              \
         .fn = bytes_center,                                                                                \
         .step = step_with_index,                                                                           \
         .locals = 1,                                                                                       \
         .doc = "Return a centered string of length width."},                                               \
        {.signature = "ljust(self, width, fillchar=b' ', /)",                                               \
         .fn = bytes_ljust,                                                                                 \
         .step = step_with_index,                                                                           \
         .locals = 1,                                                                                       \
         .doc = "Return a left-justified string of length width."},                                         \
        {.signature = "rjust(self, width, fillchar=b' ', /)",                                               \
         .fn = bytes_rjust,                                                                                 \
         .step = step_with_index,                                                                           \
         .locals = 1,                                                                                       \
         .doc = "Return a right-justified string of length width."},                                        \
        {.signature = "zfill(self, width, /)",                                                              \
         .fn = bytes_zfill,                                                                                 \
         .step = step_with_index,                                                                           \
         .locals = 1,                                                                                       \
         .doc = "Pad a numeric string with zeros on the left, to fill a field of the given width."},        \
    {                                                                                                       \
        .signature = "expandtabs(self, /, tabsize=8)", .fn = bytes_expandtabs, .step = step_with_index,     \
        .locals = 1, .doc = "Return a copy where all tab characters are expanded using spaces."             \
    }

}  // namespace gen
