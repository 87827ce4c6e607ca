// _re: regular expressions by PCRE2. A pattern of the script is data, the text of a program for PCRE2; what PCRE2 makes of
// it stays with the host and is made again when it is missing. Searches go on in pieces, so that the VM can look around
// between them, and one attempt to match has a bound.
#if defined(GEN_HAS_PCRE2)
#define PCRE2_CODE_UNIT_WIDTH 8
#include "runtime/modules/modules.h"
#include "runtime/modules/regex_translate.h"
#include "runtime/types/support.h"

#include <pcre2.h>
#include <map>

namespace gen {

namespace {

constexpr uint32_t kMostAttempts = 10000000;     // steps of the matcher from one position on
constexpr uint32_t kMostKilobytes = 256 * 1024;  // of its backtracking
constexpr size_t kPiece = 64;                    // positions that one call of the matcher tries
constexpr size_t kWork = 4096;                   // positions and results between two looks around, at most
constexpr size_t kMostPrograms = 256;
constexpr size_t kLongText = 64 * 1024;

// ---- compiled programs

struct Program {
    pcre2_code* code = nullptr;
    pcre2_match_data* data = nullptr;
    pcre2_match_context* context = nullptr;
    uint32_t groups = 0;

    Program() = default;
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() {
        pcre2_match_data_free(data);
        pcre2_match_context_free(context);
        pcre2_code_free(code);
    }
};

struct Programs {
    std::map<std::string, Program, std::less<>> known;
    const std::string* last_text = nullptr;
    Program* last = nullptr;
};

Programs& programs_of(VM& vm) {
    std::shared_ptr<void>& p = runtime_of(vm).patterns;
    if (!p) p = std::make_shared<Programs>();
    return *static_cast<Programs*>(p.get());
}

// A program is "<options of PCRE2>:<pattern>". Null: `error` and `offset` (in the pattern) say why.
Program* program_of(VM& vm, std::string_view text, int& error, size_t& offset) {
    Programs& programs = programs_of(vm);
    if (programs.last && *programs.last_text == text) return programs.last;
    auto found = programs.known.find(text);
    if (found == programs.known.end()) {
        if (programs.known.size() >= kMostPrograms) programs.known.clear();
        programs.last = nullptr;
        size_t colon = text.find(':');
        auto options = uint32_t(std::strtoul(std::string(text.substr(0, colon)).c_str(), nullptr, 10));
        std::string_view pattern = text.substr(colon + 1);
        pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
        pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
        pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                         options, &error, &offset, context);
        pcre2_compile_context_free(context);
        if (!code) return nullptr;
        found = programs.known.try_emplace(std::string(text)).first;
        Program& p = found->second;
        p.code = code;
        p.data = pcre2_match_data_create_from_pattern(code, nullptr);
        p.context = pcre2_match_context_create(nullptr);
        pcre2_set_match_limit(p.context, kMostAttempts);
        pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &p.groups);
    }
    programs.last_text = &found->first;
    programs.last = &found->second;
    return programs.last;
}

std::string compile_error(int error) {
    if (error == 125) return "look-behind requires fixed-width pattern";  // ERR25 of PCRE2
    char message[200];
    pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof message);
    return message;
}

constexpr size_t kNowhere = SIZE_MAX;  // PCRE2 knows no position in the script's pattern

Outcome not_well_formed(VM& vm, const std::string& message, size_t position) {
    return vm.tuple(
        {vm.str(message), position == kNowhere ? Value::none() : Value::integer(int64_t(position))});
}

// (program, flags, number of groups, names, parents), or (message, position) of an error.
Outcome re_compile(VM& vm, Value* args) {  // pattern, flags
    int64_t flags = 0;
    Outcome failure = Outcome::raised();
    if (!get_c_int(vm, args[1], flags, failure)) return failure;
    std::vector<char32_t> pattern;
    bool bytes = !is_str(args[0]);
    std::string_view view;
    std::string scratch;
    if (bytes) {
        if (!view_bytes(vm, args[0], view, scratch))
            return vm.type_error("first argument must be string or compiled pattern");
        for (char c : view) pattern.push_back(static_cast<unsigned char>(c));
    } else {
        const char* p = args[0].as<Str>()->data;
        const char* end = p + args[0].as<Str>()->size;
        pattern.reserve(args[0].as<Str>()->length);
        while (p < end) pattern.push_back(decode_utf8(p));
    }
    charge(vm, pattern.size());
    regex::Translation t = regex::translate(pattern, uint32_t(flags), bytes);
    if (!t.error.empty()) return not_well_formed(vm, t.error, t.position);

    uint32_t options = PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
    if (!bytes) options |= PCRE2_UTF;
    if (t.flags & regex::kUnicode) options |= PCRE2_UCP;
    if (t.flags & regex::kIgnoreCase) options |= PCRE2_CASELESS;
    if (t.flags & regex::kMultiLine) options |= PCRE2_MULTILINE;
    if (t.flags & regex::kDotAll) options |= PCRE2_DOTALL;
    std::string text = std::to_string(options) + ":" + t.program;
    int error = 0;
    size_t offset = 0;
    if (!program_of(vm, text, error, offset)) return not_well_formed(vm, compile_error(error), kNowhere);
    charge(vm, text.size() * 4);

    Value names = vm.list();
    for (auto& [name, number] : t.names)
        list_append(vm.heap, names.as<List>(), vm.tuple({vm.str(name), Value::integer(number)}));
    std::vector<Value> parents;
    for (uint32_t parent : t.parents) parents.push_back(Value::integer(parent));
    Tuple* parents_tuple = make_tuple(vm.heap, parents.data(), parents.size());
    Value program = vm.str(text);
    if (!parents_tuple || program.is_unbound()) return vm.out_of_memory();
    return vm.tuple({program, Value::integer(t.flags), Value::integer(int64_t(t.parents.size()) - 1), names,
                     Value::object(parents_tuple)});
}

