// unicodedata: names and properties of characters, and the normal forms.
#include "lexer/unicode_names.h"
#include "runtime/modules/modules.h"
#include "runtime/types/support.h"
#include "vm/data/unicode.h"

#if defined(GEN_HAS_UTF8PROC)

#include <utf8proc.h>
#include <algorithm>
#include <cstdlib>

namespace gen {

namespace {

// Characters with numbers: that of `first` is numerator/denominator; the numerator grows by `step` with each.
struct Numbers {
    uint32_t first, last;
    int64_t numerator;
    int32_t denominator;
    int64_t step;
};
struct Width {  // East_Asian_Width; what is in no span is neutral
    uint32_t first, last;
    const char* name;
};
#include "runtime/modules/unicode_facts.def"

// The span that the character is in, or null.
template <class Span, size_t n>
const Span* find_span(const Span (&spans)[n], char32_t c) {
    const Span* after = std::upper_bound(spans, spans + n, c,
                                         [](char32_t wanted, const Span& s) { return wanted < s.first; });
    return after != spans && c <= after[-1].last ? after - 1 : nullptr;
}

bool character_of(VM& vm, const char* function, const char* argument, Value v, char32_t& c) {
    if (!is_str(v) || v.as<Str>()->length != 1) {
        vm.type_error("%s() %s must be a unicode character, not %s", function, argument, vm.type_name(v));
        return false;
    }
    const char* p = v.as<Str>()->data();
    c = decode_utf8(p);
    return true;
}
Outcome otherwise(VM& vm, Value given, const char* message) {
    return given.is_unbound() ? vm.raise(kShapeValueError, message) : Outcome(given);
}
const utf8proc_property_t* property_of(char32_t c) { return utf8proc_get_property(utf8proc_int32_t(c)); }

// ---- names

Outcome lookup(VM& vm, Value* args) {
    if (!is_str(args[0]))
        return vm.type_error("lookup() argument must be str, not %s", vm.type_name(args[0]));
    char32_t c;
    if (!find_named_character(args[0].as<Str>()->view(), c)) {
        std::string name(args[0].as<Str>()->view());
        return vm.raise(kShapeKeyError, "undefined character name '" + name + "'");
    }
    return vm.checked(Value::object(vm.strings.character(vm.heap, c)));
}
Outcome name(VM& vm, Value* args) {
    char32_t c;
    if (!character_of(vm, "name", "argument 1", args[0], c)) return Outcome::raised();
    std::string text = name_of_character(c);
    return text.empty() ? otherwise(vm, args[1], "no such name") : Outcome(vm.str(text));
}

// ---- numbers

template <int (*value_of)(char32_t)>
Outcome small_number(VM& vm, const char* function, const char* message, Value* args) {
    char32_t c;
    if (!character_of(vm, function, "argument 1", args[0], c)) return Outcome::raised();
    const int value = value_of(c);
    return value < 0 ? otherwise(vm, args[1], message) : Outcome(Value::integer(value));
}
Outcome decimal(VM& vm, Value* args) {
    return small_number<decimal_value>(vm, "decimal", "not a decimal", args);
}
Outcome digit(VM& vm, Value* args) { return small_number<digit_value>(vm, "digit", "not a digit", args); }
Outcome numeric(VM& vm, Value* args) {
    char32_t c;
    if (!character_of(vm, "numeric", "argument 1", args[0], c)) return Outcome::raised();
    const Numbers* n = find_span(kNumbers, c);
    if (!n) return otherwise(vm, args[1], "not a numeric character");
    return vm.real(double(n->numerator + n->step * int64_t(c - n->first)) / n->denominator);
}

// ---- properties

Outcome category(VM& vm, Value* args) {
    char32_t c;
    if (!character_of(vm, "category", "argument", args[0], c)) return Outcome::raised();
    return vm.str(utf8proc_category_string(utf8proc_int32_t(c)));
}
Outcome bidirectional(VM& vm, Value* args) {
    static constexpr const char* kClasses[] = {"",    "L",  "LRE", "LRO", "R",   "AL",  "RLE", "RLO",
                                               "PDF", "EN", "ES",  "ET",  "AN",  "CS",  "NSM", "BN",
                                               "B",   "S",  "WS",  "ON",  "LRI", "RLI", "FSI", "PDI"};
    char32_t c;
    if (!character_of(vm, "bidirectional", "argument", args[0], c)) return Outcome::raised();
    return vm.str(kClasses[property_of(c)->bidi_class]);
}
Outcome combining(VM& vm, Value* args) {
    char32_t c;
    if (!character_of(vm, "combining", "argument", args[0], c)) return Outcome::raised();
    return Value::integer(property_of(c)->combining_class);
}
Outcome mirrored(VM& vm, Value* args) {
    char32_t c;
    if (!character_of(vm, "mirrored", "argument", args[0], c)) return Outcome::raised();
    return Value::integer(property_of(c)->bidi_mirrored);
}
Outcome east_asian_width(VM& vm, Value* args) {
    char32_t c;
    if (!character_of(vm, "east_asian_width", "argument", args[0], c)) return Outcome::raised();
    const Width* w = find_span(kWidths, c);
    return vm.str(w ? w->name : "N");
}

// ---- normal forms

bool form_of(VM& vm, Value v, int& options) {
    if (!is_str(v)) {
        vm.type_error("normalize() argument 1 must be str, not %s", vm.type_name(v));
        return false;
    }
    std::string_view form = v.as<Str>()->view();
    options = UTF8PROC_STABLE;
    if (form == "NFC" || form == "NFKC")
        options |= UTF8PROC_COMPOSE;
    else if (form == "NFD" || form == "NFKD")
        options |= UTF8PROC_DECOMPOSE;
    else {
        vm.value_error("invalid normalization form");
        return false;
    }
    if (form.size() == 4) options |= UTF8PROC_COMPAT;
    return true;
}
// False: memory ended.
bool normalize_part(std::string_view text, int options, std::string& out) {
    utf8proc_uint8_t* mapped = nullptr;
    const utf8proc_ssize_t n =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), utf8proc_ssize_t(text.size()),
                     &mapped, utf8proc_option_t(options));
    if (n < 0) return false;
    out.append(reinterpret_cast<const char*>(mapped), size_t(n));
    std::free(mapped);
    return true;
}
Outcome normalized(VM& vm, Value form, Value text) {
    int options;
    if (!form_of(vm, form, options)) return Outcome::raised();
    if (!is_str(text)) return vm.type_error("normalize() argument 2 must be str, not %s", vm.type_name(text));
    std::string_view rest = text.as<Str>()->view();
    if (text.as<Str>()->ascii()) return text;
    if (!vm.heap.reserve(rest.size() * 5)) return vm.no_room();  // its code points, and the result
    charge(vm, rest.size() / 8);
    std::string out;
    while (!rest.empty()) {  // lone surrogates stay as they are
        const size_t n = valid_utf8(rest);
        if (n && !normalize_part(rest.substr(0, n), options, out)) return vm.out_of_memory();
        rest.remove_prefix(n);
        if (rest.empty()) break;
        out += rest.substr(0, 3);
        rest.remove_prefix(3);
    }
    return vm.checked(vm.str(out));
}
Outcome normalize(VM& vm, Value* args) { return normalized(vm, args[0], args[1]); }
Outcome is_normalized(VM& vm, Value* args) {
    Outcome o = normalized(vm, args[0], args[1]);
    return o.is_value() ? Outcome(Value::boolean(equal(o.value().as<Str>(), args[1].as<Str>()))) : o;
}

