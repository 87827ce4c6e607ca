// The built-in exceptions: how they are made, what they hold, and their texts.
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"

#include <cerrno>

namespace gen {

static Exception* exception_of(Value v) { return v.as<Exception>(); }
static Tuple* arguments_of(Value v) { return exception_of(v)->args.as<Tuple>(); }
static Value or_none(Value v) { return v.is_unbound() ? Value::none() : v; }
static bool has_keywords(Value keywords) {
    return !keywords.is_unbound() && dict_length(keywords.as<Dict>());
}

// ---- further attributes: entries of the instance that descriptors of the class show, as None where they are absent

static Value field(VM& vm, Value self, const char* name) {
    return get_instance_attribute(vm, self.as_object(), vm.intern(name));
}
static bool set_field(VM& vm, Value self, const char* name, Value v) {
    return set_instance_attribute(vm, self.as_object(), vm.intern(name), v);
}

template <size_t n>
struct Text {
    char text[n];
    constexpr Text(const char (&s)[n]) {
        for (size_t i = 0; i < n; i++) text[i] = s[i];
    }
};
template <Text name>
static Outcome get_field(VM& vm, Value self) {
    return or_none(field(vm, self, name.text));
}
template <Text name>
static Outcome set_field_attribute(VM& vm, Value self, Value v) {
    return set_field(vm, self, name.text, or_none(v)) ? Outcome(Value::none()) : vm.out_of_memory();
}
#define FIELD(name) \
    { name, get_field<name>, set_field_attribute<name> }

// ---- BaseException

static Outcome exception_new(VM& vm, Value* args) {  // cls, *args, **kwargs
    Class* cls = checked_class(vm, args[0], kShapeBaseException);
    if (!cls) return Outcome::raised();
    auto* e = static_cast<Exception*>(allocate_instance(vm, cls));
    if (!e) return vm.out_of_memory();
    e->args = args[1];
    return Value::object(e);
}

static Outcome exception_init(VM& vm, Value* args) {  // self, *args, **kwargs
    if (has_keywords(args[2])) return vm.type_error("%s() takes no keyword arguments", vm.type_name(args[0]));
    exception_of(args[0])->args = args[1];
    vm.heap.write(exception_of(args[0]));
    return Value::none();
}

static Outcome exception_str(VM& vm, Value* args) {
    Tuple* t = arguments_of(args[0]);
    if (t->size == 0) return Value::object(vm.empty_string);
    return op_str(vm, t->size == 1 ? t->items[0] : Value::object(t));
}

static Outcome get_args(VM&, Value self) { return exception_of(self)->args; }
static Outcome set_args_step(VM& vm, NativeFrame& frame) {  // self, iterable
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_tuple(vm, frame[1]));
    }
    exception_of(frame[0])->args = frame.result();
    vm.heap.write(exception_of(frame[0]));
    return Value::none();
}
static const NativeDef kSetArgs = {.signature = "set_args(self, args, /)", .step = set_args_step};
static Outcome set_args(VM& vm, Value self, Value v) {
    if (v.is_unbound()) return vm.type_error("args may not be deleted");
    return call_internal(vm, kSetArgs, {self, v});
}

static bool is_exception(VM& vm, Value v) { return vm.is_instance(v, kShapeBaseException); }

