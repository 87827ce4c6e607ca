// sys. What is rarely asked for is made by prelude_sys.gen when it is.
#include "runtime/modules/modules.h"
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"
#include "vm/exec/frame.h"

namespace gen {

// ---- exceptions

static Outcome exc_info(VM& vm, Value*) {
    if (!vm.handled.is_object()) return vm.tuple({Value::none(), Value::none(), Value::none()});
    return vm.tuple(
        {Value::object(vm.class_of(vm.handled)), vm.handled, vm.handled.as<Exception>()->traceback});
}
static Outcome sys_exception(VM& vm, Value*) { return vm.handled; }

static Outcome sys_exit(VM& vm, Value* args) {
    Value status = args[0].is_unbound() ? Value::none() : args[0];
    Value e = args[0].is_unbound()     ? vm.make_exception(kShapeSystemExit, {})
              : is_exact_tuple(status) ? vm.make_exception(kShapeSystemExit, {})
                                       : vm.make_exception(kShapeSystemExit, {status});
    if (is_exact_tuple(status)) {
        e.as<Exception>()->args = status;
        if (status.as<Tuple>()->size == 1) status = status.as<Tuple>()->items[0];
    }
    set_instance_attribute(vm, e.as_object(), vm.names.code, status);
    return vm.raise(e);
}

static Outcome excepthook(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("_excepthook"), {args[0], args[1], args[2]});
}
static Outcome unraisablehook(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("_unraisablehook"), {args[0]});
}
static Outcome displayhook(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("_displayhook"), {args[0]});
}

// ---- limits

static Outcome getrecursionlimit(VM& vm, Value*) {
    return Value::integer(vm.limits.depth ? vm.limits.depth : (int64_t{1} << 31) - 1);
}
static Outcome setrecursionlimit(VM& vm, Value* args) {
    if (!is_int_like(args[0]))
        return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(args[0]));
    int64_t n = int_clamp(args[0]);
    if (n < 1) return vm.value_error("recursion limit must be greater or equal than 1");
    if (n > INT32_MAX) return vm.raise(kShapeOverflowError, "Python int too large to convert to C int");
    int64_t depth = 0;
    for (Frame* f = vm.frame; f && depth < n; f = f->parent) depth++;
    if (depth >= n)
        return vm.raisef(
            kShapeRecursionError,
            "cannot set the recursion limit to %lld at the recursion depth %lld: the limit is too low",
            (long long)n, (long long)depth);
    vm.limits.depth = n == INT32_MAX ? 0 : n;
    vm.next_depth_check = 0;
    vm.safepoint_soon();
    return Value::none();
}
static Outcome get_int_max_str_digits(VM& vm, Value*) {
    return Value::integer(runtime_of(vm).max_str_digits);
}
static Outcome set_int_max_str_digits(VM& vm, Value* args) {
    if (!args[0].is_int())
        return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(args[0]));
    int64_t n = args[0].as_int();
    if (n != 0 && n < 640) return vm.value_error("maxdigits must be 0 or larger than 640");
    runtime_of(vm).max_str_digits = n;
    vm.limits.int_digits = n ? size_t(n) : SIZE_MAX;
    return Value::none();
}
static Outcome getswitchinterval(VM& vm, Value*) {
    return vm.real(double(runtime_of(vm).switch_interval_us) / 1e6);
}
static Outcome setswitchinterval(VM& vm, Value* args) {
    double seconds = is_float(args[0]) ? as_float(args[0]) : args[0].is_int() ? double(args[0].as_int()) : -1;
    if (seconds <= 0) return vm.value_error("switch interval must be strictly positive");
    runtime_of(vm).switch_interval_us = int64_t(seconds * 1e6);
    return Value::none();
}

// ---- objects and frames

