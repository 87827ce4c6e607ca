#include "runtime/host/prelude.h"

#include "runtime/embedded.h"
#include "runtime/host/evaluate.h"

#include <unordered_map>

namespace gen {

namespace {

using Definitions = std::unordered_map<std::string_view, std::string_view>;  // name -> its text

bool is_name(char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view name_at(std::string_view text) {
    size_t n = 0;
    while (n < text.size() && is_name(text[n])) n++;
    return text.substr(0, n);
}

// The name that a line without indentation defines; empty: the line goes on with what is above it.
std::string_view defined_name(std::string_view line) {
    for (std::string_view keyword : {"def ", "async def ", "class "})
        if (line.starts_with(keyword)) return name_at(line.substr(keyword.size()));
    std::string_view name = name_at(line);
    return !name.empty() && line.substr(name.size()).starts_with(" = ") ? name : std::string_view();
}

void index_file(std::string_view text, Definitions& out) {
    std::string_view name;
    size_t start = 0;  // of the definition, its decorators included
    bool decorated = false, docstring = text.starts_with("\"\"\"");
    auto close = [&](size_t end) {
        if (!name.empty()) out.emplace(name, text.substr(start, end - start));
    };
    for (size_t at = 0; at < text.size();) {
        size_t end = text.find('\n', at);
        end = end == std::string_view::npos ? text.size() : end + 1;
        std::string_view line = text.substr(at, end - at);
        if (docstring) {
            docstring = line.find("\"\"\"", at == 0 ? 3 : 0) == std::string_view::npos;
        } else if (line[0] == '@' && !decorated) {
            close(at);
            name = {};
            start = at;
            decorated = true;
        } else if (std::string_view defined = defined_name(line); !defined.empty()) {
            if (!decorated) {
                close(at);
                start = at;
            }
            name = defined;
            decorated = false;
        }
        at = end;
    }
    close(text.size());
}

const Definitions& definitions() {
    static const Definitions all = [] {
        Definitions found;
        for (const EmbeddedFile& file : embedded_files())
            if (file.path.starts_with("runtime/prelude")) index_file(file.text, found);
        return found;
    }();
    return all;
}

bool load(VM& vm, Str* name) {
    auto at = definitions().find(name->view());
    if (at == definitions().end()) return false;
    CompileOptions options;
    options.filename = "<gen>/prelude";
    options.code_flags = Code::kHidden | Code::kAtomic;
    Value pending[] = {vm.exception, vm.caught, vm.accumulator};
    vm.exception = Value::unbound();
    vm.roots.insert(vm.roots.end(), std::begin(pending), std::end(pending));
    Code* code = compile_source(vm, Source::from_text(options.filename, at->second), options);
    bool good = code && !vm.run_code(code, vm.prelude, Value::object(vm.prelude)).is_raised();
    vm.roots.resize(vm.roots.size() - std::size(pending));
    vm.caught = pending[1];
    vm.accumulator = pending[2];
    if (good) vm.exception = pending[0];
    return good;
}

}  // namespace

Value prelude_value(VM& vm, std::string_view name) {
    Value v = vm.prelude_value(vm.intern(name));
    if (v.is_unbound() && !vm.exception.is_object())
        vm.raisef(kShapeSystemError, "the prelude has no %s", std::string(name).c_str());
    return v;
}

void define_prelude(VM& vm) {
    vm.set(vm.prelude, vm.names.name, vm.str("builtins"));
    vm.set(vm.prelude, vm.names.builtins, Value::object(vm.builtins));
    vm.load_prelude = load;
}

}  // namespace gen