static Outcome get_cause(VM&, Value self) { return exception_of(self)->cause; }
static Outcome set_cause(VM& vm, Value self, Value v) {
    if (v.is_unbound()) return vm.type_error("__cause__ may not be deleted");
    if (!v.is_none() && !is_exception(vm, v))
        return vm.type_error("exception cause must be None or derive from BaseException");
    exception_of(self)->cause = v;
    exception_of(self)->state |= Exception::kSuppressContext;
    vm.heap.write(exception_of(self));
    return Value::none();
}
static Outcome get_context(VM&, Value self) { return exception_of(self)->context; }
static Outcome set_context_attribute(VM& vm, Value self, Value v) {
    if (v.is_unbound()) return vm.type_error("__context__ may not be deleted");
    if (!v.is_none() && !is_exception(vm, v))
        return vm.type_error("exception context must be None or derive from BaseException");
    exception_of(self)->context = v;
    if (!v.is_none()) exception_of(v)->state |= Exception::kIsContext;
    vm.heap.write(exception_of(self));
    return Value::none();
}
static Outcome get_suppress(VM&, Value self) {
    return Value::boolean(exception_of(self)->state & Exception::kSuppressContext);
}
static Outcome set_suppress(VM& vm, Value self, Value v) {
    if (v.is_unbound()) return vm.type_error("can't delete numeric/char attribute");
    if (!v.is_bool()) return vm.type_error("attribute value type must be bool");
    auto* e = exception_of(self);
    e->state = v.is_true() ? e->state | Exception::kSuppressContext : e->state & ~Exception::kSuppressContext;
    return Value::none();
}
static Outcome get_traceback(VM&, Value self) { return exception_of(self)->traceback; }
static Outcome set_traceback(VM& vm, Value self, Value v) {
    if (v.is_unbound()) return vm.type_error("__traceback__ may not be deleted");
    if (!v.is_none() && !(v.is_object() && v.as_object()->kind == Kind::Traceback))
        return vm.type_error("__traceback__ must be a traceback or None");
    exception_of(self)->traceback = v;
    vm.heap.write(exception_of(self));
    return Value::none();
}
static Outcome with_traceback(VM& vm, Value* args) {
    Outcome o = set_traceback(vm, args[0], args[1]);
    return o.is_raised() ? o : Outcome(args[0]);
}
static Outcome setstate(VM& vm, Value* args) {  // what copy and pickle give back: the __dict__
    if (args[1].is_none()) return Value::none();
    if (!is_dict(args[1])) return vm.type_error("state is not a dictionary");
    uint32_t position = 0;
    while (DictEntry* e = next_entry(args[1].as<Dict>(), position))
        if (is_str(e->key) &&
            !set_instance_attribute(vm, args[0].as_object(), attribute_name(vm, e->key), e->value))
            return vm.out_of_memory();
    return Value::none();
}

static Outcome add_note(VM& vm, Value* args) {
    if (!is_str(args[1])) return vm.type_error("note must be a str, not '%s'", vm.type_name(args[1]));
    Value notes = get_instance_attribute(vm, args[0].as_object(), vm.names.notes);
    if (notes.is_unbound()) {
        notes = vm.list();
        if (!set_instance_attribute(vm, args[0].as_object(), vm.names.notes, notes))
            return vm.out_of_memory();
    }
    if (!is_list(notes)) return vm.type_error("Cannot add note: __notes__ is not a list");
    return list_append(vm.heap, notes.as<List>(), args[1]) ? Outcome(Value::none()) : vm.out_of_memory();
}

static const NativeDef kBaseMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = exception_new, .flags = kStaticNative},
    {.signature = "__init__(self, /, *args, **kwargs)", .fn = exception_init},
    {.signature = "__str__(self, /)", .fn = exception_str, .doc = "Return str(self)."},
    {.signature = "__repr__(self, /)", .fn = repr_native, .doc = "Return repr(self)."},
    {.signature = "with_traceback(self, tb, /)",
     .fn = with_traceback,
     .doc = "Exception.with_traceback(tb) --\n    set self.__traceback__ to tb and return self."},
    {.signature = "add_note(self, note, /)",
     .fn = add_note,
     .doc = "Exception.add_note(note) --\n    add a note to the exception"},
    {.signature = "__setstate__(self, state, /)", .fn = setstate},
};
static const AttributeDef kBaseAttributes[] = {
    {"args", get_args, set_args},
    {"__cause__", get_cause, set_cause, "exception cause"},
    {"__context__", get_context, set_context_attribute, "exception context"},
    {"__suppress_context__", get_suppress, set_suppress},
    {"__traceback__", get_traceback, set_traceback},
};

// ---- KeyError shows the key as repr() does

static Outcome key_error_str(VM& vm, Value* args) {
    Tuple* t = arguments_of(args[0]);
    return t->size == 1 ? op_repr(vm, t->items[0]) : exception_str(vm, args);
}
static const NativeDef kKeyErrorMethods[] = {{.signature = "__str__(self, /)", .fn = key_error_str}};

// ---- StopIteration, SystemExit: their first argument (all of them, for SystemExit) is an attribute too

