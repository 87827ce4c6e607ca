// _json: texts of JSON to values and back, where nothing of the script is asked: no hooks, no methods, no wrong texts. For
// all else the two functions answer None, and json goes about it in the language, which also finds the errors.
#include "runtime/modules/modules.h"
#include "runtime/types/support.h"
#include "vm/data/float.h"
#include "vm/exec/stop.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace gen {

namespace {

constexpr size_t kDepth = 1000;  // containers in each other; deeper ones are left to the language

// ---- reading

class Reader {
  public:
    Reader(VM& vm, std::string_view text) : vm_(vm), p_(text.data()), end_(p_ + text.size()) {}

    // False: the text is none, or memory ended.
    bool run(Value& result) {
        for (;;) {
            Value v;
            bool opened = false;
            if (!value(v, opened)) return false;
            if (opened) {
                if (stack_.size() > kDepth) return false;
                continue;
            }
            // The value goes into the container around it; what it completes, too.
            for (;;) {
                if (stack_.empty()) {
                    result = v;
                    space();
                    return p_ == end_;
                }
                Open& top = stack_.back();
                if (!store(top, v)) return false;
                space();
                if (p_ == end_) return false;
                const char c = *p_++;
                if (c == ',') {
                    if (top.list) break;
                    space();
                    if (!key(top)) return false;
                    break;
                }
                if (c != (top.list ? ']' : '}')) return false;
                v = top.list ? Value::object(top.list) : Value::object(top.dict);
                stack_.pop_back();
            }
        }
    }
    bool out_of_memory() const { return no_memory_; }

  private:
    struct Open {
        List* list;  // or null
        Dict* dict;
        Str* key;
    };

    void space() {
        while (p_ < end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\t' || *p_ == '\r')) p_++;
    }
    bool full() {
        no_memory_ = true;
        return false;
    }
    bool store(Open& o, Value v) {
        bool good = o.list ? list_append(vm_.heap, o.list, v) : vm_.set(o.dict, o.key, v);
        return good || full();
    }
    bool word(std::string_view w) {
        if (size_t(end_ - p_) < w.size() || std::memcmp(p_, w.data(), w.size()) != 0) return false;
        p_ += w.size();
        return true;
    }

    bool value(Value& v, bool& opened) {
        space();
        if (p_ == end_) return false;
        switch (*p_) {
            case '"': {
                p_++;
                Str* s;
                if (!string(s, false)) return false;
                v = Value::object(s);
                return true;
            }
            case '[': {
                p_++;
                List* l = make_list(vm_.heap);
                if (!l) return full();
                space();
                if (p_ < end_ && *p_ == ']') {
                    p_++;
                    v = Value::object(l);
                    return true;
                }
                stack_.push_back({l, nullptr, nullptr});
                opened = true;
                return true;
            }
            case '{': {
                p_++;
                Dict* d = make_dict(vm_.heap);
                if (!d) return full();
                space();
                if (p_ < end_ && *p_ == '}') {
                    p_++;
                    v = Value::object(d);
                    return true;
                }
                stack_.push_back({nullptr, d, nullptr});
                opened = true;
                return key(stack_.back());
            }
            case 't':
                v = Value::boolean(true);
                return word("true");
            case 'f':
                v = Value::boolean(false);
                return word("false");
            case 'n':
                v = Value::none();
                return word("null");
            default:
                return number(v);
        }
    }

    bool key(Open& o) {
        if (p_ == end_ || *p_ != '"') return false;
        p_++;
        if (!string(o.key, true)) return false;
        space();
        if (p_ == end_ || *p_ != ':') return false;
        p_++;
        return true;
    }

    bool number(Value& v) {
        const char* start = p_;
        auto digits = [&] {
            const char* from = p_;
            while (p_ < end_ && *p_ >= '0' && *p_ <= '9') p_++;
            return p_ > from;
        };
        if (p_ < end_ && *p_ == '-') p_++;
        const char* first = p_;
        if (!digits() || (*first == '0' && p_ > first + 1)) return false;
        bool real = false;
        if (p_ + 1 < end_ && *p_ == '.' && p_[1] >= '0' && p_[1] <= '9') {
            p_++;
            digits();
            real = true;
        }
        if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) {
            const char* mark = p_++;
            if (p_ < end_ && (*p_ == '+' || *p_ == '-')) p_++;
            if (digits())
                real = true;
            else
                p_ = mark;
        }
        std::string_view text(start, size_t(p_ - start));
        if (real) {
            double d;
            if (!parse_decimal_float(text, d)) return false;
            v = vm_.real(d);
            return true;
        }
        if (text.size() > 18) {  // the limit of digits is for int() to see
            return text.size() < 640 && int_from_text(vm_.heap, text, 10, v) == ParseInt::Ok;
        }
        int64_t n = 0;
        for (const char* d = first; d < p_; d++) n = n * 10 + (*d - '0');
        v = Value::integer(first == start ? n : -n);
        return true;
    }

