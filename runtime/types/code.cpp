// Code objects and cells as scripts see them.
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"

namespace gen {

static Code* code_of(Value v) { return v.as<Code>(); }

// ---- code

// The bits of co_flags that mean something to programs.
struct FlagPair {
    uint32_t ours;
    int64_t theirs;
};
static constexpr FlagPair kFlags[] = {
    {Code::kVarArgs, 4},          {Code::kVarKeywords, 8},
    {Code::kNested, 16},          {Code::kGenerator, 32},
    {Code::kCoroutine, 128},      {Code::kIterableCoroutine, 256},
    {Code::kAsyncGenerator, 512}, {Code::kFutureAnnotations, 0x1000000},
};
static int64_t flags_of(const Code* code) {
    int64_t flags = code->code_flags & Code::kNewLocals ? 3 : 0;
    bool async_generator = code->code_flags & Code::kAsyncGenerator;
    for (auto [ours, theirs] : kFlags)
        if ((code->code_flags & ours) &&
            !(async_generator && (ours == Code::kGenerator || ours == Code::kCoroutine)))
            flags |= theirs;
    return flags;
}

static Outcome get_flags(VM&, Value self) { return Value::integer(flags_of(code_of(self))); }
static Outcome get_argcount(VM&, Value self) { return Value::integer(code_of(self)->positional); }
static Outcome get_posonly(VM&, Value self) { return Value::integer(code_of(self)->positional_only); }
static Outcome get_kwonly(VM&, Value self) { return Value::integer(code_of(self)->keyword_only); }
static Outcome get_stacksize(VM&, Value self) { return Value::integer(code_of(self)->registers); }
static Outcome get_first_line(VM&, Value self) { return Value::integer(code_of(self)->first_line); }
template <Value Code::*field>
static Outcome get_text(VM&, Value self) {
    return code_of(self)->*field;
}
template <Tuple* Code::*field>
static Outcome get_tuple(VM& vm, Value self) {
    if (!vm.read(code_of(self))) return Outcome::raised();
    Tuple* t = code_of(self)->*field;
    return Value::object(t ? t : vm.empty_tuple);
}
static Outcome get_code_bytes(VM& vm, Value self) {
    if (!vm.read(code_of(self))) return Outcome::raised();
    Blob* b = code_of(self)->instructions;
    return vm.checked(Value::object(make_bytes(vm.heap, b->data, b->size)));
}

static bool contains(const Tuple* t, Value v) {
    for (uint64_t i = 0; t && i < t->size; i++)
        if (t->items[i].is(v)) return true;
    return false;
}

// Locals but for captured ones that are no parameters.
static Outcome get_varnames(VM& vm, Value self) {
    Code* code = code_of(self);
    if (!vm.read(code)) return Outcome::raised();
    std::vector<Value> names;
    for (uint64_t i = 0; i < code->locals->size; i++)
        if (i < code->parameters() || !contains(code->cell_names, code->locals->items[i]))
            names.push_back(code->locals->items[i]);
    return vm.checked(Value::object(make_tuple(vm.heap, names.data(), names.size())));
}
static Outcome get_nlocals(VM& vm, Value self) {
    Outcome o = get_varnames(vm, self);
    return o.is_value() ? Outcome(Value::integer(int64_t(o.value().as<Tuple>()->size))) : o;
}

// The names of globals and attributes that the instructions mention, and the other constants.
static Outcome names_or_constants(VM& vm, Value self, bool names) {
    Code* code = code_of(self);
    if (!vm.read(code)) return Outcome::raised();
    std::vector<bool> is_name(code->constants->size);
    const Instruction* at = code->entry();
    for (uint32_t i = 0; i < code->length(); i += op_words(at[i].op())) {
        const char* format = op_info(at[i].op()).format;
        auto note = [&](unsigned index) {
            if (index < is_name.size()) is_name[index] = true;
        };
        if (format[1] == 'n') note(unsigned(at[i].d()));
        if (format[0] == 'N') note(at[i].a());
        if (format[1] == 'N') note(at[i].b());
        if (format[2] == 'N') note(at[i].c());
    }
    std::vector<Value> found;
    if (!names && !code->doc.is_unbound()) found.push_back(code->doc);
    for (size_t i = 0; i < is_name.size(); i++)
        if (is_name[i] == names) found.push_back(code->constants->items[i]);
    return vm.checked(Value::object(make_tuple(vm.heap, found.data(), found.size())));
}
static Outcome get_names(VM& vm, Value self) { return names_or_constants(vm, self, true); }
static Outcome get_consts(VM& vm, Value self) { return names_or_constants(vm, self, false); }

static Outcome co_positions(
    VM& vm, Value* args) {  // one (line, end line, column, end column) for each entry of the table
    List* list = make_list(vm.heap);
    auto number = [](uint32_t n, bool known) { return known ? Value::integer(n) : Value::none(); };
    for (const PositionEntry& e : positions_of(*code_of(args[0]))) {
        bool columns = e.column != PositionEntry::kNoColumn;
        if (!list_append(vm.heap, list,
                         vm.tuple({number(e.line, e.line), number(e.end_line, e.line),
                                   number(e.column, columns), number(e.end_column, columns)})))
            return vm.out_of_memory();
    }
    return op_iter(vm, Value::object(list));
}
static Outcome co_lines(VM& vm, Value* args) {  // (start, end, line)
    Code* code = code_of(args[0]);
    if (!vm.read(code)) return Outcome::raised();
    const std::vector<PositionEntry> entries = positions_of(*code);
    const size_t n = entries.size();
    List* list = make_list(vm.heap);
    for (size_t i = 0; i < n; i++) {
        uint32_t end = i + 1 < n ? entries[i + 1].pc : code->length();
        if (!list_append(vm.heap, list,
                         vm.tuple({Value::integer(entries[i].pc * 8), Value::integer(end * 8),
                                   Value::integer(entries[i].line)})))
            return vm.out_of_memory();
    }
    return op_iter(vm, Value::object(list));
}

enum Replace { kSelf, kFlagsArgument, kName, kQualname, kFilename, kFirstLine, kReplaceOthers };
static Outcome co_replace(VM& vm, Value* args) {
    if (!args[kReplaceOthers].is_unbound() && dict_length(args[kReplaceOthers].as<Dict>()))
        return vm.type_error(
            "replace() can change co_flags, co_name, co_qualname, co_filename and co_firstlineno only");
    if (!vm.read(code_of(args[kSelf]))) return Outcome::raised();
    auto* copy = vm.heap.make<Code>(Kind::Code, kShapeCode);
    Object header = *copy;
    std::memcpy(static_cast<void*>(copy), static_cast<const void*>(code_of(args[kSelf])), sizeof(Code));
    static_cast<Object&>(*copy) = header;
    if (!args[kFlagsArgument].is_unbound()) {
        if (!args[kFlagsArgument].is_int())
            return vm.type_error("'%s' object cannot be interpreted as an integer",
                                 vm.type_name(args[kFlagsArgument]));
        int64_t flags = args[kFlagsArgument].as_int();
        copy->code_flags &= ~uint32_t(Code::kIterableCoroutine);
        if (flags & 256) copy->code_flags |= Code::kIterableCoroutine;
    }
    struct Field {
        Value Code::*field;
        int argument;
        const char* name;
    };
    for (auto [field, argument, name] :
         {Field{&Code::name, kName, "co_name"}, Field{&Code::qualname, kQualname, "co_qualname"},
          Field{&Code::filename, kFilename, "co_filename"}}) {
        if (args[argument].is_unbound()) continue;
        if (!is_str(args[argument]))
            return vm.type_error("replace() argument '%s' must be str, not %s", name,
                                 vm.type_name(args[argument]));
        copy->*field = args[argument];
    }
    if (args[kFirstLine].is_int()) copy->first_line = uint32_t(args[kFirstLine].as_int());
    return Value::object(copy);
}

static const NativeDef kCodeMethods[] = {
    {.signature = "replace(self, /, *, co_flags=-1, co_name=None, co_qualname=None, co_filename=None, "
                  "co_firstlineno=-1, **others)",
     .fn = co_replace,
     .doc = "Return a copy of the code object with new values for the specified fields."},
    {.signature = "co_positions(self, /)", .fn = co_positions},
    {.signature = "co_lines(self, /)", .fn = co_lines},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kCodeAttributes[] = {
    {"co_name", get_text<&Code::name>},
    {"co_qualname", get_text<&Code::qualname>},
    {"co_filename", get_text<&Code::filename>},
    {"co_firstlineno", get_first_line},
    {"co_flags", get_flags},
    {"co_argcount", get_argcount},
    {"co_posonlyargcount", get_posonly},
    {"co_kwonlyargcount", get_kwonly},
    {"co_nlocals", get_nlocals},
    {"co_varnames", get_varnames},
    {"co_cellvars", get_tuple<&Code::cell_names>},
    {"co_freevars", get_tuple<&Code::free_names>},
    {"co_names", get_names},
    {"co_consts", get_consts},
    {"co_code", get_code_bytes},
    {"co_stacksize", get_stacksize},
};

// ---- cell

static Outcome cell_new(VM& vm, Value* args) {
    auto* c = vm.heap.make<Cell>(Kind::Cell, kShapeCell);
    c->value = args[1];
    return Value::object(c);
}
static Outcome get_contents(VM& vm, Value self) {
    Value v = self.as<Cell>()->value;
    return v.is_unbound() ? vm.raise(kShapeValueError, "Cell is empty") : Outcome(v);
}
static Outcome set_contents(VM& vm, Value self, Value v) {
    self.as<Cell>()->value = v;
    vm.heap.write(self.as_object());
    return Value::none();
}

// Empty cells come first; full ones compare by their contents.
template <CompareOp op>
static Outcome cell_compare(VM& vm, Value* args) {
    if (!args[1].is_object() || args[1].as_object()->kind != Kind::Cell) return Value::not_implemented();
    Value a = args[0].as<Cell>()->value, b = args[1].as<Cell>()->value;
    const bool nested = a.is_object() && a.as_object()->kind == Kind::Cell;
    if (nested && !b.is_unbound()) return Outcome::unhandled();  // a frame for every level
    if (!a.is_unbound() && !b.is_unbound()) return op_compare(vm, op, a, b);
    return op_compare(vm, op, Value::integer(!a.is_unbound()), Value::integer(!b.is_unbound()));
}

template <CompareOp op>
static Outcome cell_compare_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_compare(vm, op, frame[0].as<Cell>()->value, frame[1].as<Cell>()->value));
    }
    return frame.result();
}