template <Text name, bool all>
static Outcome value_init(VM& vm, Value* args) {
    Outcome o = exception_init(vm, args);
    if (o.is_raised()) return o;
    auto* t = args[1].as<Tuple>();
    if (t->size == 0) return Value::none();
    return set_field(vm, args[0], name.text, all && t->size > 1 ? args[1] : t->items[0])
               ? Outcome(Value::none())
               : vm.out_of_memory();
}
static const NativeDef kStopIterationMethods[] = {
    {.signature = "__init__(self, /, *args, **kwargs)", .fn = value_init<"value", false>}};
static const NativeDef kSystemExitMethods[] = {
    {.signature = "__init__(self, /, *args, **kwargs)", .fn = value_init<"code", true>}};
static const AttributeDef kStopIterationAttributes[] = {FIELD("value")};
static const AttributeDef kSystemExitAttributes[] = {FIELD("code")};

// ---- ImportError, AttributeError, NameError: keywords only

static Outcome keyword_init(VM& vm, Value* args, std::initializer_list<const char*> names) {
    for (const char* name : names) delete_instance_attribute(vm, args[0].as_object(), vm.intern(name));
    if (!args[2].is_unbound()) {
        auto* given = args[2].as<Dict>();
        uint32_t position = 0;
        while (DictEntry* e = next_entry(given, position)) {
            bool known = false;
            for (const char* name : names) known |= e->key.as<Str>()->view() == name;
            if (!known)
                return vm.type_error("'%s' is an invalid keyword argument for %s()", e->key.as<Str>()->data(),
                                     vm.type_name(args[0]));
            if (!set_instance_attribute(vm, args[0].as_object(), attribute_name(vm, e->key), e->value))
                return vm.out_of_memory();
        }
    }
    exception_of(args[0])->args = args[1];
    vm.heap.write(exception_of(args[0]));
    return Value::none();
}
static Outcome import_error_init(VM& vm, Value* args) {
    Outcome o = keyword_init(vm, args, {"name", "path"});
    if (o.is_raised()) return o;
    auto* t = args[1].as<Tuple>();
    delete_instance_attribute(vm, args[0].as_object(), vm.names.msg);
    if (t->size == 1 && !set_field(vm, args[0], "msg", t->items[0])) return vm.out_of_memory();
    return Value::none();
}
static Outcome import_error_str(VM& vm, Value* args) {
    Value msg = field(vm, args[0], "msg");
    return is_str(msg) ? Outcome(msg) : exception_str(vm, args);
}
static Outcome attribute_error_init(VM& vm, Value* args) { return keyword_init(vm, args, {"name", "obj"}); }
static Outcome name_error_init(VM& vm, Value* args) { return keyword_init(vm, args, {"name"}); }

static const NativeDef kImportErrorMethods[] = {
    {.signature = "__init__(self, /, *args, **kwargs)", .fn = import_error_init},
    {.signature = "__str__(self, /)", .fn = import_error_str},
};
static const NativeDef kAttributeErrorMethods[] = {
    {.signature = "__init__(self, /, *args, **kwargs)", .fn = attribute_error_init}};
static const NativeDef kNameErrorMethods[] = {
    {.signature = "__init__(self, /, *args, **kwargs)", .fn = name_error_init}};
static const AttributeDef kImportErrorAttributes[] = {FIELD("msg"), FIELD("name"), FIELD("path")};
static const AttributeDef kAttributeErrorAttributes[] = {FIELD("name"), FIELD("obj")};
static const AttributeDef kNameErrorAttributes[] = {FIELD("name")};

// ---- OSError: with an errno it becomes the subclass for it

struct ErrnoClass {
    int number;
    BuiltinShape shape;
};
static constexpr ErrnoClass kErrnoClasses[] = {
    {EAGAIN, kShapeBlockingIOError},
    {EALREADY, kShapeBlockingIOError},
    {EINPROGRESS, kShapeBlockingIOError},
    {EPIPE, kShapeBrokenPipeError},
    {ESHUTDOWN, kShapeBrokenPipeError},
    {ECHILD, kShapeChildProcessError},
    {ECONNABORTED, kShapeConnectionAbortedError},
    {ECONNREFUSED, kShapeConnectionRefusedError},
    {ECONNRESET, kShapeConnectionResetError},
    {EEXIST, kShapeFileExistsError},
    {ENOENT, kShapeFileNotFoundError},
    {EISDIR, kShapeIsADirectoryError},
    {ENOTDIR, kShapeNotADirectoryError},
    {EINTR, kShapeInterruptedError},
    {EACCES, kShapePermissionError},
    {EPERM, kShapePermissionError},
    {ESRCH, kShapeProcessLookupError},
    {ETIMEDOUT, kShapeTimeoutError},
};
BuiltinShape os_error_class(int64_t number) {
    for (auto [n, shape] : kErrnoClasses)
        if (n == number) return shape;
    return kShapeOSError;
}