// ---- matching

struct Subject {
    std::string_view text;  // up to endpos
    std::string scratch;
    Str* str = nullptr;   // null: bytes
    uint64_t length = 0;  // in characters

    // Python's pos and endpos: clamped. Answers the byte offset of pos; `from` > `to`: nothing can match.
    bool take(VM& vm, Value v, int64_t from, int64_t to, size_t& start, bool& possible) {
        if (is_str(v)) {
            str = v.as<Str>();
            length = str->length;
        } else {
            if (!view_bytes(vm, v, text, scratch)) {
                vm.type_error("expected string or bytes-like object, got '%s'", vm.type_name(v));
                return false;
            }
            length = text.size();
        }
        from = std::clamp<int64_t>(from, 0, int64_t(length));
        to = std::clamp<int64_t>(to, 0, int64_t(length));
        possible = from <= to;
        start = offset(vm, uint64_t(from));
        size_t end = offset(vm, uint64_t(to));
        text = str ? str->view().substr(0, end) : text.substr(0, end);
        return true;
    }
    size_t offset(VM& vm, uint64_t index) {
        return str && !str->ascii() ? byte_offset(vm.heap, str, uint32_t(index)) : size_t(index);
    }
    Value index(VM& vm, size_t offset) {
        return Value::integer(
            int64_t(str && !str->ascii() ? index_of_offset(vm.heap, str, uint32_t(offset)) : offset));
    }
    size_t after(size_t offset) const {  // of the next character
        offset++;
        while (str && offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xc0) == 0x80)
            offset++;
        return offset;
    }
};

// Gives back what matches with a long text may have used for backtracking.
struct Release {
    Program& program;
    const Subject& subject;
    ~Release() {
        if (subject.text.size() <= kLongText) return;
        pcre2_match_data_free(program.data);
        program.data = pcre2_match_data_create_from_pattern(program.code, nullptr);
    }
};

// 1: matched, 0: not, -1: raised. The spans are in p.data.
int try_match(VM& vm, Program& p, const Subject& s, size_t start, uint32_t options, size_t last_start) {
    pcre2_set_offset_limit(p.context, last_start);
    pcre2_set_heap_limit(p.context, vm.limits.memory
                                        ? uint32_t(std::min<size_t>(kMostKilobytes, vm.limits.memory / 4096))
                                        : kMostKilobytes);
    int r = pcre2_match(p.code, reinterpret_cast<PCRE2_SPTR>(s.text.data()), s.text.size(), start,
                        options | PCRE2_NO_UTF_CHECK, p.data, p.context);
    if (r > 0) return 1;
    if (r == PCRE2_ERROR_NOMATCH) return 0;
    if (r == PCRE2_ERROR_MATCHLIMIT)
        vm.raise(kShapeRuntimeError, "the regular expression takes too many steps on this text");
    else if (r == PCRE2_ERROR_HEAPLIMIT || r == PCRE2_ERROR_NOMEMORY)
        vm.raise(kShapeMemoryError, "the regular expression takes too much memory on this text");
    else
        vm.raise(kShapeRuntimeError, compile_error(r));
    return -1;
}

// The group that was closed last: of those that end furthest right the outermost, else the last.
int64_t last_group(const Program& p, const size_t* ends, const Tuple* parents) {
    int64_t last = 0;
    for (uint32_t g = 1; g <= p.groups && g < parents->size; g++) {
        if (ends[2 * g] == PCRE2_UNSET) continue;
        if (last && ends[2 * g + 1] < ends[2 * last + 1]) continue;
        bool inside = false;
        if (last && ends[2 * g + 1] == ends[2 * last + 1])
            for (int64_t up = parents->items[g].as_int(); up > 0; up = parents->items[up].as_int())
                if (up == last) inside = true;
        if (!inside) last = g;
    }
    return last;
}