template <CompareOp op>
static constexpr NativeDef cell_comparison(Signature signature) {
    return {.signature = signature, .fn = cell_compare<op>, .step = cell_compare_step<op>};
}

static const NativeDef kCellMethods[] = {
    {.signature = "__new__(cls, contents=None, /)", .fn = cell_new, .flags = kStaticNative},
    cell_comparison<CompareOp::Eq>("__eq__(self, value, /)"),
    cell_comparison<CompareOp::Ne>("__ne__(self, value, /)"),
    cell_comparison<CompareOp::Lt>("__lt__(self, value, /)"),
    cell_comparison<CompareOp::Le>("__le__(self, value, /)"),
    cell_comparison<CompareOp::Gt>("__gt__(self, value, /)"),
    cell_comparison<CompareOp::Ge>("__ge__(self, value, /)"),
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kCellAttributes[] = {{"cell_contents", get_contents, set_contents}};

void define_code(VM& vm) {
    define_type(vm, {.shape = kShapeCode, .methods = kCodeMethods, .attributes = kCodeAttributes});
    vm.type(kShapeCode)->class_flags |= Class::kNoInstances;
    define_type(vm, {.shape = kShapeCell, .methods = kCellMethods, .attributes = kCellAttributes});
    set_type_attribute(vm, kShapeCell, "__hash__", Value::none());
}

}  // namespace gen
