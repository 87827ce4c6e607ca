// re.Match, and what goes from match to match.
#if defined(GEN_HAS_PCRE2)
#include "runtime/modules/modules.h"
#include "runtime/modules/regex.h"

namespace gen::regex {

namespace {

const Match* match_of(Value v) { return v.as<Match>(); }
const Pattern* pattern_of(const Match* m) { return m->pattern.as<Pattern>(); }
int64_t start_of(const Match* m, int64_t group) { return m->spans.as<Tuple>()->items[2 * group].as_int(); }
int64_t end_of(const Match* m, int64_t group) { return m->spans.as<Tuple>()->items[2 * group + 1].as_int(); }

// ---- groups

// The number of a group that is given by number or name; unbound: the whole match. False: `failure` is to be returned.
bool group_number(VM& vm, const Match* m, Value group, int64_t& number, Outcome& failure) {
    number = -1;
    if (group.is_int()) {
        number = group.as_int();
    } else if (group.is_unbound()) {
        number = 0;
    } else if (is_int_like(group)) {
        number = int_clamp(group);
    } else if (is_str(group)) {
        Value found =
            vm.get(pattern_of(m)->groupindex.as<MappingProxy>()->mapping.as<Dict>(), group.as<Str>());
        if (found.is_int()) number = found.as_int();
    } else if (needs_index(vm, group)) {
        failure = Outcome::unhandled();
        return false;
    }
    if (number >= 0 && number <= pattern_of(m)->groups.as_int()) return true;
    failure = vm.raise(kShapeIndexError, "no such group");
    return false;
}

// Unbound: out of memory.
Value text_of(VM& vm, const Match* m, int64_t group, Value otherwise) {
    const int64_t start = start_of(m, group), end = end_of(m, group);
    if (start < 0) return otherwise;
    if (is_str(m->string)) {
        Str* s = m->string.as<Str>();
        if (end - start == 1 && s->ascii())
            return Value::object(vm.strings.character(uint8_t(s->data()[start])));
        if (start == end) return Value::object(vm.empty_string);
        Str* part = substr(vm.heap, s, uint32_t(start), uint32_t(end));
        return part ? Value::object(part) : Value::unbound();
    }
    std::string_view bytes;
    std::string scratch;
    view_bytes(vm, m->string, bytes, scratch);  // they may have become fewer since
    bytes = bytes.substr(std::min(size_t(start), bytes.size()), size_t(end - start));
    if (is_exact(m->string, kShapeBytes) && bytes.size() == m->string.as<Bytes>()->size) return m->string;
    Bytes* part = make_bytes(vm.heap, bytes);
    return part ? Value::object(part) : Value::unbound();
}

Outcome text_of_group(VM& vm, const Match* m, Value group) {
    int64_t number;
    Outcome failure = Value::none();
    if (!group_number(vm, m, group, number, failure)) return failure;
    return vm.checked(text_of(vm, m, number, Value::none()));
}

Outcome match_group(VM& vm, Value* args) {  // self, group, *groups
    const Match* m = match_of(args[0]);
    const Tuple* more = args[2].as<Tuple>();
    if (!more->size) return text_of_group(vm, m, args[1]);
    Tuple* texts = make_tuple(vm.heap, more->size + 1);
    if (!texts) return vm.no_room();
    for (uint64_t i = 0; i <= more->size; i++) texts->items[i] = Value::none();
    for (uint64_t i = 0; i <= more->size; i++) {
        Outcome o = text_of_group(vm, m, i ? more->items[i - 1] : args[1]);
        if (!o.is_value()) return o;
        texts->items[i] = o.value();
    }
    return Value::object(texts);
}
Outcome match_group_step(VM& vm,
                         NativeFrame& frame) {  // the same, some are given by what has __index__; 1 local
    switch (frame.step_state()) {
        case 0:
            if (needs_index(vm, frame[1])) {
                AWAIT(1, op_index(vm, frame[1]));
                frame[1] = frame.result();
            }
            if (Tuple* own = make_tuple(vm.heap, frame[2].as<Tuple>()->items, frame[2].as<Tuple>()->size))
                frame[2] = Value::object(own);
            else
                return vm.out_of_memory();
            for (frame[3] = Value::integer(0); frame[3].as_int() < int64_t(frame[2].as<Tuple>()->size);
                 frame[3] = Value::integer(frame[3].as_int() + 1)) {
                if (!needs_index(vm, frame[2].as<Tuple>()->items[frame[3].as_int()])) continue;
                AWAIT(2, op_index(vm, frame[2].as<Tuple>()->items[frame[3].as_int()]));
                frame[2].as<Tuple>()->items[frame[3].as_int()] = frame.result();
                vm.heap.write(frame[2].as_object());
            }
    }
    return match_group(vm, &frame[0]);
}

Outcome match_getitem(VM& vm, Value* args) { return text_of_group(vm, match_of(args[0]), args[1]); }

Outcome match_groups(VM& vm, Value* args) {  // self, default
    const Match* m = match_of(args[0]);
    const Value otherwise = args[1].is_unbound() ? Value::none() : args[1];
    const auto count = uint64_t(pattern_of(m)->groups.as_int());
    if (!count) return Value::object(vm.empty_tuple);
    Tuple* texts = make_tuple(vm.heap, count);
    if (!texts) return vm.no_room();
    for (uint64_t i = 0; i < count; i++) {
        texts->items[i] = text_of(vm, m, int64_t(i) + 1, otherwise);
        if (texts->items[i].is_unbound()) return vm.no_room();
    }
    return Value::object(texts);
}

Outcome match_groupdict(VM& vm, Value* args) {  // self, default
    const Match* m = match_of(args[0]);
    const Value otherwise = args[1].is_unbound() ? Value::none() : args[1];
    Dict* result = vm.dict();
    const Dict* numbers = pattern_of(m)->groupindex.as<MappingProxy>()->mapping.as<Dict>();
    uint32_t position = 0;
    while (const DictEntry* e = next_entry(numbers, position)) {
        Value text = text_of(vm, m, e->value.as_int(), otherwise);
        if (text.is_unbound() || !vm.set(result, e->key.as<Str>(), text)) return vm.no_room();
    }
    return Value::object(result);
}

enum class Place { Start, End, Span };
Value place_of(VM& vm, const Match* m, int64_t group, Place place) {
    const Value* span = m->spans.as<Tuple>()->items + 2 * group;
    if (place != Place::Span) return span[place == Place::End];
    Tuple* t = make_tuple(vm.heap, span, 2);
    return t ? Value::object(t) : Value::unbound();
}
template <Place place>
Outcome match_place(VM& vm, Value* args) {  // self, group
    int64_t number;
    Outcome failure = Value::none();
    if (!group_number(vm, match_of(args[0]), args[1], number, failure)) return failure;
    return place_of(vm, match_of(args[0]), number, place);
}

Outcome match_repr(VM& vm, Value* args) {
    const Match* m = match_of(args[0]);
    Value text = text_of(vm, m, 0, Value::none());
    if (text.is_unbound()) return vm.no_room();
    text = fast_repr(vm, text);
    if (text.is_unbound()) return vm.no_room();
    StringBuilder out(vm.heap);
    out.append("<re.Match object; span=(" + std::to_string(start_of(m, 0)) + ", " +
               std::to_string(end_of(m, 0)) + "), match=");
    out.append(text.as<Str>());
    out.append('>');
    return finish(vm, out);
}

// ---- attributes

template <Value Match::*field>
Outcome get(VM&, Value self) {
    return match_of(self)->*field;
}
Outcome get_lastgroup(VM&, Value self) {
    const Match* m = match_of(self);
    return m->last.is_int() ? pattern_of(m)->names.as<Tuple>()->items[m->last.as_int()] : Value::none();
}
Outcome get_regs(VM& vm, Value self) {
    const Match* m = match_of(self);
    Tuple* regs = make_tuple(vm.heap, uint64_t(pattern_of(m)->groups.as_int()) + 1);
    if (!regs) return vm.out_of_memory();
    for (uint64_t i = 0; i < regs->size; i++) regs->items[i] = place_of(vm, m, int64_t(i), Place::Span);
    return Value::object(regs);
}

Outcome match_reduce(VM& vm, Value*) { return vm.type_error("cannot pickle 're.Match' object"); }
Outcome match_new(VM& vm, Value*) { return vm.type_error("cannot create 're.Match' instances"); }

const NativeDef kMatchMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwds)", .fn = match_new, .flags = kStaticNative},
    {.signature = "group(self, group=0, /, *groups)",
     .fn = match_group,
     .step = match_group_step,
     .locals = 1,
     .doc = "Return subgroup(s) of the match by indices or names.\n\nFor 0 returns the entire match."},
    {.signature = "__getitem__(self, key, /)", .fn = match_getitem, .step = step_with_index},
    {.signature = "groups(self, default=None)",
     .fn = match_groups,
     .doc = "Return a tuple containing all the subgroups of the match, from 1."},
    {.signature = "groupdict(self, default=None)",
     .fn = match_groupdict,
     .doc = "Return a dictionary containing all the named subgroups of the match, keyed by the subgroup "
            "name."},
    {.signature = "start(self, group=0, /)",
     .fn = match_place<Place::Start>,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return index of the start of the substring matched by group."},
    {.signature = "end(self, group=0, /)",
     .fn = match_place<Place::End>,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return index of the end of the substring matched by group."},
    {.signature = "span(self, group=0, /)",
     .fn = match_place<Place::Span>,
     .step = step_with_index,
     .locals = 1,
     .doc = "For match object m, return the 2-tuple (m.start(group), m.end(group))."},
    {.signature = "__copy__(self, /)", .fn = same},
    {.signature = "__deepcopy__(self, memo, /)", .fn = same},
    {.signature = "__reduce_ex__(self, protocol, /)", .fn = match_reduce},
    {.signature = "__repr__(self, /)", .fn = match_repr},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
};
const AttributeDef kMatchAttributes[] = {
    {"string", get<&Match::string>, nullptr, "The string passed to match() or search()."},
    {"re", get<&Match::pattern>, nullptr, "The regular expression object."},
    {"pos", get<&Match::pos>, nullptr,
     "The index into the string at which the RE engine started looking for a match."},
    {"endpos", get<&Match::endpos>, nullptr,
     "The index into the string beyond which the RE engine will not go."},
    {"lastindex", get<&Match::last>, nullptr, "The integer index of the last matched capturing group."},
    {"lastgroup", get_lastgroup, nullptr, "The name of the last matched capturing group."},
    {"regs", get_regs},
};

// ---- going from match to match

enum class Answer { Next, Search, Match };  // Next: the end is the iterator's

// unhandled(): a stretch without a match has been passed, go on.
template <Answer answer>
Outcome advance(VM& vm, Scan* scan) {
    const Outcome over = answer == Answer::Next ? Outcome::stop() : Outcome(Value::none());
    if (scan->string.is_unbound()) return over;
    Search s(vm, scan->pattern);
    if (!s.open(scan->string, scan->pos.as_int(), scan->endpos.as_int())) return Outcome::raised();
    s.go_on(scan->at, scan->after_empty);
    Value m;
    switch (answer == Answer::Match ? s.match(false) : s.next()) {
        case Search::Found::Raised:
            return Outcome::raised();
        case Search::Found::No:
            scan->string = Value::unbound();
            return over;
        case Search::Found::Yes:
            m = s.make_match(scan->string);
            if (m.is_unbound()) return vm.no_room();
            s.pass();
            break;
        case Search::Found::Later:
            break;
    }
    scan->at = s.at();
    scan->after_empty = s.after_empty();
    return m.is_unbound() ? Outcome::unhandled() : Outcome(m);
}
template <Answer answer>
Outcome scan(VM& vm, Value* args) {
    return advance<answer>(vm, args[0].as<Scan>());
}
template <Answer answer>
Outcome scan_step(VM& vm, NativeFrame& frame) {
    Outcome o = Value::none();
    switch (frame.step_state()) {
        case 0:
            do {
                PAUSE(1);
                o = advance<answer>(vm, frame[0].as<Scan>());
            } while (o.is_unhandled());
    }
    return o;
}

Outcome scan_new(VM& vm, Value*) { return vm.type_error("cannot create 'callable_iterator' instances"); }

const NativeDef kScanMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwds)", .fn = scan_new, .flags = kStaticNative},
    {.signature = "__iter__(self, /)", .fn = same},
    {.signature = "__next__(self, /)", .fn = scan<Answer::Next>, .step = scan_step<Answer::Next>},
    {.signature = "search(self, /)", .fn = scan<Answer::Search>, .step = scan_step<Answer::Search>},
    {.signature = "match(self, /)", .fn = scan<Answer::Match>, .step = scan_step<Answer::Match>},
};
Outcome get_pattern(VM&, Value self) { return self.as<Scan>()->pattern; }
const AttributeDef kScanAttributes[] = {{"pattern", get_pattern}};

}  // namespace

