// Frames and tracebacks as scripts see them: copies of what was known when
// someone asked.
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"
#include "vm/exec/exec.h"
#include "vm/exec/text.h"

#include <algorithm>

namespace gen {

constexpr int64_t kFramesAtOnce = 256;  // frame objects made when one is asked for; more when f_back comes to
                                        // the last
constexpr int kFramesWithLocals = 16;   // of these with a copy of their locals

static uint32_t line_of(const Code* code, uint32_t pc) {
    if (pc == ~uint32_t{0}) return code->first_line;
    uint32_t line = position_of(*code, pc).line;
    return line ? line : code->first_line;
}

static bool is_visible(const Frame* f) { return !f->is_native() && !(f->code()->code_flags & Code::kHidden); }

Frame* visible_frame(VM& vm, int64_t depth) {
    for (Frame* f = vm.frame; f; f = f->parent)
        if (is_visible(f) && depth-- == 0) return f;
    return nullptr;
}

Dict* frame_globals(VM& vm) {
    Frame* f = visible_frame(vm);
    return f ? f->fn()->globals : vm.prelude;
}

Value frame_locals(VM& vm, Frame* f) {
    const Code* code = f->code();
    if (code->code_flags & Code::kNamespace) return f->registers[0];
    if (!(code->code_flags & Code::kNewLocals)) return Value::object(f->fn()->globals);
    Value* kept = code->locals_register == kNoRegister ? nullptr : &f->registers[code->locals_register];
    Dict* d = kept && kept->is_object() ? kept->as<Dict>() : vm.dict();
    if (kept && !kept->is_object()) {
        *kept = Value::object(d);
        // It is young, and a minor collection looks at no frame below the first
        // clean one.
        for (Frame* g = vm.frame; g && g != f; g = g->parent) g->flags &= uint8_t(~kClean);
        f->flags &= uint8_t(~kClean);
    }
    if (f->is_generator()) vm.heap.write(f);
    auto add = [&](Value name, Value v) {
        if (v.is_unbound()) {
            if (kept) dict_delete_str(vm.heap, d, name.as<Str>(), hash_str(vm.hash_key, name.as<Str>()));
            return true;
        }
        if (v.is_object() && v.as_object()->kind == Kind::Generator)
            v.as_object()->flags &= ~kHeldOnce;  // `.0`: held twice now
        return vm.set(d, name.as<Str>(), v);
    };
    for (uint64_t i = 0; i < code->locals->size; i++) {
        Value v = f->registers[i];
        const bool cell = v.is_object() && v.as_object()->kind == Kind::Cell;
        const Value *names = code->cell_names->items, *end = names + code->cell_names->size;
        if (cell && std::any_of(names, end, [&](Value n) { return n.is(code->locals->items[i]); }))
            v = v.as<Cell>()->value;
        if (!add(code->locals->items[i], v)) return Value::unbound();
    }
    for (uint64_t i = 0; i < code->free_names->size; i++)
        if (!add(code->free_names->items[i], f->fn()->closure.as<Tuple>()->items[i].as<Cell>()->value))
            return Value::unbound();
    return Value::object(d);
}

// What FrameInfo::frame holds for a plain frame: a number that is compared
// only, since frames come and go.
static Value number_of(const Frame* f) {
    return Value::integer(int64_t(reinterpret_cast<uintptr_t>(f) >> 4));
}

static FrameInfo* describe(VM& vm, Frame* f, bool locals) {
    auto* info = vm.heap.make<FrameInfo>(Kind::FrameInfo, kShapeFrame);
    info->frame = f->is_generator() ? Value::object(f) : number_of(f);
    if (f->is_generator()) f->flags &= ~kHeldOnce;
    info->function = Value::object(f->function);
    info->locals = locals ? frame_locals(vm, f) : Value::unbound();
    info->back = Value::none();
    info->code = f->code();
    int64_t offset = f->pc - f->code()->entry();
    info->pc = offset < 0 ? ~uint32_t{0} : uint32_t(offset);
    return info;
}

// The frame object of f and up to `count` - 1 more behind it; the last one's
// `back` is unbound if there are others still.
static FrameInfo* describe_some(VM& vm, Frame* f, int64_t count, bool locals) {
    FrameInfo* first = nullptr;
    FrameInfo* last = nullptr;
    for (int64_t n = 0; f; f = f->parent) {
        if (!is_visible(f)) continue;
        if (n == count) {
            last->back = Value::unbound();
            break;
        }
        FrameInfo* info = describe(vm, f, locals && n < kFramesWithLocals);
        if (last)
            last->back = Value::object(info);
        else
            first = info;
        last = info;
        n++;
        // Who resumed a suspended generator last is no news.
        if (f->is_generator() && !is_executing(f)) break;
    }
    return first;
}

Value frame_info(VM& vm, Frame* f) {
    FrameInfo* info = describe_some(vm, f, kFramesAtOnce, true);
    return info ? Value::object(info) : Value::none();
}

// The frame that `info` was made of, if it waits on the running stack still;
// `above`: visible frames between it and the top.
static Frame* still_active(VM& vm, const FrameInfo* info, int64_t& above) {
    above = 0;
    for (Frame* f = vm.frame; f; f = f->parent) {
        if (!is_visible(f)) continue;
        const bool same =
            info->frame.is_object() ? info->frame.as_object() == f : info->frame.is(number_of(f));
        if (same && info->function.as_object() == f->function &&
            f->pc - f->code()->entry() == int64_t(info->pc))
            return f;
        above++;
    }
    return nullptr;
}

// ---- frame

static FrameInfo* info_of(Value v) { return v.as<FrameInfo>(); }
static Frame* live_generator(FrameInfo* info) {
    Frame* g = info->frame.is_object() ? info->frame.as<Frame>() : nullptr;
    return g && g->state != kDone ? g : nullptr;
}

static Outcome get_frame_line(VM&, Value self) {
    FrameInfo* info = info_of(self);
    if (Frame* g = live_generator(info)) {  // a generator's frame lives on
        int64_t offset = g->pc - g->code()->entry();
        return Value::integer(line_of(info->code, offset < 0 ? ~uint32_t{0} : uint32_t(offset)));
    }
    return Value::integer(line_of(info->code, info->pc));
}
static Outcome get_frame_code(VM&, Value self) { return Value::object(info_of(self)->code); }
static Outcome get_frame_globals(VM&, Value self) {
    return Value::object(info_of(self)->function.as<Function>()->globals);
}
static Outcome get_frame_builtins(VM&, Value self) {
    return info_of(self)->function.as<Function>()->builtins;
}
static Outcome get_frame_locals(VM& vm, Value self) {
    FrameInfo* info = info_of(self);
    if (Frame* g = live_generator(info)) return vm.checked(frame_locals(vm, g));
    if (info->locals.is_unbound()) {
        int64_t above;
        if (Frame* f = still_active(vm, info, above)) return vm.checked(frame_locals(vm, f));
        bool module = !(info->code->code_flags & (Code::kNewLocals | Code::kNamespace));
        info->locals =
            module ? Value::object(info->function.as<Function>()->globals) : Value::object(vm.dict());
        vm.heap.write(info);
    }
    return info->locals;
}
static Outcome get_frame_back(VM& vm, Value self) {
    FrameInfo* info = info_of(self);
    if (!info->back.is_unbound()) return info->back;
    int64_t above;
    Frame* f = still_active(vm, info, above);
    // As many as there are in front, so that going through all of them takes no
    // longer than that.
    FrameInfo* next = f ? describe_some(vm, f->parent, std::max(above, kFramesAtOnce), false) : nullptr;
    info->back = next ? Value::object(next) : Value::none();
    vm.heap.write(info);
    return info->back;
}
static Outcome get_frame_lasti(VM&, Value self) {
    uint32_t pc = info_of(self)->pc;
    return Value::integer(pc == ~uint32_t{0} ? -1 : int64_t(pc) * 8);
}
static Outcome get_none(VM&, Value) { return Value::none(); }
static Outcome set_nothing(VM&, Value, Value) { return Value::none(); }

static Outcome frame_clear(VM& vm, Value* args) {
    FrameInfo* info = info_of(args[0]);
    Frame* g = live_generator(info);
    if (g && g->state == kRunning) return vm.raise(kShapeRuntimeError, "cannot clear an executing frame");
    info->locals = Value::object(vm.dict());
    vm.heap.write(info);
    if (g && g->state == kCreated && g->shape == kShapeCoroutine) return warn_unawaited(vm, g);
    if (g) return vm.call(vm.natives.close_generator, {info->frame});
    return Value::none();
}

static const NativeDef kFrameMethods[] = {
    {.signature = "clear(self, /)",
     .fn = frame_clear,
     .doc = "F.clear(): clear most references held by the frame"},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kFrameAttributes[] = {
    {"f_lineno", get_frame_line},       {"f_code", get_frame_code},         {"f_globals", get_frame_globals},
    {"f_builtins", get_frame_builtins}, {"f_locals", get_frame_locals},     {"f_back", get_frame_back},
    {"f_lasti", get_frame_lasti},       {"f_trace", get_none, set_nothing},
};

// ---- traceback

static Traceback* traceback_of(Value v) { return v.as<Traceback>(); }

// An entry that stands for several becomes a list of two.
static Outcome get_next(VM& vm, Value self) {
    auto* t = traceback_of(self);
    if (!t->repeat) return t->next;
    auto* rest = vm.heap.make<Traceback>(Kind::Traceback, kShapeTraceback);
    Object header = *rest;
    std::memcpy(static_cast<void*>(rest), static_cast<const void*>(t), sizeof(Traceback));
    static_cast<Object&>(*rest) = header;
    rest->locals = Value::unbound();
    rest->repeat--;
    t->repeat = 0;
    t->next = Value::object(rest);
    vm.heap.write(t);
    return t->next;
}
static Outcome set_next(VM& vm, Value self, Value v) {
    bool traceback = v.is_object() && v.as_object()->kind == Kind::Traceback;
    if (v.is_unbound()) return vm.type_error("can't delete tb_next attribute");
    if (!v.is_none() && !traceback)
        return vm.type_error("expected traceback object, got '%s'", vm.type_name(v));
    for (Value at = v; at.is_object(); at = traceback_of(at)->next)
        if (at.is(self)) return vm.value_error("traceback loop detected");
    traceback_of(self)->repeat = 0;
    traceback_of(self)->next = v;
    vm.heap.write(traceback_of(self));
    return Value::none();
}
static Outcome get_traceback_line(VM&, Value self) {
    return Value::integer(line_of(traceback_of(self)->code, traceback_of(self)->pc));
}
static Outcome get_lasti(VM&, Value self) {
    uint32_t pc = traceback_of(self)->pc;
    return Value::integer(pc == ~uint32_t{0} ? -1 : int64_t(pc) * 8);
}
static Outcome get_traceback_frame(VM& vm, Value self) {
    auto* t = traceback_of(self);
    if (!t->locals.is_unbound()) return t->locals;
    auto* info = vm.heap.make<FrameInfo>(Kind::FrameInfo, kShapeFrame);
    info->frame = info->locals = Value::unbound();
    info->function = t->function;
    info->back = Value::none();
    info->code = t->code;
    info->pc = t->pc;
    t->locals = Value::object(info);
    vm.heap.write(t);
    return t->locals;
}
static Outcome traceback_new(VM& vm,
                             Value* args) {  // cls, tb_next, tb_frame, tb_lasti, tb_lineno
    if (!args[2].is_object() || args[2].as_object()->kind != Kind::FrameInfo)
        return vm.type_error("TracebackType() argument 'tb_frame' must be frame, not %s",
                             vm.type_name(args[2]));
    auto* t = vm.heap.make<Traceback>(Kind::Traceback, kShapeTraceback);
    t->next = Value::none();
    t->code = info_of(args[2])->code;
    t->function = info_of(args[2])->function;
    t->locals = args[2];
    t->pc = info_of(args[2])->pc;
    t->repeat = 0;
    Outcome o = set_next(vm, Value::object(t), args[1]);
    return o.is_raised() ? o : Outcome(Value::object(t));
}

static const NativeDef kTracebackMethods[] = {
    {.signature = "__new__(cls, tb_next, tb_frame, tb_lasti, tb_lineno)",
     .fn = traceback_new,
     .flags = kStaticNative},
};
static const AttributeDef kTracebackAttributes[] = {
    {"tb_next", get_next, set_next},
    {"tb_frame", get_traceback_frame},
    {"tb_lineno", get_traceback_line},
    {"tb_lasti", get_lasti},
};

void define_frames(VM& vm) {
    define_type(vm, {.shape = kShapeFrame, .methods = kFrameMethods, .attributes = kFrameAttributes});
    vm.type(kShapeFrame)->class_flags |= Class::kNoInstances;
    define_type(vm,
                {.shape = kShapeTraceback, .methods = kTracebackMethods, .attributes = kTracebackAttributes});
}

// ---- module

static Module* module_of(Value v) { return v.as<Module>(); }

static Outcome module_new(VM& vm, Value* args) {  // cls, *args, **kwargs
    Class* cls = checked_class(vm, args[0], kShapeModule);
    if (!cls) return Outcome::raised();
    auto* m = static_cast<Module*>(allocate_instance(vm, cls));
    if (!m) return vm.out_of_memory();
    m->aux = kModuleOfScript;
    m->name = Value::none();
    m->dict = vm.dict();
    return Value::object(m);
}
static Outcome module_init(VM& vm, Value* args) {  // self, name, doc
    if (!is_str(args[1]))
        return vm.type_error("module() argument 'name' must be str, not %s", vm.type_name(args[1]));
    Module* m = module_of(args[0]);
    m->name = args[1];
    vm.heap.write(m);
    vm.set(m->dict, vm.names.name, args[1]);
    vm.set(m->dict, vm.names.doc, args[2].is_unbound() ? Value::none() : args[2]);
    vm.set(m->dict, vm.names.package, Value::none());
    vm.set(m->dict, vm.names.loader, Value::none());
    vm.set(m->dict, vm.names.spec, Value::none());
    return Value::none();
}
static Outcome module_dir(VM& vm, Value* args) {
    Value own = vm.lookup(vm.class_of(args[0]), vm.names.dict);
    if (!is_descriptor(vm, own) && !is_dict(own))
        return vm.type_error("<module>.__dict__ is not a dictionary");
    Value hook = vm.get(module_of(args[0])->dict, vm.names.special[int(Special::Dir)]);
    if (!hook.is_unbound()) return vm.call(hook, {});
    Dict* names = vm.dict();
    uint32_t position = 0;
    while (DictEntry* e = next_entry(module_of(args[0])->dict, position))
        if (is_str(e->key) && !vm.set(names, e->key.as<Str>(), Value::none())) return vm.out_of_memory();
    return op_list(vm, Value::object(names));
}
static Outcome get_module_dict(VM&, Value self) { return Value::object(module_of(self)->dict); }
static Outcome get_module_annotations(VM& vm, Value self) {
    Dict* d = module_of(self)->dict;
    Value v = vm.get(d, vm.names.annotations);
    if (!v.is_unbound()) return v;
    v = Value::object(vm.dict());
    return vm.set(d, vm.names.annotations, v) ? Outcome(v) : vm.out_of_memory();
}
static Outcome set_module_annotations(VM& vm, Value self, Value v) {
    Dict* d = module_of(self)->dict;
    Str* name = vm.names.annotations;
    if (!v.is_unbound()) return vm.set(d, name, v) ? Outcome(Value::none()) : vm.out_of_memory();
    return dict_delete_str(vm.heap, d, name, hash_str(vm.hash_key, name))
               ? Outcome(Value::none())
               : vm.raise(kShapeAttributeError, name->view());
}

static const NativeDef kModuleMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = module_new, .flags = kStaticNative},
    {.signature = "__init__(self, name, doc=None)",
     .fn = module_init,
     .doc = "Create a module object.\n\nThe name must be a string; the "
            "optional doc argument can have any "
            "type."},
    {.signature = "__dir__(self, /)",
     .fn = module_dir,
     .doc = "__dir__() -> list\nspecialized dir() implementation"},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kModuleAttributes[] = {
    {"__dict__", get_module_dict, read_only},
    {"__annotations__", get_module_annotations, set_module_annotations},
};

void define_module_type(VM& vm) {
    define_type(vm, {.shape = kShapeModule, .methods = kModuleMethods, .attributes = kModuleAttributes});
}

}  // namespace gen