// (start, end, start of group 1, end of group 1, ..., last group or None); groups without a match: -1, -1.
Value spans(VM& vm, const Program& p, Subject& s, const Tuple* parents) {
    const size_t* ends = pcre2_get_ovector_pointer(p.data);
    std::vector<Value> items;
    items.reserve(2 * p.groups + 3);
    for (uint32_t g = 0; g <= p.groups; g++) {
        bool set = ends[2 * g] != PCRE2_UNSET;
        // \K cannot be written, so the start is never behind the end.
        items.push_back(set ? s.index(vm, ends[2 * g]) : Value::integer(-1));
        items.push_back(set ? s.index(vm, ends[2 * g + 1]) : Value::integer(-1));
    }
    int64_t last = last_group(p, ends, parents);
    items.push_back(last ? Value::integer(last) : Value::none());
    Tuple* t = make_tuple(vm.heap, items.data(), items.size());
    return t ? Value::object(t) : Value::unbound();
}

Program* running_program(VM& vm, Value text, Value parents) {
    if (!is_str(text) || !is_tuple(parents)) {
        vm.type_error("not a compiled pattern");
        return nullptr;
    }
    int error = 0;
    size_t offset = 0;
    Program* p = program_of(vm, text.as<Str>()->view(), error, offset);
    if (!p) vm.raise(kShapeRuntimeError, compile_error(error));
    return p;
}

Outcome re_match(VM& vm, Value* args) {  // program, parents, subject, pos, endpos, whole
    Program* p = running_program(vm, args[0], args[1]);
    Subject s;
    size_t start;
    bool possible;
    if (!p || !s.take(vm, args[2], int_clamp(args[3]), int_clamp(args[4]), start, possible))
        return Outcome::raised();
    if (!possible) return Value::none();
    Release release{*p, s};
    int r = try_match(vm, *p, s, start,
                      PCRE2_ANCHORED | (args[5].is_true() ? uint32_t(PCRE2_ENDANCHORED) : 0), PCRE2_UNSET);
    if (r < 0) return Outcome::raised();
    if (r == 0) return Value::none();
    charge(vm, pcre2_get_ovector_pointer(p->data)[1] / 64 + 1);
    return vm.checked(spans(vm, *p, s, args[1].as<Tuple>()));
}

// Up to `most` matches one after the other, as a list of spans. After an empty match the next one may not be empty where that
// was; `after_empty` says so for the first.
enum ScanArgument : size_t { kProgram, kParents, kSubject, kPos, kEndpos, kAfterEmpty, kMost, kFound, kAt };

Outcome re_scan(VM& vm, NativeFrame& frame) {
    Subject s;
    size_t start;
    bool possible;
    switch (frame.step_state()) {
        case 0:
            frame[kFound] = vm.list();
            frame[kAt] = Value::integer(-1);  // a byte offset to go on from
            for (;;) {
                PAUSE(1);
                Program* p = running_program(vm, frame[kProgram], frame[kParents]);
                s.str = nullptr;
                if (!p || !s.take(vm, frame[kSubject], int_clamp(frame[kPos]), int_clamp(frame[kEndpos]),
                                  start, possible))
                    return Outcome::raised();
                if (!possible) return frame[kFound];
                uint32_t options = 0;
                if (frame[kAt].as_int() >= 0)
                    start = size_t(frame[kAt].as_int());
                else if (frame[kAfterEmpty].is_true())
                    options = PCRE2_NOTEMPTY_ATSTART;
                Release release{*p, s};
                auto* found = frame[kFound].as<List>();
                size_t work = 0;
                do {
                    size_t piece_end = start + kPiece;
                    int r = try_match(vm, *p, s, start, options, piece_end);
                    if (r < 0) return Outcome::raised();
                    if (r == 0) {
                        if (piece_end >= s.text.size()) return frame[kFound];
                        start = s.after(piece_end);
                        options = 0;
                        work += kPiece;
                        vm.budget -= int64_t(kPiece / 8);
                        continue;
                    }
                    Value m = spans(vm, *p, s, frame[kParents].as<Tuple>());
                    if (m.is_unbound() || !list_append(vm.heap, found, m)) return vm.out_of_memory();
                    const size_t* ends = pcre2_get_ovector_pointer(p->data);
                    if (found->size >= uint64_t(frame[kMost].as_int())) return frame[kFound];
                    work += ends[1] - start + 8 * (p->groups + 2);
                    vm.budget -= int64_t((ends[1] - start) / 64 + 1);
                    options = ends[0] == ends[1] ? uint32_t(PCRE2_NOTEMPTY_ATSTART) : 0;
                    start = ends[1];
                } while (work < kWork && vm.budget > 0);
                vm.heap.write(found);
                frame[kPos] = s.index(vm, start);
                frame[kAt] = options ? Value::integer(-1) : Value::integer(int64_t(start));
                frame[kAfterEmpty] = Value::boolean(options != 0);
            }
    }
    return Value::none();
}

const NativeDef kFunctions[] = {
    {.signature = "compile(pattern, flags, /)", .fn = re_compile},
    {.signature = "match(program, parents, subject, pos, endpos, whole, /)", .fn = re_match},
    {.signature = "scan(program, parents, subject, pos, endpos, after_empty, most, /)",
     .step = re_scan,
     .locals = 2},
};

}  // namespace

const ModuleDef kRegexModule = {
    .name = "_re", .functions = kFunctions, .doc = "What the module re is made of."};

}  // namespace gen
#endif
