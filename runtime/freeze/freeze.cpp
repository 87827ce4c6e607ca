// gen_freeze OUTPUT ROOT FILE...: compiles the runtime's .gen files (paths below ROOT) and writes them as constant data of a
// C++ file, see runtime/embedded.h. It runs on the machine that builds, which need not be the one that the program is for.
#include "runtime/freeze/definitions.h"
#include "vm/code/image.h"
#include "vm/code/verify.h"
#include "vm/compile/compile.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

using namespace gen;

namespace {

constexpr std::string_view kModules = "runtime/modules/", kPrelude = "runtime/prelude";
constexpr std::string_view kShown = "<gen>/";  // what file names of the library begin with

// What CPython has in C does not show in tracebacks.
constexpr std::string_view kHiddenModules[] = {
    "_itertools", "_queue", "_threading_local", "bisect",   "faulthandler", "functools",
    "heapq",      "io",     "itertools",        "operator", "os",           "pickle"};

[[noreturn]] void fail(const std::string& message) {
    std::fprintf(stderr, "gen_freeze: %s\n", message.c_str());
    std::exit(1);
}

std::string read_file(const std::string& path) {
    std::string text;
    FILE* f = std::fopen(path.c_str(), "rb");
    if (!f) fail(path + ": " + std::strerror(errno));
    char buffer[65536];
    while (size_t n = std::fread(buffer, 1, sizeof buffer, f)) text.append(buffer, n);
    std::fclose(f);
    return text;
}

// `where`: the file; `first_line`: where the text begins there.
std::string compile_to_image(std::string_view text, const CompileOptions& options, const std::string& where,
                             size_t first_line) {
    Heap heap;
    StringTable strings(HashKey{1, 2});
    strings.start(heap);
    CodeBuilder builder(heap, strings);
    CompileResult result = compile(builder, Source::from_text(options.filename, text), options);
    for (const Diagnostic* d :
         {result.error ? &*result.error : nullptr, result.warnings.empty() ? nullptr : &result.warnings[0]})
        if (d) fail(where + ":" + std::to_string(first_line + d->line) + ": " + d->message);
    if (!result.code) fail(where + ": out of memory");
    std::string image, error = verify(*result.code);
    if (!error.empty() || !write_image(*result.code, image, error)) fail(where + ": " + error);
    return image;
}

// Data as words: a compiler reads those several times as fast as bytes.
void print_words(FILE* out, const std::string& name, std::string_view data) {
    std::fprintf(out, "alignas(16) constexpr uint64_t %s[] = {", name.c_str());
    for (size_t at = 0; at < data.size(); at += 8) {
        uint64_t word = 0;
        for (size_t i = 0; i < 8 && at + i < data.size(); i++)
            word |= uint64_t(uint8_t(data[at + i])) << (8 * i);
        std::fprintf(out, "%s0x%llx,", at % 64 ? "" : "\n", static_cast<unsigned long long>(word));
    }
    std::fprintf(out, "0};\n");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) fail("usage: gen_freeze OUTPUT ROOT FILE...");
    const std::string output = argv[1], root = argv[2];
    struct File {
        std::string text, image;
    };
    std::map<std::string, File> files;
    std::map<std::string, std::string> definitions;
    for (int i = 3; i < argc; i++) {
        const std::string path = argv[i], text = read_file(root + "/" + path);
        CompileOptions options;
        if (path.starts_with(kPrelude)) {
            options.filename = std::string(kShown) + "prelude";
            options.code_flags = Code::kHidden | Code::kAtomic;
            for (const Definition& d : definitions_of(text)) {
                const auto before = size_t(d.text.data() - text.data());
                const auto line = size_t(std::count(text.begin(), text.begin() + ptrdiff_t(before), '\n'));
                auto [at, is_new] =
                    definitions.emplace(d.name, compile_to_image(d.text, options, path, line));
                if (!is_new) fail(path + ": " + std::string(d.name) + " is defined twice");
            }
        } else if (path.starts_with(kModules)) {
            const std::string name = path.substr(kModules.size());
            options.filename = std::string(kShown) + name;
            const std::string_view module = std::string_view(name).substr(0, name.find_first_of("./"));
            if (std::count(std::begin(kHiddenModules), std::end(kHiddenModules), module))
                options.code_flags = Code::kHidden | Code::kAtomic;
            files[name] = {text, compile_to_image(text, options, path, 0)};
        } else {
            fail(path + " is neither of the prelude nor a module");
        }
    }

    const std::string unfinished = output + ".new";
    FILE* out = std::fopen(unfinished.c_str(), "wb");
    if (!out) fail(unfinished + ": " + std::strerror(errno));
    std::fprintf(
        out, "// Written by gen_freeze.\n#include \"runtime/embedded.h\"\n\nnamespace gen {\nnamespace {\n");
    size_t number = 0;
    for (const auto& [name, file] : files) {
        print_words(out, "text_" + std::to_string(number), file.text);
        print_words(out, "image_" + std::to_string(number++), file.image);
    }
    number = 0;
    for (const auto& [name, image] : definitions)
        print_words(out, "prelude_" + std::to_string(number++), image);
    std::fprintf(
        out,
        "const uint8_t* bytes(const uint64_t* words) { return reinterpret_cast<const uint8_t*>(words); }\n"
        "}  // namespace\n\nstd::span<const EmbeddedFile> embedded_files() {\n"
        "    static const EmbeddedFile files[] = {\n");
    number = 0;
    for (const auto& [name, file] : files) {
        std::fprintf(out,
                     "        {\"%s\", {reinterpret_cast<const char*>(text_%zu), %zu}, bytes(image_%zu)},\n",
                     name.c_str(), number, file.text.size(), number);
        number++;
    }
    std::fprintf(
        out,
        "    };\n    return files;\n}\n\nstd::span<const EmbeddedDefinition> embedded_definitions() {\n"
        "    static const EmbeddedDefinition definitions[] = {\n");
    number = 0;
    for (const auto& [name, image] : definitions)
        std::fprintf(out, "        {\"%s\", bytes(prelude_%zu)},\n", name.c_str(), number++);
    std::fprintf(out, "    };\n    return definitions;\n}\n\n}  // namespace gen\n");
    if (std::fclose(out) || std::rename(unfinished.c_str(), output.c_str())) fail("cannot write " + output);
    return 0;
}
