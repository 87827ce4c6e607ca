# Writes OUTPUT, a C++ file that holds the text of FILES (a list of paths below ROOT): see runtime/embedded.h.
set(tables "")
set(rows "")
set(number 0)
foreach(file ${FILES})
    file(READ "${ROOT}/${file}" text HEX)
    string(LENGTH "${text}" digits)
    math(EXPR size "${digits} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${text}")
    string(APPEND tables "constexpr unsigned char text_${number}[] = {${bytes}0};\n")
    string(APPEND rows "    {\"${file}\", {reinterpret_cast<const char*>(text_${number}), ${size}}},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUTPUT}.new" "#include \"runtime/embedded.h\"

namespace gen {
namespace {
${tables}}  // namespace

std::span<const EmbeddedFile> embedded_files() {
    static const EmbeddedFile files[] = {
${rows}        {\"\", {}},
    };
    return std::span(files).first(${number});
}

}  // namespace gen
")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
