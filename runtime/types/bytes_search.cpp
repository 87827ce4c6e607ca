// Finding, splitting, joining bytes.
#include "runtime/types/bytes_methods.h"
#include "runtime/types/codecs.h"
#include "vm/exec/arithmetic.h"

namespace gen {

Outcome bytes_result(VM& vm, Value like, std::string_view data) {
    if (is_bytearray(like)) {
        ByteArray* b = make_bytearray(vm.heap, data.data(), data.size());
        return b ? Outcome(Value::object(b)) : vm.out_of_memory();
    }
    Bytes* b = make_bytes(vm.heap, data);
    return b ? Outcome(Value::object(b)) : vm.out_of_memory();
}

static Outcome built(VM& vm, Value like, StringBuilder& out) {
    return out.failed() ? vm.out_of_memory() : bytes_result(vm, like, out.view());
}

bool get_bytes(VM& vm, Value v, std::string_view& out, std::string& scratch) {
    if (view_bytes(vm, v, out, scratch)) return true;
    vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(v));
    return false;
}

bool get_position(VM& vm, Value v, int64_t& out, Outcome& failure) {
    Value i;
    if (!get_int(vm, v, i, failure)) return false;
    if (int_to_int64(i, out)) return true;
    failure = vm.raisef(kShapeIndexError, "cannot fit '%s' into an index-sized integer", vm.type_name(v));
    return false;
}

bool get_byte(VM& vm, Value v, uint8_t& out, Outcome& failure) {
    Value i;
    int64_t n;
    if (!get_int(vm, v, i, failure)) return false;
    if (int_to_int64(i, n) && n >= 0 && n <= 255) {
        out = uint8_t(n);
        return true;
    }
    failure = vm.raise(kShapeValueError, "byte must be in range(0, 256)");
    return false;
}

// ---- find, index, count: of bytes or of one byte

static bool get_part(VM& vm, Value v, std::string_view& out, std::string& scratch, Outcome& failure) {
    if (view_bytes(vm, v, out, scratch)) return true;
    if (!has_index(vm, v)) {
        failure = vm.type_error("argument should be integer or bytes-like object, not '%s'", vm.type_name(v));
        return false;
    }
    uint8_t byte;
    if (!get_byte(vm, v, byte, failure)) return false;
    scratch.assign(1, char(byte));
    out = scratch;
    return true;
}

enum class Search : uint8_t { Find, FindLast, Count };

static Outcome search(VM& vm, Value* args, Search how, bool must_be_there) {
    Outcome failure = Outcome::raised();
    std::string scratch;
    std::string_view text = bytes_of(args[0]), part;
    int64_t from, to;
    if (!get_part(vm, args[1], part, scratch, failure)) return failure;
    if (!get_range(vm, args[2], args[3], int64_t(text.size()), from, to, failure)) return failure;
    int64_t found = how == Search::Count ? 0 : -1;
    if (from <= to) {
        std::string_view within = text.substr(size_t(from), size_t(to - from));
        if (how == Search::Count) {
            found = part.empty() ? to - from + 1 : int64_t(count_bytes(within, part));
        } else {
            size_t at = how == Search::Find ? find_bytes(within, part) : rfind_bytes(within, part);
            if (at != std::string_view::npos) found = from + int64_t(at);
        }
    }
    if (must_be_there && found < 0) return vm.raise(kShapeValueError, "subsection not found");
    return Value::integer(found);
}

Outcome bytes_find(VM& vm, Value* args) { return search(vm, args, Search::Find, false); }
Outcome bytes_rfind(VM& vm, Value* args) { return search(vm, args, Search::FindLast, false); }
Outcome bytes_index(VM& vm, Value* args) { return search(vm, args, Search::Find, true); }
Outcome bytes_rindex(VM& vm, Value* args) { return search(vm, args, Search::FindLast, true); }
Outcome bytes_count(VM& vm, Value* args) { return search(vm, args, Search::Count, false); }

