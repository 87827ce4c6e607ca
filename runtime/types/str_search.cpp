// Finding, splitting, stripping.
#include "runtime/types/str_methods.h"
#include "vm/data/unicode.h"

namespace gen {

Outcome exact_str(VM& vm, Str* s) {
    return s->shape == kShapeStr ? Outcome(Value::object(s)) : str_result(vm, make_str(vm.heap, s->view()));
}

Outcome piece_of_text(VM& vm, std::string_view text) {
    if (text.empty()) return Value::object(vm.empty_string);
    if (text.size() == 1) return Value::object(vm.strings.character(uint8_t(text[0])));
    return str_result(vm, make_str(vm.heap, text));
}

static bool must_be_str(VM& vm, Value v, Outcome& failure) {
    if (is_str(v)) return true;
    failure = vm.type_error("must be str, not %s", vm.type_name(v));
    return false;
}

// ---- find, index, count

enum class Search : uint8_t { Find, FindLast, Count };

static Outcome search(VM& vm, Value* args, Search how, int64_t& found) {
    Outcome failure = Outcome::raised();
    int64_t from, to;
    if (!must_be_str(vm, args[1], failure)) return failure;
    Str *text = text_of(args[0]), *part = text_of(args[1]);
    if (!get_range(vm, args[2], args[3], text->length, from, to, failure)) return failure;
    if (from > to)
        found = how == Search::Count ? 0 : -1;
    else if (how == Search::Find)
        found = find(vm.heap, text, part, uint32_t(from), uint32_t(to));
    else if (how == Search::FindLast)
        found = rfind(vm.heap, text, part, uint32_t(from), uint32_t(to));
    else
        found = count(vm.heap, text, part, uint32_t(from), uint32_t(to));
    charge(vm, text->size / 256);
    return Value::none();
}

template <Search how>
static Outcome searched(VM& vm, Value* args, bool must_be_there) {
    int64_t found = 0;
    Outcome o = search(vm, args, how, found);
    if (!o.is_value()) return o;
    if (must_be_there && found < 0) return vm.raise(kShapeValueError, "substring not found");
    return Value::integer(found);
}

Outcome str_find(VM& vm, Value* args) { return searched<Search::Find>(vm, args, false); }
Outcome str_rfind(VM& vm, Value* args) { return searched<Search::FindLast>(vm, args, false); }
Outcome str_index(VM& vm, Value* args) { return searched<Search::Find>(vm, args, true); }
Outcome str_rindex(VM& vm, Value* args) { return searched<Search::FindLast>(vm, args, true); }
Outcome str_count(VM& vm, Value* args) { return searched<Search::Count>(vm, args, false); }

// ---- startswith, endswith

static Outcome has_affix(VM& vm, Value* args, bool at_end) {
    const char* name = at_end ? "endswith" : "startswith";
    Outcome failure = Outcome::raised();
    int64_t from, to;
    Str* text = text_of(args[0]);
    if (!get_range(vm, args[2], args[3], text->length, from, to, failure)) return failure;
    bool possible = from <= to;
    std::string_view part;
    if (possible) {
        uint32_t start = byte_offset(vm.heap, text, uint32_t(from));
        part = text->view().substr(start, byte_offset(vm.heap, text, uint32_t(to)) - start);
    }
    auto matches = [&](Value affix) {
        std::string_view a = text_of(affix)->view();
        return possible && (at_end ? part.ends_with(a) : part.starts_with(a));
    };
    if (is_str(args[1])) return Value::boolean(matches(args[1]));
    if (!is_tuple(args[1]))
        return vm.type_error("%s first arg must be str or a tuple of str, not %s", name,
                             vm.type_name(args[1]));
    auto* tuple = args[1].as<Tuple>();
    for (size_t i = 0; i < tuple->size; i++) {
        if (!is_str(tuple->items[i]))
            return vm.type_error("tuple for %s must only contain str, not %s", name,
                                 vm.type_name(tuple->items[i]));
        if (matches(tuple->items[i])) return Value::true_();
    }
    return Value::false_();
}

Outcome str_startswith(VM& vm, Value* args) { return has_affix(vm, args, false); }
Outcome str_endswith(VM& vm, Value* args) { return has_affix(vm, args, true); }

Outcome str_removeprefix(VM& vm, Value* args) {
    if (!is_str(args[1]))
        return vm.type_error("removeprefix() argument must be str, not %s", vm.type_name(args[1]));
    std::string_view text = text_of(args[0])->view(), affix = text_of(args[1])->view();
    return text.starts_with(affix) && !affix.empty() ? piece_of_text(vm, text.substr(affix.size()))
                                                     : exact_str(vm, text_of(args[0]));
}

Outcome str_removesuffix(VM& vm, Value* args) {
    if (!is_str(args[1]))
        return vm.type_error("removesuffix() argument must be str, not %s", vm.type_name(args[1]));
    std::string_view text = text_of(args[0])->view(), affix = text_of(args[1])->view();
    return text.ends_with(affix) && !affix.empty()
               ? piece_of_text(vm, text.substr(0, text.size() - affix.size()))
               : exact_str(vm, text_of(args[0]));
}

// ---- replace

Outcome str_replace(VM& vm, Value* args) {
    for (int i : {1, 2})
        if (!is_str(args[i]))
            return vm.type_error("replace() argument %d must be str, not %s", i, vm.type_name(args[i]));
    int64_t most = -1;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[3], most, failure)) return failure;
    if (most < 0) most = INT64_MAX;
    Str* self = text_of(args[0]);
    std::string_view text = self->view(), old = text_of(args[1])->view(), with = text_of(args[2])->view();
    charge(vm, text.size() / 128);
    if (most == 0 || old.size() > text.size()) return exact_str(vm, self);
    StringBuilder out(vm.heap);
    if (old.empty()) {  // between all characters, and around them
        const char *p = text.data(), *end = p + text.size();
        for (;;) {
            if (most-- > 0) out.append(with);
            if (p == end || out.failed()) break;
            const char* from = p;
            decode_utf8(p);
            out.append({from, size_t(p - from)});
        }
        return finish(vm, out);
    }
    size_t at = find_bytes(text, old), done = 0;
    if (at == std::string_view::npos) return exact_str(vm, self);
    const bool ascii = self->ascii() && text_of(args[2])->ascii();
    if (ascii && old.size() == with.size()) {  // in place, in a copy
        Str* s = make_ascii_str(vm.heap, text);
        if (!s) return vm.out_of_memory();
        for (; at != std::string_view::npos && most-- > 0; at = find_bytes(text, old, at + old.size()))
            copy_text(s->own + at, with);
        return Value::object(s);
    }
    for (; at != std::string_view::npos && most-- > 0; at = find_bytes(text, old, done)) {
        out.append(text.substr(done, at - done));
        out.append(with);
        done = at + old.size();
        if (out.failed()) break;
    }
    out.append(text.substr(done));
    return finish(vm, out);
}