Outcome raise_os_error(VM& vm, int number, Value filename, Value filename2) {
    Value e =
        vm.make_exception(os_error_class(number), {Value::integer(number), vm.str(std::strerror(number))});
    set_field(vm, e, "errno", Value::integer(number));
    set_field(vm, e, "strerror", arguments_of(e)->items[1]);
    if (!filename.is_unbound()) set_field(vm, e, "filename", filename);
    if (!filename2.is_unbound()) set_field(vm, e, "filename2", filename2);
    return vm.raise(e);
}

// The arguments stand in __new__, unless a subclass has an __init__ of its own and none of __new__; then __init__ has them.
static bool init_has_arguments(VM& vm, Class* cls) {
    Class* os_error = vm.type(kShapeOSError);
    bool own_init = !cls->specials[int(Special::Init)].is(os_error->specials[int(Special::Init)]);
    bool own_new = !cls->specials[int(Special::New)].is(os_error->specials[int(Special::New)]);
    return own_init && !own_new;
}

static bool os_error_fill(VM& vm, Value self, Tuple* t) {
    auto* e = exception_of(self);
    e->args = Value::object(t);
    if (t->size >= 2 && t->size <= 5) {
        if (!set_field(vm, self, "errno", t->items[0]) || !set_field(vm, self, "strerror", t->items[1]))
            return false;
        if (t->size >= 3 && !t->items[2].is_none()) {
            bool blocking =
                vm.is_subclass(vm.class_of(self), vm.type(kShapeBlockingIOError)) && is_int_like(t->items[2]);
            if (blocking) return set_field(vm, self, "characters_written", t->items[2]);
            if (!set_field(vm, self, "filename", t->items[2])) return false;
            if (t->size == 5 && !t->items[4].is_none() && !set_field(vm, self, "filename2", t->items[4]))
                return false;
            Value two[] = {t->items[0], t->items[1]};
            e->args = Value::object(make_tuple(vm.heap, two, 2));
        }
    }
    vm.heap.write(e);
    return true;
}

static Outcome os_error_new(VM& vm, Value* args) {  // cls, *args, **kwargs
    Class* cls = checked_class(vm, args[0], kShapeOSError);
    if (!cls) return Outcome::raised();
    auto* t = args[1].as<Tuple>();
    bool later = init_has_arguments(vm, cls);
    if (!later && has_keywords(args[2]))
        return vm.type_error("%s() takes no keyword arguments", std::string(vm.class_name(cls)).c_str());
    int64_t number;
    if (!later && cls == vm.type(kShapeOSError) && t->size >= 2 && t->size <= 5 && is_int_like(t->items[0]) &&
        int_to_int64(t->items[0], number))
        cls = vm.type(os_error_class(number));
    auto* e = static_cast<Exception*>(allocate_instance(vm, cls));
    if (!e) return vm.out_of_memory();
    if (later) return Value::object(e);
    return os_error_fill(vm, Value::object(e), t) ? Outcome(Value::object(e)) : vm.out_of_memory();
}
static Outcome os_error_init(VM& vm, Value* args) {
    if (!init_has_arguments(vm, vm.class_of(args[0]))) return Value::none();
    return os_error_fill(vm, args[0], args[1].as<Tuple>()) ? Outcome(Value::none()) : vm.out_of_memory();
}

