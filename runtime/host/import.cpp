#include "runtime/host/import.h"

#include "runtime/embedded.h"
#include "runtime/host/evaluate.h"
#include "runtime/host/prelude.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"

#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <climits>

namespace gen {

constexpr std::string_view kShown = "<gen>/";  // what file names of the library begin with

// ---- files

static bool is_file(const std::string& path) {
    struct stat s;
    return stat(path.c_str(), &s) == 0 && S_ISREG(s.st_mode);
}
static bool is_directory(const std::string& path) {
    struct stat s;
    return stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode);
}

// (file, None), (file, directory) of a package, (None, directory) of a namespace package, or None.
static Outcome find_file(VM& vm, Value* args) {  // directory, name
    if (!runtime_of(vm).grants.files) return Value::none();
    std::string path(args[0].as<Str>()->view());
    if (path.empty()) {  // where we are now
        char here[PATH_MAX];
        if (getcwd(here, sizeof here)) path = here;
    }
    if (!path.ends_with('/')) path += '/';
    path += args[1].as<Str>()->view();
    bool directory = is_directory(path);
    for (const char* suffix : {".gen", ".py"}) {
        if (directory && is_file(path + "/__init__" + suffix))
            return vm.tuple({vm.str(path + "/__init__" + suffix), vm.str(path)});
        if (is_file(path + suffix)) return vm.tuple({vm.str(path + suffix), Value::none()});
    }
    return directory ? Outcome(vm.tuple({Value::none(), vm.str(path)})) : Outcome(Value::none());
}

static Outcome compile_file(VM& vm, Value* args) {
    std::string path(args[0].as<Str>()->view()), text;
    if (!read_whole_file(path, text)) return raise_os_error(vm, errno, args[0]);
    CompileOptions options;
    options.filename = path;
    options.observe_generators = vm.observer;
    Code* code = compile_source(vm, Source::from_bytes(path, text), options);
    return code ? Outcome(Value::object(code)) : Outcome::raised();
}

// ---- the library inside the program

static const EmbeddedFile* embedded(std::string_view path) {
    auto files = embedded_files();
    auto at = std::lower_bound(files.begin(), files.end(), path,
                               [](const EmbeddedFile& f, std::string_view p) { return f.path < p; });
    return at != files.end() && at->path == path ? &*at : nullptr;
}

static Outcome find_embedded(VM& vm, Value* args) {
    std::string path(args[0].as<Str>()->view());
    for (char& c : path)
        if (c == '.') c = '/';
    std::string shown = std::string(kShown) + path;
    if (embedded(path + "/__init__.gen")) return vm.tuple({vm.str(shown + "/__init__.gen"), vm.str(shown)});
    if (embedded(path + ".gen")) return vm.tuple({vm.str(shown + ".gen"), Value::none()});
    return Value::none();
}

static Outcome load_embedded(VM& vm, Value* args) {
    std::string_view shown = args[0].as<Str>()->view();
    const EmbeddedFile* file = shown.starts_with(kShown) ? embedded(shown.substr(kShown.size())) : nullptr;
    if (!file)
        return vm.raisef(kShapeImportError, "%s is not part of the library", args[0].as<Str>()->data());
    Code* code = library_code(vm, file->image);
    return code ? Outcome(Value::object(code)) : Outcome::raised();
}

bool read_whole_file(const std::string& path, std::string& out) {
    FILE* f = std::fopen(path.c_str(), "rb");
    if (!f) return false;
    char buffer[65536];
    size_t n;
    while ((n = std::fread(buffer, 1, sizeof buffer, f)) > 0) out.append(buffer, n);
    bool failed = std::ferror(f);
    std::fclose(f);
    return !failed;
}

