// re.Pattern: searching, splitting, replacing. What works on short texts at once (`fn`) goes through longer ones in stretches
// (`step`), with all that it has made so far in its frame.
#if defined(GEN_HAS_PCRE2)
#include "runtime/modules/modules.h"
#include "runtime/modules/regex.h"
#include "runtime/types/bytes_methods.h"
#include "runtime/types/str_methods.h"

namespace gen::regex {

namespace {

using Found = Search::Found;
const Pattern* pattern_of(Value v) { return v.as<Pattern>(); }

// How a stretch of work on a long text has ended.
enum class Stretch : uint8_t { Over, More, Call, Raised, NoRoom };

// ---- one match

template <bool whole>
Outcome pattern_match(VM& vm, Value* args) {  // self, string, pos, endpos
    int64_t from, to;
    Outcome failure = Value::none();
    if (!get_limits(vm, args[2], args[3], from, to, failure)) return failure;
    Search s(vm, args[0]);
    if (!s.open(args[1], from, to)) return Outcome::raised();
    switch (s.match(whole)) {
        case Found::Raised:
            return Outcome::raised();
        case Found::Yes:
            return vm.checked(s.make_match(args[1]));
        default:
            return Value::none();
    }
}

Outcome pattern_search(VM& vm, Value* args) {  // self, string, pos, endpos
    int64_t from, to;
    Outcome failure = Value::none();
    if (!get_limits(vm, args[2], args[3], from, to, failure)) return failure;
    Search s(vm, args[0]);
    if (!s.open(args[1], from, to)) return Outcome::raised();
    switch (s.next()) {
        case Found::Raised:
            return Outcome::raised();
        case Found::Yes:
            return vm.checked(s.make_match(args[1]));
        case Found::Later:
            return Outcome::unhandled();
        default:
            return Value::none();
    }
}
Outcome search_stretch(VM& vm, NativeFrame& frame) {  // unhandled(): go on
    Search s(vm, frame[0]);
    int64_t from, to;
    Outcome failure = Value::none();
    if (!get_limits(vm, frame[2], frame[3], from, to, failure)) return failure;
    if (!s.open(frame[1], from, to)) return Outcome::raised();
    s.go_on(frame[4], Value::boolean(false));
    switch (s.next()) {
        case Found::Raised:
            return Outcome::raised();
        case Found::Yes:
            return vm.checked(s.make_match(frame[1]));
        case Found::Later:
            frame[4] = s.at();
            return Outcome::unhandled();
        default:
            return Value::none();
    }
}
Outcome pattern_search_step(VM& vm, NativeFrame& frame) {  // the same; 1 local: where to go on
    Outcome o = Value::none();
    switch (frame.step_state()) {
        case 0:
            if (needs_index(vm, frame[2])) {
                AWAIT(1, op_index(vm, frame[2]));
                frame[2] = frame.result();
            }
            if (needs_index(vm, frame[3])) {
                AWAIT(2, op_index(vm, frame[3]));
                frame[3] = frame.result();
            }
            frame[4] = Value::integer(-1);
            do {
                PAUSE(3);
                o = search_stretch(vm, frame);
            } while (o.is_unhandled());
    }
    return o;
}

// ---- findall

// What findall() gives for a match.
bool add_found(VM& vm, Search& s, List* found) {
    Value item;
    if (s.groups() <= 1) {
        item = s.groups() ? s.group(1, Value::none()) : s.part(s.start(), s.end());
        if (item.is_none()) item = s.empty();
    } else {
        Tuple* t = make_tuple(vm.heap, s.groups());
        if (!t) return false;
        for (size_t g = 0; g < s.groups(); g++) {
            t->items[g] = s.has(g + 1) ? s.part(s.start(g + 1), s.end(g + 1)) : s.empty();
            if (t->items[g].is_unbound()) return false;
        }
        item = Value::object(t);
    }
    return !item.is_unbound() && list_append(vm.heap, found, item);
}

// Goes on with all matches until the end of the stretch, or `most` of them (0: all).
template <class F>
Stretch each_match(VM& vm, Search& s, size_t work, int64_t most, int64_t& count, F take) {
    for (size_t done = 0; done < work && (!most || count < most);) {
        switch (s.next()) {
            case Found::Raised:
                return Stretch::Raised;
            case Found::No:
                return Stretch::Over;
            case Found::Later:
                return Stretch::More;
            case Found::Yes:
                break;
        }
        if (!take()) return Stretch::NoRoom;
        count++;
        done += s.end() - s.start() + 8 * (s.groups() + 2);
        s.pass();
        if (vm.budget <= 0) return !most || count < most ? Stretch::More : Stretch::Over;
    }
    return most && count >= most ? Stretch::Over : Stretch::More;
}
constexpr size_t kWork = 4096;  // about as many positions and results between two looks around

Outcome pattern_findall(VM& vm, Value* args) {  // self, string, pos, endpos
    int64_t from, to, count = 0;
    Outcome failure = Value::none();
    if (!get_limits(vm, args[2], args[3], from, to, failure)) return failure;
    Search s(vm, args[0]);
    if (!s.open(args[1], from, to)) return Outcome::raised();
    if (!s.is_short()) return Outcome::unhandled();
    List* found = make_list(vm.heap);
    switch (each_match(vm, s, SIZE_MAX, 0, count, [&] { return add_found(vm, s, found); })) {
        case Stretch::Raised:
            return Outcome::raised();
        case Stretch::NoRoom:
            return vm.no_room();
        case Stretch::Over:
            return Value::object(found);
        default:
            return Outcome::unhandled();
    }
}
enum FindAll : size_t { kFoundList = 4, kFoundAt, kFoundAfter };
Stretch findall_stretch(VM& vm, NativeFrame& frame) {
    int64_t from, to, count = 0;
    Outcome failure = Value::none();
    Search s(vm, frame[0]);
    if (!get_limits(vm, frame[2], frame[3], from, to, failure) || !s.open(frame[1], from, to))
        return Stretch::Raised;
    s.go_on(frame[kFoundAt], frame[kFoundAfter]);
    List* found = frame[kFoundList].as<List>();
    Stretch end = each_match(vm, s, kWork, 0, count, [&] { return add_found(vm, s, found); });
    frame[kFoundAt] = s.at();
    frame[kFoundAfter] = s.after_empty();
    return end;
}
Outcome pattern_findall_step(VM& vm, NativeFrame& frame) {
    Stretch end = Stretch::More;
    switch (frame.step_state()) {
        case 0:
            if (needs_index(vm, frame[2])) {
                AWAIT(1, op_index(vm, frame[2]));
                frame[2] = frame.result();
            }
            if (needs_index(vm, frame[3])) {
                AWAIT(2, op_index(vm, frame[3]));
                frame[3] = frame.result();
            }
            frame[kFoundList] = vm.list();
            frame[kFoundAt] = Value::integer(-1);
            do {
                PAUSE(3);
                end = findall_stretch(vm, frame);
            } while (end == Stretch::More);
    }
    if (end == Stretch::NoRoom) return vm.out_of_memory();
    return end == Stretch::Raised ? Outcome::raised() : Outcome(frame[kFoundList]);
}

// ---- split

bool add_split(VM& vm, Search& s, List* parts, size_t& last) {
    Value text = s.part(last, s.start());
    if (text.is_unbound() || !list_append(vm.heap, parts, text)) return false;
    for (size_t g = 1; g <= s.groups(); g++) {
        Value group = s.group(g, Value::none());
        if (group.is_unbound() || !list_append(vm.heap, parts, group)) return false;
    }
    last = s.end();
    return true;
}
bool end_split(VM& vm, Search& s, List* parts, size_t last) {
    Value text = s.part(last, s.size());
    return !text.is_unbound() && list_append(vm.heap, parts, text);
}

Outcome pattern_split(VM& vm, Value* args) {  // self, string, maxsplit
    int64_t most = 0, count = 0;
    Outcome failure = Value::none();
    if (!get_size(vm, args[2], most, failure)) return failure;
    Search s(vm, args[0]);
    if (!s.open(args[1])) return Outcome::raised();
    if (most >= 0 && !s.is_short()) return Outcome::unhandled();
    List* parts = make_list(vm.heap);
    size_t last = 0;
    Stretch end =
        most < 0 ? Stretch::Over
                 : each_match(vm, s, SIZE_MAX, most, count, [&] { return add_split(vm, s, parts, last); });
    if (end == Stretch::Raised) return Outcome::raised();
    if (end == Stretch::More) return Outcome::unhandled();
    if (end == Stretch::NoRoom || !end_split(vm, s, parts, last)) return vm.no_room();
    return Value::object(parts);
}
enum Split : size_t { kParts = 3, kSplitAt, kSplitAfter, kSplitLast, kSplits };
Stretch split_stretch(VM& vm, NativeFrame& frame) {
    int64_t most = 0, count = frame[kSplits].as_int();
    Outcome failure = Value::none();
    Search s(vm, frame[0]);
    if (!get_size(vm, frame[2], most, failure) || !s.open(frame[1])) return Stretch::Raised;
    s.go_on(frame[kSplitAt], frame[kSplitAfter]);
    List* parts = frame[kParts].as<List>();
    auto last = size_t(frame[kSplitLast].as_int());
    Stretch end = each_match(vm, s, kWork, most, count, [&] { return add_split(vm, s, parts, last); });
    if (end == Stretch::Over && !end_split(vm, s, parts, last)) return Stretch::NoRoom;
    frame[kSplitAt] = s.at();
    frame[kSplitAfter] = s.after_empty();
    frame[kSplitLast] = Value::integer(int64_t(last));
    frame[kSplits] = Value::integer(count);
    return end;
}
Outcome pattern_split_step(VM& vm, NativeFrame& frame) {
    Stretch end = Stretch::More;
    switch (frame.step_state()) {
        case 0:
            if (needs_index(vm, frame[2])) {
                AWAIT(1, op_index(vm, frame[2]));
                frame[2] = frame.result();
            }
            frame[kParts] = vm.list();
            frame[kSplitAt] = Value::integer(-1);
            frame[kSplitLast] = frame[kSplits] = Value::integer(0);
            do {
                PAUSE(2);
                end = split_stretch(vm, frame);
            } while (end == Stretch::More);
    }
    if (end == Stretch::NoRoom) return vm.out_of_memory();
    return end == Stretch::Raised ? Outcome::raised() : Outcome(frame[kParts]);
}

// ---- sub and subn

// What a template stands for, where that is known: a str or bytes, or a tuple of these and of numbers of groups; else unbound.
Value known_template(VM& vm, const Pattern* p, Value repl) {
    const bool bytes = p->is_bytes.is_true();
    if (is_exact_str(repl) && !bytes) {
        if (repl.as<Str>()->view().find('\\') == std::string_view::npos) return repl;
        return vm.get(p->templates.as<Dict>(), repl.as<Str>());
    }
    if (is_exact(repl, kShapeBytes) && bytes &&
        view_of(repl.as<Bytes>()).find('\\') == std::string_view::npos)
        return repl;
    return Value::unbound();
}
constexpr uint32_t kMostTemplates = 50;
bool remember_template(VM& vm, const Pattern* p, Value repl, Value t) {
    if (!is_exact_str(repl) || p->is_bytes.is_true()) return true;
    Dict* known = p->templates.as<Dict>();
    return (dict_length(known) < kMostTemplates || dict_clear(vm.heap, known)) &&
           vm.set(known, repl.as<Str>(), t);
}

// What is not of the text's kind, which only a read_template of somebody else's can give, adds nothing.
std::string_view literal(const Search& s, Value v) {
    if (!s.pattern()->is_bytes.is_true()) return is_str(v) ? v.as<Str>()->view() : std::string_view();
    return v.is_object() && v.as_object()->kind == Kind::Bytes ? view_of(v.as<Bytes>()) : std::string_view();
}
void expand(const Search& s, Value t, StringBuilder& out) {
    if (!is_tuple(t)) return out.append(literal(s, t));
    for (uint64_t i = 0; i < t.as<Tuple>()->size; i++) {
        Value part = t.as<Tuple>()->items[i];
        if (!part.is_int()) {
            out.append(literal(s, part));
        } else if (const auto g = uint64_t(part.as_int()); g <= s.groups() && s.has(g)) {
            out.append(s.view(s.start(g), s.end(g)));
        }
    }
}

Outcome counted_result(VM& vm, Value text, int64_t count, bool with_count) {
    if (text.is_unbound()) return vm.no_room();
    return with_count ? vm.checked(vm.tuple({text, Value::integer(count)})) : Outcome(text);
}
// Nothing was replaced.
Outcome unchanged(VM& vm, Search& s, Value string, bool with_count) {
    const bool exact = is_exact_str(string) || is_exact(string, kShapeBytes);
    return counted_result(vm, exact ? string : s.part(0, s.size()), 0, with_count);
}

template <bool with_count>
Outcome pattern_sub(VM& vm, Value* args) {  // self, repl, string, count
    int64_t most = 0, count = 0;
    Outcome failure = Value::none();
    if (!get_size(vm, args[3], most, failure)) return failure;
    Value t = known_template(vm, pattern_of(args[0]), args[1]);
    if (t.is_unbound()) return Outcome::unhandled();
    Search s(vm, args[0]);
    if (!s.open(args[2])) return Outcome::raised();
    if (most < 0) return unchanged(vm, s, args[2], with_count);
    if (!s.is_short()) return Outcome::unhandled();
    StringBuilder out(vm.heap);
    size_t last = 0;
    Stretch end = each_match(vm, s, SIZE_MAX, most, count, [&] {
        out.append(s.view(last, s.start()));
        expand(s, t, out);
        last = s.end();
        return !out.failed();
    });
    if (end == Stretch::Raised) return Outcome::raised();
    if (end == Stretch::NoRoom) return vm.no_room();
    if (end == Stretch::More) return Outcome::unhandled();
    if (!count) return unchanged(vm, s, args[2], with_count);
    out.append(s.view(last, s.size()));
    if (out.failed()) return vm.no_room();
    return counted_result(vm, s.result(out.view()), count, with_count);
}

enum Sub : size_t { kPattern, kRepl, kString, kCount, kPieces, kAt, kAfter, kLast, kDone, kTemplate, kMatch };
constexpr size_t kMostBuilt = 64 * 1024;  // bytes of a piece of the result

Stretch sub_stretch(VM& vm, NativeFrame& frame) {
    int64_t most = 0, count = frame[kDone].as_int();
    Outcome failure = Value::none();
    Search s(vm, frame[kPattern]);
    if (!get_size(vm, frame[kCount], most, failure) || !s.open(frame[kString])) return Stretch::Raised;
    s.go_on(frame[kAt], frame[kAfter]);
    List* pieces = frame[kPieces].as<List>();
    auto last = size_t(frame[kLast].as_int());
    auto add = [&](Value piece) { return !piece.is_unbound() && list_append(vm.heap, pieces, piece); };
    Stretch end;
    if (most < 0) {
        end = Stretch::Over;
    } else if (frame[kTemplate].is_unbound()) {
        bool called = false;
        end = each_match(vm, s, 1, most, count, [&] {
            called = true;
            if (s.start() > last && !add(s.part(last, s.start()))) return false;
            last = s.end();
            frame[kMatch] = s.make_match(frame[kString]);
            return !frame[kMatch].is_unbound();
        });
        if (called && (end == Stretch::More || end == Stretch::Over)) end = Stretch::Call;
    } else {
        StringBuilder out(vm.heap);
        end = each_match(vm, s, kWork, most, count, [&] {
            out.append(s.view(last, s.start()));
            expand(s, frame[kTemplate], out);
            last = s.end();
            // A piece that is full: this makes it the last match of the stretch.
            if (out.size() >= kMostBuilt) vm.safepoint_soon();
            return !out.failed();
        });
        if (end == Stretch::Raised || end == Stretch::NoRoom) return end;
        if (out.size() && !add(s.result(out.view()))) return Stretch::NoRoom;
    }
    if (end == Stretch::Over && count && last < s.size() && !add(s.part(last, s.size())))
        return Stretch::NoRoom;
    frame[kAt] = s.at();
    frame[kAfter] = s.after_empty();
    frame[kLast] = Value::integer(int64_t(last));
    frame[kDone] = Value::integer(count);
    return end;
}

Outcome join_pieces(VM& vm, NativeFrame& frame, bool with_count) {
    const bool bytes = pattern_of(frame[kPattern])->is_bytes.is_true();
    Search s(vm, frame[kPattern]);
    if (!s.open(frame[kString])) return Outcome::raised();
    const int64_t count = frame[kDone].as_int();
    if (!count) return unchanged(vm, s, frame[kString], with_count);
    Value args[2] = {s.empty(), frame[kPieces]};
    if (args[0].is_unbound()) return vm.no_room();
    Outcome joined = bytes ? bytes_join(vm, args) : str_join(vm, args);
    return joined.is_value() ? counted_result(vm, joined.value(), count, with_count) : joined;
}

template <bool with_count>
Outcome pattern_sub_step(VM& vm, NativeFrame& frame) {
    Stretch end = Stretch::More;
    switch (frame.step_state()) {
        case 0:
            if (needs_index(vm, frame[kCount])) {
                AWAIT(1, op_index(vm, frame[kCount]));
                frame[kCount] = frame.result();
            }
            if (!is_callable(vm, frame[kRepl])) {
                frame[kTemplate] = known_template(vm, pattern_of(frame[kPattern]), frame[kRepl]);
                if (frame[kTemplate].is_unbound()) {
                    AWAIT(2, vm.call(pattern_of(frame[kPattern])->read_template,
                                     {frame[kRepl], frame[kPattern]}));
                    frame[kTemplate] = frame.result();
                    if (!remember_template(vm, pattern_of(frame[kPattern]), frame[kRepl], frame[kTemplate]))
                        return vm.out_of_memory();
                }
            }
            frame[kPieces] = vm.list();
            frame[kAt] = Value::integer(-1);
            frame[kLast] = frame[kDone] = Value::integer(0);
            do {
                PAUSE(3);
                end = sub_stretch(vm, frame);
                if (end == Stretch::Call) {
                    AWAIT(4, vm.call(frame[kRepl], {frame[kMatch]}));
                    end = Stretch::More;
                    if (!frame.result().is_none() &&
                        !list_append(vm.heap, frame[kPieces].as<List>(), frame.result()))
                        end = Stretch::NoRoom;
                }
            } while (end == Stretch::More);
    }
    if (end == Stretch::NoRoom) return vm.out_of_memory();
    return end == Stretch::Raised ? Outcome::raised() : join_pieces(vm, frame, with_count);
}

// ---- the rest

Outcome pattern_new(VM& vm, Value*) { return vm.type_error("cannot create 're.Pattern' instances"); }

Outcome pattern_eq(VM& vm, Value* args) {
    if (!is_exact(args[1], kShapeRegexPattern)) return Value::not_implemented();
    const Pattern *a = pattern_of(args[0]), *b = pattern_of(args[1]);
    if (!a->flags.is(b->flags) || !a->is_bytes.is(b->is_bytes)) return Value::boolean(false);
    if (a->is_bytes.is_false())
        return Value::boolean(a->source.as<Str>()->view() == b->source.as<Str>()->view());
    std::string_view one, other;
    std::string scratch, other_scratch;
    view_bytes(vm, a->source, one, scratch);
    view_bytes(vm, b->source, other, other_scratch);
    return Value::boolean(one == other);
}
Outcome pattern_hash(VM& vm, Value* args) {
    const Pattern* p = pattern_of(args[0]);
    const auto mixed = int64_t(hash_str(vm.hash_key, p->program.as<Str>()) ^ uint64_t(p->flags.as_int()));
    return Value::integer(mixed >> 2);
}

template <Value Pattern::*field>
Outcome get(VM&, Value self) {
    return pattern_of(self)->*field;
}

const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwds)", .fn = pattern_new, .flags = kStaticNative},
    {.signature = "match(self, /, string, pos=0, endpos=sys.maxsize)",
     .fn = pattern_match<false>,
     .step = step_with_index,
     .locals = 1,
     .doc = "Matches zero or more characters at the beginning of the string."},
    {.signature = "fullmatch(self, /, string, pos=0, endpos=sys.maxsize)",
     .fn = pattern_match<true>,
     .step = step_with_index,
     .locals = 1,
     .doc = "Matches against all of the string."},
    {.signature = "search(self, /, string, pos=0, endpos=sys.maxsize)",
     .fn = pattern_search,
     .step = pattern_search_step,
     .locals = 1,
     .doc = "Scan through string looking for a match, and return a corresponding match object "
            "instance.\n\nReturn None if no position in the string matches."},
    {.signature = "finditer(self, /, string, pos=0, endpos=sys.maxsize)",
     .fn = make_scan,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return an iterator over all non-overlapping matches for the RE pattern in string.\n\nFor each "
            "match, the iterator returns a match object."},
    {.signature = "scanner(self, /, string, pos=0, endpos=sys.maxsize)",
     .fn = make_scan,
     .step = step_with_index,
     .locals = 1},
    {.signature = "findall(self, /, string, pos=0, endpos=sys.maxsize)",
     .fn = pattern_findall,
     .step = pattern_findall_step,
     .locals = 3,
     .doc = "Return a list of all non-overlapping matches of pattern in string."},
    {.signature = "split(self, /, string, maxsplit=0)",
     .fn = pattern_split,
     .step = pattern_split_step,
     .locals = 5,
     .doc = "Split string by the occurrences of pattern."},
    {.signature = "sub(self, /, repl, string, count=0)",
     .fn = pattern_sub<false>,
     .step = pattern_sub_step<false>,
     .locals = 7,
     .doc = "Return the string obtained by replacing the leftmost non-overlapping occurrences of pattern in "
            "string by the replacement repl."},
    {.signature = "subn(self, /, repl, string, count=0)",
     .fn = pattern_sub<true>,
     .step = pattern_sub_step<true>,
     .locals = 7,
     .doc = "Return the tuple (new_string, number_of_subs_made) found by replacing the leftmost "
            "non-overlapping occurrences of pattern with the replacement repl."},
    {.signature = "__eq__(self, other, /)", .fn = pattern_eq},
    {.signature = "__hash__(self, /)", .fn = pattern_hash},
    {.signature = "__copy__(self, /)", .fn = same},
    {.signature = "__deepcopy__(self, memo, /)", .fn = same},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
};
const AttributeDef kAttributes[] = {
    {"pattern", get<&Pattern::source>, nullptr, "The pattern string from which the RE object was compiled."},
    {"flags", get<&Pattern::flags>, nullptr, "The regex matching flags."},
    {"groups", get<&Pattern::groups>, nullptr, "The number of capturing groups in the pattern."},
    {"groupindex", get<&Pattern::groupindex>, nullptr, "A dictionary mapping group names to group numbers."},
};

}  // namespace

void define_pattern(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeRegexPattern,
                     .methods = kMethods,
                     .attributes = kAttributes,
                     .doc = "Compiled regular expression object."});
    vm.type(kShapeRegexPattern)->module = vm.str("re");
    vm.set(m->dict, "Pattern", Value::object(vm.type(kShapeRegexPattern)));
}

}  // namespace gen::regex
#endif