static Outcome os_error_str_step(VM& vm, NativeFrame& frame) {  // self; 1 text
    Value name, second;
    StringBuilder out(vm.heap);
    switch (frame.step_state()) {
        case 0:
            if (field(vm, frame[0], "errno").is_unbound()) return exception_str(vm, &frame[0]);
            AWAIT(1, op_str(vm, field(vm, frame[0], "errno")));
            frame[1] = frame.result();
            AWAIT(2, op_str(vm, or_none(field(vm, frame[0], "strerror"))));
            out.append("[Errno ");
            out.append(frame[1].as<Str>());
            out.append("] ");
            out.append(frame.result().as<Str>());
            frame[1] = Value::object(out.finish());
            name = field(vm, frame[0], "filename");
            if (name.is_unbound() || name.is_none()) return frame[1];
            AWAIT(3, op_repr(vm, name));
            out.append(frame[1].as<Str>());
            out.append(": ");
            out.append(frame.result().as<Str>());
            frame[1] = Value::object(out.finish());
            second = field(vm, frame[0], "filename2");
            if (second.is_unbound() || second.is_none()) return frame[1];
            AWAIT(4, op_repr(vm, second));
            out.append(frame[1].as<Str>());
            out.append(" -> ");
            out.append(frame.result().as<Str>());
            return finish(vm, out);
    }
    return frame[1];
}

static const NativeDef kOSErrorMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = os_error_new, .flags = kStaticNative},
    {.signature = "__init__(self, /, *args, **kwargs)", .fn = os_error_init},
    {.signature = "__str__(self, /)", .step = os_error_str_step, .locals = 1},
};
static const AttributeDef kOSErrorAttributes[] = {FIELD("errno"), FIELD("strerror"), FIELD("filename"),
                                                  FIELD("filename2")};
static const AttributeDef kBlockingAttributes[] = {FIELD("characters_written")};

// ---- SyntaxError(msg, (filename, lineno, offset, text, end_lineno, end_offset))

static Outcome syntax_error_init_step(VM& vm, NativeFrame& frame) {  // self, *args, **kwargs
    static const char* const kNames[] = {"filename", "lineno", "offset", "text", "end_lineno", "end_offset"};
    Tuple* t = frame[1].as<Tuple>();
    Tuple* place = nullptr;
    switch (frame.step_state()) {
        case 0:
            if (has_keywords(frame[2]))
                return vm.type_error("%s() takes no keyword arguments", vm.type_name(frame[0]));
            exception_of(frame[0])->args = frame[1];
            vm.heap.write(exception_of(frame[0]));
            if (t->size >= 1 && !set_field(vm, frame[0], "msg", t->items[0])) return vm.out_of_memory();
            if (t->size != 2) return Value::none();
            AWAIT(1, op_tuple(vm, t->items[1]));
    }
    place = frame.result().as<Tuple>();
    if (place->size < 4)
        return vm.type_error("function takes at least 4 arguments (%zu given)", size_t(place->size));
    if (place->size > 6)
        return vm.type_error("function takes at most 6 arguments (%zu given)", size_t(place->size));
    for (uint64_t i = 0; i < place->size; i++)
        if (!set_field(vm, frame[0], kNames[i], place->items[i])) return vm.out_of_memory();
    if (place->size == 5) return vm.type_error("end_offset must be provided when end_lineno is provided");
    return Value::none();
}

// One that the VM itself raised has its arguments only.
static Outcome get_syntax_message(VM& vm, Value self) {
    Value msg = field(vm, self, "msg");
    return msg.is_unbound() && arguments_of(self)->size ? arguments_of(self)->items[0] : or_none(msg);
}

static Outcome syntax_error_str_step(VM& vm, NativeFrame& frame) {  // self
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_str(vm, get_syntax_message(vm, frame[0]).value()));
    }
    Value name = field(vm, frame[0], "filename"), line = field(vm, frame[0], "lineno");
    if (!is_str(name) && !is_int_like(line)) return frame.result();
    StringBuilder out(vm.heap);
    out.append(frame.result().as<Str>());
    out.append(" (");
    if (is_str(name)) {
        std::string_view path = name.as<Str>()->view();
        out.append(path.substr(path.rfind('/') + 1));
        if (is_int_like(line)) out.append(", ");
    }
    if (is_int_like(line)) {
        out.append("line ");
        std::string digits;
        int_to_text(line, 10, digits);
        out.append(digits);
    }
    out.append(')');
    return finish(vm, out);
}
static const NativeDef kSyntaxErrorMethods[] = {
    {.signature = "__init__(self, /, *args, **kwargs)", .step = syntax_error_init_step},
    {.signature = "__str__(self, /)", .step = syntax_error_str_step},
};
static const AttributeDef kSyntaxErrorAttributes[] = {
    {"msg", get_syntax_message, set_field_attribute<"msg">},
    FIELD("filename"),
    FIELD("lineno"),
    FIELD("offset"),
    FIELD("text"),
    FIELD("end_lineno"),
    FIELD("end_offset"),
    FIELD("print_file_and_line"),
};