// ---- split

class Pieces {
  public:
    Pieces(VM& vm, bool ascii) : vm_(vm), ascii_(ascii) {}
    bool add(std::string_view text) {
        Value piece;
        if (text.size() < 2) {
            piece = text.empty() ? Value::object(vm_.empty_string)
                                 : Value::object(vm_.strings.character(uint8_t(text[0])));
        } else {
            Str* s = ascii_ ? make_ascii_str(vm_.heap, text) : make_str(vm_.heap, text);
            if (!s) return false;
            piece = Value::object(s);
        }
        if (list_) return list_append(vm_.heap, list_, piece);
        first_[count_++] = piece;
        return count_ < kFirst || make();
    }
    Outcome result(bool ok, bool reversed = false) {
        if (!ok || (!list_ && !make())) return vm_.out_of_memory();
        if (reversed) list_reverse(vm_.heap, list_);
        charge(vm_, list_->size);
        return Value::object(list_);
    }

  private:
    bool make() {
        list_ = make_list(vm_.heap, first_, count_);
        return list_;
    }
    static constexpr size_t kFirst = 12;  // before there is a list
    VM& vm_;
    List* list_ = nullptr;
    size_t count_ = 0;
    bool ascii_;
    Value first_[kFirst];
};

static bool is_ascii_space(char c) { return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31); }
static const char* skip_spaces(const char* p, const char* end) {
    while (p < end && is_ascii_space(*p)) p++;
    while (p < end && uint8_t(*p) >= 0x80) {
        const char* next = p;
        if (!is_space(decode_utf8(next))) break;
        p = next;
        while (p < end && is_ascii_space(*p)) p++;
    }
    return p;
}
static const char* skip_spaces_back(const char* begin, const char* p) {
    while (p > begin) {
        const char* before = p;
        if (!is_space(decode_utf8_before(before))) break;
        p = before;
    }
    return p;
}