Outcome bytes_contains(VM& vm, Value* args) {
    std::string scratch;
    std::string_view part;
    Outcome failure = Outcome::raised();
    if (!view_bytes(vm, args[1], part, scratch)) {
        if (!has_index(vm, args[1]))
            return vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(args[1]));
        uint8_t byte;
        if (!get_byte(vm, args[1], byte, failure)) return failure;
        scratch.assign(1, char(byte));
        part = scratch;
    }
    return Value::boolean(find_bytes(bytes_of(args[0]), part) != std::string_view::npos);
}

static Outcome has_affix(VM& vm, Value* args, bool at_end) {
    const char* name = at_end ? "endswith" : "startswith";
    Outcome failure = Outcome::raised();
    std::string_view text = bytes_of(args[0]), affix;
    std::string scratch;
    int64_t from, to;
    if (!get_range(vm, args[2], args[3], int64_t(text.size()), from, to, failure)) return failure;
    bool possible = from <= to;
    if (possible) text = text.substr(size_t(from), size_t(to - from));
    auto matches = [&] { return possible && (at_end ? text.ends_with(affix) : text.starts_with(affix)); };
    if (!is_tuple(args[1])) {
        if (!view_bytes(vm, args[1], affix, scratch))
            return vm.type_error("%s first arg must be bytes or a tuple of bytes, not %s", name,
                                 vm.type_name(args[1]));
        return Value::boolean(matches());
    }
    auto* tuple = args[1].as<Tuple>();
    for (size_t i = 0; i < tuple->size; i++) {
        if (!get_bytes(vm, tuple->items[i], affix, scratch)) return Outcome::raised();
        if (matches()) return Value::true_();
    }
    return Value::false_();
}

Outcome bytes_startswith(VM& vm, Value* args) { return has_affix(vm, args, false); }
Outcome bytes_endswith(VM& vm, Value* args) { return has_affix(vm, args, true); }

// Unchanged bytes are the same object when it is an exact bytes.
static Outcome whole(VM& vm, Value self) {
    return self.as_object()->shape == kShapeBytes ? Outcome(self) : bytes_result(vm, self, bytes_of(self));
}

Outcome bytes_removeprefix(VM& vm, Value* args) {
    std::string scratch;
    std::string_view text = bytes_of(args[0]), affix;
    if (!get_bytes(vm, args[1], affix, scratch)) return Outcome::raised();
    return text.starts_with(affix) ? bytes_result(vm, args[0], text.substr(affix.size()))
                                   : whole(vm, args[0]);
}

Outcome bytes_removesuffix(VM& vm, Value* args) {
    std::string scratch;
    std::string_view text = bytes_of(args[0]), affix;
    if (!get_bytes(vm, args[1], affix, scratch)) return Outcome::raised();
    return text.ends_with(affix) ? bytes_result(vm, args[0], text.substr(0, text.size() - affix.size()))
                                 : whole(vm, args[0]);
}

Outcome bytes_replace(VM& vm, Value* args) {
    std::string scratch, other_scratch;
    std::string_view text = bytes_of(args[0]), old, with;
    if (!get_bytes(vm, args[1], old, scratch) || !get_bytes(vm, args[2], with, other_scratch))
        return Outcome::raised();
    int64_t most = -1;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[3], most, failure)) return failure;
    if (most < 0) most = INT64_MAX;
    charge(vm, text.size() / 128);
    StringBuilder out(vm.heap);
    if (old.empty()) {
        for (size_t i = 0; !out.failed(); i++) {
            if (most-- > 0) out.append(with);
            if (i == text.size()) break;
            out.append(text[i]);
        }
        return built(vm, args[0], out);
    }
    size_t done = 0;
    for (size_t at = find_bytes(text, old); at != std::string_view::npos && most-- > 0;
         at = find_bytes(text, old, done)) {
        out.append(text.substr(done, at - done));
        out.append(with);
        done = at + old.size();
        if (out.failed()) break;
    }
    if (done == 0) return whole(vm, args[0]);
    out.append(text.substr(done));
    return built(vm, args[0], out);
}

// ---- split