const NativeDef kFunctions[] = {
    {.signature = "lookup(name, /)",
     .fn = lookup,
     .doc = "Look up character by name.\n\nIf a character with the given name is found, return the\n"
            "corresponding character.  If not found, KeyError is raised."},
    {.signature = "name(chr, default=None, /)",
     .fn = name,
     .doc = "Returns the name assigned to the character chr as a string.\n\n"
            "If no name is defined, default is returned, or, if not given,\nValueError is raised."},
    {.signature = "decimal(chr, default=None, /)", .fn = decimal},
    {.signature = "digit(chr, default=None, /)", .fn = digit},
    {.signature = "numeric(chr, default=None, /)", .fn = numeric},
    {.signature = "category(chr, /)", .fn = category},
    {.signature = "bidirectional(chr, /)", .fn = bidirectional},
    {.signature = "combining(chr, /)", .fn = combining},
    {.signature = "mirrored(chr, /)", .fn = mirrored},
    {.signature = "east_asian_width(chr, /)", .fn = east_asian_width},
    {.signature = "normalize(form, unistr, /)", .fn = normalize},
    {.signature = "is_normalized(form, unistr, /)", .fn = is_normalized},
};

void init(VM& vm, Module* m) { vm.set(m->dict, "unidata_version", vm.str(utf8proc_unicode_version())); }

}  // namespace

const ModuleDef kUnicodedataModule = {.name = "unicodedata", .functions = kFunctions, .init = init};

}  // namespace gen

#endif