static Outcome sys_intern(VM& vm, Value* args) {
    if (!is_str(args[0]))
        return vm.type_error("intern() argument must be str, not %s", vm.type_name(args[0]));
    if (!is_exact_str(args[0])) return vm.type_error("can't intern %s", vm.type_name(args[0]));
    Str* s = vm.strings.intern(vm.heap, args[0].as<Str>());
    return s ? Outcome(Value::object(s)) : vm.out_of_memory();
}
static Outcome getsizeof_step(VM& vm, NativeFrame& frame) {  // object, default
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_getattr(vm, frame[0], vm.intern("__sizeof__")));
            AWAIT(2, vm.call(frame.result(), {}));
    }
    return frame.result();
}
static Outcome getrefcount(VM&, Value*) { return Value::integer(2); }  // nothing is counted here
static Outcome getframe(VM& vm, Value* args) {
    int64_t depth = args[0].is_int() ? args[0].as_int() : 0;
    Frame* f = visible_frame(vm, depth < 0 ? 0 : depth);
    return f ? Outcome(frame_info(vm, f)) : vm.value_error("call stack is not deep enough");
}
static Outcome getframemodulename(VM& vm, Value* args) {
    Frame* f = visible_frame(vm, args[0].is_int() ? args[0].as_int() : 0);
    if (!f) return Value::none();
    Value name = vm.get(f->fn()->globals, vm.names.name);
    return name.is_unbound() ? Value::none() : name;
}

static Outcome utf8(VM& vm, Value*) { return vm.str("utf-8"); }
static Outcome surrogateescape(VM& vm, Value*) { return vm.str("surrogateescape"); }
static Outcome is_finalizing(VM&, Value*) { return Value::false_(); }
static Outcome nothing(VM&, Value*) { return Value::none(); }
static Outcome lazy_attribute(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("_sys_attribute"), {args[0]});
}

static Outcome get_asyncgen_hooks(VM& vm, Value*) {
    Value hooks = vm.fiber->asyncgen_hooks;
    return vm.call_prelude(vm.intern("_asyncgen_hooks"),
                           {hooks.is_object() ? hooks : vm.tuple({Value::none(), Value::none()})});
}
static Outcome set_asyncgen_hooks(VM& vm, Value* args) {
    Value old = vm.fiber->asyncgen_hooks, hooks[2];
    for (int i = 0; i < 2; i++) {
        hooks[i] = !args[i].is_unbound() ? args[i]
                   : old.is_object()     ? old.as<Tuple>()->items[i]
                                         : Value::none();
        if (!hooks[i].is_none() && !is_callable(vm, hooks[i]))
            return vm.type_error("callable %s expected, got %s", i ? "finalizer" : "firstiter",
                                 vm.type_name(hooks[i]));
    }
    vm.fiber->asyncgen_hooks = vm.tuple({hooks[0], hooks[1]});
    return Value::none();
}

static Outcome get_origin_depth(VM& vm, Value*) { return Value::integer(vm.origin_depth); }
static Outcome set_origin_depth(VM& vm, Value* args) {
    if (!is_int_like(args[0]))
        return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(args[0]));
    const int64_t depth = int_clamp(args[0]);
    if (depth < 0) return vm.value_error("depth must be >= 0");
    vm.origin_depth = depth;
    return Value::none();
}

