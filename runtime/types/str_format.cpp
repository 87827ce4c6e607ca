// str.format and str.format_map: step natives, since fields reach any object's attributes, items and
// __format__.
#include "runtime/types/format_spec.h"
#include "runtime/types/str_methods.h"
#include "vm/data/float.h"
#include "vm/data/int.h"
#include "vm/data/unicode.h"

#include <charconv>

namespace gen {

namespace {

// Registers behind self, args (or the mapping of format_map), kwargs.
enum Register : size_t {
    kPosition = 3,  // byte offset in the template
    kPieces,        // List of Str: the text so far
    kNumbering,     // of positional fields, see Numbering
    kObject,        // the field's value so far
    kPath,          // Str: what follows the first name: .attribute[item]
    kPathPosition,
    kConversion,   // its character, or 0
    kSpec,         // Str: the specification
    kLevel,        // 1: inside a specification
    kOuterObject,  // while at level 1: the value that its specification is for
    kInnerTemplate,
    kInnerPosition,
    kInnerPieces,
};

enum Numbering : int64_t { kUndecided = -2, kManual = -1 };  // else the next automatic number

struct Field {
    std::string_view name, path, spec;
    char32_t conversion = 0;
    bool nested = false;  // the specification has fields
};

Outcome wrong(VM& vm, const char* message) { return vm.raise(kShapeValueError, message); }

// Parses from behind '{' to behind '}'. False: raised.
bool parse_field(VM& vm, std::string_view text, size_t& at, Field& field) {
    size_t start = at;
    bool bracket = false;
    char c = 0;
    for (; at < text.size(); at++) {
        c = text[at];
        if (c == '{') {
            wrong(vm, "unexpected '{' in field name");
            return false;
        }
        if (c == '[') bracket = true;
        if (c == ']') bracket = false;
        if (!bracket && (c == '}' || c == ':' || c == '!')) break;
    }
    if (at == text.size()) {
        wrong(vm, "expected '}' before end of string");
        return false;
    }
    std::string_view whole = text.substr(start, at - start);
    size_t first = std::min(whole.find('.'), whole.find('['));
    field.name = whole.substr(0, first);
    field.path = first == std::string_view::npos ? std::string_view{} : whole.substr(first);
    at++;
    if (c == '}') return true;
    if (c == '!') {
        if (at == text.size()) {
            wrong(vm, "end of string while looking for conversion specifier");
            return false;
        }
        const char* p = text.data() + at;
        field.conversion = decode_utf8(p);
        at = size_t(p - text.data());
        if (at == text.size()) {
            wrong(vm, "unmatched '{' in format spec");
            return false;
        }
        c = text[at++];
        if (c == '}') return true;
        if (c != ':') {
            wrong(vm, "expected ':' after conversion specifier");
            return false;
        }
    }
    start = at;
    for (int depth = 1; at < text.size(); at++) {
        if (text[at] == '{') {
            field.nested = true;
            depth++;
        }
        if (text[at] == '}' && --depth == 0) {
            field.spec = text.substr(start, at++ - start);
            return true;
        }
    }
    wrong(vm, "unmatched '{' in format spec");
    return false;
}

// Text up to the next field, with {{ and }} undone. 1: a field follows; 0: the end; -1: raised.
int literal(VM& vm, std::string_view text, size_t& at, std::string& out) {
    while (at < text.size()) {
        size_t brace = text.find_first_of("{}", at);
        out += text.substr(at, brace == std::string_view::npos ? brace : brace - at);
        if (brace == std::string_view::npos) {
            at = text.size();
            return 0;
        }
        at = brace + 1;
        char c = text[brace];
        if (at < text.size() && text[at] == c) {
            out += c;
            at++;
            continue;
        }
        if (c == '}') {
            wrong(vm, "Single '}' encountered in format string");
            return -1;
        }
        if (at == text.size()) {
            wrong(vm, "Single '{' encountered in format string");
            return -1;
        }
        return 1;
    }
    return 0;
}

// 1: a number; 0: something else; -1: too large (raised).
int parse_number(VM& vm, std::string_view text, int64_t& out) {
    if (text.empty()) return 0;
    int64_t n = 0;
    for (const char *p = text.data(), *end = p + text.size(); p < end;) {
        int digit = decimal_value(decode_utf8(p));
        if (digit < 0) return 0;
        if (n > (INT64_MAX - 9) / 10) {
            wrong(vm, "Too many decimal digits in format string");
            return -1;
        }
        n = n * 10 + digit;
    }
    out = n;
    return 1;
}

bool is_map(const NativeFrame& frame) {
    return static_cast<Native*>(static_cast<Object*>(frame.function))->def->step == str_format_map;
}

// The value that the first name of a field stands for.
Outcome first_value(VM& vm, NativeFrame& frame, std::string_view name) {
    int64_t index = 0, numbering = frame[kNumbering].as_int();
    int number = parse_number(vm, name, index);
    if (number < 0) return Outcome::raised();
    if (name.empty() || number) {
        if (name.empty() && numbering == kManual)
            return wrong(vm, "cannot switch from manual field specification to automatic field numbering");
        if (!name.empty() && numbering >= 0)
            return wrong(vm, "cannot switch from automatic field numbering to manual field specification");
        if (name.empty()) {
            index = numbering == kUndecided ? 0 : numbering;
            frame[kNumbering] = Value::integer(index + 1);
        } else {
            frame[kNumbering] = Value::integer(kManual);
        }
        if (is_map(frame)) return wrong(vm, "Format string contains positional fields");
        auto* args = frame[1].as<Tuple>();
        if (uint64_t(index) >= args->size)
            return vm.raisef(kShapeIndexError,
                             "Replacement index %lld out of range for positional args tuple",
                             (long long)(index));
        return args->items[index];
    }
    Value key = vm.str(name);
    if (key.is_unbound()) return vm.out_of_memory();
    if (is_map(frame)) return op_getitem(vm, frame[1], key);
    Value v = frame[2].is_unbound() ? Value::unbound() : vm.get(frame[2].as<Dict>(), vm.intern(name));
    return v.is_unbound() ? vm.key_error(key) : Outcome(v);
}

// The next step along .attribute[item].
Outcome next_on_path(VM& vm, NativeFrame& frame) {
    std::string_view path = frame[kPath].as<Str>()->view();
    auto at = size_t(frame[kPathPosition].as_int());
    char kind = path[at++];
    size_t start = at;
    if (kind == '.') {
        while (at < path.size() && path[at] != '.' && path[at] != '[') at++;
        frame[kPathPosition] = Value::integer(int64_t(at));
        if (at == start) return wrong(vm, "Empty attribute in format string");
        return op_getattr(vm, frame[kObject], vm.intern(path.substr(start, at - start)));
    }
    if (kind != '[') return wrong(vm, "Only '.' or '[' may follow ']' in format field specifier");
    while (at < path.size() && path[at] != ']') at++;
    if (at == path.size()) return wrong(vm, "Missing ']' in format string");
    std::string_view key = path.substr(start, at - start);
    frame[kPathPosition] = Value::integer(int64_t(at + 1));
    if (key.empty()) return wrong(vm, "Empty attribute in format string");
    int64_t index;
    int number = parse_number(vm, key, index);
    if (number < 0) return Outcome::raised();
    if (number) return op_getitem(vm, frame[kObject], vm.integer(index));
    Value name = vm.str(key);
    return name.is_unbound() ? vm.out_of_memory() : op_getitem(vm, frame[kObject], name);
}

Outcome convert(VM& vm, Value v, int64_t conversion) {
    switch (conversion) {
        case 's':
            return op_str(vm, v);
        case 'r':
            return op_repr(vm, v);
        case 'a':
            return op_ascii(vm, v);
        default:
            break;
    }
    if (conversion > 32 && conversion < 127)
        return vm.value_error("Unknown conversion specifier %c", char(conversion));
    return vm.value_error("Unknown conversion specifier \\x%x", unsigned(conversion));
}

bool append_piece(VM& vm, NativeFrame& frame, Register list, Value piece) {
    return list_append(vm.heap, frame[list].as<List>(), piece);
}

Outcome joined(VM& vm, Value pieces) {
    StringBuilder out(vm.heap);
    auto* list = pieces.as<List>();
    for (size_t i = 0; i < list->size; i++) out.append(text_of(list->items->items[i]));
    return finish(vm, out);
}

enum class Markup : uint8_t { Field, End, Raised };

// Takes the literal text and the next field at the present level into the registers.
Markup next_markup(VM& vm, NativeFrame& frame, bool& nested, Value& name) {
    bool inner = frame[kLevel].as_int();
    std::string_view text = text_of(inner ? frame[kInnerTemplate] : frame[0])->view();
    Register position = inner ? kInnerPosition : kPosition;
    auto at = size_t(frame[position].as_int());
    std::string plain;
    int follows = literal(vm, text, at, plain);
    if (follows < 0) return Markup::Raised;
    if (!plain.empty()) {
        Value piece = vm.str(plain);
        if (piece.is_unbound() || !append_piece(vm, frame, inner ? kInnerPieces : kPieces, piece)) {
            vm.out_of_memory();
            return Markup::Raised;
        }
    }
    Field field;
    if (follows && !parse_field(vm, text, at, field)) return Markup::Raised;
    frame[position] = Value::integer(int64_t(at));
    if (!follows) return Markup::End;
    nested = field.nested;
    if (nested && inner) {
        wrong(vm, "Max string recursion exceeded");
        return Markup::Raised;
    }
    frame[kPath] = vm.str(field.path);
    frame[kSpec] = vm.str(field.spec);
    frame[kPathPosition] = Value::integer(0);
    frame[kConversion] = Value::integer(field.conversion);
    name = vm.str(field.name);
    if (frame[kPath].is_unbound() || frame[kSpec].is_unbound() || name.is_unbound()) {
        vm.out_of_memory();
        return Markup::Raised;
    }
    return Markup::Field;
}

Outcome run_format(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kFirst = 1, kStep, kConverted, kFormatted };
    bool nested = false;
    Value name;
    Outcome text = Value::none();
    switch (frame.step_state()) {
        case 0:
            frame[kPosition] = frame[kLevel] = Value::integer(0);
            frame[kNumbering] = Value::integer(kUndecided);
            frame[kPieces] = vm.list();
            for (;;) {
                switch (next_markup(vm, frame, nested, name)) {
                    case Markup::Raised:
                        return Outcome::raised();
                    case Markup::Field:
                        break;
                    case Markup::End:
                        text = joined(vm, frame[frame[kLevel].as_int() ? kInnerPieces : kPieces]);
                        if (!frame[kLevel].as_int() || !text.is_value()) return text;
                        frame[kSpec] = text.value();
                        frame[kObject] = frame[kOuterObject];
                        frame[kLevel] = Value::integer(0);
                        goto show;
                }
                frame[kInnerTemplate] = nested ? Value::true_() : frame[kInnerTemplate];
                AWAIT(kFirst, first_value(vm, frame, text_of(name)->view()))
                frame[kObject] = frame.result();
                while (frame[kPathPosition].as_int() < int64_t(text_of(frame[kPath])->size)) {
                    AWAIT(kStep, next_on_path(vm, frame))
                    frame[kObject] = frame.result();
                }
                if (frame[kConversion].as_int()) {
                    AWAIT(kConverted, convert(vm, frame[kObject], frame[kConversion].as_int()))
                    frame[kObject] = frame.result();
                }
                if (!frame[kLevel].as_int() && frame[kInnerTemplate].is_true()) {
                    frame[kLevel] = Value::integer(1);
                    frame[kOuterObject] = frame[kObject];
                    frame[kInnerTemplate] = frame[kSpec];
                    frame[kInnerPosition] = Value::integer(0);
                    frame[kInnerPieces] = vm.list();
                    continue;
                }
            show:
                AWAIT(kFormatted, op_format(vm, frame[kObject], frame[kSpec]))
                if (!append_piece(vm, frame, frame[kLevel].as_int() ? kInnerPieces : kPieces, frame.result()))
                    return vm.out_of_memory();
            }
    }
    return Outcome::raised();
}

// The argument that a field without path and conversion names; unbound: the long way finds it, or the error.
Value simple_value(VM& vm, const Value* args, std::string_view name, int64_t& numbering) {
    const auto* positional = args[1].as<Tuple>();
    uint64_t index = 0;
    if (name.empty()) {
        if (numbering == kManual) return Value::unbound();
        index = numbering == kUndecided ? 0 : uint64_t(numbering);
        numbering = int64_t(index) + 1;
    } else if (name[0] >= '0' && name[0] <= '9') {
        if (numbering >= 0 || name.size() > 4) return Value::unbound();
        for (char c : name) {
            if (c < '0' || c > '9') return Value::unbound();
            index = index * 10 + uint64_t(c - '0');
        }
        numbering = kManual;
    } else {
        for (char c : name)
            if (uint8_t(c) >= 0x80) return Value::unbound();  // may be digits
        return args[2].is_unbound() ? Value::unbound() : vm.get(args[2].as<Dict>(), vm.intern(name));
    }
    return index < positional->size ? positional->items[index] : Value::unbound();
}

// unhandled(): it is of no exact built-in type.
Outcome append_formatted(VM& vm, StringBuilder& out, Value v, std::string_view spec) {
    if (spec.empty() && v.is_int()) {
        char digits[24];
        char* end = std::to_chars(digits, digits + sizeof digits, v.as_int()).ptr;
        out.append({digits, size_t(end - digits)});
        return Value::none();
    }
    Outcome o = Outcome::unhandled();
    if (is_exact_str(v)) {
        o = spec.empty() ? Outcome(v) : format_str(vm, text_of(v), spec);
    } else if (is_exact_float(v)) {
        o = spec.empty() ? op_format(vm, v, Value::object(vm.empty_string))
                         : format_float(vm, as_float(v), spec);
    } else if (v.is_int()) {
        o = format_int(vm, v, spec);
    }
    if (o.is_value()) out.append(text_of(o.value()));
    return o;
}

constexpr size_t kSimpleText = 4096;  // bytes of a template that is gone through at once

}  // namespace