Outcome make_scan(VM& vm, Value* args) {
    int64_t from, to;
    Outcome failure = Value::none();
    if (!get_limits(vm, args[2], args[3], from, to, failure)) return failure;
    Search s(vm, args[0]);
    if (!s.open(args[1])) return Outcome::raised();
    auto* scan = vm.heap.make<Scan>(Kind::Record, kShapeRegexScan);
    scan->string = args[1];
    scan->pattern = args[0];
    scan->pos = Value::integer(std::clamp<int64_t>(from, 0, kMostIndex));
    scan->endpos = Value::integer(std::clamp<int64_t>(to, 0, kMostIndex));
    scan->at = Value::integer(-1);
    scan->after_empty = Value::boolean(false);
    return Value::object(scan);
}

void define_match(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeRegexMatch,
                     .methods = kMatchMethods,
                     .attributes = kMatchAttributes,
                     .doc = "The result of re.match() and re.search().\nMatch objects always have a boolean "
                            "value of True."});
    define_type(vm, {.shape = kShapeRegexScan, .methods = kScanMethods, .attributes = kScanAttributes});
    vm.type(kShapeRegexMatch)->module = vm.str("re");
    vm.set(m->dict, "Match", Value::object(vm.type(kShapeRegexMatch)));
}

}  // namespace gen::regex
#endif