    static bool plain(char c) { return c != '"' && c != '\\' && uint8_t(c) >= 0x20; }
    bool string(Str*& s, bool is_key) {  // behind the quote
        const char* start = p_;
        while (p_ < end_ && plain(*p_)) p_++;
        if (p_ == end_) return false;
        if (*p_ == '"') {
            std::string_view text(start, size_t(p_++ - start));
            return finish(text, s, is_key);
        }
        text_.assign(start, size_t(p_ - start));
        while (p_ < end_ && *p_ != '"') {
            if (plain(*p_)) {
                const char* from = p_;
                while (p_ < end_ && plain(*p_)) p_++;
                text_.append(from, size_t(p_ - from));
            } else if (*p_ != '\\' || !escape()) {
                return false;
            }
        }
        if (p_ == end_) return false;
        p_++;
        return finish(text_, s, is_key);
    }
    bool finish(std::string_view text, Str*& s, bool is_key) {
        constexpr size_t kKey = 64;  // short keys come again and again
        s = is_key && text.size() <= kKey ? vm_.strings.intern(vm_.heap, text) : make_str(vm_.heap, text);
        return s || full();
    }
    bool hex(char32_t& c) {
        if (end_ - p_ < 4) return false;
        c = 0;
        for (int i = 0; i < 4; i++, p_++) {
            const char d = *p_;
            const char lower = char(d | 0x20);
            if (d >= '0' && d <= '9')
                c = c * 16 + char32_t(d - '0');
            else if (lower >= 'a' && lower <= 'f')
                c = c * 16 + char32_t(lower - 'a' + 10);
            else
                return false;
        }
        return true;
    }
    bool escape() {
        static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
        if (++p_ == end_) return false;
        const char c = *p_++;
        if (size_t i = kFrom.find(c); i != kFrom.npos) {
            text_ += kTo[i];
            return true;
        }
        char32_t code;
        if (c != 'u' || !hex(code)) return false;
        if (code >= 0xd800 && code < 0xdc00 && end_ - p_ >= 6 && p_[0] == '\\' && p_[1] == 'u') {
            const char* back = p_;
            char32_t low;
            p_ += 2;
            if (!hex(low)) return false;
            if (low >= 0xdc00 && low < 0xe000)
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            else
                p_ = back;
        }
        char utf8[4];
        text_.append(utf8, encode_utf8(code, utf8));
        return true;
    }

