// Pieces of SVG documents, for the drawings of this folder. Lengths are pixels.
#pragma once
#include <string>
#include <string_view>

namespace gen::svg {

// About as wide as a sans-serif font of 12 pixels makes it; never much less.
double text_width(std::string_view text, bool bold = false);
std::string escaped(std::string_view text);
// Tenths of a pixel at most, without trailing zeros.
std::string number(double d);
std::string rect(double x, double y, double w, double h, const char* rx, const std::string& cls);
// A whole document around its elements, on a card that fills it.
std::string document(const char* title, const std::string& style, double width, double height,
                     const std::string& elements);
std::string line(double x1, double y1, double x2, double y2, const std::string& cls);

}  // namespace gen::svg