// ---- Unicode errors

struct UnicodeField {
    const char* name;
    bool number;
};
static constexpr UnicodeField kUnicodeFields[] = {
    {"encoding", false}, {"object", false}, {"start", true}, {"end", true}, {"reason", false}};

template <int first, bool decoding>
static Outcome unicode_error_init(VM& vm, Value* args) {  // self, *args, **kwargs
    Outcome o = exception_init(vm, args);
    if (o.is_raised()) return o;
    auto* t = args[1].as<Tuple>();
    size_t wanted = 5 - first;
    if (t->size != wanted)
        return vm.type_error("function takes exactly %zu arguments (%zu given)", wanted, size_t(t->size));
    for (size_t i = 0; i < wanted; i++) {
        Value v = t->items[i];
        const UnicodeField& f = kUnicodeFields[i + first];
        bool is_object = i + first == 1;
        if (f.number && !is_int_like(v))
            return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(v));
        if (is_object && decoding) {  // of what is like bytes, a copy is kept
            std::string scratch;
            std::string_view bytes;
            if (!view_bytes(vm, v, bytes, scratch))
                return vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(v));
            if (!is_bytes(v)) {
                Bytes* copy = make_bytes(vm.heap, bytes);
                if (!copy) return vm.out_of_memory();
                v = Value::object(copy);
            }
        } else if (!f.number && !is_str(v)) {
            return vm.type_error("argument %zu must be str, not %s", i + 1, vm.type_name(v));
        }
        if (!set_field(vm, args[0], f.name, v)) return vm.out_of_memory();
    }
    return Value::none();
}

// Those that the VM itself raises have their arguments only.
template <int index, int first>
static Value unicode_field(VM& vm, Value self) {
    Value v = field(vm, self, kUnicodeFields[index].name);
    Tuple* t = arguments_of(self);
    return v.is_unbound() && index >= first && t->size == size_t(5 - first) ? t->items[index - first] : v;
}
template <int index, int first>
static Outcome get_unicode_field(VM& vm, Value self) {
    return or_none(unicode_field<index, first>(vm, self));
}
template <int index>
static Outcome set_unicode_field(VM& vm, Value self, Value v) {
    return set_field(vm, self, kUnicodeFields[index].name, or_none(v)) ? Outcome(Value::none())
                                                                       : vm.out_of_memory();
}

static std::string hex(char32_t c) {
    char buffer[16];
    snprintf(buffer, sizeof buffer, c <= 0xff ? "\\x%02x" : c <= 0xffff ? "\\u%04x" : "\\U%08x", unsigned(c));
    return buffer;
}

static Outcome unicode_error_str_step(VM& vm,
                                      NativeFrame& frame);  // for what scripts have put into the fields

template <int first, bool decoding>
static Outcome unicode_error_str(VM& vm, Value* args) {
    Value encoding = unicode_field<0, first>(vm, args[0]), object = unicode_field<1, first>(vm, args[0]);
    Value from = unicode_field<2, first>(vm, args[0]), to = unicode_field<3, first>(vm, args[0]),
          reason = unicode_field<4, first>(vm, args[0]);
    int64_t start = 0, end = 0;
    if (object.is_unbound() || reason.is_unbound()) return Value::object(vm.empty_string);
    if (!is_str(reason) || !(encoding.is_unbound() || is_str(encoding))) return Outcome::unhandled();
    if (is_int_like(from)) int_to_int64(from, start);
    if (is_int_like(to)) int_to_int64(to, end);
    std::string text;
    if (is_str(encoding)) text = "'" + std::string(encoding.as<Str>()->view()) + "' codec ";
    text += decoding ? "can't decode " : is_str(encoding) ? "can't encode " : "can't translate ";
    int64_t length = is_str(object)     ? object.as<Str>()->length
                     : is_bytes(object) ? int64_t(object.as<Bytes>()->size)
                                        : 0;
    if (end == start + 1 && start >= 0 && start < length) {
        if (is_str(object))
            text +=
                "character '" + hex(char_at(vm.heap, object.as<Str>(), uint32_t(start))) + "' in position ";
        else {
            char byte[32];
            snprintf(byte, sizeof byte, "byte 0x%02x in position ", object.as<Bytes>()->data[start]);
            text += byte;
        }
        text += std::to_string(start);
    } else {
        text += (is_str(object) ? "characters" : "bytes") + std::string(" in position ") +
                std::to_string(start) + "-" + std::to_string(end - 1);
    }
    text += ": " + std::string(reason.as<Str>()->view());
    return vm.checked(vm.str(text));
}