class BytePieces {
  public:
    BytePieces(VM& vm, Value like) : vm_(vm), like_(like), list_(make_list(vm.heap)) {}
    bool add(std::string_view part) {
        Outcome o = bytes_result(vm_, like_, part);
        return o.is_value() && list_append(vm_.heap, list_, o.value());
    }
    Outcome result(bool ok, bool reversed = false) {
        if (!ok) return vm_.out_of_memory();
        if (reversed) list_reverse(vm_.heap, list_);
        return Value::object(list_);
    }

  private:
    VM& vm_;
    Value like_;
    List* list_;
};

static bool space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static Outcome split_spaces(VM& vm, Value self, std::string_view text, int64_t most) {
    BytePieces pieces(vm, self);
    bool ok = true;
    size_t i = 0;
    while (ok) {
        while (i < text.size() && space(text[i])) i++;
        if (i == text.size()) break;
        size_t start = i;
        if (most-- == 0) {
            ok = pieces.add(text.substr(start));
            break;
        }
        while (i < text.size() && !space(text[i])) i++;
        ok = pieces.add(text.substr(start, i - start));
    }
    return pieces.result(ok);
}

static Outcome rsplit_spaces(VM& vm, Value self, std::string_view text, int64_t most) {
    BytePieces pieces(vm, self);
    bool ok = true;
    size_t i = text.size();
    while (ok) {
        while (i > 0 && space(text[i - 1])) i--;
        if (i == 0) break;
        size_t stop = i;
        if (most-- == 0) {
            ok = pieces.add(text.substr(0, stop));
            break;
        }
        while (i > 0 && !space(text[i - 1])) i--;
        ok = pieces.add(text.substr(i, stop - i));
    }
    return pieces.result(ok, true);
}

static Outcome split(VM& vm, Value* args, bool from_right) {
    int64_t most = -1;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[2], most, failure)) return failure;
    std::string_view text = bytes_of(args[0]), separator;
    charge(vm, text.size() / 128);
    if (args[1].is_unbound() || args[1].is_none())
        return from_right ? rsplit_spaces(vm, args[0], text, most) : split_spaces(vm, args[0], text, most);
    std::string scratch;
    if (!get_bytes(vm, args[1], separator, scratch)) return Outcome::raised();
    if (separator.empty()) return vm.raise(kShapeValueError, "empty separator");
    BytePieces pieces(vm, args[0]);
    bool ok = true;
    while (ok && most-- != 0) {
        size_t at = from_right ? rfind_bytes(text, separator) : find_bytes(text, separator);
        if (at == std::string_view::npos) break;
        if (from_right) {
            ok = pieces.add(text.substr(at + separator.size()));
            text = text.substr(0, at);
        } else {
            ok = pieces.add(text.substr(0, at));
            text = text.substr(at + separator.size());
        }
    }
    return pieces.result(ok && pieces.add(text), from_right);
}

Outcome bytes_split(VM& vm, Value* args) { return split(vm, args, false); }
Outcome bytes_rsplit(VM& vm, Value* args) { return split(vm, args, true); }

static Outcome partition(VM& vm, Value* args, bool from_right) {
    std::string scratch;
    std::string_view text = bytes_of(args[0]), separator;
    if (!get_bytes(vm, args[1], separator, scratch)) return Outcome::raised();
    if (separator.empty()) return vm.raise(kShapeValueError, "empty separator");
    size_t at = from_right ? rfind_bytes(text, separator) : find_bytes(text, separator);
    std::string_view parts[3] = {text, {}, {}};
    if (at != std::string_view::npos) {
        parts[0] = text.substr(0, at);
        parts[1] = text.substr(at, separator.size());
        parts[2] = text.substr(at + separator.size());
    } else if (from_right) {
        std::swap(parts[0], parts[2]);
    }
    Tuple* result = make_tuple(vm.heap, 3);
    for (int i = 0; i < 3; i++) {
        Outcome o = bytes_result(vm, args[0], parts[i]);
        if (!o.is_value()) return o;
        result->items[i] = o.value();
    }
    return Value::object(result);
}

