// Formatting with %, of str and bytes. The fast form runs through while all it needs are built-in
// conversions; the step native stops where the script has to be asked (str(), __index__, mapping[key] ...),
// and goes on with the answer.
#include "runtime/types/format_spec.h"
#include "runtime/types/int_parse.h"
#include "runtime/types/str_methods.h"
#include "vm/exec/arithmetic.h"

#include <climits>

namespace gen {

namespace {

enum class Ask : uint8_t { Item, Str, Repr, Ascii, Int, Index, Float, Bytes };

struct Spec {
    bool left = false, plus = false, space = false, alternate = false, zero = false;
    int64_t width = -1, precision = -1;
    char32_t type = 0;
    size_t end = 0;  // byte offset behind it
};

class PercentFormat {
  public:
    PercentFormat(VM& vm, std::string_view text, Value args, bool bytes)
        : out(vm.heap), vm_(vm), text_(text), args_(args), bytes_(bytes) {
        mapping_ = !is_tuple(args) && !is_str(args) && !(bytes && is_bytes_like(args)) && args.is_object() &&
                   !vm.special(args, Special::Getitem).is_unbound();
    }

    enum class Progress : uint8_t { Done, Ask, Raised };
    Progress run();

    // ---- where it stands: at the start of a specification when it asks
    size_t position = 0;
    int64_t argument = 0;     // arguments taken
    Value mapped, converted;  // answers for this specification; unbound: not asked yet
    Ask what = Ask::Str;
    Value about, key;
    StringBuilder out;

  private:
    enum class Step : uint8_t { Ok, Ask, Raised };
    Step specification();
    bool parse(size_t& at, Spec& spec, Value& mapping_key);
    Step next_argument(Value& v);
    bool star(int64_t& n, int64_t most);
    Step show(const Spec& spec, Value v);
    Step show_int(const Spec& spec, Value v);
    Step show_float(const Spec& spec, Value v);
    Step show_text(const Spec& spec, Value v);
    Step show_bytes(const Spec& spec, Value v);
    Step show_character(const Spec& spec, Value v);
    void put(const Spec& spec, std::string_view text, int64_t length);
    void put_number(const Spec& spec, std::string_view sign, std::string_view prefix,
                    std::string_view digits);
    Step ask(Ask how, Value v) {
        what = how;
        about = v;
        return Step::Ask;
    }
    Step fail(Outcome) { return Step::Raised; }
    Step finish_item(size_t at) {
        position = at;
        mapped = converted = Value::unbound();
        return Step::Ok;
    }