static Outcome unicode_error_str_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_str(vm, field(vm, frame[0], "reason")));
            if (!set_field(vm, frame[0], "reason", frame.result())) return vm.out_of_memory();
            if (field(vm, frame[0], "encoding").is_unbound()) return frame.native()->def->fn(vm, &frame[0]);
            AWAIT(2, op_str(vm, field(vm, frame[0], "encoding")));
            if (!set_field(vm, frame[0], "encoding", frame.result())) return vm.out_of_memory();
    }
    return frame.native()->def->fn(vm, &frame[0]);
}

template <int first, bool decoding>
constexpr NativeDef kUnicodeMethods[] = {
    {.signature = "__init__(self, /, *args, **kwargs)", .fn = unicode_error_init<first, decoding>},
    {.signature = "__str__(self, /)",
     .fn = unicode_error_str<first, decoding>,
     .step = unicode_error_str_step},
};
#define UNICODE_FIELD(index) \
    { kUnicodeFields[index].name, get_unicode_field<index, first>, set_unicode_field<index> }
template <int first>
constexpr AttributeDef kUnicodeAttributes[] = {
    UNICODE_FIELD(0), UNICODE_FIELD(1), UNICODE_FIELD(2), UNICODE_FIELD(3), UNICODE_FIELD(4),
};
#undef UNICODE_FIELD
#undef FIELD

