// Classes and case of ASCII bytes; padding; operators; making bytes from other values.
#include "runtime/types/bytes_methods.h"
#include "runtime/types/codecs.h"
#include "vm/exec/arithmetic.h"

namespace gen {

static bool lower(char c) { return c >= 'a' && c <= 'z'; }
static bool upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool alpha(char c) { return lower(c) || upper(c); }
static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool alnum(char c) { return alpha(c) || digit(c); }
static bool space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static char swapped(char c) { return alpha(c) ? char(c ^ 32) : c; }
static char lowered(char c) { return upper(c) ? char(c | 32) : c; }
static char uppered(char c) { return lower(c) ? char(c & ~32) : c; }

template <bool (*has_property)(char)>
static Outcome all_bytes(Value* args) {
    std::string_view text = bytes_of(args[0]);
    for (char c : text)
        if (!has_property(c)) return Value::false_();
    return Value::boolean(!text.empty());
}

Outcome bytes_isalnum(VM&, Value* args) { return all_bytes<alnum>(args); }
Outcome bytes_isalpha(VM&, Value* args) { return all_bytes<alpha>(args); }
Outcome bytes_isdigit(VM&, Value* args) { return all_bytes<digit>(args); }
Outcome bytes_isspace(VM&, Value* args) { return all_bytes<space>(args); }
Outcome bytes_isascii(VM&, Value* args) { return Value::boolean(is_ascii(bytes_of(args[0]))); }

static Outcome has_case(Value* args, bool (*wanted)(char), bool (*other)(char)) {
    bool any = false;
    for (char c : bytes_of(args[0])) {
        if (other(c)) return Value::false_();
        any = any || wanted(c);
    }
    return Value::boolean(any);
}
Outcome bytes_islower(VM&, Value* args) { return has_case(args, lower, upper); }
Outcome bytes_isupper(VM&, Value* args) { return has_case(args, upper, lower); }
Outcome bytes_istitle(VM&, Value* args) {
    bool any = false, after_cased = false;
    for (char c : bytes_of(args[0])) {
        if ((upper(c) && after_cased) || (lower(c) && !after_cased)) return Value::false_();
        after_cased = alpha(c);
        any = any || after_cased;
    }
    return Value::boolean(any);
}

template <class Map>
static Outcome mapped(VM& vm, Value* args, Map map) {
    std::string_view text = bytes_of(args[0]);
    Outcome o = bytes_result(vm, args[0], text);
    if (!o.is_value() || text.empty()) return o;
    uint8_t* p = is_bytes(o.value()) ? o.value().as<Bytes>()->data : o.value().as<ByteArray>()->buffer->data;
    for (size_t i = 0; i < text.size(); i++) p[i] = uint8_t(map(char(p[i]), i));
    return o;
}

Outcome bytes_upper(VM& vm, Value* args) {
    return mapped(vm, args, [](char c, size_t) { return uppered(c); });
}
Outcome bytes_lower(VM& vm, Value* args) {
    return mapped(vm, args, [](char c, size_t) { return lowered(c); });
}
Outcome bytes_swapcase(VM& vm, Value* args) {
    return mapped(vm, args, [](char c, size_t) { return swapped(c); });
}
Outcome bytes_capitalize(VM& vm, Value* args) {
    return mapped(vm, args, [](char c, size_t i) { return i ? lowered(c) : uppered(c); });
}
Outcome bytes_title(VM& vm, Value* args) {
    bool after_cased = false;
    return mapped(vm, args, [&](char c, size_t) {
        char r = after_cased ? lowered(c) : uppered(c);
        after_cased = alpha(c);
        return r;
    });
}

// ---- padding

enum class Side : uint8_t { Left, Right, Both };

static Outcome padded(VM& vm, Value* args, Side side, const char* name) {
    std::string_view text = bytes_of(args[0]), fill = " ";
    std::string scratch;
    int64_t width = 0;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[1], width, failure)) return failure;
    if (!args[2].is_unbound() &&
        (is_int_like(args[2]) || !view_bytes(vm, args[2], fill, scratch) || fill.size() != 1))
        return vm.type_error("%s() argument 2 must be a byte string of length 1, not %s", name,
                             vm.type_name(args[2]));
    int64_t room = width - int64_t(text.size());
    if (room <= 0) return bytes_result(vm, args[0], text);
    int64_t left = side == Side::Left ? 0 : side == Side::Right ? room : room / 2 + (room & width & 1);
    StringBuilder out(vm.heap);
    for (auto [times, after] : {std::pair{left, false}, std::pair{room - left, true}}) {
        if (after) out.append(text);
        if (char* p = out.room(size_t(times))) {
            std::memset(p, fill[0], size_t(times));
            out.commit(size_t(times));
        }
    }
    return out.failed() ? vm.out_of_memory() : bytes_result(vm, args[0], out.view());
}

Outcome bytes_center(VM& vm, Value* args) { return padded(vm, args, Side::Both, "center"); }
Outcome bytes_ljust(VM& vm, Value* args) { return padded(vm, args, Side::Left, "ljust"); }
Outcome bytes_rjust(VM& vm, Value* args) { return padded(vm, args, Side::Right, "rjust"); }

