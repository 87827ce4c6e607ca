#include "runtime/freeze/definitions.h"

namespace gen {

namespace {

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

}  // namespace

std::vector<Definition> definitions_of(std::string_view text) {
    std::vector<Definition> found;
    std::string_view name;
    size_t start = 0;  // of the definition, its decorators included
    bool decorated = false, docstring = text.starts_with("\"\"\"");
    auto close = [&](size_t end) {
        if (!name.empty()) found.push_back({name, text.substr(start, end - start)});
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
    return found;
}

}  // namespace gen