static Outcome split_spaces(VM& vm, std::string_view text, int64_t most, bool ascii) {
    Pieces pieces(vm, ascii);
    bool ok = true;
    const char *p = text.data(), *end = p + text.size();
    while (ok) {
        p = skip_spaces(p, end);
        if (p == end) break;
        if (most-- == 0) {
            ok = pieces.add({p, size_t(end - p)});
            break;
        }
        const char *word = p, *stop = p;
        while (p < end) {
            stop = p;
            if (ascii ? is_ascii_space(*p++) : is_space(decode_utf8(p))) break;
            stop = p;
        }
        ok = pieces.add({word, size_t(stop - word)});
    }
    return pieces.result(ok);
}

static Outcome rsplit_spaces(VM& vm, std::string_view text, int64_t most, bool ascii) {
    Pieces pieces(vm, ascii);
    bool ok = true;
    const char *begin = text.data(), *p = begin + text.size();
    while (ok) {
        p = skip_spaces_back(begin, p);
        if (p == begin) break;
        if (most-- == 0) {
            ok = pieces.add({begin, size_t(p - begin)});
            break;
        }
        const char *stop = p, *word = p;
        while (p > begin) {
            word = p;
            if (is_space(decode_utf8_before(p))) break;
            word = p;
        }
        ok = pieces.add({word, size_t(stop - word)});
    }
    return pieces.result(ok, true);
}

static Outcome split_at(VM& vm, std::string_view text, std::string_view separator, int64_t most, bool ascii) {
    Pieces pieces(vm, ascii);
    bool ok = true;
    size_t from = 0;
    while (ok && most-- != 0) {
        size_t at;
        if (separator.size() == 1) {
            const void* found = std::memchr(text.data() + from, separator[0], text.size() - from);
            at = found ? size_t(static_cast<const char*>(found) - text.data()) : std::string_view::npos;
        } else {
            at = find_bytes(text, separator, from);
        }
        if (at == std::string_view::npos) break;
        ok = pieces.add(text.substr(from, at - from));
        from = at + separator.size();
    }
    return pieces.result(ok && pieces.add(text.substr(from)));
}

static Outcome rsplit_at(VM& vm, std::string_view text, std::string_view separator, int64_t most,
                         bool ascii) {
    Pieces pieces(vm, ascii);
    bool ok = true;
    while (ok && most-- != 0) {
        size_t at = rfind_bytes(text, separator);
        if (at == std::string_view::npos) break;
        ok = pieces.add(text.substr(at + separator.size()));
        text = text.substr(0, at);
    }
    return pieces.result(ok && pieces.add(text), true);
}

static Outcome split(VM& vm, Value* args, bool from_right) {
    int64_t most = -1;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[2], most, failure)) return failure;
    std::string_view text = text_of(args[0])->view();
    const bool ascii = text_of(args[0])->ascii();
    charge(vm, text.size() / 128);
    if (args[1].is_unbound() || args[1].is_none())
        return from_right ? rsplit_spaces(vm, text, most, ascii) : split_spaces(vm, text, most, ascii);
    if (!is_str(args[1])) return vm.type_error("must be str or None, not %s", vm.type_name(args[1]));
    std::string_view separator = text_of(args[1])->view();
    if (separator.empty()) return vm.raise(kShapeValueError, "empty separator");
    return from_right ? rsplit_at(vm, text, separator, most, ascii)
                      : split_at(vm, text, separator, most, ascii);
}