Outcome bytes_zfill(VM& vm, Value* args) {
    std::string_view text = bytes_of(args[0]);
    int64_t width = 0;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[1], width, failure)) return failure;
    int64_t room = width - int64_t(text.size());
    if (room <= 0) return bytes_result(vm, args[0], text);
    bool sign = text.starts_with('+') || text.starts_with('-');
    StringBuilder out(vm.heap);
    out.append(text.substr(0, sign));
    out.fill(size_t(room), '0');
    out.append(text.substr(sign));
    return out.failed() ? vm.out_of_memory() : bytes_result(vm, args[0], out.view());
}

Outcome bytes_expandtabs(VM& vm, Value* args) {
    int64_t tab = 8, column = 0;
    Outcome failure = Outcome::raised();
    if (!get_c_int(vm, args[1], tab, failure)) return failure;
    StringBuilder out(vm.heap);
    for (char c : bytes_of(args[0])) {
        if (c == '\t') {
            if (tab <= 0) continue;
            int64_t spaces = tab - column % tab;
            out.fill(size_t(spaces), ' ');
            column += spaces;
            if (out.failed()) break;
            continue;
        }
        out.append(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
    }
    return out.failed() ? vm.out_of_memory() : bytes_result(vm, args[0], out.view());
}

// ---- operators

Outcome bytes_len(VM&, Value* args) { return Value::integer(int64_t(bytes_of(args[0]).size())); }
Outcome bytes_getitem(VM& vm, Value* args) { return base_getitem(vm, args[0], args[1]); }
Outcome bytes_iter(VM& vm, Value* args) { return base_iter(vm, args[0]); }

Outcome bytes_add(VM& vm, Value* args) {
    std::string scratch;
    std::string_view a = bytes_of(args[0]), b;
    if (!view_bytes(vm, args[1], b, scratch))
        return vm.type_error("can't concat %s to %s", std::string(vm.type_name(args[1])).c_str(),
                             std::string(vm.type_name(args[0])).c_str());
    StringBuilder out(vm.heap);
    out.append(a);
    out.append(b);
    return out.failed() ? vm.out_of_memory() : bytes_result(vm, args[0], out.view());
}

Outcome bytes_mul(VM& vm, Value* args) {
    Value n;
    int64_t times;
    Outcome failure = Outcome::raised();
    if (!get_int(vm, args[1], n, failure)) return failure;
    std::string_view text = bytes_of(args[0]);
    if (!int_to_int64(n, times))
        return vm.raisef(kShapeOverflowError, "cannot fit '%s' into an index-sized integer",
                         vm.type_name(args[1]));
    if (times <= 0 || text.empty()) return bytes_result(vm, args[0], {});
    if (uint64_t(times) > (uint64_t{1} << 46) / text.size() || !vm.heap.reserve(text.size() * size_t(times)))
        return vm.no_room();
    charge(vm, text.size() * uint64_t(times) / 1024);
    size_t size = text.size() * size_t(times);
    Bytes* b = make_bytes_uninitialized(vm.heap, is_bytearray(args[0]) ? 0 : size);
    if (!b) return vm.no_room();
    uint8_t* p = b->data;
    Value result = Value::object(b);
    if (is_bytearray(args[0])) {
        ByteArray* array = make_bytearray(vm.heap, nullptr, 0);
        if (!array || !bytearray_resize(vm.heap, array, size)) return vm.no_room();
        p = array->buffer->data;
        result = Value::object(array);
    }
    text = bytes_of(args[0]);
    std::memcpy(p, text.data(), text.size());
    for (size_t filled = text.size(); filled < size;) {
        size_t more = std::min(filled, size - filled);
        std::memcpy(p + filled, p, more);
        filled += more;
    }
    return result;
}

Outcome bytes_rmod(VM& vm, Value* args) {
    if (!is_bytes(args[1]) && !is_bytearray(args[1])) return Value::not_implemented();
    Value changed[] = {args[1], args[0]};
    return bytes_percent(vm, changed);
}

Outcome bytes_compare(VM& vm, CompareOp op, Value a, Value b) {
    std::string scratch;
    std::string_view x = bytes_of(a), y;
    // Bytes leave it to bytearrays and memoryviews to compare themselves with bytes.
    if ((is_bytes(a) && !is_bytes(b)) || !view_bytes(vm, b, y, scratch)) return Value::not_implemented();
    int order = x.compare(y);
    return Value::boolean(ordered(op, order));
}

// ---- bytes(source, encoding, errors)

static Outcome range_error(VM& vm, bool array) {
    return vm.raise(kShapeValueError,
                    array ? "byte must be in range(0, 256)" : "bytes must be in range(0, 256)");
}

// Bytes of ints; unhandled() at one that has to be converted first.
static Outcome bytes_of_items(VM& vm, const Value* items, size_t n, bool array) {
    Bytes* b = make_bytes_uninitialized(vm.heap, n);
    if (!b) return vm.out_of_memory();
    for (size_t i = 0; i < n; i++) {
        int64_t byte;
        if (!is_int_like(items[i])) {
            if (has_index(vm, items[i])) return Outcome::unhandled();
            return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(items[i]));
        }
        if (!int_to_int64(items[i], byte) || byte < 0 || byte > 255) return range_error(vm, array);
        b->data[i] = uint8_t(byte);
    }
    return Value::object(b);
}

