// _re: regular expressions by PCRE2. A pattern of the script is data, the text of a program for PCRE2; what PCRE2 makes of
// it stays with the host and is made again when it is missing. Searches go on in pieces, so that the VM can look around
// between them, and one attempt to match has a bound. One that turns out to be dear is begun again with a second program of
// the same pattern, which calls back at every item: there Ctrl-C, deadlines and the limit of steps are looked at.
#if defined(GEN_HAS_PCRE2)
#define PCRE2_CODE_UNIT_WIDTH 8
#include "runtime/modules/regex.h"
#include "runtime/modules/modules.h"
#include "runtime/modules/regex_translate.h"
#include "vm/exec/stop.h"

#include <pcre2.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>

namespace gen {

namespace regex {

struct Program {
    pcre2_code* code = nullptr;
    pcre2_code* watched = nullptr;  // the same, with callouts; made when it is needed first
    bool watchable = true;          // it has not turned out to be too large for that
    size_t held = 0;                // bytes of `data`
    pcre2_general_context* memory = nullptr;
    pcre2_match_data* data = nullptr;
    pcre2_match_context* context = nullptr;
    uint32_t groups = 0;
    size_t offset_limit = PCRE2_UNSET;  // as set in the context
    uint32_t heap_limit = 0;
    uint32_t match_limit = 0;
    uint32_t attempts = 0;      // to match, up to kAttemptsForJit; 0 without the grant
    bool watched_fast = false;  // `watched` is machine code, too, as far as it can be