Outcome bytes_partition(VM& vm, Value* args) { return partition(vm, args, false); }
Outcome bytes_rpartition(VM& vm, Value* args) { return partition(vm, args, true); }

Outcome bytes_splitlines(VM& vm, Value* args) {
    bool keep_ends = false;
    Outcome failure = Outcome::raised();
    if (!get_flag(vm, args[1], keep_ends, failure)) return failure;
    std::string_view text = bytes_of(args[0]);
    BytePieces pieces(vm, args[0]);
    bool ok = true;
    for (size_t i = 0; ok && i < text.size();) {
        size_t start = i;
        while (i < text.size() && text[i] != '\n' && text[i] != '\r') i++;
        size_t stop = i;
        if (i < text.size()) i += text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n' ? 2 : 1;
        ok = pieces.add(text.substr(start, (keep_ends ? i : stop) - start));
    }
    return pieces.result(ok);
}

static Outcome strip(VM& vm, Value* args, bool left, bool right) {
    std::string scratch;
    std::string_view text = bytes_of(args[0]), set;
    bool spaces = args[1].is_unbound() || args[1].is_none();
    if (!spaces && !get_bytes(vm, args[1], set, scratch)) return Outcome::raised();
    auto drop = [&](char c) { return spaces ? space(c) : set.find(c) != std::string_view::npos; };
    size_t from = 0, to = text.size();
    while (left && from < to && drop(text[from])) from++;
    while (right && to > from && drop(text[to - 1])) to--;
    return from == 0 && to == text.size() ? whole(vm, args[0])
                                          : bytes_result(vm, args[0], text.substr(from, to - from));
}

Outcome bytes_strip(VM& vm, Value* args) { return strip(vm, args, true, true); }
Outcome bytes_lstrip(VM& vm, Value* args) { return strip(vm, args, true, false); }
Outcome bytes_rstrip(VM& vm, Value* args) { return strip(vm, args, false, true); }

// ---- join, translate

static Outcome join(VM& vm, Value self, const Value* items, size_t n) {
    StringBuilder out(vm.heap);
    std::string scratch;
    std::string_view part;
    for (size_t i = 0; i < n; i++) {
        if (!view_bytes(vm, items[i], part, scratch))
            return vm.type_error("sequence item %zu: expected a bytes-like object, %s found", i,
                                 vm.type_name(items[i]));
        if (i) out.append(bytes_of(self));
        out.append(part);
        if (out.failed()) break;
    }
    return built(vm, self, out);
}

Outcome bytes_join(VM& vm, Value* args) {
    Value items = args[1];
    if (is_exact_list(items))
        return join(vm, args[0], items.as<List>()->items->items, items.as<List>()->size);
    if (is_exact_tuple(items)) return join(vm, args[0], items.as<Tuple>()->items, items.as<Tuple>()->size);
    if (!is_iterable(vm, items)) return vm.type_error("can only join an iterable");
    return Outcome::unhandled();
}

Outcome bytes_join_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_list(vm, frame[1]))
            return join(vm, frame[0], frame.result().as<List>()->items->items,
                        frame.result().as<List>()->size);
    }
    return Outcome::raised();
}

Outcome bytes_translate(VM& vm, Value* args) {
    std::string scratch, other_scratch;
    std::string_view text = bytes_of(args[0]), table, gone;
    bool plain = args[1].is_none();
    if (!plain && !get_bytes(vm, args[1], table, scratch)) return Outcome::raised();
    if (!plain && table.size() != 256)
        return vm.raise(kShapeValueError, "translation table must be 256 characters long");
    if (!args[2].is_unbound() && !get_bytes(vm, args[2], gone, other_scratch)) return Outcome::raised();
    bool dropped[256] = {};
    for (char c : gone) dropped[uint8_t(c)] = true;
    StringBuilder out(vm.heap);
    for (char c : text)
        if (!dropped[uint8_t(c)]) out.append(plain ? c : table[uint8_t(c)]);
    return built(vm, args[0], out);
}