    VM& vm_;
    std::string_view text_;
    Value args_;
    bool bytes_, mapping_;
};

PercentFormat::Progress PercentFormat::run() {
    for (;;) {
        size_t percent = text_.find('%', position);
        out.append(text_.substr(position, percent == std::string_view::npos ? percent : percent - position));
        if (percent == std::string_view::npos) break;
        int64_t taken = argument;
        position = percent;
        switch (specification()) {
            case Step::Ok:
                break;
            case Step::Raised:
                return Progress::Raised;
            case Step::Ask:
                argument = taken;
                return Progress::Ask;
        }
        if (out.failed()) {
            vm_.out_of_memory();
            return Progress::Raised;
        }
    }
    position = text_.size();
    bool left = is_tuple(args_) ? uint64_t(argument) < args_.as<Tuple>()->size : argument == 0;
    if (left && !mapping_) {
        vm_.type_error("not all arguments converted during %s formatting", bytes_ ? "bytes" : "string");
        return Progress::Raised;
    }
    return Progress::Done;
}

PercentFormat::Step PercentFormat::next_argument(Value& v) {
    if (!mapped.is_unbound()) {
        v = mapped;
        return Step::Ok;
    }
    if (is_tuple(args_)) {
        auto* tuple = args_.as<Tuple>();
        if (uint64_t(argument) < tuple->size) {
            v = tuple->items[argument++];
            return Step::Ok;
        }
    } else if (argument == 0) {
        argument = 1;
        v = args_;
        return Step::Ok;
    }
    return fail(vm_.type_error("not enough arguments for format string"));
}

bool PercentFormat::star(int64_t& n, int64_t most) {
    Value v;
    if (next_argument(v) != Step::Ok) return false;
    if (!is_int_like(v)) {
        vm_.type_error("* wants int");
        return false;
    }
    if (int_to_int64(v, n) && n >= -most && n <= most) return true;
    vm_.raise(kShapeOverflowError, most == INT_MAX ? "Python int too large to convert to C int"
                                                   : "Python int too large to convert to C ssize_t");
    return false;
}

// From behind the % to behind the type.
bool PercentFormat::parse(size_t& at, Spec& spec, Value& mapping_key) {
    auto incomplete = [&] {
        if (at < text_.size()) return false;
        vm_.raise(kShapeValueError, "incomplete format");
        return true;
    };
    if (at < text_.size() && text_[at] == '(') {
        if (!mapping_) {
            vm_.type_error("format requires a mapping");
            return false;
        }
        argument = 1;  // what comes without a key now finds nothing
        size_t start = ++at;
        for (int depth = 1; at < text_.size() && depth > 0; at++) {
            if (text_[at] == '(') depth++;
            if (text_[at] == ')') depth--;
        }
        if (at > text_.size() || text_[at - 1] != ')') {
            vm_.raise(kShapeValueError, "incomplete format key");
            return false;
        }
        std::string_view name = text_.substr(start, at - 1 - start);
        if (bytes_) {
            Bytes* b = make_bytes(vm_.heap, name);
            mapping_key = b ? Value::object(b) : Value::unbound();
        } else {
            mapping_key = vm_.str(name);
        }
        if (mapping_key.is_unbound()) {
            vm_.out_of_memory();
            return false;
        }
    }
    for (;; at++) {
        if (incomplete()) return false;
        char c = text_[at];
        if (c == '-')
            spec.left = true;
        else if (c == '+')
            spec.plus = true;
        else if (c == ' ')
            spec.space = true;
        else if (c == '#')
            spec.alternate = true;
        else if (c == '0')
            spec.zero = true;
        else
            break;
    }
    auto number = [&](int64_t& n, int64_t most, const char* too_big) {
        n = 0;
        for (; at < text_.size() && text_[at] >= '0' && text_[at] <= '9'; at++) {
            n = n * 10 + (text_[at] - '0');
            if (n > most) {
                vm_.raise(kShapeValueError, too_big);
                return false;
            }
        }
        return true;
    };
    if (text_[at] == '*') {
        if (!star(spec.width, INT64_MAX / 16)) return false;
        if (spec.width < 0) {
            spec.left = true;
            spec.width = -spec.width;
        }
        at++;
    } else if (!number(spec.width, INT64_MAX / 16, "width too big")) {
        return false;
    }
    if (incomplete()) return false;
    if (text_[at] == '.') {
        at++;
        if (incomplete()) return false;
        if (text_[at] == '*') {
            if (!star(spec.precision, INT_MAX)) return false;
            spec.precision = std::max<int64_t>(spec.precision, 0);
            at++;
        } else if (!number(spec.precision, INT_MAX, "precision too big")) {
            return false;
        }
    }
    if (at < text_.size() && (text_[at] == 'h' || text_[at] == 'l' || text_[at] == 'L')) at++;
    if (incomplete()) return false;
    const char* p = text_.data() + at;
    spec.type = bytes_ ? uint8_t(*p++) : decode_utf8(p);
    spec.end = at = size_t(p - text_.data());
    return true;
}

PercentFormat::Step PercentFormat::specification() {
    Spec spec;
    Value mapping_key;
    size_t at = position + 1;
    Value answered = mapped;
    mapped = Value::unbound();  // widths by * come from the arguments
    if (!parse(at, spec, mapping_key)) return Step::Raised;
    mapped = answered;
    if (spec.type == '%' && at == position + 2) {
        out.append('%');
        return finish_item(at);
    }
    if (!mapping_key.is_unbound()) {
        if (mapped.is_unbound()) {
            key = mapping_key;
            return ask(Ask::Item, args_);
        }
    }
    Value v;
    Step s = next_argument(v);
    if (s == Step::Ok && spec.width > int64_t(kMaxStr)) s = fail(vm_.out_of_memory());
    if (s == Step::Ok) s = show(spec, v);
    return s == Step::Ok ? finish_item(at) : s;
}

PercentFormat::Step PercentFormat::show(const Spec& spec, Value v) {
    switch (spec.type) {
        case 'b':
            if (!bytes_) break;
            return show_bytes(spec, v);
        case 's':
            return bytes_ ? show_bytes(spec, v) : show_text(spec, v);
        case 'r':
        case 'a':
            return show_text(spec, v);
        case 'd':
        case 'i':
        case 'u':
        case 'o':
        case 'x':
        case 'X':
            return show_int(spec, v);
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G':
            return show_float(spec, v);
        case 'c':
            return show_character(spec, v);
        default:
            break;
    }
    char shown[8] = "?";
    if (spec.type > 31 && spec.type < 127) snprintf(shown, sizeof shown, "%c", char(spec.type));
    size_t index = bytes_ ? spec.end - 1 : count_code_points(text_.substr(0, spec.end)) - 1;
    return fail(vm_.value_error("unsupported format character '%s' (0x%x) at index %zu", shown,
                                unsigned(spec.type), index));
}

// ---- output

void PercentFormat::put(const Spec& spec, std::string_view text, int64_t length) {
    int64_t room = std::max<int64_t>(spec.width - length, 0);
    if (!spec.left) out.fill(size_t(room), ' ');
    out.append(text);
    if (spec.left) out.fill(size_t(room), ' ');
}

void PercentFormat::put_number(const Spec& spec, std::string_view sign, std::string_view prefix,
                               std::string_view digits) {
    int64_t room = std::max<int64_t>(spec.width - int64_t(sign.size() + prefix.size() + digits.size()), 0);
    if (!spec.left && !spec.zero) out.fill(size_t(room), ' ');
    out.append(sign);
    out.append(prefix);
    if (!spec.left && spec.zero) out.fill(size_t(room), '0');
    out.append(digits);
    if (spec.left) out.fill(size_t(room), ' ');
}

PercentFormat::Step PercentFormat::show_int(const Spec& spec, Value v) {
    bool decimal = spec.type == 'd' || spec.type == 'i' || spec.type == 'u';
    if (!converted.is_unbound()) v = converted;
    if (decimal && is_float(v)) {
        Outcome o = int_of_float(vm_, as_float(v));
        if (!o.is_value()) return Step::Raised;
        v = o.value();
    }
    if (!is_int_like(v)) {
        bool can =
            decimal ? !vm_.special(v, Special::Int).is_unbound() || has_index(vm_, v) : has_index(vm_, v);
        if (can && !is_str(v) && !is_bytes_like(v)) return ask(decimal ? Ask::Int : Ask::Index, v);
        return fail(decimal
                        ? vm_.type_error("%%%c format: a real number is required, not %s",
                                         bytes_ && spec.type == 'i' ? 'd' : char(spec.type), vm_.type_name(v))
                        : vm_.type_error("%%%c format: an integer is required, not %s", char(spec.type),
                                         vm_.type_name(v)));
    }
    int base = decimal ? 10 : spec.type == 'o' ? 8 : 16;
    if (base == 10 && int_text_too_long(v, vm_.limits.int_digits)) return fail(too_many_digits(vm_));
    if (spec.precision > INT_MAX - 3) return fail(vm_.raise(kShapeOverflowError, "precision too large"));
    std::string digits;
    if (!int_to_text(v, base, digits, vm_.limits.int_digits)) return fail(vm_.out_of_memory());
    std::string_view sign = digits[0] == '-' ? "-" : spec.plus ? "+" : spec.space ? " " : "";
    if (digits[0] == '-') digits.erase(0, 1);
    if (spec.type == 'X')
        for (char& c : digits) c = char(toupper(c));
    if (spec.precision > int64_t(digits.size())) {
        if (!vm_.heap.reserve(size_t(spec.precision))) return fail(vm_.out_of_memory());
        digits.insert(0, size_t(spec.precision) - digits.size(), '0');
    }
    std::string_view prefix = !spec.alternate    ? ""
                              : spec.type == 'o' ? "0o"
                              : spec.type == 'x' ? "0x"
                              : spec.type == 'X' ? "0X"
                                                 : "";
    put_number(spec, sign, prefix, digits);
    return Step::Ok;
}

PercentFormat::Step PercentFormat::show_float(const Spec& spec, Value v) {
    double d;
    if (!converted.is_unbound()) v = converted;
    switch (to_real(vm_, v, d)) {
        case ToReal::Ok:
            break;
        case ToReal::Raised:
            return Step::Raised;
        case ToReal::NotANumber:
            if (!is_str(v) && !is_bytes_like(v) &&
                (!vm_.special(v, Special::Float).is_unbound() || has_index(vm_, v)))
                return ask(Ask::Float, v);
            return fail(bytes_ ? vm_.type_error("float argument required, not %s", vm_.type_name(v))
                               : vm_.type_error("must be real number, not %s", vm_.type_name(v)));
    }
    if (spec.precision > 0 && !vm_.heap.reserve(size_t(spec.precision))) return fail(vm_.out_of_memory());
    std::string digits;
    float_format(d, char(spec.type), spec.precision < 0 ? 6 : int(spec.precision), spec.alternate, digits);
    std::string_view sign = digits[0] == '-' ? "-" : spec.plus ? "+" : spec.space ? " " : "";
    if (digits[0] == '-') digits.erase(0, 1);
    put_number(spec, sign, "", digits);
    return Step::Ok;
}

PercentFormat::Step PercentFormat::show_text(const Spec& spec, Value v) {
    Ask how = spec.type == 's' ? Ask::Str : spec.type == 'a' || bytes_ ? Ask::Ascii : Ask::Repr;
    Value text = converted;
    if (text.is_unbound() && how == Ask::Str) text = fast_str(vm_, v);
    if (text.is_unbound() && how == Ask::Repr) text = fast_repr(vm_, v);
    if (text.is_unbound()) return ask(how, v);
    Str* s = text_of(text);
    std::string_view shown = s->view();
    int64_t length = s->length;
    if (spec.precision >= 0 && spec.precision < length) {
        length = spec.precision;
        shown = shown.substr(0, byte_offset(vm_.heap, s, uint32_t(length)));
    }
    put(spec, shown, length);
    return Step::Ok;
}

PercentFormat::Step PercentFormat::show_bytes(const Spec& spec, Value v) {
    if (!converted.is_unbound()) v = converted;
    std::string scratch;
    std::string_view shown;
    if (!view_bytes(vm_, v, shown, scratch)) {
        if (!vm_.special(v, Special::Bytes).is_unbound() && !is_str(v)) return ask(Ask::Bytes, v);
        return fail(vm_.type_error(
            "%%b requires a bytes-like object, or an object that implements __bytes__, not '%s'",
            vm_.type_name(v)));
    }
    if (spec.precision >= 0) shown = shown.substr(0, size_t(spec.precision));
    put(spec, shown, int64_t(shown.size()));
    return Step::Ok;
}

PercentFormat::Step PercentFormat::show_character(const Spec& spec, Value v) {
    if (!converted.is_unbound()) v = converted;
    char text[4];
    if (bytes_) {
        std::string scratch;
        std::string_view byte;
        int64_t c;
        if (view_bytes(vm_, v, byte, scratch) && byte.size() == 1) {
            put(spec, byte, 1);
            return Step::Ok;
        }
        if (!is_int_like(v)) {
            if (has_index(vm_, v)) return ask(Ask::Index, v);
            return fail(vm_.type_error("%%c requires an integer in range(256) or a single byte"));
        }
        if (!int_to_int64(v, c) || c < 0 || c > 255)
            return fail(vm_.raise(kShapeOverflowError, "%c arg not in range(256)"));
        text[0] = char(c);
        put(spec, {text, 1}, 1);
        return Step::Ok;
    }
    if (is_str(v)) {
        if (text_of(v)->length != 1) return fail(vm_.type_error("%%c requires int or char"));
        put(spec, text_of(v)->view(), 1);
        return Step::Ok;
    }
    if (!is_int_like(v)) {
        if (has_index(vm_, v)) return ask(Ask::Index, v);
        return fail(vm_.type_error("%%c requires int or char"));
    }
    int64_t c;
    if (!int_to_int64(v, c) || c < 0 || c > 0x10ffff)
        return fail(vm_.raise(kShapeOverflowError, "%c arg not in range(0x110000)"));
    put(spec, {text, encode_utf8(char32_t(c), text)}, 1);
    return Step::Ok;
}

// ---- the natives

std::string_view template_of(Value v, bool bytes) {
    return !bytes ? v.as<Str>()->view() : is_bytes(v) ? view_of(v.as<Bytes>()) : view_of(v.as<ByteArray>());
}

Outcome finished(VM& vm, Value self, std::string_view text, bool bytes) {
    if (!bytes) {
        Str* s = make_str(vm.heap, text);
        return str_result(vm, s);
    }
    if (is_bytearray(self)) {
        ByteArray* b = make_bytearray(vm.heap, text.data(), text.size());
        return b ? Outcome(Value::object(b)) : vm.out_of_memory();
    }
    Bytes* b = make_bytes(vm.heap, text);
    return b ? Outcome(Value::object(b)) : vm.out_of_memory();
}

Outcome percent(VM& vm, Value* args, bool bytes) {
    PercentFormat f(vm, template_of(args[0], bytes), args[1], bytes);
    switch (f.run()) {
        case PercentFormat::Progress::Raised:
            return Outcome::raised();
        case PercentFormat::Progress::Ask:
            return Outcome::unhandled();
        case PercentFormat::Progress::Done:
            break;
    }
    return f.out.failed() ? vm.out_of_memory() : finished(vm, args[0], f.out.view(), bytes);
}

// Registers behind self, args.
enum Register : size_t { kPosition = 2, kArgument, kText, kMapped, kAsked, kAbout, kTemplate };

Outcome answer(VM& vm, Ask what, Value about, Value key) {
    switch (what) {
        case Ask::Item:
            return op_getitem(vm, about, key);
        case Ask::Str:
            return op_str(vm, about);
        case Ask::Repr:
            return op_repr(vm, about);
        case Ask::Ascii:
            return op_ascii(vm, about);
        case Ask::Int:
            return vm.call(Value::object(vm.type(kShapeInt)), {about});
        case Ask::Index:
            return op_index(vm, about);
        case Ask::Float:
            return vm.call(Value::object(vm.type(kShapeFloat)), {about});
        case Ask::Bytes:
            return vm.call(Value::object(vm.type(kShapeBytes)), {about});
    }
    return Outcome::raised();
}

// The text so far is kept as bytes, since it may be cut anywhere.
Outcome percent_step(VM& vm, NativeFrame& frame, bool bytes) {
    enum : uint32_t { kAnswered = 1 };
    Value converted, key;
    switch (frame.step_state()) {
        case 0: {
            ByteArray* text = make_bytearray(vm.heap, nullptr, 0);
            if (!text) return vm.out_of_memory();
            frame[kPosition] = frame[kArgument] = Value::integer(0);
            frame[kText] = Value::object(text);
            frame[kTemplate] = frame[0];
            if (is_bytearray(frame[0])) {  // which the script may change when it is asked
                Bytes* copy = make_bytes(vm.heap, template_of(frame[0], bytes));
                if (!copy) return vm.out_of_memory();
                frame[kTemplate] = Value::object(copy);
            }
        }
            for (;;) {
                {
                    PercentFormat f(vm, template_of(frame[kTemplate], bytes), frame[1], bytes);
                    f.position = size_t(frame[kPosition].as_int());
                    f.argument = frame[kArgument].as_int();
                    f.mapped = frame[kMapped];
                    f.converted = converted;
                    PercentFormat::Progress p = f.run();
                    if (p == PercentFormat::Progress::Raised) return Outcome::raised();
                    auto* text = frame[kText].as<ByteArray>();
                    if (f.out.failed() ||
                        !bytearray_replace(vm.heap, text, text->size, 0, f.out.view().data(), f.out.size()))
                        return vm.out_of_memory();
                    if (p == PercentFormat::Progress::Done)
                        return finished(vm, frame[0], view_of(text), bytes);
                    frame[kPosition] = Value::integer(int64_t(f.position));
                    frame[kArgument] = Value::integer(f.argument);
                    frame[kMapped] = f.mapped;
                    frame[kAsked] = Value::integer(int64_t(f.what));
                    frame[kAbout] = f.about;
                    key = f.key;
                }
                AWAIT(kAnswered, answer(vm, Ask(frame[kAsked].as_int()), frame[kAbout], key))
                if (Ask(frame[kAsked].as_int()) == Ask::Item)
                    frame[kMapped] = frame.result();
                else
                    converted = frame.result();
            }
    }
    return Outcome::raised();
}

}  // namespace

Outcome str_percent(VM& vm, Value* args) { return percent(vm, args, false); }
Outcome str_percent_step(VM& vm, NativeFrame& frame) { return percent_step(vm, frame, false); }
Outcome bytes_percent(VM& vm, Value* args) { return percent(vm, args, true); }
Outcome bytes_percent_step(VM& vm, NativeFrame& frame) { return percent_step(vm, frame, true); }

}  // namespace gen