static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    size_t at = 0;
    while (at < text.size()) {
        size_t end = text.find('\n', at);
        if (end == std::string::npos) end = text.size();
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

bool source_line(VM& vm, const std::string& filename, uint32_t line, std::string& out) {
    RuntimeHost& host = runtime_of(vm);
    auto found = host.sources.find(filename);
    if (found == host.sources.end()) {
        std::string text;
        if (auto own = host.texts.find(filename); own != host.texts.end()) {
            text = own->second;
        } else if (filename.starts_with(kShown)) {
            const EmbeddedFile* file = embedded(filename.substr(kShown.size()));
            if (file) text = file->text;
        } else if (!filename.empty() && filename[0] != '<' && host.grants.files) {
            std::string bytes;
            if (is_file(filename) && read_whole_file(filename, bytes)) {
                Source source = Source::from_bytes(filename, bytes);
                text = source.error() ? bytes : source.text();
            }
        }
        found = host.sources.emplace(filename, lines_of(text)).first;
    }
    if (line < 1 || line > found->second.size()) return false;
    out = found->second[line - 1];
    return true;
}

// ---- built-in modules

static Outcome builtin_module(VM& vm, Value* args) {
    std::string_view name = args[0].as<Str>()->view();
    for (const BuiltinModule& m : builtin_modules()) {
        if (name != m.name) continue;
        if (m.table) return Value::object(define_module(vm, *m.table));
        m.define(vm);
        return vm.get(vm.modules, vm.intern(name));
    }
    return Value::none();
}

static Outcome sys_path(VM& vm, Value*) {
    Value sys = vm.get(vm.modules, vm.intern("sys"));
    Value path = sys.is_object() && sys.as_object()->kind == Kind::Module
                     ? vm.get(sys.as<Module>()->dict, vm.names.path_)
                     : Value::unbound();
    return path.is_unbound() ? Value::object(vm.empty_tuple) : path;
}

static Outcome sys_argv(VM& vm, Value*) {
    return vm.get(vm.get(vm.modules, vm.intern("sys")).as<Module>()->dict, vm.intern("argv"));
}

static Outcome library_names(VM& vm, Value*) {
    Value list = vm.list();
    for (const BuiltinModule& m : builtin_modules()) list_append(vm.heap, list.as<List>(), vm.str(m.name));
    for (const EmbeddedFile& file : embedded_files()) {
        std::string_view name = file.path.substr(0, file.path.find_first_of("./"));
        list_append(vm.heap, list.as<List>(), vm.str(name));
    }
    return list;
}

static Outcome run_code_native(VM& vm, Value* args) {  // code, globals
    return call_code(vm, args[0].as<Code>(), args[1].as<Dict>(), args[1]);
}

// ---- __import__: modules that are there already are found at once

static Outcome import_native(VM& vm, Value* args) {  // name, globals, locals, fromlist, level
    bool absolute = args[4].is_unbound() || (args[4].is_int() && args[4].as_int() == 0);
    if (absolute && is_exact_str(args[0])) {
        Value module = vm.get(vm.modules, args[0].as<Str>());
        bool wanted =
            !args[3].is_unbound() && !args[3].is_none() && !(is_tuple(args[3]) && !args[3].as<Tuple>()->size);
        if (module.is_object() && module.as_object()->kind == Kind::Module &&
            args[0].as<Str>()->view().find('.') == std::string_view::npos &&
            (!wanted || vm.get(module.as<Module>()->dict, vm.names.path).is_unbound()))
            return module;
    }
    auto or_none = [](Value v) { return v.is_unbound() ? Value::none() : v; };
    return vm.call_prelude(vm.names.import_, {args[0], or_none(args[1]), or_none(args[2]),
                                              args[3].is_unbound() ? Value::object(vm.empty_tuple) : args[3],
                                              args[4].is_unbound() ? Value::integer(0) : args[4]});
}

static const NativeDef kImport = {
    .signature = "__import__(name, globals=None, locals=None, fromlist=(), level=0)",
    .fn = import_native,
    .doc =
        "Import a module.\n\nBecause this function is meant for use by the Python\n"
        "interpreter and not for general use, it is better to use\n"
        "importlib.import_module() to programmatically import a module."};
static const NativeDef kForPrelude[] = {
    {.signature = "_find_file(directory, name, /)", .fn = find_file},
    {.signature = "_compile_file(path, /)", .fn = compile_file},
    {.signature = "_find_embedded(name, /)", .fn = find_embedded},
    {.signature = "_load_embedded(path, /)", .fn = load_embedded},
    {.signature = "_builtin_module(name, /)", .fn = builtin_module},
    {.signature = "_sys_path()", .fn = sys_path},
    {.signature = "_sys_argv()", .fn = sys_argv},
    {.signature = "_library_names()", .fn = library_names},
    {.signature = "_run_code(code, globals, /)", .fn = run_code_native},
};

void define_import(VM& vm) {
    vm.set(vm.builtins, vm.names.import_, make_native(vm, kImport, Value::object(vm.intern("builtins"))));
    for (const NativeDef& def : kForPrelude) {
        std::string_view text = def.signature.text;
        vm.set(vm.prelude, text.substr(0, text.find('(')), make_native(vm, def));
    }
    vm.set(vm.prelude, "_builtins", Value::object(vm.builtins));
    vm.set(vm.prelude, "_Module", Value::object(vm.type(kShapeModule)));
}

Module* make_main_module(VM& vm, std::string_view filename) {
    Module* m = vm.module("__main__");
    vm.set(m->dict, vm.names.package, Value::none());
    vm.set(m->dict, vm.names.builtins, vm.get(vm.modules, vm.intern("builtins")));
    vm.set(m->dict, vm.names.annotations, Value::object(vm.dict()));
    if (!filename.empty()) {
        vm.set(m->dict, vm.names.file, vm.str(filename));
        vm.set(m->dict, "__cached__", Value::none());
    }
    return m;
}

}  // namespace gen
