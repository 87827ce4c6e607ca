#include "runtime/host/evaluate.h"

#include "runtime/types/arguments.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"

#include <algorithm>

namespace gen {

static Value syntax_error_at(VM& vm, BuiltinShape shape, std::string_view text, std::string_view filename,
                             Value line, uint32_t column, Value source, uint32_t end_line,
                             uint32_t end_column) {
    static const char* const kNames[] = {"filename", "lineno", "offset", "text", "end_lineno", "end_offset"};
    Value place[] = {vm.str(filename),         line,
                     Value::integer(column),   source,
                     Value::integer(end_line), Value::integer(end_column)};
    Value message = vm.str(text);
    Value e = vm.make_exception(shape, {message, Value::object(make_tuple(vm.heap, place, 6))});
    set_instance_attribute(vm, e.as_object(), vm.names.msg, message);
    for (int i = 0; i < 6; i++) set_instance_attribute(vm, e.as_object(), vm.intern(kNames[i]), place[i]);
    return e;
}

Value syntax_error(VM& vm, const Diagnostic& d, std::string_view filename) {
    BuiltinShape shape = d.kind == Diagnostic::Kind::IndentationError ? kShapeIndentationError
                         : d.kind == Diagnostic::Kind::TabError       ? kShapeTabError
                                                                      : kShapeSyntaxError;
    if (d.line == 0) {  // the whole text: CPython names no place, not even the file
        Value message = vm.str(d.message);
        Value e = vm.make_exception(shape, {message});
        set_instance_attribute(vm, e.as_object(), vm.names.msg, message);
        return e;
    }
    return syntax_error_at(vm, shape, d.message, filename, Value::integer(d.line), d.column, vm.str(d.text),
                           d.end_line, d.end_column);
}

void print_warnings(VM& vm, const std::vector<Diagnostic>& warnings, const std::string& filename) {
    OutputStream& err = host_of(vm).streams.err;
    for (const Diagnostic& w : warnings) {
        if (w.kind == Diagnostic::Kind::DeprecationWarning)
            continue;  // ignored unless asked for, as in CPython
        err.write(filename + ":" + std::to_string(w.line) + ": " + std::string(kind_name(w.kind)) + ": " +
                  w.message + "\n");
        std::string line;
        if (!source_line(vm, filename, w.line, line)) continue;
        size_t start = line.find_first_not_of(" \t\f");
        if (start != std::string::npos) err.write("  " + line.substr(start) + "\n");
    }
    err.flush();
}

Code* compile_source(VM& vm, const Source& source, const CompileOptions& options,
                     std::vector<Diagnostic>* warnings) {
    CodeBuilder builder(vm.heap, vm.strings);
    CompileResult result = compile(builder, source, options);
    if (result.code) {
        if (warnings)
            *warnings = std::move(result.warnings);
        else if (!result.warnings.empty())
            print_warnings(vm, result.warnings, options.filename);
        return result.code;
    }
    if (result.error && options.mode != CompileOptions::Mode::File &&
        options.mode != CompileOptions::Mode::Exec && source.newline_added() &&
        result.error->line == source.line_count() - 1 && result.error->text.ends_with('\n'))
        result.error->text.pop_back();
    if (result.error && options.mode == CompileOptions::Mode::Eval &&
        source.text().find_first_not_of(" \t\n\f") == std::string::npos)
        vm.raise(syntax_error_at(vm, kShapeSyntaxError, "invalid syntax", options.filename, Value::integer(0),
                                 0, vm.str(""), 0, 0));
    else if (result.out_of_memory || !result.error)
        vm.out_of_memory();
    else
        vm.raise(syntax_error(vm, *result.error, options.filename));
    return nullptr;
}

Code* compile_answering(VM& vm, const Source& source, CompileOptions options) {
    Arena arena;
    ast::Return answer;
    ParseResult parsed = parse(source, arena);
    std::optional<Diagnostic> error = parsed.error;
    if (parsed.module) {
        ScopeResult scopes =
            analyse_scopes(parsed.module, source, arena, {.future_annotations = parsed.future_annotations});
        error = scopes.error;
        if (scopes.module) {
            auto* module = ast::as<ast::Module>(parsed.module);
            if (auto* last = module->body.empty() ? nullptr : ast::as_if<ast::Expr>(module->body.back())) {
                answer.kind = ast::NodeKind::Return;
                answer.span = last->span;
                answer.value = last->value;
                module->body.back() = &answer;
            }
            CodeBuilder builder(vm.heap, vm.strings);
            options.future_annotations = parsed.future_annotations;
            CompileResult result =
                compile_tree(builder, arena, source, parsed.module, scopes.module, options);
            if (result.code) {
                for (auto* more : {&scopes.warnings, &result.warnings})
                    parsed.warnings.insert(parsed.warnings.end(), more->begin(), more->end());
                if (!parsed.warnings.empty()) print_warnings(vm, parsed.warnings, options.filename);
                return result.code;
            }
            error = result.error;
        }
    }
    if (error)
        vm.raise(syntax_error(vm, *error, options.filename));
    else
        vm.out_of_memory();
    return nullptr;
}

Outcome call_code(VM& vm, Code* code, Dict* globals, Value locals) {
    Value f = Value::object(vm.make_function_of(code, globals));
    return code->code_flags & Code::kNamespace ? vm.call(f, {locals}) : vm.call(f, {});
}

// ---- compile()

enum class Mode : uint8_t { Exec, Eval, Single };
constexpr int64_t kTopLevelAwait = 0x2000, kOnlyAst = 0x400, kFutureAnnotations = 0x1000000;
constexpr int64_t kKnownFlags = 0x1fe7610;  // these, and what else CPython knows

// Null: raised. `inherit`: the caller's __future__ imports hold.
static Code* compile_text(VM& vm, Value text, const std::string& filename, Mode mode, int64_t flags,
                          bool inherit, const char* who, std::vector<Diagnostic>& warnings) {
    std::string_view bytes;
    bool is_text = is_str(text);
    std::string scratch;
    if (is_text) {
        bytes = text.as<Str>()->view();
    } else if (!view_bytes(vm, text, bytes, scratch)) {
        vm.type_error("%s() arg 1 must be a string, bytes or %s object", who,
                      std::string_view(who) == "compile" ? "AST" : "code");
        return nullptr;
    }
    if (bytes.find('\0') != std::string_view::npos) {
        vm.raise(kShapeSyntaxError, "source code string cannot contain null bytes");
        return nullptr;
    }
    if (is_text && (text.as<Str>()->state & Str::kHasSurrogates)) {
        surrogates_not_allowed(vm, text);
        return nullptr;
    }
    if (mode == Mode::Single && !Source::from_text("", bytes).has_code_behind(0)) {
        const Value line = Value::integer(!bytes.empty());
        vm.raise(syntax_error_at(vm, kShapeSyntaxError, "invalid syntax", filename, line, 0,
                                 vm.str(bytes.substr(0, bytes.find('\n') + 1)), uint32_t(line.as_int()), 0));
        return nullptr;
    }
    if (std::string_view(who) == "eval")
        bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t"), bytes.size()));
    CompileOptions options;
    options.mode = mode == Mode::Exec   ? CompileOptions::Mode::Exec
                   : mode == Mode::Eval ? CompileOptions::Mode::Eval
                                        : CompileOptions::Mode::Single;
    options.filename = filename;
    options.observe_generators = vm.observer;
    options.top_level_await = flags & kTopLevelAwait;
    options.future_annotations = flags & kFutureAnnotations;
    if (inherit)
        if (Frame* caller = visible_frame(vm))
            options.future_annotations |= bool(caller->code()->code_flags & Code::kFutureAnnotations);
    Source source = is_text ? Source::from_text(filename, bytes) : Source::from_bytes(filename, bytes);
    return compile_source(vm, source, options, &warnings);
}

// The code, once its warnings have gone through the module warnings (where a filter may make them errors). Programs that never
// imported that have no filters of their own.
static Outcome with_warnings(VM& vm, Code* code, const std::vector<Diagnostic>& warnings,
                             const std::string& filename) {
    if (warnings.empty()) return Value::object(code);
    if (vm.get(vm.modules, vm.intern("warnings")).is_unbound()) {
        print_warnings(vm, warnings, filename);
        return Value::object(code);
    }
    Value list = vm.list();
    for (const Diagnostic& w : warnings) {
        BuiltinShape category =
            w.kind == Diagnostic::Kind::DeprecationWarning ? kShapeDeprecationWarning : kShapeSyntaxWarning;
        list_append(vm.heap, list.as<List>(),
                    vm.tuple({vm.str(w.message), Value::object(vm.type(category)), Value::integer(w.line),
                              Value::integer(w.column), vm.str(w.text), Value::integer(w.end_line),
                              Value::integer(w.end_column)}));
    }
    return vm.call_prelude(vm.intern("_show_compile_warnings"),
                           {Value::object(code), vm.str(filename), list});
}

// Slots of compile.
enum { kSource, kFilename, kMode, kFlagsSlot, kDontInherit, kOptimize };
static Outcome compile_native(VM& vm, Value* args) {
    std::string filename;
    if (is_str(args[kFilename]))
        filename = args[kFilename].as<Str>()->view();
    else if (is_bytes(args[kFilename]))
        filename = view_of(args[kFilename].as<Bytes>());
    else
        return vm.type_error("compile() argument 2 must be str, bytes or os.PathLike object, not %s",
                             vm.type_name(args[kFilename]));
    int64_t flags = 0, optimize = -1;
    Outcome failure = Outcome::raised();
    if (!get_c_int(vm, args[kFlagsSlot], flags, failure) ||
        !get_c_int(vm, args[kOptimize], optimize, failure))
        return failure;
    if (flags & ~kKnownFlags) return vm.value_error("compile(): unrecognised flags");
    if (optimize < -1 || optimize > 2) return vm.value_error("compile(): invalid optimize value");
    if (!is_str(args[kMode]))
        return vm.type_error("compile() argument 'mode' must be str, not %s", vm.type_name(args[kMode]));
    std::string_view mode = args[kMode].as<Str>()->view();
    Mode how = mode == "eval" ? Mode::Eval : mode == "single" ? Mode::Single : Mode::Exec;
    if (mode != "exec" && mode != "eval" && mode != "single")
        return vm.value_error("compile() mode must be 'exec', 'eval' or 'single'");
    if (flags & kOnlyAst) return vm.value_error("compile(): syntax trees are not available");
    bool inherit = args[kDontInherit].is_unbound() || fast_truth(args[kDontInherit]) == Fast::False;
    std::vector<Diagnostic> warnings;
    Code* code = compile_text(vm, args[kSource], filename, how, flags, inherit, "compile", warnings);
    return code ? with_warnings(vm, code, warnings, filename) : Outcome::raised();
}

// ---- exec() and eval()

// The code, globals and locals that both mean; false: raised.
struct Evaluation {
    Code* code = nullptr;
    Dict* globals = nullptr;
    Value locals;
    std::vector<Diagnostic> warnings;
};
static bool prepare(VM& vm, Value* args, bool evaluate, Evaluation& out) {
    Value globals = args[1], locals = args[2];
    const char* who = evaluate ? "eval" : "exec";
    Frame* caller = visible_frame(vm);
    if (globals.is_unbound() || globals.is_none()) {
        globals = Value::object(frame_globals(vm));
        if (locals.is_unbound() || locals.is_none()) locals = caller ? frame_locals(vm, caller) : globals;
        if (locals.is_unbound()) {
            vm.out_of_memory();
            return false;
        }
    } else if (!is_dict(globals)) {
        if (!evaluate)
            vm.type_error("exec() globals must be a dict, not %s", vm.type_name(globals));
        else if (!vm.special(globals, Special::Getitem).is_unbound())
            vm.type_error("globals must be a real dict; try eval(code, {}, mapping)");
        else
            vm.type_error("globals must be a dict");
        return false;
    }
    if (locals.is_unbound() || locals.is_none())
        locals = globals;
    else if (vm.special(locals, Special::Getitem).is_unbound()) {
        if (evaluate)
            vm.type_error("locals must be a mapping");
        else
            vm.type_error("locals must be a mapping or None, not %s", vm.type_name(locals));
        return false;
    }
    out.globals = globals.as<Dict>();
    out.locals = locals;
    Value builtins = vm.get(out.globals, vm.names.builtins);
    if (builtins.is_unbound() && !vm.set(out.globals, vm.names.builtins, Value::object(vm.builtins))) {
        vm.out_of_memory();
        return false;
    }
    bool is_module = builtins.is_object() && builtins.as_object()->kind == Kind::Module;
    if (!builtins.is_unbound() && !is_dict(builtins) && !is_module) {
        vm.type_error("__builtins__ must be a dict or a module, not %s", vm.type_name(builtins));
        return false;
    }
    if (args[0].is_object() && args[0].as_object()->kind == Kind::Code) {
        out.code = args[0].as<Code>();
        return vm.read(out.code);
    }
    out.code =
        compile_text(vm, args[0], "<string>", evaluate ? Mode::Eval : Mode::Exec, 0, true, who, out.warnings);
    return out.code != nullptr;
}

static Outcome eval_native(VM& vm, Value* args) {  // source, globals, locals
    Evaluation e;
    if (!prepare(vm, args, true, e)) return Outcome::raised();
    if (e.code->free_names->size)
        return vm.type_error("code object passed to eval() may not contain free variables");
    if (!e.warnings.empty()) return Outcome::unhandled();
    return call_code(vm, e.code, e.globals, e.locals);
}
static Outcome eval_step(VM& vm,
                         NativeFrame& frame) {  // source, globals, locals; 3 the globals, 4 the locals
    Evaluation e;
    switch (frame.step_state()) {
        case 0:
            if (!prepare(vm, &frame[0], true, e)) return Outcome::raised();
            frame[3] = Value::object(e.globals);
            frame[4] = e.locals;
            AWAIT(1, with_warnings(vm, e.code, e.warnings, "<string>"));
    }
    return call_code(vm, frame.result().as<Code>(), frame[3].as<Dict>(), frame[4]);
}

static bool is_closure(Value v, size_t length) {
    if (!is_tuple(v) || v.as<Tuple>()->size != length) return false;
    const Value* cells = v.as<Tuple>()->items;
    return std::all_of(cells, cells + length,
                       [](Value c) { return c.is_object() && c.as_object()->kind == Kind::Cell; });
}

static Outcome exec_step(
    VM& vm, NativeFrame& frame) {  // source, globals, locals, closure; 4 the function, 5 the locals
    Evaluation e;
    Function* f = nullptr;
    size_t wants = 0;
    switch (frame.step_state()) {
        case 0:
            if (!prepare(vm, &frame[0], false, e)) return Outcome::raised();
            wants = e.code->free_names->size;
            f = vm.make_function_of(e.code, e.globals);
            if (!frame[3].is_unbound() && !frame[3].is_none()) {
                if (!frame[0].is_object() || frame[0].as_object()->kind != Kind::Code)
                    return vm.type_error("closure can only be used when source is a code object");
                if (!wants) return vm.type_error("cannot use a closure with this code object");
                if (!is_closure(frame[3], wants))
                    return vm.type_error("code object requires a closure of exactly length %zu", wants);
                f->closure = frame[3];
            } else if (wants) {
                return vm.type_error("code object passed to exec() may not contain free variables");
            }
            frame[4] = Value::object(f);
            frame[5] = e.locals;
            AWAIT(1, with_warnings(vm, e.code, e.warnings, "<string>"));
            f = frame[4].as<Function>();
            AWAIT(2, f->code->code_flags & Code::kNamespace ? vm.call(frame[4], {frame[5]})
                                                            : vm.call(frame[4], {}));
    }
    return Value::none();
}

static const NativeDef kFunctions[] = {
    {.signature =
         "compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)",
     .fn = compile_native,
     .doc = "Compile source into a code object that can be executed by exec() or eval()."},
    {.signature = "eval(source, globals=None, locals=None, /)",
     .fn = eval_native,
     .step = eval_step,
     .locals = 2,
     .doc = "Evaluate the given source in the context of globals and locals.\n\n"
            "The source may be a string representing a Python expression\n"
            "or a code object as returned by compile().\n"
            "The globals must be a dictionary and locals can be any mapping,\n"
            "defaulting to the current globals and locals.\n"
            "If only globals is given, locals defaults to it."},
    {.signature = "exec(source, globals=None, locals=None, /, *, closure=None)",
     .step = exec_step,
     .locals = 2,
     .doc = "Execute the given source in the context of globals and locals.\n\n"
            "The source may be a string representing one or more Python statements\n"
            "or a code object as returned by compile().\n"
            "The globals must be a dictionary and locals can be any mapping,\n"
            "defaulting to the current globals and locals.\n"
            "If only globals is given, locals defaults to it.\n"
            "The closure must be a tuple of cellvars, and can only be used\n"
            "when source is a code object requiring exactly that many cellvars."},
};

void define_evaluation(VM& vm) {
    Value module = Value::object(vm.intern("builtins"));
    for (const NativeDef& def : kFunctions) {
        std::string_view text = def.signature.text;
        vm.set(vm.builtins, text.substr(0, text.find('(')), make_native(vm, def, module));
    }
}

}  // namespace gen