static const NativeDef kFunctions[] = {
    {.signature = "exc_info()",
     .fn = exc_info,
     .doc = "Return current exception information: (type, value, traceback)."},
    {.signature = "exception()", .fn = sys_exception, .doc = "Return the current exception."},
    {.signature = "exit(status=None, /)",
     .fn = sys_exit,
     .doc = "Exit the interpreter by raising SystemExit(status)."},
    {.signature = "excepthook(exctype, value, traceback, /)",
     .fn = excepthook,
     .doc = "Handle an exception by displaying it with a traceback on sys.stderr."},
    {.signature = "__excepthook__(exctype, value, traceback, /)", .fn = excepthook},
    {.signature = "unraisablehook(unraisable, /)",
     .fn = unraisablehook,
     .doc = "Handle an unraisable exception."},
    {.signature = "__unraisablehook__(unraisable, /)", .fn = unraisablehook},
    {.signature = "displayhook(object, /)",
     .fn = displayhook,
     .doc = "Print an object to sys.stdout and also save it in builtins._"},
    {.signature = "__displayhook__(object, /)", .fn = displayhook},
    {.signature = "getrecursionlimit()",
     .fn = getrecursionlimit,
     .doc = "Return the current value of the recursion limit."},
    {.signature = "setrecursionlimit(limit, /)",
     .fn = setrecursionlimit,
     .doc = "Set the maximum depth of the interpreter stack to n."},
    {.signature = "get_int_max_str_digits()", .fn = get_int_max_str_digits},
    {.signature = "set_int_max_str_digits(maxdigits)", .fn = set_int_max_str_digits},
    {.signature = "getswitchinterval()", .fn = getswitchinterval},
    {.signature = "setswitchinterval(interval, /)", .fn = setswitchinterval},
    {.signature = "intern(string, /)", .fn = sys_intern, .doc = "``Intern'' the given string."},
    {.signature = "getsizeof(object, default=None)",
     .step = getsizeof_step,
     .doc = "Return the size of object in bytes."},
    {.signature = "getrefcount(object, /)", .fn = getrefcount},
    {.signature = "_getframe(depth=0, /)",
     .fn = getframe,
     .doc = "Return a frame object from the call stack."},
    {.signature = "_getframemodulename(depth=0)", .fn = getframemodulename},
    {.signature = "getdefaultencoding()", .fn = utf8},
    {.signature = "getfilesystemencoding()", .fn = utf8},
    {.signature = "getfilesystemencodeerrors()", .fn = surrogateescape},
    {.signature = "is_finalizing()", .fn = is_finalizing},
    {.signature = "gettrace()", .fn = nothing},
    {.signature = "getprofile()", .fn = nothing},
    {.signature = "get_asyncgen_hooks()", .fn = get_asyncgen_hooks},
    {.signature = "set_asyncgen_hooks(firstiter=None, finalizer=None)", .fn = set_asyncgen_hooks},
    {.signature = "get_coroutine_origin_tracking_depth()",
     .fn = get_origin_depth,
     .doc = "Check status of origin tracking for coroutine objects in this thread."},
    {.signature = "set_coroutine_origin_tracking_depth(depth)",
     .fn = set_origin_depth,
     .doc =
         "Enable or disable origin tracking for coroutine objects: how many frames are noted; 0 for none."},
    {.signature = "__getattr__(name, /)", .fn = lazy_attribute},
};

static Value strings(VM& vm, const std::vector<std::string>& texts) {
    Value list = vm.list();
    for (auto& t : texts) list_append(vm.heap, list.as<List>(), vm.str(t));
    return list;
}

static void init(VM& vm, Module* m) {
    RuntimeHost& host = runtime_of(vm);
    auto set = [&](const char* name, Value v) { vm.set(m->dict, name, v); };
    set("argv", strings(vm, host.arguments));
    set("orig_argv", strings(vm, host.arguments));
    set("path", strings(vm, host.search_path));
    set("modules", Value::object(vm.modules));
    set("version", vm.str("3.11.7 (gen)"));
    set("hexversion", Value::integer(0x030b07f0));
    set("api_version", Value::integer(1013));
    set("copyright", vm.str("MIT licence"));
    set("maxsize", vm.integer(INT64_MAX));
    set("maxunicode", Value::integer(0x10ffff));
#ifdef __APPLE__
    set("platform", vm.str("darwin"));
#else
    set("platform", vm.str("linux"));
#endif
    set("byteorder", vm.str("little"));
    set("executable", vm.str(host.executable));
    for (const char* name : {"prefix", "base_prefix", "exec_prefix", "base_exec_prefix"})
        set(name, vm.str("/usr"));
    set("platlibdir", vm.str("lib"));
    set("pycache_prefix", Value::none());
    set("dont_write_bytecode", Value::true_());
    set("warnoptions", vm.list());
    set("_xoptions", Value::object(vm.dict()));
    set("meta_path", vm.list());
    set("path_hooks", vm.list());
    set("path_importer_cache", Value::object(vm.dict()));
    set("float_repr_style", vm.str("short"));
    Value builtin = vm.list({vm.str("builtins"), vm.str("gc"), vm.str("sys"), vm.str("time")});
    set("builtin_module_names", Value::object(make_tuple(vm.heap, builtin.as<List>()->items->items, 4)));
}

const ModuleDef kSysModule = {
    .name = "sys",
    .functions = kFunctions,
    .init = init,
    .doc =
        "This module provides access to some objects used or maintained by the\n"
        "interpreter and to functions that interact strongly with the interpreter."};

}  // namespace gen
