// Classes and case of characters; padding.
#include "runtime/types/str_methods.h"
#include "vm/data/unicode.h"

namespace gen {

// ---- predicates

template <bool (*has_property)(char32_t)>
static bool all_characters(std::string_view text) {
    for (const char *p = text.data(), *end = p + text.size(); p < end;)
        if (!has_property(decode_utf8(p))) return false;
    return true;
}

#define GEN_PREDICATE(name, property)                                           \
    Outcome name(VM& vm, Value* args) {                                         \
        charge(vm, text_of(args[0])->size / 64);                                \
        std::string_view text = text_of(args[0])->view();                       \
        return Value::boolean(!text.empty() && all_characters<property>(text)); \
    }

GEN_PREDICATE(str_isalnum, is_alnum)
GEN_PREDICATE(str_isalpha, is_alpha)
GEN_PREDICATE(str_isdecimal, is_decimal)
GEN_PREDICATE(str_isdigit, is_digit)
GEN_PREDICATE(str_isnumeric, is_numeric)
GEN_PREDICATE(str_isspace, is_space)
#undef GEN_PREDICATE

Outcome str_isascii(VM&, Value* args) { return Value::boolean(text_of(args[0])->ascii()); }
Outcome str_isprintable(VM&, Value* args) {
    return Value::boolean(all_characters<is_printable>(text_of(args[0])->view()));
}

Outcome str_isidentifier(VM&, Value* args) {
    std::string_view text = text_of(args[0])->view();
    const char *p = text.data(), *end = p + text.size();
    if (p == end) return Value::false_();
    char32_t first = decode_utf8(p);
    if (first != '_' && !is_identifier_start(first)) return Value::false_();
    return Value::boolean(all_characters<is_identifier_part>({p, size_t(end - p)}));
}

// Is every cased character of the one case, and is there one?
static Outcome has_case(Value* args, bool (*wanted)(char32_t), bool (*other)(char32_t)) {
    bool any = false;
    std::string_view text = text_of(args[0])->view();
    for (const char *p = text.data(), *end = p + text.size(); p < end;) {
        char32_t c = decode_utf8(p);
        if (other(c) || is_title(c)) return Value::false_();
        any = any || wanted(c);
    }
    return Value::boolean(any);
}

Outcome str_islower(VM&, Value* args) { return has_case(args, is_lower, is_upper); }
Outcome str_isupper(VM&, Value* args) { return has_case(args, is_upper, is_lower); }

Outcome str_istitle(VM&, Value* args) {
    bool any = false, after_cased = false;
    std::string_view text = text_of(args[0])->view();
    for (const char *p = text.data(), *end = p + text.size(); p < end;) {
        char32_t c = decode_utf8(p);
        if (is_upper(c) || is_title(c)) {
            if (after_cased) return Value::false_();
            after_cased = any = true;
        } else if (is_lower(c)) {
            if (!after_cased) return Value::false_();
            any = true;
        } else {
            after_cased = false;
        }
    }
    return Value::boolean(any);
}

// ---- mappings

static Outcome mapped(VM& vm, Value* args, CaseMapping how) {
    StringBuilder out(vm.heap);
    append_mapped(out, text_of(args[0])->view(), how);
    charge(vm, text_of(args[0])->size / 32);
    return finish(vm, out);
}

Outcome str_upper(VM& vm, Value* args) { return mapped(vm, args, CaseMapping::Upper); }
Outcome str_lower(VM& vm, Value* args) { return mapped(vm, args, CaseMapping::Lower); }
Outcome str_title(VM& vm, Value* args) { return mapped(vm, args, CaseMapping::Title); }
Outcome str_capitalize(VM& vm, Value* args) { return mapped(vm, args, CaseMapping::Capitalize); }
Outcome str_swapcase(VM& vm, Value* args) { return mapped(vm, args, CaseMapping::Swap); }
Outcome str_casefold(VM& vm, Value* args) { return mapped(vm, args, CaseMapping::Fold); }

// ---- padding

enum class Side : uint8_t { Left, Right, Both };  // where the text goes

static Outcome padded(VM& vm, Value* args, Side side) {
    Str* self = text_of(args[0]);
    int64_t width = 0;
    char32_t fill = ' ';
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[1], width, failure)) return failure;
    if (!args[2].is_unbound()) {
        if (!is_str(args[2]))
            return vm.type_error("The fill character must be a unicode character, not %s",
                                 vm.type_name(args[2]));
        if (text_of(args[2])->length != 1)
            return vm.type_error("The fill character must be exactly one character long");
        fill = char_at(vm.heap, text_of(args[2]), 0);
    }
    int64_t room = width - int64_t(self->length);
    if (room <= 0) return exact_str(vm, self);
    if (room > int64_t(kMaxStr)) return vm.out_of_memory();
    // An odd column goes to the left when the width is odd too.
    int64_t left = side == Side::Left ? 0 : side == Side::Right ? room : room / 2 + (room & width & 1);
    StringBuilder out(vm.heap);
    out.fill(size_t(left), fill);
    out.append(self);
    out.fill(size_t(room - left), fill);
    return finish(vm, out);
}

Outcome str_center(VM& vm, Value* args) { return padded(vm, args, Side::Both); }
Outcome str_ljust(VM& vm, Value* args) { return padded(vm, args, Side::Left); }
Outcome str_rjust(VM& vm, Value* args) { return padded(vm, args, Side::Right); }

Outcome str_zfill(VM& vm, Value* args) {
    Str* self = text_of(args[0]);
    int64_t width = 0;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[1], width, failure)) return failure;
    int64_t room = width - int64_t(self->length);
    if (room <= 0) return exact_str(vm, self);
    if (room > int64_t(kMaxStr)) return vm.out_of_memory();
    std::string_view text = self->view();
    bool sign = text.starts_with('+') || text.starts_with('-');
    StringBuilder out(vm.heap);
    out.append(text.substr(0, sign));
    out.fill(size_t(room), '0');
    out.append(text.substr(sign));
    return finish(vm, out);
}

Outcome str_expandtabs(VM& vm, Value* args) {
    int64_t tab = 8, column = 0;
    Outcome failure = Outcome::raised();
    if (!get_c_int(vm, args[1], tab, failure)) return failure;
    StringBuilder out(vm.heap);
    std::string_view text = text_of(args[0])->view();
    for (const char *p = text.data(), *end = p + text.size(); p < end && !out.failed();) {
        char32_t c = decode_utf8(p);
        if (c == '\t') {
            if (tab <= 0) continue;
            int64_t spaces = tab - column % tab;
            out.fill(size_t(spaces), ' ');
            column += spaces;
            continue;
        }
        out.append_char(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
    }
    return finish(vm, out);
}

}  // namespace gen