    VM& vm_;
    const char* p_;
    const char* const end_;
    std::vector<Open> stack_;
    std::string text_;
    bool no_memory_ = false;
};

Outcome read(VM& vm, Value* args) {  // text
    if (!is_str(args[0])) return vm.type_error("a str is required, not '%s'", vm.type_name(args[0]));
    std::string_view text = args[0].as<Str>()->view();
    charge(vm, text.size() / 64);
    Reader reader(vm, text);
    Value v;
    if (reader.run(v)) return vm.tuple({v});
    return reader.out_of_memory() ? vm.no_room() : Outcome(Value::none());
}

// ---- writing

void append_escaped(StringBuilder& out, std::string_view text, bool ascii) {
    static constexpr char kHex[] = "0123456789abcdef";
    auto unit = [&](unsigned c) {
        const char u[] = {'\\', 'u', kHex[c >> 12 & 15], kHex[c >> 8 & 15], kHex[c >> 4 & 15], kHex[c & 15]};
        out.append({u, sizeof u});
    };
    out.append('"');
    const char *p = text.data(), *end = p + text.size(), *from = p;
    while (p < end) {
        const auto c = uint8_t(*p);
        if (c >= 0x20 && c != '"' && c != '\\' && (c < 0x7f || !ascii)) {
            p++;
            continue;
        }
        out.append({from, size_t(p - from)});
        static constexpr std::string_view kFrom = "\"\\\b\f\n\r\t", kTo = "\"\\bfnrt";
        if (size_t i = kFrom.find(char(c)); i != kFrom.npos) {
            out.append('\\');
            out.append(kTo[i]);
            p++;
        } else {
            const char32_t code = decode_utf8(p);
            if (code >= 0x10000) {
                unit(0xd800 + ((code - 0x10000) >> 10));
                unit(0xdc00 + ((code - 0x10000) & 0x3ff));
            } else {
                unit(unsigned(code));
            }
        }
        from = p;
    }
    out.append({from, size_t(end - from)});
    out.append('"');
}

class Writer {
  public:
    Writer(VM& vm, bool ascii, bool sorted, Value indent, std::string_view item, std::string_view colon)
        : vm_(vm),
          out_(vm.heap),
          ascii_(ascii),
          sorted_(sorted),
          item_(item),
          colon_(colon),
          indented_(!indent.is_none()) {
        if (is_str(indent)) indent_ = indent.as<Str>()->view();
    }

    bool run(Value v) {
        if (!value(v)) return false;
        while (!stack_.empty()) {
            // What is due, the slower way in encoder.gen comes across soon.
            if (out_.failed() || (++looks_ % 1024 == 0 && gives_up())) return false;
            Open& top = stack_.back();
            if (top.at == top.items.size()) {
                const bool list = top.list;
                stack_.pop_back();
                line();
                out_.append(list ? ']' : '}');
                continue;
            }
            if (top.at) out_.append(item_);
            line();
            if (!top.list) {
                append_escaped(out_, top.items[top.at++].as<Str>()->view(), ascii_);
                out_.append(colon_);
            }
            if (!value(Value(top.items[top.at++]))) return false;  // which may move `top`
        }
        return !out_.failed();
    }
    Str* finish() { return out_.finish(); }
    bool failed() const { return out_.failed(); }

  private:
    struct Open {
        const Object* object;
        bool list;
        size_t at;
        std::vector<Value> items;  // a dict's: keys and values by turns
    };

    bool gives_up() {
        vm_.budget -= 256;
        return stop_due(vm_);
    }

    void line() {
        if (!indented_) return;
        out_.append('\n');
        for (size_t i = 0; i < stack_.size(); i++) out_.append(indent_);
    }