Outcome str_format_simple(VM& vm, Value* args) {  // self, args, kwargs
    const std::string_view text = text_of(args[0])->view();
    if (text.size() > kSimpleText) return Outcome::unhandled();
    StringBuilder out(vm.heap);
    int64_t numbering = kUndecided;
    for (size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c != '{' && c != '}') {
            size_t end = at + 1;
            while (end < text.size() && text[end] != '{' && text[end] != '}') end++;
            out.append(text.substr(at, end - at));
            at = end;
            continue;
        }
        if (++at == text.size()) return Outcome::unhandled();
        if (text[at] == c) {
            out.append(c);
            at++;
            continue;
        }
        if (c == '}') return Outcome::unhandled();
        const size_t start = at;
        while (at < text.size() && !std::strchr("{}:!.[", text[at])) at++;
        if (at == text.size() || (text[at] != '}' && text[at] != ':')) return Outcome::unhandled();
        const std::string_view name = text.substr(start, at - start);
        std::string_view spec;
        if (text[at] == ':') {
            const size_t from = ++at;
            while (at < text.size() && text[at] != '{' && text[at] != '}') at++;
            if (at == text.size() || text[at] == '{') return Outcome::unhandled();
            spec = text.substr(from, at - from);
        }
        at++;
        Value v = simple_value(vm, args, name, numbering);
        if (v.is_unbound()) return Outcome::unhandled();
        Outcome o = append_formatted(vm, out, v, spec);
        if (!o.is_value()) return o;
    }
    return finish(vm, out);
}

Outcome str_format(VM& vm, NativeFrame& frame) { return run_format(vm, frame); }
Outcome str_format_map(VM& vm, NativeFrame& frame) { return run_format(vm, frame); }

}  // namespace gen