    Program() = default;
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() {
        pcre2_match_data_free(data);
        pcre2_match_context_free(context);
        pcre2_general_context_free(memory);
        pcre2_code_free(watched);
        pcre2_code_free(code);
    }
};

namespace {

constexpr uint32_t kMostAttempts = 10000000;     // steps of the matcher from one position on
constexpr uint32_t kMostKilobytes = 256 * 1024;  // of its backtracking
constexpr size_t kPiece = 64;                    // positions that one call of the matcher tries
constexpr size_t kWork = 4096;                   // positions between two looks around, at most
constexpr auto kLongTime = std::chrono::milliseconds(1);
constexpr auto kStepTime = std::chrono::nanoseconds(100);  // of what takes that long
constexpr size_t kMostPrograms = 256;
constexpr size_t kRecent = 64;
constexpr size_t kLongText = 64 * 1024;
constexpr size_t kMostHeld = 256 * 1024;  // bytes for backtracking that a program keeps
// A step of the matcher may go through all of the rest of the text (`a*` does). So many characters are worth trying without
// callouts, which cost several times as much: of a piece, and of one position.
constexpr uint64_t kPieceWork = uint64_t{1} << 27, kPositionWork = uint64_t{1} << 29;
constexpr uint64_t kUnwatchedWork = uint64_t{1} << 33;              // of a program too large to be watched
constexpr uint64_t kFewAttempts = 32, kUnwatchedAttempts = 100000;  // but at least so many steps
// A pattern that is tried so often is worth PCRE2's compiler to machine code, if the host grants that. Where it has none, or
// memory may not be executed, nothing changes; nor where the bounded stack of such code does not suffice: the match is then done
// again without.
constexpr uint32_t kAttemptsForJit = 40;

// ---- compiled programs

struct Programs {
    std::map<std::string, Program, std::less<>> known;
    struct Recent {
        uint64_t hash = 0;
        const std::string* text = nullptr;
        Program* program = nullptr;
    } recent[kRecent];
};

Programs& programs_of(VM& vm) {
    std::shared_ptr<void>& p = runtime_of(vm).patterns;
    if (!p) p = std::make_shared<Programs>();
    return *static_cast<Programs*>(p.get());
}

// The memory of a program's match data, which counts in its `held`.
constexpr size_t kHeader = 16;
void* allocate(size_t size, void* held) {
    auto* block = static_cast<char*>(std::malloc(size + kHeader));
    if (!block) return nullptr;
    std::memcpy(block, &size, sizeof size);
    *static_cast<size_t*>(held) += size;
    return block + kHeader;
}
void release(void* p, void* held) {
    if (!p) return;
    char* block = static_cast<char*>(p) - kHeader;
    size_t size;
    std::memcpy(&size, block, sizeof size);
    *static_cast<size_t*>(held) -= size;
    std::free(block);
}

pcre2_code* compile(std::string_view program, uint32_t more_options, int& error, size_t& offset) {
    const size_t colon = program.find(':');
    auto options = uint32_t(std::strtoul(std::string(program.substr(0, colon)).c_str(), nullptr, 10));
    std::string_view pattern = program.substr(colon + 1);
    pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
    pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                     options | more_options, &error, &offset, context);
    pcre2_compile_context_free(context);
    return code;
}

// A program is "<options of PCRE2>:<pattern>". Null: `error` and `offset` (in the pattern) say why.
Program* program_of(VM& vm, Str* program, int& error, size_t& offset) {
    Programs& programs = programs_of(vm);
    const std::string_view text = program->view();
    const uint64_t hash = hash_str(vm.hash_key, program);
    Programs::Recent& recent = programs.recent[hash % kRecent];
    if (recent.hash == hash && recent.program && *recent.text == text) return recent.program;
    auto found = programs.known.find(text);
    if (found == programs.known.end()) {
        if (programs.known.size() >= kMostPrograms) {
            programs.known.clear();
            for (Programs::Recent& r : programs.recent) r = {};
        }
        pcre2_code* code = compile(text, 0, error, offset);
        if (!code) return nullptr;
        found = programs.known.try_emplace(std::string(text)).first;
        Program& p = found->second;
        p.code = code;
        p.memory = pcre2_general_context_create(allocate, release, &p.held);
        p.data = pcre2_match_data_create_from_pattern(code, p.memory);
        p.context = pcre2_match_context_create(nullptr);
        pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &p.groups);
    }
    recent = {hash, &found->first, &found->second};
    return recent.program;
}

// What looks around while a dear attempt goes on.
struct Watch {
    VM& vm;
    const uint64_t stretch;  // callouts between two looks: fewer where each may stand for all of a long text
    uint64_t left;
};
int look(pcre2_callout_block*, void* data) {
    auto& w = *static_cast<Watch*>(data);
    if (--w.left) return 0;
    w.left = w.stretch;
    charge(w.vm, w.stretch / 4 + 2);
    return stop_due(w.vm) ? PCRE2_ERROR_CALLOUT : 0;
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

// A Pattern, or (message, position) of an error.
Outcome re_compile(VM& vm, Value* args) {  // pattern, flags, read_template
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
        const char* p = args[0].as<Str>()->data();
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
    Value program = vm.str(std::to_string(options) + ":" + t.program);
    if (program.is_unbound()) return vm.no_room();
    int error = 0;
    size_t offset = 0;
    if (!program_of(vm, program.as<Str>(), error, offset))
        return not_well_formed(vm, compile_error(error), kNowhere);
    charge(vm, t.program.size() * 4);

    const size_t count = t.parents.size();  // of groups, the whole match included
    Dict* numbers = vm.dict();
    Tuple* names = make_tuple(vm.heap, count);
    Tuple* parents = make_tuple(vm.heap, count);
    Dict* templates = vm.dict();
    auto* mapping = vm.heap.make<MappingProxy>(Kind::MappingProxy, kShapeMappingProxy);
    if (!names || !parents) return vm.no_room();
    for (size_t i = 0; i < count; i++) {
        names->items[i] = Value::none();
        parents->items[i] = Value::integer(t.parents[i]);
    }
    for (auto& [name, number] : t.names) {
        Value key = vm.str(name);
        if (key.is_unbound() || !vm.set(numbers, key.as<Str>(), Value::integer(number))) return vm.no_room();
        names->items[number] = key;
    }
    mapping->mapping = Value::object(numbers);
    auto* p = vm.heap.make<Pattern>(Kind::MediumRecord, kShapeRegexPattern);
    p->program = program;
    p->source = args[0];
    p->flags = Value::integer(t.flags);
    p->groups = Value::integer(int64_t(count) - 1);
    p->groupindex = Value::object(mapping);
    p->names = Value::object(names);
    p->parents = Value::object(parents);
    p->templates = Value::object(templates);
    p->read_template = args[2];
    p->is_bytes = Value::boolean(bytes);
    return Value::object(p);
}

}  // namespace

// ---- searching

bool get_limits(VM& vm, Value pos, Value endpos, int64_t& from, int64_t& to, Outcome& failure) {
    from = 0;
    to = INT64_MAX;
    return get_size(vm, pos, from, failure) && get_size(vm, endpos, to, failure);
}

// Gives back what a match has used for backtracking, if that is much.
Search::~Search() {
    if (!program_ || program_->held <= kMostHeld) return;
    pcre2_match_data_free(program_->data);
    program_->data = pcre2_match_data_create_from_pattern(program_->code, program_->memory);
}

size_t Search::groups() const { return program_->groups; }

bool Search::open(Value string, int64_t pos, int64_t endpos) {
    uint64_t length;
    if (is_str(string)) {
        if (pattern_->is_bytes.is_true()) {
            vm_.type_error("cannot use a bytes pattern on a string-like object");
            return false;
        }
        str_ = string.as<Str>();
        text_ = str_->view();
        length = str_->length;
    } else {
        if (!view_bytes(vm_, string, text_, scratch_)) {
            vm_.type_error("expected string or bytes-like object, got '%s'", vm_.type_name(string));
            return false;
        }
        if (!pattern_->is_bytes.is_true()) {
            vm_.type_error("cannot use a string pattern on a bytes-like object");
            return false;
        }
        length = text_.size();
    }
    int error = 0;
    size_t error_offset = 0;
    program_ = program_of(vm_, pattern_->program.as<Str>(), error, error_offset);
    if (!program_) {
        vm_.raise(kShapeRuntimeError, compile_error(error));
        return false;
    }
    pos_ = std::clamp<int64_t>(pos, 0, int64_t(length));
    endpos_ = std::clamp<int64_t>(endpos, 0, int64_t(length));
    possible_ = pos_ <= endpos_;
    if (pos_) at_ = offset(uint64_t(pos_));
    if (uint64_t(endpos_) != length) text_ = text_.substr(0, offset(uint64_t(endpos_)));
    const uint32_t limit = vm_.limits.memory
                               ? uint32_t(std::min<size_t>(kMostKilobytes, vm_.limits.memory / 4096))
                               : kMostKilobytes;
    if (program_->heap_limit != limit) {
        pcre2_set_heap_limit(program_->context, limit);
        program_->heap_limit = limit;
    }
    return true;
}

void Search::go_on(Value at, Value after_empty) {
    if (at.as_int() < 0) return;
    // The bytes may have become fewer since.
    at_ = std::min(size_t(at.as_int()), text_.size());
    after_empty_ = after_empty.is_true();
}

// One call of the matcher, from positions up to last_start on. What is too dear for `limit` steps is a PCRE2_ERROR_MATCHLIMIT.
int Search::run(pcre2_real_code_8* code, size_t start, uint32_t options, size_t last_start, uint64_t limit) {
    if (program_->offset_limit != last_start) {
        pcre2_set_offset_limit(program_->context, last_start);
        program_->offset_limit = last_start;
    }
    const auto steps = uint32_t(std::min<uint64_t>(limit, kMostAttempts));
    if (program_->match_limit != steps) {
        pcre2_set_match_limit(program_->context, steps);
        program_->match_limit = steps;
    }
    auto match = [&](uint32_t more) {
        return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), start,
                           options | more | PCRE2_NO_UTF_CHECK, program_->data, program_->context);
    };
    const int r = match(0);
    return r == PCRE2_ERROR_JIT_STACKLIMIT ? match(PCRE2_NO_JIT) : r;
}