    bool value(Value v) {
        if (v.is_none())
            out_.append("null");
        else if (v.is_bool())
            out_.append(v.is_true() ? "true" : "false");
        else if (is_str(v))
            append_escaped(out_, v.as<Str>()->view(), ascii_);
        else if (is_int_like(v) || is_float(v))
            return number(v);
        else if (is_exact(v, kShapeList))
            return open(v, v.as<List>()->items->items, v.as<List>()->size);
        else if (is_exact(v, kShapeTuple))
            return open(v, v.as<Tuple>()->items, v.as<Tuple>()->size);
        else if (is_exact(v, kShapeDict))
            return open(v);
        else
            return false;
        return true;
    }
    // The text of a number, whatever class derived from int or float it has. Unbound: it has none.
    Value text_of_number(Value v) {
        if (is_int_like(v)) {
            Value exact = is_exact_int(v) ? v : int_exact(vm_.heap, v);
            return exact.is_unbound() ? exact : fast_repr(vm_, exact);
        }
        return std::isfinite(as_float(v)) ? fast_repr(vm_, vm_.real(as_float(v))) : Value::unbound();
    }
    bool number(Value v) {
        Value text = text_of_number(v);
        if (text.is_unbound()) return false;
        out_.append(text.as<Str>());
        return true;
    }
    Value text_of_key(Value key) {
        if (is_str(key)) return key;
        if (key.is_none()) return vm_.str("null");
        if (key.is_bool()) return vm_.str(key.is_true() ? "true" : "false");
        return is_int_like(key) || is_float(key) ? text_of_number(key) : Value::unbound();
    }
    bool begin(Value v, bool list) {
        if (stack_.size() >= kDepth) return false;
        for (const Open& o : stack_)
            if (o.object == v.as_object()) return false;  // a circle
        stack_.push_back({v.as_object(), list, 0, {}});
        out_.append(list ? '[' : '{');
        return true;
    }
    bool open(Value v, const Value* items, size_t n) {
        if (n == 0) {
            out_.append("[]");
            return true;
        }
        if (!begin(v, true)) return false;
        stack_.back().items.assign(items, items + n);
        return true;
    }
    bool open(Value v) {
        const Dict* d = v.as<Dict>();
        if (dict_length(d) == 0) {
            out_.append("{}");
            return true;
        }
        if (!begin(v, false)) return false;
        auto& items = stack_.back().items;
        items.reserve(size_t{2} * dict_length(d));
        uint32_t position = 0;
        if (!sorted_) {
            while (DictEntry* e = next_entry(d, position)) {
                Value key = text_of_key(e->key);
                if (key.is_unbound()) return false;
                items.push_back(key);
                items.push_back(e->value);
            }
            return true;
        }
        std::vector<const DictEntry*> entries;
        while (DictEntry* e = next_entry(d, position)) {
            if (!is_str(e->key)) return false;
            entries.push_back(e);
        }
        std::stable_sort(entries.begin(), entries.end(), [](const DictEntry* a, const DictEntry* b) {
            return compare(a->key.as<Str>(), b->key.as<Str>()) < 0;
        });
        for (const DictEntry* e : entries) {
            items.push_back(e->key);
            items.push_back(e->value);
        }
        return true;
    }

    VM& vm_;
    StringBuilder out_;
    unsigned looks_ = 0;
    std::vector<Open> stack_;
    const bool ascii_, sorted_;
    const std::string_view item_, colon_;
    std::string_view indent_;
    const bool indented_;
};

Outcome write(
    VM& vm, Value* args) {  // object, ensure_ascii, sort_keys, indent (str or None), item and key separators
    if (!is_str(args[4]) || !is_str(args[5])) return Value::none();
    Writer writer(vm, args[1].is_true(), args[2].is_true(), args[3], args[4].as<Str>()->view(),
                  args[5].as<Str>()->view());
    if (!writer.run(args[0])) return writer.failed() ? vm.no_room() : Outcome(Value::none());
    Str* text = writer.finish();
    if (!text) return vm.no_room();
    charge(vm, text->size / 64);
    return Value::object(text);
}

Outcome quoted(VM& vm, Value* args) {  // text, ensure_ascii
    if (!is_str(args[0]))
        return vm.type_error("first argument must be a string, not %s", vm.type_name(args[0]));
    StringBuilder out(vm.heap);
    append_escaped(out, args[0].as<Str>()->view(), args[1].is_true());
    Str* text = out.finish();
    return text ? Outcome(Value::object(text)) : vm.no_room();
}

const NativeDef kFunctions[] = {
    {.signature = "read(text, /)", .fn = read},
    {.signature = "write(object, ensure_ascii, sort_keys, indent, item_separator, key_separator, /)",
     .fn = write},
    {.signature = "quoted(text, ensure_ascii, /)", .fn = quoted},
};

}  // namespace

const ModuleDef kJsonModule = {.name = "_json", .functions = kFunctions};

}  // namespace gen