Outcome str_split(VM& vm, Value* args) { return split(vm, args, false); }
Outcome str_rsplit(VM& vm, Value* args) { return split(vm, args, true); }

static Outcome partition(VM& vm, Value* args, bool from_right) {
    Outcome failure = Outcome::raised();
    if (!must_be_str(vm, args[1], failure)) return failure;
    std::string_view text = text_of(args[0])->view(), separator = text_of(args[1])->view();
    if (separator.empty()) return vm.raise(kShapeValueError, "empty separator");
    size_t at = from_right ? rfind_bytes(text, separator) : find_bytes(text, separator);
    Value empty = Value::object(vm.empty_string);
    if (at == std::string_view::npos) {
        Outcome whole = exact_str(vm, text_of(args[0]));
        if (!whole.is_value()) return whole;
        return from_right ? vm.tuple({empty, empty, whole.value()}) : vm.tuple({whole.value(), empty, empty});
    }
    Outcome before = piece_of_text(vm, text.substr(0, at)),
            after = piece_of_text(vm, text.substr(at + separator.size()));
    Outcome middle = exact_str(vm, text_of(args[1]));
    if (!before.is_value() || !after.is_value() || !middle.is_value()) return Outcome::raised();
    return vm.tuple({before.value(), middle.value(), after.value()});
}

Outcome str_partition(VM& vm, Value* args) { return partition(vm, args, false); }
Outcome str_rpartition(VM& vm, Value* args) { return partition(vm, args, true); }

Outcome str_splitlines(VM& vm, Value* args) {
    bool keep_ends = false;
    Outcome failure = Outcome::raised();
    if (!get_flag(vm, args[1], keep_ends, failure)) return failure;
    std::string_view text = text_of(args[0])->view();
    charge(vm, text.size() / 128);
    Pieces pieces(vm, text_of(args[0])->ascii());
    bool ok = true;
    const char *p = text.data(), *end = p + text.size();
    while (ok && p < end) {
        const char *line = p, *stop = p;
        while (p < end) {
            stop = p;
            char32_t c = decode_utf8(p);
            if (is_line_break(c)) {
                if (c == '\r' && p < end && *p == '\n') p++;
                break;
            }
            stop = p;
        }
        ok = pieces.add({line, size_t((keep_ends ? p : stop) - line)});
    }
    return pieces.result(ok);
}

// ---- strip

static bool has_char(std::string_view set, char32_t c) {
    char text[4];
    return set.find({text, encode_utf8(c, text)}) != std::string_view::npos;
}

static Outcome strip(VM& vm, Value* args, bool left, bool right, const char* name) {
    Str* self = text_of(args[0]);
    bool spaces = args[1].is_unbound() || args[1].is_none();
    if (!spaces && !is_str(args[1])) return vm.type_error("%s arg must be None or str", name);
    std::string_view set = spaces ? std::string_view{} : text_of(args[1])->view();
    auto drop = [&](char32_t c) { return spaces ? is_space(c) : has_char(set, c); };
    const char *begin = self->data(), *end = begin + self->size;
    while (left && begin < end) {
        const char* next = begin;
        if (!drop(decode_utf8(next))) break;
        begin = next;
    }
    while (right && end > begin) {
        const char* before = end;
        if (!drop(decode_utf8_before(before))) break;
        end = before;
    }
    if (size_t(end - begin) == self->size) return exact_str(vm, self);
    return piece_of_text(vm, {begin, size_t(end - begin)});
}

Outcome str_strip(VM& vm, Value* args) { return strip(vm, args, true, true, "strip"); }
Outcome str_lstrip(VM& vm, Value* args) { return strip(vm, args, true, false, "lstrip"); }
Outcome str_rstrip(VM& vm, Value* args) { return strip(vm, args, false, true, "rstrip"); }

}  // namespace gen