// The same with a look around now and then, for as many steps as any attempt may take.
int Search::run_watched(size_t start, uint32_t options) {
    Program& p = *program_;
    const uint64_t length = text_.size() - start + 1;
    if (!p.watched && p.watchable) {
        int error = 0;
        size_t offset = 0;
        p.watched = compile(pattern_->program.as<Str>()->view(), PCRE2_AUTO_CALLOUT, error, offset);
        p.watchable = p.watched;
    }
    if (!p.watched)
        return run(p.code, start, options, start, std::max(kUnwatchedWork / length, kUnwatchedAttempts));
    if (p.attempts == kAttemptsForJit && !p.watched_fast) {
        pcre2_jit_compile(p.watched, PCRE2_JIT_COMPLETE);
        p.watched_fast = true;
    }
    const uint64_t stretch = std::clamp<uint64_t>((uint64_t{1} << 22) / length, 1, 1024);
    Watch watch{vm_, stretch, stretch};
    pcre2_set_callout(p.context, look, &watch);
    const int r = run(p.watched, start, options, start, kMostAttempts);
    pcre2_set_callout(p.context, nullptr, nullptr);
    return r;
}

// Tries the positions from start to last_start.
Search::Tried Search::try_match(size_t start, uint32_t options, size_t last_start) {
    if (program_->attempts < kAttemptsForJit && runtime_of(vm_).grants.machine_code &&
        ++program_->attempts == kAttemptsForJit)
        pcre2_jit_compile(program_->code, PCRE2_JIT_COMPLETE);
    const uint64_t length = text_.size() - start + 1;
    const uint64_t starts = options & PCRE2_ANCHORED ? 1 : std::min(length - 1, last_start - start) + 1;
    const bool one = starts == 1;
    const uint64_t work = one ? kPositionWork : kPieceWork / starts;
    const uint64_t limit = std::max(work / length, kFewAttempts);
    int r = run(program_->code, start, options, last_start, limit);
    if (r == PCRE2_ERROR_MATCHLIMIT && limit < kMostAttempts) {
        charge(vm_, limit / 4);
        if (!one) return Tried::Dear;
        r = run_watched(start, options);
    }
    if (r > 0) {
        ends_ = pcre2_get_ovector_pointer(program_->data);
        matched_ = unsigned(r);
        return Tried::Found;
    }
    if (r == PCRE2_ERROR_NOMATCH) return Tried::Nothing;
    if (r == PCRE2_ERROR_MATCHLIMIT)
        vm_.raise(kShapeRuntimeError, "the regular expression takes too many steps on this text");
    else if (r == PCRE2_ERROR_HEAPLIMIT || r == PCRE2_ERROR_NOMEMORY)
        vm_.raise(kShapeMemoryError, "the regular expression takes too much memory on this text");
    else if (r == PCRE2_ERROR_CALLOUT)
        stop_now(vm_);
    else
        vm_.raise(kShapeRuntimeError, compile_error(r));
    return Tried::Raised;
}

