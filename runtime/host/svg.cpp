#include "runtime/host/svg.h"

#include <cstdint>
#include <cstdio>

namespace gen::svg {

double text_width(std::string_view text, bool bold) {
    double width = 0;
    for (size_t i = 0; i < text.size(); i++) {
        auto c = uint8_t(text[i]);
        if (c >= 0x80) {
            if (c >= 0xc0)
                width +=
                    c >= 0xe1 && c != 0xe2 ? 12 : 7.5;  // from U+1000 on, but for punctuation: full width
            continue;
        }
        if (std::string_view("il.,:;|!'()[]{}jtfrI ").find(char(c)) != std::string_view::npos)
            width += 4;
        else if (std::string_view("mwMW@%").find(char(c)) != std::string_view::npos)
            width += 10;
        else
            width += c >= 'A' && c <= 'Z' ? 8 : 6.8;
    }
    return width * (bold ? 1.12 : 1.05);
}

std::string escaped(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); i++) {
        char c = text[i];
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (uint8_t(c) < 0x20)
            out += "\uFFFD";
        else if (uint8_t(c) == 0xed && i + 2 < text.size() && uint8_t(text[i + 1]) >= 0xa0)
            out += "\uFFFD", i += 2;  // a lone surrogate
        else if (text.substr(i).starts_with("\uFFFE") || text.substr(i).starts_with("\uFFFF"))
            out += "\uFFFD", i += 2;
        else
            out += c;
    }
    return out;
}

std::string number(double d) {
    char text[32];
    auto tenths = (long long)(d * 10 + (d < 0 ? -0.5 : 0.5));
    if (tenths % 10 == 0)
        std::snprintf(text, sizeof text, "%lld", tenths / 10);
    else
        std::snprintf(text, sizeof text, "%.1f", double(tenths) / 10);
    return text;
}

std::string rect(double x, double y, double w, double h, const char* rx, const std::string& cls) {
    return "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(w) + "\" height=\"" +
           number(h) + "\" rx=\"" + rx + "\" class=\"" + cls + "\"/>\n";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& cls) {
    return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" +
           number(y2) + "\" class=\"" + cls + "\"/>\n";
}

std::string document(const char* title, const std::string& style, double width, double height,
                     const std::string& elements) {
    std::string w = number(width), h = number(height);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w + "\" height=\"" + h +
           "\" viewBox=\"0 0 " + w + " " + h + "\" role=\"img\">\n<title>" + title + "</title>\n<style>\n" +
           style + "</style>\n" + rect(0.5, 0.5, width - 1, height - 1, "8", "card") + elements + "</svg>\n";
}

}  // namespace gen::svg