void define_exceptions(VM& vm) {
    define_type(vm, {.shape = kShapeBaseException,
                     .methods = kBaseMethods,
                     .attributes = kBaseAttributes,
                     .doc = "Common base class for all exceptions"});
    define_type(vm, {.shape = kShapeKeyError, .methods = kKeyErrorMethods, .doc = "Mapping key not found."});
    define_type(vm, {.shape = kShapeStopIteration,
                     .methods = kStopIterationMethods,
                     .attributes = kStopIterationAttributes,
                     .doc = "Signal the end from iterator.__next__()."});
    define_type(vm, {.shape = kShapeSystemExit,
                     .methods = kSystemExitMethods,
                     .attributes = kSystemExitAttributes,
                     .doc = "Request to exit from the interpreter."});
    define_type(vm, {.shape = kShapeImportError,
                     .methods = kImportErrorMethods,
                     .attributes = kImportErrorAttributes,
                     .doc = "Import can't find module, or can't find name in module."});
    define_type(vm, {.shape = kShapeAttributeError,
                     .methods = kAttributeErrorMethods,
                     .attributes = kAttributeErrorAttributes,
                     .doc = "Attribute not found."});
    define_type(vm, {.shape = kShapeNameError,
                     .methods = kNameErrorMethods,
                     .attributes = kNameErrorAttributes,
                     .doc = "Name not found globally."});
    define_type(vm, {.shape = kShapeOSError,
                     .methods = kOSErrorMethods,
                     .attributes = kOSErrorAttributes,
                     .doc = "Base class for I/O related errors."});
    define_type(vm, {.shape = kShapeBlockingIOError,
                     .attributes = kBlockingAttributes,
                     .doc = "I/O operation would block."});
    define_type(vm, {.shape = kShapeSyntaxError,
                     .methods = kSyntaxErrorMethods,
                     .attributes = kSyntaxErrorAttributes,
                     .doc = "Invalid syntax."});
    define_type(vm, {.shape = kShapeUnicodeDecodeError,
                     .methods = kUnicodeMethods<0, true>,
                     .attributes = kUnicodeAttributes<0>,
                     .doc = "Unicode decoding error."});
    define_type(vm, {.shape = kShapeUnicodeEncodeError,
                     .methods = kUnicodeMethods<0, false>,
                     .attributes = kUnicodeAttributes<0>,
                     .doc = "Unicode encoding error."});
    define_type(vm, {.shape = kShapeUnicodeTranslateError,
                     .methods = kUnicodeMethods<1, false>,
                     .attributes = kUnicodeAttributes<1>,
                     .doc = "Unicode translation error."});
    struct Doc {
        BuiltinShape shape;
        const char* text;
    };
    static const Doc docs[] = {
        {kShapeException, "Common base class for all non-exit exceptions."},
        {kShapeTypeError, "Inappropriate argument type."},
        {kShapeValueError, "Inappropriate argument value (of correct type)."},
        {kShapeIndexError, "Sequence index out of range."},
        {kShapeLookupError, "Base class for lookup errors."},
        {kShapeRuntimeError, "Unspecified run-time error."},
        {kShapeArithmeticError, "Base class for arithmetic errors."},
        {kShapeZeroDivisionError, "Second argument to a division or modulo operation was zero."},
        {kShapeOverflowError, "Result too large to be represented."},
        {kShapeAssertionError, "Assertion failed."},
        {kShapeKeyboardInterrupt, "Program interrupted by user."},
        {kShapeGeneratorExit, "Request that a generator exit."},
        {kShapeStopAsyncIteration, "Signal the end from iterator.__anext__()."},
        {kShapeNotImplementedError, "Method or function hasn't been implemented yet."},
        {kShapeRecursionError, "Recursion limit exceeded."},
        {kShapeMemoryError, "Out of memory."},
        {kShapeEOFError, "Read beyond end of file."},
        {kShapeTimeoutError, "Timeout expired."},
        {kShapeBufferError, "A buffer does not allow the operation."},
        {kShapeFloatingPointError, "Floating-point operation failed."},
        {kShapeModuleNotFoundError, "No module of that name was found."},
        {kShapeUnboundLocalError, "Local name used before a value was bound to it."},
        {kShapeReferenceError, "Weak proxy used after its object is gone."},
        {kShapeSystemError, "Internal error of the interpreter."},
        {kShapeIndentationError, "Indentation is not as the grammar wants it."},
        {kShapeTabError, "Tabs and spaces are mixed in a way that has no one meaning."},
        {kShapeUnicodeError, "Base class for errors of text encodings."},
        {kShapeConnectionError, "Base class for errors of connections."},
        {kShapeBrokenPipeError, "The other end of a pipe or socket is closed."},
        {kShapeConnectionAbortedError, "Connection ended by the peer before it was there."},
        {kShapeConnectionRefusedError, "Connection refused by the peer."},
        {kShapeConnectionResetError, "Connection reset by the peer."},
        {kShapeChildProcessError, "Operation on a child process failed."},
        {kShapeFileExistsError, "File or directory is there already."},
        {kShapeFileNotFoundError, "File or directory is not there."},
        {kShapeInterruptedError, "System call interrupted by a signal."},
        {kShapeIsADirectoryError, "File operation on a directory."},
        {kShapeNotADirectoryError, "Directory operation on something else."},
        {kShapePermissionError, "Not enough permissions."},
        {kShapeProcessLookupError, "No such process."},
        {kShapeWarning, "Base class for warning categories."},
        {kShapeUserWarning, "Base class for warnings of programs."},
        {kShapeDeprecationWarning, "Base class for warnings about features that will go."},
        {kShapePendingDeprecationWarning, "Base class for warnings about features that will be deprecated."},
        {kShapeSyntaxWarning, "Base class for warnings about doubtful syntax."},
        {kShapeRuntimeWarning, "Base class for warnings about doubtful behaviour at run time."},
        {kShapeFutureWarning, "Base class for warnings about what will change for users of a program."},
        {kShapeImportWarning, "Base class for warnings about probable mistakes in imports."},
        {kShapeUnicodeWarning, "Base class for warnings about Unicode."},
        {kShapeBytesWarning, "Base class for warnings about bytes and bytearray."},
        {kShapeResourceWarning, "Base class for warnings about the use of resources."},
        {kShapeEncodingWarning, "Base class for warnings about encodings."},
    };
    for (auto [shape, text] : docs) vm.type(shape)->doc = vm.str(text);
}

}  // namespace gen