static Outcome zeros(VM& vm, Value count) {
    int64_t n;
    if (!int_to_int64(count, n))
        return vm.raisef(kShapeOverflowError, "cannot fit '%s' into an index-sized integer",
                         vm.type_name(count));
    if (n < 0) return vm.raise(kShapeValueError, "negative count");
    Bytes* b = make_bytes_uninitialized(vm.heap, size_t(n));
    if (!b) return vm.out_of_memory();
    std::memset(b->data, 0, size_t(n));
    return Value::object(b);
}

Outcome bytes_from_source(VM& vm, Value source, Value encoding, Value errors, bool array) {
    bool codec = !encoding.is_unbound() || !errors.is_unbound();
    if (source.is_unbound()) {
        if (codec)
            return vm.type_error(encoding.is_unbound() ? "errors without a string argument"
                                                       : "encoding without a string argument");
        return vm.checked(bytes_of_class(vm, vm.type(kShapeBytes), {}));
    }
    if (is_str(source)) {
        std::string_view encoding_name, errors_name;
        if (encoding.is_unbound()) return vm.type_error("string argument without an encoding");
        if (!get_codec_names(vm, array ? "bytearray" : "bytes", encoding, errors, encoding_name, errors_name))
            return Outcome::raised();
        return encode_text(vm, source.as<Str>(), encoding_name, errors_name);
    }
    if (codec)
        return vm.type_error(encoding.is_unbound() ? "errors without a string argument"
                                                   : "encoding without a string argument");
    if (!array && source.is_object() && source.as_object()->shape >= kBuiltinShapes &&
        !vm.special(source, Special::Bytes).is_unbound())
        return Outcome::unhandled();
    if (source.is_object() && source.as_object()->shape == kShapeBytes) return source;
    std::string scratch;
    std::string_view bytes;
    if (view_bytes(vm, source, bytes, scratch))
        return vm.checked(bytes_of_class(vm, vm.type(kShapeBytes), bytes));
    if (is_int_like(source)) return zeros(vm, source);
    if (is_exact_list(source))
        return bytes_of_items(vm, source.as<List>()->items->items, source.as<List>()->size, array);
    if (is_exact_tuple(source))
        return bytes_of_items(vm, source.as<Tuple>()->items, source.as<Tuple>()->size, array);
    if (has_index(vm, source) || is_iterable(vm, source)) return Outcome::unhandled();
    return vm.type_error("cannot convert '%s' object to %s", vm.type_name(source),
                         array ? "bytearray" : "bytes");
}

Outcome bytes_from_source_step(VM& vm, NativeFrame& frame, bool array,
                               Outcome (*finish)(VM&, NativeFrame&, Value)) {
    enum : uint32_t { kBytes = 1, kCount, kList, kItem, kDone };
    enum : size_t { kSource = 1, kItems = 4, kIndex = 5 };
    Outcome o = Outcome::raised();
    Value v;
    switch (frame.step_state()) {
        case 0:
            v = vm.special(frame[kSource], Special::Bytes);
            if (!array && !v.is_unbound()) {
                AWAIT(kBytes, call_found(vm, Special::Bytes, vm.special(frame[kSource], Special::Bytes),
                                         frame[kSource]))
                if (!is_bytes(frame.result()))
                    return vm.type_error("__bytes__ returned non-bytes (type %s)",
                                         vm.type_name(frame.result()));
                o = frame.result();
            } else if (has_index(vm, frame[kSource])) {
                AWAIT(kCount, op_index(vm, frame[kSource]))
                o = zeros(vm, frame.result());
            } else {
                AWAIT(kList, op_list(vm, frame[kSource]))
                frame[kItems] = Value::object(make_list(vm.heap, frame.result().as<List>()->items->items,
                                                        frame.result().as<List>()->size));
                frame[kIndex] = Value::integer(0);
                for (;;) {
                    o = bytes_of_items(vm, frame[kItems].as<List>()->items->items,
                                       frame[kItems].as<List>()->size, array);
                    if (!o.is_unhandled()) break;
                    while (is_int_like(frame[kItems].as<List>()->items->items[frame[kIndex].as_int()]))
                        frame[kIndex] = Value::integer(frame[kIndex].as_int() + 1);
                    AWAIT(kItem, op_index(vm, frame[kItems].as<List>()->items->items[frame[kIndex].as_int()]))
                    list_set(vm.heap, frame[kItems].as<List>(), size_t(frame[kIndex].as_int()),
                             frame.result());
                }
            }
            if (!o.is_value()) return o;
            AWAIT(kDone, finish(vm, frame, o.value()))
            return frame.result();
    }
    return Outcome::raised();
}

}  // namespace gen