Outcome bytes_maketrans(VM& vm, Value* args) {
    std::string scratch, other_scratch;
    std::string_view from, to;
    if (!get_bytes(vm, args[0], from, scratch) || !get_bytes(vm, args[1], to, other_scratch))
        return Outcome::raised();
    if (from.size() != to.size())
        return vm.raise(kShapeValueError, "maketrans arguments must have same length");
    char table[256];
    for (int i = 0; i < 256; i++) table[i] = char(i);
    for (size_t i = 0; i < from.size(); i++) table[uint8_t(from[i])] = to[i];
    Bytes* b = make_bytes(vm.heap, table, 256);
    return b ? Outcome(Value::object(b)) : vm.out_of_memory();
}

// ---- text

Outcome bytes_decode(VM& vm, Value* args) {
    std::string_view encoding, errors;
    if (!get_codec_names(vm, "decode", args[1], args[2], encoding, errors)) return Outcome::raised();
    return decode_text(vm, bytes_of(args[0]), args[0], encoding, errors);
}

Outcome bytes_hex(VM& vm, Value* args) {
    std::string scratch;
    std::string_view data, separator;
    if (!view_bytes(vm, args[0], data, scratch))
        return vm.value_error("operation forbidden on released memoryview object");
    int64_t group = 1;
    Outcome failure = Outcome::raised();
    if (!get_c_int(vm, args[2], group, failure)) return failure;
    if (!args[1].is_unbound()) {
        if (is_str(args[1]))
            separator = args[1].as<Str>()->view();
        else if (is_bytes(args[1]))
            separator = view_of(args[1].as<Bytes>());
        else if (is_int_like(args[1]) || is_float(args[1]) || args[1].is_none())
            return vm.type_error("object of type '%s' has no len()", vm.type_name(args[1]));
        else
            return vm.type_error("sep must be str or bytes.");
        if ((is_str(args[1]) ? args[1].as<Str>()->length : separator.size()) != 1)
            return vm.raise(kShapeValueError, "sep must be length 1.");
        if (uint8_t(separator[0]) >= 0x80) return vm.raise(kShapeValueError, "sep must be ASCII.");
    }
    StringBuilder out(vm.heap);
    for (size_t i = 0; i < data.size(); i++) {
        // Groups are counted from the right, or from the left when the size is negative.
        if (i && group && !separator.empty()) {
            size_t from = group > 0 ? data.size() - i : i;
            if (from % size_t(group > 0 ? group : -group) == 0) out.append(separator);
        }
        out.append("0123456789abcdef"[uint8_t(data[i]) >> 4]);
        out.append("0123456789abcdef"[uint8_t(data[i]) & 15]);
        if (out.failed()) break;
    }
    return finish(vm, out);
}

Outcome bytes_fromhex(VM& vm, Value* args) {
    if (!is_str(args[1]))
        return vm.type_error("fromhex() argument must be str, not %s", vm.type_name(args[1]));
    std::string_view text = args[1].as<Str>()->view();
    auto digit = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    };
    StringBuilder out(vm.heap);
    for (size_t i = 0; i < text.size();) {
        if (space(text[i])) {
            i++;
            continue;
        }
        size_t wrong = digit(text[i]) < 0                               ? i
                       : i + 1 >= text.size() || digit(text[i + 1]) < 0 ? i + 1
                                                                        : std::string_view::npos;
        if (wrong != std::string_view::npos)
            return vm.value_error("non-hexadecimal number found in fromhex() arg at position %zu",
                                  count_code_points(text.substr(0, wrong)));
        out.append(char(digit(text[i]) << 4 | digit(text[i + 1])));
        i += 2;
    }
    if (out.failed()) return vm.out_of_memory();
    bool array = vm.is_subclass(args[0].as<Class>(), vm.type(kShapeByteArray));
    Bytes* b = make_bytes(vm.heap, out.view());
    if (!b) return vm.out_of_memory();
    if (!array && args[0].is(Value::object(vm.type(kShapeBytes)))) return Value::object(b);
    return vm.call(args[0], {Value::object(b)});
}

}  // namespace gen