Search::Found Search::match(bool whole) {
    if (!possible_) return Found::No;
    const uint32_t options = PCRE2_ANCHORED | (whole ? uint32_t(PCRE2_ENDANCHORED) : 0) |
                             (after_empty_ ? uint32_t(PCRE2_NOTEMPTY_ATSTART) : 0);
    const Tried tried = try_match(at_, options, PCRE2_UNSET);
    if (tried == Tried::Raised) return Found::Raised;
    if (tried == Tried::Nothing) return Found::No;
    charge(vm_, (ends_[1] - at_) / 64 + 1);
    return Found::Yes;
}

Search::Found Search::next() {
    using Clock = std::chrono::steady_clock;
    if (!possible_) return Found::No;
    size_t piece = kPiece;
    bool dear = false;  // one position at a time is enough
    for (size_t work = 0; work < kWork;) {
        // A short text is looked at in one go.
        const size_t last = dear ? at_ : text_.size() - at_ <= piece ? PCRE2_UNSET : at_ + piece;
        const bool is_long = text_.size() - at_ > kLongText;
        const Clock::time_point begun = is_long ? Clock::now() : Clock::time_point();
        const Tried tried = try_match(at_, after_empty_ ? uint32_t(PCRE2_NOTEMPTY_ATSTART) : 0, last);
        if (tried == Tried::Raised) return Found::Raised;
        if (tried == Tried::Dear) {
            dear = true;
            continue;
        }
        if (tried == Tried::Found) {
            vm_.budget -= int64_t((ends_[1] - at_) / 64 + 1);
            return Found::Yes;
        }
        if (last >= text_.size()) return Found::No;
        at_ = last + 1;
        while (str_ && at_ < text_.size() && (uint8_t(text_[at_]) & 0xc0) == 0x80) at_++;
        after_empty_ = false;
        work += kPiece;
        vm_.budget -= int64_t(kPiece / 8);
        // From each position on, all of the text may have been read.
        const auto taken = is_long ? Clock::now() - begun : Clock::duration::zero();
        piece = taken > kLongTime ? std::max<size_t>(piece / 8, 1) : std::min(piece * 2, kPiece);
        if (taken > kLongTime) charge(vm_, uint64_t(taken / kStepTime));
        if (stop_due(vm_)) vm_.safepoint_soon();
        if (vm_.budget <= 0) break;
    }
    return Found::Later;
}

// ---- what was found

// The group that was closed last: of those that end furthest right the outermost, else the last. 0: none.
int64_t Search::last_group() const {
    const Tuple* parents = pattern_->parents.as<Tuple>();
    int64_t last = 0;
    for (unsigned g = 1; g < matched_ && g < parents->size; g++) {
        if (ends_[2 * g] == PCRE2_UNSET) continue;
        if (last && ends_[2 * g + 1] < ends_[2 * last + 1]) continue;
        bool inside = false;
        if (last && ends_[2 * g + 1] == ends_[2 * last + 1])
            for (int64_t up = parents->items[g].as_int(); up > 0; up = parents->items[up].as_int())
                if (up == last) inside = true;
        if (!inside) last = g;
    }
    return last;
}

Value Search::part(std::string_view text) {
    if (!str_) {
        Bytes* b = make_bytes(vm_.heap, text);
        return b ? Value::object(b) : Value::unbound();
    }
    if (text.empty()) return Value::object(vm_.empty_string);
    if (text.size() == 1) return Value::object(vm_.strings.character(uint8_t(text[0])));
    if (text.size() == str_->size && str_->shape == kShapeStr && text.data() == str_->data())
        return Value::object(str_);
    Str* s = make_str_uninitialized(vm_.heap, text.size());
    if (!s) return Value::unbound();
    std::memcpy(s->own, text.data(), text.size());
    if (str_->ascii())
        s->aux = Str::kAscii;
    else
        finish_str(s);
    return Value::object(s);
}

Value Search::result(std::string_view text) {
    if (!str_) return part(text);
    Str* s = make_str(vm_.heap, text);
    return s ? Value::object(s) : Value::unbound();
}
Value Search::part(size_t from, size_t to) { return part(view(from, to)); }

Value Search::empty() {
    if (str_) return Value::object(vm_.empty_string);
    Bytes* b = make_bytes(vm_.heap, std::string_view());
    return b ? Value::object(b) : Value::unbound();
}

Value Search::make_match(Value string) {
    const size_t count = program_->groups + 1;
    Tuple* spans = make_tuple(vm_.heap, 2 * count);
    if (!spans) return Value::unbound();
    Value* to = spans->items;
    for (unsigned g = 0; g < count; g++, to += 2) {
        const bool set = g < matched_ && ends_[2 * g] != PCRE2_UNSET;
        // \K cannot be written, so the start is never behind the end.
        to[0] = set ? index(ends_[2 * g]) : Value::integer(-1);
        to[1] = set ? index(ends_[2 * g + 1]) : Value::integer(-1);
    }
    auto* m = vm_.heap.make<Match>(Kind::Record, kShapeRegexMatch);
    m->string = string;
    m->pattern = Value::object(pattern_);
    m->pos = Value::integer(pos_);
    m->endpos = Value::integer(endpos_);
    const int64_t last = last_group();
    m->last = last ? Value::integer(last) : Value::none();
    m->spans = Value::object(spans);
    return Value::object(m);
}

namespace {

// Methods that are written in the language: their class is a built-in one.
Outcome re_extend(VM& vm, Value* args) {  // class, name, function
    if (!is_str(args[1]) || !(args[0].is(Value::object(vm.type(kShapeRegexPattern))) ||
                              args[0].is(Value::object(vm.type(kShapeRegexMatch)))))
        return vm.type_error("no class of regular expressions");
    set_class_attribute(vm, args[0].as<Class>(), vm.intern(args[1].as<Str>()->view()), args[2]);
    return Value::none();
}

const NativeDef kFunctions[] = {
    {.signature = "compile(pattern, flags, read_template, /)", .fn = re_compile},
    {.signature = "extend(cls, name, function, /)", .fn = re_extend},
};

void init(VM& vm, Module* m) {
    define_pattern(vm, m);
    define_match(vm, m);
}

}  // namespace
}  // namespace regex

const ModuleDef kRegexModule = {.name = "_re",
                                .functions = regex::kFunctions,
                                .init = regex::init,
                                .doc = "What the module re is made of."};

}  // namespace gen
#endif
